/* SPDX-License-Identifier: GPL-2.0-only */
/* xen/time.h, timer.h, tasklet.h, softirq.h - what time.c does later. */
#ifndef MINIXEN_TIME_H
#define MINIXEN_TIME_H

#include <xen/lib.h>

#define SECONDS(s)    ((s_time_t)((s)*1000000000UL))
#define MILLISECS(ms) ((s_time_t)((ms)*1000000UL))

s_time_t get_s_time(void);
#define NOW() get_s_time()

struct tm {
    int tm_mday; /* 0: nobody has set the clock */
};
unsigned long get_sec(void);
struct tm wallclock_time(uint64_t *ns);
void do_settime(unsigned long secs, unsigned int ns, uint64_t base);

/* A timer runs on the CPU that has set it last. */
struct timer {
    struct timer *next; /* among those that are set */
    s_time_t expires;
    void (*function)(void *data);
    void *data;
    unsigned int cpu;
};

void init_timer(struct timer *timer,
                void (*function)(void *data),
                void *data,
                unsigned int cpu);
void set_timer(struct timer *timer, s_time_t expires);
void stop_timer(struct timer *timer);
/* Devices go before the guest runs: no handler is running. */
#define kill_timer(timer) stop_timer(timer)

/* What is done before a CPU goes back to the guest: a timer that is due. */
struct tasklet {
    struct timer timer;
};
#define softirq_tasklet_init(t, func, data)                                    \
    init_timer(&(t)->timer, func, data, 0)
#define tasklet_schedule(t) set_timer(&(t)->timer, 0)
#define tasklet_kill(t)     kill_timer(&(t)->timer)

/* This CPU's timer interrupt. */
void timer_interrupt(void);

#endif /* MINIXEN_TIME_H */

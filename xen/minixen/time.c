/* SPDX-License-Identifier: GPL-2.0-only */
/* Time since boot, the wall clock, and timers on each CPU's EL2 timer. */

#include <xen/sched.h>
#include <xen/time.h>

static s_time_t wc_offset; /* wall clock - NOW(), in ns */

s_time_t get_s_time(void)
{
    uint64_t freq = read_sysreg(cntfrq_el0);
    uint64_t now;

    isb();
    now = read_sysreg(cntpct_el0);

    return SECONDS(now / freq) + SECONDS(now % freq) / freq;
}

struct tm wallclock_time(uint64_t *ns)
{
    s_time_t now = NOW() + wc_offset;
    struct tm tm = { .tm_mday = wc_offset != 0 };

    if ( ns )
        *ns = do_div(now, 1000000000U);

    return tm;
}

unsigned long get_sec(void)
{
    return (NOW() + wc_offset) / 1000000000U;
}

void do_settime(unsigned long secs, unsigned int ns, uint64_t base)
{
    wc_offset = SECONDS(secs) + ns - base;
}

/* --- Timers --------------------------------------------------------------- */

static struct timer *timers; /* those that are set, in no order */

/* It may not be set. */
static void unlink_timer(struct timer *timer)
{
    struct timer **at = &timers;

    while ( *at && *at != timer )
        at = &(*at)->next;
    if ( *at )
        *at = timer->next;
}

/* This CPU's next one. */
static struct timer *first_timer(void)
{
    unsigned int cpu = smp_processor_id();
    struct timer *t, *first = NULL;

    for ( t = timers; t; t = t->next )
        if ( t->cpu == cpu && (!first || t->expires < first->expires) )
            first = t;

    return first;
}

static void program(void)
{
    const struct timer *first = first_timer();
    uint64_t freq = read_sysreg(cntfrq_el0), sec, ns;

    if ( first )
    {
        sec = first->expires / 1000000000U;
        ns = first->expires % 1000000000U;
        /* Rounded up: not before it is due. */
        write_sysreg(sec * freq + ns * freq / 1000000000U + 1, cnthp_cval_el2);
    }
    write_sysreg(first != NULL, cnthp_ctl_el2);
    isb();
}

void init_timer(struct timer *timer,
                void (*function)(void *data),
                void *data,
                unsigned int cpu)
{
    *timer = (struct timer){ .function = function, .data = data };
}

void set_timer(struct timer *timer, s_time_t expires)
{
    unlink_timer(timer);
    timer->expires = expires;
    timer->cpu = smp_processor_id();
    timer->next = timers;
    timers = timer;
    program();
}

void stop_timer(struct timer *timer)
{
    unlink_timer(timer);
    program();
}

void timer_interrupt(void)
{
    struct timer *t;

    while ( (t = first_timer()) != NULL && t->expires <= NOW() )
    {
        unlink_timer(t);
        t->function(t->data);
    }
    program();
}

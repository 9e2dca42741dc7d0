/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of Xen that a device needs. Built twice: with RECORD, to see
 * what they are asked for; without it, to be counted, and then those that a
 * measured operation calls are a "ret", or a load or store and a "ret".
 */

#include "bench.h"

#include <asm/vgic.h>

#ifdef RECORD
#define RECORDED(what) ((void)(what))
#else
#define RECORDED(what) ((void)0)
#endif

#define BENCH_PORT   7
#define BENCH_TIMERS 8

/* libc's; its headers and Xen's don't go together. */
void *calloc(size_t n, size_t size);

struct bench_record bench_record;
struct xencons_interface bench_ring;
xen_event_channel_notification_t bench_notification;
unsigned long bench_seconds;

static s_time_t now;
static struct timer *timers[BENCH_TIMERS];

/* --- on the measured paths ------------------------------------------------ */

void notify_via_xen_event_channel(struct domain *d, int lport)
{
    RECORDED(bench_record.events += lport == BENCH_PORT);
}

void vgic_inject_irq(struct domain *d,
                     struct vcpu *v,
                     unsigned int virq,
                     bool level)
{
    RECORDED(bench_record.raised += level);
    RECORDED(bench_record.lowered += !level);
    RECORDED(bench_record.last_virq = virq);
}

void set_timer(struct timer *timer, s_time_t expires)
{
    timer->active = true;
    RECORDED(timer->expires = expires);
}

void stop_timer(struct timer *timer)
{
    timer->active = false;
}

void printk(const char *fmt, ...)
{
    RECORDED(bench_record.complaints++);
}

s_time_t get_s_time(void)
{
    return now;
}

unsigned long get_sec(void)
{
    return bench_seconds;
}

/* It is set, so that nobody looks for another clock. */
struct tm wallclock_time(uint64_t *ns)
{
    if ( ns )
        *ns = 0;

    return (struct tm){ .tm_mday = 1 };
}

/* --- to make a device ----------------------------------------------------- */

void *zalloc_bytes(size_t size)
{
    return calloc(1, size);
}

int prepare_ring_for_helper(struct domain *d,
                            unsigned long gmfn,
                            struct page_info **page,
                            void **va)
{
    *page = NULL;
    *va = &bench_ring;

    return 0;
}

int alloc_unbound_xen_event_channel(struct domain *d,
                                    unsigned int lvcpu,
                                    domid_t remote,
                                    xen_event_channel_notification_t fn)
{
    bench_notification = fn;
    d->evtchn[BENCH_PORT].state = ECS_INTERDOMAIN;

    return BENCH_PORT;
}

bool vgic_reserve_virq(struct domain *d, unsigned int virq)
{
    return true;
}

void register_mmio_handler(struct domain *d,
                           const struct mmio_handler_ops *ops,
                           paddr_t addr,
                           paddr_t size,
                           void *priv)
{
    struct vmmio *vmmio = &d->arch.vmmio;

    vmmio->handlers[vmmio->num_entries++] = (struct mmio_handler){
        .addr = addr,
        .size = size,
        .ops = ops,
        .priv = priv,
    };
}

void init_timer(struct timer *timer,
                void (*function)(void *data),
                void *data,
                unsigned int cpu)
{
    unsigned int i;

    timer->function = function;
    timer->data = data;
    for ( i = 0; i < BENCH_TIMERS; i++ )
    {
        if ( timers[i] )
            continue;
        timers[i] = timer;
        return;
    }
}

static void fire(struct timer *timer,
                 void (*call)(void (*function)(void *data), void *data))
{
    timer->active = false;
    if ( call )
        call(timer->function, timer->data);
    else
        timer->function(timer->data);
}

void bench_run_timers(void (*call)(void (*function)(void *data), void *data))
{
    unsigned int i;

    now += SECONDS(1);
    for ( i = 0; i < BENCH_TIMERS && timers[i]; i++ )
        if ( timers[i]->active )
            fire(timers[i], call);
}

void bench_pass(s_time_t ns)
{
    unsigned int i;

    now += ns;
    for ( i = 0; i < BENCH_TIMERS && timers[i]; i++ )
        if ( timers[i]->active && timers[i]->expires <= now )
            fire(timers[i], NULL);
}

/* SPDX-License-Identifier: MIT */
/* bench.h - what stubs.c and harness.c share. */
#ifndef BENCH_H
#define BENCH_H

#include <xen/sched.h>

/* What the functions of Xen have been asked for; only with RECORD. */
struct bench_record {
    unsigned long events;     /* notifications of the backend */
    unsigned long raised;     /* interrupt lines that rose, or edges */
    unsigned long lowered;    /* lines that fell */
    unsigned int last_virq;   /* the line of the last change */
    unsigned long complaints; /* lines logged */
};

extern struct bench_record bench_record;

/* The world around the device, to be set and looked at by the harness. */
extern struct xencons_interface bench_ring;
extern xen_event_channel_notification_t bench_notification;
extern unsigned long bench_seconds;

/* Run the functions of all timers that are set, by call if there is one. */
void bench_run_timers(void (*call)(void (*function)(void *data), void *data));

/* Time passes: run those that are due. Only with RECORD. */
void bench_pass(s_time_t ns);

#endif /* BENCH_H */

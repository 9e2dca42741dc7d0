/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * image.h - registers that the guest reads without a trap: while reads of a
 * device have no effect, what they return is mapped read-only at its place, and
 * writes come by permission faults. See image.c, and docs/performance.md.
 *
 * Included by slot.h. Without CONFIG_VSIO_REGISTER_IMAGE nothing is left of it.
 */
#ifndef VSIO_IMAGE_H
#define VSIO_IMAGE_H

#include <xen/tasklet.h>
#include <xen/time.h>

struct vsio_slot;

#ifdef CONFIG_VSIO_REGISTER_IMAGE

struct vsio_image {
    void *page;         /* memory for it; NULL: the device has its own */
    const void *mapped; /* what the guest has; flips under both locks */
    uint32_t live;      /* bytes of it that change while it is mapped */
    uint32_t held;      /* lines whose interrupt waits until it is unmapped */
    uint64_t at;        /* reads that have trapped by when we look again */
    s_time_t since;     /* when it was mapped */
    s_time_t rest;      /* until then it stays unmapped */
    s_time_t pause;     /* for how long it does */
    struct tasklet tasklet;
};

#define VSIO_IMAGE_NEVER UINT64_MAX

#else

struct vsio_image {};

#endif

#endif /* VSIO_IMAGE_H */

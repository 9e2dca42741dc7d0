/* SPDX-License-Identifier: MIT */
/*
 * pl031.h - PrimeCell real-time clock PL031.
 * Manual: Arm DDI 0224. Registers, behaviour, deviations: docs/pl031.md.
 */
#ifndef VSIO_PL031_H
#define VSIO_PL031_H

#include "vsio.h"

/* set_alarm's argument when the host need not call back. */
#define VSIO_PL031_NO_ALARM UINT64_MAX

/* A clock beyond stands still, so that no second here ever overflows. */
#define VSIO_PL031_CLOCK_END (UINT64_MAX - ((uint64_t)2 << 32))

struct vsio_pl031_host {
    /* Line 0 is RTCINTR, a level. */
    struct vsio_host common;
    /*
     * The host's wall clock: seconds since 1970-01-01 00:00 UTC. It may step
     * in both directions. Called at most once in each call of the device, from
     * vsio_pl031_init() and the reset too. Must not be NULL.
     */
    uint64_t (*now)(void *ctx);
    /*
     * Call vsio_pl031_alarm() as soon as the clock has reached second when;
     * VSIO_PL031_NO_ALARM: no call is needed any more. There is one deadline,
     * a new one replaces it. vsio_restore() disarms it first. Called on a
     * change only, and only with deadlines
     * in the future that move the line. Initially there is none. NULL: a match
     * is noticed when the guest accesses the device.
     */
    void (*set_alarm)(void *ctx, uint64_t when);
};

/* Private to pl031.c; public so that hosts can allocate it. */
struct vsio_pl031 {
    struct vsio_device dev;
    uint64_t last;     /* the host's clock when it was read last */
    uint64_t deadline; /* the host's second of the next match, after last */
    uint64_t armed;    /* what the host was told, or VSIO_PL031_NO_ALARM */
    uint32_t offset;   /* DR - the host's clock */
    uint32_t lr, mr;
    bool im, ris;
};

extern const struct vsio_class vsio_pl031_class;

/*
 * Bring *r to its power-on state: the counter shows the host's clock. No
 * callback but now is called. ctx is handed to every callback.
 */
void vsio_pl031_init(struct vsio_pl031 *r,
                     const struct vsio_pl031_host *host,
                     void *ctx);

/*
 * The clock has reached the deadline, or it was stepped. The deadline is spent
 * by this call: if one is still needed then set_alarm is called again. Calls
 * that are early, late or for no reason do no harm.
 */
void vsio_pl031_alarm(struct vsio_pl031 *r);

/*
 * A short cut, for a host that counts instructions: vsio_read() of DR, 32 bits,
 * when the host's clock shows now. False: something else has to be done, too;
 * nothing has happened, and the host makes the call itself.
 */
static inline bool vsio_pl031_read_dr(struct vsio_pl031 *r,
                                      uint64_t now,
                                      uint32_t *value)
{
    /* No match since the last look, and the clock was not set back. */
    if ( now - r->last >= r->deadline - r->last || now > VSIO_PL031_CLOCK_END )
        return false;

    r->last = now;
    r->dev.count.reads++;
    *value = (uint32_t)now + r->offset;

    return true;
}

/*
 * What the counter shows, less the host's clock: what a host keeps for a guest
 * that has set its clock. A reset makes it 0.
 */
static inline int32_t vsio_pl031_offset(const struct vsio_pl031 *r)
{
    return (int32_t)r->offset;
}

/* The counter is, and was, so much ahead of the host's clock. */
void vsio_pl031_set_offset(struct vsio_pl031 *r, int32_t offset);

/* The invariant that every reachable state satisfies. */
bool vsio_pl031_valid(const struct vsio_pl031 *r);

#endif /* VSIO_PL031_H */

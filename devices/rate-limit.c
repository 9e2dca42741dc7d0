/* SPDX-License-Identifier: MIT */
/* A token bucket without a division; see rate-limit.h. */

#include "rate-limit.h"

/* Credit is earned by rate in each nanosecond; a byte costs a second of 1. */
#define BYTE UINT64_C(1000000000)

static uint64_t full(const struct vsio_rate_limit *l)
{
    return l->burst * BYTE; /* 62 bits at most */
}

/* ns by rate, or all ones if that is more than there is. */
static uint64_t earned(uint64_t ns, uint32_t rate)
{
    uint64_t high = (ns >> 32) * rate, low = (uint32_t)ns * (uint64_t)rate;

    if ( high > UINT32_MAX || low > UINT64_MAX - (high << 32) )
        return UINT64_MAX;

    return (high << 32) + low;
}

/* The bucket as it is now. */
static void refill(struct vsio_rate_limit *l)
{
    uint64_t now = l->host->now(l->ctx), room = full(l) - l->credit, more;

    /* Backwards: from here on, with what there is. */
    more = now > l->last ? earned(now - l->last, l->rate) : 0;
    l->credit += more < room ? more : room;
    l->last = now;
}

/* Is there a byte's credit? */
static bool open(struct vsio_rate_limit *l)
{
    if ( !l->rate )
        return true;

    refill(l);
    if ( l->credit >= BYTE )
        return true;
    l->dropped++;

    return false;
}

static void pay(struct vsio_rate_limit *l)
{
    if ( l->rate )
        l->credit -= BYTE;
}

void vsio_rate_limit_init(struct vsio_rate_limit *l,
                          const struct vsio_rate_limit_host *host,
                          void *ctx)
{
    *l = (struct vsio_rate_limit){ .host = host, .ctx = ctx };
}

void vsio_rate_limit_set(struct vsio_rate_limit *l,
                         uint32_t rate,
                         uint32_t burst)
{
    l->rate = rate;
    l->burst = burst ? burst : 1;
    l->credit = full(l); /* to which the time until the first byte adds none */
}

bool vsio_rate_limit_take(struct vsio_rate_limit *l)
{
    if ( !open(l) )
        return false;
    pay(l);

    return true;
}

bool vsio_rate_limit_tx(struct vsio_rate_limit *l, uint8_t byte)
{
    if ( !open(l) )
        return true;
    if ( !l->host->tx(l->ctx, byte) )
        return false;
    pay(l);

    return true;
}

bool vsio_rate_limit_valid(const struct vsio_rate_limit *l)
{
    return l->credit <= full(l) && (!l->rate || l->burst);
}

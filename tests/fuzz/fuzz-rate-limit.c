/* SPDX-License-Identifier: MIT */
/*
 * Rate limit: beside it a bucket that counts in 128 bits. The clock goes on,
 * jumps both ways, and the sink is full at times.
 */

#include "fuzz.h"
#include "rate-limit.h"

#define BYTE 1000000000U /* the price of one, in bytes per second and ns */

__extension__ typedef unsigned __int128 wide;

static struct rig {
    struct vsio_rate_limit limit;

    /* The host. */
    uint64_t now;
    uint32_t room, asked;
    uint64_t passed;

    /* The model. */
    wide credit, full;
    uint64_t last, dropped;
    uint32_t rate;
} r;

static uint64_t host_now(void *ctx)
{
    REQUIRE(ctx == &r);
    r.asked++;

    return r.now;
}

static bool host_tx(void *ctx, uint8_t byte)
{
    REQUIRE(ctx == &r);
    SAME(byte, 0x5a);
    if ( !r.room )
        return false;
    r.room--;
    r.passed++;

    return true;
}

static const struct vsio_rate_limit_host host = { host_now, host_tx };

/* Is there a byte's credit now? */
static bool open(void)
{
    if ( !r.rate )
        return true;

    if ( r.now > r.last )
        r.credit += (wide)(r.now - r.last) * r.rate;
    if ( r.credit > r.full )
        r.credit = r.full;
    r.last = r.now;
    if ( r.credit < BYTE )
        r.dropped++;

    return r.credit >= BYTE;
}

static void pay(void)
{
    if ( r.rate )
        r.credit -= BYTE;
}

static void set(uint32_t rate, uint32_t burst)
{
    say("%u bytes/s, bursts of %u", rate, burst);
    r.rate = rate;
    r.credit = r.full = (wide)(burst ? burst : 1) * BYTE;
    r.last = r.now;
    vsio_rate_limit_set(&r.limit, rate, burst);
}

static void take(void)
{
    bool passes = open();

    say("take one: %d", passes);
    SAME(vsio_rate_limit_take(&r.limit), passes);
    if ( passes )
        pay();
}

static void tx(void)
{
    bool passes = open(), taken = passes && r.room;
    uint64_t passed = r.passed;

    say("send one: %s", taken ? "taken" : passes ? "no room" : "dropped");
    SAME(vsio_rate_limit_tx(&r.limit, 0x5a), taken || !passes);
    SAME(r.passed, passed + taken);
    if ( taken )
        pay();
}

static void step(void)
{
    uint8_t step = take8();
    uint32_t n = step >> 3, rate;

    switch ( step & 7 )
    {
    case 0:
        rate = (uint32_t)take16() << n % 17;
        set(rate, (uint32_t)take16() << n % 17);
        break;
    case 1:
        r.now += (uint64_t)take16() << n;
        break;
    case 2:
        r.now -= (uint64_t)take16() << n;
        break;
    case 3:
        r.now = take32() * ((uint64_t)1 << n);
        break;
    case 4:
        r.room = n;
        break;
    case 5:
        for ( ; n; n-- )
        {
            r.asked = 0;
            take();
        }
        break;
    default:
        tx();
        break;
    }
    if ( (step & 7) - 1U < 3 )
        say("the clock is at %llu", (unsigned long long)r.now);
}

void fuzz_one(void)
{
    r = (struct rig){ .now = take16() };
    vsio_rate_limit_init(&r.limit, &host, &r);

    while ( more() )
    {
        r.asked = 0;
        step();
        REQUIRE(r.asked <= (r.rate ? 1U : 0U));
        REQUIRE(vsio_rate_limit_valid(&r.limit));
        SAME(r.limit.dropped, r.dropped);
    }
}

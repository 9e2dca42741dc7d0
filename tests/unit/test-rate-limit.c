/* SPDX-License-Identifier: MIT */
/* The token bucket, on a clock that is not a clock. */

#include "harness.h"
#include "ns16550.h"
#include "pl011-regs.h"
#include "pl011.h"
#include "rate-limit.h"

#define SECOND UINT64_C(1000000000)
#define START  (1000 * SECOND)

static struct {
    struct vsio_rate_limit limit;
    uint64_t now;
    unsigned int now_calls;
    bool room; /* in the sink */
    unsigned int sunk;
    uint8_t last;
} m;

static uint64_t fake_now(void *ctx)
{
    EXPECT(ctx == &m);
    m.now_calls++;

    return m.now;
}

static bool sink(void *ctx, uint8_t byte)
{
    EXPECT(ctx == &m);
    if ( !m.room )
        return false;
    m.sunk++;
    m.last = byte;

    return true;
}

static const struct vsio_rate_limit_host host = { .now = fake_now, .tx = sink };

static void start(uint32_t rate, uint32_t burst)
{
    m.now = START;
    m.now_calls = m.sunk = 0;
    m.room = true;
    vsio_rate_limit_init(&m.limit, &host, &m);
    EXPECT(vsio_rate_limit_valid(&m.limit));
    vsio_rate_limit_set(&m.limit, rate, burst);
    EXPECT(vsio_rate_limit_valid(&m.limit));
}

static bool take(void)
{
    bool ok = vsio_rate_limit_take(&m.limit);

    EXPECT(vsio_rate_limit_valid(&m.limit));

    return ok;
}

/* How many of n bytes pass; the others are dropped and counted. */
static unsigned int pass(unsigned int n)
{
    uint64_t dropped = m.limit.dropped;
    unsigned int passed = 0, i;

    for ( i = 0; i < n; i++ )
        passed += take();
    EXPECT_EQ(m.limit.dropped, dropped + n - passed);

    return passed;
}

static void off_by_default(void)
{
    static const struct vsio_rate_limit_host no_clock = { .tx = sink };

    m.room = true;
    m.sunk = 0;
    vsio_rate_limit_init(&m.limit, &no_clock, &m);
    EXPECT_EQ(pass(10000), 10000);
    EXPECT(vsio_rate_limit_tx(&m.limit, 'x'));
    EXPECT_EQ(m.sunk, 1);
    m.room = false;
    EXPECT(!vsio_rate_limit_tx(&m.limit, 'y'));
    vsio_rate_limit_set(&m.limit, 0, 0);
    EXPECT_EQ(pass(10000), 10000);
    vsio_rate_limit_set(&m.limit, 0, UINT32_MAX);
    EXPECT_EQ(pass(10000), 10000);
    EXPECT_EQ(m.limit.dropped, 0);
}

static void burst_then_rate(void)
{
    start(100, 16);
    EXPECT_EQ(pass(50), 16);
    EXPECT_EQ(m.limit.dropped, 34);
    m.now += SECOND / 100 - 1;
    EXPECT(!take());
    m.now += 1;
    EXPECT(take());
    EXPECT(!take());
    m.now += SECOND / 10;
    EXPECT_EQ(pass(50), 10);
    m.now += SECOND; /* 100 are earned, 16 fit */
    EXPECT_EQ(pass(50), 16);
    m.now += 100 * SECOND;
    EXPECT_EQ(pass(50), 16);
}

/* More than 32 bits of nanoseconds. */
static void long_silence(void)
{
    start(1, 100);
    EXPECT_EQ(pass(200), 100);
    m.now += 10 * SECOND;
    EXPECT_EQ(pass(200), 10);
    m.now += 99 * SECOND;
    EXPECT_EQ(pass(200), 99);
}

/* However often it is asked, no fraction is lost or made. */
static void exact(void)
{
    static const uint32_t rates[] = { 1, 3, 7, 9600 / 10, 115200 / 10, 999983 };
    static const uint32_t steps[] = { 1, 999, 333333, 7654321 };
    unsigned int i, k, n;
    uint64_t passed, want;

    for ( i = 0; i < ARRAY_SIZE(rates); i++ )
        for ( k = 0; k < ARRAY_SIZE(steps); k++ )
        {
            at(rates[i], steps[k]);
            start(rates[i], 8000);
            EXPECT_EQ(pass(8000), 8000);
            passed = 0;
            for ( n = 0; n < 2000; n++ )
            {
                m.now += steps[k];
                while ( m.limit.credit >= SECOND ||
                        m.limit.credit + (m.now - m.limit.last) * rates[i] >=
                            SECOND )
                    passed += take();
                EXPECT(!take());
            }
            want = (m.now - START) * rates[i] / SECOND;
            EXPECT_EQ(passed, want);
        }
}

static void set_anew(void)
{
    start(10, 4);
    EXPECT_EQ(pass(10), 4);
    vsio_rate_limit_set(&m.limit, 10, 2); /* the bucket is full */
    EXPECT_EQ(pass(10), 2);
    vsio_rate_limit_set(&m.limit, 0, 0);
    m.now += SECOND;
    m.now_calls = 0;
    EXPECT_EQ(pass(10), 10);
    EXPECT_EQ(m.now_calls, 0);
    vsio_rate_limit_set(&m.limit, 10, 3);
    EXPECT_EQ(pass(10), 3);
    m.now += SECOND / 10;
    EXPECT_EQ(pass(10), 1); /* the time without a limit does not count */
    EXPECT_EQ(m.limit.dropped, 6 + 8 + 7 + 9);
}

static void burst_of_nothing(void)
{
    start(2, 0);
    EXPECT_EQ(pass(5), 1);
    m.now += SECOND;
    EXPECT_EQ(pass(5), 1);
}

static void clock_back(void)
{
    start(10, 5);
    EXPECT_EQ(pass(3), 3);
    m.now = START - 500 * SECOND;
    EXPECT_EQ(pass(5), 2); /* what there was; nothing is earned */
    m.now += SECOND / 10;
    EXPECT_EQ(pass(5), 1); /* and it goes on from there */
    m.now = 0;
    EXPECT_EQ(pass(5), 0);
    m.now = START;
    EXPECT_EQ(pass(9), 5);

    /* To and fro earns no more than what passes forwards. */
    start(10, 5);
    EXPECT_EQ(pass(5), 5);
    m.now = START + SECOND / 20;
    EXPECT(!take());
    m.now = START;
    EXPECT(!take());
    m.now = START + SECOND / 20;
    EXPECT(take());
}

static void clock_jumps(void)
{
    static const uint64_t jumps[] = {
        SECOND,         (uint64_t)1 << 32, ((uint64_t)1 << 32) - 1,
        UINT64_MAX / 2, UINT64_MAX - 1,    UINT64_MAX,
    };
    static const uint32_t rates[] = { 1, 1000, 0x80000000, UINT32_MAX };
    unsigned int i, k;
    uint64_t want;

    for ( i = 0; i < ARRAY_SIZE(jumps); i++ )
        for ( k = 0; k < ARRAY_SIZE(rates); k++ )
        {
            at(jumps[i], rates[k]);
            start(rates[k], 3);
            m.now = 0;
            vsio_rate_limit_set(&m.limit, rates[k], 3);
            EXPECT_EQ(pass(10), 3);
            m.now = jumps[i];
            want = jumps[i] / SECOND; /* by rate: more than 3 but for these */
            EXPECT_EQ(pass(10), want * rates[k] > 3 || want > 3 ? 3 : rates[k]);
            EXPECT_EQ(pass(10), 0);
        }
}

/* Products at both sides of 2^64, in buckets that hold nearly as much. */
static void largest(void)
{
    const uint64_t full = UINT32_MAX * SECOND;
    unsigned int i;

    start(UINT32_MAX, UINT32_MAX);
    EXPECT_EQ(m.limit.credit, full);
    for ( i = 0; i < 64; i++ )
    {
        at(i, 0);
        m.limit.credit = 0;
        m.limit.last = 0;
        m.now = (uint64_t)1 << i;
        take();
        EXPECT_EQ(
            m.limit.credit,
            m.now < SECOND
                ? m.now * UINT32_MAX -
                      (m.now > 0 && m.now * UINT32_MAX >= SECOND ? SECOND : 0)
                : full - SECOND);
    }

    /* 2^32 + 1 by 2^32 - 1 is 2^64 - 1, and one more is too much. */
    for ( i = 0; i < 3; i++ )
    {
        at(i, 1);
        m.limit.credit = 0;
        m.limit.last = 0;
        m.now = ((uint64_t)1 << 32) + i;
        EXPECT(take());
        EXPECT_EQ(m.limit.credit, full - SECOND);
    }
}

static void wraps(void)
{
    start(10, 2);
    m.now = UINT64_MAX - SECOND / 20;
    EXPECT_EQ(pass(9), 2);
    m.now = SECOND / 20; /* to the limiter it is a step backwards */
    EXPECT_EQ(pass(9), 0);
    m.now += SECOND / 10;
    EXPECT_EQ(pass(9), 1);
}

static void wraps_a_sink(void)
{
    start(10, 2);
    EXPECT(vsio_rate_limit_tx(&m.limit, 'a'));
    EXPECT(vsio_rate_limit_tx(&m.limit, 'b'));
    EXPECT(vsio_rate_limit_tx(&m.limit, 'c'));
    EXPECT_EQ(m.sunk, 2);
    EXPECT_EQ(m.last, 'b');
    EXPECT_EQ(m.limit.dropped, 1);

    /* Nothing is paid for a byte that the sink has no room for. */
    m.now += SECOND / 10;
    m.room = false;
    EXPECT(!vsio_rate_limit_tx(&m.limit, 'd'));
    EXPECT(!vsio_rate_limit_tx(&m.limit, 'd'));
    EXPECT_EQ(m.limit.dropped, 1);
    m.room = true;
    EXPECT(vsio_rate_limit_tx(&m.limit, 'd'));
    EXPECT_EQ(m.last, 'd');
    EXPECT_EQ(m.sunk, 3);
    EXPECT(vsio_rate_limit_tx(&m.limit, 'e'));
    EXPECT_EQ(m.limit.dropped, 2);
    EXPECT(vsio_rate_limit_valid(&m.limit));
}

static void one_look(void)
{
    start(10, 2);
    m.now_calls = 0;
    take();
    EXPECT_EQ(m.now_calls, 1);
    vsio_rate_limit_tx(&m.limit, 0);
    EXPECT_EQ(m.now_calls, 2);
    take();
    EXPECT_EQ(m.now_calls, 3);
}

static void valid_rejects(void)
{
    start(10, 2);
    m.limit.credit++;
    EXPECT(!vsio_rate_limit_valid(&m.limit));
    start(10, 2);
    m.limit.burst = 0;
    m.limit.credit = 0;
    EXPECT(!vsio_rate_limit_valid(&m.limit));
}

/* Never more than the burst and what the time that went forwards has earned. */
static void random_walk(void)
{
    uint32_t seed = 0x70c3, i, random;
    uint64_t forwards, passed;

    start(100, 50);
    forwards = passed = 0;
    for ( i = 0; i < 50000; i++ )
    {
        random = random32(&seed);
        at(i, random);
        if ( (random & 0xf00) == 0 )
            m.now -= random >> 14;
        else if ( random & 0x1000 )
        {
            m.now += random >> 8;
            forwards += random >> 8;
        }
        passed += take();
        EXPECT(passed <= 50 + forwards / 10000000);
    }
    EXPECT_EQ(passed + m.limit.dropped, 50000);
    EXPECT(m.limit.dropped > 1000 && passed > 1000);
}

/* --- between a UART and its sink ------------------------------------------ */

static bool limited_tx(void *ctx, uint8_t byte)
{
    EXPECT(ctx == &m);

    return vsio_rate_limit_tx(&m.limit, byte);
}

static const struct vsio_pl011_host pl011_host = { .tx = limited_tx };
static const struct vsio_ns16550_host ns16550_host = { .tx = limited_tx };

/* What is too fast is gone and counted; the guest never waits for it. */
static void behind_a_pl011(void)
{
    static struct vsio_pl011 uart;
    uint32_t fr, i;

    start(10, 4);
    vsio_pl011_init(&uart, &pl011_host, &m);
    for ( i = 0; i < 10; i++ )
        EXPECT(vsio_write(&uart.dev, PL011_DR, 4, '0' + i));
    EXPECT_EQ(m.sunk, 4);
    EXPECT_EQ(m.last, '3');
    EXPECT_EQ(m.limit.dropped, 6);
    EXPECT(vsio_read(&uart.dev, PL011_FR, 4, &fr));
    EXPECT(fr & PL011_FR_TXFE);

    m.now += SECOND / 10;
    EXPECT(vsio_write(&uart.dev, PL011_DR, 4, 'x'));
    EXPECT_EQ(m.last, 'x');
}

/* A sink without room: the byte waits in the UART, and is paid for once. */
static void behind_a_16550(void)
{
    static struct vsio_ns16550 uart;

    start(10, 2);
    vsio_ns16550_init(&uart, &ns16550_host, &m, 1, 16);
    m.room = false;
    EXPECT(vsio_write(&uart.dev, 0, 1, 'a'));
    EXPECT_EQ(m.sunk, 0);
    m.room = true;
    vsio_ns16550_tx_ready(&uart);
    EXPECT(vsio_write(&uart.dev, 0, 1, 'b'));
    EXPECT_EQ(m.sunk, 2);
    EXPECT_EQ(m.last, 'b');
    EXPECT_EQ(m.limit.dropped, 0);
    EXPECT(vsio_write(&uart.dev, 0, 1, 'c'));
    EXPECT_EQ(m.limit.dropped, 1);
}

static const struct test table[] = {
    { "without a limit all pass, and there need be no clock", off_by_default },
    { "a burst, and then the rate", burst_then_rate },
    { "what a long silence earns", long_silence },
    { "no fraction of a byte is lost or made", exact },
    { "a new limit starts full; none looks at no clock", set_anew },
    { "a burst of 0 is one of 1", burst_of_nothing },
    { "the clock steps back: nothing is earned, nothing lost", clock_back },
    { "the clock jumps forward: a burst, and no overflow", clock_jumps },
    { "the largest rate, burst and times do not overflow", largest },
    { "a clock that wraps does no harm", wraps },
    { "a byte that the sink has no room for is not paid for", wraps_a_sink },
    { "a byte looks at the clock once", one_look },
    { "valid() rejects each broken field", valid_rejects },
    { "a random walk never passes more than was earned", random_walk },
    { "between a PL011 and its sink", behind_a_pl011 },
    { "between a 16550A and a sink without room", behind_a_16550 },
};
TESTS(table);

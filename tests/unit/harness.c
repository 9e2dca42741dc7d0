/* SPDX-License-Identifier: MIT */
/* TAP, and the expectations. */

#include "harness.h"

/* A broken device fails thousands of times; the first ones tell it all. */
#define DIAGS_PER_TEST 8U

static unsigned int expectations, failures;
static uint64_t at_a, at_b;
static bool at_set;

static void put(const char *s)
{
    size_t n = 0;

    while ( s[n] )
        n++;
    out(s, n);
}

static void put_dec(unsigned int v)
{
    char buf[10];
    size_t i = sizeof(buf);

    do
    {
        buf[--i] = (char)('0' + v % 10);
        v /= 10;
    } while ( v );
    out(&buf[i], sizeof(buf) - i);
}

static void put_hex(uint64_t v)
{
    char buf[18];
    size_t i = sizeof(buf);

    do
    {
        buf[--i] = "0123456789abcdef"[v & 15];
        v >>= 4;
    } while ( v );
    buf[--i] = 'x';
    buf[--i] = '0';
    out(&buf[i], sizeof(buf) - i);
}

/* The head of a diagnosis; false when this test has had its share. */
static bool complain(const char *expr, struct where where)
{
    if ( ++failures > DIAGS_PER_TEST )
        return false;

    put("# ");
    put(where.file);
    put(":");
    put_dec(where.line);
    put(": ");
    put(expr);
    put(": ");

    return true;
}

static void complain_end(void)
{
    if ( at_set )
    {
        put(", at ");
        put_hex(at_a);
        put(" ");
        put_hex(at_b);
    }
    put("\n");
}

bool expect(bool cond, const char *expr, struct where where)
{
    expectations++;
    if ( !cond && complain(expr, where) )
    {
        put("is false");
        complain_end();
    }

    return cond;
}

bool expect_eq(uint64_t got,
               uint64_t want,
               const char *expr,
               struct where where)
{
    expectations++;
    if ( got != want && complain(expr, where) )
    {
        put("got ");
        put_hex(got);
        put(" want ");
        put_hex(want);
        complain_end();
    }

    return got == want;
}

void at(uint64_t a, uint64_t b)
{
    at_a = a;
    at_b = b;
    at_set = true;
}

uint32_t random32(uint32_t *seed)
{
    uint32_t x = *seed;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *seed = x;

    return x;
}

int run_tests(void)
{
    unsigned int i, failed = 0;

    put("1..");
    put_dec((unsigned int)test_table.nr);
    put("\n");

    for ( i = 0; i < test_table.nr; i++ )
    {
        expectations = failures = 0;
        at_set = false;
        test_table.tests[i].run();
        if ( !expectations )
            expect(false, "expects something", HERE);
        failed += failures != 0;
        put(failures ? "not ok " : "ok ");
        put_dec(i + 1);
        put(" - ");
        put(test_table.tests[i].name);
        put("\n");
    }

    return failed != 0;
}

/* SPDX-License-Identifier: MIT */
/* Credit: what may be sent has room. */

#include "harness.h"
#include "stream.h"

static struct vsio_inflow in;
static struct vsio_outflow out_;
static uint8_t bytes[VSIO_STREAM_WINDOW + 1];

static void start(void)
{
    vsio_inflow_init(&in);
    vsio_outflow_init(&out_);
    EXPECT(vsio_inflow_valid(&in));
}

static void whole_window(void)
{
    start();
    EXPECT(!vsio_inflow_put(&in, bytes, VSIO_STREAM_WINDOW + 1));
    EXPECT_EQ(in.count, 0);
    EXPECT(vsio_inflow_put(&in, bytes, VSIO_STREAM_WINDOW));
    EXPECT(vsio_inflow_valid(&in));
    EXPECT(!vsio_inflow_put(&in, bytes, 1));
    EXPECT(vsio_inflow_put(&in, bytes, 0));
    EXPECT_EQ(vsio_inflow_grant(&in), 0);
}

/* docs/channel.md has the first one. */
static void numbers(void)
{
    EXPECT_EQ(VSIO_STREAM_WINDOW, 4096);
    EXPECT_EQ(VSIO_STREAM_GRANT, 1024);
}

/* The last piece fills the window: the first byte is still the first one. */
static void full_in_pieces(void)
{
    const uint8_t *data;

    start();
    bytes[0] = 'a';
    bytes[1] = 'b';
    EXPECT(vsio_inflow_put(&in, bytes, 1));
    bytes[VSIO_STREAM_WINDOW - 1] = 'c';
    EXPECT(vsio_inflow_put(&in, bytes, VSIO_STREAM_WINDOW - 1));
    EXPECT_EQ(vsio_inflow_peek(&in, &data), VSIO_STREAM_WINDOW);
    EXPECT_EQ(data[0], 'a');
    EXPECT_EQ(data[2], 'b');
}

static void grants(void)
{
    start();
    EXPECT_EQ(vsio_inflow_grant(&in), 0);
    EXPECT(vsio_inflow_put(&in, bytes, 3000));
    vsio_inflow_drop(&in, VSIO_STREAM_GRANT - 1);
    EXPECT_EQ(vsio_inflow_grant(&in), 0);
    vsio_inflow_drop(&in, 1);
    EXPECT_EQ(vsio_inflow_grant(&in), VSIO_STREAM_GRANT);
    EXPECT_EQ(vsio_inflow_grant(&in), 0);
    EXPECT(vsio_inflow_valid(&in));
    vsio_inflow_drop(&in, 3000 - VSIO_STREAM_GRANT);
    EXPECT_EQ(vsio_inflow_grant(&in), 3000 - VSIO_STREAM_GRANT);
    EXPECT(vsio_inflow_valid(&in));
}

static void behind_the_end(void)
{
    start();
    EXPECT(vsio_inflow_put(&in, bytes, 2000));
    in.ended = true;
    EXPECT(!vsio_inflow_put(&in, bytes, 1));
    vsio_inflow_drop(&in, 2000);
    EXPECT_EQ(vsio_inflow_grant(&in), 0);
}

static void credit_is_bounded(void)
{
    start();
    EXPECT(!vsio_outflow_credit(&out_, 1));
    EXPECT(!vsio_outflow_credit(&out_, UINT32_MAX));
    EXPECT_EQ(out_.credit, VSIO_STREAM_WINDOW);
    out_.credit -= 100;
    EXPECT(!vsio_outflow_credit(&out_, 101));
    EXPECT(vsio_outflow_credit(&out_, 100));
    EXPECT(vsio_outflow_credit(&out_, 0));
    EXPECT_EQ(out_.credit, VSIO_STREAM_WINDOW);
}

/* Both ends, with some granted credit on its way. */
static void in_order(void)
{
    uint32_t seed = 0xbead, sent = 0, come = 0, on_its_way = 0, i, n;
    const uint8_t *data;
    size_t k, some;

    start();
    for ( i = 0; i < 20000; i++ )
    {
        n = random32(&seed) % 700;
        at(i, n);
        if ( n > out_.credit )
            n = out_.credit;
        for ( k = 0; k < n; k++ )
            bytes[k] = (uint8_t)(sent++ * 31 >> 3);
        out_.credit -= n;
        EXPECT(vsio_inflow_put(&in, bytes, n));
        some = vsio_inflow_peek(&in, &data);
        if ( some > random32(&seed) % 900 )
            some = some / 2 + 1;
        for ( k = 0; k < some; k++ )
            if ( data[k] != (uint8_t)(come++ * 31 >> 3) )
                EXPECT(false);
        vsio_inflow_drop(&in, some);
        on_its_way += vsio_inflow_grant(&in);
        if ( random32(&seed) & 1 )
        {
            EXPECT(vsio_outflow_credit(&out_, on_its_way));
            on_its_way = 0;
        }
        EXPECT(vsio_inflow_valid(&in));
        EXPECT_EQ(in.credit, out_.credit + on_its_way);
    }
    EXPECT(sent > 1000000);
}

static void valid_rejects(void)
{
    start();
    in.first = VSIO_STREAM_WINDOW;
    EXPECT(!vsio_inflow_valid(&in));
    start();
    in.count = VSIO_STREAM_WINDOW + 1;
    EXPECT(!vsio_inflow_valid(&in));
    start();
    in.count = 1;
    EXPECT(!vsio_inflow_valid(&in));
}

static const struct test table[] = {
    { "numbers are those of the protocol", numbers },
    { "a window is taken, and not a byte more", whole_window },
    { "and in pieces", full_in_pieces },
    { "credit is given back in pieces", grants },
    { "nothing comes behind the end", behind_the_end },
    { "credit is never more than a window", credit_is_bounded },
    { "bytes go through in order, within their credit", in_order },
    { "valid() rejects each broken field", valid_rejects },
};
TESTS(table);

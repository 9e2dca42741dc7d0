/* SPDX-License-Identifier: GPL-2.0-only */
/* What all devices get from slot.c: levels, aborts, and a limit on the log. */

#include "devices/pl011-regs.h"
#include "fake-xen.h"

#define SPI 32

static void start(void)
{
    fake_start();
    EXPECT_EQ(uart_on_console(), 0);
}

static const struct vsio_counters *count(void)
{
    return &slot_of("vpl011")->dev->count;
}

/* The line rises: TXI of an idle UART. */
static void line(bool high)
{
    guest_wr(UART(IMSC), high ? PL011_INT_TX : 0);
}

#ifdef CONFIG_NEW_VGIC

static void level_is_passed_on(void)
{
    start();
    line(true);
    EXPECT_EQ(fake.raised[SPI], 1);
    EXPECT_EQ(fake.lowered[SPI], 0);
    line(false);
    EXPECT_EQ(fake.lowered[SPI], 1);
    line(true);
    fake_run(SECONDS(10));
    EXPECT_EQ(fake.raised[SPI], 2);
    EXPECT_EQ(fake.fired, 0);
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

static void short_cuts(void)
{
    start();
    guest_wr(UART(IMSC), PL011_INT_RT);
    type_key('a');
    EXPECT_EQ(fake.raised[SPI], 1);
    guest_rd(UART(DR));
    EXPECT_EQ(fake.lowered[SPI], 1);
    fake_stop();
}

#else

/* A guest that ends its interrupts, but does not serve the line. */
static void again(void)
{
    unsigned int i;

    start();
    line(true);
    EXPECT_EQ(fake.raised[SPI], 1);
    fake_run(MILLISECS(2));
    for ( i = 2; i < 5; i++ )
    {
        EXPECT(fake.raised[SPI] >= i);
        fake_run(MILLISECS(1) << i);
    }
    EXPECT_EQ(count()->irqs, 1);
    fake_stop();
}

static void backs_off(void)
{
    unsigned long before;
    s_time_t gap = 0, last;
    unsigned int i;

    start();
    line(true);
    for ( i = 0; i < 20; i++ )
    {
        last = fake.now;
        fake_run(fake_next() - fake.now);
        EXPECT(fake.now - last >= gap);
        gap = fake.now - last;
        EXPECT(gap <= MILLISECS(64));
    }
    EXPECT_EQ(gap, MILLISECS(64));

    before = fake.raised[SPI];
    fake_run(SECONDS(3600));
    EXPECT(fake.raised[SPI] - before <= 3600 * 1000 / 64 + 1);

    /* A line that moves is looked at closely again. */
    line(false);
    line(true);
    fake_run(MILLISECS(64));
    before = fake.raised[SPI];
    fake_run(MILLISECS(2));
    EXPECT(fake.raised[SPI] > before);
    fake_stop();
}

static void low(void)
{
    unsigned long before;

    start();
    line(true);
    fake_run(MILLISECS(500));
    line(false);
    before = fake.raised[SPI];
    fake_run(MILLISECS(64));
    EXPECT_EQ(fake.raised[SPI], before);
    EXPECT_EQ(fake_armed(), 0);
    EXPECT_EQ(fake.lowered[SPI], 0); /* falling edges are not for this vGIC */

    /* Served at once, as good guests do: one timer handler, if at all. */
    fake.fired = 0;
    line(true);
    line(false);
    fake_run(SECONDS(1));
    EXPECT(fake.fired <= 1);
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

static void lost(void)
{
    start();
    fake.offline = true;
    line(true);
    fake_run(SECONDS(1));
    EXPECT_EQ(fake.raised[SPI], 0);
    fake.offline = false;
    fake_run(MILLISECS(64));
    EXPECT_EQ(fake.raised[SPI], 1);

    /* One that rose while the look was under way. */
    line(false);
    fake_run(MILLISECS(70));
    line(true);
    line(false);
    fake.offline = true;
    line(true);
    fake.offline = false;
    fake.raised[SPI] = 0;
    fake_run(MILLISECS(4));
    EXPECT(fake.raised[SPI] >= 1);
    fake_stop();
}

/* Pending, or in the guest's handler: another would be one too many. */
static void in_delivery(void)
{
    start();
    fake.slow = true;
    line(true);
    fake_run(SECONDS(10));
    EXPECT_EQ(fake.raised[SPI], 1);
    EXPECT(fake.kicks > 0); /* the vGIC knows only when it looks */
    EXPECT(fake.kicks <= 10 * 1000 / 64 + 10);

    fake_eoi(); /* and the line is still high */
    fake_run(MILLISECS(64));
    EXPECT_EQ(fake.raised[SPI], 2);
    fake_run(SECONDS(1));
    EXPECT_EQ(fake.raised[SPI], 2);
    line(false);
    fake_eoi();
    fake_run(SECONDS(1));
    EXPECT_EQ(fake.raised[SPI], 2);
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

/* A guest that takes its time in the handler: each edge is its own. */
static void busy(void)
{
    unsigned int i;

    start();
    fake.slow = true;
    for ( i = 0; i < 10000; i++ )
    {
        line(true);
        fake_run(MILLISECS(i % 10) / 2);
        line(false);
        fake_eoi();
    }
    EXPECT_EQ(fake.raised[SPI], 10000);
    EXPECT(fake.fired <= 5 * 5000);
    fake_stop();
}

static void dead_line(void)
{
    start();
    line(true);
    vsio_domain_relinquish(&dom);
    EXPECT_EQ(fake_armed(), 0);
    fake.raised[SPI] = 0;
    fake_run(SECONDS(1));
    EXPECT_EQ(fake.raised[SPI], 0);
    line(false);
    line(true); /* a vCPU that was in the middle of it */
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

#endif

static void aborts(void)
{
    register_t r;
    unsigned int i;

    start();
    for ( i = 0; i < 0x1000; i += 4 )
    {
        r = 0x5555;
        EXPECT_EQ(guest_access(GUEST_PL011_BASE + i, 3, false, &r), 0);
        EXPECT_EQ(r, 0x5555);
        EXPECT_EQ(guest_access(GUEST_PL011_BASE + i, 3, true, &r), 0);
        EXPECT_EQ(guest_access(GUEST_PL011_BASE + i + 3, 1, false, &r), 0);
        EXPECT_EQ(guest_access(GUEST_PL011_BASE + i + 2, 2, true, &r), 0);
    }
    EXPECT_EQ(count()->refused, 0x1000);
    EXPECT_EQ(count()->bytes_out, 0);

    /* 64 bits at the last register, and beyond the window. */
    EXPECT_EQ(guest_access(GUEST_PL011_BASE + 0xffc, 3, false, &r), 0);
    EXPECT_EQ(guest_access(GUEST_PL011_BASE + 0xfff, 1, false, &r), 0);
    fake_stop();
}

static void parts(void)
{
    register_t r = 0xffffffffffffffff;

    start();
    EXPECT_EQ(guest_access(UART(FR), DABT_BYTE, false, &r), 1);
    EXPECT_EQ(r, guest_rd(UART(FR)) & 0xff);
    r = 0xffffffffffffffff;
    EXPECT_EQ(guest_access(UART(FR), DABT_HALF_WORD, false, &r), 1);
    EXPECT_EQ(r, guest_rd(UART(FR)) & 0xffff);
    r = 0xffffffffffffffff;
    EXPECT_EQ(guest_access(UART(IMSC), DABT_WORD, true, &r), 1);
    EXPECT_EQ(guest_rd(UART(IMSC)), PL011_INT_MASK);

    /* The byte alone, whatever else is in the register. */
    fake.focus = &dom;
    r = 0xffffffffffffff41;
    EXPECT_EQ(guest_access(UART(DR), DABT_BYTE, true, &r), 1);
    EXPECT_EQ(guest_access(UART(DR), DABT_WORD, true, &r), 1);
    EXPECT_EQ(fake.serial_n, 2);
    EXPECT_EQ(fake.serial[0], 'A');
    EXPECT_EQ(fake.serial[1], 'A');
    fake_stop();
}

static void log_limit(void)
{
    register_t r = 0;
    unsigned int i;

    start();
    for ( i = 0; i < 10000; i++ )
        guest_access(UART(CR), 3, true, &r);
    EXPECT_EQ(fake.log_lines, 1);
    EXPECT(fake_logged("d1: vpl011: refused write"));
    EXPECT(fake_logged("offset 0x30 size 8 "));

    fake_run(SECONDS(1) - 1);
    guest_access(UART(CR), 3, true, &r);
    EXPECT_EQ(fake.log_lines, 1);
    fake_run(1);
    guest_access(0x8 + GUEST_PL011_BASE, DABT_WORD, false, &r);
    EXPECT_EQ(fake.log_lines, 2);
    EXPECT(fake_logged(" read: offset 0x8 "));
    EXPECT(fake_logged(" 10000 ")); /* so many were held back */

    fake_forget_log();
    for ( i = 0; i < 10000; i++ )
    {
        guest_access(UART(CR), 3, true, &r);
        guest_access(UART(FR), 3, false, &r);
        fake_run(MILLISECS(1));
    }
    EXPECT(fake.log_lines <= 11);
    EXPECT(fake.log_lines >= 9);
    fake_stop();
}

static const struct test table[] = {
#ifdef CONFIG_NEW_VGIC
    { "levels are passed on, and no timer is needed", level_is_passed_on },
    { "levels that the UART's short cuts change are, too", short_cuts },
#else
    { "a line that stays high is injected again", again },
    { "less and less often, but 64 ms apart at most", backs_off },
    { "a line that fell is not injected, and leaves no timer", low },
    { "an interrupt that the vCPU missed is repeated", lost },
    { "an interrupt that is under way is not injected again", in_delivery },
    { "a guest that serves the line gets one interrupt each time", busy },
    { "the line of a dead domain is left alone", dead_line },
#endif
    { "64 bits, and accesses across registers, abort and change nothing",
      aborts },
    { "8 and 16 bits", parts },
    { "10000 bad accesses make one line, then at most one a second",
      log_limit },
};
TESTS(table);

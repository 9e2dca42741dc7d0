/* SPDX-License-Identifier: GPL-2.0-only */
/* The UART whose backend is Xen's console. */

#include <xen/errno.h>

#include "devices/pl011-regs.h"
#include "fake-xen.h"

#define FIFO 32U
#define IN   1024U

int memcmp(const void *a, const void *b, size_t n);
int strcmp(const char *a, const char *b);

static void start(void)
{
    fake_start();
    EXPECT_EQ(uart_on_console(), 0);
}

static void say(const char *s)
{
    while ( *s )
        guest_wr(UART(DR), (uint8_t)*s++);
}

static void expect_serial(const char *s)
{
    EXPECT_EQ(fake.serial_n, strlen(s));
    EXPECT(!memcmp(fake.serial, s, strlen(s)));
}

static void expect_log(const char *s)
{
    EXPECT(!strcmp(fake.log, s));
}

static void raw(void)
{
    unsigned int i;

    start();
    fake.focus = &dom;
    for ( i = 0; i < 256; i++ )
        guest_wr(UART(DR), i);
    EXPECT_EQ(fake.serial_n, 256);
    for ( i = 0; i < 256; i++ )
        EXPECT_EQ((uint8_t)fake.serial[i], i);
    expect_log("");
    EXPECT_EQ(fake.channels, 0);
    fake_stop();
}

static void by_line(void)
{
    static struct domain other;

    start();
    fake.focus = &other;
    say("hel");
    expect_log("");
    say("lo\r\n");
    expect_log("DOM1: hello\n");
    say("a\tb \033[2J\a\x7f\x80\xff.\n");
    expect_log("DOM1: hello\nDOM1: a\tb [2J.\n");
    guest_wr(UART(DR), 0);
    say("\n");
    expect_log("DOM1: hello\nDOM1: a\tb [2J.\nDOM1: \n");
    EXPECT_EQ(fake.serial_n, 0);

    /* Nobody has it: the same. */
    fake.focus = NULL;
    say("x\n");
    EXPECT(fake_logged("DOM1: x\n"));
    EXPECT_EQ(fake.references, 0);
    fake_stop();
}

static void long_lines(void)
{
    unsigned int i, lines = 0;
    size_t n = 0, from = 0;

    start();
    for ( i = 0; i < 1000; i++ )
        guest_wr(UART(DR), 'a' + i % 26);
    say("\n");
    for ( i = 0; i < strlen(fake.log); i++ )
    {
        if ( fake.log[i] != '\n' )
            continue;
        lines++;
        EXPECT(!memcmp(&fake.log[from], "DOM1: ", 6));
        EXPECT(i - from < 6 + 128);
        for ( from += 6; from < i; from++ )
            EXPECT_EQ(fake.log[from], 'a' + n++ % 26);
        from = i + 1;
    }
    EXPECT_EQ(n, 1000);
    EXPECT_EQ(lines, 8);
    fake_stop();
}

static void focus_moves(void)
{
    start();
    say("abc");
    fake.focus = &dom;
    say("d");
    expect_serial("abcd");
    say("ef");
    fake.focus = NULL;
    say("gh\n");
    expect_serial("abcdef");
    expect_log("DOM1: gh\n");
    fake.focus = &dom;
    say("!");
    expect_serial("abcdef!");
    fake_stop();
}

static void not_the_port(void)
{
    start();
    fake_stop();

    fake_start(); /* console=something else */
    fake_boot();
    EXPECT_EQ(domain_vpl011_init(&dom, NULL), 0);
    fake.focus = &dom;
    say("\033x\n");
    expect_log("DOM1: x\n");
    EXPECT_EQ(fake.serial_n, 0);
    fake_stop();
}

static void unfinished_line(void)
{
    start();
    say("last words");
    vsio_domain_relinquish(&dom);
    expect_log("DOM1: last words\n");
    fake_stop();
}

static void keys(void)
{
    unsigned int i;

    start();
    guest_wr(UART(IMSC), PL011_INT_RX | PL011_INT_RT);
    for ( i = 0; i < 256; i++ )
    {
        EXPECT_EQ(type_key((char)i), 0);
        EXPECT_EQ(fake.raised[32], i + 1);
        EXPECT_EQ(guest_rd(UART(DR)), i);
        EXPECT(guest_rd(UART(FR)) & PL011_FR_RXFE);
    }
    EXPECT_EQ(slot_of("vpl011")->dev->count.bytes_in, 256);
    fake_stop();
}

static void too_many_keys(void)
{
    const struct vsio_counters *count;
    unsigned int i, held = FIFO + IN;

    start();
    count = &slot_of("vpl011")->dev->count;
    for ( i = 0; i < held; i++ )
        EXPECT_EQ(type_key((char)i), 0);
    EXPECT_EQ(count->bytes_dropped, 0);
    EXPECT_EQ(guest_rd(UART(RSR)), 0);

    for ( i = 0; i < 100; i++ )
    {
        int rc = type_key('x');

#ifdef NEW_XEN
        EXPECT_EQ(rc, -ENOSPC);
#else
        EXPECT_EQ(rc, 0);
#endif
    }
    EXPECT_EQ(count->bytes_dropped, 100);
    EXPECT_EQ(guest_rd(UART(RSR)), PL011_RSR_OE);
    EXPECT(guest_rd(UART(RIS)) & PL011_INT_OE);
    EXPECT_EQ(fake.log_lines, 1);

    /* All that was held comes, in order; OE with one of them. */
    for ( i = 0; i < held; i++ )
    {
        at(i, held);
        EXPECT_EQ(guest_rd(UART(DR)) & 0xff, i & 0xff);
    }
    EXPECT(guest_rd(UART(FR)) & PL011_FR_RXFE);

    guest_wr(UART(RSR), 0);
    guest_wr(UART(ICR), PL011_INT_OE);
    type_key('y');
    EXPECT_EQ(guest_rd(UART(DR)) & 0xff, 'y');
    EXPECT_EQ(guest_rd(UART(RSR)), 0);
    EXPECT_EQ(fake.notified, 0);
    fake_stop();
}

static void no_uart(void)
{
    fake_start();
#ifdef NEW_XEN
    EXPECT_EQ(type_key('x'), -ENODEV);
#else
    EXPECT_EQ(type_key('x'), 0);
#endif
    fake_stop();

    start();
    vsio_domain_relinquish(&dom);
    type_key('x');
    EXPECT_EQ(fake.pages, FAKE_IMAGE);
    fake_stop();
}

static const struct test table[] = {
    { "the domain with the focus has the port: 256 bytes unchanged", raw },
    { "without it: lines with its name, and nothing unprintable", by_line },
    { "long lines are split, and nothing is lost", long_lines },
    { "focus that comes and goes within a line", focus_moves },
    { "a console that is no serial port gets lines only", not_the_port },
    { "a line that the domain's death cuts off is shown", unfinished_line },
    { "keys reach the guest, one interrupt each", keys },
    { "keys that do not fit are counted, and an overrun to the guest",
      too_many_keys },
    { "keys for a domain without a UART", no_uart },
};
TESTS(table);

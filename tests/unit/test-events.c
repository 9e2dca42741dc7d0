/* SPDX-License-Identifier: MIT */
/* Events: what a host that wants them is told, and what costs it nothing. */

#include "harness.h"
#include "pl011-regs.h"
#include "pl011.h"
#include "pl031-regs.h"
#include "pl031.h"

static struct vsio_event seen_events[16];
static unsigned int nr_seen;

static void note(void *ctx, const struct vsio_event *ev)
{
    EXPECT(!ctx);
    EXPECT(nr_seen < ARRAY_SIZE(seen_events));
    seen_events[nr_seen++ % ARRAY_SIZE(seen_events)] = *ev;
}

static bool tx(void *ctx, uint8_t byte)
{
    EXPECT(!ctx);

    return byte != '!'; /* no room for that one */
}

static uint64_t now(void *ctx)
{
    EXPECT(!ctx);

    return 1700000000;
}

static const struct vsio_pl011_host tells_all = {
    .common = { .event = note, .events = VSIO_WANT_ALL },
    .tx = tx,
};

static const struct vsio_pl011_host tells_errors = {
    .common = { .event = note, .events = VSIO_WANT_ERRORS },
    .tx = tx,
};

static const struct vsio_pl011_host tells_nothing = {
    .common = { .event = note },
    .tx = tx,
};

static const struct vsio_pl031_host rtc_tells_all = {
    .common = { .event = note, .events = VSIO_WANT_ALL },
    .now = now,
};

static struct vsio_pl011 uart;
static struct vsio_pl031 rtc;

static void plug_in(const struct vsio_pl011_host *host)
{
    nr_seen = 0;
    vsio_pl011_init(&uart, host, NULL);
    vsio_write(&uart.dev, PL011_LCR_H, 4, PL011_LCR_H_FEN);
}

static void happened(unsigned int i,
                     enum vsio_event_type type,
                     uint32_t offset,
                     uint32_t value)
{
    at(i, type);
    EXPECT_EQ(seen_events[i].type, type);
    EXPECT_EQ(seen_events[i].offset, offset);
    EXPECT_EQ(seen_events[i].value, value);
}

static void uart_events(void)
{
    unsigned int i;
    uint32_t value;

    plug_in(&tells_all);
    vsio_write(&uart.dev, PL011_DR, 4, 'a');
    vsio_write(&uart.dev, PL011_IMSC, 4, PL011_INT_RT);
    vsio_pl011_rx(&uart, (const uint8_t *)"xy", 2);
    vsio_read(&uart.dev, PL011_DR, 4, &value);
    vsio_read(&uart.dev, PL011_DR, 4, &value);
    EXPECT_EQ(nr_seen, 6);
    happened(0, VSIO_EVENT_OUT, PL011_DR, 'a');
    happened(1, VSIO_EVENT_IRQ, 0, 1);
    happened(2, VSIO_EVENT_READ, PL011_DR, 'x');
    happened(3, VSIO_EVENT_READ, PL011_DR, 'y');
    happened(4, VSIO_EVENT_EMPTY, PL011_DR, 0);
    happened(5, VSIO_EVENT_IRQ, 0, 0);
    for ( i = 0; i < 6; i++ ) /* none of them is an access */
        EXPECT(!seen_events[i].write && seen_events[i].size == 0);
}

static void errors_too(void)
{
    uint32_t value;

    plug_in(&tells_all);
    vsio_read(&uart.dev, PL011_DR, 8, &value);
    vsio_write(&uart.dev, PL011_FR, 4, 7);
    vsio_pl011_overrun(&uart);
    EXPECT_EQ(nr_seen, 3);
    happened(0, VSIO_EVENT_REFUSED, PL011_DR, 0);
    happened(1, VSIO_EVENT_UNKNOWN, PL011_FR, 7);
    EXPECT(seen_events[1].write);
    happened(2, VSIO_EVENT_DROPPED, PL011_DR, 0);
}

/* An entry has errors above its byte; what is told is the byte. */
static void bytes_without_errors(void)
{
    unsigned int i;
    uint32_t value;

    plug_in(&tells_all);
    EXPECT(vsio_pl011_rx_error(&uart, PL011_DR_PE | 0xff));
    vsio_read(&uart.dev, PL011_DR, 4, &value);
    EXPECT_EQ(value, PL011_DR_PE | 0xff);
    happened(0, VSIO_EVENT_READ, PL011_DR, 0xff);

    plug_in(&tells_errors);
    EXPECT(vsio_pl011_rx_error(&uart, PL011_DR_PE | 0xff));
    vsio_write(&uart.dev, PL011_LCR_H, 4, 0);
    EXPECT_EQ(nr_seen, 1);
    happened(0, VSIO_EVENT_DROPPED, PL011_DR, 0xff);

    /* Without FIFOs, round the loop: one is stored, two are lost. */
    vsio_write(&uart.dev, PL011_CR, 4, PL011_CR_RESET | PL011_CR_LBE);
    for ( i = 0; i < 2; i++ )
        vsio_write(&uart.dev, PL011_DR, 4, 0xff);
    EXPECT_EQ(nr_seen, 2);
    happened(1, VSIO_EVENT_DROPPED, PL011_DR, 0xff);
    vsio_write(&uart.dev, PL011_LCR_H, 4, PL011_LCR_H_BRK);
    EXPECT_EQ(nr_seen, 3);
    happened(2, VSIO_EVENT_DROPPED, PL011_DR, 0);
}

/* A byte that waits is out when the host takes it, not before. */
static void out_when_taken(void)
{
    plug_in(&tells_all);
    vsio_write(&uart.dev, PL011_DR, 4, '!');
    vsio_write(&uart.dev, PL011_DR, 4, 'a');
    EXPECT_EQ(nr_seen, 0);
    vsio_pl011_tx_ready(&uart);
    EXPECT_EQ(nr_seen, 0);
    uart.tx[uart.tx_first] = 'b';
    vsio_pl011_tx_ready(&uart);
    EXPECT_EQ(nr_seen, 2);
    happened(0, VSIO_EVENT_OUT, PL011_DR, 'b');
    happened(1, VSIO_EVENT_OUT, PL011_DR, 'a');
}

static void only_what_is_wanted(void)
{
    uint32_t value;

    plug_in(&tells_errors);
    vsio_write(&uart.dev, PL011_DR, 4, 'a');
    vsio_pl011_rx(&uart, (const uint8_t *)"x", 1);
    vsio_read(&uart.dev, PL011_DR, 4, &value);
    EXPECT_EQ(nr_seen, 0);
    vsio_read(&uart.dev, 0x800, 4, &value);
    EXPECT_EQ(nr_seen, 1);

    plug_in(&tells_nothing);
    vsio_read(&uart.dev, 0x800, 4, &value);
    EXPECT_EQ(nr_seen, 0);
    EXPECT_EQ(uart.dev.count.unknown, 1);
}

/* A short cut tells nothing, so it is closed to who wants to be told. */
static void short_cuts(void)
{
    uint32_t value;

    plug_in(&tells_errors);
    vsio_write(&uart.dev, PL011_IMSC, 4, PL011_INT_RT);
    EXPECT(vsio_pl011_straight(&uart));
    EXPECT(vsio_pl011_rx_awaits(&uart));
    vsio_pl011_rx_first(&uart, 'x');
    EXPECT(vsio_pl011_rx_last(&uart, &value));

    plug_in(&tells_all);
    vsio_write(&uart.dev, PL011_IMSC, 4, PL011_INT_RT);
    EXPECT(!vsio_pl011_straight(&uart));
    EXPECT(!vsio_pl011_rx_awaits(&uart));
    vsio_pl011_rx(&uart, (const uint8_t *)"x", 1);
    EXPECT(!vsio_pl011_rx_last(&uart, &value));
}

static void time_set(void)
{
    nr_seen = 0;
    vsio_pl031_init(&rtc, &rtc_tells_all, NULL);
    vsio_write(&rtc.dev, PL031_LR, 4, 12345);
    EXPECT_EQ(nr_seen, 1);
    happened(0, VSIO_EVENT_TIME, PL031_LR, 12345);
}

static const struct test table[] = {
    { "a UART tells of bytes out, bytes read, and its line", uart_events },
    { "errors are events, too", errors_too },
    { "a byte is told without its errors", bytes_without_errors },
    { "a byte is out when the host takes it", out_when_taken },
    { "only what is wanted is told", only_what_is_wanted },
    { "short cuts are closed to who wants to be told", short_cuts },
    { "the guest sets the time", time_set },
};
TESTS(table);

/* SPDX-License-Identifier: MIT */

#include "ns16550-host.h"

struct vsio_ns16550 com;
struct com_host com_host;

static bool valid(const struct vsio_device *dev)
{
    return vsio_ns16550_valid((const struct vsio_ns16550 *)dev);
}

static void told(void *ctx, const struct vsio_event *ev)
{
    EXPECT(ctx == &com_host);
    EXPECT_EQ(ev->offset, 0);
    com_host.told[ev->type]++;
    seen.last = *ev;
}

static bool take(void *ctx, uint8_t byte)
{
    EXPECT(ctx == &com_host);
    com_host.asked++;
    if ( !com_host.room )
        return false;

    if ( com_host.room != FOREVER )
        com_host.room--;
    if ( com_host.taken < ARRAY_SIZE(com_host.sent) )
        com_host.sent[com_host.taken] = byte;
    com_host.taken++;

    return true;
}

/* Offers them all at once, so that the device has to say how many it takes. */
static uint32_t offer(uint32_t n)
{
    uint8_t data[2 * DEEP];
    uint32_t i, took;

    EXPECT(n <= sizeof(data));
    for ( i = 0; i < n; i++ )
        data[i] = (uint8_t)(com_host.next + i);
    took = (uint32_t)vsio_ns16550_rx(&com, data, n);
    EXPECT(took <= n);
    com_host.next = (uint8_t)(com_host.next + took);
    com_host.stored += took;

    return took;
}

static void rx_ready(void *ctx)
{
    EXPECT(ctx == &com_host);
    com_host.rx_ready_calls++;
    if ( com_host.feed )
        com_host.feed -= offer(com_host.feed);
}

static void modem(void *ctx, uint8_t mcr_lines)
{
    EXPECT(ctx == &com_host);
    EXPECT_EQ(mcr_lines & ~NS16550_MCR_LINES, 0);
    EXPECT(mcr_lines != com_host.modem || com_host.restoring);
    com_host.modem = mcr_lines;
    com_host.modem_calls++;
}

static void brk(void *ctx, bool on)
{
    EXPECT(ctx == &com_host);
    EXPECT(on != com_host.brk || com_host.restoring);
    com_host.brk = on;
    com_host.brk_calls++;
}

static const struct vsio_ns16550_host full_host = {
    .common = { .set_irq = seen_irq,
                .event = seen_event,
                .events = VSIO_WANT_ERRORS },
    .tx = take,
    .rx_ready = rx_ready,
    .modem = modem,
    .brk = brk,
};

static const struct vsio_ns16550_host told_host = {
    .common = { .event = told, .events = VSIO_WANT_ALL },
    .tx = take,
    .rx_ready = rx_ready,
};

static const struct vsio_ns16550_host bare_host = { .tx = take };

static void plug_into(const struct vsio_ns16550_host *host,
                      unsigned int stride,
                      unsigned int rx_depth)
{
    unsigned char *byte = (unsigned char *)&com;
    size_t i;

    /* What was there before must not shine through. */
    for ( i = 0; i < sizeof(com); i++ )
        byte[i] = 0xa5;

    com_host = (struct com_host){ .room = FOREVER, .next = 1 };
    vsio_ns16550_init(&com, host, &com_host, stride, rx_depth);
    watch(&com.dev, sizeof(com), valid);
}

void com_plug_in_as(unsigned int stride, unsigned int rx_depth)
{
    plug_into(&full_host, stride, rx_depth);
}

void com_plug_in(void)
{
    com_plug_in_as(1, DEPTH);
}

void com_plug_in_bare(void)
{
    plug_into(&bare_host, 1, DEPTH);
}

void com_plug_in_told(void)
{
    plug_into(&told_host, 1, DEPTH);
}

void com_plug_in_fifos(unsigned int rx_depth)
{
    com_plug_in_as(1, rx_depth);
    WR(FCR, NS16550_FCR_FE);
}

uint32_t com_receive(uint32_t n)
{
    uint32_t took = offer(n);

    CHECK_VALID();

    return took;
}

void com_make_room(uint32_t n)
{
    com_host.room = n;
    vsio_ns16550_tx_ready(&com);
    CHECK_VALID();
}

void com_send(uint8_t first, uint32_t n)
{
    uint32_t i;

    for ( i = 0; i < n; i++ )
        WR(THR, (uint8_t)(first + i));
}

void com_lines(uint8_t msr_lines)
{
    vsio_ns16550_modem(&com, msr_lines);
    CHECK_VALID();
}

bool com_receive_error(uint8_t byte, uint8_t lsr)
{
    bool ok = vsio_ns16550_rx_error(&com, byte, lsr);

    CHECK_VALID();

    return ok;
}

void com_lose_one(void)
{
    vsio_ns16550_overrun(&com);
    CHECK_VALID();
}

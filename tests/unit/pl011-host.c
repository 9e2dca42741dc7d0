/* SPDX-License-Identifier: MIT */

#include "pl011-host.h"

struct vsio_pl011 uart;
struct far_end far;

static bool valid(const struct vsio_device *dev)
{
    return vsio_pl011_valid((const struct vsio_pl011 *)dev);
}

static bool far_tx(void *ctx, uint8_t byte)
{
    EXPECT(ctx == &far);
    far.asked++;
    if ( !far.room )
        return false;

    if ( far.room != FOREVER )
        far.room--;
    if ( far.taken < ARRAY_SIZE(far.sent) )
        far.sent[far.taken] = byte;
    far.taken++;

    return true;
}

/* Offers them all at once, so that the device has to say how many it takes. */
static uint32_t offer(uint32_t n)
{
    uint8_t data[2 * FIFO];
    uint32_t i, took;

    EXPECT(n <= sizeof(data));
    for ( i = 0; i < n; i++ )
        data[i] = (uint8_t)(far.next + i);
    took = (uint32_t)vsio_pl011_rx(&uart, data, n);
    EXPECT(took <= n);
    far.next = (uint8_t)(far.next + took);
    far.stored += took;

    return took;
}

static void far_rx_ready(void *ctx)
{
    EXPECT(ctx == &far);
    far.rx_ready_calls++;
    if ( far.feed )
        far.feed -= offer(far.feed);
}

static void far_modem(void *ctx, uint16_t cr_lines)
{
    EXPECT(ctx == &far);
    EXPECT_EQ(cr_lines & ~PL011_CR_MODEM, 0);
    EXPECT(cr_lines != far.modem);
    far.modem = cr_lines;
    far.modem_calls++;
}

static void far_brk(void *ctx, bool on)
{
    EXPECT(ctx == &far);
    EXPECT(on != far.brk);
    far.brk = on;
    far.brk_calls++;
}

static const struct vsio_pl011_host full_host = {
    .common = { .set_irq = seen_irq,
                .event = seen_event,
                .events = VSIO_WANT_ERRORS },
    .tx = far_tx,
    .rx_ready = far_rx_ready,
    .modem = far_modem,
    .brk = far_brk,
};

static const struct vsio_pl011_host bare_host = { .tx = far_tx };

static void plug_into(const struct vsio_pl011_host *host)
{
    unsigned char *byte = (unsigned char *)&uart;
    size_t i;

    /* What was there before must not shine through. */
    for ( i = 0; i < sizeof(uart); i++ )
        byte[i] = 0xa5;

    far = (struct far_end){ .room = FOREVER, .next = 1 };
    vsio_pl011_init(&uart, host, &far);
    watch(&uart.dev, sizeof(uart), valid);
}

void plug_in(void)
{
    plug_into(&full_host);
}

void plug_in_bare(void)
{
    plug_into(&bare_host);
}

void plug_in_fifos(void)
{
    plug_in();
    WR(LCR_H, PL011_LCR_H_FEN);
}

uint32_t receive(uint32_t n)
{
    uint32_t took = offer(n);

    CHECK_VALID();

    return took;
}

void make_room(uint32_t n)
{
    far.room = n;
    vsio_pl011_tx_ready(&uart);
    CHECK_VALID();
}

void send(uint8_t first, uint32_t n)
{
    uint32_t i;

    for ( i = 0; i < n; i++ )
        WR(DR, (uint8_t)(first + i));
}

void lines(uint16_t fr_lines)
{
    vsio_pl011_modem(&uart, fr_lines);
    CHECK_VALID();
}

bool receive_error(uint16_t dr)
{
    bool ok = vsio_pl011_rx_error(&uart, dr);

    CHECK_VALID();

    return ok;
}

void lose_one(void)
{
    vsio_pl011_overrun(&uart);
    CHECK_VALID();
}

/* SPDX-License-Identifier: MIT */
/* PL011: both FIFOs, their levels, and what happens when they are full. */

#include "pl011-host.h"

/* 3.3.9 for 32 entries; the reserved encodings mean the highest level. */
static const uint8_t level[8] = { 4, 8, 16, 24, 28, 28, 28, 28 };

#define RX_LEVEL(n) ((uint32_t)(n) << 3)
#define TX_LEVEL(n) ((uint32_t)(n))

static bool raw(uint32_t irq)
{
    return RD(RIS) & irq;
}

static uint32_t flags(void)
{
    return RD(FR) & ~PL011_FR_MODEM;
}

static void rx_depth_32(void)
{
    uint32_t i;

    plug_in_fifos();
    for ( i = 1; i <= FIFO; i++ )
    {
        at(i, 0);
        EXPECT_EQ(receive(1), 1);
        EXPECT_EQ(flags(), PL011_FR_TXFE | (i == FIFO ? PL011_FR_RXFF : 0));
    }
    EXPECT_EQ(receive(1), 0);
    for ( i = 1; i <= FIFO; i++ )
    {
        at(i, 0);
        EXPECT_EQ(RD(DR), i);
        EXPECT_EQ(flags(), PL011_FR_TXFE | (i == FIFO ? PL011_FR_RXFE : 0));
    }
    EXPECT_EQ(uart.dev.count.bytes_in, FIFO);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 0);
}

static void rx_depth_1(void)
{
    plug_in();
    EXPECT_EQ(receive(2), 1);
    EXPECT_EQ(flags(), PL011_FR_TXFE | PL011_FR_RXFF);
    EXPECT(raw(PL011_INT_RX));
    EXPECT_EQ(receive(1), 0);
    EXPECT_EQ(RD(DR), 1);
    EXPECT_EQ(flags(), PL011_FR_TXFE | PL011_FR_RXFE);
    EXPECT(!raw(PL011_INT_RX));
    EXPECT_EQ(receive(2), 1);
    EXPECT_EQ(RD(DR), 2);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 0);
}

static void rx_takes_what_fits(void)
{
    plug_in_fifos();
    EXPECT_EQ(receive(20), 20);
    EXPECT_EQ(receive(20), 12);
    EXPECT_EQ(uart.dev.count.bytes_in, 32);
    EXPECT_EQ(receive(0), 0);
}

/* Any number of entries, at any place of the ring. */
static void rx_order_wraps(void)
{
    uint32_t n, i;
    uint8_t want = 1;

    plug_in_fifos();
    for ( n = 1; n <= FIFO; n++ )
    {
        EXPECT_EQ(receive(n), n);
        for ( i = 0; i < n; i++ )
        {
            at(n, i);
            EXPECT_EQ(RD(DR), want);
            want++;
        }
        EXPECT_EQ(flags(), PL011_FR_TXFE | PL011_FR_RXFE);
    }
}

static void rx_empty_reads_zero(void)
{
    plug_in_fifos();
    EXPECT_EQ(RD(DR), 0);
    receive(1);
    EXPECT_EQ(RD(DR), 1);
    EXPECT_EQ(RD(DR), 0);
    EXPECT_EQ(rd8(&uart.dev, PL011_DR), 0);
    EXPECT_EQ(rd16(&uart.dev, PL011_DR), 0);
    EXPECT_EQ(flags(), PL011_FR_TXFE | PL011_FR_RXFE);
    EXPECT_EQ(uart.dev.count.unknown, 0);
}

/* A read beside the data byte is a read of DR: the entry is gone. */
static void rx_pops_once_a_read(void)
{
    plug_in_fifos();
    receive(3);
    EXPECT_EQ(rd8(&uart.dev, PL011_DR + 1), 0);
    EXPECT_EQ(RD(DR), 2);
    EXPECT_EQ(rd16(&uart.dev, PL011_DR + 2), 0);
    EXPECT_EQ(flags(), PL011_FR_TXFE | PL011_FR_RXFE);
}

static void rx_levels(void)
{
    uint32_t n, i;

    for ( n = 0; n < 8; n++ )
    {
        plug_in_fifos();
        WR(IFLS, RX_LEVEL(n));
        for ( i = 1; i <= FIFO; i++ )
        {
            at(n, i);
            receive(1);
            EXPECT_EQ(raw(PL011_INT_RX), i >= level[n]);
        }
        for ( i = FIFO; i-- > 0; )
        {
            at(n, i);
            RD(DR);
            EXPECT_EQ(raw(PL011_INT_RX), i >= level[n]);
        }
    }
}

static void tx_levels(void)
{
    uint32_t n, i;

    for ( n = 0; n < 8; n++ )
    {
        plug_in_fifos();
        WR(IFLS, TX_LEVEL(n));
        far.room = 0;
        EXPECT(raw(PL011_INT_TX));
        for ( i = 1; i <= FIFO; i++ )
        {
            at(n, i);
            send(0, 1);
            EXPECT_EQ(raw(PL011_INT_TX), i <= level[n]);
        }
        for ( i = FIFO; i-- > 0; )
        {
            at(n, i);
            make_room(1);
            EXPECT_EQ(raw(PL011_INT_TX), i <= level[n]);
        }
    }
}

static void levels_move_under_data(void)
{
    plug_in_fifos();
    far.room = 0;
    receive(10);
    send(0, 10);
    EXPECT_EQ(RD(RIS), PL011_INT_RT | PL011_INT_TX);
    WR(IFLS, RX_LEVEL(1) | TX_LEVEL(1));
    EXPECT_EQ(RD(RIS), PL011_INT_RT | PL011_INT_RX);
    WR(IFLS, RX_LEVEL(2) | TX_LEVEL(2));
    EXPECT_EQ(RD(RIS), PL011_INT_RT | PL011_INT_TX);
    wr8(&uart.dev, PL011_IFLS + 1, 0xff);
    EXPECT_EQ(RD(RIS), PL011_INT_RT | PL011_INT_TX);
}

static void levels_without_fifos(void)
{
    uint32_t n;

    for ( n = 0; n < 8; n++ )
    {
        at(n, 0);
        plug_in();
        WR(IFLS, RX_LEVEL(n) | TX_LEVEL(n));
        far.room = 0;
        EXPECT_EQ(RD(RIS), PL011_INT_TX);
        receive(1);
        send(0, 1);
        EXPECT_EQ(RD(RIS), PL011_INT_RT | PL011_INT_RX);
        RD(DR);
        make_room(1);
        EXPECT_EQ(RD(RIS), PL011_INT_TX);
    }
}

static void timeout_below_level(void)
{
    plug_in_fifos();
    EXPECT(!raw(PL011_INT_RT));
    receive(2);
    EXPECT(raw(PL011_INT_RT) && !raw(PL011_INT_RX));
    RD(DR);
    EXPECT(raw(PL011_INT_RT));
    RD(DR);
    EXPECT(!raw(PL011_INT_RT));
}

static void tx_goes_through(void)
{
    uint32_t i;

    plug_in();
    for ( i = 0; i < 200; i++ )
    {
        send((uint8_t)i, 1);
        EXPECT_EQ(flags(), PL011_FR_TXFE | PL011_FR_RXFE);
    }
    EXPECT_EQ(far.taken, 200);
    for ( i = 0; i < 200; i++ )
        EXPECT_EQ(far.sent[i], i);
    EXPECT_EQ(uart.dev.count.bytes_out, 200);
    EXPECT_EQ(seen.irq_calls, 0);
}

static void backpressure(uint32_t depth)
{
    uint32_t i;

    far.room = 0;
    for ( i = 1; i <= depth; i++ )
    {
        at(depth, i);
        send((uint8_t)i, 1);
        EXPECT_EQ(flags(), PL011_FR_RXFE | PL011_FR_BUSY |
                               (i == depth ? PL011_FR_TXFF : 0));
    }
    EXPECT_EQ(far.asked, 1); /* once, then the host calls */
    EXPECT_EQ(uart.dev.count.bytes_out, 0);

    for ( i = 1; i <= depth; i++ )
    {
        at(depth, i);
        make_room(1);
        EXPECT_EQ(far.taken, i);
        EXPECT_EQ(far.sent[i - 1], i);
        EXPECT_EQ(flags(),
                  PL011_FR_RXFE | (i < depth ? PL011_FR_BUSY : PL011_FR_TXFE));
    }
    EXPECT_EQ(uart.dev.count.bytes_out, depth);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 0);
}

static void backpressure_32(void)
{
    plug_in_fifos();
    backpressure(FIFO);
}

static void backpressure_1(void)
{
    plug_in();
    backpressure(1);
}

/* What waits goes first, even when the host could take the new byte. */
static void tx_never_overtakes(void)
{
    plug_in_fifos();
    far.room = 0;
    send(1, 1);
    far.room = FOREVER;
    send(2, 1);
    EXPECT_EQ(far.taken, 0);
    make_room(FOREVER);
    EXPECT_EQ(far.taken, 2);
    EXPECT_EQ(far.sent[0], 1);
    EXPECT_EQ(far.sent[1], 2);
    send(3, 1);
    EXPECT_EQ(far.sent[2], 3);
}

static void tx_order_wraps(void)
{
    uint32_t n, i, total = 0;
    uint8_t next = 0;

    plug_in_fifos();
    for ( n = 1; n <= FIFO; n++ )
    {
        far.room = 0;
        send(next, n);
        next = (uint8_t)(next + n);
        far.taken = 0;
        make_room(FOREVER);
        EXPECT_EQ(far.taken, n);
        for ( i = 0; i < n; i++, total++ )
        {
            at(n, i);
            EXPECT_EQ(far.sent[i], (uint8_t)total);
        }
    }
}

static void tx_beyond_full(void)
{
    plug_in_fifos();
    far.room = 0;
    send(0, FIFO);
    send(0x77, 1);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 1);
    EXPECT_EQ(seen.dropped, 1);
    EXPECT_EQ(seen.last.type, VSIO_EVENT_DROPPED);
    EXPECT_EQ(seen.last.offset, PL011_DR);
    EXPECT_EQ(seen.last.value, 0x77);
    make_room(FOREVER);
    EXPECT_EQ(far.taken, FIFO);
    EXPECT_EQ(far.sent[FIFO - 1], FIFO - 1);

    plug_in_bare();
    far.room = 0;
    send(0, 3);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 2);
}

static void spurious_tx_ready(void)
{
    plug_in_fifos();
    make_room(0);
    make_room(FOREVER);
    EXPECT_EQ(far.asked, 0);
    far.room = 0;
    send(1, 2);
    make_room(0);
    EXPECT_EQ(far.taken, 0);
    EXPECT_EQ(flags(), PL011_FR_RXFE | PL011_FR_BUSY);
}

static void fen_flushes(void)
{
    uint32_t on;

    for ( on = 0; on < 2; on++ )
    {
        uint32_t depth = on ? 1 : FIFO;

        at(on, 0);
        plug_in();
        WR(LCR_H, on ? 0 : PL011_LCR_H_FEN);
        far.room = 0;
        send(1, depth);
        EXPECT_EQ(receive(depth), depth);
        WR(LCR_H, on ? PL011_LCR_H_FEN : 0);
        EXPECT_EQ(flags(), PL011_FR_TXFE | PL011_FR_RXFE);
        EXPECT_EQ(RD(RIS), PL011_INT_TX);
        EXPECT_EQ(RD(DR), 0);
        EXPECT_EQ(uart.dev.count.bytes_dropped, 2 * depth);
        EXPECT_EQ(seen.dropped, 2 * depth);
        EXPECT_EQ(uart.dev.count.bytes_in, depth);
        EXPECT_EQ(uart.dev.count.bytes_out, 0);
        make_room(FOREVER);
        EXPECT_EQ(far.taken, 0);
        EXPECT_EQ(receive(2 * FIFO), on ? FIFO : 1);
    }
}

static void fen_names_the_lost(void)
{
    plug_in();
    EXPECT(receive_error(PL011_DR_FE | 0x41));
    WR(LCR_H, PL011_LCR_H_FEN);
    EXPECT_EQ(seen.last.type, VSIO_EVENT_DROPPED);
    EXPECT_EQ(seen.last.offset, PL011_DR);
    EXPECT_EQ(seen.last.value, 0x41); /* the byte, without its errors */
    EXPECT_EQ(seen.last.size, 0);
}

static void fen_unchanged_keeps(void)
{
    plug_in_fifos();
    far.room = 0;
    receive(3);
    send(1, 3);
    WR(LCR_H, PL011_LCR_H_FEN | 0x60);
    wr8(&uart.dev, PL011_LCR_H + 1, 0);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 0);
    EXPECT_EQ(RD(DR), 1);
    make_room(FOREVER);
    EXPECT_EQ(far.taken, 3);
}

static void rx_ready_half_empty(void)
{
    uint32_t i;

    plug_in_fifos();
    EXPECT_EQ(receive(FIFO + 1), FIFO);
    for ( i = FIFO; i-- > 0; )
    {
        at(i, 0);
        RD(DR);
        EXPECT_EQ(far.rx_ready_calls, i <= FIFO / 2);
    }
    EXPECT_EQ(far.rx_ready_calls, 1);
}

static void rx_ready_not_asked_for(void)
{
    uint32_t i;

    plug_in_fifos();
    EXPECT_EQ(receive(FIFO), FIFO); /* all taken: nothing to call about */
    for ( i = 0; i < FIFO; i++ )
        RD(DR);
    EXPECT_EQ(far.rx_ready_calls, 0);
}

static void rx_ready_without_fifos(void)
{
    plug_in();
    EXPECT_EQ(receive(3), 1);
    EXPECT_EQ(far.rx_ready_calls, 0);
    RD(DR);
    EXPECT_EQ(far.rx_ready_calls, 1);
}

static void rx_ready_absent(void)
{
    plug_in_bare();
    EXPECT_EQ(receive(3), 1);
    EXPECT_EQ(RD(DR), 1);
    EXPECT_EQ(receive(3), 1);
    EXPECT_EQ(RD(DR), 2);
}

/* A long input through both depths, fed from inside the callback only. */
static void rx_ready_feeds(void)
{
    uint32_t fen, i;

    for ( fen = 0; fen < 2; fen++ )
    {
        plug_in();
        WR(LCR_H, fen ? PL011_LCR_H_FEN : 0);
        WR(IMSC, PL011_INT_RX | PL011_INT_RT);
        far.feed = 2 * FIFO - receive(2 * FIFO);
        for ( i = 1; i <= 2 * FIFO; i++ )
        {
            at(fen, i);
            EXPECT(seen.level[0]);
            EXPECT_EQ(RD(DR), i);
        }
        EXPECT(!seen.level[0]);
        EXPECT_EQ(flags(), PL011_FR_TXFE | PL011_FR_RXFE);
        EXPECT_EQ(far.feed, 0);
        EXPECT_EQ(uart.dev.count.bytes_in, 2 * FIFO);
        EXPECT_EQ(seen.irq_calls, 2); /* one pulse: no gap at a refill */
    }
}

static void rx_ready_after_flush(void)
{
    plug_in_fifos();
    far.feed = FIFO + 2 - receive(FIFO + 2);
    WR(LCR_H, 0);
    EXPECT_EQ(far.rx_ready_calls, 1);
    EXPECT_EQ(far.feed, 1);
    EXPECT_EQ(RD(DR), FIFO + 1);
    EXPECT_EQ(RD(DR), FIFO + 2);
    EXPECT_EQ(uart.dev.count.bytes_dropped, FIFO);
}

static const struct test table[] = {
    { "receive FIFO: 32 entries, RXFE and RXFF", rx_depth_32 },
    { "receive FIFO: one entry without FEN", rx_depth_1 },
    { "the host keeps what does not fit", rx_takes_what_fits },
    { "receive order, all round the ring", rx_order_wraps },
    { "DR is 0 when nothing was received", rx_empty_reads_zero },
    { "each read of DR takes one entry, at any width", rx_pops_once_a_read },
    { "receive interrupt at exactly 1/8, 1/4, 1/2, 3/4, 7/8", rx_levels },
    { "transmit interrupt at exactly 1/8, 1/4, 1/2, 3/4, 7/8", tx_levels },
    { "IFLS acts on what is already in the FIFOs", levels_move_under_data },
    { "IFLS does nothing without FEN", levels_without_fifos },
    { "receive timeout while data is below the level", timeout_below_level },
    { "bytes go to the host at once, in order", tx_goes_through },
    { "a host without room: 32 bytes wait, then leave in order",
      backpressure_32 },
    { "a host without room: one byte waits without FEN", backpressure_1 },
    { "a new byte does not overtake those that wait", tx_never_overtakes },
    { "transmit order, all round the ring", tx_order_wraps },
    { "a byte beyond a full FIFO is lost, counted and reported",
      tx_beyond_full },
    { "tx_ready with nothing to send, or without room", spurious_tx_ready },
    { "FEN empties both FIFOs, both ways, and counts", fen_flushes },
    { "the event of a flush has the byte", fen_names_the_lost },
    { "LCR_H without a change of FEN keeps both FIFOs", fen_unchanged_keeps },
    { "rx_ready once, when half empty", rx_ready_half_empty },
    { "no rx_ready when nothing was refused", rx_ready_not_asked_for },
    { "rx_ready when the one entry was read", rx_ready_without_fifos },
    { "a host without rx_ready polls", rx_ready_absent },
    { "rx_ready may call vsio_pl011_rx(), and the line stays up",
      rx_ready_feeds },
    { "rx_ready after a flush", rx_ready_after_flush },
};
TESTS(table);

/* SPDX-License-Identifier: MIT */
/* 16550A: both FIFOs, their triggers and errors, and what happens when full. */

#include "ns16550-host.h"

static const uint8_t level[4] = { 1, 4, 8, 14 };
static const uint8_t depths[] = { DEPTH, DEEP };

#define IRQ          (seen.level[0])
#define LSR_TX_EMPTY (NS16550_LSR_THRE | NS16550_LSR_TEMT)
#define RESETS       (NS16550_FCR_RFR | NS16550_FCR_XFR)

static void rx_depth(void)
{
    uint32_t i, k;

    for ( k = 0; k < 2; k++ )
    {
        com_plug_in_fifos(depths[k]);
        EXPECT_EQ(com_receive(depths[k] - 1U), depths[k] - 1U);
        EXPECT_EQ(com_receive(3), 1);
        EXPECT_EQ(com_receive(1), 0);
        for ( i = 1; i <= depths[k]; i++ )
        {
            at(k, i);
            EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR);
            EXPECT_EQ(RD(RBR), i);
        }
        EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
        EXPECT_EQ(RD(RBR), 0);
        EXPECT_EQ(com.dev.count.bytes_in, depths[k]);
        EXPECT_EQ(com.dev.count.bytes_dropped, 0);
    }
}

static void rx_depth_1(void)
{
    uint32_t k;

    for ( k = 0; k < 2; k++ )
    {
        com_plug_in_as(1, depths[k]);
        EXPECT_EQ(com_receive(2), 1);
        EXPECT_EQ(com_receive(1), 0);
        EXPECT_EQ(RD(RBR), 1);
        EXPECT_EQ(com_host.rx_ready_calls, 1);
        EXPECT_EQ(com_receive(2), 1);
        EXPECT_EQ(RD(RBR), 2);
    }
}

/* Any number of entries, at any place of the ring. */
static void rx_order_wraps(void)
{
    uint32_t n, i, k;
    uint8_t want;

    for ( k = 0; k < 2; k++ )
    {
        com_plug_in_fifos(depths[k]);
        for ( want = 1, n = 1; n <= depths[k]; n++ )
        {
            EXPECT_EQ(com_receive(n), n);
            for ( i = 0; i < n; i++, want++ )
            {
                at(n, i);
                EXPECT_EQ(RD(RBR), want);
            }
            EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
        }
    }
}

static void triggers(void)
{
    uint32_t n, i, k;

    for ( k = 0; k < 2; k++ )
        for ( n = 0; n < 4; n++ )
        {
            com_plug_in_fifos(depths[k]);
            WR(FCR, n << 6 | NS16550_FCR_FE);
            WR(IER, NS16550_IER_ERBFI);
            EXPECT_EQ(RD(IIR), 0xc1);
            for ( i = 1; i <= depths[k]; i++ )
            {
                at(n, i);
                com_receive(1);
                EXPECT_EQ(RD(IIR), i >= level[n] ? 0xc4 : 0xcc);
                EXPECT(IRQ);
            }
            for ( i = depths[k]; i-- > 1; )
            {
                at(n, i);
                RD(RBR);
                EXPECT_EQ(RD(IIR), i >= level[n] ? 0xc4 : 0xcc);
                EXPECT(IRQ);
            }
            RD(RBR);
            EXPECT_EQ(RD(IIR), 0xc1);
            EXPECT(!IRQ);
        }
}

static void trigger_moves_under_data(void)
{
    com_plug_in_fifos(DEPTH);
    WR(IER, NS16550_IER_ERBFI);
    com_receive(5);
    EXPECT_EQ(RD(IIR), 0xc4);
    WR(FCR, NS16550_FCR_FE | 0x80);
    EXPECT_EQ(RD(IIR), 0xcc);
    WR(FCR, NS16550_FCR_FE | 0x40);
    EXPECT_EQ(RD(IIR), 0xc4);
    EXPECT_EQ(seen.irq_calls, 1);
    EXPECT_EQ(RD(RBR), 1); /* nothing was lost on the way */
}

/* 8.4: the other bits count only with FE. */
static void fcr_without_fe(void)
{
    com_plug_in();
    WR(FCR, 0xfe);
    EXPECT_EQ(RD(IIR), NS16550_IIR_NONE);
    com_receive(1);
    com_host.room = 0;
    com_send(0x41, 1);
    WR(FCR, 0xc0 | RESETS);
    EXPECT_EQ(RD(LSR), NS16550_LSR_DR);
    EXPECT_EQ(seen.dropped, 0);
    WR(IER, NS16550_IER_ERBFI);
    EXPECT_EQ(RD(IIR), NS16550_IIR_RDA);
}

static void fcr_resets(void)
{
    com_plug_in_fifos(DEPTH);
    com_host.room = 0;
    com_receive(3);
    com_send(0x41, 4);
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_RFR);
    EXPECT_EQ(RD(LSR), 0);
    EXPECT_EQ(seen.dropped, 3);
    EXPECT_EQ(seen.last.value, 3); /* each is named */
    EXPECT_EQ(RD(RBR), 0);
    com_receive(1);
    WR(IER, NS16550_IER_ETBEI);
    EXPECT(!IRQ);
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_XFR);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR);
    EXPECT_EQ(seen.dropped, 7);
    EXPECT_EQ(seen.last.value, 0x44);
    EXPECT(IRQ); /* it has become empty */
    EXPECT_EQ(RD(IIR), 0xc2);
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_XFR); /* it was */
    EXPECT(!IRQ);
    EXPECT_EQ(RD(RBR), 4);
    com_make_room(FOREVER);
    EXPECT_EQ(com_host.taken, 0);
    EXPECT_EQ(com.dev.count.bytes_dropped, 7);
    WR(FCR, NS16550_FCR_FE); /* the bits reset themselves */
    com_receive(1);
    EXPECT_EQ(RD(RBR), 5);
}

static void fe_change_empties(void)
{
    uint32_t fe;

    for ( fe = 0; fe < 2; fe++ )
    {
        at(fe, 0);
        com_plug_in();
        WR(FCR, fe);
        com_host.room = 0;
        com_receive(1);
        com_send(0x41, 1);
        WR(FCR, fe); /* no change */
        EXPECT_EQ(RD(LSR), NS16550_LSR_DR);
        WR(FCR, fe ^ 1);
        EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
        EXPECT_EQ(com.dev.count.bytes_dropped, 2);
    }
}

static void tx_fifo_holds_16(void)
{
    uint32_t i;

    com_plug_in_fifos(DEEP);
    WR(IER, NS16550_IER_ETBEI);
    com_host.room = 0;
    com_send(0, DEPTH);
    EXPECT_EQ(seen.dropped, 0);
    com_send(DEPTH, 1);
    EXPECT_EQ(seen.dropped, 1);
    EXPECT_EQ(seen.last.value, DEPTH);
    EXPECT_EQ(seen.last.offset, 0);
    EXPECT_EQ(com_host.asked, 1); /* a full host is not asked again */
    for ( i = 1; i < DEPTH; i++ )
    {
        com_make_room(1);
        EXPECT_EQ(RD(LSR), 0);
        EXPECT(!IRQ);
    }
    com_make_room(1);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
    EXPECT(IRQ);
    for ( i = 0; i < DEPTH; i++ )
        EXPECT_EQ(com_host.sent[i], i);
    EXPECT_EQ(com_host.taken, DEPTH);
    EXPECT_EQ(com.dev.count.bytes_out, DEPTH);
}

static void thr_holds_1(void)
{
    com_plug_in();
    com_host.room = 0;
    com_send(0x41, 2);
    EXPECT_EQ(seen.dropped, 1);
    EXPECT_EQ(seen.last.value, 0x42);
    com_make_room(FOREVER);
    EXPECT_EQ(com_host.taken, 1);
    EXPECT_EQ(com_host.sent[0], 0x41);
}

/* Bytes must not overtake those that wait, though the host has room now. */
static void tx_order(void)
{
    uint32_t n, i;
    uint8_t sent = 0, want = 0;

    com_plug_in_fifos(DEPTH);
    for ( n = 1; n <= DEPTH; n++ )
    {
        com_host.room = 0;
        com_host.taken = 0;
        com_send(sent, n - 1);
        com_host.room = FOREVER;
        com_send((uint8_t)(sent + n - 1), 1);
        sent = (uint8_t)(sent + n);
        com_make_room(FOREVER);
        EXPECT_EQ(com_host.taken, n);
        for ( i = 0; i < n; i++, want++ )
        {
            at(n, i);
            EXPECT_EQ(com_host.sent[i], want);
        }
    }
}

static void host_called_when_half_empty(void)
{
    uint32_t k, i;

    for ( k = 0; k < 2; k++ )
    {
        com_plug_in_fifos(depths[k]);
        com_receive(depths[k] + 1U);
        com_host.feed = 3;
        for ( i = 1; i < depths[k] / 2U; i++ )
            RD(RBR);
        EXPECT_EQ(com_host.rx_ready_calls, 0);
        RD(RBR);
        EXPECT_EQ(com_host.rx_ready_calls, 1);
        EXPECT_EQ(com_host.stored, depths[k] + 3U);
        RD(RBR);
        EXPECT_EQ(com_host.rx_ready_calls, 1);
    }
}

static void host_called_by_flush(void)
{
    com_plug_in_fifos(DEPTH);
    com_receive(DEPTH + 1);
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_RFR);
    EXPECT_EQ(com_host.rx_ready_calls, 1);
    com_receive(DEPTH + 1);
    vsio_reset(&com.dev);
    CHECK_VALID();
    EXPECT_EQ(com_host.rx_ready_calls, 2);
    com_receive(DEPTH - 1);
    vsio_reset(&com.dev); /* a host that was not refused isn't called */
    CHECK_VALID();
    EXPECT_EQ(com_host.rx_ready_calls, 3);
}

/* Without FIFOs the line falls between two bytes, for hosts that take edges. */
static void an_edge_for_each_byte(void)
{
    com_plug_in();
    WR(IER, NS16550_IER_ERBFI);
    com_receive(2);
    EXPECT_EQ(seen.irq_calls, 1);
    com_host.feed = 1;
    EXPECT_EQ(RD(RBR), 1);
    EXPECT(IRQ);
    EXPECT_EQ(seen.irq_calls, 3);
    EXPECT_EQ(RD(RBR), 2);
    EXPECT(!IRQ);
}

/* 8.3: an error shows with its byte; bit 7 as long as there is one. */
static void errors_travel_with_bytes(void)
{
    com_plug_in_fifos(DEPTH);
    WR(IER, NS16550_IER_ELSI);
    com_receive(1);
    EXPECT(com_receive_error(0xd5, NS16550_LSR_PE | NS16550_LSR_FE));
    com_receive(1);
    EXPECT(com_receive_error(0, NS16550_LSR_BI));
    EXPECT(!IRQ);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | 0x81);
    EXPECT_EQ(RD(RBR), 1);
    EXPECT(IRQ);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | 0x8d);
    EXPECT(!IRQ);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | 0x81); /* of the break */
    EXPECT_EQ(RD(RBR), 0xd5);
    EXPECT_EQ(RD(RBR), 2);
    EXPECT(IRQ);
    EXPECT_EQ(RD(RBR), 0);
    EXPECT(IRQ); /* until LSR is read */
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | 0x90);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
    EXPECT_EQ(com.dev.count.bytes_in, 4);
}

static void errors_without_fifos(void)
{
    com_plug_in();
    EXPECT(com_receive_error(0x55, 0xff));
    EXPECT(!com_receive_error(0x55, NS16550_LSR_PE)); /* no room */
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | 0x1d); /* OE is not of a byte; no bit 7 */
    EXPECT_EQ(com_host.rx_ready_calls, 0);
    EXPECT_EQ(RD(RBR), 0x55);
    EXPECT_EQ(com_host.rx_ready_calls, 1);
    EXPECT(com_receive_error(0x56, 0)); /* is a byte */
    EXPECT_EQ(RD(RBR), 0x56);
    EXPECT_EQ(com.dev.count.bytes_in, 2);
}

static void errors_are_flushed(void)
{
    com_plug_in_fifos(DEPTH);
    WR(IER, NS16550_IER_ELSI);
    EXPECT(com_receive_error(0, NS16550_LSR_BI)); /* shows */
    EXPECT(com_receive_error(0, NS16550_LSR_PE)); /* never does */
    WR(FCR, NS16550_FCR_FE | NS16550_FCR_RFR);
    EXPECT(IRQ);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | 0x90);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
    EXPECT(!IRQ);
}

static void overrun_keeps_the_fifo(void)
{
    uint32_t i;

    com_plug_in_fifos(DEPTH);
    com_receive(DEPTH);
    com_lose_one();
    EXPECT_EQ(seen.last.type, VSIO_EVENT_DROPPED);
    EXPECT_EQ(seen.last.value, 0); /* nobody knows which byte it was */
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR | NS16550_LSR_OE);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY | NS16550_LSR_DR);
    for ( i = 1; i <= DEPTH; i++ )
        EXPECT_EQ(RD(RBR), i);
    EXPECT_EQ(com.dev.count.bytes_in, DEPTH + 1);
    EXPECT_EQ(com.dev.count.bytes_dropped, 1);
}

static void reset_drops_and_counts(void)
{
    com_plug_in_fifos(DEEP);
    com_host.room = 0;
    com_receive(40);
    com_send(0, 10);
    WR(IER, NS16550_IER_MASK);
    EXPECT(IRQ);
    vsio_reset(&com.dev);
    CHECK_VALID();
    EXPECT(!IRQ);
    EXPECT_EQ(com.dev.count.bytes_dropped, 50);
    EXPECT_EQ(RD(LSR), LSR_TX_EMPTY);
    EXPECT_EQ(com_host.asked, 1);
    WR(FCR, NS16550_FCR_FE);
    EXPECT_EQ(com_receive(100), DEEP); /* the host's choice stays */
}

static const struct test table[] = {
    { "the receiver holds 16 or 64 bytes, and refuses more", rx_depth },
    { "without FIFOs the receiver holds one", rx_depth_1 },
    { "bytes are received in order, at any place of the ring", rx_order_wraps },
    { "RDA at 1, 4, 8, 14 bytes, CTI below", triggers },
    { "the trigger moves without a loss", trigger_moves_under_data },
    { "FCR's other bits count only with FE", fcr_without_fe },
    { "FCR resets either FIFO, and counts what was in it", fcr_resets },
    { "a change of FE empties both", fe_change_empties },
    { "the transmitter holds 16 bytes, drops and counts more",
      tx_fifo_holds_16 },
    { "without FIFOs the transmitter holds one", thr_holds_1 },
    { "bytes are sent in order, whenever there is room", tx_order },
    { "a refused host is called when the FIFO is half empty",
      host_called_when_half_empty },
    { "a refused host is called after FCR and after a reset",
      host_called_by_flush },
    { "without FIFOs there is an edge for each byte", an_edge_for_each_byte },
    { "PE, FE, BI show with their byte", errors_travel_with_bytes },
    { "PE, FE, BI without FIFOs", errors_without_fifos },
    { "errors of flushed bytes never show", errors_are_flushed },
    { "an overrun is told at once, and costs nothing in the FIFO",
      overrun_keeps_the_fifo },
    { "a reset empties both FIFOs, and keeps their depth",
      reset_drops_and_counts },
};
TESTS(table);

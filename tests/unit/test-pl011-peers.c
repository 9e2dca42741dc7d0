/* SPDX-License-Identifier: MIT */
/*
 * PL011: what went wrong in other models, each as the behaviour that it broke.
 * Behind each name: who was seen with it.
 */

#include "pl011-host.h"

static void rx_irq_after_icr(void)
{
    uint32_t i;

    plug_in_fifos();
    WR(IMSC, PL011_INT_RX | PL011_INT_RT);
    receive(19);
    WR(ICR, PL011_INT_RX | PL011_INT_RT);
    for ( i = 0; i < 19; i++ )
    {
        at(i, 0);
        EXPECT(seen.level[0]);
        EXPECT(RD(RIS) & PL011_INT_RT);
        RD(DR);
    }
    EXPECT(!seen.level[0]);
}

static void fbrd_ibrd_masks(void)
{
    plug_in();
    WR(IBRD, 0xffffffff);
    WR(FBRD, 0xffffffff);
    EXPECT_EQ(RD(IBRD), 0xffff);
    EXPECT_EQ(RD(FBRD), 0x3f);
}

static void trigger_follows_ifls(void)
{
    plug_in_fifos();
    receive(1);
    EXPECT_EQ(RD(RIS) & PL011_INT_RX, 0);
    receive(15);
    EXPECT_EQ(RD(RIS) & PL011_INT_RX, PL011_INT_RX);
}

static void fen_test(void)
{
    plug_in(); /* without FIFOs one byte is the level, whatever IFLS says */
    WR(IFLS, 0x24);
    receive(1);
    EXPECT_EQ(RD(RIS) & PL011_INT_RX, PL011_INT_RX);
    WR(LCR_H, PL011_LCR_H_FEN);
    receive(27);
    EXPECT_EQ(RD(RIS) & PL011_INT_RX, 0);
    receive(1);
    EXPECT_EQ(RD(RIS) & PL011_INT_RX, PL011_INT_RX);
}

static void ifls_reads_back(void)
{
    uint32_t i;

    plug_in();
    for ( i = 0; i <= PL011_IFLS_MASK; i++ )
    {
        WR(IFLS, i);
        EXPECT_EQ(RD(IFLS), i);
    }
}

static void empty_dr(void)
{
    plug_in();
    EXPECT_EQ(RD(DR), 0);
    EXPECT_EQ(rd8(&uart.dev, PL011_DR), 0);
}

static void queue_is_bounded(void)
{
    static const uint8_t flood[4096];

    plug_in_fifos();
    EXPECT_EQ(vsio_pl011_rx(&uart, flood, sizeof(flood)), FIFO);
    CHECK_VALID();
    EXPECT_EQ(vsio_pl011_rx(&uart, flood, sizeof(flood)), 0);
    CHECK_VALID();
    EXPECT_EQ(uart.dev.count.bytes_in, FIFO);
}

static void no_pulse_when_masked(void)
{
    plug_in_fifos();
    WR(IMSC, PL011_INT_MASK & ~(PL011_INT_TX | PL011_INT_RX | PL011_INT_RT));
    send(0, 3);
    receive(FIFO);
    EXPECT_EQ(seen.irq_calls, 0);
    WR(ICR, PL011_INT_MASK);
    EXPECT_EQ(seen.irq_calls, 0);
}

static void flush_empties_data(void)
{
    plug_in_fifos();
    receive(5);
    WR(LCR_H, 0);
    WR(LCR_H, PL011_LCR_H_FEN);
    receive(1);
    EXPECT_EQ(RD(DR), 6); /* not what was there before the flush */
    EXPECT_EQ(RD(DR), 0);
}

static void earlycon_sees_an_end(void)
{
    plug_in();
    send(0x41, 1);
    EXPECT_EQ(RD(FR) & (PL011_FR_BUSY | PL011_FR_TXFF), 0);
    far.room = 0;
    send(0x42, 1);
    EXPECT_EQ(RD(FR) & (PL011_FR_BUSY | PL011_FR_TXFF),
              PL011_FR_BUSY | PL011_FR_TXFF);
    make_room(1);
    EXPECT_EQ(RD(FR) & (PL011_FR_BUSY | PL011_FR_TXFF), 0);
}

static void dr_has_error_bits(void)
{
    plug_in();
    EXPECT(receive_error(PL011_DR_BE));
    EXPECT_EQ(RD(DR), PL011_DR_BE);
    EXPECT_EQ(RD(RSR), 4);
}

static void dr_by_32_bits(void)
{
    plug_in();
    WR(DR, 0x41);
    EXPECT_EQ(far.taken, 1);
    receive(1);
    EXPECT_EQ(rd32(&uart.dev, PL011_DR), 1);
}

static void lcr_h_while_enabled(void)
{
    plug_in();
    WR(CR, PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE);
    WR(LCR_H, PL011_LCR_H_FEN | 0x60);
    EXPECT_EQ(RD(LCR_H), 0x70);
    EXPECT_EQ(receive(FIFO), FIFO);
}

/* A driver that clears TX and unmasks it later must still be called. */
static void tx_is_a_level(void)
{
    plug_in_fifos();
    WR(ICR, PL011_INT_TX);
    WR(IMSC, PL011_INT_TX);
    EXPECT(seen.level[0]);
    send(0, 16);
    WR(ICR, PL011_INT_TX);
    EXPECT(seen.level[0]);
    WR(IMSC, 0);
    EXPECT(!seen.level[0]);
    WR(IMSC, PL011_INT_TX);
    EXPECT(seen.level[0]);
}

/* The sink takes nothing: the guest must see that, then the way out. */
static void tx_after_block(void)
{
    plug_in_fifos();
    WR(IMSC, PL011_INT_TX);
    far.room = 0;
    send(0, FIFO);
    EXPECT(!seen.level[0]);
    make_room(FOREVER);
    EXPECT(seen.level[0]);
    EXPECT_EQ(far.taken, FIFO);
}

static void dmacr_by_all_widths(void)
{
    plug_in();
    wr32(&uart.dev, PL011_DMACR, 0);
    wr16(&uart.dev, PL011_DMACR, 7);
    EXPECT_EQ(rd16(&uart.dev, PL011_DMACR), 7);
    wr8(&uart.dev, PL011_DMACR, 3);
    EXPECT_EQ(rd8(&uart.dev, PL011_DMACR), 3);
    EXPECT_EQ(RD(DMACR), 3);
    EXPECT_EQ(seen.events, 0);
}

static void icr_read(void)
{
    uint32_t value = 1;

    plug_in();
    EXPECT(vsio_read(&uart.dev, PL011_ICR, 4, &value));
    EXPECT_EQ(value, 0);
}

static void fr_at_reset(void)
{
    plug_in();
    EXPECT_EQ(RD(FR) & 0xf8, PL011_FR_TXFE | PL011_FR_RXFE);
    vsio_reset(&uart.dev);
    EXPECT_EQ(RD(FR) & 0xf8, PL011_FR_TXFE | PL011_FR_RXFE);
}

static void busy_not_per_byte(void)
{
    uint32_t i;

    plug_in_fifos();
    for ( i = 0; i < 2 * FIFO; i++ )
    {
        send(0, 1);
        EXPECT_EQ(RD(FR) & PL011_FR_BUSY, 0);
    }
}

static void id_matches_depth(void)
{
    uint32_t revision;

    plug_in_fifos();
    revision = rd32(&uart.dev, PL011_PERIPHID + 8) >> 4;
    EXPECT_EQ(receive(64), revision >= 3 ? 32 : 16);
}

static void reset_after_full_rx(void)
{
    plug_in_fifos();
    EXPECT_EQ(receive(FIFO + 8), FIFO);
    far.feed = 8;
    vsio_reset(&uart.dev);
    CHECK_VALID();
    EXPECT_EQ(far.rx_ready_calls, 1); /* else the console hangs for good */
    EXPECT_EQ(RD(DR), FIFO + 1);
}

static void unread_input_leaves_output(void)
{
    plug_in();
    receive(FIFO);
    send(0x41, 3);
    EXPECT_EQ(far.taken, 3);
}

static void sink_asked_once(void)
{
    plug_in_fifos();
    far.room = 0;
    send(0, FIFO + 10);
    EXPECT_EQ(far.asked, 1);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 10);
}

static void bad_offset_value(void)
{
    uint32_t value = 0xdeadbeef;

    plug_in();
    EXPECT(vsio_read(&uart.dev, 0x100, 4, &value));
    EXPECT_EQ(value, 0); /* never what lay on the host's stack */
    RD_REFUSED(&uart.dev, 0x1000, 4);
}

static const struct test table[] = {
    { "the receive interrupt survives ICR while bytes remain (QEMU)",
      rx_irq_after_icr },
    { "IBRD has 16 bits and FBRD 6, not the other way round (QEMU)",
      fbrd_ibrd_masks },
    { "the receive level follows IFLS (QEMU, cloud-hypervisor)",
      trigger_follows_ifls },
    { "FEN decides about IFLS the right way round (bhyve)", fen_test },
    { "IFLS reads back (bhyve)", ifls_reads_back },
    { "DR on empty is 0, not -1 (bhyve)", empty_dr },
    { "the receive queue is bounded (cloud-hypervisor)", queue_is_bounded },
    { "no interrupt for what is masked (cloud-hypervisor)",
      no_pulse_when_masked },
    { "FEN empties the data, not only the count (cloud-hypervisor)",
      flush_empties_data },
    { "BUSY and TXFF end for an early console (openvmm)",
      earlycon_sees_an_end },
    { "DR has its error bits (openvmm, Xen)", dr_has_error_bits },
    { "DR by 32 bits (openvmm)", dr_by_32_bits },
    { "LCR_H is written while UARTEN is set (openvmm)", lcr_h_while_enabled },
    { "the transmit interrupt is a level (openvmm, FreeBSD's driver)",
      tx_is_a_level },
    { "a sink that was blocked gives the transmit interrupt (vm-superio)",
      tx_after_block },
    { "DMACR is there for all widths (Xen)", dmacr_by_all_widths },
    { "reading ICR is not an abort (Xen)", icr_read },
    { "FR has TXFE and RXFE at reset (Xen)", fr_at_reset },
    { "BUSY is not set for each byte (Xen)", busy_not_per_byte },
    { "the FIFO is as deep as PeriphID2 tells Linux (many)", id_matches_depth },
    { "a reset with a full receive FIFO calls the host (propolis)",
      reset_after_full_rx },
    { "unread input does not stop output (firecracker)",
      unread_input_leaves_output },
    { "a full sink is asked once, not for each byte (cloud-hypervisor)",
      sink_asked_once },
    { "a bad offset reads as 0, not as it was (vm-superio)", bad_offset_value },
};
TESTS(table);

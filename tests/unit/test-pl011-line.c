/* SPDX-License-Identifier: MIT */
/* PL011: control register, modem lines, break, loopback, reset. */

#include "pl011-host.h"

#define PLUGGED (PL011_FR_CTS | PL011_FR_DSR | PL011_FR_DCD)
#define ON      (PL011_CR_UARTEN | PL011_CR_TXE | PL011_CR_RXE)
#define LOOP    (ON | PL011_CR_LBE)

/* The four lines: input, interrupt, and the output that loops back to it. */
static const struct {
    uint16_t fr, irq, cr;
} line[4] = {
    { PL011_FR_CTS, PL011_INT_CTS, PL011_CR_RTS },
    { PL011_FR_DSR, PL011_INT_DSR, PL011_CR_DTR },
    { PL011_FR_DCD, PL011_INT_DCD, PL011_CR_OUT1 },
    { PL011_FR_RI, PL011_INT_RI, PL011_CR_OUT2 },
};

#define MODEM_INTS 0xfU

static void works_before_uarten(void)
{
    plug_in();
    EXPECT_EQ(RD(CR) & PL011_CR_UARTEN, 0);
    send(0x41, 1);
    EXPECT_EQ(far.taken, 1);
    EXPECT_EQ(receive(1), 1);
    EXPECT_EQ(RD(DR), 1);
}

static void txe_holds_back(void)
{
    plug_in_fifos();
    WR(CR, PL011_CR_UARTEN | PL011_CR_RXE);
    send(1, 3);
    EXPECT_EQ(RD(FR) & (PL011_FR_BUSY | PL011_FR_TXFE), PL011_FR_BUSY);
    make_room(FOREVER);
    EXPECT_EQ(far.asked, 0);
    WR(CR, ON);
    EXPECT_EQ(far.taken, 3);
    EXPECT_EQ(far.sent[2], 3);
    EXPECT_EQ(RD(FR) & (PL011_FR_BUSY | PL011_FR_TXFE), PL011_FR_TXFE);
}

static void rxe_shuts(void)
{
    plug_in_fifos();
    receive(2);
    WR(CR, PL011_CR_UARTEN | PL011_CR_TXE);
    EXPECT_EQ(receive(1), 0);
    EXPECT_EQ(RD(DR), 1); /* what is in stays */
    EXPECT_EQ(far.rx_ready_calls, 0);
    far.feed = 2;
    WR(CR, ON);
    EXPECT_EQ(far.rx_ready_calls, 1);
    EXPECT_EQ(RD(DR), 2);
    EXPECT_EQ(RD(DR), 3);
    EXPECT_EQ(RD(DR), 4);
    EXPECT_EQ(uart.dev.count.bytes_in, 4);
}

static void ctsen(void)
{
    plug_in_fifos();
    lines(0);
    send(1, 1);
    EXPECT_EQ(far.taken, 1); /* CTS is nothing to it without CTSEN */
    WR(CR, ON | PL011_CR_CTSEN);
    send(2, 2);
    EXPECT_EQ(far.taken, 1);
    EXPECT_EQ(RD(FR) & PL011_FR_BUSY, PL011_FR_BUSY);
    make_room(FOREVER);
    EXPECT_EQ(far.taken, 1);
    lines(PL011_FR_DSR | PL011_FR_DCD | PL011_FR_RI);
    EXPECT_EQ(far.taken, 1);
    lines(PL011_FR_CTS);
    EXPECT_EQ(far.taken, 3);
    lines(0);
    send(4, 1);
    EXPECT_EQ(far.taken, 3);
    WR(CR, ON);
    EXPECT_EQ(far.taken, 4);
    EXPECT_EQ(far.sent[3], 4);
}

static void modem_inputs(void)
{
    uint32_t i;

    for ( i = 0; i < 4; i++ )
    {
        uint16_t moved = (uint16_t)(PLUGGED ^ line[i].fr);

        at(line[i].fr, 0);
        plug_in();
        lines(PLUGGED);
        EXPECT_EQ(RD(RIS) & MODEM_INTS, 0); /* no change, no interrupt */
        lines(moved);
        EXPECT_EQ(RD(FR) & PL011_FR_MODEM, moved);
        EXPECT_EQ(RD(RIS) & MODEM_INTS, line[i].irq);
        WR(ICR, line[i].irq);
        EXPECT_EQ(RD(RIS) & MODEM_INTS, 0);
        lines(moved);
        EXPECT_EQ(RD(RIS) & MODEM_INTS, 0);
        lines(PLUGGED);
        EXPECT_EQ(RD(FR) & PL011_FR_MODEM, PLUGGED);
        EXPECT_EQ(RD(RIS) & MODEM_INTS, line[i].irq);
    }

    plug_in();
    lines(0xffff);
    EXPECT_EQ(RD(FR), PL011_FR_MODEM | PL011_FR_TXFE | PL011_FR_RXFE);
    EXPECT_EQ(RD(RIS) & MODEM_INTS, PL011_INT_RI);
}

static void modem_outputs(void)
{
    uint32_t bit, calls = 0;

    plug_in();
    for ( bit = 1; bit <= 0x8000; bit <<= 1 )
    {
        bool out = bit & PL011_CR_MODEM;

        if ( bit == PL011_CR_LBE )
            continue;
        at(bit, 0);
        WR(CR, ON | bit);
        calls += out;
        EXPECT_EQ(far.modem_calls, calls);
        EXPECT_EQ(far.modem, out ? bit : 0);
        WR(CR, ON | bit);
        EXPECT_EQ(far.modem_calls, calls);
        WR(CR, ON);
        calls += out;
        EXPECT_EQ(far.modem_calls, calls);
        EXPECT_EQ(far.modem, 0);
    }
    WR(CR, ON | PL011_CR_MODEM);
    EXPECT_EQ(far.modem_calls, calls + 1);
    EXPECT_EQ(far.modem, PL011_CR_MODEM);
    WR(LCR_H, 0x70);
    EXPECT_EQ(far.modem_calls, calls + 1);
}

static void break_output(void)
{
    plug_in();
    WR(LCR_H, PL011_LCR_H_BRK);
    EXPECT(far.brk);
    WR(LCR_H, PL011_LCR_H_BRK | 0x60);
    WR(CR, ON);
    EXPECT_EQ(far.brk_calls, 1);
    WR(CR, LOOP); /* a looped line is quiet outside */
    EXPECT(!far.brk);
    WR(CR, ON);
    EXPECT(far.brk);
    WR(LCR_H, 0);
    EXPECT(!far.brk);
    EXPECT_EQ(far.brk_calls, 4);
    EXPECT_EQ(RD(RIS) & PL011_INT_BE, PL011_INT_BE); /* by the loop */
}

static void loop_data(void)
{
    uint32_t i;

    plug_in_fifos();
    WR(CR, LOOP);
    send(1, FIFO);
    EXPECT_EQ(far.asked, 0);
    EXPECT_EQ(RD(FR) & ~PL011_FR_MODEM, PL011_FR_TXFE | PL011_FR_RXFF);
    EXPECT_EQ(receive(1), 0);
    for ( i = 1; i <= FIFO; i++ )
        EXPECT_EQ(RD(DR), i);
    EXPECT_EQ(uart.dev.count.bytes_in + uart.dev.count.bytes_out, 0);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 0);
    EXPECT_EQ(far.rx_ready_calls, 0);
    WR(CR, ON);
    EXPECT_EQ(far.rx_ready_calls, 1);
}

static void loop_interrupt(void)
{
    plug_in();
    WR(CR, LOOP);
    WR(IMSC, PL011_INT_RX);
    send(1, 1);
    EXPECT(seen.level[0]);
    RD(DR);
    EXPECT(!seen.level[0]);
}

static void loop_overrun(void)
{
    plug_in();
    WR(CR, LOOP);
    send(1, 2);
    EXPECT_EQ(RD(RIS) & PL011_INT_OE, PL011_INT_OE);
    EXPECT_EQ(RD(RSR), PL011_RSR_OE);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 1);
    EXPECT_EQ(seen.last.value, 2);
    EXPECT_EQ(RD(DR), 1);
    send(3, 1);
    EXPECT_EQ(RD(DR), PL011_DR_OE | 3);
}

static void loop_enables(void)
{
    plug_in_fifos();
    WR(CR, PL011_CR_LBE | PL011_CR_RXE);
    send(1, 2);
    EXPECT_EQ(RD(FR) & PL011_FR_RXFE, PL011_FR_RXFE);
    WR(CR, LOOP);
    EXPECT_EQ(RD(DR), 1);
    EXPECT_EQ(RD(DR), 2);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 0);

    WR(CR, PL011_CR_LBE | PL011_CR_TXE); /* to a receiver that is off */
    send(3, 1);
    EXPECT_EQ(RD(FR) & PL011_FR_RXFE, PL011_FR_RXFE);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 1);
    EXPECT_EQ(seen.last.value, 3);
}

static void loop_modem(void)
{
    uint32_t i;

    for ( i = 0; i < 4; i++ )
    {
        at(line[i].cr, 0);
        plug_in();
        WR(CR, LOOP);
        EXPECT_EQ(RD(FR) & PL011_FR_MODEM, 0);
        EXPECT_EQ(RD(RIS) & MODEM_INTS,
                  PL011_INT_CTS | PL011_INT_DSR | PL011_INT_DCD);
        WR(ICR, PL011_INT_MASK);
        WR(CR, LOOP | line[i].cr);
        EXPECT_EQ(RD(FR) & PL011_FR_MODEM, line[i].fr);
        EXPECT_EQ(RD(RIS) & MODEM_INTS, line[i].irq);
        EXPECT_EQ(far.modem, line[i].cr);
        WR(ICR, PL011_INT_MASK);
        lines(0); /* the host's lines are cut off, and kept */
        EXPECT_EQ(RD(FR) & PL011_FR_MODEM, line[i].fr);
        EXPECT_EQ(RD(RIS) & MODEM_INTS, 0);
        WR(CR, LOOP);
        EXPECT_EQ(RD(RIS) & MODEM_INTS, line[i].irq);
        lines(PL011_FR_RI);
        WR(CR, ON);
        EXPECT_EQ(RD(FR) & PL011_FR_MODEM, PL011_FR_RI);
    }
}

static void loop_cts(void)
{
    plug_in_fifos();
    WR(CR, LOOP | PL011_CR_CTSEN);
    send(1, 2);
    EXPECT_EQ(RD(DR), 0);
    WR(CR, LOOP | PL011_CR_CTSEN | PL011_CR_RTS);
    EXPECT_EQ(RD(DR), 1);
    EXPECT_EQ(RD(DR), 2);
}

static void loop_break(void)
{
    plug_in_fifos();
    WR(CR, LOOP);
    WR(LCR_H, PL011_LCR_H_FEN | PL011_LCR_H_BRK);
    EXPECT_EQ(RD(RIS) & PL011_INT_BE, PL011_INT_BE);
    WR(LCR_H, PL011_LCR_H_FEN | PL011_LCR_H_BRK | 0x60);
    EXPECT_EQ(RD(DR), PL011_DR_BE); /* one a break, however long */
    EXPECT_EQ(RD(RSR), 4);
    EXPECT_EQ(RD(DR), 0);
    WR(LCR_H, PL011_LCR_H_FEN);
    EXPECT_EQ(RD(DR), 0);
    WR(LCR_H, PL011_LCR_H_FEN | PL011_LCR_H_BRK);
    EXPECT_EQ(RD(DR), PL011_DR_BE);
    EXPECT_EQ(far.brk_calls, 0);

    plug_in();
    WR(CR, PL011_CR_LBE | PL011_CR_TXE); /* nobody listens */
    WR(LCR_H, PL011_LCR_H_BRK);
    EXPECT_EQ(RD(RIS) & PL011_INT_BE, 0);
    EXPECT_EQ(RD(DR), 0);
    WR(CR, LOOP);
    EXPECT_EQ(RD(DR), PL011_DR_BE);

    plug_in();
    WR(CR, LOOP);
    send(1, 1);
    WR(LCR_H, PL011_LCR_H_BRK); /* no room for it: lost like any other */
    EXPECT_EQ(RD(RIS) & (PL011_INT_OE | PL011_INT_BE), PL011_INT_OE);
}

static void bare_host(void)
{
    plug_in_bare();
    WR(LCR_H, PL011_LCR_H_BRK);
    WR(LCR_H, 0);
    WR(CR, ON | PL011_CR_MODEM);
    WR(CR, ON);
    EXPECT_EQ(RD(CR), ON);
    EXPECT_EQ(RD(LCR_H), 0);
    EXPECT_EQ(far.brk_calls + far.modem_calls, 0);
}

static void make_it_busy(void)
{
    WR(ILPR, 0x12);
    WR(IBRD, 0x1234);
    WR(FBRD, 0x2a);
    WR(LCR_H, PL011_LCR_H_FEN | PL011_LCR_H_BRK);
    WR(IFLS, 0);
    WR(DMACR, 7);
    WR(IMSC, PL011_INT_MASK);
    far.room = 0;
    send(1, 3);
    EXPECT_EQ(receive(FIFO + 1), FIFO);
    lose_one();
    lines(PL011_FR_RI);
    WR(CR, PL011_CR_MODEM | PL011_CR_TXE | PL011_CR_RXE);
}

static void reset_is_power_on(void)
{
    uint32_t reg;

    plug_in();
    make_it_busy();
    EXPECT(seen.level[0]);
    EXPECT(far.brk);
    far.room = FOREVER;
    vsio_reset(&uart.dev);
    CHECK_VALID();

    EXPECT(!seen.level[0]);
    EXPECT(!far.brk);
    EXPECT_EQ(far.modem, 0);
    EXPECT_EQ(far.taken, 0); /* nothing leaves at a reset */
    EXPECT_EQ(uart.dev.count.bytes_dropped, 3 + FIFO + 1);
    EXPECT_EQ(uart.dev.count.bytes_in, FIFO + 1);
    EXPECT_EQ(far.rx_ready_calls, 1);
    EXPECT_EQ(RD(FR), PL011_FR_TXFE | PL011_FR_RXFE | PL011_FR_RI);
    EXPECT_EQ(RD(RIS), PL011_INT_TX);
    EXPECT_EQ(RD(CR), PL011_CR_RESET);
    EXPECT_EQ(RD(IFLS), PL011_IFLS_RESET);
    EXPECT_EQ(RD(RSR), 0);
    for ( reg = PL011_ILPR; reg <= PL011_LCR_H; reg += 4 )
        EXPECT_EQ(rd32(&uart.dev, reg), 0);
    EXPECT_EQ(RD(IMSC) | RD(DMACR), 0);
    receive(1);
    EXPECT_EQ(RD(DR) & PL011_DR_OE, 0); /* the overrun is forgotten, too */
}

/* Bytes that the host hands over during the reset belong to the new life. */
static void reset_keeps_new_bytes(void)
{
    plug_in_fifos();
    far.feed = FIFO + 2 - receive(FIFO + 2);
    vsio_reset(&uart.dev);
    CHECK_VALID();
    EXPECT_EQ(uart.dev.count.bytes_dropped, FIFO);
    EXPECT_EQ(RD(DR), FIFO + 1);
    EXPECT_EQ(RD(DR), FIFO + 2);
}

static void reset_keeps_counters(void)
{
    struct vsio_counters before;

    plug_in();
    make_it_busy();
    RD_REFUSED(&uart.dev, 0, 8);
    RD_UNKNOWN(&uart.dev, PL011_ICR, 4);
    before = uart.dev.count;
    vsio_reset(&uart.dev);
    EXPECT_EQ(uart.dev.count.reads, before.reads);
    EXPECT_EQ(uart.dev.count.writes, before.writes);
    EXPECT_EQ(uart.dev.count.refused, before.refused);
    EXPECT_EQ(uart.dev.count.unknown, before.unknown);
    EXPECT_EQ(uart.dev.count.irqs, before.irqs);
    EXPECT(uart.dev.host && uart.dev.ctx == &far);
}

static void reset_of_idle(void)
{
    plug_in();
    vsio_reset(&uart.dev);
    CHECK_VALID();
    EXPECT_EQ(seen.irq_calls + seen.events, 0);
    EXPECT_EQ(far.modem_calls + far.brk_calls + far.rx_ready_calls, 0);
}

/* valid() is no rubber stamp: each of these breaks one of its clauses. */
static void valid_refuses(void)
{
    static struct vsio_pl011 good;

#define BREAKS(change)                                                         \
    do                                                                         \
    {                                                                          \
        uart = good;                                                           \
        EXPECT(vsio_pl011_valid(&uart));                                       \
        uart.change;                                                           \
        EXPECT(!vsio_pl011_valid(&uart));                                      \
    } while ( 0 )

    plug_in_fifos();
    good = uart;
    BREAKS(depth = 1);
    BREAKS(depth = 33);
    BREAKS(lcr_h = 0);
    BREAKS(rx_count = FIFO + 1);
    BREAKS(tx_count = FIFO + 1);
    BREAKS(rx_first = FIFO);
    BREAKS(tx_first = FIFO);
    BREAKS(rx_trigger = 0);
    BREAKS(rx_trigger = FIFO + 1);
    BREAKS(tx_trigger = FIFO);
    BREAKS(cr = 0x8);
    BREAKS(imsc = 0x800);
    BREAKS(latched = 0x800);
    BREAKS(modem_in = 0x8);
    BREAKS(rsr = 0x10);
    BREAKS(fbrd = 0x40);
    BREAKS(ifls = 0x40);
    BREAKS(dmacr = 0x8);
    BREAKS(dev.lines = 1);
    BREAKS(imsc = PL011_INT_TX);
    BREAKS(fr ^= PL011_FR_RXFE);
    BREAKS(ris ^= PL011_INT_RX);
#undef BREAKS
}

static const struct test table[] = {
    { "both directions work before UARTEN", works_before_uarten },
    { "TXE off: bytes wait", txe_holds_back },
    { "RXE off: the host keeps its bytes, and hears when it is on", rxe_shuts },
    { "CTSEN: bytes wait for CTS", ctsen },
    { "modem inputs: FR, and one interrupt for each change", modem_inputs },
    { "modem outputs: told on a change only", modem_outputs },
    { "break output: told on a change only", break_output },
    { "loopback: data", loop_data },
    { "loopback: interrupt", loop_interrupt },
    { "loopback: overrun", loop_overrun },
    { "loopback: TXE and RXE", loop_enables },
    { "loopback: outputs are the inputs", loop_modem },
    { "loopback: RTS opens CTS", loop_cts },
    { "loopback: one BE entry for a break", loop_break },
    { "a host without modem and brk", bare_host },
    { "reset is power-on, and outputs fall", reset_is_power_on },
    { "reset keeps bytes that rx_ready hands over", reset_keeps_new_bytes },
    { "reset keeps counters, host and context", reset_keeps_counters },
    { "reset of an idle UART is silent", reset_of_idle },
    { "valid() refuses what no guest can reach", valid_refuses },
};
TESTS(table);

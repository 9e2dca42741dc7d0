/* SPDX-License-Identifier: MIT */
/* PL011: the eleven interrupts, and receive errors. */

#include "pl011-host.h"

#define PLUGGED (PL011_FR_CTS | PL011_FR_DSR | PL011_FR_DCD)

/* Causes that have no level behind them: ICR alone ends these. */
#define LATCHED (PL011_INT_MASK & ~(PL011_INT_RX | PL011_INT_TX | PL011_INT_RT))

/* FIFOs on, no raw interrupt: TX is a level, so let bytes wait above it. */
static void quiet(void)
{
    plug_in_fifos();
    far.room = 0;
    send(0, FIFO);
    EXPECT_EQ(RD(RIS), 0);
}

static void raise(uint32_t irq)
{
    switch ( irq )
    {
    case PL011_INT_RI:
        lines(PLUGGED | PL011_FR_RI);
        break;
    case PL011_INT_CTS:
        lines(PLUGGED & ~PL011_FR_CTS);
        break;
    case PL011_INT_DCD:
        lines(PLUGGED & ~PL011_FR_DCD);
        break;
    case PL011_INT_DSR:
        lines(PLUGGED & ~PL011_FR_DSR);
        break;
    case PL011_INT_RX:
        receive(FIFO / 2);
        break;
    case PL011_INT_TX:
        make_room(FIFO / 2);
        break;
    case PL011_INT_RT:
        receive(1);
        break;
    case PL011_INT_FE:
        EXPECT(receive_error(PL011_DR_FE | 1));
        break;
    case PL011_INT_PE:
        EXPECT(receive_error(PL011_DR_PE | 1));
        break;
    case PL011_INT_BE:
        EXPECT(receive_error(PL011_DR_BE));
        break;
    case PL011_INT_OE:
        lose_one();
        break;
    default:
        EXPECT(false);
    }
}

/* The guest does what makes this one go away, and nothing else. */
static void ease(uint32_t irq)
{
    switch ( irq )
    {
    case PL011_INT_RX: /* one below the level */
    case PL011_INT_RT:
        RD(DR);
        break;
    case PL011_INT_TX:
        send(0, 1);
        break;
    default:
        WR(ICR, irq);
    }
}

/* Storing a byte with an error also starts the receive timeout. */
static uint32_t expected_ris(uint32_t irq)
{
    if ( irq & (PL011_INT_RX | PL011_INT_FE | PL011_INT_PE | PL011_INT_BE) )
        return irq | PL011_INT_RT;

    return irq;
}

static void raw_without_mask(void)
{
    uint32_t irq;

    for ( irq = 1; irq <= PL011_INT_MASK; irq <<= 1 )
    {
        at(irq, 0);
        quiet();
        raise(irq);
        EXPECT_EQ(RD(RIS), expected_ris(irq));
        EXPECT_EQ(RD(MIS), 0);
        ease(irq);
        EXPECT_EQ(RD(RIS), expected_ris(irq) & ~irq);
    }
    EXPECT_EQ(seen.irq_calls, 0);
}

static void rise_and_fall(void)
{
    uint32_t irq;

    for ( irq = 1; irq <= PL011_INT_MASK; irq <<= 1 )
    {
        at(irq, 0);
        quiet();
        WR(IMSC, irq);
        EXPECT(!seen.level[0]);
        raise(irq);
        EXPECT(seen.level[0]);
        EXPECT_EQ(RD(MIS), irq);
        ease(irq);
        EXPECT(!seen.level[0]);
        EXPECT_EQ(RD(MIS), 0);
        EXPECT_EQ(seen.irq_calls, 2);
        EXPECT_EQ(uart.dev.count.irqs, 1);
    }
}

static void mask_and_unmask(void)
{
    uint32_t irq;

    for ( irq = 1; irq <= PL011_INT_MASK; irq <<= 1 )
    {
        uint32_t others = PL011_INT_MASK & ~expected_ris(irq);

        at(irq, 0);
        quiet();
        WR(IMSC, others);
        raise(irq);
        EXPECT(!seen.level[0]);
        EXPECT_EQ(RD(MIS), 0);
        WR(IMSC, irq);
        EXPECT(seen.level[0]);
        WR(IMSC, others);
        EXPECT(!seen.level[0]);
        EXPECT_EQ(RD(RIS), expected_ris(irq));
        WR(IMSC, PL011_INT_MASK);
        EXPECT(seen.level[0]);
        WR(IMSC, 0);
        EXPECT(!seen.level[0]);
        EXPECT_EQ(seen.irq_calls, 4);
    }
}

static void icr_clears_its_bit(void)
{
    uint32_t irq;

    for ( irq = 1; irq <= PL011_INT_MASK; irq <<= 1 )
    {
        if ( !(irq & LATCHED) )
            continue;
        at(irq, 0);
        quiet();
        WR(IMSC, irq);
        raise(irq);
        WR(ICR, 0);
        WR(ICR, ~irq);
        EXPECT(seen.level[0]);
        EXPECT_EQ(RD(RIS) & irq, irq);
        WR(ICR, irq);
        EXPECT(!seen.level[0]);
        EXPECT_EQ(RD(RIS) & irq, 0);
    }
}

/* What is masked has no part in it. */
static void icr_and_the_mask(void)
{
    plug_in_fifos();
    receive(1);
    WR(ICR, 0);
    WR(ICR, PL011_INT_TX);
    EXPECT_EQ(RD(RIS), PL011_INT_TX | PL011_INT_RT);
    EXPECT_EQ(seen.irq_calls, 0);

    WR(IMSC, PL011_INT_TX);
    EXPECT_EQ(seen.irq_calls, 1);
    WR(ICR, PL011_INT_RT);
    EXPECT_EQ(seen.irq_calls, 1);
    WR(ICR, PL011_INT_TX); /* is still true: falls, and rises anew */
    EXPECT_EQ(seen.irq_calls, 3);
}

static void icr_by_bytes(void)
{
    uint32_t irq, byte, size;

    for ( irq = 1; irq <= PL011_INT_MASK; irq <<= 1 )
        for ( size = 1; size <= 2; size++ )
            for ( byte = 0; byte + size <= 4; byte++ )
            {
                uint32_t ones = size == 1 ? 0xff : 0xffff;
                bool hit = irq & (ones << (8 * byte));

                if ( !(irq & LATCHED) )
                    continue;
                at(irq, byte);
                quiet();
                raise(irq);
                wr(&uart.dev, PL011_ICR + byte, size, 0xffffffff, HERE);
                EXPECT_EQ(RD(RIS) & irq, hit ? 0 : irq);
            }
}

static void icr_keeps_what_is_true(void)
{
    static const uint32_t levels[] = { PL011_INT_RX, PL011_INT_TX,
                                       PL011_INT_RT };
    uint32_t i;

    for ( i = 0; i < ARRAY_SIZE(levels); i++ )
    {
        at(levels[i], 0);
        quiet();
        WR(IMSC, levels[i]);
        raise(levels[i]);
        WR(ICR, 0xffffffff);
        EXPECT_EQ(RD(MIS), levels[i]);
        EXPECT(seen.level[0]);
        /* It fell and rose: who takes edges sees one more. */
        EXPECT_EQ(seen.irq_calls, 3);
        WR(ICR, 0);
        EXPECT_EQ(seen.irq_calls, 3);
    }
}

/* The line is the OR of all: it falls with the last one, and moves once. */
static void one_line_for_all(void)
{
    uint32_t irq;

    quiet();
    WR(IMSC, PL011_INT_MASK);
    for ( irq = 1; irq <= PL011_INT_RI << 3; irq <<= 1 )
    {
        /* Each call moves one modem line, and the one before back again. */
        raise(irq);
        EXPECT(seen.level[0]);
    }
    EXPECT_EQ(RD(MIS), 0xf);
    EXPECT_EQ(seen.irq_calls, 1);
    for ( irq = 1; irq <= PL011_INT_RI << 3; irq <<= 1 )
    {
        EXPECT(seen.level[0]);
        WR(ICR, irq);
    }
    EXPECT(!seen.level[0]);
    EXPECT_EQ(seen.irq_calls, 2);
    EXPECT_EQ(uart.dev.count.irqs, 1);
}

static void no_set_irq(void)
{
    plug_in_bare();
    WR(IMSC, PL011_INT_RX);
    receive(1);
    EXPECT_EQ(RD(MIS), PL011_INT_RX);
    RD(DR);
    EXPECT_EQ(RD(MIS), 0);
    receive(1);
    EXPECT_EQ(uart.dev.count.irqs, 2);
}

static void error_in_dr_and_rsr(void)
{
    static const struct {
        uint16_t dr;
        uint8_t rsr;
        uint16_t irq;
    } error[] = {
        { PL011_DR_FE | 0xff, 1, PL011_INT_FE },
        { PL011_DR_PE | 0x55, 2, PL011_INT_PE },
        { PL011_DR_BE, 4, PL011_INT_BE },
        { PL011_DR_FE | PL011_DR_PE | PL011_DR_BE, 7,
          PL011_INT_FE | PL011_INT_PE | PL011_INT_BE },
    };
    uint32_t i;

    for ( i = 0; i < ARRAY_SIZE(error); i++ )
    {
        at(error[i].dr, 0);
        plug_in_fifos();
        receive(1);
        EXPECT(receive_error(error[i].dr));
        receive(1);
        EXPECT_EQ(RD(RIS) & ~(PL011_INT_TX | PL011_INT_RT), error[i].irq);
        EXPECT_EQ(RD(DR), 1);
        EXPECT_EQ(RD(RSR), 0); /* RSR is of the byte read last */
        EXPECT_EQ(RD(DR), error[i].dr);
        EXPECT_EQ(RD(RSR), error[i].rsr);
        EXPECT_EQ(RD(RSR), error[i].rsr);
        EXPECT_EQ(RD(DR), 2);
        EXPECT_EQ(RD(RSR), 0);
        EXPECT_EQ(uart.dev.count.bytes_in, 3);
    }
}

static void error_other_bits(void)
{
    plug_in_fifos();
    EXPECT(receive_error(0xf841));
    EXPECT_EQ(RD(RIS) & LATCHED, 0);
    EXPECT_EQ(RD(DR), 0x41);
    EXPECT(receive_error(0xffff));
    EXPECT_EQ(RD(DR), 0x7ff);
}

static void error_without_room(void)
{
    plug_in();
    EXPECT(receive_error(PL011_DR_FE | 1));
    WR(ICR, PL011_INT_MASK);
    EXPECT(!receive_error(PL011_DR_PE | 2));
    EXPECT_EQ(RD(RIS) & LATCHED, 0);
    EXPECT_EQ(uart.dev.count.bytes_in, 1);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 0);
    EXPECT_EQ(RD(DR), PL011_DR_FE | 1);
    WR(CR, PL011_CR_TXE);
    EXPECT(!receive_error(PL011_DR_PE | 2));
    WR(CR, PL011_CR_TXE | PL011_CR_RXE | PL011_CR_LBE);
    EXPECT(!receive_error(PL011_DR_PE | 2));
    EXPECT_EQ(RD(DR), 0);
}

static void overrun(void)
{
    uint32_t i;

    plug_in_fifos();
    receive(FIFO);
    lose_one();
    lose_one();
    EXPECT_EQ(RD(RIS) & LATCHED, PL011_INT_OE);
    EXPECT_EQ(RD(RSR), PL011_RSR_OE);
    EXPECT_EQ(uart.dev.count.bytes_in, FIFO + 2);
    EXPECT_EQ(uart.dev.count.bytes_dropped, 2);
    EXPECT_EQ(seen.dropped, 2);

    for ( i = 1; i <= FIFO; i++ )
    {
        EXPECT_EQ(RD(DR), i); /* what was there before is not touched */
        EXPECT_EQ(RD(RSR), PL011_RSR_OE);
    }
    receive(2);
    EXPECT_EQ(RD(DR), PL011_DR_OE | (FIFO + 1));
    EXPECT_EQ(RD(DR), FIFO + 2);
    EXPECT_EQ(RD(RSR), PL011_RSR_OE);
    WR(RSR, 0);
    EXPECT_EQ(RD(RSR), 0);
    EXPECT_EQ(RD(RIS) & LATCHED, PL011_INT_OE);
    WR(ICR, PL011_INT_OE);
    EXPECT_EQ(RD(RIS) & LATCHED, 0);
}

static void overrun_with_error(void)
{
    plug_in_fifos();
    lose_one();
    EXPECT(receive_error(PL011_DR_FE | 0x41));
    EXPECT_EQ(RD(DR), PL011_DR_OE | PL011_DR_FE | 0x41);
    EXPECT_EQ(RD(RSR), PL011_RSR_OE | 1);
}

static void ecr_is_not_icr(void)
{
    plug_in_fifos();
    EXPECT(receive_error(PL011_DR_FE | 0x41));
    RD(DR);
    EXPECT_EQ(RD(RSR), 1);
    WR(ICR, PL011_INT_MASK);
    EXPECT_EQ(RD(RSR), 1);
    WR(RSR, 0);
    EXPECT_EQ(RD(RSR), 0);
    EXPECT(receive_error(PL011_DR_PE | 0x42));
    WR(RSR, 0);
    EXPECT_EQ(RD(RIS) & LATCHED, PL011_INT_PE);
    EXPECT_EQ(RD(DR), PL011_DR_PE | 0x42); /* ECR leaves the FIFO alone */
    EXPECT_EQ(RD(RSR), 2);
}

static const struct test table[] = {
    { "each interrupt is raw whatever the mask", raw_without_mask },
    { "each interrupt raises the line, and drops it", rise_and_fall },
    { "IMSC lets each one through, and holds it back", mask_and_unmask },
    { "ICR clears the bits that are written, and no others",
      icr_clears_its_bit },
    { "ICR moves the line only by what IMSC lets through", icr_and_the_mask },
    { "ICR by 8 and 16 bits", icr_by_bytes },
    { "ICR does not clear what is still true", icr_keeps_what_is_true },
    { "one line: the OR of all, told on a change only", one_line_for_all },
    { "a host without set_irq polls", no_set_irq },
    { "FE, PE and BE stand in DR with their byte, then in RSR",
      error_in_dr_and_rsr },
    { "an error entry has no other bits", error_other_bits },
    { "an error entry without room stays with the host", error_without_room },
    { "overrun: RIS and RSR at once, DR with the next byte", overrun },
    { "overrun meets a framing error", overrun_with_error },
    { "ECR clears RSR only, ICR clears RIS only", ecr_is_not_icr },
};
TESTS(table);

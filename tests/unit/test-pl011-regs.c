/* SPDX-License-Identifier: MIT */
/* PL011: the register file. Values are the manual's (Arm DDI 0183G, 3.2). */

#include "pl011-host.h"

#define NR_REGS (PL011_WINDOW / 4)

/* Registers that keep what is written, their reset value and their bits. */
static const struct {
    uint32_t reg, reset, bits;
} stored[] = {
    { PL011_ILPR, 0x00, 0xff },   { PL011_IBRD, 0x0000, 0xffff },
    { PL011_FBRD, 0x00, 0x3f },   { PL011_LCR_H, 0x00, 0xff },
    { PL011_CR, 0x0300, 0xff87 }, { PL011_IFLS, 0x12, 0x3f },
    { PL011_IMSC, 0x000, 0x7ff }, { PL011_DMACR, 0x00, 0x7 },
};

/* Registers that are only read, and their values at power-on. */
static const struct {
    uint32_t reg, value;
} fixed[] = {
    { PL011_FR, 0x97 },  /* TXFE, RXFE; DCD, DSR, CTS of a cable plugged in */
    { PL011_RIS, 0x20 }, /* TX is a level */
    { PL011_MIS, 0x00 }, { 0xfe0, 0x11 }, { 0xfe4, 0x10 },
    { 0xfe8, 0x34 },     { 0xfec, 0x00 }, { 0xff0, 0x0d },
    { 0xff4, 0xf0 },     { 0xff8, 0x05 }, { 0xffc, 0xb1 },
};

static bool exists(uint32_t reg)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(stored); i++ )
        if ( reg == stored[i].reg )
            return true;
    for ( i = 0; i < ARRAY_SIZE(fixed); i++ )
        if ( reg == fixed[i].reg )
            return true;

    return reg == PL011_DR || reg == PL011_RSR || reg == PL011_ICR;
}

static void expect_power_on(void)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(stored); i++ )
    {
        at(stored[i].reg, 0);
        EXPECT_EQ(rd32(&uart.dev, stored[i].reg), stored[i].reset);
    }
    for ( i = 0; i < ARRAY_SIZE(fixed); i++ )
    {
        at(fixed[i].reg, 0);
        EXPECT_EQ(rd32(&uart.dev, fixed[i].reg), fixed[i].value);
    }
    EXPECT_EQ(RD(RSR), 0);
    EXPECT_EQ(RD(DR), 0);
}

/* Table 3-1, by its numbers: what is stored. */
static void register_map(void)
{
    static const struct {
        uint32_t reg, value;
    } map[] = {
        { 0x20, 0x5a }, { 0x24, 0x1234 }, { 0x28, 0x2a },  { 0x2c, 0x70 },
        { 0x34, 0x0a }, { 0x30, 0x0f01 }, { 0x38, 0x7ff }, { 0x48, 0x05 },
    };
    unsigned int i;

    plug_in();
    for ( i = 0; i < ARRAY_SIZE(map); i++ )
        wr32(&uart.dev, map[i].reg, map[i].value);
    for ( i = 0; i < ARRAY_SIZE(map); i++ )
    {
        at(map[i].reg, 0);
        EXPECT_EQ(rd32(&uart.dev, map[i].reg), map[i].value);
    }
    for ( i = ARRAY_SIZE(map); i-- > 0; ) /* none is part of another one */
        wr32(&uart.dev, map[i].reg, map[i].value);
    for ( i = 0; i < ARRAY_SIZE(map); i++ )
        EXPECT_EQ(rd32(&uart.dev, map[i].reg), map[i].value);
    EXPECT_EQ(rd32(&uart.dev, 0xfe0), 0x11);
    EXPECT_EQ(rd32(&uart.dev, 0xffc), 0xb1);

    EXPECT_EQ(far.brk_calls, 0);
    wr32(&uart.dev, 0x2c, 0x71);
    EXPECT(far.brk);
}

/* And what the FIFOs make of DR, RSR, FR, RIS and MIS. */
static void status_map(void)
{
    struct vsio_device *dev = &uart.dev;
    uint32_t i;

    plug_in_fifos();
    wr32(dev, 0x38, 0x7ff);
    EXPECT_EQ(rd32(dev, 0x18), 0x097); /* TXFE, RXFE; DCD, DSR, CTS */
    far.room = 0;
    for ( i = 0; i < 32; i++ )
        wr32(dev, 0x00, i);
    EXPECT_EQ(rd32(dev, 0x18), 0x03f); /* TXFF, RXFE, BUSY */
    EXPECT_EQ(receive(32), 32);
    lose_one();
    EXPECT_EQ(rd32(dev, 0x18), 0x06f); /* RXFF, TXFF, BUSY */
    EXPECT_EQ(rd32(dev, 0x04), 0x8);
    EXPECT_EQ(rd32(dev, 0x3c), 0x450); /* OE, RT, RX */
    EXPECT_EQ(rd32(dev, 0x40), 0x450);
    wr32(dev, 0x44, 0x400);
    EXPECT_EQ(rd32(dev, 0x3c), 0x050);
    wr32(dev, 0x38, 0x040);
    EXPECT_EQ(rd32(dev, 0x40), 0x040);
    EXPECT_EQ(rd32(dev, 0x00), 1);
    EXPECT_EQ(receive(1), 1);
    for ( i = 2; i <= 32; i++ )
        EXPECT_EQ(rd32(dev, 0x00), i);
    EXPECT_EQ(rd32(dev, 0x00), 0x800 | 33); /* one is missing before it */
    wr32(dev, 0x04, 0);
    EXPECT_EQ(rd32(dev, 0x04), 0);
}

static void reset_values(void)
{
    plug_in();
    expect_power_on();
    EXPECT_EQ(seen.irq_calls, 0);
    EXPECT_EQ(seen.events, 0);
    EXPECT_EQ(far.asked + far.rx_ready_calls, 0);
    EXPECT_EQ(far.modem_calls + far.brk_calls, 0);

    plug_in_bare();
    expect_power_on();
}

static void class_constants(void)
{
    const char *name = vsio_pl011_class.name, *want = "pl011";

    do
        EXPECT_EQ(*name, *want);
    while ( *name++ && *want++ );
    EXPECT_EQ(vsio_pl011_class.window, 0x1000);
    EXPECT_EQ(vsio_pl011_class.unit, 4);
    EXPECT_EQ(vsio_pl011_class.lines, 1);
}

static void every_bit_by_32(void)
{
    unsigned int i, bit;

    for ( i = 0; i < ARRAY_SIZE(stored); i++ )
        for ( bit = 0; bit < 32; bit++ )
        {
            uint32_t one = 1U << bit;

            at(stored[i].reg, bit);
            plug_in();
            wr32(&uart.dev, stored[i].reg, one);
            EXPECT_EQ(rd32(&uart.dev, stored[i].reg), one & stored[i].bits);
            wr32(&uart.dev, stored[i].reg, ~one);
            EXPECT_EQ(rd32(&uart.dev, stored[i].reg), ~one & stored[i].bits);
        }
}

/* A write inside a register changes the bytes that it covers, and no other. */
static void every_byte_lane(void)
{
    static const uint32_t values[] = { 0xffffffff, 0x00000000, 0xa5a5a5a5 };
    unsigned int i, size, lane, k;

    for ( i = 0; i < ARRAY_SIZE(stored); i++ )
        for ( size = 1; size <= 2; size++ )
            for ( lane = 0; lane + size <= 4; lane++ )
                for ( k = 0; k < ARRAY_SIZE(values); k++ )
                {
                    uint32_t reg = stored[i].reg, bits = stored[i].bits;
                    uint32_t ones = size == 1 ? 0xff : 0xffff;
                    uint32_t mask = ones << (8 * lane), want;

                    at(reg + lane, size);
                    plug_in();
                    wr32(&uart.dev, reg, 0x5a3c5a3c);
                    want =
                        (0x5a3c5a3c & bits & ~mask) | (values[k] & mask & bits);
                    wr(&uart.dev, reg + lane, size, values[k], HERE);
                    EXPECT_EQ(rd32(&uart.dev, reg), want);
                    EXPECT_EQ(rd(&uart.dev, reg + lane, size, HERE),
                              (want >> (8 * lane)) & ones);
                }
}

static void registers_apart(void)
{
    unsigned int i;

    plug_in();
    for ( i = 0; i < ARRAY_SIZE(stored); i++ )
        wr32(&uart.dev, stored[i].reg, 0x11111111U * (i + 1));
    for ( i = 0; i < ARRAY_SIZE(stored); i++ )
    {
        at(stored[i].reg, 0);
        EXPECT_EQ(rd32(&uart.dev, stored[i].reg),
                  (0x11111111U * (i + 1)) & stored[i].bits);
    }
}

static void ids_by_all_widths(void)
{
    static const uint8_t id[8] = {
        0x11, 0x10, 0x34, 0, 0x0d, 0xf0, 0x05, 0xb1
    };
    unsigned int i;

    plug_in();
    for ( i = 0; i < 8; i++ )
    {
        uint32_t offset = PL011_PERIPHID + 4 * i;

        at(offset, 0);
        EXPECT_EQ(rd32(&uart.dev, offset), id[i]);
        EXPECT_EQ(rd16(&uart.dev, offset), id[i]);
        EXPECT_EQ(rd8(&uart.dev, offset), id[i]);
        EXPECT_EQ(rd8(&uart.dev, offset + 1), 0);
        EXPECT_EQ(rd8(&uart.dev, offset + 2), 0);
        EXPECT_EQ(rd8(&uart.dev, offset + 3), 0);
        EXPECT_EQ(rd16(&uart.dev, offset + 2), 0);
    }
    EXPECT_EQ(seen.events, 0);
}

static void read_only(void)
{
    unsigned int i, size;

    plug_in();
    for ( i = 0; i < ARRAY_SIZE(fixed); i++ )
        for ( size = 1; size <= 4; size *= 2 )
        {
            at(fixed[i].reg, size);
            WR_UNKNOWN(&uart.dev, fixed[i].reg, size, 0xffffffff);
            WR_UNKNOWN(&uart.dev, fixed[i].reg + 4 - size, size, 0x12345678);
            EXPECT_EQ(rd32(&uart.dev, fixed[i].reg), fixed[i].value);
        }
    expect_power_on();
}

static void write_only(void)
{
    plug_in();
    lose_one();
    RD_UNKNOWN(&uart.dev, PL011_ICR, 4);
    RD_UNKNOWN(&uart.dev, PL011_ICR, 2);
    RD_UNKNOWN(&uart.dev, PL011_ICR + 1, 1);
    EXPECT_EQ(RD(RIS) & PL011_INT_OE, PL011_INT_OE);
}

static void holes(void)
{
    uint32_t reg;

    plug_in();
    for ( reg = 0; reg < PL011_WINDOW; reg += 4 )
    {
        if ( exists(reg) )
            continue;
        at(reg, 0);
        RD_UNKNOWN(&uart.dev, reg, 4);
        RD_UNKNOWN(&uart.dev, reg + 2, 2);
        RD_UNKNOWN(&uart.dev, reg + 3, 1);
        WR_UNKNOWN(&uart.dev, reg, 4, 0xffffffff);
        WR_UNKNOWN(&uart.dev, reg + 2, 2, 0xffffffff);
        WR_UNKNOWN(&uart.dev, reg + 1, 1, 0xffffffff);
    }
    expect_power_on();
    EXPECT_EQ(uart.dev.count.unknown,
              6 * (NR_REGS - ARRAY_SIZE(stored) - ARRAY_SIZE(fixed) - 3));
}

static void ecr_any_value(void)
{
    static const uint32_t values[] = { 0, 0xff, 0xffffffff, 8 };
    unsigned int size, k;

    for ( size = 1; size <= 4; size *= 2 )
        for ( k = 0; k < ARRAY_SIZE(values); k++ )
        {
            at(size, values[k]);
            plug_in();
            lose_one();
            EXPECT_EQ(RD(RSR), 0x8);
            EXPECT_EQ(rd8(&uart.dev, PL011_RSR), 0x8);
            wr(&uart.dev, PL011_RSR, size, values[k], HERE);
            EXPECT_EQ(RD(RSR), 0);
            EXPECT_EQ(RD(RIS) & PL011_INT_OE, PL011_INT_OE);
        }
    plug_in();
    lose_one();
    wr8(&uart.dev, PL011_RSR + 3, 0);
    EXPECT_EQ(RD(RSR), 0);
}

static void dr_widths(void)
{
    plug_in_fifos();
    wr8(&uart.dev, PL011_DR, 0xffffff41);
    wr16(&uart.dev, PL011_DR, 0xffffff42);
    wr32(&uart.dev, PL011_DR, 0xffffff43);
    EXPECT_EQ(far.taken, 3);
    EXPECT_EQ(far.sent[0], 0x41);
    EXPECT_EQ(far.sent[1], 0x42);
    EXPECT_EQ(far.sent[2], 0x43);

    EXPECT(receive_error(PL011_DR_FE | 0x51));
    EXPECT(receive_error(PL011_DR_PE | 0x52));
    EXPECT(receive_error(PL011_DR_BE));
    EXPECT_EQ(rd8(&uart.dev, PL011_DR), 0x51);
    EXPECT_EQ(rd16(&uart.dev, PL011_DR), 0x252);
    EXPECT_EQ(rd32(&uart.dev, PL011_DR), 0x400);
    EXPECT_EQ(uart.dev.count.unknown, 0);
}

/* The bus has no byte enables on DR's data: there is nothing to send. */
static void dr_beside_the_byte(void)
{
    plug_in_fifos();
    WR_UNKNOWN(&uart.dev, PL011_DR + 1, 1, 0x41);
    WR_UNKNOWN(&uart.dev, PL011_DR + 2, 1, 0x41);
    WR_UNKNOWN(&uart.dev, PL011_DR + 3, 1, 0x41);
    WR_UNKNOWN(&uart.dev, PL011_DR + 2, 2, 0x4142);
    EXPECT_EQ(far.asked, 0);
    wr16(&uart.dev, PL011_DR + 1, 0x41);
    EXPECT_EQ(far.asked, 0);
}

static void wide_and_crossing(void)
{
    plug_in_fifos();
    receive(2);
    RD_REFUSED(&uart.dev, PL011_DR, 8);
    WR_REFUSED(&uart.dev, PL011_DR, 8, 0x41);
    RD_REFUSED(&uart.dev, PL011_DR + 1, 4);
    RD_REFUSED(&uart.dev, PL011_DR + 3, 2);
    WR_REFUSED(&uart.dev, PL011_ICR + 2, 4, 0xffffffff);
    RD_REFUSED(&uart.dev, PL011_WINDOW, 1);
    RD_REFUSED(&uart.dev, PL011_WINDOW - 1, 2);
    RD_REFUSED(&uart.dev, UINT32_MAX, 4);
    RD_REFUSED(&uart.dev, PL011_DR, 0);
    RD_REFUSED(&uart.dev, PL011_DR, 256 + 4);
    RD_REFUSED(&uart.dev, PL011_DR, UINT32_MAX);
    EXPECT_EQ(RD(DR), 1);
    EXPECT_EQ(far.asked, 0);
}

static void battery_full_host(void)
{
    plug_in();
    battery();
    expect_power_on();
}

static void battery_bare_host(void)
{
    plug_in_bare();
    battery();
    expect_power_on();
}

static void battery_blocked_host(void)
{
    plug_in_fifos();
    far.room = 0;
    battery();
    expect_power_on();
}

static const struct test table[] = {
    { "reset values are those of 3.2, and no callback is called",
      reset_values },
    { "the registers are where the manual has them", register_map },
    { "their bits are where the manual has them", status_map },
    { "the class says what it is", class_constants },
    { "each bit of each register is kept, or reserved and zero",
      every_bit_by_32 },
    { "8 and 16 bits at any place change only what they cover",
      every_byte_lane },
    { "registers do not share bits", registers_apart },
    { "IDs by 8, 16 and 32 bits", ids_by_all_widths },
    { "read-only registers ignore writes, and they are counted", read_only },
    { "ICR reads as zero, and that is counted", write_only },
    { "offsets without a register read as zero and ignore writes", holes },
    { "ECR clears RSR by any value of any width", ecr_any_value },
    { "DR by 8, 16 and 32 bits", dr_widths },
    { "a write beside DR's data byte sends nothing", dr_beside_the_byte },
    { "64 bits, register-crossing and outside: refused", wide_and_crossing },
    { "every offset by every size", battery_full_host },
    { "every offset by every size, on a host without callbacks",
      battery_bare_host },
    { "every offset by every size, while the host takes nothing",
      battery_blocked_host },
};
TESTS(table);

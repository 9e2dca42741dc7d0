/* SPDX-License-Identifier: MIT */
/* PL011: its image is what reads return, whenever these have no effect. */

#include "pl011-host.h"
#include "snapshot.h"

#define STEPS 20000U
#define WORDS (PL011_WINDOW / 4)

static uint32_t page[WORDS], before[WORDS];
static unsigned int shown, hidden;

static uint32_t word_at(const uint8_t *image, uint32_t reg)
{
    return image[reg] | (uint32_t)image[reg + 1] << 8 |
           (uint32_t)image[reg + 2] << 16 | (uint32_t)image[reg + 3] << 24;
}

static const uint8_t *image(void)
{
    return uart.dev.class->image(&uart.dev);
}

/* Every register, as a guest reads it by a trap, and without one. */
static void same_registers(const uint8_t *shows, uint32_t first, uint32_t last)
{
    uint32_t reg, value = 0;

    for ( reg = first; reg <= last; reg += 4 )
    {
        at(reg, STEPS);
        EXPECT(vsio_read(&uart.dev, reg, 4, &value));
        EXPECT_EQ(word_at(shows, reg), value);
    }
}

/* What the guest has mapped stays as it was as long as it is not current. */
static void frozen(void)
{
    uint32_t i, differs = 0;

    for ( i = 0; i < WORDS; i++ )
        differs += page[i] != before[i];
    EXPECT_EQ(differs, 0);
}

static void check_image(void)
{
    const uint8_t *shows = image();
    uint32_t i, fr = RD(FR);

    EXPECT_EQ(shows != NULL, (fr & PL011_FR_RXFE) != 0);
    if ( shows )
    {
        EXPECT(shows == (const uint8_t *)page);
        same_registers(shows, PL011_DR, PL011_DMACR + 4);
        for ( i = 0; i < WORDS; i++ )
            before[i] = page[i];
        shown++;
    }
    else
    {
        frozen();
        hidden++;
    }
    CHECK_VALID();
}

static void give_page(void)
{
    uint32_t i;

    for ( i = 0; i < WORDS; i++ )
        page[i] = 0x5a5a5a5a;
    vsio_pl011_set_image(&uart, page);
    for ( i = 0; i < WORDS; i++ )
        before[i] = page[i];
    shown = hidden = 0;
}

static void start(void)
{
    plug_in();
    give_page();
}

static void none_without_memory(void)
{
    plug_in();
    EXPECT(!image());
    WR(LCR_H, PL011_LCR_H_FEN);
    EXPECT(!image());
}

static void the_whole_window(void)
{
    start();
    check_image();
    same_registers(image(), 0, PL011_WINDOW - 4);
    EXPECT_EQ(word_at(image(), PL011_PERIPHID), 0x11);
}

/* Each register that can be written, with all of its bits. */
static void each_register(void)
{
    static const uint16_t regs[] = {
        PL011_ILPR, PL011_IBRD, PL011_FBRD, PL011_LCR_H,
        PL011_CR,   PL011_IFLS, PL011_IMSC, PL011_DMACR,
    };
    unsigned int i;

    start();
    for ( i = 0; i < ARRAY_SIZE(regs); i++ )
    {
        wr32(&uart.dev, regs[i], 0xffffffff);
        check_image();
        wr32(&uart.dev, regs[i], 0);
        check_image();
    }
    EXPECT_EQ(hidden, 0);
}

static void gone_while_a_byte_waits(void)
{
    start();
    WR(LCR_H, PL011_LCR_H_FEN);
    WR(IMSC, PL011_INT_RT);
    check_image();
    EXPECT_EQ(receive(2), 2);
    check_image();
    EXPECT(!image());
    (void)RD(DR);
    check_image();
    EXPECT(!image());
    WR(IMSC, 0); /* not seen in what is still there: it is frozen */
    check_image();
    (void)RD(DR);
    check_image();
    EXPECT(image());
    EXPECT_EQ(word_at(image(), PL011_IMSC), 0);
}

static void gone_by_a_loop(void)
{
    start();
    WR(CR, PL011_CR_RESET | PL011_CR_LBE);
    check_image();
    WR(DR, 'x');
    EXPECT(!image());
    check_image();
    vsio_reset(&uart.dev);
    check_image();
    EXPECT(image());
}

/* Output that has to wait, and what the host does then. */
static void follows_the_host(void)
{
    start();
    far.room = 0;
    WR(DR, 'x');
    check_image();
    EXPECT(word_at(image(), PL011_FR) & PL011_FR_BUSY);
    make_room(FOREVER);
    check_image();
    EXPECT(!(word_at(image(), PL011_FR) & PL011_FR_BUSY));
    lines(PL011_FR_RI);
    check_image();
    EXPECT(word_at(image(), PL011_RIS) & PL011_INT_RI);
    lose_one();
    check_image();
    EXPECT_EQ(word_at(image(), PL011_RSR), PL011_RSR_OE);
}

/* The host's line callback may ask: all is as it will be when it is told. */
static uint32_t mis_when_told;

static void ask(void *ctx, unsigned int line, bool level)
{
    const uint8_t *shows = uart.dev.class->image(&uart.dev);

    (void)ctx;
    (void)line;
    if ( level )
        mis_when_told = shows ? word_at(shows, PL011_MIS) : 0xdead;
}

static bool take(void *ctx, uint8_t byte)
{
    (void)ctx;
    (void)byte;

    return true;
}

static void current_when_the_line_rises(void)
{
    static const struct vsio_pl011_host host = { .common = { .set_irq = ask },
                                                 .tx = take };

    vsio_pl011_init(&uart, &host, NULL);
    vsio_pl011_set_image(&uart, page);
    EXPECT(vsio_write(&uart.dev, PL011_IMSC, 4, PL011_INT_TX | PL011_INT_RT));
    EXPECT_EQ(mis_when_told, PL011_INT_TX);
    EXPECT(vsio_write(&uart.dev, PL011_IMSC, 4, PL011_INT_RT));
    EXPECT_EQ(vsio_pl011_rx(&uart, (const uint8_t *)"x", 1), 1);
    EXPECT_EQ(mis_when_told, 0xdead);
}

static void step(uint32_t *seed)
{
    uint32_t r = random32(seed), reg = r % 0x14 * 4, value = random32(seed);

    switch ( r >> 8 & 15 )
    {
    case 0:
        (void)receive(value % 3);
        break;
    case 1:
        far.feed = value % 4;
        break;
    case 2:
        make_room(value & 1 ? FOREVER : value >> 1 & 3);
        break;
    case 3:
        lines(value & PL011_FR_MODEM);
        break;
    case 4:
        if ( value % 8 == 0 )
            (void)receive_error((uint16_t)(value >> 8));
        break;
    case 5:
        if ( value % 8 == 0 )
            lose_one();
        break;
    case 6:
        if ( value % 32 == 0 )
            vsio_reset(&uart.dev);
        break;
    case 7:
        wr8(&uart.dev, reg + (value & 3), value >> 8 & 0xff);
        break;
    case 8:
    case 9:
        wr32(&uart.dev, reg, value);
        break;
    case 10: /* as a driver leaves it: bytes come and go */
        WR(CR, PL011_CR_RESET | PL011_CR_UARTEN);
        break;
    default:
        (void)RD(DR);
        break;
    }
}

static void walk(uint32_t seed)
{
    uint32_t i;

    start();
    for ( i = 0; i < STEPS; i++ )
    {
        at(seed, i);
        step(&seed);
        check_image();
    }
    same_registers((const uint8_t *)before, PL011_PERIPHID, PL011_WINDOW - 4);
    EXPECT(shown > STEPS / 8);
    EXPECT(hidden > STEPS / 8);
}

static void walks(void)
{
    walk(1);
    walk(0xdecafbad);
}

/* A record in a device that has another life, and another page, behind it. */
static void restored(void)
{
    static uint8_t record[VSIO_RECORD_MAX], scratch[VSIO_RECORD_MAX];
    size_t used = 0, read = 0;

    plug_in_bare();
    give_page();
    WR(IBRD, 0x1234);
    WR(IMSC, PL011_INT_TX);
    EXPECT_EQ(vsio_save(&uart.dev, record, sizeof(record), &used), VSIO_OK);

    plug_in_bare();
    give_page();
    WR(LCR_H, PL011_LCR_H_FEN);
    EXPECT_EQ(receive(1), 1);
    EXPECT(!image());
    EXPECT_EQ(vsio_restore(&uart.dev, record, used, &read, scratch), VSIO_OK);
    check_image();
    EXPECT_EQ(word_at(image(), PL011_IBRD), 0x1234);
    EXPECT_EQ(word_at(image(), PL011_MIS), PL011_INT_TX);
}

static const struct test table[] = {
    { "there is none without memory for it", none_without_memory },
    { "it has every word of the window", the_whole_window },
    { "each register that is written is in it", each_register },
    { "it is gone, and frozen, while a byte waits", gone_while_a_byte_waits },
    { "a byte that loops back hides it", gone_by_a_loop },
    { "it follows the host's calls", follows_the_host },
    { "it is current when the line rises", current_when_the_line_rises },
    { "after each of many random steps it is what reads return", walks },
    { "it follows from a snapshot", restored },
};
TESTS(table);

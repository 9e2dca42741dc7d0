/* SPDX-License-Identifier: MIT */
/* Parallel NOR flash with Intel's commands, in each width and interleave. */

#include "cfi-flash-host.h"
#include "snapshot.h"

/* --- Power-on, geometry --------------------------------------------------- */

static void class_is_right(void)
{
    const struct vsio_class *class = &vsio_cfi_flash_class;

    EXPECT_EQ(class->window, 64U << 20);
    EXPECT_EQ(class->unit, 4);
    EXPECT_EQ(class->lines, 0);
    EXPECT_EQ(class->type, VSIO_TYPE('C', 'F', 'I', '1'));
    EXPECT_EQ(class->version, 1);
    EXPECT(VSIO_RECORD_HEADER + class->record <= VSIO_RECORD_MAX);
    EXPECT(class->name[0] == 'c' && class->name[8] == 'h' && !class->name[9]);
}

static void init_is_quiet(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        at(kind, 0);
        EXPECT_EQ(flash.mode_calls, 0);
        EXPECT_EQ(flash.dirty_calls, 0);
        EXPECT_EQ(seen.events, 0);
        EXPECT(flash_dev->class->image(flash_dev) == flash_array());
        EXPECT_EQ(vsio_cfi_flash_size(&flash.dev), FLASH_SIZE);
        EXPECT_EQ(STATUS(), READY);
        EXPECT_EQ(flash_get_lock(0), 0);
        EXPECT_EQ(flash_get_lock(FLASH_SIZE - FLASH_BLOCK), 0);
        FLASH_CHECK();
    }
}

static bool starts(
    uint32_t size, uint32_t block, uint8_t width, uint8_t chips, uint8_t buffer)
{
    const struct vsio_cfi_flash_geometry geometry = { size, block, width, chips,
                                                      buffer };
    static struct vsio_cfi_flash f;
    const uint8_t *byte = (const uint8_t *)&f;
    uint32_t touched = 0, i;
    bool ok;

    f = (struct vsio_cfi_flash){ .array = NULL };
    ok = vsio_cfi_flash_init(&f, &geometry, flash_array(), &flash_host, &flash);
    for ( i = 0; i < sizeof(f); i++ )
        touched |= byte[i];
    EXPECT_EQ(touched != 0, ok);
    EXPECT(!ok || vsio_cfi_flash_valid(&f));

    return ok;
}

static void geometries(void)
{
    uint32_t i;

    /* What others have: kvmtool, QEMU's virt and its x86 firmware. */
    EXPECT(starts(16U << 20, 64U << 10, 2, 2, 64));
    EXPECT(starts(64U << 20, 256U << 10, 2, 2, 64));
    EXPECT(starts(4U << 20, 4U << 10, 1, 1, 64) == false); /* 1024 blocks */
    EXPECT(starts(2U << 20, 4U << 10, 1, 1, 64));
    /* The smallest and the largest. */
    EXPECT(starts(256, 256, 1, 1, 2));
    EXPECT(starts(512, 512, 2, 2, 4));
    EXPECT(starts(0x4000000, 0x40000, 2, 1, 64));
    EXPECT(starts(0x4000000, 0x20000, 1, 1, 64));
    EXPECT(!starts(0x4000000, 0x40000, 1, 1, 64)); /* two in an access */
    EXPECT(starts(0x4000000, 0x20000, 2, 2, 64));
    EXPECT(!starts(0x4000000, 0x10000, 2, 2, 64));
    EXPECT(!starts(0x8000000, 0x40000, 2, 2, 64));
    EXPECT(!starts(0x4000000, 0x80000, 2, 2, 64));
    EXPECT(!starts(0x80000000, 0x40000, 2, 2, 64));
    EXPECT(!starts(0x80000000, 0x80000000, 2, 2, 64));
    EXPECT(!starts(128, 128, 1, 1, 2));
    EXPECT(!starts(256, 256, 1, 2, 2)); /* 128 bytes of each chip */
    EXPECT(!starts(0x100, 0x200, 1, 1, 2));
    EXPECT(!starts(0, 0x1000, 1, 1, 2));
    EXPECT(!starts(0x1000, 0, 1, 1, 2));
    EXPECT(!starts(0, 0, 1, 1, 2));
    /* No powers of two. */
    EXPECT(!starts(0x3000, 0x1000, 1, 1, 2));
    EXPECT(!starts(0x4000, 0xc00, 1, 1, 2));
    EXPECT(!starts(0xffffffff, 0x1000, 1, 1, 2));
    EXPECT(!starts(0x4000, 0xffffffff, 1, 1, 2));
    for ( i = 0; i < 256; i++ )
    {
        bool power = i && !(i & (i - 1));

        at(i, 0);
        EXPECT_EQ(starts(0x4000, 0x400, (uint8_t)i, 1, 32), i == 1 || i == 2);
        EXPECT_EQ(starts(0x4000, 0x400, 1, (uint8_t)i, 32), i == 1 || i == 2);
        EXPECT_EQ(starts(0x4000, 0x400, 1, 1, (uint8_t)i),
                  power && i >= 2 && i <= 64);
        EXPECT_EQ(starts(0x4000, 0x400, 2, 1, (uint8_t)i),
                  power && i >= 4 && i <= 64);
    }
}

/* --- Reads ---------------------------------------------------------------- */

static void reads_the_array(void)
{
    unsigned int kind;
    uint32_t o;

    EACH_KIND(kind)
    {
        flash_fill();
        for ( o = 0; o < FLASH_SIZE; o++ )
        {
            uint32_t b0 = flash_filled(o), b1 = flash_filled(o + 1);
            uint32_t b2 = flash_filled(o + 2), b3 = flash_filled(o + 3);

            at(kind, o);
            EXPECT_EQ(rd8(flash_dev, o), b0);
            if ( o % 2 == 0 )
                EXPECT_EQ(rd16(flash_dev, o), b0 | b1 << 8);
            if ( o % 4 == 0 )
                EXPECT_EQ(rd32(flash_dev, o),
                          b0 | b1 << 8 | b2 << 16 | b3 << 24);
        }
        EXPECT_EQ(flash_dev->count.unknown, 0);
        FLASH_CHECK();
    }
}

static void read_modes(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        at(kind, 0);
        flash_fill();
        PUT(0x1230, 0x70);
        EXPECT(!flash.mapped && !flash_dev->class->image(flash_dev));
        EXPECT_EQ(GET(0), READY);
        EXPECT_EQ(GET(FLASH_SIZE - 4), READY); /* wherever it is read */
        PUT(0, 0x90);
        EXPECT_EQ(GET(0), 0x89);
        EXPECT_EQ(GET(flash_word(1)), 0x18);
        EXPECT_EQ(GET(flash_word(5)), 0);
        PUT(flash_word(0x55), 0x98);
        EXPECT_EQ(GET(flash_word(0x10)), 'Q');
        PUT(0, 0x50); /* does not change what is read */
        EXPECT_EQ(GET(flash_word(0x11)), 'R');
        PUT(0, 0xff);
        EXPECT(flash.mapped &&
               flash_dev->class->image(flash_dev) == flash_array());
        EXPECT_EQ(GET(8), flash_at(8));
        PUT(0, 0x50);
        EXPECT(flash.mapped);
        PUT(0, 0x98);
        PUT(0, 0xf0);
        EXPECT(flash.mapped);
        EXPECT_EQ(flash.mode_calls, 4); /* on a change only */
        PUT(0, 0xff);
        EXPECT_EQ(flash.mode_calls, 4);
        EXPECT_EQ(flash_dev->count.unknown, 0);
        EXPECT_EQ(flash.dirty_calls, 0);
    }
}

/* Commands are the low byte; a chip of 16 bits does not look at the other. */
static void high_byte_of_a_command(void)
{
    unsigned int kind;

    for ( kind = 2; kind < 4; kind++ )
    {
        flash_start(kind);
        PUT(0, 0xab70);
        EXPECT_EQ(GET(0), READY);
        PUT(0, 0x1290);
        EXPECT_EQ(GET(0), 0x89);
        PUT(0, 0x3320);
        PUT(0, 0x45d0);
        EXPECT_EQ(GET(0), READY);
        flash_fill_buffer(0, 2);
        PUT(0, 0x67d0);
        EXPECT_EQ(GET(0), READY);
        EXPECT(flash_buffer_is_there(0, 2));
        PUT(0, 0xfff);
        EXPECT(flash.mapped);
        EXPECT_EQ(flash_dev->count.unknown, 0);
    }
}

/* Unknown is what one of them does not know. */
static void each_chip_its_command(void)
{
    flash_start(3);
    WR_UNKNOWN(flash_dev, 0, 4, 0x00330070);
    WR_UNKNOWN(flash_dev, 0, 4, 0x00700033);
    wr32(flash_dev, 0, 0x00900070);
    EXPECT_EQ(rd32(flash_dev, 0), 0x00890080);
}

static const uint8_t *query_of(unsigned int kind)
{
    /* As the documentation has it; what a kind has of its own comes below. */
    static uint8_t want[256];
    static const uint8_t common[] = {
        0x51, 0x52, 0x59,          /* 10: QRY */
        0x01, 0x00,                /* 13: Intel's extended command set */
        0x31, 0x00,                /* 15: its table */
        0x00, 0x00, 0x00, 0x00,    /* 17: no other */
        0x27, 0x36, 0x00, 0x00,    /* 1b: VCC and VPP */
        0x07, 0x07, 0x0a, 0x00,    /* 1f: usual times */
        0x04, 0x04, 0x04, 0x00,    /* 23: longest times */
        0x00, 0x00, 0x00,          /* 27: size, interface */
        0x00, 0x00,                /* 2a: buffer */
        0x01, 0x07, 0x00,          /* 2c: one region, of 8 blocks */
        0x00, 0x00,                /* 2f: bytes of a block / 256 */
        0x50, 0x52, 0x49,          /* 31: PRI */
        0x31, 0x31,                /* 34: 1.1 */
        0x26, 0x00, 0x00, 0x00,    /* 36: features */
        0x01,                      /* 3a: while suspended */
        0x03, 0x00,                /* 3b: lock bits */
        0x33, 0x00,                /* 3d: VCC, VPP */
        0x01, 0,    0,    0,    0, /* 3f: protection registers */
        0x00, 0x00,                /* 44: page, burst */
    };
    /* Size, interface, buffer, block. */
    static const uint8_t own[FLASH_KINDS][4] = {
        { 14, 0, 5, 8 }, { 13, 0, 4, 4 }, { 14, 1, 5, 8 }, { 13, 1, 6, 4 }
    };
    unsigned int i;

    for ( i = 0; i < 256; i++ )
        want[i] = i >= 0x10 && i - 0x10 < sizeof(common) ? common[i - 0x10] : 0;
    want[0x00] = 0x89;
    want[0x01] = 0x18;
    want[0x27] = own[kind][0];
    want[0x28] = own[kind][1];
    want[0x2a] = own[kind][2];
    want[0x2f] = own[kind][3];

    return want;
}

static void query_byte_by_byte(void)
{
    unsigned int kind;
    uint32_t addr;

    EACH_KIND(kind)
    {
        const uint8_t *want = query_of(kind);

        PUT(flash_word(0x55), 0x98);
        for ( addr = 0; addr < FLASH_SIZE / flash_bus(); addr++ )
        {
            at(kind, addr);
            EXPECT_EQ(GET(flash_word(addr)), want[addr % 256]);
            EXPECT_EQ(rd8(flash_dev, flash_word(addr)), want[addr % 256]);
        }
    }
}

/* The largest bank: the fields of 16 bits are full. */
static void query_of_a_large_bank(void)
{
    static const struct vsio_cfi_flash_geometry large = { 0x4000000, 0x20000, 2,
                                                          2, 64 };

    /* Its array is not there: only the query is read. */
    flash_start_with(&large, &flash_host);
    wr32(flash_dev, 0x154, 0x00980098);
    EXPECT_EQ(rd32(flash_dev, 4 * 0x27), 0x00190019);
    EXPECT_EQ(rd32(flash_dev, 4 * 0x2d), 0x00ff00ff);
    EXPECT_EQ(rd32(flash_dev, 4 * 0x2e), 0x00010001);
    EXPECT_EQ(rd32(flash_dev, 4 * 0x2f), 0x00000000);
    EXPECT_EQ(rd32(flash_dev, 4 * 0x30), 0x00010001);
    /* The last block's lock. */
    wr32(flash_dev, 0x3ffffe0, 0x00600060);
    wr32(flash_dev, 0x3ffffe0, 0x00010001);
    wr32(flash_dev, 0, 0x00900090);
    EXPECT_EQ(rd32(flash_dev, 0x3fe0008), 0x00010001);
    EXPECT_EQ(rd32(flash_dev, 0x3fc0008), 0);
    EXPECT_EQ(rd32(flash_dev, 8), 0);
    EXPECT_EQ(flash.dev.chip[1].locked[511 / 8], 0x80);
}

/* --- Word program --------------------------------------------------------- */

static void program_words(void)
{
    unsigned int kind, i;

    EACH_KIND(kind)
    {
        static const uint32_t setup[] = { 0x40, 0x10 };
        uint32_t o = 0x1238;

        for ( i = 0; i < 2; i++, o += flash_bus() )
        {
            at(kind, i);
            PUT(0, setup[i]); /* U-Boot: the setup goes anywhere */
            EXPECT(!flash.mapped);
            EXPECT_EQ(GET(o), READY);
            EXPECT_EQ(flash.dirty_calls, i * flash.dev.geometry.chips);
            PUT(o, 0x5ac3);
            EXPECT_EQ(flash_at(o), flash_on_bus(0x5ac3));
            EXPECT_EQ(GET(o), READY); /* the status until told otherwise */
            EXPECT_EQ(flash.dirty_calls, (i + 1) * flash.dev.geometry.chips);
            EXPECT_EQ(flash.dirty_offset + flash.dirty_length, o + flash_bus());
            EXPECT_EQ(flash.dirty_length, flash.dev.geometry.width);
        }
        EXPECT_EQ(flash_at(0x1238 - flash_bus()), flash_on_bus(0xffff));
        EXPECT_EQ(flash_at(o), flash_on_bus(0xffff));
        EXPECT_EQ(flash_dev->count.unknown, 0);
        FLASH_CHECK();
    }
}

static void program_is_and(void)
{
    unsigned int kind;
    uint32_t a, b;

    EACH_KIND(kind)
    for ( a = 0; a < 256; a += 5 )
        for ( b = 0; b < 256; b += 7 )
        {
            uint32_t o = flash_word(a * 8 + b % 8);
            uint32_t was = flash_at(o);

            at(kind, a << 8 | b);
            flash_program(o, a | b << 8);
            EXPECT_EQ(flash_at(o), flash_on_bus(a | b << 8) & was);
            flash_program(o, b | a << 8);
            EXPECT_EQ(flash_at(o), flash_on_bus((a & b) | (a & b) << 8) & was &
                                       flash_on_bus(a | b << 8) &
                                       flash_on_bus(b | a << 8));
            EXPECT_EQ(STATUS(), READY); /* which is no error (11.1) */
        }
    FLASH_CHECK();
}

static void program_any_value(void)
{
    static const uint32_t words[] = { 0xffff, 0xd0d0, 0x2020, 0x5050, 0x7070,
                                      0x4040, 0xe8e8, 0,      0x6060 };
    unsigned int kind, i;

    EACH_KIND(kind)
    for ( i = 0; i < ARRAY_SIZE(words); i++ )
    {
        at(kind, i);
        flash_program(flash_word(i), words[i]);
        EXPECT_EQ(GET(0), READY);
        EXPECT_EQ(flash_at(flash_word(i)), flash_on_bus(words[i]));
        PUT(0, 0xff);
        EXPECT(flash.mapped);
    }
}

static void program_a_byte_of_a_word(void)
{
    flash_start(2);
    wr16(flash_dev, 0x100, 0x40);
    wr8(flash_dev, 0x100, 0x12);
    EXPECT_EQ(flash_at(0x100), 0xff12);
    wr8(flash_dev, 0x100, 0x40);
    wr8(flash_dev, 0x101, 0x34);
    EXPECT_EQ(flash_at(0x100), 0x3412);
    FLASH_CHECK();

    flash_start(3);
    wr32(flash_dev, 0x100, 0x00400040);
    wr8(flash_dev, 0x103, 0x34);
    EXPECT_EQ(flash_at(0x100), 0x34ffffff);
    wr8(flash_dev, 0x100, 0x12); /* the other chip waits still */
    EXPECT_EQ(flash_at(0x100), 0x34ffff12);
    EXPECT_EQ(STATUS(), READY);
    FLASH_CHECK();
}

/* A lane that nobody drives is high: the command is 0xff. */
static void command_beside_the_low_byte(void)
{
    flash_start(2);
    PUT(0, 0x70);
    wr8(flash_dev, 1, 0x98);
    EXPECT(flash.mapped);
    PUT(0, 0x20);
    wr8(flash_dev, 1, 0xd0);
    EXPECT_EQ(STATUS(), READY | SEQUENCE);
    EXPECT_EQ(flash.dirty_calls, 0);
    EXPECT_EQ(flash_dev->count.unknown, 0);
}

/* --- Erase ---------------------------------------------------------------- */

static void erase_blocks(void)
{
    static const uint32_t where[] = { 0, FLASH_BLOCK - 4, FLASH_BLOCK,
                                      FLASH_BLOCK + 0x124, FLASH_SIZE - 4 };
    unsigned int kind, i;
    uint32_t o;

    for ( kind = 0; kind < FLASH_KINDS; kind++ )
        for ( i = 0; i < ARRAY_SIZE(where); i++ )
        {
            uint32_t first = where[i] / FLASH_BLOCK * FLASH_BLOCK, wrong = 0;

            at(kind, i);
            flash_start(kind);
            flash_fill();
            PUT(where[i], 0x20);
            FLASH_CHECK();
            EXPECT_EQ(flash.dirty_calls, 0);
            EXPECT_EQ(GET(0), READY);
            PUT(where[i], 0xd0);
            EXPECT_EQ(GET(0), READY);
            EXPECT_EQ(flash.dirty_calls, flash.dev.geometry.chips);
            EXPECT_EQ(flash.dirty_offset, first);
            EXPECT_EQ(flash.dirty_length, FLASH_BLOCK);
            for ( o = 0; o < FLASH_SIZE; o++ )
                wrong +=
                    flash_array()[o] != (o / FLASH_BLOCK * FLASH_BLOCK == first
                                             ? 0xff
                                             : flash_filled(o));
            EXPECT_EQ(wrong, 0);
            FLASH_CHECK();
            flash_program(where[i], 0x1234);
            EXPECT_EQ(flash_at(where[i]), flash_on_bus(0x1234));
        }
}

/* The block is that of the confirmation. */
static void erase_where_it_is_confirmed(void)
{
    flash_start(3);
    flash_fill();
    PUT(0, 0x20);
    PUT(FLASH_BLOCK, 0xd0);
    EXPECT_EQ(flash_at(0) & 0xff, flash_filled(0));
    EXPECT_EQ(flash_at(FLASH_BLOCK), 0xffffffff);
    FLASH_CHECK();
}

static void erase_needs_its_confirmation(void)
{
    unsigned int kind;
    uint32_t cmd;

    EACH_KIND(kind)
    {
        flash_fill();
        for ( cmd = 0; cmd < 256; cmd++ )
        {
            if ( cmd == 0xd0 )
                continue;
            at(kind, cmd);
            PUT(0x800, 0x20);
            PUT(0x800, cmd);
            EXPECT_EQ(GET(0), READY | SEQUENCE);
            PUT(0, 0x50);
            EXPECT_EQ(GET(0), READY);
        }
        EXPECT_EQ(flash.dirty_calls, 0);
        EXPECT_EQ(flash_dev->count.unknown, 0);
        FLASH_CHECK();
    }
}

/* --- Buffered program ----------------------------------------------------- */

static void buffers(void)
{
    unsigned int kind;
    uint32_t n;

    for ( kind = 0; kind < FLASH_KINDS; kind++ )
    {
        flash_start(kind);
        for ( n = 1; n <= flash_buffer_words(); n++ )
        {
            uint32_t chips = flash.dev.geometry.chips;
            uint32_t o = FLASH_BLOCK + flash_word(3);

            at(kind, n);
            flash_start(kind);
            flash_fill_buffer(o, n);
            EXPECT_EQ(flash.dirty_calls, 0);
            EXPECT_EQ(GET(0), READY);
            PUT(o, 0xd0);
            EXPECT_EQ(GET(0), READY);
            EXPECT_EQ(flash.dirty_calls, chips);
            EXPECT_EQ(flash.dirty_length,
                      flash_word(n - 1) + flash.dev.geometry.width);
            EXPECT_EQ(flash.dirty_offset + flash.dirty_length,
                      o + flash_word(n));
            EXPECT(flash_buffer_is_there(o, n));
            EXPECT_EQ(flash_at(o - flash_bus()), flash_on_bus(0xffff));
            EXPECT_EQ(flash_at(o + flash_word(n)), flash_on_bus(0xffff));
            FLASH_CHECK();
        }
    }
}

static void buffer_is_and(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        uint32_t want;

        at(kind, 0);
        flash_fill();
        want = flash_at(flash_word(1)) & flash_on_bus(0x2244);
        flash_fill_buffer(0, 4);
        PUT(0, 0xd0);
        EXPECT_EQ(flash_at(flash_word(1)), want);
        EXPECT_EQ(STATUS(), READY);
        FLASH_CHECK();
    }
}

static void buffer_too_long(void)
{
    unsigned int kind;
    uint32_t n;

    EACH_KIND(kind)
    for ( n = flash_buffer_words(); n <= flash_word_ones(); n += n / 3 + 1 )
    {
        at(kind, n);
        PUT(0, 0xe8);
        PUT(0, n); /* n + 1 words */
        EXPECT_EQ(GET(0), READY | SEQUENCE);
        PUT(0, 0x50);
        PUT(0, 0xff);
        EXPECT(flash.mapped); /* it waits for a command */
    }
    EXPECT_EQ(flash.dirty_calls, 0);
}

/* Inside of start and count, words come in any order, the last one holds. */
static void buffer_in_any_order(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        at(kind, 0);
        PUT(0, 0xe8);
        PUT(0, 4);
        PUT(flash_word(8), 0x1111);
        PUT(flash_word(12), 0x5555);
        PUT(flash_word(10), 0x3333);
        PUT(flash_word(10), 0x7777);
        PUT(flash_word(9), 0x2222);
        PUT(flash_word(40), 0xd0);
        EXPECT_EQ(GET(0), READY);
        EXPECT_EQ(flash_at(flash_word(8)), flash_on_bus(0x1111));
        EXPECT_EQ(flash_at(flash_word(9)), flash_on_bus(0x2222));
        EXPECT_EQ(flash_at(flash_word(10)), flash_on_bus(0x7777));
        EXPECT_EQ(flash_at(flash_word(11)),
                  flash_on_bus(0xffff)); /* never written */
        EXPECT_EQ(flash_at(flash_word(12)), flash_on_bus(0x5555));
        FLASH_CHECK();
    }
}

static void buffer_data_outside(void)
{
    static const int32_t beside[] = { -1, 4, 5, 0x100, -0x100 };
    unsigned int kind, i;

    EACH_KIND(kind)
    for ( i = 0; i < ARRAY_SIZE(beside); i++ )
    {
        at(kind, i);
        PUT(0, 0xe8);
        PUT(0, 3);
        PUT(flash_word(0x180), 0x1111);
        PUT(flash_word((uint32_t)(0x180 + beside[i])), 0x2222);
        EXPECT_EQ(GET(0), READY | SEQUENCE);
        PUT(0, 0xd0); /* no confirmation any more */
        EXPECT_EQ(GET(0), READY | SEQUENCE);
        PUT(0, 0x50);
        PUT(0, 0xff);
        EXPECT(flash.mapped);
    }
    EXPECT_EQ(flash.dirty_calls, 0);
    FLASH_CHECK();
}

static void buffer_across_blocks(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        uint32_t end = FLASH_BLOCK - flash_word(2);

        at(kind, 0);
        PUT(end, 0xe8);
        PUT(end, 2);
        PUT(end, 0x1111);
        EXPECT_EQ(GET(0), READY | SEQUENCE);
        PUT(0, 0x50);
        EXPECT_EQ(flash.dirty_calls, 0);

        flash_fill_buffer(end, 2); /* up to the end */
        PUT(end, 0xd0);
        EXPECT(flash_buffer_is_there(end, 2));
        EXPECT_EQ(STATUS(), READY);
        flash_fill_buffer(FLASH_SIZE - flash_word(2), 2);
        PUT(end, 0xd0);
        EXPECT(flash_buffer_is_there(FLASH_SIZE - flash_word(2), 2));
        FLASH_CHECK();
    }
}

static void buffer_needs_its_confirmation(void)
{
    unsigned int kind;
    uint32_t cmd;

    EACH_KIND(kind)
    {
        for ( cmd = 0; cmd < 256; cmd++ )
        {
            if ( cmd == 0xd0 )
                continue;
            at(kind, cmd);
            flash_fill_buffer(0, 2);
            PUT(0, cmd);
            EXPECT_EQ(GET(0), READY | SEQUENCE);
            PUT(0, 0x50);
        }
        EXPECT_EQ(flash.dirty_calls, 0);
        FLASH_CHECK();
    }
}

/* --- Locks ---------------------------------------------------------------- */

static void locks(void)
{
    unsigned int kind;
    uint32_t o, k;

    EACH_KIND(kind)
    for ( o = 0; o < FLASH_SIZE; o += FLASH_BLOCK )
    {
        at(kind, o);
        flash_set_lock(o + 0x40, 0x01);
        EXPECT_EQ(GET(0), READY);
        for ( k = 0; k < FLASH_SIZE; k += FLASH_BLOCK )
            EXPECT_EQ(flash_get_lock(k), k == o);

        flash_program(o + 4, 0);
        EXPECT_EQ(GET(0), READY | PROTECT | FAILED_P);
        PUT(0, 0x50);
        flash_erase(o);
        EXPECT_EQ(GET(0), READY | PROTECT | FAILED_E);
        PUT(0, 0x50);
        flash_fill_buffer(o, 2);
        PUT(0, 0xd0); /* not where the buffer is, but it counts */
        EXPECT_EQ(GET(0), READY | PROTECT | FAILED_P);
        PUT(0, 0x50);
        EXPECT_EQ(flash.dirty_calls, 0);
        FLASH_CHECK();

        flash_set_lock(o, 0xd0);
        EXPECT_EQ(GET(0), READY);
        EXPECT_EQ(flash_get_lock(o), 0);
        flash_program(o + 4, 0x1234);
        EXPECT_EQ(flash_at(o + 4), flash_on_bus(0x1234));
        flash_erase(o);
        EXPECT_EQ(flash_at(o + 4), flash_on_bus(0xffff));
        EXPECT_EQ(GET(0), READY);
        flash.dirty_calls = 0;
    }
}

static void many_locks(void)
{
    /* Of 32 blocks. */
    static const struct vsio_cfi_flash_geometry many = { FLASH_SIZE,
                                                         FLASH_SIZE / 32, 2, 1,
                                                         64 };
    uint32_t n, k;

    flash_start_with(&many, &flash_host);
    for ( n = 0; n < 32; n++ )
    {
        flash_set_lock(n * many.block, 0x01);
        for ( k = 0; k < 32; k++ )
        {
            at(n, k);
            EXPECT_EQ(flash_get_lock(k * many.block), k <= n);
        }
    }
    for ( n = 0; n < 32; n++ )
    {
        flash_set_lock(n * many.block, 0xd0);
        for ( k = 0; k < 32; k++ )
        {
            at(n, k);
            EXPECT_EQ(flash_get_lock(k * many.block), k > n);
        }
    }
    EXPECT_EQ(flash_dev->count.unknown, 0);
}

static void lock_down(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        at(kind, 0);
        flash_set_lock(FLASH_BLOCK, 0x2f);
        EXPECT_EQ(flash_get_lock(FLASH_BLOCK), 3);
        flash_set_lock(FLASH_BLOCK, 0xd0);
        EXPECT_EQ(GET(0), READY); /* without effect, and without error */
        EXPECT_EQ(flash_get_lock(FLASH_BLOCK), 3);
        flash_set_lock(FLASH_BLOCK, 0x01);
        EXPECT_EQ(flash_get_lock(FLASH_BLOCK), 3);
        flash_program(FLASH_BLOCK, 0);
        EXPECT_EQ(STATUS(), READY | PROTECT | FAILED_P);
        EXPECT_EQ(flash_get_lock(0), 0);
        EXPECT_EQ(flash_get_lock(2 * FLASH_BLOCK), 0);
        EXPECT_EQ(flash.dirty_calls, 0);
        vsio_reset(flash_dev);
        CHECK_VALID();
        EXPECT_EQ(flash_get_lock(FLASH_BLOCK), 0);
        EXPECT_EQ(STATUS(), READY);
    }
}

static void lock_wrongly(void)
{
    unsigned int kind;
    uint32_t cmd;

    EACH_KIND(kind)
    for ( cmd = 0; cmd < 256; cmd++ )
    {
        bool right = cmd == 0x01 || cmd == 0x2f || cmd == 0xd0;

        at(kind, cmd);
        vsio_reset(flash_dev);
        flash_set_lock(0, cmd);
        EXPECT_EQ(GET(0), right ? READY : READY | SEQUENCE);
        EXPECT_EQ(flash_get_lock(0), cmd == 0x01 ? 1 : cmd == 0x2f ? 3 : 0);
    }
}

/* --- Status, and what is no command --------------------------------------- */

static void errors_stay(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        at(kind, 0);
        flash_set_lock(0, 0x01);
        flash_program(0, 0);
        EXPECT_EQ(STATUS(), READY | PROTECT | FAILED_P);
        flash_program(FLASH_BLOCK, 0x12); /* goes on nevertheless */
        EXPECT_EQ(flash_at(FLASH_BLOCK), flash_on_bus(0x12));
        EXPECT_EQ(STATUS(), READY | PROTECT | FAILED_P);
        flash_erase(0);
        EXPECT_EQ(STATUS(), READY | PROTECT | SEQUENCE); /* all of them */
        flash_erase(FLASH_BLOCK);
        EXPECT_EQ(flash_at(FLASH_BLOCK), flash_on_bus(0xffff));
        PUT(0, 0xe8);
        EXPECT_EQ(GET(0), READY | PROTECT | SEQUENCE);
        PUT(0, 0);
        PUT(FLASH_BLOCK, 0x34);
        PUT(0, 0xd0);
        EXPECT_EQ(flash_at(FLASH_BLOCK), flash_on_bus(0x34));
        EXPECT_EQ(GET(0), READY | PROTECT | SEQUENCE);
        PUT(0, 0x50);
        EXPECT_EQ(GET(0), READY);
    }
}

static void suspend_and_resume(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        at(kind, 0);
        PUT(0, 0xb0);
        EXPECT_EQ(GET(0), READY); /* done, not suspended: bits 6 and 2 */
        PUT(0, 0xff);
        PUT(0, 0xd0);
        EXPECT(flash.mapped); /* a resume changes nothing */
        PUT(0, 0x98);
        PUT(0, 0xd0);
        EXPECT_EQ(GET(flash_word(0x10)), 'Q');
        EXPECT_EQ(flash.dirty_calls, 0);
        EXPECT_EQ(flash_dev->count.unknown, 0);
    }
}

static bool is_command(uint32_t cmd)
{
    static const uint8_t known[] = { 0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x90,
                                     0x98, 0xb0, 0xd0, 0xe8, 0xf0, 0xff };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(known); i++ )
        if ( known[i] == cmd )
            return true;

    return false;
}

static void no_commands(void)
{
    unsigned int kind;
    uint32_t cmd;

    EACH_KIND(kind)
    {
        PUT(0, 0x98);
        for ( cmd = 0; cmd < 256; cmd++ )
        {
            at(kind, cmd);
            if ( is_command(cmd) )
                continue;
            /* Once for an access, whatever the number of chips. */
            WR_UNKNOWN(flash_dev, 0x20, flash_bus(), flash_on_bus(cmd));
            EXPECT_EQ(GET(flash_word(0x10)), 'Q');
        }
        EXPECT_EQ(seen.unknown, 256 - 13);
        EXPECT_EQ(flash.mode_calls, 1);
        for ( cmd = 0; cmd < 256; cmd++ )
            if ( is_command(cmd) )
            {
                at(kind, cmd);
                vsio_reset(flash_dev);
                PUT(0, cmd);
            }
        EXPECT_EQ(seen.unknown, 256 - 13);
        FLASH_CHECK();
    }
}

/* --- Several chips, several writes ---------------------------------------- */

static void chips_are_apart(void)
{
    flash_start(3);
    flash_fill();
    wr16(flash_dev, 0x100, 0x70);
    EXPECT_EQ(rd32(flash_dev, 0), READY | (uint32_t)flash_filled(2) << 16 |
                                      (uint32_t)flash_filled(3) << 24);
    EXPECT(!flash.mapped);
    wr16(flash_dev, 0x102, 0x90);
    EXPECT_EQ(rd32(flash_dev, 4), 0x00180000 | READY);
    wr16(flash_dev, 0x100, 0xff);
    EXPECT(!flash.mapped); /* not all of them */
    wr16(flash_dev, 0x102, 0xff);
    EXPECT(flash.mapped);
    EXPECT_EQ(flash.mode_calls, 2);

    /* A lock and an erase of one. */
    wr16(flash_dev, 2, 0x60);
    wr16(flash_dev, 2, 0x01);
    wr32(flash_dev, 0, 0x00900090);
    EXPECT_EQ(rd32(flash_dev, 8), 0x00010000);
    wr32(flash_dev, 0, 0x00200020);
    wr32(flash_dev, 0, 0x00d000d0);
    EXPECT_EQ(rd32(flash_dev, 0), 0x00a20080);
    EXPECT_EQ(flash.dirty_calls, 1);
    wr32(flash_dev, 0, 0x00ff00ff);
    EXPECT_EQ(rd16(flash_dev, FLASH_BLOCK - 4), 0xffff);
    EXPECT_EQ(rd8(flash_dev, FLASH_BLOCK - 2), flash_filled(FLASH_BLOCK - 2));
    FLASH_CHECK();

    /* A word program and a command at once. */
    wr16(flash_dev, 0, 0x40);
    wr32(flash_dev, 0, 0x00980040);
    EXPECT_EQ(flash_at(0) & 0xffff, 0x0040);
    EXPECT_EQ(rd32(flash_dev, 0x40), 0x00510080);
    FLASH_CHECK();
}

static void bytes_are_apart(void)
{
    flash_start(1);
    wr8(flash_dev, 1, 0x40);
    wr8(flash_dev, 0, 0x20);
    wr8(flash_dev, 0x21, 0x12);
    EXPECT_EQ(flash_at(0x20), 0x12ff);
    wr8(flash_dev, 0x20, 0xd0);
    EXPECT_EQ(flash_at(0x20), 0x12ff); /* the other chip's */
    EXPECT_EQ(rd16(flash_dev, 0), 0x8080);
    EXPECT_EQ(rd32(flash_dev, 0), 0x80808080);
    FLASH_CHECK();
}

static void wide_accesses(void)
{
    /* Four writes of a chip of 8 bits: two programs. */
    flash_start(0);
    wr32(flash_dev, 0x40, 0x34401240);
    EXPECT_EQ(flash_at(0x40) | flash_at(0x41) << 8, 0x12ff);
    EXPECT_EQ(flash_at(0x42) | flash_at(0x43) << 8, 0x34ff);
    EXPECT_EQ(flash.dirty_calls, 2);
    wr32(flash_dev, 0x40, 0xff98ffff);
    EXPECT(flash.mapped); /* 98 and ff: the host has heard of neither */
    EXPECT_EQ(flash.mode_calls, 2);
    wr32(flash_dev, 0, 0x98989898);
    EXPECT_EQ(rd32(flash_dev, 0x10), 0x01595251);
    EXPECT_EQ(rd16(flash_dev, 0x10), 0x5251);
    FLASH_CHECK();

    /* Two of a chip of 16, or of two chips of 8. */
    flash_start(2);
    wr32(flash_dev, 0x40, 0x12340040);
    EXPECT_EQ(flash_at(0x40), 0xffff);
    EXPECT_EQ(flash_at(0x42), 0x1234);
    wr32(flash_dev, 0, 0x00980098);
    EXPECT_EQ(rd32(flash_dev, 0x20), 0x00520051);
    FLASH_CHECK();

    flash_start(1);
    wr32(flash_dev, 0x40, 0x12344040);
    EXPECT_EQ(flash_at(0x40), 0xffff);
    EXPECT_EQ(flash_at(0x42), 0x1234);
    wr32(flash_dev, 0, 0x98989898);
    EXPECT_EQ(rd32(flash_dev, 0x20), 0x52525151);
    FLASH_CHECK();
}

/* --- Bounds --------------------------------------------------------------- */

static void last_word(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        uint32_t last = FLASH_SIZE - flash_bus();

        at(kind, 0);
        flash_program(last, 0x1234);
        EXPECT_EQ(flash_at(last), flash_on_bus(0x1234));
        flash_fill_buffer(last, 1);
        PUT(last, 0xd0);
        EXPECT_EQ(flash_at(last), flash_on_bus(0x1234 & 0x1122));
        flash_erase(last);
        EXPECT_EQ(flash_at(last), flash_on_bus(0xffff));
        EXPECT_EQ(STATUS(), READY);
        FLASH_CHECK();

        RD_UNKNOWN(flash_dev, FLASH_SIZE, 4);
        RD_UNKNOWN(flash_dev, FLASH_SIZE + 3, 1);
        RD_UNKNOWN(flash_dev, CFI_WINDOW - 2, 2);
        WR_UNKNOWN(flash_dev, FLASH_SIZE, 4, 0x00700070);
        WR_UNKNOWN(flash_dev, CFI_WINDOW - 1, 1, 0x70);
        EXPECT(flash.mapped);
        PUT(0, 0x40); /* its word does not come from there */
        WR_UNKNOWN(flash_dev, FLASH_SIZE, 4, 0);
        PUT(0, 0x55aa);
        EXPECT_EQ(flash_at(0), flash_on_bus(0x55aa));
        FLASH_CHECK();
    }
}

/* The window is too large for every offset: its corners. */
static void sizes_and_places(void)
{
    static const uint32_t corners[] = { 0, FLASH_BLOCK, FLASH_SIZE, CFI_WINDOW,
                                        0x80000000 };
    static const uint8_t sizes[] = { 0, 1, 2, 3, 4, 5, 6, 8, 16, 64, 255 };
    unsigned int kind, c, i;
    uint32_t o;

    EACH_KIND(kind)
    for ( c = 0; c < ARRAY_SIZE(corners); c++ )
        for ( o = corners[c] - 9; o != corners[c] + 9; o++ )
            for ( i = 0; i < ARRAY_SIZE(sizes); i++ )
            {
                uint32_t size = sizes[i];
                bool ok = (size == 1 || size == 2 || size == 4) &&
                          o < CFI_WINDOW && o % 4 + size <= 4;

                at(o, size);
                if ( ok )
                {
                    rd(flash_dev, o, size, HERE);
                    wr(flash_dev, o, size, 0x5a3ca5c3, HERE);
                    wr(flash_dev, o, size, 0xffffffff, HERE);
                }
                else
                {
                    RD_REFUSED(flash_dev, o, size);
                    WR_REFUSED(flash_dev, o, size, 0x40404040);
                }
            }
    FLASH_CHECK();
}

static const struct test table[] = {
    { "the class tells window, unit and record", class_is_right },
    { "init calls nothing; the array is there, nothing is locked",
      init_is_quiet },
    { "possible geometries start, others are refused", geometries },
    { "the array is read by 8, 16 and 32 bits, up to its end",
      reads_the_array },
    { "status, ID and query; the host hears of the array", read_modes },
    { "a command is a low byte", high_byte_of_a_command },
    { "each chip has a command of its own", each_chip_its_command },
    { "the query table, byte by byte", query_byte_by_byte },
    { "the query table of the largest bank", query_of_a_large_bank },
    { "a word is programmed by 40 and by 10", program_words },
    { "a program only clears bits", program_is_and },
    { "any word can be programmed, commands too", program_any_value },
    { "a part of a word is programmed, the rest of it stays",
      program_a_byte_of_a_word },
    { "a command beside its low byte is ff", command_beside_the_low_byte },
    { "an erase takes its block on the confirmation", erase_blocks },
    { "the block erased is that of the confirmation",
      erase_where_it_is_confirmed },
    { "an erase that is not confirmed is a sequence error",
      erase_needs_its_confirmation },
    { "a buffer of each length is programmed", buffers },
    { "a buffered program only clears bits", buffer_is_and },
    { "a count beyond the buffer is a sequence error", buffer_too_long },
    { "a buffer takes its words in any order", buffer_in_any_order },
    { "a word outside of start and count is a sequence error",
      buffer_data_outside },
    { "a buffer ends in the block it starts in", buffer_across_blocks },
    { "a buffer that is not confirmed is a sequence error",
      buffer_needs_its_confirmation },
    { "a locked block does not change, and the status says so", locks },
    { "each of many blocks has its own lock", many_locks },
    { "a block that is locked down stays so until reset", lock_down },
    { "a lock without a right code is a sequence error", lock_wrongly },
    { "errors stay until they are cleared", errors_stay },
    { "suspend shows the status, resume does nothing", suspend_and_resume },
    { "what is no command changes nothing, and is counted once", no_commands },
    { "two chips of 16 bits are two", chips_are_apart },
    { "two chips of 8 bits are two", bytes_are_apart },
    { "an access wider than the bus is several, in order", wide_accesses },
    { "the last word, and what is behind it", last_word },
    { "offsets and sizes at all corners", sizes_and_places },
};
TESTS(table);

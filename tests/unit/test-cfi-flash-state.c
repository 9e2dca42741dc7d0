/* SPDX-License-Identifier: MIT */
/* The state of a bank as a whole: hosts, resets, valid(), snapshots. */

#include "cfi-flash-host.h"
#include "snapshot.h"

static struct {
    uint8_t bytes[VSIO_RECORD_MAX], again[VSIO_RECORD_MAX];
    uint8_t scratch[VSIO_RECORD_MAX];
    size_t used;
} record;
#define BEHIND_COUNTERS (VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS)

static void save(void)
{
    EXPECT_EQ(
        vsio_save(flash_dev, record.bytes, sizeof(record.bytes), &record.used),
        VSIO_OK);
    EXPECT_EQ(record.used, VSIO_RECORD_HEADER + flash_dev->class->record);
    EXPECT(record.used <= VSIO_RECORD_MAX);
}

/* --- The host ------------------------------------------------------------- */

static void no_callback_at_all(void)
{
    unsigned int kind;

    for ( kind = 0; kind < FLASH_KINDS; kind++ )
    {
        at(kind, 0);
        flash_start_with(&flash_kinds[kind], &flash_host_without);
        flash.mapped = false; /* it does not know */
        flash_program(0, 0x1234);
        EXPECT_EQ(flash_at(0), flash_on_bus(0x1234));
        EXPECT_EQ(GET(0), READY);
        flash_erase(0);
        flash_fill_buffer(0, 2);
        PUT(0, 0xd0);
        EXPECT(flash_buffer_is_there(0, 2));
        PUT(0, 0x00);
        RD_UNKNOWN(flash_dev, FLASH_SIZE, 4);
        RD_REFUSED(flash_dev, 1, 4);
        vsio_reset(flash_dev);
        CHECK_VALID();
        EXPECT(flash_dev->class->image(flash_dev) == flash_array());
        EXPECT_EQ(rd(flash_dev, 0, flash_bus(), HERE), flash_on_bus(0x1122));
    }
}

static void reset_anywhere(void)
{
    static const uint8_t begun[][3] = { { 0x40, 0, 0 },    { 0x20, 0, 0 },
                                        { 0x60, 0, 0 },    { 0xe8, 0, 0 },
                                        { 0xe8, 3, 0 },    { 0xe8, 3, 0x12 },
                                        { 0x98, 0x98, 0 }, { 0x20, 0x20, 0 } };
    unsigned int kind, i, k;

    EACH_KIND(kind)
    for ( i = 0; i < ARRAY_SIZE(begun); i++ )
    {
        uint64_t writes;

        at(kind, i);
        for ( k = 0; k < 3 && (!k || begun[i][k]); k++ )
            PUT(0, begun[i][k]);
        writes = flash_dev->count.writes;
        EXPECT(!flash.mapped);
        vsio_reset(flash_dev);
        CHECK_VALID();
        EXPECT(flash.mapped);
        EXPECT_EQ(flash_dev->count.writes, writes);
        EXPECT(flash_dev->host == &flash_host.common);
        EXPECT_EQ(GET(0), flash_on_bus(0xffff));
        EXPECT_EQ(STATUS(), READY);
        k = flash.mode_calls;
        vsio_reset(flash_dev);
        EXPECT_EQ(flash.mode_calls, k);
    }
    EXPECT_EQ(flash.dirty_calls, 0);
    FLASH_CHECK();
}

/* What is saved of a bank, behind the counters. */
static void reset_forgets_all(void)
{
    unsigned int kind;
    uint32_t i, differs = 0;

    EACH_KIND(kind)
    {
        at(kind, 0);
        save();
        for ( i = 0; i < record.used; i++ )
            record.again[i] = record.bytes[i];
        flash_set_lock(0, 0x2f);
        flash_fill_buffer(FLASH_BLOCK, 2);
        vsio_reset(flash_dev);
        save();
        for ( i = BEHIND_COUNTERS; i < record.used; i++ )
            differs += record.bytes[i] != record.again[i];
    }
    EXPECT_EQ(differs, 0);
}

static void valid_rejects(void)
{
    /* Of four blocks. */
    static const struct vsio_cfi_flash_geometry few = { FLASH_SIZE,
                                                        FLASH_SIZE / 4, 2, 2,
                                                        64 };
    struct vsio_cfi_flash good;
    struct vsio_cfi_flash *f = &flash.dev;

#define REJECTS(change)                                                        \
    do                                                                         \
    {                                                                          \
        change;                                                                \
        EXPECT(!vsio_cfi_flash_valid(f));                                      \
        *f = good;                                                             \
        EXPECT(vsio_cfi_flash_valid(f));                                       \
    } while ( 0 )

    flash_start(3);
    good = *f;
    REJECTS(f->geometry.width = 3);
    REJECTS(f->geometry.size = FLASH_SIZE - 1);
    REJECTS(f->geometry.chips = 1);
    REJECTS(f->bus_shift++);
    REJECTS(f->block_shift--);
    REJECTS(f->array_mode = false);
    REJECTS(f->dev.lines = 1);
    REJECTS(f->chip[0].state = 7);
    REJECTS(f->chip[0].mode = 3);
    REJECTS(f->chip[0].state = VSIO_CFI_FLASH_ERASE); /* shows its status */
    REJECTS(f->chip[1].status = 0);
    REJECTS(f->chip[1].status = 0x20);
    REJECTS(f->chip[1].status = 0xc0);
    REJECTS(f->chip[1].status = 0x81);
    REJECTS(f->chip[1].locked[1] = 1); /* the ninth block of eight */
    REJECTS(f->chip[0].down[0] = 1);   /* and not locked */
    REJECTS(f->chip[0].locked[63] = 0x80);

    flash_fill_buffer(FLASH_BLOCK - 32, 8);
    good = *f;
    REJECTS(f->chip[0].left = 1);
    REJECTS(f->chip[0].state = VSIO_CFI_FLASH_DATA);
    REJECTS(f->chip[0].count = 0);
    REJECTS(f->chip[0].count = 9);
    REJECTS(f->chip[0].count = 33);
    REJECTS(f->chip[0].start += 2);
    REJECTS(f->chip[0].start += 4);
    REJECTS(f->chip[0].start += FLASH_SIZE);
    REJECTS(f->chip[1].start -= 2);
    REJECTS(f->chip[1].start++);
    PUT(0, 0xff);

    PUT(0, 0xe8);
    PUT(0, 3);
    good = *f;
    REJECTS(f->chip[0].left = 5);
    REJECTS(f->chip[0].state = VSIO_CFI_FLASH_CONFIRM);
    REJECTS(f->chip[0].count = f->chip[0].left = 33);
    vsio_reset(flash_dev);

    flash_fill_buffer(0, 2);
    good = *f;
    REJECTS(f->chip[0].start = FLASH_SIZE);

    flash_start_with(&few, &flash_host);
    good = *f;
    REJECTS(f->chip[0].locked[0] = 0x10);
    REJECTS(f->chip[1].locked[0] = 0x80);

    flash_start(0);
    good = *f;
    REJECTS(f->chip[1].state = VSIO_CFI_FLASH_ERASE);
    REJECTS((f->chip[1].mode = VSIO_CFI_FLASH_STATUS, f->array_mode = false));
    REJECTS(f->chip[1].status = 0x90);
    REJECTS(f->chip[1].locked[0] = 1);
}

/* --- Snapshots ------------------------------------------------------------ */

static enum vsio_error restore(void)
{
    enum vsio_error rc;
    size_t used = 0;

    flash.restoring = true;
    rc = vsio_restore(flash_dev, record.bytes, record.used, &used,
                      record.scratch);
    flash.restoring = false;
    CHECK_VALID();
    if ( rc == VSIO_OK )
        EXPECT_EQ(used, record.used);

    return rc;
}

/* Saved, and restored into a bank that has seen other things since. */
static void moves(unsigned int kind)
{
    static uint8_t array[FLASH_SIZE];
    size_t used = 0, i;
    uint32_t o, differs = 0;
    bool mapped = flash.mapped;

    save();
    for ( o = 0; o < FLASH_SIZE; o++ )
        array[o] = flash_array()[o];

    flash_start(kind);
    flash_set_lock(2 * FLASH_BLOCK, 0x2f);
    flash_fill_buffer(0, 2);
    for ( o = 0; o < FLASH_SIZE; o++ )
        flash_array()[o] = flash.copy[o] = array[o];
    EXPECT_EQ(restore(), VSIO_OK);
    EXPECT_EQ(flash.mapped, mapped);

    EXPECT_EQ(vsio_save(flash_dev, record.again, sizeof(record.again), &used),
              VSIO_OK);
    for ( i = 0; i < record.used; i++ )
        differs += record.bytes[i] != record.again[i];
    EXPECT_EQ(differs, 0);
}

static void snapshot_in_a_buffered_program(void)
{
    unsigned int kind;
    uint32_t i;

    EACH_KIND(kind)
    {
        uint32_t n = flash_buffer_words(), o = FLASH_SIZE - flash_word(n);

        at(kind, n);
        PUT(o, 0xe8);
        moves(kind);
        PUT(o, n - 1);
        moves(kind);
        for ( i = 0; i < n; i++ )
        {
            PUT(o + flash_word(i), 0x1122 * (i + 1));
            moves(kind);
        }
        PUT(0, 0xd0);
        EXPECT_EQ(GET(0), READY);
        EXPECT(flash_buffer_is_there(o, n));
        moves(kind);
        FLASH_CHECK();
    }
}

static void snapshot_in_the_others(void)
{
    unsigned int kind;

    EACH_KIND(kind)
    {
        at(kind, 0);
        moves(kind); /* maps the array anew */
        flash_set_lock(FLASH_BLOCK, 0x01);
        flash_set_lock(FLASH_SIZE - 4, 0x2f);
        flash_program(FLASH_BLOCK, 0);
        moves(kind);
        EXPECT_EQ(GET(0), READY | PROTECT | FAILED_P);
        EXPECT_EQ(flash_get_lock(FLASH_BLOCK), 1);
        EXPECT_EQ(flash_get_lock(2 * FLASH_BLOCK), 0);
        EXPECT_EQ(flash_get_lock(FLASH_SIZE - FLASH_BLOCK), 3);
        PUT(0, 0x98);
        moves(kind);
        EXPECT_EQ(GET(flash_word(0x10)), 'Q');
        PUT(0, 0x20);
        moves(kind);
        PUT(0, 0xd0);
        EXPECT_EQ(flash.dirty_calls, flash.dev.geometry.chips);
        PUT(0, 0x40);
        moves(kind);
        PUT(8, 0x1234);
        EXPECT_EQ(flash_at(8), flash_on_bus(0x1234));
        PUT(0, 0x60);
        moves(kind);
        PUT(0, 0x01);
        EXPECT_EQ(flash_get_lock(0), 1);
        FLASH_CHECK();
    }
}

/* A record of another geometry says nothing about this bank. */
static void snapshot_of_another_geometry(void)
{
    struct vsio_cfi_flash_geometry other;
    unsigned int kind, i;

    for ( kind = 0; kind < FLASH_KINDS; kind++ )
        for ( i = 0; i < 5; i++ )
        {
            at(kind, i);
            flash_start(kind);
            save();
            other = flash_kinds[kind];
            other.size >>= i == 0;
            other.block >>= i == 1;
            other.width = i == 2 ? other.width ^ 3 : other.width;
            other.chips = i == 3 ? other.chips ^ 3 : other.chips;
            other.buffer = i == 4 ? other.buffer / 2 : other.buffer;
            flash_start_with(&other, &flash_host);
            PUT(0, 0x70);
            EXPECT_EQ(restore(), VSIO_ERROR_INVALID);
            EXPECT_EQ(GET(0), READY); /* it is what it was */
            EXPECT_EQ(flash.mode_calls, 1);
        }
}

/* Whatever is in a record: refused without a trace, or a valid device. */
static void snapshot_of_noise(void)
{
    uint32_t seed = 0xf1a5, i, ok = 0, bad = 0;
    unsigned int kind;

    EACH_KIND(kind)
    for ( i = 0; i < 4000; i++ )
    {
        uint32_t random = random32(&seed);
        uint32_t place = BEHIND_COUNTERS;
        enum vsio_error rc;

        at(kind, i);
        vsio_reset(flash_dev);
        flash_set_lock(FLASH_BLOCK, random & 1 ? 0x01 : 0x2f);
        flash_fill_buffer(FLASH_BLOCK - flash_word(4), 4);
        save();
        place +=
            random & 2 ? (random >> 8) % 14 : (random >> 8) % (5 + 2 * 201);
        record.bytes[place] ^= (uint8_t)(1U << (random >> 29));
        rc = restore();
        EXPECT(rc == VSIO_OK || rc == VSIO_ERROR_INVALID);
        ok += rc == VSIO_OK;
        bad += rc != VSIO_OK;
        PUT(0, 0xd0);
        PUT(0, 0xd0);
        FLASH_CHECK();
    }
    EXPECT(ok > 1000 && bad > 1000);
}

static const struct test table[] = {
    { "a host without callbacks", no_callback_at_all },
    { "reset in the middle of each sequence", reset_anywhere },
    { "a bank that was reset is as a new one", reset_forgets_all },
    { "valid() rejects each broken field", valid_rejects },
    { "a snapshot in the middle of a buffered program",
      snapshot_in_a_buffered_program },
    { "a snapshot in all other sequences, and of locks",
      snapshot_in_the_others },
    { "a snapshot of another geometry is refused",
      snapshot_of_another_geometry },
    { "a snapshot with a wrong bit does no harm", snapshot_of_noise },
};
TESTS(table);

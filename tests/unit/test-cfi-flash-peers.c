/* SPDX-License-Identifier: MIT */
/*
 * Bugs of other flash models that this one shall not have, and the ways in
 * which firmware and kernels drive a bank of two chips of 16 bits.
 */

#include "cfi-flash-host.h"

#define BOTH(word) ((uint32_t)(word) | (uint32_t)(word) << 16)
#define SR_READY   BOTH(0x80)

/* Two chips of 16 bits on 32, as on QEMU's virt; every byte is known. */
static void start(void)
{
    flash_start(3);
    flash_fill();
}

static void cmd(uint32_t offset, uint32_t word)
{
    wr32(flash_dev, offset, BOTH(word));
}

static uint32_t get(uint32_t offset)
{
    return rd32(flash_dev, offset);
}

static void erase(uint32_t offset)
{
    cmd(offset, 0x20);
    cmd(offset, 0xd0);
}

/* --- QEMU ----------------------------------------------------------------- */

static void qemu_locks(void)
{
    uint32_t was;

    start();
    was = flash_at(0x804);
    cmd(0x800, 0x60);
    cmd(0x800, 0x01);
    cmd(0x804, 0x40);
    wr32(flash_dev, 0x804, 0);
    EXPECT_EQ(get(0), BOTH(0x92));
    EXPECT_EQ(flash_at(0x804), was);
    cmd(0, 0x50);
    erase(0x800);
    EXPECT_EQ(get(0), BOTH(0xa2));
    EXPECT_EQ(flash_at(0x804), was);
    EXPECT_EQ(flash.dirty_calls, 0);
    cmd(0, 0x90);
    EXPECT_EQ(get(0x808), BOTH(1)); /* which QEMU reads as 0 */
}

static void qemu_and(void)
{
    start();
    erase(0);
    cmd(4, 0x40);
    wr32(flash_dev, 4, 0x0f0f1234);
    cmd(4, 0x40);
    wr32(flash_dev, 4, 0xff00ff0f);
    EXPECT_EQ(flash_at(4), 0x0f001204);
    EXPECT_EQ(get(0), SR_READY);
}

static void qemu_erase_at_setup(void)
{
    start();
    cmd(0x800, 0x20);
    FLASH_CHECK();
    EXPECT_EQ(flash_array()[0x800], flash_filled(0x800));
    cmd(0x800, 0xff); /* second thoughts */
    EXPECT_EQ(get(0), BOTH(0xb0));
    cmd(0x800, 0xff);
    EXPECT(flash.mapped);
    EXPECT_EQ(flash_array()[0x800], flash_filled(0x800));
    EXPECT_EQ(flash.dirty_calls, 0);
}

static void qemu_clear_status(void)
{
    start();
    cmd(0, 0x20);
    cmd(0, 0x00);
    EXPECT_EQ(get(0), BOTH(0xb0));
    cmd(0, 0x50);
    EXPECT_EQ(get(0), SR_READY); /* still ready, still the status */
    cmd(0, 0xff);
    cmd(0, 0x50);
    cmd(0, 0x70);
    EXPECT_EQ(get(0), SR_READY);
}

/* #2343: U-Boot writes the count at the block's first word. */
static void qemu_buffer_address(void)
{
    uint32_t i;

    start();
    erase(0x800);
    cmd(0x800, 0xe8);
    cmd(0x800, 7);
    for ( i = 0; i < 8; i++ )
        wr32(flash_dev, 0xf00 + 4 * i, 0x01010101 * i);
    cmd(0x800, 0xd0);
    EXPECT_EQ(get(0x800), SR_READY);
    for ( i = 0; i < 8; i++ )
        EXPECT_EQ(flash_at(0xf00 + 4 * i), 0x01010101 * i);
    EXPECT_EQ(flash_at(0x800), 0xffffffff);
    FLASH_CHECK();
}

/* --- kvmtool -------------------------------------------------------------- */

static void kvmtool_erase_overrun(void)
{
    start();
    erase(FLASH_SIZE - 4); /* beyond the array, if not rounded down */
    FLASH_CHECK();
    EXPECT_EQ(flash_array()[FLASH_SIZE - FLASH_BLOCK], 0xff);
    start();
    erase(0xffc);
    FLASH_CHECK();
    EXPECT_EQ(flash_array()[0x800], 0xff);
    EXPECT_EQ(flash_array()[0x1000], flash_filled(0x1000));
}

static void kvmtool_buffer_past_the_end(void)
{
    uint32_t i;

    start();
    erase(FLASH_SIZE - 4);
    cmd(FLASH_SIZE - 4, 0xe8);
    cmd(FLASH_SIZE - 4, 31);
    wr32(flash_dev, FLASH_SIZE - 4, 0);
    EXPECT_EQ(get(0), BOTH(0xb0));
    for ( i = 0; i < 31; i++ )
        wr32(flash_dev, FLASH_SIZE - 4 - 4 * i, BOTH(0xff));
    cmd(0, 0xd0);
    FLASH_CHECK();
    EXPECT_EQ(flash_at(FLASH_SIZE - 4), 0xffffffff);
}

/* A count beyond its buffer is cut there, and what follows is lost. */
static void kvmtool_count(void)
{
    start();
    cmd(0, 0xe8);
    cmd(0, 32);
    EXPECT_EQ(get(0), BOTH(0xb0));
    cmd(0, 0xff);
    EXPECT(flash.mapped);
}

/* --- crosvm --------------------------------------------------------------- */

static void crosvm_last_byte(void)
{
    uint32_t b3 = flash_filled(FLASH_SIZE - 1);
    uint32_t b2 = flash_filled(FLASH_SIZE - 2);

    start();
    EXPECT_EQ(rd8(flash_dev, FLASH_SIZE - 1), b3);
    EXPECT_EQ(rd16(flash_dev, FLASH_SIZE - 2), b3 << 8 | b2);
    EXPECT_EQ(rd32(flash_dev, FLASH_SIZE - 4) >> 16, b3 << 8 | b2);
    EXPECT_EQ(flash_dev->count.unknown, 0);
}

static void crosvm_query(void)
{
    start();
    cmd(0x154, 0x98);
    EXPECT_EQ(get(0x40), BOTH('Q'));
    EXPECT_EQ(get(0xc4), BOTH('P'));
}

/* --- U-Boot --------------------------------------------------------------- */

/* As U-Boot 2023.01 was seen to probe QEMU's bank. */
struct uboot_width {
    uint32_t bus, chip; /* in bytes */
    uint32_t shift;     /* of each address of a register */
};

/* n chips' worth of a byte, each as wide as it thinks they are. */
static uint32_t uboot_times(const struct uboot_width *w, uint32_t byte)
{
    uint32_t i, all = 0;

    for ( i = 0; i < w->bus; i += w->chip )
        all |= byte << (8 * i);

    return all;
}

static void uboot_cmd(const struct uboot_width *w, uint32_t reg, uint32_t cmd)
{
    wr(flash_dev, (reg << w->shift) * w->bus, w->bus, uboot_times(w, cmd),
       HERE);
}

static bool uboot_is(const struct uboot_width *w, uint32_t reg, uint32_t byte)
{
    return rd(flash_dev, (reg << w->shift) * w->bus, w->bus, HERE) ==
           uboot_times(w, byte);
}

static bool uboot_finds(const struct uboot_width *w)
{
    static const uint16_t query[] = { 0x55, 0x555 };
    uint32_t i;

    at(w->bus << 4 | w->chip, w->shift);
    uboot_cmd(w, 0, 0xf0);
    uboot_cmd(w, 0, 0xff);
    for ( i = 0; i < 2; i++ )
    {
        uboot_cmd(w, query[i], 0x98);
        if ( uboot_is(w, 0x10, 'Q') && uboot_is(w, 0x11, 'R') &&
             uboot_is(w, 0x12, 'Y') )
            return true;
    }

    return false;
}

/* The first width at which there is an answer: 0xBCS of bus, chip and shift. */
static uint32_t uboot_probes(unsigned int kind)
{
    struct uboot_width w;

    flash_start(kind);
    for ( w.bus = 1; w.bus <= 4; w.bus *= 2 )
        for ( w.chip = 1; w.chip <= w.bus; w.chip *= 2 )
            for ( w.shift = 0; w.shift <= 1; w.shift++ )
                if ( uboot_finds(&w) )
                    return w.bus << 8 | w.chip << 4 | w.shift;

    return 0;
}

/* Two side by side are one to it, every other word of which it does not see. */
static void uboot_detects(void)
{
    EXPECT_EQ(uboot_probes(0), 0x110); /* one of 8 bits: right */
    EXPECT_EQ(uboot_probes(1), 0x111);
    EXPECT_EQ(uboot_probes(2), 0x111);
    EXPECT_EQ(uboot_probes(3), 0x221); /* two of 16: seen on QEMU's, too */
}

/* It reads the query by bytes, at that width, and locks while it is shown. */
static void uboot_reads_the_query(void)
{
    EXPECT_EQ(uboot_probes(3), 0x221);
    EXPECT_EQ(rd8(flash_dev, 4 * 0x13), 1);
    EXPECT_EQ(rd8(flash_dev, 4 * 0x27), 13);
    EXPECT_EQ(rd8(flash_dev, 4 * 0x36) & 8, 0); /* unlocks are single */
    EXPECT_EQ(rd16(flash_dev, 0x808), 0);
    cmd(0, 0xff);
    EXPECT(flash.mapped);
    FLASH_CHECK();
}

/* Built for a bus of 32 bits, it looks there only, and finds both. */
static void uboot_detects_32(void)
{
    static const struct uboot_width right = { 4, 2, 0 };

    start();
    EXPECT(uboot_finds(&right));
}

/* Erase and a buffer at a time, every status read at the block. */
static void uboot_saves(void)
{
    uint32_t o, i;

    start();
    cmd(0x800, 0x50);
    cmd(0x800, 0x60);
    cmd(0x800, 0xd0);
    EXPECT_EQ(get(0x800), SR_READY);
    cmd(0x800, 0xff);
    cmd(0x800, 0x50);
    cmd(0x800, 0x20);
    cmd(0x800, 0xd0);
    EXPECT_EQ(get(0x800), SR_READY);
    cmd(0x800, 0xff);
    for ( o = 0x800; o < 0x1000; o += 0x80 )
    {
        at(o, 0);
        for ( i = 0; i < 0x80; i += 4 )
            EXPECT_EQ(get(o + i), 0xffffffff); /* it looks before it writes */
        cmd(0x800, 0x50);
        cmd(0x800, 0x70);
        cmd(0x800, 0xe8);
        EXPECT_EQ(get(0x800) & SR_READY, SR_READY);
        cmd(0x800, 31);
        for ( i = 0; i < 0x80; i += 4 )
            wr32(flash_dev, o + i, o * 0x10001 + i);
        cmd(0x800, 0xd0);
        EXPECT_EQ(get(0x800), SR_READY);
        cmd(0x800, 0xff);
    }
    for ( o = 0x800; o < 0x1000; o += 4 )
        EXPECT_EQ(get(o), (o & ~0x7fU) * 0x10001 + (o & 0x7f));
    FLASH_CHECK();
}

/* The odd bytes at the end are a word program, its setup at the bank's start */
static void uboot_writes_a_word(void)
{
    start();
    erase(0x800);
    cmd(0, 0xff);
    cmd(0, 0x50);
    cmd(0, 0x40);
    wr32(flash_dev, 0x900, 0xff123456);
    EXPECT_EQ(get(0x800), SR_READY);
    cmd(0x800, 0xff);
    EXPECT_EQ(get(0x900), 0xff123456);
}

static void uboot_protects(void)
{
    start();
    cmd(0x800, 0x50);
    cmd(0x800, 0x60);
    cmd(0x800, 0x01);
    EXPECT_EQ(get(0x800), SR_READY);
    cmd(0x800, 0xff);
    cmd(0x800, 0x50);
    erase(0x800);
    EXPECT_EQ(get(0x800) & BOTH(0x02), BOTH(0x02)); /* "Block locked." */
    cmd(0x800, 0xff);
    EXPECT_EQ(get(0x800) & 0xff, flash_filled(0x800));
}

/* --- EDK2 ----------------------------------------------------------------- */

static uint32_t edk2_status(void)
{
    cmd(0, 0x70);

    return get(0);
}

static void edk2_erases(void)
{
    start();
    cmd(0x808, 0x90);
    EXPECT_EQ(get(0x808), 0); /* not locked, else it would unlock */
    erase(0x800);
    EXPECT_EQ(edk2_status(), SR_READY);
    cmd(0, 0xff);
    EXPECT(flash.mapped);
    EXPECT_EQ(get(0xffc), 0xffffffff);
}

static void edk2_unlocks(void)
{
    start();
    cmd(0x800, 0x60);
    cmd(0x800, 0x01);
    cmd(0x808, 0x90);
    EXPECT_EQ(get(0x808), BOTH(1));
    cmd(0x800, 0x60);
    cmd(0x800, 0xd0);
    EXPECT_EQ(edk2_status() & SR_READY, SR_READY);
    cmd(0x808, 0x90);
    EXPECT_EQ(get(0x808), 0);
    cmd(0x800, 0xff);
    EXPECT(flash.mapped);
}

static void edk2_writes_a_word(void)
{
    start();
    erase(0x800);
    cmd(0x904, 0x40);
    wr32(flash_dev, 0x904, 0xcafe1234);
    EXPECT_EQ(edk2_status(), SR_READY);
    cmd(0, 0x50);
    cmd(0, 0xff);
    EXPECT_EQ(get(0x904), 0xcafe1234);
    /* A flag of a variable's header: a bit more that is zero. */
    cmd(0x904, 0x40);
    wr32(flash_dev, 0x904, 0xcafe1034);
    EXPECT_EQ(edk2_status(), SR_READY);
    cmd(0, 0x50);
    cmd(0, 0xff);
    EXPECT_EQ(get(0x904), 0xcafe1034);
    FLASH_CHECK();
}

/* 32 double words; the confirmation is written at the start of the bank. */
static void edk2_writes_a_buffer(void)
{
    uint32_t i;

    start();
    erase(0x1000);
    cmd(0x1080, 0xe8);
    EXPECT_EQ(get(0x1080), SR_READY); /* and not from another address */
    cmd(0x1080, 31);
    for ( i = 0; i < 128; i += 4 )
        wr32(flash_dev, 0x1080 + i, i * 0x00010203);
    cmd(0, 0xd0);
    EXPECT_EQ(edk2_status(), SR_READY);
    cmd(0, 0x50);
    cmd(0, 0xff);
    for ( i = 0; i < 128; i += 4 )
        EXPECT_EQ(get(0x1080 + i), i * 0x00010203);
    EXPECT_EQ(get(0x1100), 0xffffffff);
    FLASH_CHECK();
}

/* Between its commands a read costs no trap: that is most of what it does. */
static void edk2_reads_from_the_map(void)
{
    uint32_t i;

    start();
    for ( i = 0; i < 10; i++ )
    {
        edk2_writes_a_word();
        EXPECT(flash.mapped);
    }
    EXPECT_EQ(flash.mode_calls, 4); /* of the last round: twice off and on */
}

/* --- Linux ---------------------------------------------------------------- */

static void linux_probes(void)
{
    start();
    cmd(0, 0xf0);
    cmd(0, 0xff);
    cmd(0x154, 0x98);
    EXPECT_EQ(get(0x40), BOTH('Q'));
    EXPECT_EQ(get(0x44), BOTH('R'));
    EXPECT_EQ(get(0x48), BOTH('Y'));
    cmd(0, 0xf0);
    cmd(0, 0xff);
    cmd(0, 0x90);
    EXPECT_EQ(get(0), BOTH(0x89));
    EXPECT_EQ(get(4), BOTH(0x18));
    cmd(0, 0xf0);
    cmd(0, 0xff);
    EXPECT(flash.mapped);
    EXPECT_EQ(flash_dev->count.unknown, 0);
}

static void linux_writes(void)
{
    uint32_t i;

    start();
    erase(0);
    cmd(0, 0x70);
    cmd(0, 0xe8);
    EXPECT_EQ(get(0), SR_READY);
    cmd(0, 3);
    for ( i = 0; i < 4; i++ )
        wr32(flash_dev, 4 * i, i);
    cmd(0, 0xd0);
    EXPECT_EQ(get(0), SR_READY);
    cmd(0, 0x50); /* and no status read before the next command */
    cmd(0, 0x70);
    EXPECT_EQ(get(0), SR_READY);
    /* It suspends what takes long; all is done already. */
    cmd(0, 0x20);
    cmd(0, 0xd0);
    cmd(0, 0xb0);
    cmd(0, 0x70);
    EXPECT_EQ(get(0), SR_READY);
    cmd(0, 0xff);
    EXPECT_EQ(get(4), 0xffffffff);
    FLASH_CHECK();
}

static const struct test table[] = {
    { "QEMU: locks are not enforced", qemu_locks },
    { "QEMU: a program sets bits", qemu_and },
    { "QEMU: an erase does not wait for its confirmation",
      qemu_erase_at_setup },
    { "QEMU: clear status loses ready", qemu_clear_status },
    { "QEMU #2343: a buffer starts where the count was written",
      qemu_buffer_address },
    { "kvmtool: an unaligned erase runs over its block",
      kvmtool_erase_overrun },
    { "kvmtool: a buffer runs past the end", kvmtool_buffer_past_the_end },
    { "kvmtool: a count beyond the buffer is taken", kvmtool_count },
    { "crosvm: a read that ends at the last byte is refused",
      crosvm_last_byte },
    { "crosvm: there is no query table", crosvm_query },
    { "U-Boot takes the first width that answers", uboot_detects },
    { "U-Boot reads the query", uboot_reads_the_query },
    { "U-Boot finds two chips of 16 bits, told to", uboot_detects_32 },
    { "U-Boot saves its environment", uboot_saves },
    { "U-Boot writes a word", uboot_writes_a_word },
    { "U-Boot protects a block", uboot_protects },
    { "EDK2 erases a block", edk2_erases },
    { "EDK2 unlocks a block", edk2_unlocks },
    { "EDK2 writes a word, and less of it", edk2_writes_a_word },
    { "EDK2 writes a buffer", edk2_writes_a_buffer },
    { "EDK2 leaves the array mapped", edk2_reads_from_the_map },
    { "Linux probes", linux_probes },
    { "Linux writes, and suspends what is done", linux_writes },
};
TESTS(table);

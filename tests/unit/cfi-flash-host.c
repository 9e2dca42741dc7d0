/* SPDX-License-Identifier: MIT */
/* The bank and the host that the tests of cfi-flash share. */

#include "cfi-flash-host.h"

struct flash flash;
struct vsio_device *const flash_dev = &flash.dev.dev;

const struct vsio_cfi_flash_geometry flash_kinds[FLASH_KINDS] = {
    { FLASH_SIZE, FLASH_BLOCK, 1, 1, 32 },
    { FLASH_SIZE, FLASH_BLOCK, 1, 2, 16 },
    { FLASH_SIZE, FLASH_BLOCK, 2, 1, 32 },
    { FLASH_SIZE, FLASH_BLOCK, 2, 2, 64 },
};

uint8_t *flash_array(void)
{
    return flash.memory + FLASH_WALL;
}

static void host_dirty(void *ctx, uint32_t offset, uint32_t length)
{
    uint32_t i;

    EXPECT(ctx == &flash);
    EXPECT(length && length <= FLASH_SIZE && offset <= FLASH_SIZE - length);
    for ( i = offset; i < offset + length; i++ )
        flash.copy[i] = flash_array()[i];
    flash.dirty_offset = offset;
    flash.dirty_length = length;
    flash.dirty_calls++;
}

static void host_array_mode(void *ctx, bool on)
{
    EXPECT(ctx == &flash);
    EXPECT(on != flash.mapped || flash.restoring);
    flash.mapped = on;
    flash.mode_calls++;
}

const struct vsio_cfi_flash_host flash_host = {
    .common = { .set_irq = seen_irq,
                .event = seen_event,
                .events = VSIO_WANT_ERRORS },
    .dirty = host_dirty,
    .array_mode = host_array_mode,
};

const struct vsio_cfi_flash_host flash_host_without = { .dirty = NULL };

static bool valid(const struct vsio_device *dev)
{
    return vsio_cfi_flash_valid((const struct vsio_cfi_flash *)dev);
}

void flash_start_with(const struct vsio_cfi_flash_geometry *geometry,
                      const struct vsio_cfi_flash_host *host)
{
    uint32_t i;

    for ( i = 0; i < sizeof(flash.memory); i++ )
        flash.memory[i] = i < FLASH_WALL || i >= FLASH_WALL + FLASH_SIZE
                              ? (uint8_t)(0x5a ^ i)
                              : 0xff;
    for ( i = 0; i < FLASH_SIZE; i++ )
        flash.copy[i] = 0xff;
    flash.dirty_calls = flash.mode_calls = 0;
    flash.mapped = true;
    flash.restoring = false;
    EXPECT(
        vsio_cfi_flash_init(&flash.dev, geometry, flash_array(), host, &flash));
    watch(flash_dev, sizeof(flash.dev), valid);
}

void flash_start(unsigned int kind)
{
    flash_start_with(&flash_kinds[kind], &flash_host);
}

uint8_t flash_filled(uint32_t offset)
{
    return (uint8_t)(offset * 7 + (offset >> 8) * 3 + 1);
}

void flash_fill(void)
{
    uint32_t i;

    for ( i = 0; i < FLASH_SIZE; i++ )
        flash_array()[i] = flash.copy[i] = flash_filled(i);
}

void flash_check(struct where where)
{
    uint32_t i, fallen = 0, differs = 0;

    for ( i = 0; i < FLASH_WALL; i++ )
    {
        uint32_t behind = FLASH_WALL + FLASH_SIZE + i;

        fallen += flash.memory[i] != (uint8_t)(0x5a ^ i);
        fallen += flash.memory[behind] != (uint8_t)(0x5a ^ behind);
    }
    for ( i = 0; i < FLASH_SIZE; i++ )
        differs += flash.copy[i] != flash_array()[i];
    expect_eq(fallen, 0, "bytes beside the array", where);
    if ( flash_dev->host == &flash_host.common )
        expect_eq(differs, 0, "bytes that dirty did not tell of", where);
}

uint32_t flash_bus(void)
{
    return (uint32_t)flash.dev.geometry.width * flash.dev.geometry.chips;
}

uint32_t flash_word(uint32_t addr)
{
    return addr * flash_bus();
}

void flash_put(uint32_t offset, uint32_t word, struct where where)
{
    uint32_t width = flash.dev.geometry.width;
    uint32_t value = width == 1 ? word & 0xff : word & 0xffff;

    if ( flash.dev.geometry.chips == 2 )
        value |= value << (8 * width);
    wr(flash_dev, offset, flash_bus(), value, where);
}

uint32_t flash_at(uint32_t offset)
{
    uint32_t value = 0, i;

    for ( i = 0; i < flash_bus(); i++ )
        value |= (uint32_t)flash_array()[offset + i] << (8 * i);

    return value;
}

uint32_t flash_get(uint32_t offset, struct where where)
{
    uint32_t width = flash.dev.geometry.width;
    uint32_t value = rd(flash_dev, offset, flash_bus(), where);
    uint32_t first = width == 1 ? value & 0xff : value & 0xffff;

    if ( flash.mapped )
    {
        expect_eq(value, flash_at(offset), "what is mapped", where);
        return value;
    }
    if ( flash.dev.geometry.chips == 2 )
        expect_eq(value >> (8 * width), first, "the other chip's", where);

    return first;
}

uint32_t flash_status(struct where where)
{
    uint32_t status;

    flash_put(0, CFI_CMD_READ_STATUS, where);
    status = flash_get(0, where);
    flash_put(0, CFI_CMD_READ_ARRAY, where);

    return status;
}

uint32_t flash_word_ones(void)
{
    return flash.dev.geometry.width == 1 ? 0xff : 0xffff;
}

/* A word, as the bus has it when each chip has the same. */
uint32_t flash_on_bus(uint32_t word)
{
    word &= flash_word_ones();

    return flash.dev.geometry.chips == 2
               ? word | word << (8 * flash.dev.geometry.width)
               : word;
}

uint32_t flash_buffer_words(void)
{
    return flash.dev.geometry.buffer / flash.dev.geometry.width;
}

void flash_program(uint32_t offset, uint32_t word)
{
    PUT(offset, 0x40);
    PUT(offset, word);
}

void flash_erase(uint32_t offset)
{
    PUT(offset, 0x20);
    PUT(offset, 0xd0);
}

void flash_set_lock(uint32_t offset, uint32_t what)
{
    PUT(offset, 0x60);
    PUT(offset, what);
}

uint32_t flash_get_lock(uint32_t block)
{
    uint32_t lock;

    PUT(0, 0x90);
    lock = GET(block + flash_word(2));
    PUT(0, 0xff);

    return lock;
}

/* n words from offset on: setup, count, data. */
void flash_fill_buffer(uint32_t offset, uint32_t n)
{
    uint32_t i;

    PUT(offset, 0xe8);
    EXPECT_EQ(GET(offset), READY); /* the buffer is there */
    PUT(offset, n - 1);
    for ( i = 0; i < n; i++ )
        PUT(offset + flash_word(i), 0x1122 * (i + 1));
}

bool flash_buffer_is_there(uint32_t offset, uint32_t n)
{
    uint32_t i;

    for ( i = 0; i < n; i++ )
        if ( flash_at(offset + flash_word(i)) !=
             flash_on_bus(0x1122 * (i + 1)) )
            return false;

    return true;
}

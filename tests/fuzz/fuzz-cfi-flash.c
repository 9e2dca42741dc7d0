/* SPDX-License-Identifier: MIT */
/*
 * CFI flash: one chip or two of 8 or 16 bits. Beside it a model of the chips,
 * which programs a word at a time, and a host whose copy of the array is what
 * it is told. The array is the end of the state, so that its end is watched.
 */

#include "cfi-flash.h"
#include "cfi-flash-regs.h"
#include "fuzz.h"

#include <string.h>

#define SIZE  0x1000U
#define BLOCK 0x400U

struct rig {
    struct watch w;
    struct vsio_cfi_flash flash;

    /* The host. */
    bool mapped;
    uint8_t copy[SIZE];

    /* The model. */
    uint32_t width, chips, bus;
    struct vsio_cfi_flash_chip chip[2];
    uint8_t model[SIZE];

    uint8_t wall[16];
    uint8_t array[SIZE];
};

/* --- The model ------------------------------------------------------------ */

static bool bit(const uint8_t *bits, uint32_t offset)
{
    return bits[offset / BLOCK / 8] >> (offset / BLOCK % 8) & 1;
}

static void set(uint8_t *bits, uint32_t offset)
{
    bits[offset / BLOCK / 8] |= (uint8_t)(1U << (offset / BLOCK % 8));
}

static void lock(struct vsio_cfi_flash_chip *chip,
                 uint32_t offset,
                 uint32_t code)
{
    if ( code == CFI_LOCK || code == CFI_LOCK_DOWN )
        set(chip->locked, offset);
    if ( code == CFI_LOCK_DOWN )
        set(chip->down, offset);
    else if ( code == CFI_UNLOCK && !bit(chip->down, offset) )
        chip->locked[offset / BLOCK / 8] &=
            (uint8_t) ~(1U << (offset / BLOCK % 8));
    else if ( code != CFI_LOCK && code != CFI_UNLOCK )
        chip->status |= CFI_SR_SEQUENCE;
}

static bool locked(struct vsio_cfi_flash_chip *chip,
                   uint32_t offset,
                   uint32_t error)
{
    if ( bit(chip->locked, offset) )
        chip->status |= (uint8_t)(CFI_SR_PROTECT | error);

    return bit(chip->locked, offset);
}

/* Bits only fall. */
static void program(struct rig *r, uint32_t offset, const uint8_t *word)
{
    uint32_t i;

    for ( i = 0; i < r->width; i++ )
        r->model[offset + i] &= word[i];
}

static void erase(struct rig *r, uint32_t offset)
{
    uint32_t first = offset / BLOCK * BLOCK + offset % r->bus, i, k;

    for ( i = first; i < (offset / BLOCK + 1) * BLOCK; i += r->bus )
        for ( k = 0; k < r->width; k++ )
            r->model[i + k] = 0xff;
}

/* All words of a buffer lie in one block, and in the bank. */
static void buffer_word(struct rig *r,
                        struct vsio_cfi_flash_chip *chip,
                        uint32_t offset,
                        const uint8_t *word)
{
    uint32_t n, i;

    if ( chip->left == chip->count )
        chip->start = offset;
    n = (offset - chip->start) / r->bus;
    if ( offset < chip->start || n >= chip->count ||
         chip->start % BLOCK + (chip->count - 1U) * r->bus >= BLOCK )
    {
        chip->status |= CFI_SR_SEQUENCE;
        return;
    }

    for ( i = 0; i < r->width; i++ )
        chip->buffer[n * r->width + i] = word[i];
    chip->left--;
    chip->state = chip->left ? VSIO_CFI_FLASH_DATA : VSIO_CFI_FLASH_CONFIRM;
}

static void buffer_count(struct rig *r,
                         struct vsio_cfi_flash_chip *chip,
                         uint32_t count)
{
    if ( count * r->width > r->flash.geometry.buffer )
    {
        chip->status |= CFI_SR_SEQUENCE;
        return;
    }
    chip->count = chip->left = (uint8_t)count;
    memset(chip->buffer, 0xff, sizeof(chip->buffer));
    chip->state = VSIO_CFI_FLASH_DATA;
}

static void buffer_confirm(struct rig *r, struct vsio_cfi_flash_chip *chip)
{
    uint32_t n;

    if ( locked(chip, chip->start, CFI_SR_PROGRAM) )
        return;
    for ( n = 0; n < chip->count; n++ )
        program(r, chip->start + n * r->bus, chip->buffer + n * r->width);
}

/* The state is the number of the command's place in this list, or 0. */
static void command(struct vsio_cfi_flash_chip *chip, uint8_t cmd)
{
    static const uint8_t begins[] = {
        [VSIO_CFI_FLASH_PROGRAM] = CFI_CMD_PROGRAM,
        [VSIO_CFI_FLASH_ERASE] = CFI_CMD_ERASE,
        [VSIO_CFI_FLASH_LOCK] = CFI_CMD_LOCK_SETUP,
        [VSIO_CFI_FLASH_COUNT] = CFI_CMD_BUFFER,
    };
    uint8_t i;

    for ( i = 1; i < COUNT(begins); i++ )
        if ( cmd == begins[i] || (i == 1 && cmd == CFI_CMD_PROGRAM_ALT) )
            chip->state = i;

    if ( cmd == CFI_CMD_READ_ARRAY || cmd == CFI_CMD_AMD_RESET )
        chip->mode = VSIO_CFI_FLASH_ARRAY;
    else if ( cmd == CFI_CMD_READ_ID || cmd == CFI_CMD_QUERY )
        chip->mode = VSIO_CFI_FLASH_ID;
    else if ( chip->state || cmd == CFI_CMD_READ_STATUS ||
              cmd == CFI_CMD_SUSPEND )
        chip->mode = VSIO_CFI_FLASH_STATUS;
    else if ( cmd == CFI_CMD_CLEAR )
        chip->status = CFI_SR_READY;
}

/* One write of one chip's word, its lanes that nobody drives high. */
static void chip_write(struct rig *r, uint32_t offset, const uint8_t *word)
{
    struct vsio_cfi_flash_chip *chip = &r->chip[offset / r->width % r->chips];
    uint8_t state = chip->state;

    chip->state = VSIO_CFI_FLASH_READY;
    if ( state == VSIO_CFI_FLASH_READY )
        command(chip, word[0]);
    else if ( state == VSIO_CFI_FLASH_LOCK )
        lock(chip, offset, word[0]);
    else if ( state == VSIO_CFI_FLASH_COUNT )
        buffer_count(r, chip,
                     1U + word[0] + (r->width == 2 ? word[1] * 256U : 0));
    else if ( state == VSIO_CFI_FLASH_DATA )
        buffer_word(r, chip, offset, word);
    else if ( state == VSIO_CFI_FLASH_PROGRAM )
    {
        if ( !locked(chip, offset, CFI_SR_PROGRAM) )
            program(r, offset, word);
    }
    else if ( word[0] != CFI_CMD_CONFIRM )
        chip->status |= CFI_SR_SEQUENCE;
    else if ( state == VSIO_CFI_FLASH_CONFIRM )
        buffer_confirm(r, chip);
    else if ( !locked(chip, offset, CFI_SR_ERASE) )
        erase(r, offset);
}

/* --- What the device asks of its host ------------------------------------- */

static void host_dirty(void *ctx, uint32_t offset, uint32_t length)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(length && offset < SIZE && length <= SIZE - offset);
    memcpy(r->copy + offset, r->array + offset, length);
    trace(&r->w, offset ^ length << 16);
}

static void host_array_mode(void *ctx, bool on)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(r->w.restoring || on != r->mapped);
    r->mapped = on;
    trace(&r->w, on);
}

static const struct vsio_cfi_flash_host hosts[] = {
    { .common = { .event = host_event, .events = VSIO_WANT_ALL },
      .dirty = host_dirty,
      .array_mode = host_array_mode },
    { .dirty = NULL },
};

/* --- The target ----------------------------------------------------------- */

static void start(struct watch *w, uint8_t config)
{
    struct rig *r = (struct rig *)w;
    const struct vsio_cfi_flash_geometry geometry = {
        .size = SIZE,
        .block = BLOCK,
        .width = config & 1 ? 2 : 1,
        .chips = config & 2 ? 2 : 1,
        .buffer = config & 4 ? 64 : 8,
    };

    r->width = geometry.width;
    r->chips = geometry.chips;
    r->bus = r->width * r->chips;
    r->mapped = true;
    memset(r->array, 0xff, SIZE);
    memset(r->model, 0xff, SIZE);
    memset(r->copy, 0xff, SIZE);
    watch(w, &r->flash.dev, sizeof(r->flash));
    REQUIRE(vsio_cfi_flash_init(&r->flash, &geometry, r->array,
                                &hosts[config >> 3 & 1], r));
    r->chip[0].status = r->chip[1].status = CFI_SR_READY;
}

static uint32_t place(void)
{
    return take16() % (SIZE + 16);
}

static void writes(struct watch *w, uint32_t reg, uint32_t value, uint32_t mask)
{
    struct rig *r = (struct rig *)w;
    uint32_t lane, i;
    uint8_t word[2];
    bool hit;

    for ( lane = 0; lane < 4 && reg < SIZE; lane += r->width )
    {
        hit = false;
        for ( i = 0; i < r->width; i++ )
        {
            word[i] = (uint8_t)((value | ~mask) >> (8 * (lane + i)));
            hit |= mask >> (8 * (lane + i)) & 1;
        }
        if ( hit )
            chip_write(r, reg + lane, word);
    }
}

/* Of the ID and the query only the locks have a model here. */
static uint32_t chip_read(const struct rig *r, uint32_t offset, bool *known)
{
    const struct vsio_cfi_flash_chip *chip =
        &r->chip[offset / r->width % r->chips];

    *known = true;
    if ( chip->mode == VSIO_CFI_FLASH_ARRAY )
        return r->model[offset];
    if ( chip->mode == VSIO_CFI_FLASH_STATUS )
        return offset % r->width ? 0 : chip->status;

    *known = offset / r->bus % 256 == CFI_BLOCK_LOCK;

    return offset % r->width ? 0
                             : bit(chip->locked, offset) |
                                   (uint32_t)bit(chip->down, offset) << 1;
}

static uint32_t reads(struct watch *w, uint32_t reg, uint32_t *known)
{
    const struct rig *r = (const struct rig *)w;
    uint32_t value = 0, i;
    bool certain;

    *known = UINT32_MAX;
    for ( i = 0; i < 4 && reg < SIZE; i++ )
    {
        value |= chip_read(r, reg + i, &certain) << (8 * i);
        if ( !certain )
            *known &= ~(0xffU << (8 * i));
    }

    return value;
}

static void resets(struct watch *w)
{
    struct rig *r = (struct rig *)w;

    memset(r->chip, 0, sizeof(r->chip));
    r->chip[0].status = r->chip[1].status = CFI_SR_READY;
}

static void check_chip(const struct vsio_cfi_flash_chip *is,
                       const struct vsio_cfi_flash_chip *should_be)
{
    SAME(is->state, should_be->state);
    SAME(is->mode, should_be->mode);
    SAME(is->status, should_be->status);
    REQUIRE(!memcmp(is->locked, should_be->locked, sizeof(is->locked)));
    REQUIRE(!memcmp(is->down, should_be->down, sizeof(is->down)));
}

static void check(struct watch *w)
{
    const struct rig *r = (const struct rig *)w;
    bool shown = r->chip[0].mode == VSIO_CFI_FLASH_ARRAY &&
                 r->chip[1].mode == VSIO_CFI_FLASH_ARRAY;
    uint32_t i;

    for ( i = 0; i < r->chips; i++ )
        check_chip(&r->flash.chip[i], &r->chip[i]);
    REQUIRE(memcmp(r->array, r->model, SIZE) == 0);
    for ( i = 0; i < sizeof(r->wall); i++ )
        SAME(r->wall[i], 0);
    SAME(w->dev->class->image(w->dev) != NULL, shown);

    if ( w->dev->host->event )
    {
        SAME(r->mapped, shown);
        REQUIRE(memcmp(r->copy, r->array, SIZE) == 0);
    }
}

static void sync(struct watch *w)
{
    struct rig *r = (struct rig *)w;

    memcpy(r->chip, r->flash.chip, sizeof(r->chip));
}

static void resumes(struct watch *w)
{
    (void)w;
}

/* --- The host ------------------------------------------------------------- */

/* The same to all chips. */
static void put(struct rig *r, uint32_t offset, uint32_t word)
{
    if ( r->chips == 2 )
        word |= word << (8 * r->width);
    guest_write(&r->w, offset % SIZE / r->bus * r->bus, r->bus, word);
}

/* A buffered program of n words as drivers do it; the input has the words. */
static void put_buffer(struct rig *r, uint32_t offset, uint32_t n)
{
    uint32_t i;

    put(r, offset, CFI_CMD_BUFFER);
    put(r, offset, n - 1);
    for ( i = 0; i < n; i++ )
        put(r, offset + i * r->bus, take8() * 0x101U);
    put(r, offset, CFI_CMD_CONFIRM);
}

/* What a host does to others a guest does to a flash: whole sequences. */
static void host(struct watch *w, uint32_t kind, uint32_t n)
{
    static const uint8_t commands[16] = {
        CFI_CMD_READ_ARRAY, CFI_CMD_READ_STATUS,
        CFI_CMD_READ_ID,    CFI_CMD_CLEAR,
        CFI_CMD_PROGRAM,    CFI_CMD_PROGRAM_ALT,
        CFI_CMD_ERASE,      CFI_CMD_LOCK_SETUP,
        CFI_CMD_BUFFER,     CFI_CMD_CONFIRM,
        CFI_CMD_SUSPEND,    CFI_CMD_QUERY,
        CFI_CMD_AMD_RESET,  CFI_LOCK,
        CFI_LOCK_DOWN,
    };
    static const uint8_t locks[4] = { CFI_LOCK, CFI_LOCK_DOWN, CFI_UNLOCK, 0 };
    struct rig *r = (struct rig *)w;
    uint32_t offset = take16();

    switch ( kind )
    {
    case 0:
        put(r, offset, CFI_CMD_PROGRAM);
        put(r, offset, take16());
        break;
    case 1:
        put(r, offset, CFI_CMD_ERASE);
        put(r, offset, CFI_CMD_CONFIRM);
        break;
    case 2:
        put(r, offset, CFI_CMD_LOCK_SETUP);
        put(r, offset, locks[n % 4]);
        break;
    case 3:
    case 4:
        put_buffer(r, offset, 1 + n * (kind - 2));
        break;
    default:
        put(r, offset, commands[n]);
        break;
    }
}

const struct target target = {
    .size = sizeof(struct rig),
    .start = start,
    .place = place,
    .writes = writes,
    .reads = reads,
    .resets = resets,
    .host = host,
    .check = check,
    .sync = sync,
    .resumes = resumes,
};

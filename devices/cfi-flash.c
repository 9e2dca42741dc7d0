/* SPDX-License-Identifier: MIT */
/*
 * Parallel NOR flash with Intel's command set; names and sections are those of
 * the P30 datasheet (306666) and of AP-646, the Common Flash Interface.
 */

#include "cfi-flash.h"
#include "cfi-flash-regs.h"
#include "snapshot.h"

static struct vsio_cfi_flash *to_cfi_flash(struct vsio_device *dev)
{
    return (struct vsio_cfi_flash *)dev;
}

static const struct vsio_cfi_flash_host *host_of(const struct vsio_cfi_flash *f)
{
    return (const struct vsio_cfi_flash_host *)f->dev.host;
}

/* n of 2^n. */
static uint8_t shift_of(uint32_t power)
{
    uint8_t n = 0;

    while ( power >>= 1 )
        n++;

    return n;
}

/* The bits of a chip's word. */
static uint32_t word_mask(const struct vsio_cfi_flash *f)
{
    return f->geometry.width == 2 ? 0xffff : 0xff;
}

/* Which chip answers at this offset of the bank? */
static unsigned int chip_at(const struct vsio_cfi_flash *f, uint32_t offset)
{
    return (offset >> (f->geometry.width >> 1)) & (f->geometry.chips - 1U);
}

static uint32_t blocks_of(const struct vsio_cfi_flash *f)
{
    return f->geometry.size >> f->block_shift;
}

static bool all_show_array(const struct vsio_cfi_flash *f)
{
    return f->chip[0].mode == VSIO_CFI_FLASH_ARRAY &&
           f->chip[1].mode == VSIO_CFI_FLASH_ARRAY;
}

/* The way out of every change of state. */
static void update_mode(struct vsio_cfi_flash *f)
{
    bool on = all_show_array(f);

    if ( on == f->array_mode )
        return;

    f->array_mode = on;
    if ( host_of(f)->array_mode )
        host_of(f)->array_mode(f->dev.ctx, on);
}

static void dirty(const struct vsio_cfi_flash *f,
                  uint32_t offset,
                  uint32_t length)
{
    if ( host_of(f)->dirty )
        host_of(f)->dirty(f->dev.ctx, offset, length);
}

/* --- Locks ---------------------------------------------------------------- */

static bool get_bit(const uint8_t *bits, uint32_t n)
{
    return bits[n / 8] >> (n % 8) & 1;
}

static void set_bit(uint8_t *bits, uint32_t n, bool on)
{
    uint32_t bit = 1U << (n % 8);

    bits[n / 8] = (uint8_t)((bits[n / 8] & ~bit) | (on ? bit : 0));
}

/* What was asked for, of the block that the second write is in. */
static void write_lock(struct vsio_cfi_flash *f,
                       struct vsio_cfi_flash_chip *chip,
                       uint32_t offset,
                       uint32_t word)
{
    uint32_t block = offset >> f->block_shift;

    switch ( word & 0xff )
    {
    case CFI_LOCK_DOWN:
        set_bit(chip->down, block, true);
        set_bit(chip->locked, block, true);
        break;
    case CFI_LOCK:
        set_bit(chip->locked, block, true);
        break;
    case CFI_UNLOCK: /* without effect, and without error, when locked down */
        set_bit(chip->locked, block, get_bit(chip->down, block));
        break;
    default:
        chip->status |= CFI_SR_SEQUENCE;
        break;
    }
}

/* May this block change? If not, the status says so: error is one bit. */
static bool writable(const struct vsio_cfi_flash *f,
                     struct vsio_cfi_flash_chip *chip,
                     uint32_t offset,
                     uint32_t error)
{
    bool locked = get_bit(chip->locked, offset >> f->block_shift);

    if ( locked )
        chip->status |= (uint8_t)(CFI_SR_PROTECT | error);

    return !locked;
}

/* --- The array ------------------------------------------------------------ */

/* A chip's word, in the array or in a buffer: little-endian. */
static uint32_t get_word(const struct vsio_cfi_flash *f, const uint8_t *at)
{
    return f->geometry.width == 2 ? at[0] | (uint32_t)at[1] << 8 : at[0];
}

static void put_word(const struct vsio_cfi_flash *f, uint8_t *at, uint32_t word)
{
    at[0] = (uint8_t)word;
    if ( f->geometry.width == 2 )
        at[1] = (uint8_t)(word >> 8);
}

/* 11.1: a program changes ones to zeros, only an erase changes them back. */
static void program_word(const struct vsio_cfi_flash *f,
                         uint32_t offset,
                         uint32_t word)
{
    uint8_t *at = f->array + offset;

    put_word(f, at, get_word(f, at) & word);
}

static void write_program(const struct vsio_cfi_flash *f,
                          struct vsio_cfi_flash_chip *chip,
                          uint32_t offset,
                          uint32_t word)
{
    if ( !writable(f, chip, offset, CFI_SR_PROGRAM) )
        return;

    program_word(f, offset, word);
    dirty(f, offset, f->geometry.width);
}

/* 12: this chip's words of the block, wherever in it the guest writes. */
static void write_erase(const struct vsio_cfi_flash *f,
                        struct vsio_cfi_flash_chip *chip,
                        uint32_t offset,
                        uint32_t word)
{
    uint32_t block = f->geometry.block, lanes = (1U << f->bus_shift) - 1, i;
    uint32_t first = offset & ~(block - 1);

    if ( (word & 0xff) != CFI_CMD_CONFIRM )
    {
        chip->status |= CFI_SR_SEQUENCE;
        return;
    }
    if ( !writable(f, chip, offset, CFI_SR_ERASE) )
        return;

    /* At most VSIO_CFI_FLASH_BLOCK_MAX bytes. */
    for ( i = offset & lanes; i < block; i += lanes + 1 )
        put_word(f, f->array + first + i, 0xffff);
    dirty(f, first, block);
}

/* --- Buffered programming ------------------------------------------------- */

static void write_count(const struct vsio_cfi_flash *f,
                        struct vsio_cfi_flash_chip *chip,
                        uint32_t word)
{
    uint32_t i;

    if ( word >= (uint32_t)f->geometry.buffer >> (f->geometry.width >> 1) )
    {
        chip->status |= CFI_SR_SEQUENCE;
        return;
    }

    chip->count = chip->left = (uint8_t)(word + 1);
    /* Words that are written twice leave others out: these program nothing. */
    for ( i = 0; i < VSIO_CFI_FLASH_BUFFER_MAX; i++ )
        chip->buffer[i] = 0xff;
    chip->state = VSIO_CFI_FLASH_DATA;
}

/* Bytes of the bank from a buffered program's first word to its last. */
static uint32_t span_of(const struct vsio_cfi_flash *f,
                        const struct vsio_cfi_flash_chip *chip)
{
    return ((chip->count - 1U) << f->bus_shift) + f->geometry.width;
}

/* Is all of a buffered program from start on in one block? */
static bool in_one_block(const struct vsio_cfi_flash *f,
                         const struct vsio_cfi_flash_chip *chip)
{
    uint32_t last = chip->start + span_of(f, chip) - 1;

    return chip->start >> f->block_shift == last >> f->block_shift;
}

/* The address of the first word is where the buffer starts, not the count's. */
static void write_data(const struct vsio_cfi_flash *f,
                       struct vsio_cfi_flash_chip *chip,
                       uint32_t offset,
                       uint32_t word)
{
    uint32_t n;

    if ( chip->left == chip->count )
        chip->start = offset;
    n = (offset - chip->start) >> f->bus_shift; /* huge if before start */
    if ( n >= chip->count || !in_one_block(f, chip) )
    {
        chip->status |= CFI_SR_SEQUENCE;
        return;
    }

    put_word(f, chip->buffer + (size_t)n * f->geometry.width, word);
    chip->left--;
    chip->state = chip->left ? VSIO_CFI_FLASH_DATA : VSIO_CFI_FLASH_CONFIRM;
}

/* Where the guest confirms does not matter: EDK2 does so anywhere. */
static void write_confirm(const struct vsio_cfi_flash *f,
                          struct vsio_cfi_flash_chip *chip,
                          uint32_t word)
{
    uint32_t n;

    if ( (word & 0xff) != CFI_CMD_CONFIRM )
    {
        chip->status |= CFI_SR_SEQUENCE;
        return;
    }
    if ( !writable(f, chip, chip->start, CFI_SR_PROGRAM) )
        return;

    for ( n = 0; n < chip->count; n++ )
        program_word(f, chip->start + (n << f->bus_shift),
                     get_word(f, chip->buffer + (size_t)n * f->geometry.width));
    dirty(f, chip->start, span_of(f, chip));
}

/* --- Commands ------------------------------------------------------------- */

/* False: there is no such command; nothing happens. */
static bool command(struct vsio_cfi_flash_chip *chip, uint32_t cmd)
{
    switch ( cmd )
    {
    case CFI_CMD_READ_ARRAY:
    case CFI_CMD_AMD_RESET:
        chip->mode = VSIO_CFI_FLASH_ARRAY;
        return true;
    case CFI_CMD_READ_ID:
    case CFI_CMD_QUERY:
        chip->mode = VSIO_CFI_FLASH_ID;
        return true;
    case CFI_CMD_CLEAR:
        chip->status = CFI_SR_READY;
        return true;
    case CFI_CMD_CONFIRM: /* resume: nothing is ever suspended */
        return true;
    case CFI_CMD_PROGRAM:
    case CFI_CMD_PROGRAM_ALT:
        chip->state = VSIO_CFI_FLASH_PROGRAM;
        break;
    case CFI_CMD_ERASE:
        chip->state = VSIO_CFI_FLASH_ERASE;
        break;
    case CFI_CMD_LOCK_SETUP:
        chip->state = VSIO_CFI_FLASH_LOCK;
        break;
    case CFI_CMD_BUFFER:
        chip->state = VSIO_CFI_FLASH_COUNT;
        break;
    case CFI_CMD_READ_STATUS:
    case CFI_CMD_SUSPEND: /* the status says that all is done */
        break;
    default:
        return false;
    }
    chip->mode = VSIO_CFI_FLASH_STATUS;

    return true;
}

/*
 * One write on the bus of one chip. False: it was no command. Not inlined: so
 * it can be proven by itself.
 */
static bool __attribute__((__noinline__))
write_chip(struct vsio_cfi_flash *f, uint32_t offset, uint32_t word)
{
    struct vsio_cfi_flash_chip *chip = &f->chip[chip_at(f, offset)];
    uint8_t state = chip->state;

    chip->state = VSIO_CFI_FLASH_READY; /* unless there is more to come */

    switch ( state )
    {
    case VSIO_CFI_FLASH_PROGRAM:
        write_program(f, chip, offset, word);
        return true;
    case VSIO_CFI_FLASH_ERASE:
        write_erase(f, chip, offset, word);
        return true;
    case VSIO_CFI_FLASH_LOCK:
        write_lock(f, chip, offset, word);
        return true;
    case VSIO_CFI_FLASH_COUNT:
        write_count(f, chip, word);
        return true;
    case VSIO_CFI_FLASH_DATA:
        write_data(f, chip, offset, word);
        return true;
    case VSIO_CFI_FLASH_CONFIRM:
        write_confirm(f, chip, word);
        return true;
    default:
        return command(chip, word & 0xff);
    }
}

/*
 * What the bus does with an access: one write for each chip's word that it
 * touches, in the order of their addresses. Lanes of a word that nobody drives
 * are high, and so program nothing.
 */
static void cfi_flash_write(struct vsio_device *dev,
                            uint32_t reg,
                            uint32_t value,
                            uint32_t mask)
{
    struct vsio_cfi_flash *f = to_cfi_flash(dev);
    uint32_t word = word_mask(f), lane;
    bool known = true;

    if ( reg >= f->geometry.size )
    {
        vsio_unknown(dev, reg, true, value);
        return;
    }

    for ( lane = 0; lane < 4; lane += f->geometry.width )
        if ( mask >> (8 * lane) & word )
            known &=
                write_chip(f, reg + lane, (value | ~mask) >> (8 * lane) & word);

    if ( !known )
        vsio_unknown(dev, reg, true, value);
    update_mode(f);
}

/* --- Reads ---------------------------------------------------------------- */

/* A region: blocks - 1, and the bytes of one divided by 256. */
static uint32_t region(const struct vsio_cfi_flash *f)
{
    uint32_t bytes = f->geometry.block >> (f->geometry.chips >> 1);

    return (blocks_of(f) - 1) | bytes / 256 << 16;
}

/* AP-646; from CFI_PRI on, J3 table 12. All is done long before its time. */
static const uint8_t query_table[CFI_END] = {
    [CFI_MANUFACTURER] = 0x89, /* Intel */
    [CFI_DEVICE] = 0x18,       /* 28F128J3, of uniform blocks */
    [CFI_QRY] = 'Q',
    'R',
    'Y',
    0x01,
    0,
    CFI_PRI,
    0,
    0,
    0,
    0,
    0,
    [CFI_SYSTEM] = 0x27,
    0x36, /* VCC 2.7 to 3.6 V */
    0,
    0, /* no VPP */
    0x07,
    0x07,
    0x0a,
    0, /* word, buffer: 128 us; block: 1 s; chip */
    0x04,
    0x04,
    0x04,
    0, /* at most 16 times that */
    [CFI_REGIONS] = 1,
    [CFI_PRI] = 'P',
    'R',
    'I',
    '1',
    '1', /* version 1.1 */
    0x26,
    0,
    0,
    0,    /* suspend erase and program, instant block locking */
    0x01, /* program while an erase is suspended */
    0x03,
    0, /* lock bits: locked, locked down */
    0x33,
    0, /* VCC 3.3 V, no VPP */
    0x01,
    0,
    0,
    0,
    0, /* one protection field (0 would be 256): none */
    0,
    0, /* no page mode, no burst */
};

/* What the geometry says, and the same for all: the table. */
static uint32_t query(const struct vsio_cfi_flash *f, uint32_t addr)
{
    switch ( addr )
    {
    case CFI_SIZE:
        return shift_of(f->geometry.size) - (f->geometry.chips - 1U);
    case CFI_INTERFACE:
        return f->geometry.width - 1U;
    case CFI_BUFFER_SIZE:
        return shift_of(f->geometry.buffer);
    case CFI_REGION_1:
    case CFI_REGION_1 + 1:
    case CFI_REGION_1 + 2:
    case CFI_REGION_1 + 3:
        return region(f) >> (8 * (addr - CFI_REGION_1)) & 0xff;
    default:
        return addr < CFI_END ? query_table[addr] : 0;
    }
}

static uint32_t read_id(const struct vsio_cfi_flash *f,
                        const struct vsio_cfi_flash_chip *chip,
                        uint32_t offset)
{
    uint32_t addr = offset >> f->bus_shift & CFI_ADDR_MASK;
    uint32_t block = offset >> f->block_shift;

    if ( addr != CFI_BLOCK_LOCK )
        return query(f, addr);

    return (get_bit(chip->locked, block) ? CFI_LOCKED : 0) |
           (get_bit(chip->down, block) ? CFI_LOCKED_DOWN : 0);
}

static uint32_t read_chip(const struct vsio_cfi_flash *f, uint32_t offset)
{
    const struct vsio_cfi_flash_chip *chip = &f->chip[chip_at(f, offset)];

    switch ( chip->mode )
    {
    case VSIO_CFI_FLASH_STATUS:
        return chip->status;
    case VSIO_CFI_FLASH_ID:
        return read_id(f, chip, offset);
    default:
        return get_word(f, f->array + offset);
    }
}

/* A read changes nothing, so lanes that nobody asked for are no harm. */
static uint32_t cfi_flash_read(struct vsio_device *dev, uint32_t reg)
{
    const struct vsio_cfi_flash *f = to_cfi_flash(dev);
    uint32_t value = 0, lane;

    if ( reg >= f->geometry.size )
    {
        vsio_unknown(dev, reg, false, 0);
        return 0;
    }

    for ( lane = 0; lane < 4; lane += f->geometry.width )
        value |= read_chip(f, reg + lane) << (8 * lane);

    return value;
}

static const void *cfi_flash_image(struct vsio_device *dev)
{
    const struct vsio_cfi_flash *f = to_cfi_flash(dev);

    return f->array_mode ? f->array : NULL;
}

/* --- State as a whole ----------------------------------------------------- */

static void power_on(struct vsio_cfi_flash *f)
{
    unsigned int c, i;

    for ( c = 0; c < 2; c++ )
    {
        struct vsio_cfi_flash_chip *chip = &f->chip[c];

        chip->state = VSIO_CFI_FLASH_READY;
        chip->mode = VSIO_CFI_FLASH_ARRAY;
        chip->status = CFI_SR_READY;
        chip->count = chip->left = 0;
        chip->start = 0;
        for ( i = 0; i < VSIO_CFI_FLASH_BUFFER_MAX; i++ )
            chip->buffer[i] = 0xff;
        for ( i = 0; i < VSIO_CFI_FLASH_BLOCKS_MAX / 8; i++ )
            chip->locked[i] = chip->down[i] = 0;
    }
}

static void cfi_flash_reset(struct vsio_device *dev)
{
    struct vsio_cfi_flash *f = to_cfi_flash(dev);

    power_on(f);
    update_mode(f);
}

static bool is_power(uint32_t n)
{
    return n && !(n & (n - 1));
}

/* CFI gives the size of a block in units of 256 bytes. */
/* Four bytes for one 8-bit chip are four writes: twice set-up and confirm. */
static uint32_t block_max(const struct vsio_cfi_flash_geometry *g)
{
    return VSIO_CFI_FLASH_BLOCK_MAX /
           (g->width == 1 && g->chips == 1 ? 2U : 1U);
}

static bool possible(const struct vsio_cfi_flash_geometry *g)
{
    return (g->width == 1 || g->width == 2) &&
           (g->chips == 1 || g->chips == 2) && is_power(g->size) &&
           is_power(g->block) && is_power(g->buffer) && g->size <= CFI_WINDOW &&
           g->block <= block_max(g) && g->block <= g->size &&
           g->size <= g->block * VSIO_CFI_FLASH_BLOCKS_MAX &&
           g->block >= 256U * g->chips && g->buffer >= 2U * g->width &&
           g->buffer <= VSIO_CFI_FLASH_BUFFER_MAX;
}

bool vsio_cfi_flash_init(struct vsio_cfi_flash *f,
                         const struct vsio_cfi_flash_geometry *geometry,
                         uint8_t *array,
                         const struct vsio_cfi_flash_host *host,
                         void *ctx)
{
    if ( !possible(geometry) )
        return false;

    f->dev = (struct vsio_device){ .class = &vsio_cfi_flash_class,
                                   .host = &host->common,
                                   .ctx = ctx };
    f->geometry = *geometry;
    f->array = array;
    f->bus_shift = shift_of((uint32_t)geometry->width * geometry->chips);
    f->block_shift = shift_of(geometry->block);
    f->array_mode = true;
    power_on(f);

    return true;
}

/* No bit for a block that is not there; what is locked down is locked. */
static bool valid_locks(const struct vsio_cfi_flash_chip *chip, uint32_t blocks)
{
    uint32_t wrong = 0, n;

    for ( n = 0; n < VSIO_CFI_FLASH_BLOCKS_MAX / 8; n++ )
    {
        uint32_t there = blocks >= 8 ? 0xff : (1U << blocks) - 1;

        wrong |=
            (chip->locked[n] & ~there) | (chip->down[n] & ~chip->locked[n]);
        blocks -= blocks >= 8 ? 8 : blocks;
    }

    return !wrong;
}

/* A buffered program that is under way ends where it must. */
static bool valid_buffer(const struct vsio_cfi_flash *f,
                         const struct vsio_cfi_flash_chip *chip)
{
    uint32_t lanes = (1U << f->bus_shift) - 1;
    uint32_t own = (uint32_t)(chip - f->chip) << (f->geometry.width >> 1);

    if ( chip->state < VSIO_CFI_FLASH_DATA )
        return true;
    if ( !chip->count || chip->left > chip->count ||
         (uint32_t)chip->count * f->geometry.width > f->geometry.buffer ||
         (chip->left != 0) != (chip->state == VSIO_CFI_FLASH_DATA) )
        return false;

    return chip->left == chip->count ||
           ((chip->start & lanes) == own && chip->start < f->geometry.size &&
            in_one_block(f, chip));
}

static bool valid_chip(const struct vsio_cfi_flash *f,
                       const struct vsio_cfi_flash_chip *chip)
{
    bool ready = chip->state == VSIO_CFI_FLASH_READY;

    return chip->state <= VSIO_CFI_FLASH_CONFIRM &&
           chip->mode <= VSIO_CFI_FLASH_ID &&
           (ready || chip->mode == VSIO_CFI_FLASH_STATUS) &&
           (chip->status & CFI_SR_READY) && !(chip->status & ~CFI_SR_MASK) &&
           valid_buffer(f, chip) && valid_locks(chip, blocks_of(f));
}

/* The place of a chip that is not there is as the power-on left it. */
static bool valid_absent(const struct vsio_cfi_flash_chip *chip)
{
    return chip->state == VSIO_CFI_FLASH_READY &&
           chip->mode == VSIO_CFI_FLASH_ARRAY && chip->status == CFI_SR_READY &&
           valid_locks(chip, 0);
}

static bool cfi_flash_valid(const struct vsio_device *dev)
{
    const struct vsio_cfi_flash *f = (const struct vsio_cfi_flash *)dev;
    const struct vsio_cfi_flash_geometry *g = &f->geometry;

    return possible(g) && 1U << f->block_shift == g->block &&
           1U << f->bus_shift == (uint32_t)g->width * g->chips &&
           valid_chip(f, &f->chip[0]) &&
           (g->chips == 2 ? valid_chip(f, &f->chip[1])
                          : valid_absent(&f->chip[1])) &&
           f->array_mode == all_show_array(f) && dev->lines == 0;
}

bool vsio_cfi_flash_valid(const struct vsio_cfi_flash *f)
{
    return cfi_flash_valid(&f->dev);
}

/* A field that the record must have as we have it. */
static void field_same(struct vsio_stream *s, uint8_t is)
{
    uint8_t field = is;

    vsio_field8(s, &field);
    s->failed |= field != is;
}

/* The array is not ours: who moves it, moves it beside this. */
static void cfi_flash_fields(struct vsio_device *dev, struct vsio_stream *s)
{
    struct vsio_cfi_flash *f = to_cfi_flash(dev);
    unsigned int c;

    field_same(s, shift_of(f->geometry.size));
    field_same(s, f->block_shift);
    field_same(s, f->geometry.width);
    field_same(s, f->geometry.chips);
    field_same(s, f->geometry.buffer);

    for ( c = 0; c < 2; c++ )
    {
        struct vsio_cfi_flash_chip *chip = &f->chip[c];

        vsio_field8(s, &chip->state);
        vsio_field8(s, &chip->mode);
        vsio_field8(s, &chip->status);
        vsio_field8(s, &chip->count);
        vsio_field8(s, &chip->left);
        vsio_field32(s, &chip->start);
        vsio_field_bytes(s, chip->buffer, sizeof(chip->buffer));
        vsio_field_bytes(s, chip->locked, sizeof(chip->locked));
        vsio_field_bytes(s, chip->down, sizeof(chip->down));
    }
}

static void cfi_flash_derive(struct vsio_device *dev)
{
    struct vsio_cfi_flash *f = to_cfi_flash(dev);

    f->array_mode = all_show_array(f);
}

/* What the host has mapped so far may be of another life. */
static void cfi_flash_resume(struct vsio_device *dev)
{
    const struct vsio_cfi_flash *f = to_cfi_flash(dev);

    if ( host_of(f)->array_mode )
        host_of(f)->array_mode(dev->ctx, f->array_mode);
}

#define RECORD_CHIP                                                            \
    (9U + VSIO_CFI_FLASH_BUFFER_MAX + VSIO_CFI_FLASH_BLOCKS_MAX / 4U)
#define RECORD (VSIO_RECORD_COUNTERS + 5U + 2U * RECORD_CHIP)

_Static_assert(VSIO_RECORD_HEADER + RECORD <= VSIO_RECORD_MAX,
               "a record with all locks and both buffers has its bound, too");

const struct vsio_class vsio_cfi_flash_class = {
    .name = "cfi-flash",
    .window = CFI_WINDOW,
    .unit = 4,
    .lines = 0,
    .read = cfi_flash_read,
    .write = cfi_flash_write,
    .image = cfi_flash_image,
    .reset = cfi_flash_reset,
    .valid = cfi_flash_valid,
    .type = VSIO_TYPE('C', 'F', 'I', '1'),
    .version = 1,
    .record = RECORD,
    .fields = cfi_flash_fields,
    .derive = cfi_flash_derive,
    .resume = cfi_flash_resume,
};

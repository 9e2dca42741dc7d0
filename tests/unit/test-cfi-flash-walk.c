/* SPDX-License-Identifier: MIT */
/* Random writes beside a second, simple model: chips that know no lanes. */

#include "cfi-flash-host.h"

#define WORDS (FLASH_SIZE) /* of a chip, at most */
#define LISTS 64U

/* What a chip has been told since it was ready, as a list. */
struct model {
    uint32_t word[WORDS];
    uint32_t heard; /* writes since it was ready */
    uint32_t cmd, count;
    uint32_t addr[LISTS], data[LISTS];
    uint32_t status,
        shows; /* what it reads as: the last command of that sort */
    uint8_t lock[FLASH_SIZE / FLASH_BLOCK]; /* as the ID shows it */
};

static struct model model[2];
static uint32_t width, chips, bits, per_block, buffer;

static void model_start(const struct vsio_cfi_flash_geometry *g)
{
    uint32_t c, i;

    width = g->width;
    chips = g->chips;
    bits = width == 1 ? 0xff : 0xffff;
    per_block = FLASH_BLOCK / width / chips;
    buffer = g->buffer / width;
    for ( c = 0; c < 2; c++ )
    {
        for ( i = 0; i < WORDS; i++ )
            model[c].word[i] = bits;
        for ( i = 0; i < ARRAY_SIZE(model[c].lock); i++ )
            model[c].lock[i] = 0;
        model[c].heard = 0;
        model[c].status = 0x80;
        model[c].shows = 0xff;
    }
}

static void model_program(struct model *m, uint32_t n)
{
    uint32_t i;

    if ( m->lock[m->addr[0] / per_block] & 1 )
        m->status |= 0x12;
    else
        for ( i = 0; i < n; i++ )
            m->word[m->addr[i]] &= m->data[i];
}

static void model_erase(struct model *m, uint32_t block)
{
    uint32_t i;

    if ( m->lock[block] & 1 )
        m->status |= 0x22;
    else
        for ( i = 0; i < per_block; i++ )
            m->word[block * per_block + i] = bits;
}

static void model_lock(struct model *m, uint32_t block, uint32_t data)
{
    uint8_t *lock = &m->lock[block];

    if ( data == 0x01 )
        *lock |= 1;
    else if ( data == 0x2f )
        *lock = 3;
    else if ( data != 0xd0 )
        m->status |= 0x30;
    else if ( *lock == 1 )
        *lock = 0;
}

/* A word of a buffer; a second one for an address replaces the first. */
static bool model_data(struct model *m, uint32_t addr, uint32_t data)
{
    uint32_t n = m->heard - 2, first = n ? m->addr[0] : addr, i;

    if ( addr < first || addr >= first + m->count ||
         first / per_block != (first + m->count - 1) / per_block )
        return false;
    for ( i = 0; i < n; i++ )
        if ( m->addr[i] == addr )
            m->data[i] = data;
    m->addr[n] = addr;
    m->data[n] = data;

    return true;
}

/* True: more belongs to this command. */
static bool model_buffer(struct model *m, uint32_t addr, uint32_t data)
{
    bool ok;

    if ( m->heard == 1 )
    {
        m->count = data + 1;
        ok = m->count <= buffer;
    }
    else if ( m->heard < 2 + m->count )
        ok = model_data(m, addr, data);
    else
    {
        ok = (data & 0xff) == 0xd0;
        if ( ok )
        {
            model_program(m, m->count);
            return false;
        }
    }
    if ( !ok )
        m->status |= 0x30;

    return ok;
}

static bool model_more(struct model *m, uint32_t addr, uint32_t data)
{
    switch ( m->cmd )
    {
    case 0x20:
        if ( (data & 0xff) == 0xd0 )
            model_erase(m, addr / per_block);
        else
            m->status |= 0x30;
        return false;
    case 0x60:
        model_lock(m, addr / per_block, data & 0xff);
        return false;
    case 0xe8:
        return model_buffer(m, addr, data);
    default:
        m->addr[0] = addr;
        m->data[0] = data;
        model_program(m, 1);
        return false;
    }
}

static void model_write(struct model *m, uint32_t addr, uint32_t data)
{
    uint32_t cmd = data & 0xff;

    if ( m->heard )
        m->heard = model_more(m, addr, data) ? m->heard + 1 : 0;
    else if ( cmd == 0x50 )
        m->status = 0x80;
    else if ( cmd == 0xff || cmd == 0xf0 )
        m->shows = 0xff;
    else if ( cmd == 0x90 || cmd == 0x98 )
        m->shows = 0x90;
    else if ( cmd == 0x70 || cmd == 0xb0 )
        m->shows = 0x70;
    else if ( cmd == 0x10 || cmd == 0x20 || cmd == 0x40 || cmd == 0x60 ||
              cmd == 0xe8 )
    {
        m->cmd = cmd;
        m->shows = 0x70;
        m->heard = 1;
    }
}

static uint32_t model_read(const struct model *m, uint32_t addr)
{
    if ( m->shows == 0xff )
        return m->word[addr];
    if ( m->shows == 0x70 )
        return m->status;
    if ( addr % 256 == 2 )
        return m->lock[addr / per_block];

    return addr % 256 ? 0x18 : 0x89;
}

/* The byte at an offset of the bank, as read. */
static uint32_t model_byte(uint32_t offset)
{
    uint32_t word =
        model_read(&model[offset / width % chips], offset / width / chips);

    return word >> (offset % width * 8) & 0xff;
}

/* An access by size bytes: each chip's words in turn. */
static void both_write(uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t end = offset + size, o = offset / width * width;

    wr(flash_dev, offset, size, value, HERE);
    for ( ; o < end; o += width )
    {
        uint32_t data = 0, i;

        for ( i = 0; i < width; i++ )
            data |= (o + i < offset || o + i >= end
                         ? 0xff
                         : value >> (8 * (o + i - offset)) & 0xff)
                    << (8 * i);
        model_write(&model[o / width % chips], o / width / chips, data);
    }
}

static void both_read(uint32_t offset, uint32_t size)
{
    uint32_t got = rd(flash_dev, offset, size, HERE), i;

    for ( i = 0; i < size; i++ )
        EXPECT_EQ(got >> (8 * i) & 0xff, model_byte(offset + i));
}

static bool model_mapped(void)
{
    return model[0].shows == 0xff && model[chips - 1].shows == 0xff;
}

static void arrays_match(void)
{
    uint32_t o, differs = 0;

    for ( o = 0; o < FLASH_SIZE; o++ )
        differs += flash_array()[o] !=
                   (model[o / width % chips].word[o / width / chips] >>
                        (o % width * 8) &
                    0xff);
    EXPECT_EQ(differs, 0);
    FLASH_CHECK();
}

/* A place near the edges of blocks and bank, aligned to size. */
static uint32_t place(uint32_t random, uint32_t size)
{
    uint32_t near = (random & 7) * FLASH_BLOCK + (random >> 3 & 0x1f);

    if ( random & 0x100 )
        near -= 0x40;

    return near % FLASH_SIZE / size * size;
}

static uint32_t some_word(uint32_t random)
{
    static const uint8_t likely[] = { 0x40, 0x10, 0x20, 0xd0, 0xd0, 0x60,
                                      0x01, 0x2f, 0xe8, 0xe8, 0x70, 0x98,
                                      0x90, 0x50, 0xff, 0xf0, 0x03, 0x01 };
    uint32_t word = likely[random % ARRAY_SIZE(likely)];

    return random & 0x1000 ? random >> 16 : word;
}

static void on_both(uint32_t offset, uint32_t word)
{
    uint32_t bus = width * chips, value = word & bits;

    both_write(offset / bus * bus, bus,
               chips == 2 ? value | value << (8 * width) : value);
}

/* A sequence as drivers have it; sometimes something comes in between. */
static void sequence(uint32_t *seed)
{
    uint32_t random = random32(seed), bus = width * chips;
    uint32_t o = place(random >> 8, 4), n = (random >> 24) % buffer + 1, i;

    switch ( random & 7 )
    {
    case 0:
        on_both(o, 0x20);
        on_both(o, random & 0x80 ? 0xd0 : some_word(random >> 4));
        break;
    case 1:
        on_both(o, 0x60);
        on_both(o, random & 0x40 ? 0xd0 : random & 0x80 ? 0x01 : 0x2f);
        break;
    case 2:
    case 3:
        on_both(o, 0x40);
        on_both(o, random32(seed));
        break;
    default:
        on_both(0, 0xe8);
        on_both(0, n - 1);
        for ( i = 0; i < n; i++ )
        {
            random = random32(seed);
            on_both((o + (random & 0xff ? i : random >> 8 & 31) * bus) %
                        FLASH_SIZE,
                    random >> 8);
        }
        on_both(random % FLASH_SIZE, random & 0x700 ? 0xd0 : random >> 12);
        break;
    }
}

static void step(uint32_t *seed)
{
    uint32_t random = random32(seed), size = 1U << (random & 3) % 3;
    uint32_t o = place(random >> 8, size);
    uint32_t word = some_word(random >> 7);

    switch ( random >> 28 )
    {
    case 0:
    case 1:
    case 2:
    case 3:
        sequence(seed);
        break;
    case 4:
    case 5:
        both_write(o, size, word);
        break;
    case 6:
        both_write(o, size, word * 0x01010101);
        break;
    case 7:
    case 8:
        on_both(o, word);
        break;
    case 9:
        on_both(o, 0xff);
        on_both(o, 0xff);
        break;
    default:
        /* Of the ID only what the model has. */
        if ( !model_mapped() )
            o = o / FLASH_BLOCK * FLASH_BLOCK + o % 3 * width * chips;
        both_read(o, 1);
        break;
    }
    EXPECT_EQ(flash.mapped, model_mapped());
    EXPECT(flash_dev->class->image(flash_dev) ==
           (model_mapped() ? flash_array() : NULL));
}

static void walk(unsigned int kind)
{
    uint32_t seed = 0xcf1 + kind, i, o, mapped = 0, errors = 0;

    flash_start(kind);
    model_start(&flash_kinds[kind]);
    for ( i = 0; i < 12000; i++ )
    {
        at(kind, i);
        step(&seed);
        mapped += flash.mapped;
        errors += model[0].status != 0x80;
        if ( i % 200 == 0 )
            arrays_match();
        if ( i % 500 == 0 )
        {
            vsio_reset(flash_dev); /* else all blocks end locked down */
            CHECK_VALID();
            model[0].status = model[1].status = 0x80;
            model[0].shows = model[1].shows = 0xff;
            model[0].heard = model[1].heard = 0;
            for ( o = 0; o < ARRAY_SIZE(model[0].lock); o++ )
                model[0].lock[o] = model[1].lock[o] = 0;
        }
    }
    arrays_match();
    EXPECT(mapped > 1000 && mapped < 11000);
    EXPECT(flash.dirty_calls > 1000);
    EXPECT(errors > 1000);
}

static void one_of_8(void)
{
    walk(0);
}

static void two_of_8(void)
{
    walk(1);
}

static void one_of_16(void)
{
    walk(2);
}

static void two_of_16(void)
{
    walk(3);
}

static const struct test table[] = {
    { "a random walk: one chip of 8 bits", one_of_8 },
    { "a random walk: two chips of 8 bits", two_of_8 },
    { "a random walk: one chip of 16 bits", one_of_16 },
    { "a random walk: two chips of 16 bits", two_of_16 },
};
TESTS(table);

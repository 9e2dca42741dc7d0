/* SPDX-License-Identifier: MIT */
/*
 * spec.c - devices as they are asked for on the command line, and where they
 * go. Both attach and dt come here, so the same list in the same order gets the
 * same places.
 */
#include <stdlib.h>
#include <string.h>

#include "vsioctl.h"

static const struct kind kinds[] = {
    { "pl011", XEN_VSIO_PL011, 1, true, "addr irq limit log host" },
    { "pl031", XEN_VSIO_PL031, 1, false, "addr irq offset host" },
    { "i8042", XEN_VSIO_I8042, 2, false, "addr irq host" },
    { "ns16550", XEN_VSIO_NS16550, 1, true, "addr irq stride limit log host" },
    { "flash", XEN_VSIO_CFI_FLASH, 0, false, "addr size block file host" },
};

/* A guest's address space as Xen 4.17 and libxl lay it out. */
static const struct place layout[] = {
    { 0x00000000, 0x02000000, 0, 0, "nothing that Xen leaves free" },
    { 0x02000000, 0x00100000, 33, 11, "virtio-mmio" },
    { 0x03001000, 0x0101f000, 0, 0, "the interrupt controller" },
    { 0x10000000, 0x10000000, 0, 0, "the PCI configuration space" },
    { 0x20000000, 0x02000000, 0, 0, "nothing that Xen leaves free" },
    { XEN_UART_BASE, PAGE, 32, 1, "Xen's own PL011" },
    { 0x23000000, 0x10000000, 0, 0, "PCI memory" },
    { 0x38000000, 0x01000000, 0, 0, "the grant table" },
    { 0x39000000, 0x01000000, 0, 0, "pages shared with Xen" },
    { 0x40000000, UINT64_MAX - 0x40000000, 0, 0, "guest memory" },
};

#define SMALL_FIRST 0x22001000U
#define SMALL_END   0x23000000U
#define FLASH_FIRST 0x04020000U
#define FLASH_END   0x10000000U
#define SPI_CHOSEN  44U /* those below are Xen's */
#define SPI_END     1020U

#define BLOCK_DEFAULT 0x40000U
#define LIMIT_DEFAULT 1048576U /* as libxl has it for a console */
#define BLOCKS_MAX    512U

const struct kind *kind_of_type(uint32_t type)
{
    for ( size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++ )
    {
        if ( kinds[i].type == type )
            return &kinds[i];
    }

    return NULL;
}

const char *kind_name(uint32_t type)
{
    const struct kind *kind = kind_of_type(type);

    return kind ? kind->name : KIND_NAME_UNKNOWN;
}

const struct kind *kind_of_name(const char *name)
{
    for ( size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++ )
    {
        if ( !strcmp(kinds[i].name, name) )
            return &kinds[i];
    }

    return NULL;
}

/* Is the key before '=' one of the device's? */
static bool has_key(const struct kind *kind, const char *key, size_t n)
{
    for ( const char *p = kind->keys; p; p = strchr(p, ' ') )
    {
        p += *p == ' ';
        if ( !strncmp(p, key, n) && (p[n] == ' ' || !p[n]) )
            return true;
    }

    return false;
}

static bool is_key(const char *word, const char *key)
{
    size_t n = strlen(key);

    return !strncmp(word, key, n) && word[n] == '=';
}

static bool power_of_two(uint64_t n)
{
    return n && !(n & (n - 1));
}

static bool parse_number(const char *word, const char *value, struct spec *spec)
{
    uint64_t n;
    int64_t i;

    if ( is_key(word, "offset") )
    {
        spec->has_offset = true;
        return number(value, INT64_MIN, INT64_MAX, &spec->offset);
    }
    if ( is_key(word, "addr") )
        return number(value, 1, INT64_MAX, &i) &&
               ((spec->addr = (uint64_t)i), !(i % PAGE));
    if ( is_key(word, "irq") )
        return number(value, SPI_FIRST, SPI_END - spec->kind->lines, &i) &&
               ((spec->irq = (uint32_t)i), true);
    if ( is_key(word, "stride") )
        return number(value, 1, 4, &i) &&
               ((spec->stride = (uint32_t)i), power_of_two(spec->stride));
    if ( is_key(word, "size") )
        return size_number(value, XEN_VSIO_FLASH_MAX, &n) &&
               ((spec->size = (uint32_t)n), power_of_two(n) && n >= PAGE);
    if ( is_key(word, "block") )
        return size_number(value, BLOCK_DEFAULT, &n) &&
               ((spec->block = (uint32_t)n), power_of_two(n));

    return size_number(value, 0x40000000, &n) &&
           ((spec->limit = (uint32_t)n), n >= PAGE);
}

/* word is KEY=value. */
static enum status parse_key(const char *word,
                             const char *value,
                             struct spec *spec)
{
    size_t n = (size_t)(value - 1 - word);

    if ( !has_key(spec->kind, word, n) )
        return error(USAGE, "%s has no '%.*s'; it has: %s", spec->kind->name,
                     (int)n, word, spec->kind->keys);
    if ( is_key(word, "file") || is_key(word, "log") )
    {
        const char **name = is_key(word, "file") ? &spec->file : &spec->log;

        *name = value;
        if ( value[0] != '/' && (*name == spec->file || strcmp(value, "none")) )
            return error(USAGE, "'%s': that must be an absolute path", word);
        return OK;
    }
    if ( is_key(word, "host") )
    {
        spec->daemon = !strcmp(value, "daemon");
        return spec->daemon || !strcmp(value, "xen")
                   ? OK
                   : error(USAGE, "'%s': it is xen or daemon", word);
    }
    if ( !parse_number(word, value, spec) )
        return error(USAGE, "'%s' is not a value that this can have", word);

    return OK;
}

/* The smallest power of two that holds the file. */
static enum status size_of_file(struct spec *spec)
{
    FILE *file = fopen(spec->file, "re");
    long end = -1;

    if ( file )
    {
        if ( !fseek(file, 0, SEEK_END) )
            end = ftell(file);
        fclose(file);
    }
    if ( end < 0 )
        return error(FAILED, "%s: can't be read: %m", spec->file);

    spec->size = PAGE;
    while ( spec->size < end && spec->size < XEN_VSIO_FLASH_MAX )
        spec->size *= 2;
    if ( spec->size < end )
        return error(FAILED, "%s: larger than any flash", spec->file);

    return OK;
}

/* A flash: its size and that of a block. */
static enum status flash_geometry(struct spec *spec)
{
    if ( !spec->size && !spec->file )
        return error(USAGE, "flash needs size= or file=");
    if ( !spec->size )
    {
        enum status status = size_of_file(spec);

        if ( status )
            return status;
    }
    if ( !spec->block )
        spec->block = spec->size < BLOCK_DEFAULT ? spec->size : BLOCK_DEFAULT;
    if ( spec->block > spec->size || spec->size / spec->block > BLOCKS_MAX )
        return error(USAGE, "flash: size must be 1 to %u blocks of %u bytes",
                     BLOCKS_MAX, spec->block);

    return OK;
}

enum status spec_parse(int argc, char **argv, struct spec *spec, int *used)
{
    const struct kind *kind = argc ? kind_of_name(argv[0]) : NULL;
    enum status status = OK;
    const char *equals;
    int i;

    if ( !kind )
        return error(USAGE,
                     "'%s' is no device: pl011, pl031, i8042, ns16550, flash",
                     argc ? argv[0] : "");

    *spec = (struct spec){ .kind = kind, .stride = 4, .limit = LIMIT_DEFAULT };
    for ( i = 1; i < argc && (equals = strchr(argv[i], '=')) && !status; i++ )
        status = parse_key(argv[i], equals + 1, spec);
    *used = i;
    if ( !status && kind->type == XEN_VSIO_CFI_FLASH )
        status = flash_geometry(spec);

    return status;
}

uint64_t spec_window(const struct spec *spec)
{
    return spec->size ? spec->size : PAGE;
}

static bool overlap(const struct place *p, uint64_t addr, uint64_t size)
{
    return addr < p->addr + p->size && p->addr < addr + size;
}

static bool overlap_irq(const struct place *p, uint32_t irq, uint32_t lines)
{
    return irq < p->irq + p->lines && p->irq < irq + lines;
}

static const struct place *there(const struct places *taken,
                                 uint64_t addr,
                                 uint64_t size)
{
    for ( size_t i = 0; i < sizeof(layout) / sizeof(layout[0]); i++ )
    {
        if ( overlap(&layout[i], addr, size) )
            return &layout[i];
    }
    for ( unsigned int i = 0; i < taken->count; i++ )
    {
        if ( overlap(&taken->place[i], addr, size) )
            return &taken->place[i];
    }

    return NULL;
}

static const struct place *at_irq(const struct places *taken,
                                  uint32_t irq,
                                  uint32_t lines)
{
    for ( size_t i = 0; i < sizeof(layout) / sizeof(layout[0]); i++ )
    {
        if ( overlap_irq(&layout[i], irq, lines) )
            return &layout[i];
    }
    for ( unsigned int i = 0; i < taken->count; i++ )
    {
        if ( overlap_irq(&taken->place[i], irq, lines) )
            return &taken->place[i];
    }

    return NULL;
}

static enum status choose_addr(struct spec *spec, const struct places *taken)
{
    uint64_t size = spec_window(spec);
    bool flash = spec->size != 0;
    uint64_t step = flash ? spec->size : PAGE;
    uint64_t end = flash ? FLASH_END : SMALL_END;
    uint64_t addr = flash ? FLASH_FIRST : SMALL_FIRST;

    addr = (addr + step - 1) / step * step;
    while ( addr + size <= end && there(taken, addr, size) )
        addr += step;
    if ( addr + size > end )
        return error(REFUSED, "%s: no address is free", spec->kind->name);
    spec->addr = addr;

    return OK;
}

static enum status choose_irq(struct spec *spec, const struct places *taken)
{
    uint32_t irq = SPI_CHOSEN;

    while ( at_irq(taken, irq, spec->kind->lines) )
        irq++;
    if ( irq + spec->kind->lines > SPI_END )
        return error(REFUSED, "%s: no interrupt is free", spec->kind->name);
    spec->irq = irq;

    return OK;
}

enum status spec_place(struct spec *spec, const struct places *taken)
{
    const struct place *p;
    enum status status = OK;

    if ( spec->addr && (p = there(taken, spec->addr, spec_window(spec))) )
        return error(REFUSED, "%s: at 0x%llx is %s", spec->kind->name,
                     (unsigned long long)spec->addr, p->name);
    if ( spec->irq && (p = at_irq(taken, spec->irq, spec->kind->lines)) )
        return error(REFUSED, "%s: interrupt %u is that of %s",
                     spec->kind->name, spec->irq, p->name);
    if ( !spec->addr )
        status = choose_addr(spec, taken);
    if ( !status && !spec->irq && spec->kind->lines )
        status = choose_irq(spec, taken);

    return status;
}

void places_add(struct places *places,
                const struct spec *spec,
                const char *name)
{
    struct place *p = &places->place[places->count];

    if ( places->count == sizeof(places->place) / sizeof(places->place[0]) )
        return;
    places->count++;
    p->addr = spec->addr;
    p->size = spec_window(spec);
    p->irq = spec->irq;
    p->lines = spec->irq ? spec->kind->lines : 0;
    snprintf(p->name, sizeof(p->name), "%s", name);
}

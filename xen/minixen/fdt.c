/* SPDX-License-Identifier: GPL-2.0-only */
/* A flattened device tree, read and added to where it is. */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/device_tree.h>

#define FDT_MAGIC      0xd00dfeed
#define FDT_BEGIN_NODE 1
#define FDT_END_NODE   2
#define FDT_PROP       3
#define FDT_NOP        4
#define FDT_END        9

/* All of it is big-endian. */
struct header {
    uint32_t magic, totalsize, off_struct, off_strings, off_reserved;
    uint32_t version, compatible, boot_cpu, size_strings, size_struct;
};

static uint32_t *at_offset(void *fdt, uint32_t offset)
{
    return (uint32_t *)((char *)fdt + fdt32_to_cpu(offset));
}

static const char *string(void *fdt, uint32_t offset)
{
    const struct header *h = fdt;

    return (char *)at_offset(fdt, h->off_strings) + offset;
}

static bool starts_with(const char *s, const char *start)
{
    while ( *start )
        if ( *s++ != *start++ )
            return false;

    return true;
}

static uint32_t *next_token(uint32_t *at)
{
    switch ( fdt32_to_cpu(*at) )
    {
    case FDT_BEGIN_NODE:
        return at + 1 + (strlen((char *)(at + 1)) + 4) / 4;
    case FDT_PROP:
        return at + 3 + (fdt32_to_cpu(at[1]) + 3) / 4;
    default:
        return at + 1;
    }
}

bool fdt_is_here(const void *fdt)
{
    return fdt32_to_cpu(*(const uint32_t *)fdt) == FDT_MAGIC;
}

void *fdt_find(void *fdt,
               unsigned int depth,
               const char *node,
               unsigned int n,
               const char *property)
{
    uint32_t *at = at_offset(fdt, ((struct header *)fdt)->off_struct);
    unsigned int level = 0;
    bool inside = false;

    for ( ; fdt32_to_cpu(*at) != FDT_END; at = next_token(at) )
        switch ( fdt32_to_cpu(*at) )
        {
        case FDT_BEGIN_NODE:
            if ( ++level != depth || !starts_with((char *)(at + 1), node) ||
                 n-- )
                break;
            if ( !*property )
                return at;
            inside = true;
            break;
        case FDT_END_NODE:
            if ( level-- == depth && inside )
                return NULL;
            break;
        case FDT_PROP:
            if ( inside && level == depth &&
                 !strcmp(string(fdt, fdt32_to_cpu(at[2])), property) )
                return at + 3;
            break;
        }

    return NULL;
}

void fdt_nop_node(void *node)
{
    uint32_t *at = node, *end;
    unsigned int level = 0;

    do
    {
        uint32_t token = fdt32_to_cpu(*at);

        level += token == FDT_BEGIN_NODE;
        level -= token == FDT_END_NODE;
        for ( end = next_token(at); at < end; at++ )
            *at = cpu_to_fdt32(FDT_NOP);
    } while ( level );
}

/* --- Adding --------------------------------------------------------------- */

static void add_word(void *fdt, uint32_t word)
{
    struct header *h = fdt;
    uint32_t size = fdt32_to_cpu(h->size_struct);

    at_offset(fdt, h->off_struct)[size / 4] = cpu_to_fdt32(word);
    h->size_struct = cpu_to_fdt32(size + 4);
}

static void add_bytes(void *fdt, const void *bytes, uint32_t n)
{
    struct header *h = fdt;
    uint32_t size = fdt32_to_cpu(h->size_struct);
    uint8_t *to = (uint8_t *)at_offset(fdt, h->off_struct) + size;

    memset(to, 0, (n + 3) & ~3U);
    memcpy(to, bytes, n);
    h->size_struct = cpu_to_fdt32(size + ((n + 3) & ~3U));
}

/* The offset of a name among the strings, where it is added if need be. */
static uint32_t name_offset(void *fdt, const char *name)
{
    struct header *h = fdt;
    uint32_t size = fdt32_to_cpu(h->size_strings), at;

    for ( at = 0; at < size; at += strlen(string(fdt, at)) + 1 )
        if ( !strcmp(string(fdt, at), name) )
            return at;

    memcpy((char *)string(fdt, size), name, strlen(name) + 1);
    h->size_strings = cpu_to_fdt32(size + strlen(name) + 1);

    return size;
}

/* Its last two tokens end the root node, and all. */
void fdt_reopen(void *fdt, uint32_t room)
{
    struct header *h = fdt;
    uint32_t strings = fdt32_to_cpu(h->off_strings);

    BUG_ON(strings < fdt32_to_cpu(h->off_struct));
    memmove((char *)fdt + strings + room, (char *)fdt + strings,
            fdt32_to_cpu(h->size_strings));
    h->off_strings = cpu_to_fdt32(strings + room);
    h->size_struct = cpu_to_fdt32(fdt32_to_cpu(h->size_struct) - 8);
}

void fdt_close(void *fdt)
{
    struct header *h = fdt;
    uint32_t end;

    add_word(fdt, FDT_END_NODE);
    add_word(fdt, FDT_END);
    BUG_ON(fdt32_to_cpu(h->off_struct) + fdt32_to_cpu(h->size_struct) >
           fdt32_to_cpu(h->off_strings));
    end = fdt32_to_cpu(h->off_strings) + fdt32_to_cpu(h->size_strings);
    h->totalsize = cpu_to_fdt32(max(end, fdt32_to_cpu(h->totalsize)));
}

int fdt_begin_node(void *fdt, const char *name)
{
    add_word(fdt, FDT_BEGIN_NODE);
    add_bytes(fdt, name, strlen(name) + 1);

    return 0;
}

int fdt_property(void *fdt, const char *name, const void *val, int len)
{
    uint32_t offset = name_offset(fdt, name);

    add_word(fdt, FDT_PROP);
    add_word(fdt, len);
    add_word(fdt, offset);
    add_bytes(fdt, val, len);

    return 0;
}

int fdt_end_node(void *fdt)
{
    add_word(fdt, FDT_END_NODE);

    return 0;
}

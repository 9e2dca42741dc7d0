/* SPDX-License-Identifier: MIT */
/*
 * snap.c - all devices of a domain in a file, and back. docs/toolstack.md has
 * the format: a header, for each device its place, record and contents, and a
 * checksum; little-endian.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot.h"

#include "vsioctl.h"

#define MAGIC        "VSIOSAVE"
#define FILE_VERSION 1U
#define FILE_MAX     (XEN_VSIO_SLOTS * (XEN_VSIO_FLASH_MAX + 4096ULL))

/* A device and its state. */
struct state {
    uint32_t slot, type, virq[2], size;
    uint64_t base;
    uint32_t record_length, contents_length;
    int64_t offset;
    uint8_t *record, *contents; /* contents: of a flash, or NULL */
};

struct states {
    uint32_t count;
    struct state state[XEN_VSIO_SLOTS];
};

static void states_free(struct states *all)
{
    for ( uint32_t i = 0; i < all->count; i++ )
    {
        free(all->state[i].record);
        free(all->state[i].contents);
    }
    all->count = 0;
}

static enum status not_paused(const struct domain *d)
{
    return error(REFUSED, "domain %u (%s) is not paused: xl pause %u", d->id,
                 d->name, d->id);
}

static enum status op_error(int err, const struct domain *d, uint32_t slot)
{
    char *what;
    enum status status;

    if ( err == EBUSY )
        return not_paused(d);
    what = text("slot %u", slot);
    status = vsio_error(err, d, what);
    free(what);

    return status;
}

/* --- from Xen ----------------------------------------------------------- */

static int take_state(struct host *host,
                      const struct domain *d,
                      struct state *s)
{
    struct xen_vsio_info info;
    int err = vsio_info(host, d->id, s->slot, &info);

    if ( err )
        return err;
    s->type = info.type;
    s->virq[0] = info.virq[0];
    s->virq[1] = info.virq[1];
    s->size = info.size;
    s->base = info.base;
    s->offset = info.offset;
    s->record_length = VSIO_RECORD_MAX;
    s->record = allocate(NULL, VSIO_RECORD_MAX);
    err = vsio_record(host, d->id, s->slot, true, s->record, &s->record_length);
    if ( !err && s->type == XEN_VSIO_CFI_FLASH )
    {
        s->contents_length = info.size;
        s->contents = allocate(NULL, info.size);
        err = vsio_contents(host, d->id, s->slot, false, s->contents, 0,
                            info.size);
    }
    if ( err )
    {
        free(s->record);
        free(s->contents);
        s->record = s->contents = NULL;
    }

    return err;
}

static enum status take_states(struct host *host,
                               const struct domain *d,
                               struct states *all)
{
    all->count = 0;
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        struct state *s = &all->state[all->count];
        int err;

        *s = (struct state){ .slot = slot };
        err = take_state(host, d, s);
        if ( err && err != ENOENT )
        {
            states_free(all);
            return op_error(err, d, slot);
        }
        all->count += !err;
    }
    if ( !all->count )
        return error(NOT_FOUND, "domain %u (%s) has no devices", d->id,
                     d->name);

    return OK;
}

/* --- to and from bytes -------------------------------------------------- */

/* Bytes that grow, or that are read up to their end. */
struct bytes {
    uint8_t *data;
    size_t size, at;
    bool short_of; /* there were fewer than asked for */
};

static void put(struct bytes *b, const void *data, size_t n)
{
    b->data = allocate(b->data, b->size + n + 1);
    memcpy(b->data + b->size, data, n);
    b->size += n;
}

static void put32(struct bytes *b, uint32_t n)
{
    n = htole32(n);
    put(b, &n, sizeof(n));
}

static void put64(struct bytes *b, uint64_t n)
{
    n = htole64(n);
    put(b, &n, sizeof(n));
}

static const uint8_t *get(struct bytes *b, size_t n)
{
    const uint8_t *p = b->data + b->at;

    if ( n > b->size - b->at )
    {
        b->short_of = true;
        return NULL;
    }
    b->at += n;

    return p;
}

static uint64_t get_number(struct bytes *b, size_t n)
{
    const uint8_t *p = get(b, n);
    uint64_t value = 0;

    while ( p && n-- > 0 )
        value = value << 8 | p[n];

    return value;
}

static uint32_t get32(struct bytes *b)
{
    return (uint32_t)get_number(b, 4);
}

static uint8_t *get_copy(struct bytes *b, uint32_t n)
{
    const uint8_t *p = get(b, n);
    uint8_t *copy = p && n ? allocate(NULL, n) : NULL;

    if ( copy )
        memcpy(copy, p, n);

    return copy;
}

/* CRC-32 as of Ethernet and zip, four bits at a time. */
static uint32_t checksum(const uint8_t *data, size_t n)
{
    uint32_t table[16], crc = UINT32_MAX;

    for ( uint32_t i = 0; i < 16; i++ )
    {
        table[i] = i;
        for ( int bit = 0; bit < 4; bit++ )
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320U : 0);
    }
    while ( n-- > 0 )
    {
        crc ^= *data++;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }

    return ~crc;
}

static void encode(const struct states *all, struct bytes *b)
{
    put(b, MAGIC, 8);
    put32(b, FILE_VERSION);
    put32(b, all->count);
    for ( uint32_t i = 0; i < all->count; i++ )
    {
        const struct state *s = &all->state[i];

        put32(b, s->slot);
        put32(b, s->type);
        put32(b, s->virq[0]);
        put32(b, s->virq[1]);
        put64(b, s->base);
        put64(b, (uint64_t)s->offset);
        put32(b, s->size);
        put32(b, s->record_length);
        put32(b, s->contents_length);
        put(b, s->record, s->record_length);
        if ( s->contents )
            put(b, s->contents, s->contents_length);
    }
    put32(b, checksum(b->data, b->size));
}

static void decode_state(struct bytes *b, struct state *s)
{
    s->slot = get32(b);
    s->type = get32(b);
    s->virq[0] = get32(b);
    s->virq[1] = get32(b);
    s->base = get_number(b, 8);
    s->offset = (int64_t)get_number(b, 8);
    s->size = get32(b);
    s->record_length = get32(b);
    s->contents_length = get32(b);
    if ( s->record_length > VSIO_RECORD_MAX ||
         s->contents_length > XEN_VSIO_FLASH_MAX )
        b->short_of = true;
    else
    {
        s->record = get_copy(b, s->record_length);
        s->contents = get_copy(b, s->contents_length);
    }
}

/* NULL, or what is wrong with it. */
static const char *decode(struct bytes *b, struct states *all)
{
    const uint8_t *magic = get(b, 8);
    uint32_t version = get32(b), count;

    if ( !magic || memcmp(magic, MAGIC, 8) )
        return "no file of vsioctl save";
    if ( version != FILE_VERSION )
        return "of another version of vsioctl";
    if ( b->size < 20 )
        return "cut off";
    b->size -= 4;
    if ( le32toh(*(const uint32_t *)memcpy(&(uint32_t){ 0 }, b->data + b->size,
                                           4)) != checksum(b->data, b->size) )
        return "damaged: its checksum is wrong";
    count = get32(b);
    for ( uint32_t i = 0; i < count && i < XEN_VSIO_SLOTS; i++ )
    {
        all->state[i] = (struct state){ 0 };
        decode_state(b, &all->state[i]);
        all->count++;
    }
    if ( b->short_of || count > XEN_VSIO_SLOTS || b->at != b->size )
        return "damaged: its lengths are wrong";

    return NULL;
}

/* --- files -------------------------------------------------------------- */

/* The name is there once the bytes are. */
static bool sync_dir(const char *file)
{
    char *copy = text("%s", file);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && !fsync(fd);

    if ( fd >= 0 )
        close(fd);
    free(copy);

    return ok;
}

static enum status write_file(const char *file, const struct bytes *b)
{
    char *tmp = text("%s.XXXXXX", file);
    int fd = mkostemp(tmp, O_CLOEXEC);
    bool ok = fd >= 0 && write_all(fd, b->data, b->size) && !fsync(fd);
    enum status status = OK;

    if ( fd >= 0 && close(fd) )
        ok = false;
    if ( !ok || rename(tmp, file) )
    {
        status = error(FAILED, "%s: %m", file);
        if ( fd >= 0 )
            (void)unlink(tmp);
    }
    else if ( !sync_dir(file) )
        status = error(FAILED, "%s: its directory: %m", file);
    free(tmp);

    return status;
}

static enum status read_file(const char *file, struct states *all)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct stat st;
    struct bytes b = { 0 };
    const char *wrong = NULL;
    bool ok = fd >= 0 && !fstat(fd, &st);

    all->count = 0;
    if ( ok && (uint64_t)st.st_size > FILE_MAX )
        wrong = "too large";
    else if ( ok )
    {
        b.data = allocate(NULL, (size_t)st.st_size + 1);
        ok = read_all(fd, b.data, (size_t)st.st_size, &b.size);
        if ( ok )
            wrong = decode(&b, all);
    }
    if ( !ok )
        (void)error(FAILED, "%s: %m", file);
    else if ( wrong )
        (void)error(FAILED, "%s: %s", file, wrong);
    if ( wrong )
        states_free(all);
    free(b.data);
    if ( fd >= 0 )
        close(fd);

    return ok && !wrong ? OK : FAILED;
}

/* --- to Xen ------------------------------------------------------------- */

/* A flash that is kept in a file. */
static bool put_in_file(const char *file, const struct state *s)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && pwrite_all(fd, s->contents, s->contents_length, 0) &&
              !fdatasync(fd);

    if ( !ok )
        (void)error(FAILED, "%s: %m", file);
    if ( fd >= 0 )
        close(fd);

    return ok;
}

/* What is kept outside of Xen: a flash's file, the offset of a clock. */
static enum status put_outside(struct host *host,
                               const struct domain *d,
                               const struct state *s,
                               uint32_t slot)
{
    char *file =
        s->contents
            ? store_read(host->xs, "/local/domain/%u/vsio/%u/file", d->id, slot)
            : NULL;
    bool ok = !file || put_in_file(file, s);
    struct xen_vsio_info info;

    free(file);
    if ( ok && s->type == XEN_VSIO_PL031 && store_kind(host->xs, d->id, slot) &&
         !vsio_info(host, d->id, slot, &info) )
    {
        char *value = text("%lld", (long long)info.offset);

        ok = store_node(host->xs, d->id, slot, "offset", value) &&
             store_rtc(host->xs, d->uuid, info.offset);
        if ( !ok )
            (void)error(UNAVAILABLE, "xenstored: %m");
        free(value);
    }

    return ok ? OK : FAILED;
}

static enum status put_state(struct host *host,
                             const struct domain *d,
                             const struct state *s,
                             uint32_t slot)
{
    uint32_t length = s->record_length;
    int err = 0;

    if ( s->contents )
        err = vsio_contents(host, d->id, slot, true, s->contents, 0,
                            s->contents_length);
    if ( !err )
        err = vsio_record(host, d->id, slot, false, s->record, &length);

    return err ? op_error(err, d, slot) : put_outside(host, d, s, slot);
}

/* Is each device of the file one of the domain's, and the other way round? */
static enum status compare(const struct domain *d,
                           const struct states *file,
                           const struct states *now)
{
    for ( uint32_t i = 0; i < file->count && i < now->count; i++ )
    {
        const struct state *a = &file->state[i], *b = &now->state[i];

        if ( a->type != b->type || a->base != b->base || a->size != b->size ||
             a->virq[0] != b->virq[0] || a->virq[1] != b->virq[1] ||
             a->contents_length != b->contents_length )
            return error(REFUSED,
                         "domain %u (%s): slot %u is %s at 0x%llx, irq %u; in "
                         "the file it is %s at 0x%llx, irq %u",
                         d->id, d->name, b->slot, kind_name(b->type),
                         (unsigned long long)b->base, b->virq[0],
                         kind_name(a->type), (unsigned long long)a->base,
                         a->virq[0]);
    }
    if ( file->count != now->count )
        return error(REFUSED,
                     "domain %u (%s): it has %u devices, the file has %u",
                     d->id, d->name, now->count, file->count);

    return OK;
}

/* All, or what has been before. */
static enum status put_states(struct host *host,
                              const struct domain *d,
                              const struct states *new,
                              const struct states *old)
{
    enum status status = OK, back = OK;
    uint32_t n = 0;

    while ( n < new->count && !status )
    {
        status = put_state(host, d, &new->state[n], old->state[n].slot);
        n++;
    }
    while ( status && n > 0 && !back )
    {
        n--;
        back = put_state(host, d, &old->state[n], old->state[n].slot);
    }
    if ( back )
        (void)error(FAILED,
                    "domain %u (%s): slots 0 to %u could not be put back",
                    d->id, d->name, old->state[n].slot);

    return status;
}

/* --- commands ----------------------------------------------------------- */

static enum status open_paused(struct host *host,
                               const char *who,
                               struct domain *d)
{
    enum status status = lock_devices();

    if ( !status )
        status = host_open(host);
    if ( status )
        return status;
    status = domain_find(host, who, d);
    if ( !status && !d->paused )
        status = not_paused(d);
    if ( status )
        host_close(host);

    return status;
}

enum status cmd_save(int argc, char **argv)
{
    struct host host;
    struct domain d = { 0 };
    struct states all = { 0 };
    struct bytes b = { 0 };
    enum status status = open_paused(&host, argv[0], &d);

    (void)argc;
    if ( status )
        return status;
    status = take_states(&host, &d, &all);
    if ( !status )
    {
        encode(&all, &b);
        status = write_file(argv[1], &b);
    }
    free(b.data);
    states_free(&all);
    free(d.name);
    host_close(&host);

    return status;
}

enum status cmd_restore(int argc, char **argv)
{
    struct host host;
    struct domain d = { 0 };
    struct states file, now = { 0 };
    enum status status = read_file(argv[1], &file);

    (void)argc;
    if ( status )
        return status;
    status = open_paused(&host, argv[0], &d);
    if ( !status )
    {
        status = take_states(&host, &d, &now);
        if ( !status )
            status = compare(&d, &file, &now);
        if ( !status )
            status = put_states(&host, &d, &file, &now);
        states_free(&now);
        free(d.name);
        host_close(&host);
    }
    states_free(&file);

    return status;
}

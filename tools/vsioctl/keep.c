/* SPDX-License-Identifier: MIT */
/*
 * keep.c - what outlives a domain: the contents of its flash, in a file of
 * dom0, and how far its clock is from UTC, in xenstore.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "serve.h"

static void say(const struct device *d, const char *what, int err)
{
    note("domain %u, slot %u: %s: %s", d->domid, d->slot, what, strerror(err));
}

/* These bytes of the bank, if they are not in the file. */
static bool write_through(struct server *s,
                          struct device *d,
                          uint32_t offset,
                          uint32_t length)
{
    uint8_t *new = allocate(NULL, 2 * (size_t)length), *old = new + length;
    int err =
        vsio_contents(&s->host, d->domid, d->slot, false, new, offset, length);
    ssize_t n = err ? -1 : pread(d->file, old, length, offset);
    bool ok = !err;

    if ( err )
        say(d, "flash", err);
    else if ( n != (ssize_t)length || memcmp(new, old, length) )
    {
        ok = pwrite_all(d->file, new, length, offset);
        if ( !ok )
            say(d, "file of the flash", errno);
    }
    free(new);

    return ok;
}

void flash_event(struct server *s, struct device *d)
{
    bool any = false;

    if ( d->file < 0 )
        return;
    for ( ;; )
    {
        struct xen_vsio_op op = { .cmd = XEN_VSIO_dirty, .slot = d->slot };
        int err = vsio_op(&s->host, d->domid, &op);

        if ( err || !op.u.data.length )
            break;
        any |= write_through(s, d, op.u.data.offset, op.u.data.length);
    }
    if ( any && fdatasync(d->file) )
        say(d, "file of the flash", errno);
}

/* A daemon that was killed may have asked for a block and not written it. */
static void write_all_through(struct server *s, struct device *d)
{
    struct xen_vsio_info info;
    uint32_t offset = 0;

    if ( vsio_info(&s->host, d->domid, d->slot, &info) )
        return;
    while ( offset < info.size )
    {
        uint32_t n = info.size - offset;

        n = n < XEN_VSIO_CHUNK ? n : XEN_VSIO_CHUNK;
        if ( !write_through(s, d, offset, n) )
            return;
        offset += n;
    }
    if ( fdatasync(d->file) )
        say(d, "file of the flash", errno);
}

bool flash_open(struct server *s, struct device *d)
{
    char *file = store_read(s->host.xs, "/local/domain/%u/vsio/%u/file",
                            d->domid, d->slot);

    d->file = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if ( file && d->file < 0 )
        note("%s: %s", file, strerror(errno));
    free(file);
    if ( d->file >= 0 )
        write_all_through(s, d);

    return true;
}

void flash_close(struct device *d)
{
    if ( d->file >= 0 )
        close(d->file);
}

/* The guest may have set its clock. */
void clock_event(struct server *s, struct device *d)
{
    struct xen_vsio_info info;
    xc_dominfo_t dominfo;
    int64_t known = 0;
    char *value;

    if ( vsio_info(&s->host, d->domid, d->slot, &info) ||
         xc_domain_getinfo(s->host.xc, d->domid, 1, &dominfo) != 1 ||
         dominfo.domid != d->domid )
        return;
    if ( store_read_number(s->host.xs, INT64_MAX, &known,
                           "/local/domain/%u/vsio/%u/offset", d->domid,
                           d->slot) &&
         known == info.offset )
        return;
    value = text("%lld", (long long)info.offset);
    if ( !store_rtc(s->host.xs, dominfo.handle, info.offset) ||
         !store_node(s->host.xs, d->domid, d->slot, "offset", value) )
        say(d, "xenstored", errno);
    free(value);
}

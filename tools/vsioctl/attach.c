/* SPDX-License-Identifier: MIT */
/*
 * attach.c - devices come to a domain that has not run yet, and go.
 *
 * The steps of attach: the ring's page, the device in Xen, a flash's contents,
 * and xenstore last, in one transaction. Those of detach: the device, the page,
 * xenstore. So a vsioctl that is killed leaves at most a page without a device,
 * which the next UART in this slot uses; a device that xenstore does not know;
 * or one that only xenstore knows. The next attach or detach takes these away:
 * sweep().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vsioctl.h"

/* A domain, under the lock. */
static enum status open_domain(struct host *host,
                               const char *who,
                               struct domain *d)
{
    enum status status = lock_devices();

    if ( !status )
        status = host_open(host);
    if ( !status )
    {
        daemon_sweep(host);
        status = domain_find(host, who, d);
        if ( status )
            host_close(host);
    }

    return status;
}

static void close_domain(struct host *host, struct domain *d)
{
    free(d->name);
    host_close(host);
}

static enum status has_run(const struct domain *d)
{
    return error(REFUSED,
                 "domain %u (%s) has run: devices come and go between "
                 "xl create -p and xl unpause",
                 d->id, d->name);
}

static int detach(struct host *host, const struct domain *d, uint32_t slot)
{
    struct xen_vsio_op op = { .cmd = XEN_VSIO_detach, .slot = slot };

    return vsio_op(host, d->id, &op);
}

/* A UART has gone from Xen, or it went and its page did not. */
static void page_back(struct host *host,
                      const struct domain *d,
                      uint32_t slot,
                      const struct kind *kind)
{
    if ( kind && kind->ring && !daemon_there(d->id) )
        ring_page_put(host, d, ring_gfn(slot));
}

/* There is no device any more. */
static enum status forget(struct host *host,
                          const struct domain *d,
                          uint32_t slot)
{
    page_back(host, d, slot, store_kind(host->xs, d->id, slot));

    return store_forget(host, d, slot);
}

static void note_place(struct places *taken,
                       uint32_t slot,
                       const struct xen_vsio_info *info)
{
    struct place *p = &taken->place[taken->count++];

    p->addr = info->base;
    p->size = info->size;
    p->irq = info->virq[0];
    p->lines = (info->virq[0] ? 1U : 0U) + (info->virq[1] ? 1U : 0U);
    snprintf(p->name, sizeof(p->name), "%s in slot %u", kind_name(info->type),
             slot);
}

/* Take away what a killed vsioctl has left, note what else is there. */
static enum status sweep(struct host *host,
                         const struct domain *d,
                         struct places *taken,
                         uint32_t *free_slot)
{
    *free_slot = XEN_VSIO_SLOTS;
    for ( uint32_t slot = XEN_VSIO_SLOTS; slot-- > 0; )
    {
        struct xen_vsio_info info;
        int err = vsio_info(host, d->id, slot, &info);

        if ( !err && info.base != XEN_UART_BASE &&
             !store_kind(host->xs, d->id, slot) && !detach(host, d, slot) )
        {
            page_back(host, d, slot, kind_of_type(info.type));
            err = ENOENT;
        }
        if ( err == ENOENT )
        {
            enum status status = forget(host, d, slot);

            if ( status )
                return status;
            *free_slot = slot;
        }
        else if ( err )
            return vsio_error(err, d, "devices");
        else
            note_place(taken, slot, &info);
    }

    return OK;
}

enum status flash_file_read(const char *file, uint8_t *data, uint32_t size)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    size_t got = 0;
    uint8_t more;
    bool ok = fd >= 0 && read_all(fd, data, size, &got);
    enum status status = OK;

    if ( !ok )
        status = error(FAILED, "%s: %m", file);
    else if ( got == size && read(fd, &more, 1) == 1 )
        status = error(FAILED, "%s: larger than the flash", file);
    memset(data + got, 0xff, size - got);
    if ( fd >= 0 )
        close(fd);

    return status;
}

static enum status fill_flash(struct host *host,
                              const struct domain *d,
                              const struct spec *spec,
                              uint32_t slot)
{
    uint8_t *data = allocate(NULL, spec->size);
    enum status status = flash_file_read(spec->file, data, spec->size);

    if ( !status )
    {
        int err = vsio_contents(host, d->id, slot, true, data, 0, spec->size);

        if ( err == EBUSY )
            status = has_run(d);
        else if ( err )
            status = vsio_error(err, d, "contents of the flash");
    }
    free(data);

    return status;
}

static void describe(const struct spec *spec,
                     const struct xen_vsio_attach *a,
                     struct nodes *nodes)
{
    nodes_add(nodes, "type", text("%s", spec->kind->name));
    nodes_add(nodes, "addr", text("0x%llx", (unsigned long long)a->base));
    nodes_add(nodes, "backend-id", text("%u", a->peer));
    nodes_add(nodes, "port", text("%u", a->evtchn));
    if ( a->virq )
        nodes_add(nodes, "irq", text("%u", a->virq));
    if ( a->gfn )
        nodes_add(nodes, "ring-ref", text("%llu", (unsigned long long)a->gfn));
    if ( spec->kind->ring )
        nodes_add(nodes, "limit", text("%u", spec->limit));
    if ( a->type == XEN_VSIO_NS16550 )
        nodes_add(nodes, "stride", text("%u", a->stride));
    if ( a->type == XEN_VSIO_CFI_FLASH )
    {
        nodes_add(nodes, "size", text("0x%x", a->size));
        nodes_add(nodes, "block", text("0x%x", a->block));
    }
    if ( a->type == XEN_VSIO_PL031 )
        nodes_add(nodes, "offset", text("%lld", (long long)a->offset));
    if ( spec->log )
        nodes_add(nodes, "log", text("%s", spec->log));
    if ( spec->file )
        nodes_add(nodes, "file", text("%s", spec->file));
}

/* A daemon keeps what a UART prints in memory of its own. */
static bool has_ring(const struct domain *d, const struct spec *spec)
{
    return spec->kind->ring && !daemon_there(d->id);
}

/* What Xen is told about the device; the rest is for xenstore. */
static struct xen_vsio_attach request(struct host *host,
                                      const struct domain *d,
                                      const struct spec *spec,
                                      uint32_t slot)
{
    struct xen_vsio_attach a = {
        .type = spec->kind->type,
        .virq = spec->irq,
        .base = spec->addr,
        .gfn = has_ring(d, spec) ? ring_gfn(slot) : 0,
        .stride = spec->kind->type == XEN_VSIO_NS16550 ? spec->stride : 0,
        .size = spec->size,
        .block = spec->block,
        .offset = spec->offset,
    };

    if ( a.type == XEN_VSIO_PL031 && !spec->has_offset )
    {
        char *path = rtc_path(d->uuid);
        int64_t offset;

        if ( store_read_number(host->xs, INT64_MAX, &offset, "%s", path) )
            a.offset = offset;
        free(path);
    }

    return a;
}

/* The device in Xen, its contents, its nodes. */
static enum status make_device(struct host *host,
                               const struct domain *d,
                               const struct spec *spec,
                               uint32_t slot)
{
    struct xen_vsio_op op = {
        .cmd = XEN_VSIO_attach,
        .u.attach = request(host, d, spec, slot),
    };
    struct nodes nodes = { 0 };
    enum status status = OK;
    int err = vsio_op(host, d->id, &op);

    if ( err == EBUSY )
        return has_run(d);
    if ( err )
        return vsio_error(err, d, spec->kind->name);
    if ( op.slot != slot )
        status =
            error(FAILED, "domain %u (%s): somebody else attaches devices, too",
                  d->id, d->name);
    if ( !status && spec->file )
        status = fill_flash(host, d, spec, slot);
    if ( !status )
    {
        describe(spec, &op.u.attach, &nodes);
        status = store_device(host, d, slot, &nodes);
        nodes_free(&nodes);
    }
    if ( status )
        (void)detach(host, d, op.slot);

    return status;
}

/* One host for all devices of a domain: but for the UART that Xen itself makes.
 */
static enum status start_daemon(struct host *host, const struct domain *d)
{
    struct xen_vsio_info info;

    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS && !daemon_there(d->id);
          slot++ )
    {
        if ( !vsio_info(host, d->id, slot, &info) &&
             info.base != XEN_UART_BASE )
            return error(REFUSED, "domain %u (%s): slot %u is in Xen already",
                         d->id, d->name, slot);
    }

    return daemon_start(d);
}

static enum status attach(struct host *host,
                          const struct domain *d,
                          struct spec *spec)
{
    struct places taken = { 0 };
    uint32_t slot;
    enum status status = OK;

    if ( !d->paused || (d->has_run && (spec->daemon || daemon_there(d->id))) )
        return has_run(d);
    if ( spec->daemon )
        status = start_daemon(host, d);
    if ( status )
        return status;
    status = sweep(host, d, &taken, &slot);
    if ( !status )
        status = spec_place(spec, &taken);
    if ( !status && slot == XEN_VSIO_SLOTS )
        status = vsio_error(ENOSPC, d, spec->kind->name);
    if ( !status && has_ring(d, spec) )
        status = ring_page_get(host, d, ring_gfn(slot));
    if ( status )
        return status;

    status = make_device(host, d, spec, slot);
    if ( status && has_ring(d, spec) )
        ring_page_put(host, d, ring_gfn(slot));
    if ( !status )
        printf("slot %u: %s at 0x%llx, irq %u\n", slot, spec->kind->name,
               (unsigned long long)spec->addr, spec->irq);

    return status;
}

enum status cmd_attach(int argc, char **argv)
{
    struct host host;
    struct domain d;
    struct spec spec;
    int used;
    enum status status = spec_parse(argc - 1, argv + 1, &spec, &used);

    if ( !status && used != argc - 1 )
        status = error(USAGE, "'%s' is no key=value", argv[1 + used]);
    if ( !status )
        status = open_domain(&host, argv[0], &d);
    if ( status )
        return status;

    status = attach(&host, &d, &spec);
    close_domain(&host, &d);

    return status;
}

static enum status take_away(struct host *host,
                             const struct domain *d,
                             uint32_t slot)
{
    struct xen_vsio_info info;
    int err = vsio_info(host, d->id, slot, &info);

    if ( !err && info.base == XEN_UART_BASE )
        return error(REFUSED,
                     "slot %u is Xen's own PL011: see vuart= in xl.cfg(5)",
                     slot);
    if ( !err )
        err = d->paused && !(d->has_run && daemon_there(d->id))
                  ? detach(host, d, slot)
                  : EBUSY;
    if ( err == EBUSY )
        return has_run(d);
    /* What only xenstore knows is what a killed detach has left. */
    if ( err && (err != ENOENT || !store_kind(host->xs, d->id, slot)) )
        return vsio_error(err, d, "detach");

    return forget(host, d, slot);
}

enum status cmd_detach(int argc, char **argv)
{
    struct host host;
    struct domain d;
    struct places taken = { 0 };
    int64_t slot;
    uint32_t unused;
    enum status status;

    (void)argc;
    if ( !number(argv[1], 0, XEN_VSIO_SLOTS - 1, &slot) )
        return error(USAGE, "'%s' is no slot", argv[1]);
    status = open_domain(&host, argv[0], &d);
    if ( status )
        return status;

    status = take_away(&host, &d, (uint32_t)slot);
    if ( !status )
        status = sweep(&host, &d, &taken, &unused);
    close_domain(&host, &d);

    return status;
}

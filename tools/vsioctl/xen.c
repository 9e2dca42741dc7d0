/* SPDX-License-Identifier: MIT */
/*
 * xen.c - domains, our domctl, and pages of guests.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "vsioctl.h"

/* libxl takes the first pages of GUEST_MAGIC_BASE; ours lie behind them. */
#define RING_GFN_FIRST (0x39000U + 16)

enum status host_open(struct host *host)
{
    *host = (struct host){ 0 };
    /* The libraries have their own lines for what we say, too. */
    host->quiet = (xentoollog_logger *)xtl_createlogger_stdiostream(
        stderr, XTL_CRITICAL, 0);
    host->xc = xc_interface_open(host->quiet, host->quiet, 0);
    if ( host->xc )
        host->call = xencall_open(host->quiet, 0);
    if ( host->call )
        host->memory = xenforeignmemory_open(host->quiet, 0);
    if ( !host->memory )
    {
        int err = errno;

        host_close(host);
        return error(UNAVAILABLE, "can't talk to Xen: %s", strerror(err));
    }
    host->xs = xs_open(0);
    if ( !host->xs )
    {
        int err = errno;

        host_close(host);
        return error(UNAVAILABLE, "can't talk to xenstored: %s", strerror(err));
    }

    return OK;
}

void host_close(struct host *host)
{
    if ( host->xs )
        xs_close(host->xs);
    if ( host->memory )
        xenforeignmemory_close(host->memory);
    if ( host->call )
        xencall_close(host->call);
    if ( host->xc )
        xc_interface_close(host->xc);
    xtl_logger_destroy(host->quiet);
    *host = (struct host){ 0 };
}

/* At the end errno is ESRCH, unless Xen has refused. */
bool domain_next(struct host *host, uint32_t *id, xc_dominfo_t *info)
{
    while ( xc_domain_getinfo(host->xc, *id, 1, info) == 1 )
    {
        *id = info->domid + 1;
        if ( !info->dying )
            return true;
    }

    return false;
}

/* The domain of this number. */
static enum status by_id(struct host *host, uint32_t id, struct domain *d)
{
    xc_dominfo_t info;
    int n = xc_domain_getinfo(host->xc, id, 1, &info);

    if ( n < 0 && errno != ESRCH )
        return error(UNAVAILABLE, "Xen does not list domains: %m");
    if ( n != 1 || info.domid != id || info.dying )
        return error(NOT_FOUND, "there is no domain %u", id);

    d->id = id;
    d->paused = info.paused;
    d->has_run = info.cpu_time != 0;
    memcpy(d->uuid, info.handle, sizeof(d->uuid));
    d->name = store_read(host->xs, "/local/domain/%u/name", id);
    if ( !d->name )
        d->name = text("%u", id);

    return OK;
}

enum status domain_find(struct host *host, const char *who, struct domain *d)
{
    xc_dominfo_t info;
    uint32_t id = 0;
    int64_t n;

    if ( isdigit((unsigned char)who[0]) && number(who, 0, 0x7fef, &n) )
        return by_id(host, (uint32_t)n, d);

    while ( domain_next(host, &id, &info) )
    {
        char *name = store_read(host->xs, "/local/domain/%u/name", info.domid);
        bool found = name && !strcmp(name, who);

        free(name);
        if ( found )
            return by_id(host, info.domid, d);
    }
    if ( errno != ESRCH )
        return error(UNAVAILABLE, "Xen does not list domains: %m");

    return error(NOT_FOUND, "there is no domain '%s'", who);
}

void uuid_text(const xen_domain_handle_t uuid, char out[37])
{
    for ( unsigned int i = 0; i < 16; i++ )
    {
        out += sprintf(out, "%02x", uuid[i]);
        if ( i == 3 || i == 5 || i == 7 || i == 9 )
            *out++ = '-';
    }
    *out = '\0';
}

static int xen_op(struct host *host, uint32_t domid, struct xen_vsio_op *op)
{
    struct xen_domctl *domctl =
        xencall_alloc_buffer(host->call, sizeof(*domctl));
    int err = 0;

    _Static_assert(sizeof(*op) <= sizeof(domctl->u), "it must fit");
    if ( !domctl )
        return ENOMEM;
    memset(domctl, 0, sizeof(*domctl));
    domctl->cmd = XEN_DOMCTL_vsio_op;
    domctl->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl->domain = (domid_t)domid;
    memcpy(&domctl->u, op, sizeof(*op));
    if ( xencall1(host->call, __HYPERVISOR_domctl, (uintptr_t)domctl) < 0 )
        err = errno;
    memcpy(op, &domctl->u, sizeof(*op));
    xencall_free_buffer(host->call, domctl);

    return err;
}

int vsio_op(struct host *host, uint32_t domid, struct xen_vsio_op *op)
{
    op->version = XEN_VSIO_VERSION;

    return daemon_there(domid) ? daemon_op(domid, op) : xen_op(host, domid, op);
}

int vsio_info(struct host *host,
              uint32_t domid,
              uint32_t slot,
              struct xen_vsio_info *info)
{
    struct xen_vsio_op op = { .cmd = XEN_VSIO_info, .slot = slot };
    int err = vsio_op(host, domid, &op);

    *info = op.u.info;

    return err;
}

/* A command that moves bytes from or to data; they pass through a buffer. */
static int data_op(struct host *host,
                   uint32_t domid,
                   struct xen_vsio_op *op,
                   void *data,
                   bool out)
{
    uint32_t room = op->u.data.length;
    void *buffer = xencall_alloc_buffer(host->call, room);
    int err;

    if ( !buffer )
        return ENOMEM;
    if ( out )
        memcpy(buffer, data, room);
    set_xen_guest_handle_raw(op->u.data.data, buffer);
    err = vsio_op(host, domid, op);
    if ( !err && !out )
        memcpy(data, buffer,
               op->u.data.length < room ? op->u.data.length : room);
    xencall_free_buffer(host->call, buffer);

    return err;
}

int vsio_record(struct host *host,
                uint32_t domid,
                uint32_t slot,
                bool save,
                void *data,
                uint32_t *length)
{
    struct xen_vsio_op op = {
        .cmd = save ? XEN_VSIO_save : XEN_VSIO_restore,
        .slot = slot,
        .u.data.length = *length,
    };
    int err = data_op(host, domid, &op, data, !save);

    if ( !err && save )
        *length = op.u.data.length;

    return err;
}

int vsio_contents(struct host *host,
                  uint32_t domid,
                  uint32_t slot,
                  bool write,
                  void *data,
                  uint32_t offset,
                  uint32_t length)
{
    int err = 0;

    while ( length && !err )
    {
        uint32_t n = length < XEN_VSIO_CHUNK ? length : XEN_VSIO_CHUNK;
        struct xen_vsio_op op = {
            .cmd = write ? XEN_VSIO_write : XEN_VSIO_read,
            .slot = slot,
            .u.data = { .offset = offset, .length = n },
        };

        err = data_op(host, domid, &op, data, write);
        data = (char *)data + n;
        offset += n;
        length -= n;
    }

    return err;
}

/* What Xen or the daemon says, in words; what is not here is the system's. */
static const struct reason {
    int err;
    enum status status;
    const char *why;
} reasons[] = {
    { ENOSYS, UNAVAILABLE, "this Xen does not have it" },
    { EOPNOTSUPP, UNAVAILABLE, "this Xen does not have it" },
    { EACCES, UNAVAILABLE, "this Xen has another version of it" },
    { EPERM, UNAVAILABLE, "Xen's security policy says no" },
    { ECONNREFUSED, UNAVAILABLE,
      "its daemon does not run, or has ended: start vsiod" },
    { ECONNRESET, UNAVAILABLE,
      "its daemon does not run, or has ended: start vsiod" },
    { ESRCH, NOT_FOUND, "the domain is gone" },
    { ENOENT, NOT_FOUND, "there is no such device" },
    { EBADMSG, REFUSED,
      "the record is damaged, of another device, or newer than Xen" },
    { ENOSPC, REFUSED, "it has as many devices as it can have" },
    { EEXIST, REFUSED, "something else is at this address" },
    { EADDRINUSE, REFUSED,
      "the interrupt is taken, or the domain has no such interrupt: "
      "xl gives it any only with vuart = \"sbsa_uart\" or irqs = [...]" },
};

enum status vsio_error(int err, const struct domain *d, const char *what)
{
    struct reason r = { err, FAILED, strerror(err) };

    for ( size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++ )
    {
        if ( reasons[i].err == err )
            r = reasons[i];
    }

    return error(r.status, "domain %u (%s): %s: %s", d->id, d->name, what,
                 r.why);
}

uint64_t ring_gfn(uint32_t slot)
{
    return RING_GFN_FIRST + slot;
}

static void *map_page(struct host *host, uint32_t domid, uint64_t gfn)
{
    xen_pfn_t pfn = gfn;

    return xenforeignmemory_map(host->memory, domid, PROT_READ | PROT_WRITE, 1,
                                &pfn, NULL);
}

/* A page that is there already is what a vsioctl that was killed has left. */
enum status ring_page_get(struct host *host,
                          const struct domain *d,
                          uint64_t gfn)
{
    xen_pfn_t pfn = gfn;
    void *page = map_page(host, d->id, gfn);

    if ( !page )
    {
        if ( xc_domain_populate_physmap_exact(host->xc, d->id, 1, 0, 0, &pfn) )
            return error(FAILED,
                         "domain %u (%s): no memory for the ring's page: %m",
                         d->id, d->name);
        page = map_page(host, d->id, gfn);
        if ( !page )
        {
            int err = errno;

            ring_page_put(host, d, gfn);
            return error(FAILED,
                         "domain %u (%s): can't map the ring's page: %s", d->id,
                         d->name, strerror(err));
        }
    }
    memset(page, 0, PAGE);
    xenforeignmemory_unmap(host->memory, page, 1);

    return OK;
}

void ring_page_put(struct host *host, const struct domain *d, uint64_t gfn)
{
    xen_pfn_t pfn = gfn;

    /* Of a domain that is gone there is none: nothing to say then. */
    (void)xc_domain_decrease_reservation_exact(host->xc, d->id, 1, 0, &pfn);
}

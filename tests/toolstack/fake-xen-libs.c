/* SPDX-License-Identifier: MIT */
/*
 * fake-xen-libs.c - Xen's libraries in front of the real ones (LD_PRELOAD):
 * libxenctrl, libxencall, libxenforeignmemory, libxengnttab, libxenevtchn.
 *
 * FAKE_XEN_KILL=N kills the process at its Nth call, of libxenstore too;
 * FAKE_XEN_FAIL=N makes that call fail; FAKE_XEN_CALLS is a file for how many
 * there were.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-xen.h"

#include <xencall.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>
#include <xenstore.h>

#define PAGE 4096

static int token; /* what handles point to */
static unsigned long calls;

/* True: this call is the one that fails. */
static bool step(void)
{
    const char *kill_at = getenv("FAKE_XEN_KILL");
    const char *fail_at = getenv("FAKE_XEN_FAIL");

    calls++;
    if ( kill_at && calls == strtoul(kill_at, NULL, 10) )
        kill(getpid(), SIGKILL);
    if ( fail_at && calls == strtoul(fail_at, NULL, 10) )
    {
        errno = EIO;
        return true;
    }

    return false;
}

/* At the end: how many calls there were. */
__attribute__((destructor)) static void report(void)
{
    const char *name = getenv("FAKE_XEN_CALLS");
    FILE *file = name ? fopen(name, "w") : NULL;

    if ( !file )
        return;
    fprintf(file, "%lu\n", calls);
    fclose(file);
}

/* --- libxenctrl --------------------------------------------------------- */

xc_interface *xc_interface_open(xentoollog_logger *logger,
                                xentoollog_logger *dombuild,
                                unsigned flags)
{
    (void)logger;
    (void)dombuild;
    (void)flags;

    return step() ? NULL : (xc_interface *)&token;
}

int xc_interface_close(xc_interface *xch)
{
    (void)xch;

    return 0;
}

static void get_dominfo(struct fake_xen *x, uint32_t id, xc_dominfo_t *info)
{
    struct fake_domain *d = &x->domain[id];

    memset(info, 0, sizeof(*info));
    info->domid = id;
    info->paused = d->paused;
    info->dying = d->dying;
    info->cpu_time = d->has_run;
    memcpy(info->handle, d->uuid, 16);
}

int xc_domain_getinfo(xc_interface *xch,
                      uint32_t first,
                      unsigned int max,
                      xc_dominfo_t *info)
{
    struct fake_xen *x;
    unsigned int n = 0;

    (void)xch;
    if ( step() )
        return -1;
    x = fake_enter();
    for ( uint32_t id = first; id < FAKE_DOMAINS && n < max; id++ )
    {
        if ( x->domain[id].used )
            get_dominfo(x, id, &info[n++]);
    }
    fake_leave();
    if ( !n )
        errno = ESRCH;

    return n ? (int)n : -1;
}

static int set_page(uint32_t domid, xen_pfn_t gfn, bool there)
{
    struct fake_xen *x = fake_enter();
    struct fake_domain *d = fake_domain(x, domid);
    int rc = -1;

    errno = ESRCH;
    if ( d && gfn >= FAKE_GFN && gfn < FAKE_GFN + FAKE_PAGES &&
         d->page[gfn - FAKE_GFN] != there )
    {
        d->page[gfn - FAKE_GFN] = there;
        rc = 0;
    }
    fake_leave();

    return rc;
}

int xc_domain_populate_physmap_exact(xc_interface *xch,
                                     uint32_t domid,
                                     unsigned long nr,
                                     unsigned int order,
                                     unsigned int flags,
                                     xen_pfn_t *gfn)
{
    (void)xch;
    (void)nr;
    (void)order;
    (void)flags;

    return step() ? -1 : set_page(domid, *gfn, true);
}

int xc_domain_decrease_reservation_exact(xc_interface *xch,
                                         uint32_t domid,
                                         unsigned long nr,
                                         unsigned int order,
                                         xen_pfn_t *gfn)
{
    (void)xch;
    (void)nr;
    (void)order;
    (void)step();

    return set_page(domid, *gfn, false);
}

int xc_evtchn_status(xc_interface *xch, xc_evtchn_status_t *status)
{
    (void)xch;
    status->status = EVTCHNSTAT_interdomain;

    return 0;
}

int xc_readconsolering(xc_interface *xch,
                       char *buffer,
                       unsigned int *chars,
                       int clear,
                       int incremental,
                       uint32_t *index)
{
    (void)xch;
    (void)buffer;
    (void)clear;
    (void)incremental;
    (void)index;
    *chars = 0;

    return 0;
}

/* --- libxencall --------------------------------------------------------- */

xencall_handle *xencall_open(xentoollog_logger *logger, unsigned flags)
{
    (void)logger;
    (void)flags;

    return step() ? NULL : (xencall_handle *)&token;
}

int xencall_close(xencall_handle *call)
{
    (void)call;

    return 0;
}

void *xencall_alloc_buffer(xencall_handle *call, size_t size)
{
    (void)call;

    return malloc(size ? size : 1);
}

void xencall_free_buffer(xencall_handle *call, void *p)
{
    (void)call;
    free(p);
}

int xencall1(xencall_handle *call, unsigned int op, uint64_t arg)
{
    struct xen_domctl *domctl = (struct xen_domctl *)(uintptr_t)arg;
    int rc;

    (void)call;
    if ( step() )
        return -1;
    if ( op != __HYPERVISOR_domctl || domctl->cmd != XEN_DOMCTL_vsio_op ||
         domctl->interface_version != XEN_DOMCTL_INTERFACE_VERSION )
    {
        errno = ENOSYS;
        return -1;
    }
    rc = fake_vsio_op(fake_enter(), domctl->domain,
                      (struct xen_vsio_op *)&domctl->u);
    fake_leave();

    return rc;
}

/* --- pages -------------------------------------------------------------- */

xenforeignmemory_handle *xenforeignmemory_open(xentoollog_logger *logger,
                                               unsigned flags)
{
    (void)logger;
    (void)flags;

    return step() ? NULL : (xenforeignmemory_handle *)&token;
}

int xenforeignmemory_close(xenforeignmemory_handle *memory)
{
    (void)memory;

    return 0;
}

static void *map(uint32_t domid, uint64_t gfn)
{
    struct fake_xen *x = fake_enter();
    bool there = fake_page(x, domid, gfn) != NULL;
    int fd = there ? open(fake_path("memory"), O_RDWR | O_CLOEXEC) : -1;
    void *p = MAP_FAILED;

    fake_leave();
    if ( fd >= 0 )
    {
        p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                 fake_page_offset(domid, gfn));
        close(fd);
    }
    if ( p == MAP_FAILED )
        errno = EINVAL;

    return p == MAP_FAILED ? NULL : p;
}

void *xenforeignmemory_map(xenforeignmemory_handle *memory,
                           uint32_t domid,
                           int prot,
                           size_t n,
                           const xen_pfn_t *gfns,
                           int *err)
{
    (void)memory;
    (void)prot;
    (void)n;
    (void)err;

    return step() ? NULL : map(domid, gfns[0]);
}

int xenforeignmemory_unmap(xenforeignmemory_handle *memory, void *p, size_t n)
{
    (void)memory;

    return munmap(p, n * PAGE);
}

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned flags)
{
    (void)logger;
    (void)flags;

    return (xengnttab_handle *)&token;
}

int xengnttab_close(xengnttab_handle *gnttab)
{
    (void)gnttab;

    return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *gnttab, uint32_t n)
{
    (void)gnttab;
    (void)n;

    return 0;
}

/* The reserved grants, and where libxl puts their pages. */
void *xengnttab_map_grant_ref(xengnttab_handle *gnttab,
                              uint32_t domid,
                              uint32_t ref,
                              int prot)
{
    (void)gnttab;
    (void)prot;

    return map(domid, FAKE_GFN + ref);
}

int xengnttab_unmap(xengnttab_handle *gnttab, void *p, uint32_t n)
{
    (void)gnttab;

    return munmap(p, (size_t)n * PAGE);
}

/* --- libxenevtchn ------------------------------------------------------- */

struct xenevtchn_handle {
    uint32_t number;
    int fd;
};

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned flags)
{
    xenevtchn_handle *h = calloc(1, sizeof(*h));
    struct fake_xen *x;
    char name[32];

    (void)logger;
    (void)flags;
    if ( step() )
        return NULL;
    x = fake_enter();
    for ( h->number = 1;
          x->handle[h->number].pid && !kill(x->handle[h->number].pid, 0);
          h->number++ )
        ;
    x->handle[h->number].pid = getpid();
    for ( uint32_t port = 1; port < FAKE_CHANNELS; port++ )
    {
        if ( x->channel[port].handle == h->number )
            x->channel[port].handle = 0; /* of one that is dead */
    }
    snprintf(name, sizeof(name), "events-%u", h->number);
    unlink(fake_path(name));
    if ( mkfifo(fake_path(name), 0600) )
        abort();
    h->fd = open(fake_path(name), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    fake_leave();

    return h;
}

int xenevtchn_close(xenevtchn_handle *h)
{
    struct fake_xen *x = fake_enter();

    for ( uint32_t port = 1; port < FAKE_CHANNELS; port++ )
    {
        if ( x->channel[port].handle == h->number )
            x->channel[port].handle = 0;
    }
    x->handle[h->number].pid = 0;
    fake_leave();
    close(h->fd);
    free(h);

    return 0;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
    return h->fd;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
    (void)h;
    if ( step() )
        return -1;
    fake_notify(fake_enter(), port);
    fake_leave();

    return 0;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *h,
                                                     uint32_t domid,
                                                     evtchn_port_t remote)
{
    int port;

    if ( step() )
        return -1;
    port = fake_bind(fake_enter(), h->number, domid, remote);
    fake_leave();

    return port;
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *h,
                                              unsigned virq)
{
    struct fake_xen *x = fake_enter();
    int port = fake_bind(x, h->number, 0, 0);

    if ( virq == VIRQ_DOM_EXC )
        x->dom_exc = (uint32_t)port;
    fake_leave();

    return port;
}

int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t port)
{
    struct fake_xen *x = fake_enter();

    (void)h;
    x->channel[port].handle = 0;
    fake_leave();

    return 0;
}

/* As the kernel's: it waits if there is none. */
xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
    uint32_t port;
    struct fake_xen *x;

    if ( step() || read(h->fd, &port, sizeof(port)) != sizeof(port) )
        return -1;
    x = fake_enter();
    x->channel[port].pending = false;
    fake_leave();

    return (int)port;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
    struct fake_xen *x = fake_enter();
    struct fake_channel *c = &x->channel[port];

    (void)h;
    if ( c->handle == h->number )
    {
        c->masked = false;
        if ( c->pending )
            fake_deliver(x, port);
    }
    fake_leave();

    return 0;
}

/* --- what xenstored asks dom0's kernel ---------------------------------- */

int open(const char *path, int flags, ...)
{
    static int (*real)(const char *, int, ...);
    static const char dev[] = "/proc/xen/xsd_", dev2[] = "/dev/xen/xsd_";
    mode_t mode = 0;
    va_list ap;

    if ( !real )
        *(void **)&real = dlsym(RTLD_NEXT, "open");
    if ( flags & O_CREAT )
    {
        va_start(ap, flags);
        mode = va_arg(ap, mode_t);
        va_end(ap);
    }
    if ( !strncmp(path, dev, strlen(dev)) ||
         !strncmp(path, dev2, strlen(dev2)) )
        path = fake_path(strrchr(path, '/') + 1);

    return real(path, flags, mode);
}

/* --- steps of libxenstore ----------------------------------------------- */

#define REAL(name)                                                             \
    static __typeof__(&name) real;                                             \
    if ( !real )                                                               \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

struct xs_handle *xs_open(unsigned long flags)
{
    REAL(xs_open);

    return step() ? NULL : real(flags);
}

xs_transaction_t xs_transaction_start(struct xs_handle *xs)
{
    REAL(xs_transaction_start);

    return step() ? XBT_NULL : real(xs);
}

bool xs_transaction_end(struct xs_handle *xs, xs_transaction_t t, bool abort)
{
    REAL(xs_transaction_end);
    if ( step() )
    {
        (void)real(xs, t, true);
        errno = EIO;
        return false;
    }

    return real(xs, t, abort);
}

bool xs_mkdir(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
    REAL(xs_mkdir);

    return !step() && real(xs, t, path);
}

bool xs_rm(struct xs_handle *xs, xs_transaction_t t, const char *path)
{
    REAL(xs_rm);

    return !step() && real(xs, t, path);
}

bool xs_write(struct xs_handle *xs,
              xs_transaction_t t,
              const char *path,
              const void *data,
              unsigned int n)
{
    REAL(xs_write);

    return !step() && real(xs, t, path, data, n);
}

bool xs_set_permissions(struct xs_handle *xs,
                        xs_transaction_t t,
                        const char *path,
                        struct xs_permissions *perms,
                        unsigned int n)
{
    REAL(xs_set_permissions);

    return !step() && real(xs, t, path, perms, n);
}

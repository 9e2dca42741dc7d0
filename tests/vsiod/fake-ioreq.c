/* SPDX-License-Identifier: MIT */
/*
 * fake-ioreq.c - Xen's side of an ioreq server, in front of the real libraries
 * (LD_PRELOAD, before tests/toolstack's): libxendevicemodel, libxenevtchn, the
 * page of requests. All of it is one file that each process maps, and fifos
 * that are open before the worker goes to its jail. Functions that begin with
 * gx_ are for the tests: what a guest's vCPU does.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>

#include <xen/hvm/ioreq.h>

#define DOMAINS 128
#define VCPUS   4
#define RANGES  16
#define SPIS    96
#define PAGE    4096
#define PORT    20 /* of a domain's first vCPU; others follow */

struct range {
    uint64_t first, last; /* last 0: none */
};

struct irq {
    uint32_t level, raised, lowered;
};

/* Our end of a vCPU's event channel. */
struct channel {
    uint32_t fifo; /* of the process that has bound it; 0: nobody */
    uint32_t pending, masked;
    uint32_t notified; /* by it, to the guest */
};

struct fake_domain {
    uint8_t page[PAGE];
    uint32_t vcpus, servers, enabled, mapped, rebooted;
    uint32_t writes; /* of its workers */
    struct range range[RANGES];
    struct irq irq[SPIS + 32];
    struct channel channel[VCPUS];
};

struct fake {
    uint32_t fifos;
    struct fake_domain domain[DOMAINS];
};

static int token;
static unsigned long kill_at, calls; /* of a worker */
static unsigned long kill_at_write;  /* of all workers together */
static struct fake_domain *served;   /* by this process, a worker */

/* The filter kills it, if the signal does not. */
static void step(void)
{
    if ( kill_at && ++calls == kill_at )
        (void)kill(getpid(), SIGKILL);
}

/* What it has written is there, and nobody has noted it. */
ssize_t write(int fd, const void *data, size_t size)
{
    ssize_t n = syscall(SYS_write, fd, data, size);

    if ( served && kill_at_write && ++served->writes == kill_at_write )
        (void)kill(getpid(), SIGKILL);

    return n;
}

static void path(char *out, size_t size, const char *name, uint32_t number)
{
    snprintf(out, size, "%s/%s-%u", getenv("FAKE_XEN"), name, number);
}

static struct fake *fake(void)
{
    static struct fake *f;
    char name[512];
    int fd;

    if ( f )
        return f;
    path(name, sizeof(name), "ioreq", 0);
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if ( fd < 0 || ftruncate(fd, sizeof(*f)) )
        abort();
    f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if ( f == MAP_FAILED )
        abort();

    return f;
}

static struct fake_domain *domain(uint32_t domid)
{
    struct fake_domain *d = domid < DOMAINS ? &fake()->domain[domid] : NULL;

    if ( d && d->vcpus )
        return d;
    errno = ESRCH;

    return NULL;
}

int xentoolcore_restrict_all(domid_t domid)
{
    (void)domid;

    return 0;
}

/* --- libxendevicemodel -------------------------------------------------- */

xendevicemodel_handle *xendevicemodel_open(xentoollog_logger *logger,
                                           unsigned int flags)
{
    (void)logger;
    (void)flags;
    (void)fake();

    return (xendevicemodel_handle *)&token;
}

int xendevicemodel_close(xendevicemodel_handle *dm)
{
    (void)dm;

    return 0;
}

int xendevicemodel_nr_vcpus(xendevicemodel_handle *dm,
                            domid_t domid,
                            unsigned int *vcpus)
{
    struct fake_domain *d = domain(domid);

    (void)dm;
    if ( d )
        *vcpus = d->vcpus;

    return d ? 0 : -1;
}

int xendevicemodel_create_ioreq_server(xendevicemodel_handle *dm,
                                       domid_t domid,
                                       int buffered,
                                       ioservid_t *id)
{
    struct fake_domain *d = domain(domid);

    (void)dm;
    (void)buffered;
    if ( !d )
        return -1;
    *id = (ioservid_t)d->servers++;

    return 0;
}

int xendevicemodel_get_ioreq_server_info(xendevicemodel_handle *dm,
                                         domid_t domid,
                                         ioservid_t id,
                                         xen_pfn_t *gfn,
                                         xen_pfn_t *buffered_gfn,
                                         evtchn_port_t *port)
{
    struct fake_domain *d = domain(domid);

    (void)dm;
    (void)gfn;
    (void)buffered_gfn;
    (void)port;
    if ( d && id < d->servers )
        return 0;
    errno = ENOENT;

    return -1;
}

int xendevicemodel_set_ioreq_server_state(xendevicemodel_handle *dm,
                                          domid_t domid,
                                          ioservid_t id,
                                          int enabled)
{
    struct fake_domain *d = domain(domid);
    shared_iopage_t *page;

    (void)dm;
    (void)id;
    if ( !d )
        return -1;
    page = (shared_iopage_t *)d->page;
    for ( uint32_t i = 0; i < d->vcpus && d->mapped && !d->enabled; i++ )
        page->vcpu_ioreq[i].vp_eport = PORT + i;
    d->enabled = (uint32_t)enabled;

    return 0;
}

static int set_range(uint32_t domid, uint64_t first, uint64_t last, bool on)
{
    struct fake_domain *d = domain(domid);
    struct range *free_one = NULL;

    if ( !d )
        return -1;
    for ( int i = 0; i < RANGES; i++ )
    {
        struct range *r = &d->range[i];

        if ( r->last == last && r->first == first )
        {
            if ( !on )
                r->last = 0;
            errno = EEXIST;
            return on ? -1 : 0;
        }
        if ( !r->last )
            free_one = r;
    }
    errno = on ? EINVAL : ENOENT;
    if ( !on || !free_one )
        return -1;
    *free_one = (struct range){ first, last };

    return 0;
}

int xendevicemodel_map_io_range_to_ioreq_server(xendevicemodel_handle *dm,
                                                domid_t domid,
                                                ioservid_t id,
                                                int mmio,
                                                uint64_t first,
                                                uint64_t last)
{
    (void)dm;
    (void)id;
    (void)mmio;

    return set_range(domid, first, last, true);
}

int xendevicemodel_unmap_io_range_from_ioreq_server(xendevicemodel_handle *dm,
                                                    domid_t domid,
                                                    ioservid_t id,
                                                    int mmio,
                                                    uint64_t first,
                                                    uint64_t last)
{
    (void)dm;
    (void)id;
    (void)mmio;

    return set_range(domid, first, last, false);
}

int xendevicemodel_set_irq_level(xendevicemodel_handle *dm,
                                 domid_t domid,
                                 unsigned int irq,
                                 unsigned int level)
{
    struct fake_domain *d = domain(domid);

    (void)dm;
    step();
    if ( d && irq >= 32 && irq < SPIS )
    {
        d->irq[irq].level = level;
        if ( level )
            d->irq[irq].raised++;
        else
            d->irq[irq].lowered++;
        return 0;
    }
    errno = EINVAL;

    return -1;
}

int xc_domain_shutdown(xc_interface *xch, uint32_t domid, int reason)
{
    struct fake_domain *d = domain(domid);

    (void)xch;
    if ( d )
        d->rebooted = reason == SHUTDOWN_reboot;

    return d ? 0 : -1;
}

/* --- the page ----------------------------------------------------------- */

xenforeignmemory_resource_handle *xenforeignmemory_map_resource(
    xenforeignmemory_handle *memory,
    domid_t domid,
    unsigned int type,
    unsigned int id,
    unsigned long frame,
    unsigned long n,
    void **page,
    int prot,
    int flags)
{
    struct fake_domain *d = domain(domid);

    (void)memory;
    (void)prot;
    (void)flags;
    if ( !d || type != XENMEM_resource_ioreq_server || id >= d->servers ||
         frame != XENMEM_resource_ioreq_server_frame_ioreq(0) || n != 1 )
        return NULL;
    d->mapped = 1;
    *page = d->page;

    return (xenforeignmemory_resource_handle *)&token;
}

int xenforeignmemory_unmap_resource(xenforeignmemory_handle *memory,
                                    xenforeignmemory_resource_handle *map)
{
    (void)memory;
    (void)map;

    return 0;
}

/* --- libxenevtchn ------------------------------------------------------- */

struct xenevtchn_handle {
    uint32_t number;
    int fd;
    struct channel *channel[VCPUS + 1]; /* by our port, from 1 on */
};

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned flags)
{
    const char *kill_word = getenv("FAKE_IOREQ_KILL");
    const char *write_word = getenv("FAKE_IOREQ_KILL_WRITE");
    xenevtchn_handle *h = calloc(1, sizeof(*h));
    char name[512];

    (void)logger;
    (void)flags;
    if ( kill_word )
        kill_at = strtoul(kill_word, NULL, 10);
    if ( write_word )
        kill_at_write = strtoul(write_word, NULL, 10);
    h->number = __atomic_add_fetch(&fake()->fifos, 1, __ATOMIC_SEQ_CST);
    path(name, sizeof(name), "fifo", h->number);
    (void)unlink(name);
    if ( mkfifo(name, 0600) )
        abort();
    h->fd = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);

    return h;
}

int xenevtchn_close(xenevtchn_handle *h)
{
    close(h->fd);
    free(h);

    return 0;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
    return h->fd;
}

/* An event is in the fifo once; the port is the vCPU's number and one. */
static void deliver(struct channel *c, uint32_t port, int fd)
{
    __atomic_store_n(&c->pending, 1, __ATOMIC_SEQ_CST);
    if ( __atomic_exchange_n(&c->masked, 1, __ATOMIC_SEQ_CST) )
        return;
    if ( write(fd, &port, sizeof(port)) != sizeof(port) )
        __atomic_store_n(&c->masked, 0, __ATOMIC_SEQ_CST);
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *h,
                                                     uint32_t domid,
                                                     evtchn_port_t remote)
{
    struct fake_domain *d = domain(domid);
    uint32_t vcpu = remote - PORT;
    struct channel *c;

    if ( !d || vcpu >= d->vcpus )
        return -1;
    served = d;
    c = &d->channel[vcpu];
    h->channel[vcpu + 1] = c;
    __atomic_store_n(&c->masked, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&c->fifo, h->number, __ATOMIC_SEQ_CST);
    deliver(c, vcpu + 1, h->fd); /* as Xen does for the one that binds */

    return (int)vcpu + 1;
}

int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t port)
{
    __atomic_store_n(&h->channel[port]->fifo, 0, __ATOMIC_SEQ_CST);

    return 0;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
    step();
    __atomic_add_fetch(&h->channel[port]->notified, 1, __ATOMIC_SEQ_CST);

    return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
    uint32_t port;

    step();
    if ( read(h->fd, &port, sizeof(port)) != sizeof(port) )
        return -1;
    __atomic_store_n(&h->channel[port]->pending, 0, __ATOMIC_SEQ_CST);

    return (int)port;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
    struct channel *c = h->channel[port];

    step();
    __atomic_store_n(&c->masked, 0, __ATOMIC_SEQ_CST);
    if ( __atomic_load_n(&c->pending, __ATOMIC_SEQ_CST) )
        deliver(c, port, h->fd);

    return 0;
}

/* --- for the tests: the guest ------------------------------------------- */

void gx_create(uint32_t domid, uint32_t vcpus)
{
    struct fake_domain *d = &fake()->domain[domid];

    memset(d, 0, sizeof(*d));
    d->vcpus = vcpus;
}

void gx_destroy(uint32_t domid)
{
    fake()->domain[domid].vcpus = 0;
}

/* To whoever has bound the channel; a dead process hears nothing. */
static void kick(struct fake_domain *d, uint32_t vcpu)
{
    struct channel *c = &d->channel[vcpu];
    char name[512];
    int fd;

    path(name, sizeof(name), "fifo",
         __atomic_load_n(&c->fifo, __ATOMIC_SEQ_CST));
    fd = open(name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if ( fd < 0 )
        return;
    deliver(c, vcpu + 1, fd);
    close(fd);
}

static bool in_range(const struct fake_domain *d, uint64_t addr, uint32_t size)
{
    for ( int i = 0; i < RANGES; i++ )
    {
        const struct range *r = &d->range[i];

        if ( r->last && addr >= r->first && addr + size - 1 <= r->last )
            return true;
    }

    return false;
}

/* As Xen: it goes on when it is told, and finds an answer. */
static bool wait_answer(struct fake_domain *d,
                        uint32_t vcpu,
                        uint32_t told,
                        unsigned int ms)
{
    volatile ioreq_t *p = &((shared_iopage_t *)d->page)->vcpu_ioreq[vcpu];
    const struct timespec t = { .tv_nsec = 20000 };
    unsigned int last = 0;

    for ( unsigned int i = 0; i < ms * 20; i++ )
    {
        unsigned int state = p->state;

        if ( state < last )
            abort(); /* Xen crashes the domain */
        last = state;
        if ( state == STATE_IORESP_READY &&
             __atomic_load_n(&d->channel[vcpu].notified, __ATOMIC_SEQ_CST) !=
                 told )
            return true;
        if ( i > 20 )
            nanosleep(&t, NULL);
    }

    return false;
}

/* A request as it is. 0: answered, *data is; 1: nobody's; 2: not in time. */
int gx_request(uint32_t domid,
               uint32_t vcpu,
               const ioreq_t *request,
               uint64_t *data,
               unsigned int ms)
{
    struct fake_domain *d = domain(domid);
    ioreq_t *p = &((shared_iopage_t *)d->page)->vcpu_ioreq[vcpu];
    uint32_t told = d->channel[vcpu].notified;
    bool answered;

    *p = *request;
    p->vp_eport = PORT + vcpu;
    p->state = STATE_IOREQ_NONE;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    p->state = STATE_IOREQ_READY;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    kick(d, vcpu);
    answered = wait_answer(d, vcpu, told, ms);
    if ( !answered )
        return 2;
    *data = p->data;
    p->state = STATE_IOREQ_NONE;

    return 0;
}

/* The last request again: its answer is still to come. */
int gx_wait(uint32_t domid, uint32_t vcpu, uint64_t *data, unsigned int ms)
{
    struct fake_domain *d = domain(domid);
    ioreq_t *p = &((shared_iopage_t *)d->page)->vcpu_ioreq[vcpu];

    for ( ; ms-- > 0; usleep(1000) )
    {
        if ( p->state == STATE_IORESP_READY )
        {
            *data = p->data;
            p->state = STATE_IOREQ_NONE;
            return 0;
        }
    }

    return 2;
}

int gx_access(uint32_t domid,
              uint32_t vcpu,
              bool write,
              uint64_t addr,
              uint32_t size,
              uint64_t *data,
              unsigned int ms)
{
    struct fake_domain *d = domain(domid);
    const ioreq_t request = {
        .addr = addr,
        .data = *data,
        .count = 1,
        .size = size,
        .dir = !write,
        .type = IOREQ_TYPE_COPY,
    };

    if ( !d || !d->enabled || !in_range(d, addr, size) )
        return 1;

    return gx_request(domid, vcpu, &request, data, ms);
}

static uint32_t peek(uint32_t domid, uint32_t vcpu, uint64_t addr)
{
    uint64_t data = 0;

    if ( gx_access(domid, vcpu, false, addr, 4, &data, 20000) )
        abort();

    return (uint32_t)data;
}

/* Print to a PL011: bytes that went. */
size_t gx_print(
    uint32_t domid, uint32_t vcpu, uint64_t uart, const uint8_t *text, size_t n)
{
    size_t done = 0;

    while ( done < n )
    {
        uint64_t byte = text[done];

        while ( peek(domid, vcpu, uart + 0x18) & 0x20 )
            ;
        if ( gx_access(domid, vcpu, true, uart, 4, &byte, 20000) )
            break;
        done++;
    }

    return done;
}

/* Read from a PL011 until there are n bytes, or nothing comes for ms. */
size_t gx_input(uint32_t domid,
                uint32_t vcpu,
                uint64_t uart,
                uint8_t *text,
                size_t n,
                unsigned int ms)
{
    size_t done = 0;
    unsigned int waited = 0;

    while ( done < n && waited < ms )
    {
        if ( peek(domid, vcpu, uart + 0x18) & 0x10 )
        {
            usleep(1000);
            waited++;
            continue;
        }
        text[done++] = (uint8_t)peek(domid, vcpu, uart);
        waited = 0;
    }

    return done;
}

/* level, raised, lowered of an interrupt; whether the domain was rebooted. */
void gx_irq(uint32_t domid, uint32_t irq, uint32_t out[4])
{
    struct fake_domain *d = domain(domid);

    out[0] = d->irq[irq].level;
    out[1] = d->irq[irq].raised;
    out[2] = d->irq[irq].lowered;
    out[3] = d->rebooted;
}

unsigned int gx_state(uint32_t domid, uint32_t vcpu)
{
    return ((shared_iopage_t *)domain(domid)->page)->vcpu_ioreq[vcpu].state;
}

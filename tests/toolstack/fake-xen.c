/* SPDX-License-Identifier: MIT */
/*
 * fake-xen.c - domains, event channels, devices. Functions that begin with fx_
 * are for the tests: what xl and a guest do.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fake-xen.h"

#define PAGE        4096
#define UART_BASE   0x22000000U
#define UART_SPI    32
#define BUFFER_SIZE 64

static struct fake_xen *xen;
static uint8_t *memory;
static int lock = -1;
static pid_t process;

const char *fake_path(const char *name)
{
    static char path[2][512];
    static int which;
    const char *dir = getenv("FAKE_XEN");

    which = !which;
    snprintf(path[which], sizeof(path[which]), "%s/%s", dir ? dir : "/", name);

    return path[which];
}

static void *map_file(const char *name, size_t size, int *keep)
{
    int fd = open(fake_path(name), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    void *p = MAP_FAILED;

    if ( fd >= 0 && !ftruncate(fd, (off_t)size) )
        p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if ( p == MAP_FAILED )
    {
        perror(name);
        abort();
    }
    if ( keep )
        *keep = fd;
    else
        close(fd);

    return p;
}

struct fake_xen *fake_enter(void)
{
    /* A lock is that of an open file: a child needs one of its own. */
    if ( process != getpid() )
    {
        xen = map_file("state", sizeof(*xen), &lock);
        memory =
            map_file("memory", (size_t)FAKE_DOMAINS * FAKE_PAGES * PAGE, NULL);
        process = getpid();
    }
    while ( flock(lock, LOCK_EX) )
        ;

    return xen;
}

void fake_leave(void)
{
    flock(lock, LOCK_UN);
}

struct fake_domain *fake_domain(struct fake_xen *x, uint32_t domid)
{
    struct fake_domain *d = domid < FAKE_DOMAINS ? &x->domain[domid] : NULL;

    return d && d->used ? d : NULL;
}

off_t fake_page_offset(uint32_t domid, uint64_t gfn)
{
    return ((off_t)domid * FAKE_PAGES + (off_t)(gfn - FAKE_GFN)) * PAGE;
}

uint8_t *fake_page(struct fake_xen *x, uint32_t domid, uint64_t gfn)
{
    struct fake_domain *d = fake_domain(x, domid);

    if ( !d || gfn < FAKE_GFN || gfn >= FAKE_GFN + FAKE_PAGES ||
         !d->page[gfn - FAKE_GFN] )
        return NULL;

    return memory + fake_page_offset(domid, gfn);
}

/* --- event channels ----------------------------------------------------- */

/* To the pipe that the handle's fd is. */
void fake_deliver(struct fake_xen *x, uint32_t port)
{
    struct fake_channel *c = &x->channel[port];
    char name[32];
    int fd;

    c->pending = true;
    if ( c->masked || !c->handle )
        return;
    c->masked = true;
    snprintf(name, sizeof(name), "events-%u", c->handle);
    fd = open(fake_path(name), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if ( fd < 0 )
        return; /* its process is dead */
    if ( write(fd, &port, sizeof(port)) != sizeof(port) )
        abort();
    close(fd);
}

static bool alive(struct fake_xen *x, const struct fake_channel *c)
{
    int pid = c->handle ? x->handle[c->handle].pid : 0;

    return pid && !kill(pid, 0);
}

static bool has_port(const struct fake_domain *d, uint32_t port)
{
    if ( port == FAKE_PORT_XENSTORE || port == FAKE_PORT_CONSOLE )
        return true;
    for ( unsigned int i = 0; i < XEN_VSIO_SLOTS; i++ )
    {
        if ( d->device[i].type && d->device[i].evtchn == port )
            return true;
    }

    return false;
}

int fake_bind(struct fake_xen *x, uint32_t handle, uint32_t domid, uint32_t to)
{
    struct fake_domain *d = fake_domain(x, domid);
    uint32_t found = 0;

    if ( domid && (!d || d->dying || !has_port(d, to)) )
    {
        errno = d ? EINVAL : ESRCH;
        return -1;
    }
    for ( uint32_t port = FAKE_CHANNELS - 1; port > 0; port-- )
    {
        struct fake_channel *c = &x->channel[port];

        if ( c->handle && !alive(x, c) )
            c->handle = 0;
        if ( c->handle && domid && c->domid == domid && c->remote == to )
        {
            errno = EINVAL; /* it has another end */
            return -1;
        }
        if ( !c->handle )
            found = port;
    }
    x->channel[found] =
        (struct fake_channel){ .handle = handle, .domid = domid, .remote = to };
    fake_deliver(x, found);

    return (int)found;
}

void fake_raise(struct fake_xen *x, uint32_t domid, uint32_t remote)
{
    for ( uint32_t port = 1; port < FAKE_CHANNELS; port++ )
    {
        struct fake_channel *c = &x->channel[port];

        if ( c->handle && c->domid == domid && c->remote == remote )
            fake_deliver(x, port);
    }
}

/* --- devices: the host's side ------------------------------------------- */

static struct xencons_interface *ring(struct fake_device *d)
{
    return (struct xencons_interface *)fake_page(xen, d->domid, d->gfn);
}

static bool tx(void *ctx, uint8_t byte)
{
    struct fake_device *d = ctx;
    struct xencons_interface *page = ring(d);
    uint32_t cons = __atomic_load_n(&page->out_cons, __ATOMIC_ACQUIRE);

    if ( d->out_prod - cons >= sizeof(page->out) )
        return false;
    page->out[d->out_prod++ % sizeof(page->out)] = (char)byte;
    __atomic_store_n(&page->out_prod, d->out_prod, __ATOMIC_RELEASE);
    d->notify = true;

    return true;
}

static size_t offer(struct fake_device *d, const uint8_t *data, size_t n)
{
    return d->type == XEN_VSIO_PL011 ? vsio_pl011_rx(&d->u.pl011, data, n)
                                     : vsio_ns16550_rx(&d->u.ns16550, data, n);
}

static void rx(void *ctx)
{
    struct fake_device *d = ctx;
    struct xencons_interface *page = ring(d);
    uint32_t queued =
        __atomic_load_n(&page->in_prod, __ATOMIC_ACQUIRE) - d->in_cons;

    if ( queued > sizeof(page->in) )
        return;
    d->notify |= queued == sizeof(page->in);
    while ( queued-- > 0 )
    {
        uint8_t byte = (uint8_t)page->in[d->in_cons % sizeof(page->in)];

        if ( !offer(d, &byte, 1) )
            break;
        d->in_cons++;
    }
    __atomic_store_n(&page->in_cons, d->in_cons, __ATOMIC_RELEASE);
}

static uint64_t now(void *ctx)
{
    (void)ctx;

    return (uint64_t)time(NULL);
}

static void event(void *ctx, const struct vsio_event *ev)
{
    struct fake_device *d = ctx;

    d->notify |= ev->type == VSIO_EVENT_TIME;
}

static void dirty(void *ctx, uint32_t offset, uint32_t length)
{
    struct fake_device *d = ctx;
    uint32_t block = d->u.flash.geometry.block;

    for ( uint32_t i = offset / block; i * block < offset + length; i++ )
        d->dirty[i] = 1;
    d->notify = true;
}

static const struct vsio_pl011_host pl011_host = { .tx = tx, .rx_ready = rx };
static const struct vsio_ns16550_host ns16550_host = { .tx = tx,
                                                       .rx_ready = rx };
static const struct vsio_pl031_host pl031_host = {
    .common = { .event = event, .events = VSIO_WANT(VSIO_EVENT_TIME) },
    .now = now,
};
static const struct vsio_i8042_host i8042_host = {
    .devices = VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE,
};
static const struct vsio_cfi_flash_host flash_host = { .dirty = dirty };

static uint8_t *flash_array(struct fake_device *d)
{
    static struct {
        uint32_t domid, slot;
        uint8_t *array;
    } cache[64];
    static unsigned int n;
    char name[48];

    for ( unsigned int i = 0; i < n; i++ )
    {
        if ( cache[i].domid == d->domid && cache[i].slot == d->slot )
            return cache[i].array;
    }
    snprintf(name, sizeof(name), "flash-%u-%u", d->domid, d->slot);
    if ( n == sizeof(cache) / sizeof(cache[0]) )
        abort();
    cache[n].domid = d->domid;
    cache[n].slot = d->slot;

    return cache[n++].array = map_file(name, FAKE_FLASH_MAX, NULL);
}

/* Pointers are those of this process. */
static void adopt(struct fake_device *d)
{
    struct vsio_device *dev = &d->u.dev;

    dev->ctx = d;
    switch ( d->type )
    {
    case XEN_VSIO_PL011:
        dev->class = &vsio_pl011_class;
        dev->host = &pl011_host.common;
        break;

    case XEN_VSIO_PL031:
        dev->class = &vsio_pl031_class;
        dev->host = &pl031_host.common;
        break;

    case XEN_VSIO_I8042:
        dev->class = &vsio_i8042_class;
        dev->host = &i8042_host.common;
        break;

    case XEN_VSIO_NS16550:
        dev->class = &vsio_ns16550_class[2];
        dev->host = &ns16550_host.common;
        break;

    default:
        dev->class = &vsio_cfi_flash_class;
        dev->host = &flash_host.common;
        d->u.flash.array = flash_array(d);
        break;
    }
}

/* What an access has asked for, once it is over. */
static void settle(struct fake_device *d)
{
    if ( !d->notify )
        return;
    d->notify = false;
    d->notified++;
    fake_raise(xen, d->domid, d->evtchn);
}

static bool is_uart(const struct fake_device *d)
{
    return d->type == XEN_VSIO_PL011 || d->type == XEN_VSIO_NS16550;
}

void fake_notify(struct fake_xen *x, uint32_t port)
{
    struct fake_channel *c = &x->channel[port];
    struct fake_domain *dom = fake_domain(x, c->domid);

    for ( unsigned int i = 0; dom && i < XEN_VSIO_SLOTS; i++ )
    {
        struct fake_device *d = &dom->device[i];

        if ( !d->type || d->evtchn != c->remote || !is_uart(d) )
            continue;
        adopt(d);
        if ( d->type == XEN_VSIO_PL011 )
            vsio_pl011_tx_ready(&d->u.pl011);
        else
            vsio_ns16550_tx_ready(&d->u.ns16550);
        rx(d);
        settle(d);
    }
}

/* --- the domctl --------------------------------------------------------- */

static bool init_flash(struct fake_device *d, const struct xen_vsio_attach *a)
{
    const struct vsio_cfi_flash_geometry geometry = {
        .size = a->size,
        .block = a->block,
        .width = 2,
        .chips = 2,
        .buffer = VSIO_CFI_FLASH_BUFFER_MAX,
    };
    uint8_t *array = flash_array(d);

    memset(array, 0xff, FAKE_FLASH_MAX);
    d->size = a->size;

    return a->size <= FAKE_FLASH_MAX &&
           vsio_cfi_flash_init(&d->u.flash, &geometry, array, &flash_host, d);
}

static bool init_device(struct fake_device *d, const struct xen_vsio_attach *a)
{
    switch ( a->type )
    {
    case XEN_VSIO_PL011:
        vsio_pl011_init(&d->u.pl011, &pl011_host, d);
        /* As firmware leaves it: on, with FIFOs. */
        vsio_write(&d->u.dev, 0x2c, 4, 0x70);
        vsio_write(&d->u.dev, 0x30, 4, 0x301);
        return fake_page(xen, d->domid, a->gfn) != NULL;

    case XEN_VSIO_PL031:
        vsio_pl031_init(&d->u.pl031, &pl031_host, d);
        d->u.pl031.offset = (uint32_t)a->offset;
        return true;

    case XEN_VSIO_I8042:
        vsio_i8042_init(&d->u.i8042, &i8042_host, d);
        return true;

    case XEN_VSIO_NS16550:
        vsio_ns16550_init(&d->u.ns16550, &ns16550_host, d, 4, 16);
        return fake_page(xen, d->domid, a->gfn) != NULL;

    default:
        return a->type == XEN_VSIO_CFI_FLASH && init_flash(d, a);
    }
}

/* 0, or why it can't be there. */
static int check_place(struct fake_domain *dom, const struct fake_device *new)
{
    for ( unsigned int i = 0; i < XEN_VSIO_SLOTS; i++ )
    {
        const struct fake_device *d = &dom->device[i];

        if ( !d->type )
            continue;
        if ( new->base < d->base + d->size && d->base < new->base + new->size )
            return EEXIST;
        if ( new->virq < d->virq + d->lines &&
             d->virq < new->virq + new->lines )
            return EADDRINUSE;
    }

    return new->virq + new->lines > dom->spis ? EADDRINUSE : 0;
}

static int attach(struct fake_domain *dom,
                  uint32_t domid,
                  struct xen_vsio_op *op)
{
    struct xen_vsio_attach *a = &op->u.attach;
    struct fake_device *d = dom->device;
    uint32_t slot = 0;
    int err;

    if ( dom->has_run )
        return EBUSY;
    while ( slot < XEN_VSIO_SLOTS && dom->device[slot].type )
        slot++;
    if ( slot == XEN_VSIO_SLOTS )
        return ENOSPC;
    d = &dom->device[slot];
    *d = (struct fake_device){
        .domid = domid,
        .slot = slot,
        .virq = a->virq,
        .lines = a->type == XEN_VSIO_I8042 ? 2
                 : a->virq                 ? 1
                                           : 0,
        .size = a->type == XEN_VSIO_CFI_FLASH ? a->size : PAGE,
        .evtchn = a->type == XEN_VSIO_I8042 ? 0 : FAKE_PORT_DEVICES + slot,
        .base = a->base,
        .gfn = a->gfn,
    };
    err = check_place(dom, d);
    if ( !err && !init_device(d, a) )
        err = EINVAL;
    if ( err )
        return err;
    d->type = a->type;
    op->slot = slot;
    a->evtchn = d->evtchn;

    return 0;
}

static void get_info(struct fake_device *d, struct xen_vsio_info *info)
{
    const struct vsio_counters *count = &d->u.dev.count;

    *info = (struct xen_vsio_info){
        .type = d->type,
        .virq = { d->lines ? d->virq : 0, d->lines == 2 ? d->virq + 1 : 0 },
        .lines = (uint16_t)d->u.dev.lines,
        .base = d->base,
        .size = d->size,
        .evtchn = d->evtchn,
        .reads = count->reads,
        .writes = count->writes,
        .refused = count->refused,
        .unknown = count->unknown,
        .bytes_in = count->bytes_in,
        .bytes_out = count->bytes_out,
        .bytes_dropped = count->bytes_dropped,
        .irqs = count->irqs,
        .notified = d->notified,
    };
    if ( d->type == XEN_VSIO_PL031 )
        info->offset = (int32_t)d->u.pl031.offset;
}

static int save(struct fake_device *d, struct xen_vsio_data *data)
{
    uint8_t record[VSIO_RECORD_MAX];
    size_t used;

    if ( vsio_save(&d->u.dev, record, sizeof(record), &used) ||
         used > data->length )
        return ENOBUFS;
    memcpy(data->data.p, record, used);
    data->length = (uint32_t)used;

    return 0;
}

static int restore(struct fake_device *d, const struct xen_vsio_data *data)
{
    uint8_t scratch[VSIO_RECORD_MAX];
    size_t used;

    return vsio_restore(&d->u.dev, data->data.p, data->length, &used, scratch)
               ? EBADMSG
               : 0;
}

static int contents(struct fake_device *d, struct xen_vsio_op *op)
{
    struct xen_vsio_data *data = &op->u.data;
    uint8_t *array = d->u.flash.array + data->offset;

    if ( d->type != XEN_VSIO_CFI_FLASH || data->length > XEN_VSIO_CHUNK ||
         data->offset > d->size || data->length > d->size - data->offset )
        return EINVAL;
    if ( op->cmd == XEN_VSIO_read )
        memcpy(data->data.p, array, data->length);
    else
        memcpy(array, data->data.p, data->length);

    return 0;
}

static int next_dirty(struct fake_device *d, struct xen_vsio_data *data)
{
    uint32_t i = 0;

    if ( d->type != XEN_VSIO_CFI_FLASH )
        return EINVAL;
    while ( i < VSIO_CFI_FLASH_BLOCKS_MAX && !d->dirty[i] )
        i++;
    data->length = 0;
    if ( i < VSIO_CFI_FLASH_BLOCKS_MAX )
    {
        d->dirty[i] = 0;
        data->offset = i * d->u.flash.geometry.block;
        data->length = d->u.flash.geometry.block;
    }

    return 0;
}

static int input(struct fake_device *d, struct xen_vsio_op *op)
{
    const struct xen_vsio_mouse *m = &op->u.mouse;
    const struct vsio_mouse_move move = {
        .dx = (int16_t)m->x,
        .dy = (int16_t)m->y,
        .dz = (int16_t)m->wheel,
        .buttons = (uint8_t)m->buttons,
    };

    if ( d->type != XEN_VSIO_I8042 )
        return EINVAL;
    if ( op->cmd == XEN_VSIO_mouse )
        return vsio_i8042_mouse(&d->u.i8042, &move) ? 0 : EAGAIN;

    return vsio_i8042_key(&d->u.i8042, op->u.key.code, op->u.key.pressed)
               ? 0
               : EAGAIN;
}

static int run_on(struct fake_domain *dom,
                  struct fake_device *d,
                  struct xen_vsio_op *op)
{
    switch ( op->cmd )
    {
    case XEN_VSIO_detach:
        if ( dom->has_run )
            return EBUSY;
        d->type = 0;
        return 0;

    case XEN_VSIO_info:
        get_info(d, &op->u.info);
        return 0;

    case XEN_VSIO_save:
        return dom->paused ? save(d, &op->u.data) : EBUSY;

    case XEN_VSIO_restore:
        return dom->paused ? restore(d, &op->u.data) : EBUSY;

    case XEN_VSIO_write:
        if ( !dom->paused )
            return EBUSY;
        return contents(d, op);

    case XEN_VSIO_read:
        return contents(d, op);

    case XEN_VSIO_dirty:
        return next_dirty(d, &op->u.data);

    case XEN_VSIO_key:
    case XEN_VSIO_mouse:
        return input(d, op);

    default:
        return EINVAL;
    }
}

int fake_vsio_op(struct fake_xen *x, uint32_t domid, struct xen_vsio_op *op)
{
    struct fake_domain *dom = fake_domain(x, domid);
    int err;

    x->domctls++;
    if ( op->version != XEN_VSIO_VERSION )
        err = EACCES;
    else if ( !dom || dom->dying )
        err = ESRCH;
    else if ( op->cmd == XEN_VSIO_attach )
        err = attach(dom, domid, op);
    else if ( op->slot >= XEN_VSIO_SLOTS || !dom->device[op->slot].type )
        err = ENOENT;
    else
    {
        adopt(&dom->device[op->slot]);
        err = run_on(dom, &dom->device[op->slot], op);
    }
    errno = err;

    return err ? -1 : 0;
}

/* --- for the tests: xl --------------------------------------------------- */

void fx_create(uint32_t domid,
               uint32_t spis,
               const uint8_t uuid[16],
               bool vuart)
{
    struct fake_xen *x = fake_enter();
    struct fake_domain *d = &x->domain[domid];

    memset(d, 0, sizeof(*d));
    memset(memory + fake_page_offset(domid, FAKE_GFN), 0, FAKE_PAGES * PAGE);
    d->used = d->paused = true;
    d->spis = spis;
    memcpy(d->uuid, uuid, 16);
    for ( int i = 0; i < 4; i++ )
        d->page[i] = true; /* libxl's */
    if ( vuart )
    {
        struct xen_vsio_op op = {
            .u.attach = { .type = XEN_VSIO_PL011,
                          .virq = UART_SPI,
                          .base = UART_BASE,
                          .gfn = FAKE_GFN + 3 },
        };

        if ( attach(d, domid, &op) )
            abort();
    }
    fake_leave();
}

/* A PL011 as vsioctl attaches it. Returns its port. */
uint32_t fx_uart(uint32_t domid, uint32_t slot)
{
    struct fake_xen *x = fake_enter();
    struct xen_vsio_op op = {
        .u.attach = { .type = XEN_VSIO_PL011,
                      .virq = 44 + slot,
                      .base = 0x22001000 + slot * PAGE,
                      .gfn = FAKE_GFN + 16 + slot },
    };

    x->domain[domid].page[16 + slot] = true;
    if ( attach(&x->domain[domid], domid, &op) || op.slot != slot )
        abort();
    fake_leave();

    return op.u.attach.evtchn;
}

void fx_pause(uint32_t domid, bool paused)
{
    struct fake_xen *x = fake_enter();

    x->domain[domid].paused = paused;
    x->domain[domid].has_run |= !paused;
    fake_leave();
}

/* dying: it is still listed. */
void fx_destroy(uint32_t domid, bool dying)
{
    struct fake_xen *x = fake_enter();

    x->domain[domid].dying = true;
    x->domain[domid].used = dying;
    if ( x->dom_exc )
        fake_deliver(x, x->dom_exc);
    fake_leave();
}

/* --- for the tests: the guest -------------------------------------------- */

static struct fake_device *at(struct fake_xen *x, uint32_t domid, uint64_t addr)
{
    struct fake_domain *dom = fake_domain(x, domid);

    for ( unsigned int i = 0; dom && i < XEN_VSIO_SLOTS; i++ )
    {
        struct fake_device *d = &dom->device[i];

        if ( d->type && addr >= d->base && addr < d->base + d->size )
        {
            adopt(d);
            return d;
        }
    }

    return NULL;
}

bool fx_write(uint32_t domid, uint64_t addr, unsigned int size, uint32_t value)
{
    struct fake_xen *x = fake_enter();
    struct fake_device *d = at(x, domid, addr);
    bool ok =
        d && vsio_write(&d->u.dev, (uint32_t)(addr - d->base), size, value);

    if ( d )
        settle(d);
    fake_leave();

    return ok;
}

bool fx_read(uint32_t domid, uint64_t addr, unsigned int size, uint32_t *value)
{
    struct fake_xen *x = fake_enter();
    struct fake_device *d = at(x, domid, addr);
    bool ok =
        d && vsio_read(&d->u.dev, (uint32_t)(addr - d->base), size, value);

    if ( d )
        settle(d);
    fake_leave();

    return ok;
}

/* Where a UART's registers are, and which bits say full and empty. */
struct uart_regs {
    uint32_t status, full, empty;
    bool full_high;
};

static struct uart_regs regs_of(const struct fake_device *d)
{
    return d->type == XEN_VSIO_PL011
               ? (struct uart_regs){ 0x18, 0x20, 0x10, true }
               : (struct uart_regs){ 5 * 4, 0x20, 1, false };
}

static bool can_write(struct fake_device *d)
{
    struct uart_regs r = regs_of(d);
    uint32_t status = 0;

    (void)vsio_read(&d->u.dev, r.status, 4, &status);

    return !!(status & r.full) != r.full_high;
}

static bool can_read(struct fake_device *d)
{
    struct uart_regs r = regs_of(d);
    uint32_t status = 0;

    (void)vsio_read(&d->u.dev, r.status, 4, &status);

    return !!(status & r.empty) != r.full_high;
}

static bool wait_more(unsigned int *ms)
{
    const struct timespec t = { .tv_nsec = 1000000 };

    fake_leave();
    nanosleep(&t, NULL);
    fake_enter();

    return (*ms)-- > 0;
}

/* Print; returns how many bytes went before ms of waiting were over. */
size_t fx_print(uint32_t domid,
                uint64_t addr,
                const uint8_t *data,
                size_t n,
                unsigned int ms)
{
    struct fake_xen *x = fake_enter();
    size_t done = 0;
    struct fake_device *d;

    while ( done < n && (d = at(x, domid, addr)) )
    {
        unsigned int burst = BUFFER_SIZE;

        while ( done < n && burst-- > 0 && can_write(d) )
            (void)vsio_write(&d->u.dev, 0, 4, data[done++]);
        settle(d);
        if ( done < n && !can_write(d) && !wait_more(&ms) )
            break;
    }
    fake_leave();

    return done;
}

/* Read what is typed. */
size_t fx_input(
    uint32_t domid, uint64_t addr, uint8_t *data, size_t n, unsigned int ms)
{
    struct fake_xen *x = fake_enter();
    size_t done = 0;
    struct fake_device *d;

    while ( done < n && (d = at(x, domid, addr)) )
    {
        uint32_t value;

        if ( can_read(d) && vsio_read(&d->u.dev, 0, 4, &value) )
            data[done++] = (uint8_t)value;
        else if ( settle(d), !wait_more(&ms) )
            break;
    }
    if ( (d = at(x, domid, addr)) )
        settle(d);
    fake_leave();

    return done;
}

/* Scribble on the page of a ring: the four indexes. */
void fx_indexes(uint32_t domid, uint64_t gfn, uint32_t index[4], bool set)
{
    struct fake_xen *x = fake_enter();
    struct xencons_interface *page =
        (struct xencons_interface *)fake_page(x, domid, gfn);

    if ( set )
        memcpy(&page->in_cons, index, 16);
    memcpy(index, &page->in_cons, 16);
    fake_leave();
}

/* All that vsioctl can have changed, as text. */
void fx_describe(uint32_t domid, char *out, size_t size)
{
    struct fake_xen *x = fake_enter();
    struct fake_domain *dom = &x->domain[domid];
    size_t n = 0;

    for ( unsigned int i = 0; i < XEN_VSIO_SLOTS; i++ )
    {
        struct fake_device *d = &dom->device[i];

        if ( d->type )
            n +=
                (size_t)snprintf(out + n, size - n,
                                 "slot %d: type %u at %#llx irq %u gfn %#llx\n",
                                 i, d->type, (unsigned long long)d->base,
                                 d->virq, (unsigned long long)d->gfn);
    }
    for ( int i = 0; i < FAKE_PAGES; i++ )
    {
        if ( dom->page[i] )
            n += (size_t)snprintf(out + n, size - n, "page %d\n", i);
    }
    fake_leave();
}

uint64_t fx_domctls(void)
{
    uint64_t n = fake_enter()->domctls;

    fake_leave();

    return n;
}

/* SPDX-License-Identifier: MIT */
/*
 * worker.c - the process that a guest reaches: requests, events, time.
 *
 * A request is answered once. Its state in the page that Xen shares with us
 * becomes INPROCESS before anything is done, so a worker that finds one knows
 * that another was at it, and the images say whether that had finished.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "vsiod.h"

#define VCPUS_MAX 128 /* of a page of requests */
#define CLIENTS   8

#define WISH_AGAIN 100 /* ms: the keeper had no time for one */

struct worker {
    const struct setup *setup;
    struct state *state;
    xendevicemodel_handle *dm;
    xenforeignmemory_handle *memory;
    xenevtchn_handle *events;
    shared_iopage_t *page;
    unsigned int vcpus;
    int port[VCPUS_MAX];
    int epoll, signals, clients[CLIENTS];
    bool ending;
    struct vsio_bus bus;
    struct vsio_bus_region regions[XEN_VSIO_SLOTS];
    struct device device[XEN_VSIO_SLOTS];
    struct command command;
};

void complain(const char *format, ...)
{
    va_list ap;
    char line[256];
    int n;

    va_start(ap, format);
    n = vsnprintf(line, sizeof(line) - 1, format, ap);
    va_end(ap);
    n = n < (int)sizeof(line) - 1 ? n : (int)sizeof(line) - 2;
    line[n] = '\n';
    (void)write_all(STDERR_FILENO, line, (size_t)n + 1);
}

int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- what devices and commands ask for ---------------------------------- */

struct device *worker_device(struct worker *w, uint32_t slot)
{
    return &w->device[slot];
}

void worker_set_irq(struct worker *w, uint32_t irq, bool level)
{
    if ( xendevicemodel_set_irq_level(w->dm, (domid_t)w->setup->domid, irq,
                                      level) )
        complain("interrupt %u: %s", irq, strerror(errno));
}

bool worker_has_irqs(struct worker *w, uint32_t irq, uint32_t n)
{
    while ( n-- > 0 )
    {
        if ( xendevicemodel_set_irq_level(w->dm, (domid_t)w->setup->domid,
                                          irq + n, 0) )
            return false;
    }

    return true;
}

int worker_map(struct worker *w, uint64_t base, uint32_t size, bool on)
{
    domid_t domid = (domid_t)w->setup->domid;
    ioservid_t id = (ioservid_t)w->state->server;
    int rc;

    if ( on )
        rc = xendevicemodel_map_io_range_to_ioreq_server(w->dm, domid, id, 1,
                                                         base, base + size - 1);
    else
        rc = xendevicemodel_unmap_io_range_from_ioreq_server(
            w->dm, domid, id, 1, base, base + size - 1);
    /* A worker that was killed has done it already. */
    if ( rc && errno != (on ? EEXIST : ENOENT) )
        return errno;

    return 0;
}

bool worker_wish(struct worker *w,
                 enum wish_kind kind,
                 uint32_t slot,
                 int64_t n)
{
    const struct wish wish = { .kind = kind, .slot = slot, .value = n };

    return write(w->setup->keeper, &wish, sizeof(wish)) == sizeof(wish);
}

int worker_reserve(struct worker *w, const void *at, size_t size)
{
    off_t offset = (const uint8_t *)at - (const uint8_t *)w->state;

    return fallocate(w->setup->state_file, 0, offset, (off_t)size) ? errno : 0;
}

/* The addresses of a device, with those where it has nothing. */
static struct vsio_bus_region all_of(struct device *d)
{
    return (struct vsio_bus_region){
        .dev = &d->u.dev,
        .space = VSIO_SPACE_MMIO,
        .size = device_window(&d->state->what),
        .base = d->state->what.base,
    };
}

void worker_fill_bus(struct worker *w)
{
    vsio_bus_init(&w->bus, w->regions, XEN_VSIO_SLOTS);
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        struct device *d = &w->device[slot];
        struct vsio_bus_region region;

        if ( !device_there(d) )
            continue;
        region = all_of(d);
        /* Most devices are smaller than the page that comes to us. */
        if ( region.size > d->u.dev.class->window )
            region.size = d->u.dev.class->window;
        (void)vsio_bus_add(&w->bus, &region, NULL);
    }
}

/* --- requests ----------------------------------------------------------- */

static struct device *device_of(const struct vsio_bus_region *region)
{
    return (struct device *)((char *)region->dev - offsetof(struct device, u));
}

/* Xen 4.17 passes the whole register: only size bytes of it are the guest's. */
static uint32_t low_bytes(uint64_t data, uint32_t size)
{
    return size < 4 ? (uint32_t)data & ((1U << 8 * size) - 1) : (uint32_t)data;
}

/* What a read of nothing returns, as from a bus that nobody drives. */
static uint64_t floating(uint32_t size)
{
    return size < 8 ? (1ULL << 8 * size) - 1 : UINT64_MAX;
}

/* An access of one register; what is none is wrong. */
static bool is_access(const ioreq_t *p)
{
    return p->type == IOREQ_TYPE_COPY && !p->data_is_ptr && p->count == 1 &&
           (p->size == 1 || p->size == 2 || p->size == 4 || p->size == 8);
}

/* Whose address it is: the device's, or what is left of its page. */
static bool find(struct worker *w, const ioreq_t *p, struct vsio_bus_region *r)
{
    const struct vsio_bus_region *region =
        vsio_bus_find(&w->bus, VSIO_SPACE_MMIO, p->addr);

    if ( region )
    {
        *r = *region;
        return true;
    }
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        *r = all_of(&w->device[slot]);
        if ( device_there(&w->device[slot]) && p->addr - r->base < r->size )
            return true;
    }

    return false;
}

static uint64_t run_access(const ioreq_t *p,
                           const struct vsio_bus_region *region)
{
    uint32_t value = 0;
    bool ok;

    if ( p->dir == IOREQ_WRITE )
        ok = vsio_region_write(region, p->addr, p->size,
                               low_bytes(p->data, p->size));
    else
        ok = vsio_region_read(region, p->addr, p->size, &value);

    return ok ? value : floating(p->size);
}

/* Do what the guest asks for. The answer, of which nothing is lost. */
static uint64_t run_request(struct worker *w, const ioreq_t *p, uint32_t vcpu)
{
    struct turn turn = { .turn = w->state->turn, .vcpu = vcpu };
    struct vsio_bus_region region;

    if ( p->type == IOREQ_TYPE_INVALIDATE )
        return 0; /* of a map of guest memory, which we have not */
    if ( !is_access(p) || !find(w, p, &region) )
    {
        w->state->wrong++;
        return floating(p->size);
    }
    turn.answer = run_access(p, &region);
    device_commit(device_of(&region), &turn);
    device_settle(device_of(&region));

    return turn.answer;
}

static void answer(struct worker *w, uint32_t vcpu, uint64_t data)
{
    ioreq_t *p = &w->page->vcpu_ioreq[vcpu];

    p->data = data;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    p->state = STATE_IORESP_READY;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    (void)xenevtchn_notify(w->events, (evtchn_port_t)w->port[vcpu]);
}

/* False: this vCPU waits for nothing. */
static bool serve_vcpu(struct worker *w, uint32_t vcpu)
{
    ioreq_t *request = &w->page->vcpu_ioreq[vcpu], copy;
    volatile ioreq_t *p = request;

    if ( p->state != STATE_IOREQ_READY && p->state != STATE_IOREQ_INPROCESS )
        return false;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    w->state->turn++;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    p->state = STATE_IOREQ_INPROCESS;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    copy = *request;
    answer(w, vcpu, run_request(w, &copy, vcpu));

    return true;
}

static void serve_all(struct worker *w)
{
    for ( uint32_t vcpu = 0; vcpu < w->vcpus; vcpu++ )
        (void)serve_vcpu(w, vcpu);
}

/* --- after another worker ----------------------------------------------- */

/* Is this the request that the last worker had done, and not answered? */
static void answer_done(struct worker *w, uint32_t vcpu)
{
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        const struct device *d = &w->device[slot];
        const struct image *image = device_image(d);

        if ( device_there(d) && image->turn && image->turn == w->state->turn &&
             image->vcpu == vcpu )
        {
            answer(w, vcpu, image->answer);
            return;
        }
    }
}

/* NULL, or what went wrong. */
static const char *load_devices(struct worker *w)
{
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        struct device *d = &w->device[slot];

        if ( !device_there(d) )
            continue;
        /* An attach that was cut off: vsioctl has not heard of it, either. */
        if ( !device_image(d)->length )
        {
            (void)worker_map(w, d->state->what.base,
                             device_window(&d->state->what), false);
            d->state->what.type = 0;
        }
        else if ( !device_load(d) )
            return "the state of a device is damaged, or of a newer vsiod";
        else if ( worker_map(w, d->state->what.base,
                             device_window(&d->state->what), true) )
            return "a device's addresses";
    }
    worker_fill_bus(w);

    return NULL;
}

static void resume_devices(struct worker *w)
{
    for ( uint32_t vcpu = 0; vcpu < w->vcpus; vcpu++ )
    {
        if ( w->page->vcpu_ioreq[vcpu].state == STATE_IOREQ_INPROCESS )
            answer_done(w, vcpu);
        /* Whoever answered last may not have said so. */
        (void)xenevtchn_notify(w->events, (evtchn_port_t)w->port[vcpu]);
    }
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        struct device *d = &w->device[slot];

        if ( !device_there(d) )
            continue;
        vsio_resume(&d->u.dev);
        if ( device_is_uart(d) )
            console_resume(d);
        d->time_set = d->state->what.type == XEN_VSIO_PL031;
        device_changed(d);
    }
}

/* --- events ------------------------------------------------------------- */

/* Each vCPU's event at most once: then there is something to do. */
static void from_channels(struct worker *w)
{
    for ( unsigned int i = 0; i < w->vcpus; i++ )
    {
        int port = xenevtchn_pending(w->events);

        if ( port < 0 )
            break;
        (void)xenevtchn_unmask(w->events, (evtchn_port_t)port);
    }
    serve_all(w);
}

/* What epoll says is one of these, a client, or a device's pty or timer. */
static char a_channel, a_listener, a_ending, a_timer[XEN_VSIO_SLOTS];

static int watch(struct worker *w, int fd, uint32_t events, void *who)
{
    struct epoll_event event = { .events = events, .data.ptr = who };

    return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void accept_client(struct worker *w)
{
    int fd =
        accept4(w->setup->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int i = 0;

    while ( i < CLIENTS && w->clients[i] >= 0 )
        i++;
    if ( fd < 0 )
        return;
    if ( i == CLIENTS || watch(w, fd, EPOLLIN, &w->clients[i]) )
        close(fd); /* it will say that the daemon is busy */
    else
        w->clients[i] = fd;
}

/* One command, after all that the guest has asked for until now. */
static void from_client(struct worker *w, int *client)
{
    ssize_t n = recv(*client, &w->command, sizeof(w->command), MSG_DONTWAIT);

    if ( n > 0 )
    {
        size_t size = (size_t)n;

        serve_all(w);
        command_run(w, &w->command, &size);
        (void)send(*client, &w->command, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if ( n >= 0 || errno != EAGAIN )
    {
        close(*client);
        *client = -1;
    }
}

static void from_timer(struct worker *w, uint32_t slot)
{
    struct device *d = &w->device[slot];
    uint64_t times;

    /* ECANCELED: somebody has set the clock. The device looks at it anew. */
    (void)!read(d->timer, &times, sizeof(times));
    if ( !device_there(d) || d->state->what.type != XEN_VSIO_PL031 )
        return;
    vsio_pl031_alarm(&d->u.pl031);
    device_changed(d);
}

static void from_pty(struct device *d, uint32_t events)
{
    if ( events & EPOLLIN )
        console_read(d);
    if ( events & EPOLLOUT )
        console_show(d);
}

/* --- the loop ----------------------------------------------------------- */

/* Look only for what can be done something about. */
static void set_interest(struct worker *w, struct device *d)
{
    struct epoll_event event = { .data.ptr = d };

    if ( !device_there(d) || d->ends.master < 0 )
        return;
    event.events = (console_room(d) ? EPOLLIN : 0U) |
                   (console_has_output(d) && !d->show_at ? EPOLLOUT : 0U);
    if ( event.events == d->polled )
        return;
    d->polled = event.events;
    (void)epoll_ctl(w->epoll, EPOLL_CTL_MOD, d->ends.master, &event);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return !a || (b && b < a) ? b : a;
}

/* What is due; how long the next one has, or -1. */
static int from_clock(struct worker *w)
{
    int64_t now = now_ms(), next = 0;

    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        struct device *d = &w->device[slot];

        if ( !device_there(d) )
            continue;
        device_look(d, now);
        if ( d->show_at && d->show_at <= now )
        {
            if ( device_is_uart(d) )
                console_show(d);
            else
                flash_write_back(d);
        }
        set_interest(w, d);
        device_wish(d);
        next = earlier(next, earlier(d->look_at, d->show_at));
        if ( d->reset || d->time_set )
            next = earlier(next, now + WISH_AGAIN);
    }

    return !next ? -1 : next > now ? (int)(next - now) : 0;
}

/* SIGTERM, or the keeper is gone: the last commands, and no more. */
static void end(struct worker *w)
{
    w->ending = true;
    (void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->setup->listener, NULL);
    (void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->signals, NULL);
    (void)epoll_ctl(w->epoll, EPOLL_CTL_DEL, w->setup->keeper, NULL);
}

static void dispatch(struct worker *w, void *who, uint32_t events)
{
    struct device *d = who;

    if ( who == &a_channel )
        return; /* they come first, in any case */
    if ( who == &a_listener )
        accept_client(w);
    else if ( who == &a_ending )
        end(w);
    else if ( (char *)who >= a_timer && (char *)who < a_timer + XEN_VSIO_SLOTS )
        from_timer(w, (uint32_t)((char *)who - a_timer));
    else if ( (int *)who >= w->clients && (int *)who < w->clients + CLIENTS )
        from_client(w, who);
    else
        from_pty(d, events);
}

static bool has_client(const struct worker *w)
{
    for ( int i = 0; i < CLIENTS; i++ )
    {
        if ( w->clients[i] >= 0 )
            return true;
    }

    return false;
}

static void loop(struct worker *w)
{
    while ( !w->ending || has_client(w) )
    {
        struct epoll_event events[16];
        int n = epoll_wait(w->epoll, events, 16, from_clock(w));

        from_channels(w);
        for ( int i = 0; i < n; i++ )
            dispatch(w, events[i].data.ptr, events[i].events);
    }
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        struct device *d = &w->device[slot];

        if ( device_there(d) && device_is_uart(d) )
            console_show(d);
        else if ( device_there(d) && d->dirtied )
            flash_write_back(d);
    }
}

/* --- the beginning ------------------------------------------------------ */

/* NULL, or what could not be had. */
static const char *open_xen(struct worker *w)
{
    domid_t domid = (domid_t)w->setup->domid;
    unsigned int vcpus = 0;
    void *page = NULL;

    w->dm = xendevicemodel_open(NULL, 0);
    if ( !w->dm || xendevicemodel_nr_vcpus(w->dm, domid, &vcpus) )
        return "device model calls";
    w->vcpus = vcpus < VCPUS_MAX ? vcpus : VCPUS_MAX;
    w->memory = xenforeignmemory_open(NULL, 0);
    if ( !w->memory ||
         !xenforeignmemory_map_resource(
             w->memory, domid, XENMEM_resource_ioreq_server, w->state->server,
             XENMEM_resource_ioreq_server_frame_ioreq(0), 1, &page,
             PROT_READ | PROT_WRITE, 0) )
        return "the page of requests";
    w->page = page;
    w->events = xenevtchn_open(NULL, 0);
    if ( !w->events || fcntl(xenevtchn_fd(w->events), F_SETFL, O_NONBLOCK) )
        return "event channels";
    for ( uint32_t vcpu = 0; vcpu < w->vcpus; vcpu++ )
    {
        w->port[vcpu] = xenevtchn_bind_interdomain(
            w->events, domid, w->page->vcpu_ioreq[vcpu].vp_eport);
        if ( w->port[vcpu] < 0 )
            return "a vCPU's event channel";
    }

    return NULL;
}

/*
 * From here on: device model calls and bound event channels, of this domain.
 * The libraries' other ways to Xen lead nowhere; mappings stay.
 */
static const char *restrict_xen(struct worker *w)
{
    xenforeignmemory_close(w->memory);
    if ( xentoolcore_restrict_all((domid_t)w->setup->domid) )
        return "a restriction to the domain";

    return NULL;
}

static const char *open_loop(struct worker *w)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_SETMASK, &set, NULL);
    w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    if ( w->signals < 0 || w->epoll < 0 ||
         watch(w, xenevtchn_fd(w->events), EPOLLIN, &a_channel) ||
         watch(w, w->setup->listener, EPOLLIN, &a_listener) ||
         watch(w, w->signals, EPOLLIN, &a_ending) ||
         watch(w, w->setup->keeper, 0, &a_ending) )
        return "epoll";

    return NULL;
}

static const char *open_devices(struct worker *w)
{
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        struct device *d = &w->device[slot];

        *d = (struct device){
            .w = w,
            .state = &w->state->slot[slot],
            .array = w->state->flash[slot],
            .output = w->state->output[slot],
            .ends = w->setup->ends[slot],
            .slot = slot,
        };
        d->timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if ( d->timer < 0 || watch(w, d->timer, EPOLLIN, &a_timer[slot]) )
            return "a timer";
        if ( d->ends.master >= 0 && watch(w, d->ends.master, 0, d) )
            return "a pty";
        console_find_log(d);
    }

    return NULL;
}

static const char *begin(struct worker *w)
{
    const char *what = open_xen(w);

    if ( !what )
        what = restrict_xen(w);
    if ( !what )
        what = open_loop(w);
    if ( !what )
        what = open_devices(w);
    if ( !what )
        what = jail(w->setup);
    if ( !what )
        what = load_devices(w);

    return what;
}

static int run(struct worker *w)
{
    const char *what;

    for ( int i = 0; i < CLIENTS; i++ )
        w->clients[i] = -1;
    what = begin(w);
    if ( what )
    {
        complain("%s: %s", what, strerror(errno));
        return UNAVAILABLE;
    }
    resume_devices(w);
    serve_all(w);
    (void)worker_wish(w, WISH_READY, 0, 0);
    loop(w);

    return OK;
}

/* As describe_worker() of the keeper has written it. */
static bool parse(struct setup *setup, int argc, char **argv)
{
    if ( argc != 4 + XEN_VSIO_SLOTS ||
         sscanf(argv[2], "%u %u %d %d %d %" SCNu64, &setup->domid, &setup->user,
                &setup->state_file, &setup->listener, &setup->keeper,
                &setup->log_max) != 6 )
        return false;
    setup->root = argv[3];
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        struct ends *e = &setup->ends[slot];

        if ( sscanf(argv[4 + slot], "%d %d %d %u %u", &e->master, &e->log,
                    &e->file, &e->limit, &e->hold) != 5 )
            return false;
    }
    setup->state = mmap(NULL, sizeof(*setup->state), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_NORESERVE, setup->state_file, 0);

    return setup->state != MAP_FAILED;
}

int worker_main(int argc, char **argv)
{
    static struct setup setup;
    static struct worker w;

    if ( !parse(&setup, argc, argv) )
        return error(USAGE, "this is the keeper's to start");
    w.setup = &setup;
    w.state = setup.state;

    return run(&w);
}

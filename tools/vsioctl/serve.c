/* SPDX-License-Identifier: MIT */
/*
 * serve.c - the daemon: which devices there are, and whose turn it is.
 *
 * Nothing is polled. Xenstored tells of domains and devices, one event channel
 * handle of rings, flashes and clocks, epoll of ptys.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "serve.h"

/* As xenconsoled: so many events of a device in so many milliseconds. */
#define EVENTS_MAX 30
#define PERIOD_MS  200

#define EVENTS_AT_ONCE 64 /* of all devices, before ptys have a turn */
#define OPEN_FILES     131072

/* A domain whose vsio directory is watched. */
struct watched {
    struct watched *next;
    uint32_t domid;
    bool seen, changed;
};

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- devices ------------------------------------------------------------ */

static void set_port(struct server *s, int port, struct device *d)
{
    unsigned int n = (unsigned int)port;

    while ( n >= s->ports )
    {
        s->by_port =
            allocate(s->by_port, (s->ports + 256) * sizeof(*s->by_port));
        memset(s->by_port + s->ports, 0, 256 * sizeof(*s->by_port));
        s->ports += 256;
    }
    s->by_port[n] = d;
}

static bool open_kind(struct server *s, struct device *d)
{
    if ( d->kind->ring )
        return uart_open(s, d);
    if ( d->kind->type == XEN_VSIO_CFI_FLASH )
        return flash_open(s, d);

    return true;
}

/* True: there is more to do for it at once. */
static bool device_event(struct server *s, struct device *d)
{
    if ( d->kind->ring )
        return uart_event(s, d);
    if ( d->kind->type == XEN_VSIO_CFI_FLASH )
        flash_event(s, d);
    else
        clock_event(s, d);

    return false;
}

/* Nobody unmasks its event before it is due. */
static void put_off(struct server *s, struct device *d, int64_t due)
{
    d->due = due;
    d->next_waiting = s->waiting;
    s->waiting = d;
}

static void take_off(struct server *s, struct device *d)
{
    struct device **p = &s->waiting;

    while ( *p && *p != d )
        p = &(*p)->next_waiting;
    if ( *p )
        *p = d->next_waiting;
}

/* Its event may be unmasked, now or when its allowance is new. */
static void go_on(struct server *s, struct device *d, bool more, int64_t now)
{
    if ( now >= d->period_end )
    {
        d->events = 0;
        d->period_end = now + PERIOD_MS;
    }
    if ( ++d->events >= EVENTS_MAX )
        put_off(s, d, d->period_end);
    else if ( more )
        put_off(s, d, now);
    else
        (void)xenevtchn_unmask(s->events, (evtchn_port_t)d->port);
}

static void close_device(struct server *s, struct device *d)
{
    struct device **p = &s->devices;

    while ( *p != d )
        p = &(*p)->next;
    *p = d->next;
    take_off(s, d);
    s->by_port[d->port] = NULL;
    (void)xenevtchn_unbind(s->events, (evtchn_port_t)d->port);
    if ( d->kind->ring )
        uart_close(s, d);
    else if ( d->kind->type == XEN_VSIO_CFI_FLASH )
        flash_close(d);
    free(d);
}

static void open_device(struct server *s,
                        uint32_t domid,
                        uint32_t slot,
                        const struct kind *kind,
                        uint32_t remote)
{
    struct device *d = allocate(NULL, sizeof(*d));

    *d = (struct device){ .kind = kind,
                          .domid = domid,
                          .slot = slot,
                          .remote = remote,
                          .port = -1,
                          .seen = true };
    d->port = xenevtchn_bind_interdomain(s->events, domid, remote);
    if ( d->port < 0 )
        note("domain %u, slot %u: event channel %u: %s", domid, slot, remote,
             strerror(errno));
    else if ( open_kind(s, d) )
    {
        d->next = s->devices;
        s->devices = d;
        set_port(s, d->port, d);
        /* What happened while nobody was here. */
        if ( device_event(s, d) )
            put_off(s, d, now_ms());
        return;
    }
    else
        (void)xenevtchn_unbind(s->events, (evtchn_port_t)d->port);
    free(d); /* xenstore tells of a new one */
}

/* --- domains ------------------------------------------------------------ */

static struct device *find_device(struct server *s,
                                  uint32_t domid,
                                  uint32_t slot)
{
    struct device *d = s->devices;

    while ( d && (d->domid != domid || d->slot != slot) )
        d = d->next;

    return d;
}

/* A slot as xenstore has it. */
static void look_at(struct server *s, uint32_t domid, uint32_t slot)
{
    struct device *d = find_device(s, domid, slot);
    int64_t port = 0;

    (void)store_read_number(s->host.xs, INT32_MAX, &port,
                            "/local/domain/%u/vsio/%u/port", domid, slot);
    if ( d && d->remote == port )
    {
        d->seen = true;
        return;
    }
    if ( d )
        close_device(s, d);
    if ( port > 0 )
    {
        const struct kind *kind = store_kind(s->host.xs, domid, slot);

        if ( kind )
            open_device(s, domid, slot, kind, (uint32_t)port);
    }
}

static void close_unseen(struct server *s, uint32_t domid)
{
    struct device *d, *next;

    for ( d = s->devices; d; d = next )
    {
        next = d->next;
        if ( d->domid == domid && !d->seen )
            close_device(s, d);
    }
}

static void unsee(struct server *s, uint32_t domid)
{
    for ( struct device *d = s->devices; d; d = d->next )
    {
        if ( d->domid == domid )
            d->seen = false;
    }
}

static void scan_devices(struct server *s, uint32_t domid)
{
    char *dir = text("/local/domain/%u/vsio", domid);
    unsigned int n = 0;
    char **names = xs_directory(s->host.xs, XBT_NULL, dir, &n);

    unsee(s, domid);
    for ( unsigned int i = 0; names && i < n; i++ )
    {
        int64_t slot;

        if ( number(names[i], 0, XEN_VSIO_SLOTS - 1, &slot) )
            look_at(s, domid, (uint32_t)slot);
    }
    close_unseen(s, domid);
    free(names);
    free(dir);
}

static struct watched *find_domain(struct server *s, uint32_t domid)
{
    struct watched *w = s->domains;

    while ( w && w->domid != domid )
        w = w->next;

    return w;
}

/* Tell us, or no longer, of the domain's devices. */
static void set_watch(struct server *s, uint32_t domid, bool on)
{
    char *dir = text("/local/domain/%u/vsio", domid);
    char *token = text("%u", domid);

    if ( on && !xs_watch(s->host.xs, dir, token) )
        note("domain %u: can't watch it: %s", domid, strerror(errno));
    if ( !on )
    {
        (void)xs_unwatch(s->host.xs, dir, token);
        /* libxl has removed all of it, unless it died before. */
        (void)xs_rm(s->host.xs, XBT_NULL, dir);
    }
    free(token);
    free(dir);
}

static void forget_dead(struct server *s)
{
    struct watched **p = &s->domains;

    while ( *p )
    {
        struct watched *w = *p;

        if ( w->seen )
        {
            p = &w->next;
            continue;
        }
        *p = w->next;
        unsee(s, w->domid);
        close_unseen(s, w->domid);
        set_watch(s, w->domid, false);
        free(w);
        daemon_sweep(&s->host);
    }
}

static void scan_domains(struct server *s)
{
    xc_dominfo_t info;
    uint32_t id = 1;

    for ( struct watched *w = s->domains; w; w = w->next )
        w->seen = false;
    while ( domain_next(&s->host, &id, &info) )
    {
        struct watched *w = find_domain(s, info.domid);

        if ( !w )
        {
            w = allocate(NULL, sizeof(*w));
            *w = (struct watched){ .next = s->domains,
                                   .domid = info.domid,
                                   .changed = true };
            s->domains = w;
            set_watch(s, w->domid, true);
        }
        w->seen = true;
    }
    forget_dead(s);
}

static void scan_changed(struct server *s)
{
    for ( struct watched *w = s->domains; w; w = w->next )
    {
        if ( w->changed )
            scan_devices(s, w->domid);
        w->changed = false;
    }
}

/* All that xenstored has to tell, each domain once. False: it is gone. */
static bool from_store(struct server *s)
{
    bool domains = false;
    char **event;

    while ( (event = xs_check_watch(s->host.xs)) )
    {
        const char *token = event[XS_WATCH_TOKEN];
        int64_t domid;
        struct watched *w;

        if ( !number(token, 0, INT32_MAX, &domid) )
            domains = true;
        else if ( (w = find_domain(s, (uint32_t)domid)) )
            w->changed = true;
        free(event);
    }
    if ( errno != EAGAIN )
        return false;
    if ( domains )
        scan_domains(s);
    scan_changed(s);

    return true;
}

/* --- the loop ----------------------------------------------------------- */

static void from_channels(struct server *s)
{
    struct pollfd fd = { .fd = xenevtchn_fd(s->events), .events = POLLIN };

    for ( int i = 0; i < EVENTS_AT_ONCE && poll(&fd, 1, 0) > 0; i++ )
    {
        int port = xenevtchn_pending(s->events);
        struct device *d;

        if ( port < 0 || (unsigned int)port >= s->ports )
            return;
        d = s->by_port[port];
        if ( d )
            go_on(s, d, device_event(s, d), now_ms());
    }
}

/* Those whose time has come; returns how long the next one has, or -1. */
static int from_clock(struct server *s)
{
    int64_t now = now_ms(), next = -1;
    struct device *d, *waiting = s->waiting;

    s->waiting = NULL;
    while ( (d = waiting) )
    {
        waiting = d->next_waiting;
        if ( d->due <= now )
            go_on(s, d, device_event(s, d), now);
        else
            put_off(s, d, d->due);
    }
    for ( d = s->waiting; d; d = d->next_waiting )
    {
        if ( next < 0 || d->due < next )
            next = d->due;
    }

    return next < 0 ? -1 : next > now ? (int)(next - now) : 0;
}

/* False: SIGTERM. */
static bool from_signal(struct server *s, int fd)
{
    struct signalfd_siginfo info;

    if ( read(fd, &info, sizeof(info)) != sizeof(info) )
        return true;
    if ( info.ssi_signo != SIGHUP )
        return false;
    for ( struct device *d = s->devices; d; d = d->next )
    {
        if ( d->kind->ring )
            uart_reopen_log(d);
    }

    return true;
}

/* What epoll says is one of these, or a UART. */
static char a_channel, a_store, a_signal, a_death;

static enum status loop(struct server *s, int signals)
{
    for ( ;; )
    {
        struct epoll_event events[64];
        int n = epoll_wait(s->epoll, events, 64, from_clock(s));
        bool store = false, death = false;

        for ( int i = 0; i < n; i++ )
        {
            void *who = events[i].data.ptr;

            if ( who == &a_signal )
            {
                if ( !from_signal(s, signals) )
                    return OK;
            }
            else if ( who == &a_channel )
                from_channels(s);
            else if ( who == &a_store )
                store = true;
            else if ( who == &a_death )
                death = true;
            else
                uart_tty(s, who, events[i].events);
        }
        /* Last: it closes devices. */
        if ( death || (store && !from_store(s)) )
        {
            note("xenstored is gone");
            return UNAVAILABLE;
        }
        if ( n < 0 && errno != EINTR )
        {
            note("epoll: %s", strerror(errno));
            return FAILED;
        }
    }
}

static int add(struct server *s, int fd, char *who)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = who };

    return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event);
}

/*
 * libxenstore does not tell that xenstored has ended: a connection of our own
 * does. There is none if xenstored is not in this domain.
 */
static void watch_xenstored(struct server *s)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s",
             xs_daemon_socket());
    if ( fd >= 0 &&
         (connect(fd, (struct sockaddr *)&address, sizeof(address)) ||
          add(s, fd, &a_death)) )
        close(fd);
}

static enum status server_open(struct server *s, int *signals)
{
    enum status status = host_open(&s->host);
    sigset_t set;

    if ( status )
        return status;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    *signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    s->events = xenevtchn_open(s->host.quiet, 0);
    if ( !s->events )
        return error(UNAVAILABLE, "can't open event channels: %m");
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if ( s->epoll < 0 || *signals < 0 || add(s, *signals, &a_signal) ||
         add(s, xenevtchn_fd(s->events), &a_channel) )
        return error(FAILED, "epoll: %m");
    if ( !xs_watch(s->host.xs, "@introduceDomain", "domains") ||
         !xs_watch(s->host.xs, "@releaseDomain", "domains") ||
         add(s, xs_fileno(s->host.xs), &a_store) )
        return error(UNAVAILABLE, "xenstored: %m");
    watch_xenstored(s);

    return OK;
}

static void server_close(struct server *s)
{
    while ( s->devices )
        close_device(s, s->devices);
    while ( s->domains )
    {
        struct watched *next = s->domains->next;

        free(s->domains);
        s->domains = next;
    }
    if ( s->events )
        xenevtchn_close(s->events);
    free(s->by_port);
    host_close(&s->host);
}

/* --- the process -------------------------------------------------------- */

/* Three for each UART. */
static void raise_limit(void)
{
    struct rlimit limit;

    if ( getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= OPEN_FILES )
        return;
    if ( limit.rlim_max < OPEN_FILES )
        limit.rlim_max = OPEN_FILES;
    limit.rlim_cur = limit.rlim_max;
    if ( setrlimit(RLIMIT_NOFILE, &limit) && !getrlimit(RLIMIT_NOFILE, &limit) )
    {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* It is locked as long as we live, and empty until we serve. */
static enum status pid_file(const char *name, int *fd)
{
    *fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if ( *fd < 0 )
        return error(FAILED, "%s: %m", name);
    if ( flock(*fd, LOCK_EX | LOCK_NB) )
        return error(REFUSED, "%s: another vsioctl serve is running", name);
    if ( ftruncate(*fd, 0) )
        return error(FAILED, "%s: %m", name);

    return OK;
}

static enum status write_pid(const char *name, int fd)
{
    char *pid = text("%d\n", getpid());
    bool ok = pwrite_all(fd, pid, strlen(pid), 0);

    free(pid);

    return ok ? OK : error(FAILED, "%s: %m", name);
}

/* Everything up to the loop. */
static enum status start(struct server *s, const char *pid, int *signals)
{
    int fd;
    enum status status = pid_file(pid, &fd);

    if ( status )
        return status;
    raise_limit();
    status = server_open(s, signals);
    if ( !status )
    {
        scan_domains(s);
        scan_changed(s);
        status = write_pid(pid, fd);
    }
    if ( status )
        (void)unlink(pid);

    return status;
}

static enum status serve(struct server *s, const char *pid, bool background)
{
    int parent = background ? into_background() : -1;
    int signals = -1;
    enum status status = start(s, pid, &signals);

    if ( background )
        tell_parent(parent, status);
    if ( !status )
    {
        status = loop(s, signals);
        (void)unlink(pid);
    }
    server_close(s);

    return status;
}

enum status cmd_serve(int argc, char **argv)
{
    struct server s = { .epoll = -1 };
    bool stay = take_flag(&argc, argv, "--foreground"), no_log;
    const char *log = take_value(&argc, argv, "--log");
    const char *pid = take_value(&argc, argv, "--pid-file");
    const char *overflow = take_value(&argc, argv, "--overflow-data");
    enum status status =
        one_of(overflow, "--overflow-data", "discard", "keep", &s.keep);

    s.log_dir = take_value(&argc, argv, "--log-dir");
    if ( !status )
        status = one_of(log, "--log", "guest", "none", &no_log);
    if ( !status )
        status = no_more_options(&argc, argv);
    if ( status )
        return status;
    if ( !s.log_dir )
        s.log_dir = "/var/log/xen/console";
    if ( no_log )
        s.log_dir = NULL;

    return serve(&s, pid ? pid : "/run/vsioctl-serve.pid", !stay);
}

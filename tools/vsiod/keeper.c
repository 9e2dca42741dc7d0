/* SPDX-License-Identifier: MIT */
/*
 * vsiod - the devices of one domain, served from dom0. docs/vsiod.md.
 *
 * This is the keeper: it prepares what the worker needs, starts it, starts it
 * anew when it has died or needs something else, and ends with the domain.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vsiod.h"

/* Users of their own, as libxl has a range of them for its device models. */
#define UID_BASE 1610612736U

/* So many wishes in so many ms: a guest may have taken the worker over. */
#define WISHES_MAX 30
#define PERIOD_MS  200

#define LOOK_MS 2000 /* whether the domain is still there */

/* A worker that dies so often without having done anything is left alone. */
#define DEATHS_MAX 5

/* What a slot has in dom0, as xenstore says. */
struct console {
    char *tty, *name; /* name: of the log, or of the flash's file */
    int slave;        /* open, or the pty ends with each reader */
};

struct keeper {
    struct host host;
    struct domain d;
    struct setup setup;
    struct console console[XEN_VSIO_SLOTS];
    const char *log_dir; /* NULL: no logs */
    char *dir;           /* of this domain's files */
    bool foreground;
    bool xenstored; /* it is there */
    int signals, wishes, said, parent;
    pid_t worker;
    bool ending;          /* SIGTERM */
    unsigned int deaths;  /* of workers, since one has done anything */
    unsigned int granted; /* wishes, */
    int64_t period_end;   /* until then, ms */
    uint64_t turn;        /* when the last worker was started */
};

/* --- files -------------------------------------------------------------- */

static enum status make_dir(const char *name, mode_t mode)
{
    return mkdir(name, mode) && errno != EEXIST ? error(FAILED, "%s: %m", name)
                                                : OK;
}

static enum status make_dirs(struct keeper *k)
{
    char *above = text("%.*s", (int)(strrchr(k->dir, '/') - k->dir), k->dir);
    char *root = text("%s/empty", k->dir);
    enum status status = make_dir(above, 0755);

    if ( !status )
        status = make_dir(k->dir, 0711);
    if ( !status )
        status = make_dir(root, 0555);
    k->setup.root = root;
    free(above);

    return status;
}

static void remove_files(struct keeper *k)
{
    static const char *const names[] = { "state", "socket", "worker" };

    for ( size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++ )
    {
        char *name = text("%s/%s", k->dir, names[i]);

        (void)unlink(name);
        free(name);
    }
    (void)rmdir(k->setup.root);
    (void)rmdir(k->dir);
}

static bool same_domain(const struct state *s, const struct domain *d)
{
    return s->magic == STATE_MAGIC && s->size == sizeof(*s) &&
           s->domid == d->id && !memcmp(s->uuid, d->uuid, sizeof(s->uuid));
}

/* The state of this domain, or a new one. Locked by us and by our workers. */
static enum status open_state(struct keeper *k, bool *busy)
{
    char *name = text("%s/state", k->dir);
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct state *s = MAP_FAILED;
    enum status status = OK;

    *busy = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB);
    if ( fd >= 0 && !*busy && !ftruncate(fd, sizeof(*s)) )
        s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_NORESERVE, fd, 0);
    if ( s == MAP_FAILED )
        status = *busy ? REFUSED : error(FAILED, "%s: %m", name);
    else if ( !same_domain(s, &k->d) )
    {
        memset(s, 0, offsetof(struct state, output));
        s->size = sizeof(*s);
        s->domid = k->d.id;
        memcpy(s->uuid, k->d.uuid, sizeof(s->uuid));
        s->magic = STATE_MAGIC;
    }
    k->setup.state = s;
    k->setup.state_file = fd;
    free(name);

    return status;
}

/* A worker that outlives its keeper does so for a moment only. */
static enum status lock_state(struct keeper *k)
{
    const struct timespec t = { .tv_nsec = 50000000 };
    bool busy = true;
    enum status status = OK;

    for ( int i = 0; i < 60 && busy; i++ )
    {
        status = open_state(k, &busy);
        if ( busy )
        {
            close(k->setup.state_file);
            nanosleep(&t, NULL);
        }
    }

    return busy ? error(REFUSED, "domain %u (%s): another vsiod serves it",
                        k->d.id, k->d.name)
                : status;
}

static enum status open_socket(struct keeper *k)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", k->dir);
    (void)unlink(address.sun_path);
    if ( fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
         listen(fd, 8) )
        return error(FAILED, "%s: %m", address.sun_path);
    (void)umask(mask);
    k->setup.listener = fd;

    return OK;
}

/* Whole at any time, for whoever reads it. */
static void write_worker(const struct keeper *k)
{
    char *name = text("%s/worker", k->dir), *new = text("%s.new", name);
    char *pid = text("%d\n", k->worker);
    int fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if ( fd < 0 || !write_all(fd, pid, strlen(pid)) || rename(new, name) )
        note("%s: %s", name, strerror(errno));
    if ( fd >= 0 )
        close(fd);
    free(pid);
    free(new);
    free(name);
}

/* --- Xen ---------------------------------------------------------------- */

static bool has_server(xendevicemodel_handle *dm, const struct state *s)
{
    evtchn_port_t port;

    return s->server_known &&
           !xendevicemodel_get_ioreq_server_info(
               dm, (domid_t)s->domid, (ioservid_t)s->server, NULL, NULL, &port);
}

/* The page of requests: Xen makes it when it is mapped for the first time, and
 * writes its event channels there when the server is enabled. */
static bool make_page(struct keeper *k, ioservid_t id)
{
    void *page = NULL;
    xenforeignmemory_resource_handle *map = xenforeignmemory_map_resource(
        k->host.memory, (domid_t)k->d.id, XENMEM_resource_ioreq_server, id,
        XENMEM_resource_ioreq_server_frame_ioreq(0), 1, &page,
        PROT_READ | PROT_WRITE, 0);

    if ( map )
        (void)xenforeignmemory_unmap_resource(k->host.memory, map);

    return map != NULL;
}

/* It outlives us: the guest's accesses wait until somebody serves it. */
static enum status make_server(struct keeper *k)
{
    struct state *s = k->setup.state;
    xendevicemodel_handle *dm = xendevicemodel_open(k->host.quiet, 0);
    domid_t domid = (domid_t)k->d.id;
    ioservid_t id = (ioservid_t)s->server;
    bool ok = dm != NULL;

    if ( ok && !has_server(dm, s) )
    {
        ok = !xendevicemodel_create_ioreq_server(
            dm, domid, HVM_IOREQSRV_BUFIOREQ_OFF, &id);
        s->server = id;
        s->server_known = ok;
    }
    if ( ok )
        ok = make_page(k, id) &&
             !xendevicemodel_set_ioreq_server_state(dm, domid, id, 1);
    if ( !ok )
        (void)error(UNAVAILABLE,
                    "domain %u (%s): no I/O request server: %m; Xen has them "
                    "with CONFIG_IOREQ_SERVER",
                    k->d.id, k->d.name);
    if ( dm )
        xendevicemodel_close(dm);

    return ok ? OK : UNAVAILABLE;
}

/* --- what slots have in dom0 -------------------------------------------- */

static void close_console(struct keeper *k, uint32_t slot)
{
    struct console *c = &k->console[slot];
    struct ends *e = &k->setup.ends[slot];
    const int fds[] = { e->master, e->log, e->file, c->slave };

    for ( size_t i = 0; i < 4; i++ )
    {
        if ( fds[i] >= 0 )
            close(fds[i]);
    }
    free(c->tty);
    free(c->name);
    *c = (struct console){ .slave = -1 };
    *e = (struct ends){ -1, -1, -1, 0 };
}

static void open_log(struct keeper *k, uint32_t slot)
{
    struct ends *e = &k->setup.ends[slot];
    const char *name = k->console[slot].name;

    if ( e->log >= 0 )
        close(e->log);
    e->log = -1;
    if ( !name || !strcmp(name, "none") )
        return;
    e->log = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if ( e->log < 0 )
        note("%s: %s", name, strerror(errno));
}

static void open_uart(struct keeper *k, uint32_t slot)
{
    struct console *c = &k->console[slot];
    struct ends *e = &k->setup.ends[slot];
    int64_t limit = STATE_OUT;

    if ( !pty_open(&e->master, &c->slave, &c->tty) )
    {
        note("domain %u, slot %u: a pty: %s", k->d.id, slot, strerror(errno));
        close_console(k, slot);
        return;
    }
    (void)store_read_number(k->host.xs, INT32_MAX, &limit,
                            "/local/domain/%u/vsio/%u/limit", k->d.id, slot);
    e->limit = (uint32_t)limit;
    if ( k->log_dir )
        c->name = log_name(k->host.xs, k->d.id, slot, k->log_dir);
    open_log(k, slot);
    if ( !store_node(k->host.xs, k->d.id, slot, "tty", c->tty) )
        note("domain %u, slot %u: xenstored: %s", k->d.id, slot,
             strerror(errno));
}

static bool open_flash(struct keeper *k, uint32_t slot)
{
    struct console *c = &k->console[slot];

    c->name =
        store_read(k->host.xs, "/local/domain/%u/vsio/%u/file", k->d.id, slot);
    if ( !c->name )
        return false;
    k->setup.ends[slot].file = open(c->name, O_RDWR | O_CLOEXEC);
    if ( k->setup.ends[slot].file < 0 )
        note("%s: %s", c->name, strerror(errno));

    return k->setup.ends[slot].file >= 0;
}

/* True: the worker needs to be told, by a start. */
static bool look_at(struct keeper *k, uint32_t slot)
{
    const struct kind *kind;
    const struct ends *e = &k->setup.ends[slot];
    bool flash, uart;

    errno = 0;
    kind = store_kind(k->host.xs, k->d.id, slot);
    if ( !kind && errno != ENOENT )
        return false; /* nobody answers: all stays */
    flash = kind && kind->type == XEN_VSIO_CFI_FLASH;
    uart = kind && kind->ring;
    if ( !uart && !flash )
    {
        close_console(k, slot);
        return false;
    }
    if ( uart ? e->master >= 0 : k->console[slot].name != NULL )
        return false;
    close_console(k, slot);
    if ( flash )
        return open_flash(k, slot);
    open_uart(k, slot);

    return true;
}

static bool look_at_all(struct keeper *k)
{
    bool changed = false;

    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
        changed |= look_at(k, slot);

    return changed;
}

/* --- the worker --------------------------------------------------------- */

/* What the worker is told about itself, in words. */
static void describe_worker(struct keeper *k, int wishes, char **argv)
{
    const struct setup *setup = &k->setup;
    int n = 0;

    argv[n++] = text("vsiod");
    argv[n++] = text(WORKER_WORD);
    argv[n++] = text("%u %u %d %d %d", setup->domid, setup->user,
                     setup->state_file, setup->listener, wishes);
    argv[n++] = text("%s", setup->root);
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        const struct ends *e = &setup->ends[slot];

        argv[n++] = text("%d %d %d %u", e->master, e->log, e->file, e->limit);
    }
    argv[n] = NULL;
}

/*
 * In the child: a program of its own, so that nothing of ours is in its memory,
 * and what it opens of Xen is all that there is to be restricted.
 */
static void run_worker(struct keeper *k, int wishes, int said)
{
    int keep[3 + 3 * XEN_VSIO_SLOTS];
    char *argv[5 + XEN_VSIO_SLOTS];
    unsigned int n = 0;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    if ( said >= 0 )
        dup2(said, STDERR_FILENO);
    keep[n++] = k->setup.state_file;
    keep[n++] = k->setup.listener;
    keep[n++] = wishes;
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        keep[n++] = k->setup.ends[slot].master;
        keep[n++] = k->setup.ends[slot].log;
        keep[n++] = k->setup.ends[slot].file;
    }
    describe_worker(k, wishes, argv);
    keep_only(keep, n);
    execv("/proc/self/exe", argv);
    _exit(error(FAILED, "/proc/self/exe: %m"));
}

static bool start_worker(struct keeper *k)
{
    int wishes[2], said[2] = { -1, -1 };

    if ( pipe2(wishes, O_CLOEXEC | O_NONBLOCK) ||
         (!k->foreground && pipe2(said, O_CLOEXEC | O_NONBLOCK)) )
        return false;
    k->turn = k->setup.state->turn;
    k->worker = fork();
    if ( !k->worker )
        run_worker(k, wishes[1], said[1]);
    close(wishes[1]);
    k->wishes = wishes[0];
    if ( said[1] >= 0 )
        close(said[1]);
    k->said = said[0];
    if ( k->worker > 0 )
        write_worker(k);

    return k->worker > 0;
}

/* Wait for it: SIGTERM lets it end what it is at. */
static void stop_worker(struct keeper *k, int sig)
{
    const struct timespec t = { .tv_nsec = 5000000 };

    if ( k->worker <= 0 )
        return;
    (void)kill(k->worker, sig);
    for ( int i = 0; !waitpid(k->worker, NULL, WNOHANG); i++ )
    {
        if ( i == 400 )
            (void)kill(k->worker, SIGKILL);
        nanosleep(&t, NULL);
    }
    k->worker = 0;
}

static void close_pipes(struct keeper *k)
{
    if ( k->wishes >= 0 )
        close(k->wishes);
    if ( k->said >= 0 )
        close(k->said);
    k->wishes = k->said = -1;
}

static void restart_worker(struct keeper *k)
{
    stop_worker(k, SIGTERM);
    close_pipes(k);
    if ( !start_worker(k) )
        note("domain %u: can't start a process: %s", k->d.id, strerror(errno));
}

/* --- what happens ------------------------------------------------------- */

static void tell_start(struct keeper *k, enum status status)
{
    if ( k->parent >= 0 )
        tell_parent(k->parent, status);
    k->parent = -1;
}

/* The guest's clock, as vsioctl serve keeps it. */
static void keep_offset(struct keeper *k, uint32_t slot, int64_t offset)
{
    const struct kind *kind = store_kind(k->host.xs, k->d.id, slot);
    int64_t known = 0;
    char *value;

    if ( !kind || kind->type != XEN_VSIO_PL031 || offset != (int32_t)offset )
        return;
    if ( store_read_number(k->host.xs, INT64_MAX, &known,
                           "/local/domain/%u/vsio/%u/offset", k->d.id, slot) &&
         known == offset )
        return;
    value = text("%lld", (long long)offset);
    if ( !store_rtc(k->host.xs, k->d.uuid, offset) ||
         !store_node(k->host.xs, k->d.id, slot, "offset", value) )
        note("domain %u: xenstored: %s", k->d.id, strerror(errno));
    free(value);
}

/* It may come from a worker that a guest has taken over: all is checked. */
static void grant(struct keeper *k, const struct wish *wish)
{
    if ( wish->slot >= XEN_VSIO_SLOTS )
        return;
    if ( wish->kind == WISH_READY )
        tell_start(k, OK);
    else if ( wish->kind == WISH_OFFSET && k->xenstored )
        keep_offset(k, wish->slot, wish->value);
    else if ( wish->kind == WISH_REBOOT )
    {
        note("domain %u (%s): the guest resets its machine", k->d.id,
             k->d.name);
        if ( xc_domain_shutdown(k->host.xc, k->d.id, SHUTDOWN_reboot) )
            note("domain %u: reboot: %s", k->d.id, strerror(errno));
    }
}

static bool is_busy(struct keeper *k)
{
    int64_t now = now_ms();

    if ( now >= k->period_end )
    {
        k->granted = 0;
        k->period_end = now + PERIOD_MS;
    }

    return k->granted >= WISHES_MAX;
}

static void from_wishes(struct keeper *k)
{
    struct wish wish;

    while ( k->wishes >= 0 && !is_busy(k) &&
            read(k->wishes, &wish, sizeof(wish)) == sizeof(wish) )
    {
        k->granted++;
        grant(k, &wish);
    }
}

static void from_said(struct keeper *k)
{
    char line[256];
    ssize_t n = k->said >= 0 ? read(k->said, line, sizeof(line)) : 0;

    if ( n > 0 )
        note("%.*s", (int)n, line);
}

/* False: there is no point in another one. */
static bool worker_died(struct keeper *k)
{
    int status;

    if ( k->worker <= 0 || waitpid(k->worker, &status, WNOHANG) != k->worker )
        return true;
    k->worker = 0;
    from_wishes(k);
    from_said(k);
    if ( k->parent >= 0 )
        return false; /* the first one */
    if ( k->setup.state->turn != k->turn )
        k->deaths = 0;
    if ( ++k->deaths > DEATHS_MAX )
    {
        note("domain %u (%s): its worker dies again and again: its guest "
             "waits for another vsiod",
             k->d.id, k->d.name);
        return false;
    }
    if ( WIFSIGNALED(status) )
        note("domain %u (%s): its worker was ended by signal %d, and is "
             "started anew",
             k->d.id, k->d.name, WTERMSIG(status));
    restart_worker(k);

    return true;
}

/* False: time to end. */
static bool from_signals(struct keeper *k)
{
    struct signalfd_siginfo info;

    if ( read(k->signals, &info, sizeof(info)) != sizeof(info) )
        return true;
    if ( info.ssi_signo == SIGCHLD )
        return worker_died(k);
    if ( info.ssi_signo == SIGHUP )
    {
        for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
        {
            if ( k->setup.ends[slot].master >= 0 )
                open_log(k, slot);
        }
        k->deaths = 0;
        restart_worker(k);
        return true;
    }
    k->ending = true;

    return false;
}

static bool domain_lives(struct keeper *k)
{
    xc_dominfo_t info;
    int n = xc_domain_getinfo(k->host.xc, k->d.id, 1, &info);

    return n == 1 && info.domid == k->d.id && !info.dying;
}

static void from_store(struct keeper *k)
{
    char **event;

    while ( (event = xs_check_watch(k->host.xs)) )
        free(event);
    if ( errno != EAGAIN )
    {
        note("domain %u: xenstored is gone; its devices stay", k->d.id);
        k->xenstored = false;
    }
    else if ( domain_lives(k) && look_at_all(k) )
        restart_worker(k);
}

static enum status loop(struct keeper *k)
{
    bool go_on = true;

    while ( go_on && domain_lives(k) )
    {
        bool busy = is_busy(k);
        struct pollfd fds[] = {
            { .fd = k->signals, .events = POLLIN },
            { .fd = busy ? -1 : k->wishes, .events = POLLIN },
            { .fd = k->said, .events = POLLIN },
            { .fd = k->xenstored ? xs_fileno(k->host.xs) : -1,
              .events = POLLIN },
        };

        /* Without xenstored nobody tells that the domain has gone. */
        (void)poll(fds, 4, busy ? PERIOD_MS : LOOK_MS);
        from_said(k);
        from_wishes(k);
        if ( fds[3].revents && k->xenstored )
            from_store(k);
        if ( fds[0].revents )
            go_on = from_signals(k);
    }
    stop_worker(k, k->ending ? SIGTERM : SIGKILL);
    if ( !domain_lives(k) )
        remove_files(k);

    return go_on || k->ending ? OK : FAILED;
}

/* --- the process -------------------------------------------------------- */

static enum status open_signals(struct keeper *k)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    k->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);

    return k->signals >= 0 ? OK : error(FAILED, "signals: %m");
}

static enum status watch_store(struct keeper *k)
{
    char *dir = text("/local/domain/%u/vsio", k->d.id);

    k->xenstored = xs_watch(k->host.xs, dir, "devices") &&
                   xs_watch(k->host.xs, "@releaseDomain", "domains");
    free(dir);

    return k->xenstored ? OK : error(UNAVAILABLE, "xenstored: %m");
}

static enum status prepare(struct keeper *k)
{
    enum status status = make_server(k);

    if ( !status )
        status = open_socket(k);
    if ( !status )
        status = open_signals(k);
    if ( !status )
        status = watch_store(k);
    if ( !status )
    {
        (void)look_at_all(k);
        if ( !start_worker(k) )
            status = error(FAILED, "can't start a process: %m");
    }

    return status;
}

static enum status serve(struct keeper *k)
{
    enum status status = make_dirs(k);

    if ( !status )
        status = lock_state(k);
    if ( !status )
        status = prepare(k);

    return status ? status : loop(k);
}

static enum status parse(struct keeper *k, int *argc, char **argv)
{
    int64_t base = UID_BASE;
    const char *log, *uid;
    enum status status;

    k->foreground = take_flag(argc, argv, "--foreground");
    k->log_dir = take_value(argc, argv, "--log-dir");
    log = take_value(argc, argv, "--log");
    uid = take_value(argc, argv, "--uid-base");
    status = no_more_options(argc, argv);
    if ( !status && *argc != 1 )
        status = error(USAGE, "usage: vsiod [OPTION...] DOM");
    if ( !status && uid && !number(uid, 1, 0x7fff0000, &base) )
        status = error(USAGE, "'%s' is no user", uid);
    if ( !status && log && strcmp(log, "guest") && strcmp(log, "none") )
        status = error(USAGE, "--log=%s: it is guest or none", log);
    if ( !k->log_dir )
        k->log_dir = "/var/log/xen/console";
    if ( log && !strcmp(log, "none") )
        k->log_dir = NULL;
    k->setup.user = (uid_t)base;

    return status;
}

static enum status help(void)
{
    puts("Usage: vsiod [OPTION...] DOM\n\n"
         "Serve the devices of a domain from here: its ioreq server.\n\n"
         "  --foreground     stay there; say on stderr what happens\n"
         "  --log=none|guest no log files, or one for each UART (guest)\n"
         "  --log-dir=DIR    where (/var/log/xen/console)\n"
         "  --uid-base=N     the worker's user is N and the domain's number");

    return OK;
}

static enum status run(struct keeper *k, const char *who)
{
    enum status status = host_open(&k->host);

    if ( status )
        return status;
    status = domain_find(&k->host, who, &k->d);
    if ( !status )
    {
        k->setup.domid = k->d.id;
        k->setup.user += k->d.id;
        k->dir = daemon_dir(k->d.id);
        status = serve(k);
    }
    host_close(&k->host);

    return status;
}

int main(int argc, char **argv)
{
    static struct keeper k = { .parent = -1, .wishes = -1, .said = -1 };
    enum status status;

    signal(SIGPIPE, SIG_IGN);
    if ( argc > 1 && !strcmp(argv[1], WORKER_WORD) )
        return worker_main(argc, argv);
    if ( argc == 2 && !strcmp(argv[1], "--help") )
        return help();
    argc--;
    argv++;
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        k.setup.ends[slot] = (struct ends){ -1, -1, -1, 0 };
        k.console[slot].slave = -1;
    }
    status = parse(&k, &argc, argv);
    if ( status )
        return status;
    /* First: Xen's libraries don't want to be forked. */
    if ( !k.foreground )
        k.parent = into_background();
    status = run(&k, argv[0]);
    tell_start(&k, status);

    return status;
}

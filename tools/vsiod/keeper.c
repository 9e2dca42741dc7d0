/* SPDX-License-Identifier: MIT */
/*
 * vsiod - the devices of one domain, served from dom0. docs/vsiod.md.
 *
 * This is the keeper: it prepares what the worker needs, starts it, starts it
 * anew when it has died or needs something else, and ends with the domain.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "keeper.h"

/* Users of their own, as libxl has a range of them for its device models. */
#define UID_BASE 1610612736U

/* So many wishes in so many ms: a guest may have taken the worker over. */
#define WISHES_MAX 30
#define PERIOD_MS  200

#define LOOK_MS 2000 /* whether the domain is still there */

/* A worker that dies so often without having done anything is left alone. */
#define DEATHS_MAX 5

/* --- the worker --------------------------------------------------------- */

/* What the worker is told about itself, in words. */
static void describe_worker(struct keeper *k, int wishes, char **argv)
{
    const struct setup *setup = &k->setup;
    int n = 0;

    argv[n++] = text("vsiod");
    argv[n++] = text(WORKER_WORD);
    argv[n++] =
        text("%u %u %d %d %d %" PRIu64, setup->domid, setup->user,
             setup->state_file, setup->listener, wishes, setup->log_max);
    argv[n++] = text("%s", setup->root);
    for ( uint32_t slot = 0; slot < XEN_VSIO_SLOTS; slot++ )
    {
        const struct ends *e = &setup->ends[slot];

        argv[n++] = text("%d %d %d %u %u", e->master, e->log, e->file, e->limit,
                         e->hold);
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

/* Whole at any time, for whoever reads it. */
static void write_worker(const struct keeper *k)
{
    char *name = text("%s/worker", k->dir), *fresh = text("%s.new", name);
    char *pid = text("%d\n", k->worker);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if ( fd < 0 || !write_all(fd, pid, strlen(pid)) || rename(fresh, name) )
        note("%s: %s", name, strerror(errno));
    if ( fd >= 0 )
        close(fd);
    free(pid);
    free(fresh);
    free(name);
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

/* Its words come no faster than its wishes. */
static void from_said(struct keeper *k)
{
    char line[256];
    ssize_t n;

    if ( k->said < 0 || is_busy(k) )
        return;
    n = read(k->said, line, sizeof(line));
    if ( n > 0 )
    {
        k->granted++;
        note("%.*s", (int)n, line);
    }
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
        slots_reopen_logs(k);
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
    else if ( domain_lives(k) && slots_look(k) )
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
            { .fd = busy ? -1 : k->said, .events = POLLIN },
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
        daemon_remove(k->dir);

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
    enum status status = keeper_make_server(k);

    if ( !status )
        status = keeper_open_socket(k);
    if ( !status )
        status = open_signals(k);
    if ( !status )
        status = watch_store(k);
    if ( !status )
    {
        (void)slots_look(k);
        if ( !start_worker(k) )
            status = error(FAILED, "can't start a process: %m");
    }

    return status;
}

static enum status serve(struct keeper *k)
{
    enum status status = keeper_open_state(k);

    if ( !status )
        status = prepare(k);

    return status ? status : loop(k);
}

static enum status parse(struct keeper *k, int *argc, char **argv)
{
    int64_t base = UID_BASE;
    bool foreground = take_flag(argc, argv, "--foreground"), no_log;
    const char *dir = take_value(argc, argv, "--log-dir");
    const char *log = take_value(argc, argv, "--log");
    const char *log_max = take_value(argc, argv, "--log-max");
    const char *overflow = take_value(argc, argv, "--overflow-data");
    const char *uid = take_value(argc, argv, "--uid-base");
    enum status status = no_more_options(argc, argv);

    if ( !status && *argc != 1 )
        status = error(USAGE, "usage: vsiod [OPTION...] DOM");
    if ( !status && uid && !number(uid, 1, 0x7fff0000, &base) )
        status = error(USAGE, "'%s' is no user", uid);
    if ( !status )
        status = one_of(log, "--log", "guest", "none", &no_log);
    if ( !status )
        status =
            one_of(overflow, "--overflow-data", "discard", "keep", &k->hold);
    if ( !status && log_max &&
         (!size_number(log_max, INT64_MAX, &k->setup.log_max) ||
          k->setup.log_max < XEN_VSIO_FLASH_MAX) )
        status = error(USAGE, "--log-max=%s: it is 64M or more", log_max);
    k->foreground = foreground;
    k->setup.user = (uid_t)base;
    if ( !status && !no_log )
        k->log_dir = dir ? dir : "/var/log/xen/console";

    return status;
}

static enum status help(void)
{
    puts("Usage: vsiod [OPTION...] DOM\n\n"
         "Serve the devices of a domain from here: its ioreq server.\n\n"
         "  --foreground     stay there; say on stderr what happens\n"
         "  --log=none|guest no log files, or one for each UART (guest)\n"
         "  --log-dir=DIR    where (/var/log/xen/console)\n"
         "  --log-max=SIZE   a log has no more bytes (64M)\n"
         "  --overflow-data=discard|keep   when nobody reads a console: lose\n"
         "                   its oldest bytes, or let the guest wait\n"
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
        daemon_sweep(&k->host);
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
    static struct keeper k = { .parent = -1,
                               .wishes = -1,
                               .said = -1,
                               .setup.log_max = XEN_VSIO_FLASH_MAX };
    enum status status;

    signal(SIGPIPE, SIG_IGN);
    if ( argc > 1 && !strcmp(argv[1], WORKER_WORD) )
        return worker_main(argc, argv);
    if ( argc == 2 && !strcmp(argv[1], "--help") )
        return help();
    argc--;
    argv++;
    slots_init(&k);
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

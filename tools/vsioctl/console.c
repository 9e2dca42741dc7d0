/* SPDX-License-Identifier: MIT */
/*
 * console.c - the terminal on a UART, and a file typed into one. Both go to the
 * pty that the UART's daemon (xenconsoled or vsioctl serve) has put into
 * xenstore.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "vsioctl.h"

#define ESCAPE       0x1d /* Ctrl-], as xl console has it */
#define TTY_WAIT_SEC 5    /* likewise, for a daemon that has just started */

/* The nth UART, or the one that was asked for. */
static enum status find_uart(struct line *s,
                             const char *which,
                             unsigned int nth)
{
    const char *what = which     ? "console"
                       : nth > 1 ? "no second UART"
                                 : "no UART";
    struct xen_vsio_info info = { 0 };
    int64_t slot = 0;
    int err = ENOENT;

    if ( which && !number(which, 0, XEN_VSIO_SLOTS - 1, &slot) )
        return error(USAGE, "'%s' is no slot", which);
    for ( ; slot < XEN_VSIO_SLOTS; slot++ )
    {
        const struct kind *kind;

        err = vsio_info(&s->host, s->d.id, (uint32_t)slot, &info);
        kind = kind_of_type(info.type);
        if ( which || (!err && kind && kind->ring && !--nth) )
            break;
    }
    if ( slot == XEN_VSIO_SLOTS && !err )
        err = ENOENT;
    if ( err )
        return vsio_error(err, &s->d, what);
    if ( !kind_of_type(info.type) || !kind_of_type(info.type)->ring )
        return error(NOT_FOUND, "slot %s is no UART but %s", which,
                     kind_name(info.type));
    s->slot = (uint32_t)slot;
    if ( info.base == XEN_UART_BASE )
        s->path = text("/local/domain/%u/vuart/0/tty", s->d.id);
    else
        s->path = text("/local/domain/%u/vsio/%u/tty", s->d.id, s->slot);

    return OK;
}

static bool open_tty(struct line *s)
{
    char *name = store_read(s->host.xs, "%s", s->path);

    if ( name && *name )
        s->tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    free(name);

    return s->tty >= 0;
}

/* Take note of changes in xenstore. */
static void drain_watches(struct line *s)
{
    char **event;

    while ( (event = xs_check_watch(s->host.xs)) )
        free(event);
}

enum status line_open(struct line *s)
{
    time_t end = time(NULL) + TTY_WAIT_SEC;

    if ( !xs_watch(s->host.xs, s->path, "") )
        return error(UNAVAILABLE, "xenstored: %m");
    while ( !open_tty(s) )
    {
        struct pollfd fd = { .fd = xs_fileno(s->host.xs), .events = POLLIN };
        time_t left = end - time(NULL);

        if ( left < 0 )
            return error(FAILED,
                         "domain %u (%s), slot %u: nobody serves this UART; "
                         "is vsioctl serve running?",
                         s->d.id, s->d.name, s->slot);
        (void)poll(&fd, 1, (int)left * 1000 + 100);
        drain_watches(s);
    }

    return OK;
}

enum status line_find(struct line *s,
                      const char *who,
                      const char *which,
                      unsigned int nth)
{
    enum status status;

    *s = (struct line){ .tty = -1 };
    status = host_open(&s->host);
    if ( !status )
        status = domain_find(&s->host, who, &s->d);

    return status ? status : find_uart(s, which, nth);
}

void line_close(struct line *s)
{
    if ( s->tty >= 0 )
        close(s->tty);
    free(s->path);
    free(s->d.name);
    if ( s->host.quiet )
        host_close(&s->host);
}

static enum status session_open(struct line *s,
                                const char *who,
                                const char *which)
{
    enum status status = line_find(s, who, which, 1);

    return status ? status : line_open(s);
}

/* --- console ------------------------------------------------------------ */

static struct termios before;
static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
    (void)sig;
    interrupted = 1;
}

bool make_raw(int fd, struct termios *old)
{
    struct termios raw;

    if ( tcgetattr(fd, old) )
        return false;
    raw = *old;
    cfmakeraw(&raw);

    return !tcsetattr(fd, TCSANOW, &raw);
}

void line_lost(struct line *s)
{
    close(s->tty);
    s->tty = -1;
}

/* What was typed. False: this is the end. */
static bool from_terminal(struct line *s, bool terminal, bool *more)
{
    char buffer[256];
    ssize_t n = read(STDIN_FILENO, buffer, sizeof(buffer));
    char *escape;

    if ( n < 0 )
        return errno == EINTR || errno == EAGAIN;
    if ( n == 0 )
    {
        *more = false;
        return !terminal;
    }
    escape = terminal ? memchr(buffer, ESCAPE, (size_t)n) : NULL;
    if ( escape )
        n = escape - buffer;
    if ( s->tty >= 0 && !write_all(s->tty, buffer, (size_t)n) )
        line_lost(s);

    return !escape;
}

/* What the guest says. False: nobody hears it. */
static bool from_guest(struct line *s)
{
    char buffer[4096];
    ssize_t n = read(s->tty, buffer, sizeof(buffer));

    if ( n > 0 )
        return write_all(STDOUT_FILENO, buffer, (size_t)n);
    if ( n == 0 || (errno != EINTR && errno != EAGAIN) )
        line_lost(s);

    return true;
}

/* The daemon has put another pty there, or the UART has gone. */
bool line_changed(struct line *s)
{
    char *name;

    drain_watches(s);
    name = store_read(s->host.xs, "%s", s->path);
    if ( !name )
        return false;
    free(name);
    if ( s->tty < 0 )
        (void)open_tty(s);

    return true;
}

static enum status talk(struct line *s)
{
    bool terminal = isatty(STDIN_FILENO), more = true;

    while ( !interrupted )
    {
        struct pollfd fds[] = {
            { .fd = xs_fileno(s->host.xs), .events = POLLIN },
            { .fd = s->tty, .events = POLLIN },
            { .fd = more && s->tty >= 0 ? STDIN_FILENO : -1, .events = POLLIN },
        };

        if ( poll(fds, 3, -1) < 0 )
        {
            if ( errno == EINTR )
                continue;
            return error(FAILED, "poll: %m");
        }
        if ( fds[1].revents && !from_guest(s) )
            return error(FAILED, "standard output: %m");
        if ( fds[0].revents && !line_changed(s) )
            return OK;
        if ( fds[2].revents && !from_terminal(s, terminal, &more) )
            return OK;
    }

    return OK;
}

enum status cmd_console(int argc, char **argv)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct line s;
    struct termios tty_before;
    enum status status = session_open(&s, argv[0], argc > 1 ? argv[1] : NULL);

    if ( !status && flock(s.tty, LOCK_EX | LOCK_NB) )
        status = error(REFUSED, "somebody else has this console open");
    if ( !status )
    {
        bool raw = make_raw(STDIN_FILENO, &before);

        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGHUP, &action, NULL);
        (void)make_raw(s.tty, &tty_before);
        status = talk(&s);
        if ( raw )
        {
            tcsetattr(STDIN_FILENO, TCSANOW, &before);
            fputs("\r\n", stderr);
        }
    }
    line_close(&s);

    return status;
}

/* --- send --------------------------------------------------------------- */

#define BAR_WIDTH 30

void progress(const char *name, uint64_t done, int64_t size, bool last)
{
    static const char full[BAR_WIDTH + 1] = "##############################";
    static time_t shown;
    time_t now = time(NULL);

    if ( !isatty(STDERR_FILENO) || (now == shown && !last) )
        return;
    shown = now;
    if ( size > 0 )
        fprintf(stderr, "\r%s [%-*.*s] %3d %%", name, BAR_WIDTH,
                (int)(done * BAR_WIDTH / (uint64_t)size), full,
                (int)(done * 100 / (uint64_t)size));
    else
        fprintf(stderr, "\r%s %llu bytes", name, (unsigned long long)done);
    if ( last )
        putc('\n', stderr);
}

static enum status copy(struct line *s, int fd, const char *name)
{
    struct stat st;
    int64_t size =
        !fstat(fd, &st) && S_ISREG(st.st_mode) ? (int64_t)st.st_size : -1;
    uint64_t done = 0;
    char buffer[1024];
    size_t n;

    do
    {
        if ( !read_all(fd, buffer, sizeof(buffer), &n) )
            return error(FAILED, "%s: %m", name);
        if ( n && !write_all(s->tty, buffer, n) )
            return error(FAILED, "%s: the console ended after %llu bytes", name,
                         (unsigned long long)done);
        done += n;
        progress(name, done, size, false);
    } while ( n );
    progress(name, done, size, true);

    return OK;
}

enum status cmd_send(int argc, char **argv)
{
    const char *name = argv[2];
    int fd =
        strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    struct line s;
    struct termios tty_before;
    enum status status;

    (void)argc;
    if ( fd < 0 )
        return error(FAILED, "%s: %m", name);
    status = session_open(&s, argv[0], argv[1]);
    if ( !status )
    {
        (void)make_raw(s.tty, &tty_before);
        status = copy(&s, fd, name);
    }
    line_close(&s);
    close(fd);

    return status;
}

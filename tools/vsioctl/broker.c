/* SPDX-License-Identifier: MIT */
/*
 * broker.c - the process that holds a line. The first command starts it, others
 * find it by a socket; it ends when none is left. The guest's agent is not
 * trusted: what it says is passed on to the command whose number it names, or
 * not at all.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"

#define LINGER_MS   1000 /* without a command */
#define TTY_WAIT_MS 5000 /* for another pty, when one has gone */
#define GIVE_UP_MS  5000 /* for an agent that has started anew */
/* A client that is stopped may get a window of each stream in single bytes. */
#define CLIENT_BUFFER (8 << 20)

struct client {
    unsigned int id; /* 0: nobody */
    int fd;          /* -1: it has left, its job has not ended */
    bool opened;     /* the agent knows of it */
    bool cancel;     /* and is to be told to end it */
    bool ended;      /* and it has: only its client is left */
};

struct broker {
    struct line line;
    struct vsio_link link;
    struct vsio_ready ready;
    int64_t ready_at, idle_since, lost_at, down_at;
    uint64_t foreign;
    uint32_t session;
    int listener;
    uint8_t out[VSIO_FRAME_ENCODED];
    size_t out_at, out_size;
    unsigned int last_id, turn;
    struct client clients[VSIO_JOBS];
};

int64_t clock_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

enum status channel_line(struct line *s,
                         const char *who,
                         const char *slot,
                         char **socket)
{
    const char *dir = getenv("VSIOCTL_RUN_DIR");
    enum status status = OK;

    dir = dir ? dir : "/run";
    *socket = NULL;
    if ( strchr(who, '/') )
    {
        *s = (struct line){ .d.name = text("%s", who), .tty = -1 };
        *socket = text("%s/vsioctl-channel%s.sock", dir, who);
        for ( char *p = *socket + strlen(dir) + 1; *p; p++ )
        {
            if ( *p == '/' )
                *p = '-';
        }
    }
    else
    {
        status = line_find(s, who, slot, 2);
        *socket = text("%s/vsioctl-channel-%u-%u.sock", dir, s->d.id, s->slot);
    }
    if ( !status &&
         strlen(*socket) >= sizeof(((struct sockaddr_un *)0)->sun_path) )
        status = error(FAILED, "%s: too long for a socket's name", *socket);

    return status;
}

/* --- Clients ------------------------------------------------------------ */

static bool tell(const struct client *c,
                 uint8_t what,
                 const void *data,
                 size_t n)
{
    uint8_t packet[VSIO_MESSAGE_HEAD + VSIO_FRAME_PAYLOAD] = { 0, 0, what };

    memcpy(packet + VSIO_MESSAGE_HEAD, data, n);

    return send(c->fd, packet, VSIO_MESSAGE_HEAD + n, MSG_DONTWAIT) >= 0;
}

static void hang_up(struct client *c)
{
    if ( c->fd >= 0 )
        close(c->fd);
    c->fd = -1;
}

/* It has left. */
static void drop(struct client *c)
{
    hang_up(c);
    c->cancel = c->opened && !c->ended;
    if ( !c->cancel )
        c->id = 0;
}

static void lost(struct client *c, const char *why)
{
    if ( c->fd >= 0 )
        (void)tell(c, LOCAL_LOST, why, strnlen(why, VSIO_FRAME_PAYLOAD));
    hang_up(c);
    c->id = 0;
}

static void all_lost(struct broker *b, const char *why)
{
    for ( struct client *c = b->clients; c < b->clients + VSIO_JOBS; c++ )
    {
        if ( c->id )
            lost(c, why);
    }
}

static void greet(struct broker *b, struct client *c)
{
    struct vsio_ready ready = b->ready;

    ready.uptime += (uint64_t)(clock_now_ms() - b->ready_at);
    if ( c->id && !c->opened && c->fd >= 0 )
        (void)tell(c, LOCAL_UP, &ready, sizeof(ready));
}

static struct client *find_client(struct broker *b, unsigned int id)
{
    for ( struct client *c = b->clients; c < b->clients + VSIO_JOBS; c++ )
    {
        if ( c->id == id )
            return c;
    }

    return NULL;
}

static void accept_client(struct broker *b)
{
    struct client *c = find_client(b, 0);
    const int room = CLIENT_BUFFER;
    struct client full = {
        .fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC),
    };

    if ( full.fd < 0 )
        return;
    if ( !c )
    {
        lost(&full, "as many commands as can be are running");
        return;
    }
    (void)setsockopt(full.fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
    do
        b->last_id = (b->last_id + 1) & 0xffff;
    while ( !b->last_id || find_client(b, b->last_id) );
    *c = (struct client){ .id = b->last_id, .fd = full.fd };
    if ( b->link.state == VSIO_LINK_UP )
        greet(b, c);
}

/* One packet of a client's, if it has any. False: it has none. */
static bool from_client(struct broker *b, struct client *c)
{
    uint8_t packet[VSIO_FRAME_PAYLOAD + 1];
    ssize_t n = recv(c->fd, packet, sizeof(packet), MSG_DONTWAIT);

    if ( n < 0 && (errno == EAGAIN || errno == EINTR) )
        return false;
    if ( n < (ssize_t)VSIO_MESSAGE_HEAD || n > (ssize_t)VSIO_FRAME_PAYLOAD ||
         (packet[2] == VSIO_MESSAGE_OPEN) == c->opened )
    {
        drop(c);
        return false;
    }
    if ( c->ended )
        return false;
    c->opened = true;
    packet[0] = (uint8_t)c->id;
    packet[1] = (uint8_t)(c->id >> 8);
    vsio_link_send(&b->link, packet, (size_t)n);

    return true;
}

/* One message of whoever's turn it is. */
static bool send_message(struct broker *b)
{
    for ( unsigned int i = 0; i < VSIO_JOBS; i++ )
    {
        struct client *c = &b->clients[b->turn++ % VSIO_JOBS];

        if ( c->id && c->cancel )
        {
            uint8_t message[VSIO_MESSAGE_HEAD];

            vsio_link_send(&b->link, message,
                           vsio_message(message, c->id, VSIO_MESSAGE_CANCEL));
            c->cancel = false;
            return true;
        }
        if ( c->id && c->fd >= 0 && from_client(b, c) )
            return true;
    }

    return false;
}

/* --- The link ----------------------------------------------------------- */

static const char silent[] = "the agent does not answer any more";

static void call(struct broker *b)
{
    b->session += b->session + 1 ? 1U : 2U;
    vsio_link_call(&b->link, b->session, (uint32_t)clock_now_ms());
}

/* Those who were there before the link went down wait no longer. */
static void give_up(struct broker *b)
{
    for ( struct client *c = b->clients; c < b->clients + VSIO_JOBS; c++ )
    {
        if ( c->id && c->opened )
            lost(c, silent);
    }
}

static void on_message(void *ctx, const uint8_t *data, size_t size)
{
    struct broker *b = ctx;
    struct client *c = size < VSIO_MESSAGE_HEAD || !vsio_message_id(data)
                           ? NULL
                           : find_client(b, vsio_message_id(data));

    /* One that has gone may still be spoken to. */
    if ( !c || !c->opened || c->ended || data[2] < VSIO_MESSAGE_DATA_OF ||
         data[2] > VSIO_MESSAGE_END )
        return;
    /* It has credit for all that it is sent, and room for its credit. */
    if ( c->fd >= 0 && send(c->fd, data, size, MSG_DONTWAIT) < 0 )
        drop(c);
    /* Its client hangs up: what it has said since would be an error for it. */
    c->ended = data[2] == VSIO_MESSAGE_END;
    if ( c->ended && c->fd < 0 )
        c->id = 0;
}

static void on_up(void *ctx, const struct vsio_ready *ready)
{
    struct broker *b = ctx;
    bool same = !b->ready_at || b->ready.boot == ready->boot;

    b->ready = *ready;
    b->ready_at = clock_now_ms();
    for ( struct client *c = b->clients; c < b->clients + VSIO_JOBS; c++ )
    {
        if ( c->id && c->opened )
            lost(c, same ? "the agent was started anew"
                         : "the guest was rebooted");
        else
            greet(b, c);
    }
}

static void on_down(void *ctx, enum vsio_link_end why)
{
    struct broker *b = ctx;

    /* Of one that has started anew the next session tells more. */
    if ( why == VSIO_LINK_SILENT )
        all_lost(b, silent);
    b->down_at = clock_now_ms();
    call(b);
}

static const struct vsio_link_host callbacks = { on_message, on_up, on_down,
                                                 NULL };

/* --- The line ----------------------------------------------------------- */

/* Ours alone, and raw. */
static bool take_tty(struct broker *b)
{
    struct termios before;

    return !flock(b->line.tty, LOCK_EX | LOCK_NB) &&
           make_raw(b->line.tty, &before) &&
           !fcntl(b->line.tty, F_SETFL, O_NONBLOCK);
}

static void lost_line(struct broker *b)
{
    if ( b->line.tty >= 0 )
        line_lost(&b->line);
    b->out_at = b->out_size = 0;
    b->lost_at = clock_now_ms();
}

static void read_line(struct broker *b)
{
    uint8_t data[1024];
    ssize_t n = read(b->line.tty, data, sizeof(data));

    if ( n > 0 )
        vsio_link_rx(&b->link, data, (size_t)n, (uint32_t)clock_now_ms());
    else if ( n == 0 || (errno != EAGAIN && errno != EINTR) )
        lost_line(b);
    if ( b->link.count.foreign == b->foreign )
        return;
    b->foreign = b->link.count.foreign;
    if ( b->link.state == VSIO_LINK_CALLING )
    {
        char *why = text("the agent speaks version %u, vsioctl version %u",
                         b->link.parser.version, VSIO_FRAME_VERSION);

        all_lost(b, why);
        free(why);
    }
}

static void write_line(struct broker *b)
{
    while ( b->line.tty >= 0 )
    {
        ssize_t n;

        while ( vsio_link_room(&b->link) && send_message(b) )
            continue;
        if ( b->out_at == b->out_size )
        {
            b->out_at = 0;
            b->out_size =
                vsio_link_tx(&b->link, b->out, (uint32_t)clock_now_ms());
            if ( !b->out_size )
                return;
        }
        n = write(b->line.tty, b->out + b->out_at, b->out_size - b->out_at);
        if ( n < 0 && (errno == EAGAIN || errno == EINTR) )
            return;
        if ( n <= 0 )
            lost_line(b);
        else
            b->out_at += (size_t)n;
    }
}

/* False: there is no UART any more. */
static bool from_store(struct broker *b)
{
    bool was = b->line.tty >= 0;

    if ( !line_changed(&b->line) )
        return false;

    return was || b->line.tty < 0 || take_tty(b);
}

/* --- The loop ----------------------------------------------------------- */

#define FDS (3 + VSIO_JOBS)

/* Of those who have left the farewell ends the jobs. */
static bool has_clients(const struct broker *b)
{
    for ( unsigned int i = 0; i < VSIO_JOBS; i++ )
    {
        if ( b->clients[i].id && b->clients[i].fd >= 0 )
            return true;
    }

    return false;
}

static int wait_for_something(struct broker *b, struct pollfd *fds)
{
    uint32_t due = vsio_link_due(&b->link, (uint32_t)clock_now_ms());
    bool room = vsio_link_room(&b->link), writes = b->out_at != b->out_size;

    fds[0] = (struct pollfd){ .fd = b->line.tty };
    fds[0].events = (short)(POLLIN | (writes ? POLLOUT : 0));
    fds[1] = (struct pollfd){ .fd = b->listener, .events = POLLIN };
    fds[2] = (struct pollfd){
        .fd = b->line.host.xs ? xs_fileno(b->line.host.xs) : -1,
        .events = POLLIN,
    };
    /* Where there is no room for words, a client may still leave. */
    for ( unsigned int i = 0; i < VSIO_JOBS; i++ )
    {
        const struct client *c = &b->clients[i];

        fds[3 + i] = (struct pollfd){
            .fd = c->id ? c->fd : -1,
            .events = room || c->ended ? POLLIN : 0,
        };
    }

    return poll(fds, FDS, due < LINGER_MS ? (int)due : LINGER_MS);
}

/* Those whose words go nowhere; but they may leave. */
static void from_idle(struct broker *b, const struct pollfd *fds)
{
    bool room = vsio_link_room(&b->link);

    for ( unsigned int i = 0; i < VSIO_JOBS; i++ )
    {
        struct client *c = &b->clients[i];

        if ( !c->id || c->fd < 0 || !fds[i].revents )
            continue;
        if ( c->ended )
            (void)from_client(b, c);
        else if ( !room && (fds[i].revents & (POLLHUP | POLLERR)) )
            drop(c);
    }
}

/* False: there is no guest any more. */
static bool take_events(struct broker *b, struct pollfd *fds)
{
    if ( fds[0].revents && b->line.tty >= 0 )
        read_line(b);
    if ( fds[2].revents && !from_store(b) )
        return false;
    from_idle(b, fds + 3);
    if ( fds[1].revents )
        accept_client(b);

    return true;
}

/* Until nobody wants anything; NULL, or what those who do are told. */
static const char *serve(struct broker *b)
{
    struct pollfd fds[FDS];

    for ( ;; )
    {
        int n = wait_for_something(b, fds);
        int64_t now = clock_now_ms();

        if ( n < 0 && errno != EINTR )
            return "poll failed";
        if ( n > 0 && !take_events(b, fds) )
            return "the guest is gone";
        write_line(b);
        if ( b->line.tty < 0 &&
             (!b->line.path || now - b->lost_at > TTY_WAIT_MS) )
            return "the line has ended";
        if ( b->link.state != VSIO_LINK_UP && now - b->down_at > GIVE_UP_MS )
            give_up(b);
        if ( has_clients(b) )
            b->idle_since = now;
        if ( now - b->idle_since > LINGER_MS )
            return NULL;
    }
}

/* --- The process -------------------------------------------------------- */

static enum status open_terminal(struct line *s)
{
    if ( s->path )
        return line_open(s);
    s->tty = open(s->d.name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if ( s->tty < 0 || !isatty(s->tty) )
        return error(FAILED, "%s: %m", s->d.name);

    return OK;
}

/* The line first: who has it may replace a socket that is left. */
static enum status broker_open(struct broker *b, const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    enum status status = open_terminal(&b->line);

    if ( status )
        return status;
    if ( !take_tty(b) )
        return errno == EWOULDBLOCK ? REFUSED
                                    : error(FAILED, "%s: %m", b->line.d.name);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", name);
    (void)unlink(name);
    b->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    umask(077);
    if ( b->listener < 0 ||
         bind(b->listener, (struct sockaddr *)&address, sizeof(address)) ||
         listen(b->listener, VSIO_JOBS) )
        return error(FAILED, "%s: %m", name);

    return OK;
}

static void leave_terminal(void)
{
    int null = open("/dev/null", O_RDWR);

    for ( int i = 0; i < 3 && null >= 0; i++ )
        dup2(null, i);
    if ( null > 2 )
        close(null);
    if ( chdir("/") )
        return; /* the directory stays busy, that is all */
}

static void farewell(struct broker *b)
{
    vsio_link_bye(&b->link);
    write_line(b);
}

/* In the child. */
static _Noreturn void broker(const char *who, const char *slot, int parent)
{
    static struct broker b;
    char *name;
    enum status status = channel_line(&b.line, who, slot, &name);
    uint8_t byte;
    const char *why;

    setsid();
    if ( !status )
        status = broker_open(&b, name);
    byte = (uint8_t)status;
    if ( !status )
        leave_terminal();
    (void)write_all(parent, &byte, 1);
    if ( status )
        _exit(status);
    close(parent);

    b.idle_since = clock_now_ms();
    (void)!getrandom(&b.session, sizeof(b.session), GRND_NONBLOCK);
    vsio_link_init(&b.link, &callbacks, &b, VSIO_FRAME_HOST, 0);
    call(&b);
    why = serve(&b);
    /* Who comes from here on finds nobody, and starts another one. */
    (void)unlink(name);
    close(b.listener);
    all_lost(&b, why ? why : "");
    farewell(&b);
    _exit(OK);
}

enum status broker_start(const char *who, const char *slot)
{
    uint8_t status = FAILED;
    int ends[2];
    pid_t pid;

    if ( pipe2(ends, O_CLOEXEC) || (pid = fork()) < 0 )
        return error(FAILED, "can't start a process: %m");
    if ( !pid )
    {
        close(ends[0]);
        broker(who, slot, ends[1]);
    }
    close(ends[1]);
    if ( read(ends[0], &status, 1) != 1 )
        status = FAILED;
    close(ends[0]);

    return (enum status)status;
}

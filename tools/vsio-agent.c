/* SPDX-License-Identifier: MIT */
/*
 * vsio-agent - the guest's side of the command channel: runs commands, reads
 * and writes files, takes connections, for the host at the other end of a
 * serial line. docs/channel.md. One static program, without memory but its own.
 *
 *     vsio-agent TTY
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "message.h"
#include "stream.h"

#define LINE_LOOK_MS 2000 /* is the line still raw? */
#define ARGV_MAX     256
#define RECORD_MAX   400

/* A stream to the host. */
struct source {
    int fd; /* -1: there is nothing more */
    struct vsio_outflow flow;
    bool open; /* EOF is to be sent */
};

struct job {
    bool used, running;
    unsigned int id;
    uint8_t op;
    char args[VSIO_JOB_ARGS + 1];
    size_t args_size;

    struct vsio_inflow in; /* stream 0 */
    int in_fd;             /* where it goes; -1: nowhere */
    struct source out[2];  /* streams 1 and 2 */

    pid_t pid;   /* 0: none, or it has ended */
    pid_t group; /* it and its children */
    uint8_t how;
    uint32_t value;
    char words[120];
    bool end_due, info_due, sum_due, accept_due;

    uint64_t size; /* of the file */
    uint32_t mode, crc, host_crc;
    bool has_sum;
    char temporary[VSIO_JOB_ARGS + 16]; /* "": none */

    DIR *dir;
    char record[RECORD_MAX]; /* of a list, or what a ping has said */
    size_t record_at, record_size;

    int listener, port; /* of a job that waits or has waited */
    bool accepted;      /* one connection each */
};

static struct agent {
    pid_t pid;
    const char *tty;
    int line, signals;
    struct vsio_link link;
    uint8_t out[VSIO_FRAME_ENCODED]; /* for the line */
    size_t out_at, out_size;
    uint32_t boot;
    uint64_t after;
    unsigned int turn;
    struct job jobs[VSIO_JOBS];
} a;

/* --- Small things --------------------------------------------------------- */

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "vsio-agent: %s: %s\n", what,
            errno == EWOULDBLOCK ? "another agent has it" : strerror(errno));
    exit(1);
}

static uint64_t clock_ms(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);

    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint32_t now_ms(void)
{
    return (uint32_t)clock_ms(CLOCK_MONOTONIC);
}

static void close_fd(int *fd)
{
    if ( *fd >= 0 )
        close(*fd);
    *fd = -1;
}

static bool set_nonblocking(int fd)
{
    return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0;
}

static bool try_later(void)
{
    return errno == EAGAIN || errno == EINTR;
}

/* --- The end of a job ----------------------------------------------------- */

static void release_listener(struct job *j)
{
    int fd = j->listener;

    j->listener = -1;
    for ( struct job *other = a.jobs; other < a.jobs + VSIO_JOBS; other++ )
    {
        if ( other->used && other->listener == fd )
            return;
    }
    close_fd(&fd);
}

/* Of a command that has ended, those who still hold its streams. */
static bool has_processes(const struct job *j)
{
    return j->group && (j->pid || j->out[0].open || j->out[1].open);
}

/* All that it holds, but for its number and its last words. */
static void release(struct job *j)
{
    if ( has_processes(j) )
        kill(-j->group, SIGKILL);
    j->pid = j->group = 0;
    /* A connection is both. */
    if ( j->in_fd == j->out[0].fd )
        j->in_fd = -1;
    close_fd(&j->in_fd);
    for ( int i = 0; i < 2; i++ )
    {
        close_fd(&j->out[i].fd);
        j->out[i].open = false;
    }
    if ( j->temporary[0] )
        unlink(j->temporary);
    j->temporary[0] = '\0';
    if ( j->dir )
        closedir(j->dir);
    j->dir = NULL;
    if ( j->listener >= 0 )
        release_listener(j);
    j->info_due = j->sum_due = j->accept_due = false;
}

static void end(struct job *j, enum vsio_end how, uint32_t value)
{
    release(j);
    j->how = (uint8_t)how;
    j->value = value;
    j->end_due = true;
}

/* Why not, in words. */
__attribute__((format(printf, 3, 4))) static void refuse(struct job *j,
                                                         uint32_t value,
                                                         const char *format,
                                                         ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(j->words, sizeof(j->words), format, ap);
    va_end(ap);
    end(j, VSIO_END_FAILED, value);
}

static void refuse_file(struct job *j, const char *what)
{
    refuse(j, 1, "%.60s: %s", what, strerror(errno));
}

/* --- Programs ------------------------------------------------------------- */

/* In the child: nothing of the agent's but three streams; it dies with it. */
static _Noreturn void become(char **argv, int fds[3], int report)
{
    sigset_t none;
    int err;

    /* An agent that has died before has told nobody. */
    if ( prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != a.pid )
        _exit(126);
    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    for ( int i = 0; i < 3; i++ )
        dup2(fds[i], i);
    execvp(argv[0], argv);
    err = errno;
    if ( write(report, &err, sizeof(err)) < 0 )
        _exit(126);
    _exit(127);
}

/* ours[i] is the other end of theirs[i]; all are closed on exec. */
static bool make_pipes(int ours[3], int theirs[3])
{
    for ( int i = 0; i < 3; i++ )
    {
        int ends[2];

        if ( pipe2(ends, O_CLOEXEC) )
            return false;
        ours[i] = ends[i == 0];
        theirs[i] = ends[i != 0];
        if ( !set_nonblocking(ours[i]) )
            return false;
    }

    return true;
}

/* 0, or the errno of what went wrong. */
static int spawn(struct job *j, char **argv)
{
    int ours[3] = { -1, -1, -1 }, theirs[3] = { -1, -1, -1 };
    int report[2] = { -1, -1 }, err = 0;

    if ( !make_pipes(ours, theirs) || pipe2(report, O_CLOEXEC) ||
         (j->pid = fork()) < 0 )
    {
        err = errno;
        j->pid = 0;
    }
    else if ( j->pid == 0 )
        become(argv, theirs, report[1]);
    for ( int i = 0; i < 3; i++ )
        close_fd(&theirs[i]);
    close_fd(&report[1]);
    /* Nothing comes, but the end, from one that could be started. */
    if ( !err && read(report[0], &err, sizeof(err)) == (ssize_t)sizeof(err) )
        j->pid = 0;
    close_fd(&report[0]);
    j->group = j->pid;
    for ( int i = 0; i < 3 && err; i++ )
        close_fd(&ours[i]);
    j->in_fd = ours[0];
    j->out[0].fd = ours[1];
    j->out[1].fd = ours[2];
    j->out[0].open = j->out[1].open = !err;

    return err;
}

static void run_exec(struct job *j)
{
    char *argv[ARGV_MAX + 1];
    int n = 0, err;

    for ( size_t at = 0; at < j->args_size; at += strlen(j->args + at) + 1 )
    {
        if ( n == ARGV_MAX )
        {
            refuse(j, 125, "more than %d arguments", ARGV_MAX);
            return;
        }
        argv[n++] = j->args + at;
    }
    argv[n] = NULL;
    if ( !n )
    {
        refuse(j, 125, "no command");
        return;
    }
    err = spawn(j, argv);
    if ( err )
        refuse(j, err == ENOENT ? 127 : 126, "%.60s: %s", argv[0],
               strerror(err));
}

/* A command is over when it has ended, and nobody holds its streams. */
static void check_exec(struct job *j)
{
    if ( !j->pid && !j->out[0].open && !j->out[1].open && !j->end_due )
        end(j, j->how, j->value);
}

static void reap(void)
{
    int status;
    pid_t pid;

    while ( (pid = waitpid(-1, &status, WNOHANG)) > 0 )
    {
        for ( struct job *j = a.jobs; j < a.jobs + VSIO_JOBS; j++ )
        {
            if ( !j->used || j->pid != pid )
                continue;
            j->pid = 0;
            j->how = WIFSIGNALED(status) ? VSIO_END_SIGNAL : VSIO_END_EXIT;
            j->value = (uint32_t)(WIFSIGNALED(status) ? WTERMSIG(status)
                                                      : WEXITSTATUS(status));
        }
    }
}

/* --- Files ---------------------------------------------------------------- */

static void run_read(struct job *j)
{
    int fd = open(j->args, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if ( fd < 0 || fstat(fd, &st) )
    {
        refuse_file(j, j->args);
        close_fd(&fd);
        return;
    }
    if ( !S_ISREG(st.st_mode) )
    {
        refuse(j, 1, "%.60s: no regular file", j->args);
        close_fd(&fd);
        return;
    }
    j->size = (uint64_t)st.st_size;
    j->mode = st.st_mode & 0777;
    j->info_due = true;
    j->out[0].fd = fd;
    j->out[0].open = true;
}

/* Beside what it will be, so that it can be renamed. */
static void run_write(struct job *j)
{
    struct stat st;

    if ( !stat(j->args, &st) && !S_ISREG(st.st_mode) )
    {
        refuse(j, 1, "%.60s: no regular file", j->args);
        return;
    }
    snprintf(j->temporary, sizeof(j->temporary), "%s.XXXXXX", j->args);
    j->in_fd = mkostemp(j->temporary, O_CLOEXEC);
    if ( j->in_fd < 0 )
    {
        j->temporary[0] = '\0';
        refuse_file(j, j->args);
    }
}

/* All of it is there. */
static void finish_write(struct job *j)
{
    if ( !j->has_sum || j->crc != j->host_crc )
    {
        refuse(j, 1, "%.60s: the checksum is wrong", j->args);
        return;
    }
    if ( fchmod(j->in_fd, j->mode & 0777) || fsync(j->in_fd) ||
         rename(j->temporary, j->args) )
    {
        refuse_file(j, j->args);
        return;
    }
    j->temporary[0] = '\0';
    end(j, VSIO_END_EXIT, 0);
}

static char type_of(mode_t mode)
{
    return S_ISDIR(mode)   ? 'd'
           : S_ISLNK(mode) ? 'l'
           : S_ISREG(mode) ? '-'
           : S_ISCHR(mode) ? 'c'
           : S_ISBLK(mode) ? 'b'
                           : 'p';
}

static void make_record(struct job *j, const struct stat *st, const char *name)
{
    int n = snprintf(j->record, sizeof(j->record), "%c %o %llu %lld %.255s",
                     type_of(st->st_mode), (unsigned int)st->st_mode & 07777,
                     (unsigned long long)st->st_size, (long long)st->st_mtime,
                     name);

    j->record_at = 0;
    j->record_size = (size_t)n + 1;
}

/* False: there is no other one. */
static bool next_record(struct job *j)
{
    struct dirent *entry;
    struct stat st;

    while ( j->dir && (entry = readdir(j->dir)) )
    {
        if ( !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
             fstatat(dirfd(j->dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) )
            continue;
        make_record(j, &st, entry->d_name);
        return true;
    }

    return false;
}

static void run_list(struct job *j)
{
    struct stat st;

    if ( stat(j->args, &st) ||
         (S_ISDIR(st.st_mode) && !(j->dir = opendir(j->args))) )
    {
        refuse_file(j, j->args);
        return;
    }
    j->out[0].open = true;
    if ( !j->dir )
        make_record(j, &st, j->args);
}

static void run_ping(struct job *j)
{
    j->record_size =
        j->args_size < sizeof(j->record) ? j->args_size : sizeof(j->record);
    memcpy(j->record, j->args, j->record_size);
    j->out[0].open = true;
}

/* --- Connections ---------------------------------------------------------- */

static int listen_on(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;

    if ( fd >= 0 &&
         (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
          bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
          listen(fd, VSIO_JOBS)) )
        close_fd(&fd);

    return fd;
}

/* The jobs of one port share its socket. */
static void run_forward(struct job *j)
{
    char *rest;
    long port = strtol(j->args, &rest, 10);

    if ( port < 1 || port > 65535 || *rest )
    {
        refuse(j, 1, "%.20s is no port", j->args);
        return;
    }
    j->port = (int)port;
    for ( struct job *other = a.jobs; other < a.jobs + VSIO_JOBS; other++ )
    {
        if ( other->used && other->listener >= 0 && other->port == j->port )
            j->listener = other->listener;
    }
    if ( j->listener < 0 )
        j->listener = listen_on(j->port);
    if ( j->listener < 0 )
        refuse_file(j, j->args);
    else
        j->info_due = true; /* that it listens */
}

static bool waits_for_connection(const struct job *j)
{
    return j->op == VSIO_OP_FORWARD && j->running && j->listener >= 0 &&
           !j->accepted && !j->end_due;
}

static void take_connection(struct job *j)
{
    int fd = accept4(j->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if ( fd < 0 )
        return;
    j->in_fd = j->out[0].fd = fd;
    j->out[0].open = j->accept_due = j->accepted = true;
}

/* --- From the host to a job ----------------------------------------------- */

static void check_forward(struct job *j)
{
    if ( j->accept_due || waits_for_connection(j) || j->end_due )
        return;
    if ( !j->out[0].open && j->in_fd < 0 )
        end(j, VSIO_END_EXIT, 0);
}

/* Nothing more is written there. */
static void close_in(struct job *j)
{
    if ( j->op == VSIO_OP_WRITE )
        finish_write(j);
    else if ( j->op == VSIO_OP_FORWARD && j->out[0].fd == j->in_fd )
    {
        shutdown(j->in_fd, SHUT_WR);
        j->in_fd = -1;
    }
    else
        close_fd(&j->in_fd);
}

/* What has come for it goes where it goes; what nobody reads is dropped. */
static void feed(struct job *j)
{
    const uint8_t *data;
    size_t n;

    while ( (n = vsio_inflow_peek(&j->in, &data)) )
    {
        ssize_t done = j->in_fd >= 0 ? write(j->in_fd, data, n) : (ssize_t)n;

        if ( done < 0 && try_later() )
            return;
        if ( done < 0 && j->op == VSIO_OP_WRITE )
        {
            refuse_file(j, j->args);
            return;
        }
        if ( done < 0 ) /* the command has closed its input */
        {
            if ( j->in_fd != j->out[0].fd )
                close(j->in_fd);
            j->in_fd = -1;
            continue;
        }
        j->crc = vsio_crc32(j->crc, data, (size_t)done);
        vsio_inflow_drop(&j->in, (size_t)done);
    }
    if ( j->in.ended && j->in_fd >= 0 )
        close_in(j);
}

static void run(struct job *j)
{
    static void (*const operations[])(struct job *) = {
        [VSIO_OP_PING] = run_ping, [VSIO_OP_EXEC] = run_exec,
        [VSIO_OP_READ] = run_read, [VSIO_OP_WRITE] = run_write,
        [VSIO_OP_LIST] = run_list, [VSIO_OP_FORWARD] = run_forward,
    };

    if ( j->running || j->op < VSIO_OP_PING || j->op > VSIO_OP_FORWARD )
    {
        refuse(j, 125, "no operation %u here", j->op);
        return;
    }
    j->running = true;
    operations[j->op](j);
}

static void add_args(struct job *j, const uint8_t *data, size_t size)
{
    if ( j->running || size > VSIO_JOB_ARGS - j->args_size )
    {
        refuse(j, 125, "more than %u bytes of arguments", VSIO_JOB_ARGS);
        return;
    }
    memcpy(j->args + j->args_size, data, size);
    j->args_size += size;
}

/* Of a stream: 0 to us, 1 and 2 to the host. False: the host is wrong. */
static bool stream_message(struct job *j,
                           uint8_t what,
                           uint8_t stream,
                           const uint8_t *data,
                           size_t size)
{
    if ( what == VSIO_MESSAGE_CREDIT )
        return (stream == 1 || stream == 2) && size == 4 &&
               vsio_outflow_credit(&j->out[stream - 1].flow, vsio_get32(data));
    if ( stream != 0 )
        return false;
    if ( what == VSIO_MESSAGE_EOF )
        j->in.ended = true;
    else if ( !vsio_inflow_put(&j->in, data, size) )
        return false;
    if ( j->running )
        feed(j);

    return true;
}

static void job_message(struct job *j, const uint8_t *data, size_t size)
{
    uint8_t what = data[2];
    bool good = true;

    data += VSIO_MESSAGE_HEAD;
    size -= VSIO_MESSAGE_HEAD;
    if ( j->end_due )
        return; /* it has ended, the host does not know yet */
    switch ( what )
    {
    case VSIO_MESSAGE_ARG:
        add_args(j, data, size);
        break;
    case VSIO_MESSAGE_RUN:
        run(j);
        break;
    case VSIO_MESSAGE_SIGNAL:
        if ( size == 1 && has_processes(j) )
            kill(-j->group, data[0]);
        break;
    case VSIO_MESSAGE_CANCEL:
        end(j, VSIO_END_SIGNAL, SIGKILL);
        break;
    case VSIO_MESSAGE_INFO:
        j->mode = size >= 12 ? vsio_get32(data + 8) : 0600;
        break;
    case VSIO_MESSAGE_SUM:
        j->has_sum = size == 4;
        j->host_crc = j->has_sum ? vsio_get32(data) : 0;
        break;
    default:
        good = size && stream_message(j, what, data[0], data + 1, size - 1);
        break;
    }
    if ( !good )
        refuse(j, 125, "message %u makes no sense", what);
}

static void open_job(unsigned int id, uint8_t op)
{
    for ( struct job *j = a.jobs; j < a.jobs + VSIO_JOBS; j++ )
    {
        if ( j->used )
            continue;
        memset(j, 0, sizeof(*j));
        j->used = true;
        j->id = id;
        j->op = op;
        j->in_fd = j->out[0].fd = j->out[1].fd = j->listener = -1;
        vsio_inflow_init(&j->in);
        vsio_outflow_init(&j->out[0].flow);
        vsio_outflow_init(&j->out[1].flow);
        return;
    }
    /* The host counts, too: it has no more than we. */
}

/* --- The link's callbacks ------------------------------------------------- */

static void on_message(void *ctx, const uint8_t *data, size_t size)
{
    unsigned int id;

    (void)ctx;
    if ( size < VSIO_MESSAGE_HEAD )
        return;
    id = vsio_message_id(data);
    for ( struct job *j = a.jobs; j < a.jobs + VSIO_JOBS; j++ )
    {
        if ( j->used && j->id == id )
        {
            job_message(j, data, size);
            return;
        }
    }
    if ( data[2] == VSIO_MESSAGE_OPEN && size > VSIO_MESSAGE_HEAD )
        open_job(id, data[VSIO_MESSAGE_HEAD]);
}

static void on_up(void *ctx, const struct vsio_ready *ready)
{
    (void)ctx;
    (void)ready;
}

/* Nobody waits for them any more. */
static void on_down(void *ctx, enum vsio_link_end why)
{
    (void)ctx;
    (void)why;
    for ( struct job *j = a.jobs; j < a.jobs + VSIO_JOBS; j++ )
    {
        if ( j->used )
            release(j);
        j->used = false;
    }
}

static void on_ready(void *ctx, struct vsio_ready *ready)
{
    (void)ctx;
    ready->boot = a.boot;
    ready->after = a.after;
    ready->uptime = clock_ms(CLOCK_BOOTTIME);
}

static const struct vsio_link_host callbacks = { on_message, on_up, on_down,
                                                 on_ready };

/* --- From a job to the host ----------------------------------------------- */

static size_t put_info(const struct job *j, uint8_t *out)
{
    size_t n = vsio_message(out, j->id, VSIO_MESSAGE_INFO);

    vsio_put32(out + n, (uint32_t)j->size);
    vsio_put32(out + n + 4, (uint32_t)(j->size >> 32));
    vsio_put32(out + n + 8, j->mode);

    return n + 12;
}

static size_t put_end(const struct job *j, uint8_t *out)
{
    size_t n = vsio_message(out, j->id, VSIO_MESSAGE_END);
    size_t words = strlen(j->words);

    out[n++] = j->how;
    vsio_put32(out + n, j->value);
    memcpy(out + n + 4, j->words, words);

    return n + 4 + words;
}

static size_t put_credit(struct job *j, uint8_t *out)
{
    uint32_t more = j->running ? vsio_inflow_grant(&j->in) : 0;
    size_t n;

    if ( !more )
        return 0;
    n = vsio_message(out, j->id, VSIO_MESSAGE_CREDIT);
    out[n++] = 0;
    vsio_put32(out + n, more);

    return n + 4;
}

/* Bytes from where the stream comes from; 0: its end, -1: later. */
static ssize_t read_source(struct job *j, int i, uint8_t *to, size_t room)
{
    ssize_t n;

    if ( j->out[i].fd >= 0 )
    {
        n = read(j->out[i].fd, to, room);
        if ( n < 0 && !try_later() && j->op == VSIO_OP_READ )
            refuse_file(j, j->args);
        else if ( n < 0 && !try_later() )
            n = 0; /* a connection that was reset has ended */
        return n;
    }
    if ( j->record_at == j->record_size && !next_record(j) )
        return 0;
    n = (ssize_t)(j->record_size - j->record_at);
    if ( (size_t)n > room )
        n = (ssize_t)room;
    memcpy(to, j->record + j->record_at, (size_t)n);
    j->record_at += (size_t)n;

    return n;
}

/* The end of a stream, and what else there is to say then. */
static void source_ended(struct job *j, int i)
{
    j->out[i].open = false;
    if ( j->op == VSIO_OP_FORWARD && j->in_fd == j->out[i].fd )
        j->out[i].fd = -1; /* still written to */
    else
        close_fd(&j->out[i].fd);
    j->sum_due = j->op == VSIO_OP_READ;
    if ( j->op == VSIO_OP_PING || j->op == VSIO_OP_LIST )
        end(j, VSIO_END_EXIT, 0);
}

static size_t put_stream(struct job *j, int i, uint8_t *out)
{
    struct source *s = &j->out[i];
    size_t n = vsio_message(out, j->id, VSIO_MESSAGE_DATA_OF);
    size_t room =
        s->flow.credit < VSIO_MESSAGE_DATA ? s->flow.credit : VSIO_MESSAGE_DATA;
    ssize_t got;

    if ( !s->open || !room )
        return 0;
    out[n++] = (uint8_t)(i + 1);
    got = read_source(j, i, out + n, room);
    if ( got < 0 )
        return 0;
    if ( got == 0 )
    {
        out[2] = VSIO_MESSAGE_EOF;
        source_ended(j, i);
        return n;
    }
    s->flow.credit -= (uint32_t)got;
    j->crc = vsio_crc32(j->crc, out + n, (size_t)got);

    return n + (size_t)got;
}

static bool take(bool *due)
{
    bool was = *due;

    *due = false;

    return was;
}

/* What the job has to say next: bytes of a message, or 0. */
static size_t next_message(struct job *j, uint8_t *out)
{
    size_t n;

    if ( take(&j->info_due) )
        return put_info(j, out);
    if ( take(&j->accept_due) )
        return vsio_message(out, j->id, VSIO_MESSAGE_ACCEPT);
    for ( int i = 0; i < 2; i++ )
    {
        if ( (n = put_stream(j, i, out)) )
            return n;
    }
    if ( take(&j->sum_due) )
    {
        n = vsio_message(out, j->id, VSIO_MESSAGE_SUM);
        vsio_put32(out + n, j->crc);
        end(j, VSIO_END_EXIT, 0);
        return n + 4;
    }
    if ( (n = put_credit(j, out)) )
        return n;
    if ( j->running && j->op == VSIO_OP_EXEC )
        check_exec(j);
    if ( j->running && j->op == VSIO_OP_FORWARD )
        check_forward(j);
    if ( take(&j->end_due) )
    {
        j->used = false;
        return put_end(j, out);
    }

    return 0;
}

/* One message of whoever's turn it is. False: nobody has any. */
static bool send_message(void)
{
    uint8_t message[VSIO_FRAME_PAYLOAD];

    for ( unsigned int i = 0; i < VSIO_JOBS; i++ )
    {
        struct job *j = &a.jobs[a.turn++ % VSIO_JOBS];
        size_t n = j->used ? next_message(j, message) : 0;

        if ( n )
        {
            vsio_link_send(&a.link, message, n);
            return true;
        }
    }

    return false;
}

/* --- The line ------------------------------------------------------------- */

/* In all that make_raw() changes. */
static bool is_same(const struct termios *one, const struct termios *other)
{
    return one->c_iflag == other->c_iflag && one->c_oflag == other->c_oflag &&
           one->c_cflag == other->c_cflag && one->c_lflag == other->c_lflag &&
           one->c_cc[VMIN] == other->c_cc[VMIN] &&
           one->c_cc[VTIME] == other->c_cc[VTIME];
}

/* Nothing between the device and us makes something of a byte. */
static bool make_raw(int fd)
{
    struct termios is, raw;

    if ( tcgetattr(fd, &is) )
        return false;
    raw = is;
    cfmakeraw(&raw);
    raw.c_iflag &= ~(tcflag_t)(IXON | IXOFF | IXANY | INPCK);
    raw.c_iflag |= IGNBRK;
    raw.c_cflag |= CLOCAL | CREAD;
    raw.c_cflag &= ~(tcflag_t)(CRTSCTS | HUPCL);
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;

    return is_same(&is, &raw) || !tcsetattr(fd, TCSANOW, &raw);
}

/* It is ours alone: a second agent finds it locked. */
static int open_line(const char *tty)
{
    int fd = open(tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);

    if ( fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) || !make_raw(fd)) )
        close_fd(&fd);

    return fd;
}

static void lost_line(void)
{
    close_fd(&a.line);
    a.out_at = a.out_size = 0;
}

static void read_line(void)
{
    uint8_t data[1024];
    ssize_t n = read(a.line, data, sizeof(data));

    if ( n > 0 )
        vsio_link_rx(&a.link, data, (size_t)n, now_ms());
    else if ( n == 0 || !try_later() )
        lost_line();
}

/* Jobs fill the link, the link fills the line, until one of them is full. */
static void write_line(void)
{
    ssize_t n;

    while ( a.line >= 0 )
    {
        while ( vsio_link_room(&a.link) && send_message() )
            continue;
        if ( a.out_at == a.out_size )
        {
            a.out_at = 0;
            a.out_size = vsio_link_tx(&a.link, a.out, now_ms());
            if ( !a.out_size )
                return;
        }
        n = write(a.line, a.out + a.out_at, a.out_size - a.out_at);
        if ( n < 0 && try_later() )
            return;
        if ( n <= 0 )
            lost_line();
        else
            a.out_at += (size_t)n;
    }
}

/* --- The loop ------------------------------------------------------------- */

#define FDS (2 + 3 * VSIO_JOBS)

/* In its order: where input goes, two streams or a connection. */
static void watch_job(const struct job *j, struct pollfd *fds)
{
    for ( int i = 0; i < 3; i++ )
        fds[i] = (struct pollfd){ .fd = -1 };
    if ( !j->used )
        return;
    if ( j->in.count && j->in_fd >= 0 )
        fds[0] = (struct pollfd){ .fd = j->in_fd, .events = POLLOUT };
    if ( waits_for_connection(j) )
        fds[1] = (struct pollfd){ .fd = j->listener, .events = POLLIN };
    for ( int i = 0; i < 2 && vsio_link_room(&a.link); i++ )
    {
        if ( j->out[i].open && j->out[i].fd >= 0 && j->out[i].flow.credit )
            fds[1 + i] =
                (struct pollfd){ .fd = j->out[i].fd, .events = POLLIN };
    }
}

static int wait_for_something(struct pollfd *fds)
{
    uint32_t due = vsio_link_due(&a.link, now_ms());
    bool writes = a.out_at != a.out_size;

    fds[0] = (struct pollfd){
        .fd = a.line,
        .events = (short)(POLLIN | (writes ? POLLOUT : 0)),
    };
    fds[1] = (struct pollfd){ .fd = a.signals, .events = POLLIN };
    for ( size_t i = 0; i < VSIO_JOBS; i++ )
        watch_job(&a.jobs[i], fds + 2 + 3 * i);

    return poll(fds, FDS, due < LINE_LOOK_MS ? (int)due : LINE_LOOK_MS);
}

static void serve_jobs(void)
{
    for ( struct job *j = a.jobs; j < a.jobs + VSIO_JOBS; j++ )
    {
        if ( !j->used )
            continue;
        if ( waits_for_connection(j) )
            take_connection(j);
        else if ( j->running )
            feed(j);
    }
}

/* One that ends takes its commands along, and files that are not whole. */
static void take_signals(void)
{
    struct signalfd_siginfo info;

    while ( read(a.signals, &info, sizeof(info)) == (ssize_t)sizeof(info) )
    {
        if ( info.ssi_signo == SIGCHLD )
            continue;
        on_down(NULL, VSIO_LINK_BYE);
        exit(0);
    }
    reap();
}

/* Others may have used it, or it was taken away and has come back. */
static void look_at_line(void)
{
    static uint32_t looked;

    if ( now_ms() - looked < LINE_LOOK_MS )
        return;
    looked = now_ms();
    if ( a.line < 0 )
        a.line = open_line(a.tty);
    else if ( !make_raw(a.line) )
        lost_line();
}

static _Noreturn void loop(void)
{
    struct pollfd fds[FDS];

    for ( ;; )
    {
        int n = wait_for_something(fds);

        look_at_line();
        if ( n > 0 && fds[0].revents && a.line >= 0 )
            read_line();
        if ( n > 0 && fds[1].revents )
            take_signals();
        serve_jobs();
        write_line();
    }
}

/* A number of this boot. */
static uint32_t boot_id(void)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    uint8_t id[36];
    ssize_t n = fd >= 0 ? read(fd, id, sizeof(id)) : 0;

    close_fd(&fd);

    return vsio_crc32(0, id, n > 0 ? (size_t)n : 0);
}

int main(int argc, char **argv)
{
    uint32_t incarnation = now_ms();
    sigset_t set;
    int null;

    if ( argc != 2 )
    {
        fputs("usage: vsio-agent TTY\n", stderr);
        return 2;
    }
    /* What is opened from here on is none of the three streams. */
    while ( (null = open("/dev/null", O_RDWR)) >= 0 && null < 3 )
        continue;
    close_fd(&null);
    a.pid = getpid();
    a.tty = argv[1];
    a.line = open_line(a.tty);
    if ( a.line < 0 )
        die(a.tty);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    a.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if ( a.signals < 0 )
        die("signalfd");
    /* Early after boot there may be no random numbers yet. */
    (void)!getrandom(&incarnation, sizeof(incarnation), GRND_NONBLOCK);
    a.boot = boot_id();
    a.after = clock_ms(CLOCK_BOOTTIME);
    vsio_link_init(&a.link, &callbacks, NULL, VSIO_FRAME_GUEST, incarnation);
    loop();
}

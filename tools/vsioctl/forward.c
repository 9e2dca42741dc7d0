/* SPDX-License-Identifier: MIT */
/*
 * forward.c - connections that programs in the guest make to its own loopback
 * go out from here: to one place, or as an HTTP proxy to those of a list. One
 * process for each connection.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"

#define HEAD_MAX    8192 /* bytes of a request's head */
#define NAME_SIZE   256
#define CONNECT_SEC 10
#define CONNECTIONS (VSIO_JOBS - 4) /* some are left for commands */
#define RULES_MAX   1024

struct target {
    char host[NAME_SIZE], port[6];
};

struct rule {
    char host[NAME_SIZE]; /* "*.x" for all below x */
    char port[6];         /* "": 80 and 443 */
};

static struct {
    bool proxy;
    struct target to; /* unless it is a proxy */
    size_t count;
    struct rule rules[RULES_MAX];
} out;

/* --- Places ------------------------------------------------------------- */

static bool is_port(const char *s)
{
    int64_t n;

    return isdigit((unsigned char)s[0]) && strlen(s) < 6 &&
           strspn(s, "0123456789") == strlen(s) && number(s, 1, 65535, &n);
}

static bool copy_name(char to[NAME_SIZE], const char *from, size_t size)
{
    if ( !size || size >= NAME_SIZE )
        return false;
    for ( size_t i = 0; i < size; i++ )
    {
        if ( !isalnum((unsigned char)from[i]) && !strchr("-._:*", from[i]) )
            return false;
        to[i] = (char)tolower((unsigned char)from[i]);
    }
    to[size] = '\0';

    return true;
}

/* HOST:PORT, HOST, [HOST]:PORT; without a port it is fallback. */
static bool parse_place(const char *s, const char *fallback, struct target *p)
{
    size_t host = s[0] == '[' ? strcspn(s, "]") : strcspn(s, ":");
    bool bracket = s[0] == '[';
    const char *rest = s + host;

    if ( bracket && *rest++ != ']' )
        return false;
    if ( !copy_name(p->host, s + bracket, host - bracket) )
        return false;
    if ( *rest && (*rest != ':' || !is_port(rest + 1)) )
        return false;
    snprintf(p->port, sizeof(p->port), "%s", *rest ? rest + 1 : fallback);

    return true;
}

static bool host_fits(const char *rule, const char *host)
{
    size_t n = strlen(host), tail = strlen(rule) - 1;

    if ( strncmp(rule, "*.", 2) )
        return !strcmp(rule, host);

    return n > tail && !strcmp(host + n - tail, rule + 1);
}

static bool is_allowed(const struct target *p)
{
    for ( size_t i = 0; i < out.count; i++ )
    {
        const struct rule *r = &out.rules[i];
        bool port = r->port[0]
                        ? !strcmp(r->port, p->port)
                        : !strcmp(p->port, "80") || !strcmp(p->port, "443");

        if ( port && host_fits(r->host, p->host) )
            return true;
    }

    return false;
}

static enum status add_rule(const char *s, const char *file, unsigned int line)
{
    struct target p;

    if ( out.count == RULES_MAX )
        return error(FAILED, "%s: more than %d lines", file, RULES_MAX);
    if ( !parse_place(s, "", &p) )
        return error(FAILED, "%s:%u: '%s' is no HOST or HOST:PORT", file, line,
                     s);
    memcpy(out.rules[out.count].host, p.host, sizeof(p.host));
    memcpy(out.rules[out.count].port, p.port, sizeof(p.port));
    out.count++;

    return OK;
}

/* One place on each line; what is behind # is for people. */
static enum status read_rules(const char *name)
{
    FILE *file = fopen(name, "re");
    char line[1024];
    enum status status = OK;

    if ( !file )
        return error(FAILED, "%s: %m", name);
    for ( unsigned int n = 1; !status && fgets(line, sizeof(line), file); n++ )
    {
        char *word;

        line[strcspn(line, "#")] = '\0';
        word = strtok(line, " \t\r\n");
        if ( word )
            status = add_rule(word, name, n);
    }
    fclose(file);

    return status;
}

/* A connection, or -1. */
static int dial(const struct target *p)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_NUMERICSERV };
    const struct timeval patience = { .tv_sec = CONNECT_SEC };
    struct addrinfo *all, *one;
    int fd = -1;

    if ( getaddrinfo(p->host, p->port, &hints, &all) )
        return -1;
    for ( one = all; one && fd < 0; one = one->ai_next )
    {
        fd = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if ( fd < 0 )
            continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
                         sizeof(patience));
        if ( connect(fd, one->ai_addr, one->ai_addrlen) )
        {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(all);

    return fd;
}

/* --- A request's head --------------------------------------------------- */

struct request {
    char head[HEAD_MAX + 1];
    size_t size;
    bool whole;
};

/* Up to the end of the head; with it comes what is behind it. */
static enum take take_head(struct job *j, const uint8_t *data, size_t size)
{
    struct request *r = j->ctx;
    const char *end;

    if ( size > HEAD_MAX - r->size )
        size = HEAD_MAX - r->size;
    memcpy(r->head + r->size, data, size);
    r->size += size;
    r->head[r->size] = '\0';
    end = memmem(r->head, r->size, "\r\n\r\n", 4);
    r->whole = end != NULL;

    return r->whole || r->size == HEAD_MAX ? TAKE_ENOUGH : TAKE_MORE;
}

/* Where it shall go; *path is the rest of its first line. NULL: that is fine.
 */
static const char *parse_request(char *line,
                                 bool *tunnel,
                                 struct target *p,
                                 char **path)
{
    char *target = strchr(line, ' '), *slash;

    if ( !target )
        return "400 Bad Request";
    *target++ = '\0';
    *tunnel = !strcmp(line, "CONNECT");
    *path = strchr(target, ' ');
    if ( !*path )
        return "400 Bad Request";
    if ( *tunnel )
    {
        *(*path)++ = '\0';
        return parse_place(target, "443", p) ? NULL : "400 Bad Request";
    }
    if ( strncasecmp(target, "http://", 7) )
        return "400 Bad Request";
    target += 7;
    slash = target + strcspn(target, "/? ");
    *path = text("%s%s", *slash == '/' ? "" : "/", slash);
    *slash = '\0';

    return parse_place(target, "80", p) ? NULL : "400 Bad Request";
}

/* One request on a connection: the next one may be for somebody else. */
static char *rewrite(const char *method, const char *path, char *fields)
{
    char *head = text("%s %s\r\n", method, path), *line = fields, *next;

    for ( ; (next = strstr(line, "\r\n")) && next > line; line = next + 2 )
    {
        char *longer;

        *next = '\0';
        if ( !strncasecmp(line, "connection:", 11) ||
             !strncasecmp(line, "proxy-", 6) )
            continue;
        longer = text("%s%s\r\n", head, line);
        free(head);
        head = longer;
    }
    line = text("%sConnection: close\r\n\r\n", head);
    free(head);

    return line;
}

/* A few words to the guest; there is room for them in the first window. */
static void say(struct job *j, const char *words)
{
    for ( size_t n; *words; words += n )
    {
        n = strlen(words);
        n = n < VSIO_MESSAGE_DATA ? n : VSIO_MESSAGE_DATA;
        j->to.credit -= (uint32_t)n;
        (void)channel_send_data(j->ch, words, n);
    }
}

static void answer(struct job *j, const char *status)
{
    char *words = text("HTTP/1.1 %s\r\nContent-Length: 0\r\n"
                       "Connection: close\r\n\r\n",
                       status);

    say(j, words);
    free(words);
    (void)channel_send_eof(j->ch);
    j->take = NULL;
    (void)job_run(j);
}

static const char *open_proxy(struct job *j, struct request *r, int *fd)
{
    char *end = memmem(r->head, r->size, "\r\n\r\n", 4) + 4;
    char *line = memmem(r->head, r->size, "\r\n", 2), *path = NULL, *head;
    size_t rest = r->size - (size_t)(end - r->head);
    struct target p;
    bool tunnel;
    const char *status;
    bool ok;

    *line = '\0';
    status = strlen(r->head) == (size_t)(line - r->head)
                 ? parse_request(r->head, &tunnel, &p, &path)
                 : "400 Bad Request";
    if ( status )
        return status;
    if ( !is_allowed(&p) )
        return "403 Forbidden";
    *fd = dial(&p);
    if ( *fd < 0 )
        return "502 Bad Gateway";
    if ( tunnel )
        say(j, "HTTP/1.1 200 Connection established\r\n\r\n");
    head = tunnel ? text("%s", "") : rewrite(r->head, path, line + 2);
    ok = write_all(*fd, head, strlen(head)) && write_all(*fd, end, rest);
    free(head);

    return ok ? NULL : "502 Bad Gateway";
}

/* --- A connection ------------------------------------------------------- */

/* What a program in the guest asks the proxy for. -1: it was told why not. */
static int dial_request(struct job *j)
{
    static struct request request;
    const char *status;
    int fd = -1;

    j->take = take_head;
    j->ctx = &request;
    j->pauses = true;
    if ( job_run(j) != JOB_PAUSED )
        return -1;
    j->pauses = false;
    status = request.whole              ? open_proxy(j, &request, &fd)
             : request.size == HEAD_MAX ? "431 Request Header Fields Too Large"
                                        : "400 Bad Request";
    if ( !status )
        return fd;
    answer(j, status);
    if ( fd >= 0 )
        close(fd);

    return -1;
}

/* In its own process, until it has ended. */
static void serve_connection(struct job *j)
{
    int fd = out.proxy ? dial_request(j) : dial(&out.to);

    if ( fd < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) )
    {
        job_cancel(j);
        return;
    }
    j->take = NULL;
    j->is_socket = true;
    j->in = j->out[0] = fd;
    (void)job_run(j);
}

/* Those that have ended; one of them, if there are too many. */
static void reap(unsigned int *children)
{
    while ( *children &&
            waitpid(-1, NULL, *children < CONNECTIONS ? WNOHANG : 0) > 0 )
        --*children;
}

/* A job that waits for a connection. */
struct waiting {
    struct channel ch;
    struct job job;
};

/* The guest's port is open when this returns. */
static enum status wait_at(struct waiting *w,
                           char *who,
                           const char *port,
                           const struct options *o)
{
    enum outcome outcome;
    enum status status = channel_open(&w->ch, who, o);

    if ( status )
        return status;
    job_init(&w->job, &w->ch);
    status = job_start(&w->job, VSIO_OP_FORWARD, &port, 1, false);
    if ( status )
        return status;
    w->job.pauses_at_info = true;
    outcome = job_run(&w->job);

    return outcome == JOB_PAUSED ? OK : job_error(&w->job, outcome);
}

/* The next one waits before this one is served: the port is never closed. */
static enum status hand_over(struct waiting *w,
                             char *who,
                             const char *port,
                             const struct options *o)
{
    struct waiting next;
    enum status status = wait_at(&next, who, port, o);
    pid_t pid = status ? -1 : fork();

    if ( !status && pid < 0 )
        status = error(FAILED, "can't start a process: %m");
    if ( !pid )
    {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        channel_close(&next.ch);
        serve_connection(&w->job);
        _exit(OK);
    }
    channel_close(&w->ch);
    *w = next;
    w->job.ch = &w->ch;

    return status;
}

static enum status forward(char *who, const char *port, const struct options *o)
{
    unsigned int children = 0;
    struct waiting w;
    enum status status = wait_at(&w, who, port, o);

    if ( !status )
    {
        printf("%s: listening on 127.0.0.1:%s\n", w.ch.name, port);
        (void)fflush(stdout);
    }
    while ( !status )
    {
        enum outcome outcome = job_run(&w.job);

        if ( outcome == JOB_INTERRUPTED )
            break;
        status = outcome == JOB_ACCEPTED ? hand_over(&w, who, port, o)
                                         : job_error(&w.job, outcome);
        children++;
        reap(&children);
    }
    channel_close(&w.ch);

    return status;
}

enum status cmd_forward(int argc, char **argv)
{
    const char *allow = take_value(&argc, argv, "--allow");
    struct options o;
    enum status status = take_options(&argc, argv, &o);

    if ( !status )
        status = no_more_options(&argc, argv);
    if ( status )
        return status;
    out.proxy = allow != NULL;
    if ( argc != (allow ? 2 : 3) || !is_port(argv[1]) ||
         (!allow && (!parse_place(argv[2], "", &out.to) || !out.to.port[0])) )
        return error(USAGE, "usage: vsioctl forward [-t SECONDS] [--slot=N] "
                            "DOM PORT HOST:PORT | DOM PORT --allow=FILE");
    if ( allow )
        status = read_rules(allow);

    return status ? status : forward(argv[0], argv[1], &o);
}

/* SPDX-License-Identifier: MIT */
/*
 * uart.c - a console ring, a pty and a log file.
 *
 * The ring's page belongs to the guest: what it says is looked at once and
 * believed only if it makes sense. A ring that makes none is empty and full
 * until it does.
 *
 * A byte is in the log before the ring gives its room back: a daemon that is
 * killed writes it again rather than never.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "serve.h"

#define ROUNDS      4 /* of a whole ring, for one event */
#define BACKLOG_MIN 4096U

static uint32_t load(const XENCONS_RING_IDX *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store(XENCONS_RING_IDX *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
    /* Whatever the other side does now, it or we will see it. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* --- the backlog -------------------------------------------------------- */

static void backlog_free(struct backlog *b)
{
    free(b->data);
    *b = (struct backlog){ 0 };
}

static void backlog_add(struct backlog *b, const char *data, size_t n)
{
    if ( b->first + b->count + n > b->room )
    {
        if ( b->first )
            memmove(b->data, b->data + b->first, b->count);
        b->first = 0;
        if ( b->count + n > b->room )
        {
            b->room = (b->count + n) * 2;
            if ( b->room < BACKLOG_MIN )
                b->room = BACKLOG_MIN;
            b->data = allocate(b->data, b->room);
        }
    }
    memcpy(b->data + b->first + b->count, data, n);
    b->count += n;
}

/* Half of the limit from the start, the rest from the end: as xenconsoled. */
static void backlog_trim(struct backlog *b, size_t limit)
{
    size_t half = limit / 2;
    char *start = b->data + b->first;

    if ( !limit || b->count <= limit + limit / 4 )
        return;
    memmove(start + half, start + b->count - half, half);
    b->count = 2 * half;
}

/* --- opening ------------------------------------------------------------ */

void uart_reopen_log(struct device *d)
{
    struct uart *u = &d->uart;

    if ( u->log >= 0 )
        close(u->log);
    u->log = -1;
    if ( !u->log_name || !strcmp(u->log_name, "none") )
        return;
    u->log = open(u->log_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if ( u->log < 0 )
        note("%s: %s", u->log_name, strerror(errno));
}

static bool map_ring(struct server *s, struct device *d)
{
    int64_t gfn, limit = 0;
    xen_pfn_t pfn;

    if ( !store_read_number(s->host.xs, INT64_MAX, &gfn,
                            "/local/domain/%u/vsio/%u/ring-ref", d->domid,
                            d->slot) )
        return false;
    (void)store_read_number(s->host.xs, INT32_MAX, &limit,
                            "/local/domain/%u/vsio/%u/limit", d->domid,
                            d->slot);
    d->uart.limit = (size_t)limit;
    pfn = (xen_pfn_t)gfn;
    d->uart.page = xenforeignmemory_map(s->host.memory, d->domid,
                                        PROT_READ | PROT_WRITE, 1, &pfn, NULL);

    return d->uart.page != NULL;
}

/* NULL, or what could not be had. */
static const char *open_all(struct server *s, struct device *d)
{
    struct uart *u = &d->uart;
    struct epoll_event event = { .data.ptr = d };

    if ( !map_ring(s, d) )
        return "the ring's page";
    if ( !pty_open(&u->master, &u->slave, &u->tty) ||
         epoll_ctl(s->epoll, EPOLL_CTL_ADD, u->master, &event) )
        return "a pty";
    u->log_name =
        s->log_dir ? log_name(s->host.xs, d->domid, d->slot, s->log_dir) : NULL;
    uart_reopen_log(d);
    if ( !store_node(s->host.xs, d->domid, d->slot, "tty", u->tty) )
        return "xenstored";

    return NULL;
}

bool uart_open(struct server *s, struct device *d)
{
    const char *what;

    d->uart = (struct uart){ .master = -1, .slave = -1, .log = -1 };
    what = open_all(s, d);
    if ( !what )
        return true;
    note("domain %u, slot %u: %s: %s", d->domid, d->slot, what,
         strerror(errno));
    uart_close(s, d);

    return false;
}

void uart_close(struct server *s, struct device *d)
{
    struct uart *u = &d->uart;

    if ( u->page )
        xenforeignmemory_unmap(s->host.memory, u->page, 1);
    if ( u->master >= 0 )
        close(u->master);
    if ( u->slave >= 0 )
        close(u->slave);
    if ( u->log >= 0 )
        close(u->log);
    free(u->tty);
    free(u->log_name);
    backlog_free(&u->backlog);
}

/* --- running ------------------------------------------------------------ */

static uint32_t in_room(const struct xencons_interface *page, uint32_t prod)
{
    uint32_t queued = prod - load(&page->in_cons);

    return queued > sizeof(page->in) ? 0 : (uint32_t)sizeof(page->in) - queued;
}

/* Look only for what can be done something about. */
static void set_interest(struct server *s, struct device *d)
{
    struct uart *u = &d->uart;
    struct epoll_event event = { .data.ptr = d };

    event.events = (in_room(u->page, load(&u->page->in_prod)) ? EPOLLIN : 0U) |
                   (u->backlog.count ? EPOLLOUT : 0U);
    if ( event.events == u->polled )
        return;
    u->polled = event.events;
    (void)epoll_ctl(s->epoll, EPOLL_CTL_MOD, u->master, &event);
}

static void write_log(struct uart *u, const char *data, size_t n)
{
    bool bad = u->log >= 0 && !write_all(u->log, data, n);

    if ( bad && !u->log_bad )
        note("%s: %s", u->log_name, strerror(errno));
    u->log_bad = bad;
}

static void write_tty(struct uart *u)
{
    struct backlog *b = &u->backlog;

    while ( b->count )
    {
        ssize_t n = write(u->master, b->data + b->first, b->count);

        if ( n <= 0 )
            return; /* full: epoll tells */
        b->first += (size_t)n;
        b->count -= (size_t)n;
    }
    backlog_free(b);
}

static bool held(const struct server *s, const struct uart *u)
{
    return s->keep && u->limit && u->backlog.count >= u->limit;
}

/* One round: what is in the ring now. False: nothing, or nonsense. */
static bool take(struct server *s, struct device *d)
{
    struct uart *u = &d->uart;
    struct xencons_interface *page = u->page;
    char data[sizeof(page->out)];
    uint32_t cons = load(&page->out_cons);
    uint32_t queued = load(&page->out_prod) - cons;
    uint32_t at = cons % sizeof(page->out);
    uint32_t n = (uint32_t)sizeof(page->out) - at;

    if ( !queued || queued > sizeof(page->out) || held(s, u) )
        return false;
    if ( n > queued )
        n = queued;
    memcpy(data, page->out + at, n);
    memcpy(data + n, page->out, queued - n);

    write_log(u, data, queued);
    backlog_add(&u->backlog, data, queued);
    store(&page->out_cons, cons + queued);

    return true;
}

bool uart_event(struct server *s, struct device *d)
{
    struct uart *u = &d->uart;
    unsigned int rounds = 0;

    while ( rounds < ROUNDS && take(s, d) )
        rounds++;
    if ( rounds )
    {
        (void)xenevtchn_notify(s->events, (evtchn_port_t)d->port);
        write_tty(u);
        if ( !s->keep )
            backlog_trim(&u->backlog, u->limit);
    }
    set_interest(s, d);

    return rounds == ROUNDS;
}

static void read_tty(struct server *s, struct device *d)
{
    struct xencons_interface *page = d->uart.page;
    char data[sizeof(page->in)];
    uint32_t prod = load(&page->in_prod), room = in_room(page, prod);
    ssize_t n = room ? read(d->uart.master, data, room) : 0;

    if ( n <= 0 )
        return;
    for ( ssize_t i = 0; i < n; i++ )
        page->in[prod++ % sizeof(page->in)] = data[i];
    store(&page->in_prod, prod);
    (void)xenevtchn_notify(s->events, (evtchn_port_t)d->port);
}

void uart_tty(struct server *s, struct device *d, uint32_t events)
{
    if ( events & EPOLLIN )
        read_tty(s, d);
    if ( events & EPOLLOUT )
    {
        bool was_held = held(s, &d->uart);

        write_tty(&d->uart);
        if ( was_held && !held(s, &d->uart) )
            (void)uart_event(s, d);
    }
    set_interest(s, d);
}

/* SPDX-License-Identifier: MIT */
/*
 * serve.h - the parts of vsioctl serve: the loop, UARTs, flashes and clocks.
 */
#ifndef VSIOCTL_SERVE_H
#define VSIOCTL_SERVE_H

#include "vsioctl.h"

#include <xenevtchn.h>

#include <xen/io/console.h>

struct server {
    struct host host;
    xenevtchn_handle *events; /* one for all: its fd stands for every port */
    int epoll;
    const char *log_dir; /* NULL: no logs */
    bool keep;           /* hold the guest rather than lose its old bytes */
    struct device **by_port;
    unsigned int ports;
    struct device *devices;
    struct device *waiting; /* those whose event is masked, by next_waiting */
    struct watched *domains;
};

/* Bytes for a pty that nobody has read yet. */
struct backlog {
    char *data;
    size_t first, count, room;
};

struct uart {
    struct xencons_interface *page;
    int master, slave, log;
    bool log_bad; /* and that was said */
    char *tty, *log_name;
    struct backlog backlog;
    size_t limit;
    uint32_t polled; /* what epoll looks for */
};

/* One that has an event channel; each port belongs to one of them. */
struct device {
    struct device *next;
    const struct kind *kind;
    uint32_t domid, slot;
    uint32_t remote; /* the port as xenstore has it */
    int port;        /* ours */
    bool seen;       /* it is still in xenstore */
    struct device *next_waiting;
    int64_t due, period_end; /* in ms of CLOCK_MONOTONIC */
    unsigned int events;
    struct uart uart;
    int file; /* flash: -1, or its contents in dom0 */
};

/* uart.c. Open takes the ring up where its indexes stand. */
bool uart_open(struct server *s, struct device *d);
void uart_close(struct server *s, struct device *d);
void uart_reopen_log(struct device *d);
/* The guest has written or read. True: there is more to do at once. */
bool uart_event(struct server *s, struct device *d);
/* The pty can be read or written. */
void uart_tty(struct server *s, struct device *d, uint32_t events);

/* keep.c: what outlives the domain. Likewise. */
bool flash_open(struct server *s, struct device *d);
void flash_close(struct device *d);
void flash_event(struct server *s, struct device *d);
void clock_event(struct server *s, struct device *d);

#endif /* VSIOCTL_SERVE_H */

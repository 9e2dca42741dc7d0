/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console.h - a UART whose other end is a console: what all UARTs share. The
 * backend is a domain, with a ring and an event channel; or it is Xen's own
 * console, which uses the input half of a ring that is nobody else's.
 *
 * All of it is called with the slot's lock held, but for connecting,
 * disconnecting, starting and the kick.
 */
#ifndef VSIO_CONSOLE_H
#define VSIO_CONSOLE_H

#include <xen/mm.h>
#include <xen/timer.h>

#include "ring.h"
#include "slot.h"

struct vsio_console;

/* What the console asks of its UART. */
struct vsio_uart_ops {
    /* Bytes for the guest; how many were stored. */
    size_t (*rx)(struct vsio_console *c, const uint8_t *data, size_t n);
    /* There is room for what the guest has sent. */
    void (*tx_ready)(struct vsio_console *c);
};

/*
 * What the backend knows of the bytes in the ring. But for QUIET the timer is
 * set, and it is QUIET only when the ring was seen empty.
 */
enum {
    VSIO_OUTPUT_QUIET,
    VSIO_OUTPUT_WAITING, /* there are bytes: it will be told */
    VSIO_OUTPUT_TOLD,    /* it was, and has not answered yet */
};

/* The start of every UART's state. */
struct vsio_console {
    struct vsio_slot slot;
    struct vsio_ring ring;
    const struct vsio_uart_ops *uart;
    bool in_domain; /* where the backend is */

    /* Backend in a domain. */
    struct page_info *page;
    bool tx_waits;        /* the ring was full: tell the UART about room */
    uint8_t output;       /* VSIO_OUTPUT_* */
    s_time_t paced;       /* no timer tells the backend before */
    s_time_t alone_since; /* a full ring had no listener from then on; 0: has */
    struct timer wake;
};

static inline struct vsio_console *vsio_to_console(void *ctx)
{
    return container_of((struct vsio_slot *)ctx, struct vsio_console, slot);
}

/*
 * Connect to the ring in the domain's page gfn, or to Xen's console. c is
 * zeroed, but for what vsio_slot_init() has done.
 */
int vsio_console_connect(struct vsio_console *c,
                         const struct vsio_uart_ops *uart,
                         unsigned long gfn);
int vsio_console_connect_xen(struct vsio_console *c,
                             const struct vsio_uart_ops *uart);

/* As detach of struct vsio_slot_ops: nobody is there any more. */
void vsio_console_disconnect(struct vsio_slot *slot);

/* It is attached: take what the backend has put in already. */
void vsio_console_start(struct vsio_console *c);

/* From the ring into the UART, as much as it takes. */
void vsio_console_pull(struct vsio_console *c);
/* That, as rx_ready of the UART's host table. */
void vsio_console_rx_ready(void *ctx);

/* Notify the backend, once the lock is dropped. */
void vsio_console_tell(struct vsio_console *c);

/* There are bytes in the ring that the backend does not know of. */
void vsio_console_tell_soon(struct vsio_console *c);

/* The ring is full: is the byte taken nevertheless? */
bool vsio_console_full(struct vsio_console *c);

/* The backend may have taken bytes; for a console that is not QUIET. */
void vsio_console_answered(struct vsio_console *c);

/* As kick of struct vsio_slot_ops. */
void vsio_console_kick(struct vsio_slot *slot);

/* One byte into the ring. False: there is no room. */
static inline bool vsio_console_put(struct vsio_console *c, uint8_t byte)
{
    if ( !vsio_ring_put(&c->ring, byte) )
        return false;

    if ( c->output == VSIO_OUTPUT_QUIET )
        vsio_console_tell_soon(c);

    return true;
}

/* One byte from the guest, for a backend in a domain. False: it must wait. */
static inline bool vsio_console_tx(struct vsio_console *c, uint8_t byte)
{
    return likely(vsio_console_put(c, byte)) || vsio_console_full(c);
}

#endif /* VSIO_CONSOLE_H */

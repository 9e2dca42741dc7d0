/* SPDX-License-Identifier: GPL-2.0-only */
/* A domain's 16550A, with a console ring behind it. */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/sched.h>
#include <xen/xmalloc.h>

#include "console.h"
#include "devices/ns16550.h"

struct vns16550_state {
    struct vsio_console con;
    struct vsio_ns16550 uart;
};

static struct vsio_ns16550 *uart_of(struct vsio_console *c)
{
    return &container_of(c, struct vns16550_state, con)->uart;
}

static size_t rx(struct vsio_console *c, const uint8_t *data, size_t n)
{
    return vsio_ns16550_rx(uart_of(c), data, n);
}

static void tx_ready(struct vsio_console *c)
{
    vsio_ns16550_tx_ready(uart_of(c));
}

static const struct vsio_uart_ops uart_ops = {
    .rx = rx,
    .tx_ready = tx_ready,
};

static bool tx(void *ctx, uint8_t byte)
{
    return vsio_console_tx(vsio_to_console(ctx), byte);
}

/* Without interrupt, and with it. */
static const struct vsio_ns16550_host hosts[] = {
    {
        .common = { .event = vsio_slot_event, .events = VSIO_WANT_ERRORS },
        .tx = tx,
        .rx_ready = vsio_console_rx_ready,
    },
    {
        .common = { .set_irq = vsio_slot_set_irq,
                    .event = vsio_slot_event,
                    .events = VSIO_WANT_ERRORS },
        .tx = tx,
        .rx_ready = vsio_console_rx_ready,
    },
};

static const struct vsio_slot_ops ops = {
    .name = "vns16550",
    .type = XEN_VSIO_NS16550,
    .port = true,
    .kick = vsio_console_kick,
    .detach = vsio_console_disconnect,
};

int vsio_vns16550_create(struct domain *d, const struct xen_vsio_attach *a)
{
    struct vns16550_state *p;
    int rc;

    BUILD_BUG_ON(offsetof(struct vns16550_state, con.slot));

    if ( a->stride != 1 && a->stride != 2 && a->stride != 4 )
        return -EINVAL;

    p = xzalloc(struct vns16550_state);
    if ( !p )
        return -ENOMEM;

    vsio_slot_init(&p->con.slot, d, &p->uart.dev, &ops);
    vsio_ns16550_init(&p->uart, &hosts[a->virq != 0], &p->con.slot, a->stride,
                      VSIO_NS16550_FIFO);

    rc = vsio_console_connect(&p->con, &uart_ops, a->gfn);
    if ( rc )
        vsio_slot_drop(&p->con.slot);
    else
        rc = vsio_slot_attach(&p->con.slot, a, PAGE_SIZE);
    if ( !rc )
        vsio_console_start(&p->con);

    return rc;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

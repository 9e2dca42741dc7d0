/* SPDX-License-Identifier: GPL-2.0-only */
/* The console behind a UART: its ring, its events, its timer; see console.h. */

#include <xen/errno.h>
#include <xen/event.h>
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/param.h>
#include <xen/sched.h>

#include "console.h"

/*
 * When the backend is told of output. SOON: a line is one burst, and nobody
 * sees the delay. PACE: xenconsoled stops listening after 30 events in 200 ms.
 * AGAIN: nobody has answered, whatever the reason; see docs/xen.md.
 */
#define TELL_SOON  MILLISECS(1)
#define TELL_PACE  MILLISECS(7)
#define TELL_AGAIN MILLISECS(200)

/*
 * How long a guest is held back by a full ring that nobody listens to, in
 * seconds. A daemon that is started anew is back by then, and nothing is lost.
 */
static unsigned int __read_mostly opt_console_wait = 5;
integer_param("vsio-console-wait", opt_console_wait);

/* The ring of a device that goes: always empty, and nobody reads it. */
static struct xencons_interface nowhere;

void vsio_console_tell(struct vsio_console *c)
{
    if ( !c->in_domain || c->slot.after )
        return;

    c->slot.after = vsio_slot_notify;
    c->slot.notified++;
}

void vsio_console_tell_soon(struct vsio_console *c)
{
    c->output = VSIO_OUTPUT_WAITING;
    set_timer(&c->wake, max(NOW() + TELL_SOON, c->paced));
}

static void tell_now(struct vsio_console *c)
{
    s_time_t now = NOW();

    /* Whoever has scribbled on our indexes: the backend shall see them. */
    vsio_ring_publish(&c->ring);
    c->output = VSIO_OUTPUT_TOLD;
    c->paced = now + TELL_PACE;
    set_timer(&c->wake, now + TELL_AGAIN);
    vsio_console_tell(c);
}

/* No byte is left to tell of. Input without sense is looked at again. */
static void be_quiet(struct vsio_console *c)
{
    c->output = VSIO_OUTPUT_QUIET;
    if ( c->ring.in_senseless )
        set_timer(&c->wake, NOW() + TELL_AGAIN);
    else
        stop_timer(&c->wake);
}

void vsio_console_pull(struct vsio_console *c)
{
    const uint8_t *data;
    unsigned int n, taken;

    /* At most twice, where the ring wraps: a FIFO is smaller than it. */
    while ( (n = vsio_ring_peek(&c->ring, &data)) != 0 )
    {
        taken = c->uart->rx(c, data, n);
        if ( taken && vsio_ring_taken(&c->ring, taken) )
            vsio_console_tell(c);
        if ( taken < n )
            return;
    }

    if ( unlikely(c->ring.in_senseless) )
    {
        c->slot.senseless++;
        if ( c->output == VSIO_OUTPUT_QUIET )
            be_quiet(c);
    }
}

void vsio_console_rx_ready(void *ctx)
{
    vsio_console_pull(vsio_to_console(ctx));
}

/* Is somebody there to make room? Asked only of a ring that has none. */
static bool has_listener(const struct vsio_console *c)
{
    const struct evtchn *chn = evtchn_from_port(c->slot.domain, c->slot.evtchn);

    return ACCESS_ONCE(chn->state) == ECS_INTERDOMAIN;
}

/* Or will somebody be? */
static bool is_patient(struct vsio_console *c)
{
    s_time_t now = NOW();

    if ( !c->alone_since )
        c->alone_since = now;

    return now - c->alone_since < SECONDS(opt_console_wait);
}

bool vsio_console_full(struct vsio_console *c)
{
    bool heard = has_listener(c);

    if ( heard )
        c->alone_since = 0;
    if ( vsio_ring_queued(&c->ring) > sizeof(c->ring.page->out) )
        c->slot.senseless++;

    if ( heard || is_patient(c) )
    {
        c->tx_waits = true;
        if ( c->output != VSIO_OUTPUT_TOLD )
            tell_now(c);
        return false;
    }

    /* A guest must not hang because nobody reads its console. */
    c->slot.dev->count.bytes_dropped++;

    return true;
}

static void push(struct vsio_console *c)
{
    if ( !c->tx_waits )
        return;

    c->tx_waits = false;
    c->uart->tx_ready(c);
}

static bool all_taken(const struct vsio_console *c)
{
    return !c->tx_waits && !vsio_ring_queued(&c->ring);
}

/* The backend may have missed what was put since it has looked. */
void vsio_console_answered(struct vsio_console *c)
{
    bool told = c->output == VSIO_OUTPUT_TOLD;

    c->alone_since = 0;
    if ( told ) /* should the ring be full again: tell at once */
        c->output = VSIO_OUTPUT_WAITING;
    push(c);
    if ( all_taken(c) )
        be_quiet(c);
    else if ( told && c->output == VSIO_OUTPUT_WAITING )
        vsio_console_tell_soon(c);
}

/*
 * Time to tell the backend; or it has said nothing for long: it has died, was
 * started anew, or the page makes sense again. Look at everything.
 */
static void wake(void *data)
{
    struct vsio_console *c = data;
    unsigned long flags = vsio_slot_enter(&c->slot);

    vsio_console_pull(c);
    push(c);
    tell_now(c);
    if ( all_taken(c) )
        be_quiet(c);
    vsio_slot_leave(&c->slot, flags);
}

/* The backend has put bytes in, or taken some out. */
void vsio_console_kick(struct vsio_slot *slot)
{
    struct vsio_console *c = vsio_to_console(slot);
    unsigned long flags = vsio_slot_enter(slot);

    vsio_console_pull(c);
    if ( c->output != VSIO_OUTPUT_QUIET )
        vsio_console_answered(c);
    vsio_slot_leave(slot, flags);
}

void vsio_console_start(struct vsio_console *c)
{
    unsigned long flags = vsio_slot_enter(&c->slot);

    vsio_console_pull(c);
    vsio_slot_leave(&c->slot, flags);
}

int vsio_console_connect(struct vsio_console *c,
                         const struct vsio_uart_ops *uart,
                         unsigned long gfn)
{
    void *page;
    int rc = prepare_ring_for_helper(c->slot.domain, gfn, &c->page, &page);

    if ( rc < 0 )
        return rc;

    vsio_ring_init(&c->ring, page);
    c->uart = uart;
    c->in_domain = true;
    init_timer(&c->wake, wake, c, smp_processor_id());

    return 0;
}

int vsio_console_connect_xen(struct vsio_console *c,
                             const struct vsio_uart_ops *uart)
{
    void *page = alloc_xenheap_page();

    if ( !page )
        return -ENOMEM;

    clear_page(page);
    vsio_ring_init(&c->ring, page);
    c->uart = uart;

    return 0;
}

void vsio_console_disconnect(struct vsio_slot *slot)
{
    struct vsio_console *c = vsio_to_console(slot);
    unsigned long flags = vsio_slot_enter(slot);
    void *page = c->ring.page;

    /* Whoever has the lock after us finds nothing to do. */
    vsio_ring_init(&c->ring, &nowhere);
    c->tx_waits = false;
    c->output = VSIO_OUTPUT_QUIET;
    vsio_slot_leave(slot, flags);

    if ( c->in_domain )
    {
        kill_timer(&c->wake);
        destroy_ring_for_helper(&page, c->page);
    }
    else if ( page )
        free_xenheap_page(page);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

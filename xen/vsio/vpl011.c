/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's PL011, behind the functions of Xen's own vpl011 (asm/vpl011.h),
 * with the same two backends: the console ring of a domain, and Xen's console.
 */

#include <xen/console.h>
#include <xen/ctype.h>
#include <xen/errno.h>
#include <xen/event.h>
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/libfdt/libfdt.h>
#include <xen/mm.h>
#include <xen/sched.h>
#include <xen/serial.h>
#include <xen/xmalloc.h>

#include <asm/setup.h>
#include <asm/vpl011.h>

#include "devices/pl011.h"
#include "ring.h"
#include "slot.h"

#define LINE_SIZE 128U /* as much of a line as a domain without focus gets */

/*
 * When the backend is told of output. SOON: a line is one burst, and nobody
 * sees the delay. PACE: xenconsoled stops listening after 30 events in 200 ms.
 * AGAIN: nobody has answered, whatever the reason; see docs/xen.md.
 */
#define TELL_SOON  MILLISECS(1)
#define TELL_PACE  MILLISECS(7)
#define TELL_AGAIN MILLISECS(200)

/*
 * What the backend knows of the bytes in the ring. But for QUIET the timer is
 * set, and it is QUIET only when the ring was seen empty.
 */
enum output {
    QUIET,
    WAITING, /* there are bytes: it will be told */
    TOLD,    /* it was, and has not answered yet */
};

struct vpl011_state {
    struct vsio_slot slot;
    struct vsio_pl011 uart;
    struct vsio_ring ring; /* Xen's console uses its input half only */
    bool in_domain;        /* where the backend is */

    /* Backend in a domain. */
    struct page_info *page;
    evtchn_port_t evtchn;
    bool tx_waits;  /* the ring was full: tell the UART about room */
    uint8_t output; /* enum output */
    s_time_t paced; /* no timer tells the backend before */
    struct timer wake;

    /* Backend in Xen. */
    bool raw; /* Xen's console is the serial port: bytes can go unchanged */
    unsigned int length;
    char line[LINE_SIZE];
};

static struct vpl011_state *to_state(void *ctx)
{
    return container_of((struct vsio_slot *)ctx, struct vpl011_state, slot);
}

/* The ring of a domain that dies: always empty, and nobody reads it. */
static struct xencons_interface nowhere;

/* Kept where the rest of Xen looks whether there is a vpl011. */
static struct vpl011_state *state_of(const struct domain *d)
{
    return (void *)d->arch.vpl011.backend.dom.ring_buf;
}

static void notify(struct vsio_slot *slot)
{
    notify_via_xen_event_channel(slot->domain, to_state(slot)->evtchn);
}

/* Notify the backend, once the lock is dropped. */
static void tell(struct vpl011_state *p)
{
    if ( !p->in_domain || p->slot.after )
        return;

    p->slot.after = notify;
    p->slot.notified++;
}

/* There are bytes in the ring that the backend does not know of. */
static void tell_soon(struct vpl011_state *p)
{
    p->output = WAITING;
    set_timer(&p->wake, max(NOW() + TELL_SOON, p->paced));
}

static void tell_now(struct vpl011_state *p)
{
    s_time_t now = NOW();

    /* Whoever has scribbled on our indexes: the backend shall see them. */
    vsio_ring_publish(&p->ring);
    p->output = TOLD;
    p->paced = now + TELL_PACE;
    set_timer(&p->wake, now + TELL_AGAIN);
    tell(p);
}

/* No byte is left to tell of. Input without sense is looked at again. */
static void be_quiet(struct vpl011_state *p)
{
    p->output = QUIET;
    if ( p->ring.in_senseless )
        set_timer(&p->wake, NOW() + TELL_AGAIN);
    else
        stop_timer(&p->wake);
}

/* From the ring into the FIFO, as much as it takes. */
static void pull(struct vpl011_state *p)
{
    const uint8_t *data;
    unsigned int n, taken;

    /* At most twice, where the ring wraps: the FIFO is smaller than it. */
    while ( (n = vsio_ring_peek(&p->ring, &data)) != 0 )
    {
        taken = vsio_pl011_rx(&p->uart, data, n);
        if ( taken && vsio_ring_taken(&p->ring, taken) )
            tell(p);
        if ( taken < n )
            return;
    }

    if ( unlikely(p->ring.in_senseless) )
    {
        p->slot.senseless++;
        if ( p->output == QUIET )
            be_quiet(p);
    }
}

static void rx_ready(void *ctx)
{
    pull(to_state(ctx));
}

/* Is somebody there to make room? Asked only of a ring that has none. */
static bool has_listener(const struct vpl011_state *p)
{
    const struct evtchn *chn = evtchn_from_port(p->slot.domain, p->evtchn);

    return ACCESS_ONCE(chn->state) == ECS_INTERDOMAIN;
}

static bool ring_is_full(struct vpl011_state *p)
{
    if ( vsio_ring_queued(&p->ring) > sizeof(p->ring.page->out) )
        p->slot.senseless++;

    if ( has_listener(p) )
    {
        p->tx_waits = true;
        if ( p->output != TOLD )
            tell_now(p);
        return false;
    }

    /* A guest must not hang because nobody reads its console. */
    p->uart.dev.count.bytes_dropped++;

    return true;
}

/* Has the guest the keys and the screen? */
static bool has_focus(const struct domain *d)
{
#if VSIO_TREE_CONSOLE_PUT
    struct domain *input = console_get_domain();

    console_put_domain(input);
#else
    struct domain *input = console_input_domain();

    if ( input )
        rcu_unlock_domain(input);
#endif

    return input == d;
}

static void end_line(struct vpl011_state *p)
{
    p->line[p->length] = '\0';
    p->length = 0;
    printk("DOM%u: %s\n", p->slot.domain->domain_id, p->line);
}

/*
 * The domain with the focus has the serial port to itself: its bytes go out
 * as they are. What others say is shown line by line, with their names, and
 * without what could play with the reader's terminal.
 */
static bool console_tx(struct vpl011_state *p, uint8_t byte)
{
    if ( p->raw && has_focus(p->slot.domain) )
    {
        if ( p->length )
            serial_puts(SERHND_DTUART, p->line, p->length);
        p->length = 0;
        serial_puts(SERHND_DTUART, (const char *)&byte, 1);
        return true;
    }

    if ( byte == '\n' )
        end_line(p);
    else if ( isprint(byte) || byte == '\t' )
    {
        p->line[p->length++] = byte;
        if ( p->length == LINE_SIZE - 1 )
            end_line(p);
    }

    return true;
}

static bool tx(void *ctx, uint8_t byte)
{
    struct vpl011_state *p = to_state(ctx);

    if ( unlikely(!p->in_domain) )
        return console_tx(p, byte);
    if ( unlikely(!vsio_ring_put(&p->ring, byte)) )
        return ring_is_full(p);
    if ( p->output == QUIET )
        tell_soon(p);

    return true;
}

static const struct vsio_pl011_host host = {
    .common = { .set_irq = vsio_slot_set_irq,
                .event = vsio_slot_event,
                .events = VSIO_WANT_ERRORS },
    .tx = tx,
    .rx_ready = rx_ready,
};

/*
 * What guests do most comes first, by the device's short cuts: FR is polled for
 * each byte, DR is the byte. All else is for the handler of all devices.
 */
static int mmio_read(struct vcpu *v,
                     mmio_info_t *info,
                     register_t *r,
                     void *priv)
{
    struct vpl011_state *p = priv;
    unsigned long flags;
    uint32_t value;
    bool done;

    if ( vsio_slot_hits(&p->slot, info, PL011_DR) )
    {
        flags = vsio_slot_enter(&p->slot);
        done = vsio_pl011_rx_last(&p->uart, &value);
        if ( done && vsio_pl011_falls(&p->uart) )
            vsio_slot_set_irq(&p->slot, 0, false);
        spin_unlock_irqrestore(&p->slot.lock, flags);
        if ( done )
        {
            *r = value;
            return 1;
        }
    }
    else if ( vsio_slot_hits(&p->slot, info, PL011_FR) )
    {
        flags = vsio_slot_enter(&p->slot);
        *r = vsio_pl011_read_fr(&p->uart);
        spin_unlock_irqrestore(&p->slot.lock, flags);
        return 1;
    }

    return vsio_slot_read(v, info, r, priv);
}

static int mmio_write(struct vcpu *v,
                      mmio_info_t *info,
                      register_t r,
                      void *priv)
{
    struct vpl011_state *p = priv;
    unsigned long flags;
    bool done;

    if ( p->in_domain && vsio_slot_hits(&p->slot, info, PL011_DR) )
    {
        flags = vsio_slot_enter(&p->slot);
        done = vsio_pl011_straight(&p->uart) && vsio_ring_put(&p->ring, r);
        if ( done )
        {
            vsio_pl011_sent(&p->uart);
            if ( p->output == QUIET )
                tell_soon(p);
        }
        spin_unlock_irqrestore(&p->slot.lock, flags);
        if ( done )
            return 1;
    }

    return vsio_slot_write(v, info, r, priv);
}

static const struct mmio_handler_ops mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
};

/* pull(), if there is just one byte, and it is the first: somebody types. */
static inline bool pull_first(struct vpl011_state *p)
{
    uint8_t byte;

    if ( !vsio_ring_peek_one(&p->ring, &byte) ||
         !vsio_pl011_rx_first(&p->uart, byte) )
        return false;

    if ( vsio_pl011_rises(&p->uart) )
        vsio_slot_set_irq(&p->slot, 0, true);
    if ( vsio_ring_taken(&p->ring, 1) )
        tell(p);

    return true;
}

static void push(struct vpl011_state *p)
{
    if ( !p->tx_waits )
        return;

    p->tx_waits = false;
    vsio_pl011_tx_ready(&p->uart);
}

static bool all_taken(const struct vpl011_state *p)
{
    return !p->tx_waits && !vsio_ring_queued(&p->ring);
}

/*
 * The backend may have taken bytes, and may have missed those put since. Out of
 * line, as most notifications are of input.
 */
static noinline void answered(struct vpl011_state *p)
{
    bool told = p->output == TOLD;

    if ( told )
        p->output = WAITING; /* should the ring be full again: tell at once */
    push(p);
    if ( all_taken(p) )
        be_quiet(p);
    else if ( told && p->output == WAITING )
        tell_soon(p);
}

/*
 * Time to tell the backend; or it has said nothing for long: it has died, was
 * started anew, or the page makes sense again. Look at everything.
 */
static void wake(void *data)
{
    struct vpl011_state *p = data;
    unsigned long flags = vsio_slot_enter(&p->slot);

    pull(p);
    push(p);
    tell_now(p);
    if ( all_taken(p) )
        be_quiet(p);
    vsio_slot_leave(&p->slot, flags);
}

/* The backend has put bytes in, or taken some out. */
static void notification(struct vcpu *v, unsigned int port)
{
    struct vpl011_state *p = state_of(v->domain);
    unsigned long flags;

    if ( !p )
        return; /* not there yet, or no more */

    flags = vsio_slot_enter(&p->slot);
    if ( !pull_first(p) )
        pull(p);
    if ( p->output != QUIET )
        answered(p);
    vsio_slot_leave(&p->slot, flags);
}

/*
 * A key for the domain with the focus. In interrupt context; the sender can't
 * be held back, so what does not fit is lost as on a real line: the guest
 * sees an overrun, and the counters know.
 */
static int rx_char(struct vpl011_state *p, char c)
{
    unsigned long flags = vsio_slot_enter(&p->slot);
    struct xencons_interface *page = p->ring.page;
    int rc = 0;

    if ( p->slot.dead )
        rc = -ENODEV;
    else if ( page->in_prod - p->ring.in_cons < sizeof(page->in) )
    {
        page->in[page->in_prod++ % sizeof(page->in)] = c;
        pull(p);
    }
    else
    {
        vsio_pl011_overrun(&p->uart);
        rc = -ENOSPC;
    }
    vsio_slot_leave(&p->slot, flags);

    return rc;
}

#if VSIO_TREE_RX_CHAR_INT
int vpl011_rx_char_xen(struct domain *d, char c)
{
    struct vpl011_state *p = state_of(d);

    return p ? rx_char(p, c) : -ENODEV;
}
#else
void vpl011_rx_char_xen(struct domain *d, char c)
{
    struct vpl011_state *p = state_of(d);

    if ( p )
        (void)rx_char(p, c);
}
#endif

/* Where the guest finds it: direct-mapped domains have the host's layout. */
static int place(const struct domain *d, paddr_t *base, unsigned int *virq)
{
    const struct vuart_info *uart;
    int irq;

    *base = GUEST_PL011_BASE;
    *virq = GUEST_VPL011_SPI;
    if ( !is_domain_direct_mapped(d) )
        return 0;

    uart = serial_vuart_info(SERHND_DTUART);
    irq = serial_irq(SERHND_DTUART);
    if ( !uart || irq <= 0 || uart->size < GUEST_PL011_SIZE )
    {
        printk(XENLOG_ERR
               "%pd: vpl011: direct-map, but Xen has no UART of its own "
               "whose place it could take\n",
               d);
        return -EINVAL;
    }
    *base = uart->base_addr;
    *virq = irq;

    return 0;
}

static int connect_ring(struct vpl011_state *p, struct vpl011_init_info *info)
{
    struct domain *d = p->slot.domain;
    void *page;
    int rc = prepare_ring_for_helper(d, gfn_x(info->gfn), &p->page, &page);

    if ( rc < 0 )
        return rc;

    rc = alloc_unbound_xen_event_channel(d, 0, info->console_domid,
                                         notification);
    if ( rc < 0 )
    {
        destroy_ring_for_helper(&page, p->page);
        return rc;
    }

    vsio_ring_init(&p->ring, page);
    p->evtchn = info->evtchn = rc;
    p->in_domain = true;
    init_timer(&p->wake, wake, p, smp_processor_id());

    return 0;
}

/* Is Xen's console the port that raw bytes can be sent to? Known at boot. */
static bool __read_mostly console_is_dtuart;

static int __init console_probe(void)
{
    console_is_dtuart =
        console_has("dtuart") && serial_vuart_info(SERHND_DTUART);

    return 0;
}
presmp_initcall(console_probe);

static int connect_console(struct vpl011_state *p)
{
    void *page = alloc_xenheap_page();

    if ( !page )
        return -ENOMEM;

    clear_page(page);
    vsio_ring_init(&p->ring, page);
    p->raw = console_is_dtuart;

    return 0;
}

static void disconnect(struct vpl011_state *p)
{
    struct domain *d = p->slot.domain;
    unsigned long flags = vsio_slot_enter(&p->slot);
    void *page = p->ring.page;

    /* Whoever has the lock after us finds nothing to do. */
    vsio_ring_init(&p->ring, &nowhere);
    p->tx_waits = false;
    p->output = QUIET;
    if ( p->length )
        end_line(p);
    vsio_slot_leave(&p->slot, flags);

    if ( p->in_domain )
    {
        kill_timer(&p->wake);
        free_xen_event_channel(d, p->evtchn);
        destroy_ring_for_helper(&page, p->page);
    }
    else
        free_xenheap_page(page);
}

static void detach(struct vsio_slot *slot)
{
    slot->domain->arch.vpl011.backend.dom.ring_buf = NULL;
    disconnect(to_state(slot));
}

static const struct vsio_slot_ops ops = {
    .name = "vpl011",
    .mmio = &mmio_ops,
    .detach = detach,
};

/*
 * An SBSA UART is set up by firmware (SBSA, appendix B): its driver knows no
 * LCR_H and no CR, and takes for granted that it is on and has its FIFOs.
 */
static void be_firmware(struct vpl011_state *p)
{
    struct vsio_device *dev = &p->uart.dev;

    (void)vsio_write(dev, PL011_LCR_H, 4, PL011_LCR_H_FEN | PL011_LCR_H_WLEN8);
    (void)vsio_write(dev, PL011_CR, 4, PL011_CR_RESET | PL011_CR_UARTEN);
}

static struct vpl011_state *create(struct domain *d,
                                   struct vpl011_init_info *info,
                                   int *rc)
{
    struct vpl011_state *p = xzalloc(struct vpl011_state);

    *rc = -ENOMEM;
    if ( !p )
        return NULL;

    vsio_slot_init(&p->slot, d, &p->uart.dev, &ops);
    vsio_pl011_init(&p->uart, &host, &p->slot);
    be_firmware(p);

    *rc = info ? connect_ring(p, info) : connect_console(p);
    if ( !*rc )
        return p;

    vsio_slot_discard(&p->slot);
    xfree(p);

    return NULL;
}

/* What the rest of Xen reads: the device tree, and the console's input. */
static void publish(struct vpl011_state *p)
{
    struct vpl011 *vpl011 = &p->slot.domain->arch.vpl011;

    vpl011->base_addr = p->slot.base;
    vpl011->virq = p->slot.virq[0];
    vpl011->backend_in_domain = p->in_domain;
    smp_wmb(); /* all of it, before a notification can find it */
    vpl011->backend.dom.ring_buf = p; /* backend.xen for Xen's console */
}

int domain_vpl011_init(struct domain *d, struct vpl011_init_info *info)
{
    struct vpl011_state *p;
    unsigned long flags;
    unsigned int virq;
    paddr_t base;
    int rc;

    BUILD_BUG_ON(offsetof(struct vpl011_state, slot));
    BUILD_BUG_ON(offsetof(struct vpl011, backend.dom.ring_buf) !=
                 offsetof(struct vpl011, backend.xen));

    if ( state_of(d) )
        return -EINVAL;

    rc = place(d, &base, &virq);
    if ( rc )
        return rc;

    p = create(d, info, &rc);
    if ( !p )
        return rc;

    rc = vsio_slot_attach(&p->slot, base, virq);
    if ( rc )
    {
        vsio_slot_discard(&p->slot);
        disconnect(p);
        xfree(p);
        return rc;
    }

    publish(p);

    /* What the backend has done while there was no device yet. */
    flags = vsio_slot_enter(&p->slot);
    pull(p);
    vsio_slot_leave(&p->slot, flags);

    return 0;
}

/* vsio_domain_relinquish() has done it. */
void domain_vpl011_deinit(struct domain *d)
{
}

int vsio_vpl011_make_amba_node(const struct domain *d, void *fdt, uint32_t gic)
{
    static const char compatible[] = "arm,pl011\0arm,primecell";
    static const char clocks[] = "uartclk\0apb_pclk";
    const struct vpl011_state *p = state_of(d);
    int rc = vsio_fdt_begin(fdt, &p->slot, "serial", gic);

    rc = rc ?: fdt_property(fdt, "compatible", compatible, sizeof(compatible));
    rc = rc ?: vsio_fdt_clocks(fdt, clocks, sizeof(clocks));
    rc = rc ?: fdt_property_u32(fdt, "current-speed", 115200);

    return rc ?: fdt_end_node(fdt);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

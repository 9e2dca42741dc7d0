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

#define AFTER_NOTIFY 1U /* the ring has moved: tell the backend */

#define LINE_SIZE 128 /* as much of a line as a domain without focus gets */

struct vpl011_state {
    struct vsio_slot slot;
    struct vsio_pl011 uart;
    struct vsio_ring ring; /* Xen's console uses its input half only */

    /* Backend in a domain. */
    struct page_info *page;
    evtchn_port_t evtchn;
    bool tx_waits; /* the ring was full: tell the UART about room */
    struct timer retry;

    /* Backend in Xen. */
    bool raw; /* Xen's console is the serial port: bytes can go unchanged */
    unsigned int length;
    char line[LINE_SIZE];
};

static struct vpl011_state *to_state(void *ctx)
{
    return container_of((struct vsio_slot *)ctx, struct vpl011_state, slot);
}

/* From the ring into the FIFO, as much as it takes. */
static void pull(struct vpl011_state *p)
{
    const uint8_t *data;
    unsigned int n, taken;

    /* At most twice, where the ring wraps: the FIFO is smaller than it. */
    while ( p->ring.page && (n = vsio_ring_peek(&p->ring, &data)) != 0 )
    {
        taken = vsio_pl011_rx(&p->uart, data, n);
        if ( taken )
        {
            vsio_ring_taken(&p->ring, taken);
            p->slot.after |= AFTER_NOTIFY;
        }
        if ( taken < n )
            break;
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

static bool ring_tx(void *ctx, uint8_t byte)
{
    struct vpl011_state *p = to_state(ctx);

    if ( likely(p->ring.page && vsio_ring_put(&p->ring, byte)) )
    {
        p->slot.after |= AFTER_NOTIFY;
        return true;
    }

    if ( p->ring.page && has_listener(p) )
    {
        p->tx_waits = true;
        set_timer(&p->retry, NOW() + SECONDS(1));
        return false;
    }

    /* A guest must not hang because nobody reads its console. */
    p->uart.dev.count.bytes_dropped++;

    return true;
}

static void notify(struct vsio_slot *slot, unsigned int what)
{
    notify_via_xen_event_channel(slot->domain, to_state(slot)->evtchn);
}

static void push(struct vpl011_state *p)
{
    if ( !p->tx_waits )
        return;

    p->tx_waits = false;
    vsio_pl011_tx_ready(&p->uart);
}

/* A backend that dies while the guest waits for it says nothing: look. */
static void retry(void *data)
{
    struct vpl011_state *p = data;
    unsigned long flags = vsio_slot_enter(&p->slot);

    push(p);
    vsio_slot_leave(&p->slot, flags);
}

static const struct vsio_slot_ops ring_ops;
static const struct vsio_slot_ops console_ops;

static struct vsio_slot *find(const struct domain *d)
{
    struct vsio_slot *slot = vsio_slot_find(d, &ring_ops);

    return slot ? slot : vsio_slot_find(d, &console_ops);
}

/* Has the guest the keys and the screen? */
static bool has_focus(const struct domain *d)
{
#if VSIO_TREE_CONSOLE_PUT
    struct domain *input = console_get_domain();
    bool focus = input == d;

    console_put_domain(input);
#else
    struct domain *input = console_input_domain();
    bool focus = input == d;

    if ( input )
        rcu_unlock_domain(input);
#endif

    return focus;
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
static bool console_tx(void *ctx, uint8_t byte)
{
    struct vpl011_state *p = to_state(ctx);

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

/* Is Xen's console the port that raw bytes can be sent to? Known at boot. */
static bool __read_mostly console_is_dtuart;

static int __init console_probe(void)
{
    console_is_dtuart = console_has("dtuart");

    return 0;
}
presmp_initcall(console_probe);

static const struct vsio_pl011_host ring_host = {
    .common = { .set_irq = vsio_slot_set_irq, .event = vsio_slot_event },
    .tx = ring_tx,
    .rx_ready = rx_ready,
};

static const struct vsio_pl011_host console_host = {
    .common = { .set_irq = vsio_slot_set_irq, .event = vsio_slot_event },
    .tx = console_tx,
    .rx_ready = rx_ready,
};

/* The backend has put bytes in, or taken some out. */
static void notification(struct vcpu *v, unsigned int port)
{
    struct vsio_slot *slot = vsio_slot_find(v->domain, &ring_ops);
    struct vpl011_state *p;
    unsigned long flags;

    if ( !slot )
        return; /* the channel is there before the device is */

    p = to_state(slot);
    flags = vsio_slot_enter(slot);
    pull(p);
    push(p);
    vsio_slot_leave(slot, flags);
}

/*
 * A key for the domain with the focus. In interrupt context; the sender can't
 * be held back, so what does not fit is lost as on a real line: the guest
 * sees an overrun, and the counters know.
 */
#if VSIO_TREE_RX_CHAR_INT
int vpl011_rx_char_xen(struct domain *d, char c)
#else
void vpl011_rx_char_xen(struct domain *d, char c)
#endif
{
    struct vsio_slot *slot = vsio_slot_find(d, &console_ops);
    struct xencons_interface *page;
    struct vpl011_state *p;
    unsigned long flags;
    int rc = -ENODEV;

    if ( slot )
    {
        p = to_state(slot);
        flags = vsio_slot_enter(slot);
        page = p->ring.page;
        if ( page && page->in_prod - p->ring.in_cons < sizeof(page->in) )
        {
            page->in[page->in_prod++ % sizeof(page->in)] = c;
            pull(p);
            rc = 0;
        }
        else if ( page )
        {
            vsio_pl011_overrun(&p->uart);
            rc = -ENOSPC;
        }
        vsio_slot_leave(slot, flags);
    }

#if VSIO_TREE_RX_CHAR_INT
    return rc;
#endif
}

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
        printk(XENLOG_ERR "%pd: vpl011: direct-map, but Xen has no UART whose "
                          "address and interrupt could be used\n", d);
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
    vsio_ring_init(&p->ring, page);

    rc = alloc_unbound_xen_event_channel(d, 0, info->console_domid,
                                         notification);
    if ( rc < 0 )
    {
        p->ring.page = NULL;
        destroy_ring_for_helper(&page, p->page);
        return rc;
    }
    p->evtchn = info->evtchn = rc;
    init_timer(&p->retry, retry, p, smp_processor_id());

    return 0;
}

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

static void detach_ring(struct vsio_slot *slot)
{
    struct vpl011_state *p = to_state(slot);
    unsigned long flags = vsio_slot_enter(slot);
    void *page = p->ring.page;

    p->ring.page = NULL;
    vsio_slot_leave(slot, flags);

    kill_timer(&p->retry);
    free_xen_event_channel(slot->domain, p->evtchn);
    destroy_ring_for_helper(&page, p->page);
    slot->domain->arch.vpl011.backend.dom.ring_buf = NULL;
}

static void detach_console(struct vsio_slot *slot)
{
    struct vpl011_state *p = to_state(slot);
    unsigned long flags = vsio_slot_enter(slot);
    void *page = p->ring.page;

    p->ring.page = NULL;
    if ( p->length )
        end_line(p);
    vsio_slot_leave(slot, flags);

    free_xenheap_page(page);
    slot->domain->arch.vpl011.backend.xen = NULL;
}

static const struct vsio_slot_ops ring_ops = {
    .name = "vpl011",
    .after = notify,
    .detach = detach_ring,
};

static const struct vsio_slot_ops console_ops = {
    .name = "vpl011",
    .detach = detach_console,
};

/* What the rest of Xen reads: the device tree, and the console's input. */
static void publish(struct vpl011_state *p, bool in_domain)
{
    struct vpl011 *vpl011 = &p->slot.domain->arch.vpl011;

    vpl011->base_addr = p->slot.base;
    vpl011->virq = p->slot.virq[0];
    vpl011->backend_in_domain = in_domain;
    if ( in_domain )
    {
        vpl011->backend.dom.ring_buf = p->ring.page;
        vpl011->backend.dom.ring_page = p->page;
    }
    else
        vpl011->backend.xen = (void *)p->ring.page; /* not NULL: it is there */
}

int domain_vpl011_init(struct domain *d, struct vpl011_init_info *info)
{
    struct vpl011_state *p;
    unsigned long flags;
    unsigned int virq;
    paddr_t base;
    int rc;

    if ( find(d) )
        return -EINVAL;

    rc = place(d, &base, &virq);
    if ( rc )
        return rc;

    p = xzalloc(struct vpl011_state);
    if ( !p )
        return -ENOMEM;

    vsio_slot_init(&p->slot, d, &p->uart.dev, info ? &ring_ops : &console_ops);
    vsio_pl011_init(&p->uart, info ? &ring_host : &console_host, &p->slot);

    rc = info ? connect_ring(p, info) : connect_console(p);
    if ( rc )
    {
        vsio_slot_discard(&p->slot);
        xfree(p);
        return rc;
    }

    rc = vsio_slot_attach(&p->slot, base, virq);
    if ( rc )
    {
        vsio_slot_discard(&p->slot);
        p->slot.ops->detach(&p->slot);
        xfree(p);
        return rc;
    }

    publish(p, info != NULL);

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
    const struct vsio_slot *slot = find(d);
    int rc;

    if ( !slot )
        return 0;

    rc = vsio_fdt_begin(fdt, slot, "serial", gic);
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

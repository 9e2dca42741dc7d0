/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's PL011s. One of them is behind the functions of Xen's own vpl011
 * (asm/vpl011.h), with the same two backends: the console ring of a domain, and
 * Xen's console. Those that the toolstack attaches have rings.
 */

#include <xen/console.h>
#include <xen/ctype.h>
#include <xen/errno.h>
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/libfdt/libfdt.h>
#include <xen/sched.h>
#include <xen/serial.h>
#include <xen/xmalloc.h>

#include <asm/setup.h>
#include <asm/vpl011.h>

#include "console.h"
#include "devices/pl011.h"

#define LINE_SIZE 128U /* as much of a line as a domain without focus gets */

struct vpl011_state {
    struct vsio_console con;
    struct vsio_pl011 uart;

    /* Backend in Xen. */
    bool raw; /* Xen's console is the serial port: bytes can go unchanged */
    unsigned int length;
    char line[LINE_SIZE];
};

static struct vpl011_state *to_state(void *ctx)
{
    return container_of((struct vsio_slot *)ctx, struct vpl011_state, con.slot);
}

/* Xen's own; kept where the rest of Xen looks whether there is a vpl011. */
static struct vpl011_state *state_of(const struct domain *d)
{
    return ACCESS_ONCE(d->arch.vpl011.backend.dom.ring_buf);
}

static size_t rx(struct vsio_console *c, const uint8_t *data, size_t n)
{
    return vsio_pl011_rx(&to_state(&c->slot)->uart, data, n);
}

static void tx_ready(struct vsio_console *c)
{
    vsio_pl011_tx_ready(&to_state(&c->slot)->uart);
}

static const struct vsio_uart_ops uart_ops = {
    .rx = rx,
    .tx_ready = tx_ready,
};

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
    printk("DOM%u: %s\n", p->con.slot.domain->domain_id, p->line);
}

/*
 * The domain with the focus has the serial port to itself: its bytes go out
 * as they are. What others say is shown line by line, with their names, and
 * without what could play with the reader's terminal.
 */
static bool console_tx(struct vpl011_state *p, uint8_t byte)
{
    if ( p->raw && has_focus(p->con.slot.domain) )
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

    if ( unlikely(!p->con.in_domain) )
        return console_tx(p, byte);

    return vsio_console_tx(&p->con, byte);
}

/* Without interrupt, and with it. */
static const struct vsio_pl011_host hosts[] = {
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

    if ( vsio_slot_hits(&p->con.slot, info, PL011_DR) )
    {
        flags = vsio_slot_enter(&p->con.slot);
        done = vsio_image_settled(&p->con.slot) &&
               vsio_pl011_rx_last(&p->uart, &value);
        if ( done )
            vsio_slot_set_irq(&p->con.slot, 0, false);
        spin_unlock_irqrestore(&p->con.slot.lock, flags);
        if ( done )
        {
            *r = value;
            return 1;
        }
    }
    else if ( vsio_slot_hits(&p->con.slot, info, PL011_FR) )
    {
        flags = vsio_slot_enter(&p->con.slot);
        if ( vsio_image_settled(&p->con.slot) )
        {
            *r = vsio_pl011_read_fr(&p->uart);
            spin_unlock_irqrestore(&p->con.slot.lock, flags);
            return 1;
        }
        spin_unlock_irqrestore(&p->con.slot.lock, flags);
        return vsio_slot_read(v, info, r, priv);
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

    if ( p->con.in_domain && vsio_slot_hits(&p->con.slot, info, PL011_DR) )
    {
        flags = vsio_slot_enter(&p->con.slot);
        done = vsio_pl011_straight(&p->uart) && vsio_console_put(&p->con, r);
        if ( done )
            vsio_pl011_sent(&p->uart);
        spin_unlock_irqrestore(&p->con.slot.lock, flags);
        if ( done )
            return 1;
    }

    return vsio_slot_write(v, info, r, priv);
}

static const struct mmio_handler_ops mmio_ops = {
    .read = mmio_read,
    .write = mmio_write,
};

/* As pull, if there is just one byte, and it is the first: somebody types. */
static inline bool pull_first(struct vpl011_state *p)
{
    uint8_t byte;
    bool was_full;

    if ( !vsio_pl011_rx_awaits(&p->uart) ||
         !vsio_ring_take_one(&p->con.ring, &byte, &was_full) )
        return false;

    vsio_pl011_rx_first(&p->uart, byte);
    if ( was_full )
        vsio_console_tell(&p->con);
    vsio_slot_set_irq(&p->con.slot, 0, true);

    return true;
}

/* vsio_console_kick(), with that short cut. */
static always_inline void kick(struct vpl011_state *p)
{
    unsigned long flags = vsio_slot_enter(&p->con.slot);

    if ( !pull_first(p) )
        vsio_console_pull(&p->con);
    if ( unlikely(p->con.output != VSIO_OUTPUT_QUIET) )
        vsio_console_answered(&p->con);
    vsio_slot_leave(&p->con.slot, flags);
}

static void kick_slot(struct vsio_slot *slot)
{
    kick(to_state(slot));
}

/* Of Xen's own. */
static void notification(struct vcpu *v, unsigned int port)
{
    struct vpl011_state *p = state_of(v->domain);

    if ( p )
        kick(p); /* else it is not there yet, or no more */
}

/*
 * A key for the domain with the focus. In interrupt context; the sender can't
 * be held back, so what does not fit is lost as on a real line: the guest
 * sees an overrun, and the counters know.
 */
static int rx_char(struct vpl011_state *p, char c)
{
    unsigned long flags = vsio_slot_enter(&p->con.slot);
    struct xencons_interface *page = p->con.ring.page;
    int rc = 0;

    if ( p->con.slot.dead )
        rc = -ENODEV;
    else if ( page->in_prod - p->con.ring.in_cons < sizeof(page->in) )
    {
        page->in[page->in_prod++ % sizeof(page->in)] = c;
        vsio_console_pull(&p->con);
    }
    else
    {
        vsio_pl011_overrun(&p->uart);
        rc = -ENOSPC;
    }
    vsio_slot_leave(&p->con.slot, flags);

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
static int place(const struct domain *d, struct xen_vsio_attach *a)
{
    const struct vuart_info *uart;
    int irq;

    a->base = GUEST_PL011_BASE;
    a->virq = GUEST_VPL011_SPI;
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
    a->base = uart->base_addr;
    a->virq = irq;

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

/* A line that is cut off is shown. */
static void flush_line(struct vpl011_state *p)
{
    unsigned long flags = vsio_slot_enter(&p->con.slot);

    if ( p->length )
        end_line(p);
    vsio_slot_leave(&p->con.slot, flags);
}

static void detach_own(struct vsio_slot *slot)
{
    struct vpl011_state *p = to_state(slot);

    if ( state_of(slot->domain) == p )
        slot->domain->arch.vpl011.backend.dom.ring_buf = NULL;
    flush_line(p);
    vsio_console_disconnect(slot);
}

#define OPS .name = "vpl011", .type = XEN_VSIO_PL011, .port = true

/* Xen's own; others; those without interrupt, which have no short cuts. */
static const struct vsio_slot_ops own_ops = {
    OPS,
    .mmio = &mmio_ops,
    .notification = notification,
    .detach = detach_own,
}, ops = {
    OPS,
    .mmio = &mmio_ops,
    .kick = kick_slot,
    .detach = vsio_console_disconnect,
}, polled_ops = {
    OPS,
    .kick = vsio_console_kick,
    .detach = vsio_console_disconnect,
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

/* Until a byte waits to be read, its registers can be without a trap. */
static int give_image(struct vpl011_state *p)
{
    void *page;
    int rc = vsio_image_alloc(&p->con.slot, PL011_DMACR + 4, &page);

    if ( page )
        vsio_pl011_set_image(&p->uart, page);

    return rc;
}

/* a: where it is, and its ring, unless the backend is Xen's console. */
static struct vpl011_state *create(struct domain *d,
                                   const struct xen_vsio_attach *a,
                                   const struct vsio_slot_ops *slot_ops,
                                   int *rc)
{
    struct vpl011_state *p = xzalloc(struct vpl011_state);

    BUILD_BUG_ON(offsetof(struct vpl011_state, con.slot));

    *rc = -ENOMEM;
    if ( !p )
        return NULL;

    vsio_slot_init(&p->con.slot, d, &p->uart.dev, slot_ops);
    vsio_pl011_init(&p->uart, &hosts[a->virq != 0], &p->con.slot);
    be_firmware(p);
    p->raw = console_is_dtuart;

    if ( a->peer != VSIO_NO_PEER )
        *rc = vsio_console_connect(&p->con, &uart_ops, a->gfn);
    else
        *rc = vsio_console_connect_xen(&p->con, &uart_ops);
    *rc = *rc ?: give_image(p);
    if ( *rc )
        vsio_slot_drop(&p->con.slot);
    else
        *rc = vsio_slot_attach(&p->con.slot, a, PAGE_SIZE);

    return *rc ? NULL : p;
}

int vsio_vpl011_create(struct domain *d, const struct xen_vsio_attach *a)
{
    int rc;
    struct vpl011_state *p = create(d, a, a->virq ? &ops : &polled_ops, &rc);

    if ( p )
        vsio_console_start(&p->con);

    return rc;
}

/* What the rest of Xen reads: the device tree, and the console's input. */
static void publish(struct vpl011_state *p)
{
    struct vpl011 *vpl011 = &p->con.slot.domain->arch.vpl011;

    vpl011->base_addr = p->con.slot.base;
    vpl011->virq = p->con.slot.virq[0];
    vpl011->backend_in_domain = p->con.in_domain;
    smp_wmb(); /* all of it, before a notification can find it */
    vpl011->backend.dom.ring_buf = p; /* backend.xen for Xen's console */
}

int domain_vpl011_init(struct domain *d, struct vpl011_init_info *info)
{
    struct xen_vsio_attach a = { .peer = VSIO_NO_PEER };
    struct vpl011_state *p;
    int rc;

    BUILD_BUG_ON(offsetof(struct vpl011, backend.dom.ring_buf) !=
                 offsetof(struct vpl011, backend.xen));

    if ( state_of(d) || (info && info->console_domid >= DOMID_FIRST_RESERVED) )
        return -EINVAL;

    rc = place(d, &a);
    if ( rc )
        return rc;

    if ( info )
    {
        a.gfn = gfn_x(info->gfn);
        a.peer = info->console_domid;
    }
    p = create(d, &a, &own_ops, &rc);
    if ( !p )
        return rc;

    publish(p);
    if ( info )
        info->evtchn = p->con.slot.evtchn;
    vsio_console_start(&p->con);

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
    int rc = vsio_fdt_begin(fdt, &p->con.slot, "serial", gic);

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

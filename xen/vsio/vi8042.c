/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's i8042; its reset line reboots the domain. A toolstack can press
 * its keys and move its mouse; a dom0less domain's has neither.
 */

#include <xen/errno.h>
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/libfdt/libfdt.h>
#include <xen/sched.h>
#include <xen/xmalloc.h>

#include <public/sched.h>

#include "devices/i8042.h"
#include "layout.h"
#include "slot.h"

struct vi8042_state {
    struct vsio_slot slot;
    struct vsio_i8042 kbc;
};

static void reboot(struct vsio_slot *slot)
{
    printk("%pd: i8042 reset: domain reboots\n", slot->domain);
    (void)domain_shutdown(slot->domain, SHUTDOWN_reboot);
}

static void reset(void *ctx)
{
    struct vsio_slot *slot = ctx;

    slot->after = reboot;
}

/* Without interrupts, and with them; and with nothing plugged in. */
static const struct vsio_i8042_host hosts[] = {
    {
        .common = { .event = vsio_slot_event, .events = VSIO_WANT_ERRORS },
        .reset = reset,
        .devices = VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE,
    },
    {
        .common = { .set_irq = vsio_slot_set_irq,
                    .event = vsio_slot_event,
                    .events = VSIO_WANT_ERRORS },
        .reset = reset,
        .devices = VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE,
    },
}, bare_host = {
    .common = { .set_irq = vsio_slot_set_irq,
                .event = vsio_slot_event,
                .events = VSIO_WANT_ERRORS },
    .reset = reset,
};

static int key(struct vi8042_state *p, const struct xen_vsio_key *key)
{
    unsigned long flags;
    bool taken;

    if ( key->code > 0xffff || key->pressed > 1 )
        return -EINVAL;

    flags = vsio_slot_enter(&p->slot);
    taken = vsio_i8042_key(&p->kbc, key->code, key->pressed);
    vsio_slot_leave(&p->slot, flags);

    return taken ? 0 : -EAGAIN;
}

/* More than that is an overrun, whatever it is. */
static int16_t counts(int32_t n)
{
    n = min(n, 0x7fff);

    return max(n, -0x7fff);
}

static int mouse(struct vi8042_state *p, const struct xen_vsio_mouse *mouse)
{
    const struct vsio_mouse_move move = {
        .dx = counts(mouse->x),
        .dy = counts(mouse->y),
        .dz = counts(mouse->wheel),
        .buttons = mouse->buttons,
    };
    unsigned long flags;
    bool taken;

    if ( mouse->buttons > 0x1f )
        return -EINVAL;

    flags = vsio_slot_enter(&p->slot);
    taken = vsio_i8042_mouse(&p->kbc, &move);
    vsio_slot_leave(&p->slot, flags);

    return taken ? 0 : -EAGAIN;
}

static int run_domctl(struct vsio_slot *slot, struct xen_vsio_op *op)
{
    struct vi8042_state *p = container_of(slot, struct vi8042_state, slot);

    switch ( op->cmd )
    {
    case XEN_VSIO_key:
        return key(p, &op->u.key);
    case XEN_VSIO_mouse:
        return mouse(p, &op->u.mouse);
    default:
        return -EINVAL;
    }
}

static int make_node(const struct vsio_slot *slot, void *fdt, uint32_t gic)
{
    int rc = vsio_fdt_begin(fdt, slot, "8042", gic);

    rc = rc ?: fdt_property_string(fdt, "compatible", "intel,8042");

    return rc ?: fdt_end_node(fdt);
}

static const struct vsio_slot_ops ops = {
    .name = "vi8042",
    .type = XEN_VSIO_I8042,
    .domctl = run_domctl,
    .make_node = make_node,
};

static int create(struct domain *d,
                  const struct xen_vsio_attach *a,
                  const struct vsio_i8042_host *h)
{
    struct vi8042_state *p = xzalloc(struct vi8042_state);

    BUILD_BUG_ON(offsetof(struct vi8042_state, slot));

    if ( !p )
        return -ENOMEM;

    vsio_slot_init(&p->slot, d, &p->kbc.dev, &ops);
    vsio_i8042_init(&p->kbc, h, &p->slot);

    return vsio_slot_attach(&p->slot, a, PAGE_SIZE);
}

int vsio_vi8042_create(struct domain *d, const struct xen_vsio_attach *a)
{
    return create(d, a, &hosts[a->virq != 0]);
}

int __init vsio_vi8042_attach(struct domain *d)
{
    static const struct xen_vsio_attach place __initconst = {
        .base = VSIO_VI8042_BASE,
        .virq = VSIO_VI8042_SPI,
        .peer = VSIO_NO_PEER,
    };

    return create(d, &place, &bare_host);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

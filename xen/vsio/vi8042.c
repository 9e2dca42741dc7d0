/* SPDX-License-Identifier: GPL-2.0-only */
/* A dom0less domain's i8042; its reset line reboots the domain. */

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

static const struct vsio_i8042_host host = {
    .common = { .set_irq = vsio_slot_set_irq,
                .event = vsio_slot_event,
                .events = VSIO_WANT_ERRORS },
    .reset = reset,
};

static int make_node(const struct vsio_slot *slot, void *fdt, uint32_t gic)
{
    int rc = vsio_fdt_begin(fdt, slot, "8042", gic);

    rc = rc ?: fdt_property_string(fdt, "compatible", "intel,8042");

    return rc ?: fdt_end_node(fdt);
}

static const struct vsio_slot_ops ops = {
    .name = "vi8042",
    .make_node = make_node,
};

int __init vsio_vi8042_attach(struct domain *d)
{
    struct vi8042_state *p = xzalloc(struct vi8042_state);
    int rc;

    BUILD_BUG_ON(offsetof(struct vi8042_state, slot));

    if ( !p )
        return -ENOMEM;

    vsio_slot_init(&p->slot, d, &p->kbc.dev, &ops);
    vsio_i8042_init(&p->kbc, &host, &p->slot);

    rc = vsio_slot_attach(&p->slot, VSIO_VI8042_BASE, VSIO_VI8042_SPI);
    if ( rc )
    {
        vsio_slot_discard(&p->slot);
        xfree(p);
    }

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

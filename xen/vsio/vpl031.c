/* SPDX-License-Identifier: GPL-2.0-only */
/* A dom0less domain's PL031, driven by Xen's wall clock. */

#include <xen/errno.h>
#include <xen/init.h>
#include <xen/libfdt/libfdt.h>
#include <xen/mm.h>
#include <xen/sched.h>
#include <xen/time.h>
#include <xen/timer.h>
#include <xen/vmap.h>
#include <xen/xmalloc.h>

#include <asm/domain.h>
#include <asm/io.h>

#include <xen/device_tree.h>

#include "devices/pl031-regs.h"
#include "devices/pl031.h"
#include "layout.h"
#include "slot.h"
#include VSIO_TREE_GET_SEC_HEADER

struct vpl031_state {
    struct vsio_slot slot;
    struct vsio_pl031 rtc;
    struct timer alarm;
};

static struct vpl031_state *to_state(void *ctx)
{
    return container_of((struct vsio_slot *)ctx, struct vpl031_state, slot);
}

static uint64_t now(void *ctx)
{
    return get_sec();
}

/*
 * Nobody tells us when the wall clock is set (XENPF_settime64), so an armed
 * alarm is looked at again this often. The device then asks anew.
 */
#define LOOK_AGAIN 10U /* seconds */

static void set_alarm(void *ctx, uint64_t when)
{
    struct vpl031_state *p = to_state(ctx);
    uint64_t sec = get_sec(), ns = 0;

    if ( when == VSIO_PL031_NO_ALARM || p->slot.dead )
    {
        stop_timer(&p->alarm);
        return;
    }

    wallclock_time(&ns); /* how much of this second is over */
    when = when > sec ? when - sec : 0;
    when = SECONDS(min_t(uint64_t, when, LOOK_AGAIN));
    set_timer(&p->alarm, NOW() + when - min(when, ns));
}

static void alarm(void *data)
{
    struct vpl031_state *p = data;
    unsigned long flags = vsio_slot_enter(&p->slot);

    vsio_pl031_alarm(&p->rtc);
    vsio_slot_leave(&p->slot, flags);
}

static const struct vsio_pl031_host host = {
    .common = { .set_irq = vsio_slot_set_irq, .event = vsio_slot_event },
    .now = now,
    .set_alarm = set_alarm,
};

static void detach(struct vsio_slot *slot)
{
    kill_timer(&to_state(slot)->alarm);
}

static int make_node(const struct vsio_slot *slot, void *fdt, uint32_t gic)
{
    static const char compatible[] = "arm,pl031\0arm,primecell";
    static const char clocks[] = "apb_pclk";
    int rc = vsio_fdt_begin(fdt, slot, "rtc", gic);

    rc = rc ?: fdt_property(fdt, "compatible", compatible, sizeof(compatible));
    rc = rc ?: vsio_fdt_clocks(fdt, clocks, sizeof(clocks));

    return rc ?: fdt_end_node(fdt);
}

static const struct vsio_slot_ops ops = {
    .name = "vpl031",
    .detach = detach,
    .make_node = make_node,
};

int vsio_vpl031_attach(struct domain *d)
{
    struct vpl031_state *p = xzalloc(struct vpl031_state);
    int rc;

    if ( !p )
        return -ENOMEM;

    init_timer(&p->alarm, alarm, p, smp_processor_id());
    vsio_slot_init(&p->slot, d, &p->rtc.dev, &ops);
    vsio_pl031_init(&p->rtc, &host, &p->slot);

    rc = vsio_slot_attach(&p->slot, VSIO_VPL031_BASE, VSIO_VPL031_SPI);
    if ( rc )
    {
        vsio_slot_discard(&p->slot);
        detach(&p->slot);
        xfree(p);
    }

    return rc;
}

/*
 * Without a dom0 nobody ever sets Xen's wall clock, and guests would live in
 * 1970: take the time from the platform's own PL031, if there is one.
 */
static int __init set_wall_clock(void)
{
    const struct dt_device_node *node =
        dt_find_compatible_node(NULL, NULL, "arm,pl031");
    void __iomem *regs;
    u64 base, size;
    uint32_t sec;

    if ( !node || dt_device_get_address(node, 0, &base, &size) ||
         size < PL031_DR + 4 )
        return 0;

    regs = ioremap_nocache(base, size);
    if ( !regs )
    {
        printk(XENLOG_WARNING "vpl031: can't map the platform's RTC\n");
        return 0;
    }
    sec = readl(regs + PL031_DR);
    iounmap(regs);

    if ( sec )
    {
        do_settime(sec, 0, NOW());
        printk("Wall clock set from %s: %u\n", dt_node_full_name(node), sec);
    }

    return 0;
}
__initcall(set_wall_clock);

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

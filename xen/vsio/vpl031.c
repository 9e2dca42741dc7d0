/* SPDX-License-Identifier: GPL-2.0-only */
/* A domain's PL031, driven by Xen's wall clock. */

#include <xen/device_tree.h>
#include <xen/errno.h>
#include <xen/init.h>
#include <xen/libfdt/libfdt.h>
#include <xen/mm.h>
#include <xen/sched.h>
#include <xen/time.h>
#include <xen/timer.h>
#include <xen/vmap.h>
#include <xen/xmalloc.h>

#include <asm/div64.h>
#include <asm/domain.h>
#include <asm/io.h>

#include "devices/pl031-regs.h"
#include "devices/pl031.h"
#include "layout.h"
#include "slot.h"
/* NOLINTNEXTLINE(readability-duplicate-include): some Xens have it above. */
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

static uint64_t wall_clock(void *ctx)
{
    return get_sec();
}

/*
 * Nobody tells us when the wall clock is set (XENPF_settime64), so an armed
 * alarm is looked at again this often. The device then asks anew.
 */
#define LOOK_AGAIN 10U /* seconds */

/* How much of this second of the wall clock is over, in ns. */
static uint64_t past_second(void)
{
    uint64_t ns = NOW();

    ns = do_div(ns, 1000000000U); /* as long as nobody has set it */
    (void)wallclock_time(&ns);

    return ns;
}

static void set_alarm(void *ctx, uint64_t when)
{
    struct vpl031_state *p = to_state(ctx);
    uint64_t past = past_second(); /* first: early is better than late */
    uint64_t now = get_sec();

    if ( when == VSIO_PL031_NO_ALARM )
    {
        stop_timer(&p->alarm);
        return;
    }

    when = when > now ? when - now : 0;
    when = SECONDS(min_t(uint64_t, when, LOOK_AGAIN));
    set_timer(&p->alarm, NOW() + when - min(when, past));
}

static void alarm(void *data)
{
    struct vpl031_state *p = data;
    unsigned long flags = vsio_slot_enter(&p->slot);

    vsio_pl031_alarm(&p->rtc);
    vsio_slot_leave(&p->slot, flags);
}

/* The guest has set its clock: whoever keeps the offset shall know. */
static void event(void *ctx, const struct vsio_event *ev)
{
    struct vsio_slot *slot = ctx;

    if ( ev->type != VSIO_EVENT_TIME )
        vsio_slot_event(ctx, ev);
    else if ( slot->evtchn )
    {
        slot->notified++;
        slot->after = vsio_slot_notify;
    }
}

#define WANTED (VSIO_WANT_ERRORS | VSIO_WANT(VSIO_EVENT_TIME))

/* Without interrupt, and with it. */
static const struct vsio_pl031_host hosts[] = {
    {
        .common = { .event = event, .events = WANTED },
        .now = wall_clock,
        .set_alarm = set_alarm,
    },
    {
        .common = { .set_irq = vsio_slot_set_irq,
                    .event = event,
                    .events = WANTED },
        .now = wall_clock,
        .set_alarm = set_alarm,
    },
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

static void info(const struct vsio_slot *slot, struct xen_vsio_info *info)
{
    const struct vpl031_state *p =
        container_of(slot, const struct vpl031_state, slot);

    info->offset = vsio_pl031_offset(&p->rtc);
}

/* DR is what guests read; all else is for the handler of all devices. */
static int mmio_read(struct vcpu *v,
                     mmio_info_t *info,
                     register_t *r,
                     void *priv)
{
    struct vpl031_state *p = priv;
    unsigned long flags;
    uint32_t value;
    bool done;

    if ( vsio_slot_hits(&p->slot, info, PL031_DR) )
    {
        flags = vsio_slot_enter(&p->slot);
        done = vsio_pl031_read_dr(&p->rtc, wall_clock(&p->slot), &value);
        spin_unlock_irqrestore(&p->slot.lock, flags);
        if ( done )
        {
            *r = value;
            return 1;
        }
    }

    return vsio_slot_read(v, info, r, priv);
}

static const struct mmio_handler_ops mmio_ops = {
    .read = mmio_read,
    .write = vsio_slot_write,
};

static const struct vsio_slot_ops ops = {
    .name = "vpl031",
    .type = XEN_VSIO_PL031,
    .mmio = &mmio_ops,
    .port = true,
    .detach = detach,
    .info = info,
    .clocked = true,
    .make_node = make_node,
};

/*
 * Without a dom0 nobody ever sets Xen's wall clock, and guests would live in
 * 1970: take the time from the platform's own PL031, if there is one for us.
 */
static void __init set_wall_clock(void)
{
    const struct dt_device_node *node;
    void __iomem *regs;
    u64 base, size;
    uint32_t sec;

    if ( wallclock_time(NULL).tm_mday )
        return; /* it is set */

    node = dt_find_compatible_node(NULL, NULL, "arm,pl031");
    if ( !node || !dt_device_is_available(node) ||
         dt_device_for_passthrough(node) ||
         dt_device_get_address(node, 0, &base, &size) || size < PL031_DR + 4 )
        return;

    regs = ioremap_nocache(base, size);
    if ( !regs )
    {
        printk(XENLOG_WARNING "vpl031: can't map the platform's RTC\n");
        return;
    }
    sec = readl(regs + PL031_DR);
    iounmap(regs);

    if ( sec )
    {
        do_settime(sec, 0, NOW());
        printk("Wall clock set from %s: %u\n", dt_node_full_name(node), sec);
    }
}

int vsio_vpl031_create(struct domain *d, const struct xen_vsio_attach *a)
{
    struct vpl031_state *p;

    BUILD_BUG_ON(offsetof(struct vpl031_state, slot));

    if ( a->offset != (int32_t)a->offset )
        return -EINVAL; /* more than its 32 bits can show */

    p = xzalloc(struct vpl031_state);
    if ( !p )
        return -ENOMEM;

    init_timer(&p->alarm, alarm, p, smp_processor_id());
    vsio_slot_init(&p->slot, d, &p->rtc.dev, &ops);
    vsio_pl031_init(&p->rtc, &hosts[a->virq != 0], &p->slot);
    vsio_pl031_set_offset(&p->rtc, a->offset);

    return vsio_slot_attach(&p->slot, a, PAGE_SIZE);
}

int __init vsio_vpl031_attach(struct domain *d)
{
    static const struct xen_vsio_attach place __initconst = {
        .base = VSIO_VPL031_BASE,
        .virq = VSIO_VPL031_SPI,
        .peer = VSIO_NO_PEER,
    };

    set_wall_clock();

    return vsio_vpl031_create(d, &place);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

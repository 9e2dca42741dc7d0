/* SPDX-License-Identifier: GPL-2.0-only */
/* Any vsuperio device as an MMIO handler of Xen; see slot.h. */

#include <xen/errno.h>
#include <xen/event.h>
#include <xen/lib.h>
#include <xen/sched.h>
#include <xen/smp.h>
#include <xen/xmalloc.h>

#include "slot.h"

int vsio_slot_read(struct vcpu *v, mmio_info_t *info, register_t *r, void *priv)
{
    struct vsio_slot *slot = priv;
    unsigned long flags = vsio_slot_enter(slot);
    uint32_t value = 0;
    bool ok = vsio_read(slot->dev, info->gpa - slot->base,
                        1U << info->dabt.size, &value);

    vsio_slot_leave(slot, flags);
    if ( ok )
        *r = value;

    return ok; /* false: a data abort for the guest */
}

int vsio_slot_write(struct vcpu *v, mmio_info_t *info, register_t r, void *priv)
{
    struct vsio_slot *slot = priv;
    unsigned long flags = vsio_slot_enter(slot);
    bool ok =
        vsio_write(slot->dev, info->gpa - slot->base, 1U << info->dabt.size, r);

    vsio_slot_leave(slot, flags);

    return ok;
}

static const struct mmio_handler_ops mmio_ops = {
    .read = vsio_slot_read,
    .write = vsio_slot_write,
};

/*
 * Level.
 *
 * Xen's default vGIC takes rising edges only: a line that is still high when
 * the guest ends the interrupt is not delivered again, and one that rises
 * while its target vCPU is offline is forgotten. So a line that has risen is
 * looked at a little later, and as long as it is high. If it has been high
 * since the last look, and its interrupt is not on its way to the guest or
 * being handled, it is injected anew. The new vGIC (NEW_VGIC) takes levels, and
 * needs none of this.
 */
#define RESAMPLE_MIN MILLISECS(1)
#define RESAMPLE_MAX MILLISECS(64)

void vsio_slot_watch(struct vsio_slot *slot)
{
    slot->resampling = true;
    set_timer(&slot->resample, NOW() + RESAMPLE_MIN);
}

static void deliver_again(struct domain *d, unsigned int virq)
{
#ifndef CONFIG_NEW_VGIC
    /* Still pending, or being handled? */
    if ( list_empty(&spi_to_pending(d, virq)->inflight) )
        vgic_inject_irq(d, NULL, virq, true);
    else
        /* A vCPU that never traps: have its list registers read. */
        vcpu_kick(vgic_get_target_vcpu(d->vcpu[0], virq));
#endif
}

static void resample(void *data)
{
    struct vsio_slot *slot = data;
    unsigned long flags = vsio_slot_enter(slot);
    const struct vsio_counters *count = &slot->dev->count;
    uint64_t accesses = count->reads + count->writes;
    bool still = count->irqs == slot->irqs_seen; /* else it was injected */
    unsigned int i;

    slot->resampling = slot->dev->lines != 0;
    if ( slot->resampling )
    {
        for ( i = 0; still && i < slot->dev->class->lines; i++ )
            if ( slot->dev->lines & (1U << i) )
                deliver_again(slot->domain, slot->virq[i]);

        /* A guest that never serves the line costs less and less. */
        slot->resample_ns = accesses != slot->accesses_seen
                                ? RESAMPLE_MIN
                                : min(2 * slot->resample_ns, RESAMPLE_MAX);
        set_timer(&slot->resample, NOW() + slot->resample_ns);
    }
    slot->irqs_seen = count->irqs;
    slot->accesses_seen = accesses;

    vsio_slot_leave(slot, flags);
}

/* At most one line a second and device, whatever guest_loglvl is. */
void vsio_slot_event(void *ctx, const struct vsio_event *ev)
{
    struct vsio_slot *slot = ctx;
    s_time_t now = NOW();

    if ( now < slot->log_next )
    {
        slot->log_held_back++;
        return;
    }

    if ( ev->type == VSIO_EVENT_DROPPED )
        printk(XENLOG_G_WARNING "%pd: %s: lost a byte", slot->domain,
               slot->ops->name);
    else
        printk(XENLOG_G_WARNING "%pd: %s: %s %s: offset %#x size %u value %#x",
               slot->domain, slot->ops->name,
               ev->type == VSIO_EVENT_REFUSED ? "refused" : "ignored",
               ev->write ? "write" : "read", ev->offset, ev->size, ev->value);
    printk(" (and %" PRIu64 " times more since the last line)\n",
           slot->log_held_back);

    slot->log_next = now + SECONDS(1);
    slot->log_held_back = 0;
}

void vsio_slot_init(struct vsio_slot *slot,
                    struct domain *d,
                    struct vsio_device *dev,
                    const struct vsio_slot_ops *ops)
{
    slot->domain = d;
    slot->dev = dev;
    slot->ops = ops;
    slot->resample_ns = RESAMPLE_MIN;
    spin_lock_init(&slot->lock);
    init_timer(&slot->resample, resample, slot, smp_processor_id());
}

void vsio_slot_discard(struct vsio_slot *slot)
{
    kill_timer(&slot->resample);
}

static struct vsio_slot **free_place(struct domain *d)
{
    unsigned int i;

    if ( !d->arch.vsio )
        d->arch.vsio = xzalloc(struct vsio_domain);

    for ( i = 0; d->arch.vsio && i < VSIO_MAX_SLOTS; i++ )
        if ( !d->arch.vsio->slot[i] )
            return &d->arch.vsio->slot[i];

    return NULL;
}

int vsio_slot_attach(struct vsio_slot *slot, paddr_t base, unsigned int virq)
{
    struct domain *d = slot->domain;
    struct vsio_slot **place = free_place(d);
    unsigned int i;

    /* register_mmio_handler() has no way to fail but BUG(). */
    if ( !place || d->arch.vmmio.num_entries >= d->arch.vmmio.max_num_entries )
    {
        printk(XENLOG_ERR "%pd: %s: no room or memory for one more device\n", d,
               slot->ops->name);
        return -ENOMEM;
    }

    for ( i = 0; i < slot->dev->class->lines; i++ )
    {
        slot->virq[i] = virq + i;
        if ( vgic_reserve_virq(d, virq + i) )
            continue;

        printk(XENLOG_ERR "%pd: %s: interrupt %u is taken, or above nr_spis\n",
               d, slot->ops->name, virq + i);
        while ( i-- )
            vgic_free_virq(d, slot->virq[i]);
        return -EINVAL;
    }

    slot->base = base;
    *place = slot;
    register_mmio_handler(d, slot->ops->mmio ?: &mmio_ops, base, PAGE_SIZE,
                          slot);

    return 0;
}

void vsio_domain_relinquish(struct domain *d)
{
    unsigned int i;

    for ( i = 0; d->arch.vsio && i < VSIO_MAX_SLOTS; i++ )
    {
        struct vsio_slot *slot = d->arch.vsio->slot[i];
        unsigned long flags;

        if ( !slot || slot->dead )
            continue;

        /* From here on, whoever takes the lock finds a dead device. */
        flags = vsio_slot_enter(slot);
        slot->dead = true;
        vsio_slot_leave(slot, flags);

        kill_timer(&slot->resample);
        if ( slot->ops->detach )
            slot->ops->detach(slot);
    }
}

/*
 * Called when no reference to the domain is left, RCU's included: a
 * notification that was under way in vsio_domain_relinquish() is long over.
 */
void vsio_domain_destroy(struct domain *d)
{
    unsigned int i;

    vsio_domain_relinquish(d); /* has been done, unless creation failed */

    for ( i = 0; d->arch.vsio && i < VSIO_MAX_SLOTS; i++ )
        xfree(d->arch.vsio->slot[i]);
    xfree(d->arch.vsio);
    d->arch.vsio = NULL;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

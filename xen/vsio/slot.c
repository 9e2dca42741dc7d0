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
    unsigned long flags = vsio_image_enter(slot);
    uint32_t offset = info->gpa - slot->base, value = 0;
    unsigned int size = 1U << info->dabt.size;
    bool shown = unlikely(size == 8) && vsio_image_read(slot, offset, size, r);
    bool ok = !shown && vsio_read(slot->dev, offset, size, &value);

    vsio_slot_leave(slot, flags);
    if ( !vsio_image_settled(slot) )
        vsio_image_settle(slot);
    if ( ok )
        *r = value;

    return ok || shown; /* false: a data abort for the guest */
}

int vsio_slot_write(struct vcpu *v, mmio_info_t *info, register_t r, void *priv)
{
    struct vsio_slot *slot = priv;
    unsigned long flags = vsio_slot_enter(slot);
    bool ok =
        vsio_write(slot->dev, info->gpa - slot->base, 1U << info->dabt.size, r);

    vsio_slot_leave(slot, flags);
    if ( !vsio_image_settled(slot) )
        vsio_image_settle(slot);

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
#define RESAMPLE_MAX MILLISECS(64)

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
                                ? VSIO_RESAMPLE_MIN
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

/* --- Its port ------------------------------------------------------------- */

void vsio_slot_notify(struct vsio_slot *slot)
{
    notify_via_xen_event_channel(slot->domain, slot->evtchn);
}

/*
 * The caller is in an RCU read section: a slot that is detached now is there
 * until we are done.
 */
void vsio_slot_notification(struct vcpu *v, unsigned int port)
{
    struct vsio_domain *vsio = ACCESS_ONCE(v->domain->arch.vsio);
    unsigned int i;

    for ( i = 0; vsio && i < XEN_VSIO_SLOTS; i++ )
    {
        struct vsio_slot *slot = ACCESS_ONCE(vsio->slot[i]);

        if ( slot && slot->evtchn == port && slot->ops->kick )
            slot->ops->kick(slot);
    }
}

static int open_port(struct vsio_slot *slot, domid_t peer)
{
    int rc;

    if ( !slot->ops->port || peer == VSIO_NO_PEER )
        return 0;

    rc = alloc_unbound_xen_event_channel(slot->domain, 0, peer,
                                         slot->ops->notification
                                             ?: vsio_slot_notification);
    if ( rc < 0 )
        return rc;

    slot->evtchn = rc;

    return 0;
}

static void close_port(struct vsio_slot *slot)
{
    if ( slot->evtchn )
        free_xen_event_channel(slot->domain, slot->evtchn);
}

/* --- Its place in the guest ----------------------------------------------- */

static bool is_taken(const struct vmmio *vmmio, paddr_t base, paddr_t size)
{
    const struct mmio_handler *h = vmmio->handlers;
    const struct mmio_handler *end = h + vmmio->num_entries;

    for ( ; h < end; h++ )
        if ( base < h->addr + h->size && h->addr < base + size )
            return true;

    return false;
}

/* register_mmio_handler() has no way to fail but BUG(), and does not look. */
static int check_handlers(struct vsio_slot *slot)
{
    struct vmmio *vmmio = &slot->domain->arch.vmmio;
    bool full, taken;

    read_lock(&vmmio->lock);
    full = vmmio->num_entries >= vmmio->max_num_entries;
    taken = is_taken(vmmio, slot->base, slot->size);
    read_unlock(&vmmio->lock);

    if ( !taken && !full )
        return 0;

    printk(XENLOG_ERR "%pd: %s: %s\n", slot->domain, slot->ops->name,
           taken ? "its place is taken" : "no room for one more device");

    return taken ? -EEXIST : -ENOSPC;
}

/* The way back from register_mmio_handler(), which Xen has not. */
static void unregister_handler(struct vsio_slot *slot)
{
    struct vmmio *vmmio = &slot->domain->arch.vmmio;
    unsigned int i;

    write_lock(&vmmio->lock);
    for ( i = 0; i < vmmio->num_entries; i++ )
        if ( vmmio->handlers[i].priv == slot )
        {
            vmmio->num_entries--;
            memmove(&vmmio->handlers[i], &vmmio->handlers[i + 1],
                    (vmmio->num_entries - i) * sizeof(vmmio->handlers[i]));
            break;
        }
    write_unlock(&vmmio->lock);
}

static void free_virqs(struct vsio_slot *slot)
{
    unsigned int i;

    for ( i = 0; i < slot->dev->class->lines; i++ )
        if ( slot->virq[i] )
            vgic_free_virq(slot->domain, slot->virq[i]);
}

static int reserve_virqs(struct vsio_slot *slot, unsigned int virq)
{
    unsigned int i;

    for ( i = 0; virq && i < slot->dev->class->lines; i++, virq++ )
    {
        if ( vgic_reserve_virq(slot->domain, virq) )
        {
            slot->virq[i] = virq;
            continue;
        }

        printk(XENLOG_ERR "%pd: %s: interrupt %u is taken, or above nr_spis\n",
               slot->domain, slot->ops->name, virq);
        free_virqs(slot);
        return -EADDRINUSE;
    }

    return 0;
}

int vsio_free_number(const struct domain *d)
{
    unsigned int n;

    for ( n = 0; n < XEN_VSIO_SLOTS; n++ )
        if ( !d->arch.vsio || !d->arch.vsio->slot[n] )
            return n;

    return -ENOSPC;
}

static int find_number(struct domain *d)
{
    if ( !d->arch.vsio )
    {
        struct vsio_domain *vsio = xzalloc(struct vsio_domain);

        if ( !vsio )
            return -ENOMEM;
        smp_wmb(); /* zeroes, before a notification can look */
        d->arch.vsio = vsio;
    }

    return vsio_free_number(d);
}

/* --- Its life ------------------------------------------------------------- */

void vsio_slot_init(struct vsio_slot *slot,
                    struct domain *d,
                    struct vsio_device *dev,
                    const struct vsio_slot_ops *ops)
{
    slot->domain = d;
    slot->dev = dev;
    slot->ops = ops;
    slot->resample_ns = VSIO_RESAMPLE_MIN;
    spin_lock_init(&slot->lock);
    init_timer(&slot->resample, resample, slot, smp_processor_id());
    vsio_image_init(slot);
}

/* From here on, whoever takes the lock finds a dead device. */
static void stop(struct vsio_slot *slot)
{
    unsigned long flags = vsio_slot_enter(slot);

    slot->dead = true;
    vsio_slot_leave(slot, flags);

    kill_timer(&slot->resample);
    if ( slot->ops->detach )
        slot->ops->detach(slot);
    vsio_image_stop(slot);
}

static void free_slot(struct vsio_slot *slot)
{
    if ( slot->ops->free )
        slot->ops->free(slot);
    vsio_image_free(slot);
    xfree(slot);
}

void vsio_slot_drop(struct vsio_slot *slot)
{
    stop(slot);
    close_port(slot);
    free_slot(slot);
}

int vsio_slot_attach(struct vsio_slot *slot,
                     const struct xen_vsio_attach *a,
                     paddr_t size)
{
    struct domain *d = slot->domain;
    int n, rc;

    slot->base = a->base;
    slot->size = size;
    n = find_number(d);
    rc = n < 0 ? n : check_handlers(slot);
    rc = rc ?: open_port(slot, a->peer);
    rc = rc ?: reserve_virqs(slot, a->virq);
    if ( rc )
    {
        vsio_slot_drop(slot);
        return rc;
    }

    smp_wmb(); /* all of it, before a notification can find it */
    ACCESS_ONCE(d->arch.vsio->slot[n]) = slot;
    register_mmio_handler(d, slot->ops->mmio ?: &mmio_ops, slot->base,
                          slot->size, slot);

    return 0;
}

static void free_detached(struct rcu_head *head)
{
    struct vsio_slot *slot = container_of(head, struct vsio_slot, rcu);
    struct domain *d = slot->domain;

    close_port(slot);
    free_slot(slot);
    put_domain(d);
}

/*
 * A notification may be under way: it may still read the slot, and send an
 * event to the port, which must not be somebody else's by then.
 */
void vsio_slot_detach(struct vsio_slot *slot)
{
    struct domain *d = slot->domain;
    unsigned int i;

    for ( i = 0; i < XEN_VSIO_SLOTS; i++ )
        if ( d->arch.vsio->slot[i] == slot )
            ACCESS_ONCE(d->arch.vsio->slot[i]) = NULL;
    unregister_handler(slot);
    stop(slot);
    free_virqs(slot); /* no line of it rises any more */

    get_knownalive_domain(d);
    call_rcu(&slot->rcu, free_detached);
}

void vsio_domain_relinquish(struct domain *d)
{
    unsigned int i;

    for ( i = 0; d->arch.vsio && i < XEN_VSIO_SLOTS; i++ )
    {
        struct vsio_slot *slot = d->arch.vsio->slot[i];

        if ( !slot || slot->dead )
            continue;

        stop(slot);
        close_port(slot);
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

    for ( i = 0; d->arch.vsio && i < XEN_VSIO_SLOTS; i++ )
        if ( d->arch.vsio->slot[i] )
            free_slot(d->arch.vsio->slot[i]);
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

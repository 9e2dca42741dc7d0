/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The toolstack's way to a domain's devices: vsio-domctl.h has the interface.
 *
 * Domctls are serialised by Xen, with each other and with the death of the
 * domain; the domain that attach and detach are for has never run.
 */

#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/sched.h>

#include <asm/p2m.h>

#include <public/arch-arm.h>
#include <public/domctl.h>

#include "devices/snapshot.h"
#include "slot.h"

/* --- attach and detach ---------------------------------------------------- */

static const struct {
    uint32_t type;
    int (*create)(struct domain *d, const struct xen_vsio_attach *a);
} types[] = {
#ifdef CONFIG_VSIO_PL011
    { XEN_VSIO_PL011, vsio_vpl011_create },
#endif
#ifdef CONFIG_VSIO_PL031
    { XEN_VSIO_PL031, vsio_vpl031_create },
#endif
#ifdef CONFIG_VSIO_I8042
    { XEN_VSIO_I8042, vsio_vi8042_create },
#endif
#ifdef CONFIG_VSIO_NS16550
    { XEN_VSIO_NS16550, vsio_vns16550_create },
#endif
#ifdef CONFIG_VSIO_CFI_FLASH
    { XEN_VSIO_CFI_FLASH, vsio_vflash_create },
#endif
};

/* What a guest's layout is for, and nobody may have put there yet. */
static const struct {
    uint64_t base, size;
} layout[] = {
    { GUEST_VIRTIO_MMIO_BASE, GUEST_VIRTIO_MMIO_SIZE },
    { GUEST_GNTTAB_BASE, GUEST_GNTTAB_SIZE },
    { GUEST_MAGIC_BASE, GUEST_MAGIC_SIZE },
    { GUEST_RAM0_BASE, GUEST_RAM0_SIZE },
    { GUEST_RAM1_BASE, GUEST_RAM1_SIZE },
};

static bool in_layout(uint64_t base, uint64_t size)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(layout); i++ )
        if ( base < layout[i].base + layout[i].size &&
             layout[i].base < base + size )
            return true;

    return false;
}

/* At most 16384 pages. */
static bool is_mapped(struct domain *d, uint64_t base, uint64_t size)
{
    uint64_t at;

    for ( at = base; at < base + size; at += PAGE_SIZE )
        if ( !mfn_eq(p2m_lookup(d, gaddr_to_gfn(at), NULL), INVALID_MFN) )
            return true;

    return false;
}

static int check_place(struct domain *d, const struct xen_vsio_attach *a)
{
    uint64_t size = a->type == XEN_VSIO_CFI_FLASH ? a->size : PAGE_SIZE;
    uint64_t end = 1ULL << p2m_ipa_bits;

    if ( ((a->base | size) & ~PAGE_MASK) || !size ||
         size > XEN_VSIO_FLASH_MAX || a->base > end - size )
        return -EINVAL;

    return in_layout(a->base, size) || is_mapped(d, a->base, size) ? -EEXIST
                                                                   : 0;
}

static int check_attach(struct domain *d, const struct xen_vsio_attach *a)
{
    if ( d->creation_finished )
        return -EBUSY;
    /* SPIs, and the notifications of Xen's event channels, go by a vCPU. */
    if ( !d->vcpu[0] )
        return -EINVAL;
    if ( a->pad || a->peer >= DOMID_FIRST_RESERVED ||
         (a->virq && a->virq < 32) )
        return -EINVAL;

    return check_place(d, a);
}

static int attach(struct domain *d, struct xen_vsio_op *op)
{
    struct xen_vsio_attach *a = &op->u.attach;
    unsigned int i = 0;
    int n, rc = check_attach(d, a);

    if ( rc )
        return rc;

    while ( i < ARRAY_SIZE(types) && types[i].type != a->type )
        i++;
    if ( i == ARRAY_SIZE(types) )
        return -EOPNOTSUPP;

    n = vsio_free_number(d);
    if ( n < 0 )
        return n;

    rc = types[i].create(d, a);
    if ( !rc )
    {
        op->slot = n;
        a->evtchn = d->arch.vsio->slot[n]->evtchn;
    }

    return rc;
}

static int detach(struct vsio_slot *slot)
{
    if ( slot->domain->creation_finished )
        return -EBUSY;

    vsio_slot_detach(slot);

    return 0;
}

/* --- info ----------------------------------------------------------------- */

static uint16_t to_16_bits(uint64_t count)
{
    return count < 0xffffU ? (uint16_t)count : 0xffffU;
}

static int get_info(struct vsio_slot *slot, struct xen_vsio_info *info)
{
    const struct vsio_counters *count = &slot->dev->count;
    unsigned long flags = vsio_slot_enter(slot);

    *info = (struct xen_vsio_info){
        .type = slot->ops->type,
        .virq = { slot->virq[0], slot->virq[1] },
        .lines = (uint16_t)slot->dev->lines,
        .senseless = to_16_bits(slot->senseless),
        .base = slot->base,
        .size = slot->size,
        .evtchn = slot->evtchn,
        .reads = count->reads,
        .writes = count->writes,
        .refused = count->refused,
        .unknown = count->unknown,
        .bytes_in = count->bytes_in,
        .bytes_out = count->bytes_out,
        .bytes_dropped = count->bytes_dropped,
        .irqs = count->irqs,
        .notified = slot->notified,
    };
    if ( slot->ops->info )
        slot->ops->info(slot, info);
    vsio_slot_leave(slot, flags);

    return 0;
}

/* --- save and restore ----------------------------------------------------- */

static int save(struct vsio_slot *slot, struct xen_vsio_data *data)
{
    uint8_t record[VSIO_RECORD_MAX];
    enum vsio_error error;
    unsigned long flags;
    size_t used = 0;

    if ( !slot->domain->controller_pause_count )
        return -EBUSY;

    flags = vsio_slot_enter(slot);
    error = vsio_save(slot->dev, record, sizeof(record), &used);
    vsio_slot_leave(slot, flags);

    if ( error || used > data->length )
        return -ENOBUFS;
    if ( copy_to_guest(data->data, record, used) )
        return -EFAULT;
    data->length = used;

    return 0;
}

/* No byte follows the record, whose header has its length. */
static bool is_alone(const uint8_t *record, uint32_t length)
{
    return length >= VSIO_RECORD_HEADER &&
           (record[8] | record[9] << 8) == length - VSIO_RECORD_HEADER;
}

static int restore(struct vsio_slot *slot, const struct xen_vsio_data *data)
{
    uint8_t record[VSIO_RECORD_MAX], scratch[VSIO_RECORD_MAX];
    enum vsio_error error;
    unsigned long flags;
    size_t used = 0;

    if ( !slot->domain->controller_pause_count )
        return -EBUSY;
    if ( data->length > sizeof(record) )
        return -EBADMSG;
    if ( copy_from_guest(record, data->data, data->length) )
        return -EFAULT;
    if ( !is_alone(record, data->length) )
        return -EBADMSG;

    flags = vsio_slot_enter(slot);
    error = vsio_restore(slot->dev, record, data->length, &used, scratch);
    vsio_slot_leave(slot, flags);

    return error ? -EBADMSG : 0;
}

/* --- all ------------------------------------------------------------------ */

static int run_on(struct vsio_slot *slot, struct xen_vsio_op *op)
{
    switch ( op->cmd )
    {
    case XEN_VSIO_detach:
        return detach(slot);
    case XEN_VSIO_info:
        return get_info(slot, &op->u.info);
    case XEN_VSIO_save:
        return save(slot, &op->u.data);
    case XEN_VSIO_restore:
        return restore(slot, &op->u.data);
    default:
        return slot->ops->domctl ? slot->ops->domctl(slot, op) : -EINVAL;
    }
}

static int run(struct domain *d, struct xen_vsio_op *op)
{
    if ( op->version != XEN_VSIO_VERSION )
        return -EACCES;
    if ( d->is_dying )
        return -ESRCH;
    if ( op->pad )
        return -EINVAL;
    if ( op->cmd == XEN_VSIO_attach )
        return attach(d, op);
    if ( !d->arch.vsio || op->slot >= XEN_VSIO_SLOTS ||
         !d->arch.vsio->slot[op->slot] )
        return -ENOENT;

    return run_on(d->arch.vsio->slot[op->slot], op);
}

int vsio_domctl(struct domain *d, struct xen_domctl *domctl, void *u_domctl)
{
    struct xen_vsio_op *op = (void *)&domctl->u;
    int rc = run(d, op);

    BUILD_BUG_ON(sizeof(*op) > sizeof(domctl->u));

    if ( !rc && copy_to_guest(guest_handle_from_ptr(u_domctl, xen_domctl_t),
                              domctl, 1) )
    {
        /* Who does not hear of a device has none. */
        if ( op->cmd == XEN_VSIO_attach )
            vsio_slot_detach(d->arch.vsio->slot[op->slot]);
        rc = -EFAULT;
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain's flash: two chips of 16 bits side by side, as firmware knows it
 * from other hypervisors, or a single chip. Its contents live in Xen's memory;
 * a toolstack brings them, and fetches the blocks that the guest has changed.
 */

#include <xen/bitmap.h>
#include <xen/bitops.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/sched.h>
#include <xen/vmap.h>
#include <xen/xmalloc.h>

#include <asm/page.h>

#include "devices/cfi-flash.h"
#include "slot.h"

struct vflash_state {
    struct vsio_slot slot;
    struct vsio_cfi_flash flash;
    uint8_t *array;
    bool whole; /* contiguous in the machine, so that it can be mapped */
    unsigned int order; /* then; 2^n pages */
    unsigned int shift; /* 2^n bytes: a block */
    DECLARE_BITMAP(dirty, VSIO_CFI_FLASH_BLOCKS_MAX);
    bool told; /* the peer was, and has not taken all blocks yet */
};

static struct vflash_state *to_state(void *ctx)
{
    return container_of((struct vsio_slot *)ctx, struct vflash_state, slot);
}

/* The guest may read it as a device's, past the caches. */
static void written(const struct vflash_state *p,
                    uint32_t offset,
                    uint32_t length)
{
    if ( p->whole )
        (void)clean_dcache_va_range(p->array + offset, length);
}

static void dirty(void *ctx, uint32_t offset, uint32_t length)
{
    struct vflash_state *p = to_state(ctx);

    written(p, offset, length);
    /* All of a program or an erase is in one block. */
    __set_bit(offset >> p->shift, p->dirty);
    if ( p->told || !p->slot.evtchn )
        return;

    p->told = true;
    p->slot.notified++;
    p->slot.after = vsio_slot_notify;
}

static const struct vsio_cfi_flash_host host = {
    .common = { .event = vsio_slot_event, .events = VSIO_WANT_ERRORS },
    .dirty = dirty,
};

/* The next block that the guest has changed, which is clean then. */
static int next_dirty(struct vflash_state *p, struct xen_vsio_data *data)
{
    unsigned long flags = vsio_slot_enter(&p->slot);
    unsigned int n = find_first_bit(p->dirty, VSIO_CFI_FLASH_BLOCKS_MAX);

    data->offset = data->length = 0;
    if ( n < VSIO_CFI_FLASH_BLOCKS_MAX )
    {
        __clear_bit(n, p->dirty);
        data->offset = n << p->shift;
        data->length = 1U << p->shift;
    }
    else
        p->told = false;
    vsio_slot_leave(&p->slot, flags);

    return 0;
}

/*
 * No lock: the guest may write while it is read from here, a byte is old or
 * new then, and its block is dirty again.
 */
static int copy(struct vflash_state *p,
                const struct xen_vsio_data *data,
                bool write)
{
    uint8_t *at = p->array + data->offset;
    uint32_t size = vsio_cfi_flash_size(&p->flash);
    unsigned long left;

    if ( data->length > XEN_VSIO_CHUNK || data->offset > size ||
         data->length > size - data->offset )
        return -EINVAL;
    if ( write && !p->slot.domain->controller_pause_count )
        return -EBUSY;

    left = write ? copy_from_guest(at, data->data, data->length)
                 : copy_to_guest(data->data, at, data->length);
    if ( write )
        written(p, data->offset, data->length);

    return left ? -EFAULT : 0;
}

static int run_domctl(struct vsio_slot *slot, struct xen_vsio_op *op)
{
    switch ( op->cmd )
    {
    case XEN_VSIO_read:
        return copy(to_state(slot), &op->u.data, false);
    case XEN_VSIO_write:
        return copy(to_state(slot), &op->u.data, true);
    case XEN_VSIO_dirty:
        return next_dirty(to_state(slot), &op->u.data);
    default:
        return -EINVAL;
    }
}

/* Of a size that is a power of two: large pages map it. */
static void alloc_array(struct vflash_state *p, size_t size)
{
    p->order = get_order_from_bytes(size);
#if defined(CONFIG_VSIO_REGISTER_IMAGE) && defined(CONFIG_ARM_64)
    p->array = alloc_xenheap_pages(p->order, 0);
#endif
    p->whole = p->array != NULL;
    if ( p->whole )
        vsio_image_own(&p->slot);
    else
        p->array = vmalloc(size);
}

static void free_array(struct vsio_slot *slot)
{
    struct vflash_state *p = to_state(slot);

    if ( p->whole )
        free_xenheap_pages(p->array, p->order);
    else
        vfree(p->array);
}

static const struct vsio_slot_ops ops = {
    .name = "vflash",
    .type = XEN_VSIO_CFI_FLASH,
    .port = true,
    .free = free_array,
    .domctl = run_domctl,
};

/* The bank, as large as it may be: check_place() of domctl.c has seen that. */
static int init(struct vflash_state *p, const struct xen_vsio_attach *a)
{
    const struct vsio_cfi_flash_geometry geometry = {
        .size = a->size,
        .block = a->block,
        .width = a->stride == 1 ? 1 : 2,
        .chips = a->stride == 1 || a->stride == 2 ? 1 : 2,
        .buffer = VSIO_CFI_FLASH_BUFFER_MAX, /* two make EDK2's 128 bytes */
    };

    BUILD_BUG_ON(XEN_VSIO_FLASH_MAX != CFI_WINDOW);

    alloc_array(p, a->size);
    if ( !p->array )
        return -ENOMEM;
    if ( !vsio_cfi_flash_init(&p->flash, &geometry, p->array, &host, &p->slot) )
        return -EINVAL;

    (void)memset(p->array, 0xff, a->size); /* erased */
    written(p, 0, a->size);
    p->shift = fls(a->block) - 1;

    return 0;
}

int vsio_vflash_create(struct domain *d, const struct xen_vsio_attach *a)
{
    struct vflash_state *p = xzalloc(struct vflash_state);
    int rc;

    BUILD_BUG_ON(offsetof(struct vflash_state, slot));

    if ( !p )
        return -ENOMEM;

    vsio_slot_init(&p->slot, d, &p->flash.dev, &ops);
    rc = init(p, a);
    if ( rc )
    {
        vsio_slot_drop(&p->slot);
        return rc;
    }

    return vsio_slot_attach(&p->slot, a, a->size);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

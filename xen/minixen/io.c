/* SPDX-License-Identifier: GPL-2.0-only */
/* From an address to the device that answers there. */

#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/mmio.h>

void register_mmio_handler(struct domain *d,
                           const struct mmio_handler_ops *ops,
                           paddr_t addr,
                           paddr_t size,
                           void *priv)
{
    struct vmmio *vmmio = &d->arch.vmmio;

    write_lock(&vmmio->lock);
    BUG_ON(vmmio->num_entries == MAX_IO_HANDLER);
    vmmio->handlers[vmmio->num_entries++] = (struct mmio_handler){
        .addr = addr,
        .size = size,
        .ops = ops,
        .priv = priv,
    };
    write_unlock(&vmmio->lock);
}

/* No lock: handlers come and go only before the guest runs. */
static const struct mmio_handler *find_mmio_handler(const struct vmmio *vmmio,
                                                    paddr_t gpa)
{
    const struct mmio_handler *h = vmmio->handlers;
    const struct mmio_handler *end = h + vmmio->num_entries;

    for ( ; h < end; h++ )
        if ( gpa - h->addr < h->size )
            return h;

    return NULL;
}

static int handle_read(const struct mmio_handler *h,
                       struct cpu_user_regs *regs,
                       mmio_info_t *info)
{
    const struct hsr_dabt dabt = info->dabt;
    unsigned int unused = 64 - (8U << dabt.size);
    register_t r = 0;

    if ( !h->ops->read(current, info, &r, h->priv) )
        return 0;

    if ( dabt.sign )
        r = (int64_t)(r << unused) >> unused;
    if ( !dabt.sf )
        r = (uint32_t)r;
    set_user_reg(regs, dabt.reg, r);

    return 1;
}

static int handle_write(const struct mmio_handler *h,
                        struct cpu_user_regs *regs,
                        mmio_info_t *info)
{
    unsigned int unused = 64 - (8U << info->dabt.size);
    register_t r = get_user_reg(regs, info->dabt.reg);

    return h->ops->write(current, info, r << unused >> unused, h->priv);
}

enum io_state try_handle_mmio(struct cpu_user_regs *regs, mmio_info_t *info)
{
    const struct mmio_handler *h =
        find_mmio_handler(&current->domain->arch.vmmio, info->gpa);
    int done;

    if ( !h )
        return IO_UNHANDLED;

    count_mmio(h, info->gpa, info->dabt.write);
    done = info->dabt.write ? handle_write(h, regs, info)
                            : handle_read(h, regs, info);
    flash_update_map(h);

    return done ? IO_HANDLED : IO_ABORT;
}

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

    BUG_ON(vmmio->num_entries == MAX_IO_HANDLER);
    vmmio->handlers[vmmio->num_entries++] = (struct mmio_handler){
        .addr = addr,
        .size = size,
        .ops = ops,
        .priv = priv,
    };
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

/* What a load puts into its register. */
static void set_loaded(struct cpu_user_regs *regs,
                       const struct hsr_dabt dabt,
                       register_t r)
{
    unsigned int unused = 64 - (8U << dabt.size);

    if ( dabt.sign )
        r = (int64_t)(r << unused) >> unused;
    if ( !dabt.sf )
        r = (uint32_t)r;
    set_user_reg(regs, dabt.reg, r);
}

enum io_state try_handle_mmio(struct cpu_user_regs *regs, mmio_info_t *info)
{
    const struct mmio_handler *h =
        find_mmio_handler(&current->domain->arch.vmmio, info->gpa);
    unsigned int unused = 64 - (8U << info->dabt.size);
    register_t r = 0;
    int done;

    if ( !h )
        return IO_UNHANDLED;

    if ( info->dabt.write )
    {
        r = get_user_reg(regs, info->dabt.reg) << unused >> unused;
        done = h->ops->write(current, info, r, h->priv);
    }
    else
        done = h->ops->read(current, info, &r, h->priv);
    trace_mmio(h, info, r, regs->pc, done);

    if ( done && !info->dabt.write )
        set_loaded(regs, info->dabt, r);

    return done ? IO_HANDLED : IO_ABORT;
}

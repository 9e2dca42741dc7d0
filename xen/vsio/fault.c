/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes to what is mapped read-only, see image.c: Xen's handler of stage 2
 * faults knows permission faults of mem_access only, and would let the guest
 * try again for ever.
 */

#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/current.h>
#include <asm/mmio.h>
#include <asm/traps.h>

#include "slot.h"

static bool may_be_mapped(const struct domain *d, paddr_t gpa)
{
    const struct vsio_domain *vsio = d->arch.vsio;
    unsigned int i;

    for ( i = 0; vsio && i < XEN_VSIO_SLOTS; i++ )
    {
        const struct vsio_slot *slot = ACCESS_ONCE(vsio->slot[i]);

        if ( slot && slot->dev->class->image && gpa >= slot->base &&
             gpa - slot->base < slot->size )
            return true;
    }

    return false;
}

int vsio_permission_fault(struct cpu_user_regs *regs,
                          const union hsr hsr,
                          paddr_t gpa)
{
    mmio_info_t info = { .dabt = hsr.dabt, .gpa = gpa };

    if ( !may_be_mapped(current->domain, gpa) )
        return 0;

    /* A device holds neither instructions nor the guest's own tables. */
    if ( hsr.ec != HSR_EC_DATA_ABORT_LOWER_EL || info.dabt.s1ptw )
        return -1;

    try_decode_instruction(regs, &info);
    if ( info.dabt_instr.state == INSTR_ERROR ||
         try_handle_mmio(regs, &info) != IO_HANDLED )
        return -1;

    finalize_instr_emulation(&info.dabt_instr);
    advance_pc(regs, hsr);

    return 1;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

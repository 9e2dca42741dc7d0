/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's exits: what has happened, and who is asked. */

#include <xen/console.h>
#include <xen/event.h>
#include <xen/sched.h>

#include <asm/processor.h>

/* --- The guest's addresses ------------------------------------------------ */

#define PAR_FAULT 1UL
#define PAR_ADDR  0x000ffffffffff000UL

/* By what an AT instruction has found, while the guest's PAR_EL1 is kept. */
#define translate(at, gva, address)                                            \
    ({                                                                         \
        register_t guests_ = read_sysreg(par_el1), par_;                       \
        __asm__ __volatile__("at " #at ", %0" ::"r"(gva));                     \
        isb();                                                                 \
        par_ = read_sysreg(par_el1);                                           \
        write_sysreg(guests_, par_el1);                                        \
        *(address) = (par_ & PAR_ADDR) | ((gva) & ~PAGE_MASK);                 \
        !(par_ & PAR_FAULT);                                                   \
    })

bool gva_to_ipa(register_t gva, paddr_t *ipa, bool write)
{
    return write ? translate(s1e1w, gva, ipa) : translate(s1e1r, gva, ipa);
}

/* Firmware, RAM: where reading does nothing, and never fails. */
static bool is_memory(paddr_t pa)
{
    return pa < 0x04000000 || pa >> 30 == 1;
}

/* By both stages, so it is nothing that the guest can't read. */
bool fetch_instruction(register_t pc, uint32_t *instruction)
{
    paddr_t pa;

    if ( !translate(s12e1r, pc, &pa) || !is_memory(pa) || (pa & 3) )
        return false;
    *instruction = readl(pa);

    return true;
}

/* --- Aborts for the guest ------------------------------------------------- */

#define ESR_EC_SHIFT 26
#define ESR_IL       (1UL << 25)

/* Where the guest's vectors are for where it has been. */
static register_t vector_offset(const struct cpu_user_regs *regs)
{
    if ( regs->cpsr & PSR_AARCH32 )
        return 0x600;
    if ( !(regs->cpsr & 0xc) )
        return 0x400;

    return regs->cpsr & 1 ? 0x200 : 0;
}

/* An exception with this class, for EL0; the next one is for EL1. */
static void inject(struct cpu_user_regs *regs, unsigned int ec, register_t iss)
{
    register_t offset = vector_offset(regs);

    ec += offset < 0x400 && ec != HSR_EC_UNKNOWN;
    write_sysreg((register_t)ec << ESR_EC_SHIFT | ESR_IL | iss, esr_el1);
    write_sysreg(regs->pc, elr_el1);
    write_sysreg(regs->cpsr, spsr_el1);
    regs->pc = read_sysreg(vbar_el1) + offset;
    regs->cpsr = PSR_MODE_EL1h;
}

static void inject_abort(struct cpu_user_regs *regs,
                         const union hsr hsr,
                         register_t gva)
{
    bool write = hsr.ec == HSR_EC_DATA_ABORT_LOWER_EL && hsr.dabt.write;

    write_sysreg(gva, far_el1);
    inject(regs, hsr.ec, FSC_SEA | (register_t)write << 6);
}

/* At most one line a second, whatever the guest does. */
static void log_abort(const struct cpu_user_regs *regs,
                      const union hsr hsr,
                      paddr_t gpa)
{
    static s_time_t next;
    static unsigned long held_back;

    if ( NOW() < next )
    {
        held_back++;
        return;
    }
    next = NOW() + SECONDS(1);
    printk("%pd: abort: HSR=%#lx pc=%#lx gpa=%#lx (and %lu times more since "
           "the last line)\n",
           current->domain, hsr.bits, regs->pc, gpa, held_back);
    held_back = 0;
}

/* --- Exits ---------------------------------------------------------------- */

/* HPFAR_EL2 need not be there for a permission fault: the flash's page. */
static bool fault_ipa(const union hsr hsr, register_t gva, paddr_t *gpa)
{
    if ( (hsr.dabt.dfsc & ~FSC_LEVELS) == FSC_FLT_PERM && !hsr.dabt.s1ptw )
        return gva_to_ipa(gva, gpa, hsr.dabt.write);

    *gpa = read_sysreg(hpfar_el2) << 8 | (gva & ~PAGE_MASK);

    return true;
}

static void do_trap_stage2_abort_guest(struct cpu_user_regs *regs,
                                       const union hsr hsr)
{
    register_t gva = read_sysreg(far_el2);
    mmio_info_t info = { .dabt = hsr.dabt };
    enum io_state state = IO_UNHANDLED;

    if ( !fault_ipa(hsr, gva, &info.gpa) )
        return; /* the guest has changed its tables meanwhile: once more */

    if ( hsr.ec == HSR_EC_DATA_ABORT_LOWER_EL && !hsr.dabt.s1ptw )
    {
        if ( hsr.dabt.cache )
            state = IO_HANDLED; /* there is no cache in a device */
        else if ( hsr.dabt.valid && !(regs->cpsr & PSR_AARCH32) )
            state = try_handle_mmio(regs, &info);
        else if ( try_handle_decoded(regs, &gva) )
            state = IO_HANDLED;
    }

    if ( state == IO_HANDLED )
    {
        regs->pc += 4;
        return;
    }
    if ( state == IO_UNHANDLED ) /* else the device has said it */
        log_abort(regs, hsr, info.gpa);
    inject_abort(regs, hsr, gva);
}

spinlock_t hyp_lock = { 1 }; /* the first CPU's */

static void enter_hypervisor_from_guest(void)
{
    spin_lock(&hyp_lock);
    gic_give_back(current);
}

void leave_hypervisor_to_guest(struct cpu_user_regs *regs)
{
    evtchn_deliver(current->domain);
    if ( current->state != VCPU_ON )
        vcpu_park(regs);
    gic_interrupt(current);
    spin_unlock(&hyp_lock);
}

void do_trap_guest_sync(struct cpu_user_regs *regs)
{
    const union hsr hsr = { .bits = read_sysreg(esr_el2) };

    enter_hypervisor_from_guest();

    switch ( hsr.ec )
    {
    case HSR_EC_SMC64:
        regs->pc += 4; /* it has trapped, and not been run */
        /* fall through */
    case HSR_EC_HVC64:
        do_vpsci_call(regs);
        break;
    case HSR_EC_DATA_ABORT_LOWER_EL:
    case HSR_EC_INSTR_ABORT_LOWER_EL:
        do_trap_stage2_abort_guest(regs, hsr);
        break;
    default:
        log_abort(regs, hsr, 0);
        inject(regs, HSR_EC_UNKNOWN, 0);
        break;
    }
}

void do_trap_irq(struct cpu_user_regs *regs)
{
    enter_hypervisor_from_guest(); /* and leaving is all there is */
}

void do_trap_guest_serror(struct cpu_user_regs *regs)
{
    panic("SError in the guest: ESR %#lx, pc %#lx\n", read_sysreg(esr_el2),
          regs->pc);
}

void do_unexpected_trap(void)
{
    panic("trap at EL2: ESR %#lx, ELR %#lx, FAR %#lx\n", read_sysreg(esr_el2),
          read_sysreg(elr_el2), read_sysreg(far_el2));
}

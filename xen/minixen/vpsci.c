/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's PSCI, in front of the machine's. */

#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/processor.h>

#define PSCI_VERSION          0x84000000
#define PSCI_CPU_SUSPEND_32   0x84000001
#define PSCI_CPU_SUSPEND      0xc4000001
#define PSCI_CPU_OFF          0x84000002
#define PSCI_CPU_ON_32        0x84000003
#define PSCI_AFFINITY_INFO_32 0x84000004
#define PSCI_AFFINITY_INFO    0xc4000004
#define PSCI_MIGRATE_TYPE     0x84000006
#define PSCI_FEATURES         0x8400000a

#define PSCI_SUCCESS            0
#define PSCI_NOT_SUPPORTED      (-1L)
#define PSCI_INVALID_PARAMETERS (-2L)
#define PSCI_ALREADY_ON         (-4L)
#define PSCI_ON_PENDING         (-5L)

static struct vcpu *vcpu_of(const struct domain *d, register_t mpidr)
{
    return mpidr < d->max_vcpus ? d->vcpu[mpidr] : NULL;
}

static long cpu_on(register_t target, register_t entry, register_t context)
{
    struct vcpu *v = vcpu_of(current->domain, target);
    enum vcpu_state was;

    if ( !v )
        return PSCI_INVALID_PARAMETERS;

    was = v->state;
    if ( was == VCPU_OFF || was == VCPU_PARKED )
    {
        v->entry = entry;
        v->context = context;
        smp_wmb(); /* both, then the state */
        ACCESS_ONCE(v->state) = VCPU_STARTING;
    }

    if ( was == VCPU_STARTING )
        return PSCI_ON_PENDING;
    if ( was == VCPU_ON )
        return PSCI_ALREADY_ON;
    if ( was == VCPU_PARKED )
        gic_kick(v->vcpu_id);
    else /* its CPU comes up at EL2, in our hands */
        arm_smccc_smc(PSCI_CPU_ON, target, (uintptr_t)secondary_start, target);

    return PSCI_SUCCESS;
}

static long affinity_info(register_t target)
{
    const struct vcpu *v = vcpu_of(current->domain, target);

    if ( !v )
        return PSCI_INVALID_PARAMETERS;

    return v->state == VCPU_ON ? 0 : v->state == VCPU_STARTING ? 2 : 1;
}

static void wait_for_interrupt(void)
{
    spin_unlock(&hyp_lock);
    __asm__ __volatile__("wfi");
    spin_lock(&hyp_lock);
}

static long call(uint32_t fn, const register_t *x)
{
    switch ( fn )
    {
    case PSCI_CPU_SUSPEND_32: /* an early wakeup, which is allowed */
    case PSCI_CPU_SUSPEND:
        wait_for_interrupt();
        return PSCI_SUCCESS;
    case PSCI_CPU_OFF:
        current->state = VCPU_PARKED;
        return PSCI_SUCCESS;
    case PSCI_CPU_ON_32:
    case PSCI_CPU_ON:
        return cpu_on(x[1], x[2], x[3]);
    case PSCI_AFFINITY_INFO_32:
    case PSCI_AFFINITY_INFO:
        return affinity_info(x[1]);
    case PSCI_SYSTEM_OFF:
        return domain_shutdown(current->domain, SHUTDOWN_poweroff);
    case PSCI_SYSTEM_RESET:
        return domain_shutdown(current->domain, SHUTDOWN_reboot);
    case PSCI_VERSION:
    case PSCI_MIGRATE_TYPE:
    case PSCI_FEATURES: /* the machine knows it */
        return arm_smccc_smc(fn, x[1], 0, 0);
    default:
        return PSCI_NOT_SUPPORTED;
    }
}

void do_vpsci_call(struct cpu_user_regs *regs)
{
    regs->x[0] = call(regs->x[0], regs->x);
}

/* What a CPU that is turned on finds. */
static void reset_vcpu(struct vcpu *v, struct cpu_user_regs *regs)
{
    *regs = (struct cpu_user_regs){
        .x[0] = v->context,
        .pc = v->entry,
        .cpsr = PSR_MODE_EL1h,
    };
    write_sysreg(0x30d00800, sctlr_el1);
    write_sysreg(0, cntv_ctl_el0);
    write_sysreg(0, cntp_ctl_el0);
}

/* A CPU without a guest: it serves its interrupts until it is turned on. */
void vcpu_park(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    while ( ACCESS_ONCE(v->state) == VCPU_PARKED )
    {
        wait_for_interrupt();
        gic_interrupt(v);
    }
    smp_mb(); /* where to start comes before the state */
    reset_vcpu(v, regs);
    v->state = VCPU_ON;
}

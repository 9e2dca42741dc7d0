/* SPDX-License-Identifier: GPL-2.0-only */
/* asm/processor.h - the guest's registers, and the processor's. */
#ifndef MINIXEN_PROCESSOR_H
#define MINIXEN_PROCESSOR_H

#include <asm/mmio.h>

/* As entry.S saves them. */
struct cpu_user_regs {
    register_t x[31];
    register_t pc, cpsr, pad;
};

#define read_sysreg(name)                                                      \
    ({                                                                         \
        register_t value_;                                                     \
        __asm__ __volatile__("mrs %0, " #name : "=r"(value_));                 \
        value_;                                                                \
    })
#define write_sysreg(value, name)                                              \
    __asm__ __volatile__("msr " #name ", %0" ::"r"((register_t)(value))        \
                         : "memory")
#define isb() __asm__ __volatile__("isb" ::: "memory")

#define HCR_VM  (1UL << 0)
#define HCR_PTW (1UL << 2) /* no page table in a device */
#define HCR_FMO (1UL << 3)
#define HCR_IMO (1UL << 4)
#define HCR_AMO (1UL << 5)
#define HCR_TSC (1UL << 19) /* SMC traps */
#define HCR_RW  (1UL << 31)
#define HCR_APK (1UL << 40)
#define HCR_API (1UL << 41)

#define PSR_MODE_EL1h 0x3c5 /* with all interrupts masked */
#define PSR_AARCH32   (1UL << 4)

#define PSCI_CPU_ON       0xc4000003
#define PSCI_SYSTEM_OFF   0x84000008
#define PSCI_SYSTEM_RESET 0x84000009

/* entry.S */
register_t arm_smccc_smc(register_t fn,
                         register_t a1,
                         register_t a2,
                         register_t a3);
void noreturn return_to_guest(struct cpu_user_regs *regs);
void secondary_start(void);
extern char stacks[], device_tree[], cmdline[];
extern char _start[], _end[], _heap_end[], _ram_end[];
#define STACK_SIZE 0x4000UL

/* Register 31 of a load or store's operand is XZR. */
static inline register_t get_user_reg(const struct cpu_user_regs *regs,
                                      unsigned int reg)
{
    return reg < 31 ? regs->x[reg] : 0;
}

static inline void set_user_reg(struct cpu_user_regs *regs,
                                unsigned int reg,
                                register_t value)
{
    if ( reg < 31 )
        regs->x[reg] = value;
}

/* traps.c */
/* The guest's virtual address as intermediate physical one. */
bool gva_to_ipa(register_t gva, paddr_t *ipa, bool write);
bool fetch_instruction(register_t pc, uint32_t *instruction);
void leave_hypervisor_to_guest(struct cpu_user_regs *regs);

/* vpsci.c */
void do_vpsci_call(struct cpu_user_regs *regs);
void vcpu_park(struct cpu_user_regs *regs);

#endif /* MINIXEN_PROCESSOR_H */

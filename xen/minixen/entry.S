/* SPDX-License-Identifier: GPL-2.0-only */
/* From reset to C, from the guest to C, and back. */

#define STACK_SHIFT 14
#define FRAME       272 /* struct cpu_user_regs */
#define REGS_PC     248

    .section .text.entry, "ax"

/* CPU 0 from reset: EL2, MMU off. */
    .global _start
_start:
    msr     daifset, #15
    adrp    x0, bss_start
    add     x0, x0, :lo12:bss_start
    adrp    x1, _end
    add     x1, x1, :lo12:_end
1:  stp     xzr, xzr, [x0], #16
    cmp     x0, x1
    b.lo    1b
    mov     x19, #0
    adr     x20, start_xen
    b       enter_c

/* Another CPU, from CPU_ON: x0 is its number. */
    .global secondary_start
secondary_start:
    msr     daifset, #15
    mov     x19, x0
    adr     x20, start_secondary

/* MMU and caches on; a stack; then C at x20, with x19. */
enter_c:
    ldr     x0, =0xff00             /* attribute 0: device; 1: write-back */
    msr     mair_el2, x0
    ldr     x0, =0x80823519         /* 39 bits, 4 KiB, inner shareable */
    msr     tcr_el2, x0
    adrp    x0, boot_table
    msr     ttbr0_el2, x0
    adrp    x0, hyp_traps_vector
    add     x0, x0, :lo12:hyp_traps_vector
    msr     vbar_el2, x0
    ic      iallu
    tlbi    alle2
    dsb     sy
    isb
    ldr     x0, =0x30c5183d         /* M, C, I, stack alignment, RES1 */
    msr     sctlr_el2, x0
    isb
    adrp    x0, stacks
    add     x0, x0, :lo12:stacks
    add     x1, x19, #1
    add     x0, x0, x1, lsl #STACK_SHIFT
    mov     sp, x0
    mov     x0, x19
    br      x20

/* What EL2 sees, one to one: a GiB of devices, three of memory. */
    .section .rodata.boot_table, "a"
    .balign 4096
boot_table:
    .quad   0x0000000000000441 | (1 << 54)
    .quad   0x0000000040000745
    .quad   0x0000000080000745
    .quad   0x00000000c0000745
    .balign 4096

/* --- The guest's exits ---------------------------------------------------- */

    .text
    .macro  vector name
    .balign 128
    sub     sp, sp, #FRAME
    stp     x0, x1, [sp]
    adr     x1, \name
    b       guest_exit
    .endm

    .macro  unexpected
    .balign 128
    mov     x0, sp
    b       do_unexpected_trap
    .endm

    .balign 2048
    .global hyp_traps_vector
hyp_traps_vector:
    .rept   8                       /* from EL2 itself */
    unexpected
    .endr
    .rept   2                       /* from AArch64, then from AArch32 */
    vector  do_trap_guest_sync
    vector  do_trap_irq
    vector  do_trap_irq
    vector  do_trap_guest_serror
    .endr

/* op x2, x3 and so on, at their places in the frame. */
    .altmacro
    .macro  pair op, n, m
    \op     x\n, x\m, [sp, #8 * \n]
    .endm
    .macro  pairs op
    .irp    n, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28
    pair    \op, \n, %(\n + 1)
    .endr
    .endm

guest_exit:
    pairs   stp
    mrs     x2, elr_el2
    mrs     x3, spsr_el2
    stp     x30, x2, [sp, #240]
    str     x3, [sp, #256]
    mov     x0, sp
    blr     x1
    mov     x0, sp

/* return_to_guest(regs): regs are at the top of this CPU's stack. */
    .global return_to_guest
return_to_guest:
    mov     sp, x0
    bl      leave_hypervisor_to_guest
    ldp     x2, x3, [sp, #REGS_PC]
    msr     elr_el2, x2
    msr     spsr_el2, x3
    pairs   ldp
    ldr     x30, [sp, #240]
    ldp     x0, x1, [sp]
    add     sp, sp, #FRAME
    eret

/* The machine's PSCI: arm_smccc_smc(fn, a1, a2, a3). */
    .global arm_smccc_smc
arm_smccc_smc:
    smc     #0
    ret

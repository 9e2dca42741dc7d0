/* SPDX-License-Identifier: MIT */
/*
 * The start of a guest that is out for trouble: from where the machine starts
 * it into RAM, its MMU on, to fuzz(); one instruction under test, and what
 * becomes of it.
 */

#include "fuzz.h"

    .section .text.start, "ax"
    .global _start
_start:
    adr     x0, _start
    ldr     x1, =_start
    ldr     x2, =bss_start
1:  ldp     x3, x4, [x0], #16   /* the fuzzer's own flash is fair game, too */
    stp     x3, x4, [x1], #16
    cmp     x1, x2
    b.lo    1b
    ldr     x3, =bss_end
2:  stp     xzr, xzr, [x2], #16
    cmp     x2, x3
    b.lo    2b
    ldr     x0, =tables
    bl      make_tables
    mov     x0, #0
    ldr     x1, =start_cpu
    br      x1
    .ltorg

/* One GiB an entry, without a stack: devices, but for the second, RAM. */
make_tables:
    mov     x1, #0
1:  lsl     x2, x1, #30
    cmp     x1, #(ALIAS >> 30)  /* the first one once more */
    csel    x2, xzr, x2, eq
    ldr     x3, =PTE_DEVICE
    ldr     x4, =PTE_MEMORY
    csel    x3, x4, x3, eq      /* as memory: nothing needs to be aligned */
    cmp     x1, #1
    csel    x3, x4, x3, eq
    orr     x2, x2, x3
    str     x2, [x0, x1, lsl #3]
    add     x1, x1, #1
    cmp     x1, #512
    b.lo    1b
    ret
    .ltorg

    .text
    .global start_cpu
/* x0: which one; they come here by PSCI, too. */
start_cpu:
    ldr     x1, =stacks
    add     x2, x0, #1
    add     x1, x1, x2, lsl #STACK_SHIFT
    mov     sp, x1
    ldr     x1, =vectors
    msr     vbar_el1, x1
    mov     x1, #0xff           /* memory, device */
    msr     mair_el1, x1
    ldr     x1, =0x200803519    /* 39 bits, inner shareable, 40 behind them */
    msr     tcr_el1, x1
    ldr     x1, =tables
    msr     ttbr0_el1, x1
    mov     x1, #(3 << 20)      /* SIMD is on */
    msr     cpacr_el1, x1
    tlbi    vmalle1
    dsb     sy
    isb
    ldr     x1, =0x30d01805     /* MMU and caches; no checks of alignment */
    msr     sctlr_el1, x1
    isb
    bl      fuzz
    b       .
    .ltorg

/* void run(struct cpu *): cpu->x, cpu->code, one instruction and a return. */
    .global run
run:
    stp     x29, x30, [sp, #-96]!
    stp     x19, x20, [sp, #16]
    stp     x21, x22, [sp, #32]
    stp     x23, x24, [sp, #48]
    stp     x25, x26, [sp, #64]
    stp     x27, x28, [sp, #80]
    mov     x27, x0
    mov     x28, sp
    ldp     x20, x21, [x27, #CPU_CODE]
    ldp     x22, x23, [x27, #CPU_DAIF]
    ldp     x2, x3, [x27, #16]
    ldp     x4, x5, [x27, #32]
    ldp     x6, x7, [x27, #48]
    ldp     x8, x9, [x27, #64]
    ldp     x10, x11, [x27, #80]
    ldp     x12, x13, [x27, #96]
    ldp     x14, x15, [x27, #112]
    ldp     x16, x17, [x27, #128]
    ldp     x0, x1, [x27]
    msr     sp_el0, x21
    mov     sp, x21             /* nobody needs it until that is over */
    msr     spsel, x23
    msr     daif, x22
    blr     x20
    msr     daifset, #15
    msr     spsel, #1
    mov     sp, x28
    ldp     x27, x28, [sp, #80]
    ldp     x25, x26, [sp, #64]
    ldp     x23, x24, [sp, #48]
    ldp     x21, x22, [sp, #32]
    ldp     x19, x20, [sp, #16]
    ldp     x29, x30, [sp], #96
    ret

/* The instruction has failed: counted by its class, and left out. */
sync:
    mrs     x24, elr_el1
    cmp     x24, x20
    b.ne    stray
    add     x24, x24, #4
    msr     elr_el1, x24
    mrs     x24, esr_el1
    lsr     x24, x24, #26
    add     x24, x27, x24, lsl #3
    ldr     x25, [x24, #CPU_FAILED]
    add     x25, x25, #1
    str     x25, [x24, #CPU_FAILED]
    eret

/* Taken and ended; no other one before the next instruction. */
irq:
    ldr     x24, =GICC
    ldr     w25, [x24, #0xc]
    str     w25, [x24, #0x10]
    tbz     x22, #0, 1f
    mov     x26, #0x1000        /* now and then deactivated, too */
    str     w25, [x24, x26]
1:  ldr     x24, [x27, #CPU_IRQS]
    add     x24, x24, #1
    str     x24, [x27, #CPU_IRQS]
    mrs     x24, spsr_el1
    orr     x24, x24, #0xc0
    msr     spsr_el1, x24
    eret
    .ltorg

/* Not the instruction under test: that is no fuzzing any more. */
stray:
    msr     spsel, #1
    ldr     x0, =stacks
    add     x0, x0, #(1 << STACK_SHIFT)
    mov     sp, x0
    mrs     x0, esr_el1
    mrs     x1, elr_el1
    mrs     x2, far_el1
    b       lost

    .macro  vector to
    .balign 128
    b       \to
    .endm

    .balign 2048
vectors:
    .rept   2                   /* with either stack pointer */
    vector  sync
    vector  irq
    vector  irq
    vector  stray
    .endr
    .rept   8
    vector  stray
    .endr

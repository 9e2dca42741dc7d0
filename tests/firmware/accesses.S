/* SPDX-License-Identifier: MIT */
/*
 * A guest that accesses devices in all the ways that leave the hypervisor
 * without a syndrome, and some that it must refuse; started at 0, MMU off.
 * A line for each: NAME x0 x1 x2 ESR, in hex; ESR is 0 if there was no abort.
 */

#define UART  0x09000000
#define RTC   0x09010000
#define ID    0xfe0             /* reads 31 10 04 00 0d f0 05 b1 */
#define MATCH 4

    .macro  load reg, value
    movz    \reg, #((\value) >> 16), lsl #16
    movk    \reg, #((\value) & 0xffff)
    .endm

/* try NAME, BASE: what follows, up to result, with the base in x0. */
    .macro  try name, base
    load    x0, \base
    load    x1, 0x11111111
    load    x2, 0x22222222
    mov     x20, #0
    adr     x21, 2f
    adr     x22, 1f
    b       2f
1:  .asciz  "\name"
    .balign 4
2:
    .endm

    .macro  result
    bl      report
    .endm

    .text
    .global _start
_start:
    adr     x0, vectors
    msr     vbar_el1, x0
    load    x0, 0x40100000
    mov     sp, x0
    mov     x0, #(3 << 20)      /* SIMD is on */
    msr     cpacr_el1, x0
    isb

    try     post, RTC + ID
    ldr     w1, [x0], #4
    result
    try     pre, RTC + ID
    ldr     w1, [x0, #4]!
    result
    try     pair, RTC + ID
    ldp     w1, w2, [x0]
    result
    try     pair-post, RTC + ID
    ldp     w1, w2, [x0], #8
    result
    try     pair-pre, RTC + ID + 16
    ldp     w1, w2, [x0, #-8]!
    result
    try     pair-none, RTC + ID
    ldnp    w1, w2, [x0]
    result
    try     stp-pre, RTC
    mov     w1, #0x80
    mov     w2, #0x40
    stp     w1, w2, [x0, #4]!
    ldr     w1, [x0]            /* the match register, then the load register */
    ldr     w2, [x0, #4]
    result
    try     str-post, RTC + MATCH
    load    w1, 0x80008081
    str     w1, [x0], #-4
    ldr     w1, [x0, #4]
    result
    try     ldpsw, RTC + MATCH
    ldpsw   x1, x2, [x0]
    mov     x2, #0              /* the time */
    result
    try     ldrsb-x, RTC + MATCH
    ldrsb   x1, [x0], #1
    result
    try     ldrsh-w, RTC + MATCH
    ldrsh   w1, [x0], #2
    result
    try     ldrsw, RTC + MATCH
    ldrsw   x1, [x0], #4
    result
    try     strb, UART
    mov     w1, #'K'
    strb    w1, [x0], #1
    result
    mov     x19, sp
    try     base-sp, RTC + ID
    mov     sp, x0
    ldr     w1, [sp], #16
    mov     x0, sp
    mov     sp, x19
    result
    try     zero, RTC + ID
    ldr     wzr, [x0], #4
    result
    try     pair-self, RTC + ID
    ldp     w0, w1, [x0]
    result

    /* Refused: an abort, and no register has changed. */
    try     pair-64, RTC + ID
    ldp     x1, x2, [x0], #16
    result
    try     pair-end, RTC + 0xffc
    ldp     w1, w2, [x0]
    result
    try     simd, RTC + ID
    ldr     s0, [x0], #4
    result
    try     exclusive, RTC + ID
    ldxp    w1, w2, [x0]
    result
    try     write-64, RTC + MATCH
    str     x1, [x0]
    result
    try     gich, 0x08030000
    ldr     w1, [x0]
    result
    try     gicv, 0x08040000
    ldr     w1, [x0]
    result
    try     minixen, 0x7b800000
    str     w1, [x0]
    result
    try     flash, 0x08000000 - 4
    ldrsh   w1, [x0], #2        /* mapped: reads do not trap */
    result
    try     fetch, RTC
    blr     x0
    result

    adr     x22, done
    bl      report
    load    x0, 0x84000008      /* PSCI: power off */
    smc     #0
    b       .

done:
    .asciz  "done"
    .balign 4

/* x22: name. Keeps nothing but sp. */
report:
    mov     x23, x30
    mov     x24, x0
    mov     x25, x1
    mov     x26, x2
    load    x10, UART
1:  ldrb    w11, [x22]
    add     x22, x22, #1
    cbz     w11, 2f
    str     w11, [x10]
    b       1b
2:  mov     x12, x24
    bl      hex
    mov     x12, x25
    bl      hex
    mov     x12, x26
    bl      hex
    mov     x12, x20
    bl      hex
    mov     w11, #'\n'
    str     w11, [x10]
    br      x23

hex:
    mov     w11, #' '
    str     w11, [x10]
    mov     w13, #60
1:  lsr     x11, x12, x13
    and     x11, x11, #15
    cmp     x11, #10
    add     x14, x11, #'0'
    add     x15, x11, #'a' - 10
    csel    x11, x14, x15, lo
    str     w11, [x10]
    subs    w13, w13, #4
    b.pl    1b
    ret

/* An abort: noted, and the instruction is left out. */
sync:
    mrs     x20, esr_el1
    mrs     x9, elr_el1
    load    x10, RTC
    cmp     x9, x10
    add     x9, x9, #4
    csel    x9, x30, x9, eq     /* where the jump came from */
    msr     elr_el1, x9
    eret

    .balign 2048
vectors:
    .balign 128
    b       sync
    .balign 128
    b       .
    .balign 128
    b       .
    .balign 128
    b       .
    .balign 128
    b       sync
    .balign 128
    b       .

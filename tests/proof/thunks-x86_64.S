/* SPDX-License-Identifier: MIT */
/* How Xen's x86 build branches and returns: its thunks, the plain variant. */

        .macro thunk name, instruction:vararg
        .globl \name
        .type \name, @function
\name:  \instruction
        .size \name, . - \name
        .endm

        .irp reg, ax, bx, cx, dx, si, di, bp, 8, 9, 10, 11, 12, 13, 14, 15
        thunk __x86_indirect_thunk_r\reg, jmp *%r\reg
        .endr
        thunk __x86_return_thunk, ret

        .section .note.GNU-stack

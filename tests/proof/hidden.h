/* SPDX-License-Identifier: MIT */
/* As Xen's compiler.h has it: no detours by GOT and PLT. */

#pragma GCC visibility push(hidden)

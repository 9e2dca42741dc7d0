/* SPDX-License-Identifier: MIT */
/* fuzz.h - what C and assembler have in common. */
#ifndef FUZZ_H
#define FUZZ_H

#define STACK_SHIFT 14
#define GICC        0x08010000
#define ALIAS       0x3fc0000000 /* of the first GiB, as memory */

/* Translation table entries: accessed, inner shareable, and what it is. */
#define PTE_MEMORY 0x701
#define PTE_DEVICE 0x705

/* Of struct cpu. */
#define CPU_CODE   144
#define CPU_DAIF   160
#define CPU_IRQS   176
#define CPU_FAILED 184

#endif /* FUZZ_H */

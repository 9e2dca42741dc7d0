/* SPDX-License-Identifier: GPL-2.0-only */
/* asm/mmio.h, asm/hsr.h - a trapped access, and who answers it: io.c. */
#ifndef MINIXEN_MMIO_H
#define MINIXEN_MMIO_H

#include <xen/spinlock.h>

struct cpu_user_regs;
struct domain;
struct vcpu;

/* ESR_EL2.EC */
#define HSR_EC_UNKNOWN              0x00
#define HSR_EC_HVC64                0x16
#define HSR_EC_SMC64                0x17
#define HSR_EC_INSTR_ABORT_LOWER_EL 0x20
#define HSR_EC_DATA_ABORT_LOWER_EL  0x24

#define FSC_FLT_PERM 0x0c /* dfsc: a permission fault, of any level */
#define FSC_LEVELS   0x03
#define FSC_SEA      0x10 /* synchronous external abort */

enum dabt_size { DABT_BYTE, DABT_HALF_WORD, DABT_WORD, DABT_DOUBLE_WORD };

union hsr {
    register_t bits;
    struct {
        unsigned long iss : 26;
        unsigned long ec : 6;
    };
    struct hsr_dabt {
        unsigned long dfsc : 6;
        unsigned long write : 1;
        unsigned long s1ptw : 1; /* during the stage 1 walk */
        unsigned long cache : 1; /* cache maintenance */
        unsigned long other : 6;
        unsigned long sf : 1; /* the register has 64 bits */
        unsigned long reg : 5;
        unsigned long sign : 1;  /* sign extend */
        unsigned long size : 2;  /* enum dabt_size */
        unsigned long valid : 1; /* from sf to size */
    } dabt;
};

typedef struct {
    struct hsr_dabt dabt;
    paddr_t gpa;
} mmio_info_t;

enum io_state {
    IO_ABORT, /* the handler refused it */
    IO_HANDLED,
    IO_UNHANDLED, /* there is no handler */
};

struct mmio_handler_ops {
    int (*read)(struct vcpu *v, mmio_info_t *info, register_t *r, void *priv);
    int (*write)(struct vcpu *v, mmio_info_t *info, register_t r, void *priv);
};

struct mmio_handler {
    paddr_t addr, size;
    const struct mmio_handler_ops *ops;
    void *priv;
};

#define MAX_IO_HANDLER 16

struct vmmio {
    unsigned int num_entries, max_num_entries;
    rwlock_t lock;
    struct mmio_handler handlers[MAX_IO_HANDLER];
};

/* io.c */
void register_mmio_handler(struct domain *d,
                           const struct mmio_handler_ops *ops,
                           paddr_t addr,
                           paddr_t size,
                           void *priv);
enum io_state try_handle_mmio(struct cpu_user_regs *regs, mmio_info_t *info);

/*
 * decode.c: the instruction at the guest's PC, whose syndrome says nothing, is
 * run. False: it can't be, or has been refused; *gva: the place that was.
 */
bool try_handle_decoded(struct cpu_user_regs *regs, register_t *gva);

/* trace.c: an access is over; done: it was not refused. */
void trace_mmio(const struct mmio_handler *h,
                const mmio_info_t *info,
                register_t value,
                register_t pc,
                bool done);

#endif /* MINIXEN_MMIO_H */

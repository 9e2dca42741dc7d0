/* SPDX-License-Identifier: GPL-2.0-only */
/* asm/vgic.h - the guest's GICv2, with the names of Xen's new vGIC. */
#ifndef MINIXEN_VGIC_H
#define MINIXEN_VGIC_H

#include <xen/spinlock.h>

struct cpu_user_regs;
struct domain;
struct vcpu;

#define VGIC_NR_SGIS         16U
#define VGIC_NR_PRIVATE_IRQS 32U
#define VGIC_NR_IRQS         288U /* as the machine's GIC */
#define VGIC_NR_LRS          4U   /* used at most */

enum vgic_irq_config { VGIC_CONFIG_LEVEL, VGIC_CONFIG_EDGE };

struct vgic_irq {
    uint16_t intid;
    bool emulated; /* one of our devices has it; others are the machine's */
    bool enabled, active;
    bool line_level;    /* it is a level, and high */
    bool line_was;      /* the line, whatever it is */
    bool pending_latch; /* an edge, or a write to ISPENDR */
    bool hw_active;     /* taken from the machine's GIC, and not ended yet */
    uint8_t config;     /* enum vgic_irq_config */
    uint8_t priority;
    uint8_t targets; /* SPI: a bit for each vCPU */
    uint8_t source;  /* SGI: the vCPUs that have sent it */
    uint8_t active_source;
    struct vcpu *vcpu; /* private ones: whose */
};

struct vgic_dist {
    spinlock_t lock;
    bool enabled;
    struct vgic_irq spis[VGIC_NR_IRQS - VGIC_NR_PRIVATE_IRQS];
};

struct vgic_cpu {
    struct vgic_irq private_irqs[VGIC_NR_PRIVATE_IRQS];
    DECLARE_BITMAP(ap, VGIC_NR_IRQS); /* may be active or pending for it */
    struct vgic_irq *in_lr[VGIC_NR_LRS];
    uint32_t lr[VGIC_NR_LRS]; /* as the hardware has them */
    uint32_t hcr;
};

/* What the devices' glue calls. */
bool vgic_reserve_virq(struct domain *d, unsigned int virq);
void vgic_free_virq(struct domain *d, unsigned int virq);
void vgic_inject_irq(struct domain *d,
                     struct vcpu *v,
                     unsigned int virq,
                     bool level);
struct irq_desc;
static inline struct irq_desc *vgic_get_hw_irq_desc(struct domain *d,
                                                    struct vcpu *v,
                                                    unsigned int virq)
{
    return NULL; /* a reserved virq is never the machine's */
}

/* vgic.c */
void vgic_init(struct domain *d);
struct vgic_irq *vgic_get_irq(struct domain *d, struct vcpu *v, unsigned int n);
/* The lock is held: it may have become pending. */
void vgic_queue_irq(struct domain *d, struct vgic_irq *irq);
void vgic_sync_from_lrs(struct vcpu *v);
void vgic_sync_to_lrs(struct vcpu *v);
/* One of the machine's interrupts has arrived at v's CPU. */
void vgic_inject_hw(struct vcpu *v, unsigned int virq);

/* vgic-mmio.c */
extern const struct mmio_handler_ops vgic_distr_ops;

/* gic.c: the machine's. */
#define MAINTENANCE_IRQ 25U /* these two are ours */
#define HYP_TIMER_IRQ   26U

#define GICD_BASE 0x08000000UL
#define GICC_BASE 0x08010000UL
#define GICH_BASE 0x08030000UL
#define GICV_BASE 0x08040000UL
#define GICC_SIZE 0x2000UL

#define GICH_HCR   0x000
#define GICH_LR(n) (0x100 + 4 * (n))

#define GICH_HCR_EN   0x1
#define GICH_HCR_UIE  0x2
#define LR_HW         (1U << 31)
#define LR_ACTIVE     (1U << 29)
#define LR_PENDING    (1U << 28)
#define LR_PRIORITY   23 /* its upper five bits */
#define LR_EOI        (1U << 19)
#define LR_PHYSICAL   10
#define LR_CPUID      10
#define LR_VIRTUAL(x) ((x)&0x3ff)

void gic_init(void);
void gic_init_cpu(void);
void gic_interrupt(struct vcpu *v);
void gic_set_enabled(unsigned int irq, bool on);
void gic_set_edge(unsigned int irq, bool edge);
void gic_set_target(unsigned int irq, unsigned int cpu);
void gic_deactivate(unsigned int irq);
void gic_send_sgi(unsigned int cpu);
unsigned int gic_lines(void);

#endif /* MINIXEN_VGIC_H */

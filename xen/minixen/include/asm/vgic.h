/* SPDX-License-Identifier: GPL-2.0-only */
/* asm/vgic.h - the guest's GICv2, and the machine's. */
#ifndef MINIXEN_VGIC_H
#define MINIXEN_VGIC_H

struct domain;
struct vcpu;

#define VGIC_NR_SGIS         16U
#define VGIC_NR_PRIVATE_IRQS 32U
#define VGIC_NR_IRQS         288U /* as the machine's GIC */
#define VGIC_NR_LRS          4U

struct vgic_dist {
    bool enabled;
    DECLARE_BITMAP(high, VGIC_NR_IRQS); /* lines of our devices */
};

struct vgic_cpu {
    uint32_t lr[VGIC_NR_LRS]; /* as the hardware had them; 0: not in use */
    uint32_t hcr, pmr;        /* likewise */
};

/* vgic.c: what the devices' glue calls. */
bool vgic_reserve_virq(struct domain *d, unsigned int virq);
#define vgic_free_virq(d, virq) ((void)(virq))
void vgic_inject_irq(struct domain *d,
                     struct vcpu *v,
                     unsigned int virq,
                     bool level);

void vgic_init(struct domain *d);
/* Is it a level of ours, and high? Then it is pending. */
bool vgic_assert_level(struct domain *d, unsigned int irq);

/* gic.c */
#define MAINTENANCE_IRQ 25U
#define HYP_TIMER_IRQ   26U

#define GICD_BASE 0x08000000UL
#define GICC_BASE 0x08010000UL
#define GICH_BASE 0x08030000UL
#define GICV_BASE 0x08040000UL
#define GICC_SIZE 0x2000UL

#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_IIDR       0x008
#define GICD_ISENABLER  0x100
#define GICD_ISPENDR    0x200
#define GICD_ICPENDR    0x280
#define GICD_ISACTIVER  0x300
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR  0x800
#define GICD_ICFGR      0xc00
#define GICD_SGIR       0xf00
#define GICD_CPENDSGIR  0xf10
#define GICD_SPENDSGIR  0xf20
#define GICD_ID         0xfd0
#define GICD(reg)       ((uint32_t *)(GICD_BASE + (reg)))
/* Of a register with a byte for each interrupt. */
#define GICD_BYTE(reg, irq) ACCESS_ONCE(((uint8_t *)GICD(reg))[irq])

/* Of a register with a bit for each interrupt, where only ones count. */
void gic_set_bit(unsigned int reg, unsigned int irq);
bool gic_is_level(unsigned int irq);

/* Not the guest's: it neither sees nor changes it. */
bool gic_is_ours(unsigned int irq);
/* The machine's number of what is virq to the guest, and the other way. */
unsigned int gic_swap(unsigned int irq);

void gic_init_cpu(struct vcpu *v);
/* Make that CPU leave the guest, or wake up. */
void gic_kick(unsigned int cpu);
/* Ours are handled, and the guest's go into list registers, before it runs. */
void gic_interrupt(struct vcpu *v);
/* When it has run: what it has not taken is pending again. */
void gic_give_back(struct vcpu *v);

#endif /* MINIXEN_VGIC_H */

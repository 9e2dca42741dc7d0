/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's GICv2 is the guest's, too: what is enabled, pending or active
 * is known there and nowhere else. Before a vCPU runs, what its CPU is to be
 * interrupted for is taken from there and put into list registers, in order;
 * when it has run, what it has not taken is given back.
 *
 * An interrupt that is in a list register is active in the machine's GIC until
 * the guest has ended it: levels of the machine by the list register itself,
 * what comes from vCPUs and from our devices by us, in an exit.
 * Ours have priorities above all that the guest can give.
 */

#include <xen/console.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/vgic.h>

#define GICC_CTLR 0x0000
#define GICC_PMR  0x0004
#define GICC_IAR  0x000c
#define GICC_EOIR 0x0010
#define GICC_DIR  0x1000

#define GICC_CTLR_ENABLE 0x001
#define GICC_CTLR_SPLIT  0x200 /* EOIR drops the priority, DIR deactivates */
#define IAR_IRQ          0x3ff
#define IAR_SOURCE       0x1c00 /* which CPU has sent an SGI; in an LR as well */
#define SPURIOUS         1020U

#define GICH_HCR     0x000
#define GICH_HCR_EN  0x1
#define GICH_HCR_UIE 0x2 /* an interrupt when at most one LR is in use */
#define GICH_LR(n)   (0x100 + 4 * (n))
#define LR_IRQ       0x3ff
#define LR_PHYSICAL  10
#define LR_EOI       (1U << 19) /* an interrupt when the guest has ended it */
#define LR_PRIORITY  23         /* its upper five bits */
#define LR_PENDING   (1U << 28)
#define LR_ACTIVE    (1U << 29)
#define LR_HW        (1U << 31)

#define PMR_ALL  0xff
#define PMR_OURS 0x80

/* QEMU's virt has nothing at these: for the guest's UART; for gic_kick(). */
#define SPARE_IRQ 32U
#define KICK(cpu) (VGIC_NR_IRQS - MAX_VIRT_CPUS + (cpu))

#define GICC(reg) ((uint32_t *)(GICC_BASE + (reg)))
#define GICH(reg) ((uint32_t *)(GICH_BASE + (reg)))

/* --- The distributor ------------------------------------------------------ */

void gic_set_bit(unsigned int reg, unsigned int irq)
{
    writel(1U << irq % 32, GICD(reg + irq / 32 * 4));
}

bool gic_is_level(unsigned int irq)
{
    return !(readl(GICD(GICD_ICFGR + irq / 16 * 4)) >> irq % 16 * 2 & 2);
}

bool gic_is_ours(unsigned int irq)
{
    return irq == MAINTENANCE_IRQ || irq == HYP_TIMER_IRQ || irq == UART_IRQ ||
           irq >= KICK(0);
}

/* The guest's UART has the number that the machine's has. */
unsigned int gic_swap(unsigned int irq)
{
    return irq == UART_IRQ ? SPARE_IRQ : irq == SPARE_IRQ ? UART_IRQ : irq;
}

void gic_kick(unsigned int cpu)
{
    smp_mb(); /* what it is to look at is there */
    gic_set_bit(GICD_ISPENDR, KICK(cpu));
}

static void init_irq(unsigned int irq)
{
    if ( gic_is_ours(irq) )
    {
        GICD_BYTE(GICD_ITARGETSR, irq) =
            irq < KICK(0) ? 1 : 1 << (irq - KICK(0));
        gic_set_bit(GICD_ISENABLER, irq);
    }
    else
        GICD_BYTE(GICD_IPRIORITYR, irq) = PMR_OURS;
}

void gic_init_cpu(struct vcpu *v)
{
    unsigned int irq, n = v->vcpu_id ? VGIC_NR_PRIVATE_IRQS : VGIC_NR_IRQS;

    BUG_ON((readl(GICD(GICD_TYPER)) & 0x1f) != VGIC_NR_IRQS / 32 - 1);
    for ( irq = 0; irq < n; irq++ )
        init_irq(irq);
    writel(1, GICD(GICD_CTLR));
    writel(GICC_CTLR_ENABLE | GICC_CTLR_SPLIT, GICC(GICC_CTLR));
}

/* --- List registers ------------------------------------------------------- */

/* Out of a list register. A level is pending as long as it is high. */
static void give_back(uint32_t lr)
{
    unsigned int irq = gic_swap(lr & LR_IRQ);

    if ( irq < VGIC_NR_SGIS && (lr & LR_PENDING) )
        GICD_BYTE(GICD_SPENDSGIR, irq) = 1U << ((lr & IAR_SOURCE) >> 10);
    else if ( (lr & LR_PENDING) && !gic_is_level(irq) )
        gic_set_bit(GICD_ISPENDR, irq);
    if ( !(lr & LR_HW) )
        writel(irq | (lr & IAR_SOURCE), GICC(GICC_DIR));
    else if ( lr & LR_PENDING )
        writel(irq, GICC(GICC_DIR));
}

void gic_give_back(struct vcpu *v)
{
    unsigned int i;

    for ( i = 0; i < VGIC_NR_LRS; i++ )
    {
        uint32_t *lr = &v->arch.vgic.lr[i], *at = GICH(GICH_LR(i));

        if ( *lr )
            *lr = readl(at);
        if ( !*lr || (*lr & LR_ACTIVE) )
            continue;
        give_back(*lr);
        *lr = 0;
        writel(0, at);
    }
}

/* What the guest has made inactive in the distributor leaves its register. */
static void drop_inactive(struct vgic_cpu *vgic)
{
    unsigned int i, irq;

    for ( i = 0; i < VGIC_NR_LRS; i++ )
    {
        irq = gic_swap(vgic->lr[i] & LR_IRQ);
        if ( !vgic->lr[i] ||
             (readl(GICD(GICD_ISACTIVER + irq / 32 * 4)) >> irq % 32 & 1) )
            continue;
        vgic->lr[i] = 0;
        writel(0, GICH(GICH_LR(i)));
    }
}

/* For that interrupt, if it has one that is out of date, or one not in use. */
static unsigned int find_lr(const struct vgic_cpu *vgic, unsigned int virq)
{
    unsigned int i, found = VGIC_NR_LRS;

    for ( i = 0; i < VGIC_NR_LRS; i++ )
        if ( vgic->lr[i] && (vgic->lr[i] & LR_IRQ) == virq )
            return i;
        else if ( !vgic->lr[i] )
            found = i;

    return found;
}

/* Its priority. */
static uint32_t fill_lr(struct vcpu *v, uint32_t iar)
{
    struct vgic_cpu *vgic = &v->arch.vgic;
    unsigned int irq = iar & IAR_IRQ, virq = gic_swap(irq);
    unsigned int i = find_lr(vgic, virq);
    uint32_t lr = virq | LR_PENDING, priority = GICD_BYTE(GICD_IPRIORITYR, irq);

    /* The machine's lower half of priorities is all of the guest's. */
    lr |= (priority & 0x7c) >> 2 << LR_PRIORITY;
    /* What may be pending again when it ends; QEMU looks when we end it. */
    if ( vgic_assert_level(v->domain, irq) || !gic_is_level(irq) )
        lr |= (iar & IAR_SOURCE) | LR_EOI;
    else
        lr |= LR_HW | irq << LR_PHYSICAL;
    writel(lr, GICH(GICH_LR(i)));
    vgic->lr[i] = lr;

    return priority;
}

static bool has_free_lr(const struct vgic_cpu *vgic)
{
    return find_lr(vgic, SPURIOUS) < VGIC_NR_LRS;
}

static void set_reg(uint32_t *is, uint32_t value, uint32_t *reg)
{
    if ( *is != value )
        writel(value, reg);
    *is = value;
}

/* --- All of them ---------------------------------------------------------- */

static void handle_ours(struct domain *d, unsigned int irq)
{
    if ( irq == UART_IRQ )
        console_interrupt();
    else if ( irq == HYP_TIMER_IRQ )
        timer_interrupt();
    evtchn_deliver(d);
}

void gic_interrupt(struct vcpu *v)
{
    struct vgic_cpu *vgic = &v->arch.vgic;
    bool guest = v->state == VCPU_ON && v->domain->arch.vgic.enabled;
    uint32_t iar, irq, lowest = PMR_OURS;

    drop_inactive(vgic);
    set_reg(&vgic->hcr, GICH_HCR_EN, GICH(GICH_HCR));
    for ( ;; )
    {
        bool more = guest && has_free_lr(vgic);

        set_reg(&vgic->pmr, more ? PMR_ALL : PMR_OURS, GICC(GICC_PMR));
        iar = readl(GICC(GICC_IAR));
        irq = iar & IAR_IRQ;
        if ( irq >= SPURIOUS )
            break;
        writel(iar, GICC(GICC_EOIR));
        if ( gic_is_ours(irq) )
        {
            handle_ours(v->domain, irq);
            writel(iar, GICC(GICC_DIR));
        }
        else
            lowest = max(lowest, fill_lr(v, iar));
    }
    if ( guest && !has_free_lr(vgic) )
    {
        /* For what goes before these; and when they are nearly done. */
        set_reg(&vgic->pmr, lowest, GICC(GICC_PMR));
        set_reg(&vgic->hcr, GICH_HCR_EN | GICH_HCR_UIE, GICH(GICH_HCR));
    }
}

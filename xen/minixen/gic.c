/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's GICv2. An interrupt is acknowledged and dropped here; those for
 * the guest are deactivated by the guest itself, through its list register.
 */

#include <xen/console.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/vgic.h>

#define GICD_CTLR       0x000
#define GICD_TYPER      0x004
#define GICD_ISENABLER  0x100
#define GICD_ICENABLER  0x180
#define GICD_ICACTIVER  0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR  0x800
#define GICD_ICFGR      0xc00
#define GICD_SGIR       0xf00
#define GICC_CTLR       0x0000
#define GICC_PMR        0x0004
#define GICC_IAR        0x000c
#define GICC_EOIR       0x0010
#define GICC_DIR        0x1000

#define GICC_CTLR_ENABLE 0x001
#define GICC_CTLR_EOI_DROP                                                     \
    0x200 /* EOIR drops the priority, DIR deactivates                          \
           */
#define SPURIOUS 1020U

static spinlock_t lock;

static uint32_t *distributor(unsigned int reg)
{
    return (uint32_t *)(GICD_BASE + reg);
}

static uint32_t *cpu_interface(unsigned int reg)
{
    return (uint32_t *)(GICC_BASE + reg);
}

/* A register with a field of so many bits for each interrupt. */
static void set_field(unsigned int reg,
                      unsigned int irq,
                      unsigned int bits,
                      uint32_t value)
{
    unsigned int shift = irq * bits % 32;
    uint32_t *at = distributor(reg + irq * bits / 32 * 4);
    uint32_t mask = ((1U << bits) - 1) << shift;

    spin_lock(&lock);
    writel((readl(at) & ~mask) | value << shift, at);
    spin_unlock(&lock);
}

/* A register where ones mean something, and zeroes nothing. */
static void set_bit_of(unsigned int reg, unsigned int irq)
{
    writel(1U << irq % 32, distributor(reg + irq / 32 * 4));
}

unsigned int gic_lines(void)
{
    return ((readl(distributor(GICD_TYPER)) & 0x1f) + 1) * 32;
}

void gic_set_enabled(unsigned int irq, bool on)
{
    set_bit_of(on ? GICD_ISENABLER : GICD_ICENABLER, irq);
}

void gic_set_edge(unsigned int irq, bool edge)
{
    set_field(GICD_ICFGR, irq, 2, edge ? 2 : 0);
}

void gic_set_target(unsigned int irq, unsigned int cpu)
{
    set_field(GICD_ITARGETSR, irq, 8, 1U << cpu);
}

void gic_deactivate(unsigned int irq)
{
    set_bit_of(GICD_ICACTIVER, irq);
}

void gic_send_sgi(unsigned int cpu)
{
    smp_mb(); /* what it is to look at is there */
    writel(1U << (16 + cpu), distributor(GICD_SGIR));
}

void gic_init(void)
{
    BUG_ON(gic_lines() < VGIC_NR_IRQS);
    writel(1, distributor(GICD_CTLR));
    gic_set_target(UART_IRQ, 0);
    gic_set_enabled(UART_IRQ, true);
}

void gic_init_cpu(void)
{
    writel(0xff, cpu_interface(GICC_PMR));
    writel(GICC_CTLR_ENABLE | GICC_CTLR_EOI_DROP, cpu_interface(GICC_CTLR));
    gic_set_enabled(0, true);
    gic_set_enabled(MAINTENANCE_IRQ, true);
    gic_set_enabled(HYP_TIMER_IRQ, true);
}

/* Those of ours; the others are the guest's. */
static bool handle(unsigned int irq)
{
    switch ( irq )
    {
    case UART_IRQ:
        console_interrupt();
        return true;
    case HYP_TIMER_IRQ:
        timer_interrupt();
        return true;
    case MAINTENANCE_IRQ: /* leaving the guest was what it is for */
        return true;
    default:
        return irq < VGIC_NR_SGIS; /* vcpu_kick(): likewise */
    }
}

void gic_interrupt(struct vcpu *v)
{
    uint32_t iar, irq;

    while ( (irq = (iar = readl(cpu_interface(GICC_IAR))) & 0x3ff) < SPURIOUS )
    {
        writel(iar, cpu_interface(GICC_EOIR));
        if ( handle(irq) )
            writel(iar, cpu_interface(GICC_DIR));
        else
            vgic_inject_hw(v, irq);
    }
}

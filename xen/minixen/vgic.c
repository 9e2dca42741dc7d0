/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's distributor is the machine's, but for what is ours. The lines of
 * our devices have interrupts there with nothing else behind them: a line that
 * is high is one that has been made pending, once more each time that it is
 * taken, and that is taken back when it falls.
 */

#include <xen/console.h>
#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/vgic.h>

/* --- Lines ---------------------------------------------------------------- */

bool vgic_assert_level(struct domain *d, unsigned int irq)
{
    bool high = test_bit(irq, d->arch.vgic.high) && gic_is_level(irq);

    if ( high )
        gic_set_bit(GICD_ISPENDR, irq);

    return high;
}

void vgic_inject_irq(struct domain *d,
                     struct vcpu *v,
                     unsigned int virq,
                     bool level)
{
    struct vgic_dist *dist = &d->arch.vgic;
    unsigned int irq = gic_swap(virq);

    if ( level && !test_bit(irq, dist->high) )
    {
        __set_bit(irq, dist->high);
        gic_set_bit(GICD_ISPENDR, irq);
    }
    else if ( !level )
    {
        __clear_bit(irq, dist->high);
        if ( gic_is_level(irq) )
            gic_set_bit(GICD_ICPENDR, irq);
    }
}

/* Who has it is only our own concern: setup.c. */
bool vgic_reserve_virq(struct domain *d, unsigned int virq)
{
    return virq >= VGIC_NR_PRIVATE_IRQS && !gic_is_ours(gic_swap(virq));
}

/* --- Registers ------------------------------------------------------------ */

/* Those with fields; plain: what is written is there, else ones do something.
 */
static const struct fields {
    uint16_t start, end;
    uint16_t size; /* of one register of the kind */
    uint8_t bits;  /* for each interrupt */
    bool plain;
} fields[] = {
    { GICD_ISENABLER, GICD_IPRIORITYR, 0x80, 1, false },
    { GICD_IPRIORITYR, GICD_ITARGETSR, 0x400, 8, true },
    { GICD_ITARGETSR, GICD_ICFGR, 0x400, 8, true },
    { GICD_ICFGR, 0xd00, 0x100, 2, true },
    { GICD_CPENDSGIR, 0xf30, 0x10, 8, false },
};

static const struct fields *find_fields(unsigned int reg)
{
    const struct fields *f = fields;

    for ( ; f < fields + ARRAY_SIZE(fields); f++ )
        if ( reg >= f->start && reg < f->end )
            return f;

    return NULL;
}

/* Bytes where there is one for each interrupt; words everywhere. */
static bool is_ok(const struct fields *f,
                  unsigned int reg,
                  const mmio_info_t *info)
{
    if ( info->dabt.size == DABT_BYTE )
        return f && f->bits == 8;

    return info->dabt.size == DABT_WORD && !(reg & 3);
}

/* The first interrupt of the word at reg. */
static unsigned int first_irq(const struct fields *f, unsigned int reg)
{
    return reg % f->size / 4 * 32 / f->bits;
}

/* A word of the guest's as the machine's, or the other way. */
static uint32_t swap_fields(const struct fields *f,
                            unsigned int reg,
                            uint32_t w)
{
    uint32_t one = (1U << f->bits) - 1, two = one << f->bits;

    if ( first_irq(f, reg) != gic_swap(UART_IRQ) )
        return w;

    return (w & ~(one | two)) | (w & one) << f->bits | (w & two) >> f->bits;
}

/* Which bits of the machine's word are the guest's. */
static uint32_t guests(const struct fields *f, unsigned int reg)
{
    unsigned int bit, irq = first_irq(f, reg);
    uint32_t mask = 0;

    for ( bit = 0; bit < 32; bit += f->bits, irq++ )
        if ( !gic_is_ours(irq) )
            mask |= ((1U << f->bits) - 1) << bit;

    return mask;
}

static uint32_t read_fields(const struct fields *f, unsigned int reg)
{
    uint32_t word = readl(GICD(reg)) & guests(f, reg);

    if ( f->start == GICD_IPRIORITYR )
        word = word << 1 & 0xf8f8f8f8U;

    return swap_fields(f, reg, word);
}

/* QEMU takes a byte of zero for an SGI without a sender, and dies of it. */
static void write_senders(unsigned int reg, uint32_t word)
{
    for ( ; word; word >>= 8, reg++ )
        if ( word & 0xff )
            GICD_BYTE(reg, 0) = word;
}

/* mask: what of the word is written. */
static void write_fields(const struct fields *f,
                         unsigned int reg,
                         uint32_t word,
                         uint32_t mask)
{
    word = swap_fields(f, reg, word);
    mask = swap_fields(f, reg, mask) & guests(f, reg);
    if ( f->start == GICD_IPRIORITYR )
        word = 0x80808080U | (word & 0xf8f8f8f8U) >> 1;
    word &= mask;
    if ( f->start == GICD_CPENDSGIR )
    {
        write_senders(reg, word);
        return;
    }
    if ( f->plain )
        word |= readl(GICD(reg)) & ~mask;
    writel(word, GICD(reg));
}

static int distr_read(struct vcpu *v, mmio_info_t *info, register_t *r, void *p)
{
    struct vgic_dist *dist = &v->domain->arch.vgic;
    unsigned int reg = info->gpa - GICD_BASE;
    const struct fields *f = find_fields(reg);

    if ( !is_ok(f, reg, info) )
        return 0;

    if ( f )
        *r = read_fields(f, reg & ~3U) >> reg % 4 * 8;
    else if ( reg == GICD_CTLR )
        *r = dist->enabled;
    else if ( reg == GICD_TYPER || reg == GICD_IIDR || reg >= GICD_ID )
        *r = readl(GICD(reg));
    else
        *r = 0; /* groups, and what is reserved */

    return 1;
}

static int distr_write(struct vcpu *v, mmio_info_t *info, register_t r, void *p)
{
    struct vgic_dist *dist = &v->domain->arch.vgic;
    unsigned int reg = info->gpa - GICD_BASE, shift = reg % 4 * 8, irq;
    const struct fields *f = find_fields(reg);
    uint32_t mask = info->dabt.size == DABT_BYTE ? 0xff : ~0U;

    if ( !is_ok(f, reg, info) )
        return 0;

    if ( f )
        write_fields(f, reg & ~3U, r << shift, mask << shift);
    else if ( reg == GICD_CTLR )
        dist->enabled = r & 1;
    else if ( reg == GICD_SGIR )
        writel(r & 0x03ff000f, GICD(reg));

    /* It is no use to make not pending what is still high. */
    for ( irq = 0; f && irq < VGIC_NR_IRQS; irq++ )
        vgic_assert_level(v->domain, irq);

    return 1;
}

void vgic_init(struct domain *d)
{
    static const struct mmio_handler_ops ops = { distr_read, distr_write };

    register_mmio_handler(d, &ops, GICD_BASE, PAGE_SIZE, NULL);
}

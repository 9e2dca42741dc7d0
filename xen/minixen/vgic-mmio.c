/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's distributor: a table of registers, with a field per interrupt. */

#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/vgic.h>

#define GICD_CTLR    0x000
#define GICD_TYPER   0x004
#define GICD_IIDR    0x008
#define GICD_SGIR    0xf00
#define GICD_ICPIDR2 0xfe8

#define PRIORITY_MASK 0xf8 /* the five bits that a list register has */
#define CONFIG_EDGE   2

/* One interrupt, and v's view of it. */
struct field {
    struct vcpu *v;
    struct vgic_irq *irq;
};

/* The machine's: what the guest says of it goes to the machine's GIC. */
static bool is_hw(const struct vgic_irq *irq)
{
    return !irq->emulated && irq->intid >= VGIC_NR_SGIS &&
           irq->intid != MAINTENANCE_IRQ && irq->intid != HYP_TIMER_IRQ;
}

#define GETTER(name, value)                                                    \
    static uint32_t get_##name(const struct field *f)                          \
    {                                                                          \
        return value;                                                          \
    }
GETTER(enabled, f->irq->enabled)
GETTER(pending, f->irq->pending_latch || f->irq->line_level)
GETTER(active, f->irq->active)
GETTER(priority, f->irq->priority)
GETTER(targets, f->irq->vcpu ? 1U << f->v->vcpu_id : f->irq->targets)
GETTER(config, f->irq->config == VGIC_CONFIG_EDGE ? CONFIG_EDGE : 0)
GETTER(source, f->irq->source)

static void set_enable(const struct field *f, bool on)
{
    f->irq->enabled = on;
    if ( is_hw(f->irq) )
        gic_set_enabled(f->irq->intid, on);
}

static void set_enabled(const struct field *f, uint32_t value)
{
    if ( value )
        set_enable(f, true);
}

static void clear_enabled(const struct field *f, uint32_t value)
{
    if ( value && f->irq->intid >= VGIC_NR_SGIS )
        set_enable(f, false);
}

static void set_pending(const struct field *f, uint32_t value)
{
    if ( value && f->irq->intid >= VGIC_NR_SGIS )
        f->irq->pending_latch = true;
}

static void clear_pending(const struct field *f, uint32_t value)
{
    if ( value && f->irq->intid >= VGIC_NR_SGIS )
        f->irq->pending_latch = false;
}

static void set_active(const struct field *f, uint32_t value)
{
    f->irq->active |= value;
}

static void clear_active(const struct field *f, uint32_t value)
{
    if ( !value )
        return;

    f->irq->active = false;
    if ( f->irq->hw_active && !f->irq->pending_latch )
    {
        gic_deactivate(f->irq->intid);
        f->irq->hw_active = false;
    }
}

static void set_priority(const struct field *f, uint32_t value)
{
    f->irq->priority = value & PRIORITY_MASK;
}

static void set_targets(const struct field *f, uint32_t value)
{
    value &= (1U << f->v->domain->max_vcpus) - 1;
    if ( f->irq->vcpu )
        return;

    f->irq->targets = value;
    if ( value && is_hw(f->irq) )
        gic_set_target(f->irq->intid, __builtin_ctz(value));
}

static void set_config(const struct field *f, uint32_t value)
{
    bool edge = value & CONFIG_EDGE;

    if ( f->irq->vcpu )
        return;

    f->irq->config = edge ? VGIC_CONFIG_EDGE : VGIC_CONFIG_LEVEL;
    if ( is_hw(f->irq) )
        gic_set_edge(f->irq->intid, edge);
}

static void set_source(const struct field *f, uint32_t value)
{
    f->irq->source |= value & ((1U << f->v->domain->max_vcpus) - 1);
    f->irq->pending_latch = f->irq->source != 0;
}

static void clear_source(const struct field *f, uint32_t value)
{
    f->irq->source &= ~value;
    f->irq->pending_latch = f->irq->source != 0;
}

/* bits: of the field; size: of the registers. */
static const struct {
    uint16_t start, size;
    uint8_t bits;
    uint32_t (*get)(const struct field *f);
    void (*set)(const struct field *f, uint32_t value);
} registers[] = {
    { 0x100, VGIC_NR_IRQS / 8, 1, get_enabled, set_enabled },
    { 0x180, VGIC_NR_IRQS / 8, 1, get_enabled, clear_enabled },
    { 0x200, VGIC_NR_IRQS / 8, 1, get_pending, set_pending },
    { 0x280, VGIC_NR_IRQS / 8, 1, get_pending, clear_pending },
    { 0x300, VGIC_NR_IRQS / 8, 1, get_active, set_active },
    { 0x380, VGIC_NR_IRQS / 8, 1, get_active, clear_active },
    { 0x400, VGIC_NR_IRQS, 8, get_priority, set_priority },
    { 0x800, VGIC_NR_IRQS, 8, get_targets, set_targets },
    { 0xc00, VGIC_NR_IRQS / 4, 2, get_config, set_config },
    { 0xf10, VGIC_NR_SGIS, 8, get_source, clear_source },
    { 0xf20, VGIC_NR_SGIS, 8, get_source, set_source },
};

/* The fields of an access: read into *r, or written from it. */
static void access_fields(struct vcpu *v,
                          unsigned int reg,
                          unsigned int size,
                          bool write,
                          register_t *r)
{
    struct domain *d = v->domain;
    unsigned int i, n, bit;

    for ( i = 0; i < ARRAY_SIZE(registers); i++ )
        if ( reg - registers[i].start < registers[i].size )
            break;
    if ( i == ARRAY_SIZE(registers) )
        return; /* RAZ/WI: groups, and what is reserved */

    n = (reg - registers[i].start) * 8 / registers[i].bits;
    for ( bit = 0; bit < 8 * size; bit += registers[i].bits, n++ )
    {
        uint32_t mask = (1U << registers[i].bits) - 1;
        struct field f = { .v = v, .irq = vgic_get_irq(d, v, n) };

        if ( write )
        {
            registers[i].set(&f, *r >> bit & mask);
            vgic_queue_irq(d, f.irq);
        }
        else
            *r |= (register_t)(registers[i].get(&f) & mask) << bit;
    }
}

static void send_sgi(struct vcpu *v, uint32_t sgir)
{
    struct domain *d = v->domain;
    unsigned int filter = sgir >> 24 & 3, targets = sgir >> 16 & 0xff, n;

    if ( filter == 1 )
        targets = ~(1U << v->vcpu_id);
    else if ( filter == 2 )
        targets = 1U << v->vcpu_id;

    for ( n = 0; n < d->max_vcpus && filter != 3; n++ )
        if ( targets & (1U << n) )
        {
            struct vgic_irq *irq = vgic_get_irq(d, d->vcpu[n], sgir & 0xf);

            irq->source |= 1U << v->vcpu_id;
            irq->pending_latch = true;
            vgic_queue_irq(d, irq);
        }
}

/* Bytes where there is one for each interrupt; words everywhere. */
static bool is_ok(unsigned int reg, const mmio_info_t *info)
{
    bool bytes = (reg >= 0x400 && reg < 0xc00) || (reg >= 0xf10 && reg < 0xf30);

    if ( info->dabt.size == DABT_BYTE )
        return bytes;

    return info->dabt.size == DABT_WORD && !(reg & 3);
}

static int distr_read(struct vcpu *v, mmio_info_t *info, register_t *r, void *p)
{
    struct vgic_dist *dist = &v->domain->arch.vgic;
    unsigned int reg = info->gpa - GICD_BASE;

    if ( !is_ok(reg, info) )
        return 0;

    spin_lock(&dist->lock);
    *r = 0;
    if ( reg == GICD_CTLR )
        *r = dist->enabled;
    else if ( reg == GICD_TYPER )
        *r = (VGIC_NR_IRQS / 32 - 1) | (v->domain->max_vcpus - 1) << 5;
    else if ( reg == GICD_IIDR )
        *r = 0x43b; /* ARM */
    else if ( reg == GICD_ICPIDR2 )
        *r = 0x2b; /* GICv2 */
    else
        access_fields(v, reg, 1U << info->dabt.size, false, r);
    spin_unlock(&dist->lock);

    return 1;
}

static int distr_write(struct vcpu *v, mmio_info_t *info, register_t r, void *p)
{
    struct vgic_dist *dist = &v->domain->arch.vgic;
    unsigned int reg = info->gpa - GICD_BASE;

    if ( !is_ok(reg, info) )
        return 0;

    spin_lock(&dist->lock);
    if ( reg == GICD_CTLR )
        dist->enabled = r & 1;
    else if ( reg == GICD_SGIR )
        send_sgi(v, r);
    else
        access_fields(v, reg, 1U << info->dabt.size, true, &r);
    spin_unlock(&dist->lock);

    return 1;
}

const struct mmio_handler_ops vgic_distr_ops = {
    .read = distr_read,
    .write = distr_write,
};

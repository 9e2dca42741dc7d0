/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest's interrupts. What is pending for a vCPU is put in the list
 * registers of its CPU before it runs, and looked at when it has run. A level
 * is not handed over but asked for again each time: its list register makes the
 * guest's EOI an exit, and a line that is still high then is pending again.
 */

#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/vgic.h>

static uint32_t *gich(unsigned int reg)
{
    return (uint32_t *)(GICH_BASE + reg);
}

struct vgic_irq *vgic_get_irq(struct domain *d, struct vcpu *v, unsigned int n)
{
    return n < VGIC_NR_PRIVATE_IRQS
               ? &v->arch.vgic.private_irqs[n]
               : &d->arch.vgic.spis[n - VGIC_NR_PRIVATE_IRQS];
}

static bool is_pending(const struct vgic_irq *irq)
{
    return irq->pending_latch || irq->line_level;
}

/* Active, or to be delivered. */
static bool is_due(const struct vgic_irq *irq)
{
    return irq->active || (irq->enabled && is_pending(irq));
}

/* NULL: nobody gets it. */
static struct vcpu *target_of(struct domain *d, const struct vgic_irq *irq)
{
    unsigned int n;

    if ( irq->vcpu )
        return irq->vcpu;

    for ( n = 0; n < d->max_vcpus; n++ )
        if ( irq->targets & (1U << n) )
            return d->vcpu[n];

    return NULL;
}

void vcpu_kick(struct vcpu *v)
{
    if ( v != current && v->state == VCPU_ON )
        gic_send_sgi(v->vcpu_id);
}

void vgic_queue_irq(struct domain *d, struct vgic_irq *irq)
{
    struct vcpu *v = target_of(d, irq);

    if ( !v || !is_due(irq) )
        return;

    __set_bit(irq->intid, v->arch.vgic.ap);
    vcpu_kick(v);
}

void vgic_inject_irq(struct domain *d,
                     struct vcpu *v,
                     unsigned int virq,
                     bool level)
{
    struct vgic_irq *irq = vgic_get_irq(d, v, virq);

    spin_lock(&d->arch.vgic.lock);
    if ( irq->config == VGIC_CONFIG_EDGE )
        irq->pending_latch |= level && !irq->line_was;
    irq->line_was = level;
    irq->line_level = level && irq->config == VGIC_CONFIG_LEVEL;
    vgic_queue_irq(d, irq);
    spin_unlock(&d->arch.vgic.lock);
}

void vgic_inject_hw(struct vcpu *v, unsigned int virq)
{
    struct domain *d = v->domain;
    struct vgic_irq *irq = vgic_get_irq(d, v, virq);

    spin_lock(&d->arch.vgic.lock);
    irq->hw_active = true;
    irq->pending_latch = true;
    vgic_queue_irq(d, irq);
    spin_unlock(&d->arch.vgic.lock);
}

bool vgic_reserve_virq(struct domain *d, unsigned int virq)
{
    struct vgic_irq *irq = vgic_get_irq(d, NULL, virq);

    if ( virq < VGIC_NR_PRIVATE_IRQS || virq >= VGIC_NR_IRQS || irq->emulated )
        return false;

    irq->emulated = true;

    return true;
}

void vgic_free_virq(struct domain *d, unsigned int virq)
{
    vgic_get_irq(d, NULL, virq)->emulated = false;
}

/* --- After the guest has run ---------------------------------------------- */

static void fold_sgi(struct vgic_irq *irq, uint32_t lr)
{
    unsigned int source = (lr >> LR_CPUID) & 7;

    if ( lr & LR_PENDING )
    {
        irq->source |= 1U << source;
        irq->pending_latch = true;
    }
    else
        irq->active_source = source;
}

static void fold(struct vgic_irq *irq, uint32_t lr)
{
    irq->active = lr & LR_ACTIVE;
    if ( !(lr & (LR_ACTIVE | LR_PENDING)) )
        irq->hw_active = false; /* the guest has ended it */

    if ( irq->intid < VGIC_NR_SGIS )
        fold_sgi(irq, lr);
    else if ( irq->emulated && irq->config == VGIC_CONFIG_LEVEL )
        irq->pending_latch &= !!(lr & LR_PENDING); /* a write to ISPENDR */
    else
        irq->pending_latch |= !!(lr & LR_PENDING);
}

static void set_lr(struct vgic_cpu *vgic, unsigned int i, uint32_t lr)
{
    if ( lr != vgic->lr[i] )
        writel(lr, gich(GICH_LR(i)));
    vgic->lr[i] = lr;
}

static void set_hcr(struct vgic_cpu *vgic, uint32_t hcr)
{
    if ( vgic->hcr == hcr )
        return;

    vgic->hcr = hcr;
    writel(hcr, gich(GICH_HCR));
}

/* What asks for the maintenance interrupt is gone when this is done. */
void vgic_sync_from_lrs(struct vcpu *v)
{
    struct vgic_cpu *vgic = &v->arch.vgic;
    unsigned int i;

    spin_lock(&v->domain->arch.vgic.lock);
    for ( i = 0; i < VGIC_NR_LRS; i++ )
        if ( vgic->in_lr[i] )
        {
            vgic->lr[i] = readl(gich(GICH_LR(i)));
            fold(vgic->in_lr[i], vgic->lr[i]);
            vgic->in_lr[i] = NULL;
            if ( !(vgic->lr[i] & (LR_ACTIVE | LR_PENDING)) )
                set_lr(vgic, i, 0);
        }
    set_hcr(vgic, GICH_HCR_EN);
    spin_unlock(&v->domain->arch.vgic.lock);
}

/* --- Before it runs ------------------------------------------------------- */

/* The next one of those who have sent it. */
static uint32_t populate_sgi(struct vgic_irq *irq)
{
    unsigned int source = irq->active_source;

    if ( !irq->active )
    {
        source = __builtin_ctz(irq->source);
        irq->source &= ~(1U << source);
        irq->pending_latch = irq->source != 0;
    }

    return source << LR_CPUID | (irq->source ? LR_EOI : 0) |
           (irq->active ? 0 : LR_PENDING);
}

/* The list register of an interrupt that is due. */
static uint32_t populate(struct vgic_irq *irq)
{
    bool level = irq->emulated && irq->config == VGIC_CONFIG_LEVEL;
    uint32_t lr = irq->intid | (uint32_t)(irq->priority >> 3) << LR_PRIORITY;

    if ( irq->active )
        lr |= LR_ACTIVE;
    if ( irq->intid < VGIC_NR_SGIS )
        return lr | populate_sgi(irq);
    if ( irq->hw_active )
        lr |= LR_HW | (uint32_t)irq->intid << LR_PHYSICAL;
    else if ( level )
        lr |= LR_EOI;

    /* A level that is active is pending again once that is over. */
    if ( irq->enabled && is_pending(irq) &&
         !(irq->active && (level || irq->hw_active)) )
    {
        lr |= LR_PENDING;
        irq->pending_latch &= level;
    }

    return lr;
}

/* Does a go before b? What is active must have its register. */
static bool precedes(const struct vgic_irq *a, const struct vgic_irq *b)
{
    return a->active != b->active ? a->active : a->priority < b->priority;
}

/* The first ones of those that are due, in order; how many there are. */
static unsigned int choose(struct vcpu *v, struct vgic_irq **first)
{
    struct domain *d = v->domain;
    unsigned long *ap = v->arch.vgic.ap;
    unsigned int n, i, due = 0;

    for ( n = 0; (n = find_next_bit(ap, VGIC_NR_IRQS, n)) < VGIC_NR_IRQS; n++ )
    {
        struct vgic_irq *irq = vgic_get_irq(d, v, n);

        if ( !is_due(irq) || (!irq->active && target_of(d, irq) != v) )
        {
            __clear_bit(n, ap);
            vgic_queue_irq(d, irq); /* for whoever has it now */
            continue;
        }

        for ( i = min(due, VGIC_NR_LRS); i && precedes(irq, first[i - 1]); i-- )
            if ( i < VGIC_NR_LRS )
                first[i] = first[i - 1];
        if ( i < VGIC_NR_LRS )
            first[i] = irq;
        due++;
    }

    return due;
}

void vgic_sync_to_lrs(struct vcpu *v)
{
    struct vgic_dist *dist = &v->domain->arch.vgic;
    struct vgic_cpu *vgic = &v->arch.vgic;
    struct vgic_irq *first[VGIC_NR_LRS];
    unsigned int i, due;

    spin_lock(&dist->lock);
    due = dist->enabled ? choose(v, first) : 0;
    for ( i = 0; i < VGIC_NR_LRS; i++ )
    {
        uint32_t lr = 0;

        if ( i < due )
        {
            vgic->in_lr[i] = first[i];
            lr = populate(first[i]);
        }
        set_lr(vgic, i, lr);
    }
    /* There are more: an exit when these are nearly through. */
    set_hcr(vgic, GICH_HCR_EN | (due > VGIC_NR_LRS ? GICH_HCR_UIE : 0));
    spin_unlock(&dist->lock);
}

/* --- At boot -------------------------------------------------------------- */

static void init_private_irqs(struct vcpu *v)
{
    unsigned int n;

    for ( n = 0; n < VGIC_NR_PRIVATE_IRQS; n++ )
    {
        struct vgic_irq *irq = &v->arch.vgic.private_irqs[n];

        irq->intid = n;
        irq->vcpu = v;
        irq->enabled = n < VGIC_NR_SGIS;
        irq->config = n < VGIC_NR_SGIS ? VGIC_CONFIG_EDGE : VGIC_CONFIG_LEVEL;
    }
}

void vgic_init(struct domain *d)
{
    unsigned int n;

    spin_lock_init(&d->arch.vgic.lock);
    for ( n = VGIC_NR_PRIVATE_IRQS; n < VGIC_NR_IRQS; n++ )
    {
        struct vgic_irq *irq = vgic_get_irq(d, NULL, n);

        irq->intid = n;
        irq->targets = 1;
    }
    for ( n = 0; n < d->max_vcpus; n++ )
        init_private_irqs(d->vcpu[n]);

    register_mmio_handler(d, &vgic_distr_ops, GICD_BASE, PAGE_SIZE, NULL);
}

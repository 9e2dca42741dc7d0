/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slot.h - one device of one domain: what turns a struct vsio_device into an
 * MMIO region, interrupts and a life time. Written once for all devices.
 *
 * Locking: slot->lock (irqsave) is the device's lock; all calls into the device
 * and all of its callbacks run under it. What must not run under it (event
 * channels, domain shutdown) is noted in slot->after by the callback, and done
 * once the lock is dropped. Order: slot->lock, then the locks of the vGIC, of
 * timers, and of the console.
 */
#ifndef VSIO_SLOT_H
#define VSIO_SLOT_H

#include <xen/sched.h>
#include <xen/spinlock.h>
#include <xen/timer.h>

#include <asm/mmio.h>
#include <asm/vgic.h>

#include "devices/vsio.h"
#include "tree.h"

#define VSIO_MAX_SLOTS 4U
#define VSIO_MAX_LINES 2

struct kernel_info;
struct vsio_slot;

struct vsio_slot_ops {
    const char *name; /* for messages: "vpl011" */
    /* NULL: vsio_slot_read() and vsio_slot_write(). */
    const struct mmio_handler_ops *mmio;
    /*
     * The domain dies, slot->dead is set. Let go of timers, event channels,
     * pages. No lock is held. A notification that is under way may still take
     * the lock afterwards: it must find nothing to do, in memory that is there
     * until vsio_domain_destroy().
     */
    void (*detach)(struct vsio_slot *slot);
    bool clocked; /* its node refers to the clock */
    /* Its device tree node; gic: phandle of the GIC. NULL: Xen makes it. */
    int (*make_node)(const struct vsio_slot *slot, void *fdt, uint32_t gic);
};

struct vsio_slot {
    struct domain *domain;
    struct vsio_device *dev;
    const struct vsio_slot_ops *ops;
    paddr_t base;                      /* guest physical, a page */
    unsigned int virq[VSIO_MAX_LINES]; /* SPI of each line */
    spinlock_t lock;
    bool dead;
    void (*after)(struct vsio_slot *slot); /* when the lock is dropped */

    /* Interrupt lines; see slot.c, "level". */
    bool resampling;
    uint64_t irqs_seen, accesses_seen; /* counters, when we looked last */
    s_time_t resample_ns;
    struct timer resample;

    /* A device with a backend in a domain. */
    uint64_t notified;  /* events sent to it */
    uint64_t senseless; /* looks at the shared page that made no sense */

    /* The limit on what a guest can make us log. */
    s_time_t log_next;
    uint64_t log_held_back;
};

struct vsio_domain {
    struct vsio_slot *slot[VSIO_MAX_SLOTS];
    bool amba_uart; /* dom0less: the UART's node is arm,pl011 */
};

/*
 * Prepare a zeroed slot: everything but dev, which the caller initialises
 * right after, with slot as its context or inside of it.
 */
void vsio_slot_init(struct vsio_slot *slot,
                    struct domain *d,
                    struct vsio_device *dev,
                    const struct vsio_slot_ops *ops);

/*
 * Make it visible to the guest at base, with its lines at SPI virq and up.
 * Before the domain's vCPUs run. The domain owns it on success. On error (one
 * line is logged) nothing has changed and the caller frees it.
 */
int vsio_slot_attach(struct vsio_slot *slot, paddr_t base, unsigned int virq);

/* Take back what vsio_slot_init() did, of a slot that was never attached. */
void vsio_slot_discard(struct vsio_slot *slot);

/* Enter and leave the device. leave does what was noted in slot->after. */
static inline unsigned long vsio_slot_enter(struct vsio_slot *slot)
{
    unsigned long flags;

    spin_lock_irqsave(&slot->lock, flags);

    return flags;
}

static inline void vsio_slot_leave(struct vsio_slot *slot, unsigned long flags)
{
    void (*after)(struct vsio_slot * slot) = slot->after;

    if ( after )
    {
        slot->after = NULL;
        spin_unlock_irqrestore(&slot->lock, flags);
        after(slot);
    }
    else
        spin_unlock_irqrestore(&slot->lock, flags);
}

/* The MMIO handler of all devices: syndrome to access, refusal to abort. */
int vsio_slot_read(struct vcpu *v,
                   mmio_info_t *info,
                   register_t *r,
                   void *priv);
int vsio_slot_write(struct vcpu *v,
                    mmio_info_t *info,
                    register_t r,
                    void *priv);

/*
 * For a handler that knows a register which is hot: is this access one to the
 * whole of it?
 */
static inline bool vsio_slot_hits(const struct vsio_slot *slot,
                                  const mmio_info_t *info,
                                  unsigned int reg)
{
    return info->gpa == slot->base + reg && info->dabt.size == DABT_WORD;
}

/*
 * The level of a line has changed: for the set_irq callback, see slot.c,
 * "level". Here, so that it can be inlined.
 */
void vsio_slot_watch(struct vsio_slot *slot);

static inline void vsio_slot_set_irq(void *ctx, unsigned int line, bool level)
{
    struct vsio_slot *slot = ctx;

    if ( IS_ENABLED(CONFIG_NEW_VGIC) )
        vgic_inject_irq(slot->domain, NULL, slot->virq[line], level);
    else if ( level )
    {
        if ( unlikely(!slot->resampling) )
            vsio_slot_watch(slot);
        vgic_inject_irq(slot->domain, NULL, slot->virq[line], true);
    }
}

/* For the event callback; ctx is the slot. */
void vsio_slot_event(void *ctx, const struct vsio_event *ev);

/* Attach one device each to a dom0less domain. */
int vsio_vpl031_attach(struct domain *d);
int vsio_vi8042_attach(struct domain *d);

/* Device tree: what the nodes of all devices have. */
int vsio_fdt_begin(void *fdt,
                   const struct vsio_slot *slot,
                   const char *name,
                   uint32_t gic);
int vsio_fdt_clocks(void *fdt, const char *names, unsigned int len);

#ifdef CONFIG_VSIO_PL011
/* Of a UART that is to be arm,pl011. */
int vsio_vpl011_make_amba_node(const struct domain *d, void *fdt, uint32_t gic);
#endif

#endif /* VSIO_SLOT_H */

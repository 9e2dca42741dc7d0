/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slot.h - one device of one domain: what turns a struct vsio_device into an
 * MMIO region, interrupts and a life time. Written once for all devices.
 *
 * Locking: slot->lock (irqsave) is the device's lock; all calls into the device
 * and all of its callbacks run under it. What must not run under it (event
 * channels, domain shutdown) is noted in slot->after by the callback, and done
 * once the lock is dropped. Order: the p2m's (only image.c takes both), then
 * slot->lock, then the locks of the vGIC, of timers, and of the console.
 */
#ifndef VSIO_SLOT_H
#define VSIO_SLOT_H

#include <xen/event.h>
#include <xen/rcupdate.h>
#include <xen/sched.h>
#include <xen/spinlock.h>
#include <xen/timer.h>

#include <asm/mmio.h>
#include <asm/vgic.h>

#include <public/domctl.h>

#include "devices/vsio.h"
#include "image.h"
#include "tree.h"
#include "vsio-domctl.h"

#define VSIO_MAX_LINES 2

/* Peer of a device that has no port. */
#define VSIO_NO_PEER DOMID_INVALID

struct kernel_info;
struct vsio_slot;

struct vsio_slot_ops {
    const char *name; /* for messages: "vpl011" */
    uint32_t type;    /* XEN_VSIO_PL011 and so on */
    /* NULL: vsio_slot_read() and vsio_slot_write(). */
    const struct mmio_handler_ops *mmio;

    bool port; /* it has a port that a peer can bind */
    /* Called for events of the peer. NULL: vsio_slot_notification(). */
    xen_event_channel_notification_t notification;
    /* vsio_slot_notification(): the peer has sent one. NULL: so what. */
    void (*kick)(struct vsio_slot *slot);

    /*
     * The device goes, slot->dead is set. Let go of timers and pages, as far as
     * they are there. No lock is held. A notification that is under way may
     * still take the lock afterwards: it must find nothing to do, in memory
     * that is there until free.
     */
    void (*detach)(struct vsio_slot *slot);
    /* Nobody can have a pointer to the slot any more, which is freed next. */
    void (*free)(struct vsio_slot *slot);

    /* What info and the commands of domctl.c leave to the device. */
    void (*info)(const struct vsio_slot *slot, struct xen_vsio_info *info);
    int (*domctl)(struct vsio_slot *slot, struct xen_vsio_op *op);

    bool clocked; /* its node refers to the clock */
    /* Its device tree node; gic: phandle of the GIC. NULL: Xen makes it. */
    int (*make_node)(const struct vsio_slot *slot, void *fdt, uint32_t gic);
};

struct vsio_slot {
    struct domain *domain;
    struct vsio_device *dev;
    const struct vsio_slot_ops *ops;
    paddr_t base, size;                /* guest physical, whole pages */
    unsigned int virq[VSIO_MAX_LINES]; /* SPI of each line; 0: none */
    spinlock_t lock;
    bool dead;
    void (*after)(struct vsio_slot *slot); /* when the lock is dropped */

    evtchn_port_t evtchn; /* the port for the peer; 0: none */
    uint64_t notified;    /* events that were sent to it */
    uint64_t senseless;   /* looks at the ring that made no sense */
    struct rcu_head rcu;

    /* Interrupt lines; see slot.c, "level". */
    bool resampling;
    uint64_t irqs_seen, accesses_seen; /* counters, when we looked last */
    s_time_t resample_ns;
    struct timer resample;

    struct vsio_image image; /* what the guest reads without a trap */

    /* The limit on what a guest can make us log. */
    s_time_t log_next;
    uint64_t log_held_back;
};

struct vsio_domain {
    struct vsio_slot *slot[XEN_VSIO_SLOTS];
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
 * Make it visible to the guest: size bytes at a->base, its lines at SPI a->virq
 * and up, its port for a->peer. Before the domain's vCPUs run. The domain owns
 * it on success. On error (one line is logged) nothing has changed, and it is
 * dropped.
 */
int vsio_slot_attach(struct vsio_slot *slot,
                     const struct xen_vsio_attach *a,
                     paddr_t size);

/* Take back what was attached. The domain has never run, and does not die. */
void vsio_slot_detach(struct vsio_slot *slot);

/* The number that the next slot of a domain gets: 0 and up, or -ENOSPC. */
int vsio_free_number(const struct domain *d);

/* Free a slot that vsio_slot_init() has seen and that was never attached. */
void vsio_slot_drop(struct vsio_slot *slot);

/* For slot->after: an event for the peer. It is counted by who notes it. */
void vsio_slot_notify(struct vsio_slot *slot);

/* An event of a peer, for any slot of the domain. */
void vsio_slot_notification(struct vcpu *v, unsigned int port);

#ifdef CONFIG_VSIO_REGISTER_IMAGE

/* With the lock held: does the guest read some of it without a trap? */
static inline bool vsio_image_mapped(const struct vsio_slot *slot)
{
    return unlikely(slot->image.mapped);
}

/* It does, and the device has been called: the image follows, or has to go. */
void vsio_image_update(struct vsio_slot *slot);

/* It does, and a line has changed: is the interrupt to wait? */
bool vsio_image_hold(struct vsio_slot *slot, unsigned int line, bool level);

/*
 * Without lock, where the p2m may be changed: map or unmap the image if it is
 * time to. For the end of each access that has trapped.
 */
void vsio_image_settle(struct vsio_slot *slot);

/* Is the image neither out of date, nor is it time to have one? */
static inline bool vsio_image_settled(const struct vsio_slot *slot)
{
    return likely(slot->dev->count.reads < slot->image.at);
}

/*
 * Enter the device for a read that has trapped, or has begun to before it was
 * mapped: what this sees, no later one without a trap may contradict.
 */
unsigned long vsio_image_wait(struct vsio_slot *slot, unsigned long flags);

/*
 * A page for the image of a device that has no memory of its own for it; live:
 * its bytes from the start that change. Or: the device has such memory, whole
 * pages, contiguous in the machine, that are there until ops->free.
 */
int vsio_image_alloc(struct vsio_slot *slot, uint32_t live, void **page);
void vsio_image_own(struct vsio_slot *slot);

/*
 * A read of 64 bits of a device that has memory of its own, which firmware does
 * of a flash: the device would refuse it, but the guest can do it while that is
 * mapped, and so it can before. False: the device answers itself.
 */
bool vsio_image_read(struct vsio_slot *slot,
                     uint32_t offset,
                     unsigned int size,
                     register_t *r);

/* For slot.c: it begins, its device is dead, nobody has the image any more. */
void vsio_image_init(struct vsio_slot *slot);
void vsio_image_stop(struct vsio_slot *slot);
void vsio_image_free(struct vsio_slot *slot);

#else

static inline bool vsio_image_mapped(const struct vsio_slot *slot)
{
    return false;
}

static inline void vsio_image_update(struct vsio_slot *slot)
{
}

static inline bool vsio_image_hold(struct vsio_slot *slot,
                                   unsigned int line,
                                   bool level)
{
    return false;
}

static inline void vsio_image_settle(struct vsio_slot *slot)
{
}

static inline unsigned long vsio_image_wait(struct vsio_slot *slot,
                                            unsigned long flags)
{
    return flags;
}

static inline bool vsio_image_settled(const struct vsio_slot *slot)
{
    return true;
}

static inline int vsio_image_alloc(struct vsio_slot *slot,
                                   uint32_t live,
                                   void **page)
{
    *page = NULL;

    return 0;
}

static inline void vsio_image_own(struct vsio_slot *slot)
{
}

static inline bool vsio_image_read(struct vsio_slot *slot,
                                   uint32_t offset,
                                   unsigned int size,
                                   register_t *r)
{
    return false;
}

static inline void vsio_image_init(struct vsio_slot *slot)
{
}

static inline void vsio_image_stop(struct vsio_slot *slot)
{
}

static inline void vsio_image_free(struct vsio_slot *slot)
{
}

#endif /* CONFIG_VSIO_REGISTER_IMAGE */

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

    if ( vsio_image_mapped(slot) )
        vsio_image_update(slot);
    if ( after )
    {
        slot->after = NULL;
        spin_unlock_irqrestore(&slot->lock, flags);
        after(slot);
    }
    else
        spin_unlock_irqrestore(&slot->lock, flags);
}

static inline unsigned long vsio_image_enter(struct vsio_slot *slot)
{
    unsigned long flags = vsio_slot_enter(slot);

    return vsio_image_mapped(slot) ? vsio_image_wait(slot, flags) : flags;
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

/* A line has risen: look at it again after so long, see slot.c, "level". */
#define VSIO_RESAMPLE_MIN MILLISECS(1)

static inline void vsio_slot_watch(struct vsio_slot *slot)
{
    slot->resampling = true;
    set_timer(&slot->resample, NOW() + VSIO_RESAMPLE_MIN);
}

/*
 * The level of a line has changed: for the set_irq callback. Not for a device
 * without virq: its host table has no set_irq. Here, so that it can be inlined.
 */
static inline void vsio_slot_set_irq(void *ctx, unsigned int line, bool level)
{
    struct vsio_slot *slot = ctx;

    if ( vsio_image_mapped(slot) && vsio_image_hold(slot, line, level) )
        return;
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

/* Create and attach one device each. */
int vsio_vpl011_create(struct domain *d, const struct xen_vsio_attach *a);
int vsio_vpl031_create(struct domain *d, const struct xen_vsio_attach *a);
int vsio_vi8042_create(struct domain *d, const struct xen_vsio_attach *a);
int vsio_vns16550_create(struct domain *d, const struct xen_vsio_attach *a);
int vsio_vflash_create(struct domain *d, const struct xen_vsio_attach *a);

/* Likewise, to a dom0less domain: where it is, and what it is like, is known.
 */
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device's registers in the guest's address space, while reads of them have
 * no effect; see image.h.
 *
 * While the image is mapped, each call into the device is followed by an
 * update, before the lock is dropped and before an interrupt is raised: the
 * guest reads what it would read by a trap. When the image ceases to be (a byte
 * has come in), the device leaves it as it was: for the guest nothing has
 * happened yet. It is unmapped in a tasklet, since bytes come in interrupt
 * context too, or at the end of the guest's own access if that was the reason.
 * Only then is the interrupt raised that was held back. A read that has trapped
 * all the same (it was under way when another vCPU's mapped the image) waits
 * for that, too: it would see the byte in FR, and the next one, of DR, would
 * not trap.
 *
 * slot->image.mapped changes with both the p2m's lock and the slot's held; what
 * is in the p2m, with the p2m's alone: the slot's is taken with interrupts off,
 * which the p2m can't have.
 */

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/sched.h>
#include <xen/softirq.h>

#include <asm/p2m.h>
#include <asm/page.h>

#include "slot.h"

/*
 * A mapping costs two changes of the p2m and a flush of the guest's TLB, a read
 * a trap. So it is mapped again after some reads that have trapped: a key that
 * is typed costs five of them. And while input is pasted, not for each burst.
 */
#define PATIENCE  8
#define PAUSE_MIN MILLISECS(4)
#define PAUSE_MAX MILLISECS(256)

enum action { NOTHING, MAP, UNMAP };

static const void *image_of(const struct vsio_slot *slot)
{
    const struct vsio_class *class = slot->dev->class;

    return slot->dead || !class->image ? NULL : class->image(slot->dev);
}

static void put_off(struct vsio_slot *slot)
{
    slot->image.at = slot->dev->count.reads + PATIENCE - 1;
}

/* The guest may read it as a device's, past the caches. */
static void clean(const struct vsio_slot *slot)
{
    if ( slot->image.live )
        (void)clean_dcache_va_range(slot->image.mapped, slot->image.live);
}

/* --- While it is mapped, with the slot's lock held ------------------------ */

void vsio_image_update(struct vsio_slot *slot)
{
    if ( image_of(slot) == slot->image.mapped )
        clean(slot);
    else if ( slot->image.at )
    {
        slot->image.at = 0; /* whoever traps need not wait for the tasklet */
        tasklet_schedule(&slot->image.tasklet);
    }
}

bool vsio_image_hold(struct vsio_slot *slot, unsigned int line, bool level)
{
    uint32_t bit = 1U << line;
    bool held = slot->image.held & bit;

    slot->image.held &= ~bit;
    if ( level && image_of(slot) != slot->image.mapped )
    {
        slot->image.held |= bit;
        return true;
    }
    clean(slot);

    return held; /* of a line that falls: nobody has seen it rise */
}

bool vsio_image_read(struct vsio_slot *slot,
                     uint32_t offset,
                     unsigned int size,
                     register_t *r)
{
    const uint8_t *image;

    if ( slot->image.page || vsio_access_ok(slot->dev->class, offset, size) ||
         size > sizeof(*r) || offset + size > slot->size )
        return false;

    image = image_of(slot);
    if ( !image )
        return false;

    *r = 0;
    (void)memcpy(r, image + offset, size);
    slot->dev->count.reads++;

    return true;
}

static void release(struct vsio_slot *slot)
{
    uint32_t held = slot->image.held;
    unsigned int line;

    slot->image.held = 0;
    for ( line = 0; line < slot->dev->class->lines && !slot->dead; line++ )
        if ( held & (1U << line) )
            vsio_slot_set_irq(slot, line, true);
}

/* --- The p2m, with its lock held ------------------------------------------ */

/* The pages at gfn, up to the next boundary of what the p2m has there. */
static unsigned long next(struct vsio_slot *slot,
                          unsigned long done,
                          mfn_t *mfn)
{
    struct p2m_domain *p2m = p2m_get_hostp2m(slot->domain);
    unsigned long first = slot->base / PAGE_SIZE + done;
    unsigned long left = slot->size / PAGE_SIZE - done, pages;
    unsigned int order;
    p2m_type_t t;

    *mfn = p2m_get_entry(p2m, _gfn(first), &t, NULL, &order, NULL);
    pages = (1UL << order) - (first & ((1UL << order) - 1));

    return min(pages, left);
}

static bool is_ours(mfn_t mfn, const void *image, unsigned long page)
{
    mfn_t ours = maddr_to_mfn(virt_to_maddr(image));

    return mfn_eq(mfn, mfn_add(ours, page));
}

/* A guest can put pages of its own there: these stay. */
static int map(struct vsio_slot *slot, const void *image)
{
    unsigned long i, pages = slot->size / PAGE_SIZE;
    mfn_t mfn;

    for ( i = 0; i < pages; )
    {
        unsigned long n = next(slot, i, &mfn);

        if ( !mfn_eq(mfn, INVALID_MFN) && !is_ours(mfn, image, i) )
            return -EEXIST;
        i += n;
    }

    /* A type that is neither written nor executed, nor of a page with owner. */
    return p2m_set_entry(
        p2m_get_hostp2m(slot->domain), gaddr_to_gfn(slot->base), pages,
        maddr_to_mfn(virt_to_maddr(image)), p2m_grant_map_ro, p2m_access_rwx);
}

/* A domain that dies keeps it until its p2m goes, which is before the image. */
static void unmap(struct vsio_slot *slot, const void *image)
{
    struct p2m_domain *p2m = p2m_get_hostp2m(slot->domain);
    unsigned long i, n;
    mfn_t mfn;

    for ( i = 0; i < slot->size / PAGE_SIZE; i += n )
    {
        n = next(slot, i, &mfn);
        if ( is_ours(mfn, image, i) )
            (void)p2m_set_entry(p2m, _gfn(slot->base / PAGE_SIZE + i), n,
                                INVALID_MFN, p2m_invalid, p2m_access_rwx);
    }
    p2m_tlb_flush_sync(p2m);
}

/* --- With neither --------------------------------------------------------- */

/* Of the many reads of a burst of input, each of which is due. */
static bool has_nothing(struct vsio_slot *slot)
{
    unsigned long flags = vsio_slot_enter(slot);
    bool nothing = !slot->image.mapped && !image_of(slot);

    vsio_slot_leave(slot, flags);

    return nothing;
}

/* Not so soon after the last one. */
static bool is_due(struct vsio_slot *slot)
{
    if ( slot->dev->count.reads < slot->image.at )
        return false;
    if ( slot->image.mapped || NOW() >= slot->image.rest )
        return true;
    put_off(slot);

    return false;
}

/* What to do; from MAP on, the image is kept up with. */
static enum action decide(struct vsio_slot *slot, const void **image)
{
    unsigned long flags = vsio_slot_enter(slot);
    struct vsio_image *i = &slot->image;
    enum action action = NOTHING;

    *image = image_of(slot);
    if ( i->mapped && *image != i->mapped )
    {
        *image = i->mapped;
        action = UNMAP;
    }
    else if ( *image && is_due(slot) )
    {
        if ( !i->mapped )
            i->since = NOW();
        i->mapped = *image;
        if ( i->page )
            (void)clean_and_invalidate_dcache_va_range(i->page, PAGE_SIZE);
        put_off(slot);
        action = MAP;
    }
    if ( i->mapped && action != UNMAP )
        release(slot); /* what it waited for has passed */
    vsio_slot_leave(slot, flags);

    return action;
}

/* The pause that follows: longer each time, as long as mappings die young. */
static void rest(struct vsio_image *i)
{
    s_time_t now = NOW();

    i->pause =
        now - i->since >= PAUSE_MIN ? PAUSE_MIN : min(2 * i->pause, PAUSE_MAX);
    i->rest = now + i->pause;
}

static void unmapped(struct vsio_slot *slot)
{
    unsigned long flags = vsio_slot_enter(slot);

    slot->image.mapped = NULL;
    if ( slot->image.page ) /* a flash leaves it by the guest's own doing */
        rest(&slot->image);
    put_off(slot);
    release(slot);
    vsio_slot_leave(slot, flags);
}

void vsio_image_settle(struct vsio_slot *slot)
{
    struct p2m_domain *p2m = p2m_get_hostp2m(slot->domain);
    const void *image;
    enum action action;

    if ( has_nothing(slot) )
        return;

    p2m_write_lock(p2m);
    action = decide(slot, &image);
    if ( action == MAP && map(slot, image) )
        action = UNMAP; /* of what was mapped, if anything */
    if ( action == UNMAP )
    {
        unmap(slot, image);
        unmapped(slot);
    }
    p2m_write_unlock(p2m);
}

static void settle(void *data)
{
    vsio_image_settle(data);
}

unsigned long vsio_image_wait(struct vsio_slot *slot, unsigned long flags)
{
    while ( slot->image.mapped && !slot->image.at )
    {
        spin_unlock_irqrestore(&slot->lock, flags);
        vsio_image_settle(slot);
        flags = vsio_slot_enter(slot);
    }

    return flags;
}

/* --- Its life ------------------------------------------------------------- */

void vsio_image_init(struct vsio_slot *slot)
{
    slot->image.at = VSIO_IMAGE_NEVER;
    softirq_tasklet_init(&slot->image.tasklet, settle, slot);
}

int vsio_image_alloc(struct vsio_slot *slot, uint32_t live, void **page)
{
    /* Nobody owns it: the guest can neither grant nor exchange it. */
    *page = slot->image.page = alloc_xenheap_page();
    if ( !*page )
        return -ENOMEM;

    clear_page(*page);
    slot->image.live = live;
    slot->image.pause = PAUSE_MIN;
    put_off(slot);

    return 0;
}

void vsio_image_own(struct vsio_slot *slot)
{
    put_off(slot);
}

void vsio_image_stop(struct vsio_slot *slot)
{
    tasklet_kill(&slot->image.tasklet);
    if ( slot->image.mapped )
        vsio_image_settle(slot);
    slot->image.at = VSIO_IMAGE_NEVER;
}

void vsio_image_free(struct vsio_slot *slot)
{
    if ( slot->image.page )
        free_xenheap_page(slot->image.page);
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * indent-tabs-mode: nil
 * End:
 */

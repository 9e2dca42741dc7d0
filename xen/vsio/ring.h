/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ring.h - the hypervisor's side of a console ring (public/io/console.h).
 *
 * The page is shared with the backend and, being guest memory, with the guest:
 * anything may be written to it at any time. So our own two indexes are kept
 * here and only published to the page; the backend's are read once, and
 * used only if they make sense. A ring with senseless indexes is empty to the
 * reader and full to the writer until they make sense again: nothing is
 * accessed outside of the page.
 */
#ifndef VSIO_RING_H
#define VSIO_RING_H

#include <xen/lib.h>

#include <asm/atomic.h>
#include <asm/system.h>

#include <public/io/console.h>

struct vsio_ring {
    struct xencons_interface *page; /* never NULL */
    XENCONS_RING_IDX in_cons;       /* ours to move */
    XENCONS_RING_IDX out_prod;
    bool in_senseless; /* as the last vsio_ring_peek() found it */
};

/* Take up a page where its indexes stand. */
static inline void vsio_ring_init(struct vsio_ring *ring, void *page)
{
    ring->page = page;
    ring->in_cons = ACCESS_ONCE(ring->page->in_cons);
    ring->out_prod = ACCESS_ONCE(ring->page->out_prod);
    ring->in_senseless = false;
}

/* Show the backend our indexes again. */
static inline void vsio_ring_publish(const struct vsio_ring *ring)
{
    write_atomic(&ring->page->in_cons, ring->in_cons);
    write_atomic(&ring->page->out_prod, ring->out_prod);
}

/* How many bytes the backend has not taken yet; nonsense if it lies. */
static inline XENCONS_RING_IDX vsio_ring_queued(const struct vsio_ring *ring)
{
    return ring->out_prod - ACCESS_ONCE(ring->page->out_cons);
}

/* One byte for the backend. False: there is no room. */
static inline bool vsio_ring_put(struct vsio_ring *ring, uint8_t byte)
{
    struct xencons_interface *page = ring->page;
    XENCONS_RING_IDX prod = ring->out_prod;

    /* A read and the write that depends on it: no barrier is needed here. */
    if ( prod - ACCESS_ONCE(page->out_cons) >= sizeof(page->out) )
        return false;

    page->out[prod % sizeof(page->out)] = byte;
    smp_wmb(); /* the byte, then the index */
    ring->out_prod = prod + 1;
    write_atomic(&page->out_prod, prod + 1);

    return true;
}

/*
 * The next bytes from the backend that lie side by side: *data, and how many.
 * 0: the ring is empty. vsio_ring_taken() gives their room back.
 */
static inline unsigned int vsio_ring_peek(struct vsio_ring *ring,
                                          const uint8_t **data)
{
    const struct xencons_interface *page = ring->page;
    XENCONS_RING_IDX cons = ring->in_cons;
    unsigned int at = cons % sizeof(page->in);
    unsigned int queued = ACCESS_ONCE(page->in_prod) - cons;

    ring->in_senseless = queued > sizeof(page->in);
    if ( ring->in_senseless )
        return 0;

    smp_rmb(); /* the index, then the bytes */
    *data = (const uint8_t *)&page->in[at];

    return min(queued, (unsigned int)sizeof(page->in) - at);
}

/* Our index goes on from cons. True: as vsio_ring_taken() says. */
static inline bool vsio_ring_move_cons(struct vsio_ring *ring,
                                       struct xencons_interface *page,
                                       XENCONS_RING_IDX cons,
                                       unsigned int n)
{
    smp_mb(); /* the bytes have been read before their room is given away */
    ring->in_cons = cons + n;
    write_atomic(&page->in_cons, cons + n);
    smp_mb(); /* either we see that it was filled, or the backend sees room */

    return ACCESS_ONCE(page->in_prod) - cons >= sizeof(page->in);
}

/*
 * n bytes have been taken. True: the ring was full, so the backend may be
 * waiting for room and must be told. Else it has seen room when it looked last.
 */
static inline bool vsio_ring_taken(struct vsio_ring *ring, unsigned int n)
{
    return vsio_ring_move_cons(ring, ring->page, ring->in_cons, n);
}

/*
 * Take the one byte from the backend. False: there is none, or more. *was_full
 * is what vsio_ring_taken() says.
 */
static inline bool vsio_ring_take_one(struct vsio_ring *ring,
                                      uint8_t *byte,
                                      bool *was_full)
{
    struct xencons_interface *page = ring->page;
    XENCONS_RING_IDX cons = ring->in_cons;

    if ( ACCESS_ONCE(page->in_prod) - cons != 1 )
        return false;

    smp_rmb(); /* the index, then the byte */
    *byte = page->in[cons % sizeof(page->in)];
    *was_full = vsio_ring_move_cons(ring, page, cons, 1);

    return true;
}

#endif /* VSIO_RING_H */

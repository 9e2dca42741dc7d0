/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen/mm.h - memory. It is given out once and never comes back: whatever asks
 * for it is there until the machine is reset. EL2 maps all of it one to one.
 */
#ifndef MINIXEN_MM_H
#define MINIXEN_MM_H

#include <xen/lib.h>

struct domain;
struct page_info;

typedef struct {
    unsigned long gfn;
} gfn_t;
typedef struct {
    unsigned long mfn;
} mfn_t;

#define gfn_x(g)           ((g).gfn)
#define INVALID_MFN        ((mfn_t){ ~0UL })
#define mfn_eq(a, b)       ((a).mfn == (b).mfn)
#define gaddr_to_gfn(addr) ((gfn_t){ (addr) / PAGE_SIZE })
#define virt_to_gfn(va)    ((uintptr_t)(va) / PAGE_SIZE)

/* Aligned to 2 MiB, if it is that long, or to a page. */
void *alloc_bytes(size_t size);

static inline void *alloc_zeroes(size_t size)
{
    void *p = alloc_bytes(size);

    return p ? memset(p, 0, size) : NULL;
}
#define xzalloc(type)        ((type *)alloc_zeroes(sizeof(type)))
#define alloc_xenheap_page() alloc_zeroes(PAGE_SIZE)
#define vmalloc(size)        alloc_bytes(size)
#define xfree(p)             ((void)(p))
#define free_xenheap_page(p) xfree(p)
#define vfree(p)             xfree(p)
#define clear_page(p)        memset(p, 0, PAGE_SIZE)

/* Pages that guest and backend share lie in memory of ours, at their gfn. */
#define prepare_ring_for_helper(d, gmfn, page, va)                             \
    (*(page) = NULL, *(va) = (void *)((gmfn)*PAGE_SIZE), 0)
#define destroy_ring_for_helper(va, page) (*(va) = NULL)

/* Stage 2: p2m.c. */
#define p2m_ipa_bits 40U
void p2m_init(void);
void p2m_load(void); /* on each CPU */
mfn_t p2m_lookup(struct domain *d, gfn_t gfn, void *type);
/* Below 2 GiB: the machine's memory or registers at pa; for reads; a hole. */
void p2m_map(paddr_t ipa, paddr_t size, paddr_t pa);
void p2m_map_ro(paddr_t ipa, paddr_t size, paddr_t pa);
void p2m_unmap(paddr_t ipa, paddr_t size);

/* The toolstack is here: its memory is ours. */
#define guest_handle_from_ptr(ptr, type)                                       \
    ((XEN_GUEST_HANDLE_PARAM(type)){ (type *)(ptr) })
#define copy_to_guest(handle, ptr, nr)                                         \
    (memmove((handle).p, ptr, sizeof(*(ptr)) * (nr)), 0UL)
#define copy_from_guest(ptr, handle, nr)                                       \
    (memmove(ptr, (handle).p, sizeof(*(ptr)) * (nr)), 0UL)

#define ioremap_nocache(start, len) ((void *)(start))
#define iounmap(va)                 ((void)(va))
#define readl(addr)                 ACCESS_ONCE(*(uint32_t *)(addr))
#define writel(value, addr)         (ACCESS_ONCE(*(uint32_t *)(addr)) = (value))

#endif /* MINIXEN_MM_H */

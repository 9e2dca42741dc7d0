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
#define mfn_add(m, n)      ((mfn_t){ (m).mfn + (n) })
#define _gfn(n)            ((gfn_t){ (n) })
#define virt_to_maddr(va)  ((paddr_t)(uintptr_t)(va))
#define maddr_to_mfn(ma)   ((mfn_t){ (ma) / PAGE_SIZE })
#define gaddr_to_gfn(addr) ((gfn_t){ (addr) / PAGE_SIZE })
#define virt_to_gfn(va)    ((uintptr_t)(va) / PAGE_SIZE)

/* Aligned to 2 MiB, if it is that long, or to a page. */
void *alloc_bytes(size_t size);

static inline void *alloc_zeroes(size_t size)
{
    void *p = alloc_bytes(size);

    return p ? memset(p, 0, size) : NULL;
}
#define xzalloc(type)                     ((type *)alloc_zeroes(sizeof(type)))
#define alloc_xenheap_page()              alloc_zeroes(PAGE_SIZE)
#define alloc_xenheap_pages(order, flags) alloc_bytes(PAGE_SIZE << (order))
#define vmalloc(size)                     alloc_bytes(size)
#define xfree(p)                          ((void)(p))
#define free_xenheap_page(p)              xfree(p)
#define free_xenheap_pages(p, order)      xfree(p)
#define vfree(p)                          xfree(p)
#define clear_page(p)                     memset(p, 0, PAGE_SIZE)

static inline unsigned int get_order_from_bytes(unsigned long size)
{
    unsigned int order = 0;

    while ( size > PAGE_SIZE << order )
        order++;

    return order;
}

/* Pages that guest and backend share lie in memory of ours, at their gfn. */
#define prepare_ring_for_helper(d, gmfn, page, va)                             \
    (*(page) = NULL, *(va) = (void *)((gmfn)*PAGE_SIZE), 0)
#define destroy_ring_for_helper(va, page) (*(va) = NULL)

/* Stage 2: p2m.c. */
#define p2m_ipa_bits 40U
void p2m_init(void);
void p2m_load(void); /* on each CPU */
mfn_t p2m_lookup(struct domain *d, gfn_t gfn, void *type);
/* Below 2 GiB: the machine's memory or registers at pa; a hole. */
void p2m_map(paddr_t ipa, paddr_t size, paddr_t pa);
void p2m_unmap(paddr_t ipa, paddr_t size);

/* As in Xen, of the one domain; t, a and valid are not looked at. */
struct p2m_domain;
typedef enum { p2m_invalid, p2m_grant_map_ro } p2m_type_t;
typedef enum { p2m_access_rwx } p2m_access_t;
#define p2m_get_hostp2m(d)      ((void)(d), (struct p2m_domain *)NULL)
#define p2m_write_lock(p2m)     ((void)(p2m)) /* hyp_lock is held */
#define p2m_write_unlock(p2m)   ((void)(p2m))
#define p2m_tlb_flush_sync(p2m) ((void)(p2m)) /* each change has done it */
mfn_t p2m_get_entry(struct p2m_domain *p2m,
                    gfn_t gfn,
                    p2m_type_t *t,
                    p2m_access_t *a,
                    unsigned int *page_order,
                    bool *valid);
int p2m_set_entry(struct p2m_domain *p2m,
                  gfn_t gfn,
                  unsigned long nr,
                  mfn_t mfn,
                  p2m_type_t t,
                  p2m_access_t a);

/* QEMU has no caches. */
static inline void clean_dcache_va_range(const void *p, unsigned long size)
{
}

#define clean_and_invalidate_dcache_va_range(p, size)                          \
    clean_dcache_va_range(p, size)

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

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

/* Zeroed, aligned to 16 bytes, a page, or 2 MiB, whatever its size reaches. */
void *alloc_bytes(size_t size);

#define xzalloc(type)        ((type *)alloc_bytes(sizeof(type)))
#define alloc_xenheap_page() alloc_bytes(PAGE_SIZE)
#define vmalloc(size)        alloc_bytes(size)

static inline void xfree(void *p)
{
}
#define free_xenheap_page(p) xfree(p)
#define vfree(p)             xfree(p)
#define clear_page(p)        memset(p, 0, PAGE_SIZE)

/* Pages that guest and backend share lie in memory of ours, at their gfn. */
static inline int prepare_ring_for_helper(struct domain *d,
                                          unsigned long gmfn,
                                          struct page_info **page,
                                          void **va)
{
    *page = NULL;
    *va = (void *)(gmfn * PAGE_SIZE);

    return 0;
}

static inline void destroy_ring_for_helper(void **va, struct page_info *page)
{
    *va = NULL;
}

/* Stage 2: p2m.c. */
#define p2m_ipa_bits 40U
void p2m_init(void);
void p2m_load(void); /* on each CPU */
mfn_t p2m_lookup(struct domain *d, gfn_t gfn, void *type);
/* A page of the machine for the guest, at another place; or a hole. */
void p2m_map_page(paddr_t ipa, paddr_t pa);
void p2m_unmap_page(paddr_t ipa);
/* Whole 2 MiB: for reads at pa, or a hole. */
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

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 2: the guest's physical addresses. They are the machine's, but for
 * holes where our devices are, and where we are.
 */

#include <xen/lib.h>
#include <xen/sched.h>

#define L3_TABLES  4 /* for as many 2 MiB with single pages */
#define PER_TABLE  512
#define SHIFT_L1   30
#define SHIFT_L2   21
#define SHIFT_L3   12
#define BLOCK_SIZE (1UL << SHIFT_L2)
#define SPLIT      (2UL << SHIFT_L1) /* below there are no blocks of 1 GiB */

#define PTE_TABLE 0x3UL
#define PTE_PAGE  0x3UL
#define PTE_BLOCK 0x1UL
#define PTE_ADDR  0x0000fffffffff000UL
/* Accessed, inner shareable; what kind of memory it is stage 1 decides. */
#define PTE_ATTR (1UL << 10 | 3UL << 8 | 0xfUL << 2)
#define PTE_RO   (PTE_ATTR | 1UL << 6)
#define PTE_RW   (PTE_ATTR | 3UL << 6)

/* 40 bits: two tables, side by side, are the first level. */
static uint64_t l1[2 * PER_TABLE] __attribute__((__aligned__(8192)));
static uint64_t l2[SPLIT >> SHIFT_L2] __attribute__((__aligned__(4096)));
static uint64_t l3[L3_TABLES][PER_TABLE] __attribute__((__aligned__(4096)));
static unsigned int l3_used;

void p2m_init(void)
{
    uint64_t i;

    for ( i = 0; i < ARRAY_SIZE(l1); i++ )
        l1[i] = i << SHIFT_L1 | PTE_RW | PTE_BLOCK;
    for ( i = 0; i < ARRAY_SIZE(l2); i++ )
    {
        l1[i / PER_TABLE] = (uintptr_t)&l2[i & -PER_TABLE] | PTE_TABLE;
        l2[i] = i << SHIFT_L2 | PTE_RW | PTE_BLOCK;
    }
    l1[2] = 0; /* what is hidden: setup.h */

    p2m_unmap((uintptr_t)_start, _ram_end - _start);
}

void p2m_load(void)
{
    write_sysreg(0x80023558, vtcr_el2); /* 40 bits, 4 KiB, from level 1 */
    write_sysreg((uintptr_t)l1, vttbr_el2);
    isb();
}

/* After a change: what is kept of either stage, or of both together, goes. */
static void flush(void)
{
    __asm__ __volatile__("dsb ishst\n\t"
                         "tlbi vmalls12e1is\n\t"
                         "dsb ish\n\t"
                         "isb" ::
                             : "memory");
}

/* The entry of a page below 2 GiB: its 2 MiB are split if need be. */
static uint64_t *page_entry(paddr_t ipa)
{
    uint64_t *entry = &l2[ipa >> SHIFT_L2];
    unsigned int i;

    if ( (*entry & 3) != PTE_TABLE )
    {
        uint64_t *pages = l3[l3_used++];

        BUG_ON(l3_used > L3_TABLES);
        for ( i = 0; i < PER_TABLE; i++ )
            pages[i] = *entry ? (*entry & ~3UL) + i * PAGE_SIZE + PTE_PAGE : 0;
        *entry = (uintptr_t)pages | PTE_TABLE;
    }

    return (uint64_t *)(*entry & PTE_ADDR) + (ipa >> SHIFT_L3) % PER_TABLE;
}

/* Whole 2 MiB by their blocks, all else page by page. */
static void set_range(paddr_t ipa, paddr_t size, uint64_t value)
{
    bool blocks = !((ipa | size | (value & PTE_ADDR)) % BLOCK_SIZE);
    paddr_t at, step = blocks ? BLOCK_SIZE : PAGE_SIZE;
    uint64_t *entry;

    if ( value )
        value |= blocks ? PTE_BLOCK : PTE_PAGE;
    for ( at = 0; at < size; at += step )
    {
        entry = blocks ? &l2[(ipa + at) >> SHIFT_L2] : page_entry(ipa + at);
        ACCESS_ONCE(*entry) = value ? value + at : 0;
    }
    flush();
}

void p2m_map(paddr_t ipa, paddr_t size, paddr_t pa)
{
    set_range(ipa, size, pa | PTE_RW);
}

void p2m_unmap(paddr_t ipa, paddr_t size)
{
    set_range(ipa, size, 0);
}

/* --- Xen's names, for what the guest reads without a trap ----------------- */

mfn_t p2m_get_entry(struct p2m_domain *p2m,
                    gfn_t gfn,
                    p2m_type_t *t,
                    p2m_access_t *a,
                    unsigned int *page_order,
                    bool *valid)
{
    paddr_t ipa = gfn.gfn << SHIFT_L3;
    bool split = ipa < SPLIT;
    uint64_t entry = split ? l2[ipa >> SHIFT_L2] : l1[ipa >> SHIFT_L1];

    *page_order = (split ? SHIFT_L2 : SHIFT_L1) - SHIFT_L3;
    if ( split && (entry & 3) == PTE_TABLE )
    {
        entry = *page_entry(ipa);
        *page_order = 0;
    }

    return entry & 1 ? maddr_to_mfn((entry & PTE_ADDR) +
                                    ipa % (PAGE_SIZE << *page_order))
                     : INVALID_MFN;
}

/* Pages for reads, or holes. */
int p2m_set_entry(struct p2m_domain *p2m,
                  gfn_t gfn,
                  unsigned long nr,
                  mfn_t mfn,
                  p2m_type_t t,
                  p2m_access_t a)
{
    set_range(gfn.gfn << SHIFT_L3, nr << SHIFT_L3,
              mfn_eq(mfn, INVALID_MFN) ? 0 : mfn.mfn << SHIFT_L3 | PTE_RO);

    return 0;
}

mfn_t p2m_lookup(struct domain *d, gfn_t gfn, void *type)
{
    unsigned int order;

    return p2m_get_entry(NULL, gfn, NULL, NULL, &order, NULL);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stage 2: the guest's physical addresses. They are the machine's, but for
 * holes where our devices are, and where we are.
 */

#include <xen/lib.h>
#include <xen/sched.h>

/* One table for each GiB from 0 on, and one for 2 MiB with single pages. */
#define L2_TABLES    2
#define L3_TABLES    4
#define PER_TABLE    512
#define SHIFT_L1     30
#define SHIFT_L2     21
#define SHIFT_L3     12
#define GB(n)        ((uint64_t)(n) << SHIFT_L1)
#define ENTRY(a, sh) (((a) >> (sh)) % PER_TABLE)

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
static uint64_t l2[L2_TABLES][PER_TABLE] __attribute__((__aligned__(4096)));
static uint64_t l3[L3_TABLES][PER_TABLE] __attribute__((__aligned__(4096)));
static unsigned int l3_used;
static spinlock_t lock;

void p2m_init(void)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(l1); i++ )
        l1[i] = i < L2_TABLES ? (uintptr_t)l2[i] | PTE_TABLE
                              : GB(i) | PTE_RW | PTE_BLOCK;
    for ( i = 0; i < L2_TABLES * PER_TABLE; i++ )
        l2[i / PER_TABLE][i % PER_TABLE] =
            (uint64_t)i << SHIFT_L2 | PTE_RW | PTE_BLOCK;

    p2m_unmap((uintptr_t)_start, _heap_end - _start);
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

static uint64_t *block_entry(paddr_t ipa)
{
    return &l2[ipa >> SHIFT_L1][ENTRY(ipa, SHIFT_L2)];
}

/* The entry of a page below 2 GiB: its 2 MiB are split if need be. */
static uint64_t *page_entry(paddr_t ipa)
{
    uint64_t *entry = block_entry(ipa);
    unsigned int i;

    if ( (*entry & 3) != PTE_TABLE )
    {
        uint64_t *pages = l3[l3_used++];

        BUG_ON(l3_used > L3_TABLES);
        for ( i = 0; i < PER_TABLE; i++ )
            pages[i] = *entry ? (*entry & ~3UL) + i * PAGE_SIZE + PTE_PAGE : 0;
        *entry = (uintptr_t)pages | PTE_TABLE;
    }

    return (uint64_t *)(*entry & PTE_ADDR) + ENTRY(ipa, SHIFT_L3);
}

static void set_page(paddr_t ipa, uint64_t value)
{
    spin_lock(&lock);
    ACCESS_ONCE(*page_entry(ipa)) = value;
    flush();
    spin_unlock(&lock);
}

void p2m_map_page(paddr_t ipa, paddr_t pa)
{
    set_page(ipa, pa | PTE_RW | PTE_PAGE);
}

void p2m_unmap_page(paddr_t ipa)
{
    set_page(ipa, 0);
}

static void set_blocks(paddr_t ipa, paddr_t size, uint64_t value)
{
    paddr_t at;

    spin_lock(&lock);
    for ( at = ipa; at < ipa + size; at += 1UL << SHIFT_L2 )
        ACCESS_ONCE(*block_entry(at)) = value ? value + (at - ipa) : 0;
    flush();
    spin_unlock(&lock);
}

void p2m_map_ro(paddr_t ipa, paddr_t size, paddr_t pa)
{
    set_blocks(ipa, size, pa | PTE_RO | PTE_BLOCK);
}

void p2m_unmap(paddr_t ipa, paddr_t size)
{
    set_blocks(ipa, size, 0);
}

mfn_t p2m_lookup(struct domain *d, gfn_t gfn, void *type)
{
    paddr_t ipa = gfn.gfn * PAGE_SIZE;
    uint64_t entry =
        ipa < GB(L2_TABLES) ? *block_entry(ipa) : l1[ipa >> SHIFT_L1];

    if ( ipa < GB(L2_TABLES) && (entry & 3) == PTE_TABLE )
        entry = ((uint64_t *)(entry & PTE_ADDR))[ENTRY(ipa, SHIFT_L3)];

    return entry & 1 ? (mfn_t){ (entry & PTE_ADDR) / PAGE_SIZE } : INVALID_MFN;
}

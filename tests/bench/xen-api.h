/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xen-api.h - stands in for Xen's internal headers: just what our glue and
 * stock Xen's vpl011.c use of them, the same for both. Each <xen/...> and
 * <asm/...> that they include is this file (tests/bench/run), but for those
 * that are taken from Xen's sources as they are: see "Xen's own" below.
 *
 * What costs what:
 *  - a lock is taken by one store, and released by one: inline;
 *  - barriers are the compiler's, as x86 needs no more for a read or a write;
 *  - whatever is a function in Xen is one here, of as few instructions as C
 *    allows (stubs.c): the call is counted, what Xen does in it is not.
 *
 * With FAKE_XEN (tests/glue) nothing is counted: locks, barriers and initcalls
 * are functions too, so that the tests see them. With TWO_CPUS (ring-xen.c)
 * barriers are real ones.
 */
#ifndef BENCH_XEN_API_H
#define BENCH_XEN_API_H

/* --- xen/types.h, xen/lib.h, xen/compiler.h, xen/errno.h ------------------ */

typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __SIZE_TYPE__ size_t;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint32_t fdt32_t;
typedef uint64_t fdt64_t;

typedef unsigned long register_t;
typedef unsigned long paddr_t;
typedef long s_time_t;
typedef struct {
    unsigned long gfn;
} gfn_t;
typedef struct {
    unsigned long mfn;
} mfn_t;

#define PRIu64        "lu"
#define PRIx64        "lx"
#define PRIpaddr      "016lx"
#define BITS_PER_LONG 64
#define PAGE_SIZE     4096L
#define PAGE_MASK     (~(PAGE_SIZE - 1))

#define __init
#define __initconst
#define __iomem
#define __read_mostly
#define always_inline          inline __attribute__((__always_inline__))
#define offsetof(type, member) __builtin_offsetof(type, member)
#define likely(x)              __builtin_expect(!!(x), 1)
#define unlikely(x)            __builtin_expect(!!(x), 0)
#define noinline               __attribute__((__noinline__))

#ifdef FAKE_XEN
void fake_initcall(int (*fn)(void));
#define initcall_of(fn)                                                        \
    static void __attribute__((__constructor__)) initcall_##fn(void)           \
    {                                                                          \
        fake_initcall(fn);                                                     \
    }                                                                          \
    struct initcall_of_needs_a_semicolon
#else
#define initcall_of(fn)                                                        \
    static int (*const initcall_##fn)(void) __attribute__((__used__)) = (fn)
#endif
#define presmp_initcall(fn) initcall_of(fn)
/* There is no command line: the defaults. */
#define integer_param(name, var) struct param_needs_a_semicolon
#define __initcall(fn)           initcall_of(fn)

/* IS_ENABLED(CONFIG_X): 1 if that is defined to 1, 0 if it is not defined. */
#define PLACE_1            0,
#define SECOND(a, b, ...)  b
#define ENABLED_2(place)   SECOND(place 1, 0)
#define ENABLED_1(value)   ENABLED_2(PLACE_##value)
#define IS_ENABLED(config) ENABLED_1(config)

#define ASSERT(p)          ((void)0) /* a release build */
#define BUG()              __builtin_trap()
#define BUG_ON(p)          ((p) ? BUG() : (void)0)
#define BUILD_BUG_ON(cond) _Static_assert(!(cond), #cond)

#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
#define ACCESS_ONCE(x) (*(volatile __typeof__(x) *)&(x))
#define container_of(ptr, type, member)                                        \
    ((type *)((char *)(ptr) - __builtin_offsetof(type, member)))
#define max_t(type, x, y) max((type)(x), (type)(y))
#define min_t(type, x, y) min((type)(x), (type)(y))
#define max(x, y)                                                              \
    ({                                                                         \
        const __typeof__(x) x_ = (x);                                          \
        const __typeof__(y) y_ = (y);                                          \
        x_ > y_ ? x_ : y_;                                                     \
    })
#define min(x, y)                                                              \
    ({                                                                         \
        const __typeof__(x) x_ = (x);                                          \
        const __typeof__(y) y_ = (y);                                          \
        x_ < y_ ? x_ : y_;                                                     \
    })

#define EPERM      1
#define ENOENT     2
#define ESRCH      3
#define EAGAIN     11
#define ENOMEM     12
#define EACCES     13
#define EFAULT     14
#define EBUSY      16
#define EEXIST     17
#define ENODEV     19
#define EINVAL     22
#define ENOSPC     28
#define ENOSYS     38
#define EBADMSG    74
#define EOPNOTSUPP 95
#define EADDRINUSE 98
#define ENOBUFS    105

#define XENLOG_ERR       ""
#define XENLOG_WARNING   ""
#define XENLOG_INFO      ""
#define XENLOG_G_WARNING ""
void printk(const char *fmt, ...);
#define gprintk(level, fmt, args...) printk(level fmt, ##args)

int isprint(int c);
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *p, int c, size_t n);
size_t strlen(const char *s);
int snprintf(char *to, size_t size, const char *fmt, ...);

/* asm/div64.h: n becomes the quotient, the value is the remainder. */
#define do_div(n, base)                                                        \
    ({                                                                         \
        const uint32_t rest_ = (n) % (base);                                   \
        (n) /= (base);                                                         \
        rest_;                                                                 \
    })

/* --- asm/atomic.h, asm/system.h, xen/spinlock.h, xen/rwlock.h ------------- */

#define barrier() __asm__ __volatile__("" : : : "memory")
#ifdef TWO_CPUS
#define smp_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#else
#ifdef FAKE_XEN
void fake_barrier(void);
#define smp_mb() fake_barrier()
#else
#define smp_mb() barrier()
#endif
#define smp_rmb() smp_mb()
#define smp_wmb() smp_mb()
#endif
#define read_atomic(p)     ACCESS_ONCE(*(p))
#define write_atomic(p, x) (ACCESS_ONCE(*(p)) = (x))

typedef struct {
    unsigned int taken;
} spinlock_t;

typedef spinlock_t rwlock_t;

#ifdef FAKE_XEN
void spin_lock_init(spinlock_t *lock);
void spin_lock(spinlock_t *lock);
void spin_unlock(spinlock_t *lock);
#else
static inline void spin_lock_init(spinlock_t *lock)
{
    lock->taken = 0;
}

static inline void spin_lock(spinlock_t *lock)
{
    ACCESS_ONCE(lock->taken) = 1;
    barrier();
}

static inline void spin_unlock(spinlock_t *lock)
{
    barrier();
    ACCESS_ONCE(lock->taken) = 0;
}
#endif

/* Interrupts are neither off nor on here: flags is a constant. */
#define spin_lock_irqsave(lock, flags)      ((flags) = 0, spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(flags), spin_unlock(lock))

#define read_lock(lock)    spin_lock(lock)
#define read_unlock(lock)  spin_unlock(lock)
#define write_lock(lock)   spin_lock(lock)
#define write_unlock(lock) spin_unlock(lock)

/* --- xen/bitops.h, xen/bitmap.h ------------------------------------------- */

#define DECLARE_BITMAP(name, bits)                                             \
    unsigned long name[((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG]

static inline void __set_bit(unsigned int n, unsigned long *bits)
{
    bits[n / BITS_PER_LONG] |= 1UL << (n % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned int n, unsigned long *bits)
{
    bits[n / BITS_PER_LONG] &= ~(1UL << (n % BITS_PER_LONG));
}

static inline unsigned int find_first_bit(const unsigned long *bits,
                                          unsigned int size)
{
    unsigned int n = 0;

    while ( n < size &&
            !(bits[n / BITS_PER_LONG] & 1UL << (n % BITS_PER_LONG)) )
        n++;

    return n;
}

static inline int fls(unsigned int x)
{
    return x ? 32 - __builtin_clz(x) : 0;
}

/* --- xen/time.h, xen/timer.h, xen/smp.h ----------------------------------- */

#define SECONDS(s)    (1000000000 * (s_time_t)(s))
#define MILLISECS(ms) (1000000 * (s_time_t)(ms))

s_time_t get_s_time(void);
#define NOW() get_s_time()

struct tm {
    int tm_mday; /* 0: nobody has set the clock */
};
unsigned long get_sec(void);
struct tm wallclock_time(uint64_t *ns);
void do_settime(unsigned long secs, unsigned int ns, uint64_t base);

struct timer {
    void (*function)(void *data);
    void *data;
    bool active;
    s_time_t expires; /* only with RECORD */
};

void init_timer(struct timer *timer,
                void (*function)(void *data),
                void *data,
                unsigned int cpu);
void set_timer(struct timer *timer, s_time_t expires);
void stop_timer(struct timer *timer);
void kill_timer(struct timer *timer);

#define smp_processor_id() 0U

/* --- xen/mm.h, xen/xmalloc.h, xen/vmap.h ---------------------------------- */

struct domain;
struct page_info;

#define gfn_x(gfn_) ((gfn_).gfn)

int prepare_ring_for_helper(struct domain *d,
                            unsigned long gmfn,
                            struct page_info **page,
                            void **va);
void destroy_ring_for_helper(void **va, struct page_info *page);
void *alloc_xenheap_page(void);
void free_xenheap_page(void *page);
void *alloc_xenheap_pages(unsigned int order, unsigned int flags);
void free_xenheap_pages(void *p, unsigned int order);
unsigned int get_order_from_bytes(size_t size);
void clear_page(void *page);

void *zalloc_bytes(size_t size);
#define xzalloc(type) ((type *)zalloc_bytes(sizeof(type)))
void xfree(void *p);
void *vmalloc(size_t size);
void vfree(void *p);

#define INVALID_MFN        ((mfn_t){ ~0UL })
#define mfn_eq(a, b)       ((a).mfn == (b).mfn)
#define mfn_add(m, n)      ((mfn_t){ (m).mfn + (n) })
#define _gfn(n)            ((gfn_t){ (n) })
#define virt_to_maddr(va)  ((paddr_t)(uintptr_t)(va))
#define maddr_to_mfn(ma)   ((mfn_t){ (ma) / PAGE_SIZE })
#define gaddr_to_gfn(addr) ((gfn_t){ (addr) / PAGE_SIZE })
extern unsigned int p2m_ipa_bits;
mfn_t p2m_lookup(struct domain *d, gfn_t gfn, void *type);

/* --- asm/p2m.h, asm/page.h, xen/tasklet.h: for the register image --------- */

struct p2m_domain;
typedef enum { p2m_invalid, p2m_ram_rw, p2m_grant_map_ro } p2m_type_t;
typedef enum { p2m_access_rwx } p2m_access_t;

#define p2m_get_hostp2m(d) ((struct p2m_domain *)(d))
void p2m_write_lock(struct p2m_domain *p2m);
void p2m_write_unlock(struct p2m_domain *p2m);
mfn_t p2m_get_entry(struct p2m_domain *p2m,
                    gfn_t gfn,
                    p2m_type_t *t,
                    p2m_access_t *a,
                    unsigned int *page_order,
                    bool *valid);
int p2m_set_entry(struct p2m_domain *p2m,
                  gfn_t sgfn,
                  unsigned long nr,
                  mfn_t smfn,
                  p2m_type_t t,
                  p2m_access_t a);
void p2m_tlb_flush_sync(struct p2m_domain *p2m);

int clean_dcache_va_range(const void *p, unsigned long size);
int clean_and_invalidate_dcache_va_range(const void *p, unsigned long size);

struct tasklet {
    void (*func)(void *data);
    void *data;
    bool scheduled, is_dead;
};

void softirq_tasklet_init(struct tasklet *t,
                          void (*func)(void *data),
                          void *data);
void tasklet_schedule(struct tasklet *t);
void tasklet_kill(struct tasklet *t);

void __iomem *ioremap_nocache(paddr_t start, size_t len);
void iounmap(void __iomem *va);
#define readl(addr) ACCESS_ONCE(*(uint32_t *)(addr))

/* --- xen/rcupdate.h ------------------------------------------------------- */

struct rcu_head {
    struct rcu_head *next;
    void (*func)(struct rcu_head *head);
};

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head));

/* --- xen/guest_access.h: what could not be copied, in bytes --------------- */

unsigned long raw_copy_to_guest(void *to, const void *from, unsigned int len);
unsigned long raw_copy_from_guest(void *to, const void *from, unsigned int len);

#define guest_handle_from_ptr(ptr, type)                                       \
    ((XEN_GUEST_HANDLE_PARAM(type)){ (type *)(ptr) })
#define copy_to_guest(handle, ptr, nr)                                         \
    raw_copy_to_guest((handle).p, ptr, sizeof(*(ptr)) * (nr))
#define copy_from_guest(ptr, handle, nr)                                       \
    raw_copy_from_guest(ptr, (handle).p, sizeof(*(ptr)) * (nr))

/* --- Xen's own: layouts and helpers that both sides must share with Xen --- */

struct vcpu;
struct cpu_user_regs;
register_t get_user_reg(struct cpu_user_regs *regs, int reg);
void set_user_reg(struct cpu_user_regs *regs, int reg, register_t val);

#include <public/domctl.h>
#include <public/xen.h>
#include <asm/mmio.h>
#include <asm/vpl011.h>
#include <asm/vsio.h>

/* --- xen/sched.h, asm/domain.h, xen/event.h, asm/vgic.h ------------------- */

struct evtchn {
    unsigned int state;
};

#define NR_PORTS 32U /* of a domain: small numbers only */

#define ECS_FREE        0
#define ECS_UNBOUND     2
#define ECS_INTERDOMAIN 3

struct domain {
    domid_t domain_id;
    struct vcpu **vcpu;
    struct {
        struct vpl011 vpl011;
        struct vsio_domain *vsio;
        struct vmmio vmmio;
    } arch;
    bool direct_map;
    bool creation_finished, is_dying;
    int controller_pause_count;
    struct evtchn evtchn[NR_PORTS];
};

struct vcpu {
    struct domain *domain;
};

void vcpu_kick(struct vcpu *v);

typedef void (*xen_event_channel_notification_t)(struct vcpu *v,
                                                 unsigned int port);

int alloc_unbound_xen_event_channel(struct domain *d,
                                    unsigned int lvcpu,
                                    domid_t remote,
                                    xen_event_channel_notification_t fn);
void free_xen_event_channel(struct domain *d, int port);
void notify_via_xen_event_channel(struct domain *d, int lport);
static inline struct evtchn *evtchn_from_port(struct domain *d,
                                              evtchn_port_t port)
{
    return &d->evtchn[port];
}

bool vgic_reserve_virq(struct domain *d, unsigned int virq);
void vgic_free_virq(struct domain *d, unsigned int virq);
void vgic_inject_irq(struct domain *d,
                     struct vcpu *v,
                     unsigned int virq,
                     bool level);

struct list_head {
    struct list_head *next, *prev;
};

struct pending_irq {
    struct list_head inflight;
};

#define list_empty(head) ((head)->next == (head))

struct irq_desc;

struct irq_desc *vgic_get_hw_irq_desc(struct domain *d,
                                      struct vcpu *v,
                                      unsigned int virq);
struct vcpu *vgic_get_target_vcpu(struct vcpu *v, unsigned int virq);
struct pending_irq *spi_to_pending(struct domain *d, unsigned int irq);

#ifdef FAKE_XEN
#define is_domain_direct_mapped(d) ((d)->direct_map)
#else
#define is_domain_direct_mapped(d) ((void)(d), false)
#endif
void rcu_unlock_domain(struct domain *d);
void get_knownalive_domain(struct domain *d);
void put_domain(struct domain *d);
int domain_shutdown(struct domain *d, uint8_t reason);

/* --- xen/console.h, xen/serial.h ------------------------------------------ */

#define SERHND_DTUART 0

struct vuart_info {
    paddr_t base_addr;
    unsigned long size;
};

const struct vuart_info *serial_vuart_info(int handle);
int serial_irq(int handle);
void serial_puts(int handle, const char *s, size_t nr);
struct domain *console_input_domain(void);
struct domain *console_get_domain(void);
void console_put_domain(struct domain *d);
bool console_has(const char *device);

/* --- xen/device_tree.h, asm/kernel.h, xen/libfdt/libfdt.h ----------------- */

struct dt_device_node;

struct dt_device_node *dt_find_compatible_node(struct dt_device_node *from,
                                               const char *type,
                                               const char *compatible);
int dt_device_get_address(const struct dt_device_node *dev,
                          unsigned int index,
                          u64 *addr,
                          u64 *size);
const char *dt_node_full_name(const struct dt_device_node *np);
bool dt_device_is_available(const struct dt_device_node *np);
bool dt_device_for_passthrough(const struct dt_device_node *np);
bool dt_property_read_bool(const struct dt_device_node *np, const char *name);

struct kernel_info {
    struct domain *d;
    void *fdt;
    bool vpl011;
    uint32_t phandle_gic;
};

#ifndef FAKE_XEN /* that has Xen's own libfdt.h; here they are never called */
int fdt_property(void *fdt, const char *name, const void *val, int len);
int fdt_property_u32(void *fdt, const char *name, uint32_t val);
int fdt_end_node(void *fdt);
#endif

/* --- tree.h, which the graft writes: that of 4.17, unless NEW_XEN --------- */

#ifdef NEW_XEN
#define VSIO_TREE_RX_CHAR_INT 1
#define VSIO_TREE_CONSOLE_PUT 1
#else
#define VSIO_TREE_RX_CHAR_INT 0
#define VSIO_TREE_CONSOLE_PUT 0
#endif
#define VSIO_TREE_GET_SEC_HEADER  <xen/time.h>
#define VSIO_TREE_KINFO_HEADER    <asm/kernel.h>
#define VSIO_TREE_KINFO_DOMAIN(k) ((k)->d)
#define VSIO_TREE_KINFO_VPL011(k) ((k)->vpl011)
#define VSIO_TREE_PHANDLE_GIC(k)  ((k)->phandle_gic)

#endif /* BENCH_XEN_API_H */

/* SPDX-License-Identifier: GPL-2.0-only */

#include "fake-xen.h"

#include <xen/device_tree.h>

#define MAX_ALLOCATIONS 32U
#define MAX_TIMERS      32U
#define MAX_INITCALLS   8U

/* libc's; its headers and Xen's don't go together. */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *aligned_alloc(size_t align, size_t size);
void free(void *p);
int memcmp(const void *a, const void *b, size_t n);
int strcmp(const char *a, const char *b);
char *strstr(const char *a, const char *b);
void __asan_poison_memory_region(const void *p, size_t n);
void __asan_unpoison_memory_region(const void *p, size_t n);

struct fake fake;
struct domain dom;
struct vcpu vcpu = { .domain = &dom };
static struct vcpu *vcpus[] = { &vcpu };
struct xencons_interface *ring, *rings[FAKE_PAGES];
unsigned int p2m_ipa_bits = 40;

static struct mmio_handler handlers[16];
static unsigned int ring_maps[FAKE_PAGES]; /* so many times */
static struct list_head inflight[FAKE_IRQS];
static bool elsewhere;

static struct allocation {
    char *p;
    size_t size;
    bool mapped; /* by vmalloc() */
} allocations[MAX_ALLOCATIONS];

static struct fake_timer {
    struct timer *timer;
    s_time_t expires;
    bool set, killed;
} timers[MAX_TIMERS];
static struct timer *running;

/* The p2m beside the guest's memory, and what is cached of it, and of pages. */
static struct fake_entry {
    unsigned long gfn;
    mfn_t mfn;
    p2m_type_t type;
    bool there, valid, cached, stale; /* stale: cached, and gone */
} entries[FAKE_P2M];
static spinlock_t p2m_lock;
static struct tasklet *tasklets[MAX_TIMERS];

static xen_event_channel_notification_t notifications[NR_PORTS];
static struct rcu_head *rcu_heads;

static int (*initcalls[MAX_INITCALLS])(void);
static unsigned int nr_initcalls;

/* --- what is not forgiven ------------------------------------------------- */

static void must(bool ok, const char *what)
{
    if ( !ok )
        expect(false, what, HERE);
}

/* Called where no lock may be held. */
static void no_lock(const char *what)
{
    if ( fake.held )
        expect(false, what, (struct where){ "under a lock", fake.held });
}

static bool fails(void)
{
    return ++fake.can_fail == fake.fail_at;
}

static void others_run(void)
{
    if ( !fake.elsewhere || elsewhere )
        return;

    elsewhere = true;
    fake.elsewhere();
    elsewhere = false;
}

/* --- locks and barriers --------------------------------------------------- */

void spin_lock_init(spinlock_t *lock)
{
    lock->taken = 0;
}

void spin_lock(spinlock_t *lock)
{
    must(!lock->taken, "a lock is taken once");
    lock->taken = 1;
    fake.held++;
}

void spin_unlock(spinlock_t *lock)
{
    must(lock->taken && fake.held, "a lock that is dropped was taken");
    lock->taken = 0;
    fake.held--;
    if ( !fake.held )
        others_run();
}

void fake_barrier(void)
{
    others_run();
}

/* --- time ----------------------------------------------------------------- */

s_time_t get_s_time(void)
{
    fake.now += fake.tick;

    return fake.now;
}

unsigned long get_sec(void)
{
    return fake.wc_sec + (fake.wc_nsec + get_s_time()) / 1000000000UL;
}

/* As in Xen: nothing is known while nobody has set the clock. */
struct tm wallclock_time(uint64_t *ns)
{
    uint64_t now = fake.wc_nsec + get_s_time();

    if ( fake.wc_sec && ns )
        *ns = now % 1000000000UL;

    return (struct tm){ .tm_mday = fake.wc_sec ? 1 : 0 };
}

void do_settime(unsigned long secs, unsigned int ns, uint64_t base)
{
    uint64_t x = SECONDS(secs) + ns - base;

    fake.wc_sec = x / 1000000000UL;
    fake.wc_nsec = x % 1000000000UL;
}

void fake_set_clock(uint64_t sec, uint64_t nsec)
{
    do_settime(sec, nsec, fake.now);
}

static struct fake_timer *find(const struct timer *timer)
{
    unsigned int i;

    for ( i = 0; i < MAX_TIMERS; i++ )
        if ( timers[i].timer == timer )
            return &timers[i];

    return NULL;
}

void init_timer(struct timer *timer,
                void (*function)(void *data),
                void *data,
                unsigned int cpu)
{
    struct fake_timer *t = find(NULL);

    must(!find(timer), "a timer is initialised once");
    timer->function = function;
    timer->data = data;
    *t = (struct fake_timer){ .timer = timer };
}

void set_timer(struct timer *timer, s_time_t expires)
{
    struct fake_timer *t = find(timer);

    must(t, "a timer that is set was initialised");
    if ( !t || t->killed )
        return;

    t->set = true;
    t->expires = expires;
}

void stop_timer(struct timer *timer)
{
    struct fake_timer *t = find(timer);

    must(t, "a timer that is stopped was initialised");
    if ( t )
        t->set = false;
}

static void fire(struct fake_timer *t)
{
    struct timer *before = running;

    t->set = false;
    fake.fired++;
    running = t->timer;
    running->function(running->data);
    running = before;
    no_lock("a timer's handler has dropped its lock");
    if ( !fake.softirqs_off )
        fake_softirqs();
}

void kill_timer(struct timer *timer)
{
    struct fake_timer *t = find(timer);

    no_lock("kill_timer()");
    must(t, "a timer that is killed was initialised");
    must(running != timer, "a timer is not killed by its handler");
    if ( !t || t->killed )
        return;

    t->killed = true;
    t->set = false;
    /* Its handler may be running, and is waited for. */
    if ( fake.elsewhere && !elsewhere )
    {
        elsewhere = true;
        fire(t);
        elsewhere = false;
    }
    others_run();
}

static struct fake_timer *next_timer(void)
{
    struct fake_timer *t = NULL;
    unsigned int i;

    for ( i = 0; i < MAX_TIMERS; i++ )
        if ( timers[i].set && (!t || timers[i].expires < t->expires) )
            t = &timers[i];

    return t;
}

void fake_run(s_time_t ns)
{
    s_time_t end = fake.now + ns;
    struct fake_timer *t;

    while ( (t = next_timer()) && t->expires <= end )
    {
        fake.now = max(fake.now, t->expires);
        fire(t);
    }
    fake.now = max(fake.now, end);
}

unsigned int fake_armed(void)
{
    unsigned int i, n = 0;

    for ( i = 0; i < MAX_TIMERS; i++ )
        n += timers[i].set;

    return n;
}

s_time_t fake_next(void)
{
    struct fake_timer *t = next_timer();

    return t ? t->expires : 0;
}

void fake_late_timers(void)
{
    unsigned int i;

    for ( i = 0; i < MAX_TIMERS; i++ )
        if ( timers[i].timer && !timers[i].killed )
            fire(&timers[i]);
}

/* --- memory --------------------------------------------------------------- */

static void *allocate(size_t size, bool mapped)
{
    unsigned int i = 0;

    if ( fails() )
        return NULL;

    while ( allocations[i].p )
        i++;
    allocations[i] = (struct allocation){ calloc(1, size), size, mapped };

    return allocations[i].p;
}

void *zalloc_bytes(size_t size)
{
    no_lock("xzalloc()");

    return allocate(size, false);
}

void *vmalloc(size_t size)
{
    void *p;

    no_lock("vmalloc()");
    must(size, "vmalloc() of something");
    p = allocate(size, true);
    if ( p )
        memset(p, 0x5a, size);

    return p;
}

static void release(void *p, bool mapped)
{
    unsigned int i, j;

    if ( !p )
        return;

    for ( i = 0; i < MAX_ALLOCATIONS && allocations[i].p != p; i++ )
        ;
    must(i < MAX_ALLOCATIONS, "what is freed was allocated");
    if ( i == MAX_ALLOCATIONS )
        return;
    must(allocations[i].mapped == mapped, "freed as it was allocated");

    for ( j = 0; j < MAX_TIMERS; j++ )
    {
        if ( (char *)timers[j].timer - allocations[i].p >=
                 (long)allocations[i].size ||
             (char *)timers[j].timer < allocations[i].p )
            continue;
        must(timers[j].killed, "a timer is killed before it is freed");
        timers[j] = (struct fake_timer){ 0 };
    }

    allocations[i].p = NULL;
    free(p);
}

void xfree(void *p)
{
    no_lock("xfree()");
    release(p, false);
}

void vfree(void *p)
{
    no_lock("vfree()");
    release(p, true);
}

/* --- the p2m, caches, tasklets -------------------------------------------- */

void p2m_write_lock(struct p2m_domain *p2m)
{
    no_lock("the p2m's lock is taken first");
    must(!fake.in_irq, "the p2m's lock is not taken by interrupts");
    spin_lock(&p2m_lock);
}

void p2m_write_unlock(struct p2m_domain *p2m)
{
    p2m_tlb_flush_sync(p2m);
    spin_unlock(&p2m_lock);
}

static void under_p2m_lock_alone(void)
{
    must(p2m_lock.taken && fake.held == 1, "under the lock of the p2m alone");
}

static struct fake_entry *entry_of(unsigned long gfn)
{
    unsigned int i;

    for ( i = 0; i < FAKE_P2M; i++ )
        if ( (entries[i].there || entries[i].stale) && entries[i].gfn == gfn )
            return &entries[i];

    return NULL;
}

mfn_t p2m_get_entry(struct p2m_domain *p2m,
                    gfn_t gfn,
                    p2m_type_t *t,
                    p2m_access_t *a,
                    unsigned int *page_order,
                    bool *valid)
{
    const struct fake_entry *e = entry_of(gfn_x(gfn));

    under_p2m_lock_alone();
    *page_order = 0;
    *t = e && e->there ? e->type : p2m_invalid;

    return e && e->there ? e->mfn : INVALID_MFN;
}

static void remove_entry(struct fake_entry *e)
{
    if ( !e || !e->there )
        return;

    e->there = false;
    e->stale = e->cached;
    fake.unmaps++;
}

static void add_entry(unsigned long gfn, mfn_t mfn, p2m_type_t t)
{
    struct fake_entry *e = entry_of(gfn);
    unsigned int i;

    if ( e && e->there && e->valid ) /* break before make */
        p2m_tlb_flush_sync(NULL);
    for ( i = 0; !e && i < FAKE_P2M; i++ )
        if ( !entries[i].there && !entries[i].stale )
            e = &entries[i];
    must(e && !e->stale, "room in the p2m, and no entry that was not flushed");
    if ( !e )
        return;

    e->gfn = gfn;
    e->mfn = mfn;
    e->type = t;
    e->there = e->valid = true;
    e->cached = false;
    fake.maps++;
}

int p2m_set_entry(struct p2m_domain *p2m,
                  gfn_t sgfn,
                  unsigned long nr,
                  mfn_t smfn,
                  p2m_type_t t,
                  p2m_access_t a)
{
    unsigned long i;

    under_p2m_lock_alone();
    if ( dom.is_dying )
        return -ENOMEM;

    for ( i = 0; i < nr; i++ )
    {
        if ( mfn_eq(smfn, INVALID_MFN) )
            remove_entry(entry_of(gfn_x(sgfn) + i));
        else if ( fails() )
            return -ENOMEM;
        else
            add_entry(gfn_x(sgfn) + i, mfn_add(smfn, i), t);
    }

    return 0;
}

void p2m_tlb_flush_sync(struct p2m_domain *p2m)
{
    unsigned int i;

    under_p2m_lock_alone();
    for ( i = 0; i < FAKE_P2M; i++ )
    {
        fake.flushes += entries[i].stale;
        entries[i].stale = entries[i].cached = false;
    }
}

mfn_t fake_p2m(paddr_t gpa)
{
    const struct fake_entry *e = entry_of(gpa / PAGE_SIZE);

    return e && e->there ? e->mfn : INVALID_MFN;
}

void fake_overlay(paddr_t gpa)
{
    spin_lock(&p2m_lock);
    add_entry(gpa / PAGE_SIZE, (mfn_t){ 1 }, p2m_ram_rw);
    spin_unlock(&p2m_lock);
}

void fake_p2m_invalidate(void)
{
    unsigned int i;

    for ( i = 0; i < FAKE_P2M; i++ )
        entries[i].valid = entries[i].cached = false;
}

/* Memory as a device sees it is what was cleaned from the cache. */
static uint8_t memory[FAKE_P2M][PAGE_SIZE];
static const void *cleaned[FAKE_P2M];

static uint8_t *memory_of(const void *page)
{
    unsigned int i = 0;

    while ( i < FAKE_P2M - 1 && cleaned[i] && cleaned[i] != page )
        i++;
    if ( cleaned[i] != page )
        memset(memory[i], 0xee, PAGE_SIZE);
    cleaned[i] = page;

    return memory[i];
}

int clean_dcache_va_range(const void *p, unsigned long size)
{
    const uint8_t *from = p;
    unsigned long offset, n;

    fake.cleans++;
    for ( ; size; size -= n, from += n )
    {
        offset = (uintptr_t)from % PAGE_SIZE;
        n = min(size, PAGE_SIZE - offset);
        memcpy(memory_of(from - offset) + offset, from, n);
    }

    return 0;
}

int clean_and_invalidate_dcache_va_range(const void *p, unsigned long size)
{
    return clean_dcache_va_range(p, size);
}

/* Does the guest read without a trap? */
static const uint8_t *untrapped(paddr_t gpa)
{
    struct fake_entry *e = entry_of(gpa / PAGE_SIZE);

    if ( !e || !(e->stale || (e->there && e->valid)) )
        return NULL;
    if ( e->there )
        e->cached = true;
    must(e->type != p2m_grant_map_ro || e->mfn.mfn > 1, "a page of ours");

    return memory_of((const void *)(uintptr_t)(e->mfn.mfn * PAGE_SIZE)) +
           gpa % PAGE_SIZE;
}

void softirq_tasklet_init(struct tasklet *t,
                          void (*func)(void *data),
                          void *data)
{
    unsigned int i = 0;

    *t = (struct tasklet){ .func = func, .data = data };
    while ( tasklets[i] )
        i++;
    tasklets[i] = t;
}

void tasklet_schedule(struct tasklet *t)
{
    must(t->func, "a tasklet that is scheduled was initialised");
    t->scheduled = !t->is_dead;
}

void tasklet_kill(struct tasklet *t)
{
    unsigned int i;

    no_lock("tasklet_kill()");
    must(!fake.in_irq, "no interrupt kills a tasklet");
    t->is_dead = true;
    t->scheduled = false;
    for ( i = 0; i < MAX_TIMERS; i++ )
        if ( tasklets[i] == t )
            tasklets[i] = NULL;
}

void fake_softirqs(void)
{
    unsigned int i;

    for ( i = 0; !fake.in_irq && i < MAX_TIMERS; i++ )
    {
        if ( !tasklets[i] || !tasklets[i]->scheduled )
            continue;
        tasklets[i]->scheduled = false;
        fake.tasklets++;
        tasklets[i]->func(tasklets[i]->data);
        no_lock("a tasklet has dropped its locks");
    }
}

mfn_t p2m_lookup(struct domain *d, gfn_t gfn, void *type)
{
    no_lock("p2m_lookup()");
    if ( fake.mapped && gfn_x(gfn) == fake.mapped_gfn )
        return (mfn_t){ 1 };

    return INVALID_MFN;
}

/* Whoever copies may be preempted by a page fault of its own, at least. */
unsigned long raw_copy_to_guest(void *to, const void *from, unsigned int len)
{
    no_lock("copy_to_guest()");
    if ( fails() )
        return len;

    if ( len )
        memcpy(to, from, len);

    return 0;
}

unsigned long raw_copy_from_guest(void *to, const void *from, unsigned int len)
{
    return raw_copy_to_guest(to, from, len);
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *head))
{
    head->func = func;
    head->next = rcu_heads;
    rcu_heads = head;
    fake.dying_slots++;
}

void fake_quiesce(void)
{
    struct rcu_head *head;

    while ( (head = rcu_heads) != NULL )
    {
        rcu_heads = head->next;
        fake.dying_slots--;
        head->func(head);
    }
}

void get_knownalive_domain(struct domain *d)
{
    must(d == &dom, "the domain that is referred to is ours");
    fake.references++;
}

void put_domain(struct domain *d)
{
    rcu_unlock_domain(d);
}

static bool is_mapped(const void *page)
{
    unsigned int i;

    for ( i = 0; i < FAKE_P2M; i++ )
        if ( (entries[i].there || entries[i].stale) &&
             entries[i].mfn.mfn == (uintptr_t)page / PAGE_SIZE )
            return true;

    return false;
}

void *alloc_xenheap_page(void)
{
    no_lock("alloc_xenheap_page()");
    if ( fails() )
        return NULL;

    fake.pages++;

    return aligned_alloc(PAGE_SIZE, PAGE_SIZE);
}

void free_xenheap_page(void *page)
{
    no_lock("free_xenheap_page()");
    must(fake.pages, "a page that is freed was allocated");
    must(dom.is_dying || !is_mapped(page), "a page that is freed is unmapped");
    fake.pages--;
    free(page);
}

unsigned int get_order_from_bytes(size_t size)
{
    return size > PAGE_SIZE ? fls((size - 1) / PAGE_SIZE) : 0;
}

/* Poisoned by ASan behind its end, as all that is allocated here. */
void *alloc_xenheap_pages(unsigned int order, unsigned int flags)
{
    size_t size = PAGE_SIZE << order;

    no_lock("alloc_xenheap_pages()");
    if ( fake.fragmented )
        return NULL;

    fake.pages += 1U << order;

    return memset(aligned_alloc(PAGE_SIZE, size), 0x5a, size);
}

void free_xenheap_pages(void *p, unsigned int order)
{
    unsigned int i;

    no_lock("free_xenheap_pages()");
    for ( i = 0; i < 1U << order; i++ )
        must(dom.is_dying || !is_mapped((char *)p + i * PAGE_SIZE),
             "pages that are freed are unmapped");
    must(fake.pages >= 1U << order, "pages that are freed were allocated");
    fake.pages -= 1U << order;
    free(p);
}

void clear_page(void *page)
{
    memset(page, 0, PAGE_SIZE);
}

int prepare_ring_for_helper(struct domain *d,
                            unsigned long gmfn,
                            struct page_info **page,
                            void **va)
{
    no_lock("prepare_ring_for_helper()");
    if ( fails() || gmfn >= FAKE_PAGES )
        return -EINVAL;

    fake.mappings++;
    ring_maps[gmfn]++;
    __asan_unpoison_memory_region(rings[gmfn], sizeof(*ring));
    *page = (struct page_info *)&rings[gmfn];
    *va = rings[gmfn];

    return 0;
}

void destroy_ring_for_helper(void **va, struct page_info *page)
{
    no_lock("destroy_ring_for_helper()");
    must(*va == *(void **)page, "the page is the ring's");
    must(fake.mappings, "a ring that is unmapped was mapped");
    others_run();
    fake.mappings--;
    /* Whoever still looks at it is caught. */
    if ( !--ring_maps[(struct xencons_interface **)page - rings] )
        __asan_poison_memory_region(*va, sizeof(*ring));
    *va = NULL;
}

void __iomem *ioremap_nocache(paddr_t start, size_t len)
{
    must(start == 0x9010000 && len == fake.rtc_size, "the RTC is mapped");
    if ( fails() )
        return NULL;

    fake.io_mappings++;

    return fake.rtc_regs;
}

void iounmap(void __iomem *va)
{
    must(va == fake.rtc_regs && fake.io_mappings,
         "what is unmapped was mapped");
    fake.io_mappings--;
}

/* --- event channels ------------------------------------------------------- */

static unsigned int *state_of(unsigned int port)
{
    must(port >= FAKE_PORT && port < NR_PORTS, "a port that there can be");

    return &dom.evtchn[port % NR_PORTS].state;
}

int alloc_unbound_xen_event_channel(struct domain *d,
                                    unsigned int lvcpu,
                                    domid_t remote,
                                    xen_event_channel_notification_t fn)
{
    unsigned int port = FAKE_PORT;

    no_lock("alloc_unbound_xen_event_channel()");
    must(d->vcpu[lvcpu], "a channel has a vCPU");
    if ( fails() || d->is_dying )
        return -EINVAL;

    while ( *state_of(port) != ECS_FREE )
        port++;
    *state_of(port) = ECS_UNBOUND;
    notifications[port] = fn;
    fake.peer[port] = remote;
    fake.notified_on[port] = 0;
    fake.channels++;

    return port;
}

void free_xen_event_channel(struct domain *d, int port)
{
    no_lock("free_xen_event_channel()");
    others_run();
    /* domain_kill() has closed them all before. */
    must(*state_of(port) != ECS_FREE || d->is_dying,
         "a channel that is freed was allocated");
    if ( *state_of(port) != ECS_FREE )
        fake.channels--;
    *state_of(port) = ECS_FREE;
}

void notify_via_xen_event_channel(struct domain *d, int lport)
{
    no_lock("notify_via_xen_event_channel()");
    must(*state_of(lport) != ECS_FREE || d->is_dying,
         "there is a channel to notify");
    if ( *state_of(lport) != ECS_INTERDOMAIN )
        return;

    fake.notified++;
    fake.notified_on[lport]++;
}

void fake_bind_port(unsigned int port)
{
    must(*state_of(port) == ECS_UNBOUND, "a channel to bind to");
    *state_of(port) = ECS_INTERDOMAIN;
}

void fake_late_event_on(unsigned int port)
{
    if ( notifications[port] )
        notifications[port](&vcpu, port);
    if ( !fake.softirqs_off )
        fake_softirqs();
}

void fake_event_on(unsigned int port)
{
    if ( *state_of(port) == ECS_INTERDOMAIN )
        fake_late_event_on(port);
}

void fake_bind(void)
{
    fake_bind_port(FAKE_PORT);
}

void fake_unbind(void)
{
    *state_of(FAKE_PORT) = ECS_UNBOUND;
}

void fake_late_event(void)
{
    fake_late_event_on(FAKE_PORT);
}

void fake_event(void)
{
    fake_event_on(FAKE_PORT);
}

void fake_close_channels(void)
{
    unsigned int port;

    dom.is_dying = true;
    for ( port = FAKE_PORT; port < NR_PORTS; port++ )
        *state_of(port) = ECS_FREE;
    fake.channels = 0;
}

void fake_kill(void)
{
    fake_close_channels();
    vsio_domain_relinquish(&dom);
}

/* --- interrupts, MMIO, domains -------------------------------------------- */

bool vgic_reserve_virq(struct domain *d, unsigned int virq)
{
    if ( fails() || virq >= fake.nr_irqs || fake.reserved[virq] )
        return false;

    fake.reserved[virq] = true;

    return true;
}

void vgic_free_virq(struct domain *d, unsigned int virq)
{
    must(fake.reserved[virq], "an interrupt that is freed was reserved");
    fake.reserved[virq] = false;
}

void vgic_inject_irq(struct domain *d,
                     struct vcpu *v,
                     unsigned int virq,
                     bool level)
{
    must(d == &dom && !v && virq >= 32 && virq < FAKE_IRQS, "an SPI");
    must(fake.reserved[virq], "an interrupt that is injected is reserved");
    if ( !level )
        fake.lowered[virq]++;
    else if ( !fake.offline )
    {
        fake.raised[virq]++;
        if ( fake.slow )
            inflight[virq].next = &inflight[0]; /* which is no SPI's */
    }
}

void fake_eoi(void)
{
    unsigned int i;

    for ( i = 0; i < FAKE_IRQS; i++ )
        inflight[i].next = inflight[i].prev = &inflight[i];
}

struct vcpu *vgic_get_target_vcpu(struct vcpu *v, unsigned int virq)
{
    must(v == &vcpu && virq >= 32 && virq < FAKE_IRQS, "an SPI's target");

    return v;
}

struct pending_irq *spi_to_pending(struct domain *d, unsigned int virq)
{
    must(d == &dom && virq >= 32 && virq < FAKE_IRQS, "an SPI's state");

    return container_of(&inflight[virq], struct pending_irq, inflight);
}

struct irq_desc *vgic_get_hw_irq_desc(struct domain *d,
                                      struct vcpu *v,
                                      unsigned int virq)
{
    return virq == fake.hw_irq ? (struct irq_desc *)&fake : NULL;
}

void vcpu_kick(struct vcpu *v)
{
    must(v == &vcpu, "the vCPU that is kicked is ours");
    fake.kicks++;
}

void register_mmio_handler(struct domain *d,
                           const struct mmio_handler_ops *ops,
                           paddr_t addr,
                           paddr_t size,
                           void *priv)
{
    struct vmmio *vmmio = &d->arch.vmmio;
    int i;

    no_lock("register_mmio_handler()");
    must(vmmio->num_entries < vmmio->max_num_entries, "room for a handler");
    for ( i = 0; i < vmmio->num_entries; i++ )
        must(addr + size <= vmmio->handlers[i].addr ||
                 vmmio->handlers[i].addr + vmmio->handlers[i].size <= addr,
             "handlers do not overlap");
    vmmio->handlers[vmmio->num_entries++] = (struct mmio_handler){
        .addr = addr,
        .size = size,
        .ops = ops,
        .priv = priv,
    };
}

int domain_shutdown(struct domain *d, uint8_t reason)
{
    no_lock("domain_shutdown()");
    must(d == &dom, "the domain that shuts down is ours");
    fake.shutdowns++;
    fake.shutdown_reason = reason;

    return 0;
}

void rcu_unlock_domain(struct domain *d)
{
    must(d && fake.references, "a reference that is dropped was taken");
    fake.references--;
}

/* --- Xen's console -------------------------------------------------------- */

struct domain *console_get_domain(void)
{
    if ( fake.focus )
        fake.references++;

    return fake.focus;
}

struct domain *console_input_domain(void)
{
    return console_get_domain();
}

void console_put_domain(struct domain *d)
{
    if ( d )
        rcu_unlock_domain(d);
}

bool console_has(const char *device)
{
    return fake.dtuart && !strcmp(device, "dtuart");
}

void serial_puts(int handle, const char *s, size_t nr)
{
    must(handle == SERHND_DTUART, "the serial port");
    while ( nr-- && fake.serial_n < sizeof(fake.serial) )
        fake.serial[fake.serial_n++] = *s++;
}

const struct vuart_info *serial_vuart_info(int handle)
{
    return fake.uart;
}

int serial_irq(int handle)
{
    return fake.uart_irq;
}

static void log_text(const char *s)
{
    size_t n = strlen(fake.log);

    while ( *s && n < sizeof(fake.log) - 1 )
    {
        fake.log_lines += *s == '\n';
        fake.log[n++] = *s++;
    }
    fake.log[n] = '\0';
}

/* One conversion of those that the glue uses; returns what is after it. */
static const char *log_value(const char *fmt, __builtin_va_list *args)
{
    char spec[8] = "%", text[32] = "";
    size_t n = 1;
    bool is_long = false;
    const struct domain *d;

    while ( *fmt == '#' || *fmt == '0' || *fmt == 'l' )
    {
        is_long |= *fmt == 'l';
        spec[n++] = *fmt++;
    }
    spec[n] = *fmt;

    switch ( *fmt )
    {
    case 's':
        log_text(__builtin_va_arg(*args, const char *));
        break;
    case 'p':
        must(*++fmt == 'd', "a domain is printed");
        d = __builtin_va_arg(*args, const struct domain *);
        snprintf(text, sizeof(text), "d%u", d->domain_id);
        break;
    case 'd':
    case 'u':
    case 'x':
        if ( is_long )
            snprintf(text, sizeof(text), spec,
                     __builtin_va_arg(*args, unsigned long));
        else
            snprintf(text, sizeof(text), spec,
                     __builtin_va_arg(*args, unsigned int));
        break;
    default:
        must(false, "a conversion that is known");
        break;
    }
    log_text(text);

    return fmt + 1;
}

void printk(const char *fmt, ...)
{
    __builtin_va_list args;
    char c[2] = "";

    __builtin_va_start(args, fmt);
    while ( *fmt )
    {
        c[0] = *fmt++;
        if ( c[0] == '%' )
            fmt = log_value(fmt, &args);
        else
            log_text(c);
    }
    __builtin_va_end(args);
}

bool fake_logged(const char *text)
{
    return strstr(fake.log, text) != NULL;
}

void fake_forget_log(void)
{
    fake.log[0] = '\0';
    fake.log_lines = 0;
}

/* --- boot, and the host's device tree ------------------------------------- */

void fake_initcall(int (*fn)(void))
{
    initcalls[nr_initcalls++] = fn;
}

void fake_boot(void)
{
    unsigned int i;

    for ( i = 0; i < nr_initcalls; i++ )
        must(!initcalls[i](), "an initcall succeeds");
}

struct dt_device_node *dt_find_compatible_node(struct dt_device_node *from,
                                               const char *type,
                                               const char *compatible)
{
    return strcmp(compatible, "arm,pl031") ? NULL : fake.rtc;
}

int dt_device_get_address(const struct dt_device_node *dev,
                          unsigned int index,
                          u64 *addr,
                          u64 *size)
{
    if ( fails() )
        return -EINVAL;

    *addr = 0x9010000;
    *size = fake.rtc_size;

    return 0;
}

bool dt_device_is_available(const struct dt_device_node *np)
{
    return !fake.rtc_off;
}

bool dt_device_for_passthrough(const struct dt_device_node *np)
{
    return fake.rtc_passthrough;
}

const char *dt_node_full_name(const struct dt_device_node *np)
{
    return "/pl031@9010000";
}

bool dt_property_read_bool(const struct dt_device_node *np, const char *name)
{
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(np->property) && np->property[i]; i++ )
        if ( !strcmp(np->property[i], name) )
            return true;

    return false;
}

/* --- the guest ------------------------------------------------------------ */

int guest_access(paddr_t gpa, unsigned int size, bool write, register_t *r)
{
    const struct vmmio *vmmio = &dom.arch.vmmio;
    mmio_info_t info = {
        .dabt = { .valid = 1, .size = size, .reg = 1, .write = write },
        .dabt_instr.state = INSTR_VALID,
        .gpa = gpa,
    };
    register_t before = *r;
    const uint8_t *shows = untrapped(gpa);
    int i, ok = 0;

    if ( shows && !write && !fake.in_flight )
    {
        fake.untrapped++;
        *r = 0;
        memcpy(r, shows, 1U << size);
        return 1;
    }
    fake.in_flight = false;
    fake.traps++;
    for ( i = 0; i < vmmio->num_entries; i++ )
    {
        const struct mmio_handler *h = &vmmio->handlers[i];

        if ( gpa - h->addr >= h->size )
            continue;
        if ( write )
            ok = h->ops->write(&vcpu, &info, *r, h->priv);
        else
            ok = h->ops->read(&vcpu, &info, r, h->priv);
        break;
    }

    must(i < vmmio->num_entries, "a device is where the guest looks for it");
    must(ok == 0 || ok == 1, "an access is refused or handled");
    no_lock("an access leaves no lock behind");
    if ( !fake.softirqs_off )
        fake_softirqs();
    if ( !write && ok && size < 3 )
        must(!(*r >> (8U << size)), "no bit above the size is set");
    if ( !write && !ok )
        must(*r == before, "an access that aborts changes no register");

    return ok;
}

uint32_t guest_rd(paddr_t gpa)
{
    register_t r = 0;

    must(guest_access(gpa, DABT_WORD, false, &r), "a read is answered");

    return r;
}

void guest_wr(paddr_t gpa, uint32_t value)
{
    register_t r = value;

    must(guest_access(gpa, DABT_WORD, true, &r), "a write is taken");
}

struct vsio_slot *slot_of(const char *name)
{
    unsigned int i;

    for ( i = 0; dom.arch.vsio && i < XEN_VSIO_SLOTS; i++ )
        if ( dom.arch.vsio->slot[i] &&
             !strcmp(dom.arch.vsio->slot[i]->ops->name, name) )
            return dom.arch.vsio->slot[i];

    return NULL;
}

#ifdef CONFIG_VSIO_PL011
int uart_on_ring(void)
{
    struct vpl011_init_info info = { .console_domid = 0 };
    int rc = domain_vpl011_init(&dom, &info);

    must(rc || info.evtchn == FAKE_PORT, "the toolstack is told the port");
    if ( !rc )
        fake_bind();

    return rc;
}

int uart_on_console(void)
{
    static struct vuart_info uart = { .base_addr = 0x9000000, .size = 0x1000 };

    fake.dtuart = true;
    fake.uart = &uart;
    fake_boot();

    return domain_vpl011_init(&dom, NULL);
}
#endif

/* --- a life --------------------------------------------------------------- */

void fake_start(void)
{
    unsigned int i;

    fake = (struct fake){
        .now = SECONDS(100),
        .wc_sec = 1700000000,
        .nr_irqs = FAKE_IRQS,
    };
    dom = (struct domain){
        .domain_id = 1,
        .vcpu = vcpus,
        .controller_pause_count = 1,
        .arch.vmmio = { .max_num_entries = ARRAY_SIZE(handlers),
                        .handlers = handlers },
    };
    elsewhere = false;
    memset(notifications, 0, sizeof(notifications));
    memset(entries, 0, sizeof(entries));
    memset(tasklets, 0, sizeof(tasklets));
    memset(cleaned, 0, sizeof(cleaned));
    fake_eoi();
    for ( i = 0; i < FAKE_PAGES; i++ )
        rings[i] = calloc(1, sizeof(*ring));
    ring = rings[0];
}

unsigned int fake_left(void)
{
    unsigned int i, n = 0;

    for ( i = 0; i < MAX_ALLOCATIONS; i++ )
        n += allocations[i].p && allocations[i].p != (char *)dom.arch.vsio;
    for ( i = 0; i < MAX_TIMERS; i++ )
        n += timers[i].timer && !timers[i].killed;

    return n + fake.channels + fake.mappings + fake.pages + fake.references +
           fake.io_mappings + fake.held + fake.dying_slots;
}

void fake_stop(void)
{
    unsigned int i;

    fake.elsewhere = NULL;
    fake_quiesce(); /* no reference is left */
    vsio_domain_destroy(&dom);
    EXPECT_EQ(fake_left(), 0);
    EXPECT(!dom.arch.vsio);
    for ( i = 0; i < MAX_ALLOCATIONS; i++ )
        EXPECT(!allocations[i].p);
    for ( i = 0; i < MAX_TIMERS; i++ )
        timers[i] = (struct fake_timer){ 0 };

    for ( i = 0; i < FAKE_PAGES; i++ )
    {
        __asan_unpoison_memory_region(rings[i], sizeof(*ring));
        free(rings[i]);
    }
    ring = NULL;
}

/* SPDX-License-Identifier: MIT */
/*
 * ring-host.c - a console ring between Xen's end, as it is, and a backend that
 * does what xenconsoled does, each on a CPU of its own.
 *
 *   ring drain          speed of emptying a full ring, memcpy's being 1
 *   ring stress BYTES   so many each way; each byte is looked at
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ring-xen.h"

#include <public/io/console.h>

#define FIFO   32U /* what a UART takes at once */
#define TYPED  80U /* what xenconsoled reads of a terminal at once */
#define SPINS  200U
#define DRAINS 2000U
#define ROUNDS 101U
#define STUCK  60U /* seconds */

static _Alignas(4096) struct xencons_interface page;

/* The n-th byte, so that one in the wrong place shows. */
static uint8_t nth(uint64_t n)
{
    return (uint8_t)((n * 0x9e3779b97f4a7c15U) >> 56);
}

static _Noreturn void fail(const char *what, uint64_t n)
{
    printf("%s at byte %llu\n", what, (unsigned long long)n);
    exit(1);
}

/* The other side has to do something first. */
static void idle(unsigned int *spins)
{
    if ( ++*spins % SPINS == 0 )
        sched_yield();
}

/* --- drain ---------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void drain_once(uint8_t *to)
{
    unsigned int at = 0;
    bool was_full;

    page.in_prod = page.in_cons + (XENCONS_RING_IDX)sizeof(page.in);
    while ( at < sizeof(page.in) )
        at += xen_take(to + at, (unsigned int)sizeof(page.in) - at, &was_full);
}

static void copy_once(uint8_t *to)
{
    memcpy(to, page.in, sizeof(page.in));
    __asm__ volatile("" : : "r"(to) : "memory"); /* each of them */
}

static double time_of(void (*once)(uint8_t *to))
{
    static uint8_t to[sizeof(page.in)];
    double begin = seconds();
    unsigned int i;

    for ( i = 0; i < DRAINS; i++ )
        once(to);

    return seconds() - begin;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* One after the other, so that whatever disturbs one disturbs both. */
static int drain(void)
{
    static double ratio[ROUNDS];
    unsigned int i;

    xen_init(&page);
    for ( i = 0; i < ROUNDS; i++ )
    {
        double copy = time_of(copy_once);

        ratio[i] = copy / time_of(drain_once);
    }
    qsort(ratio, ROUNDS, sizeof(ratio[0]), rising);
    printf("%.2f\n", ratio[ROUNDS / 2]);

    return 0;
}

/* --- stress --------------------------------------------------------------- */

static uint64_t total;
static _Atomic uint64_t done;     /* by whoever receives */
static atomic_uint events;        /* Xen's, that there is room */
static unsigned int waits, fulls; /* how often there was none */

/* The guest prints, a byte at a time. */
static void *xen_prints(void *arg)
{
    unsigned int spins = 0;
    uint64_t n;

    for ( n = 0; n < total; n++ )
    {
        if ( xen_put(nth(n)) )
            continue;
        fulls++;
        while ( !xen_put(nth(n)) )
            idle(&spins);
    }

    return arg;
}

/* xenconsoled's buffer_append(). */
static unsigned int append(uint8_t *to)
{
    XENCONS_RING_IDX cons = __atomic_load_n(&page.out_cons, __ATOMIC_RELAXED);
    XENCONS_RING_IDX prod = __atomic_load_n(&page.out_prod, __ATOMIC_RELAXED);
    unsigned int size = prod - cons, i;

    atomic_thread_fence(memory_order_seq_cst);
    if ( size > sizeof(page.out) )
        fail("the indexes make no sense", done);
    for ( i = 0; i < size; i++ )
        to[i] = (uint8_t)page.out[(cons + i) % sizeof(page.out)];
    atomic_thread_fence(memory_order_seq_cst);
    __atomic_store_n(&page.out_cons, prod, __ATOMIC_RELAXED);

    return size;
}

static void *backend_reads(void *arg)
{
    static uint8_t to[sizeof(page.out)];
    unsigned int spins = 0, size, i;
    uint64_t n = 0;

    while ( n < total )
    {
        size = append(to);
        for ( i = 0; i < size; i++, n++ )
            if ( to[i] != nth(n) )
                fail("printed: not the byte that was sent", n);
        done = n;
        if ( !size )
            idle(&spins);
    }

    return arg;
}

/* xenconsoled's ring_free_bytes(). */
static unsigned int room(void)
{
    XENCONS_RING_IDX cons = __atomic_load_n(&page.in_cons, __ATOMIC_RELAXED);
    unsigned int used = page.in_prod - cons;

    atomic_thread_fence(memory_order_seq_cst);

    return used > sizeof(page.in) ? 0 : (unsigned int)sizeof(page.in) - used;
}

/* As poll() does: an event that has come meanwhile counts. */
static void wait_for_event(unsigned int *seen)
{
    unsigned int spins = 0;

    waits++;
    while ( atomic_load(&events) == *seen )
        idle(&spins);
    *seen = atomic_load(&events);
}

/* xenconsoled's handle_tty_read(); with a full ring it waits for an event. */
static void *backend_types(void *arg)
{
    unsigned int seen = 0, size, i;
    uint64_t n = 0;

    while ( n < total )
    {
        XENCONS_RING_IDX prod = page.in_prod;

        size = room();
        if ( !size )
        {
            wait_for_event(&seen);
            continue;
        }
        if ( size > TYPED )
            size = TYPED;
        for ( i = 0; i < size && n < total; i++ )
            page.in[prod++ % sizeof(page.in)] = (char)nth(n++);
        atomic_thread_fence(memory_order_release);
        __atomic_store_n(&page.in_prod, prod, __ATOMIC_RELAXED);
        atomic_thread_fence(memory_order_seq_cst); /* the event to Xen */
    }

    return arg;
}

/* A FIFO at a time, as a UART takes them; it tells as the glue does. */
static void *xen_reads(void *arg)
{
    unsigned int spins = 0, size, i;
    uint8_t to[FIFO];
    uint64_t n = 0;
    bool was_full;

    while ( n < total )
    {
        size = xen_take(to, FIFO, &was_full);
        if ( was_full )
        {
            fulls++;
            atomic_fetch_add(&events, 1);
        }
        for ( i = 0; i < size; i++, n++ )
            if ( to[i] != nth(n) )
                fail("typed: not the byte that was sent", n);
        done = n;
        if ( !size )
            idle(&spins);
    }

    return arg;
}

static pthread_t start(void *(*side)(void *arg), int cpu)
{
    cpu_set_t cpus;
    pthread_t thread;

    if ( pthread_create(&thread, NULL, side, NULL) )
        fail("no thread", 0);
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    pthread_setaffinity_np(thread, sizeof(cpus), &cpus);

    return thread;
}

/* Both sides wait for ever if a wake-up is lost. */
static void watch(void)
{
    uint64_t before = 0;
    unsigned int still = 0;

    while ( done < total )
    {
        usleep(100000);
        still = done == before ? still + 1 : 0;
        before = done;
        if ( still > 10 * STUCK )
            fail("nothing moves any more", before);
    }
}

static void run(const char *what,
                void *(*from)(void *arg),
                void *(*to)(void *arg))
{
    double begin = seconds();
    pthread_t threads[2];

    memset(&page, 0, sizeof(page));
    xen_init(&page);
    done = 0;
    waits = fulls = 0;
    threads[0] = start(to, 0);
    threads[1] = start(from, 1);
    watch();
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    begin = seconds() - begin;
    printf("%s: %llu bytes in %.1f s, full %u times, %u waits\n", what,
           (unsigned long long)total, begin, fulls, waits);
}

int main(int argc, char **argv)
{
    if ( argc == 2 && !strcmp(argv[1], "drain") )
        return drain();
    if ( argc != 3 || strcmp(argv[1], "stress") )
        return 2;
    if ( sysconf(_SC_NPROCESSORS_ONLN) < 2 )
        fail("two CPUs are needed", 0);

    total = strtoull(argv[2], NULL, 10);
    run("printed", xen_prints, backend_reads);
    run("typed", backend_types, xen_reads);

    return 0;
}

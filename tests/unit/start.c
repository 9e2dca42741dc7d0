/* SPDX-License-Identifier: MIT */
/*
 * Start code of a freestanding test: two system calls, and the four functions
 * that a compiler may call on its own. Linux on x86-64, arm64, arm, ppc64.
 */

#include "harness.h"

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void _start(void);

/* Else a compiler sees through a loop, and replaces it by a call of itself. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    return memmove(to, from, n);
}

void *memmove(void *to, const void *from, size_t n)
{
    const char *f = from;
    char *t = to;
    size_t i;

    for ( i = 0; i < n; i++ )
    {
        /* Upwards or downwards, so that an overlap is read before written. */
        size_t k = (uintptr_t)t <= (uintptr_t)f ? i : n - 1 - i;

        t[k] = f[k];
        KEEP_LOOP();
    }

    return to;
}

void *memset(void *to, int c, size_t n)
{
    char *t = to;
    size_t i;

    for ( i = 0; i < n; i++ )
    {
        t[i] = (char)c;
        KEEP_LOOP();
    }

    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    size_t i;

    for ( i = 0; i < n; i++ )
        if ( x[i] != y[i] )
            return x[i] < y[i] ? -1 : 1;

    return 0;
}

#if defined(__x86_64__)

#define SYS_write 1
#define SYS_exit  60
#define START     __attribute__((force_align_arg_pointer))

static long syscall3(long nr, long a, long b, long c)
{
    __asm__ volatile("syscall"
                     : "+a"(nr)
                     : "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");

    return nr;
}

#elif defined(__aarch64__)

#define SYS_write 64
#define SYS_exit  93
#define START

static long syscall3(long nr, long a, long b, long c)
{
    register long x8 __asm__("x8") = nr;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;

    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");

    return x0;
}

#elif defined(__arm__)

#define SYS_write 4
#define SYS_exit  1
#define START

/* Not in r7 from the start: Thumb code keeps its frame there. */
static long syscall3(long nr, long a, long b, long c)
{
    register long r0 __asm__("r0") = a;
    register long r1 __asm__("r1") = b;
    register long r2 __asm__("r2") = c;

    __asm__ volatile("push {r7}; mov r7, %1; svc 0; pop {r7}"
                     : "+r"(r0)
                     : "r"(nr), "r"(r1), "r"(r2)
                     : "memory");

    return r0;
}

#elif defined(__powerpc64__)

#define SYS_write 4
#define SYS_exit  1
#define START

static long syscall3(long nr, long a, long b, long c)
{
    register long r0 __asm__("r0") = nr;
    register long r3 __asm__("r3") = a;
    register long r4 __asm__("r4") = b;
    register long r5 __asm__("r5") = c;

    __asm__ volatile("sc"
                     : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5)
                     :
                     : "r6", "r7", "r8", "r9", "r10", "r11", "r12", "ctr",
                       "cr0", "memory");

    return r3;
}

#endif

void out(const char *s, size_t n)
{
    /* A short write to a pipe or a file is a broken run: prove will say so. */
    syscall3(SYS_write, 1, (long)s, (long)n);
}

#ifdef __arm__
/* Division is a function there, and calls this one when it is by zero. */
int raise(int signal);

int raise(int signal)
{
    return (int)syscall3(SYS_exit, 128 + signal, 0, 0);
}
#endif

START void _start(void)
{
    syscall3(SYS_exit, run_tests(), 0, 0);
    for ( ;; )
        ;
}

/* SPDX-License-Identifier: MIT */
/*
 * access ADDRESS COUNT - in a guest: read a 32-bit register so often, and print
 * how many nanoseconds one read takes. A program without a library.
 */
#include <stdint.h>

#define SYS_openat 56
#define SYS_write  64
#define SYS_exit   93
#define SYS_mmap   222

#define O_RDWR_SYNC 04010002
#define PROT_RW     3
#define MAP_SHARED  1
#define PAGE        4096UL

static long call(long n, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = n;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");

    return x0;
}

static unsigned long number(const char *s)
{
    unsigned long n = 0, base = 10;

    if ( s[0] == '0' && s[1] == 'x' )
    {
        base = 16;
        s += 2;
    }
    for ( ; *s; s++ )
        n = n * base + (unsigned long)(*s <= '9' ? *s - '0' : *s - 'a' + 10);

    return n;
}

static void print(unsigned long n)
{
    char text[24], *p = text + sizeof(text);

    *--p = '\n';
    do
    {
        *--p = (char)('0' + n % 10);
        n /= 10;
    } while ( n );
    (void)call(SYS_write, 1, (long)p, text + sizeof(text) - p, 0, 0, 0);
}

static uint64_t ticks(void)
{
    uint64_t n;

    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(n) : : "memory");

    return n;
}

__attribute__((used)) static void run(const long *stack)
{
    char **argv = (char **)(uintptr_t)(stack + 1);
    unsigned long addr = number(argv[1]), count = number(argv[2]);
    long fd = call(SYS_openat, -100, (long)"/dev/mem", O_RDWR_SYNC, 0, 0, 0);
    long at = call(SYS_mmap, 0, PAGE, PROT_RW, MAP_SHARED, fd,
                   (long)(addr & ~(PAGE - 1)));
    volatile uint32_t *reg =
        (volatile uint32_t *)(uintptr_t)((unsigned long)at + addr % PAGE);
    uint64_t begin, frequency;

    __asm__("mrs %0, cntfrq_el0" : "=r"(frequency));
    if ( at < 0 )
        (void)call(SYS_exit, 1, 0, 0, 0, 0, 0);
    begin = ticks();
    for ( unsigned long i = 0; i < count; i++ )
        (void)*reg;
    print((ticks() - begin) * 1000000000 / frequency / count);
    (void)call(SYS_exit, 0, 0, 0, 0, 0, 0);
}

__asm__(".globl _start\n"
        "_start: mov x0, sp\n"
        "        b run\n");

/* SPDX-License-Identifier: MIT */
/*
 * A guest that uses its GICv2 in all ways, and prints what it sees: gic.t runs
 * it with and without minixen below it. Interrupts are taken by reading IAR.
 */

#include <stdint.h>

/* At 0, where a firmware starts; other CPUs have their number in x0. */
__asm__(".global _start\n"
        "_start:\n"
        "    ldr x0, =0x40100000\n"
        "    mov sp, x0\n"
        "    bl  run\n"
        "    b   .\n"
        ".global start_other\n"
        "start_other:\n"
        "    ldr x1, =0x40100000\n"
        "    add x1, x1, x0, lsl #16\n"
        "    mov sp, x1\n"
        "    b   other\n"
        ".global psci\n"
        "psci:\n"
        "    hvc #0\n"
        "    ret\n"
        "    .ltorg\n");

#define UART 0x09000000UL
#define RTC  0x09010000UL
#define GICD 0x08000000UL
#define GICC 0x08010000UL
#define NONE 1023

static uint32_t rd(uintptr_t reg)
{
    return *(volatile uint32_t *)reg;
}

static void wr(uintptr_t reg, uint32_t value)
{
    *(volatile uint32_t *)reg = value;
}

static void wr8(uintptr_t reg, uint8_t value)
{
    *(volatile uint8_t *)reg = value;
}

static void put(const char *s)
{
    while ( *s )
        wr(UART, (uint8_t)*s++);
}

static void hex(uint32_t x)
{
    int shift;

    wr(UART, ' ');
    for ( shift = 28; shift >= 0; shift -= 4 )
        wr(UART, (uint8_t) "0123456789abcdef"[x >> shift & 15]);
}

/* --- One CPU -------------------------------------------------------------- */

#define ENABLE(n)      wr(GICD + 0x100 + (n) / 32 * 4, 1U << (n) % 32)
#define DISABLE(n)     wr(GICD + 0x180 + (n) / 32 * 4, 1U << (n) % 32)
#define PEND(n)        wr(GICD + 0x200 + (n) / 32 * 4, 1U << (n) % 32)
#define UNPEND(n)      wr(GICD + 0x280 + (n) / 32 * 4, 1U << (n) % 32)
#define PRIORITY(n, p) wr8(GICD + 0x400 + (n), p)
#define TARGET(n, t)   wr8(GICD + 0x800 + (n), t)

/* Give what is pending some time to arrive. */
static uint32_t iar(void)
{
    uint32_t value;
    int i;

    for ( i = 0; i < 1000; i++ )
        __asm__ volatile("isb");
    value = rd(GICC + 0xc);
    hex(value);

    return value;
}

static void eoi(uint32_t value)
{
    wr(GICC + 0x10, value);
}

/* All that are pending, each ended at once. */
static void drain(const char *name)
{
    uint32_t value;

    put(name);
    while ( (value = iar() & 0x1fff) != NONE )
        eoi(value);
    put("\n");
}

static void edge(int n)
{
    uintptr_t reg = GICD + 0xc00 + n / 16 * 4;

    wr(reg, rd(reg) | 2U << n % 16 * 2);
}

static void start(void)
{
    int n;

    wr(GICD, 1);
    wr(GICC + 4, 0xff);
    wr(GICC, 1);
    for ( n = 0; n < 32; n++ )
        PRIORITY(n, 0x40);
    for ( n = 48; n < 60; n++ )
    {
        edge(n);
        TARGET(n, 1);
        ENABLE(n);
        PRIORITY(n, 0x80 + (n * 5 % 12) * 8);
    }
}

/* Nobody has interrupt 32. */
static void registers(void)
{
    int n;

    put("registers");
    for ( n = 0; n < 12; n += 4 )
    {
        wr(GICD + 0x420 + n, 0xf8a05008U);
        hex(rd(GICD + 0x420 + n) & ~0xffU);
        wr(GICD + 0x820 + n, 0x01000001U);
        hex(rd(GICD + 0x820 + n) & 0xffff0000U);
    }
    for ( n = 0; n < 3; n++ )
    {
        PRIORITY(33 + n, 0x10 << n);
        hex(*(volatile uint8_t *)(GICD + 0x421 + n));
    }
    wr(GICD + 0xc08, 0xaaaaaaa2U);
    hex(rd(GICD + 0xc08) & ~3U);
    wr(GICD + 0xc08, 0);
    hex(rd(GICD + 0xc08) & ~3U);
    wr(GICD + 0x104, 0x0000fff6U);
    hex(rd(GICD + 0x104));
    hex(rd(GICD + 0x184));
    wr(GICD + 0x184, ~0U);
    hex(rd(GICD + 0x104));
    hex(rd(GICD + 0x100) & 0xf800ffffU);
    hex(rd(GICD + 0x000));
    hex(rd(GICD + 0x004));
    hex(rd(GICD + 0x008));
    hex(rd(GICD + 0xfe8));
    put("\n");
}

/* An alarm that has gone off: its line is as high as its mask says. */
static void level(void)
{
    uint32_t value;
    int n;

    put("level");
    TARGET(34, 1);
    ENABLE(34);
    PRIORITY(34, 0x20);
    wr(RTC + 0x4, rd(RTC) + 1);
    while ( !rd(RTC + 0x14) )
        ;
    iar();
    wr(RTC + 0x10, 1);
    for ( n = 0; n < 3; n++ )
    {
        value = iar();
        hex(rd(GICD + 0x304) & 4);
        eoi(value);
        hex(rd(GICD + 0x204) & 4);
        UNPEND(34);
    }
    DISABLE(34);
    iar();
    ENABLE(34);
    value = iar();
    wr(RTC + 0x10, 0);
    eoi(value);
    iar();
    /* High and low before it is looked at. */
    wr(RTC + 0x10, 1);
    hex(rd(GICD + 0x204) & 4);
    wr(RTC + 0x10, 0);
    iar();
    /* An edge is one interrupt, however long the line is high. */
    wr(GICD + 0xc08, rd(GICD + 0xc08) | 0x20);
    wr(RTC + 0x10, 1);
    eoi(iar());
    iar();
    wr(RTC + 0x10, 0);
    put("\n");
}

static void many(void)
{
    uint32_t a, b;
    int n;

    for ( n = 48; n < 60; n++ )
        PEND(n);
    drain("by priority");

    for ( n = 48; n < 60; n++ )
        PEND(n);
    put("masked");
    wr(GICC + 4, 0x80);
    iar();
    PRIORITY(57, 0x08);
    a = iar();
    eoi(a);
    wr(GICC + 4, 0xff);
    for ( n = 48; n < 54; n++ )
        UNPEND(n);
    drain("");

    put("nested");
    PRIORITY(48, 0xc0);
    PRIORITY(49, 0x40);
    PEND(48);
    a = iar();
    iar();
    PEND(49);
    b = iar();
    hex(rd(GICD + 0x304) & 0x30000);
    eoi(b);
    PEND(48);
    iar();
    eoi(a);
    drain("");
}

static void off(void)
{
    put("off");
    PEND(50);
    wr(GICD, 0);
    iar();
    hex(rd(GICD + 0x204) & 1 << 18);
    wr(GICD, 1);
    DISABLE(50);
    iar();
    TARGET(50, 1);
    ENABLE(50);
    drain("");
}

static void sgis(void)
{
    int n;

    for ( n = 0; n < 16; n++ )
    {
        PRIORITY(n, 0xf0 - n * 8);
        wr(GICD + 0xf00, 1 << 16 | n);
        wr(GICD + 0xf00, 2 << 24 | n);
    }
    put("sgis");
    hex(rd(GICD + 0x200));
    hex(rd(GICD + 0xf20));
    wr8(GICD + 0xf10 + 3, 1);
    hex(rd(GICD + 0xf20));
    wr8(GICD + 0xf20 + 3, 1);
    wr(GICD + 0xf00, 1 << 24 | 5); /* the others are off */
    drain("");
}

/* --- Four CPUs, all of which send the same SGI to the first ----------------
 */

#define SENT(n) (*(volatile uint32_t *)(0x40300000UL + 4 * (n)))

void other(unsigned int cpu);
void other(unsigned int cpu)
{
    wr(GICC, 1);
    wr(GICC + 4, 0xff);
    wr(GICD + 0xf00, 1 << 16 | 7);
    SENT(cpu) = 1;
    for ( ;; )
    {
        uint32_t value = rd(GICC + 0xc);

        if ( (value & 0x3ff) != NONE )
            eoi(value);
        if ( value == 2 )
            SENT(cpu) = 2;
    }
}

long psci(uint64_t fn, uint64_t a, uint64_t b, uint64_t c);
extern char start_other[];

static void senders(void)
{
    uint32_t value;
    int n;

    put("senders");
    /* One after the other: who is acknowledged first is the GIC's choice. */
    for ( n = 1; n < 4; n++ )
    {
        SENT(n) = 0;
        hex(psci(0xc4000003, n, (uintptr_t)start_other, n));
        while ( !SENT(n) )
            ;
    }
    value = iar();
    iar();
    eoi(value);
    drain("");
    put("to all others");
    wr(GICD + 0xf00, 1 << 24 | 2);
    for ( n = 1; n < 4; n++ )
        while ( SENT(n) != 2 )
            ;
    drain("");
}

void run(void);
void run(void)
{
    registers();
    start();
    level();
    many();
    off();
    sgis();
    senders();
    put("done\n");
    psci(0x84000008, 0, 0, 0);
}

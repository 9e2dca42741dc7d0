/* SPDX-License-Identifier: MIT */
/*
 * A guest that reads and writes every register of every device, and where there
 * is none, with loads and stores of all kinds, at random; all is decided by one
 * number. Its vectors leave out what fails. It does not reset the machine, as
 * it might, and in the end sees whether all devices still answer.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuzz.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

#define MAX_CPUS 4
#define CODES    8192U /* a power of two */

#define PL011   0x09000000UL
#define PL031   0x09010000UL
#define I8042   0x0b000000UL
#define NS16550 0x0b001000UL
#define FLASH   0x04000000UL
#define GICD    0x08000000UL
#define GICH    0x08030000UL /* and GICV behind it */
#define MINIXEN 0x7b800000UL

/* What the host asks for. */
static const volatile uint64_t *const request = (void *)0x40180000;
#define ACCESSES request[0]
#define SEED     request[1]

/* As run() in start.S knows it, up to failed[]. */
struct cpu {
    uint64_t x[18];
    uint64_t code, sp, daif, spsel;
    uint64_t irqs, failed[64]; /* by exception class */
    uint64_t random, count;
};
_Static_assert(offsetof(struct cpu, code) == CPU_CODE, "");
_Static_assert(offsetof(struct cpu, daif) == CPU_DAIF, "");
_Static_assert(offsetof(struct cpu, irqs) == CPU_IRQS, "");
_Static_assert(offsetof(struct cpu, failed) == CPU_FAILED, "");

static struct cpu cpus[MAX_CPUS];
static unsigned int running = 1; /* processors */
static bool all_on;
static uint32_t codes[CODES][2]; /* an instruction, and RET */

uint64_t tables[512] __attribute__((aligned(4096)));
uint8_t stacks[MAX_CPUS << STACK_SHIFT] __attribute__((aligned(16)));

void start_cpu(void);
void run(struct cpu *cpu);

/* --- What C takes for granted --------------------------------------------- */

void *memset(void *to, int value, size_t n)
{
    uint8_t *p = to;

    while ( n-- )
        *p++ = (uint8_t)value;

    return to;
}

static uint64_t smc(uint64_t fn, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t x0 __asm__("x0") = fn;
    register uint64_t x1 __asm__("x1") = a;
    register uint64_t x2 __asm__("x2") = b;
    register uint64_t x3 __asm__("x3") = c;

    __asm__ __volatile__("smc #0"
                         : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)
                         :
                         : "memory");

    return x0;
}

/* xorshift64*. */
static uint64_t next(struct cpu *cpu)
{
    cpu->random ^= cpu->random >> 12;
    cpu->random ^= cpu->random << 25;
    cpu->random ^= cpu->random >> 27;

    return cpu->random * 0x2545f4914f6cdd1dUL;
}

/* The upper bits are the better ones. */
static uint32_t below(struct cpu *cpu, uint32_t n)
{
    return (uint32_t)((next(cpu) >> 32) * n >> 32);
}

/* --- Reading and writing, as drivers do ----------------------------------- */

static uint32_t get(uintptr_t at)
{
    return *(volatile uint32_t *)at;
}

static void put(uintptr_t at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

static uint8_t get8(uintptr_t at)
{
    return *(volatile uint8_t *)at;
}

static void put8(uintptr_t at, uint8_t value)
{
    *(volatile uint8_t *)at = value;
}

static void say(const char *s)
{
    for ( ; *s; s++ )
    {
        while ( get(PL011 + 0x18) & 0x20 )
            ;
        put(PL011, (uint32_t)*s);
    }
}

static void say_number(const char *what, uint64_t n, unsigned int base)
{
    char digits[24], *p = digits + sizeof(digits);

    *--p = '\0';
    do
        *--p = "0123456789abcdef"[n % base];
    while ( n /= base );
    say(what);
    say(p);
}

static void __attribute__((noreturn)) power_off(void)
{
    smc(0x84000008, 0, 0, 0);
    for ( ;; )
        ;
}

/* An exception that is not the fuzzed instruction's. */
void lost(uint64_t esr, uint64_t elr, uint64_t far)
{
    say_number("\nlost: esr ", esr, 16);
    say_number(" elr ", elr, 16);
    say_number(" far ", far, 16);
    say("\n");
    power_off();
}

/* --- Instructions --------------------------------------------------------- */

#define RET  0xd65f03c0U
#define BASE 0U  /* x0 is the address */
#define SP   31U /* or the stack pointer */

/* At the start of codes[]: STR and LDR of w1, by size. */
static const uint32_t plain[] = {
    0x39000001, 0x79000001, 0xb9000001, 0xf9000001,
    0x39400001, 0x79400001, 0xb9400001, 0xf9400001,
};
#define STORE(size) (size)
#define LOAD(size)  (4 + (size))

/* What is no load and no store: DC ZVA, CVAC, IVAC, CIVAC; IC IVAU; AT; PRFM */
static const uint32_t special[] = {
    0xd50b7420, 0xd50b7a20, 0xd5087620, 0xd50b7e20,
    0xd50b7520, 0xd5087800, 0xd5087820, 0xf9800000,
};

static uint32_t set(uint32_t code, unsigned int at, uint32_t reg)
{
    return (code & ~(31U << at)) | reg << at;
}

/* x0 to x16, or XZR: those that run() gives. */
static uint32_t any_register(struct cpu *cpu)
{
    return below(cpu, 8) ? below(cpu, 17) : 31;
}

/*
 * One of all those that are encoded as loads and stores, with the registers
 * that it reads and writes chosen among those that may change.
 */
static uint32_t load_or_store(struct cpu *cpu, uint32_t code)
{
    unsigned int kind = code >> 28 & 3;
    bool simd = code >> 26 & 1;

    code = set(code, 0, any_register(cpu));
    code = set(code, 5, below(cpu, 8) ? BASE : SP);
    if ( kind == 2 || (kind == 0 && !simd) )
        code = set(code, 10, any_register(cpu));
    if ( kind == 0 || (kind == 3 && !(code >> 24 & 1) && code >> 21 & 1) )
        code = set(code, 16, 16);

    return code;
}

/* bits 28 to 25 are x1x0; half of them are the usual ones, a quarter pairs. */
static uint32_t random_code(struct cpu *cpu)
{
    uint32_t code = (uint32_t)next(cpu);

    switch ( below(cpu, 16) )
    {
    case 0:
        return special[below(cpu, ARRAY_SIZE(special))];
    case 1:
    case 2:
    case 3:
        return load_or_store(cpu, (code & ~(1U << 25)) | 1U << 27);
    case 4:
    case 5:
    case 6:
    case 7: /* pairs, of all kinds */
        code &= below(cpu, 8) && code >> 30 == 3 ? 0x81ffffff : 0xc1ffffff;
        return load_or_store(cpu, code | 0x28000000);
    case 8:
    case 9:
    case 10:
    case 11: /* before and after, unscaled, by a register */
        if ( below(cpu, 8) && code >> 21 & 1 )
            code = (code & ~(3U << 10)) | 2U << 10; /* no atomic */
        return load_or_store(cpu, (code & 0xc0ffffff) | 0x38000000);
    default: /* with an offset, mostly a small one */
        code &= below(cpu, 8) ? 0xc0c07fff : 0xc0ffffff;
        return load_or_store(cpu, code | 0x39000000);
    }
}

static void make_codes(struct cpu *cpu)
{
    unsigned int i;

    for ( i = 0; i < CODES; i++ )
    {
        codes[i][0] = i < ARRAY_SIZE(plain) ? plain[i] : random_code(cpu);
        codes[i][1] = RET;
    }
    __asm__ __volatile__("dsb sy; ic ialluis; dsb sy; isb" ::: "memory");
}

/* --- Addresses and values ------------------------------------------------- */

/* The lower ones of its addresses are more likely. */
static const struct region {
    uint64_t base;
    uint32_t weight, hot, size;
} regions[] = {
    { PL011, 8, 0x50, 0x1000 },
    { PL031, 8, 0x20, 0x1000 },
    { I8042, 8, 0x10, 0x1000 },
    { NS16550, 8, 0x10, 0x1000 },
    { GICD, 12, 0x1000, 0x10000 },
    { GICC, 4, 0x100, 0x10000 },
    { FLASH, 4, 0x1000, 0x4000000 },
    { 0x08020000, 1, 0x1000, 0x1000 },  /* the machine's GICv2m */
    { GICH, 1, 0x1000, 0x10000 },       /* its GICH */
    { 0x08040000, 1, 0x1000, 0x10000 }, /* and GICV */
    { 0x08050000, 1, 0x1000, 0xfb0000 },
    { 0x00000000, 1, 0x1000, 0x4000000 }, /* the other bank of flash */
    { 0x09020000, 1, 0x20, 0x1000 },      /* fw_cfg */
    { 0x09030000, 1, 0x1000, 0x1000 },    /* GPIO */
    { 0x0a000000, 1, 0x200, 0x4000 },     /* virtio, nothing behind it */
    { 0x0b002000, 1, 0x1000, 0x4ffe000 }, /* from here on holes, and PCI */
    { 0x10000000, 1, 0x1000, 0x2f000000 },
    { 0x4010000000, 1, 0x1000, 0x10000000 },
    { MINIXEN, 4, 0x100000, 0x4800000 },
    { 0x80000000, 1, 0x1000, 0x40000000 },
};

static const struct region *some_region(struct cpu *cpu)
{
    uint32_t sum = 0, n;
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(regions); i++ )
        sum += regions[i].weight;
    n = below(cpu, sum);
    for ( i = 0; n >= regions[i].weight; i++ )
        n -= regions[i].weight;

    return &regions[i];
}

static uint64_t some_address(struct cpu *cpu, const struct region *r)
{
    uint64_t at = r->base + below(cpu, below(cpu, 8) ? r->hot : r->size);

    if ( below(cpu, 16) )
        at &= ~3UL; /* else as it is */
    if ( r->base < 0x40000000 && !below(cpu, 4) )
        at += ALIAS;

    return at;
}

/*
 * The i8042 resets the machine by FE and others, and by a byte after D1: that
 * would be the end, and none of these.
 */
static uint64_t without_reset(uint64_t value)
{
    unsigned int i;

    for ( i = 0; i < 64; i += 8 )
    {
        uint64_t byte = value >> i & 0xff;

        if ( byte >= 0xf0 || byte == 0xd1 )
            value ^= (byte == 0xd1 ? 0x10UL : ~byte & 1) << i;
    }

    return value;
}

static uint64_t some_value(struct cpu *cpu)
{
    uint64_t value = next(cpu);

    switch ( below(cpu, 4) )
    {
    case 0:
        return value & 0xff;
    case 1: /* ones here and there */
        return value & next(cpu) & next(cpu);
    case 2: /* a command for two chips */
        return (value & 0xff) * 0x10001;
    default:
        return value;
    }
}

/* --- Accesses ------------------------------------------------------------- */

/* An instruction that there is not is no access. */
static void access(struct cpu *cpu, unsigned int code, uint64_t at)
{
    uint64_t undefined;

    cpu->x[BASE] = cpu->sp = at;
    cpu->code = (uintptr_t)codes[code];
    undefined = cpu->failed[0];
    run(cpu);
    cpu->count += cpu->failed[0] == undefined;
}

static void any_access(struct cpu *cpu)
{
    const struct region *r = some_region(cpu);
    uint64_t at = some_address(cpu, r);
    unsigned int i;

    for ( i = 1; i < 16; i++ )
        cpu->x[i] = some_value(cpu);
    cpu->x[16] = below(cpu, r->hot); /* an offset, at times */
    if ( r->base == I8042 )
    {
        at = without_reset(at);
        for ( i = 1; i < 17; i++ )
            cpu->x[i] = without_reset(cpu->x[i]);
    }
    access(cpu, below(cpu, CODES), at);
}

static void flash_put(struct cpu *cpu,
                      unsigned int size,
                      uint64_t at,
                      uint32_t value)
{
    cpu->x[1] = value;
    access(cpu, STORE(size), at);
}

/* Commands of the flash that belong together, with a mistake now and then. */
static void flash_sequence(struct cpu *cpu)
{
    static const uint8_t pairs[][2] = {
        { 0x20, 0xd0 }, { 0x60, 0x01 }, { 0x60, 0xd0 }, { 0x60, 0x2f },
        { 0x40, 0x5a }, { 0x10, 0x00 }, { 0x90, 0xff }, { 0x98, 0xff },
        { 0x70, 0x50 }, { 0xe8, 0x0f }, { 0xe9, 0x1f }, { 0xe8, 0xff },
    };
    unsigned int n = below(cpu, ARRAY_SIZE(pairs)), i;
    unsigned int size = below(cpu, 4) ? 2 : below(cpu, 4);
    uint32_t both = below(cpu, 4) ? 0x10001 : 1;
    uint64_t at = FLASH + (below(cpu, 0x4000000) & ~3U);

    flash_put(cpu, size, at, pairs[n][0] * both);
    flash_put(cpu, size, below(cpu, 16) ? at : FLASH, pairs[n][1] * both);
    for ( i = pairs[n][1]; pairs[n][0] >= 0xe8 && below(cpu, 99) && i--; )
        flash_put(cpu, size, at + i * 4, (uint32_t)some_value(cpu));
    if ( pairs[n][0] >= 0xe8 )
        flash_put(cpu, size, at, 0xd0 * both);
    access(cpu, LOAD(below(cpu, 4)), at);
    if ( !below(cpu, 4) )
        flash_put(cpu, 2, FLASH, 0xff00ff);
}

/* Whatever does not turn a processor off, or end the machine. */
static void psci_call(struct cpu *cpu)
{
    static const uint32_t calls[] = {
        0x84000000, 0x84000003, 0xc4000003, 0x84000004, 0xc4000004,
        0x84000005, 0x84000006, 0x84000007, 0x8400000a, 0x84000014,
    };
    uint32_t fn = below(cpu, 4) ? calls[below(cpu, ARRAY_SIZE(calls))]
                                : (uint32_t)next(cpu) | 0x100;
    uint64_t target = below(cpu, running);

    /* Another processor could be turned on, which would be one of ours. */
    if ( below(cpu, 2) )
        target = some_value(cpu) | MAX_CPUS;
    smc(fn, target, next(cpu), next(cpu));
}

/* Interrupts of the machine's own for the guest. */
static void set_timer(struct cpu *cpu)
{
    uint64_t when = below(cpu, 1 << 20), control = below(cpu, 4);

    if ( below(cpu, 2) )
        __asm__ __volatile__(
            "msr cntv_tval_el0, %0; msr cntv_ctl_el0, %1" ::"r"(when),
            "r"(control));
    else
        __asm__ __volatile__(
            "msr cntp_tval_el0, %0; msr cntp_ctl_el0, %1" ::"r"(when),
            "r"(control));
}

/* What random writes hardly ever do all at once: these work, and interrupt. */
static void open_device(struct cpu *cpu)
{
    static const struct {
        uint64_t at;
        uint32_t size, value;
    } writes[][4] = {
        { { GICC, 2, 1 },
          { GICC + 4, 2, 0xf8 },
          { GICD, 2, 1 },
          { GICD + 0xf00, 2, 2U << 24 | 3 } },
        { { GICD + 0x100, 2, ~0U },
          { GICD + 0x104, 2, 0xffff },
          { GICD + 0x82c, 2, ~0U },
          { GICD + 0x400, 2, 0 } },
        { { PL011 + 0x30, 2, 0x301 },
          { PL011 + 0x2c, 2, 0x70 },
          { PL011 + 0x38, 2, 0x7ff },
          { PL011, 2, '#' } },
        { { NS16550 + 3, 0, 3 },
          { NS16550 + 4, 0, 8 },
          { NS16550 + 2, 0, 0xc1 },
          { NS16550 + 1, 0, 0xf } },
        { { I8042 + 4, 0, 0x60 },
          { I8042, 0, 0x47 },
          { I8042 + 4, 0, 0xd4 },
          { I8042, 0, 0xf4 } },
        { { PL031 + 0x10, 2, 1 },
          { PL031 + 4, 2, 1000 },
          { PL031 + 8, 2, 999 },
          { PL031 + 0x1c, 2, 1 } },
    };
    unsigned int n = below(cpu, ARRAY_SIZE(writes)), i;

    for ( i = 0; i < ARRAY_SIZE(writes[n]); i++ )
    {
        cpu->x[1] = writes[n][i].value;
        access(cpu, STORE(writes[n][i].size), writes[n][i].at);
    }
}

/* Active ones fill the list registers, and others wait for as long. */
static void end_active(struct cpu *cpu)
{
    unsigned int i;

    for ( i = 0; i < 288 / 8; i += 4 )
    {
        cpu->x[1] = ~0U;
        access(cpu, STORE(2), GICD + 0x380 + i);
    }
    cpu->x[1] = 0;
    access(cpu, STORE(2), GICC + 0xd0); /* and the running priority */
}

static void fuzz_once(struct cpu *cpu)
{
    /* Interrupts are open once in four times; x22's bit 0 is irq's. */
    cpu->daif = below(cpu, 4) ? 0x3c0 : below(cpu, 2);
    cpu->spsel = below(cpu, 2);
    if ( !below(cpu, 64) )
        flash_sequence(cpu);
    else if ( !below(cpu, 256) )
        set_timer(cpu);
    else if ( !below(cpu, 256) )
        psci_call(cpu);
    else if ( !below(cpu, 64) )
        open_device(cpu);
    else if ( !below(cpu, 64) )
        end_active(cpu);
    else
        any_access(cpu);
}

/* --- Afterwards ----------------------------------------------------------- */

static void quiet_interrupts(void)
{
    unsigned int i;

    __asm__ __volatile__("msr cntv_ctl_el0, xzr; msr cntp_ctl_el0, xzr");
    put(GICD, 0);
    put(GICC, 0);
    for ( i = 0; i < 288 / 8; i += 4 )
    {
        put(GICD + 0x180 + i, ~0U);
        put(GICD + 0x280 + i, ~0U);
        put(GICD + 0x380 + i, ~0U);
    }
    for ( i = 0; i < 16; i += 4 )
        put(GICD + 0xf10 + i, ~0U);
    for ( i = 0; i < 288; i += 4 )
        put(GICD + 0x400 + i, 0);
    put(GICC + 0x4, 0xf8);
    put(GICC + 0x8, 0);
    put(GICC + 0xd0, 0); /* active priorities */
}

/* An interrupt to ourselves comes, once. */
static bool gic_answers(void)
{
    uint32_t iar;
    bool came;

    if ( (get(GICD + 0xfe8) & 0xf0) != 0x20 || (get(GICD + 4) & 0x1f) != 8 )
        return false;
    put(GICD + 0x100, ~0U);
    put(GICD, 1);
    put(GICC, 1);
    put(GICD + 0xf00, 2U << 24 | 5);
    iar = get(GICC + 0xc);
    came = (iar & 0x3ff) == 5;
    put(GICC + 0x10, iar);

    return came && (get(GICC + 0xc) & 0x3ff) >= 1020;
}

static bool pl011_answers(void)
{
    put(PL011 + 0x30, 0);
    put(PL011 + 0x38, 0);
    put(PL011 + 0x2c, 0x70);
    put(PL011 + 0x30, 0x301);
    while ( !(get(PL011 + 0x18) & 0x10) )
        get(PL011);

    return get(PL011 + 0xfe0) == 0x11 && get(PL011 + 0xffc) == 0xb1;
}

static bool pl031_answers(void)
{
    uint32_t before;

    put(PL031 + 4, 0xcafe1234);
    put(PL031 + 8, 1000000);
    before = get(PL031);

    return get(PL031 + 0xfe0) == 0x31 && get(PL031 + 4) == 0xcafe1234 &&
           before - 1000000 < 60;
}

static bool i8042_answers(void)
{
    unsigned int i;

    for ( i = 0; i < 4096 && (get8(I8042 + 4) & 1); i++ )
        get8(I8042);
    put8(I8042 + 4, 0xaa);

    return get8(I8042) == 0x55;
}

static bool ns16550_answers(void)
{
    put8(NS16550 + 3, 3);
    put8(NS16550 + 1, 0);
    put8(NS16550 + 4, 0);
    put8(NS16550 + 7, 0x5a);

    return get8(NS16550 + 7) == 0x5a && get8(NS16550 + 3) == 3;
}

static bool flash_answers(void)
{
    bool query, array;

    put(FLASH, 0xff00ff); /* whatever it was waiting for */
    put(FLASH, 0x500050);
    put(FLASH, 0xff00ff);
    put(FLASH + 0x154, 0x980098);
    query = get(FLASH + 0x40) == 0x510051;
    put(FLASH, 0x700070);
    array = get(FLASH) == 0x800080;
    put(FLASH, 0xff00ff);

    return query && array;
}

/* Neither minixen's memory is there, nor what is above it, nor GICH and GICV */
static bool minixen_is_closed(void)
{
    static const struct {
        uint64_t base;
        uint32_t size;
    } closed[] = { { MINIXEN, 0x4800000 },
                   { 0x80000000, 0x40000000 },
                   { GICH, 0x20000 } };
    struct cpu *cpu = &cpus[0];
    unsigned int i;

    cpu->daif = 0x3c0;
    for ( i = 0; i < 20000; i++ )
    {
        uint64_t before = cpu->failed[0x25];
        uint64_t at = closed[i % 3].base + below(cpu, closed[i % 3].size);

        access(cpu, below(cpu, ARRAY_SIZE(plain)), at & ~7UL);
        if ( cpu->failed[0x25] != before + 1 )
            return false;
    }

    return true;
}

static void check_all(void)
{
    static const struct {
        const char *name;
        bool (*answers)(void);
    } checks[] = {
        { "pl011", pl011_answers },      { "pl031", pl031_answers },
        { "i8042", i8042_answers },      { "ns16550", ns16550_answers },
        { "flash", flash_answers },      { "gic", gic_answers },
        { "closed", minixen_is_closed },
    };
    bool good[ARRAY_SIZE(checks)];
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(checks); i++ )
        good[i] = checks[i].answers(); /* the first one is to print */
    for ( i = 0; i < ARRAY_SIZE(checks); i++ )
    {
        say("\nfuzz: ");
        say(checks[i].name);
        say(good[i] ? " good" : " bad");
    }
}

static void report(void)
{
    uint64_t count = 0, irqs = 0, aborts = 0, undefined = 0;
    unsigned int i;

    for ( i = 0; i < running; i++ )
    {
        count += cpus[i].count;
        irqs += cpus[i].irqs;
        aborts += cpus[i].failed[0x25];
        undefined += cpus[i].failed[0];
    }
    check_all();
    say_number("\nfuzz: ", running, 10);
    say_number(" processors, ", count, 10);
    say_number(" accesses, ", aborts, 10);
    say_number(" aborts, ", undefined, 10);
    say_number(" undefined, ", irqs, 10);
    say(" interrupts\nfuzz: over\n");
}

/* --- The whole ------------------------------------------------------------ */

/* All processors have come to the same place. */
static void meet(void)
{
    static unsigned int arrived;
    unsigned int all;

    all = __atomic_fetch_add(&arrived, 1, __ATOMIC_ACQ_REL) / running + 1;
    while ( __atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < all * running )
        __asm__ __volatile__("yield");
}

/* Twice: what was in the hands of one is now in nobody's, and then it ends. */
static void fuzz_share(struct cpu *cpu)
{
    meet();
    cpu->random = SEED * 0x9e3779b97f4a7c15UL + (uint64_t)(cpu - cpus) + 1;
    while ( cpu->count < ACCESSES / running )
        fuzz_once(cpu);
    meet();
    quiet_interrupts();
    meet();
    quiet_interrupts();
    meet();
}

static void start_others(void)
{
    unsigned int i;

    while ( running < MAX_CPUS &&
            !smc(0xc4000003, running, (uintptr_t)start_cpu, running) )
        running++;
    for ( i = 1; i < running; i++ ) /* they are on, not about to be */
        while ( smc(0xc4000004, i, 0, 0) )
            ;
    __atomic_store_n(&all_on, true, __ATOMIC_RELEASE);
}

/* What is typed comes back; a full stop is the end. */
static void echo(void)
{
    uint32_t c = 0;

    while ( c != '.' )
    {
        while ( get(PL011 + 0x18) & 0x10 )
            ;
        c = get(PL011) & 0xff;
        put(PL011, c);
    }
}

void fuzz(unsigned int number)
{
    if ( number )
    {
        while ( !__atomic_load_n(&all_on, __ATOMIC_ACQUIRE) )
            ;
        fuzz_share(&cpus[number]);
        return;
    }

    cpus[0].random = SEED + 1;
    make_codes(&cpus[0]);
    start_others();
    fuzz_share(&cpus[0]);
    report();
    echo();
    power_off();
}

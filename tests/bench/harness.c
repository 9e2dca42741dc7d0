/* SPDX-License-Identifier: MIT */
/*
 * harness.c - one UART, ours or stock Xen's, with its backend and its guest.
 *
 *   harness check           does each operation do what it should?
 *   harness events          events to the backend, for each KB printed
 *   harness OPERATION N     do it N times; callgrind counts the measured_*()
 *
 * What is measured of an operation is what goes through a measured_*()
 * function: a handler, called by its registered pointer as Xen does it. The
 * rest (the backend that empties the ring, the checks) is not.
 */

#include "bench.h"

#include <asm/pl011-uart.h>

/* libc's; its headers and Xen's don't go together. */
int printf(const char *format, ...);
int strcmp(const char *a, const char *b);
unsigned long strtoul(const char *s, char **end, int base);
_Noreturn void exit(int status);

/* Only our side has it. */
int vsio_vpl031_attach(struct domain *d) __attribute__((__weak__));

#define RTC_BASE     0x22001000
#define NOTHING_BASE 0x22fff000
#define BURST        64 /* bytes: a line */

static struct mmio_handler handlers[8];
static struct domain domain = {
    .domain_id = 1,
    .arch.vmmio = { .max_num_entries = 8, .handlers = handlers },
};
static struct vcpu vcpu = { .domain = &domain };

static void expect(bool ok, const char *what)
{
    if ( ok )
        return;
    printf("failed: %s\n", what);
    exit(1);
}

/* --- what is measured ----------------------------------------------------- */

/*
 * Nothing here may be inlined, or left by a jump into the handler: what these
 * functions call is what is counted.
 */
#define MEASURED                                                               \
    __attribute__((__noinline__, __optimize__("no-optimize-sibling-calls")))

static MEASURED int measured_read(const struct mmio_handler *handler,
                                  mmio_info_t *info,
                                  register_t *r)
{
    return handler->ops->read(&vcpu, info, r, handler->priv);
}

static MEASURED int measured_write(const struct mmio_handler *handler,
                                   mmio_info_t *info,
                                   register_t r)
{
    return handler->ops->write(&vcpu, info, r, handler->priv);
}

static MEASURED void measured_notification(void)
{
    bench_notification(&vcpu, 0);
}

static MEASURED void measured_timer(void (*function)(void *data), void *data)
{
    function(data);
}

/* --- the guest ------------------------------------------------------------ */

static const struct mmio_handler *handler_at(paddr_t gpa)
{
    int i;

    for ( i = 0; i < domain.arch.vmmio.num_entries; i++ )
        if ( gpa - handlers[i].addr < handlers[i].size )
            return &handlers[i];

    expect(false, "a device is where the guest looks for it");

    return NULL;
}

/* The 32-bit access of "ldr w1, [x0]" or "str w1, [x0]". */
static mmio_info_t info_of(paddr_t gpa, bool write)
{
    return (mmio_info_t){
        .dabt = { .valid = 1, .size = DABT_WORD, .reg = 1, .write = write },
        .dabt_instr.state = INSTR_VALID,
        .gpa = gpa,
    };
}

static uint32_t guest_read(paddr_t gpa)
{
    mmio_info_t info = info_of(gpa, false);
    register_t r = 0;

    expect(measured_read(handler_at(gpa), &info, &r), "a read is answered");
    expect(r == (uint32_t)r, "a read of 32 bits gives no more");

    return r;
}

static void guest_write(paddr_t gpa, uint32_t value)
{
    mmio_info_t info = info_of(gpa, true);

    expect(measured_write(handler_at(gpa), &info, value), "a write is taken");
}

/* The same, but outside of what is measured. */
static uint32_t guest_look(paddr_t gpa)
{
    const struct mmio_handler *handler = handler_at(gpa);
    mmio_info_t info = info_of(gpa, false);
    register_t r = 0;

    expect(handler->ops->read(&vcpu, &info, &r, handler->priv), "a look");

    return r;
}

/* --- the operations ------------------------------------------------------- */

static uint8_t next_byte = 0x40;

static void fr_read(void)
{
    uint32_t fr = guest_read(GUEST_PL011_BASE + FR);

    expect((fr & (TXFE | RXFE | TXFF | RXFF | BUSY)) == (TXFE | RXFE),
           "FR of an idle UART");
}

static void write_byte(void)
{
    XENCONS_RING_IDX prod = bench_ring.out_prod;
    uint8_t byte = next_byte++;

    guest_write(GUEST_PL011_BASE + DR, 0xabcd00 | byte);

    expect(bench_ring.out_prod == prod + 1, "one byte is in the ring");
    expect((uint8_t)bench_ring.out[prod % sizeof(bench_ring.out)] == byte,
           "the byte is at its place in the ring");
}

/* As a driver prints: the backend takes a burst at once. */
static void dr_write(void)
{
    write_byte();
    if ( bench_ring.out_prod % BURST )
        return;

    bench_run_timers(NULL);
#ifdef RECORD
    expect(bench_record.events >= 1, "the backend hears of a burst");
#endif
    bench_ring.out_cons = bench_ring.out_prod;
    bench_notification(&vcpu, 0);
}

/* A byte alone: all that comes of it, up to the backend's answer. */
static void byte_out(void)
{
    write_byte();
    bench_run_timers(measured_timer);
    bench_ring.out_cons = bench_ring.out_prod;
    measured_notification();
}

static void byte_in(void)
{
    uint8_t byte = next_byte++;

    expect(bench_ring.in_prod == bench_ring.in_cons, "the ring is empty");
    bench_ring.in[bench_ring.in_prod++ % sizeof(bench_ring.in)] = byte;

    measured_notification();
#ifdef RECORD
    expect(bench_record.raised == 1, "the interrupt line has risen");
    expect(guest_look(GUEST_PL011_BASE + MIS) & RTI, "MIS says why");
    expect(!(guest_look(GUEST_PL011_BASE + FR) & RXFE), "there is a byte");
#endif

    expect(guest_read(GUEST_PL011_BASE + DR) == byte, "it is the right byte");
    expect(bench_ring.in_cons == bench_ring.in_prod, "its room is given back");
#ifdef RECORD
    expect(!guest_look(GUEST_PL011_BASE + MIS), "the line is down");
    expect(guest_look(GUEST_PL011_BASE + FR) & RXFE, "there is no byte");
#endif

    bench_run_timers(NULL); /* the next byte comes long after */
}

static void rtc_read(void)
{
    bench_seconds++;
    expect(guest_read(RTC_BASE) == (uint32_t)bench_seconds, "DR of the RTC");
}

/* A handler of one instruction, to see that it counts as one. */
static void nothing(void)
{
    mmio_info_t info = info_of(NOTHING_BASE, false);
    register_t r;

    measured_read(handler_at(NOTHING_BASE), &info, &r);
}

__asm__(".type do_nothing, @function\n"
        "do_nothing: ret\n"
        ".size do_nothing, 1\n");
int do_nothing(struct vcpu *v, mmio_info_t *info, register_t *r, void *priv);

static const struct mmio_handler_ops nothing_ops = { .read = do_nothing };

static const struct operation {
    const char *name;
    void (*run)(void);
    unsigned int events, raised; /* of one run, at least */
} operations[] = {
    { "nothing", nothing, 0, 0 },   { "fr_read", fr_read, 0, 0 },
    { "dr_write", dr_write, 0, 0 }, { "byte_out", byte_out, 1, 0 },
    { "byte_in", byte_in, 0, 1 },   { "rtc_read", rtc_read, 0, 0 },
};

/*
 * Not measured: a backend that has filled the ring waits for an event when
 * there is room. (A backend that has not needs none.)
 */
static void check_full_ring(void)
{
    unsigned int i, n = sizeof(bench_ring.in);
    uint8_t first = bench_ring.in_prod;

    for ( i = 0; i < n; i++ )
    {
        bench_ring.in[bench_ring.in_prod % n] = bench_ring.in_prod;
        bench_ring.in_prod++;
    }

    bench_record = (struct bench_record){ 0 };
    bench_notification(&vcpu, 0);
    for ( i = 0; i < n; i++ )
        expect(guest_look(GUEST_PL011_BASE + DR) == (uint8_t)(first + i),
               "no byte of a full ring is lost");
    expect(bench_record.events >= 1, "the backend hears of room");
    expect(bench_ring.in_cons == bench_ring.in_prod, "there is room again");
    bench_run_timers(NULL);
}

/*
 * How often a backend is told that takes all bytes at once, from a guest that
 * prints 64 KB without a pause, at 20 us a byte: two traps of a slow machine.
 */
static void print_events(void)
{
    unsigned int i, kb = 64;
    unsigned long heard = 0;

    bench_record = (struct bench_record){ 0 };
    for ( i = 0; i < kb * 1024; i++ )
    {
        write_byte();
        bench_pass(MILLISECS(1) / 50);
        if ( bench_record.events == heard )
            continue;
        heard = bench_record.events;
        bench_ring.out_cons = bench_ring.out_prod;
        bench_notification(&vcpu, 0);
    }
    printf("%lu.%lu\n", heard / kb, heard % kb * 10 / kb);
}

static bool there_is(const struct operation *op)
{
    return op->run != rtc_read || vsio_vpl031_attach;
}

/* --- what is done with them ----------------------------------------------- */

static void make_devices(void)
{
    struct vpl011_init_info info = { .console_domid = 0 };

    bench_seconds = 1700000000;

    expect(!domain_vpl011_init(&domain, &info), "a UART is made");
    expect(info.evtchn, "it has an event channel");
    if ( vsio_vpl031_attach )
        expect(!vsio_vpl031_attach(&domain), "an RTC is made");
    register_mmio_handler(&domain, &nothing_ops, NOTHING_BASE, PAGE_SIZE, NULL);

    guest_write(GUEST_PL011_BASE + IMSC, RXI | RTI);
    expect(guest_look(GUEST_PL011_BASE + IMSC) == (RXI | RTI), "IMSC");
}

static void check(const struct operation *op)
{
    unsigned int i;

    for ( i = 0; i < 2 * sizeof(bench_ring.out); i++ )
    {
        bench_record = (struct bench_record){ 0 };
        op->run();
        expect(bench_record.events >= op->events, "the backend is notified");
        expect(bench_record.raised == op->raised, "interrupts");
        expect(!op->raised || bench_record.last_virq == GUEST_VPL011_SPI,
               "the UART's interrupt");
        expect(!bench_record.complaints, "nothing to complain about");
    }
}

int main(int argc, char **argv)
{
    unsigned long n = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    bool all = argc == 2 && !strcmp(argv[1], "check");
    const struct operation *op;

    make_devices();
    if ( argc == 2 && !strcmp(argv[1], "events") )
    {
        print_events();
        return 0;
    }

    for ( op = operations; op < operations + ARRAY_SIZE(operations); op++ )
    {
        if ( !there_is(op) || !(all || (n && !strcmp(argv[1], op->name))) )
            continue;
        if ( all )
            check(op);
        if ( all && op->run == byte_in )
            check_full_ring();
        while ( n )
        {
            op->run();
            n--;
        }
    }
    expect(!n, "the operation is known");

    return 0;
}

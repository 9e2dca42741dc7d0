/* SPDX-License-Identifier: MIT */
/*
 * A machine with every device on one bus: accesses to any address, and its
 * snapshots, hostile ones, too. Beside it a second bus with regions that the
 * input chooses. A plain list of regions says who should answer.
 */

#include "bus.h"
#include "cfi-flash.h"
#include "fuzz.h"
#include "i8042.h"
#include "legacy-pio.h"
#include "ns16550.h"
#include "pl011.h"
#include "pl031.h"

#include <stdlib.h>
#include <string.h>

#define FLASH_SIZE 0x1000U
#define DEVICES    7U
#define REGIONS    (VSIO_PC_REGIONS + 5U)
#define CHOSEN     6U

/* The watches of all devices, in the order of their places. */
enum { LEGACY, I8042, COM1, UART, RTC, SERIAL, FLASH };

static struct machine {
    struct watch w[DEVICES];
    struct vsio_legacy_pio legacy;
    struct vsio_i8042 i8042;
    struct vsio_ns16550 com1, serial;
    struct vsio_pl011 uart;
    struct vsio_pl031 rtc;
    struct vsio_cfi_flash flash;
    uint8_t array[FLASH_SIZE];

    /* The host. */
    uint32_t room;
    uint64_t now;

    struct vsio_bus bus;
    struct vsio_bus_region regions[REGIONS];
    struct vsio_bus chosen;
    struct vsio_bus_region chosen_regions[CHOSEN];
    struct vsio_bus_region list[CHOSEN]; /* as they were added */
} m;

/* --- What the devices ask of the host ------------------------------------- */

static bool host_tx(void *ctx, uint8_t byte)
{
    trace(host_called(ctx), byte);
    if ( !m.room )
        return false;
    m.room--;

    return true;
}

static void host_told(void *ctx)
{
    host_called(ctx);
}

static void host_told8(void *ctx, uint8_t value)
{
    trace(host_called(ctx), value);
}

static void host_told16(void *ctx, uint16_t value)
{
    trace(host_called(ctx), value);
}

static void host_told64(void *ctx, uint64_t value)
{
    trace(host_called(ctx), (uint32_t)value);
}

static void host_told_bool(void *ctx, bool value)
{
    trace(host_called(ctx), value);
}

static uint64_t host_now(void *ctx)
{
    (void)ctx;

    return m.now;
}

#define COMMON .common = { host_set_irq, host_event, VSIO_WANT_ALL }

static const struct vsio_host legacy_host = { .event = host_event,
                                              .events = VSIO_WANT_ALL };
static const struct vsio_i8042_host i8042_host = {
    COMMON,
    .reset = host_told,
    .a20 = host_told_bool,
    .leds = host_told8,
    .devices = VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE,
};
static const struct vsio_ns16550_host ns16550_host = {
    COMMON,
    .tx = host_tx,
    .rx_ready = host_told,
    .modem = host_told8,
    .brk = host_told_bool,
};
static const struct vsio_pl011_host pl011_host = {
    COMMON,
    .tx = host_tx,
    .rx_ready = host_told,
    .modem = host_told16,
    .brk = host_told_bool,
};
static const struct vsio_pl031_host pl031_host = {
    COMMON,
    .now = host_now,
    .set_alarm = host_told64,
};
static const struct vsio_cfi_flash_host flash_host = {
    COMMON,
    .array_mode = host_told_bool,
};

/* --- The machine ---------------------------------------------------------- */

static void power_on(void)
{
    static const struct vsio_cfi_flash_geometry geometry = {
        .size = FLASH_SIZE, .block = 0x400, .width = 2, .chips = 2, .buffer = 64
    };

    watch(&m.w[LEGACY], &m.legacy.dev, sizeof(m.legacy));
    watch(&m.w[I8042], &m.i8042.dev, sizeof(m.i8042));
    watch(&m.w[COM1], &m.com1.dev, sizeof(m.com1));
    watch(&m.w[UART], &m.uart.dev, sizeof(m.uart));
    watch(&m.w[RTC], &m.rtc.dev, sizeof(m.rtc));
    watch(&m.w[SERIAL], &m.serial.dev, sizeof(m.serial));
    watch(&m.w[FLASH], &m.flash.dev, sizeof(m.flash));

    vsio_legacy_pio_init(&m.legacy, &legacy_host, &m.w[LEGACY]);
    vsio_i8042_init(&m.i8042, &i8042_host, &m.w[I8042]);
    vsio_ns16550_init(&m.com1, &ns16550_host, &m.w[COM1], 1, 16);
    vsio_pl011_init(&m.uart, &pl011_host, &m.w[UART]);
    vsio_pl031_init(&m.rtc, &pl031_host, &m.w[RTC]);
    vsio_ns16550_init(&m.serial, &ns16550_host, &m.w[SERIAL], 4, 64);
    REQUIRE(vsio_cfi_flash_init(&m.flash, &geometry, m.array, &flash_host,
                                &m.w[FLASH]));
}

static void plug_in(struct vsio_device *dev,
                    uint64_t base,
                    uint32_t offset,
                    uint32_t size)
{
    const struct vsio_bus_region region = { dev,  VSIO_SPACE_MMIO, size,
                                            base, offset,          false };

    SAME(vsio_bus_add(&m.bus, &region, NULL), VSIO_BUS_OK);
}

/* The flash is there twice: all of it at the end of memory, a part below. */
static void map(void)
{
    const struct vsio_pc_ports pc = { &m.legacy.dev, &m.i8042.dev,
                                      &m.com1.dev };

    vsio_bus_init(&m.bus, m.regions, REGIONS);
    SAME(vsio_pc_map(&m.bus, &pc, NULL), VSIO_BUS_OK);
    plug_in(&m.rtc.dev, 0x9001000, 0, m.rtc.dev.class->window);
    plug_in(&m.uart.dev, 0x9000000, 0, m.uart.dev.class->window);
    plug_in(&m.serial.dev, 0x9002000, 0, m.serial.dev.class->window);
    plug_in(&m.flash.dev, UINT64_MAX - FLASH_SIZE + 1, 0, FLASH_SIZE);
    plug_in(&m.flash.dev, 0x10000, 0x402, 0x30);
    vsio_bus_init(&m.chosen, m.chosen_regions, CHOSEN);
}

static struct watch *watch_of(const struct vsio_device *dev)
{
    return dev->ctx;
}

static void check(void)
{
    uint32_t i;

    for ( i = 0; i < DEVICES; i++ )
    {
        struct watch *w = &m.w[i];

        /* Bytes are the business of the devices' own targets. */
        w->want.bytes_in = w->dev->count.bytes_in;
        w->want.bytes_out = w->dev->count.bytes_out;
        w->want.bytes_dropped = w->dev->count.bytes_dropped;
        watch_check(w);
    }
    REQUIRE(vsio_bus_valid(&m.bus));
    REQUIRE(vsio_bus_valid(&m.chosen));
}

/* --- Accesses ------------------------------------------------------------- */

/* Who should be there, looked for one by one. */
static const struct vsio_bus_region *who(const struct vsio_bus_region *list,
                                         uint32_t count,
                                         enum vsio_space space,
                                         uint64_t address)
{
    uint32_t i;

    for ( i = 0; i < count; i++ )
        if ( list[i].space == space && address >= list[i].base &&
             address - list[i].base <= list[i].size - 1 )
            return &list[i];

    return NULL;
}

static enum vsio_bus_answer expected(const struct vsio_bus_region *r,
                                     uint64_t address,
                                     unsigned int size)
{
    uint64_t place;
    bool ok;

    if ( !r )
        return VSIO_BUS_NOBODY;

    place = address - r->base;
    ok = place + size <= r->size &&
         answered(r->dev->class, (uint32_t)(r->offset + place), size);

    return ok ? VSIO_BUS_ANSWERED : VSIO_BUS_REFUSED;
}

static void access(enum vsio_space space,
                   uint64_t address,
                   unsigned int size,
                   bool write)
{
    const struct vsio_bus_region *r =
        who(m.regions, m.bus.count, space, address);
    enum vsio_bus_answer answer = expected(r, address, size);
    uint32_t value = write ? some_value(size) : 0x5ec4e700, before = value;

    say("%s %s %#llx, %u bytes, %#x", write ? "write" : "read",
        space == VSIO_SPACE_PORTS ? "port" : "address",
        (unsigned long long)address, size, value);
    if ( answer == VSIO_BUS_REFUSED )
        watch_of(r->dev)->want.refused++;
    else if ( r )
        write ? watch_of(r->dev)->want.writes++
              : watch_of(r->dev)->want.reads++;

    if ( write )
        SAME(vsio_bus_write(&m.bus, space, address, size, value), answer);
    else
        SAME(vsio_bus_read(&m.bus, space, address, size, &value), answer);
    if ( answer != VSIO_BUS_ANSWERED )
        SAME(value, before);
    else if ( !write )
        SAME(value & ~bits_of(size), 0);
}

static void some_access(uint32_t n, bool write)
{
    uint8_t where = take8();
    const struct vsio_bus_region *r = &m.regions[where % REGIONS];
    uint64_t address = r->base + take8();

    if ( where >= 0xf0 )
        address = take32() * (uint64_t)0x100000001;
    else if ( where >= 0xe0 )
        address = r->base + r->size - 4 + (where & 7); /* about its end */
    access(r->space, address, some_size(n), write);
}

/* --- Snapshots ------------------------------------------------------------ */

#define IMAGE_MAX VSIO_BUS_SNAPSHOT_MAX(DEVICES)

static size_t save(uint8_t *image)
{
    size_t size = 0, less = 0;

    SAME(vsio_bus_save(&m.bus, image, IMAGE_MAX, &size), VSIO_OK);
    SAME(vsio_bus_save(&m.bus, image, size - 1, &less), VSIO_ERROR_ROOM);
    SAME(vsio_bus_save(&m.bus, image, size, &less), VSIO_OK);
    SAME(less, size);

    return size;
}

/* Counters are those of the records, but for the lines that rise now. */
static void restored(const struct machine *before)
{
    uint32_t i;

    for ( i = 0; i < DEVICES; i++ )
    {
        struct watch *w = &m.w[i];
        uint64_t rises = w->want.irqs - before->w[i].want.irqs;

        REQUIRE(rises <= 2);
        w->want = w->told = w->dev->count;
    }
}

static enum vsio_error restore(const uint8_t *image, size_t size)
{
    static struct machine before;
    uint8_t scratch[VSIO_BUS_SCRATCH], *bytes = malloc(size ? size : 1);
    enum vsio_error rc;

    memcpy(bytes, image, size); /* its end is watched */
    memcpy(&before, &m, sizeof(m));
    rc = vsio_bus_restore(&m.bus, bytes, size, scratch);
    say("restore %zu bytes: error %d", size, rc);
    free(bytes);

    if ( rc == VSIO_OK )
        restored(&before);
    else
        /* Not even a callback was called: all watches are as they were. */
        REQUIRE(memcmp(&before, &m, sizeof(m)) == 0);

    return rc;
}

/* Devices that change nothing when they resume are what they were. */
static void compare(const struct record *was)
{
    static const uint8_t quiet_ones[] = { LEGACY, I8042, FLASH };
    const size_t from = VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS;
    struct record is;
    uint32_t i;

    for ( i = 0; i < COUNT(quiet_ones); i++ )
    {
        record_save(&m.w[quiet_ones[i]], &is);
        SAME(is.size, was[i].size);
        REQUIRE(memcmp(is.bytes + from, was[i].bytes + from, is.size - from) ==
                0);
    }
}

static void snapshot(uint32_t n)
{
    static uint8_t image[IMAGE_MAX];
    struct record was[3];
    size_t size = save(image);
    uint32_t i;

    if ( n >= 8 )
    {
        spoil(image, &size, sizeof(image), 0);
        restore(image, size);
        return;
    }

    record_save(&m.w[LEGACY], &was[0]);
    record_save(&m.w[I8042], &was[1]);
    record_save(&m.w[FLASH], &was[2]);
    for ( i = 0; i < n; i++ )
        some_access(i, true);
    SAME(restore(image, size), VSIO_OK);
    compare(was);
}

/* --- A bus of the input's ------------------------------------------------- */

static bool overlap(const struct vsio_bus_region *a,
                    const struct vsio_bus_region *b)
{
    return a->space == b->space && a->base <= b->base + (b->size - 1) &&
           b->base <= a->base + (a->size - 1);
}

static enum vsio_bus_error verdict(const struct vsio_bus_region *r)
{
    uint64_t end = r->space == VSIO_SPACE_PORTS ? 0xffff : UINT64_MAX;
    uint32_t i;

    if ( !r->size )
        return VSIO_BUS_EMPTY;
    if ( r->base > end || r->size - 1 > end - r->base )
        return VSIO_BUS_BEYOND;
    if ( (uint64_t)r->offset + r->size > r->dev->class->window )
        return VSIO_BUS_WINDOW;
    for ( i = 0; i < m.chosen.count; i++ )
        if ( overlap(r, &m.list[i]) )
            return VSIO_BUS_TAKEN;

    return m.chosen.count == CHOSEN ? VSIO_BUS_FULL : VSIO_BUS_OK;
}

static void add(uint32_t n)
{
    const struct vsio_bus_region *there = NULL;
    struct vsio_bus_region r = {
        .dev = m.w[n % DEVICES].dev,
        .space = n & 8 ? VSIO_SPACE_PORTS : VSIO_SPACE_MMIO,
    };
    enum vsio_bus_error rc;

    r.size = take8();
    r.base = take16();
    r.offset = take8();
    if ( r.offset & 0x80 )
        r.base = 0 - (r.base & 0x1ff);
    rc = verdict(&r);
    say("add region %#llx, %u bytes: error %d", (unsigned long long)r.base,
        r.size, rc);
    if ( rc == VSIO_BUS_OK )
        m.list[m.chosen.count] = r;
    SAME(vsio_bus_add(&m.chosen, &r, &there), rc);
    REQUIRE((there != NULL) == (rc == VSIO_BUS_TAKEN));
    REQUIRE(!there || overlap(&r, there));
}

static void find(enum vsio_space space)
{
    uint64_t address = take16();
    const struct vsio_bus_region *is, *should_be;

    if ( address >= 0xfe00 && space == VSIO_SPACE_MMIO )
        address |= ~(uint64_t)0xffff;
    is = vsio_bus_find(&m.chosen, space, address);
    should_be = who(m.list, m.chosen.count, space, address);
    SAME(is != NULL, should_be != NULL);
    if ( is )
    {
        SAME(is->base, should_be->base);
        REQUIRE(is->dev == should_be->dev && is->offset == should_be->offset);
    }
}

/* --- Steps ---------------------------------------------------------------- */

static void host(uint32_t n)
{
    const uint8_t data[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };

    say("host call %u", n);
    if ( n < 3 )
        vsio_pl011_rx(&m.uart, data, 3 * n + 1);
    else if ( n < 6 )
        vsio_ns16550_rx(n & 1 ? &m.com1 : &m.serial, data, sizeof(data));
    else if ( n < 8 )
        vsio_i8042_key(&m.i8042, take8(), n & 1);
    else if ( n < 10 )
        vsio_i8042_mouse(&m.i8042, &(struct vsio_mouse_move){ .dx = 1 });
    else if ( n < 12 )
        m.now = n & 1 ? take32() : m.now + n;
    else if ( n == 12 )
        vsio_pl031_alarm(&m.rtc);
    else if ( n == 13 )
        vsio_reset(m.w[take8() % DEVICES].dev);
    else
    {
        m.room = take8();
        vsio_pl011_tx_ready(&m.uart);
        vsio_ns16550_tx_ready(&m.serial);
        vsio_ns16550_tx_ready(&m.com1);
    }
}

static void step(void)
{
    uint8_t step = take8();
    uint32_t n = step >> 4;

    switch ( step & 7 )
    {
    case 0:
    case 1:
    case 2:
        some_access(n, true);
        break;
    case 3:
        some_access(n, false);
        break;
    case 4:
        host(n);
        break;
    case 5:
        snapshot(n);
        break;
    case 6:
        add(n);
        break;
    default:
        find(n & 1 ? VSIO_SPACE_PORTS : VSIO_SPACE_MMIO);
        break;
    }
}

void fuzz_one(void)
{
    memset(&m, 0, sizeof(m));
    power_on();
    map();
    check();

    while ( more() )
    {
        step();
        check();
    }
}

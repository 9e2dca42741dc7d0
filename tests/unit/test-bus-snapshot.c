/* SPDX-License-Identifier: MIT */
/* Snapshots of all devices on a bus: what is in them, and what is refused. */

#include "bus.h"
#include "harness.h"
#include "i8042-regs.h"
#include "i8042.h"
#include "legacy-pio.h"
#include "ns16550.h"
#include "pl011-regs.h"
#include "pl011.h"
#include "pl031-regs.h"
#include "pl031.h"
#include "snapshot.h"

/* A device with a field, a line, and a list of who was called. */
struct fake {
    struct vsio_device dev;
    uint32_t value;
    bool level, line;
};

#define FAKES      4U
#define FAKE_BYTES (VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS + 5U)
#define HEAD(n)    (VSIO_RECORD_HEADER + 4U + (n)*VSIO_BUS_PLACE)
#define SIZE       (HEAD(3) + 3 * FAKE_BYTES)

static struct fake fakes[FAKES], kept[FAKES];
static struct vsio_bus bus;
static struct vsio_bus_region regions[16];
static uint8_t buf[VSIO_BUS_SNAPSHOT_MAX(8)];
/* Scratch memory, and what is before and behind it. */
static uint8_t memory[VSIO_RECORD_MAX + VSIO_BUS_SCRATCH + 1];
static uint8_t *const scratch = &memory[VSIO_RECORD_MAX];
static uint32_t order[16], calls; /* resume(), by the value that it saw */
static uint32_t seen_at_resume;   /* sum of all values at the first one */

static uint32_t fake_read(struct vsio_device *dev, uint32_t reg)
{
    (void)reg;

    return ((struct fake *)dev)->value;
}

static void fake_write(struct vsio_device *dev,
                       uint32_t reg,
                       uint32_t value,
                       uint32_t mask)
{
    struct fake *f = (struct fake *)dev;

    (void)reg;
    f->value = vsio_merge(f->value, value, mask);
}

/* Values from 0x80000000 on are none. */
static bool fake_valid(const struct vsio_device *dev)
{
    const struct fake *f = (const struct fake *)dev;

    return f->value < 0x80000000 && dev->lines == f->level;
}

static void fake_fields(struct vsio_device *dev, struct vsio_stream *s)
{
    struct fake *f = (struct fake *)dev;

    vsio_field32(s, &f->value);
    vsio_field_bool(s, &f->level);
}

static void fake_derive(struct vsio_device *dev)
{
    dev->lines = ((struct fake *)dev)->level;
}

static void fake_resume(struct vsio_device *dev)
{
    struct fake *f = (struct fake *)dev;
    unsigned int i;

    for ( i = 0; i < FAKES && !calls; i++ )
        seen_at_resume += fakes[i].value;
    order[calls++ % ARRAY_SIZE(order)] = f->value;
    vsio_set_line(dev, 0, f->level);
}

#define FAKE_CLASS(letter)                                                     \
    {                                                                          \
        .name = "fake", .window = 0x100, .unit = 4, .lines = 1,                \
        .read = fake_read, .write = fake_write, .valid = fake_valid,           \
        .type = VSIO_TYPE('F', 'A', 'K', letter), .version = 1,                \
        .record = VSIO_RECORD_COUNTERS + 5, .fields = fake_fields,             \
        .derive = fake_derive, .resume = fake_resume                           \
    }

static const struct vsio_class class_a = FAKE_CLASS('A');
static const struct vsio_class class_b = FAKE_CLASS('B');

static void set_irq(void *ctx, unsigned int line, bool level)
{
    struct fake *f = ctx;

    EXPECT_EQ(line, 0);
    EXPECT(f->line != level);
    f->line = level;
}

static const struct vsio_host host = { .set_irq = set_irq };

static void boot_fakes(uint32_t value)
{
    uint32_t i;

    for ( i = 0; i < FAKES; i++ )
        fakes[i] =
            (struct fake){ .dev = { .class = i == 1 ? &class_b : &class_a,
                                    .host = &host,
                                    .ctx = &fakes[i] },
                           .value = value + i };
    calls = seen_at_resume = 0;
}

static void add(struct vsio_device *dev,
                enum vsio_space space,
                uint64_t base,
                uint32_t size,
                uint32_t offset)
{
    const struct vsio_bus_region r = {
        .dev = dev, .space = space, .base = base, .size = size, .offset = offset
    };

    EXPECT_EQ(vsio_bus_add(&bus, &r, NULL), VSIO_BUS_OK);
}

static void empty(void)
{
    vsio_bus_init(&bus, regions, ARRAY_SIZE(regions));
}

static void add_fake(uint32_t n, uint64_t base)
{
    add(&fakes[n].dev, VSIO_SPACE_MMIO, base, 0x100, 0);
}

/* Device 0 last, and the first two with several regions. */
static void three_fakes(uint32_t value)
{
    boot_fakes(value);
    empty();
    add(&fakes[2].dev, VSIO_SPACE_PORTS, 0x60, 1, 0);
    add(&fakes[0].dev, VSIO_SPACE_PORTS, 0x61, 1, 0);
    add(&fakes[2].dev, VSIO_SPACE_PORTS, 0x64, 1, 4);
    add(&fakes[1].dev, VSIO_SPACE_PORTS, 0x20, 2, 0);
    add(&fakes[1].dev, VSIO_SPACE_MMIO, 0x9000000, 0x100, 0);
}

static size_t save(void)
{
    size_t used = 0;

    EXPECT_EQ(vsio_bus_save(&bus, buf, sizeof(buf), &used), VSIO_OK);

    return used;
}

static enum vsio_error restore(size_t size)
{
    unsigned int changed = 0, i;
    enum vsio_error rc;

    for ( i = 0; i < VSIO_RECORD_MAX; i++ )
        memory[i] = 0x5a;
    scratch[VSIO_BUS_SCRATCH] = 0x5a;
    rc = vsio_bus_restore(&bus, buf, size, scratch);
    for ( i = 0; i < VSIO_RECORD_MAX; i++ )
        changed += memory[i] != 0x5a;
    EXPECT_EQ(changed, 0);
    EXPECT_EQ(scratch[VSIO_BUS_SCRATCH], 0x5a);

    return rc;
}

static bool same(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;
    size_t i;

    for ( i = 0; i < n; i++ )
        if ( x[i] != y[i] )
            return false;

    return true;
}

static void copy(void *to, const void *from, size_t n)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    size_t i;

    for ( i = 0; i < n; i++ )
        t[i] = f[i];
}

static void keep(void)
{
    copy(kept, fakes, sizeof(kept));
}

/* Refused with want; no device has changed, no callback was called. */
static void refused(size_t size, enum vsio_error want)
{
    calls = 0;
    keep();
    EXPECT_EQ(restore(size), want);
    EXPECT(same(kept, fakes, sizeof(kept)));
    EXPECT_EQ(calls, 0);
}

static void nobody(void)
{
    static const uint8_t golden[] = { 'B', 'U', 'S', ' ', 1, 0, 0, 0,
                                      4,   0,   0,   0,   0, 0, 0, 0 };
    size_t used;

    empty();
    EXPECT_EQ(save(), sizeof(golden));
    EXPECT(same(buf, golden, sizeof(golden)));
    EXPECT_EQ(vsio_bus_save(&bus, buf, sizeof(golden), &used), VSIO_OK);
    EXPECT_EQ(restore(sizeof(golden)), VSIO_OK);
    EXPECT_EQ(restore(sizeof(golden) + 1), VSIO_ERROR_EXTRA);
}

/* The format does not change without a new version. */
static void golden_head(void)
{
    static const uint8_t golden[] = {
        'B', 'U',  'S', ' ', 1, 0, 0, 0, 31, 0, 0, 0, 3,
        0,   0,    0,   0,   0, 0, 0, 9, 0,  0, 0, 0, /* MMIO, 0x9000000 */
        1,   0x60, 0,   0,   0, 0, 0, 0, 0,           /* ports, 0x60 */
        1,   0x61, 0,   0,   0, 0, 0, 0, 0,           /* ports, 0x61 */
        'F', 'A',  'K', 'B', 1, 0, 0, 0, 69, 0, 0, 0,
    };

    three_fakes(5);
    EXPECT_EQ(save(), SIZE);
    EXPECT(same(buf, golden, sizeof(golden)));
    EXPECT(same(&buf[HEAD(3) + FAKE_BYTES], "FAKA", 4));
    EXPECT_EQ(buf[SIZE - FAKE_BYTES - 5], 7); /* values of devices 2 and 0 */
    EXPECT_EQ(buf[SIZE - 5], 5);
}

static void there_and_back(void)
{
    size_t used;
    unsigned int i;

    three_fakes(100);
    fakes[0].level = fakes[2].level = true;
    fakes[0].dev.lines = fakes[2].dev.lines = 1;
    fakes[1].dev.count.reads = 77;
    used = save();

    three_fakes(200);
    fakes[1].level = fakes[1].line = true;
    fakes[1].dev.lines = 1;
    fakes[2].level = fakes[2].line = true;
    fakes[2].dev.lines = 1;
    EXPECT_EQ(restore(used), VSIO_OK);
    for ( i = 0; i < 3; i++ )
    {
        at(i, 0);
        EXPECT_EQ(fakes[i].value, 100 + i);
        EXPECT_EQ(fakes[i].level, i != 1);
        EXPECT_EQ(fakes[i].line, i != 1);
        EXPECT(fakes[i].dev.class == (i == 1 ? &class_b : &class_a));
        EXPECT(fake_valid(&fakes[i].dev));
    }
    EXPECT_EQ(fakes[1].dev.count.reads, 77);
    EXPECT_EQ(fakes[3].value, 203); /* is on no bus */

    /* Once each, in the order of their places, when all were loaded. */
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(order[0], 101);
    EXPECT_EQ(order[1], 102);
    EXPECT_EQ(order[2], 100);
    EXPECT_EQ(seen_at_resume, 100 + 101 + 102 + 203);
}

static void save_changes_nothing(void)
{
    three_fakes(1);
    keep();
    save();
    EXPECT(same(kept, fakes, sizeof(kept)));
    EXPECT_EQ(calls, 0);
}

static void no_room(void)
{
    size_t size, used = 0x55;

    three_fakes(1);
    for ( size = 0; size < SIZE; size++ )
    {
        at(size, 0);
        buf[size] = 0xa5;
        EXPECT_EQ(vsio_bus_save(&bus, buf, size, &used), VSIO_ERROR_ROOM);
        EXPECT_EQ(buf[size], 0xa5);
    }
    EXPECT_EQ(used, 0x55);
    EXPECT_EQ(vsio_bus_save(&bus, buf, SIZE, &used), VSIO_OK);
    EXPECT_EQ(used, SIZE);
}

static void truncated(void)
{
    size_t size;

    three_fakes(1);
    save();
    three_fakes(50);
    for ( size = 0; size < SIZE; size++ )
    {
        at(size, 0);
        refused(size, VSIO_ERROR_TRUNCATED);
    }
    refused(SIZE + 1, VSIO_ERROR_EXTRA);
    EXPECT_EQ(restore(SIZE), VSIO_OK);
}

static void bad_head(void)
{
    static const struct {
        uint8_t at, value;
        enum vsio_error want;
    } bad[] = {
        { 0, 'C', VSIO_ERROR_TYPE },      { 3, 0, VSIO_ERROR_TYPE },
        { 4, 0, VSIO_ERROR_VERSION },     { 4, 2, VSIO_ERROR_VERSION },
        { 5, 1, VSIO_ERROR_VERSION },     { 6, 1, VSIO_ERROR_INVALID },
        { 7, 0x80, VSIO_ERROR_INVALID },  { 8, 32, VSIO_ERROR_LENGTH },
        { 8, 22, VSIO_ERROR_LENGTH },     { 11, 0x80, VSIO_ERROR_LENGTH },
        { 12, 2, VSIO_ERROR_LENGTH },     { 12, 4, VSIO_ERROR_LENGTH },
        { 15, 0xff, VSIO_ERROR_LENGTH },  { 16, 2, VSIO_ERROR_MISSING },
        { 21, 0x09, VSIO_ERROR_MISSING }, { 20, 0x08, VSIO_ERROR_EXTRA },
    };
    unsigned int i;
    uint8_t old;

    three_fakes(1);
    save();
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        at(i, bad[i].at);
        old = buf[bad[i].at];
        buf[bad[i].at] = bad[i].value;
        refused(SIZE, bad[i].want);
        buf[bad[i].at] = old;
    }
}

/* Length and count agree, and are beyond all memory. */
static void huge_count(void)
{
    uint64_t length = 4 + 9 * (uint64_t)0x1c71c71b; /* just below 2^32 */
    unsigned int i;

    three_fakes(1);
    save();
    for ( i = 0; i < 4; i++ )
    {
        buf[8 + i] = (uint8_t)(length >> (8 * i));
        buf[12 + i] = (uint8_t)(0x1c71c71bU >> (8 * i));
    }
    refused(SIZE, VSIO_ERROR_TRUNCATED);
}

/* A snapshot of devices at the given places, in this order; 0 ends. */
static size_t made_of(const uint8_t *places)
{
    size_t used, head, n = 0, i;

    /* On a bus of their own, for a record of each. */
    boot_fakes(1);
    while ( places[n] )
        n++;
    head = HEAD(n);
    empty();
    add_fake(0, 0x100);
    used = save();
    copy(scratch, buf, used);
    for ( i = 0; i < n; i++ )
    {
        buf[16 + 9 * i] = VSIO_SPACE_MMIO;
        copy(&buf[17 + 9 * i], (const uint8_t[8]){ 0, places[i] }, 8);
        copy(&buf[head + i * FAKE_BYTES], &scratch[HEAD(1)], FAKE_BYTES);
    }
    buf[8] = (uint8_t)(4 + 9 * n);
    buf[12] = (uint8_t)n;

    return head + n * FAKE_BYTES;
}

/* Places, and what is said of them where devices are at 0x200, 0x400, 0x600. */
struct made {
    uint8_t places[8];
    enum vsio_error want;
};

static void expect_made(const struct made *made, unsigned int n)
{
    unsigned int i;
    size_t size;

    for ( i = 0; i < n; i++ )
    {
        at(i, 0);
        size = made_of(made[i].places);
        boot_fakes(50);
        empty();
        add_fake(3, 0x600);
        add_fake(2, 0x400);
        add_fake(0, 0x200);
        if ( made[i].want == VSIO_OK )
            EXPECT_EQ(restore(size), VSIO_OK);
        else
            refused(size, made[i].want);
    }
}

static void other_devices(void)
{
    static const struct made made[] = {
        { { 2, 4, 6 }, VSIO_OK },
        { { 2, 4, 3 }, VSIO_ERROR_ORDER },
        { { 2, 1, 4, 6 }, VSIO_ERROR_ORDER },
        { { 2, 4, 6, 5 }, VSIO_ERROR_ORDER },
        { { 2, 2, 4, 6 }, VSIO_ERROR_DUPLICATE },
        { { 2, 4, 6, 6 }, VSIO_ERROR_DUPLICATE },
        { { 2, 4, 2, 6 }, VSIO_ERROR_DUPLICATE },
        { { 2, 4, 6, 2 }, VSIO_ERROR_DUPLICATE },
        { { 0 }, VSIO_ERROR_MISSING },
        { { 2 }, VSIO_ERROR_MISSING },
        { { 4, 6 }, VSIO_ERROR_MISSING },
        { { 2, 6 }, VSIO_ERROR_MISSING },
        { { 2, 4 }, VSIO_ERROR_MISSING },
        { { 1, 2, 4, 6 }, VSIO_ERROR_EXTRA },
        { { 2, 3, 4, 6 }, VSIO_ERROR_EXTRA },
        { { 2, 4, 6, 7 }, VSIO_ERROR_EXTRA },
        { { 2, 4, 7 }, VSIO_ERROR_MISSING },
        { { 1, 4, 6 }, VSIO_ERROR_EXTRA },
    };

    expect_made(made, ARRAY_SIZE(made));
}

/* However many places a record claims: those behind are not looked at. */
static void first_wrong_place(void)
{
    static const struct made made[] = {
        { { 2, 3, 3, 4, 6 }, VSIO_ERROR_EXTRA },
        { { 1, 1, 1, 1, 1, 1, 1 }, VSIO_ERROR_EXTRA },
        { { 2, 4, 6, 7, 7, 6 }, VSIO_ERROR_EXTRA },
        { { 2, 6, 4 }, VSIO_ERROR_MISSING },
        { { 6, 6, 6, 6, 6, 6, 6 }, VSIO_ERROR_MISSING },
        { { 4, 2, 6 }, VSIO_ERROR_MISSING },
        { { 2, 1, 1, 4, 6 }, VSIO_ERROR_ORDER },
        { { 2, 2, 1, 4, 6 }, VSIO_ERROR_DUPLICATE },
    };

    expect_made(made, ARRAY_SIZE(made));
}

/* Whichever is bad, those before it and those behind it stay. */
static void all_or_nothing(void)
{
    unsigned int i, record;

    for ( i = 0; i < 3; i++ )
    {
        at(i, 0);
        record = HEAD(3) + i * FAKE_BYTES;
        three_fakes(1);
        save();
        three_fakes(50);
        buf[record + FAKE_BYTES - 2] = 0x80;
        refused(SIZE, VSIO_ERROR_INVALID);
        buf[record + FAKE_BYTES - 2] = 0;
        buf[record + FAKE_BYTES - 1] = 2; /* a bool */
        refused(SIZE, VSIO_ERROR_INVALID);
        buf[record + FAKE_BYTES - 1] = 0;
        buf[record + 3] ^= 3; /* A for B, B for A */
        refused(SIZE, VSIO_ERROR_TYPE);
        buf[record + 3] ^= 3;
        buf[record + 4] = 2;
        refused(SIZE, VSIO_ERROR_VERSION);
        buf[record + 4] = 1;
        buf[record + 8]--;
        refused(SIZE, VSIO_ERROR_LENGTH);
        buf[record + 8]++;
        EXPECT_EQ(restore(SIZE), VSIO_OK);
    }
}

/* 800 bytes where VSIO_RECORD_MAX are the most: a bug of the class. */
static void long_fields(struct vsio_device *dev, struct vsio_stream *s)
{
    unsigned int i;

    for ( i = 0; i < 200; i++ )
        vsio_field32(s, &((struct fake *)dev)->value);
}

static void record_too_long(void)
{
    struct vsio_class longer = class_a;

    longer.fields = long_fields;
    longer.record = VSIO_RECORD_COUNTERS + 800;
    three_fakes(1);
    fakes[0].dev.class = &longer;
    refused(save(), VSIO_ERROR_ROOM);
}

/* As long as a record may be. */
static void longest_fields(struct vsio_device *dev, struct vsio_stream *s)
{
    unsigned int i, n = VSIO_RECORD_MAX - VSIO_RECORD_HEADER;

    for ( i = VSIO_RECORD_COUNTERS; i < n; i += 4 )
        vsio_field32(s, &((struct fake *)dev)->value);
}

static void longest_snapshot(void)
{
    struct vsio_class longest = class_a;

    longest.fields = longest_fields;
    longest.record = VSIO_RECORD_MAX - VSIO_RECORD_HEADER;
    boot_fakes(1);
    empty();
    add_fake(0, 0x100);
    fakes[0].dev.class = &longest;
    EXPECT_EQ(save(), VSIO_BUS_SNAPSHOT_MAX(1));
    EXPECT_EQ(restore(VSIO_BUS_SNAPSHOT_MAX(1)), VSIO_OK);
}

/* The first record is behind the last place, and is none. */
static void record_like_a_place(void)
{
    struct vsio_class early = class_a;
    size_t used;

    early.type = 0;
    boot_fakes(1);
    empty();
    add(&fakes[0].dev, VSIO_SPACE_PORTS, 0x60, 1, 0);
    fakes[0].dev.class = &early;
    used = save();
    EXPECT_EQ(restore(used), VSIO_OK);
}

/* Every byte, every bit: refused and unchanged, or taken and valid. */
static void any_bit(void)
{
    unsigned int i, bit, taken = 0;
    enum vsio_error rc;

    three_fakes(1);
    save();
    for ( i = 0; i < SIZE; i++ )
        for ( bit = 0; bit < 8; bit++ )
        {
            at(i, bit);
            three_fakes(50);
            keep();
            buf[i] ^= (uint8_t)(1U << bit);
            rc = restore(SIZE);
            buf[i] ^= (uint8_t)(1U << bit);
            taken += rc == VSIO_OK;
            if ( rc != VSIO_OK )
                EXPECT(same(kept, fakes, sizeof(kept)) && !calls);
            EXPECT(fake_valid(&fakes[0].dev) && fake_valid(&fakes[1].dev) &&
                   fake_valid(&fakes[2].dev));
        }
    /* Counters, 31 bits of the value, one of the line: of three devices. */
    EXPECT_EQ(taken, 3 * (8 * VSIO_RECORD_COUNTERS + 31 + 1));
}

/* --- Real devices --------------------------------------------------------- */

static struct machine {
    struct vsio_pl011 uart;
    struct vsio_pl031 rtc;
    struct vsio_i8042 i8042;
    struct vsio_ns16550 com1;
    struct vsio_legacy_pio legacy;
    uint64_t now;
    bool room;  /* for output */
    bool cable; /* output goes into the other UART */
    uint32_t callbacks;
} m;

static void seen_line(void *ctx, unsigned int line, bool level)
{
    (void)ctx;
    (void)line;
    (void)level;
    m.callbacks++;
}

static bool tx(void *ctx, uint8_t byte)
{
    (void)ctx;
    m.callbacks++;

    return m.room && (!m.cable || vsio_ns16550_rx(&m.com1, &byte, 1) == 1);
}

static uint64_t now(void *ctx)
{
    (void)ctx;

    return m.now;
}

static const struct vsio_pl011_host uart_host = {
    .common = { .set_irq = seen_line }, .tx = tx
};
static const struct vsio_pl031_host rtc_host = {
    .common = { .set_irq = seen_line }, .now = now
};
static const struct vsio_i8042_host i8042_host = { .common = {
                                                       .set_irq = seen_line } };
static const struct vsio_ns16550_host com1_host = {
    .common = { .set_irq = seen_line }, .tx = tx
};

static void boot(void)
{
    const struct vsio_pc_ports pc = { .legacy = &m.legacy.dev,
                                      .i8042 = &m.i8042.dev,
                                      .com1 = &m.com1.dev };

    m = (struct machine){ .now = 1700000000 };
    vsio_pl011_init(&m.uart, &uart_host, NULL);
    vsio_pl031_init(&m.rtc, &rtc_host, NULL);
    vsio_i8042_init(&m.i8042, &i8042_host, NULL);
    vsio_ns16550_init(&m.com1, &com1_host, NULL, 1, VSIO_NS16550_FIFO);
    vsio_legacy_pio_init(&m.legacy, &uart_host.common, NULL);
    empty();
    add(&m.rtc.dev, VSIO_SPACE_MMIO, 0x9010000, PL031_WINDOW, 0);
    add(&m.uart.dev, VSIO_SPACE_MMIO, 0x9000000, PL011_WINDOW, 0);
    EXPECT_EQ(vsio_pc_map(&bus, &pc, NULL), VSIO_BUS_OK);
}

static uint32_t mmio(uint64_t address)
{
    uint32_t value = 0;

    EXPECT_EQ(vsio_bus_read(&bus, VSIO_SPACE_MMIO, address, 4, &value),
              VSIO_BUS_ANSWERED);

    return value;
}

static uint32_t inb(uint16_t port)
{
    uint32_t value = 0;

    EXPECT_EQ(vsio_bus_read(&bus, VSIO_SPACE_PORTS, port, 1, &value),
              VSIO_BUS_ANSWERED);

    return value;
}

static void outb(uint16_t port, uint8_t value)
{
    EXPECT_EQ(vsio_bus_write(&bus, VSIO_SPACE_PORTS, port, 1, value),
              VSIO_BUS_ANSWERED);
}

static void all_valid(void)
{
    EXPECT(vsio_pl011_valid(&m.uart) && vsio_pl031_valid(&m.rtc) &&
           vsio_i8042_valid(&m.i8042) && vsio_ns16550_valid(&m.com1) &&
           vsio_legacy_pio_valid(&m.legacy));
}

/* A bit of state in each device. */
static size_t busy(void)
{
    boot();
    vsio_bus_write(&bus, VSIO_SPACE_MMIO, 0x9000000 + PL011_IMSC, 4, 0x7ff);
    vsio_bus_write(&bus, VSIO_SPACE_MMIO, 0x9000000 + PL011_DR, 4, 'a');
    EXPECT_EQ(vsio_pl011_rx(&m.uart, (const uint8_t *)"b", 1), 1);
    vsio_bus_write(&bus, VSIO_SPACE_MMIO, 0x9010000 + PL031_LR, 4, 1000);
    vsio_bus_write(&bus, VSIO_SPACE_MMIO, 0x9010000 + PL031_MR, 4, 1000);
    vsio_bus_write(&bus, VSIO_SPACE_MMIO, 0x9010000 + PL031_IMSC, 4, 1);
    outb(0x64, I8042_CMD_SELF_TEST);
    outb(0x61, 3);
    outb(0x3ff, 0x77);
    outb(0x3fa, 1); /* FIFOs on: room for two bytes */
    EXPECT_EQ(vsio_ns16550_rx(&m.com1, (const uint8_t *)"c", 1), 1);
    all_valid();

    return save();
}

static void real_devices(void)
{
    size_t used = busy();

    EXPECT(used <= VSIO_BUS_SNAPSHOT_MAX(5));
    boot();
    EXPECT_EQ(restore(used), VSIO_OK);
    all_valid();
    EXPECT(m.uart.dev.lines == 1 && m.rtc.dev.lines == 1);
    EXPECT_EQ(mmio(0x9000000 + PL011_FR) & PL011_FR_BUSY, PL011_FR_BUSY);
    EXPECT_EQ(mmio(0x9000000 + PL011_DR), 'b');
    EXPECT_EQ(mmio(0x9010000 + PL031_DR), 1000);
    EXPECT_EQ(mmio(0x9010000 + PL031_RIS), 1);
    EXPECT_EQ(inb(0x64) & I8042_STR_OBF, I8042_STR_OBF);
    EXPECT_EQ(inb(0x60), I8042_SELF_TEST_OK);
    EXPECT_EQ(inb(0x61) & 3, 3);
    EXPECT_EQ(inb(0x3ff), 0x77);
    EXPECT_EQ(inb(0x3f8), 'c');
}

/* What one UART sends when it goes on must not be lost in the other one. */
static void devices_on_one_cable(void)
{
    size_t used = busy();

    boot();
    m.room = m.cable = true;
    EXPECT_EQ(restore(used), VSIO_OK);
    all_valid();
    EXPECT_EQ(mmio(0x9000000 + PL011_FR) & PL011_FR_BUSY, 0);
    EXPECT_EQ(inb(0x3f8), 'c');
    EXPECT_EQ(inb(0x3f8), 'a');
}

/* All bytes of it, one by one, onto devices that are in use themselves. */
static void real_devices_any_byte(void)
{
    static uint8_t whole[sizeof(buf)], fresh[sizeof(buf)];
    size_t used = busy(), i;
    enum vsio_error rc;

    copy(whole, buf, used);
    boot();
    EXPECT_EQ(save(), used);
    copy(fresh, buf, used);
    for ( i = 0; i < used; i++ )
    {
        at(i, whole[i]);
        boot();
        copy(buf, whole, used);
        buf[i] ^= 0xff;
        rc = restore(used);
        all_valid();
        if ( rc == VSIO_OK )
            continue;
        EXPECT_EQ(m.callbacks, 0);
        EXPECT_EQ(save(), used);
        EXPECT(same(buf, fresh, used));
    }
}

static const struct test table[] = {
    { "nobody on the bus", nobody },
    { "the head is as it was in version 1, byte by byte", golden_head },
    { "devices with several regions go there and back once", there_and_back },
    { "save changes nothing", save_changes_nothing },
    { "save with too little room, at each size", no_room },
    { "a snapshot that ends early, at each size, or late", truncated },
    { "a bad head", bad_head },
    { "a count beyond all memory", huge_count },
    { "order, duplicates, missing and extra devices", other_devices },
    { "the first wrong place is what is said", first_wrong_place },
    { "one bad record, and all devices are what they were", all_or_nothing },
    { "a record that is too long is not restored", record_too_long },
    { "the longest snapshot is as long as the header says", longest_snapshot },
    { "a record that could be a place before the last one",
      record_like_a_place },
    { "any bit flipped: refused and unchanged, or valid", any_bit },
    { "real devices go there and back", real_devices },
    { "two UARTs on one cable: no byte is lost", devices_on_one_cable },
    { "real devices, any byte changed: refused and unchanged, or valid",
      real_devices_any_byte },
};
TESTS(table);

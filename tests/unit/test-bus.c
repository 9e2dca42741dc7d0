/* SPDX-License-Identifier: MIT */
/* Regions and look-ups, beside a search from one end to the other. */

#include "bus.h"
#include "harness.h"

#define REGIONS 256U
#define WINDOW  0x1000U
#define MMIO    VSIO_SPACE_MMIO
#define PORTS   VSIO_SPACE_PORTS

/* Reads as its number and the offset; remembers what was written where. */
struct fake {
    struct vsio_device dev;
    uint32_t number, reg, value, mask;
};

static struct fake fakes[REGIONS];
static struct vsio_bus_region regions[REGIONS], model[REGIONS];
static struct vsio_bus bus;
static uint32_t model_count;

static uint32_t fake_read(struct vsio_device *dev, uint32_t reg)
{
    return ((struct fake *)dev)->number << 16 | reg;
}

static void fake_write(struct vsio_device *dev,
                       uint32_t reg,
                       uint32_t value,
                       uint32_t mask)
{
    struct fake *f = (struct fake *)dev;

    f->reg = reg;
    f->value = value;
    f->mask = mask;
}

static bool fake_valid(const struct vsio_device *dev)
{
    return dev->lines == 0;
}

static const struct vsio_class fake_class = {
    .name = "fake",
    .window = WINDOW,
    .unit = 4,
    .read = fake_read,
    .write = fake_write,
    .valid = fake_valid,
};

static const struct vsio_host host = { .event = seen_event,
                                       .events = VSIO_WANT_ERRORS };
static const struct vsio_host quiet_host = { .events = 0 };

static void start_with(uint32_t capacity)
{
    uint32_t i;

    for ( i = 0; i < REGIONS; i++ )
        fakes[i] =
            (struct fake){ .dev = { .class = &fake_class, .host = &host },
                           .number = i };
    model_count = 0;
    vsio_bus_init(&bus, regions, capacity);
    EXPECT(vsio_bus_valid(&bus));
    watch(&fakes[0].dev, sizeof(fakes[0]), fake_valid);
}

static void start(void)
{
    start_with(REGIONS);
}

static struct vsio_bus_region region_of(uint32_t n,
                                        enum vsio_space space,
                                        uint64_t base,
                                        uint32_t size)
{
    return (struct vsio_bus_region){
        .dev = &fakes[n].dev, .space = space, .base = base, .size = size
    };
}

static enum vsio_bus_error add_region(const struct vsio_bus_region *r)
{
    enum vsio_bus_error rc = vsio_bus_add(&bus, r, NULL);

    EXPECT(vsio_bus_valid(&bus));
    if ( rc == VSIO_BUS_OK )
        model[model_count++] = *r;
    EXPECT_EQ(bus.count, model_count);

    return rc;
}

static enum vsio_bus_error add(uint32_t n,
                               enum vsio_space space,
                               uint64_t base,
                               uint32_t size)
{
    const struct vsio_bus_region r = region_of(n, space, base, size);

    return add_region(&r);
}

/* Who would be there, by the simplest search. */
static const struct vsio_bus_region *model_find(enum vsio_space space,
                                                uint64_t address)
{
    uint32_t i;

    for ( i = 0; i < model_count; i++ )
        if ( model[i].space == space && address >= model[i].base &&
             address - model[i].base <= model[i].size - 1 )
            return &model[i];

    return NULL;
}

static void find_as_model(enum vsio_space space, uint64_t address)
{
    const struct vsio_bus_region *r = vsio_bus_find(&bus, space, address);
    const struct vsio_bus_region *want = model_find(space, address);

    EXPECT((r != NULL) == (want != NULL));
    if ( r && want )
        EXPECT(r->dev == want->dev && r->base == want->base &&
               r->size == want->size && r->offset == want->offset);
}

/* Both sides of both ends of every region, in both spaces. */
static void find_at_all_ends(void)
{
    unsigned int i, k;
    uint64_t ends[4];

    for ( i = 0; i < model_count; i++ )
    {
        ends[0] = model[i].base - 1;
        ends[1] = model[i].base;
        ends[2] = model[i].base + (model[i].size - 1);
        ends[3] = model[i].base + model[i].size;
        for ( k = 0; k < 4; k++ )
        {
            at(i, ends[k]);
            find_as_model(MMIO, ends[k]);
            find_as_model(PORTS, ends[k]);
        }
    }
}

static uint32_t read_at(enum vsio_space space, uint64_t address)
{
    uint32_t value = 0;

    EXPECT_EQ(vsio_bus_read(&bus, space, address, 4, &value),
              VSIO_BUS_ANSWERED);

    return value;
}

static void empty_bus(void)
{
    uint32_t value = 0x55;

    start_with(0);
    EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0, 4, &value), VSIO_BUS_NOBODY);
    EXPECT_EQ(vsio_bus_read(&bus, PORTS, 0, 1, &value), VSIO_BUS_NOBODY);
    EXPECT_EQ(vsio_bus_write(&bus, MMIO, UINT64_MAX, 1, 0), VSIO_BUS_NOBODY);
    EXPECT_EQ(value, 0x55);
    EXPECT_EQ(add(0, MMIO, 0, 4), VSIO_BUS_FULL);
}

static void one_region(void)
{
    uint32_t value = 0x55;

    start();
    EXPECT_EQ(add(7, MMIO, 0x9000000, 0x1000), VSIO_BUS_OK);
    EXPECT_EQ(read_at(MMIO, 0x9000000), 7 << 16);
    EXPECT_EQ(read_at(MMIO, 0x9000ffc), 7 << 16 | 0xffc);
    EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0x9000012, 1, &value),
              VSIO_BUS_ANSWERED);
    EXPECT_EQ(value, 7);
    EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0x8ffffff, 1, &value), VSIO_BUS_NOBODY);
    EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0x9001000, 1, &value), VSIO_BUS_NOBODY);
    EXPECT_EQ(vsio_bus_read(&bus, PORTS, 0x9000000, 1, &value),
              VSIO_BUS_NOBODY);
    EXPECT_EQ(value, 7);
    EXPECT_EQ(vsio_bus_write(&bus, MMIO, 0x9000106, 2, 0xabcd),
              VSIO_BUS_ANSWERED);
    EXPECT_EQ(fakes[7].reg, 0x104);
    EXPECT_EQ(fakes[7].value, 0xabcd0000);
    EXPECT_EQ(fakes[7].mask, 0xffff0000);
    EXPECT_EQ(fakes[7].dev.count.reads, 3);
    EXPECT_EQ(fakes[7].dev.count.writes, 1);
    find_at_all_ends();
}

/* Who is at the first byte decides. */
static void begins_before(void)
{
    uint32_t value;

    start();
    EXPECT_EQ(add(0, MMIO, 0x1000, 0x1000), VSIO_BUS_OK);
    EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0xffe, 4, &value), VSIO_BUS_NOBODY);
    EXPECT_EQ(fakes[0].dev.count.refused, 0);
}

static void spaces_are_apart(void)
{
    start();
    EXPECT_EQ(add(1, PORTS, 0x3f8, 8), VSIO_BUS_OK);
    EXPECT_EQ(add(2, MMIO, 0x3f8, 8), VSIO_BUS_OK);
    EXPECT_EQ(read_at(PORTS, 0x3f8), 1 << 16);
    EXPECT_EQ(read_at(MMIO, 0x3fc), 2 << 16 | 4);
    EXPECT_EQ(read_at(PORTS, 0x3fc), 1 << 16 | 4);
    find_at_all_ends();
}

static void ends_of_spaces(void)
{
    start();
    EXPECT_EQ(add(0, MMIO, 0, 1), VSIO_BUS_OK);
    EXPECT_EQ(add(1, MMIO, UINT64_MAX - 0xfff, 0x1000), VSIO_BUS_OK);
    EXPECT_EQ(add(2, PORTS, 0, 1), VSIO_BUS_OK);
    EXPECT_EQ(add(3, PORTS, 0xf000, 0x1000), VSIO_BUS_OK);
    find_at_all_ends();
    EXPECT_EQ(read_at(MMIO, UINT64_MAX - 3), 1 << 16 | 0xffc);
    EXPECT_EQ(read_at(PORTS, 0xfffc), 3 << 16 | 0xffc);
    find_as_model(PORTS, 0x10000);
    find_as_model(PORTS, UINT64_MAX);
    EXPECT_EQ(add(4, MMIO, UINT64_MAX, 1), VSIO_BUS_TAKEN);
    EXPECT_EQ(add(4, MMIO, 0, 1), VSIO_BUS_TAKEN);
}

static void bad_regions(void)
{
    static const struct {
        uint64_t base;
        uint32_t size, offset;
        enum vsio_space space;
        enum vsio_bus_error want;
    } bad[] = {
        { 0x1000, 0, 0, MMIO, VSIO_BUS_EMPTY },
        { 0x100, 0, 0, PORTS, VSIO_BUS_EMPTY },
        { UINT64_MAX, 2, 0, MMIO, VSIO_BUS_BEYOND },
        { UINT64_MAX - 0xffe, 0x1000, 0, MMIO, VSIO_BUS_BEYOND },
        { 0xffff, 2, 0, PORTS, VSIO_BUS_BEYOND },
        { 0xf001, 0x1000, 0, PORTS, VSIO_BUS_BEYOND },
        { 0x10000, 1, 0, PORTS, VSIO_BUS_BEYOND },
        { UINT64_MAX, 1, 0, PORTS, VSIO_BUS_BEYOND },
        { (uint64_t)1 << 32, 1, 0, PORTS, VSIO_BUS_BEYOND },
        { 0x1000, WINDOW + 1, 0, MMIO, VSIO_BUS_WINDOW },
        { 0x1000, UINT32_MAX, 0, MMIO, VSIO_BUS_WINDOW },
        { 0x1000, 1, WINDOW, MMIO, VSIO_BUS_WINDOW },
        { 0x1000, 1, UINT32_MAX, MMIO, VSIO_BUS_WINDOW },
        { 0x1000, 2, WINDOW - 1, MMIO, VSIO_BUS_WINDOW },
        { 0x1000, UINT32_MAX, 4, MMIO, VSIO_BUS_WINDOW },
    };
    struct vsio_bus_region r;
    unsigned int i;

    start();
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        at(i, 0);
        r = region_of(0, bad[i].space, bad[i].base, bad[i].size);
        r.offset = bad[i].offset;
        EXPECT_EQ(add_region(&r), bad[i].want);
    }
    EXPECT_EQ(bus.count, 0);
    r = region_of(0, MMIO, 0x1000, 1);
    r.offset = WINDOW - 1;
    EXPECT_EQ(add_region(&r), VSIO_BUS_OK);
}

static void overlaps(void)
{
    static const struct {
        uint64_t base;
        uint32_t size, who; /* number of the device that is in the way */
    } bad[] = {
        { 0x2000, 0x100, 1 }, { 0x2000, 1, 1 },      { 0x20ff, 1, 1 },
        { 0x1fff, 2, 1 },     { 0x20ff, 2, 1 },      { 0x1f00, 0x1000, 1 },
        { 0x2080, 0x10, 1 },  { 0x1001, 0x1000, 1 }, { 0x20ff, 0xf02, 1 },
        { 0x2100, 0xf01, 2 }, { 0x2fff, 2, 2 },      { 0x3000, 1, 2 },
    };
    const struct vsio_bus_region *there;
    struct vsio_bus_region r;
    unsigned int i;

    start();
    EXPECT_EQ(add(2, MMIO, 0x3000, 0x100), VSIO_BUS_OK);
    EXPECT_EQ(add(1, MMIO, 0x2000, 0x100), VSIO_BUS_OK);
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        at(i, bad[i].base);
        there = NULL;
        r = region_of(3, MMIO, bad[i].base, bad[i].size);
        EXPECT_EQ(vsio_bus_add(&bus, &r, &there), VSIO_BUS_TAKEN);
        EXPECT(there && there->dev == &fakes[bad[i].who].dev);
        EXPECT_EQ(add_region(&r), VSIO_BUS_TAKEN);
    }
    there = NULL;
    r = region_of(3, MMIO, 0x1f00, 0x100); /* adjacent to both */
    EXPECT_EQ(vsio_bus_add(&bus, &r, &there), VSIO_BUS_OK);
    r = region_of(4, MMIO, 0x2100, 0xf00);
    EXPECT_EQ(vsio_bus_add(&bus, &r, &there), VSIO_BUS_OK);
    r = region_of(5, PORTS, 0x2000, 0x1000);
    EXPECT_EQ(vsio_bus_add(&bus, &r, &there), VSIO_BUS_OK);
    EXPECT(!there);
    EXPECT(vsio_bus_valid(&bus));
    EXPECT_EQ(bus.count, 5);
}

static void full(void)
{
    start_with(2);
    EXPECT_EQ(add(0, MMIO, 0x2000, 0x1000), VSIO_BUS_OK);
    EXPECT_EQ(add(1, MMIO, 0x1000, 0x1000), VSIO_BUS_OK);
    EXPECT_EQ(add(2, MMIO, 0x3000, 0x1000), VSIO_BUS_FULL);
    EXPECT_EQ(add(2, MMIO, 0, 0x1000), VSIO_BUS_FULL);
    EXPECT_EQ(add(2, MMIO, 0x1000, 0x1000), VSIO_BUS_TAKEN);
    find_at_all_ends();
}

/* A step over the end reaches neither this one nor the next. */
static void crossing_an_end(void)
{
    uint32_t value = 0x55;
    unsigned int told;

    start();
    EXPECT_EQ(add(0, MMIO, 0x1000, 6), VSIO_BUS_OK);
    EXPECT_EQ(add(1, MMIO, 0x1006, 10), VSIO_BUS_OK);
    told = seen.refused;
    EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0x1004, 2, &value), VSIO_BUS_ANSWERED);
    EXPECT_EQ(value, 4);
    EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0x1004, 4, &value), VSIO_BUS_REFUSED);
    EXPECT(!seen.last.write);
    EXPECT_EQ(seen.last.size, 4);
    EXPECT_EQ(seen.last.offset, 4);
    EXPECT_EQ(seen.last.value, 0);
    EXPECT_EQ(vsio_bus_write(&bus, MMIO, 0x1005, 2, 3), VSIO_BUS_REFUSED);
    EXPECT_EQ(value, 4);
    EXPECT_EQ(fakes[0].dev.count.refused, 2);
    EXPECT_EQ(fakes[0].dev.count.reads, 1);
    EXPECT_EQ(fakes[0].dev.count.writes, 0);
    EXPECT_EQ(fakes[1].dev.count.refused, 0);
    EXPECT_EQ(seen.refused, told + 2);
    EXPECT_EQ(seen.last.type, VSIO_EVENT_REFUSED);
    EXPECT(seen.last.write);
    EXPECT_EQ(seen.last.size, 2);
    EXPECT_EQ(seen.last.offset, 5);
    EXPECT_EQ(seen.last.value, 3);

    fakes[0].dev.host = &quiet_host;
    EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0x1004, 4, &value), VSIO_BUS_REFUSED);
    EXPECT_EQ(fakes[0].dev.count.refused, 3);
    EXPECT_EQ(seen.refused, told + 2);
}

/* What the device itself refuses. */
static void bad_sizes(void)
{
    static const unsigned int sizes[] = { 0, 3, 8, 256 + 4, UINT32_MAX };
    uint32_t value = 0x55;
    unsigned int i;

    start();
    EXPECT_EQ(add(0, MMIO, 0x1000, 0x1000), VSIO_BUS_OK);
    for ( i = 0; i < ARRAY_SIZE(sizes); i++ )
    {
        at(sizes[i], 0);
        EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0x1000, sizes[i], &value),
                  VSIO_BUS_REFUSED);
        EXPECT_EQ(vsio_bus_write(&bus, MMIO, 0x1000, sizes[i], 1),
                  VSIO_BUS_REFUSED);
    }
    EXPECT_EQ(vsio_bus_read(&bus, MMIO, 0x1002, 4, &value), VSIO_BUS_REFUSED);
    EXPECT_EQ(fakes[0].dev.count.refused, 11);
    EXPECT_EQ(seen.refused, 11);
    EXPECT_EQ(value, 0x55);
}

/* Ports 0x60 and 0x64 of one device, 0x61 of another one. */
static void several_regions(void)
{
    struct vsio_bus_region r = region_of(1, PORTS, 0x64, 1);
    uint32_t value;

    start();
    r.offset = 4;
    EXPECT_EQ(add_region(&r), VSIO_BUS_OK);
    EXPECT(regions[0].first);
    EXPECT_EQ(add(2, PORTS, 0x61, 1), VSIO_BUS_OK);
    EXPECT_EQ(add(1, PORTS, 0x60, 1), VSIO_BUS_OK);
    EXPECT(regions[0].first && regions[1].first && !regions[2].first);
    EXPECT_EQ(add(1, MMIO, 0xff00, 0x100), VSIO_BUS_OK);
    EXPECT(regions[0].first && !regions[1].first && regions[2].first);

    EXPECT_EQ(vsio_bus_write(&bus, PORTS, 0x64, 1, 0xfe), VSIO_BUS_ANSWERED);
    EXPECT_EQ(fakes[1].reg, 4);
    EXPECT_EQ(fakes[1].value, 0xfe);
    EXPECT_EQ(vsio_bus_write(&bus, PORTS, 0x61, 1, 3), VSIO_BUS_ANSWERED);
    EXPECT_EQ(fakes[2].value, 3);
    EXPECT_EQ(vsio_bus_write(&bus, PORTS, 0x60, 1, 5), VSIO_BUS_ANSWERED);
    EXPECT_EQ(fakes[1].reg, 0);
    EXPECT_EQ(fakes[1].value, 5);
    EXPECT_EQ(vsio_bus_read(&bus, PORTS, 0x60, 2, &value), VSIO_BUS_REFUSED);
    EXPECT_EQ(vsio_bus_read(&bus, PORTS, 0x64, 4, &value), VSIO_BUS_REFUSED);
    EXPECT_EQ(seen.last.offset, 4);
    EXPECT_EQ(read_at(MMIO, 0xff10), 1 << 16 | 0x10);
    find_at_all_ends();
}

static void last_hit(void)
{
    unsigned int i;

    start();
    EXPECT_EQ(add(1, MMIO, 0x5000, 0x1000), VSIO_BUS_OK);
    EXPECT_EQ(add(2, MMIO, 0x6000, 0x1000), VSIO_BUS_OK);
    EXPECT_EQ(read_at(MMIO, 0x6004), 2 << 16 | 4);
    EXPECT_EQ(bus.last, 1);
    EXPECT_EQ(read_at(MMIO, 0x6008), 2 << 16 | 8);

    /* It moves up, and another one takes its number. */
    EXPECT_EQ(add(3, MMIO, 0x1000, 0x1000), VSIO_BUS_OK);
    EXPECT_EQ(read_at(MMIO, 0x6004), 2 << 16 | 4);
    EXPECT_EQ(read_at(MMIO, 0x5ffc), 1 << 16 | 0xffc);
    EXPECT_EQ(read_at(MMIO, 0x1000), 3 << 16);
    EXPECT(!vsio_bus_find(&bus, MMIO, 0x2000));
    EXPECT(!vsio_bus_find(&bus, PORTS, 0x1000));
    EXPECT_EQ(read_at(MMIO, 0x1000), 3 << 16); /* a miss forgets nothing */

    /* Any hint will do. */
    for ( i = 0; i < 10; i++ )
    {
        at(i, 0);
        bus.last = i < 9 ? i : UINT32_MAX;
        find_at_all_ends();
    }
}

/* As many regions as there is room for; what is there is not the bus's. */
static void behind_the_last_region(void)
{
    start_with(2);
    regions[2] = region_of(0, MMIO, 0x5000, 0x100);
    regions[2].first = true;
    EXPECT_EQ(add(0, MMIO, 0x1000, 0x100), VSIO_BUS_OK);
    EXPECT_EQ(add(0, MMIO, 0x2000, 0x100), VSIO_BUS_OK);
    EXPECT(regions[2].first);
    bus.last = 2;
    EXPECT(!vsio_bus_find(&bus, MMIO, 0x5000));
}

/* Each vCPU its own hint, on the same regions. */
static void copies(void)
{
    struct vsio_bus copy;
    uint32_t value;

    start();
    EXPECT_EQ(add(1, MMIO, 0x1000, 0x1000), VSIO_BUS_OK);
    EXPECT_EQ(add(2, MMIO, 0x2000, 0x1000), VSIO_BUS_OK);
    copy = bus;
    EXPECT_EQ(read_at(MMIO, 0x1000), 1 << 16);
    EXPECT_EQ(vsio_bus_read(&copy, MMIO, 0x2000, 4, &value), VSIO_BUS_ANSWERED);
    EXPECT_EQ(value, 2 << 16);
    EXPECT_EQ(bus.last, 0);
    EXPECT_EQ(copy.last, 1);
}

/* Added from both ends inwards; apart, and without a gap. */
static void many(void)
{
    static const uint32_t counts[] = { 1, 2, 3, 16, 17, 255, 256 };
    static const uint32_t gaps[] = { 0, 4, 0x10000 };
    uint32_t i, k, g, n;

    for ( g = 0; g < ARRAY_SIZE(gaps); g++ )
        for ( k = 0; k < ARRAY_SIZE(counts); k++ )
        {
            start_with(counts[k]);
            for ( i = 0; i < counts[k]; i++ )
            {
                at(counts[k], i);
                n = i & 1 ? counts[k] - 1 - i / 2 : i / 2;
                EXPECT_EQ(add(n, MMIO, 0x10000 + n * (0x40 + gaps[g]), 0x40),
                          VSIO_BUS_OK);
            }
            find_at_all_ends();
            for ( i = 0; i < counts[k]; i++ )
                EXPECT(regions[i].dev == &fakes[i].dev && regions[i].first);
            EXPECT_EQ(add(0, PORTS, 0, 1), VSIO_BUS_FULL);
        }
}

/* Overlap or not, found or not: as a search from one end to the other. */
static enum vsio_bus_error model_add(const struct vsio_bus_region *r)
{
    uint32_t i;

    if ( r->space == PORTS && r->base + r->size > 0x10000 )
        return VSIO_BUS_BEYOND;
    if ( r->offset + r->size > WINDOW )
        return VSIO_BUS_WINDOW;
    for ( i = 0; i < model_count; i++ )
        if ( model[i].space == r->space &&
             r->base < model[i].base + model[i].size &&
             model[i].base < r->base + r->size )
            return VSIO_BUS_TAKEN;

    return model_count == bus.capacity ? VSIO_BUS_FULL : VSIO_BUS_OK;
}

static void walk_add(uint32_t random, uint32_t random2)
{
    struct vsio_bus_region r =
        region_of(random % 64, random & 0x100 ? MMIO : PORTS, random2 % 0x10080,
                  (random >> 16) % 0x100 + 1);
    enum vsio_bus_error want;

    r.offset = (random >> 24) * 16;
    if ( random & 0x200 && model_count )
        r.base = model[random2 % model_count].base +
                 (random & 0x400 ? model[random2 % model_count].size : 0);
    want = model_add(&r);
    EXPECT_EQ(add_region(&r), want);
}

static void walk(uint32_t seed, uint32_t capacity)
{
    uint32_t i, random, random2;

    start_with(capacity);
    for ( i = 0; i < 12000; i++ )
    {
        random = random32(&seed);
        random2 = random32(&seed);
        at(i, random);
        if ( random >> 28 == 0 )
            walk_add(random, random2);
        else
            find_as_model(random & 1 ? MMIO : PORTS, random2 % 0x10080);
        if ( random & 2 && model_count ) /* near by, for the hint */
            find_as_model(random & 1 ? MMIO : PORTS,
                          model[random2 % model_count].base + (random >> 28));
    }
    find_at_all_ends();
}

static void random_walk(void)
{
    walk(0x5eed1, 1);
    walk(0x5eed2, 16);
    walk(0x5eed3, 100);
    walk(0x5eed4, REGIONS);
    EXPECT(bus.count > 100);
}

static void three(void)
{
    start();
    EXPECT_EQ(add(1, MMIO, 0x1000, 0x100), VSIO_BUS_OK);
    EXPECT_EQ(add(1, MMIO, 0x2000, 0x100), VSIO_BUS_OK);
    EXPECT_EQ(add(2, PORTS, 0x1000, 0x100), VSIO_BUS_OK);
}

static void valid_rejects(void)
{
    unsigned int i;

    for ( i = 0; i < 13; i++ )
    {
        at(i, 0);
        three();
        switch ( i )
        {
        case 0:
            bus.capacity = 2;
            break;
        case 1:
            regions[1].size = 0;
            break;
        case 2:
            regions[2].base = 0xff01;
            break;
        case 3:
            regions[1].base = UINT64_MAX - 0xfe;
            break;
        case 4:
            regions[1].offset = WINDOW - 0xff;
            break;
        case 5:
            regions[1].base = 0x1000;
            break;
        case 6:
            regions[1].base = 0x10ff;
            break;
        case 7:
            regions[1].base = 0xf00;
            break;
        case 8:
            regions[0].space = PORTS;
            break;
        case 9:
            regions[0].first = false;
            break;
        case 10:
            regions[1].first = true;
            break;
        case 11:
            regions[2].first = false;
            break;
        default:
            EXPECT(vsio_bus_valid(&bus));
            regions[2].base = 0x10000;
            break;
        }
        EXPECT(!vsio_bus_valid(&bus));
    }
}

static const struct test table[] = {
    { "nobody is on an empty bus", empty_bus },
    { "one region: what is in it, and what is beside it", one_region },
    { "an access that begins before a region meets nobody", begins_before },
    { "memory and ports are apart", spaces_are_apart },
    { "regions at both ends of both spaces", ends_of_spaces },
    { "add refuses: empty, beyond the space, beyond the window", bad_regions },
    { "add refuses an overlap, and says with whom", overlaps },
    { "add refuses one too many", full },
    { "an access over a region's end is refused, counted, reported",
      crossing_an_end },
    { "sizes that no device answers are refused", bad_sizes },
    { "one device in several regions, another one between", several_regions },
    { "the last hit is right after add, and whatever it is", last_hit },
    { "what is behind the last region is not the bus's",
      behind_the_last_region },
    { "copies of a bus share its regions, not its last hit", copies },
    { "1, 2, 3, 16, 17, 255, 256 regions, with gaps and without", many },
    { "a random walk agrees with a linear search", random_walk },
    { "valid() rejects each broken field", valid_rejects },
};
TESTS(table);

/* SPDX-License-Identifier: MIT */
/* Accesses to a device under test, and the battery for all devices. */

#include "harness.h"

struct seen seen;

#define STATE_MAX 4096U
#define UNTOUCHED 0xa5c3961eU

static struct {
    struct vsio_device *dev;
    size_t size;
    bool (*valid)(const struct vsio_device *dev);
} subject;

void watch(struct vsio_device *dev,
           size_t size,
           bool (*valid)(const struct vsio_device *dev))
{
    unsigned int i;

    EXPECT(size >= sizeof(*dev) && size <= STATE_MAX);
    subject.dev = dev;
    subject.size = size;
    subject.valid = valid;
    seen = (struct seen){ .irq_calls = 0 };
    for ( i = 0; i < SEEN_LINES; i++ )
        seen.level[i] = dev->lines >> i & 1;
    CHECK_VALID();
}

void check_valid(struct where where)
{
    const struct vsio_device *dev = subject.dev;
    unsigned int i;

    expect(subject.valid(dev), "valid()", where);
    expect_eq(dev->lines >> dev->class->lines, 0, "lines it has not", where);
    for ( i = 0; i < dev->class->lines && i < SEEN_LINES; i++ )
        if ( dev->host->set_irq == seen_irq )
            expect_eq(dev->lines >> i & 1, seen.level[i], "line told", where);
}

void seen_irq(void *ctx, unsigned int line, bool level)
{
    EXPECT(ctx == subject.dev->ctx);
    EXPECT(line < subject.dev->class->lines && line < SEEN_LINES);
    EXPECT(seen.level[line % SEEN_LINES] != level);
    seen.level[line % SEEN_LINES] = level;
    seen.irq_calls++;
}

void seen_event(void *ctx, const struct vsio_event *ev)
{
    EXPECT(ctx == subject.dev->ctx);
    seen.events++;
    seen.refused += ev->type == VSIO_EVENT_REFUSED;
    seen.unknown += ev->type == VSIO_EVENT_UNKNOWN;
    seen.dropped += ev->type == VSIO_EVENT_DROPPED;
    seen.last = *ev;
}

static bool listens(const struct vsio_device *dev)
{
    return dev->host->event == seen_event;
}

uint32_t rd(struct vsio_device *dev,
            uint32_t offset,
            unsigned int size,
            struct where where)
{
    uint64_t reads = dev->count.reads, refused = dev->count.refused;
    uint32_t value = UNTOUCHED;

    expect(vsio_read(dev, offset, size, &value), "read accepted", where);
    expect_eq(dev->count.reads, reads + 1, "count.reads", where);
    expect_eq(dev->count.refused, refused, "count.refused", where);
    if ( size < 4 )
        expect_eq(value >> (8 * size), 0, "bits above the access", where);
    check_valid(where);

    return value;
}

void wr(struct vsio_device *dev,
        uint32_t offset,
        unsigned int size,
        uint32_t value,
        struct where where)
{
    uint64_t writes = dev->count.writes, refused = dev->count.refused;

    expect(vsio_write(dev, offset, size, value), "write accepted", where);
    expect_eq(dev->count.writes, writes + 1, "count.writes", where);
    expect_eq(dev->count.refused, refused, "count.refused", where);
    check_valid(where);
}

static bool same(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;
    size_t i;

    for ( i = 0; i < n; i++ )
        if ( x[i] != y[i] )
            return false;

    return true;
}

static void copy(void *to, const void *from, size_t n)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    size_t i;

    for ( i = 0; i < n; i++ )
        t[i] = f[i];
}

static void access_refused(struct vsio_device *dev,
                           const struct vsio_event *want,
                           unsigned int size,
                           struct where where)
{
    /* size is apart: 256 + 4 is not 4, whatever the event says. */
    static union {
        struct vsio_device dev;
        uint64_t bytes[STATE_MAX / 8];
    } before;
    unsigned int told = seen.refused;
    uint32_t value = UNTOUCHED;
    bool ok;

    copy(&before, dev, subject.size);
    if ( want->write )
        ok = vsio_write(dev, want->offset, size, want->value);
    else
        ok = vsio_read(dev, want->offset, size, &value);

    expect(!ok, "access refused", where);
    expect_eq(value, UNTOUCHED, "*value of a refused read", where);
    before.dev.count.refused++;
    expect(same(&before, dev, subject.size), "state is unchanged", where);

    if ( listens(dev) )
    {
        expect_eq(seen.refused, told + 1, "refusals reported", where);
        expect_eq(seen.last.type, VSIO_EVENT_REFUSED, "event type", where);
        expect_eq(seen.last.write, want->write, "event write", where);
        expect_eq(seen.last.size, want->size, "event size", where);
        expect_eq(seen.last.offset, want->offset, "event offset", where);
        expect_eq(seen.last.value, want->value, "event value", where);
    }
    check_valid(where);
}

void rd_refused(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                struct where where)
{
    const struct vsio_event want = { VSIO_EVENT_REFUSED, false, (uint8_t)size,
                                     offset, 0 };

    access_refused(dev, &want, size, where);
}

void wr_refused(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                uint32_t value,
                struct where where)
{
    const struct vsio_event want = { VSIO_EVENT_REFUSED, true, (uint8_t)size,
                                     offset, value };

    access_refused(dev, &want, size, where);
}

static void was_unknown(struct vsio_device *dev,
                        uint64_t count,
                        unsigned int told,
                        const struct vsio_event *want,
                        struct where where)
{
    expect_eq(dev->count.unknown, count + 1, "count.unknown", where);
    if ( !listens(dev) )
        return;

    expect_eq(seen.unknown, told + 1, "unknown accesses reported", where);
    expect_eq(seen.last.type, VSIO_EVENT_UNKNOWN, "event type", where);
    expect_eq(seen.last.write, want->write, "event write", where);
    expect_eq(seen.last.offset, want->offset, "event offset", where);
    expect_eq(seen.last.value, want->value, "event value", where);
}

void rd_unknown(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                struct where where)
{
    uint32_t lane = offset & (dev->class->unit - 1U);
    const struct vsio_event want = { VSIO_EVENT_UNKNOWN, false, 0,
                                     offset - lane, 0 };
    uint64_t count = dev->count.unknown;
    unsigned int told = seen.unknown;

    expect_eq(rd(dev, offset, size, where), 0, "read of nothing", where);
    was_unknown(dev, count, told, &want, where);
}

void wr_unknown(struct vsio_device *dev,
                uint32_t offset,
                unsigned int size,
                uint32_t value,
                struct where where)
{
    uint32_t lane = offset & (dev->class->unit - 1U);
    uint32_t bits = size < 4 ? value & ((1U << (8 * size)) - 1) : value;
    const struct vsio_event want = { VSIO_EVENT_UNKNOWN, true, 0, offset - lane,
                                     bits << (8 * lane) };
    uint64_t count = dev->count.unknown;
    unsigned int told = seen.unknown;

    wr(dev, offset, size, value, where);
    was_unknown(dev, count, told, &want, where);
}

/* Independent of vsio_access_ok(): what the contract says in words. */
static bool good(const struct vsio_class *class,
                 uint32_t offset,
                 unsigned int size)
{
    uint64_t last = (uint64_t)offset + size - 1;

    if ( size != 1 && size != 2 && size != 4 )
        return false;

    return last < class->window && offset / class->unit == last / class->unit;
}

static void battery_at(uint32_t offset)
{
    static const uint8_t sizes[] = { 0, 1, 2, 3, 4, 5, 6, 8, 16, 64, 255 };
    static const uint32_t values[] = { 0xffffffff, 0, 0x5a3ca5c3 };
    struct vsio_device *dev = subject.dev;
    unsigned int i, k;

    for ( i = 0; i < ARRAY_SIZE(sizes); i++ )
    {
        bool ok = good(dev->class, offset, sizes[i]);

        at(offset, sizes[i]);
        EXPECT_EQ(vsio_access_ok(dev->class, offset, sizes[i]), ok);
        if ( ok )
        {
            rd(dev, offset, sizes[i], HERE);
            for ( k = 0; k < ARRAY_SIZE(values); k++ )
                wr(dev, offset, sizes[i], values[k], HERE);
            rd(dev, offset, sizes[i], HERE);
        }
        else
        {
            RD_REFUSED(dev, offset, sizes[i]);
            WR_REFUSED(dev, offset, sizes[i], values[2]);
        }
    }
}

void battery(void)
{
    uint32_t window = subject.dev->class->window, offset;

    for ( offset = 0; offset < window + 16; offset++ )
        battery_at(offset);
    for ( offset = UINT32_MAX - 16; offset != 0; offset++ )
        battery_at(offset);
    vsio_reset(subject.dev);
    CHECK_VALID();
}

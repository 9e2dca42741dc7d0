/* SPDX-License-Identifier: MIT */
/* The input, failures, and the watch on a device; see fuzz.h. */

#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct input input;
bool quiet;

static bool loud;
static unsigned int steps;

/* The name that libFuzzer, and the program that replays, call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input = (struct input){ data, data + size };
    loud = getenv("FUZZ_STEPS");
    quiet = false;
    steps = 0;
    fuzz_one();

    return 0;
}

uint8_t take8(void)
{
    return more() ? *input.at++ : 0;
}

uint16_t take16(void)
{
    uint8_t low = take8();

    return (uint16_t)(low | take8() << 8);
}

uint32_t take32(void)
{
    uint32_t low = take16();

    return low | (uint32_t)take16() << 16;
}

bool more(void)
{
    return input.at < input.end;
}

void say(const char *format, ...)
{
    va_list args;

    if ( !loud || quiet )
        return;

    printf("%5u  ", ++steps);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

void fail(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    abort();
}

void same(uint64_t is,
          uint64_t should_be,
          const char *what,
          const char *file,
          int line)
{
    if ( is == should_be )
        return;

    fprintf(stderr, "%#llx, not %#llx: ", (unsigned long long)is,
            (unsigned long long)should_be);
    fail(what, file, line);
}

/* --- The watch ------------------------------------------------------------ */

void watch(struct watch *w, struct vsio_device *dev, size_t size)
{
    w->dev = dev;
    w->size = size;
}

void trace(struct watch *w, uint32_t seen)
{
    w->trace = (w->trace ^ seen) * 0x01000193U;
}

struct watch *host_called(void *ctx)
{
    struct watch *w = ctx;

    REQUIRE(w->dev->ctx == ctx);
    w->calls++;

    return w;
}

void host_set_irq(void *ctx, unsigned int line, bool level)
{
    struct watch *w = host_called(ctx);

    REQUIRE(line < w->dev->class->lines);
    REQUIRE((w->level >> line & 1) != level);
    w->level ^= 1U << line;
    w->want.irqs += level;
    trace(w, line << 1 | level);
}

void host_event(void *ctx, const struct vsio_event *ev)
{
    struct watch *w = host_called(ctx);

    REQUIRE(w->dev->host->events >> ev->type & 1);
    trace(w, ev->type << 8 ^ ev->value);

    switch ( ev->type )
    {
    case VSIO_EVENT_REFUSED:
        w->told.refused++;
        break;
    case VSIO_EVENT_UNKNOWN:
        REQUIRE(ev->offset < w->dev->class->window);
        SAME(ev->size, w->dev->class->unit);
        w->told.unknown++;
        break;
    case VSIO_EVENT_DROPPED:
        REQUIRE(ev->offset < w->dev->class->window);
        w->told.bytes_dropped++;
        break;
    case VSIO_EVENT_OUT:
        w->told.bytes_out++;
        break;
    case VSIO_EVENT_IRQ:
        REQUIRE(ev->offset < w->dev->class->lines && ev->value < 2);
        w->told.irqs += ev->value;
        break;
    default:
        break;
    }
}

static void check_events(const struct watch *w)
{
    const struct vsio_counters *count = &w->dev->count;

    if ( vsio_wants(w->dev, VSIO_EVENT_REFUSED) )
        SAME(count->refused, w->told.refused);
    if ( vsio_wants(w->dev, VSIO_EVENT_UNKNOWN) )
        SAME(count->unknown, w->told.unknown);
    if ( vsio_wants(w->dev, VSIO_EVENT_DROPPED) )
        SAME(count->bytes_dropped, w->told.bytes_dropped);
    if ( vsio_wants(w->dev, VSIO_EVENT_OUT) )
        SAME(count->bytes_out, w->told.bytes_out);
    if ( vsio_wants(w->dev, VSIO_EVENT_IRQ) )
        SAME(count->irqs, w->told.irqs);
}

void watch_check(const struct watch *w)
{
    const struct vsio_counters *count = &w->dev->count;

    REQUIRE(w->dev->class->valid(w->dev));
    SAME(w->dev->lines >> w->dev->class->lines, 0);
    if ( w->dev->host->set_irq )
    {
        SAME(w->dev->lines, w->level);
        SAME(count->irqs, w->want.irqs);
    }
    SAME(count->reads, w->want.reads);
    SAME(count->writes, w->want.writes);
    SAME(count->refused, w->want.refused);
    SAME(count->bytes_in, w->want.bytes_in);
    SAME(count->bytes_out, w->want.bytes_out);
    SAME(count->bytes_dropped, w->want.bytes_dropped);
    check_events(w);
}

/* --- Accesses ------------------------------------------------------------- */

bool answered(const struct vsio_class *class,
              uint32_t offset,
              unsigned int size)
{
    uint64_t last = (uint64_t)offset + size - 1;

    if ( size != 1 && size != 2 && size != 4 )
        return false;

    return last < class->window && offset / class->unit == last / class->unit;
}

uint32_t bits_of(unsigned int size)
{
    return size == 1 ? 0xff : size == 2 ? 0xffff : UINT32_MAX;
}

unsigned int some_size(uint32_t n)
{
    static const uint8_t sizes[16] = { 4, 4, 4, 4, 4, 1, 1, 1,
                                       1, 2, 2, 4, 1, 3, 8, 0 };

    return sizes[n % 16];
}

uint32_t some_value(unsigned int size)
{
    if ( size == 1 )
        return take8() | 0xa5a5a500;

    return size == 2 ? take16() | 0xa5a50000 : take32();
}

uint32_t peek(const struct watch *w, uint32_t reg, const struct vsio_host *host)
{
    union {
        struct vsio_device dev;
        uint8_t bytes[2048];
    } copy;

    REQUIRE(w->size <= sizeof(copy));
    memcpy(&copy, w->dev, w->size);
    copy.dev.host = host;

    return copy.dev.class->read(&copy.dev, reg);
}

/* --- Snapshots ------------------------------------------------------------ */

void record_save(struct watch *w, struct record *r)
{
    uint32_t calls = w->calls;

    SAME(vsio_save(w->dev, r->bytes, sizeof(r->bytes), &r->size), VSIO_OK);
    REQUIRE(r->size == VSIO_RECORD_HEADER + w->dev->class->record);
    SAME(w->calls, calls);
}

void spoil(uint8_t *bytes, size_t *size, size_t room, size_t skip)
{
    uint8_t how = take8();
    unsigned int n = how % 8;
    size_t at;

    if ( how & 8 )
        skip = 0;
    while ( n-- )
    {
        at = skip + take16() % (*size - skip);
        bytes[at] = take8();
        say("  byte %zu of the record: %02x", at, bytes[at]);
    }

    if ( how >> 4 == 14 )
        *size -= 1 + take16() % *size;
    if ( how >> 4 == 15 && *size < room )
        bytes[(*size)++] = take8();
}

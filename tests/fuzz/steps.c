/* SPDX-License-Identifier: MIT */
/*
 * The steps that every device has. From some step on there may be two devices:
 * one that was restored in place, and one that became the same by the same
 * record. Each step is then done with both, and they must not differ.
 *
 * The first byte of a step: its lower half is the kind, the upper one a number.
 */

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define TWIN_STEP 0xf7 /* and 0xe7 */

static struct watch *rigs[2];
static unsigned int alive;
static uint8_t config;

static void check(struct watch *w)
{
    target.check(w);
    watch_check(w);
}

/* --- The guest ------------------------------------------------------------ */

void guest_write(struct watch *w,
                 uint32_t offset,
                 unsigned int size,
                 uint32_t value)
{
    bool good = answered(w->dev->class, offset, size);
    uint32_t lane = offset % w->dev->class->unit, mask;

    say("write %#x, %u bytes: %#x", offset, size, value & bits_of(size));
    if ( good )
    {
        mask = bits_of(size) << (8 * lane);
        w->want.writes++;
        target.writes(w, offset - lane, value << (8 * lane) & mask, mask);
    }
    else
        w->want.refused++;

    SAME(vsio_write(w->dev, offset, size, value), good);
}

void guest_read(struct watch *w, uint32_t offset, unsigned int size)
{
    bool good = answered(w->dev->class, offset, size);
    uint32_t lane = offset % w->dev->class->unit;
    uint32_t value = 0x5ec4e700, is = value, should_be = value, known = 0;

    if ( good )
    {
        w->want.reads++;
        should_be = target.reads(w, offset - lane, &known);
        should_be = should_be >> (8 * lane) & bits_of(size);
        known = known >> (8 * lane) | ~bits_of(size); /* nothing above */
    }
    else
        w->want.refused++;

    SAME(vsio_read(w->dev, offset, size, &value), good);
    say("read %#x, %u bytes: %#x", offset, size, value);
    is = value;
    if ( good )
        SAME_AS("what the guest reads", is & known, should_be & known);
    else
        SAME_AS("what a refused read leaves", is, should_be);
    trace(w, is);
}

static void guest_reset(struct watch *w)
{
    say("reset");
    target.resets(w);
    vsio_reset(w->dev);
}

/* --- Snapshots ------------------------------------------------------------ */

/* All but the device, and what its host knows of its lines, is the model's. */
static void become(struct watch *w,
                   const struct watch *model,
                   const struct record *r)
{
    struct watch own = *w;
    uint8_t *device = malloc(own.size), scratch[VSIO_RECORD_MAX];
    size_t used;

    memcpy(device, own.dev, own.size);
    memcpy(w, model, target.size);
    memcpy(own.dev, device, own.size);
    free(device);
    w->dev = own.dev;
    w->level = own.level;

    w->restoring = true;
    target.resumes(w);
    SAME(vsio_restore(w->dev, r->bytes, r->size, &used, scratch), VSIO_OK);
    SAME(used, r->size);
    w->restoring = false;
    w->trace = 0;
    check(w);
}

static void one_step(struct watch *w);

/* A few steps that the input does not have. */
static void scramble(struct watch *w)
{
    uint32_t seed = take16() + 1U, i;
    struct input rest = input;
    uint8_t bytes[64];

    for ( i = 0; i < sizeof(bytes); i++ )
    {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(seed >> 24);
        if ( (bytes[i] & 0x8f) == 0x87 )
            bytes[i] = 0; /* no snapshots in here */
    }

    input = (struct input){ bytes, bytes + sizeof(bytes) };
    while ( more() )
        one_step(w);
    input = rest;
}

/* A buffer that is too small, be it by a byte, is refused. */
static void save_too_small(struct watch *w, const struct record *r)
{
    uint8_t bytes[VSIO_RECORD_MAX];
    size_t size = r->size - 1 - r->size % 7, used;

    SAME(vsio_save(w->dev, bytes, size, &used), VSIO_ERROR_ROOM);
}

static void snapshot(struct watch *w, bool scrambled)
{
    struct watch *model = malloc(target.size);
    struct record r;

    say("save%s, restore", scrambled ? ", go on" : "");
    record_save(w, &r);
    save_too_small(w, &r);
    memcpy(model, w, target.size);
    if ( scrambled )
        scramble(w);
    become(w, model, &r);
    free(model);
}

/* Accepted or refused, both have to be whole. */
static void load_hostile(struct watch *w, const uint8_t *bytes, size_t size)
{
    uint8_t *before = malloc(w->size), scratch[VSIO_RECORD_MAX];
    uint32_t calls = w->calls;
    struct record again;
    enum vsio_error rc;
    size_t used = 0;

    memcpy(before, w->dev, w->size);
    rc = vsio_load(w->dev, bytes, size, &used, scratch);
    SAME(w->calls, calls);
    say("restore %zu hostile bytes: error %d", size, rc);
    if ( rc != VSIO_OK )
        REQUIRE(memcmp(before, w->dev, w->size) == 0);
    else
    {
        record_save(w, &again);
        SAME(used, again.size);
        REQUIRE(memcmp(again.bytes, bytes, used) == 0);

        w->want = w->told = w->dev->count;
        w->restoring = true;
        target.sync(w);
        target.resumes(w);
        vsio_resume(w->dev);
        w->restoring = false;
    }
    free(before);
}

static void hostile(struct watch *w)
{
    uint8_t *bytes;
    struct record r;
    size_t size;

    record_save(w, &r);
    size = r.size;
    spoil(r.bytes, &size, sizeof(r.bytes),
          VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS);

    bytes = malloc(size ? size : 1); /* its end is watched */
    memcpy(bytes, r.bytes, size);
    load_hostile(w, bytes, size);
    free(bytes);
}

/* --- Steps ---------------------------------------------------------------- */

static void rare_step(struct watch *w, uint32_t n)
{
    uint32_t offset;
    uint8_t size;

    if ( n < 2 )
        guest_reset(w);
    else if ( n < 8 )
    {
        offset = take32();
        size = take8();
        if ( n & 1 )
            guest_read(w, offset, size);
        else
            guest_write(w, offset, size, some_value(size));
    }
    else if ( n < 11 )
        snapshot(w, n > 8);
    else
        hostile(w);
}

static void one_step(struct watch *w)
{
    uint8_t step = take8();
    uint32_t n = step >> 4, kind = step & 15, offset;
    unsigned int size = some_size(n);

    switch ( kind )
    {
    case 0:
    case 1:
    case 2:
    case 3:
        offset = target.place();
        guest_write(w, offset, size, some_value(size));
        break;
    case 4:
    case 5:
    case 6:
        guest_read(w, target.place(), size);
        break;
    case 7:
        rare_step(w, n);
        break;
    default:
        target.host(w, kind - 8, n);
        break;
    }
    check(w);
}

static struct watch *start(void)
{
    struct watch *w = calloc(1, target.size);

    target.start(w, config);
    check(w);

    return w;
}

static void compare_records(void)
{
    struct record r[2];

    record_save(rigs[0], &r[0]);
    record_save(rigs[1], &r[1]);
    SAME(r[0].size, r[1].size);
    REQUIRE(memcmp(r[0].bytes, r[1].bytes, r[0].size) == 0);
}

/* The second device has another past, and becomes what the first one is. */
static void twin(void)
{
    struct watch *model = malloc(target.size);
    struct record r;

    say("save, restore here and into another device");
    record_save(rigs[0], &r);
    memcpy(model, rigs[0], target.size);

    quiet = true;
    if ( alive == 2 )
        free(rigs[1]);
    rigs[1] = start();
    alive = 2;
    scramble(rigs[1]);
    become(rigs[1], model, &r);
    quiet = false;
    become(rigs[0], model, &r);
    free(model);
    compare_records();
}

static void step_all(void)
{
    struct input before = input;
    unsigned int i;

    for ( i = 0; i < alive; i++ )
    {
        input = before;
        quiet = i > 0;
        one_step(rigs[i]);
    }
    quiet = false;
}

void fuzz_one(void)
{
    config = take8();
    rigs[0] = start();
    alive = 1;

    while ( more() )
    {
        if ( (*input.at | 0x10) == TWIN_STEP )
        {
            take8();
            twin();
        }
        else
            step_all();
        if ( alive == 2 )
            SAME(rigs[0]->trace, rigs[1]->trace);
    }

    if ( alive == 2 )
        compare_records();
    while ( alive )
        free(rigs[--alive]);
}

/* SPDX-License-Identifier: MIT */
/*
 * PL031: beside it a counter and a comparator, which know when they looked at
 * the clock last. The clock goes on, jumps, and is set back.
 */

#include "fuzz.h"
#include "pl031.h"
#include "pl031-regs.h"

#define NEVER VSIO_PL031_NO_ALARM
#define END   (UINT64_MAX - ((uint64_t)2 << 32)) /* the clock stops here */

struct rig {
    struct watch w;
    struct vsio_pl031 rtc;

    /* The host. */
    uint64_t now, alarm;
    uint32_t asked; /* for the time, in this step */

    /* The model. */
    uint64_t last;
    uint32_t offset, mr, lr;
    bool im, ris;
};

/* --- The model ------------------------------------------------------------ */

/* Seconds from a second on until the counter shows MR. */
static uint32_t until(const struct rig *r, uint64_t second)
{
    return r->mr - ((uint32_t)second + r->offset);
}

static void look(struct rig *r)
{
    uint64_t now = r->now < END ? r->now : END;

    if ( now > r->last )
        r->ris |= until(r, r->last + 1) <= now - r->last - 1;
    else if ( now < r->last ) /* what is history may come again */
        r->ris |= until(r, now) == 0;
    r->last = now;
}

/* What the host should have been told to wait for. */
static uint64_t wanted(const struct rig *r)
{
    uint64_t next = r->last + 1 + until(r, r->last + 1);

    return r->im && !r->ris && next <= END ? next : NEVER;
}

/* --- What the device asks of its host ------------------------------------- */

static uint64_t host_now(void *ctx)
{
    struct rig *r = (struct rig *)host_called(ctx);

    r->w.calls--; /* saving and loading may not tell; asking is no matter */
    r->asked++;

    return r->now;
}

static void host_set_alarm(void *ctx, uint64_t when)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(r->w.restoring || when != r->alarm);
    REQUIRE(when == NEVER || (when > r->last && when <= END));
    r->alarm = when;
    trace(&r->w, (uint32_t)when);
}

static const struct vsio_pl031_host hosts[] = {
    { .common = { host_set_irq, host_event, VSIO_WANT_ALL },
      .now = host_now,
      .set_alarm = host_set_alarm },
    { .common = { host_set_irq, host_event, VSIO_WANT_ERRORS },
      .now = host_now },
    { .now = host_now },
};

/* For looking at a copy: no time has passed. */
static uint64_t still(void *ctx)
{
    return ((const struct rig *)ctx)->last;
}

static const struct vsio_pl031_host deaf = { .now = still };

/* --- The target ----------------------------------------------------------- */

static void start(struct watch *w, uint8_t config)
{
    static const uint64_t times[] = { 1000, 0, UINT32_MAX - 3, END - 3 };
    struct rig *r = (struct rig *)w;

    r->now = r->last = times[config / 4 % COUNT(times)];
    r->alarm = NEVER;
    watch(w, &r->rtc.dev, sizeof(r->rtc));
    vsio_pl031_init(&r->rtc, &hosts[config % 4 % COUNT(hosts)], r);
}

static uint32_t place(void)
{
    uint8_t byte = take8();

    return byte < 0xe0 ? byte % 64 : 0xf00U + byte;
}

static void writes(struct watch *w, uint32_t reg, uint32_t value, uint32_t mask)
{
    struct rig *r = (struct rig *)w;

    look(r);
    switch ( reg )
    {
    case PL031_MR:
        r->mr = vsio_merge(r->mr, value, mask);
        r->ris |= until(r, r->last) == 0;
        break;
    case PL031_LR:
        r->lr = vsio_merge(r->lr, value, mask);
        r->offset = r->lr - (uint32_t)r->last;
        r->ris |= until(r, r->last) == 0;
        break;
    case PL031_IMSC:
        r->im = vsio_merge(r->im, value, mask) & 1;
        break;
    case PL031_ICR:
        r->ris &= !(value & 1);
        break;
    }
}

static uint32_t reads(struct watch *w, uint32_t reg, uint32_t *known)
{
    struct rig *r = (struct rig *)w;

    look(r);
    *known = UINT32_MAX;
    switch ( reg )
    {
    case PL031_DR:
        return (uint32_t)r->last + r->offset;
    case PL031_MR:
        return r->mr;
    case PL031_LR:
        return r->lr;
    case PL031_CR:
        return 1;
    case PL031_IMSC:
        return r->im;
    case PL031_RIS:
        return r->ris;
    case PL031_MIS:
        return r->ris && r->im;
    default:
        *known = reg < PL031_PERIPHID ? UINT32_MAX : 0;
        return 0;
    }
}

static void resets(struct watch *w)
{
    struct rig *r = (struct rig *)w;

    look(r);
    r->offset = r->mr = r->lr = 0;
    r->im = r->ris = false;
}

static void check(struct watch *w)
{
    struct rig *r = (struct rig *)w;

    SAME(peek(w, PL031_RIS, &deaf.common), r->ris);
    SAME(peek(w, PL031_MIS, &deaf.common), r->ris && r->im);
    SAME(w->dev->lines, r->ris && r->im);
    if ( ((const struct vsio_pl031_host *)w->dev->host)->set_alarm )
        SAME(r->alarm, wanted(r));
    REQUIRE(r->asked <= 1);
    r->asked = 0;
}

static void sync(struct watch *w)
{
    struct rig *r = (struct rig *)w;

    r->last = r->rtc.last;
    r->offset = r->rtc.offset;
    r->mr = r->rtc.mr;
    r->lr = r->rtc.lr;
    r->im = r->rtc.im;
    r->ris = r->rtc.ris;
}

static void resumes(struct watch *w)
{
    look((struct rig *)w);
}

/* --- The host ------------------------------------------------------------- */

/* The clock moves; the device does not know. */
static void move(struct rig *r, uint32_t kind, uint32_t n)
{
    switch ( kind )
    {
    case 0:
        r->now += n;
        break;
    case 1:
        r->now += take32();
        break;
    case 2:
        r->now -= take8();
        break;
    case 3:
        r->now = (uint64_t)take32() << (4 * n) % 61;
        break;
    default: /* around the alarm: 4 seconds before, up to 11 after */
        if ( r->alarm != NEVER )
            r->now = r->alarm - 4 + n;
        break;
    }
    say("the clock is at %llu", (unsigned long long)r->now);
}

static void short_cut(struct rig *r)
{
    uint32_t value;

    say("short cut, if it is open: DR read");
    if ( !vsio_pl031_read_dr(&r->rtc, r->now, &value) )
        return;
    look(r);
    r->w.want.reads++;
    SAME(value, (uint32_t)r->last + r->offset);
}

static void host(struct watch *w, uint32_t kind, uint32_t n)
{
    struct rig *r = (struct rig *)w;

    move(r, kind, n);
    if ( kind < 6 )
    {
        short_cut(r);
        return;
    }

    say("the alarm's time has come, says the host");
    r->alarm = NEVER;
    look(r);
    vsio_pl031_alarm(&r->rtc);
}

const struct target target = {
    .size = sizeof(struct rig),
    .start = start,
    .place = place,
    .writes = writes,
    .reads = reads,
    .resets = resets,
    .host = host,
    .check = check,
    .sync = sync,
    .resumes = resumes,
};

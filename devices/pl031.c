/* SPDX-License-Identifier: MIT */
/* PrimeCell RTC PL031; section numbers are those of Arm DDI 0224. */

#include "pl031.h"
#include "pl031-regs.h"
#include "pl031-state.h"
#include "snapshot.h"

static uint64_t host_now(const struct vsio_pl031 *r)
{
    uint64_t now = host_of(r)->now(r->dev.ctx);

    return now < CLOCK_END ? now : CLOCK_END;
}

/* The one way out of every change of state: the alarm and the line. */
static void update_irq(struct vsio_pl031 *r)
{
    const struct vsio_pl031_host *host = host_of(r);
    uint64_t when = wanted_alarm(r);

    if ( r->armed != when )
    {
        r->armed = when;
        if ( host->set_alarm )
            host->set_alarm(r->dev.ctx, when);
    }
    vsio_set_line(&r->dev, 0, r->im && r->ris);
}

/* 2.1: equal values raise RIS; until the next match this one is history. */
static void check_match(struct vsio_pl031 *r)
{
    if ( r->last < r->deadline )
        return;

    r->ris = true;
    r->deadline = match_from(r, r->last + 1);
}

/* What the time since the last call has done to RIS. */
static void catch_up(struct vsio_pl031 *r)
{
    uint64_t now = host_now(r);

    /* The clock was set back: a match that is history may come again. */
    if ( now < r->last )
        r->deadline = match_from(r, now);
    r->last = now;
    check_match(r);
}

static uint32_t pl031_read(struct vsio_device *dev, uint32_t reg)
{
    static const uint8_t id[] = {
        0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1
    };
    struct vsio_pl031 *r = to_pl031(dev);

    catch_up(r);
    update_irq(r);

    switch ( reg )
    {
    case PL031_DR:
        return counter(r, r->last);
    case PL031_MR:
        return r->mr;
    case PL031_LR:
        return r->lr;
    case PL031_CR:
        return PL031_CR_START; /* it runs, and can't be stopped */
    case PL031_IMSC:
        return r->im;
    case PL031_RIS:
        return r->ris;
    case PL031_MIS:
        return r->ris && r->im;
    default:
        if ( reg >= PL031_PERIPHID )
            return id[(reg - PL031_PERIPHID) / 4];
        vsio_unknown(dev, reg, false, 0);
        return 0;
    }
}

static void pl031_write(struct vsio_device *dev,
                        uint32_t reg,
                        uint32_t value,
                        uint32_t mask)
{
    struct vsio_pl031 *r = to_pl031(dev);

    catch_up(r); /* by the registers as they were until now */

    switch ( reg )
    {
    case PL031_MR:
        r->mr = vsio_merge(r->mr, value, mask);
        r->deadline = match_from(r, r->last);
        break;
    case PL031_LR:
        r->lr = vsio_merge(r->lr, value, mask);
        r->offset = r->lr - (uint32_t)r->last;
        vsio_tell(dev, VSIO_EVENT_TIME, reg, r->lr);
        r->deadline = match_from(r, r->last);
        break;
    case PL031_CR:
        break;
    case PL031_IMSC:
        r->im = vsio_merge(r->im, value, mask) & PL031_INT;
        break;
    case PL031_ICR:
        r->ris = r->ris && !(value & PL031_INT);
        break;
    default:
        vsio_unknown(dev, reg, true, value);
        break;
    }

    check_match(r);
    update_irq(r);
}

/* Reset values; RIS is clear even if the counter shows MR's 0 right now. */
static void power_on(struct vsio_pl031 *r)
{
    r->offset = r->lr = r->mr = 0;
    r->im = r->ris = false;
    r->last = host_now(r);
    r->deadline = match_from(r, r->last + 1);
}

static void pl031_reset(struct vsio_device *dev)
{
    struct vsio_pl031 *r = to_pl031(dev);

    power_on(r);
    update_irq(r);
}

void vsio_pl031_init(struct vsio_pl031 *r,
                     const struct vsio_pl031_host *host,
                     void *ctx)
{
    *r = (struct vsio_pl031){
        .dev = { .class = &vsio_pl031_class,
                 .host = &host->common,
                 .ctx = ctx },
        .armed = VSIO_PL031_NO_ALARM,
    };
    power_on(r);
}

void vsio_pl031_alarm(struct vsio_pl031 *r)
{
    /* The host's timer is one-shot: an early call must arm it again. */
    r->armed = VSIO_PL031_NO_ALARM;
    catch_up(r);
    update_irq(r);
}

void vsio_pl031_set_offset(struct vsio_pl031 *r, int32_t offset)
{
    catch_up(r);
    r->offset = (uint32_t)offset;
    r->deadline = match_from(r, r->last + 1);
    update_irq(r);
}

const struct vsio_class vsio_pl031_class = {
    .name = "pl031",
    .window = PL031_WINDOW,
    .unit = 4,
    .lines = 1,
    .read = pl031_read,
    .write = pl031_write,
    .reset = pl031_reset,
    .valid = vsio_pl031_class_valid,
    .type = VSIO_TYPE('P', 'L', '3', '1'),
    .version = 1,
    .record = VSIO_RECORD_COUNTERS + 22,
    .fields = vsio_pl031_class_fields,
    .derive = vsio_pl031_class_derive,
    .resume = vsio_pl031_class_resume,
};

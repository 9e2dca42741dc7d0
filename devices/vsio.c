/* SPDX-License-Identifier: MIT */
/* The part of the contract that is off the fast path. */

#include "vsio.h"

static void report(struct vsio_device *dev, const struct vsio_event *ev)
{
    if ( vsio_wants(dev, ev->type) )
        dev->host->event(dev->ctx, ev);
}

void vsio_tell(struct vsio_device *dev,
               enum vsio_event_type type,
               uint32_t offset,
               uint32_t value)
{
    const struct vsio_event ev = { type, false, 0, offset, value };

    report(dev, &ev);
}

static bool refuse(struct vsio_device *dev, const struct vsio_event *ev)
{
    dev->count.refused++;
    report(dev, ev);

    return false;
}

/* Where in its register an access begins. */
static uint32_t lane_of(const struct vsio_class *class, uint32_t offset)
{
    return offset & (class->unit - 1U);
}

bool vsio_read_part(struct vsio_device *dev,
                    uint32_t offset,
                    unsigned int size,
                    uint32_t *value)
{
    const struct vsio_event ev = { VSIO_EVENT_REFUSED, false, (uint8_t)size,
                                   offset, 0 };
    uint32_t lane = lane_of(dev->class, offset);

    if ( !vsio_access_ok(dev->class, offset, size) )
        return refuse(dev, &ev);

    dev->count.reads++;
    *value = (dev->class->read(dev, offset - lane) >> (8 * lane)) &
             (UINT32_MAX >> (32 - 8 * size));

    return true;
}

bool vsio_write_part(struct vsio_device *dev,
                     uint32_t offset,
                     unsigned int size,
                     uint32_t value)
{
    const struct vsio_event ev = { VSIO_EVENT_REFUSED, true, (uint8_t)size,
                                   offset, value };
    uint32_t lane = lane_of(dev->class, offset), mask;

    if ( !vsio_access_ok(dev->class, offset, size) )
        return refuse(dev, &ev);

    dev->count.writes++;
    mask = (UINT32_MAX >> (32 - 8 * size)) << (8 * lane);
    dev->class->write(dev, offset - lane, (value << (8 * lane)) & mask, mask);

    return true;
}

void vsio_unknown(struct vsio_device *dev,
                  uint32_t reg,
                  bool write,
                  uint32_t value)
{
    const struct vsio_event ev = { VSIO_EVENT_UNKNOWN, write, dev->class->unit,
                                   reg, value };

    dev->count.unknown++;
    report(dev, &ev);
}

void vsio_dropped(struct vsio_device *dev, uint32_t reg, uint32_t value)
{
    const struct vsio_event ev = { VSIO_EVENT_DROPPED, false, 0, reg, value };

    dev->count.bytes_dropped++;
    report(dev, &ev);
}

void vsio_set_line(struct vsio_device *dev, unsigned int line, bool level)
{
    uint32_t bit = (uint32_t)1 << line;

    if ( level == ((dev->lines & bit) != 0) )
        return;

    dev->lines ^= bit;
    dev->count.irqs += level ? 1U : 0U;
    vsio_tell(dev, VSIO_EVENT_IRQ, line, level);
    if ( dev->host->set_irq )
        dev->host->set_irq(dev->ctx, line, level);
}

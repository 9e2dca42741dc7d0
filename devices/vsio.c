/* SPDX-License-Identifier: MIT */
/* The part of the contract that is off the fast path. */

#include "vsio.h"

static void report(struct vsio_device *dev, const struct vsio_event *ev)
{
    if ( dev->host->event )
        dev->host->event(dev->ctx, ev);
}

bool vsio_refuse(struct vsio_device *dev, const struct vsio_event *ev)
{
    dev->count.refused++;
    report(dev, ev);

    return false;
}

void vsio_unknown(struct vsio_device *dev,
                  uint32_t reg,
                  bool write,
                  uint32_t value)
{
    const struct vsio_event ev = {VSIO_EVENT_UNKNOWN, write, dev->class->unit,
                                  reg, value};

    dev->count.unknown++;
    report(dev, &ev);
}

void vsio_dropped(struct vsio_device *dev, uint32_t reg, uint32_t value)
{
    const struct vsio_event ev = {VSIO_EVENT_DROPPED, false, 0, reg, value};

    dev->count.bytes_dropped++;
    report(dev, &ev);
}

void vsio_set_line(struct vsio_device *dev,
                   unsigned int line,
                   bool *now,
                   bool level)
{
    if ( *now == level )
        return;

    *now = level;
    dev->count.irqs += level;
    if ( dev->host->set_irq )
        dev->host->set_irq(dev->ctx, line, level);
}

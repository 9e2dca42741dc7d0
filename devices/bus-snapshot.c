/* SPDX-License-Identifier: MIT */
/* All devices of a bus, saved and restored together. */

#include "bus-private.h"
#include "bus.h"
#include "snapshot.h"

enum vsio_error vsio_bus_save(const struct vsio_bus *bus,
                              uint8_t *buf,
                              size_t size,
                              size_t *used)
{
    struct vsio_stream s = { .writes = true, .out = buf, .size = size };
    enum vsio_error rc;
    size_t record;
    uint32_t n;

    vsio_bus_places_save(bus, &s);
    if ( s.at > s.size )
        return VSIO_ERROR_ROOM;

    for ( n = vsio_bus_next(bus, 0); n < bus->count;
          n = vsio_bus_next(bus, n + 1) )
    {
        rc = vsio_save(bus->regions[n].dev, buf + s.at, size - s.at, &record);
        if ( rc != VSIO_OK )
            return rc;
        s.at += record;
    }
    *used = s.at;

    return VSIO_OK;
}

static enum vsio_error load(struct vsio_device *dev,
                            const struct vsio_stream *s,
                            size_t *used,
                            uint8_t *scratch)
{
    return vsio_load(dev, s->in + s->at, s->size - s->at, used, scratch);
}

/* As load(), but the device is afterwards what it was. */
static enum vsio_error try_load(struct vsio_device *dev,
                                const struct vsio_stream *s,
                                size_t *used,
                                uint8_t *scratch)
{
    uint8_t *now = scratch + VSIO_RECORD_MAX;
    size_t kept, again;
    enum vsio_error rc;

    rc = vsio_save(dev, now, VSIO_RECORD_MAX, &kept);
    if ( rc == VSIO_OK )
        rc = load(dev, s, used, scratch);
    if ( rc != VSIO_OK )
        return rc;

    return vsio_load(dev, now, kept, &again, scratch);
}

/* All records, one for each device, and nothing behind them. */
static enum vsio_error load_all(const struct vsio_bus *bus,
                                struct vsio_stream *s,
                                uint8_t *scratch,
                                bool for_good)
{
    struct vsio_device *dev;
    enum vsio_error rc;
    size_t used;
    uint32_t n;

    for ( n = vsio_bus_next(bus, 0); n < bus->count;
          n = vsio_bus_next(bus, n + 1) )
    {
        dev = bus->regions[n].dev;
        rc = for_good ? load(dev, s, &used, scratch)
                      : try_load(dev, s, &used, scratch);
        if ( rc != VSIO_OK )
            return rc;
        s->at += used;
    }

    return s->at == s->size ? VSIO_OK : VSIO_ERROR_EXTRA;
}

enum vsio_error vsio_bus_restore(const struct vsio_bus *bus,
                                 const uint8_t *buf,
                                 size_t size,
                                 uint8_t *scratch)
{
    struct vsio_stream s = { .in = buf, .size = size };
    enum vsio_error rc = vsio_bus_places_check(bus, &s);
    size_t at = s.at;
    uint32_t n;

    /* First all are tried. What loads once, loads again. */
    if ( rc == VSIO_OK )
        rc = load_all(bus, &s, scratch, false);
    s.at = at;
    if ( rc == VSIO_OK )
        rc = load_all(bus, &s, scratch, true);
    if ( rc != VSIO_OK )
        return rc;

    /* Last: what one sends now may arrive at another one. */
    for ( n = vsio_bus_next(bus, 0); n < bus->count;
          n = vsio_bus_next(bus, n + 1) )
        vsio_resume(bus->regions[n].dev);

    return VSIO_OK;
}

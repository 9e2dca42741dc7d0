/* SPDX-License-Identifier: MIT */
/*
 * bus-private.h - parts of a bus's snapshot: private to bus-places.c and
 * bus-snapshot.c. A snapshot begins with the places of the devices.
 */
#ifndef VSIO_BUS_PRIVATE_H
#define VSIO_BUS_PRIVATE_H

#include "bus.h"
#include "snapshot.h"

/* The next region, from number n on, that is the first of its device. */
static inline uint32_t vsio_bus_next(const struct vsio_bus *bus, uint32_t n)
{
    while ( n < bus->count && !bus->regions[n].first )
        n++;

    return n;
}

/* Write header and places; s fails if there is no room. */
void vsio_bus_places_save(const struct vsio_bus *bus, struct vsio_stream *s);

/* Are they those of this bus? On success the first record is what follows. */
enum vsio_error vsio_bus_places_check(const struct vsio_bus *bus,
                                      struct vsio_stream *s);

#endif /* VSIO_BUS_PRIVATE_H */

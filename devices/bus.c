/* SPDX-License-Identifier: MIT */
/* Regions, sorted; and whose an address is. */

#include "bus.h"

#define PORTS 0x10000U

void vsio_bus_init(struct vsio_bus *bus,
                   struct vsio_bus_region *regions,
                   uint32_t capacity)
{
    *bus = (struct vsio_bus){ .regions = regions, .capacity = capacity };
}

/* Below its base the difference wraps, and is beyond every size. */
static bool has(const struct vsio_bus_region *r,
                enum vsio_space space,
                uint64_t address)
{
    return r->space == space && address - r->base < r->size;
}

/* How many regions begin at this address or before it. */
static uint32_t begun(const struct vsio_bus *bus,
                      enum vsio_space space,
                      uint64_t address)
{
    uint32_t low = 0, high = bus->count, middle;
    const struct vsio_bus_region *r;

    while ( low < high )
    {
        middle = low + (high - low) / 2;
        r = &bus->regions[middle];
        if ( r->space < space || (r->space == space && r->base <= address) )
            low = middle + 1;
        else
            high = middle;
    }

    return low;
}

static bool fits_space(const struct vsio_bus_region *r)
{
    if ( r->space == VSIO_SPACE_PORTS )
        return r->base < PORTS && r->size <= PORTS - r->base;

    return r->size - 1U <= UINT64_MAX - r->base;
}

static bool fits_window(const struct vsio_bus_region *r)
{
    uint32_t window = r->dev->class->window;

    return r->offset < window && r->size <= window - r->offset;
}

/* The region that shares a byte with r, which would become number n. */
static const struct vsio_bus_region *in_the_way(const struct vsio_bus *bus,
                                                const struct vsio_bus_region *r,
                                                uint32_t n)
{
    const struct vsio_bus_region *regions = bus->regions;

    if ( n && has(&regions[n - 1], r->space, r->base) )
        return &regions[n - 1];
    if ( n < bus->count && has(r, regions[n].space, regions[n].base) )
        return &regions[n];

    return NULL;
}

static void insert(struct vsio_bus *bus,
                   const struct vsio_bus_region *region,
                   uint32_t n)
{
    struct vsio_bus_region *r;
    bool first = true;
    uint32_t i;

    for ( i = bus->count++; i > n; i-- )
        bus->regions[i] = bus->regions[i - 1];
    bus->regions[n] = *region;

    for ( i = 0; i < bus->count; i++ )
    {
        r = &bus->regions[i];
        if ( r->dev != region->dev )
            continue;
        r->first = first;
        first = false;
    }
}

enum vsio_bus_error vsio_bus_add(struct vsio_bus *bus,
                                 const struct vsio_bus_region *region,
                                 const struct vsio_bus_region **there)
{
    uint32_t n = begun(bus, region->space, region->base);
    const struct vsio_bus_region *other;

    if ( !region->size )
        return VSIO_BUS_EMPTY;
    if ( !fits_space(region) )
        return VSIO_BUS_BEYOND;
    if ( !fits_window(region) )
        return VSIO_BUS_WINDOW;

    other = in_the_way(bus, region, n);
    if ( other )
    {
        if ( there )
            *there = other;
        return VSIO_BUS_TAKEN;
    }
    if ( bus->count == bus->capacity )
        return VSIO_BUS_FULL;

    insert(bus, region, n);

    return VSIO_BUS_OK;
}

const struct vsio_bus_region *vsio_bus_find(struct vsio_bus *bus,
                                            enum vsio_space space,
                                            uint64_t address)
{
    uint32_t n = bus->last;

    /* A guest polls one device for long; if not, no harm is done. */
    if ( n < bus->count && has(&bus->regions[n], space, address) )
        return &bus->regions[n];

    n = begun(bus, space, address);
    if ( !n || !has(&bus->regions[n - 1], space, address) )
        return NULL;
    bus->last = n - 1;

    return &bus->regions[n - 1];
}

static uint32_t place_in(const struct vsio_bus_region *r, uint64_t address)
{
    return (uint32_t)(address - r->base);
}

static bool leaves(const struct vsio_bus_region *r,
                   uint64_t address,
                   unsigned int size)
{
    return size > r->size - place_in(r, address);
}

/* What is behind the region may be the device's, but it is not here. */
static bool refuse(struct vsio_device *dev, const struct vsio_event *ev)
{
    dev->count.refused++;
    if ( vsio_wants(dev, VSIO_EVENT_REFUSED) )
        dev->host->event(dev->ctx, ev);

    return false;
}

bool vsio_region_read(const struct vsio_bus_region *region,
                      uint64_t address,
                      unsigned int size,
                      uint32_t *value)
{
    uint32_t offset = region->offset + place_in(region, address);
    const struct vsio_event ev = { VSIO_EVENT_REFUSED, false, (uint8_t)size,
                                   offset, 0 };

    if ( leaves(region, address, size) )
        return refuse(region->dev, &ev);

    return vsio_read(region->dev, offset, size, value);
}

bool vsio_region_write(const struct vsio_bus_region *region,
                       uint64_t address,
                       unsigned int size,
                       uint32_t value)
{
    uint32_t offset = region->offset + place_in(region, address);
    const struct vsio_event ev = { VSIO_EVENT_REFUSED, true, (uint8_t)size,
                                   offset, value };

    if ( leaves(region, address, size) )
        return refuse(region->dev, &ev);

    return vsio_write(region->dev, offset, size, value);
}

enum vsio_bus_answer vsio_bus_read(struct vsio_bus *bus,
                                   enum vsio_space space,
                                   uint64_t address,
                                   unsigned int size,
                                   uint32_t *value)
{
    const struct vsio_bus_region *region = vsio_bus_find(bus, space, address);

    if ( !region )
        return VSIO_BUS_NOBODY;

    return vsio_region_read(region, address, size, value) ? VSIO_BUS_ANSWERED
                                                          : VSIO_BUS_REFUSED;
}

enum vsio_bus_answer vsio_bus_write(struct vsio_bus *bus,
                                    enum vsio_space space,
                                    uint64_t address,
                                    unsigned int size,
                                    uint32_t value)
{
    const struct vsio_bus_region *region = vsio_bus_find(bus, space, address);

    if ( !region )
        return VSIO_BUS_NOBODY;

    return vsio_region_write(region, address, size, value) ? VSIO_BUS_ANSWERED
                                                           : VSIO_BUS_REFUSED;
}

/* first is set for this region, and for no lower one of its device. */
static bool valid_first(const struct vsio_bus *bus, uint32_t n)
{
    bool first = true;
    uint32_t i;

    for ( i = 0; i < n; i++ )
        first = first && bus->regions[i].dev != bus->regions[n].dev;

    return bus->regions[n].first == first;
}

/* It is behind the one before it. */
static bool valid_order(const struct vsio_bus *bus, uint32_t n)
{
    const struct vsio_bus_region *r = &bus->regions[n], *other = r - 1;

    return !n || other->space < r->space ||
           (other->space == r->space && other->base < r->base &&
            r->base - other->base >= other->size);
}

bool vsio_bus_valid(const struct vsio_bus *bus)
{
    const struct vsio_bus_region *r;
    uint32_t n;

    if ( bus->count > bus->capacity )
        return false;

    for ( n = 0; n < bus->count; n++ )
    {
        r = &bus->regions[n];
        if ( !r->size || !fits_space(r) || !fits_window(r) ||
             !valid_order(bus, n) || !valid_first(bus, n) )
            return false;
    }

    return true;
}

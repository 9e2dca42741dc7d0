/* SPDX-License-Identifier: MIT */
/* The head of a bus's snapshot: where the devices are. */

#include "bus-private.h"

#define BUS_TYPE    VSIO_TYPE('B', 'U', 'S', ' ')
#define BUS_VERSION 1U

/* Where a device is: that is its name in a snapshot. */
struct place {
    uint8_t space;
    uint64_t base;
};

static void place_fields(struct vsio_stream *s, struct place *p)
{
    vsio_field8(s, &p->space);
    vsio_field64(s, &p->base);
}

static struct place place_of(const struct vsio_bus *bus, uint32_t n)
{
    const struct vsio_bus_region *r = &bus->regions[n];

    return (struct place){ (uint8_t)r->space, r->base };
}

static bool before(struct place a, struct place b)
{
    return a.space < b.space || (a.space == b.space && a.base < b.base);
}

/* The header: as that of a record, how many places, and the places. */
struct header {
    uint32_t type;
    uint16_t version, zero;
    uint32_t length, places;
};

static void header_fields(struct vsio_stream *s, struct header *h)
{
    vsio_field32(s, &h->type);
    vsio_field16(s, &h->version);
    vsio_field16(s, &h->zero);
    vsio_field32(s, &h->length);
    vsio_field32(s, &h->places);
}

/* What length has to be. */
static uint64_t length_of(uint32_t places)
{
    return 4 + (uint64_t)places * VSIO_BUS_PLACE;
}

static uint32_t devices(const struct vsio_bus *bus)
{
    uint32_t count = 0, n;

    for ( n = vsio_bus_next(bus, 0); n < bus->count;
          n = vsio_bus_next(bus, n + 1) )
        count++;

    return count;
}

void vsio_bus_places_save(const struct vsio_bus *bus, struct vsio_stream *s)
{
    struct header h = { .type = BUS_TYPE, .version = BUS_VERSION };
    struct place place;
    uint32_t n;

    h.places = devices(bus);
    h.length = (uint32_t)length_of(h.places);
    header_fields(s, &h);
    for ( n = vsio_bus_next(bus, 0); n < bus->count;
          n = vsio_bus_next(bus, n + 1) )
    {
        place = place_of(bus, n);
        place_fields(s, &place);
    }
}

/* The places of a snapshot: bytes that are all there. */
struct places {
    const uint8_t *in;
    uint32_t count;
};

/* As place_fields() wrote it. */
static struct place place_at(const struct places *p, uint32_t n)
{
    const uint8_t *in = p->in + (size_t)n * VSIO_BUS_PLACE;
    struct place place = { in[0], 0 };
    unsigned int i;

    for ( i = VSIO_BUS_PLACE - 1; i; i-- )
        place.base = place.base << 8 | in[i];

    return place;
}

/* On success s is where the first record is. */
static enum vsio_error open_places(struct vsio_stream *s, struct places *p)
{
    struct header h = { .type = 0 };

    if ( s->size < VSIO_RECORD_HEADER + 4U )
        return VSIO_ERROR_TRUNCATED;
    header_fields(s, &h);
    if ( h.zero )
        return VSIO_ERROR_INVALID;
    if ( h.type != BUS_TYPE )
        return VSIO_ERROR_TYPE;
    if ( h.version == 0 || h.version > BUS_VERSION )
        return VSIO_ERROR_VERSION;
    if ( h.length != length_of(h.places) )
        return VSIO_ERROR_LENGTH;
    if ( h.length > s->size - VSIO_RECORD_HEADER )
        return VSIO_ERROR_TRUNCATED;

    p->in = s->in + s->at;
    p->count = h.places;
    s->at = VSIO_RECORD_HEADER + h.length;

    return VSIO_OK;
}

/* Is place n among those before it? */
static bool repeated(const struct places *p, uint32_t n)
{
    struct place place = place_at(p, n), other;
    uint32_t i;

    for ( i = 0; i < n; i++ )
    {
        other = place_at(p, i);
        if ( !before(place, other) && !before(other, place) )
            return true;
    }

    return false;
}

/* Place i is behind the one before it, and is that of region n. */
static enum vsio_error check_place(const struct vsio_bus *bus,
                                   const struct places *p,
                                   uint32_t i,
                                   uint32_t n)
{
    struct place place = place_at(p, i);

    if ( i && !before(place_at(p, i - 1), place) )
        return repeated(p, i) ? VSIO_ERROR_DUPLICATE : VSIO_ERROR_ORDER;
    if ( n == bus->count || before(place, place_of(bus, n)) )
        return VSIO_ERROR_EXTRA;

    return before(place_of(bus, n), place) ? VSIO_ERROR_MISSING : VSIO_OK;
}

/* However many are claimed: one more than there are devices is wrong. */
static enum vsio_error check_places(const struct vsio_bus *bus,
                                    const struct places *p)
{
    uint32_t n = vsio_bus_next(bus, 0), i;
    enum vsio_error rc;

    for ( i = 0; i < p->count; i++, n = vsio_bus_next(bus, n + 1) )
    {
        rc = check_place(bus, p, i, n);
        if ( rc != VSIO_OK )
            return rc;
    }

    return n == bus->count ? VSIO_OK : VSIO_ERROR_MISSING;
}

enum vsio_error vsio_bus_places_check(const struct vsio_bus *bus,
                                      struct vsio_stream *s)
{
    struct places p = { .count = 0 };
    enum vsio_error rc = open_places(s, &p);

    return rc == VSIO_OK ? check_places(bus, &p) : rc;
}

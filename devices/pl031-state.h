/* SPDX-License-Identifier: MIT */
/*
 * pl031-state.h - what follows from what in the state of a PL031: private to
 * pl031.c and pl031-state.c.
 */
#ifndef VSIO_PL031_STATE_H
#define VSIO_PL031_STATE_H

#include "pl031.h"
#include "vsio.h"

static inline struct vsio_pl031 *to_pl031(struct vsio_device *dev)
{
    return (struct vsio_pl031 *)dev;
}

static inline const struct vsio_pl031_host *host_of(const struct vsio_pl031 *r)
{
    return (const struct vsio_pl031_host *)r->dev.host;
}

/* Seconds until the counter shows the same value again. */
#define WRAP ((uint64_t)1 << 32)

#define CLOCK_END VSIO_PL031_CLOCK_END

/* What DR shows in a second of the host. */
static inline uint32_t counter(const struct vsio_pl031 *r, uint64_t second)
{
    return (uint32_t)second + r->offset;
}

/* The first second, from the given one on, in which DR shows MR. */
static inline uint64_t match_from(const struct vsio_pl031 *r, uint64_t second)
{
    return second + (uint32_t)(r->mr - counter(r, second));
}

/* Only a match that moves the line, and that the clock can reach. */
static inline uint64_t wanted_alarm(const struct vsio_pl031 *r)
{
    if ( !r->im || r->ris || r->deadline > CLOCK_END )
        return VSIO_PL031_NO_ALARM;

    return r->deadline;
}

/* pl031-state.c, for the class. */
bool vsio_pl031_class_valid(const struct vsio_device *dev);
void vsio_pl031_class_fields(struct vsio_device *dev, struct vsio_stream *s);
void vsio_pl031_class_derive(struct vsio_device *dev);
void vsio_pl031_class_resume(struct vsio_device *dev);

#endif /* VSIO_PL031_STATE_H */

/* SPDX-License-Identifier: MIT */
/* The state of a PL031 as a whole: its invariant, and its record. */

#include "pl031-state.h"
#include "snapshot.h"

bool vsio_pl031_class_valid(const struct vsio_device *dev)
{
    const struct vsio_pl031 *r = (const struct vsio_pl031 *)dev;

    return r->last <= CLOCK_END && r->deadline == match_from(r, r->last + 1) &&
           r->armed == wanted_alarm(r) &&
           r->dev.lines == (r->im && r->ris ? 1U : 0U);
}

bool vsio_pl031_valid(const struct vsio_pl031 *r)
{
    return vsio_pl031_class_valid(&r->dev);
}

/* The second of the last look goes with it: what came since, is not lost. */
void vsio_pl031_class_fields(struct vsio_device *dev, struct vsio_stream *s)
{
    struct vsio_pl031 *r = to_pl031(dev);

    vsio_field64(s, &r->last);
    vsio_field32(s, &r->offset);
    vsio_field32(s, &r->lr);
    vsio_field32(s, &r->mr);
    vsio_field_bool(s, &r->im);
    vsio_field_bool(s, &r->ris);
}

void vsio_pl031_class_derive(struct vsio_device *dev)
{
    struct vsio_pl031 *r = to_pl031(dev);

    r->deadline = match_from(r, r->last + 1);
    r->armed = wanted_alarm(r);
    dev->lines = r->im && r->ris;
}

/* What the host was told is of no use; the clock has gone on meanwhile. */
void vsio_pl031_class_resume(struct vsio_device *dev)
{
    struct vsio_pl031 *r = to_pl031(dev);
    const struct vsio_pl031_host *host = host_of(r);

    if ( host->set_alarm )
        host->set_alarm(dev->ctx, VSIO_PL031_NO_ALARM);
    vsio_pl031_alarm(r);
}

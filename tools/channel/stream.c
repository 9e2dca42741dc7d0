/* SPDX-License-Identifier: MIT */
/* The two ends of a stream; see stream.h. */

#include "stream.h"

#define WINDOW VSIO_STREAM_WINDOW

void vsio_outflow_init(struct vsio_outflow *f)
{
    *f = (struct vsio_outflow){ .credit = WINDOW };
}

bool vsio_outflow_credit(struct vsio_outflow *f, uint32_t more)
{
    if ( more > WINDOW - f->credit )
        return false;
    f->credit += more;

    return true;
}

void vsio_inflow_init(struct vsio_inflow *f)
{
    f->first = f->count = 0;
    f->credit = WINDOW;
    f->ended = false;
}

bool vsio_inflow_put(struct vsio_inflow *f, const uint8_t *data, size_t size)
{
    size_t i;

    if ( f->ended || size > f->credit )
        return false;
    for ( i = 0; i < size; i++ )
        f->data[(f->first + f->count + i) % WINDOW] = data[i];
    f->count = (uint16_t)(f->count + size);
    f->credit = (uint16_t)(f->credit - size);

    return true;
}

size_t vsio_inflow_peek(const struct vsio_inflow *f, const uint8_t **data)
{
    size_t together = WINDOW - f->first;

    *data = f->data + f->first;

    return together < f->count ? together : f->count;
}

void vsio_inflow_drop(struct vsio_inflow *f, size_t size)
{
    f->first = (uint16_t)((f->first + size) % WINDOW);
    f->count = (uint16_t)(f->count - size);
}

uint32_t vsio_inflow_grant(struct vsio_inflow *f)
{
    uint32_t room = WINDOW - f->count - f->credit;

    if ( f->ended || room < VSIO_STREAM_GRANT )
        return 0;
    f->credit = (uint16_t)(f->credit + room);

    return room;
}

bool vsio_inflow_valid(const struct vsio_inflow *f)
{
    return f->first < WINDOW && f->count <= WINDOW &&
           f->credit <= WINDOW - f->count;
}

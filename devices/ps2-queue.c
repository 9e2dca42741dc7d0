/* SPDX-License-Identifier: MIT */
/* Bytes that wait in a PS/2 device; see ps2-queue.h. */

#include "ps2-queue.h"

bool vsio_ps2_put(struct vsio_ps2_queue *q,
                  const uint8_t *bytes,
                  uint32_t n,
                  uint32_t limit)
{
    uint32_t last = (uint32_t)q->first + q->count, i;

    if ( q->count + n > limit )
        return false;

    for ( i = 0; i < n; i++ )
        q->byte[(last + i) % VSIO_PS2_QUEUE] = bytes[i];
    q->count = (uint8_t)(q->count + n);

    return true;
}

uint8_t vsio_ps2_take(struct vsio_ps2_queue *q)
{
    uint8_t byte = q->byte[q->first];

    q->first = (q->first + 1) % VSIO_PS2_QUEUE;
    q->count--;

    return byte;
}

void vsio_ps2_lost(struct vsio_device *dev, const uint8_t *bytes, uint32_t n)
{
    uint32_t i;

    /* All that these devices say passes the one register at 0. */
    for ( i = 0; i < n; i++ )
        vsio_dropped(dev, 0, bytes[i]);
}

void vsio_ps2_clear(struct vsio_ps2_queue *q, struct vsio_device *dev)
{
    uint8_t byte;

    while ( q->count )
    {
        byte = vsio_ps2_take(q);
        vsio_ps2_lost(dev, &byte, 1);
    }
}

void vsio_ps2_answer(struct vsio_ps2_queue *q,
                     struct vsio_device *dev,
                     const uint8_t *bytes,
                     uint32_t n)
{
    if ( vsio_ps2_put(q, bytes, n, VSIO_PS2_QUEUE) )
        return;

    vsio_ps2_clear(q, dev);
    (void)vsio_ps2_put(q, bytes, n, VSIO_PS2_QUEUE);
}

bool vsio_ps2_queue_valid(const struct vsio_ps2_queue *q, uint32_t limit)
{
    return q->first < VSIO_PS2_QUEUE && q->count <= limit;
}

void vsio_ps2_queue_fields(struct vsio_ps2_queue *q, struct vsio_stream *s)
{
    vsio_field_bytes(s, q->byte, sizeof(q->byte));
    vsio_field8(s, &q->first);
    vsio_field8(s, &q->count);
}

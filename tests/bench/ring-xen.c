/* SPDX-License-Identifier: GPL-2.0-only */
/* Xen's end of a console ring, xen/vsio/ring.h, for a program with threads. */

#include "vsio/ring.h"

#include "ring-xen.h"

static struct vsio_ring ring;

void xen_init(void *page)
{
    vsio_ring_init(&ring, page);
}

bool xen_put(uint8_t byte)
{
    return vsio_ring_put(&ring, byte);
}

unsigned int xen_take(uint8_t *to, unsigned int n, bool *was_full)
{
    const uint8_t *data;
    unsigned int there = vsio_ring_peek(&ring, &data);

    *was_full = false;
    if ( !there )
        return 0;

    n = min(n, there);
    memcpy(to, data, n);
    *was_full = vsio_ring_taken(&ring, n);

    return n;
}

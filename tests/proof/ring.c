/* SPDX-License-Identifier: MIT */
/* The inline functions of xen/vsio/ring.h and console.h, to begin with. */

#include "console.h"

bool proof_console_valid(const struct vsio_console *c);
void proof_ring_init(struct vsio_console *c, void *page);
void proof_ring_publish(struct vsio_console *c);
XENCONS_RING_IDX proof_ring_queued(struct vsio_console *c);
bool proof_ring_put(struct vsio_console *c, uint8_t byte);
unsigned int proof_ring_peek(struct vsio_console *c, const uint8_t **data);
bool proof_ring_taken(struct vsio_console *c, unsigned int n);
bool proof_ring_take_one(struct vsio_console *c, uint8_t *byte, bool *full);
bool proof_console_tx(struct vsio_console *c, uint8_t byte);

/* Of our two indexes there is nothing that they can't be. */
bool proof_console_valid(const struct vsio_console *c)
{
    return c->output <= VSIO_OUTPUT_TOLD;
}

void proof_ring_init(struct vsio_console *c, void *page)
{
    vsio_ring_init(&c->ring, page);
}

void proof_ring_publish(struct vsio_console *c)
{
    vsio_ring_publish(&c->ring);
}

XENCONS_RING_IDX proof_ring_queued(struct vsio_console *c)
{
    return vsio_ring_queued(&c->ring);
}

bool proof_ring_put(struct vsio_console *c, uint8_t byte)
{
    return vsio_ring_put(&c->ring, byte);
}

unsigned int proof_ring_peek(struct vsio_console *c, const uint8_t **data)
{
    return vsio_ring_peek(&c->ring, data);
}

bool proof_ring_taken(struct vsio_console *c, unsigned int n)
{
    return vsio_ring_taken(&c->ring, n);
}

bool proof_ring_take_one(struct vsio_console *c, uint8_t *byte, bool *full)
{
    return vsio_ring_take_one(&c->ring, byte, full);
}

bool proof_console_tx(struct vsio_console *c, uint8_t byte)
{
    return vsio_console_tx(c, byte);
}

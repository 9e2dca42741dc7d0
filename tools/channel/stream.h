/* SPDX-License-Identifier: MIT */
/*
 * stream.h - the two ends of a stream: who sends has credit, who receives has
 * room for all of it. docs/channel.md.
 */
#ifndef VSIO_STREAM_H
#define VSIO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VSIO_STREAM_WINDOW 4096U /* credit at first, and at most */
#define VSIO_STREAM_GRANT  1024U /* credit is given in no smaller pieces */

/* The sending end. */
struct vsio_outflow {
    uint32_t credit; /* bytes that may be sent */
    bool ended;      /* EOF was sent */
};

void vsio_outflow_init(struct vsio_outflow *f);
/* False: that is more than a window, the other side is wrong. */
bool vsio_outflow_credit(struct vsio_outflow *f, uint32_t more);

/* The receiving end. */
struct vsio_inflow {
    uint16_t first, count; /* bytes that wait in data */
    uint16_t credit;       /* bytes that may still come */
    bool ended;            /* EOF has come */
    uint8_t data[VSIO_STREAM_WINDOW];
};

void vsio_inflow_init(struct vsio_inflow *f);
/* False: more than was granted, or behind the end. Nothing is taken then. */
bool vsio_inflow_put(struct vsio_inflow *f, const uint8_t *data, size_t size);
/* The first bytes that wait, those that lie together; 0: there are none. */
size_t vsio_inflow_peek(const struct vsio_inflow *f, const uint8_t **data);
/* So many of them are done with. */
void vsio_inflow_drop(struct vsio_inflow *f, size_t size);
/* How much credit is to be given now. It counts as given; mostly 0. */
uint32_t vsio_inflow_grant(struct vsio_inflow *f);

/* The invariant of each reachable state. */
bool vsio_inflow_valid(const struct vsio_inflow *f);

#endif /* VSIO_STREAM_H */

/* SPDX-License-Identifier: MIT */
/*
 * ps2-queue.h - what a PS/2 device has to say: a short queue of bytes, which
 * takes a packet whole or not at all. Private to the PS/2 devices.
 */
#ifndef VSIO_PS2_QUEUE_H
#define VSIO_PS2_QUEUE_H

#include "snapshot.h"
#include "vsio.h"

#define VSIO_PS2_QUEUE 16U

/* What both devices say. */
#define PS2_ACK    0xfaU
#define PS2_RESEND 0xfeU
#define PS2_BAT_OK 0xaaU

struct vsio_ps2_queue {
    uint8_t byte[VSIO_PS2_QUEUE];
    uint8_t first, count; /* oldest byte, bytes */
};

/* Append n bytes if there are at most limit then. False: none is. */
bool vsio_ps2_put(struct vsio_ps2_queue *q,
                  const uint8_t *bytes,
                  uint32_t n,
                  uint32_t limit);

/* The oldest byte of a queue that is not empty. */
uint8_t vsio_ps2_take(struct vsio_ps2_queue *q);

/* Count and report n bytes that the guest will never see. */
void vsio_ps2_lost(struct vsio_device *dev, const uint8_t *bytes, uint32_t n);

/* Empty the queue; what was in it is lost. */
void vsio_ps2_clear(struct vsio_ps2_queue *q, struct vsio_device *dev);

/* An answer; if there is no room, nobody reads: those before it are lost. */
void vsio_ps2_answer(struct vsio_ps2_queue *q,
                     struct vsio_device *dev,
                     const uint8_t *bytes,
                     uint32_t n);

bool vsio_ps2_queue_valid(const struct vsio_ps2_queue *q, uint32_t limit);
void vsio_ps2_queue_fields(struct vsio_ps2_queue *q, struct vsio_stream *s);

#endif /* VSIO_PS2_QUEUE_H */

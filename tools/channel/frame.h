/* SPDX-License-Identifier: MIT */
/*
 * frame.h - frames on a serial line: bytes of any value go through a terminal's
 * layers, what else is on the line is left out. docs/channel.md.
 */
#ifndef VSIO_FRAME_H
#define VSIO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first byte of a frame: who speaks, and the version in between. */
#define VSIO_FRAME_VERSION 1U
#define VSIO_FRAME_HOST    0x40U
#define VSIO_FRAME_GUEST   0x41U

#define VSIO_FRAME_PAYLOAD 196U
#define VSIO_FRAME_HEADER  9U
#define VSIO_FRAME_MAX     (VSIO_FRAME_HEADER + VSIO_FRAME_PAYLOAD + 4U)
/* With a flag at both ends, and every byte in between escaped. */
#define VSIO_FRAME_ENCODED (2U * VSIO_FRAME_MAX + 2U)

/* Kinds. */
#define VSIO_FRAME_HELLO  1U /* host: this session from now on */
#define VSIO_FRAME_READY  2U /* guest: so be it; session 0: I am new */
#define VSIO_FRAME_DATA   3U /* one message, in its order */
#define VSIO_FRAME_ACK    4U /* nothing but the number */
#define VSIO_FRAME_REJECT 5U /* the same; what came then was not that one */
#define VSIO_FRAME_POLL   6U /* answer me: ACK, or READY with session 0 */
#define VSIO_FRAME_BYE    7U /* host: this session is over */

struct vsio_frame {
    uint8_t kind;
    uint8_t seq;      /* of DATA */
    uint8_t ack;      /* the number that is expected next */
    uint8_t size;     /* of the payload */
    uint32_t session; /* link.c */
    const uint8_t *payload;
};

/* What a byte has completed. */
enum vsio_frame_seen {
    VSIO_FRAME_NONE,
    VSIO_FRAME_WHOLE,   /* a frame of the other side: see parser.frame */
    VSIO_FRAME_BROKEN,  /* something that is no frame, or was one */
    VSIO_FRAME_OWN,     /* an echo: the line is not raw over there */
    VSIO_FRAME_FOREIGN, /* a frame of another version: parser.version */
};

struct vsio_frame_parser {
    struct vsio_frame frame; /* valid until the next byte */
    uint8_t peer;            /* VSIO_FRAME_HOST or _GUEST */
    uint8_t version;         /* of the last foreign frame */
    bool skip;               /* up to the next flag */
    bool escaped;
    uint16_t size;
    uint8_t data[VSIO_FRAME_MAX];
};

/* CRC-32 of Ethernet, in pieces: start with 0, hand in what came out. */
uint32_t vsio_crc32(uint32_t crc, const uint8_t *data, size_t size);

/* Numbers are little-endian. */
void vsio_put32(uint8_t *to, uint32_t value);
uint32_t vsio_get32(const uint8_t *from);

void vsio_frame_parser_init(struct vsio_frame_parser *p, uint8_t peer);
enum vsio_frame_seen vsio_frame_rx(struct vsio_frame_parser *p, uint8_t byte);

/* At most as many bytes is a frame with this payload on the line. */
size_t vsio_frame_wire(const uint8_t *payload, size_t size);

/* The bytes of a frame, by own side; returns how many. size fits. */
size_t vsio_frame_encode(const struct vsio_frame *frame,
                         uint8_t own,
                         uint8_t out[VSIO_FRAME_ENCODED]);

/* The invariant of each reachable state. */
bool vsio_frame_parser_valid(const struct vsio_frame_parser *p);

#endif /* VSIO_FRAME_H */

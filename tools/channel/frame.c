/* SPDX-License-Identifier: MIT */
/* Frames on a serial line; see frame.h. */

#include "frame.h"

#define FLAG   0x7eU
#define ESCAPE 0x7dU
#define FLIP   0x40U

/* Version 1 adds nothing: the next ones add 2 each to the first byte. */
#define FIRST(side)   ((uint8_t)((side) + ((VSIO_FRAME_VERSION - 1) << 1)))
#define VERSION(byte) ((uint8_t)((((byte)&0x3eU) >> 1) + 1))

#define CRC_SIZE 4U

uint32_t vsio_crc32(uint32_t crc, const uint8_t *data, size_t size)
{
    /* By four bits: 64 bytes of table. */
    static const uint32_t table[16] = {
        0x00000000U, 0x1db71064U, 0x3b6e20c8U, 0x26d930acU,
        0x76dc4190U, 0x6b6b51f4U, 0x4db26158U, 0x5005713cU,
        0xedb88320U, 0xf00f9344U, 0xd6d6a3e8U, 0xcb61b38cU,
        0x9b64c2b0U, 0x86d3d2d4U, 0xa00ae278U, 0xbdbdf21cU,
    };
    size_t i;

    crc = ~crc;
    for ( i = 0; i < size; i++ )
    {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }

    return ~crc;
}

void vsio_put32(uint8_t *to, uint32_t value)
{
    unsigned int i;

    for ( i = 0; i < 4; i++ )
        to[i] = (uint8_t)(value >> 8 * i);
}

uint32_t vsio_get32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
           (uint32_t)from[3] << 24;
}

/* Would a terminal, or a console's escape key, make something of it? */
static bool is_special(uint8_t byte)
{
    return byte < 0x20 || byte == ESCAPE || byte == FLAG || byte == 0x7f ||
           byte == 0xff;
}

/* --- Parsing -------------------------------------------------------------- */

void vsio_frame_parser_init(struct vsio_frame_parser *p, uint8_t peer)
{
    *p = (struct vsio_frame_parser){ .peer = peer, .skip = true };
}

/* All that is between two flags. */
static enum vsio_frame_seen complete(struct vsio_frame_parser *p)
{
    const uint8_t *data = p->data;
    size_t size = p->size;

    if ( size < VSIO_FRAME_HEADER + CRC_SIZE ||
         vsio_get32(data + size - CRC_SIZE) !=
             vsio_crc32(0, data, size - CRC_SIZE) )
        return VSIO_FRAME_BROKEN;
    /* The first byte and the sum are where they are in each version. */
    if ( data[0] != FIRST(p->peer) )
    {
        p->version = VERSION(data[0]);
        return (data[0] ^ p->peer) & 1 ? VSIO_FRAME_OWN : VSIO_FRAME_FOREIGN;
    }
    if ( data[8] != size - VSIO_FRAME_HEADER - CRC_SIZE )
        return VSIO_FRAME_BROKEN;
    p->frame = (struct vsio_frame){
        .kind = data[1],
        .seq = data[2],
        .ack = data[3],
        .size = data[8],
        .session = vsio_get32(data + 4),
        .payload = data + VSIO_FRAME_HEADER,
    };

    return VSIO_FRAME_WHOLE;
}

static enum vsio_frame_seen flag(struct vsio_frame_parser *p)
{
    enum vsio_frame_seen seen = VSIO_FRAME_NONE;

    if ( p->skip || p->escaped )
        seen = VSIO_FRAME_BROKEN;
    else if ( p->size )
        seen = complete(p);
    p->skip = p->escaped = false;
    p->size = 0;

    return seen;
}

enum vsio_frame_seen vsio_frame_rx(struct vsio_frame_parser *p, uint8_t byte)
{
    if ( byte == FLAG )
        return flag(p);
    if ( p->skip )
        return VSIO_FRAME_NONE;

    if ( byte == ESCAPE && !p->escaped )
        p->escaped = true;
    else if ( is_special(byte) || p->size == sizeof(p->data) )
        p->skip = true; /* no frame has this byte, or is so long */
    else
    {
        p->data[p->size++] = p->escaped ? byte ^ FLIP : byte;
        p->escaped = false;
    }

    return VSIO_FRAME_NONE;
}

bool vsio_frame_parser_valid(const struct vsio_frame_parser *p)
{
    return p->size <= sizeof(p->data) && (p->peer & ~1U) == VSIO_FRAME_HOST;
}

/* --- Encoding ------------------------------------------------------------- */

static size_t put(uint8_t *out, size_t at, const uint8_t *data, size_t size)
{
    size_t i;

    for ( i = 0; i < size; i++ )
    {
        uint8_t byte = data[i];

        if ( is_special(byte) )
        {
            out[at++] = ESCAPE;
            byte ^= FLIP;
        }
        out[at++] = byte;
    }

    return at;
}

size_t vsio_frame_wire(const uint8_t *payload, size_t size)
{
    size_t wire = 2 * (VSIO_FRAME_HEADER + CRC_SIZE) + 2 + size, i;

    for ( i = 0; i < size; i++ )
        wire += is_special(payload[i]);

    return wire;
}

size_t vsio_frame_encode(const struct vsio_frame *frame,
                         uint8_t own,
                         uint8_t out[VSIO_FRAME_ENCODED])
{
    uint8_t header[VSIO_FRAME_HEADER] = {
        FIRST(own), frame->kind, frame->seq, frame->ack, 0, 0, 0, 0, frame->size
    };
    uint8_t sum[CRC_SIZE];
    size_t at = 0;

    vsio_put32(header + 4, frame->session);
    vsio_put32(sum, vsio_crc32(vsio_crc32(0, header, sizeof(header)),
                               frame->payload, frame->size));
    out[at++] = FLAG;
    at = put(out, at, header, sizeof(header));
    at = put(out, at, frame->payload, frame->size);
    at = put(out, at, sum, sizeof(sum));
    out[at++] = FLAG;

    return at;
}

/* SPDX-License-Identifier: MIT */
/*
 * link.h - messages in order over a line that loses and adds bytes: sessions,
 * numbers, acknowledgements, repeats. Both sides. docs/channel.md.
 *
 * No memory but the struct, no clock but the now of each call: milliseconds
 * that may wrap. What the owner does for it: read the line, hand it to
 * vsio_link_rx(); call vsio_link_tx() until it returns 0, write what it
 * returns; and do both again when vsio_link_due() says.
 */
#ifndef VSIO_LINK_H
#define VSIO_LINK_H

#include "frame.h"

#define VSIO_LINK_SLOTS 8U    /* messages on their way; divides 256 */
#define VSIO_LINK_WIRE  1024U /* and their bytes: a ring holds as many */
#define VSIO_READY_SIZE 24U

/*
 * An acknowledgement costs the line about 20 bytes, and an emulated UART's host
 * perhaps as many events: it waits for so many messages or bytes, or so long.
 */
#define VSIO_LINK_ACK_SLOTS 4U
#define VSIO_LINK_ACK_WIRE  512U
#define VSIO_LINK_ACK_MS    20U

#define VSIO_LINK_HELLO_MS  250U   /* between two of them */
#define VSIO_LINK_REPEAT_MS 500U   /* until a message is sent again, at first */
#define VSIO_LINK_SLOW_MS   4000U  /* and at most */
#define VSIO_LINK_POLL_MS   5000U  /* host: of silence */
#define VSIO_LINK_DEAD_MS   20000U /* of silence that should not be */

/* What the guest says of itself. */
struct vsio_ready {
    uint32_t boot;   /* another one: the guest has started anew */
    uint64_t after;  /* ms from the guest's boot to the agent's start */
    uint64_t uptime; /* ms since the guest's boot */
};

enum vsio_link_end {
    VSIO_LINK_BYE,    /* guest: the host has gone, or has come anew */
    VSIO_LINK_ANEW,   /* host: the guest knows nothing of this session */
    VSIO_LINK_SILENT, /* nothing has come for too long */
};

struct vsio_link_host {
    /* A message of the other side, in its order, at most a payload. */
    void (*message)(void *ctx, const uint8_t *data, size_t size);
    /* A session begins. ready: the host's side only, else NULL. */
    void (*up)(void *ctx, const struct vsio_ready *ready);
    /* It is over, all that was on its way is lost. */
    void (*down)(void *ctx, enum vsio_link_end why);
    /* Guest: fill it in. */
    void (*ready)(void *ctx, struct vsio_ready *ready);
};

enum vsio_link_state {
    VSIO_LINK_DOWN,
    VSIO_LINK_CALLING, /* host: HELLO is sent until READY comes */
    VSIO_LINK_UP,
};

struct vsio_link_slot {
    uint8_t size;
    uint16_t wire; /* bytes on the line, at most */
    uint8_t data[VSIO_FRAME_PAYLOAD];
};

struct vsio_link_counters {
    uint64_t frames; /* whole ones of the other side */
    uint64_t broken;
    uint64_t echoes;
    uint64_t foreign; /* of another version: parser.version */
    uint64_t repeats; /* messages sent again */
};

/* Private but for reading state and count; public to be allocated. */
struct vsio_link {
    const struct vsio_link_host *host;
    void *ctx;
    struct vsio_link_counters count;
    struct vsio_frame_parser parser;
    enum vsio_link_state state;
    uint8_t own;          /* VSIO_FRAME_HOST or _GUEST */
    uint32_t session;     /* the host's number for it */
    uint32_t incarnation; /* the guest's; frames have the sum of both */

    /* Numbers of messages: oldest <= next <= top <= end, modulo 256. */
    uint8_t oldest;   /* not acknowledged */
    uint8_t next;     /* to be sent */
    uint8_t top;      /* has never been sent */
    uint8_t end;      /* is not there */
    uint8_t expected; /* of the other side */

    bool ack_due, reject_due, poll_due, ready_due, bye_due;
    bool rejected;         /* expected; once is enough */
    uint8_t unacked;       /* messages that nobody has heard of, and since */
    uint16_t unacked_wire; /* so many bytes */
    uint32_t unacked_since;
    uint32_t heard; /* when the other side was */
    uint32_t timer; /* since then the oldest, HELLO or POLL is on its way */
    uint32_t repeat_ms;
    struct vsio_link_slot slots[VSIO_LINK_SLOTS];
};

/*
 * Down. A guest will say that it is there; its incarnation is one that no agent
 * had before on this line: chosen at random. A host has none.
 */
void vsio_link_init(struct vsio_link *l,
                    const struct vsio_link_host *host,
                    void *ctx,
                    uint8_t own,
                    uint32_t incarnation);

/* Host: call the guest, for a session that was not there before, not 0. */
void vsio_link_call(struct vsio_link *l, uint32_t session, uint32_t now);
/* Host: the last frame of the session will be a farewell. No callback. */
void vsio_link_bye(struct vsio_link *l);

/* Is there room for a message? */
bool vsio_link_room(const struct vsio_link *l);
/* There is; size is at most a payload. */
void vsio_link_send(struct vsio_link *l, const uint8_t *data, size_t size);

void vsio_link_rx(struct vsio_link *l,
                  const uint8_t *bytes,
                  size_t size,
                  uint32_t now);
/* The next frame for the line: how many bytes, 0 if there is none now. */
size_t vsio_link_tx(struct vsio_link *l,
                    uint8_t out[VSIO_FRAME_ENCODED],
                    uint32_t now);
/* Milliseconds until vsio_link_tx() has something by itself; all ones: never.
 */
uint32_t vsio_link_due(const struct vsio_link *l, uint32_t now);

/* The invariant of each reachable state. */
bool vsio_link_valid(const struct vsio_link *l);

#endif /* VSIO_LINK_H */

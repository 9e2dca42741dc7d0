/* SPDX-License-Identifier: MIT */
/*
 * message.h - what the host and the guest's agent say to each other, one
 * message in a frame: a job's number (2 bytes), what it is (1), and the rest.
 * docs/channel.md.
 */
#ifndef VSIO_MESSAGE_H
#define VSIO_MESSAGE_H

#include "frame.h"

#define VSIO_MESSAGE_HEAD 3U
#define VSIO_MESSAGE_DATA (VSIO_FRAME_PAYLOAD - VSIO_MESSAGE_HEAD - 1U)

#define VSIO_JOBS     16U   /* at once */
#define VSIO_JOB_ARGS 4096U /* bytes of a job's arguments */

enum vsio_message {
    /* From the host. */
    VSIO_MESSAGE_OPEN = 1, /* an operation (1): a job begins */
    VSIO_MESSAGE_ARG,      /* bytes of its arguments, each with a 0 behind */
    VSIO_MESSAGE_RUN,      /* that was all of them */
    VSIO_MESSAGE_SIGNAL,   /* a number (1) for the command */
    VSIO_MESSAGE_CANCEL,   /* the job shall end now */

    /* From both. */
    VSIO_MESSAGE_DATA_OF, /* a stream (1), bytes */
    VSIO_MESSAGE_EOF,     /* a stream (1) has ended */
    VSIO_MESSAGE_CREDIT,  /* a stream (1), so many bytes more (4) */
    VSIO_MESSAGE_INFO,    /* a file: size (4, 4 more), mode (4) */
    VSIO_MESSAGE_SUM,     /* CRC-32 of all that was in it (4) */

    /* From the guest. */
    VSIO_MESSAGE_ACCEPT, /* a connection is there */
    VSIO_MESSAGE_END,    /* how (1), value (4), words: the job is over */
};

enum vsio_operation {
    VSIO_OP_PING = 1, /* its arguments come back as stream 1 */
    VSIO_OP_EXEC,     /* program, arguments; streams 0, 1, 2 */
    VSIO_OP_READ,     /* path; INFO, stream 1, SUM */
    VSIO_OP_WRITE,    /* path; INFO before RUN, stream 0, SUM before EOF */
    VSIO_OP_LIST,     /* path; stream 1: type mode size time name, 0 behind */
    VSIO_OP_FORWARD,  /* port; ACCEPT, streams 0 and 1 */
};

enum vsio_end {
    VSIO_END_EXIT,   /* value: its status */
    VSIO_END_SIGNAL, /* value: which */
    VSIO_END_FAILED, /* words say why; value: a status as env(1) has them */
};

static inline size_t vsio_message(uint8_t *out,
                                  unsigned int id,
                                  enum vsio_message what)
{
    out[0] = (uint8_t)id;
    out[1] = (uint8_t)(id >> 8);
    out[2] = (uint8_t)what;

    return VSIO_MESSAGE_HEAD;
}

static inline unsigned int vsio_message_id(const uint8_t *message)
{
    return message[0] | (unsigned int)message[1] << 8;
}

#endif /* VSIO_MESSAGE_H */

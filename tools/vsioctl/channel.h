/* SPDX-License-Identifier: MIT */
/*
 * channel.h - the host's side of the command channel: one process holds the
 * line (broker.c), each command is a job of it (job.c). docs/channel.md.
 */
#ifndef VSIOCTL_CHANNEL_H
#define VSIOCTL_CHANNEL_H

#include "link.h"
#include "message.h"
#include "stream.h"
#include "vsioctl.h"

/*
 * Between the process that holds a line and a command: packets as the line's
 * messages, without a number, and two more from the former.
 */
enum local_message {
    LOCAL_UP = 0x80, /* struct vsio_ready, as it is in memory */
    LOCAL_LOST,      /* why, in words: this is the end */
};

#define AGENT_WAIT_MS 10000 /* for an answer of the agent's */

int64_t clock_now_ms(void);

/* --- broker.c ----------------------------------------------------------- */

/* A domain's UART, the second one by default, or the path of a terminal. */
enum status channel_line(struct line *s,
                         const char *who,
                         const char *slot,
                         char **socket);

/* A process that holds the line. OK: it serves; REFUSED: somebody else has it,
 * and that is not said. */
enum status broker_start(const char *who, const char *slot);

/* --- job.c -------------------------------------------------------------- */

struct channel {
    char *name; /* for messages */
    int fd;     /* the packets' */
    struct vsio_ready ready;
};

/* What all commands take: -t SECONDS, --slot=N. */
struct options {
    const char *slot;
    int64_t wait_ms; /* -1: not given */
};
enum status take_options(int *argc, char **argv, struct options *o);

/* Wait for the agent, as long as the options say. */
enum status channel_open(struct channel *ch,
                         const char *who,
                         const struct options *o);
void channel_close(struct channel *ch);
bool channel_send(struct channel *ch, const uint8_t *message, size_t size);
bool channel_send_data(struct channel *ch, const void *data, size_t size);
bool channel_send_eof(struct channel *ch);

enum outcome {
    JOB_ENDED,    /* as how, value and words say */
    JOB_ACCEPTED, /* a connection is there */
    JOB_PAUSED,   /* take() has what it wants, or there is no more */
    JOB_LOST,     /* words say why */
    JOB_TIMED_OUT,
    JOB_INTERRUPTED, /* by a signal: value */
    JOB_NO_OUTPUT,   /* errno says why */
    JOB_NO_INPUT,    /* likewise */
};

enum take {
    TAKE_MORE,
    TAKE_ENOUGH, /* job_run() returns JOB_PAUSED, and may be called again */
    TAKE_FAILED, /* JOB_NO_OUTPUT */
};

struct job {
    struct channel *ch;
    int64_t deadline; /* of clock_now_ms(), -1: none */
    bool passes_signals;
    const char *file; /* its name: there are sums, and a bar; or NULL */

    int in; /* stream 0 comes from there; -1: it has ended */
    struct vsio_outflow to;
    struct vsio_inflow from[2]; /* streams 1 and 2 */
    int out[2];                 /* where they go */
    /* Stream 1 goes there if it is not NULL. */
    enum take (*take)(struct job *j, const uint8_t *data, size_t size);
    void *ctx;   /* take()'s */
    bool pauses; /* at the end of stream 1, too */
    bool pauses_at_info;

    bool has_sum, has_end, told;
    bool is_socket; /* in and out are one, with an end for each direction */
    uint64_t size, done; /* of a file; bytes until now */
    uint32_t mode, crc, sum;
    uint8_t how;
    uint32_t value;
    char words[VSIO_FRAME_PAYLOAD + 1];
};

void job_init(struct job *j, struct channel *ch);
/* Each argument with a 0 behind it. info: size and mode come from j. */
enum status job_start(struct job *j,
                      enum vsio_operation op,
                      const char *const *args,
                      size_t count,
                      bool info);
enum outcome job_run(struct job *j);
/* It shall end, whatever becomes of it. */
void job_cancel(struct job *j);
/* One line for all but JOB_ENDED with VSIO_END_EXIT. */
enum status job_error(const struct job *j, enum outcome outcome);

#endif /* VSIOCTL_CHANNEL_H */

/* SPDX-License-Identifier: MIT */
/*
 * rate-limit.h - a token bucket between the output of a UART and its sink, in
 * the host's time. What is too much is dropped and counted: a guest that prints
 * without end neither fills the host's log nor hangs. docs/rate-limit.md.
 */
#ifndef VSIO_RATE_LIMIT_H
#define VSIO_RATE_LIMIT_H

#include "vsio.h"

struct vsio_rate_limit_host {
    /*
     * Nanoseconds since anything, as a clock that does not stop. It may step:
     * backwards no byte is earned, forwards no more than a burst. Called at
     * most once a call here. May be NULL if the limit is never set.
     */
    uint64_t (*now)(void *ctx);
    /*
     * The sink, as the UART's tx: true when the byte is taken, false when there
     * is no room. NULL if vsio_rate_limit_tx() is not called.
     */
    bool (*tx)(void *ctx, uint8_t byte);
};

/* Private to rate-limit.c but for dropped; public to be allocated. */
struct vsio_rate_limit {
    const struct vsio_rate_limit_host *host;
    void *ctx;
    uint64_t dropped; /* bytes, since init */
    uint64_t last;    /* the host's clock when it was read last */
    uint64_t credit;  /* a byte is 10^9 of it: bytes/s by ns, no division */
    uint32_t rate;    /* bytes per second; 0: no limit */
    uint32_t burst;   /* bytes that the bucket holds */
};

/* No limit yet. No callback is called. ctx is handed to every callback. */
void vsio_rate_limit_init(struct vsio_rate_limit *l,
                          const struct vsio_rate_limit_host *host,
                          void *ctx);

/*
 * From now on rate bytes per second, and burst bytes at once after silence (a
 * burst of 0 is one of 1: else nothing would ever pass). The bucket is full.
 * Rate 0: no limit, and the clock is not looked at.
 */
void vsio_rate_limit_set(struct vsio_rate_limit *l,
                         uint32_t rate,
                         uint32_t burst);

/* May one byte pass? It is then paid for; else it is counted as dropped. */
bool vsio_rate_limit_take(struct vsio_rate_limit *l);

/*
 * What the UART's tx returns: the sink's answer if the byte may pass, paid for
 * if it was taken; else true, the byte is dropped.
 */
bool vsio_rate_limit_tx(struct vsio_rate_limit *l, uint8_t byte);

/* The invariant that every reachable state satisfies. */
bool vsio_rate_limit_valid(const struct vsio_rate_limit *l);

#endif /* VSIO_RATE_LIMIT_H */

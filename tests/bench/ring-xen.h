/* SPDX-License-Identifier: MIT */
/* ring-xen.h - what ring-host.c asks of ring-xen.c: Xen's end of a console
 * ring. */
#ifndef BENCH_RING_XEN_H
#define BENCH_RING_XEN_H

#include <stdbool.h>
#include <stdint.h>

/* Take up this page; there is one ring. */
void xen_init(void *page);

/* A byte for the backend. False: there is no room. */
bool xen_put(uint8_t byte);

/*
 * The next bytes from the backend, at most n. *was_full: it has to be told that
 * there is room.
 */
unsigned int xen_take(uint8_t *to, unsigned int n, bool *was_full);

#endif /* BENCH_RING_XEN_H */

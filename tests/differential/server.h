/* SPDX-License-Identifier: MIT */
/*
 * server.h - between server.c, which speaks QEMU's qtest protocol, and the
 * hosts of single devices (host-<device>.c).
 */
#ifndef SERVER_H
#define SERVER_H

#include "vsio.h"

/* One device, at the address that a machine of QEMU has it. */
struct hosted {
    const char *name; /* of the device, the program's argument */
    uint64_t base;    /* of its window, memory or ports */
    /* Power-on: the device anew, and what the host holds. */
    struct vsio_device *(*start)(void);
    /*
     * A command of its own: its first word, and what follows (no newline,
     * perhaps empty). False: not known, or not understood.
     */
    bool (*command)(const char *word, const char *args);
    /* A UART takes bytes; how many of them. NULL: it is none. */
    size_t (*rx)(const uint8_t *bytes, size_t n);
};

extern const struct hosted hosted_pl011;
extern const struct hosted hosted_pl031;
extern const struct hosted hosted_ns16550;
extern const struct hosted hosted_i8042;
extern const struct hosted hosted_cfi_flash;

/* For hosts: a line that comes before the answer to what is under way. */
void server_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For host tables: set_irq, "IRQ raise 0"; and a byte that is sent, "OUT 41".
 */
void server_irq(void *ctx, unsigned int line, bool level);
bool server_tx(void *ctx, uint8_t byte);
/* rx_ready: what it has not taken yet is offered again, as a socket does. */
void server_offer(void *ctx);

/* The next number of args, which is moved on; false: there is none. */
bool server_number(const char **args, uint64_t *value);

#endif /* SERVER_H */

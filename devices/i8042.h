/* SPDX-License-Identifier: MIT */
/*
 * i8042.h - the PC's keyboard and auxiliary device controller, without the
 * devices: a keyboard and a mouse are the host's, or nobody's.
 * Registers, behaviour, deviations: docs/i8042.md.
 */
#ifndef VSIO_I8042_H
#define VSIO_I8042_H

#include "vsio.h"

/* The two ports, and the interrupt lines of their data. */
#define VSIO_I8042_KBD 0U /* IRQ 1 of a PC */
#define VSIO_I8042_AUX 1U /* IRQ 12 of a PC */

struct vsio_i8042_host {
    /* Lines VSIO_I8042_KBD and VSIO_I8042_AUX are levels. */
    struct vsio_host common;
    /*
     * The guest resets the machine. The host does so after the access has
     * returned. NULL: ignored, and counted as unknown.
     */
    void (*reset)(void *ctx);
    /* The A20 gate changed; it is on initially. NULL: there is none. */
    void (*a20)(void *ctx, bool on);
    /*
     * Take one byte for the device at port. True: taken. The device may answer
     * at once: vsio_i8042_rx() may be called from here. False: no device is
     * there, the guest is told. NULL: neither device is there.
     */
    bool (*send)(void *ctx, unsigned int port, uint8_t byte);
    /*
     * The port that vsio_i8042_rx() refused takes a byte again. That function
     * may be called from here. NULL: the host polls.
     */
    void (*rx_ready)(void *ctx, unsigned int port);
};

/* Private to i8042.c; public so that hosts can allocate it. */
struct vsio_i8042 {
    struct vsio_device dev;
    uint8_t ram[32];   /* byte 0 is the command byte */
    uint8_t status;    /* OBF and what belongs to it, A2 */
    uint8_t out;       /* the output buffer; stays after it was read */
    uint8_t outport;   /* without the bits that mirror OBF */
    uint8_t cmd;       /* goes on with the next write; 0: none does */
    bool rx_wanted[2]; /* by port: the host was refused, tell it about room */
    bool released;     /* the keyboard's next code is of a key released */
};

extern const struct vsio_class vsio_i8042_class;

/*
 * Bring *k to its power-on state: ports disabled, A20 on. No callback is
 * called. ctx is handed to every callback.
 */
void vsio_i8042_init(struct vsio_i8042 *k,
                     const struct vsio_i8042_host *host,
                     void *ctx);

/*
 * A byte from the device at port. False: the guest has not read the last one,
 * or has disabled the port; the byte stays with the device, and after rx_ready
 * it may be offered again. May be called from send and from rx_ready.
 */
bool vsio_i8042_rx(struct vsio_i8042 *k, unsigned int port, uint8_t byte);

/* The invariant that every reachable state satisfies. */
bool vsio_i8042_valid(const struct vsio_i8042 *k);

#endif /* VSIO_I8042_H */

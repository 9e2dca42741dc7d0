/* SPDX-License-Identifier: MIT */
/*
 * ps2-mouse.h - a PS/2 mouse with three buttons and, for drivers that ask for
 * it, a wheel (IMPS/2): a state machine that takes bytes from its controller
 * and motion from the host, and has bytes for the controller. Commands,
 * deviations: docs/i8042.md. Hosts use i8042.h.
 */
#ifndef VSIO_PS2_MOUSE_H
#define VSIO_PS2_MOUSE_H

#include "ps2-queue.h"

/* Buttons, as the first byte of a packet has them. */
#define VSIO_MOUSE_LEFT   0x01U
#define VSIO_MOUSE_RIGHT  0x02U
#define VSIO_MOUSE_MIDDLE 0x04U

/*
 * Bytes of packets that wait at most. With what is counted and the byte in the
 * controller's output buffer that is 16; see VSIO_PS2_KEYS for the reason.
 */
#define VSIO_PS2_PACKETS 12U

/* The longest answer: an acknowledgement and a packet with a wheel. */
#define VSIO_PS2_MOUSE_ANSWER 5U

/* Private to ps2-mouse.c and the controller. */
struct vsio_ps2_mouse {
    struct vsio_ps2_queue answers; /* go before packets */
    struct vsio_ps2_queue packets; /* whole ones, but for the first */
    int16_t dx, dy;                /* counted since the last packet */
    int8_t dz;
    uint8_t buttons, told; /* as they are, as the last packet has them */
    uint8_t cmd;           /* waits for its parameter; 0: none does */
    uint8_t resolution;    /* as the guest set it; the host scales */
    uint8_t rate;          /* packets a second, likewise */
    uint8_t rates[2];      /* the two before, for the wheel's knock */
    uint8_t sent[VSIO_PS2_MOUSE_ANSWER]; /* of what was sent last */
    uint8_t sent_count;
    bool enabled, remote, wrap; /* how to report */
    bool scaled;                /* 2:1 */
    bool wheel;                 /* packets have four bytes */
    bool refused;               /* the last byte was no good */
};

/* Power on: self-test passed, does not report. What waits is lost. */
void vsio_ps2_mouse_reset(struct vsio_ps2_mouse *m, struct vsio_device *dev);

/* A byte from the guest. */
void vsio_ps2_mouse_write(struct vsio_ps2_mouse *m,
                          struct vsio_device *dev,
                          uint8_t byte);

/* Has it a byte for the guest, and which? */
bool vsio_ps2_mouse_waiting(const struct vsio_ps2_mouse *m);
bool vsio_ps2_mouse_read(struct vsio_ps2_mouse *m,
                         struct vsio_device *dev,
                         uint8_t *byte);

/* What the host knows of the mouse. */
struct vsio_mouse_move {
    int16_t dx, dy, dz; /* right, up, wheel towards the user are positive */
    uint8_t buttons;    /* VSIO_MOUSE_* of those that are down */
};

/* See vsio_i8042_mouse(). */
bool vsio_ps2_mouse_move(struct vsio_ps2_mouse *m,
                         struct vsio_device *dev,
                         const struct vsio_mouse_move *move);

bool vsio_ps2_mouse_valid(const struct vsio_ps2_mouse *m);
void vsio_ps2_mouse_fields(struct vsio_ps2_mouse *m, struct vsio_stream *s);

#endif /* VSIO_PS2_MOUSE_H */

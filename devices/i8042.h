/* SPDX-License-Identifier: MIT */
/*
 * i8042.h - the PC's keyboard and auxiliary device controller, with a PS/2
 * keyboard and a PS/2 mouse behind it, or without one or both of them.
 * Registers, behaviour, deviations: docs/i8042.md.
 */
#ifndef VSIO_I8042_H
#define VSIO_I8042_H

#include "ps2-kbd.h"
#include "ps2-keys.h"
#include "ps2-mouse.h"
#include "vsio.h"

/* The two ports, and the interrupt lines of their data. */
#define VSIO_I8042_KBD 0U /* IRQ 1 of a PC */
#define VSIO_I8042_AUX 1U /* IRQ 12 of a PC */

/* What is plugged in. */
#define VSIO_I8042_KEYBOARD (1U << VSIO_I8042_KBD)
#define VSIO_I8042_MOUSE    (1U << VSIO_I8042_AUX)

struct vsio_i8042_host {
    /* Lines VSIO_I8042_KBD and VSIO_I8042_AUX are levels. */
    struct vsio_host common;
    /*
     * The guest resets the machine. The host does so after the access has
     * returned. NULL: ignored, and counted as unknown.
     */
    void (*reset)(void *ctx);
    /*
     * The A20 gate changed, or was restored; it is on initially. NULL: there
     * is none.
     */
    void (*a20)(void *ctx, bool on);
    /*
     * The keyboard's LEDs changed, or were restored: PS2_LED_*; off initially.
     * NULL: nobody looks.
     */
    void (*leds)(void *ctx, uint8_t leds);
    uint8_t devices; /* VSIO_I8042_KEYBOARD, _MOUSE; others time out */
};

/* Private to i8042.c; public so that hosts can allocate it. */
struct vsio_i8042 {
    struct vsio_device dev;
    uint8_t ram[32]; /* byte 0 is the command byte */
    uint8_t status;  /* OBF and what belongs to it, A2 */
    uint8_t out;     /* the output buffer; stays after it was read */
    uint8_t outport; /* without the bits that mirror OBF */
    uint8_t cmd;     /* goes on with the next write; 0: none does */
    bool released;   /* the keyboard's next code is of a key released */
    uint8_t devices; /* the host's, so that a snapshot can be compared */
    struct vsio_ps2_kbd kbd;
    struct vsio_ps2_mouse mouse;
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
 * A key was pressed or released: a code of ps2-keys.h. The guest gets all bytes
 * of it, or none. False: none, because there is no keyboard, the guest has
 * switched its keys off, no key has this code, or the guest does not read; the
 * last is counted, and reported byte by byte. A key that is held repeats if the
 * host says so, by further calls.
 */
bool vsio_i8042_key(struct vsio_i8042 *k, uint32_t code, bool pressed);

/* Ctrl, Alt and Del, pressed and released, all or nothing, likewise. */
bool vsio_i8042_ctrl_alt_del(struct vsio_i8042 *k);

/*
 * The mouse moved, or its buttons changed; motion is kept until the guest reads
 * it. True: all of it will be seen. False: there is no mouse, the guest has
 * switched it off, or there was more to keep than a packet can say (255 counts
 * of an axis, 7 of the wheel), or than the queue can hold (changes of buttons);
 * the last two are counted and reported.
 */
bool vsio_i8042_mouse(struct vsio_i8042 *k, const struct vsio_mouse_move *move);

/* The invariant that every reachable state satisfies. */
bool vsio_i8042_valid(const struct vsio_i8042 *k);

#endif /* VSIO_I8042_H */

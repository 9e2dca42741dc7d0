/* SPDX-License-Identifier: MIT */
/*
 * ps2-kbd.h - a PS/2 keyboard of 101 keys and more: a state machine that
 * takes bytes from its controller and keys from the host, and has bytes for
 * the controller. Commands, deviations: docs/i8042.md. Hosts use i8042.h.
 */
#ifndef VSIO_PS2_KBD_H
#define VSIO_PS2_KBD_H

#include "ps2-queue.h"

/*
 * Bytes of keys that wait at most. With the one in the controller's output
 * buffer that is 16, as in IBM's keyboards; Linux takes a controller that has
 * more to say while it starts for a broken one.
 */
#define VSIO_PS2_KEYS 15U
/* Keys pressed leave some of that to keys released: a lost one sticks. */
#define VSIO_PS2_PRESSES 12U

/* Private to ps2-kbd.c and the controller. */
struct vsio_ps2_kbd {
    struct vsio_ps2_queue answers; /* go before keys */
    struct vsio_ps2_queue keys;
    uint8_t cmd;       /* waits for its parameter, keys wait too; 0: none */
    uint8_t set;       /* scan code set: 1 or 2 */
    uint8_t typematic; /* as the guest set it; repeating is the host's */
    uint8_t leds;      /* PS2_LED_* */
    uint8_t last;      /* sent to the controller, for a resend */
    bool scanning;     /* else keys are not looked at */
    bool overrun;      /* the guest was told about keys lost */
};

/* LEDs, as command ED has them. */
#define PS2_LED_SCROLL 0x01U
#define PS2_LED_NUM    0x02U
#define PS2_LED_CAPS   0x04U

/* Power on: self-test passed, scanning. What waits is lost. */
void vsio_ps2_kbd_reset(struct vsio_ps2_kbd *k, struct vsio_device *dev);

/* A byte from the guest. */
void vsio_ps2_kbd_write(struct vsio_ps2_kbd *k,
                        struct vsio_device *dev,
                        uint8_t byte);

/* Has it a byte for the guest, and which? */
bool vsio_ps2_kbd_waiting(const struct vsio_ps2_kbd *k);
bool vsio_ps2_kbd_read(struct vsio_ps2_kbd *k, uint8_t *byte);

/* See vsio_i8042_key() and vsio_i8042_ctrl_alt_del(). */
bool vsio_ps2_kbd_key(struct vsio_ps2_kbd *k,
                      struct vsio_device *dev,
                      uint32_t code,
                      bool pressed);
bool vsio_ps2_kbd_ctrl_alt_del(struct vsio_ps2_kbd *k, struct vsio_device *dev);

/*
 * One byte of scan code set 2 to set 1. False: it is a prefix that set 1 does
 * not have; *released says so to the next byte.
 */
bool vsio_ps2_to_set1(bool *released, uint8_t *byte);

bool vsio_ps2_kbd_valid(const struct vsio_ps2_kbd *k);
void vsio_ps2_kbd_fields(struct vsio_ps2_kbd *k, struct vsio_stream *s);

#endif /* VSIO_PS2_KBD_H */

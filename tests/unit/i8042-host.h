/* SPDX-License-Identifier: MIT */
/* An i8042 with what is behind it, and a host that the tests hold in hands. */
#ifndef I8042_HOST_H
#define I8042_HOST_H

#include "harness.h"
#include "i8042.h"
#include "i8042-regs.h"

#define KBD  VSIO_I8042_KBD
#define AUX  VSIO_I8042_AUX
#define BOTH (VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE)

#define STR_IDLE (I8042_STR_INH)

#define LEFT   VSIO_MOUSE_LEFT
#define RIGHT  VSIO_MOUSE_RIGHT
#define MIDDLE VSIO_MOUSE_MIDDLE

extern struct vsio_i8042 kbc;

/* What the host has seen. start_pc() starts it anew. */
struct front {
    bool a20;
    uint8_t leds;
    unsigned int a20_calls, resets, leds_calls;
};
extern struct front front;

/*
 * A controller at power-on with these devices; the host has all callbacks and
 * listens to errors, or to all events; or has no callback but set_irq and
 * event, or none at all.
 */
void start_pc(uint8_t devices);
void start_loud(uint8_t devices);
void start_bare(uint8_t devices);
void start_deaf(void);

/* The same with both devices; ports open, no interrupts, no translation. */
void start_open(void);
/* And with the mouse streaming. */
void start_streaming(void);

/* The guest's side. */
uint32_t status(void);
uint32_t data(void);
void command(uint32_t cmd);
void command_with(uint32_t cmd, uint32_t byte);
/* What a command answers; expects it to be the controller's. */
uint32_t ask(uint32_t cmd);
void set_ctr(uint32_t ctr);
/* A byte for a device. */
void to_kbd(uint8_t byte);
void to_mouse(uint8_t byte);

/* The guest reads exactly these bytes of one port, and is not at an end. */
#define SAYS(port, ...)                                                        \
    says(port, (const uint8_t[]){ __VA_ARGS__ },                               \
         sizeof((const uint8_t[]){ __VA_ARGS__ }), HERE)
void says(unsigned int port, const uint8_t *want, size_t n, struct where where);
/* Nothing is there to read. */
#define QUIET() expect(!(status() & I8042_STR_OBF), "nothing to read", HERE)

/* Reads all there is; returns how many bytes that were, 1000 at most. */
unsigned int drain(void);

/* A device is told a byte and says just ACK. */
void kbd_ack(uint8_t byte);
void mouse_ack(uint8_t byte);

/* The host's side. */
bool key(uint32_t code, bool pressed);
bool move(int16_t dx, int16_t dy, int16_t dz, uint8_t buttons);
bool ctrl_alt_del(void);

#endif /* I8042_HOST_H */

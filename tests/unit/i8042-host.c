/* SPDX-License-Identifier: MIT */

#include "i8042-host.h"

struct vsio_i8042 kbc;
struct front front;

static struct vsio_device *const dev = &kbc.dev;

static bool valid(const struct vsio_device *d)
{
    return vsio_i8042_valid((const struct vsio_i8042 *)d);
}

static void front_reset(void *ctx)
{
    EXPECT(ctx == &front);
    front.resets++;
}

static void front_a20(void *ctx, bool on)
{
    EXPECT(ctx == &front);
    EXPECT(on != front.a20);
    front.a20 = on;
    front.a20_calls++;
}

static void front_leds(void *ctx, uint8_t leds)
{
    EXPECT(ctx == &front);
    EXPECT(leds != front.leds);
    front.leds = leds;
    front.leds_calls++;
}

#define FULL_HOST(wanted, plugged)                                             \
    {                                                                          \
        .common = { .set_irq = seen_irq,                                       \
                    .event = seen_event,                                       \
                    .events = (wanted) },                                      \
        .reset = front_reset, .a20 = front_a20, .leds = front_leds,            \
        .devices = (plugged),                                                  \
    }
#define BARE_HOST(plugged)                                                     \
    {                                                                          \
        .common = { .set_irq = seen_irq,                                       \
                    .event = seen_event,                                       \
                    .events = VSIO_WANT_ERRORS },                              \
        .devices = (plugged),                                                  \
    }

static void start_with(const struct vsio_i8042_host *host)
{
    front = (struct front){ .a20 = true };
    vsio_i8042_init(&kbc, host, &front);
    watch(dev, sizeof(kbc), valid);
}

void start_pc(uint8_t devices)
{
    static const struct vsio_i8042_host hosts[] = {
        FULL_HOST(VSIO_WANT_ERRORS, 0),
        FULL_HOST(VSIO_WANT_ERRORS, 1),
        FULL_HOST(VSIO_WANT_ERRORS, 2),
        FULL_HOST(VSIO_WANT_ERRORS, 3),
    };

    start_with(&hosts[devices]);
}

void start_loud(uint8_t devices)
{
    static const struct vsio_i8042_host hosts[] = {
        FULL_HOST(VSIO_WANT_ALL, 0),
        FULL_HOST(VSIO_WANT_ALL, 1),
        FULL_HOST(VSIO_WANT_ALL, 2),
        FULL_HOST(VSIO_WANT_ALL, 3),
    };

    start_with(&hosts[devices]);
}

void start_bare(uint8_t devices)
{
    static const struct vsio_i8042_host hosts[] = { BARE_HOST(0), BARE_HOST(1),
                                                    BARE_HOST(2),
                                                    BARE_HOST(3) };

    start_with(&hosts[devices]);
}

void start_deaf(void)
{
    static const struct vsio_i8042_host host = { .devices = BOTH };

    start_with(&host);
}

void start_open(void)
{
    start_pc(BOTH);
    set_ctr(0);
}

void start_streaming(void)
{
    start_open();
    mouse_ack(0xf4);
}

uint32_t status(void)
{
    return rd32(dev, I8042_STATUS);
}

uint32_t data(void)
{
    return rd32(dev, I8042_DATA);
}

void command(uint32_t cmd)
{
    wr32(dev, I8042_CMD, cmd);
}

void command_with(uint32_t cmd, uint32_t byte)
{
    wr32(dev, I8042_CMD, cmd);
    wr32(dev, I8042_DATA, byte);
}

uint32_t ask(uint32_t cmd)
{
    command(cmd);
    EXPECT_EQ(status() & (I8042_STR_OBF | I8042_STR_AUX | I8042_STR_TIMEOUT),
              I8042_STR_OBF);

    return data();
}

void set_ctr(uint32_t ctr)
{
    command_with(0x60, ctr);
}

void to_kbd(uint8_t byte)
{
    wr8(dev, I8042_DATA, byte);
}

void to_mouse(uint8_t byte)
{
    command_with(0xd4, byte);
}

void says(unsigned int port, const uint8_t *want, size_t n, struct where where)
{
    uint32_t flags = I8042_STR_OBF | (port == AUX ? I8042_STR_AUX : 0);
    size_t i;

    for ( i = 0; i < n; i++ )
    {
        at(i, want[i]);
        expect_eq(status() & ~(STR_IDLE | I8042_STR_SYS | I8042_STR_A2), flags,
                  "a byte of this port", where);
        expect_eq(data(), want[i], "byte", where);
    }
}

unsigned int drain(void)
{
    unsigned int n;

    for ( n = 0; n < 1000 && (status() & I8042_STR_OBF); n++ )
        data();

    return n;
}

void kbd_ack(uint8_t byte)
{
    to_kbd(byte);
    SAYS(KBD, 0xfa);
}

void mouse_ack(uint8_t byte)
{
    to_mouse(byte);
    SAYS(AUX, 0xfa);
}

bool key(uint32_t code, bool pressed)
{
    bool taken = vsio_i8042_key(&kbc, code, pressed);

    CHECK_VALID();

    return taken;
}

bool move(int16_t dx, int16_t dy, int16_t dz, uint8_t buttons)
{
    const struct vsio_mouse_move m = { dx, dy, dz, buttons };
    bool taken = vsio_i8042_mouse(&kbc, &m);

    CHECK_VALID();

    return taken;
}

bool ctrl_alt_del(void)
{
    bool taken = vsio_i8042_ctrl_alt_del(&kbc);

    CHECK_VALID();

    return taken;
}

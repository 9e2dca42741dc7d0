/* SPDX-License-Identifier: MIT */
/*
 * An i8042 at the ports of a PC. Commands: "key 0x1c 1", a key of ps2-keys.h
 * and whether it is down; "mouse 1 -1 0 0x4", right, up, wheel, buttons;
 * "resets", how often the guest has reset the machine since the last time, each
 * a line that rises.
 */
#include <string.h>

#include "i8042.h"
#include "server.h"

#define RESET_LINE 2U

static struct vsio_i8042 kbc;
static unsigned int nr_resets;

static void count_reset(void *ctx)
{
    (void)ctx;
    nr_resets++;
}

static const struct vsio_i8042_host host = {
    .common = { .set_irq = server_irq },
    .reset = count_reset,
    .devices = VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE,
};

static struct vsio_device *start(void)
{
    nr_resets = 0;
    vsio_i8042_init(&kbc, &host, NULL);

    return &kbc.dev;
}

static bool key(const char *args)
{
    uint64_t code, down;

    if ( !server_number(&args, &code) || !server_number(&args, &down) )
        return false;
    vsio_i8042_key(&kbc, (uint32_t)code, down);

    return true;
}

static bool mouse(const char *args)
{
    uint64_t dx, dy, dz, buttons;
    struct vsio_mouse_move move;

    if ( !server_number(&args, &dx) || !server_number(&args, &dy) ||
         !server_number(&args, &dz) || !server_number(&args, &buttons) )
        return false;
    move = (struct vsio_mouse_move){ (int16_t)dx, (int16_t)dy, (int16_t)dz,
                                     (uint8_t)buttons };
    vsio_i8042_mouse(&kbc, &move);

    return true;
}

static bool tell_resets(void)
{
    for ( ; nr_resets; nr_resets-- )
        server_irq(NULL, RESET_LINE, true);

    return true;
}

static bool command(const char *word, const char *args)
{
    if ( !strcmp(word, "key") )
        return key(args);
    if ( !strcmp(word, "resets") )
        return tell_resets();

    return !strcmp(word, "mouse") && mouse(args);
}

const struct hosted hosted_i8042 = {
    .name = "i8042",
    .base = 0x60,
    .start = start,
    .command = command,
};

/* SPDX-License-Identifier: MIT */
/*
 * input.c - the i8042's keyboard and mouse.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ps2-keys.h"

#include "vsioctl.h"

#define SHIFT    0x12U
#define HELD_MAX 8

/* A guest that reads does so soon; one that is slow within two seconds. */
#define TRY_MS     2
#define TRIES_SOON 10
#define TRIES_SLOW 1000

struct keyboard {
    struct host host;
    struct domain d;
    uint32_t slot;
};

/* Keys by name; scan code set 2. */
static const struct key {
    const char *name;
    uint32_t code;
} keys[] = {
    { "ctrl", VSIO_KEY_CTRL },
    { "alt", VSIO_KEY_ALT },
    { "shift", SHIFT },
    { "rctrl", 0xe014 },
    { "altgr", 0xe011 },
    { "rshift", 0x59 },
    { "win", 0xe01f },
    { "rwin", 0xe027 },
    { "menu", 0xe02f },
    { "del", VSIO_KEY_DEL },
    { "enter", 0x5a },
    { "tab", 0x0d },
    { "space", 0x29 },
    { "backspace", 0x66 },
    { "esc", 0x76 },
    { "up", 0xe075 },
    { "down", 0xe072 },
    { "left", 0xe06b },
    { "right", 0xe074 },
    { "home", 0xe06c },
    { "end", 0xe069 },
    { "pageup", 0xe07d },
    { "pagedown", 0xe07a },
    { "insert", 0xe070 },
    { "capslock", 0x58 },
    { "numlock", 0x77 },
    { "scrolllock", 0x7e },
    { "print", VSIO_KEY_PRINT },
    { "pause", VSIO_KEY_PAUSE },
    { "kpenter", 0xe05a },
    { "f1", 0x05 },
    { "f2", 0x06 },
    { "f3", 0x04 },
    { "f4", 0x0c },
    { "f5", 0x03 },
    { "f6", 0x0b },
    { "f7", 0x83 },
    { "f8", 0x0a },
    { "f9", 0x01 },
    { "f10", 0x09 },
    { "f11", 0x78 },
    { "f12", 0x07 },
};

/* The US layout: what a key types, without and with Shift. */
static const struct {
    char plain, shifted;
    uint8_t code;
} layout[] = {
    { 'a', 'A', 0x1c },   { 'b', 'B', 0x32 },   { 'c', 'C', 0x21 },
    { 'd', 'D', 0x23 },   { 'e', 'E', 0x24 },   { 'f', 'F', 0x2b },
    { 'g', 'G', 0x34 },   { 'h', 'H', 0x33 },   { 'i', 'I', 0x43 },
    { 'j', 'J', 0x3b },   { 'k', 'K', 0x42 },   { 'l', 'L', 0x4b },
    { 'm', 'M', 0x3a },   { 'n', 'N', 0x31 },   { 'o', 'O', 0x44 },
    { 'p', 'P', 0x4d },   { 'q', 'Q', 0x15 },   { 'r', 'R', 0x2d },
    { 's', 'S', 0x1b },   { 't', 'T', 0x2c },   { 'u', 'U', 0x3c },
    { 'v', 'V', 0x2a },   { 'w', 'W', 0x1d },   { 'x', 'X', 0x22 },
    { 'y', 'Y', 0x35 },   { 'z', 'Z', 0x1a },   { '1', '!', 0x16 },
    { '2', '@', 0x1e },   { '3', '#', 0x26 },   { '4', '$', 0x25 },
    { '5', '%', 0x2e },   { '6', '^', 0x36 },   { '7', '&', 0x3d },
    { '8', '*', 0x3e },   { '9', '(', 0x46 },   { '0', ')', 0x45 },
    { '-', '_', 0x4e },   { '=', '+', 0x55 },   { '[', '{', 0x54 },
    { ']', '}', 0x5b },   { '\\', '|', 0x5d },  { ';', ':', 0x4c },
    { '\'', '"', 0x52 },  { '`', '~', 0x0e },   { ',', '<', 0x41 },
    { '.', '>', 0x49 },   { '/', '?', 0x4a },   { ' ', ' ', 0x29 },
    { '\n', '\n', 0x5a }, { '\t', '\t', 0x0d },
};

#define LAYOUT_KEYS (sizeof(layout) / sizeof(layout[0]))

static enum status keyboard_open(struct keyboard *k, const char *who)
{
    enum status status = host_open(&k->host);

    if ( status )
        return status;
    status = domain_find(&k->host, who, &k->d);
    for ( k->slot = 0; !status && k->slot < XEN_VSIO_SLOTS; k->slot++ )
    {
        struct xen_vsio_info info;
        int err = vsio_info(&k->host, k->d.id, k->slot, &info);

        if ( !err && info.type == XEN_VSIO_I8042 )
            return OK;
        if ( err && err != ENOENT )
            status = vsio_error(err, &k->d, "devices");
    }
    if ( !status )
        status =
            error(NOT_FOUND, "domain %u (%s) has no i8042", k->d.id, k->d.name);
    free(k->d.name);
    host_close(&k->host);

    return status;
}

static void keyboard_close(struct keyboard *k)
{
    free(k->d.name);
    host_close(&k->host);
}

static void pause_a_while(void)
{
    const struct timespec t = { .tv_nsec = TRY_MS * 1000000L };

    nanosleep(&t, NULL);
}

/*
 * Wait a little until the guest has read what was sent before: a key that finds
 * no room is not only refused, the guest is told that one was lost.
 */
static int wait_taken(struct keyboard *k, unsigned int port)
{
    struct xen_vsio_info info = { .lines = UINT16_MAX };
    int err = 0;

    for ( int i = 0; i < TRIES_SOON && !err && info.lines & 1U << port; i++ )
    {
        if ( i )
            pause_a_while();
        err = vsio_info(&k->host, k->d.id, k->slot, &info);
    }

    return err;
}

/* One command, again as long as the guest has no room for it. */
static int put(struct keyboard *k, const struct xen_vsio_op *op)
{
    struct xen_vsio_op copy = *op;
    int err = wait_taken(k, op->cmd == XEN_VSIO_key ? 0 : 1);

    if ( !err )
        err = vsio_op(&k->host, k->d.id, &copy);
    for ( int i = 0; err == EAGAIN && i < TRIES_SLOW; i++ )
    {
        pause_a_while();
        copy = *op;
        err = vsio_op(&k->host, k->d.id, &copy);
    }

    return err;
}

static enum status input_error(const struct keyboard *k,
                               int err,
                               const char *what)
{
    if ( err == EAGAIN )
        return error(FAILED, "domain %u (%s): the guest does not read its %s",
                     k->d.id, k->d.name, what);

    return err ? vsio_error(err, &k->d, "i8042") : OK;
}

static int key(struct keyboard *k, uint32_t code, bool pressed)
{
    struct xen_vsio_op op = {
        .cmd = XEN_VSIO_key,
        .slot = k->slot,
        .u.key = { .code = code, .pressed = pressed },
    };

    if ( code == VSIO_KEY_PAUSE && !pressed )
        return 0;

    return put(k, &op);
}

/* Keys down in this order, and up again from the last. */
static int chord(struct keyboard *k, const uint32_t *codes, int n)
{
    int err = 0, down = 0;

    while ( down < n && !err )
    {
        err = key(k, codes[down], true);
        down += !err;
    }
    while ( down-- > 0 && err != EAGAIN )
        err = key(k, codes[down], false);

    return err;
}

static bool key_of_char(char c, uint32_t *code, bool *shift)
{
    for ( size_t i = 0; i < LAYOUT_KEYS; i++ )
    {
        if ( c == layout[i].plain || c == layout[i].shifted )
        {
            *code = layout[i].code;
            *shift = c != layout[i].plain;
            return true;
        }
    }

    return false;
}

static bool key_of_name(const char *name, size_t n, uint32_t *code)
{
    bool shift;

    for ( size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++ )
    {
        if ( strlen(keys[i].name) == n && !strncmp(keys[i].name, name, n) )
        {
            *code = keys[i].code;
            return true;
        }
    }

    return n == 1 && islower((unsigned char)*name) &&
           key_of_char(*name, code, &shift);
}

/* Two keys are others together with Ctrl and Alt. */
static uint32_t in_chord(uint32_t code, const uint32_t *codes, int n)
{
    for ( int i = 0; i < n; i++ )
    {
        if ( codes[i] == VSIO_KEY_CTRL && code == VSIO_KEY_PAUSE )
            return VSIO_KEY_CTRL_STOP;
        if ( codes[i] == VSIO_KEY_ALT && code == VSIO_KEY_PRINT )
            return VSIO_KEY_ALT_PRINT;
    }

    return code;
}

/* "ctrl-alt-del": how many keys, or 0 if that is not what it is. */
static int parse_chord(const char *word, uint32_t codes[HELD_MAX])
{
    int n = 0;

    for ( ;; )
    {
        size_t length = strcspn(word, "-");
        uint32_t code;

        if ( n == HELD_MAX || !key_of_name(word, length, &code) )
            return 0;
        codes[n] = in_chord(code, codes, n);
        n++;
        if ( !word[length] )
            return n;
        word += length + 1;
    }
}

static int type(struct keyboard *k, const char *s)
{
    int err = 0;

    for ( ; *s && !err; s++ )
    {
        uint32_t codes[2] = { SHIFT };
        bool shift = false;

        (void)key_of_char(*s, &codes[1], &shift); /* it was looked at before */
        err = shift ? chord(k, codes, 2) : chord(k, codes + 1, 1);
    }

    return err;
}

/* Can all of it be typed? Before anything is. */
static enum status check_text(const char *s)
{
    uint32_t code;
    bool shift;

    for ( ; *s; s++ )
    {
        if ( !key_of_char(*s, &code, &shift) )
            return error(USAGE, "no key of the US layout types byte 0x%02x",
                         (unsigned char)*s);
    }

    return OK;
}

enum status cmd_key(int argc, char **argv)
{
    bool only_text = take_flag(&argc, argv, "--text");
    struct keyboard k;
    uint32_t codes[HELD_MAX];
    int err = 0;
    enum status status = no_more_options(&argc, argv);

    for ( int i = 1; i < argc && !status; i++ )
    {
        if ( only_text || !parse_chord(argv[i], codes) )
            status = check_text(argv[i]);
    }
    if ( status || (status = keyboard_open(&k, argv[0])) )
        return status;
    for ( int i = 1; i < argc && !err; i++ )
    {
        int n = only_text ? 0 : parse_chord(argv[i], codes);

        err = n ? chord(&k, codes, n) : type(&k, argv[i]);
    }
    status = input_error(&k, err, "keyboard");
    keyboard_close(&k);

    return status;
}

/* --- the mouse ---------------------------------------------------------- */

static bool parse_buttons(const char *list, uint32_t *buttons)
{
    static const char *const names[] = { "left", "right", "middle", "side",
                                         "extra" };

    *buttons = 0;
    if ( !strcmp(list, "none") )
        return true;
    for ( ;; )
    {
        size_t n = strcspn(list, ","), i = 0;

        while ( i < 5 && (strlen(names[i]) != n || strncmp(names[i], list, n)) )
            i++;
        if ( i == 5 )
            return false;
        *buttons |= 1U << i;
        if ( !list[n] )
            return true;
        list += n + 1;
    }
}

/* One word; *click: what is released afterwards. */
static bool parse_mouse(const char *word,
                        struct xen_vsio_mouse *m,
                        uint32_t *click)
{
    int64_t n = 0;

    if ( !strncmp(word, "buttons=", 8) )
        return parse_buttons(word + 8, &m->buttons);
    if ( !strncmp(word, "click=", 6) )
        return parse_buttons(word + 6, click);
    if ( !strncmp(word, "x=", 2) && number(word + 2, -65535, 65535, &n) )
        m->x = (int32_t)n;
    else if ( !strncmp(word, "y=", 2) && number(word + 2, -65535, 65535, &n) )
        m->y = (int32_t)n;
    else if ( !strncmp(word, "wheel=", 6) && number(word + 6, -127, 127, &n) )
        m->wheel = (int32_t)n;
    else
        return false;

    return true;
}

enum status cmd_mouse(int argc, char **argv)
{
    struct xen_vsio_mouse m = { 0 };
    struct xen_vsio_op op = { .cmd = XEN_VSIO_mouse };
    uint32_t click = 0;
    struct keyboard k;
    int err;
    enum status status = OK;

    for ( int i = 1; i < argc && !status; i++ )
    {
        if ( !parse_mouse(argv[i], &m, &click) )
            status = error(USAGE, "'%s': see vsioctl mouse --help", argv[i]);
    }
    if ( status || (status = keyboard_open(&k, argv[0])) )
        return status;
    op.slot = k.slot;
    op.u.mouse = m;
    op.u.mouse.buttons |= click;
    err = put(&k, &op);
    if ( !err && click )
    {
        op.u.mouse = (struct xen_vsio_mouse){ .buttons = m.buttons };
        err = put(&k, &op);
    }
    status = input_error(&k, err, "mouse");
    keyboard_close(&k);

    return status;
}

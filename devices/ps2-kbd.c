/* SPDX-License-Identifier: MIT */
/*
 * PS/2 keyboard; commands are those of IBM's PS/2 Hardware Interface Technical
 * Reference, October 1990, its chapter on keyboards.
 */

#include "ps2-kbd.h"
#include "ps2-keys.h"

#define KBD_LEDS           0xedU
#define KBD_ECHO           0xeeU
#define KBD_SET            0xf0U
#define KBD_ID             0xf2U
#define KBD_TYPEMATIC      0xf3U
#define KBD_ENABLE         0xf4U
#define KBD_DISABLE        0xf5U
#define KBD_DEFAULTS       0xf6U
#define KBD_ALL_TYPEMATIC  0xf7U /* what all keys do: repeat, tell releases */
#define KBD_ALL_MAKE_BREAK 0xf8U
#define KBD_ALL_MAKE       0xf9U
#define KBD_ALL_BOTH       0xfaU
#define KBD_KEY_TYPEMATIC  0xfbU /* what the keys do that follow */
#define KBD_KEY_MAKE_BREAK 0xfcU
#define KBD_KEY_MAKE       0xfdU
#define KBD_RESEND         0xfeU
#define KBD_RESET          0xffU

/* Commands begin here, also where a parameter is expected. */
#define KBD_COMMANDS KBD_LEDS

#define EXTENDED 0xe0U /* prefix of a key that the PC AT did not have */
#define RELEASE  0xf0U /* the next code is of a key released */

#define TYPEMATIC_INIT 0x2bU /* after half a second 10.9 a second */

/* Bytes of the longest thing that a host asks for. */
#define LONGEST 11U

_Static_assert(LONGEST <= VSIO_PS2_KEYS && VSIO_PS2_KEYS < VSIO_PS2_QUEUE,
               "Ctrl-Alt-Del must fit");

static void say(struct vsio_ps2_kbd *k, struct vsio_device *dev, uint8_t byte)
{
    vsio_ps2_answer(&k->answers, dev, &byte, 1);
}

static void defaults(struct vsio_ps2_kbd *k)
{
    k->set = 2;
    k->typematic = TYPEMATIC_INIT;
    k->leds = 0;
}

/* Those who switch sets and types start without what was typed before. */
static void forget(struct vsio_ps2_kbd *k, struct vsio_device *dev)
{
    vsio_ps2_clear(&k->keys, dev);
    k->overrun = false;
}

void vsio_ps2_kbd_reset(struct vsio_ps2_kbd *k, struct vsio_device *dev)
{
    vsio_ps2_clear(&k->answers, dev);
    forget(k, dev);
    defaults(k);
    k->cmd = 0;
    k->last = PS2_BAT_OK;
    k->scanning = true;
}

/* The scan code set as the guest asks for it, or asks what it is (0). */
static void select_set(struct vsio_ps2_kbd *k,
                       struct vsio_device *dev,
                       uint8_t set)
{
    const uint8_t current[] = { PS2_ACK, k->set };

    k->cmd = 0;
    if ( set == 0 )
    {
        vsio_ps2_answer(&k->answers, dev, current, sizeof(current));
        return;
    }

    forget(k, dev);
    k->set = set;
    say(k, dev, PS2_ACK);
}

/* What follows a command. A bad one is asked for again. */
static void write_parameter(struct vsio_ps2_kbd *k,
                            struct vsio_device *dev,
                            uint8_t byte)
{
    uint8_t most = k->cmd == KBD_SET ? 2 : 0x7f;

    if ( byte > most && k->cmd < KBD_KEY_TYPEMATIC )
    {
        say(k, dev, PS2_RESEND);
        return;
    }

    switch ( k->cmd )
    {
    case KBD_SET:
        select_set(k, dev, byte);
        return;
    case KBD_LEDS:
        k->leds = byte & (PS2_LED_SCROLL | PS2_LED_NUM | PS2_LED_CAPS);
        k->cmd = 0;
        break;
    case KBD_TYPEMATIC:
        k->typematic = byte;
        k->cmd = 0;
        break;
    default: /* a list of keys, which ends with a command */
        break;
    }
    say(k, dev, PS2_ACK);
}

static void write_command(struct vsio_ps2_kbd *k,
                          struct vsio_device *dev,
                          uint8_t byte)
{
    static const uint8_t id[] = { PS2_ACK, 0xab, 0x83 };
    static const uint8_t bat[] = { PS2_ACK, PS2_BAT_OK };

    switch ( byte )
    {
    case KBD_LEDS:
    case KBD_SET:
    case KBD_TYPEMATIC:
    case KBD_KEY_TYPEMATIC:
    case KBD_KEY_MAKE_BREAK:
    case KBD_KEY_MAKE:
        k->cmd = byte;
        break;
    case KBD_ECHO:
        say(k, dev, KBD_ECHO);
        return;
    case KBD_ID:
        vsio_ps2_answer(&k->answers, dev, id, sizeof(id));
        return;
    case KBD_ENABLE:
        forget(k, dev);
        k->scanning = true;
        break;
    case KBD_DISABLE:
        forget(k, dev);
        defaults(k);
        k->scanning = false;
        break;
    case KBD_DEFAULTS:
        forget(k, dev);
        defaults(k);
        break;
    case KBD_ALL_TYPEMATIC: /* types are of set 3, which is not here */
    case KBD_ALL_MAKE_BREAK:
    case KBD_ALL_MAKE:
    case KBD_ALL_BOTH:
        forget(k, dev);
        break;
    case KBD_RESET:
        vsio_ps2_kbd_reset(k, dev);
        vsio_ps2_answer(&k->answers, dev, bat, sizeof(bat));
        return;
    default:
        say(k, dev, PS2_RESEND);
        return;
    }
    say(k, dev, PS2_ACK);
}

void vsio_ps2_kbd_write(struct vsio_ps2_kbd *k,
                        struct vsio_device *dev,
                        uint8_t byte)
{
    if ( byte == KBD_RESEND )
    {
        say(k, dev, k->last);
        return;
    }
    if ( k->cmd && byte < KBD_COMMANDS )
    {
        write_parameter(k, dev, byte);
        return;
    }

    k->cmd = 0; /* a command ends what another one waits for */
    write_command(k, dev, byte);
}

bool vsio_ps2_kbd_waiting(const struct vsio_ps2_kbd *k)
{
    return k->answers.count || (!k->cmd && k->keys.count);
}

bool vsio_ps2_kbd_read(struct vsio_ps2_kbd *k, uint8_t *byte)
{
    if ( !vsio_ps2_kbd_waiting(k) )
        return false;

    *byte = vsio_ps2_take(k->answers.count ? &k->answers : &k->keys);
    if ( *byte != PS2_RESEND )
        k->last = *byte;

    return true;
}

bool vsio_ps2_to_set1(bool *released, uint8_t *byte)
{
    static const uint8_t set1[] = {
        0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, /* 00 */
        0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59, /* 08 */
        0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, /* 10 */
        0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, /* 18 */
        0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, /* 20 */
        0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d, /* 28 */
        0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, /* 30 */
        0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f, /* 38 */
        0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, /* 40 */
        0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61, /* 48 */
        0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, /* 50 */
        0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76, /* 58 */
        0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, /* 60 */
        0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, /* 68 */
        0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, /* 70 */
        0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, /* 78 */
        0x80, 0x81, 0x82, 0x41, 0x54,                   /* 80 */
    };
    uint32_t code = *byte < sizeof(set1) ? set1[*byte] : *byte;

    if ( *byte == RELEASE )
    {
        *released = true; /* in set 1 a bit of the next byte */
        return false;
    }
    *byte = (uint8_t)(code | (*released ? 0x80U : 0U));
    *released = false;

    return true;
}

/* Bytes from set 2 to the one in use, in place; returns how many. */
static uint32_t encode(const struct vsio_ps2_kbd *k, uint8_t *bytes, uint32_t n)
{
    bool released = false;
    uint32_t i, used = 0;

    if ( k->set == 2 )
        return n;

    for ( i = 0; i < n; i++ )
    {
        uint8_t byte = bytes[i];

        if ( vsio_ps2_to_set1(&released, &byte) )
            bytes[used++] = byte;
    }

    return used;
}

static uint32_t copy(uint8_t *to, const uint8_t *from, uint32_t n)
{
    uint32_t i;

    for ( i = 0; i < n; i++ )
        to[i] = from[i];

    return n;
}

/* What a key says in set 2; returns how many bytes, perhaps none. */
static uint32_t spell(uint8_t *to, uint32_t code, bool pressed)
{
    static const uint8_t pause[] = { 0xe1, 0x14, 0x77, 0xe1,
                                     0xf0, 0x14, 0xf0, 0x77 };
    static const uint8_t print[] = { 0xe0, 0x12, 0xe0, 0x7c };
    static const uint8_t print_up[] = { 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12 };
    uint32_t n = 0;

    if ( code == VSIO_KEY_PAUSE )
        return pressed ? copy(to, pause, sizeof(pause)) : 0;
    if ( code == VSIO_KEY_PRINT )
        return pressed ? copy(to, print, sizeof(print))
                       : copy(to, print_up, sizeof(print_up));

    if ( code > 0xff )
        to[n++] = EXTENDED;
    if ( !pressed )
        to[n++] = RELEASE;
    to[n++] = (uint8_t)code;

    return n;
}

/* Can a keyboard have it? */
static bool is_key(uint32_t code)
{
    uint32_t prefix = code >> 8, byte = code & 0xff;

    return code == VSIO_KEY_PAUSE || code == VSIO_KEY_CTRL_PRINT ||
           (prefix == 0 && byte > 0 && byte <= VSIO_KEY_ALT_PRINT) ||
           (prefix == EXTENDED && byte > 0 && byte < 0x80);
}

/* Keys got lost: say so once, in the place of the first of them. */
static void overrun(struct vsio_ps2_kbd *k)
{
    uint8_t code = k->set == 1 ? 0xffU : 0x00U;

    if ( !k->overrun )
        k->overrun = vsio_ps2_put(&k->keys, &code, 1, VSIO_PS2_KEYS);
}

/* All bytes or none of them, in set 2. */
static bool type(struct vsio_ps2_kbd *k,
                 struct vsio_device *dev,
                 uint8_t *bytes,
                 uint32_t n,
                 uint32_t limit)
{
    n = encode(k, bytes, n);
    if ( !vsio_ps2_put(&k->keys, bytes, n, limit) )
    {
        vsio_ps2_lost(dev, bytes, n);
        overrun(k);
        return false;
    }

    k->overrun = false;
    dev->count.bytes_in += n;

    return true;
}

bool vsio_ps2_kbd_key(struct vsio_ps2_kbd *k,
                      struct vsio_device *dev,
                      uint32_t code,
                      bool pressed)
{
    uint8_t bytes[LONGEST];

    if ( !k->scanning || !is_key(code) )
        return false;

    return type(k, dev, bytes, spell(bytes, code, pressed),
                pressed ? VSIO_PS2_PRESSES : VSIO_PS2_KEYS);
}

bool vsio_ps2_kbd_ctrl_alt_del(struct vsio_ps2_kbd *k, struct vsio_device *dev)
{
    static const uint32_t keys[] = { VSIO_KEY_CTRL, VSIO_KEY_ALT,
                                     VSIO_KEY_DEL };
    uint8_t bytes[LONGEST];
    uint32_t n = 0, i;

    if ( !k->scanning )
        return false;

    for ( i = 0; i < 3; i++ )
        n += spell(bytes + n, keys[i], true);
    for ( i = 3; i-- > 0; )
        n += spell(bytes + n, keys[i], false);

    return type(k, dev, bytes, n, VSIO_PS2_KEYS);
}

static bool valid_cmd(uint8_t cmd)
{
    return cmd == 0 || cmd == KBD_LEDS || cmd == KBD_SET ||
           cmd == KBD_TYPEMATIC ||
           (cmd >= KBD_KEY_TYPEMATIC && cmd <= KBD_KEY_MAKE);
}

bool vsio_ps2_kbd_valid(const struct vsio_ps2_kbd *k)
{
    return vsio_ps2_queue_valid(&k->answers, VSIO_PS2_QUEUE) &&
           vsio_ps2_queue_valid(&k->keys, VSIO_PS2_KEYS) && valid_cmd(k->cmd) &&
           (k->set == 1 || k->set == 2) && k->typematic <= 0x7f &&
           k->leds <= (PS2_LED_SCROLL | PS2_LED_NUM | PS2_LED_CAPS) &&
           (k->scanning || (!k->keys.count && !k->overrun)) &&
           k->last != PS2_RESEND;
}

void vsio_ps2_kbd_fields(struct vsio_ps2_kbd *k, struct vsio_stream *s)
{
    vsio_ps2_queue_fields(&k->answers, s);
    vsio_ps2_queue_fields(&k->keys, s);
    vsio_field8(s, &k->cmd);
    vsio_field8(s, &k->set);
    vsio_field8(s, &k->typematic);
    vsio_field8(s, &k->leds);
    vsio_field8(s, &k->last);
    vsio_field_bool(s, &k->scanning);
    vsio_field_bool(s, &k->overrun);
}

/* SPDX-License-Identifier: MIT */
/* The keyboard behind the controller: every command, and its keys. */

#include "i8042-host.h"

static struct vsio_device *const dev = &kbc.dev;

static void power_on(void)
{
    start_open();
    QUIET(); /* its self-test is over */
    kbd_ack(0xf0);
    to_kbd(0x00);
    SAYS(KBD, 0xfa, 0x02);
    EXPECT_EQ(front.leds_calls, 0);
    EXPECT_EQ(kbc.kbd.typematic, 0x2b);
    key(0x1c, true); /* it scans */
    SAYS(KBD, 0x1c);
    EXPECT_EQ(seen.events, 0);
}

static void leds(void)
{
    start_open();
    kbd_ack(0xed);
    EXPECT_EQ(front.leds_calls, 0);
    kbd_ack(0x02);
    EXPECT_EQ(front.leds, PS2_LED_NUM);
    kbd_ack(0xed);
    kbd_ack(0x02); /* no change, no call */
    EXPECT_EQ(front.leds_calls, 1);
    kbd_ack(0xed);
    kbd_ack(0x7d); /* there are no more lamps than three */
    EXPECT_EQ(front.leds, PS2_LED_CAPS | PS2_LED_SCROLL);
    EXPECT_EQ(kbc.kbd.typematic, 0x2b); /* is no business of theirs */
    kbd_ack(0xed);
    to_kbd(0x80);
    SAYS(KBD, 0xfe); /* asks for it again */
    kbd_ack(0x00);
    EXPECT_EQ(front.leds, 0);
    kbd_ack(0xed);
    kbd_ack(0xf4); /* a command in its place */
    to_kbd(0x07);
    SAYS(KBD, 0xfe);
    EXPECT_EQ(front.leds, 0);
}

static void echo(void)
{
    start_open();
    to_kbd(0xee);
    SAYS(KBD, 0xee);
    QUIET();
}

static void sets(void)
{
    start_open();
    kbd_ack(0xf0);
    kbd_ack(0x01);
    key(0x1c, true);
    key(0x1c, false);
    SAYS(KBD, 0x1e, 0x9e);
    key(0xe071, true);
    key(0xe071, false);
    SAYS(KBD, 0xe0, 0x53, 0xe0, 0xd3);
    kbd_ack(0xf0);
    to_kbd(0x00);
    SAYS(KBD, 0xfa, 0x01);
    kbd_ack(0xf0);
    to_kbd(0x03); /* has no set 3, and says so */
    SAYS(KBD, 0xfe);
    to_kbd(0x04);
    SAYS(KBD, 0xfe);
    kbd_ack(0x02);
    key(0x1c, false);
    SAYS(KBD, 0xf0, 0x1c);
    kbd_ack(0xf0);
    to_kbd(0x00);
    SAYS(KBD, 0xfa, 0x02);
    to_kbd(0x00);
    SAYS(KBD, 0xfe); /* the command is over */
}

static void id(void)
{
    start_open();
    to_kbd(0xf2);
    SAYS(KBD, 0xfa, 0xab, 0x83);
    QUIET();
}

static void typematic(void)
{
    start_open();
    kbd_ack(0xf3);
    to_kbd(0x80);
    SAYS(KBD, 0xfe);
    kbd_ack(0x7f);
    EXPECT_EQ(kbc.kbd.typematic, 0x7f);
    kbd_ack(0xf3);
    kbd_ack(0x00);
    EXPECT_EQ(kbc.kbd.typematic, 0);
    key(0x1c, true); /* a key that is held, as the host says */
    key(0x1c, true);
    SAYS(KBD, 0x1c, 0x1c);
}

static void enable_disable(void)
{
    start_open();
    kbd_ack(0xf5);
    EXPECT(!key(0x1c, true) && !key(0x1c, false) && !ctrl_alt_del());
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 0); /* nobody wanted it */
    kbd_ack(0xf6);                          /* does not start it */
    EXPECT(!key(0x1c, true));
    kbd_ack(0xf4);
    EXPECT(key(0x1c, true));
    SAYS(KBD, 0x1c);
}

static void set_all(uint8_t cmd)
{
    kbd_ack(0xed);
    kbd_ack(0x07);
    kbd_ack(0xf3);
    kbd_ack(0x11);
    kbd_ack(0xf0);
    kbd_ack(0x01);
    to_kbd(cmd);
}

static void defaults(void)
{
    static const uint8_t cmds[] = { 0xf5, 0xf6, 0xff };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(cmds); i++ )
    {
        at(cmds[i], 0);
        start_open();
        set_all(cmds[i]);
        SAYS(KBD, 0xfa);
        if ( cmds[i] == 0xff )
            SAYS(KBD, 0xaa);
        QUIET();
        EXPECT_EQ(front.leds, 0);
        EXPECT_EQ(kbc.kbd.typematic, 0x2b);
        EXPECT_EQ(kbc.kbd.set, 2);
        EXPECT_EQ(key(0x1c, true), cmds[i] != 0xf5);
    }
}

static void types_of_keys(void)
{
    uint8_t cmd;

    start_open();
    for ( cmd = 0xf7; cmd <= 0xfa; cmd++ )
    {
        kbd_ack(cmd);
        to_kbd(0x1c);
        SAYS(KBD, 0xfe); /* takes no parameter */
    }
    for ( cmd = 0xfb; cmd <= 0xfd; cmd++ )
    {
        kbd_ack(cmd);
        kbd_ack(0x1c); /* a list of any length */
        kbd_ack(0x8f);
        kbd_ack(0xe7);
        key(0x1c, true); /* waits for the end of the list */
        QUIET();
        to_kbd(0xee);
        SAYS(KBD, 0xee, 0x1c);
    }
}

static void resend(void)
{
    start_open();
    to_kbd(0xfe);
    SAYS(KBD, 0xaa); /* that of its self-test */
    to_kbd(0xee);
    SAYS(KBD, 0xee);
    to_kbd(0xfe);
    SAYS(KBD, 0xee);
    to_kbd(0xfe);
    SAYS(KBD, 0xee);
    key(0x1c, true);
    SAYS(KBD, 0x1c);
    to_kbd(0xfe);
    SAYS(KBD, 0x1c);
    to_kbd(0xf1);
    SAYS(KBD, 0xfe);
    to_kbd(0xfe);
    SAYS(KBD, 0x1c); /* what was before that, else nobody ever learns */
    kbd_ack(0xed);
    to_kbd(0xfe); /* does not end what waits */
    SAYS(KBD, 0xfa);
    kbd_ack(0x01);
    EXPECT_EQ(front.leds, 1);
}

static void unknown_bytes(void)
{
    uint32_t byte;

    start_open();
    for ( byte = 0; byte < 0xed; byte++ )
    {
        at(byte, 0);
        to_kbd((uint8_t)byte);
        SAYS(KBD, 0xfe);
    }
    to_kbd(0xef);
    SAYS(KBD, 0xfe);
    to_kbd(0xf1);
    SAYS(KBD, 0xfe);
    QUIET();
    EXPECT_EQ(seen.events, 0);
}

static void spellings(void)
{
    start_open();
    EXPECT(key(0xe114, true)); /* Pause */
    EXPECT(key(0xe114, false));
    SAYS(KBD, 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77);
    key(0xe07c, true); /* Print */
    SAYS(KBD, 0xe0, 0x12, 0xe0, 0x7c);
    key(0xe07c, false);
    SAYS(KBD, 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12);
    key(VSIO_KEY_ALT_PRINT, true);
    key(VSIO_KEY_ALT_PRINT, false);
    SAYS(KBD, 0x84, 0xf0, 0x84);
    EXPECT_EQ(VSIO_KEY_CTRL_PRINT, 0xe17c); /* e0 7c, but no Print's shifts */
    EXPECT(key(VSIO_KEY_CTRL_PRINT, true));
    EXPECT(key(VSIO_KEY_CTRL_PRINT, false));
    SAYS(KBD, 0xe0, 0x7c, 0xe0, 0xf0, 0x7c);
    key(VSIO_KEY_CTRL_STOP, true);
    key(VSIO_KEY_CTRL_STOP, false);
    SAYS(KBD, 0xe0, 0x7e, 0xe0, 0xf0, 0x7e);
    key(VSIO_KEY_DEL, true);
    SAYS(KBD, 0xe0, 0x71);
    set_ctr(I8042_CTR_XLATE);
    key(VSIO_KEY_PAUSE, true);
    SAYS(KBD, 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5);
    key(VSIO_KEY_PRINT, true);
    SAYS(KBD, 0xe0, 0x2a, 0xe0, 0x37);
    key(VSIO_KEY_PRINT, false);
    SAYS(KBD, 0xe0, 0xb7, 0xe0, 0xaa);
    QUIET();
}

static void no_such_key(void)
{
    static const uint32_t codes[] = { 0x00,    0x85,      0xe0,   0xf0,
                                      0xff,    0x11c,     0xe000, 0xe080,
                                      0xe0f0,  0xe11c,    0xf01c, 0xffff,
                                      0x1e01c, 0xffffffff };
    unsigned int i;

    start_open();
    for ( i = 0; i < ARRAY_SIZE(codes); i++ )
    {
        at(codes[i], 0);
        EXPECT(!key(codes[i], true) && !key(codes[i], false));
    }
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 0);
    EXPECT(key(0xe001, true) && key(0x01, true) && key(0x84, true) &&
           key(0xe07f, true));
}

static void three_keys(void)
{
    start_open();
    EXPECT(ctrl_alt_del());
    SAYS(KBD, 0x14, 0x11, 0xe0, 0x71);
    SAYS(KBD, 0xe0, 0xf0, 0x71, 0xf0, 0x11, 0xf0, 0x14);
    QUIET();
    EXPECT_EQ(dev->count.bytes_in, 11);
    set_ctr(I8042_CTR_XLATE);
    EXPECT(ctrl_alt_del());
    SAYS(KBD, 0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d);
    QUIET();
    set_ctr(0);
    kbd_ack(0xf0);
    kbd_ack(0x01);
    EXPECT(ctrl_alt_del());
    SAYS(KBD, 0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d);
    QUIET();
}

static void three_keys_or_none(void)
{
    start_open();
    command(0xad);
    EXPECT(ctrl_alt_del());
    EXPECT(!ctrl_alt_del());
    EXPECT_EQ(dev->count.bytes_dropped, 11);
    command(0xae);
    SAYS(KBD, 0x14, 0x11, 0xe0, 0x71);
    SAYS(KBD, 0xe0, 0xf0, 0x71, 0xf0, 0x11, 0xf0, 0x14);
    SAYS(KBD, 0x00); /* the overrun */
    QUIET();
}

static void queue_is_bounded(void)
{
    unsigned int i;

    start_open();
    command(0xad);
    for ( i = 0; i < 12; i++ )
        EXPECT(key(0x10 + i, true));
    EXPECT(!key(0x1c, true)); /* what is left is for keys released */
    EXPECT(!key(0xe071, true));
    EXPECT_EQ(dev->count.bytes_dropped, 3);
    EXPECT_EQ(seen.dropped, 3);
    EXPECT_EQ(seen.last.value, 0x71);
    EXPECT(key(0x10, false));
    EXPECT(!key(0x11, false)); /* no half of it */
    EXPECT_EQ(dev->count.bytes_dropped, 5);
    EXPECT_EQ(dev->count.bytes_in, 14);
    command(0xae);
    for ( i = 0; i < 12; i++ )
        SAYS(KBD, (uint8_t)(0x10 + i));
    SAYS(KBD, 0x00, 0xf0, 0x10); /* in the place of the first one lost */
    QUIET();
    EXPECT(key(0x11, false));
    SAYS(KBD, 0xf0, 0x11);
}

static void overrun_once(void)
{
    unsigned int i;

    start_open();
    kbd_ack(0xf0);
    kbd_ack(0x01);
    command(0xad);
    for ( i = 0; i < 100; i++ )
        key(0x1c, true);
    EXPECT_EQ(dev->count.bytes_dropped, 88);
    EXPECT_EQ(seen.last.offset, I8042_DATA);
    command(0xae);
    for ( i = 0; i < 12; i++ )
        SAYS(KBD, 0x1e);
    SAYS(KBD, 0xff); /* the overrun of set 1 */
    QUIET();

    start_open();
    command(0xad);
    for ( i = 0; i < 15; i++ )
        key(0x1c, true);
    command(0xae);
    EXPECT_EQ(drain(), 13);
    command(0xad);
    for ( i = 0; i < 15; i++ ) /* and again, when some have got through */
        key(0x1c, true);
    command(0xae);
    EXPECT_EQ(drain(), 13);
}

static void no_room_for_the_overrun(void)
{
    unsigned int i;

    start_open();
    command(0xad);
    for ( i = 0; i < 5; i++ )
        EXPECT(key(0xe071, false));
    EXPECT(!key(0x1c, true));
    command(0xae);
    for ( i = 0; i < 5; i++ )
        SAYS(KBD, 0xe0, 0xf0, 0x71);
    QUIET();
}

static void answers_go_first(void)
{
    start_open();
    key(0xe074, true); /* e0 is in the output buffer */
    key(0x1c, true);
    to_kbd(0xed);
    SAYS(KBD, 0xe0, 0xfa); /* and now it does not scan */
    QUIET();
    kbd_ack(0x00);
    SAYS(KBD, 0x74, 0x1c);
    QUIET();
}

static void commands_that_forget(void)
{
    static const uint8_t cmds[] = { 0xf4, 0xf5, 0xf6, 0xf7,
                                    0xf8, 0xf9, 0xfa, 0xff };
    static const uint8_t others[] = { 0xed, 0xee, 0xf0, 0xf2, 0xf3, 0xfe };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(cmds); i++ )
    {
        at(cmds[i], 0);
        start_open();
        command(0xad);
        key(0xe074, true);
        to_kbd(cmds[i]);
        SAYS(KBD, 0xfa);
        if ( cmds[i] == 0xff )
            SAYS(KBD, 0xaa);
        QUIET();
        EXPECT_EQ(dev->count.bytes_dropped, 2);
    }

    start_open();
    command(0xad);
    key(0xe074, true);
    to_kbd(0xf0);
    to_kbd(0x01); /* another set: codes of the old one are no good */
    SAYS(KBD, 0xfa, 0xfa);
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 2);

    for ( i = 0; i < ARRAY_SIZE(others); i++ )
    {
        start_open();
        command(0xad);
        key(0xe074, true);
        to_kbd(others[i]);
        EXPECT_EQ(dev->count.bytes_dropped, 0);
    }
}

static void reset_forgets_all(void)
{
    start_open();
    to_kbd(0xf2); /* nobody has read its answer */
    to_kbd(0xff);
    SAYS(KBD, 0xfa, 0xfa, 0xaa);
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 2);

    start_open();
    kbd_ack(0xed);
    vsio_reset(dev);
    CHECK_VALID();
    set_ctr(0);
    to_kbd(0x01); /* is no parameter any more */
    SAYS(KBD, 0xfe);
}

/* A guest that sends and never reads gets nothing but its last answers. */
static void answers_are_bounded(void)
{
    unsigned int i, n;

    start_open();
    for ( i = 0; i < 1000; i++ )
        to_kbd(0xf2);
    n = drain();
    EXPECT(n > 2 && n <= 17);
    EXPECT_EQ(n + dev->count.bytes_dropped, 3000);
    EXPECT_EQ(seen.dropped, dev->count.bytes_dropped);
    to_kbd(0xf2);
    SAYS(KBD, 0xfa, 0xab, 0x83);
}

/* With the one in the output buffer, as many as there is room for. */
static void answers_up_to_the_bound(void)
{
    unsigned int i;

    start_open();
    to_kbd(0xee);
    for ( i = 0; i < 5; i++ )
        to_kbd(0xf2);
    to_kbd(0xee);
    EXPECT_EQ(dev->count.bytes_dropped, 0);
    SAYS(KBD, 0xee);
    for ( i = 0; i < 5; i++ )
        SAYS(KBD, 0xfa, 0xab, 0x83);
    SAYS(KBD, 0xee);
    QUIET();
}

static void valid_rejects(void)
{
    struct vsio_i8042 good;

    start_open();
    good = kbc;
#define BREAKS(change)                                                         \
    do                                                                         \
    {                                                                          \
        kbc = good;                                                            \
        kbc.kbd.change;                                                        \
        EXPECT(!vsio_i8042_valid(&kbc));                                       \
        kbc = good;                                                            \
    } while ( 0 )
    BREAKS(cmd = 0xee);
    BREAKS(cmd = 0xfe);
    BREAKS(cmd = 0x01);
    BREAKS(set = 0);
    BREAKS(set = 3);
    BREAKS(typematic = 0x80);
    BREAKS(leds = 8);
    BREAKS(last = 0xfe);
    BREAKS(keys.first = 16);
    BREAKS(answers.first = 16);
    good.ram[0] = I8042_CTR_KBD_DIS;
    good.kbd.keys.count = 15;
    kbc = good;
    EXPECT(vsio_i8042_valid(&kbc));
    BREAKS(keys.count = 16);
    BREAKS(scanning = false);
    good.kbd.keys.count = 0;
    good.kbd.answers.count = 16;
    kbc = good;
    EXPECT(vsio_i8042_valid(&kbc));
    BREAKS(answers.count = 17);
    good.kbd.scanning = false;
    BREAKS(overrun = true);
    kbc = good;
}

static const struct test table[] = {
    { "at power-on it scans, in set 2", power_on },
    { "ED: the LEDs, and the host is told", leds },
    { "EE is echoed", echo },
    { "F0: sets 1 and 2, what is in use; there is no set 3", sets },
    { "F2: the identity is AB 83", id },
    { "F3: rate and delay are kept", typematic },
    { "F4 and F5 switch the keys", enable_disable },
    { "F5, F6, FF: what is default", defaults },
    { "F7-FD: types of keys are taken, and nothing else", types_of_keys },
    { "FE: the last byte again", resend },
    { "everything else is asked for again", unknown_bytes },
    { "Pause, Print and their relatives", spellings },
    { "no such key", no_such_key },
    { "Ctrl-Alt-Del", three_keys },
    { "Ctrl-Alt-Del whole or not at all", three_keys_or_none },
    { "keys that do not fit are lost whole", queue_is_bounded },
    { "an overrun is told once", overrun_once },
    { "an overrun is not told where there is no room",
      no_room_for_the_overrun },
    { "answers go before keys, keys wait for parameters", answers_go_first },
    { "F4-FA and FF forget the keys that wait", commands_that_forget },
    { "a reset forgets answers, and what was awaited", reset_forgets_all },
    { "answers that nobody reads are bounded", answers_are_bounded },
    { "answers wait up to that bound, and stay what they are",
      answers_up_to_the_bound },
    { "valid() rejects each broken field", valid_rejects },
};
TESTS(table);

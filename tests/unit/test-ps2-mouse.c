/* SPDX-License-Identifier: MIT */
/* The mouse behind the controller: every command, its packets, its wheel. */

#include "i8042-host.h"

static struct vsio_device *const dev = &kbc.dev;

static void rate(uint8_t r)
{
    mouse_ack(0xf3);
    mouse_ack(r);
}

static void knock(uint8_t a, uint8_t b, uint8_t c)
{
    rate(a);
    rate(b);
    rate(c);
}

static void power_on(void)
{
    start_open();
    QUIET();
    EXPECT(!move(1, 1, 1, 0));
    QUIET(); /* it does not report */
    EXPECT_EQ(dev->count.bytes_dropped, 0);
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x00, 0x02, 0x64);
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x00);
    QUIET();
}

static void packets(void)
{
    start_streaming();
    EXPECT(move(1, 0, 0, 0));
    SAYS(AUX, 0x08, 0x01, 0x00);
    move(-1, 0, 0, 0);
    SAYS(AUX, 0x18, 0xff, 0x00);
    move(0, -2, 0, LEFT);
    SAYS(AUX, 0x29, 0x00, 0xfe);
    move(255, -255, 0, LEFT | RIGHT | MIDDLE);
    SAYS(AUX, 0x2f, 0xff, 0x01);
    EXPECT(move(0, 0, 0, 0xf0)); /* there are three buttons */
    SAYS(AUX, 0x08, 0x00, 0x00);
    move(0, 0, 0, 0); /* nothing new */
    move(0, 0, 5, 0); /* there is no wheel */
    QUIET();
    EXPECT_EQ(dev->count.bytes_in, 15);
    EXPECT_EQ(seen.events, 0);
}

static void scaling(void)
{
    static const uint8_t half[] = { 0, 1, 2, 3, 4, 5, 6, 7, 100, 127, 128 };
    static const uint8_t full[] = { 0, 1, 1, 3, 6, 9, 12, 14, 200, 254, 255 };
    unsigned int i;

    start_streaming();
    mouse_ack(0xe7);
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x30, 0x02, 0x64);
    for ( i = 1; i < ARRAY_SIZE(half); i++ )
    {
        at(half[i], 0);
        move(half[i], (int16_t)-half[i], 0, 0);
        SAYS(AUX, 0x28, full[i], (uint8_t)-full[i]);
    }
    mouse_ack(0xf0);
    move(50, 0, 0, 0);
    to_mouse(0xeb); /* not in remote mode */
    SAYS(AUX, 0xfa, 0x08, 50, 0);
    mouse_ack(0xea);
    mouse_ack(0xe6);
    move(50, 0, 0, 0);
    SAYS(AUX, 0x08, 50, 0);
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x20, 0x02, 0x64);
}

static void resolution(void)
{
    uint8_t r;

    start_open();
    for ( r = 0; r < 4; r++ )
    {
        mouse_ack(0xe8);
        mouse_ack(r);
        to_mouse(0xe9);
        SAYS(AUX, 0xfa, 0x00, r, 0x64);
    }
    mouse_ack(0xe8);
    to_mouse(4);
    SAYS(AUX, 0xfe);
    mouse_ack(1);
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x00, 1, 0x64);
}

static void rates(void)
{
    static const uint8_t good[] = { 10, 20, 40, 60, 80, 100, 200 };
    uint32_t i, r;

    start_open();
    for ( r = 0; r < 0xe6; r++ )
    {
        bool known = false;

        at(r, 0);
        for ( i = 0; i < ARRAY_SIZE(good); i++ )
            known |= good[i] == r;
        mouse_ack(0xf3);
        to_mouse((uint8_t)r);
        SAYS(AUX, known ? 0xfa : 0xfe);
        if ( !known )
            continue;
        to_mouse(0xe9);
        SAYS(AUX, 0xfa, 0x00, 0x02, (uint8_t)r);
    }
}

static void status_has_buttons(void)
{
    start_streaming();
    move(0, 0, 0, LEFT);
    drain();
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x24, 0x02, 0x64);
    move(0, 0, 0, RIGHT);
    drain();
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x21, 0x02, 0x64);
    mouse_ack(0xf5);
    EXPECT(!move(0, 0, 0, MIDDLE)); /* seen even when it does not report */
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x02, 0x02, 0x64);
}

static void remote(void)
{
    start_open();
    mouse_ack(0xf0);
    EXPECT(move(3, 4, 0, LEFT));
    EXPECT(move(-10, 4, 0, RIGHT));
    QUIET();
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x41, 0x02, 0x64); /* and all counts are forgotten */
    to_mouse(0xeb);
    SAYS(AUX, 0xfa, 0x0a, 0, 0);
    move(-10, 4, 0, RIGHT);
    to_mouse(0xeb);
    SAYS(AUX, 0xfa, 0x1a, 0xf6, 4);
    to_mouse(0xeb);
    SAYS(AUX, 0xfa, 0x0a, 0, 0);
    mouse_ack(0xea);
    EXPECT(!move(1, 1, 0, 0));
    mouse_ack(0xf4);
    QUIET();
    move(1, 1, 0, 0);
    SAYS(AUX, 0x08, 1, 1);
}

static void read_data_while_streaming(void)
{
    start_streaming();
    command(0xa7);
    move(3, 4, 0, 0);
    to_mouse(0xeb);
    SAYS(AUX, 0xfa, 0x08, 3, 4);
    QUIET();
}

static void wrap(void)
{
    uint32_t byte;

    start_streaming();
    mouse_ack(0xee);
    for ( byte = 0; byte < 0xff; byte++ )
    {
        if ( byte == 0xec )
            continue;
        at(byte, 0);
        to_mouse((uint8_t)byte);
        SAYS(AUX, (uint8_t)byte);
    }
    EXPECT(!move(1, 1, 0, LEFT));
    QUIET();
    mouse_ack(0xec);
    QUIET();
    move(2, 0, 0, LEFT);
    SAYS(AUX, 0x09, 2, 0);
    mouse_ack(0xee);
    to_mouse(0xff);
    SAYS(AUX, 0xfa, 0xaa, 0x00);
    mouse_ack(0xec); /* no harm where nothing is wrapped */
}

static void enable_disable(void)
{
    start_streaming();
    mouse_ack(0xf5);
    EXPECT(!move(1, 1, 0, 0));
    QUIET();
    mouse_ack(0xf4);
    QUIET(); /* what was before is no longer true */
    move(2, 2, 0, 0);
    SAYS(AUX, 0x08, 2, 2);
}

static void defaults(void)
{
    static const uint8_t cmds[] = { 0xf6, 0xff };
    unsigned int i;

    for ( i = 0; i < 2; i++ )
    {
        at(cmds[i], 0);
        start_streaming();
        knock(200, 100, 80);
        mouse_ack(0xe8);
        mouse_ack(0x03);
        mouse_ack(0xe7);
        mouse_ack(0xf0);
        to_mouse(cmds[i]);
        SAYS(AUX, 0xfa);
        if ( cmds[i] == 0xff )
            SAYS(AUX, 0xaa, 0x00);
        QUIET();
        to_mouse(0xe9);
        SAYS(AUX, 0xfa, 0x00, 0x02, 0x64);
        to_mouse(0xf2); /* the wheel stays until a reset */
        SAYS(AUX, 0xfa, cmds[i] == 0xff ? 0x00 : 0x03);
        EXPECT(!move(1, 1, 0, 0));
    }
}

static void wheel(void)
{
    start_streaming();
    knock(200, 100, 80);
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x03);
    move(1, 2, 3, 0);
    SAYS(AUX, 0x08, 1, 2, 3);
    EXPECT(move(0, 0, -7, MIDDLE));
    SAYS(AUX, 0x0c, 0, 0, 0xf9);
    EXPECT(!move(0, 0, -9, MIDDLE)); /* four bits */
    SAYS(AUX, 0x0c, 0, 0, 0xf9);
    EXPECT_EQ(dev->count.bytes_dropped, 1);
    mouse_ack(0xf0);
    move(0, 0, 1, 0);
    to_mouse(0xeb);
    SAYS(AUX, 0xfa, 0x08, 0, 0, 1);
}

static void no_wheel(void)
{
    start_streaming();
    knock(200, 200, 80); /* five buttons: Linux asks, and goes without */
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x00);
    knock(100, 200, 80);
    knock(200, 100, 60);
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x00);
    rate(200); /* a knock after a wrong one */
    knock(200, 100, 80);
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x03);
    knock(200, 200, 80);
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x03);
}

static void packet_grows_when_nothing_waits(void)
{
    start_streaming();
    knock(200, 100, 40);
    rate(200);
    rate(100);
    mouse_ack(0xf3);
    command(0xa7);
    move(1, 1, 0, LEFT); /* three bytes */
    to_mouse(80);
    SAYS(AUX, 0xfa);
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 3);
    move(1, 1, 1, LEFT);
    SAYS(AUX, 0x09, 1, 1, 1);
}

static void refusals(void)
{
    uint32_t byte;

    start_open();
    for ( byte = 0; byte < 0x100; byte++ )
    {
        if ( (byte >= 0xe6 && byte <= 0xec) || byte == 0xee || byte == 0xf0 ||
             (byte >= 0xf2 && byte <= 0xf6) || byte >= 0xfe )
            continue;
        at(byte, 0);
        to_mouse((uint8_t)byte);
        SAYS(AUX, 0xfe);
        to_mouse((uint8_t)byte);
        SAYS(AUX, 0xfc);
        to_mouse((uint8_t)byte);
        SAYS(AUX, 0xfc);
        mouse_ack(0xe6);
    }
    mouse_ack(0xf3);
    to_mouse(99);
    SAYS(AUX, 0xfe);
    to_mouse(99);
    SAYS(AUX, 0xfc); /* and the command is over */
    to_mouse(100);
    SAYS(AUX, 0xfc);
    mouse_ack(0xf3);
    to_mouse(0xe9); /* a command ends what another one waits for */
    SAYS(AUX, 0xfa, 0x00, 0x02, 0x64);
    to_mouse(0x28); /* and is over itself */
    SAYS(AUX, 0xfe);
    mouse_ack(0xf3);
    to_mouse(0xe6); /* the lowest of them */
    SAYS(AUX, 0xfa);
    mouse_ack(0xf3);
    to_mouse(99);
    SAYS(AUX, 0xfe);
    mouse_ack(100); /* better, and forgiven */
    to_mouse(0);
    SAYS(AUX, 0xfe);
    EXPECT_EQ(seen.events, 0);
}

static void resend(void)
{
    start_open();
    to_mouse(0xfe);
    SAYS(AUX, 0xaa, 0x00); /* of its self-test */
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x00, 0x02, 0x64);
    to_mouse(0xfe);
    SAYS(AUX, 0xfa, 0x00, 0x02, 0x64);
    to_mouse(0xfe);
    SAYS(AUX, 0xfa, 0x00, 0x02, 0x64);
    QUIET();
    mouse_ack(0xf4);
    move(1, 2, 0, LEFT);
    SAYS(AUX, 0x09, 1, 2);
    to_mouse(0xfe);
    SAYS(AUX, 0x09, 1, 2);
    QUIET();
    to_mouse(0xff);
    SAYS(AUX, 0xfa, 0xaa, 0x00);
    to_mouse(0xfe);
    SAYS(AUX, 0xfa, 0xaa, 0x00);
    mouse_ack(0xf4);
    move(1, 2, 0, LEFT);
    SAYS(AUX, 0x09, 1, 2);
    vsio_reset(dev);
    set_ctr(0);
    to_mouse(0xfe);
    SAYS(AUX, 0xaa, 0x00);
    QUIET();
}

static void resend_half_of_four(void)
{
    start_streaming();
    knock(200, 100, 80);
    move(1, 2, 3, LEFT);
    move(4, 5, 6, 0);
    SAYS(AUX, 0x09);
    to_mouse(0xfe);
    SAYS(AUX, 1, 0x09, 1, 2, 3); /* the first one only */
    SAYS(AUX, 0x08, 4, 5, 6);
    QUIET();
}

static void reset_forgets_all(void)
{
    start_open();
    to_mouse(0xe9); /* nobody has read its answer */
    to_mouse(0xff);
    SAYS(AUX, 0xfa, 0xfa, 0xaa, 0x00);
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 3);

    start_open();
    mouse_ack(0xf3);
    vsio_reset(dev);
    set_ctr(0);
    to_mouse(0x28); /* is no parameter any more */
    SAYS(AUX, 0xfe);
}

static void resend_half(void)
{
    start_streaming();
    move(1, 2, 0, LEFT);
    SAYS(AUX, 0x09);
    to_mouse(0xfe); /* the next byte is on its way already */
    SAYS(AUX, 1, 0x09, 1, 2);
    QUIET();
    move(5, 6, 0, LEFT);
    SAYS(AUX, 0x09, 5, 6);
    to_mouse(0xe9);
    SAYS(AUX, 0xfa);
    to_mouse(0xfe);
    SAYS(AUX, 0x24, 0xfa, 0x24, 0x02, 0x64);
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 0);
}

static void motion_adds_up(void)
{
    start_streaming();
    move(1, 1, 0, 0); /* in the output buffer */
    move(10, 20, 0, 0);
    move(-30, 20, 0, 0);
    SAYS(AUX, 0x08, 1, 1);
    SAYS(AUX, 0x18, 0xec, 40);
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 0);
}

static void motion_has_an_end(void)
{
    start_streaming();
    move(1, 1, 0, 0);
    EXPECT(move(200, -200, 0, 0));
    EXPECT(!move(200, -200, 0, 0));
    EXPECT_EQ(dev->count.bytes_dropped, 1);
    EXPECT_EQ(seen.last.offset, I8042_DATA);
    EXPECT_EQ(seen.last.value, 0); /* it is no byte */
    EXPECT(!move(INT16_MAX, INT16_MIN, 0, 0));
    SAYS(AUX, 0x08, 1, 1);
    SAYS(AUX, 0x28, 255, 1); /* no overflow bits: drivers discard such */
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 2);
    EXPECT(!move(256, 1, 0, 0)); /* one axis is enough */
    EXPECT(!move(1, 256, 0, 0));
}

static void clicks_keep_their_place(void)
{
    start_streaming();
    move(1, 1, 0, 0);
    move(5, 5, 0, 0);
    move(0, 0, 0, LEFT); /* here */
    move(0, 0, 0, 0);
    move(-5, -5, 0, 0);
    SAYS(AUX, 0x08, 1, 1);
    SAYS(AUX, 0x09, 5, 5);
    SAYS(AUX, 0x08, 0, 0);
    SAYS(AUX, 0x38, 0xfb, 0xfb);
    QUIET();
}

static void clicks_are_bounded(void)
{
    unsigned int i, n;

    start_streaming();
    command(0xa7);
    for ( i = 0; i < 4; i++ )
        EXPECT(move(1, 0, 0, (i + 1) & LEFT));
    EXPECT(move(1, 0, 0, LEFT)); /* is kept, but in no packet yet */
    EXPECT(!move(1, 0, 0, 0));
    EXPECT_EQ(dev->count.bytes_dropped, 1);
    EXPECT_EQ(seen.last.offset, I8042_DATA);
    EXPECT_EQ(seen.last.value, LEFT);
    for ( i = 0; i < 101; i++ )
        move(0, 0, 0, i & 1 ? RIGHT : MIDDLE);
    n = seen.dropped;
    EXPECT_EQ(n, 1 + 100);
    command(0xa8);
    for ( i = 0; i < 4; i++ )
        SAYS(AUX, (uint8_t)(0x08 | ((i + 1) & LEFT)), 1, 0);
    SAYS(AUX, 0x0c, 2, 0); /* as it is now */
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, n);
}

/* The fifth waits until there is room, and is not where the mouse goes then. */
static void late_click(void)
{
    unsigned int i;

    start_streaming();
    for ( i = 0; i < 5; i++ )
        EXPECT(move(0, 0, 0, (i + 1) & LEFT));
    SAYS(AUX, 0x09, 0, 0);
    EXPECT(move(9, 0, 0, RIGHT));
    SAYS(AUX, 0x08, 0, 0, 0x09, 0, 0, 0x08, 0, 0);
    SAYS(AUX, 0x09, 0, 0, 0x0a, 9, 0);
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 0);
}

static void commands_end_packets(void)
{
    static const uint8_t cmds[] = { 0xe6, 0xe7, 0xe8, 0xea, 0xec,
                                    0xee, 0xf0, 0xf3, 0xf4, 0xf5 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(cmds); i++ )
    {
        at(cmds[i], 0);
        start_streaming();
        move(1, 2, 0, LEFT);
        move(3, 4, 0, 0);
        SAYS(AUX, 0x09);
        to_mouse(cmds[i]);
        SAYS(AUX, 1, 0xfa); /* the rest is gone */
        QUIET();
        EXPECT_EQ(dev->count.bytes_dropped, 4);
    }
}

static void answers_are_bounded(void)
{
    unsigned int i, n;

    start_open();
    for ( i = 0; i < 1000; i++ )
        to_mouse(0xe9);
    n = drain();
    EXPECT(n > 3 && n <= 17);
    EXPECT_EQ(n + dev->count.bytes_dropped, 4000);
    for ( i = 0; i < 1000; i++ )
        to_mouse(0xfe);
    drain();
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x00);
}

static void valid_rejects(void)
{
    struct vsio_i8042 good;

    start_streaming();
    good = kbc;
#define BREAKS(change)                                                         \
    do                                                                         \
    {                                                                          \
        kbc = good;                                                            \
        kbc.mouse.change;                                                      \
        EXPECT(!vsio_i8042_valid(&kbc));                                       \
        kbc = good;                                                            \
    } while ( 0 )
    BREAKS(cmd = 0xe9);
    BREAKS(resolution = 4);
    BREAKS(rate = 99);
    BREAKS(sent_count = 6);
    BREAKS(dx = 1); /* would be in the output buffer */
    BREAKS(told = LEFT);
    BREAKS(packets.first = 16);
    BREAKS(answers.first = 16);
    good.ram[0] = I8042_CTR_AUX_DIS;
    good.mouse.packets.count = 12;
    good.mouse.dx = 255;
    kbc = good;
    EXPECT(vsio_i8042_valid(&kbc));
    BREAKS(dx = 256);
    BREAKS(dx = -256);
    BREAKS(dy = 256);
    BREAKS(dy = -256);
    BREAKS(dz = 1);
    BREAKS(packets.count = 13);
    BREAKS(answers.count = 17);
    BREAKS(buttons = 8);
    BREAKS(told = 8);
    BREAKS(enabled = false);
    good.mouse.wheel = true;
    BREAKS(dz = 8);
    BREAKS(dz = -8);
    good.mouse.dx = 0;
    good.mouse.remote = true;
    BREAKS(packets.count = 4);
    good.mouse.packets.count = 0;
    BREAKS(told = LEFT);
    kbc = good;
    EXPECT(vsio_i8042_valid(&kbc));

    good.mouse.dx = good.mouse.dy = -255;
    good.mouse.dz = -7;
    kbc = good;
    EXPECT(vsio_i8042_valid(&kbc));

    good.mouse.dx = good.mouse.dy = good.mouse.dz = 0;
    good.mouse.enabled = good.mouse.remote = false;
    kbc = good;
    EXPECT(vsio_i8042_valid(&kbc));
    BREAKS(dx = 1); /* that nobody can ever see */
    BREAKS(dy = 1);
    BREAKS(dz = 1);
}

static const struct test table[] = {
    { "at power-on it does not report", power_on },
    { "F4: packets of buttons and motion", packets },
    { "E6 and E7: scaling, not in remote mode", scaling },
    { "E8: resolutions 0 to 3", resolution },
    { "F3: seven rates", rates },
    { "E9: the status shows the buttons", status_has_buttons },
    { "F0 and EA: remote mode, EB reads", remote },
    { "EB while streaming", read_data_while_streaming },
    { "EE and EC: wrap mode echoes all but FF", wrap },
    { "F4 and F5", enable_disable },
    { "F6 and FF: what is default", defaults },
    { "200, 100, 80: a wheel", wheel },
    { "other rates: no wheel", no_wheel },
    { "a packet grows when none waits", packet_grows_when_nothing_waits },
    { "a bad byte is asked for again, then refused", refusals },
    { "FE: the last packet again", resend },
    { "FE: a half packet whole", resend_half },
    { "FE: half a packet of four bytes whole", resend_half_of_four },
    { "a reset forgets answers, and what was awaited", reset_forgets_all },
    { "motion adds up until it is read", motion_adds_up },
    { "motion that no packet can say is lost, and counted", motion_has_an_end },
    { "a click is where it was", clicks_keep_their_place },
    { "clicks that nobody reads are bounded", clicks_are_bounded },
    { "a click that had to wait goes before the next", late_click },
    { "a command ends the packets under way", commands_end_packets },
    { "answers that nobody reads are bounded", answers_are_bounded },
    { "valid() rejects each broken field", valid_rejects },
};
TESTS(table);

/* SPDX-License-Identifier: MIT */
/* What firmware and kernels say to controller, keyboard and mouse. */

#include "i8042-host.h"

static struct vsio_device *const dev = &kbc.dev;

/* SeaBIOS flushes, as Linux does: 16 bytes at most, then nothing is there. */
static bool flush(void)
{
    unsigned int i;

    for ( i = 0; i < 16; i++ )
    {
        if ( !(status() & I8042_STR_OBF) )
            return true;
        data();
    }

    return !(status() & I8042_STR_OBF);
}

static uint8_t seabios_ctr;

/* Its way to a command: both ports off, the one on, then as it was. */
static void seabios_opens(bool aux)
{
    uint8_t off = seabios_ctr | I8042_CTR_KBD_DIS | I8042_CTR_AUX_DIS;

    off &= (uint8_t) ~(I8042_CTR_KBD_INT | I8042_CTR_AUX_INT);
    set_ctr(off);
    set_ctr(off & (uint8_t) ~(aux ? I8042_CTR_AUX_DIS : I8042_CTR_KBD_DIS));
}

static void seabios_closes(void)
{
    set_ctr(seabios_ctr);
}

static void seabios_keyboard(void)
{
    EXPECT(flush());
    EXPECT_EQ(ask(0xaa), 0x55);
    EXPECT_EQ(ask(0xab), 0x00);
    seabios_ctr = I8042_CTR_KBD_DIS | I8042_CTR_AUX_DIS;

    seabios_opens(false);
    to_kbd(0xff);
    SAYS(KBD, 0xfa, 0xaa);
    QUIET();
    seabios_closes();
    seabios_opens(false);
    kbd_ack(0xf5);
    seabios_closes();
    seabios_opens(false);
    kbd_ack(0xf0);
    kbd_ack(0x02);
    seabios_closes();
    seabios_ctr = I8042_CTR_AUX_DIS | I8042_CTR_XLATE | I8042_CTR_KBD_INT;
    seabios_opens(false);
    kbd_ack(0xf4);
    seabios_closes();
}

static void seabios(void)
{
    start_pc(BOTH);
    seabios_keyboard();

    key(0x1c, true); /* its interrupt 9 */
    EXPECT(seen.level[KBD]);
    SAYS(KBD, 0x1e);
    EXPECT(!seen.level[KBD]);
    command(0xae);
    QUIET();

    seabios_opens(true); /* INT 15, function C2: reset of the mouse */
    to_mouse(0xff);
    SAYS(AUX, 0xfa, 0xaa, 0x00);
    seabios_closes();
    seabios_opens(true);
    mouse_ack(0xe8);
    mouse_ack(0x02);
    seabios_closes();
    seabios_ctr |= I8042_CTR_AUX_INT;
    seabios_ctr &= (uint8_t)~I8042_CTR_AUX_DIS;
    seabios_opens(true);
    mouse_ack(0xf4);
    seabios_closes();
    move(4, 5, 0, LEFT);
    EXPECT(seen.level[AUX]);
    SAYS(AUX, 0x09, 4, 5);
    EXPECT_EQ(seen.events, 0);
}

static void linux_controller(void)
{
    EXPECT(flush());
    EXPECT_EQ(ask(0xaa), 0x55);
    EXPECT_EQ(ask(0x20) & 0x40, 0x40);
    set_ctr(0x74);
    EXPECT(status() & I8042_STR_INH); /* else it warns about a key lock */
    command_with(0xd3, 0x5a);
    EXPECT_EQ(status() & I8042_STR_AUX, I8042_STR_AUX);
    EXPECT_EQ(data(), 0x5a);
    EXPECT_EQ(ask(0xa9), 0);
    command(0xa7);
    EXPECT_EQ(ask(0x20) & 0x20, 0x20);
    command(0xa8);
    EXPECT_EQ(ask(0x20) & 0x20, 0);
    set_ctr(0x56);
    command_with(0xd3, 0xa5); /* does the interrupt come? */
    EXPECT(seen.level[AUX]);
    data();
    set_ctr(0x47);
}

static void linux_atkbd(void)
{
    to_kbd(0xf2); /* AB 83, through the translation */
    SAYS(KBD, 0xfa, 0xab, 0x41);
    kbd_ack(0xf5);
    kbd_ack(0xed);
    kbd_ack(0x00);
    kbd_ack(0xf3);
    kbd_ack(0x00);
    kbd_ack(0xf4);
}

static void linux_rate(uint8_t r)
{
    mouse_ack(0xf3);
    mouse_ack(r);
}

/* Does it look like one of the touchpads? It must not. */
static void linux_touchpads(void)
{
    unsigned int i;

    for ( i = 0; i < 4; i++ ) /* Synaptics: 47 would be in the middle */
    {
        mouse_ack(0xe8);
        mouse_ack(0x00);
    }
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x00, 0x00, 0x64);
    for ( i = 0; i < 3; i++ ) /* ALPS: its signatures are other ones */
        mouse_ack(0xe7);
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x10, 0x00, 0x64);
    to_mouse(0xe1); /* TrackPoint: no such command */
    SAYS(AUX, 0xfe);
}

static void linux_psmouse(void)
{
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x00);
    mouse_ack(0xf5);
    linux_touchpads();
    to_mouse(0xff);
    SAYS(AUX, 0xfa, 0xaa, 0x00);
    linux_rate(200); /* IntelliMouse */
    linux_rate(100);
    linux_rate(80);
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x03);
    linux_rate(200); /* Explorer: no */
    linux_rate(200);
    linux_rate(80);
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x03);
    linux_rate(100);
    mouse_ack(0xe8);
    mouse_ack(0x03);
    mouse_ack(0xe6);
    mouse_ack(0xf4);
}

static void start_linux(void)
{
    start_pc(BOTH);
    seabios_keyboard();
    linux_controller();
    linux_atkbd();
    linux_psmouse();
    EXPECT_EQ(seen.events, 0);
}

static void linux_boots(void)
{
    start_linux();
    key(0x1c, true);
    EXPECT(seen.level[KBD]);
    SAYS(KBD, 0x1e);
    move(1, 0, -1, 0);
    EXPECT(seen.level[AUX]);
    SAYS(AUX, 0x08, 1, 0, 0xff);
    kbd_ack(0xed); /* Num Lock */
    kbd_ack(0x02);
    EXPECT_EQ(front.leds, PS2_LED_NUM);
    command(0xfe);
    EXPECT_EQ(front.resets, 1);
}

static void linux_ctrl_alt_del(void)
{
    start_linux();
    EXPECT(ctrl_alt_del());
    SAYS(KBD, 0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d);
    command(0xfe);
    EXPECT_EQ(front.resets, 1);
}

/* A keyboard without translation, by atkbd.set=3 and atkbd.extra. */
static void linux_raw(void)
{
    start_open();
    to_kbd(0xf2);
    SAYS(KBD, 0xfa, 0xab, 0x83);
    to_kbd(0xea); /* has it extra keys? */
    SAYS(KBD, 0xfe);
    kbd_ack(0xf0);
    to_kbd(0x03); /* and set 3? Linux asks twice, then takes set 2 */
    SAYS(KBD, 0xfe);
    to_kbd(0x03);
    SAYS(KBD, 0xfe);
    kbd_ack(0xed);
    kbd_ack(0x00);
    kbd_ack(0xf4);
    key(0x1c, true);
    SAYS(KBD, 0x1c);
}

static void linux_flushes_keys(void)
{
    unsigned int i;

    start_linux();
    set_ctr(0);
    for ( i = 0; i < 100; i++ )
    {
        key(0x1c, true);
        key(0x1c, false);
        ctrl_alt_del();
    }
    EXPECT(flush());
}

static void linux_flushes_motion(void)
{
    unsigned int i;

    start_linux();
    for ( i = 0; i < 100; i++ )
        move(1000, -1000, 100, i & LEFT);
    EXPECT(flush());
}

/* kvmtool: FA AB 41 is the answer to all there is. */
static void kvmtool_keyboard(void)
{
    start_pc(BOTH);
    set_ctr(I8042_CTR_XLATE);
    kbd_ack(0xf4);
    QUIET();
    to_kbd(0xee);
    SAYS(KBD, 0xee);
    QUIET();
    to_kbd(0xff);
    SAYS(KBD, 0xfa, 0xaa);
    QUIET();
    to_kbd(0xf2);
    SAYS(KBD, 0xfa, 0xab, 0x41);
    QUIET();
}

/* kvmtool: the queue's index runs out of it. */
static void kvmtool_queue(void)
{
    unsigned int i;

    start_streaming();
    for ( i = 0; i < 1000; i++ )
    {
        key(0x10 + i % 0x60, true);
        move(0, 0, 0, i & LEFT);
        SAYS(KBD, (uint8_t)(0x10 + i % 0x60));
        drain();
        data();
        data();
    }
    EXPECT_EQ(dev->count.bytes_dropped, 0);
}

/* firecracker: whatever comes is acknowledged. */
static void firecracker_acknowledges(void)
{
    static const uint8_t bad[] = { 0x00, 0x55, 0xec, 0xef, 0xf1 };
    unsigned int i;

    start_open();
    for ( i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        at(bad[i], 0);
        to_kbd(bad[i]);
        SAYS(KBD, 0xfe);
    }
    QUIET();
}

/* firecracker: keys come, but the driver did not: no self-test. */
static void firecracker_self_test(void)
{
    start_pc(VSIO_I8042_KEYBOARD);
    EXPECT_EQ(ask(0xaa), 0x55);
    EXPECT_EQ(ask(0xab), 0x00);
    set_ctr(I8042_CTR_XLATE | I8042_CTR_KBD_INT | I8042_CTR_SYS);
    EXPECT(ctrl_alt_del());
    EXPECT(seen.level[KBD]);
    SAYS(KBD, 0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d);
}

/* bhyve: neither wrap mode nor a wheel. */
static void bhyve_mouse(void)
{
    start_open();
    mouse_ack(0xee);
    to_mouse(0x5a);
    SAYS(AUX, 0x5a);
    mouse_ack(0xec);
    linux_rate(200);
    linux_rate(100);
    linux_rate(80);
    to_mouse(0xf2);
    SAYS(AUX, 0xfa, 0x03);
}

/* QEMU: the status has no buttons, and 2:1 is a flag without effect. */
static void qemu_mouse(void)
{
    start_streaming();
    move(0, 0, 0, LEFT);
    drain();
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x24, 0x02, 0x64);
    mouse_ack(0xe7);
    move(10, 0, 0, LEFT);
    SAYS(AUX, 0x09, 20, 0);
}

/* QEMU: a bad byte for the mouse is not answered, a driver waits in vain. */
static void qemu_is_silent(void)
{
    start_open();
    to_mouse(0x55);
    SAYS(AUX, 0xfe);
    mouse_ack(0xe8);
    to_mouse(0x77);
    SAYS(AUX, 0xfe);
}

static const struct test table[] = {
    { "SeaBIOS brings up keyboard and mouse", seabios },
    { "Linux brings up controller, keyboard, mouse with wheel; reboots",
      linux_boots },
    { "Linux gets Ctrl-Alt-Del", linux_ctrl_alt_del },
    { "Linux without translation looks for set 3", linux_raw },
    { "Linux empties a full keyboard before it gives up", linux_flushes_keys },
    { "Linux empties a full mouse before it gives up", linux_flushes_motion },
    { "not FA AB 41 to everything", kvmtool_keyboard },
    { "queues go round and round", kvmtool_queue },
    { "bad bytes are not acknowledged", firecracker_acknowledges },
    { "Ctrl-Alt-Del after the self-test", firecracker_self_test },
    { "wrap mode and wheel", bhyve_mouse },
    { "buttons of the status, scaling", qemu_mouse },
    { "bad bytes for the mouse are answered", qemu_is_silent },
};
TESTS(table);

/* SPDX-License-Identifier: MIT */
/* The controller of keyboard and mouse, against IBM's reference. */

#include "i8042-host.h"

static struct vsio_device *const dev = &kbc.dev;

/* Nothing is plugged in, unless a test is about what is. */
static void start(void)
{
    start_pc(0);
}

static void start_alone(void)
{
    start();
    set_ctr(0);
}

static void power_on(void)
{
    start();
    EXPECT_EQ(status(), STR_IDLE);
    EXPECT_EQ(data(), 0);
    EXPECT_EQ(ask(0x20), 0x70);
    EXPECT_EQ(ask(0xd0), 0xcf);
    EXPECT_EQ(seen.irq_calls, 0);
    EXPECT_EQ(front.a20_calls + front.resets, 0);
    EXPECT_EQ(seen.events, 0);
}

static void class_is_right(void)
{
    start();
    EXPECT(dev->class == &vsio_i8042_class);
    EXPECT_EQ(dev->class->window, 8);
    EXPECT_EQ(dev->class->unit, 4);
    EXPECT_EQ(dev->class->lines, 2);
}

static void empty_buffer(void)
{
    unsigned int i;

    start();
    command_with(0xd2, 0x5e);
    for ( i = 0; i < 200; i++ )
        EXPECT_EQ(data(), 0x5e);
    EXPECT_EQ(status() & I8042_STR_OBF, 0);
    EXPECT_EQ(seen.events, 0);
    EXPECT_EQ(dev->count.irqs, 0);
}

static void status_is_only_read(void)
{
    start();
    command(0xaa);
    EXPECT_EQ(status(), status());
    EXPECT_EQ(status(), STR_IDLE | 1 | 4 | 8);
    EXPECT_EQ(data(), 0x55);
    EXPECT_EQ(status(), STR_IDLE | 4 | 8);
}

static void a2_tells_commands_from_data(void)
{
    start();
    command(0x60);
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_A2);
    wr32(dev, I8042_DATA, 0);
    EXPECT_EQ(status(), STR_IDLE);
    command(0xa6);
    data();
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_A2);
}

static void widths(void)
{
    start();
    wr8(dev, I8042_CMD, 0x61);
    wr8(dev, I8042_DATA, 0x12);
    wr16(dev, I8042_CMD, 0xff62);
    wr16(dev, I8042_DATA, 0xff34);
    wr32(dev, I8042_CMD, 0xffffff63);
    wr32(dev, I8042_DATA, 0xffffff56);
    wr8(dev, I8042_CMD, 0x21);
    EXPECT_EQ(rd8(dev, I8042_STATUS), STR_IDLE | 9);
    EXPECT_EQ(rd8(dev, I8042_DATA), 0x12);
    wr8(dev, I8042_CMD, 0x22);
    EXPECT_EQ(rd16(dev, I8042_STATUS), STR_IDLE | 9);
    EXPECT_EQ(rd16(dev, I8042_DATA), 0x34);
    wr8(dev, I8042_CMD, 0x23);
    EXPECT_EQ(rd32(dev, I8042_STATUS), STR_IDLE | 9);
    EXPECT_EQ(rd32(dev, I8042_DATA), 0x56);
}

static void beside_the_byte(void)
{
    static const uint32_t regs[] = { I8042_DATA, I8042_CMD };
    unsigned int i, lane;

    start();
    command(0x60);
    for ( i = 0; i < 2; i++ )
    {
        at(regs[i], 0);
        for ( lane = 1; lane < 4; lane++ )
        {
            EXPECT_EQ(rd8(dev, regs[i] + lane), 0);
            WR_UNKNOWN(dev, regs[i] + lane, 1, 0xfe);
        }
        EXPECT_EQ(rd16(dev, regs[i] + 2), 0);
        WR_UNKNOWN(dev, regs[i] + 2, 2, 0xfefe);
    }
    EXPECT_EQ(front.resets, 0);
    wr8(dev, I8042_DATA, 0x33); /* still the parameter of 60 */
    EXPECT_EQ(ask(0x20), 0x33);
}

static void every_access(void)
{
    start();
    battery();
    start_deaf();
    battery();
}

static void ram(void)
{
    uint32_t i;

    start();
    for ( i = 1; i < 32; i++ )
        command_with(0x60 + i, 0xff - i);
    for ( i = 1; i < 32; i++ )
    {
        at(i, 0);
        EXPECT_EQ(ask(0x20 + i), 0xff - i);
    }
    EXPECT_EQ(ask(0x20), 0x70);
}

static void ctr_bits(void)
{
    uint32_t ctr;

    start();
    for ( ctr = 0; ctr < 0x100; ctr++ )
    {
        at(ctr, 0);
        set_ctr(ctr);
        EXPECT_EQ(status() & I8042_STR_SYS, ctr & I8042_CTR_SYS);
        EXPECT_EQ(ask(0x20), ctr);
    }
}

static void password(void)
{
    start_pc(VSIO_I8042_KEYBOARD);
    set_ctr(0x40);
    EXPECT_EQ(ask(0xa4), 0xf1);
    command(0xa6);
    QUIET();
    command(0xa5);
    wr32(dev, I8042_DATA, 0x1e);
    wr32(dev, I8042_DATA, 0x30);
    wr32(dev, I8042_DATA, 0);
    QUIET();
    kbd_ack(0xf4); /* after the zero the keyboard listens */
    EXPECT_EQ(dev->count.bytes_out, 1);
    EXPECT_EQ(ask(0xa4), 0xf1);
    command_with(0xa5, 0x1e);
    EXPECT_EQ(ask(0xa4), 0xf1); /* a command ends it too */
    kbd_ack(0xf4);
    EXPECT_EQ(dev->count.bytes_out, 2);
    EXPECT_EQ(front.resets + front.a20_calls, 0);
    EXPECT_EQ(ask(0x20), 0x40); /* as it was */
    EXPECT_EQ(seen.events, 0);
}

static void ports_on_and_off(void)
{
    start();
    set_ctr(0xcf); /* the other bits stay */
    command(0xa7);
    command(0xad);
    EXPECT_EQ(ask(0x20), 0xff);
    command(0xa8);
    command(0xae);
    EXPECT_EQ(ask(0x20), 0xcf);

    start_alone();
    EXPECT_EQ(ask(0xe0), 3);
    command(0xa7);
    EXPECT_EQ(ask(0x20), 0x20);
    EXPECT_EQ(ask(0xe0), 1);
    command(0xad);
    EXPECT_EQ(ask(0x20), 0x30);
    EXPECT_EQ(ask(0xe0), 0);
    command(0xa8);
    EXPECT_EQ(ask(0x20), 0x10);
    EXPECT_EQ(ask(0xe0), 2);
    command(0xae);
    EXPECT_EQ(ask(0x20), 0);
}

static void self_test(void)
{
    start();
    EXPECT_EQ(status() & I8042_STR_SYS, 0);
    set_ctr(0x03);
    command(0xdd);
    command_with(0x65, 0x99);
    EXPECT_EQ(ask(0xaa), 0x55);
    EXPECT_EQ(status() & I8042_STR_SYS, I8042_STR_SYS);
    EXPECT_EQ(ask(0x20), 0x74);
    EXPECT_EQ(ask(0x25), 0x99);
    EXPECT_EQ(ask(0xd0), 0xcf);
    EXPECT(front.a20);
    EXPECT_EQ(seen.irq_calls, 0);
    EXPECT_EQ(data(), 0xcf); /* and no acknowledgement of any kind */
}

static void interface_tests(void)
{
    start();
    EXPECT_EQ(ask(0xa9), 0x00);
    EXPECT_EQ(ask(0xab), 0x00);
}

static void input_port(void)
{
    start();
    EXPECT_EQ(ask(0xc0), 0x83);
    command(0xc1);
    EXPECT_EQ(status(), 0x30 | I8042_STR_A2);
    EXPECT_EQ(status(), 0x30 | I8042_STR_A2);
    command(0xc2);
    EXPECT_EQ(status(), 0x80 | I8042_STR_A2);
    command(0xa6); /* any write ends it */
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_A2);

    start_pc(VSIO_I8042_KEYBOARD);
    command_with(0xd4, 0xf2);
    command(0xc1); /* 7:4 are the input port's, whatever else is in them */
    EXPECT_EQ(status(), 0x30 | I8042_STR_A2 | I8042_STR_OBF);
    EXPECT_EQ(data(), 0xfe);
    EXPECT_EQ(seen.events, 0);

    start_pc(VSIO_I8042_KEYBOARD);
    command_with(0xc1, 0xee); /* and nobody else takes it */
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF);
    EXPECT_EQ(data(), 0xee);
    EXPECT_EQ(seen.events, 0);
}

static void output_port_mirrors_obf(void)
{
    start();
    command_with(0xd2, 1);
    EXPECT_EQ(ask(0xd0), 0xcf | I8042_OUT_OBF);
    command_with(0xd3, 1);
    EXPECT_EQ(ask(0xd0), 0xcf | I8042_OUT_OBF | I8042_OUT_AUX);
    EXPECT_EQ(ask(0xd0), 0xcf);
    command_with(0xd1, 0xff);
    EXPECT_EQ(ask(0xd0), 0xcf);
}

static void output_port_drives_a20(void)
{
    start();
    command_with(0xd1, 0xcd);
    EXPECT(!front.a20);
    EXPECT_EQ(ask(0xd0), 0xcd);
    command_with(0xd1, 0x01);
    EXPECT_EQ(front.a20_calls, 1); /* no change, no call */
    EXPECT_EQ(ask(0xd0), 0x01);
    command_with(0xd1, 0x03);
    EXPECT(front.a20);
    EXPECT_EQ(front.a20_calls, 2);
    EXPECT_EQ(front.resets, 0);
}

static void a20_commands(void)
{
    start();
    command(0xdf);
    EXPECT_EQ(front.a20_calls, 0);
    command(0xdd);
    EXPECT(!front.a20);
    EXPECT_EQ(ask(0xd0), 0xcd);
    command(0xdd);
    command(0xdf);
    EXPECT(front.a20);
    EXPECT_EQ(ask(0xd0), 0xcf);
    EXPECT_EQ(front.a20_calls, 2);
}

static void output_port_resets(void)
{
    start();
    command_with(0xd1, 0xfe);
    EXPECT_EQ(front.resets, 1);
    EXPECT_EQ(ask(0xd0), 0xcf); /* the line is up again */
    command_with(0xd1, 0x00);
    EXPECT_EQ(front.resets, 2);
    EXPECT(!front.a20);
    EXPECT_EQ(dev->count.unknown, 0);
}

static void pulses(void)
{
    uint32_t cmd, want = 0;

    start();
    for ( cmd = 0xf0; cmd <= 0xff; cmd++ )
    {
        at(cmd, 0);
        want += !(cmd & 1);
        command(cmd);
        EXPECT_EQ(front.resets, want);
    }
    EXPECT_EQ(front.a20_calls, 0);
    EXPECT_EQ(status() & I8042_STR_OBF, 0);
    EXPECT_EQ(dev->count.unknown, 0);
}

static void reset_without_host(void)
{
    start_bare(0);
    WR_UNKNOWN(dev, I8042_CMD, 1, 0xfe);
    command(0xd1);
    WR_UNKNOWN(dev, I8042_DATA, 1, 0x00);
    command(0xff);
    EXPECT_EQ(dev->count.unknown, 2);
}

static void write_output_buffer(void)
{
    start_alone();
    command_with(0xd2, 0xa1);
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF);
    EXPECT_EQ(data(), 0xa1);
    command_with(0xd3, 0x5a); /* how Linux finds the aux port */
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF | I8042_STR_AUX);
    EXPECT_EQ(data(), 0x5a);
    EXPECT_EQ(status(), STR_IDLE);
    set_ctr(I8042_CTR_XLATE);
    command_with(0xd2, 0x1c);
    EXPECT_EQ(data(), 0x1c); /* it is not the keyboard's */
    EXPECT_EQ(dev->count.bytes_in, 0);
}

static void absent_devices(void)
{
    unsigned int bare;

    for ( bare = 0; bare < 2; bare++ )
    {
        at(bare, 0);
        if ( bare )
            start_bare(0);
        else
            start_pc(0);
        set_ctr(0x33);
        wr32(dev, I8042_DATA, 0xff);
        EXPECT_EQ(status(), 0x51); /* figure 1: timeout, not locked, full */
        EXPECT(seen.level[KBD]);
        EXPECT_EQ(data(), 0xfe);
        EXPECT_EQ(status(), STR_IDLE);
        EXPECT(!seen.level[KBD]);
        command_with(0xd4, 0xf2);
        EXPECT_EQ(status(),
                  STR_IDLE | I8042_STR_OBF | I8042_STR_TIMEOUT | I8042_STR_AUX);
        EXPECT(seen.level[AUX]);
        EXPECT_EQ(data(), 0xfe);
        EXPECT_EQ(status(), STR_IDLE);
        EXPECT_EQ(dev->count.bytes_out, 0);
        EXPECT_EQ(ask(0x20), 0x03); /* both sends have opened their port */
        EXPECT(!key(0x1c, true) && !ctrl_alt_del() && !move(1, 1, 1, LEFT));
        QUIET();
        EXPECT_EQ(dev->count.bytes_dropped, 0);
    }
}

static void present_devices(void)
{
    start_pc(BOTH);
    set_ctr(0x30);
    to_kbd(0xee);
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF);
    EXPECT_EQ(data(), 0xee);
    EXPECT_EQ(ask(0x20), 0x20);
    to_mouse(0xe6);
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF | I8042_STR_AUX);
    EXPECT_EQ(data(), 0xfa);
    EXPECT_EQ(ask(0x20), 0);
    wr32(dev, I8042_DATA, 0xee); /* one byte a D4 */
    SAYS(KBD, 0xee);
    EXPECT_EQ(dev->count.bytes_out, 3);
    QUIET();
}

static void one_device_present(void)
{
    start_pc(VSIO_I8042_KEYBOARD);
    set_ctr(0);
    to_kbd(0xee);
    SAYS(KBD, 0xee);
    to_mouse(0xff);
    EXPECT_EQ(status(),
              STR_IDLE | I8042_STR_OBF | I8042_STR_TIMEOUT | I8042_STR_AUX);
    EXPECT(!move(1, 0, 0, 0));

    start_pc(VSIO_I8042_MOUSE);
    set_ctr(0);
    to_mouse(0xff);
    SAYS(AUX, 0xfa, 0xaa, 0x00);
    to_kbd(0xff);
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF | I8042_STR_TIMEOUT);
    EXPECT(!key(0x1c, true));
}

static void answer_at_once(void)
{
    start_pc(BOTH);
    set_ctr(0x33);
    to_kbd(0xf4);
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF);
    EXPECT(seen.level[KBD]);
    EXPECT_EQ(data(), 0xfa);
    to_mouse(0xf4);
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF | I8042_STR_AUX);
    EXPECT(seen.level[AUX]);
    to_kbd(0xf4); /* before the guest has read */
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF | I8042_STR_AUX);
    SAYS(AUX, 0xfa);
    SAYS(KBD, 0xfa);
    EXPECT_EQ(dev->count.bytes_dropped, 0);
}

static void lines_follow_the_buffer(void)
{
    start();
    set_ctr(I8042_CTR_KBD_INT | I8042_CTR_AUX_INT);
    command_with(0xd2, 1);
    EXPECT(seen.level[KBD] && !seen.level[AUX]);
    status();
    EXPECT(seen.level[KBD]);
    data();
    EXPECT(!seen.level[KBD]);
    command_with(0xd3, 2);
    EXPECT(!seen.level[KBD] && seen.level[AUX]);
    data();
    EXPECT(!seen.level[AUX]);
    EXPECT_EQ(seen.irq_calls, 4);
    EXPECT_EQ(dev->count.irqs, 2);
    command(0x20); /* a controller's answer is as a keyboard's */
    EXPECT(seen.level[KBD]);
}

static void lines_follow_the_command_byte(void)
{
    start();
    set_ctr(0);
    command_with(0xd2, 1);
    EXPECT_EQ(seen.irq_calls, 0);
    set_ctr(I8042_CTR_AUX_INT);
    EXPECT_EQ(seen.irq_calls, 0);
    set_ctr(I8042_CTR_KBD_INT);
    EXPECT(seen.level[KBD]);
    set_ctr(0);
    EXPECT(!seen.level[KBD]);
    command_with(0xd3, 1);
    set_ctr(I8042_CTR_AUX_INT);
    EXPECT(seen.level[AUX] && !seen.level[KBD]);
    command(0xaa); /* takes the buffer, and the interrupts */
    EXPECT(!seen.level[AUX] && !seen.level[KBD]);
}

static void unread_byte_is_replaced(void)
{
    start();
    set_ctr(I8042_CTR_KBD_INT | I8042_CTR_AUX_INT);
    command_with(0xd3, 0x77);
    EXPECT(seen.level[AUX]);
    command(0xab);
    EXPECT_EQ(dev->count.bytes_dropped, 1);
    EXPECT_EQ(seen.dropped, 1);
    EXPECT_EQ(seen.last.type, VSIO_EVENT_DROPPED);
    EXPECT_EQ(seen.last.value, 0x77);
    EXPECT_EQ(seen.last.offset, I8042_DATA);
    EXPECT(!seen.level[AUX] && seen.level[KBD]);
    EXPECT_EQ(data(), 0);
    EXPECT_EQ(status() & I8042_STR_OBF, 0);
}

static void rx_ports(void)
{
    start_streaming();
    set_ctr(I8042_CTR_KBD_INT | I8042_CTR_AUX_INT);
    EXPECT(key(0x1c, true));
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF);
    EXPECT(seen.level[KBD] && !seen.level[AUX]);
    EXPECT_EQ(data(), 0x1c);
    EXPECT(!seen.level[KBD]);
    EXPECT(move(0, 0, 0, LEFT));
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF | I8042_STR_AUX);
    EXPECT(seen.level[AUX] && !seen.level[KBD]);
    SAYS(AUX, 0x09, 0, 0);
    EXPECT(!seen.level[AUX]);
    EXPECT_EQ(dev->count.bytes_in, 4);
}

static void rx_when_full(void)
{
    start_streaming();
    EXPECT(key(0x1c, true));
    EXPECT(key(0x32, true));
    EXPECT(move(1, 2, 0, 0));
    command_with(0xd3, 0x77); /* only the controller replaces a byte */
    EXPECT_EQ(dev->count.bytes_dropped, 1);
    EXPECT_EQ(seen.last.value, 0x1c);
    SAYS(AUX, 0x77);
    SAYS(KBD, 0x32);
    SAYS(AUX, 0x08, 1, 2);
    QUIET();
    EXPECT_EQ(dev->count.bytes_dropped, 1);
}

static void rx_when_disabled(void)
{
    start_streaming();
    set_ctr(I8042_CTR_KBD_DIS | I8042_CTR_AUX_DIS);
    EXPECT(key(0x1c, true));
    EXPECT(move(0, 0, 0, RIGHT));
    QUIET();
    set_ctr(I8042_CTR_AUX_DIS | I8042_CTR_KBD_INT);
    EXPECT(seen.level[KBD]);
    EXPECT_EQ(data(), 0x1c);
    EXPECT_EQ(key(0x1c, false), true);
    SAYS(KBD, 0xf0);
    command(0xad); /* the byte at hand stays, the others wait */
    SAYS(KBD, 0x1c);
    key(0x1d, true);
    QUIET();
    command(0xa8);
    SAYS(AUX, 0x0a, 0, 0);
    QUIET();
    command(0xae);
    SAYS(KBD, 0x1d);
    EXPECT_EQ(dev->count.bytes_dropped, 0);
}

static void keyboard_goes_first(void)
{
    start_streaming();
    set_ctr(0x03);
    EXPECT(move(1, 1, 0, 0));
    EXPECT(key(0xe075, true));
    EXPECT(key(0xe075, false));
    SAYS(AUX, 0x08); /* was there first */
    SAYS(KBD, 0xe0, 0x75);
    SAYS(KBD, 0xe0, 0xf0, 0x75);
    SAYS(AUX, 1, 1);
    QUIET();
}

static void line_falls_between_bytes(void)
{
    unsigned int calls;

    start_pc(BOTH);
    set_ctr(I8042_CTR_KBD_INT);
    EXPECT(key(0x1c, true));
    EXPECT(key(0x1d, true));
    calls = seen.irq_calls;
    EXPECT_EQ(data(), 0x1c); /* the next byte comes within this access */
    EXPECT(seen.level[KBD]);
    EXPECT_EQ(seen.irq_calls, calls + 2);
    EXPECT_EQ(dev->count.irqs, 2);
    EXPECT_EQ(data(), 0x1d);
    EXPECT(!seen.level[KBD]);
}

static void translation(void)
{
    /* Escape, A, Enter, F7, SysRq */
    static const uint8_t set2[] = { 0x76, 0x1c, 0x5a, 0x83, 0x84 };
    static const uint8_t set1[] = { 0x01, 0x1e, 0x1c, 0x41, 0x54 };
    unsigned int i;

    start_streaming();
    set_ctr(I8042_CTR_XLATE);
    for ( i = 0; i < ARRAY_SIZE(set2); i++ )
    {
        at(i, set2[i]);
        key(set2[i], true);
        SAYS(KBD, set1[i]);
        key(set2[i], false);
        SAYS(KBD, (uint8_t)(set1[i] | 0x80));
        QUIET();
    }

    key(0xe014, false); /* right Ctrl */
    command(0xad);
    SAYS(KBD, 0xe0);
    move(-16, 0, 0, 0); /* the mouse talks in between */
    SAYS(AUX, 0x18, 0xf0, 0x00);
    command(0xae);
    SAYS(KBD, 0x9d);
    key(0x14, true);
    SAYS(KBD, 0x1d);
    to_kbd(0xff); /* what a keyboard answers passes */
    SAYS(KBD, 0xfa, 0xaa);
    to_kbd(0xee);
    SAYS(KBD, 0xee);
    to_kbd(0xf1);
    SAYS(KBD, 0xfe);
    to_kbd(0xf2); /* but not all of it: 83 is a code, too */
    SAYS(KBD, 0xfa, 0xab, 0x41);
}

static void translation_is_one_to_one(void)
{
    static bool hit[256];
    uint32_t code;
    bool released = false;
    uint8_t byte;

    start_pc(BOTH);
    set_ctr(I8042_CTR_XLATE);
    for ( code = 1; code < 0x80; code++ )
    {
        uint32_t got;

        at(code, 0);
        EXPECT(key(code, true));
        got = data();
        EXPECT(got && got < 0x80 && !hit[got & 0xff]);
        hit[got & 0xff] = true;
    }
    for ( code = 0x85; code < 0x100; code++ )
    {
        at(code, 0);
        byte = (uint8_t)code;
        EXPECT_EQ(vsio_ps2_to_set1(&released, &byte), code != 0xf0);
        EXPECT_EQ(byte, code);
        EXPECT_EQ(released, code == 0xf0);
        released = false;
    }
}

/* Beside the keys: what tells of an overrun, and codes beyond those of keys. */
static void translation_of_no_keys(void)
{
    static const uint8_t pairs[][2] = {
        { 0x00, 0xff }, { 0x80, 0x80 }, { 0x81, 0x81 }, { 0x82, 0x82 },
        { 0x83, 0x41 }, { 0x84, 0x54 }, { 0xaa, 0xaa }, { 0xff, 0xff },
    };
    bool released = false;
    unsigned int i;
    uint8_t byte;

    for ( i = 0; i < ARRAY_SIZE(pairs); i++ )
    {
        at(i, pairs[i][0]);
        byte = pairs[i][0];
        EXPECT(vsio_ps2_to_set1(&released, &byte));
        EXPECT_EQ(byte, pairs[i][1]);
        EXPECT(!released);
    }
}

/* F0 comes under translation, what follows it does not: no release any more. */
static void half_a_release(void)
{
    start_open();
    key(0x1c, true);
    SAYS(KBD, 0x1c);
    key(0x1c, false);
    to_kbd(0xed); /* holds the keys back, up to its parameter */
    to_kbd(0xfe); /* once more, please: F0 */
    SAYS(KBD, 0xf0);
    set_ctr(I8042_CTR_XLATE);
    SAYS(KBD, 0xfa);
    QUIET();
}

static void release_that_is_forgotten(void)
{
    half_a_release();
    set_ctr(0);
    to_kbd(0);
    SAYS(KBD, 0xfa, 0x1c);
    set_ctr(I8042_CTR_XLATE);
    key(0x1c, true);
    SAYS(KBD, 0x1e);

    half_a_release();
    vsio_reset(dev);
    set_ctr(I8042_CTR_XLATE);
    key(0x1c, true);
    SAYS(KBD, 0x1e);
}

static void translation_off(void)
{
    start_open();
    key(0x1c, false);
    SAYS(KBD, 0xf0, 0x1c);

    command(0xad);
    key(0xe075, false);
    set_ctr(I8042_CTR_XLATE); /* switched within a key's code */
    SAYS(KBD, 0xe0);
    set_ctr(I8042_CTR_XLATE | I8042_CTR_KBD_DIS);
    SAYS(KBD, 0xc8);
    key(0xe075, false);
    set_ctr(0);
    SAYS(KBD, 0xe0);
    set_ctr(I8042_CTR_XLATE);
    SAYS(KBD, 0xf0); /* came before */
    SAYS(KBD, 0x48);
    QUIET();
}

static void commands_end_what_waits(void)
{
    static const uint8_t waits[] = { 0x60, 0x7f, 0xa5, 0xc1, 0xc2,
                                     0xd1, 0xd2, 0xd3, 0xd4 };
    unsigned int i;

    start();
    start_pc(VSIO_I8042_KEYBOARD);
    for ( i = 0; i < ARRAY_SIZE(waits); i++ )
    {
        at(waits[i], 0);
        command(waits[i]);
        command(0xff);
        to_kbd(0xee);
        SAYS(KBD, 0xee);
        EXPECT_EQ(dev->count.bytes_out, i + 1);
    }
    EXPECT_EQ(front.resets, 0);
    EXPECT_EQ(seen.events, 0);
}

static bool known(uint32_t cmd)
{
    static const uint8_t some[] = { 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa,
                                    0xab, 0xad, 0xae, 0xc0, 0xc1, 0xc2, 0xd0,
                                    0xd1, 0xd2, 0xd3, 0xd4, 0xdd, 0xdf, 0xe0 };
    unsigned int i;

    if ( (cmd >= 0x20 && cmd < 0x40) || (cmd >= 0x60 && cmd < 0x80) ||
         cmd >= 0xf0 )
        return true;
    for ( i = 0; i < ARRAY_SIZE(some); i++ )
        if ( cmd == some[i] )
            return true;

    return false;
}

static void all_commands(void)
{
    uint32_t cmd;

    for ( cmd = 0; cmd < 0x100; cmd++ )
    {
        at(cmd, 0);
        start();
        if ( known(cmd) )
        {
            command(cmd);
            EXPECT_EQ(seen.events, 0);
        }
        else
        {
            /* Among them A1, AC, and what only some makers have. */
            WR_UNKNOWN(dev, I8042_CMD, 1, cmd);
            EXPECT_EQ(status(), STR_IDLE | I8042_STR_A2);
            EXPECT_EQ(front.resets + front.a20_calls, 0);
        }
    }
}

static void reset_drops_nothing(void)
{
    start();
    command(0xa8); /* the status is not 0, but the buffer is empty */
    vsio_reset(dev);
    CHECK_VALID();
    EXPECT_EQ(dev->count.bytes_dropped, 0);
}

static void reads_are_told(void)
{
    unsigned int events;

    start_loud(BOTH);
    command(0xa8);
    events = seen.events;
    EXPECT_EQ(data(), 0);
    EXPECT_EQ(seen.events, events); /* it was empty before */
    command(0xaa);
    events = seen.events;
    EXPECT_EQ(data(), 0x55);
    EXPECT_EQ(seen.events, events + 2);
    EXPECT_EQ(seen.last.type, VSIO_EVENT_EMPTY);
}

static void reset_everything(void)
{
    uint64_t writes;
    uint32_t i;

    start_streaming();
    set_ctr(0x03);
    for ( i = 0x61; i <= 0x7f; i++ )
        command_with(i, 0x42);
    command(0xdd);
    kbd_ack(0xed);
    kbd_ack(0x07);
    EXPECT_EQ(front.leds, 7);
    move(0, 0, 0, LEFT);
    command(0x60);
    EXPECT(seen.level[AUX]);
    key(0x1c, true);
    writes = dev->count.writes;
    vsio_reset(dev);
    CHECK_VALID();
    EXPECT(!seen.level[AUX]);
    EXPECT(front.a20);
    EXPECT_EQ(front.leds, 0);
    EXPECT_EQ(front.resets, 0);
    EXPECT_EQ(dev->count.writes, writes);
    EXPECT_EQ(dev->count.bytes_dropped, 4);
    EXPECT_EQ(seen.dropped, 4);
    EXPECT_EQ(status(), STR_IDLE);
    EXPECT_EQ(data(), 0);
    EXPECT_EQ(ask(0x20), 0x70);
    for ( i = 0x21; i <= 0x3f; i++ )
    {
        at(i, 0);
        EXPECT_EQ(ask(i), 0);
    }
    EXPECT_EQ(ask(0xd0), 0xcf);
    set_ctr(0);
    QUIET();
    EXPECT(!move(1, 0, 0, 0)); /* it streams no more */
    to_mouse(0xe9);
    SAYS(AUX, 0xfa, 0x00, 0x02, 0x64);
}

static void no_callback_at_all(void)
{
    start_deaf();
    set_ctr(0x03);
    command(0xdd);
    EXPECT_EQ(ask(0xd0), 0xcd);
    command(0xdf);
    command(0xfe);
    EXPECT_EQ(dev->count.unknown, 1);
    kbd_ack(0xed);
    kbd_ack(0x02);
    EXPECT(key(0x1c, true));
    EXPECT_EQ(data(), 0x1c);
    EXPECT_EQ(dev->lines, 0);
    RD_REFUSED(dev, 8, 1);
    WR_REFUSED(dev, 2, 4, 0);
    vsio_reset(dev);
    CHECK_VALID();
}

static void valid_rejects(void)
{
    static const uint8_t cmds[] = { 0x01, 0x20, 0x5f, 0x80, 0xa4, 0xa6,
                                    0xc0, 0xc3, 0xd0, 0xd5, 0xf0, 0xff };
    struct vsio_i8042 good;
    unsigned int i;

    start();
    set_ctr(0x03);
    command_with(0xd3, 1);
    good = kbc;
    EXPECT(vsio_i8042_valid(&kbc));
    for ( i = 0; i < ARRAY_SIZE(cmds); i++ )
    {
        kbc.cmd = cmds[i];
        EXPECT(!vsio_i8042_valid(&kbc));
    }
    kbc = good;
    kbc.status ^= I8042_STR_OBF;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.status ^= I8042_STR_AUX;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.dev.lines = 0;
    kbc.status = I8042_STR_TIMEOUT;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.status |= I8042_STR_IBF;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.dev.lines |= 1U << KBD;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.dev.lines &= ~(1U << AUX);
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.ram[0] = 0;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.outport &= (uint8_t)~I8042_OUT_RESET;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.outport |= I8042_OUT_AUX;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.devices = BOTH;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.kbd.answers.count = 1; /* of nobody */
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.mouse.answers.count = 1;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    EXPECT(vsio_i8042_valid(&kbc));
}

/* What could be had is in the output buffer. */
static void valid_pumps(void)
{
    struct vsio_i8042 good;

    start_open();
    good = kbc;
    kbc.kbd.keys.count = 1;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc = good;
    kbc.mouse.answers.count = 1;
    EXPECT(!vsio_i8042_valid(&kbc));
    kbc.ram[0] = I8042_CTR_AUX_DIS;
    EXPECT(vsio_i8042_valid(&kbc));
    kbc = good;
    EXPECT(vsio_i8042_valid(&kbc));
}

static const struct test table[] = {
    { "power-on values", power_on },
    { "the class tells window, unit and lines", class_is_right },
    { "an empty buffer gives its last byte, as often as one likes",
      empty_buffer },
    { "the status is read without effect", status_is_only_read },
    { "A2 tells commands from data", a2_tells_commands_from_data },
    { "accesses of 8, 16 and 32 bits are the same", widths },
    { "beside the byte is nothing", beside_the_byte },
    { "every offset and size", every_access },
    { "20-3F and 60-7F read and write the RAM", ram },
    { "the command byte keeps all bits; SYS shows in the status", ctr_bits },
    { "A4-A6: there is no password, and none is learnt", password },
    { "A7, A8, AD, AE switch the ports; E0 shows their clocks",
      ports_on_and_off },
    { "AA answers 55, sets SYS, starts anew", self_test },
    { "AB and A9 find no fault", interface_tests },
    { "C0-C2 read the input port", input_port },
    { "D0 mirrors the output buffer, D1 can't write that",
      output_port_mirrors_obf },
    { "D1 drives A20", output_port_drives_a20 },
    { "DD and DF drive A20", a20_commands },
    { "D1 with bit 0 low resets the machine", output_port_resets },
    { "each of F0-FF with bit 0 low resets the machine, no other", pulses },
    { "a reset that the host does not offer is counted", reset_without_host },
    { "D2 and D3 fill the output buffer", write_output_buffer },
    { "an absent device times out with FE", absent_devices },
    { "bytes go to the devices, and open their ports", present_devices },
    { "a keyboard alone", one_device_present },
    { "a device may answer at once", answer_at_once },
    { "the lines rise with the buffer, fall when it is read",
      lines_follow_the_buffer },
    { "the lines follow the command byte", lines_follow_the_command_byte },
    { "an unread byte is replaced by an answer, and counted",
      unread_byte_is_replaced },
    { "bytes of both devices reach the guest", rx_ports },
    { "a full buffer holds the devices back", rx_when_full },
    { "a disabled port holds its device back", rx_when_disabled },
    { "the keyboard goes first", keyboard_goes_first },
    { "the line falls between two bytes", line_falls_between_bytes },
    { "translation: codes, releases, prefixes, not the mouse", translation },
    { "translation maps no two codes to one", translation_is_one_to_one },
    { "translation: what is no key", translation_of_no_keys },
    { "a release that is cut in two is forgotten", release_that_is_forgotten },
    { "without translation bytes pass", translation_off },
    { "a command ends what another one waits for", commands_end_what_waits },
    { "every command is known, or counted as unknown", all_commands },
    { "reset brings the power-on state, keeps the counters", reset_everything },
    { "reset drops nothing if nothing was there", reset_drops_nothing },
    { "the host hears of a byte read, and of the last one", reads_are_told },
    { "a host without any callback", no_callback_at_all },
    { "valid() rejects each broken field", valid_rejects },
    { "valid() sees a byte that is held back for no reason", valid_pumps },
};
TESTS(table);

/* SPDX-License-Identifier: MIT */
/* The controller of keyboard and mouse, against IBM's reference. */

#include "harness.h"
#include "i8042.h"
#include "i8042-regs.h"

#define KBD VSIO_I8042_KBD
#define AUX VSIO_I8042_AUX

#define STR_IDLE (I8042_STR_INH)

static struct {
    struct vsio_i8042 k;
    bool a20;
    unsigned int a20_calls, resets;
    bool present[2];        /* is a device at this port? */
    unsigned int sent[2];   /* bytes that it took */
    uint8_t last[2];        /* the last of them */
    int answer[2];          /* what it says at once; -1: nothing */
    unsigned int refused;   /* answers that had to wait */
    unsigned int queued[2]; /* bytes that wait for rx_ready, and the next one */
    uint8_t next[2];
    unsigned int ready[2]; /* calls of rx_ready */
} m;

static struct vsio_device *const dev = &m.k.dev;

static void fake_reset(void *ctx)
{
    EXPECT(ctx == &m);
    m.resets++;
}

static void fake_a20(void *ctx, bool on)
{
    EXPECT(ctx == &m);
    EXPECT(on != m.a20);
    m.a20 = on;
    m.a20_calls++;
}

static bool fake_send(void *ctx, unsigned int port, uint8_t byte)
{
    EXPECT(ctx == &m);
    EXPECT(port < 2);
    if ( !m.present[port & 1] )
        return false;

    m.sent[port & 1]++;
    m.last[port & 1] = byte;
    if ( m.answer[port & 1] >= 0 )
        m.refused += !vsio_i8042_rx(&m.k, port, (uint8_t)m.answer[port & 1]);

    return true;
}

static void fake_rx_ready(void *ctx, unsigned int port)
{
    EXPECT(ctx == &m);
    EXPECT(port < 2);
    m.ready[port & 1]++;
    if ( !m.queued[port & 1] )
        return;

    EXPECT(vsio_i8042_rx(&m.k, port, m.next[port & 1]));
    m.next[port & 1]++;
    m.queued[port & 1]--;
}

static const struct vsio_i8042_host host = {
    .common = { .set_irq = seen_irq,
                .event = seen_event,
                .events = VSIO_WANT_ERRORS },
    .reset = fake_reset,
    .a20 = fake_a20,
    .send = fake_send,
    .rx_ready = fake_rx_ready,
};

static const struct vsio_i8042_host host_with_lines = {
    .common = { .set_irq = seen_irq,
                .event = seen_event,
                .events = VSIO_WANT_ERRORS },
};

static const struct vsio_i8042_host host_with_nothing = { .reset = NULL };

static bool valid(const struct vsio_device *d)
{
    return vsio_i8042_valid((const struct vsio_i8042 *)d);
}

static void start_with(const struct vsio_i8042_host *h)
{
    unsigned int port;

    m.a20 = true;
    m.a20_calls = m.resets = m.refused = 0;
    for ( port = 0; port < 2; port++ )
    {
        m.present[port] = false;
        m.sent[port] = m.queued[port] = m.ready[port] = 0;
        m.answer[port] = -1;
    }
    vsio_i8042_init(&m.k, h, &m);
    watch(dev, sizeof(m.k), valid);
}

static void start(void)
{
    start_with(&host);
}

static uint32_t status(void)
{
    return rd32(dev, I8042_STATUS);
}

static uint32_t data(void)
{
    return rd32(dev, I8042_DATA);
}

static void command(uint32_t cmd)
{
    wr32(dev, I8042_CMD, cmd);
}

static void command_with(uint32_t cmd, uint32_t byte)
{
    wr32(dev, I8042_CMD, cmd);
    wr32(dev, I8042_DATA, byte);
}

/* What a command answers; expects it to be the controller's. */
static uint32_t ask(uint32_t cmd)
{
    command(cmd);
    EXPECT_EQ(status() & (I8042_STR_OBF | I8042_STR_AUX | I8042_STR_TIMEOUT),
              I8042_STR_OBF);

    return data();
}

static void set_ctr(uint32_t ctr)
{
    command_with(0x60, ctr);
}

static bool rx(unsigned int port, uint8_t byte)
{
    bool taken = vsio_i8042_rx(&m.k, port, byte);

    CHECK_VALID();

    return taken;
}

/* Ports open, no interrupts, no translation. */
static void start_open(void)
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
    EXPECT_EQ(m.a20_calls + m.resets, 0);
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
    EXPECT_EQ(m.resets, 0);
    wr8(dev, I8042_DATA, 0x33); /* still the parameter of 60 */
    EXPECT_EQ(ask(0x20), 0x33);
}

static void every_access(void)
{
    start();
    battery();
    start_with(&host_with_nothing);
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
    start();
    set_ctr(0x40);
    m.present[KBD] = true;
    EXPECT_EQ(ask(0xa4), 0xf1);
    command(0xa6);
    EXPECT_EQ(status() & I8042_STR_OBF, 0);
    command(0xa5);
    wr32(dev, I8042_DATA, 0x1e);
    wr32(dev, I8042_DATA, 0x30);
    wr32(dev, I8042_DATA, 0);
    EXPECT_EQ(m.sent[KBD], 0);
    wr32(dev, I8042_DATA, 0xed); /* after the zero the keyboard listens */
    EXPECT_EQ(m.sent[KBD], 1);
    EXPECT_EQ(ask(0xa4), 0xf1);
    command_with(0xa5, 0x1e);
    EXPECT_EQ(ask(0xa4), 0xf1); /* a command ends it too */
    wr32(dev, I8042_DATA, 0xed);
    EXPECT_EQ(m.sent[KBD], 2);
    EXPECT_EQ(m.resets + m.a20_calls, 0);
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

    start_open();
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
    EXPECT(m.a20);
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

    m.present[KBD] = true;
    command_with(0xc1, 0xf4);
    EXPECT_EQ(m.last[KBD], 0xf4);
    EXPECT_EQ(status(), STR_IDLE);
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
    EXPECT(!m.a20);
    EXPECT_EQ(ask(0xd0), 0xcd);
    command_with(0xd1, 0x01);
    EXPECT_EQ(m.a20_calls, 1); /* no change, no call */
    EXPECT_EQ(ask(0xd0), 0x01);
    command_with(0xd1, 0x03);
    EXPECT(m.a20);
    EXPECT_EQ(m.a20_calls, 2);
    EXPECT_EQ(m.resets, 0);
}

static void a20_commands(void)
{
    start();
    command(0xdf);
    EXPECT_EQ(m.a20_calls, 0);
    command(0xdd);
    EXPECT(!m.a20);
    EXPECT_EQ(ask(0xd0), 0xcd);
    command(0xdd);
    command(0xdf);
    EXPECT(m.a20);
    EXPECT_EQ(ask(0xd0), 0xcf);
    EXPECT_EQ(m.a20_calls, 2);
}

static void output_port_resets(void)
{
    start();
    command_with(0xd1, 0xfe);
    EXPECT_EQ(m.resets, 1);
    EXPECT_EQ(ask(0xd0), 0xcf); /* the line is up again */
    command_with(0xd1, 0x00);
    EXPECT_EQ(m.resets, 2);
    EXPECT(!m.a20);
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
        EXPECT_EQ(m.resets, want);
    }
    EXPECT_EQ(m.a20_calls, 0);
    EXPECT_EQ(status() & I8042_STR_OBF, 0);
    EXPECT_EQ(dev->count.unknown, 0);
}

static void reset_without_host(void)
{
    start_with(&host_with_lines);
    WR_UNKNOWN(dev, I8042_CMD, 1, 0xfe);
    command(0xd1);
    WR_UNKNOWN(dev, I8042_DATA, 1, 0x00);
    command(0xff);
    EXPECT_EQ(dev->count.unknown, 2);
}

static void write_output_buffer(void)
{
    start_open();
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
    unsigned int with_callback;

    for ( with_callback = 0; with_callback < 2; with_callback++ )
    {
        at(with_callback, 0);
        start_with(with_callback ? &host : &host_with_lines);
        set_ctr(0x33);
        wr32(dev, I8042_DATA, 0xff);
        EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF | I8042_STR_TIMEOUT);
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
    }
}

static void present_devices(void)
{
    start();
    m.present[KBD] = m.present[AUX] = true;
    set_ctr(0x30);
    wr32(dev, I8042_DATA, 0xf4);
    EXPECT_EQ(m.sent[KBD], 1);
    EXPECT_EQ(m.last[KBD], 0xf4);
    EXPECT_EQ(status(), STR_IDLE);
    EXPECT_EQ(ask(0x20), 0x20);
    command_with(0xd4, 0xe8);
    EXPECT_EQ(m.sent[AUX], 1);
    EXPECT_EQ(m.last[AUX], 0xe8);
    EXPECT_EQ(ask(0x20), 0);
    wr32(dev, I8042_DATA, 0xd4); /* one byte a D4 */
    EXPECT_EQ(m.sent[AUX], 1);
    EXPECT_EQ(m.sent[KBD], 2);
    EXPECT_EQ(dev->count.bytes_out, 3);
}

static void one_device_present(void)
{
    start_open();
    m.present[KBD] = true;
    wr32(dev, I8042_DATA, 0xee);
    EXPECT_EQ(status(), STR_IDLE);
    command_with(0xd4, 0xff);
    EXPECT_EQ(status(),
              STR_IDLE | I8042_STR_OBF | I8042_STR_TIMEOUT | I8042_STR_AUX);
}

static void answer_at_once(void)
{
    start();
    m.present[KBD] = m.present[AUX] = true;
    m.answer[KBD] = 0xfa;
    m.answer[AUX] = 0xfb;
    set_ctr(0x33);
    wr32(dev, I8042_DATA, 0xf4);
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF);
    EXPECT(seen.level[KBD]);
    EXPECT_EQ(data(), 0xfa);
    command_with(0xd4, 0xf4);
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF | I8042_STR_AUX);
    EXPECT(seen.level[AUX]);
    wr32(dev, I8042_DATA, 0xf4); /* before the guest has read */
    EXPECT_EQ(m.refused, 1);
    EXPECT_EQ(data(), 0xfb);
    EXPECT_EQ(m.ready[KBD], 1);
    EXPECT_EQ(dev->count.bytes_in, 2);
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
    start();
    set_ctr(I8042_CTR_KBD_INT | I8042_CTR_AUX_INT);
    EXPECT(rx(KBD, 0x1c));
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF);
    EXPECT(seen.level[KBD]);
    EXPECT_EQ(data(), 0x1c);
    EXPECT(rx(AUX, 0x08));
    EXPECT_EQ(status(), STR_IDLE | I8042_STR_OBF | I8042_STR_AUX);
    EXPECT(seen.level[AUX]);
    EXPECT_EQ(data(), 0x08);
    EXPECT_EQ(dev->count.bytes_in, 2);
}

static void rx_when_full(void)
{
    start_open();
    EXPECT(rx(KBD, 1));
    EXPECT(!rx(KBD, 2));
    EXPECT(!rx(AUX, 3));
    EXPECT_EQ(data(), 1);
    EXPECT_EQ(m.ready[KBD], 1);
    EXPECT_EQ(m.ready[AUX], 1); /* the keyboard did not want the room */
    data();
    EXPECT_EQ(m.ready[KBD], 1);
    EXPECT(rx(KBD, 2));
    EXPECT_EQ(dev->count.bytes_in, 2);
    EXPECT_EQ(dev->count.bytes_dropped, 0);
}

static void rx_when_disabled(void)
{
    start();
    EXPECT(!rx(KBD, 1));
    EXPECT(!rx(AUX, 2));
    EXPECT_EQ(status() & I8042_STR_OBF, 0);
    m.queued[KBD] = m.queued[AUX] = 1;
    m.next[KBD] = 0xaa;
    m.next[AUX] = 0xbb;
    set_ctr(I8042_CTR_AUX_DIS | I8042_CTR_KBD_INT);
    EXPECT_EQ(m.ready[KBD], 1);
    EXPECT(seen.level[KBD]);
    EXPECT_EQ(data(), 0xaa);
    EXPECT_EQ(m.ready[AUX], 0);
    command(0xa8);
    EXPECT_EQ(m.ready[AUX], 1);
    EXPECT_EQ(data(), 0xbb);
}

static void keyboard_goes_first(void)
{
    start();
    set_ctr(0x03);
    m.queued[KBD] = m.queued[AUX] = 1;
    m.next[KBD] = 0x10;
    m.next[AUX] = 0x20;
    command_with(0xd2, 1);
    EXPECT(!rx(AUX, 0x20));
    EXPECT(!rx(KBD, 0x10));
    data();
    EXPECT_EQ(data(), 0x10);
    EXPECT_EQ(m.ready[AUX], 1);
    EXPECT_EQ(data(), 0x20);
    EXPECT_EQ(m.queued[KBD] + m.queued[AUX], 0);
}

static void line_falls_between_bytes(void)
{
    unsigned int calls;

    start();
    set_ctr(I8042_CTR_KBD_INT);
    EXPECT(rx(KBD, 1));
    EXPECT(!rx(KBD, 2));
    m.queued[KBD] = 1;
    m.next[KBD] = 2;
    calls = seen.irq_calls;
    EXPECT_EQ(data(), 1); /* the next byte comes within this access */
    EXPECT(seen.level[KBD]);
    EXPECT_EQ(seen.irq_calls, calls + 2);
    EXPECT_EQ(dev->count.irqs, 2);
    EXPECT_EQ(data(), 2);
    EXPECT(!seen.level[KBD]);
}

static void rx_without_ready_callback(void)
{
    start_with(&host_with_lines);
    set_ctr(0);
    EXPECT(rx(AUX, 1));
    EXPECT(!rx(AUX, 2));
    EXPECT_EQ(data(), 1);
    EXPECT(rx(AUX, 2));
    EXPECT_EQ(data(), 2);
}

static void translation(void)
{
    /* Escape, A, Enter, F7, SysRq, ACK, keyboard's self-test */
    static const uint8_t set2[] = { 0x76, 0x1c, 0x5a, 0x83, 0x84, 0xfa, 0xaa };
    static const uint8_t set1[] = { 0x01, 0x1e, 0x1c, 0x41, 0x54, 0xfa, 0xaa };
    unsigned int i;

    start();
    set_ctr(I8042_CTR_XLATE);
    for ( i = 0; i < ARRAY_SIZE(set2); i++ )
    {
        at(i, set2[i]);
        EXPECT(rx(KBD, set2[i]));
        EXPECT_EQ(data(), set1[i]);
        EXPECT(rx(KBD, 0xf0));
        EXPECT_EQ(status() & I8042_STR_OBF, 0);
        EXPECT(rx(KBD, set2[i]));
        EXPECT_EQ(data(), set1[i] | 0x80);
        EXPECT(rx(AUX, set2[i]));
        EXPECT_EQ(data(), set2[i]);
    }

    EXPECT(rx(KBD, 0xe0)); /* right Ctrl, released */
    EXPECT_EQ(data(), 0xe0);
    EXPECT(rx(KBD, 0xf0));
    EXPECT(rx(AUX, 0xf0)); /* the mouse talks in between */
    EXPECT_EQ(data(), 0xf0);
    EXPECT(rx(KBD, 0x14));
    EXPECT_EQ(data(), 0x9d);
    EXPECT(rx(KBD, 0x14));
    EXPECT_EQ(data(), 0x1d);
}

static void translation_is_one_to_one(void)
{
    static bool hit[256];
    uint32_t code;

    start();
    set_ctr(I8042_CTR_XLATE);
    for ( code = 1; code < 0x80; code++ )
    {
        uint32_t got;

        at(code, 0);
        EXPECT(rx(KBD, (uint8_t)code));
        got = data();
        EXPECT(got < 0x80 && !hit[got & 0xff]);
        hit[got & 0xff] = true;
    }
    for ( code = 0x85; code < 0x100; code++ )
    {
        at(code, 0);
        if ( code == 0xf0 )
            continue;
        EXPECT(rx(KBD, (uint8_t)code));
        EXPECT_EQ(data(), code);
    }
}

static void translation_off(void)
{
    start_open();
    EXPECT(rx(KBD, 0xf0));
    EXPECT_EQ(data(), 0xf0);
    EXPECT(rx(KBD, 0x1c));
    EXPECT_EQ(data(), 0x1c);

    set_ctr(I8042_CTR_XLATE);
    EXPECT(rx(KBD, 0xf0)); /* switched off between prefix and code */
    set_ctr(0);
    EXPECT(rx(KBD, 0x1c));
    EXPECT_EQ(data(), 0x1c);
    set_ctr(I8042_CTR_XLATE);
    EXPECT(rx(KBD, 0x1c));
    EXPECT_EQ(data(), 0x1e);
}

static void commands_end_what_waits(void)
{
    static const uint8_t waits[] = { 0x60, 0x7f, 0xa5, 0xc1, 0xc2,
                                     0xd1, 0xd2, 0xd3, 0xd4 };
    unsigned int i;

    start();
    m.present[KBD] = true;
    for ( i = 0; i < ARRAY_SIZE(waits); i++ )
    {
        at(waits[i], 0);
        command(waits[i]);
        command(0xff);
        wr32(dev, I8042_DATA, i);
        EXPECT_EQ(m.sent[KBD], i + 1);
        EXPECT_EQ(m.last[KBD], i);
    }
    EXPECT_EQ(m.sent[AUX], 0);
    EXPECT_EQ(m.resets, 0);
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
            EXPECT_EQ(m.resets + m.a20_calls, 0);
        }
    }
}

static void linux_ctrl_alt_del(void)
{
    /* What Linux does at boot, and when it reboots by the controller. */
    start();
    data(); /* flush */
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
    command(0xfe);
    EXPECT_EQ(m.resets, 1);
}

static void reset_everything(void)
{
    uint64_t writes;

    start();
    set_ctr(0x03);
    command_with(0x6a, 0x42);
    command(0xdd);
    command_with(0xd3, 0x99);
    command(0x60);
    EXPECT(seen.level[AUX]);
    EXPECT(!rx(KBD, 1));
    writes = dev->count.writes;
    vsio_reset(dev);
    CHECK_VALID();
    EXPECT(!seen.level[AUX]);
    EXPECT(m.a20);
    EXPECT_EQ(m.resets, 0);
    EXPECT_EQ(dev->count.writes, writes);
    EXPECT_EQ(dev->count.bytes_dropped, 1);
    EXPECT_EQ(seen.last.value, 0x99);
    EXPECT_EQ(status(), STR_IDLE);
    EXPECT_EQ(data(), 0);
    EXPECT_EQ(ask(0x20), 0x70);
    EXPECT_EQ(ask(0x2a), 0);
    EXPECT_EQ(ask(0xd0), 0xcf);
    command(0xae); /* the byte that waited still does */
    EXPECT_EQ(m.ready[KBD], 1);
    set_ctr(I8042_CTR_XLATE);
    EXPECT(rx(KBD, 0xf0)); /* a prefix is forgotten too */
    vsio_reset(dev);
    EXPECT_EQ(dev->count.bytes_dropped, 1);
    set_ctr(I8042_CTR_XLATE);
    EXPECT(rx(KBD, 0x1c));
    EXPECT_EQ(data(), 0x1e);
}

static void no_callback_at_all(void)
{
    start_with(&host_with_nothing);
    set_ctr(0x03);
    command(0xdd);
    EXPECT_EQ(ask(0xd0), 0xcd);
    command(0xdf);
    command(0xfe);
    EXPECT_EQ(dev->count.unknown, 1);
    wr32(dev, I8042_DATA, 0xf4);
    EXPECT_EQ(data(), 0xfe);
    EXPECT(rx(KBD, 1));
    EXPECT(!rx(KBD, 2));
    EXPECT_EQ(data(), 1);
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
    good = m.k;
    EXPECT(vsio_i8042_valid(&m.k));
    for ( i = 0; i < ARRAY_SIZE(cmds); i++ )
    {
        m.k.cmd = cmds[i];
        EXPECT(!vsio_i8042_valid(&m.k));
    }
    m.k = good;
    m.k.status ^= I8042_STR_OBF;
    EXPECT(!vsio_i8042_valid(&m.k));
    m.k = good;
    m.k.status ^= I8042_STR_AUX;
    EXPECT(!vsio_i8042_valid(&m.k));
    m.k = good;
    m.k.dev.lines = 0;
    m.k.status = I8042_STR_TIMEOUT;
    EXPECT(!vsio_i8042_valid(&m.k));
    m.k = good;
    m.k.status |= I8042_STR_IBF;
    EXPECT(!vsio_i8042_valid(&m.k));
    m.k = good;
    m.k.dev.lines |= 1U << KBD;
    EXPECT(!vsio_i8042_valid(&m.k));
    m.k = good;
    m.k.dev.lines &= ~(1U << AUX);
    EXPECT(!vsio_i8042_valid(&m.k));
    m.k = good;
    m.k.ram[0] = 0;
    EXPECT(!vsio_i8042_valid(&m.k));
    m.k = good;
    m.k.outport &= (uint8_t)~I8042_OUT_RESET;
    EXPECT(!vsio_i8042_valid(&m.k));
    m.k = good;
    m.k.outport |= I8042_OUT_AUX;
    EXPECT(!vsio_i8042_valid(&m.k));
    m.k = good;
    EXPECT(vsio_i8042_valid(&m.k));
}

static void random_walk(void)
{
    uint32_t seed = 0x8042, i, random, str;

    start();
    m.present[KBD] = true;
    m.answer[KBD] = 0xfa;
    m.next[KBD] = m.next[AUX] = 0;
    for ( i = 0; i < 50000; i++ )
    {
        random = random32(&seed);
        at(i, random);
        m.queued[random & 1] = (random >> 8) & 3;
        switch ( (random >> 2) & 7 )
        {
        case 0:
            rd8(dev, I8042_DATA);
            break;
        case 1:
            rx((random >> 1) & 1, (uint8_t)(random >> 8));
            break;
        case 2:
        case 3:
            wr8(dev, I8042_DATA, (random >> 8) & 0xff);
            break;
        case 4:
            set_ctr((random >> 8) & 0xff);
            break;
        default:
            wr8(dev, I8042_CMD, (random >> 8) & 0xff);
            break;
        }
        str = status();
        EXPECT_EQ(str & I8042_STR_IBF, 0);
        EXPECT(!(seen.level[KBD] && seen.level[AUX]));
        EXPECT((str & I8042_STR_OBF) || !seen.level[KBD]);
        EXPECT((str & I8042_STR_OBF) || !seen.level[AUX]);
        EXPECT_EQ(dev->count.bytes_out, m.sent[KBD] + m.sent[AUX]);
        EXPECT_EQ(dev->count.bytes_dropped, seen.dropped);
        EXPECT_EQ(dev->count.unknown, seen.unknown);
    }
    EXPECT(dev->count.irqs > 1000);
    EXPECT(m.resets > 100 && m.a20_calls > 10);
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
    { "a host without rx_ready polls", rx_without_ready_callback },
    { "translation: codes, releases, prefixes, not the mouse", translation },
    { "translation maps no two codes to one", translation_is_one_to_one },
    { "without translation bytes pass", translation_off },
    { "a command ends what another one waits for", commands_end_what_waits },
    { "every command is known, or counted as unknown", all_commands },
    { "Linux finds both ports, and reboots", linux_ctrl_alt_del },
    { "reset brings the power-on state, keeps the counters", reset_everything },
    { "a host without any callback", no_callback_at_all },
    { "valid() rejects each broken field", valid_rejects },
    { "a random walk keeps the invariants", random_walk },
};
TESTS(table);

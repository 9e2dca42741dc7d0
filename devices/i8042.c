/* SPDX-License-Identifier: MIT */
/*
 * Keyboard and auxiliary device controller (8042); figures and commands are
 * those of IBM's PS/2 Hardware Interface Technical Reference, October 1990.
 */

#include "i8042.h"
#include "i8042-regs.h"
#include "snapshot.h"

static struct vsio_i8042 *to_i8042(struct vsio_device *dev)
{
    return (struct vsio_i8042 *)dev;
}

static const struct vsio_i8042_host *host_of(const struct vsio_i8042 *k)
{
    return (const struct vsio_i8042_host *)k->dev.host;
}

/* Figure 4: who has filled the buffer, and may interrupt? */
static bool line_of(const struct vsio_i8042 *k, unsigned int port)
{
    bool aux = k->status & I8042_STR_AUX;
    uint32_t enable =
        port == VSIO_I8042_AUX ? I8042_CTR_AUX_INT : I8042_CTR_KBD_INT;

    return (k->status & I8042_STR_OBF) && aux == (port == VSIO_I8042_AUX) &&
           (k->ram[0] & enable);
}

/* The one way out of every change of state: both lines. */
static void update_irq(struct vsio_i8042 *k)
{
    unsigned int port;

    for ( port = 0; port < 2; port++ )
        vsio_set_line(&k->dev, port, line_of(k, port));
}

/* A byte for the guest. The last one is lost if the guest did not read it. */
static void put(struct vsio_i8042 *k, uint8_t byte, uint32_t flags)
{
    if ( k->status & I8042_STR_OBF )
        vsio_dropped(&k->dev, I8042_DATA, k->out);

    k->out = byte;
    k->status = (uint8_t)((k->status & I8042_STR_A2) | I8042_STR_OBF | flags);
}

/* Figure 3. The reset bit is a pulse here: it is never read as low. */
static void set_outport(struct vsio_i8042 *k, uint32_t value)
{
    const struct vsio_i8042_host *host = host_of(k);
    uint32_t diff = k->outport ^ value;

    k->outport =
        (uint8_t)((value | I8042_OUT_RESET) & ~(I8042_OUT_OBF | I8042_OUT_AUX));
    if ( (diff & I8042_OUT_A20) && host->a20 )
        host->a20(k->dev.ctx, value & I8042_OUT_A20);
}

/* The output port's reset line as value has it, in a write to reg. */
static void drive_reset(struct vsio_i8042 *k, uint32_t reg, uint32_t value)
{
    if ( value & I8042_OUT_RESET )
        return;

    vsio_tell(&k->dev, VSIO_EVENT_RESET, reg, value);
    if ( host_of(k)->reset )
        host_of(k)->reset(k->dev.ctx);
    else
        vsio_unknown(&k->dev, reg, true, value);
}

static uint8_t read_outport(const struct vsio_i8042 *k)
{
    uint32_t value = k->outport;

    if ( k->status & I8042_STR_OBF )
        value |= I8042_OUT_OBF;
    if ( k->status & I8042_STR_AUX )
        value |= I8042_OUT_AUX;

    return (uint8_t)value;
}

/* The clock lines: a disabled port's is held low. */
static uint8_t read_test(const struct vsio_i8042 *k)
{
    uint32_t value = I8042_TEST_KBD_CLK | I8042_TEST_AUX_CLK;

    if ( k->ram[0] & I8042_CTR_KBD_DIS )
        value &= ~I8042_TEST_KBD_CLK;
    if ( k->ram[0] & I8042_CTR_AUX_DIS )
        value &= ~I8042_TEST_AUX_CLK;

    return (uint8_t)value;
}

static void set_ctr(struct vsio_i8042 *k, uint32_t clear, uint32_t set)
{
    k->ram[0] = (uint8_t)((k->ram[0] & ~clear) | set);
}

static bool has(const struct vsio_i8042 *k, unsigned int port)
{
    return k->devices >> port & 1;
}

static void tell_leds(struct vsio_i8042 *k, uint8_t before)
{
    if ( k->kbd.leds != before && host_of(k)->leds )
        host_of(k)->leds(k->dev.ctx, k->kbd.leds);
}

static void send_kbd(struct vsio_i8042 *k, uint8_t byte)
{
    uint8_t leds = k->kbd.leds;

    vsio_ps2_kbd_write(&k->kbd, &k->dev, byte);
    tell_leds(k, leds);
}

/* A byte for a device; that opens its port. Nobody there: a timeout. */
static void send(struct vsio_i8042 *k, unsigned int port, uint8_t byte)
{
    bool aux = port == VSIO_I8042_AUX;

    set_ctr(k, aux ? I8042_CTR_AUX_DIS : I8042_CTR_KBD_DIS, 0);
    if ( !has(k, port) )
    {
        put(k, I8042_RESEND, I8042_STR_TIMEOUT | (aux ? I8042_STR_AUX : 0));
        return;
    }

    k->dev.count.bytes_out++;
    vsio_tell(&k->dev, VSIO_EVENT_OUT, I8042_DATA, byte);
    if ( aux )
        vsio_ps2_mouse_write(&k->mouse, &k->dev, byte);
    else
        send_kbd(k, byte);
}

/* May the device at port fill the output buffer? */
static bool rx_open(const struct vsio_i8042 *k, unsigned int port)
{
    uint8_t disabled =
        port == VSIO_I8042_AUX ? I8042_CTR_AUX_DIS : I8042_CTR_KBD_DIS;

    return !(k->status & I8042_STR_OBF) && !(k->ram[0] & disabled);
}

/* A byte of the keyboard's, as the guest is to see it. */
static void rx_kbd(struct vsio_i8042 *k, uint8_t byte)
{
    bool translated = k->ram[0] & I8042_CTR_XLATE;

    if ( translated && !vsio_ps2_to_set1(&k->released, &byte) )
        return;

    k->released = false;
    put(k, byte, 0);
}

/*
 * The other way out of every change of state: what the devices have goes to
 * the output buffer while that is empty, keyboard first.
 */
static void update_rx(struct vsio_i8042 *k)
{
    uint8_t byte;

    while ( rx_open(k, VSIO_I8042_KBD) && vsio_ps2_kbd_read(&k->kbd, &byte) )
        rx_kbd(k, byte);
    if ( rx_open(k, VSIO_I8042_AUX) &&
         vsio_ps2_mouse_read(&k->mouse, &k->dev, &byte) )
        put(k, byte, I8042_STR_AUX);
    update_irq(k);
}

/* What follows a command, or belongs to the keyboard. */
static void write_data(struct vsio_i8042 *k, uint8_t byte)
{
    uint8_t cmd = k->cmd;

    k->cmd = 0;
    k->status &= (uint8_t)~I8042_STR_A2;

    switch ( cmd )
    {
    case I8042_CMD_PASS_LOAD:
        k->cmd = byte ? cmd : 0; /* swallowed up to its final zero */
        break;
    case I8042_CMD_WRITE_OUT:
        set_outport(k, byte);
        drive_reset(k, I8042_DATA, byte);
        break;
    case I8042_CMD_WRITE_KBD_OBF:
        put(k, byte, 0);
        break;
    case I8042_CMD_WRITE_AUX_OBF:
        put(k, byte, I8042_STR_AUX);
        break;
    case I8042_CMD_WRITE_AUX:
        send(k, VSIO_I8042_AUX, byte);
        break;
    default:
        if ( (cmd & ~I8042_CMD_RAM) == I8042_CMD_WRITE_RAM )
            k->ram[cmd & I8042_CMD_RAM] = byte;
        else
            send(k, VSIO_I8042_KBD, byte);
        break;
    }
}

/* The commands with a number in their low bits. */
static void write_cmd_range(struct vsio_i8042 *k, uint8_t cmd)
{
    if ( (cmd & ~I8042_CMD_RAM) == I8042_CMD_READ_RAM )
        put(k, k->ram[cmd & I8042_CMD_RAM], 0);
    else if ( (cmd & ~I8042_CMD_RAM) == I8042_CMD_WRITE_RAM )
        k->cmd = cmd;
    else if ( cmd >= I8042_CMD_PULSE )
        drive_reset(k, I8042_CMD, cmd); /* other bits: too short to matter */
    else
        vsio_unknown(&k->dev, I8042_CMD, true, cmd);
}

static void write_cmd(struct vsio_i8042 *k, uint8_t cmd)
{
    k->cmd = 0; /* a command ends what another one waits for */
    k->status |= I8042_STR_A2;

    switch ( cmd )
    {
    case I8042_CMD_PASS_TEST:
        put(k, I8042_NO_PASSWORD, 0);
        break;
    case I8042_CMD_PASS_ENABLE: /* without a password: nothing */
        break;
    case I8042_CMD_AUX_DISABLE:
        set_ctr(k, 0, I8042_CTR_AUX_DIS);
        break;
    case I8042_CMD_AUX_ENABLE:
        set_ctr(k, I8042_CTR_AUX_DIS, 0);
        break;
    case I8042_CMD_AUX_TEST:
    case I8042_CMD_KBD_TEST:
        put(k, I8042_TEST_OK, 0);
        break;
    case I8042_CMD_SELF_TEST: /* its firmware starts anew */
        set_outport(k, I8042_OUT_INIT);
        set_ctr(k, UINT8_MAX, I8042_CTR_INIT | I8042_CTR_SYS);
        put(k, I8042_SELF_TEST_OK, 0);
        break;
    case I8042_CMD_KBD_DISABLE:
        set_ctr(k, 0, I8042_CTR_KBD_DIS);
        break;
    case I8042_CMD_KBD_ENABLE:
        set_ctr(k, I8042_CTR_KBD_DIS, 0);
        break;
    case I8042_CMD_READ_IN:
        put(k, I8042_IN_INIT, 0);
        break;
    case I8042_CMD_READ_OUT:
        put(k, read_outport(k), 0);
        break;
    case I8042_CMD_A20_OFF:
        set_outport(k, k->outport & ~I8042_OUT_A20);
        break;
    case I8042_CMD_A20_ON:
        set_outport(k, k->outport | I8042_OUT_A20);
        break;
    case I8042_CMD_READ_TEST:
        put(k, read_test(k), 0);
        break;
    case I8042_CMD_PASS_LOAD:
    case I8042_CMD_POLL_IN_LOW:
    case I8042_CMD_POLL_IN_HIGH:
    case I8042_CMD_WRITE_OUT:
    case I8042_CMD_WRITE_KBD_OBF:
    case I8042_CMD_WRITE_AUX_OBF:
    case I8042_CMD_WRITE_AUX:
        k->cmd = cmd;
        break;
    default:
        write_cmd_range(k, cmd);
        break;
    }
}

/* Figure 1. IBF is never set: a write is done before the guest goes on. */
static uint32_t read_status(const struct vsio_i8042 *k)
{
    uint32_t value = k->status | I8042_STR_INH | (k->ram[0] & I8042_CTR_SYS);

    if ( k->cmd == I8042_CMD_POLL_IN_LOW )
        return (value & 0xf) | ((I8042_IN_INIT & 0xf) << 4);
    if ( k->cmd == I8042_CMD_POLL_IN_HIGH )
        return (value & 0xf) | (I8042_IN_INIT & 0xf0);

    return value;
}

/* The flags go with the byte; the byte stays for who reads too often. */
static uint32_t read_data(struct vsio_i8042 *k)
{
    bool full = k->status & I8042_STR_OBF;
    uint32_t value = k->out;

    if ( !full )
        return value;

    k->status &= I8042_STR_A2;
    update_irq(k); /* falls before it may rise again */
    vsio_tell(&k->dev, VSIO_EVENT_READ, I8042_DATA, value);
    update_rx(k);
    if ( !(k->status & I8042_STR_OBF) )
        vsio_tell(&k->dev, VSIO_EVENT_EMPTY, I8042_DATA, 0);

    return value;
}

static uint32_t i8042_read(struct vsio_device *dev, uint32_t reg)
{
    struct vsio_i8042 *k = to_i8042(dev);

    return reg == I8042_DATA ? read_data(k) : read_status(k);
}

static void i8042_write(struct vsio_device *dev,
                        uint32_t reg,
                        uint32_t value,
                        uint32_t mask)
{
    struct vsio_i8042 *k = to_i8042(dev);

    /* The registers are a byte wide; beside it is nothing. */
    if ( !(mask & 0xff) )
    {
        vsio_unknown(dev, reg, true, value);
        return;
    }

    switch ( reg )
    {
    case I8042_DATA:
        write_data(k, (uint8_t)value);
        break;
    default:
        write_cmd(k, (uint8_t)value);
        break;
    }

    update_rx(k);
}

static void power_on(struct vsio_i8042 *k)
{
    unsigned int i;

    vsio_ps2_kbd_reset(&k->kbd, &k->dev);
    vsio_ps2_mouse_reset(&k->mouse, &k->dev);

    for ( i = 1; i < sizeof(k->ram); i++ )
        k->ram[i] = 0;
    k->ram[0] = I8042_CTR_INIT;
    k->status = k->out = k->cmd = 0;
    k->released = false;
}

static void i8042_reset(struct vsio_device *dev)
{
    struct vsio_i8042 *k = to_i8042(dev);
    uint8_t leds = k->kbd.leds;

    if ( k->status & I8042_STR_OBF )
        vsio_dropped(dev, I8042_DATA, k->out);
    set_outport(k, I8042_OUT_INIT); /* A20 on, and told */
    power_on(k);
    tell_leds(k, leds);
    update_irq(k);
}

void vsio_i8042_init(struct vsio_i8042 *k,
                     const struct vsio_i8042_host *host,
                     void *ctx)
{
    *k = (struct vsio_i8042){
        .dev = { .class = &vsio_i8042_class,
                 .host = &host->common,
                 .ctx = ctx },
        .outport = I8042_OUT_INIT,
        .devices = host->devices,
    };
    power_on(k);
}

bool vsio_i8042_key(struct vsio_i8042 *k, uint32_t code, bool pressed)
{
    bool taken = has(k, VSIO_I8042_KBD) &&
                 vsio_ps2_kbd_key(&k->kbd, &k->dev, code, pressed);

    update_rx(k);

    return taken;
}

bool vsio_i8042_ctrl_alt_del(struct vsio_i8042 *k)
{
    bool taken =
        has(k, VSIO_I8042_KBD) && vsio_ps2_kbd_ctrl_alt_del(&k->kbd, &k->dev);

    update_rx(k);

    return taken;
}

bool vsio_i8042_mouse(struct vsio_i8042 *k, const struct vsio_mouse_move *move)
{
    bool taken =
        has(k, VSIO_I8042_AUX) && vsio_ps2_mouse_move(&k->mouse, &k->dev, move);

    update_rx(k);

    return taken;
}

static void i8042_fields(struct vsio_device *dev, struct vsio_stream *s)
{
    struct vsio_i8042 *k = to_i8042(dev);

    vsio_field_bytes(s, k->ram, sizeof(k->ram));
    vsio_field8(s, &k->status);
    vsio_field8(s, &k->out);
    vsio_field8(s, &k->outport);
    vsio_field8(s, &k->cmd);
    vsio_field_bool(s, &k->released);
    vsio_field8(s, &k->devices);
    vsio_ps2_kbd_fields(&k->kbd, s);
    vsio_ps2_mouse_fields(&k->mouse, s);
}

static uint32_t lines_of(const struct vsio_i8042 *k)
{
    return (uint32_t)line_of(k, VSIO_I8042_KBD) << VSIO_I8042_KBD |
           (uint32_t)line_of(k, VSIO_I8042_AUX) << VSIO_I8042_AUX;
}

static void i8042_derive(struct vsio_device *dev)
{
    dev->lines = lines_of(to_i8042(dev));
}

static void i8042_resume(struct vsio_device *dev)
{
    const struct vsio_i8042 *k = to_i8042(dev);
    const struct vsio_i8042_host *host = host_of(k);

    if ( host->a20 )
        host->a20(dev->ctx, k->outport & I8042_OUT_A20);
    if ( host->leds )
        host->leds(dev->ctx, k->kbd.leds);
    update_irq(to_i8042(dev));
}

static bool valid_cmd(uint8_t cmd)
{
    return cmd == 0 || (cmd & ~I8042_CMD_RAM) == I8042_CMD_WRITE_RAM ||
           cmd == I8042_CMD_PASS_LOAD || cmd == I8042_CMD_POLL_IN_LOW ||
           cmd == I8042_CMD_POLL_IN_HIGH ||
           (cmd >= I8042_CMD_WRITE_OUT && cmd <= I8042_CMD_WRITE_AUX);
}

/* Nothing waits in a device that the guest could have. */
static bool valid_rx(const struct vsio_i8042 *k)
{
    return !(rx_open(k, VSIO_I8042_KBD) && vsio_ps2_kbd_waiting(&k->kbd)) &&
           !(rx_open(k, VSIO_I8042_AUX) && vsio_ps2_mouse_waiting(&k->mouse));
}

static bool valid_devices(const struct vsio_i8042 *k)
{
    return k->devices == host_of(k)->devices && vsio_ps2_kbd_valid(&k->kbd) &&
           vsio_ps2_mouse_valid(&k->mouse) &&
           (has(k, VSIO_I8042_KBD) || !vsio_ps2_kbd_waiting(&k->kbd)) &&
           (has(k, VSIO_I8042_AUX) || !vsio_ps2_mouse_waiting(&k->mouse));
}

bool vsio_i8042_valid(const struct vsio_i8042 *k)
{
    uint32_t of_byte = I8042_STR_AUX | I8042_STR_TIMEOUT;

    return !(k->status & ~(I8042_STR_OBF | I8042_STR_A2 | of_byte)) &&
           ((k->status & I8042_STR_OBF) || !(k->status & of_byte)) &&
           valid_cmd(k->cmd) && (k->outport & I8042_OUT_RESET) &&
           !(k->outport & (I8042_OUT_OBF | I8042_OUT_AUX)) &&
           valid_devices(k) && valid_rx(k) && k->dev.lines == lines_of(k);
}

static bool i8042_valid(const struct vsio_device *dev)
{
    return vsio_i8042_valid((const struct vsio_i8042 *)dev);
}

const struct vsio_class vsio_i8042_class = {
    .name = "i8042",
    .window = I8042_WINDOW,
    .unit = 4,
    .lines = 2,
    .read = i8042_read,
    .write = i8042_write,
    .reset = i8042_reset,
    .type = VSIO_TYPE('8', '0', '4', '2'),
    .version = 1,
    .record = VSIO_RECORD_COUNTERS + 141,
    .fields = i8042_fields,
    .derive = i8042_derive,
    .resume = i8042_resume,
    .valid = i8042_valid,
};

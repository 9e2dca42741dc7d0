/* SPDX-License-Identifier: MIT */
/*
 * Keyboard and auxiliary device controller (8042); figures and commands are
 * those of IBM's PS/2 Hardware Interface Technical Reference, October 1990.
 */

#include "i8042.h"
#include "i8042-regs.h"

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

static bool rx_open(const struct vsio_i8042 *k, unsigned int port)
{
    uint8_t disabled =
        port == VSIO_I8042_AUX ? I8042_CTR_AUX_DIS : I8042_CTR_KBD_DIS;

    return !(k->status & I8042_STR_OBF) && !(k->ram[0] & disabled);
}

/* Call the host back that vsio_i8042_rx() has refused; keyboard first. */
static void rx_offer(struct vsio_i8042 *k)
{
    const struct vsio_i8042_host *host = host_of(k);
    unsigned int port;

    for ( port = 0; port < 2; port++ )
    {
        if ( !k->rx_wanted[port] || !rx_open(k, port) )
            continue;

        k->rx_wanted[port] = false;
        if ( host->rx_ready )
            host->rx_ready(k->dev.ctx, port);
    }
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

/* A byte for a device; that opens its port. Nobody there: a timeout. */
static void send(struct vsio_i8042 *k, unsigned int port, uint8_t byte)
{
    const struct vsio_i8042_host *host = host_of(k);
    bool aux = port == VSIO_I8042_AUX;

    set_ctr(k, aux ? I8042_CTR_AUX_DIS : I8042_CTR_KBD_DIS, 0);

    if ( host->send && host->send(k->dev.ctx, port, byte) )
        k->dev.count.bytes_out++;
    else
        put(k, I8042_RESEND, I8042_STR_TIMEOUT | (aux ? I8042_STR_AUX : 0));
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
    k->status &= I8042_STR_A2;
    update_irq(k); /* falls before it may rise again */

    return k->out;
}

static uint32_t i8042_read(struct vsio_device *dev, uint32_t reg)
{
    struct vsio_i8042 *k = to_i8042(dev);
    uint32_t value;

    switch ( reg )
    {
    case I8042_DATA:
        value = read_data(k);
        rx_offer(k);
        return value;
    default:
        return read_status(k);
    }
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

    update_irq(k);
    rx_offer(k);
}

static void power_on(struct vsio_i8042 *k)
{
    unsigned int i;

    for ( i = 1; i < sizeof(k->ram); i++ )
        k->ram[i] = 0;
    k->ram[0] = I8042_CTR_INIT;
    k->status = k->out = k->cmd = 0;
    k->released = false;
}

static void i8042_reset(struct vsio_device *dev)
{
    struct vsio_i8042 *k = to_i8042(dev);

    if ( k->status & I8042_STR_OBF )
        vsio_dropped(dev, I8042_DATA, k->out);
    set_outport(k, I8042_OUT_INIT); /* A20 on, and told */
    power_on(k);
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
    };
    power_on(k);
}

/* Scan code set 2 to set 1, as every controller since the PC AT does. */
static uint8_t translate(uint8_t code)
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

    return code < sizeof(set1) ? set1[code] : code;
}

bool vsio_i8042_rx(struct vsio_i8042 *k, unsigned int port, uint8_t byte)
{
    bool aux = port == VSIO_I8042_AUX;

    if ( !rx_open(k, port) )
    {
        k->rx_wanted[aux] = true;
        return false;
    }

    k->dev.count.bytes_in++;
    if ( !aux && (k->ram[0] & I8042_CTR_XLATE) )
    {
        if ( byte == I8042_KBD_RELEASE )
        {
            k->released = true; /* in set 1 a bit of the next byte */
            return true;
        }
        byte = (uint8_t)(translate(byte) | (k->released ? 0x80 : 0));
    }
    k->released = k->released && aux;
    put(k, byte, aux ? I8042_STR_AUX : 0);
    update_irq(k);

    return true;
}

static bool valid_cmd(uint8_t cmd)
{
    return cmd == 0 || (cmd & ~I8042_CMD_RAM) == I8042_CMD_WRITE_RAM ||
           cmd == I8042_CMD_PASS_LOAD || cmd == I8042_CMD_POLL_IN_LOW ||
           cmd == I8042_CMD_POLL_IN_HIGH ||
           (cmd >= I8042_CMD_WRITE_OUT && cmd <= I8042_CMD_WRITE_AUX);
}

bool vsio_i8042_valid(const struct vsio_i8042 *k)
{
    uint32_t of_byte = I8042_STR_AUX | I8042_STR_TIMEOUT;
    uint32_t lines = (uint32_t)line_of(k, VSIO_I8042_KBD) << VSIO_I8042_KBD |
                     (uint32_t)line_of(k, VSIO_I8042_AUX) << VSIO_I8042_AUX;

    return !(k->status & ~(I8042_STR_OBF | I8042_STR_A2 | of_byte)) &&
           ((k->status & I8042_STR_OBF) || !(k->status & of_byte)) &&
           valid_cmd(k->cmd) && (k->outport & I8042_OUT_RESET) &&
           !(k->outport & (I8042_OUT_OBF | I8042_OUT_AUX)) &&
           k->dev.lines == lines;
}

const struct vsio_class vsio_i8042_class = {
    .name = "i8042",
    .window = I8042_WINDOW,
    .unit = 4,
    .lines = 2,
    .read = i8042_read,
    .write = i8042_write,
    .reset = i8042_reset,
};

/* SPDX-License-Identifier: MIT */
/*
 * PS/2 mouse; commands are those of IBM's PS/2 Hardware Interface Technical
 * Reference, October 1990, its chapter on the mouse; the wheel is Microsoft's.
 */

#include "ps2-mouse.h"

#define MOUSE_SCALE_1    0xe6U
#define MOUSE_SCALE_2    0xe7U
#define MOUSE_RESOLUTION 0xe8U
#define MOUSE_STATUS     0xe9U
#define MOUSE_STREAM     0xeaU
#define MOUSE_DATA       0xebU
#define MOUSE_UNWRAP     0xecU
#define MOUSE_WRAP       0xeeU
#define MOUSE_REMOTE     0xf0U
#define MOUSE_ID         0xf2U
#define MOUSE_RATE       0xf3U
#define MOUSE_ENABLE     0xf4U
#define MOUSE_DISABLE    0xf5U
#define MOUSE_DEFAULTS   0xf6U
#define MOUSE_RESEND     0xfeU
#define MOUSE_RESET      0xffU

#define MOUSE_ERROR 0xfcU /* a second bad byte in a row */

/* Commands begin here, also where a parameter is expected. */
#define MOUSE_COMMANDS MOUSE_SCALE_1

/* First byte of a packet, above the buttons. */
#define PACKET_ONE   0x08U /* always set */
#define PACKET_X_NEG 0x10U
#define PACKET_Y_NEG 0x20U

/* First byte of the status, beside the buttons. */
#define STATUS_SCALED  0x10U
#define STATUS_ENABLED 0x20U
#define STATUS_REMOTE  0x40U

#define BUTTONS (VSIO_MOUSE_LEFT | VSIO_MOUSE_RIGHT | VSIO_MOUSE_MIDDLE)

/* What a packet can say of each axis: 9 bits; of the wheel 4. */
#define MOTION_MAX 255
#define WHEEL_MAX  7

#define RATE_INIT       100U
#define RESOLUTION_INIT 2U
#define RESOLUTION_MAX  3U

static void say(struct vsio_ps2_mouse *m, struct vsio_device *dev, uint8_t byte)
{
    vsio_ps2_answer(&m->answers, dev, &byte, 1);
}

/* Packets go out as soon as there is something to say. */
static bool streaming(const struct vsio_ps2_mouse *m)
{
    return m->enabled && !m->remote && !m->wrap;
}

/* Is motion counted? Not while nobody can ever see it. */
static bool counting(const struct vsio_ps2_mouse *m)
{
    return (m->enabled || m->remote) && !m->wrap;
}

static uint32_t packet_size(const struct vsio_ps2_mouse *m)
{
    return m->wheel ? 4 : 3;
}

/* Bytes of a packet whose first ones are sent. No division by a variable. */
static uint32_t half_packet(const struct vsio_ps2_mouse *m)
{
    return m->wheel ? m->packets.count % 4U : m->packets.count % 3U;
}

/* There is something to say that is in no packet yet. */
static bool unsaid(const struct vsio_ps2_mouse *m)
{
    return streaming(m) && (m->dx || m->dy || m->dz || m->buttons != m->told);
}

/* A command ends the packets under way, and starts to count anew. */
static void forget(struct vsio_ps2_mouse *m, struct vsio_device *dev)
{
    vsio_ps2_clear(&m->packets, dev);
    m->dx = m->dy = m->dz = 0;
    m->told = m->buttons;
}

static void defaults(struct vsio_ps2_mouse *m)
{
    m->rate = RATE_INIT;
    m->resolution = RESOLUTION_INIT;
    m->enabled = m->remote = m->scaled = false;
}

void vsio_ps2_mouse_reset(struct vsio_ps2_mouse *m, struct vsio_device *dev)
{
    vsio_ps2_clear(&m->answers, dev);
    forget(m, dev);
    defaults(m);
    m->cmd = 0;
    m->rates[0] = m->rates[1] = RATE_INIT;
    m->sent[0] = PS2_BAT_OK;
    m->sent[1] = 0;
    m->sent_count = 2;
    m->wrap = m->wheel = m->refused = false;
}

/* 2:1, what a fast hand gains; the manual's table. */
static int32_t scale(int32_t d)
{
    static const uint8_t slow[] = { 0, 1, 1, 3, 6, 9 };
    int32_t n = d < 0 ? -d : d;

    n = n < (int32_t)sizeof(slow) ? slow[n] : 2 * n;
    n = n < MOTION_MAX ? n : MOTION_MAX;

    return d < 0 ? -n : n;
}

/* All that is counted, to at least packet_size() bytes. */
static void build(struct vsio_ps2_mouse *m, uint8_t *to)
{
    bool scaled = m->scaled && streaming(m);
    int32_t dx = scaled ? scale(m->dx) : m->dx;
    int32_t dy = scaled ? scale(m->dy) : m->dy;

    to[0] = (uint8_t)(PACKET_ONE | m->buttons | (dx < 0 ? PACKET_X_NEG : 0) |
                      (dy < 0 ? PACKET_Y_NEG : 0));
    to[1] = (uint8_t)dx;
    to[2] = (uint8_t)dy;
    if ( m->wheel )
        to[3] = (uint8_t)m->dz;
    m->dx = m->dy = m->dz = 0;
    m->told = m->buttons;
}

/* False: no room for a packet, nothing has happened. */
static bool queue_packet(struct vsio_ps2_mouse *m, struct vsio_device *dev)
{
    uint32_t n = packet_size(m);
    uint8_t packet[4];

    if ( m->packets.count + n > VSIO_PS2_PACKETS )
        return false;

    build(m, packet);
    (void)vsio_ps2_put(&m->packets, packet, n, VSIO_PS2_PACKETS);
    dev->count.bytes_in += n;

    return true;
}

static bool is_rate(uint8_t byte)
{
    static const uint8_t rates[] = { 10, 20, 40, 60, 80, 100, 200 };
    uint32_t i;

    for ( i = 0; i < sizeof(rates); i++ )
        if ( rates[i] == byte )
            return true;

    return false;
}

/* What follows a command. False: it is out of range. */
static bool set_parameter(struct vsio_ps2_mouse *m, uint8_t byte)
{
    if ( m->cmd == MOUSE_RESOLUTION )
    {
        if ( byte > RESOLUTION_MAX )
            return false;
        m->resolution = byte;
        return true;
    }
    if ( !is_rate(byte) )
        return false;

    m->rate = byte;
    /* Microsoft's knock: three rates in a row that make no sense. */
    if ( m->rates[0] == 200 && m->rates[1] == 100 && byte == 80 )
        m->wheel = true;
    m->rates[0] = m->rates[1];
    m->rates[1] = byte;

    return true;
}

/* A bad byte is asked for again once, then it is an error. */
static void refuse(struct vsio_ps2_mouse *m, struct vsio_device *dev)
{
    say(m, dev, m->refused ? MOUSE_ERROR : PS2_RESEND);
    if ( m->refused )
        m->cmd = 0;
    m->refused = true;
}

static void write_parameter(struct vsio_ps2_mouse *m,
                            struct vsio_device *dev,
                            uint8_t byte)
{
    if ( !set_parameter(m, byte) )
    {
        refuse(m, dev);
        return;
    }

    forget(m, dev); /* the size of a packet may have changed */
    m->cmd = 0;
    m->refused = false;
    say(m, dev, PS2_ACK);
}

static void send_status(struct vsio_ps2_mouse *m, struct vsio_device *dev)
{
    uint32_t flags = 0;
    uint8_t answer[4] = { PS2_ACK, 0, m->resolution, m->rate };

    /* Not in the order that packets have them. */
    flags |= m->buttons & VSIO_MOUSE_LEFT ? 4 : 0;
    flags |= m->buttons & VSIO_MOUSE_MIDDLE ? 2 : 0;
    flags |= m->buttons & VSIO_MOUSE_RIGHT ? 1 : 0;
    flags |= m->scaled ? STATUS_SCALED : 0;
    flags |= m->enabled ? STATUS_ENABLED : 0;
    flags |= m->remote ? STATUS_REMOTE : 0;
    answer[1] = (uint8_t)flags;
    vsio_ps2_answer(&m->answers, dev, answer, sizeof(answer));
}

static void send_data(struct vsio_ps2_mouse *m, struct vsio_device *dev)
{
    uint8_t answer[VSIO_PS2_MOUSE_ANSWER] = { [0] = PS2_ACK };

    build(m, answer + 1);
    vsio_ps2_answer(&m->answers, dev, answer, 1 + packet_size(m));
}

static void send_id(struct vsio_ps2_mouse *m, struct vsio_device *dev)
{
    const uint8_t answer[] = { PS2_ACK, m->wheel ? 3 : 0 };

    vsio_ps2_answer(&m->answers, dev, answer, sizeof(answer));
}

/* Those that change how it reports. False: it is none of these. */
static bool set_mode(struct vsio_ps2_mouse *m, uint8_t byte)
{
    switch ( byte )
    {
    case MOUSE_SCALE_1:
    case MOUSE_SCALE_2:
        m->scaled = byte == MOUSE_SCALE_2;
        return true;
    case MOUSE_STREAM:
    case MOUSE_REMOTE:
        m->remote = byte == MOUSE_REMOTE;
        return true;
    case MOUSE_WRAP:
    case MOUSE_UNWRAP:
        m->wrap = byte == MOUSE_WRAP;
        return true;
    case MOUSE_ENABLE:
    case MOUSE_DISABLE:
        m->enabled = byte == MOUSE_ENABLE;
        return true;
    case MOUSE_DEFAULTS:
        defaults(m);
        return true;
    case MOUSE_RESOLUTION:
    case MOUSE_RATE:
        m->cmd = byte;
        return true;
    default:
        return false;
    }
}

static void write_command(struct vsio_ps2_mouse *m,
                          struct vsio_device *dev,
                          uint8_t byte)
{
    static const uint8_t bat[] = { PS2_ACK, PS2_BAT_OK, 0 };
    bool refused = m->refused;

    m->refused = false;
    switch ( byte )
    {
    case MOUSE_STATUS:
        send_status(m, dev);
        break;
    case MOUSE_DATA:
        send_data(m, dev); /* before it counts anew */
        break;
    case MOUSE_ID:
        send_id(m, dev);
        break;
    case MOUSE_RESET:
        vsio_ps2_mouse_reset(m, dev);
        vsio_ps2_answer(&m->answers, dev, bat, sizeof(bat));
        m->sent_count = 0;
        break;
    default:
        if ( set_mode(m, byte) )
            say(m, dev, PS2_ACK);
        else
        {
            m->refused = refused;
            refuse(m, dev);
        }
        break;
    }
    forget(m, dev);
}

/* All of the answer or packet that was sent last, or is half sent. */
static void resend(struct vsio_ps2_mouse *m, struct vsio_device *dev)
{
    struct vsio_ps2_queue *rest = m->answers.count ? &m->answers : &m->packets;
    uint32_t n = m->answers.count ? m->answers.count : half_packet(m);

    for ( ; n && m->sent_count < sizeof(m->sent); n-- )
        m->sent[m->sent_count++] = vsio_ps2_take(rest);
    vsio_ps2_answer(&m->answers, dev, m->sent, m->sent_count);
    m->sent_count = 0;
}

void vsio_ps2_mouse_write(struct vsio_ps2_mouse *m,
                          struct vsio_device *dev,
                          uint8_t byte)
{
    if ( m->wrap && byte != MOUSE_UNWRAP && byte != MOUSE_RESET )
    {
        say(m, dev, byte);
        return;
    }
    if ( byte == MOUSE_RESEND )
    {
        resend(m, dev);
        return;
    }

    m->sent_count = 0;
    if ( m->cmd && byte < MOUSE_COMMANDS )
    {
        write_parameter(m, dev, byte);
        return;
    }

    m->cmd = 0; /* a command ends what another one waits for */
    write_command(m, dev, byte);
}

bool vsio_ps2_mouse_waiting(const struct vsio_ps2_mouse *m)
{
    return m->answers.count || (!m->cmd && (m->packets.count || unsaid(m)));
}

static uint8_t send(struct vsio_ps2_mouse *m, struct vsio_ps2_queue *from)
{
    uint8_t byte = vsio_ps2_take(from);

    if ( m->sent_count < sizeof(m->sent) )
        m->sent[m->sent_count++] = byte;

    return byte;
}

bool vsio_ps2_mouse_read(struct vsio_ps2_mouse *m,
                         struct vsio_device *dev,
                         uint8_t *byte)
{
    if ( !vsio_ps2_mouse_waiting(m) )
        return false;

    if ( m->answers.count )
    {
        *byte = send(m, &m->answers);
        return true;
    }

    if ( !m->packets.count )
        (void)queue_packet(m, dev); /* motion waits for a guest that reads */
    if ( half_packet(m) == 0 )
        m->sent_count = 0;
    *byte = send(m, &m->packets);

    return true;
}

/* More than a packet can say is lost, as with a hand that is too fast. */
static bool add(int32_t *sum, int32_t d, int32_t max)
{
    int32_t all = *sum + d;

    *sum = all > max ? max : all < -max ? -max : all;

    return *sum == all;
}

static bool count(struct vsio_ps2_mouse *m, const struct vsio_mouse_move *move)
{
    int32_t dx = m->dx, dy = m->dy, dz = m->dz;
    bool all = add(&dx, move->dx, MOTION_MAX);

    all = add(&dy, move->dy, MOTION_MAX) && all;
    if ( m->wheel )
        all = add(&dz, move->dz, WHEEL_MAX) && all;
    m->dx = (int16_t)dx;
    m->dy = (int16_t)dy;
    m->dz = (int8_t)dz;

    return all;
}

/* Buttons change. False: the state before was in no packet, and is lost. */
static bool press(struct vsio_ps2_mouse *m,
                  struct vsio_device *dev,
                  uint8_t buttons)
{
    bool seen = m->told == m->buttons;

    if ( !seen )
        vsio_dropped(dev, 0, m->buttons);
    m->buttons = buttons;
    (void)queue_packet(m, dev); /* at once, if there is room: more may follow */

    return seen;
}

bool vsio_ps2_mouse_move(struct vsio_ps2_mouse *m,
                         struct vsio_device *dev,
                         const struct vsio_mouse_move *move)
{
    uint8_t buttons = move->buttons & BUTTONS;
    bool all;

    if ( !counting(m) )
    {
        m->buttons = m->told = buttons;
        return false;
    }
    if ( m->told != m->buttons )
        (void)queue_packet(m, dev); /* it was where it was, not where we go */

    all = count(m, move);
    if ( !all )
        vsio_dropped(dev, 0, 0);
    if ( !streaming(m) )
        m->buttons = m->told = buttons;
    else if ( buttons != m->buttons )
        all = press(m, dev, buttons) && all;

    return all;
}

static bool valid_motion(const struct vsio_ps2_mouse *m)
{
    return m->dx >= -MOTION_MAX && m->dx <= MOTION_MAX &&
           m->dy >= -MOTION_MAX && m->dy <= MOTION_MAX && m->dz >= -WHEEL_MAX &&
           m->dz <= WHEEL_MAX && (m->wheel || !m->dz) &&
           (counting(m) || !(m->dx || m->dy || m->dz)) &&
           m->buttons <= BUTTONS && m->told <= BUTTONS &&
           (streaming(m) || (m->told == m->buttons && !m->packets.count));
}

bool vsio_ps2_mouse_valid(const struct vsio_ps2_mouse *m)
{
    return vsio_ps2_queue_valid(&m->answers, VSIO_PS2_QUEUE) &&
           vsio_ps2_queue_valid(&m->packets, VSIO_PS2_PACKETS) &&
           (m->cmd == 0 || m->cmd == MOUSE_RESOLUTION ||
            m->cmd == MOUSE_RATE) &&
           m->resolution <= RESOLUTION_MAX && is_rate(m->rate) &&
           m->sent_count <= sizeof(m->sent) && valid_motion(m);
}

void vsio_ps2_mouse_fields(struct vsio_ps2_mouse *m, struct vsio_stream *s)
{
    vsio_ps2_queue_fields(&m->answers, s);
    vsio_ps2_queue_fields(&m->packets, s);
    vsio_field16(s, (uint16_t *)&m->dx);
    vsio_field16(s, (uint16_t *)&m->dy);
    vsio_field8(s, (uint8_t *)&m->dz);
    vsio_field8(s, &m->buttons);
    vsio_field8(s, &m->told);
    vsio_field8(s, &m->cmd);
    vsio_field8(s, &m->resolution);
    vsio_field8(s, &m->rate);
    vsio_field_bytes(s, m->rates, sizeof(m->rates));
    vsio_field_bytes(s, m->sent, sizeof(m->sent));
    vsio_field8(s, &m->sent_count);
    vsio_field_bool(s, &m->enabled);
    vsio_field_bool(s, &m->remote);
    vsio_field_bool(s, &m->wrap);
    vsio_field_bool(s, &m->scaled);
    vsio_field_bool(s, &m->wheel);
    vsio_field_bool(s, &m->refused);
}

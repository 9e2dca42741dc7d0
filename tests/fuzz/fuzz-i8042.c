/* SPDX-License-Identifier: MIT */
/*
 * i8042 with keyboard and mouse, one or none. Commands have no model here (the
 * unit tests have their answers). But as long as the guest only reads, each
 * byte of keys must come in order, and the motion of all packets must add up.
 */

#include "fuzz.h"
#include "i8042.h"
#include "i8042-regs.h"

struct rig {
    struct watch w;
    struct vsio_i8042 kbc;

    /* The host: what it was told. */
    bool a20;
    uint8_t leds;

    /* What the guest gets of the keyboard if it reads on. */
    uint8_t keys[64];
    uint32_t nkeys;
    bool released; /* the prefix of a code to come was translated */
    bool stale;    /* the guest wrote: all of this is to be found out anew */

    /* Motion that was in no packet yet, as long as it can be followed. */
    bool follows;
    int32_t dx, dy, dz;
    uint8_t packet[4];
    uint32_t npacket;
};

/* --- The model ------------------------------------------------------------ */

/* A byte of the keyboard's, through the controller. */
static void expect_key(struct rig *r, uint8_t byte)
{
    if ( (r->kbc.ram[0] & I8042_CTR_XLATE) &&
         !vsio_ps2_to_set1(&r->released, &byte) )
        return;

    REQUIRE(r->nkeys < sizeof(r->keys));
    r->keys[r->nkeys++] = byte;
}

static void expect_queue(struct rig *r, const struct vsio_ps2_queue *q)
{
    uint32_t i;

    for ( i = 0; i < q->count; i++ )
        expect_key(r, q->byte[(q->first + i) % VSIO_PS2_QUEUE]);
}

static bool of_mouse(const struct rig *r)
{
    return r->kbc.status & I8042_STR_AUX;
}

static bool full(const struct rig *r)
{
    return r->kbc.status & I8042_STR_OBF;
}

/* The mouse reports at once, and has nothing to report. */
static bool mouse_idle(const struct rig *r)
{
    const struct vsio_ps2_mouse *m = &r->kbc.mouse;

    return m->enabled && !m->remote && !m->wrap && !m->scaled && !m->cmd &&
           !m->answers.count && !m->packets.count && !(full(r) && of_mouse(r));
}

static void find_keys(struct rig *r)
{
    r->nkeys = 0;
    r->released = r->kbc.released;
    if ( full(r) && !of_mouse(r) )
        r->keys[r->nkeys++] = r->kbc.out;
    expect_queue(r, &r->kbc.kbd.answers);
    expect_queue(r, &r->kbc.kbd.keys);
}

static void find_motion(struct rig *r)
{
    const struct vsio_ps2_mouse *m = &r->kbc.mouse;

    r->follows = mouse_idle(r);
    r->dx = m->dx;
    r->dy = m->dy;
    r->dz = m->dz;
    r->npacket = 0;
}

/* A byte of a packet is read; a whole one has some of the motion. */
static void read_packet(struct rig *r, uint8_t byte)
{
    const struct vsio_ps2_mouse *m = &r->kbc.mouse;
    const uint8_t *p = r->packet;

    r->packet[r->npacket++] = byte;
    if ( r->npacket < (m->wheel ? 4 : 3) )
        return;

    REQUIRE((p[0] & 0xc8) == 0x08);
    r->dx -= p[1] - (p[0] & 0x10 ? 256 : 0);
    r->dy -= p[2] - (p[0] & 0x20 ? 256 : 0);
    r->dz -= m->wheel ? (int8_t)p[3] : 0;
    r->npacket = 0;
    if ( m->packets.count )
        return;

    /* It was the last one: what it has not said is still to come. */
    REQUIRE(r->dx == m->dx && r->dy == m->dy && r->dz == m->dz);
    SAME(p[0] & 7, m->told);
}

static uint8_t read_data(struct rig *r)
{
    uint8_t byte = r->kbc.out;
    uint32_t i;

    if ( !full(r) )
        return byte; /* stays */
    if ( of_mouse(r) )
    {
        if ( r->follows )
            read_packet(r, byte);
        return byte;
    }

    REQUIRE(r->nkeys);
    byte = r->keys[0];
    for ( i = 1; i < r->nkeys; i++ )
        r->keys[i - 1] = r->keys[i];
    r->nkeys--;

    return byte;
}

/* --- What the device asks of its host ------------------------------------- */

static void host_reset(void *ctx)
{
    trace(host_called(ctx), 'M');
}

static void host_a20(void *ctx, bool on)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(r->w.restoring || on != r->a20);
    r->a20 = on;
}

static void host_leds(void *ctx, uint8_t leds)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(leds <= 7);
    REQUIRE(r->w.restoring || leds != r->leds);
    r->leds = leds;
}

#define HOST(plugged)                                                          \
    {                                                                          \
        .common = { host_set_irq, host_event, VSIO_WANT_ALL },                 \
        .reset = host_reset, .a20 = host_a20, .leds = host_leds,               \
        .devices = (plugged),                                                  \
    }

static const struct vsio_i8042_host hosts[] = {
    HOST(VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE),
    HOST(VSIO_I8042_KEYBOARD),
    HOST(VSIO_I8042_MOUSE),
    HOST(0),
    { .devices = VSIO_I8042_KEYBOARD | VSIO_I8042_MOUSE },
};

static const struct vsio_i8042_host deaf = { .devices = 0 };

/* --- The target ----------------------------------------------------------- */

static void start(struct watch *w, uint8_t config)
{
    struct rig *r = (struct rig *)w;

    watch(w, &r->kbc.dev, sizeof(r->kbc));
    vsio_i8042_init(&r->kbc, &hosts[config % COUNT(hosts)], r);
    r->a20 = true;
    r->stale = true;
}

static uint32_t place(void)
{
    return take8() % 12;
}

static void writes(struct watch *w, uint32_t reg, uint32_t value, uint32_t mask)
{
    (void)reg;
    (void)value;
    ((struct rig *)w)->stale |= mask & 0xff;
}

static uint32_t reads(struct watch *w, uint32_t reg, uint32_t *known)
{
    struct rig *r = (struct rig *)w;

    *known = reg == I8042_DATA && !r->stale ? UINT32_MAX : 0xffffff00;

    return *known & 0xff ? read_data(r) : 0;
}

static void resets(struct watch *w)
{
    ((struct rig *)w)->stale = true;
}

/* Packets are made when there is room for them: whole ones. */
static void check_counters(struct watch *w)
{
    const struct rig *r = (const struct rig *)w;
    const struct vsio_counters *count = &w->dev->count;
    uint64_t packets = count->bytes_in - w->want.bytes_in;

    REQUIRE(packets % (r->kbc.mouse.wheel ? 4 : 3) == 0);
    REQUIRE(packets <= 16);
    w->want.bytes_in = count->bytes_in;
    w->want.bytes_out = count->bytes_out; /* as the events say */
    w->want.bytes_dropped = count->bytes_dropped;
}

static void check(struct watch *w)
{
    struct rig *r = (struct rig *)w;
    uint32_t status = peek(w, I8042_STATUS, &deaf.common);
    uint32_t ctr = r->kbc.ram[0], lines = 0;

    if ( (status & I8042_STR_OBF) && (of_mouse(r) ? ctr & 2 : ctr & 1) )
        lines = of_mouse(r) ? 2 : 1;
    SAME(w->dev->lines, lines);
    SAME(status & I8042_STR_SYS, ctr & I8042_CTR_SYS);
    SAME(status & I8042_STR_IBF, 0);

    if ( w->dev->host->set_irq )
    {
        SAME(r->a20, (r->kbc.outport & I8042_OUT_A20) != 0);
        SAME(r->leds, r->kbc.kbd.leds);
    }
    check_counters(w);

    if ( r->stale )
        find_keys(r);
    if ( r->stale || !r->follows )
        find_motion(r);
    if ( r->follows && !(ctr & I8042_CTR_AUX_DIS) && !full(r) )
        REQUIRE(!r->npacket && !r->dx && !r->dy && !r->dz);
    r->stale = false;
}

static void sync(struct watch *w)
{
    ((struct rig *)w)->stale = true;
}

static void resumes(struct watch *w)
{
    (void)w;
}

/* --- The host ------------------------------------------------------------- */

static uint32_t add(uint8_t *to, const uint8_t *bytes, uint32_t n)
{
    uint32_t i;

    for ( i = 0; i < n; i++ )
        to[i] = bytes[i];

    return n;
}

/* What a key says in set 2, by the manual. */
static uint32_t spell(uint8_t *to, uint32_t code, bool pressed)
{
    static const uint8_t pause[] = { 0xe1, 0x14, 0x77, 0xe1,
                                     0xf0, 0x14, 0xf0, 0x77 };
    static const uint8_t print[] = { 0xe0, 0x12, 0xe0, 0x7c };
    static const uint8_t print_up[] = { 0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12 };
    const uint8_t key[] = { 0xe0, 0xf0, (uint8_t)code };
    uint32_t n = 0;

    if ( code == VSIO_KEY_PAUSE )
        return pressed ? add(to, pause, sizeof(pause)) : 0;
    if ( code == VSIO_KEY_PRINT )
        return pressed ? add(to, print, sizeof(print))
                       : add(to, print_up, sizeof(print_up));

    if ( code > 0xff )
        n += add(to, key, 1);
    if ( !pressed )
        n += add(to + n, key + 1, 1);

    return n + add(to + n, key + 2, 1);
}

/* The host's keys were taken: these bytes of set 2. */
static void taken(struct rig *r, const uint8_t *bytes, uint32_t n)
{
    bool released = false;
    uint32_t i;

    for ( i = 0; i < n; i++ )
    {
        uint8_t byte = bytes[i];

        if ( r->kbc.kbd.set == 1 && !vsio_ps2_to_set1(&released, &byte) )
            continue;
        expect_key(r, byte);
        r->w.want.bytes_in++;
    }
}

static void host_key(struct rig *r, uint32_t code, bool pressed)
{
    uint64_t dropped = r->kbc.dev.count.bytes_dropped;
    uint8_t bytes[16];
    bool ok = vsio_i8042_key(&r->kbc, code, pressed);

    say("key %#x %s: %d", code, pressed ? "pressed" : "released", ok);
    trace(&r->w, ok);
    if ( ok )
    {
        SAME(r->kbc.dev.count.bytes_dropped, dropped);
        taken(r, bytes, spell(bytes, code, pressed));
    }
    else
        r->stale = true;
}

static void host_ctrl_alt_del(struct rig *r)
{
    static const uint8_t bytes[] = { 0x14, 0x11, 0xe0, 0x71, 0xe0, 0xf0,
                                     0x71, 0xf0, 0x11, 0xf0, 0x14 };
    bool ok = vsio_i8042_ctrl_alt_del(&r->kbc);

    say("Ctrl-Alt-Del: %d", ok);
    trace(&r->w, ok);
    if ( ok )
        taken(r, bytes, sizeof(bytes));
    else
        r->stale = true;
}

static void host_move(struct rig *r, uint32_t motion, uint32_t n)
{
    const struct vsio_mouse_move move = { (int16_t)motion,
                                          (int16_t)(motion >> 16),
                                          (int16_t)((n >> 2) - 1), n & 7 };
    uint64_t dropped = r->kbc.dev.count.bytes_dropped;
    bool ok = vsio_i8042_mouse(&r->kbc, &move);

    say("mouse %d, %d, %d, buttons %u: %d", move.dx, move.dy, move.dz,
        move.buttons, ok);
    trace(&r->w, ok);
    if ( ok )
    {
        SAME(r->kbc.dev.count.bytes_dropped, dropped);
        r->dx += move.dx;
        r->dy += move.dy;
        r->dz += r->kbc.mouse.wheel ? move.dz : 0;
    }
    else
        r->follows = false;
}

static uint32_t some_key(void)
{
    static const uint32_t special[] = { VSIO_KEY_PAUSE, VSIO_KEY_PRINT,
                                        VSIO_KEY_DEL,   VSIO_KEY_ALT_PRINT,
                                        0x100,          0xe100,
                                        0xf0,           UINT32_MAX };
    uint8_t byte = take8();

    return byte >= 0xf8  ? special[byte - 0xf8]
           : byte & 0x80 ? 0xe000U | (byte & 0x7f)
                         : byte;
}

static void send_mouse(struct watch *w, uint8_t byte)
{
    guest_write(w, I8042_CMD, 1, I8042_CMD_WRITE_AUX);
    guest_write(w, I8042_DATA, 1, byte);
}

static void host(struct watch *w, uint32_t kind, uint32_t n)
{
    static const uint8_t commands[16] = {
        0xf4, 0xf5, 0xf6, 0xff, 0xf0, 0xea, 0xeb, 0xee,
        0xec, 0xe9, 0xf2, 0xf3, 200,  100,  80,   0xfe,
    };
    struct rig *r = (struct rig *)w;
    uint32_t motion;

    switch ( kind )
    {
    case 0:
    case 1:
        host_key(r, some_key(), kind);
        break;
    case 2:
        host_ctrl_alt_del(r);
        break;
    case 3:
        motion = take16(); /* small: -128 to 127 */
        motion =
            (uint32_t)(int8_t)motion << 16 | (uint16_t)(int8_t)(motion >> 8);
        host_move(r, motion, n);
        break;
    case 4:
        host_move(r, take32(), n);
        break;
    case 5: /* the guest reads on */
        for ( n++; n; n-- )
            guest_read(w, I8042_DATA, 1);
        break;
    case 6:
        send_mouse(w, commands[n]);
        break;
    default: /* any byte for the mouse, or the command byte */
        if ( n < 8 )
            send_mouse(w, take8());
        else
        {
            guest_write(w, I8042_CMD, 1, I8042_CMD_WRITE_RAM);
            guest_write(w, I8042_DATA, 1, take8());
        }
        break;
    }
}

const struct target target = {
    .size = sizeof(struct rig),
    .start = start,
    .place = place,
    .writes = writes,
    .reads = reads,
    .resets = resets,
    .host = host,
    .check = check,
    .sync = sync,
    .resumes = resumes,
};

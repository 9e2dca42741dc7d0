/* SPDX-License-Identifier: MIT */
/* Events, snapshots, and random walks of controller, keyboard and mouse. */

#include "i8042-host.h"
#include "snapshot.h"

static struct vsio_device *const dev = &kbc.dev;

/* The machine that a snapshot is restored to; its host holds these. */
static struct {
    struct vsio_i8042 k;
    bool level[2], a20;
    uint8_t leds;
    unsigned int irq_calls, a20_calls, leds_calls;
} twin;

static uint8_t record[VSIO_RECORD_MAX], again[VSIO_RECORD_MAX];
static uint8_t scratch[VSIO_RECORD_MAX];
static size_t used;

#define FIELDS (VSIO_RECORD_HEADER + VSIO_RECORD_COUNTERS)
#define LENGTH (FIELDS + 141U)

static void twin_irq(void *ctx, unsigned int line, bool level)
{
    EXPECT(ctx == &twin && line < 2);
    EXPECT(twin.level[line & 1] != level);
    twin.level[line & 1] = level;
    twin.irq_calls++;
}

static void twin_a20(void *ctx, bool on)
{
    EXPECT(ctx == &twin);
    twin.a20 = on;
    twin.a20_calls++;
}

static void twin_leds(void *ctx, uint8_t leds)
{
    EXPECT(ctx == &twin);
    twin.leds = leds;
    twin.leds_calls++;
}

static const struct vsio_i8042_host twin_host = {
    .common = { .set_irq = twin_irq },
    .a20 = twin_a20,
    .leds = twin_leds,
    .devices = BOTH,
};

static void start_twin(void)
{
    vsio_i8042_init(&twin.k, &twin_host, &twin);
    twin.level[0] = twin.level[1] = false;
    twin.irq_calls = twin.a20_calls = twin.leds_calls = 0;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
    size_t i;

    for ( i = 0; i < n; i++ )
        if ( a[i] != b[i] )
            return false;

    return true;
}

static void save(void)
{
    EXPECT_EQ(vsio_save(dev, record, sizeof(record), &used), VSIO_OK);
    EXPECT_EQ(used, LENGTH);
    CHECK_VALID();
}

static enum vsio_error restore(void)
{
    size_t taken;
    enum vsio_error rc =
        vsio_restore(&twin.k.dev, record, used, &taken, scratch);

    EXPECT(vsio_i8042_valid(&twin.k));
    EXPECT_EQ(twin.k.dev.lines & 1, twin.level[0]);
    EXPECT_EQ(twin.k.dev.lines >> 1, twin.level[1]);

    return rc;
}

/* Into a new machine, which then is as this one. */
static void migrate(void)
{
    size_t n;

    save();
    start_twin();
    EXPECT_EQ(restore(), VSIO_OK);
    EXPECT_EQ(twin.level[0], seen.level[0]);
    EXPECT_EQ(twin.level[1], seen.level[1]);
    EXPECT_EQ(twin.a20, front.a20);
    EXPECT_EQ(twin.leds, front.leds);
    EXPECT_EQ(twin.a20_calls, 1);
    EXPECT_EQ(twin.leds_calls, 1);
    EXPECT_EQ(vsio_save(&twin.k.dev, again, sizeof(again), &n), VSIO_OK);
    EXPECT_EQ(n, used);
    EXPECT(same(record + FIELDS, again + FIELDS, used - FIELDS));
}

static uint32_t twin_rd(uint32_t reg)
{
    uint32_t value = 0;

    EXPECT(vsio_read(&twin.k.dev, reg, 4, &value));

    return value;
}

/* The host's interrupt controller was rolled back, too: tell it anew. */
static void in_place(void)
{
    unsigned int port;

    for ( port = KBD; port <= AUX; port++ )
    {
        at(port, 0);
        start_open();
        set_ctr(I8042_CTR_KBD_INT | I8042_CTR_AUX_INT);
        command_with(port == AUX ? 0xd3 : 0xd2, 0x42);
        migrate();
        EXPECT(twin.level[port]);
        EXPECT_EQ(twin.irq_calls, 1);
        EXPECT_EQ(restore(), VSIO_OK);
        EXPECT(twin.level[port]);
        EXPECT_EQ(twin.irq_calls, 3);
    }
}

/* Both say the same to the end, and as much. */
static void same_to_the_end(void)
{
    unsigned int i;

    for ( i = 0; i < 64; i++ )
    {
        EXPECT_EQ(twin_rd(I8042_STATUS), status());
        EXPECT_EQ(twin_rd(I8042_DATA), data());
    }
    QUIET();
}

/* Everything that can be under way, is. */
static void start_busy(void)
{
    start_streaming();
    kbd_ack(0xed);
    kbd_ack(0x05);
    kbd_ack(0xf3);
    kbd_ack(0x22);
    command(0xdd);
    command_with(0x7f, 0x42);
    set_ctr(I8042_CTR_KBD_INT | I8042_CTR_AUX_INT | I8042_CTR_XLATE);
    move(1, 2, 0, LEFT);
    SAYS(AUX, 0x09); /* in the middle of a packet */
    key(0xe074, false);
    move(5, 6, 0, 0);
    move(7, 8, 0, 0);
    to_kbd(0xf2);
    command(0xd4); /* and of a command */
}

static void mid_packet(void)
{
    start_busy();
    migrate();
    EXPECT(twin.level[AUX]);
    same_to_the_end();
    EXPECT(!twin.level[AUX] && !twin.level[KBD]);

    start_busy();
    migrate();
    wr32(dev, I8042_DATA, 0xe9); /* what the command before waits for */
    EXPECT(vsio_write(&twin.k.dev, I8042_DATA, 4, 0xe9));
    same_to_the_end();
}

static void parameters(void)
{
    static const uint8_t kbd[] = { 0xed, 0xf0, 0xf3, 0xfb };
    static const uint8_t mouse[] = { 0xe8, 0xf3 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(kbd); i++ )
    {
        start_open();
        kbd_ack(kbd[i]);
        key(0x1c, true); /* waits for it, too */
        migrate();
        to_kbd(0x02);
        EXPECT(vsio_write(&twin.k.dev, I8042_DATA, 4, 0x02));
        same_to_the_end();
        EXPECT_EQ(twin.leds, front.leds);
    }
    for ( i = 0; i < ARRAY_SIZE(mouse); i++ )
    {
        start_streaming();
        mouse_ack(mouse[i]);
        migrate();
        to_mouse(0xc8);
        EXPECT(vsio_write(&twin.k.dev, I8042_CMD, 4, 0xd4));
        EXPECT(vsio_write(&twin.k.dev, I8042_DATA, 4, 0xc8));
        same_to_the_end();
    }
}

/* docs/i8042.md has this table. */
static void layout(void)
{
    start_busy();
    save();
    EXPECT(same(record, (const uint8_t *)"8042\1\0\0\0", 8));
    EXPECT_EQ(record[8], LENGTH - VSIO_RECORD_HEADER);
    EXPECT_EQ(dev->class->record, LENGTH - VSIO_RECORD_HEADER);
    EXPECT_EQ(record[FIELDS], kbc.ram[0]);
    EXPECT_EQ(record[FIELDS + 31], 0x42);
    EXPECT_EQ(record[FIELDS + 32], kbc.status);
    EXPECT_EQ(record[FIELDS + 33], kbc.out);
    EXPECT_EQ(record[FIELDS + 34], 0xcd);
    EXPECT_EQ(record[FIELDS + 35], 0xd4);
    EXPECT_EQ(record[FIELDS + 36], 0);
    EXPECT_EQ(record[FIELDS + 37], BOTH);
    EXPECT_EQ(record[FIELDS + 38 + 17], 3); /* FA AB 83 */
    EXPECT_EQ(record[FIELDS + 56 + 17], 3); /* E0 F0 74 */
    EXPECT_EQ(record[FIELDS + 75], 2);      /* set */
    EXPECT_EQ(record[FIELDS + 76], 0x22);
    EXPECT_EQ(record[FIELDS + 77], 5);
    EXPECT_EQ(record[FIELDS + 79], 1);          /* scanning */
    EXPECT_EQ(record[FIELDS + 99 + 17], 1 + 3); /* 2; 8 5 6 */
    EXPECT_EQ(record[FIELDS + 117], 7);
    EXPECT_EQ(record[FIELDS + 119], 8);
    EXPECT_EQ(record[FIELDS + 126], 0x64); /* rate */
    EXPECT_EQ(record[LENGTH - 6], 1);      /* streaming */
}

static void other_devices(void)
{
    uint8_t devices;

    for ( devices = 0; devices < BOTH; devices++ )
    {
        start_pc(devices);
        save();
        start_twin();
        EXPECT_EQ(restore(), VSIO_ERROR_INVALID);
        EXPECT_EQ(twin.a20_calls + twin.leds_calls, 0);
    }
}

/* No record makes a device that no guest could make, or half of one. */
static void bad_records(void)
{
    static const uint8_t values[] = { 0x00, 0x01, 0x02, 0x0f,
                                      0x10, 0x80, 0xf0, 0xff };
    unsigned int at_byte, i, refused = 0;
    struct vsio_i8042 before;
    enum vsio_error rc;

    start_busy();
    save();
    start_twin();
    for ( at_byte = FIELDS; at_byte < LENGTH; at_byte++ )
        for ( i = 0; i < ARRAY_SIZE(values); i++ )
        {
            uint8_t kept = record[at_byte];

            at(at_byte, values[i]);
            record[at_byte] = values[i];
            before = twin.k;
            rc = restore();
            EXPECT(rc == VSIO_OK || rc == VSIO_ERROR_INVALID);
            refused += rc != VSIO_OK;
            if ( rc != VSIO_OK )
                EXPECT(same((const uint8_t *)&before, (const uint8_t *)&twin.k,
                            sizeof(before)));
            record[at_byte] = kept;
        }
    EXPECT(refused > 150);
    EXPECT_EQ(restore(), VSIO_OK);
    used--;
    EXPECT_EQ(restore(), VSIO_ERROR_TRUNCATED);
}

static struct vsio_event told[8];
static unsigned int told_count;

static void note(void *ctx, const struct vsio_event *ev)
{
    EXPECT(ctx == &twin);
    told[told_count++ % 8] = *ev;
}

static void noted(unsigned int i, enum vsio_event_type type, uint32_t value)
{
    at(i, type);
    EXPECT_EQ(told[i].type, type);
    EXPECT_EQ(told[i].value, value);
    EXPECT_EQ(told[i].write, false);
}

static void events(void)
{
    static const struct vsio_i8042_host host = {
        .common = { .event = note, .events = VSIO_WANT_ALL },
        .devices = BOTH,
    };
    struct vsio_device *d = &twin.k.dev;

    vsio_i8042_init(&twin.k, &host, &twin);
    EXPECT(vsio_write(d, I8042_CMD, 1, 0x60));
    EXPECT(vsio_write(d, I8042_DATA, 1, I8042_CTR_KBD_INT));
    told_count = 0;
    EXPECT(vsio_write(d, I8042_DATA, 1, 0xee));
    EXPECT_EQ(told_count, 2);
    noted(0, VSIO_EVENT_OUT, 0xee);
    noted(1, VSIO_EVENT_IRQ, 1);
    told_count = 0;
    EXPECT_EQ(twin_rd(I8042_DATA), 0xee);
    EXPECT_EQ(told_count, 3);
    noted(0, VSIO_EVENT_IRQ, 0);
    noted(1, VSIO_EVENT_READ, 0xee);
    noted(2, VSIO_EVENT_EMPTY, 0);
    told_count = 0;
    twin_rd(I8042_DATA); /* nothing is there to be read */
    EXPECT_EQ(told_count, 0);
    EXPECT(vsio_i8042_key(&twin.k, 0xe075, true));
    told_count = 0;
    twin_rd(I8042_DATA);
    EXPECT_EQ(told_count, 3); /* the line falls and rises, not the last */
    noted(1, VSIO_EVENT_READ, 0xe0);
    told_count = 0;
    EXPECT(vsio_write(d, I8042_CMD, 1, 0xab));
    EXPECT_EQ(told_count, 1);
    noted(0, VSIO_EVENT_DROPPED, 0x75);
    told_count = 0;
    EXPECT(vsio_write(d, I8042_CMD, 1, 0xfe));
    noted(0, VSIO_EVENT_RESET, 0xfe);
    EXPECT_EQ(told[0].offset, I8042_CMD);
    EXPECT_EQ(told[1].type, VSIO_EVENT_UNKNOWN); /* no such callback */
}

/* Everything that guest and host may do, at random. */
static void step(uint32_t random)
{
    uint8_t byte = (uint8_t)(random >> 8);

    switch ( random & 15 )
    {
    case 0:
    case 1:
    case 2:
        rd8(dev, I8042_DATA);
        break;
    case 3:
        wr8(dev, I8042_DATA, byte);
        break;
    case 4:
        wr8(dev, I8042_DATA, 0xe0 | byte); /* commands more often */
        break;
    case 5:
        to_mouse(byte);
        break;
    case 6:
        to_mouse(0xe0 | byte);
        break;
    case 7:
        set_ctr(byte & 0x73);
        break;
    case 8:
        wr8(dev, I8042_CMD, byte);
        break;
    case 9:
        key((random >> 16 & 1 ? 0xe000 : 0) | byte, random >> 17 & 1);
        break;
    case 10:
        key(0x1c, random >> 17 & 1);
        break;
    case 11:
        move((int16_t)(byte - 128), (int16_t)(random >> 16 & 0xff), 0, byte);
        break;
    case 12:
        move(1, 1, (int16_t)(byte & 3), byte >> 4);
        break;
    case 13:
        ctrl_alt_del();
        break;
    case 14:
        to_mouse(0xf4);
        break;
    default:
        to_kbd(0xf4);
        break;
    }
}

static void random_walk(void)
{
    uint32_t seed = 0x8042, i, random, str;

    start_loud(BOTH);
    for ( i = 0; i < 60000; i++ )
    {
        random = random32(&seed);
        at(i, random);
        step(random);
        str = rd8(dev, I8042_STATUS);
        EXPECT_EQ(str & I8042_STR_IBF, 0);
        EXPECT(!(seen.level[KBD] && seen.level[AUX]));
        EXPECT((str & I8042_STR_OBF) || !(seen.level[KBD] || seen.level[AUX]));
        EXPECT_EQ(dev->count.bytes_dropped, seen.dropped);
        EXPECT_EQ(dev->count.unknown, seen.unknown);
        EXPECT_EQ(front.leds, kbc.kbd.leds);
        if ( i % 64 == 0 )
            migrate();
        if ( i % 8192 == 8191 )
            vsio_reset(dev);
    }
    EXPECT(dev->count.irqs > 1000 && dev->count.bytes_in > 1000);
    EXPECT(front.resets > 100 && front.a20_calls > 10);
    EXPECT(front.leds_calls > 10);
}

/* One byte as the driver of each port takes it: no code, no packet is cut. */
static struct {
    unsigned int at;
    uint8_t first;
    int64_t x, y;
    bool prefix, release;
    unsigned int keys;
} driver;

static void take_mouse(uint32_t byte)
{
    if ( driver.at == 0 )
    {
        EXPECT_EQ(byte & 0xc8, 0x08);
        driver.first = (uint8_t)byte;
    }
    if ( driver.at == 1 )
        driver.x += (int32_t)byte - (driver.first & 0x10 ? 256 : 0);
    if ( driver.at == 2 )
        driver.y += (int32_t)byte - (driver.first & 0x20 ? 256 : 0);
    driver.at = (driver.at + 1) % 3;
}

static void take_key(uint32_t byte)
{
    if ( byte == 0xe0 )
    {
        EXPECT(!driver.prefix && !driver.release);
        driver.prefix = true;
        return;
    }
    if ( byte == 0xf0 )
    {
        EXPECT(!driver.release);
        driver.release = true;
        return;
    }
    EXPECT(byte == 0 || byte == (driver.prefix ? 0x75 : 0x1c));
    driver.keys += byte != 0;
    driver.prefix = driver.release = false;
}

static void take(unsigned int n)
{
    uint32_t str;

    for ( ; n && ((str = status()) & I8042_STR_OBF); n-- )
        if ( str & I8042_STR_AUX )
            take_mouse(data());
        else
            take_key(data());
}

static void nothing_is_cut(void)
{
    uint32_t seed = 0x0ff, i, random, keys = 0;
    uint64_t refused = 0;

    start_streaming();
    driver.at = driver.keys = 0;
    driver.prefix = driver.release = false;
    for ( i = 0; i < 50000; i++ )
    {
        random = random32(&seed);
        at(i, random);
        refused += !move((int16_t)((random >> 8 & 7) - 3), 1, 0,
                         random & 1 ? (random >> 16 & 7) : 0);
        keys += key(random & 2 ? 0xe075 : 0x1c, random & 4);
        take(random >> 24 & 15);
        if ( !(random & 0xf0000) )
            set_ctr((random >> 20 & 3) << 4); /* ports come and go */
    }
    set_ctr(0);
    take(1000);
    EXPECT_EQ(driver.at, 0);
    EXPECT_EQ(driver.keys, keys);
    EXPECT(keys > 10000);
    EXPECT(dev->count.bytes_dropped > 100); /* some did not fit */
    EXPECT(refused > 10);
    EXPECT_EQ(dev->count.bytes_dropped, seen.dropped);
}

/* A guest that keeps up gets all there is. */
static void nothing_is_lost(void)
{
    uint32_t seed = 0x5eed, i, random;
    int64_t x = 0, y = 0;
    int16_t dx, dy;

    start_streaming();
    driver.at = 0;
    driver.x = driver.y = 0;
    for ( i = 0; i < 20000; i++ )
    {
        random = random32(&seed);
        at(i, random);
        dx = (int16_t)((random >> 8 & 31) - 16);
        dy = (int16_t)((random >> 13 & 31) - 15);
        x += dx;
        y += dy;
        EXPECT(move(dx, dy, 0, 0));
        take(random >> 24 & 7);
    }
    take(1000);
    EXPECT_EQ(driver.at, 0);
    EXPECT_EQ(driver.x, x);
    EXPECT_EQ(driver.y, y);
    EXPECT_EQ(dev->count.bytes_dropped, 0);
}

static const struct test table[] = {
    { "events: what is told, and in which order", events },
    { "a snapshot in the middle of packets and commands", mid_packet },
    { "a snapshot before a parameter", parameters },
    { "in place, either line falls and rises", in_place },
    { "each field has its place in the record", layout },
    { "a record of other devices is refused", other_devices },
    { "a broken record is refused, or makes a valid device", bad_records },
    { "a random walk keeps the invariants, and can be moved", random_walk },
    { "no packet and no code of a key is cut", nothing_is_cut },
    { "a guest that keeps up gets all motion", nothing_is_lost },
};
TESTS(table);

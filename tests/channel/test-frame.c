/* SPDX-License-Identifier: MIT */
/* Frames: what is on the line, and what is left of it. */

#include "frame.h"
#include "harness.h"

static struct vsio_frame_parser p;
static uint8_t wire[VSIO_FRAME_ENCODED];
static uint8_t payload[VSIO_FRAME_PAYLOAD];

static struct vsio_frame frame_of(size_t size)
{
    return (struct vsio_frame){ .kind = VSIO_FRAME_DATA,
                                .seq = 0x11,
                                .ack = 0x7f,
                                .size = (uint8_t)size,
                                .session = 0x000a7eff,
                                .payload = payload };
}

static void listen(uint8_t peer)
{
    vsio_frame_parser_init(&p, peer);
    EXPECT(vsio_frame_parser_valid(&p));
}

static enum vsio_frame_seen rx(uint8_t byte)
{
    enum vsio_frame_seen what = vsio_frame_rx(&p, byte);

    EXPECT(vsio_frame_parser_valid(&p));

    return what;
}

/* How often each answer came. */
static struct {
    unsigned int of[VSIO_FRAME_FOREIGN + 1];
} got;

static void hear(const uint8_t *bytes, size_t size)
{
    size_t i;

    for ( i = 0; i < size; i++ )
        got.of[rx(bytes[i])]++;
}

static void hear_text(const char *s)
{
    while ( *s )
        got.of[rx((uint8_t)*s++)]++;
}

static void forget(void)
{
    static const __typeof__(got) nothing;

    got = nothing;
}

static bool is_frame(size_t size)
{
    const struct vsio_frame want = frame_of(size);
    size_t i;

    if ( p.frame.kind != want.kind || p.frame.seq != want.seq ||
         p.frame.ack != want.ack || p.frame.size != size ||
         p.frame.session != want.session )
        return false;
    for ( i = 0; i < size; i++ )
        if ( p.frame.payload[i] != payload[i] )
            return false;

    return true;
}

static size_t encode(size_t size)
{
    const struct vsio_frame frame = frame_of(size);

    return vsio_frame_encode(&frame, VSIO_FRAME_HOST, wire);
}

static void fill(uint8_t from)
{
    size_t i;

    for ( i = 0; i < sizeof(payload); i++ )
        payload[i] = (uint8_t)(from + i);
}

static void check_value(void)
{
    static const uint8_t digits[] = "123456789";
    uint32_t crc = vsio_crc32(0, digits, 9);

    EXPECT_EQ(crc, 0xcbf43926);
    EXPECT_EQ(vsio_crc32(vsio_crc32(0, digits, 4), digits + 4, 5), crc);
    EXPECT_EQ(vsio_crc32(0, digits, 0), 0);
}

static uint32_t bit_by_bit(uint8_t byte)
{
    uint32_t crc = ~0U ^ byte;
    unsigned int bit;

    for ( bit = 0; bit < 8; bit++ )
        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);

    return ~crc;
}

static void check_each_byte(void)
{
    unsigned int n;

    for ( n = 0; n < 256; n++ )
    {
        const uint8_t byte = (uint8_t)n;

        at(n, n);
        EXPECT_EQ(vsio_crc32(0, &byte, 1), bit_by_bit(byte));
    }
}

/* docs/channel.md has this frame. */
static void golden(void)
{
    static const uint8_t want[] = {
        0x7e, 0x40, 0x7d, 0x43, 0x7d, 0x51, 0x7d, 0x3f, 0x7d,
        0xbf, 0x7d, 0x3e, 0x7d, 0x4a, 0x7d, 0x40, 0x7d, 0x42,
        0x68, 0x69, 0x7d, 0x53, 0x7d, 0x54, 0x53, 0xeb, 0x7e,
    };
    size_t size, i;

    payload[0] = 'h';
    payload[1] = 'i';
    size = encode(2);
    EXPECT_EQ(size, sizeof(want));
    for ( i = 0; i < sizeof(want); i++ )
    {
        at(i, wire[i]);
        EXPECT_EQ(wire[i], want[i]);
    }
}

static void every_size(void)
{
    size_t size, n;

    listen(VSIO_FRAME_HOST);
    for ( size = 0; size <= VSIO_FRAME_PAYLOAD; size++ )
    {
        at(size, 0);
        fill((uint8_t)(size * 7));
        n = encode(size);
        EXPECT(n <= vsio_frame_wire(payload, size));
        EXPECT(vsio_frame_wire(payload, size) <= VSIO_FRAME_ENCODED);
        forget();
        hear(wire, n);
        EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 1);
        EXPECT(is_frame(size));
    }
}

/* Neither a terminal nor an escape key sees one of its own. */
static void harmless_on_the_line(void)
{
    unsigned int byte;
    size_t n, i;

    for ( byte = 0; byte < 256; byte++ )
    {
        for ( i = 0; i < sizeof(payload); i++ )
            payload[i] = (uint8_t)byte;
        n = encode(sizeof(payload));
        for ( i = 0; i < n; i++ )
        {
            at(byte, i);
            EXPECT(wire[i] >= 0x20 && wire[i] != 0x7f && wire[i] != 0xff);
            EXPECT((wire[i] == 0x7e) == (i == 0 || i == n - 1));
        }
        listen(VSIO_FRAME_HOST);
        forget();
        hear(wire, n);
        EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 1);
        EXPECT(is_frame(sizeof(payload)));
    }
}

/* The next one is whole wherever this one ends. */
static void cut_at_every_byte(void)
{
    size_t n, cut;

    fill(3);
    n = encode(40);
    for ( cut = 0; cut < n; cut++ )
    {
        at(cut, 0);
        listen(VSIO_FRAME_HOST);
        forget();
        hear(wire, cut);
        EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 0);
        hear(wire, n);
        /* Without its last flag it was whole: the next one's ends it. */
        EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 1 + (cut == n - 1));
        EXPECT(is_frame(40));
    }
}

static void a_byte_missing(void)
{
    size_t n, gone;

    fill(9);
    n = encode(60);
    for ( gone = 1; gone < n - 1; gone++ )
    {
        at(gone, 0);
        listen(VSIO_FRAME_HOST);
        forget();
        hear(wire, gone);
        hear(wire + gone + 1, n - gone - 1);
        EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 0);
        EXPECT_EQ(got.of[VSIO_FRAME_BROKEN], 1 + 1); /* the start is unknown */
    }
}

static void every_bit(void)
{
    size_t n, bit;

    fill(0);
    n = encode(24);
    for ( bit = 8; bit < 8 * (n - 1); bit++ )
    {
        at(bit, 0);
        wire[bit / 8] ^= (uint8_t)(1U << bit % 8);
        listen(VSIO_FRAME_HOST);
        forget();
        hear(wire, n);
        EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 0);
        EXPECT_EQ(got.of[VSIO_FRAME_FOREIGN] + got.of[VSIO_FRAME_OWN], 0);
        wire[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void noise_between(void)
{
    size_t n;

    fill(1);
    n = encode(30);
    listen(VSIO_FRAME_HOST);
    forget();
    hear_text("login: ");
    hear(wire, n);
    hear_text("\r\n[    4.21] random: crng init done\r\nroot@guest:~# ");
    hear(wire, n);
    hear(wire, n);
    EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 3);
    EXPECT(is_frame(30));
}

static void noise_within(void)
{
    size_t n, place;

    fill(1);
    n = encode(30);
    for ( place = 1; place < n; place++ )
    {
        at(place, 0);
        listen(VSIO_FRAME_HOST);
        forget();
        hear(wire, place);
        hear_text("[ 4.2] hello~\r\n");
        hear(wire + place, n - place);
        EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 0);
        hear(wire, n);
        EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 1);
    }
}

static void one_flag_between(void)
{
    size_t n;

    fill(5);
    n = encode(5);
    listen(VSIO_FRAME_HOST);
    forget();
    hear(wire, n);
    hear(wire + 1, n - 1);
    hear(wire + 1, n - 1);
    EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 3);
}

static void echo(void)
{
    size_t n;

    fill(5);
    n = encode(5);
    listen(VSIO_FRAME_GUEST);
    forget();
    hear(wire, n);
    EXPECT_EQ(got.of[VSIO_FRAME_OWN], 1);
    EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 0);
}

/* A frame whose sum is right. What need not be escaped is where it can be. */
static void raw(uint8_t first, uint8_t length, size_t size)
{
    uint8_t bytes[VSIO_FRAME_MAX + 8] = { first, VSIO_FRAME_DATA };
    size_t i;

    bytes[8] = length;
    vsio_put32(bytes + size, vsio_crc32(0, bytes, size));
    forget();
    got.of[rx(0x7e)]++;
    for ( i = 0; i < size + 4; i++ )
    {
        uint8_t other = bytes[i] ^ 0x40;

        if ( (other >= 0x20 && other < 0x7d) || bytes[i] == 0xff )
        {
            got.of[rx(0x7d)]++;
            got.of[rx(other)]++;
        }
        else
            got.of[rx(bytes[i])]++;
    }
    got.of[rx(0x7e)]++;
}

/* How long a frame is at most: with each byte escaped but the payload's. */
static void which_are_escaped(void)
{
    unsigned int n;

    payload[1] = 0; /* not of the frame */
    for ( n = 0; n < 256; n++ )
    {
        bool special = n < 0x20 || (n >= 0x7d && n <= 0x7f) || n == 0xff;

        payload[0] = (uint8_t)n;
        at(n, n);
        EXPECT_EQ(vsio_frame_wire(payload, 1), 2 * 13 + 2 + 1U + special);
    }
    EXPECT_EQ(vsio_frame_wire(payload, 0), 2 * 13 + 2);
}

static void each_version(void)
{
    unsigned int version;

    for ( version = 2; version <= 32; version++ )
    {
        uint8_t first = (uint8_t)(0x40 + 2 * (version - 1));

        at(version, first);
        listen(VSIO_FRAME_HOST);
        raw(first, 0, 9);
        EXPECT_EQ(got.of[VSIO_FRAME_FOREIGN], 1);
        EXPECT_EQ(p.version, version);
        listen(VSIO_FRAME_GUEST);
        raw(first, 0, 9);
        EXPECT_EQ(got.of[VSIO_FRAME_OWN], 1);
        raw(first + 1, 0, 9);
        EXPECT_EQ(got.of[VSIO_FRAME_FOREIGN], 1);
        EXPECT_EQ(p.version, version);
        raw(first + 1, 0, 8);
        EXPECT_EQ(got.of[VSIO_FRAME_BROKEN], 1);
    }
}

static void another_version(void)
{
    listen(VSIO_FRAME_HOST);
    raw(0x42, 0, 9);
    EXPECT_EQ(got.of[VSIO_FRAME_FOREIGN], 1);
    EXPECT_EQ(p.version, 2);
    raw(0x44, 77, 30); /* whatever its layout is */
    EXPECT_EQ(got.of[VSIO_FRAME_FOREIGN], 1);
    EXPECT_EQ(p.version, 3);
    raw(0x43, 0, 9);
    EXPECT_EQ(got.of[VSIO_FRAME_OWN], 1);
}

static void wrong_length(void)
{
    listen(VSIO_FRAME_HOST);
    rx(0x7e);
    raw(0x40, 0, 9);
    EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 1);
    raw(0x40, 1, 9);
    EXPECT_EQ(got.of[VSIO_FRAME_BROKEN], 1);
    raw(0x40, 20, 30);
    EXPECT_EQ(got.of[VSIO_FRAME_BROKEN], 1);
    raw(0x40, 21, 30);
    EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 1);
    raw(0x40, 0, 8);
    EXPECT_EQ(got.of[VSIO_FRAME_BROKEN], 1);
    raw(0x40, VSIO_FRAME_PAYLOAD, VSIO_FRAME_MAX - 4);
    EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 1);
    raw(0x40, VSIO_FRAME_PAYLOAD + 1, VSIO_FRAME_MAX - 3);
    EXPECT_EQ(got.of[VSIO_FRAME_BROKEN], 1);
}

static void nothing_between_flags(void)
{
    unsigned int i;

    listen(VSIO_FRAME_HOST);
    EXPECT_EQ(rx(0x7e), VSIO_FRAME_BROKEN);
    for ( i = 0; i < 1000; i++ )
        EXPECT_EQ(rx(0x7e), VSIO_FRAME_NONE);
    EXPECT_EQ(rx(0x7d), VSIO_FRAME_NONE);
    EXPECT_EQ(rx(0x7e), VSIO_FRAME_BROKEN);
}

static void endless(void)
{
    unsigned int i;

    listen(VSIO_FRAME_HOST);
    rx(0x7e);
    for ( i = 0; i < 100000; i++ )
        EXPECT_EQ(rx('x'), VSIO_FRAME_NONE);
    EXPECT_EQ(rx(0x7e), VSIO_FRAME_BROKEN);
}

static void random_noise(void)
{
    uint32_t seed = 0x51de, i;

    listen(VSIO_FRAME_HOST);
    forget();
    for ( i = 0; i < 300000; i++ )
    {
        uint32_t random = random32(&seed);

        got.of[rx(random & 0x700 ? (uint8_t)(random >> 16) : 0x7e)]++;
    }
    EXPECT_EQ(got.of[VSIO_FRAME_WHOLE], 0);
    EXPECT(got.of[VSIO_FRAME_BROKEN] > 1000);
}

/* docs/channel.md has these. */
static void numbers(void)
{
    EXPECT_EQ(VSIO_FRAME_HELLO, 1);
    EXPECT_EQ(VSIO_FRAME_READY, 2);
    EXPECT_EQ(VSIO_FRAME_DATA, 3);
    EXPECT_EQ(VSIO_FRAME_ACK, 4);
    EXPECT_EQ(VSIO_FRAME_REJECT, 5);
    EXPECT_EQ(VSIO_FRAME_POLL, 6);
    EXPECT_EQ(VSIO_FRAME_BYE, 7);
    EXPECT_EQ(VSIO_FRAME_PAYLOAD, 196);
    EXPECT_EQ(VSIO_FRAME_ENCODED, 2 * (9 + 196 + 4) + 2);
}

static void valid_rejects(void)
{
    listen(VSIO_FRAME_HOST);
    p.size = sizeof(p.data) + 1;
    EXPECT(!vsio_frame_parser_valid(&p));
    p.peer = 0x42;
    EXPECT(!vsio_frame_parser_valid(&p));
}

static const struct test table[] = {
    { "numbers are those of the protocol", numbers },
    { "the sum is Ethernet's CRC-32, in pieces too", check_value },
    { "of each byte, too", check_each_byte },
    { "a frame is these bytes", golden },
    { "each size of payload goes through", every_size },
    { "no byte on the line means anything to a terminal",
      harmless_on_the_line },
    { "cut at every byte: the next frame is whole", cut_at_every_byte },
    { "without any one of its bytes it is broken", a_byte_missing },
    { "with any one bit changed it is no frame", every_bit },
    { "noise between frames is left out", noise_between },
    { "noise within a frame costs this frame", noise_within },
    { "one flag may end a frame and begin the next", one_flag_between },
    { "an echo is no frame of the other side", echo },
    { "which bytes are escaped, and how long a frame is", which_are_escaped },
    { "a frame of another version says which", another_version },
    { "and so does each one, to both sides, unless it is cut", each_version },
    { "the length must fit, not the sum alone", wrong_length },
    { "flags with nothing in between are nothing", nothing_between_flags },
    { "a frame without end takes no memory", endless },
    { "random noise has no frames", random_noise },
    { "valid() rejects each broken field", valid_rejects },
};
TESTS(table);

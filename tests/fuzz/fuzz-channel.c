/* SPDX-License-Identifier: MIT */
/*
 * The command channel. The first byte of an input says what it is about:
 * - the parser, beside one that looks at all between two flags at once;
 * - both ends of a link with a bad line in between, beside plain lists of what
 *   was said: until somebody forges a frame, all arrives, once, in order;
 * - the two ends of a stream, beside a plain list.
 */

#include "fuzz.h"
#include "link.h"
#include "message.h"
#include "stream.h"

#include <string.h>

/* --- The parser ----------------------------------------------------------- */

static struct {
    struct vsio_frame_parser parser;
    uint8_t line[4096]; /* since the last flag */
    size_t count;
    bool flag;
} pr;

/* By bits, without a table. */
static uint32_t sum(const uint8_t *data, size_t size)
{
    uint32_t crc = UINT32_MAX;
    unsigned int bit;

    while ( size-- )
    {
        crc ^= *data++;
        for ( bit = 0; bit < 8; bit++ )
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }

    return ~crc;
}

/* The bytes that the line stands for; 0 if it can't be a frame. */
static size_t unescape(uint8_t *out)
{
    size_t i, n = 0;

    for ( i = 0; i < pr.count; i++ )
    {
        uint8_t byte = pr.line[i];

        if ( byte == 0x7d )
        {
            if ( ++i == pr.count || pr.line[i] == 0x7d )
                return 0;
            byte = pr.line[i] ^ 0x40;
        }
        if ( pr.line[i] < 0x20 || pr.line[i] == 0x7f || pr.line[i] == 0xff )
            return 0;
        out[n++] = byte;
    }

    return n;
}

static enum vsio_frame_seen model_flag(void)
{
    uint8_t data[sizeof(pr.line)];
    size_t n = unescape(data);

    if ( pr.flag && !pr.count )
        return VSIO_FRAME_NONE;
    if ( !pr.flag || n < 13 || n > VSIO_FRAME_MAX ||
         vsio_get32(data + n - 4) != sum(data, n - 4) )
        return VSIO_FRAME_BROKEN;
    if ( (data[0] & 1) != (pr.parser.peer & 1) )
        return VSIO_FRAME_OWN;
    if ( data[0] != pr.parser.peer )
        return VSIO_FRAME_FOREIGN;
    if ( data[8] != n - 13 )
        return VSIO_FRAME_BROKEN;
    SAME(pr.parser.frame.kind, data[1]);
    SAME(pr.parser.frame.seq, data[2]);
    SAME(pr.parser.frame.ack, data[3]);
    SAME(pr.parser.frame.session, vsio_get32(data + 4));
    SAME(pr.parser.frame.size, n - 13);
    REQUIRE(!memcmp(pr.parser.frame.payload, data + 9, n - 13));

    return VSIO_FRAME_WHOLE;
}

static void parser_rx(uint8_t byte)
{
    enum vsio_frame_seen seen = vsio_frame_rx(&pr.parser, byte);

    REQUIRE(vsio_frame_parser_valid(&pr.parser));
    if ( byte != 0x7e )
    {
        SAME(seen, VSIO_FRAME_NONE);
        if ( pr.count < sizeof(pr.line) )
            pr.line[pr.count++] = byte;
        return;
    }
    SAME(seen, model_flag());
    pr.flag = true;
    pr.count = 0;
}

/* A frame by the encoder, perhaps of another version, perhaps cut. */
static void parser_frame(uint8_t how)
{
    uint8_t payload[VSIO_FRAME_PAYLOAD], out[VSIO_FRAME_ENCODED];
    struct vsio_frame frame = { .kind = take8(),
                                .seq = take8(),
                                .ack = take8(),
                                .size = take8() % (VSIO_FRAME_PAYLOAD + 1),
                                .session = take32(),
                                .payload = payload };
    uint8_t own = how & 1 ? VSIO_FRAME_GUEST : VSIO_FRAME_HOST;
    size_t n, i, from = 0;

    memset(payload, take8(), sizeof(payload));
    payload[0] = take8();
    n = vsio_frame_encode(&frame, (uint8_t)(own + (how >> 1 & 2)), out);
    REQUIRE(n <= vsio_frame_wire(payload, frame.size));
    if ( how & 8 )
        from = take8() % n;
    if ( how & 16 )
        n -= take8() % (n - from);
    say("bytes %zu to %zu of a frame with %u", from, n, frame.size);
    for ( i = from; i < n; i++ )
        parser_rx(out[i]);
}

static void parser_step(void)
{
    uint8_t step = take8();

    if ( step & 0x80 )
        parser_frame(step);
    else
    {
        say("byte %02x, %u times", step << 1 & 0xfe, 1);
        parser_rx((uint8_t)(step << 1 | (take8() & 1)));
    }
}

/* --- The link ------------------------------------------------------------- */

#define LINE 8192U

static struct end {
    struct vsio_link link;
    struct end *peer;
    uint32_t sent, seen;
    uint8_t line[LINE]; /* written, not read */
    size_t count;
    bool called; /* a callback has told that the session is over */
} ends[2];

static struct {
    uint32_t now, session, incarnation;
    bool forged;
} lk;

static void message(void *ctx, const uint8_t *data, size_t size)
{
    struct end *e = ctx;

    REQUIRE(size <= VSIO_FRAME_PAYLOAD);
    REQUIRE(e->link.state == VSIO_LINK_UP);
    if ( lk.forged )
        return;
    REQUIRE(size >= 4);
    SAME(vsio_get32(data), e->seen);
    SAME(size, 4 + e->seen * 7 % (VSIO_FRAME_PAYLOAD - 3));
    if ( size > 4 )
        SAME(data[size - 1], (uint8_t)(e->seen + size));
    e->seen++;
}

static void up(void *ctx, const struct vsio_ready *ready)
{
    struct end *e = ctx;

    REQUIRE((e == ends) == (ready != NULL));
    SAME(e->link.state, VSIO_LINK_UP);
    if ( ready && !lk.forged )
        SAME(ready->boot, 0xb007);
    e->sent = e->seen = 0;
    e->called = false;
}

static void down(void *ctx, enum vsio_link_end why)
{
    struct end *e = ctx;

    REQUIRE(e->link.state == VSIO_LINK_DOWN);
    REQUIRE(why <= VSIO_LINK_SILENT);
    e->called = true;
}

static void ready(void *ctx, struct vsio_ready *r)
{
    REQUIRE(ctx == &ends[1]);
    *r = (struct vsio_ready){ .boot = 0xb007 };
}

static const struct vsio_link_host callbacks = { message, up, down, ready };

static void link_check(struct end *e)
{
    REQUIRE(vsio_link_valid(&e->link));
}

static void init(struct end *e)
{
    e->peer = &ends[e == ends];
    e->sent = e->seen = 0;
    vsio_link_init(&e->link, &callbacks, e,
                   e == ends ? VSIO_FRAME_HOST : VSIO_FRAME_GUEST,
                   lk.incarnation);
    link_check(e);
}

static void call(void)
{
    say("session %u", lk.session + 1);
    vsio_link_call(&ends[0].link, ++lk.session, lk.now);
}

static void send(struct end *e)
{
    uint8_t data[VSIO_FRAME_PAYLOAD];
    size_t size = 4 + e->sent * 7 % (VSIO_FRAME_PAYLOAD - 3);

    if ( !vsio_link_room(&e->link) )
        return;
    memset(data, (uint8_t)(e->sent + size), size);
    vsio_put32(data, e->sent);
    /* On a link whose other end has another session it is lost. */
    e->sent++;
    vsio_link_send(&e->link, data, size);
    link_check(e);
}

/* What it has to say; a full line loses it. */
static void talk(struct end *e)
{
    uint8_t out[VSIO_FRAME_ENCODED];
    size_t n, turns = 0;

    while ( (n = vsio_link_tx(&e->link, out, lk.now)) )
    {
        REQUIRE(n <= sizeof(out) && turns++ < 64);
        link_check(e);
        if ( e->count + n <= LINE )
        {
            memcpy(e->line + e->count, out, n);
            e->count += n;
        }
    }
    REQUIRE(vsio_link_due(&e->link, lk.now) > 0);
}

/* The first n bytes of its line arrive. */
static void arrive(struct end *e, size_t n)
{
    if ( n > e->count )
        n = e->count;
    vsio_link_rx(&e->peer->link, e->line, n, lk.now);
    link_check(e->peer);
    e->count -= n;
    memmove(e->line, e->line + n, e->count);
}

static void noise(struct end *e, uint8_t n)
{
    static const uint8_t some[] = { '~', '}', '\r', 0, 'x', 0x40, 0x41, 0xff };
    uint8_t k;

    say("%u bytes of noise", n);
    while ( n-- )
    {
        k = take8();
        vsio_link_rx(&e->peer->link, &some[k & 7], 1, lk.now);
        link_check(e->peer);
    }
}

/* A whole frame that nobody has sent, for the session that there is. */
static void forge(struct end *e)
{
    uint8_t payload[VSIO_FRAME_PAYLOAD], out[VSIO_FRAME_ENCODED], flags;
    const struct vsio_link *to = &e->peer->link;
    struct vsio_frame frame = { .kind = take8() % 9, .payload = payload };

    flags = take8();
    memset(payload, flags, sizeof(payload));
    frame.seq = (uint8_t)(to->expected + (int8_t)take8());
    frame.ack = (uint8_t)(to->oldest + (int8_t)take8());
    frame.session = flags & 1   ? to->session + to->incarnation
                    : flags & 2 ? 0
                                : flags;
    frame.size = flags & 4 ? VSIO_READY_SIZE : flags % VSIO_FRAME_PAYLOAD;
    say("forged: kind %u, seq %u, ack %u, session %u, size %u", frame.kind,
        frame.seq, frame.ack, frame.session, frame.size);
    lk.forged = true;
    vsio_link_rx(&e->peer->link, out,
                 vsio_frame_encode(&frame, e->link.own, out), lk.now);
    link_check(e->peer);
}

static void drop(struct end *e, size_t n)
{
    if ( n > e->count )
        n = e->count;
    say("%zu bytes are lost", n);
    e->count -= n;
    memmove(e->line, e->line + n, e->count);
}

static void link_step(void)
{
    uint8_t step = take8(), n = step >> 4;
    struct end *e = &ends[step >> 3 & 1];

    switch ( step & 7 )
    {
    case 0:
        say("end %td sends %u", e - ends, n);
        while ( n-- )
            send(e);
        talk(e);
        break;
    case 1:
        say("%u bytes of end %td arrive", n * n * n, e - ends);
        arrive(e, (size_t)n * n * n);
        talk(e->peer);
        break;
    case 2:
        drop(e, (size_t)n * n);
        break;
    case 3:
        noise(e, n);
        break;
    case 4:
        lk.now += (uint32_t)n * n * 100;
        say("the clock is at %u", lk.now);
        talk(&ends[0]);
        talk(&ends[1]);
        break;
    case 5:
        if ( n < 4 )
            call();
        else if ( n < 8 )
            vsio_link_bye(&ends[0].link);
        else if ( n < 12 )
        {
            say("the agent starts anew");
            lk.incarnation += 1000;
            init(&ends[1]);
        }
        talk(&ends[n > 8]);
        break;
    case 6:
        if ( n < 2 )
            forge(e);
        break;
    default:
        arrive(e, LINE);
        talk(e->peer);
        break;
    }
    if ( ends[0].called )
        call();
    ends[0].called = false;
}

/* On a good line all that was said in this session arrives, before long. */
static void link_end(void)
{
    unsigned int i;

    if ( lk.forged )
        return;
    if ( ends[0].link.state == VSIO_LINK_DOWN )
        call();
    for ( i = 0; i < 400; i++ )
    {
        talk(&ends[0]);
        arrive(&ends[0], LINE);
        talk(&ends[1]);
        arrive(&ends[1], LINE);
        if ( i % 4 == 3 )
            lk.now += 300;
        if ( ends[0].called )
            call();
        ends[0].called = false;
    }
    SAME(ends[0].link.state, VSIO_LINK_UP);
    SAME(ends[1].link.state, VSIO_LINK_UP);
    SAME(ends[0].link.session, ends[1].link.session);
    SAME(ends[1].seen, ends[0].sent);
    SAME(ends[0].seen, ends[1].sent);
}

/* --- A stream ------------------------------------------------------------- */

static struct {
    struct vsio_inflow in;
    struct vsio_outflow out;
    uint32_t put, taken, granted; /* granted: on its way */
} st;

static void stream_put(uint32_t n)
{
    uint8_t data[VSIO_STREAM_WINDOW * 2];
    bool fits = n <= st.out.credit + st.granted && !st.in.ended;
    uint32_t i;

    for ( i = 0; i < n; i++ )
        data[i] = (uint8_t)((st.put + i) * 5 >> 2);
    say("%u bytes come: %s", n, fits ? "taken" : "refused");
    SAME(vsio_inflow_put(&st.in, data, n), fits);
    if ( !fits )
        return;
    st.put += n;
    /* Of what it was granted and does not know yet, a hostile one uses, too. */
    if ( n > st.out.credit )
    {
        st.granted -= n - st.out.credit;
        n = st.out.credit;
    }
    st.out.credit -= n;
}

static void stream_take(uint32_t n)
{
    const uint8_t *data;
    size_t some = vsio_inflow_peek(&st.in, &data), i;

    REQUIRE((some == 0) == (st.put == st.taken));
    if ( some > n )
        some = n;
    say("%zu bytes are done with", some);
    for ( i = 0; i < some; i++ )
        SAME(data[i], (uint8_t)((st.taken + i) * 5 >> 2));
    vsio_inflow_drop(&st.in, some);
    st.taken += (uint32_t)some;
}

static void stream_step(void)
{
    uint8_t step = take8();
    uint32_t n = (uint32_t)(step >> 3) * (step >> 3) * 8 + (step >> 3);
    uint32_t room;

    switch ( step & 7 )
    {
    case 0:
    case 1:
        stream_put(n);
        break;
    case 2:
    case 3:
        stream_take(n);
        break;
    case 4:
        room = VSIO_STREAM_WINDOW - (st.put - st.taken) - st.out.credit -
               st.granted;
        if ( st.in.ended || room < VSIO_STREAM_GRANT )
            room = 0;
        SAME(vsio_inflow_grant(&st.in), room);
        st.granted += room;
        break;
    case 5:
        say("%u bytes of credit arrive", st.granted);
        REQUIRE(vsio_outflow_credit(&st.out, st.granted));
        st.granted = 0;
        break;
    case 6:
        room = VSIO_STREAM_WINDOW - st.out.credit;
        REQUIRE(!vsio_outflow_credit(&st.out, room + 1 + take32() % 1000));
        break;
    default:
        if ( n == 7 + 7 * 7 * 8 )
            st.in.ended = true;
        break;
    }
    REQUIRE(vsio_inflow_valid(&st.in));
    SAME(st.in.credit, st.out.credit + st.granted);
}

void fuzz_one(void)
{
    uint8_t about = take8();

    memset(&pr, 0, sizeof(pr));
    memset(ends, 0, sizeof(ends));
    memset(&lk, 0, sizeof(lk));
    vsio_frame_parser_init(&pr.parser,
                           about & 4 ? VSIO_FRAME_HOST : VSIO_FRAME_GUEST);
    init(&ends[0]);
    init(&ends[1]);
    vsio_inflow_init(&st.in);
    vsio_outflow_init(&st.out);
    st.put = st.taken = st.granted = 0;
    if ( (about & 3) == 1 || (about & 3) == 2 )
        call();

    while ( more() )
    {
        if ( (about & 3) == 0 )
            parser_step();
        else if ( (about & 3) == 3 )
            stream_step();
        else
            link_step();
    }
    if ( (about & 3) == 1 || (about & 3) == 2 )
        link_end();
}

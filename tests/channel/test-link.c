/* SPDX-License-Identifier: MIT */
/* The link: both ends, and a line between them that loses and adds bytes. */

#include "harness.h"
#include "link.h"

#define LINE 4096U

struct end {
    struct vsio_link link;
    struct end *peer;
    uint32_t sent, seen; /* messages; each one says its number */
    unsigned int ups, downs;
    enum vsio_link_end why;
    struct vsio_ready ready; /* host: what it was told; guest: what it says */
    /* What it has written, and the other one has not read. */
    uint8_t line[LINE];
    size_t count;
    size_t frames; /* written since start() */
    uint32_t lose; /* bit n: the frame n from now */
    bool deaf;     /* nothing that it writes arrives */
};

static struct end host_end, guest_end;
static uint32_t now, born = 70;

static size_t size_of(uint32_t number)
{
    return number % (VSIO_FRAME_PAYLOAD - 3) + 4;
}

static void make(uint8_t *data, uint32_t number)
{
    size_t i;

    vsio_put32(data, number);
    for ( i = 4; i < size_of(number); i++ )
        data[i] = (uint8_t)(number * 13 + i * 7);
}

static void message(void *ctx, const uint8_t *data, size_t size)
{
    struct end *e = ctx;
    uint8_t want[VSIO_FRAME_PAYLOAD + 4];
    size_t i;

    EXPECT_EQ(size, size_of(e->seen));
    make(want, e->seen++);
    for ( i = 0; i < size; i++ )
        if ( data[i] != want[i] )
        {
            EXPECT(false);
            return;
        }
}

static void up(void *ctx, const struct vsio_ready *ready)
{
    struct end *e = ctx;

    e->ups++;
    e->sent = e->seen = 0;
    EXPECT((e == &host_end) == (ready != NULL));
    if ( ready )
        e->ready = *ready;
}

static void down(void *ctx, enum vsio_link_end why)
{
    struct end *e = ctx;

    e->downs++;
    e->why = why;
}

static void say_ready(void *ctx, struct vsio_ready *ready)
{
    EXPECT(ctx == &guest_end);
    *ready = guest_end.ready;
}

static const struct vsio_link_host callbacks = { message, up, down, say_ready };

static void check(struct end *e)
{
    EXPECT(vsio_link_valid(&e->link));
}

/* All that it has to say goes into its line. */
static void talk(struct end *e)
{
    uint8_t out[VSIO_FRAME_ENCODED];
    size_t n, i;

    while ( (n = vsio_link_tx(&e->link, out, now)) )
    {
        bool lost = e->deaf || (e->lose & 1);

        check(e);
        e->frames++;
        e->lose >>= 1;
        if ( !EXPECT(e->count + n <= LINE) )
            return;
        for ( i = 0; i < n && !lost; i++ )
            e->line[e->count++] = out[i];
    }
    EXPECT(vsio_link_due(&e->link, now) > 0);
}

static void hear(struct end *e)
{
    vsio_link_rx(&e->link, e->peer->line, e->peer->count, now);
    e->peer->count = 0;
    check(e);
}

static void send(struct end *e)
{
    uint8_t data[VSIO_FRAME_PAYLOAD + 4];

    make(data, e->sent);
    vsio_link_send(&e->link, data, size_of(e->sent++));
    check(e);
}

/* Both talk and hear until there is nothing more to say. */
static void settle(void)
{
    size_t before;

    do
    {
        before = host_end.frames + guest_end.frames;
        talk(&host_end);
        hear(&guest_end);
        talk(&guest_end);
        hear(&host_end);
    } while ( before != host_end.frames + guest_end.frames );
}

/* The clock goes on to where one of them has something to do. */
static void wait_due(void)
{
    uint32_t host_due = vsio_link_due(&host_end.link, now);
    uint32_t guest_due = vsio_link_due(&guest_end.link, now);

    now += host_due < guest_due ? host_due : guest_due;
    settle();
}

static void begin(void)
{
    static const struct end nothing;

    host_end = guest_end = nothing;
    host_end.peer = &guest_end;
    guest_end.peer = &host_end;
    now = 0xffffff00; /* wraps soon */
    guest_end.ready = (struct vsio_ready){ 8, 0x123456789abc, 1 };
    vsio_link_init(&host_end.link, &callbacks, &host_end, VSIO_FRAME_HOST, 0);
    vsio_link_init(&guest_end.link, &callbacks, &guest_end, VSIO_FRAME_GUEST,
                   ++born);
    check(&host_end);
    check(&guest_end);
}

static void start(void)
{
    begin();
    vsio_link_call(&host_end.link, 0x5e55, now);
    settle();
    EXPECT_EQ(host_end.ups, 1);
    EXPECT_EQ(guest_end.ups, 1);
    EXPECT_EQ(host_end.link.state, VSIO_LINK_UP);
    EXPECT_EQ(guest_end.link.state, VSIO_LINK_UP);
}

static void session_begins(void)
{
    begin();
    EXPECT(!vsio_link_room(&host_end.link));
    EXPECT_EQ(vsio_link_due(&host_end.link, now), UINT32_MAX);
    vsio_link_call(&host_end.link, 0x5e55, now);
    EXPECT_EQ(vsio_link_due(&host_end.link, now), 0);
    settle();
    EXPECT_EQ(host_end.ready.boot, 8);
    EXPECT_EQ(host_end.ready.after, 0x123456789abc);
    EXPECT_EQ(host_end.ready.uptime, 1);
    EXPECT(vsio_link_room(&host_end.link) && vsio_link_room(&guest_end.link));
    EXPECT_EQ(host_end.downs + guest_end.downs, 0);
}

/* Nobody is there, then somebody. */
static void calls_again(void)
{
    unsigned int i;

    begin();
    guest_end.deaf = true;
    vsio_link_call(&host_end.link, 1, now);
    for ( i = 0; i < 10; i++ )
    {
        settle();
        EXPECT_EQ(vsio_link_due(&host_end.link, now), VSIO_LINK_HELLO_MS);
        now += VSIO_LINK_HELLO_MS;
    }
    EXPECT_EQ(host_end.frames, 10);
    EXPECT_EQ(host_end.ups, 0);
    guest_end.deaf = false;
    settle();
    EXPECT_EQ(host_end.ups, 1);
    EXPECT_EQ(guest_end.ups, 1); /* the calls were all for one session */
}

static void in_order(void)
{
    unsigned int i;

    start();
    for ( i = 0; i < 2000; i++ )
    {
        while ( vsio_link_room(&host_end.link) )
            send(&host_end);
        if ( i % 3 )
            while ( vsio_link_room(&guest_end.link) )
                send(&guest_end);
        settle();
    }
    EXPECT_EQ(guest_end.seen, host_end.sent);
    EXPECT_EQ(host_end.seen, guest_end.sent);
    EXPECT(guest_end.seen > 10000);
    EXPECT_EQ(host_end.link.count.repeats + guest_end.link.count.repeats, 0);
    EXPECT_EQ(host_end.link.count.broken, 1); /* before the first flag */
}

/* What nobody has acknowledged is never more than a ring has room for. */
static void the_ring_is_enough(void)
{
    size_t most = 0;
    unsigned int i;

    start();
    for ( i = 0; i < 500; i++ )
    {
        while ( vsio_link_room(&host_end.link) )
            send(&host_end);
        talk(&host_end);
        at(i, host_end.count);
        EXPECT(host_end.count <= VSIO_LINK_WIRE);
        most = host_end.count > most ? host_end.count : most;
        settle();
    }
    EXPECT(most > VSIO_LINK_WIRE * 9 / 10);
    EXPECT_EQ(guest_end.seen, host_end.sent);
}

/* Any two of the frames are lost; those behind them tell. */
static void frames_lost(void)
{
    uint32_t lose, before;

    for ( lose = 1; lose < 128; lose++ )
    {
        at(lose, 0);
        start();
        before = now;
        while ( vsio_link_room(&host_end.link) )
            send(&host_end);
        host_end.lose = lose;
        settle();
        while ( guest_end.seen < VSIO_LINK_SLOTS && now - before < 9000 )
            wait_due();
        EXPECT_EQ(guest_end.seen, VSIO_LINK_SLOTS);
        wait_due(); /* for the acknowledgement */
        EXPECT_EQ(host_end.link.oldest, host_end.link.end);
    }
}

static void a_gap_costs_no_time(void)
{
    start();
    send(&host_end);
    send(&host_end);
    send(&host_end);
    host_end.lose = 1;
    settle();
    EXPECT_EQ(guest_end.seen, 3);
    EXPECT_EQ(host_end.link.count.repeats, 3);
}

static void the_last_one_costs_a_wait(void)
{
    start();
    send(&host_end);
    host_end.lose = 1;
    settle();
    EXPECT_EQ(guest_end.seen, 0);
    EXPECT_EQ(vsio_link_due(&host_end.link, now), VSIO_LINK_REPEAT_MS);
    now += VSIO_LINK_REPEAT_MS - 1;
    settle();
    EXPECT_EQ(guest_end.seen, 0);
    now++;
    settle();
    EXPECT_EQ(guest_end.seen, 1);
}

/* What waits longer is repeated less often, up to a limit. */
static void repeats_slow_down(void)
{
    static const uint32_t waits[] = { 500, 1000, 2000, 4000, 4000 };
    unsigned int i;

    start();
    send(&guest_end);
    guest_end.lose = 0x1f;
    for ( i = 0; i < ARRAY_SIZE(waits); i++ )
    {
        talk(&guest_end);
        at(i, now);
        EXPECT_EQ(vsio_link_due(&guest_end.link, now), waits[i]);
        now += waits[i];
    }
    settle();
    EXPECT_EQ(host_end.seen, 1);
    wait_due();
    send(&guest_end);
    guest_end.lose = 1;
    talk(&guest_end);
    EXPECT_EQ(vsio_link_due(&guest_end.link, now), VSIO_LINK_REPEAT_MS);
}

static void acknowledgement_lost(void)
{
    start();
    send(&host_end);
    settle();
    EXPECT_EQ(guest_end.seen, 1);
    guest_end.lose = 1;
    wait_due();
    EXPECT(host_end.link.oldest != host_end.link.end);
    wait_due();
    EXPECT_EQ(guest_end.seen, 1); /* not twice */
    EXPECT_EQ(host_end.link.oldest, host_end.link.end);
}

/* Not each message is worth an acknowledgement of its own. */
static void acknowledges_late(void)
{
    unsigned int i;

    for ( i = 1; i <= VSIO_LINK_ACK_SLOTS; i++ )
    {
        at(i, 0);
        start();
        while ( host_end.sent < i )
            send(&host_end);
        settle();
        EXPECT_EQ(guest_end.seen, i);
        EXPECT_EQ(guest_end.frames, 1 + (i == VSIO_LINK_ACK_SLOTS));
        if ( i == VSIO_LINK_ACK_SLOTS )
            break;
        EXPECT_EQ(vsio_link_due(&guest_end.link, now), VSIO_LINK_ACK_MS);
        wait_due();
        EXPECT_EQ(guest_end.frames, 2);
        EXPECT_EQ(host_end.link.oldest, host_end.link.end);
    }

    /* An answer has it with it. */
    start();
    send(&host_end);
    talk(&host_end);
    hear(&guest_end);
    send(&guest_end);
    settle();
    EXPECT_EQ(guest_end.frames, 2);
    EXPECT_EQ(host_end.link.oldest, host_end.link.end);

    /* Large ones are worth it sooner. */
    start();
    for ( i = 0; i < 191; i++ )
    {
        send(&host_end);
        wait_due();
    }
    send(&host_end);
    send(&host_end);
    EXPECT(host_end.link.slots[(host_end.link.end - 1) & 7].wire > 220);
    guest_end.frames = 0;
    settle();
    EXPECT_EQ(guest_end.frames, 0);
    send(&host_end);
    settle();
    EXPECT_EQ(guest_end.frames, 1);
}

/* Cut, or with noise in it, at each byte of what three messages are. */
static void at_every_byte(void)
{
    static const uint8_t noise[] = "\r\n[ 1.0] usb 1-1: new~ device}\r\n";
    uint8_t line[LINE];
    size_t place, count, i;
    unsigned int how;

    for ( how = 0; how < 3; how++ )
        for ( place = 0, count = 1; place < count; place++ )
        {
            at(how, place);
            start();
            for ( i = 0; i < 3; i++ )
                send(&host_end);
            talk(&host_end);
            count = host_end.count;
            for ( i = 0; i < count; i++ )
                line[i] = host_end.line[i];
            host_end.count = 0;
            vsio_link_rx(&guest_end.link, line, place, now);
            if ( how == 1 )
                vsio_link_rx(&guest_end.link, noise, sizeof(noise) - 1, now);
            if ( how <
                 2 ) /* one byte is gone, or noise is there; or the rest */
                vsio_link_rx(&guest_end.link, line + place + !how,
                             count - place - !how, now);
            settle();
            while ( guest_end.seen < 3 && host_end.downs == 0 )
                wait_due();
            EXPECT_EQ(guest_end.seen, 3);
            wait_due();
            EXPECT_EQ(host_end.link.oldest, host_end.link.end);
        }
}

static void noise_asks_for_a_repeat(void)
{
    start();
    vsio_link_rx(&guest_end.link, (const uint8_t *)"a~b~c~d~", 8, now);
    settle();
    EXPECT_EQ(guest_end.frames, 2); /* READY before, one REJECT */
    send(&host_end);
    settle();
    EXPECT_EQ(guest_end.seen, 1);
    EXPECT_EQ(host_end.link.count.repeats, 0);
}

/* What was sent again is broken, too: that needs no wait either. */
static void broken_twice(void)
{
    unsigned int i;

    start();
    send(&host_end);
    for ( i = 0; i < 3; i++ )
    {
        talk(&host_end);
        host_end.line[12] ^= 1;
        hear(&guest_end);
        talk(&guest_end);
        hear(&host_end);
    }
    EXPECT_EQ(guest_end.seen, 0);
    settle();
    EXPECT_EQ(guest_end.seen, 1);
    EXPECT_EQ(host_end.link.count.repeats, 3);
}

static void agent_starts_anew(void)
{
    start();
    send(&host_end);
    settle();
    vsio_link_init(&guest_end.link, &callbacks, &guest_end, VSIO_FRAME_GUEST,
                   ++born);
    guest_end.ready.boot = 9;
    settle();
    EXPECT_EQ(host_end.downs, 1);
    EXPECT_EQ(host_end.why, VSIO_LINK_ANEW);
    EXPECT_EQ(host_end.link.state, VSIO_LINK_DOWN);
    vsio_link_call(&host_end.link, 0x5e56, now);
    settle();
    EXPECT_EQ(host_end.ups, 2);
    EXPECT_EQ(host_end.ready.boot, 9);
    send(&host_end);
    settle();
    EXPECT_EQ(guest_end.seen, 1);
}

/* Its first word was lost: whatever the host says is answered by it. */
static void agent_starts_unheard(void)
{
    start();
    vsio_link_init(&guest_end.link, &callbacks, &guest_end, VSIO_FRAME_GUEST,
                   ++born);
    guest_end.lose = 1;
    settle();
    EXPECT_EQ(host_end.downs, 0);
    send(&host_end);
    settle();
    EXPECT_EQ(host_end.downs, 1);
    EXPECT_EQ(host_end.why, VSIO_LINK_ANEW);
    EXPECT_EQ(guest_end.seen, 0); /* of the session before */
}

static void host_starts_anew(void)
{
    start();
    send(&guest_end);
    talk(&guest_end);
    vsio_link_init(&host_end.link, &callbacks, &host_end, VSIO_FRAME_HOST, 0);
    hear(&host_end); /* what was for somebody else */
    EXPECT_EQ(host_end.seen, 0);
    vsio_link_call(&host_end.link, 0x5e57, now);
    settle();
    EXPECT_EQ(guest_end.downs, 1);
    EXPECT_EQ(guest_end.why, VSIO_LINK_BYE);
    EXPECT_EQ(guest_end.ups, 2);
    send(&guest_end);
    settle();
    EXPECT_EQ(host_end.seen, 1);
}

/* The agent was restarted by hand, and answers for the same session. */
static void another_answers(void)
{
    start();
    guest_end.link.incarnation++;
    guest_end.link.ready_due = true;
    settle();
    EXPECT_EQ(host_end.downs, 1);
    EXPECT_EQ(host_end.why, VSIO_LINK_ANEW);
}

static void says_goodbye(void)
{
    start();
    vsio_link_bye(&host_end.link);
    settle();
    EXPECT_EQ(host_end.downs, 0);
    EXPECT_EQ(host_end.link.state, VSIO_LINK_DOWN);
    EXPECT_EQ(guest_end.downs, 1);
    EXPECT_EQ(guest_end.why, VSIO_LINK_BYE);
    vsio_link_bye(&host_end.link);
    talk(&host_end);
    EXPECT_EQ(host_end.count, 0);
}

static void host_polls(void)
{
    unsigned int i;

    start();
    for ( i = 0; i < 20; i++ )
    {
        EXPECT_EQ(vsio_link_due(&host_end.link, now), VSIO_LINK_POLL_MS);
        EXPECT_EQ(vsio_link_due(&guest_end.link, now), UINT32_MAX);
        wait_due();
    }
    EXPECT_EQ(host_end.downs, 0);
    EXPECT_EQ(host_end.link.count.frames, 1 + 20); /* READY before */
}

static void host_hears_nothing(void)
{
    uint32_t begun;

    start();
    begun = now;
    guest_end.deaf = true;
    while ( !host_end.downs && now - begun < 100000 )
        wait_due();
    EXPECT_EQ(host_end.why, VSIO_LINK_SILENT);
    EXPECT_EQ(now - begun, VSIO_LINK_DEAD_MS);
    EXPECT_EQ(guest_end.downs, 0);
}

/* A guest with nothing to say waits for ever, one with something does not. */
static void guest_hears_nothing(void)
{
    uint32_t begun;

    start();
    host_end.deaf = true;
    now += VSIO_LINK_DEAD_MS / 2;
    begun = now;
    send(&guest_end);
    talk(&guest_end);
    while ( !guest_end.downs && now - begun < 100000 )
    {
        now += vsio_link_due(&guest_end.link, now);
        guest_end.count = 0;
        talk(&guest_end);
    }
    EXPECT_EQ(guest_end.why, VSIO_LINK_SILENT);
    EXPECT_EQ(now - begun, VSIO_LINK_DEAD_MS / 2);
    EXPECT_EQ(vsio_link_due(&guest_end.link, now), UINT32_MAX);
}

/* A frame by hand, of a peer that is not to be trusted. */
static void forge(struct end *to, const struct vsio_frame *frame)
{
    uint8_t out[VSIO_FRAME_ENCODED];
    size_t n = vsio_frame_encode(frame, to->link.own ^ 1U, out);

    vsio_link_rx(&to->link, out, n, now);
    check(to);
}

static void senseless_numbers(void)
{
    static const uint8_t nothing[VSIO_READY_SIZE];
    unsigned int kind, ack;

    start();
    send(&host_end);
    send(&host_end);
    talk(&host_end);
    for ( kind = 0; kind < 256; kind++ )
        for ( ack = 3; ack < 256; ack++ )
        {
            const struct vsio_frame frame = {
                .kind = (uint8_t)kind,
                .seq = (uint8_t)(ack + 1),
                .ack = (uint8_t)ack,
                .session = host_end.link.session + host_end.link.incarnation,
                .payload = nothing
            };

            if ( kind == VSIO_FRAME_DATA && frame.seq == 0 )
                continue;
            at(kind, ack);
            forge(&host_end, &frame);
            EXPECT_EQ(host_end.link.oldest, 0);
        }
    EXPECT_EQ(host_end.seen, 0);
    EXPECT_EQ(host_end.downs, 0);
}

/* Of a session that is not, or by one who has no say in it. */
static void strangers(void)
{
    static const uint8_t nothing[VSIO_READY_SIZE];
    struct vsio_frame frame = { .session = 0x666, .payload = nothing };
    unsigned int kind;

    start();
    for ( kind = 0; kind < 256; kind++ )
    {
        frame.kind = (uint8_t)kind;
        at(kind, 0);
        forge(&host_end, &frame);
        if ( kind != VSIO_FRAME_HELLO )
            forge(&guest_end, &frame);
    }
    frame.session = 0;
    frame.kind = VSIO_FRAME_HELLO;
    forge(&guest_end, &frame); /* 0 is no session */
    frame.kind = VSIO_FRAME_READY;
    frame.size = VSIO_READY_SIZE - 1;
    forge(&host_end, &frame); /* too short */
    EXPECT_EQ(host_end.ups + guest_end.ups, 2);
    EXPECT_EQ(host_end.downs + guest_end.downs, 0);
    EXPECT_EQ(host_end.seen + guest_end.seen, 0);
    send(&host_end);
    settle();
    EXPECT_EQ(guest_end.seen, 1);
}

/* An agent that hears a version that it does not know says its own. */
static void another_version(void)
{
    uint8_t hello[13] = { 0x42, VSIO_FRAME_HELLO }, line[28];
    size_t i, n = 0;

    begin();
    talk(&guest_end);
    guest_end.count = 0;
    vsio_put32(hello + 9, vsio_crc32(0, hello, 9));
    line[n++] = 0x7e;
    for ( i = 0; i < sizeof(hello); i++ )
    {
        bool special = hello[i] < 0x20 || hello[i] >= 0x7d;

        if ( special )
            line[n++] = 0x7d;
        line[n++] = special ? hello[i] ^ 0x40 : hello[i];
    }
    line[n++] = 0x7e;
    vsio_link_rx(&guest_end.link, line, n, now);
    EXPECT_EQ(guest_end.link.count.foreign, 1);
    talk(&guest_end);
    hear(&host_end);
    EXPECT_EQ(host_end.link.count.frames, 1);
    EXPECT_EQ(guest_end.ups, 0);
}

static void its_own_echo(void)
{
    begin();
    vsio_link_call(&host_end.link, 1, now);
    talk(&host_end);
    vsio_link_rx(&host_end.link, host_end.line, host_end.count, now);
    EXPECT_EQ(host_end.link.count.echoes, 1);
    EXPECT_EQ(host_end.ups, 0);
}

/* A line that spoils something of each kind now and then. */
static void spoil(struct end *e, uint32_t *seed)
{
    uint32_t random = random32(seed);
    size_t place = e->count ? (random >> 8) % e->count : 0;

    if ( e->count && !(random & 7) )
        e->line[place] = (uint8_t)(random >> 24);
    else if ( e->count && (random & 15) == 1 )
        e->count = place;
    else if ( (random & 31) == 2 )
        e->line[e->count++] = 0x7e;
}

static void random_walk(void)
{
    uint32_t seed = 0xcab1e, i;

    start();
    for ( i = 0; i < 30000; i++ )
    {
        at(i, now);
        while ( vsio_link_room(&host_end.link) && random32(&seed) % 3 )
            send(&host_end);
        while ( vsio_link_room(&guest_end.link) && random32(&seed) % 3 )
            send(&guest_end);
        talk(&host_end);
        spoil(&host_end, &seed);
        hear(&guest_end);
        talk(&guest_end);
        spoil(&guest_end, &seed);
        hear(&host_end);
        now += random32(&seed) % 200;
    }
    for ( i = 0; i < 10; i++ )
        wait_due();
    EXPECT_EQ(host_end.downs + guest_end.downs, 0);
    EXPECT_EQ(guest_end.seen, host_end.sent);
    EXPECT_EQ(host_end.seen, guest_end.sent);
    EXPECT(guest_end.seen > 20000 && host_end.seen > 20000);
    EXPECT(host_end.link.count.repeats > 1000);
}

static void valid_rejects(void)
{
    start();
    host_end.link.next = 1;
    EXPECT(!vsio_link_valid(&host_end.link));
    start();
    host_end.link.top = 1;
    EXPECT(!vsio_link_valid(&host_end.link));
    start();
    host_end.link.end = VSIO_LINK_SLOTS + 1;
    EXPECT(!vsio_link_valid(&host_end.link));
    start();
    host_end.link.state = VSIO_LINK_UP + 1;
    EXPECT(!vsio_link_valid(&host_end.link));
    start();
    host_end.link.end = 1;
    host_end.link.state = VSIO_LINK_DOWN;
    EXPECT(!vsio_link_valid(&host_end.link));
    start();
    host_end.link.repeat_ms = VSIO_LINK_REPEAT_MS - 1;
    EXPECT(!vsio_link_valid(&host_end.link));
    host_end.link.repeat_ms = VSIO_LINK_SLOW_MS + 1;
    EXPECT(!vsio_link_valid(&host_end.link));
    start();
    host_end.link.own = VSIO_FRAME_GUEST;
    EXPECT(!vsio_link_valid(&host_end.link));
    start();
    host_end.link.parser.size = VSIO_FRAME_MAX + 1;
    EXPECT(!vsio_link_valid(&host_end.link));
}

/* docs/channel.md has these. */
static void numbers(void)
{
    EXPECT_EQ(VSIO_LINK_SLOTS, 8);
    EXPECT_EQ(VSIO_LINK_WIRE, 1024);
    EXPECT_EQ(VSIO_READY_SIZE, 24);
    EXPECT_EQ(VSIO_LINK_ACK_SLOTS, 4);
    EXPECT_EQ(VSIO_LINK_ACK_WIRE, 512);
    EXPECT_EQ(VSIO_LINK_ACK_MS, 20);
    EXPECT_EQ(VSIO_LINK_HELLO_MS, 250);
    EXPECT_EQ(VSIO_LINK_REPEAT_MS, 500);
    EXPECT_EQ(VSIO_LINK_POLL_MS, 5000);
    EXPECT_EQ(VSIO_LINK_DEAD_MS, 20000);
    EXPECT_EQ(VSIO_LINK_SLOW_MS, 4000);
}

static const struct test table[] = {
    { "numbers are those of the protocol", numbers },
    { "a session begins, with what the guest says of itself", session_begins },
    { "the host calls until somebody answers", calls_again },
    { "messages go both ways, in their order", in_order },
    { "no more is on its way than a ring holds", the_ring_is_enough },
    { "whichever frames are lost, all messages arrive", frames_lost },
    { "a gap is closed at once", a_gap_costs_no_time },
    { "the last one is sent again when its time has come",
      the_last_one_costs_a_wait },
    { "repeats slow down, and are fast again after one", repeats_slow_down },
    { "a lost acknowledgement delivers nothing twice", acknowledgement_lost },
    { "acknowledgements wait for each other", acknowledges_late },
    { "cut, or with noise in it, at every byte", at_every_byte },
    { "noise asks for a repeat once", noise_asks_for_a_repeat },
    { "broken again and again, and no time is lost", broken_twice },
    { "an agent that starts anew ends the session", agent_starts_anew },
    { "so does one that nobody heard starting", agent_starts_unheard },
    { "a host that starts anew has a session of its own", host_starts_anew },
    { "another agent that answers for the same session", another_answers },
    { "a farewell", says_goodbye },
    { "a silent guest is asked, and answers", host_polls },
    { "a guest that does not answer is given up", host_hears_nothing },
    { "a host that does not, if it should", guest_hears_nothing },
    { "numbers that make no sense change nothing", senseless_numbers },
    { "nor do frames of other sessions", strangers },
    { "a version that is not known is answered by one's own", another_version },
    { "one's own echo is nobody's answer", its_own_echo },
    { "a random walk over a bad line", random_walk },
    { "valid() rejects each broken field", valid_rejects },
};
TESTS(table);

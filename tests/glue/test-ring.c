/* SPDX-License-Identifier: GPL-2.0-only */
/* The UART whose backend is a domain: the console ring, and its events. */

#include "devices/pl011-regs.h"
#include "fake-xen.h"

#define OUT  ((unsigned int)sizeof(ring->out))
#define IN   ((unsigned int)sizeof(ring->in))
#define FIFO 32U

static const struct vsio_counters *count(void)
{
    return &slot_of("vpl011")->dev->count;
}

static void start(void)
{
    fake_start();
    EXPECT_EQ(uart_on_ring(), 0);
}

static bool guest_can_send(void)
{
    return !(guest_rd(UART(FR)) & PL011_FR_TXFF);
}

static bool guest_has_byte(void)
{
    return !(guest_rd(UART(FR)) & PL011_FR_RXFE);
}

/* The n-th byte of either direction, so that a byte in the wrong place shows.
 */
static uint8_t nth(unsigned long n)
{
    return n * 167 + (n >> 8) * 13;
}

static unsigned long sent, got;    /* by the guest */
static unsigned long given, taken; /* by the backend */

static void restart(void)
{
    sent = got = given = taken = 0;
    start();
}

static void send(unsigned int n)
{
    while ( n-- )
        guest_wr(UART(DR), nth(sent++));
}

static void receive(unsigned int n)
{
    while ( n-- )
    {
        at(got, n);
        EXPECT(guest_has_byte());
        EXPECT_EQ(guest_rd(UART(DR)), nth(got));
        got++;
    }
}

/* The backend looks at the ring as xenconsoled does, and takes all of it. */
static void take(void)
{
    XENCONS_RING_IDX cons = ring->out_cons, prod = ring->out_prod;

    if ( cons == prod || prod - cons > OUT )
        return;

    while ( cons != prod )
    {
        at(taken, cons);
        EXPECT_EQ((uint8_t)ring->out[cons++ % OUT], nth(taken));
        taken++;
    }
    ring->out_cons = cons;
}

static unsigned int room_in(void)
{
    unsigned int queued = ring->in_prod - ring->in_cons;

    return queued > IN ? 0 : IN - queued;
}

static void give(unsigned int n)
{
    XENCONS_RING_IDX prod = ring->in_prod;

    while ( n-- )
        ring->in[prod++ % IN] = nth(given++);
    ring->in_prod = prod;
}

static void order_out(void)
{
    unsigned int i;

    restart();
    for ( i = 1; i <= 5000; i++ )
    {
        send(1);
        EXPECT_EQ(ring->out_prod, i);
        if ( i % 1000 )
            continue;
        take();
        fake_event();
    }
    EXPECT_EQ(taken, sent);
    EXPECT_EQ(count()->bytes_out, 5000);
    EXPECT_EQ(count()->bytes_dropped, 0);
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

static void full_out(void)
{
    restart();
    send(OUT);
    EXPECT(guest_rd(UART(FR)) & PL011_FR_TXFE);
    send(FIFO - 1);
    EXPECT(guest_can_send());
    EXPECT(guest_rd(UART(FR)) & PL011_FR_BUSY);
    send(1);
    EXPECT(!guest_can_send());
    EXPECT(!(guest_rd(UART(RIS)) & PL011_INT_TX));

    /* Room for some only: these follow, the others wait on. */
    taken += 10;
    ring->out_cons += 10;
    fake_event();
    EXPECT_EQ(ring->out_prod, OUT + 10);
    EXPECT(guest_can_send());
    send(10);
    EXPECT(!guest_can_send());

    take();
    fake_event();
    EXPECT(guest_rd(UART(FR)) & PL011_FR_TXFE);
    take();
    EXPECT_EQ(taken, sent);
    EXPECT_EQ(count()->bytes_dropped, 0);

    fake_run(SECONDS(5));
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

static void txi_when_drained(void)
{
    restart();
    send(OUT + FIFO);
    guest_wr(UART(IMSC), PL011_INT_TX);
    EXPECT_EQ(fake.raised[32], 0);
    take();
    fake_event();
    EXPECT_EQ(fake.raised[32], 1);
    fake_stop();
}

/* The guest waits for a listener as long as one may be on its way. */
static void wait_in_vain(void)
{
    EXPECT(!guest_can_send());
    fake_run(SECONDS(4));
    EXPECT(!guest_can_send());
    fake_run(SECONDS(2));
    EXPECT(guest_can_send());
}

static void nobody(void)
{
    unsigned int i;

    restart();
    fake_unbind();
    send(OUT + FIFO);
    wait_in_vain();
    for ( i = 0; i < 5000; i++ )
    {
        EXPECT(guest_can_send());
        send(1);
    }
    EXPECT_EQ(ring->out_prod, OUT);
    EXPECT_EQ(count()->bytes_dropped, FIFO + 5000);

    /* What was there before stays for who comes later. */
    fake_bind();
    take();
    EXPECT_EQ(taken, OUT);
    taken = sent;
    send(OUT + FIFO);
    EXPECT(!guest_can_send());
    take();
    fake_event();
    take();
    fake_event();
    EXPECT_EQ(taken, sent);

    /* And is waited for again, when it goes. */
    fake_unbind();
    send(OUT + FIFO);
    wait_in_vain();
    fake_stop();
}

static void dies(void)
{
    restart();
    send(OUT + FIFO);
    EXPECT(!guest_can_send());
    fake_run(SECONDS(10));
    EXPECT(!guest_can_send());

    fake_unbind();
    wait_in_vain();
    EXPECT_EQ(count()->bytes_dropped, FIFO);
    send(100);
    EXPECT(guest_can_send());
    fake_stop();
}

static void comes_back(void)
{
    restart();
    fake_unbind();
    send(OUT + FIFO);
    fake_run(SECONDS(4));
    EXPECT(!guest_can_send());
    fake_bind();
    take();
    fake_event();
    take();
    fake_event();
    EXPECT_EQ(taken, sent);
    EXPECT_EQ(count()->bytes_dropped, 0);
    EXPECT(guest_can_send());
    fake_stop();
}

static void bytes_in(void)
{
    static const unsigned int amounts[] = { 1, 32, 33, 100, 1, 1024, 1000 };
    unsigned int i;

    restart();
    for ( i = 0; i < ARRAY_SIZE(amounts); i++ )
    {
        EXPECT(!guest_has_byte());
        give(amounts[i]);
        fake_event();
        receive(amounts[i]);
        EXPECT(!guest_has_byte());
        EXPECT_EQ(ring->in_cons, ring->in_prod);
    }
    EXPECT_EQ(count()->bytes_in, got);
    EXPECT_EQ(count()->bytes_dropped, 0);
    fake_stop();
}

static void interrupt_in(void)
{
    restart();
    guest_wr(UART(IMSC), PL011_INT_RX | PL011_INT_RT);
    give(1);
    fake_event();
    EXPECT_EQ(fake.raised[32], 1);
    EXPECT_EQ(guest_rd(UART(MIS)), PL011_INT_RT);
    receive(1);
    EXPECT_EQ(guest_rd(UART(MIS)), 0);

    give(100);
    fake_event();
    EXPECT_EQ(fake.raised[32], 2);
    EXPECT_EQ(guest_rd(UART(MIS)), PL011_INT_RX | PL011_INT_RT);
    receive(100);
    EXPECT_EQ(guest_rd(UART(MIS)), 0);
    fake_stop();
}

static void full_in(void)
{
    restart();
    give(IN);
    fake_event();
    /* 32 are in the FIFO: whoever waits for room hears of it. */
    EXPECT_EQ(fake.notified, 1);
    EXPECT_EQ(room_in(), FIFO);

    give(FIFO);
    fake_event();
    EXPECT_EQ(room_in(), 0);
    EXPECT_EQ(fake.notified, 1);
    receive(FIFO - 1);
    EXPECT_EQ(fake.notified, 2);
    EXPECT(room_in() != 0);

    receive(IN + 1);
    EXPECT(!guest_has_byte());
    EXPECT_EQ(got, given);
    fake_stop();
}

static void needless_events(void)
{
    unsigned int i;

    restart();
    for ( i = 0; i < 50; i++ )
    {
        give(IN - 1);
        fake_event();
        receive(IN - 1);
    }
    EXPECT_EQ(fake.notified, 0);
    fake_stop();
}

/* As if it had been used for long before: xl console, a reboot in place. */
static void indexes_at_init(void)
{
    fake_start();
    sent = got = given = taken = 0;
    ring->out_prod = ring->out_cons = 0xffffff00;
    ring->in_prod = ring->in_cons = 0xfffffff0;
    give(20); /* and these came before the device did */
    EXPECT_EQ(uart_on_ring(), 0);

    receive(20);
    give(1000);
    fake_event();
    receive(1000);
    EXPECT_EQ(ring->in_cons, 0xfffffff0U + 1020);

    send(OUT + 5);
    take();
    fake_event();
    take();
    EXPECT_EQ(taken, OUT + 5);
    EXPECT_EQ(ring->out_prod, 0xffffff00U + OUT + 5);
    fake_stop();
}

/* Bytes below 0x80 are in in[], all others in out[]: none may get across. */
static void senseless(uint32_t *seed)
{
    uint32_t r = random32(seed), near = random32(seed) % 5000 - 2500;

    switch ( r % 6 )
    {
    case 0:
        ring->in_prod = random32(seed);
        break;
    case 1:
        ring->in_prod = ring->in_cons + near;
        break;
    case 2:
        ring->out_cons = random32(seed);
        break;
    case 3:
        ring->out_cons = ring->out_prod + near;
        break;
    default:
        break;
    }
}

static uint32_t scribble_seed;

static void scribble_elsewhere(void)
{
    senseless(&scribble_seed);
}

static void scribbled(void)
{
    uint32_t seed = 7;
    unsigned int i;

    restart();
    scribble_seed = 11;
    memset(ring->in, 0x55, IN);
    memset(ring->out, 0xaa, OUT);
    guest_wr(UART(IMSC), PL011_INT_RX | PL011_INT_RT | PL011_INT_TX);
    fake.elsewhere = scribble_elsewhere;
    for ( i = 0; i < 100000; i++ )
    {
        senseless(&seed);
        switch ( random32(&seed) % 4 )
        {
        case 0:
            guest_wr(UART(DR), 0xab);
            break;
        case 1:
            if ( guest_has_byte() )
                EXPECT_EQ(guest_rd(UART(DR)), 0x55);
            break;
        case 2:
            fake_event();
            break;
        default:
            if ( random32(&seed) % 100 == 0 )
                fake_run(MILLISECS(100));
            break;
        }
    }
    for ( i = 0; i < IN; i++ )
        EXPECT_EQ(ring->in[i], 0x55);

    /* Sense comes back, and with it the console. */
    fake.elsewhere = NULL;
    ring->in_prod = ring->in_cons;
    ring->out_cons = ring->out_prod;
    fake_event();
    while ( guest_has_byte() )
        guest_rd(UART(DR));
    ring->in_prod = ring->in_cons;
    ring->out_cons = ring->out_prod;
    fake_event();
    ring->out_cons = ring->out_prod;
    EXPECT(guest_rd(UART(FR)) & PL011_FR_TXFE);

    taken = sent;
    send(100);
    take();
    EXPECT_EQ(taken, sent);
    give(100);
    fake_event();
    receive(100);
    fake_stop();
}

static void senseless_is_full(void)
{
    restart();
    ring->out_cons = ring->out_prod + 1;
    send(FIFO);
    EXPECT_EQ(ring->out_prod, 0);
    EXPECT(!guest_can_send());
    ring->out_cons = 0;
    fake_run(SECONDS(1)); /* without an event, even */
    take();
    EXPECT_EQ(taken, FIFO);

    ring->in_prod = ring->in_cons + IN + 1;
    fake_event();
    EXPECT(!guest_has_byte());
    ring->in_prod = ring->in_cons - 1;
    fake_event();
    EXPECT(!guest_has_byte());
    fake_stop();
}

/* The page says what our indexes are, but is not believed. */
static void our_indexes(void)
{
    restart();
    send(3);
    ring->out_prod = 0xdead;
    send(1);
    EXPECT_EQ(ring->out_prod, 4);
    take();
    EXPECT_EQ(taken, 4);

    give(50);
    fake_event();
    ring->in_cons = 0xbeef;
    receive(50);
    EXPECT_EQ(ring->in_cons, 50);
    fake_stop();
}

/* --- a backend as xenconsoled is ------------------------------------------ */

static unsigned long heard; /* of fake.notified */
static unsigned int typed;  /* bytes that wait at its terminal */
static bool polls;          /* it waits for them: the ring had room */
static unsigned int events; /* it has sent, not delivered yet */
static uint32_t backend_seed;

static bool backend_turn(void)
{
    unsigned int n;

    if ( heard != fake.notified )
    {
        heard = fake.notified;
        take();
        events++;
    }
    else if ( polls && typed )
    {
        n = min(typed, room_in());
        n = min(n, 80U);
        if ( n )
        {
            give(n);
            typed -= n;
            events++;
        }
    }
    else
        return false;

    polls = room_in() != 0;

    return true;
}

static void backend_elsewhere(void)
{
    if ( random32(&backend_seed) % 4 == 0 )
        backend_turn();
}

static void deliver(void)
{
    if ( events )
    {
        events = 0; /* pending is pending: they are not queued */
        fake_event();
    }
}

static bool drain(void)
{
    unsigned int idle = 0, i;
    bool moved;

    for ( i = 0; i < 1000000 && idle < 3; i++ )
    {
        moved = backend_turn() || events;
        deliver();
        if ( guest_has_byte() )
        {
            receive(1);
            moved = true;
        }
        idle = moved ? 0 : idle + 1;
        fake_run(idle * MILLISECS(4));
    }

    return idle == 3;
}

static void two_sides(uint32_t seed)
{
    unsigned int step, n, slow = seed % 3;

    restart();
    heard = typed = events = 0;
    polls = true;
    backend_seed = seed;
    fake.elsewhere = backend_elsewhere;
    guest_wr(UART(IMSC), PL011_INT_RX | PL011_INT_RT);

    for ( step = 0; step < 40000; step++ )
    {
        at(seed, step);
        n = random32(&seed) % 100;
        switch ( random32(&seed) % 17 )
        {
        case 0:
        case 1:
        case 2:
            while ( n-- && guest_can_send() )
                send(1);
            break;
        case 3:
        case 4:
        case 5:
            while ( n-- && guest_has_byte() )
                receive(1);
            break;
        case 6:
            while ( random32(&seed) % 64 && guest_has_byte() )
                receive(1);
            break;
        case 7:
            guest_wr(UART(IMSC), random32(&seed) & PL011_INT_MASK);
            break;
        case 8:
            guest_wr(UART(IFLS), random32(&seed));
            break;
        case 16:
            fake_run(n * MILLISECS(1) / 8);
            break;
        case 9:
            /* Flow control and the like by RXE. */
            guest_wr(UART(CR), PL011_CR_UARTEN | PL011_CR_RESET |
                                   (n < 50 ? 0 : PL011_CR_RTS));
            break;
        case 10:
        case 11:
            if ( typed < 3000 )
                typed += n;
            break;
        case 12:
        case 13:
            if ( slow == 0 || n < 10 )
                backend_turn();
            break;
        default:
            if ( slow != 1 || n < 30 )
                deliver();
            break;
        }
    }

    /* All that was sent arrives, and soon: the backstop is not needed. */
    EXPECT(drain());
    EXPECT_EQ(typed, 0);
    EXPECT_EQ(got, given);
    EXPECT_EQ(taken, sent);
    EXPECT(given > 1000 && taken > 1000);
    EXPECT_EQ(count()->bytes_dropped, 0);
    fake_stop();
}

static void random_sides(void)
{
    uint32_t seed;

    for ( seed = 1; seed <= 12; seed++ )
        two_sides(seed);
}

static const struct test table[] = {
    { "what the guest sends is in the ring in order", order_out },
    { "a full ring: 32 bytes wait, TXFF, all follows as the backend drains",
      full_out },
    { "the guest is interrupted when a full ring has been drained",
      txi_when_drained },
    { "nobody listens: in the end bytes are dropped and counted, not the guest "
      "held",
      nobody },
    { "a listener dies while the guest waits: it goes on after five seconds",
      dies },
    { "a listener that comes back in time finds all that was printed",
      comes_back },
    { "bytes for the guest: few, a FIFO's, a ring's, around its end",
      bytes_in },
    { "the first byte interrupts, the last one lowers the line", interrupt_in },
    { "a backend that has filled the ring hears of room", full_in },
    { "a backend that has not is left alone", needless_events },
    { "a ring is taken up where its indexes stand, with what it holds",
      indexes_at_init },
    { "senseless indexes at any time: nothing outside is touched", scribbled },
    { "a senseless ring is full and empty until it makes sense",
      senseless_is_full },
    { "our indexes are kept outside of the page", our_indexes },
    { "guest and backend at random: no byte is lost or out of order",
      random_sides },
};
TESTS(table);

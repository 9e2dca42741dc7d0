/* SPDX-License-Identifier: GPL-2.0-only */
/* When the backend of a console ring is told of output, and how often. */

#include "devices/pl011-regs.h"
#include "fake-xen.h"

#define OUT  ((unsigned int)sizeof(ring->out))
#define IN   ((unsigned int)sizeof(ring->in))
#define FIFO 32U

#define MS MILLISECS(1)

/* --- a backend as xenconsoled is ------------------------------------------ */

static unsigned long heard;   /* of fake.notified */
static unsigned int in_order; /* bytes that it has taken, 0, 1, 2, ... */

/* Copy what is there; false: nothing, or nonsense, and no answer. */
static bool buffer_append(void)
{
    XENCONS_RING_IDX cons = ring->out_cons, prod = ring->out_prod;

    if ( cons == prod || prod - cons > OUT )
        return false;

    while ( cons != prod )
        EXPECT_EQ((uint8_t)ring->out[cons++ % OUT], (uint8_t)in_order++);
    ring->out_cons = cons;

    return true;
}

static bool pending(void)
{
    return heard != fake.notified;
}

/* It is its turn: has it been told? */
static void backend(void)
{
    if ( !pending() )
        return;

    heard = fake.notified;
    if ( buffer_append() )
        fake_event();
}

/* What Xen does when it binds: its port is pending. */
static void comes_back(void)
{
    fake_bind();
    heard = fake.notified - 1;
}

/* --- the guest ------------------------------------------------------------ */

static unsigned int printed;

static void print(unsigned int n)
{
    while ( n-- )
        guest_wr(UART(DR), printed++ & 0xff);
}

/* At so many nanoseconds a byte, with a backend that is fast. */
static void print_at(unsigned int n, s_time_t ns)
{
    while ( n-- )
    {
        print(1);
        fake_run(ns);
        backend();
    }
}

static bool can_print(void)
{
    return !(guest_rd(UART(FR)) & PL011_FR_TXFF);
}

static void start(void)
{
    fake_start();
    printed = in_order = 0;
    EXPECT_EQ(uart_on_ring(), 0);
    heard = fake.notified;
}

static uint64_t senseless_looks(void)
{
    return slot_of("vpl011")->senseless;
}

/* All has arrived; nothing is armed that an idle console would pay for. */
static void stop(void)
{
    EXPECT_EQ(in_order, printed);
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

/* --- how soon ------------------------------------------------------------- */

static void lone(void)
{
    unsigned int i;

    start();
    for ( i = 1; i <= 100; i++ )
    {
        print(1);
        EXPECT_EQ(fake.notified, i - 1);
        fake_run(MS);
        EXPECT_EQ(fake.notified, i);
        backend();
        EXPECT_EQ(in_order, i);
        EXPECT_EQ(fake_armed(), 0);
        fake_run(30 * MS); /* somebody types, and it is echoed */
    }
    EXPECT_EQ(slot_of("vpl011")->notified, 100);
    stop();
}

static void busy(void)
{
    start();
    print(1);
    fake_run(MS);
    backend();
    print(1);
    fake_run(6 * MS);
    EXPECT_EQ(fake.notified, 1);
    fake_run(MS);
    EXPECT_EQ(fake.notified, 2);
    backend();
    stop();
}

/* A burst is not put off by what follows, or by what comes in. */
static void not_put_off(void)
{
    unsigned int i;

    start();
    for ( i = 0; i < 10; i++ )
    {
        print(1);
        fake_event();
        fake_run(MS / 10);
    }
    EXPECT_EQ(fake.notified, 1);
    backend();
    stop();
}

static void full_at_once(void)
{
    start();
    print(OUT);
    EXPECT_EQ(fake.notified, 0);
    print(FIFO);
    EXPECT_EQ(fake.notified, 1);
    EXPECT(!can_print());
    backend();
    EXPECT(can_print());

    /* At once, even just after the last one. */
    EXPECT_EQ(ring->out_prod - ring->out_cons, FIFO);
    print(OUT + FIFO - FIFO);
    EXPECT_EQ(fake.notified, 2);
    backend();
    fake_run(7 * MS);
    backend();
    stop();
}

/* It took what it had seen; meanwhile the ring was filled up. */
static void full_when_answered(void)
{
    start();
    print(1);
    fake_run(MS);
    print(OUT + FIFO - 1);
    EXPECT(!can_print());
    EXPECT_EQ(fake.notified, 1); /* it was told, and has not answered */
    heard = fake.notified;
    in_order++;
    ring->out_cons++;
    fake_event();
    EXPECT(pending());
    backend();
    fake_run(7 * MS);
    backend();
    stop();
}

static void missed(void)
{
    start();
    print(10);
    fake_run(MS);

    /* Ten bytes were seen; five come before it says that it took them. */
    heard = fake.notified;
    in_order += 10;
    print(5);
    ring->out_cons += 10;
    fake_event();
    EXPECT(!pending());
    fake_run(7 * MS);
    backend();
    stop();
}

/* --- how often ------------------------------------------------------------ */

/* From 10 MB/s to 100 KB/s: hardware to an emulated CPU. */
static void one_kb(void)
{
    static const unsigned int ns[] = { 100, 1000, 2500, 10000 };
    unsigned int i;

    for ( i = 0; i < ARRAY_SIZE(ns); i++ )
    {
        at(i, ns[i]);
        start();
        print_at(1024, ns[i]);
        fake_run(7 * MS);
        backend();
        EXPECT(fake.notified <= 3);
        stop();
    }
}

/* However the bytes are spread, while no ring fills up: xenconsoled listens. */
static void never_30(void)
{
    unsigned long before;
    unsigned int i, j;

    start();
    for ( i = 0; i < 50; i++ )
    {
        before = fake.notified;
        for ( j = 0; j < 2000; j++ )
        {
            if ( (j * 2654435761U >> 16) % (i + 1) == 0 )
                print(1);
            fake_run(MS / 10);
            backend();
        }
        at(i, fake.notified - before);
        EXPECT(fake.notified - before > 10);
        EXPECT(fake.notified - before < 30);
    }
    fake_run(7 * MS);
    backend();
    stop();
}

/* A fast guest: as few events as there are rings, and no byte is dropped. */
static void ring_by_ring(void)
{
    unsigned int i;

    start();
    for ( i = 0; i < 100 * OUT; i++ )
    {
        print(1);
        if ( !can_print() )
            backend();
    }
    EXPECT_EQ(fake.notified, 100 - 1);
    backend();
    fake_run(7 * MS);
    backend();
    EXPECT_EQ(slot_of("vpl011")->dev->count.bytes_dropped, 0);
    stop();
}

static void idle(void)
{
    start();
    EXPECT_EQ(fake_armed(), 0);
    print(100);
    fake_run(MS);
    backend();
    EXPECT_EQ(fake_armed(), 0);
    fake.fired = 0;
    fake_run(SECONDS(100));
    EXPECT_EQ(fake.fired, 0);
    stop();
}

/* It takes long: it is reminded five times a second, no more. */
static void slow_backend(void)
{
    start();
    print(100);
    fake_run(SECONDS(1));
    EXPECT_EQ(fake.notified, 5);
    backend();
    stop();
}

/* --- a backend that goes away --------------------------------------------- */

static void restarted(void)
{
    start();
    print(10);
    fake_run(MS);
    backend();

    fake_unbind();
    print(500);
    fake_run(SECONDS(1));
    print(100);
    fake_run(SECONDS(10));
    EXPECT_EQ(fake.notified, 1);
    comes_back();
    backend();
    EXPECT_EQ(in_order, printed);
    stop();
}

/* Even if nobody tells the new one that it should look. */
static void reminded(void)
{
    start();
    fake_unbind();
    print(10);
    fake_run(SECONDS(1));
    fake_bind();
    heard = fake.notified;
    fake_run(200 * MS);
    EXPECT(pending());
    backend();
    fake_stop();
}

static void died(bool took, bool answers)
{
    at(took, answers);
    start();
    print(10);
    fake_run(MS);
    heard = fake.notified;
    if ( took )
        buffer_append();
    if ( answers )
        fake_event();
    fake_unbind();

    print(5);
    comes_back();
    backend();
    fake_run(200 * MS);
    backend();
    EXPECT_EQ(in_order, printed);

    /* It is as if nothing had been. */
    fake_run(7 * MS);
    backend();
    print(1);
    fake_run(MS);
    EXPECT(pending());
    backend();
    fake_run(200 * MS);
    EXPECT_EQ(in_order, printed);
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

static void at_each_step(void)
{
    died(false, false); /* told, nothing done */
    died(true, false);  /* bytes taken, no answer */
    died(true, true);
}

/* It put bytes in, and died before it said so. */
static void input_untold(void)
{
    start();
    ring->in[ring->in_prod++ % IN] = 'x';
    fake_unbind();
    comes_back();
    EXPECT(guest_rd(UART(FR)) & PL011_FR_RXFE);
    print(1); /* anything that moves brings them */
    fake_run(MS);
    EXPECT_EQ(guest_rd(UART(DR)), 'x');
    backend();
    stop();
}

/* --- a page that lies ----------------------------------------------------- */

static void out_cons_lies(void)
{
    start();
    print(10);
    ring->out_cons = ring->out_prod + 1;
    print(FIFO);
    EXPECT(!can_print());
    EXPECT(senseless_looks() > 0);
    backend();
    fake_run(SECONDS(1));
    backend();
    EXPECT_EQ(in_order, 0);

    /* Sense comes back, but neither a byte nor an answer. */
    ring->out_cons = 0;
    fake_run(200 * MS);
    backend();
    fake_run(7 * MS);
    backend();
    EXPECT(can_print());
    stop();
}

static void out_prod_lies(void)
{
    start();
    print(10);
    ring->out_prod = 0xdeadbeef;
    fake_run(MS);
    backend(); /* our index is there again */
    EXPECT_EQ(in_order, 10);

    print(10);
    fake_run(7 * MS);
    ring->out_prod = 0xdeadbeef;
    backend();
    EXPECT_EQ(in_order, 10);
    fake_run(200 * MS);
    backend();
    stop();
}

static void in_prod_lies(void)
{
    uint64_t looks;

    start();
    ring->in[0] = 'x';
    ring->in_prod = 0xdeadbeef;
    fake_event();
    looks = senseless_looks();
    EXPECT(looks > 0);
    EXPECT_EQ(fake_armed(), 1);
    fake_run(SECONDS(1));
    EXPECT(senseless_looks() > looks);
    EXPECT(guest_rd(UART(FR)) & PL011_FR_RXFE);

    /* Output is as fast as ever. */
    backend();
    print(1);
    fake_run(7 * MS);
    backend();
    EXPECT_EQ(in_order, 1);

    ring->in_prod = 1;
    fake_run(200 * MS);
    EXPECT_EQ(guest_rd(UART(DR)), 'x');
    EXPECT(pending()); /* it may have seen no room: it shall look again */
    backend();
    stop();
}

/* The index that we move, as the backend sees it. */
static void in_cons_lies(void)
{
    start();
    ring->in_cons = 0xdeadbeef;
    print(1);
    fake_run(MS);
    EXPECT_EQ(ring->in_cons, 0);
    backend();
    stop();
}

/* Room is promised and taken away between two looks. */
static uint32_t seed;

static void flicker(void)
{
    ring->out_cons = random32(&seed) % 2 ? ring->out_prod : random32(&seed);
    ring->in_prod = random32(&seed) % 2 ? ring->in_cons : random32(&seed);
}

static void flickers(void)
{
    unsigned int i, j;

    for ( i = 0; i < 300; i++ )
    {
        at(i, seed);
        start();
        seed = i;
        fake.elsewhere = flicker;
        for ( j = 0; j < 100; j++ )
        {
            print(random32(&seed) % 40);
            fake_event();
            fake_run(random32(&seed) % (3 * MS));
        }
        fake.elsewhere = NULL;

        /* Made sane, with nothing to take: the guest goes on. */
        ring->out_cons = ring->out_prod;
        ring->in_prod = ring->in_cons;
        fake_run(200 * MS);
        EXPECT(can_print());
        ring->out_cons = ring->out_prod;
        ring->in_prod = ring->in_cons;
        fake_run(200 * MS);
        EXPECT_EQ(fake_armed(), 0);

        printed = in_order = 0;
        print(1);
        heard = fake.notified;
        fake_run(7 * MS);
        EXPECT(pending());
        backend();
        EXPECT_EQ(in_order, 1);
        stop();
    }
}

/* --- the end -------------------------------------------------------------- */

enum last { ARMED, UNANSWERED, FULL };

static void end_in(enum last state)
{
    unsigned long before;

    at(state, 0);
    start();
    print(state == FULL ? OUT + FIFO : 10);
    if ( state == UNANSWERED )
        fake_run(MS);
    EXPECT_EQ(fake_armed(), 1);
    before = fake.notified;
    fake_close_channels();
    vsio_domain_relinquish(&dom);
    fake_late_event();
    fake_run(SECONDS(10));
    EXPECT_EQ(fake.notified, before);
    EXPECT_EQ(fake_armed(), 0);
    fake_stop();
}

static void ends(void)
{
    end_in(ARMED);
    end_in(UNANSWERED);
    end_in(FULL);
}

static const struct test table[] = {
    { "a lone character reaches the backend within a millisecond", lone },
    { "just after another one: within seven milliseconds", busy },
    { "what follows does not put a burst off", not_put_off },
    { "a byte that finds the ring full tells the backend at once",
      full_at_once },
    { "an answer that leaves the ring full: told at once", full_when_answered },
    { "bytes that the backend has not seen when it answered follow", missed },
    { "one KB in a burst costs at most 3 notifications", one_kb },
    { "small bursts never make xenconsoled stop listening", never_30 },
    { "a guest faster than the clock: one notification a ring", ring_by_ring },
    { "an idle console has no timer", idle },
    { "a backend that takes long is reminded five times a second",
      slow_backend },
    { "a restarted daemon gets what was printed while it was away", restarted },
    { "a new daemon that nobody has woken is", reminded },
    { "a daemon that dies at each step of its turn, and comes back",
      at_each_step },
    { "input of a daemon that died silently comes with the next output",
      input_untold },
    { "out_cons lies: counted; all follows when it makes sense",
      out_cons_lies },
    { "out_prod is scribbled on: the backend sees ours", out_prod_lies },
    { "in_prod lies: counted; input follows when it makes sense",
      in_prod_lies },
    { "in_cons is scribbled on: the backend sees ours", in_cons_lies },
    { "indexes that flicker: the console works when they rest", flickers },
    { "the domain's end in any state", ends },
};
TESTS(table);

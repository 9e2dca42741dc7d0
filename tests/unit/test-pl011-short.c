/* SPDX-License-Identifier: MIT */
/*
 * PL011: the short cuts of pl011.h are the calls that they stand for. Two
 * UARTs get the same random steps; the first one's host takes each short cut
 * that is open, the second one's never does.
 */

#include "harness.h"
#include "pl011.h"
#include "pl011-regs.h"

#define STEPS 50000U

struct side {
    struct vsio_pl011 u;
    bool short_cuts;

    /* The host: what it has, and what it has seen. */
    uint32_t room;    /* bytes that it takes before it refuses */
    uint32_t waiting; /* bytes that it has for the guest, numbered from next */
    uint8_t next;
    uint32_t out_sum, got_sum;
    uint32_t rx_ready, modem, brk, events, rose, fell;
    bool level;
};

static struct side a, b;

/* How often a short cut was open, and was not. */
static struct {
    uint32_t open, shut;
} fr, straight, first, last;

static bool note(bool open, uint32_t *yes, uint32_t *no)
{
    *(open ? yes : no) += 1;

    return open;
}

#define NOTE(cut, is_open) note((is_open), &(cut).open, &(cut).shut)

/* --- The host ------------------------------------------------------------- */

static void set_irq(void *ctx, unsigned int line, bool level)
{
    struct side *s = ctx;

    EXPECT_EQ(line, 0);
    EXPECT(level != s->level);
    s->level = level;
    *(level ? &s->rose : &s->fell) += 1;
}

static void event(void *ctx, const struct vsio_event *ev)
{
    struct side *s = ctx;

    s->events = s->events * 31 + (uint32_t)ev->type + ev->offset + ev->value;
}

static bool tx(void *ctx, uint8_t byte)
{
    struct side *s = ctx;

    if ( !s->room )
        return false;

    s->room--;
    s->out_sum = s->out_sum * 31 + byte;

    return true;
}

/* Offers all that it has, as the glue does; one alone by the short cut. */
static void offer(struct side *s, bool short_cuts)
{
    uint8_t data[100];
    uint32_t i, n;

    if ( s->waiting == 1 && short_cuts &&
         NOTE(first, vsio_pl011_rx_awaits(&s->u)) )
    {
        vsio_pl011_rx_first(&s->u, s->next);
        set_irq(s, 0, true);
        n = 1;
    }
    else
    {
        for ( i = 0; i < s->waiting; i++ )
            data[i] = (uint8_t)(s->next + i);
        n = (uint32_t)vsio_pl011_rx(&s->u, data, s->waiting);
    }
    s->next = (uint8_t)(s->next + n);
    s->waiting -= n;
}

static void rx_ready(void *ctx)
{
    struct side *s = ctx;

    s->rx_ready++;
    offer(s, false); /* what it stands for is the case outside of callbacks */
}

static void modem(void *ctx, uint16_t cr_lines)
{
    struct side *s = ctx;

    s->modem = s->modem * 31 + cr_lines;
}

static void brk(void *ctx, bool on)
{
    struct side *s = ctx;

    s->brk = s->brk * 31 + on + 1;
}

static const struct vsio_pl011_host host = {
    .common = { .set_irq = set_irq,
                .event = event,
                .events = VSIO_WANT_ERRORS },
    .tx = tx,
    .rx_ready = rx_ready,
    .modem = modem,
    .brk = brk,
};

/* --- The guest ------------------------------------------------------------ */

static uint32_t read32(struct side *s, uint32_t reg)
{
    uint32_t value = 0;

    if ( s->short_cuts && reg == PL011_FR )
    {
        fr.open++;
        return vsio_pl011_read_fr(&s->u);
    }
    if ( s->short_cuts && reg == PL011_DR &&
         NOTE(last, vsio_pl011_rx_last(&s->u, &value)) )
    {
        set_irq(s, 0, false);
        return value;
    }
    EXPECT(vsio_read(&s->u.dev, reg, 4, &value));

    return value;
}

static void write32(struct side *s, uint32_t reg, uint32_t value)
{
    if ( s->short_cuts && reg == PL011_DR &&
         NOTE(straight, vsio_pl011_straight(&s->u)) && tx(s, (uint8_t)value) )
        vsio_pl011_sent(&s->u);
    else
        EXPECT(vsio_write(&s->u.dev, reg, 4, value));
}

static void part(struct side *s, uint32_t r)
{
    uint32_t offset = (r >> 4) & 0x7f, value = 0;
    unsigned int size = 1U << (r & 3);

    if ( r & 4 )
        vsio_write(&s->u.dev, offset, size, r >> 11);
    else if ( vsio_read(&s->u.dev, offset, size, &value) )
        s->got_sum = s->got_sum * 31 + value;
}

/* Mostly as drivers set it, so that there is something to cut short. */
static uint32_t control(uint32_t r)
{
    uint32_t cr = r >> 16;

    if ( r & 31 )
        cr = (cr & ~(PL011_CR_LBE | PL011_CR_CTSEN)) | PL011_CR_TXE |
             PL011_CR_RXE;

    return cr;
}

static void guest_step(struct side *s, uint32_t r)
{
    switch ( r % 32 )
    {
    default:
        s->got_sum = s->got_sum * 31 + read32(s, PL011_DR);
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        while ( !(read32(s, PL011_FR) & PL011_FR_RXFE) )
            s->got_sum = s->got_sum * 31 + read32(s, PL011_DR);
        break;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13:
    case 14:
        write32(s, PL011_DR, r >> 5);
        break;
    case 15:
    case 16:
    case 17:
        s->got_sum = s->got_sum * 31 + read32(s, PL011_FR);
        break;
    case 18:
        write32(s, PL011_LCR_H,
                (r >> 27) ? PL011_LCR_H_FEN | (r >> 18 & 0x6e) : r >> 18);
        break;
    case 19:
        write32(s, PL011_CR, control(r >> 5));
        break;
    case 20:
        write32(s, PL011_IFLS, r >> 5);
        break;
    case 21:
        write32(s, PL011_IMSC, r >> 5);
        break;
    case 22:
    case 28:
    case 29: /* as Linux does while it has nothing to send */
        write32(s, PL011_IMSC, PL011_INT_RX | PL011_INT_RT);
        write32(s, PL011_ICR, PL011_INT_MASK);
        break;
    case 23:
        write32(s, PL011_ICR, r >> 5);
        break;
    case 24:
        write32(s, PL011_RSR, r >> 5);
        break;
    case 25:
        write32(s, PL011_DMACR + (r >> 5) % 8 * 4, r >> 8);
        break;
    case 26:
        s->got_sum = s->got_sum * 31 + read32(s, (r >> 5) % 1024 * 4);
        break;
    case 27:
        part(s, r >> 5);
        break;
    }
}

static void host_step(struct side *s, uint32_t r)
{
    uint32_t n = (r >> 5) % 40;

    switch ( r % 32 )
    {
    default: /* somebody types */
        if ( s->waiting < 60 )
            s->waiting++;
        offer(s, s->short_cuts);
        break;
    case 20:
    case 21:
        if ( s->waiting < 60 )
            s->waiting += n;
        offer(s, s->short_cuts);
        break;
    case 22:
    case 23:
    case 24:
    case 25:
        s->room += n;
        vsio_pl011_tx_ready(&s->u);
        break;
    case 26:
        s->room = n / 8;
        break;
    case 27:
        vsio_pl011_rx_error(&s->u, (uint16_t)(r >> 11));
        break;
    case 28:
        vsio_pl011_overrun(&s->u);
        break;
    case 29:
    case 30:
        vsio_pl011_modem(&s->u, (uint16_t)(r >> 5 | PL011_FR_CTS));
        break;
    case 31:
        if ( n == 0 )
            vsio_reset(&s->u.dev);
        else if ( n < 3 )
            vsio_pl011_modem(&s->u, 0);
        break;
    }
}

/* --- The same? ------------------------------------------------------------ */

#define SAME(field) ok &= EXPECT_EQ(a.field, b.field)

/* Where in its array a FIFO begins is nobody's business: entry by entry. */
static bool same_fifos(void)
{
    uint32_t i;
    bool ok = true;

    SAME(u.rx_count);
    SAME(u.tx_count);
    for ( i = 0; ok && i < b.u.rx_count; i++ )
        ok &= EXPECT_EQ(a.u.rx[(a.u.rx_first + i) % VSIO_PL011_FIFO],
                        b.u.rx[(b.u.rx_first + i) % VSIO_PL011_FIFO]);
    for ( i = 0; ok && i < b.u.tx_count; i++ )
        ok &= EXPECT_EQ(a.u.tx[(a.u.tx_first + i) % VSIO_PL011_FIFO],
                        b.u.tx[(b.u.tx_first + i) % VSIO_PL011_FIFO]);

    return ok;
}

static bool same_device(void)
{
    bool ok = same_fifos();

    SAME(u.dev.lines);
    SAME(u.depth);
    SAME(u.rx_trigger);
    SAME(u.tx_trigger);
    SAME(u.rsr);
    SAME(u.ilpr);
    SAME(u.fbrd);
    SAME(u.lcr_h);
    SAME(u.ifls);
    SAME(u.dmacr);
    SAME(u.ibrd);
    SAME(u.cr);
    SAME(u.imsc);
    SAME(u.latched);
    SAME(u.ris);
    SAME(u.fr);
    SAME(u.modem_in);
    SAME(u.straight);
    SAME(u.rx_case);
    SAME(u.overrun);
    SAME(u.rx_wanted);
    SAME(u.dev.count.reads);
    SAME(u.dev.count.writes);
    SAME(u.dev.count.refused);
    SAME(u.dev.count.unknown);
    SAME(u.dev.count.bytes_in);
    SAME(u.dev.count.bytes_out);
    SAME(u.dev.count.bytes_dropped);
    SAME(u.dev.count.irqs);

    return ok;
}

static bool same_host(void)
{
    bool ok = true;

    SAME(room);
    SAME(waiting);
    SAME(next);
    SAME(out_sum);
    SAME(got_sum);
    SAME(rx_ready);
    SAME(modem);
    SAME(brk);
    SAME(events);
    SAME(level);
    SAME(rose);
    SAME(fell);

    return ok;
}

static bool valid(const struct side *s)
{
    bool ok = EXPECT(vsio_pl011_valid(&s->u));

    ok &= EXPECT_EQ(s->level, s->u.dev.lines);
    ok &= EXPECT_EQ(s->rose, s->u.dev.count.irqs);

    return ok;
}

static void plug_in(struct side *s, bool short_cuts)
{
    unsigned char *byte = (unsigned char *)s;
    size_t i;

    for ( i = 0; i < sizeof(*s); i++ )
        byte[i] = 0;
    s->short_cuts = short_cuts;
    vsio_pl011_init(&s->u, &host, s);
}

static void side_by_side(uint32_t seed)
{
    uint32_t start = seed, step, r;

    plug_in(&a, true);
    plug_in(&b, false);
    for ( step = 0; step < STEPS; step++ )
    {
        at(start, step);
        r = random32(&seed);
        if ( random32(&seed) & 1 )
        {
            guest_step(&a, r);
            guest_step(&b, r);
        }
        else
        {
            host_step(&a, r);
            host_step(&b, r);
        }
        if ( !valid(&a) || !valid(&b) || !same_device() || !same_host() )
            return;
    }
}

static void equivalent(void)
{
    side_by_side(1);
    side_by_side(0xdecafbad);
    side_by_side(0x20240229);
    side_by_side(77);
}

/* After the walks: they were no walk beside the point. */
static void taken(void)
{
    EXPECT(fr.open > 1000);
    EXPECT(straight.open > 1000);
    EXPECT(straight.shut > 1000);
    EXPECT(first.open > 1000);
    EXPECT(first.shut > 1000);
    EXPECT(last.open > 1000);
    EXPECT(last.shut > 1000);
}

/* As a driver that waits for a byte. */
static void listen(struct side *s)
{
    write32(s, PL011_LCR_H, PL011_LCR_H_FEN);
    write32(s, PL011_IMSC, PL011_INT_RX | PL011_INT_RT);
}

static void rx_break(struct side *s)
{
    EXPECT(vsio_pl011_rx_error(&s->u, PL011_DR_BE));
}

static void clear_errors(struct side *s)
{
    write32(s, PL011_RSR, 0);
    write32(s, PL011_ICR, PL011_INT_MASK);
}

/* A short cut that is not open has done nothing. */
static void untouched(void)
{
    uint32_t value = 0x5555;

    plug_in(&a, true);
    plug_in(&b, false);
    write32(&a, PL011_IMSC, PL011_INT_RT);
    write32(&b, PL011_IMSC, PL011_INT_RT);

    /* Without FIFOs there is more to it than one byte: RXFF, RXI. */
    EXPECT(!vsio_pl011_rx_awaits(&a.u));
    EXPECT(!vsio_pl011_rx_last(&a.u, &value));

    listen(&a);
    listen(&b);
    EXPECT(vsio_pl011_rx_awaits(&a.u));
    EXPECT(!vsio_pl011_rx_last(&a.u, &value)); /* empty */
    EXPECT(same_device());

    /* A byte with an error, and one after an overrun. */
    rx_break(&a);
    rx_break(&b);
    EXPECT(!vsio_pl011_rx_last(&a.u, &value));
    EXPECT(!vsio_pl011_rx_awaits(&a.u)); /* not empty */
    EXPECT_EQ(read32(&a, PL011_DR), read32(&b, PL011_DR));
    EXPECT(!vsio_pl011_rx_awaits(&a.u)); /* RSR is not clear */
    clear_errors(&a);
    clear_errors(&b);
    EXPECT(vsio_pl011_rx_awaits(&a.u));
    vsio_pl011_overrun(&a.u);
    vsio_pl011_overrun(&b.u);
    EXPECT(!vsio_pl011_rx_awaits(&a.u));

    EXPECT_EQ(value, 0x5555);
    EXPECT(same_device());
    EXPECT(valid(&a));
}

/* The line moves with the byte, or there is more to it. */
static void open_if_the_line_moves(void)
{
    uint32_t value = 0;

    plug_in(&a, true);
    listen(&a);
    EXPECT(vsio_pl011_rx_awaits(&a.u));
    write32(&a, PL011_IMSC, PL011_INT_RX); /* one byte is below the level */
    EXPECT(!vsio_pl011_rx_awaits(&a.u));
    write32(&a, PL011_IMSC, PL011_INT_RT | PL011_INT_TX); /* it is high */
    EXPECT(!vsio_pl011_rx_awaits(&a.u));
    write32(&a, PL011_IMSC, PL011_INT_RT);
    EXPECT(vsio_pl011_rx_awaits(&a.u));

    vsio_pl011_rx(&a.u, (const uint8_t *)"x", 1);
    write32(&a, PL011_IMSC, PL011_INT_RT | PL011_INT_TX); /* it stays high */
    EXPECT(!vsio_pl011_rx_last(&a.u, &value));
    write32(&a, PL011_IMSC, 0); /* it was low */
    EXPECT(!vsio_pl011_rx_last(&a.u, &value));
    write32(&a, PL011_IMSC, PL011_INT_RT);
    vsio_pl011_rx(&a.u, (const uint8_t *)"y", 1); /* not the last */
    EXPECT(!vsio_pl011_rx_last(&a.u, &value));
    EXPECT_EQ(read32(&a, PL011_DR), 'x');
    EXPECT(vsio_pl011_rx_last(&a.u, &value));
    EXPECT_EQ(value, 'y');
    EXPECT(!a.u.dev.lines);
    EXPECT(vsio_pl011_valid(&a.u));
}

static void open_to_each_byte(void)
{
    uint32_t byte, value;

    plug_in(&a, true);
    listen(&a);
    for ( byte = 0; byte < 256; byte++ )
    {
        at(byte, 0);
        value = 0x5555;
        EXPECT(vsio_pl011_rx_awaits(&a.u));
        vsio_pl011_rx_first(&a.u, (uint8_t)byte);
        EXPECT(vsio_pl011_rx_last(&a.u, &value));
        EXPECT_EQ(value, byte);
    }
    EXPECT(vsio_pl011_rx_error(&a.u, PL011_DR_FE)); /* 0x100 is no byte */
    EXPECT(!vsio_pl011_rx_last(&a.u, &value));
    EXPECT(vsio_pl011_valid(&a.u));
}

/* OE stays in RSR until somebody writes ECR, which may be never. */
static void open_after_an_overrun(void)
{
    uint32_t value = 0;

    plug_in(&a, true);
    listen(&a);
    vsio_pl011_overrun(&a.u);
    EXPECT_EQ(vsio_pl011_rx(&a.u, (const uint8_t *)"x", 1), 1);
    EXPECT_EQ(read32(&a, PL011_DR), PL011_DR_OE | 'x');
    EXPECT_EQ(read32(&a, PL011_RSR), PL011_RSR_OE);
    EXPECT(vsio_pl011_rx_awaits(&a.u));
    vsio_pl011_rx_first(&a.u, 'y');
    EXPECT(vsio_pl011_rx_last(&a.u, &value));
    EXPECT_EQ(value, 'y');
    EXPECT(vsio_pl011_valid(&a.u));
}

static const struct test table[] = {
    { "each short cut does what the call does, side by side", equivalent },
    { "each of them was open often, and often not", taken },
    { "one that is not open changes nothing", untouched },
    { "those of the receiver are open if the line moves, only then",
      open_if_the_line_moves },
    { "those of the receiver are open to each byte", open_to_each_byte },
    { "an overrun of long ago keeps none closed", open_after_an_overrun },
};
TESTS(table);

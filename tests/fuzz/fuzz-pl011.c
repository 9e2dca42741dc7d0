/* SPDX-License-Identifier: MIT */
/*
 * PL011: each byte is followed through two plain lists, from where it comes in
 * to where it goes out; what FR, RIS, MIS and RSR say must follow from them.
 */

#include "fuzz.h"
#include "pl011.h"

struct rig {
    struct watch w;
    struct vsio_pl011 uart;

    /* The host: what it takes and offers, what it was told. */
    uint32_t room, waiting;
    uint8_t next;
    uint32_t modem_out;
    bool brk_out;

    /* The model. */
    uint16_t rx[VSIO_PL011_FIFO];
    uint8_t tx[VSIO_PL011_FIFO];
    uint32_t nrx, ntx;
    uint32_t cr, lcr_h, ifls, imsc, latched, rsr, inputs, modem;
    bool lost, wanted;
};

/* --- The model ------------------------------------------------------------ */

static uint32_t depth(const struct rig *r)
{
    return r->lcr_h & PL011_LCR_H_FEN ? VSIO_PL011_FIFO : 1;
}

static bool loops(const struct rig *r)
{
    return r->cr & PL011_CR_LBE;
}

static bool tx_open(const struct rig *r)
{
    bool held = (r->cr & PL011_CR_CTSEN) && !(r->modem & PL011_FR_CTS);

    return (r->cr & PL011_CR_TXE) && !held;
}

static bool rx_open(const struct rig *r)
{
    return (r->cr & PL011_CR_RXE) && !loops(r);
}

/* A list loses its first entry. */
static uint32_t pop_rx(struct rig *r)
{
    uint32_t first = r->rx[0], i;

    for ( i = 1; i < r->nrx; i++ )
        r->rx[i - 1] = r->rx[i];
    r->nrx--;

    return first;
}

static uint8_t pop_tx(struct rig *r)
{
    uint8_t first = r->tx[0];
    uint32_t i;

    for ( i = 1; i < r->ntx; i++ )
        r->tx[i - 1] = r->tx[i];
    r->ntx--;

    return first;
}

static void store(struct rig *r, uint32_t entry)
{
    REQUIRE(r->nrx < depth(r));
    r->rx[r->nrx++] = (uint16_t)(entry | (r->lost ? PL011_DR_OE : 0));
    r->lost = false;
}

static void lose(struct rig *r)
{
    r->lost = true;
    r->rsr |= PL011_RSR_OE;
    r->latched |= PL011_INT_OE;
    r->w.want.bytes_dropped++;
}

static void receive(struct rig *r, uint32_t entry)
{
    if ( r->nrx == depth(r) )
    {
        lose(r);
        return;
    }
    store(r, entry);
    r->latched |= (entry & (PL011_DR_FE | PL011_DR_PE | PL011_DR_BE)) >> 1;
}

/* In loopback what waits goes round. */
static void loop(struct rig *r)
{
    uint8_t byte;

    while ( r->ntx && loops(r) && tx_open(r) )
    {
        byte = pop_tx(r);
        if ( r->cr & PL011_CR_RXE )
            receive(r, byte);
        else
            r->w.want.bytes_dropped++;
    }
}

static void flush(struct rig *r)
{
    r->w.want.bytes_dropped += r->nrx + r->ntx;
    r->nrx = r->ntx = 0;
}

static void modem(struct rig *r)
{
    uint32_t now = r->inputs, moved;

    if ( loops(r) )
        now = (r->cr & PL011_CR_RTS ? PL011_FR_CTS : 0) |
              (r->cr & PL011_CR_DTR ? PL011_FR_DSR : 0) |
              (r->cr & PL011_CR_OUT1 ? PL011_FR_DCD : 0) |
              (r->cr & PL011_CR_OUT2 ? PL011_FR_RI : 0);
    moved = now ^ r->modem;
    r->latched |= (moved & PL011_FR_CTS ? PL011_INT_CTS : 0) |
                  (moved & PL011_FR_DSR ? PL011_INT_DSR : 0) |
                  (moved & PL011_FR_DCD ? PL011_INT_DCD : 0) |
                  (moved & PL011_FR_RI ? PL011_INT_RI : 0);
    r->modem = now;
}

static bool loops_break(const struct rig *r)
{
    return (r->lcr_h & PL011_LCR_H_BRK) && loops(r) && (r->cr & PL011_CR_RXE);
}

static void control(struct rig *r, uint32_t cr, uint32_t lcr_h)
{
    bool fen = (r->lcr_h ^ lcr_h) & PL011_LCR_H_FEN, before = loops_break(r);

    if ( fen )
        flush(r);
    r->cr = cr;
    r->lcr_h = lcr_h;
    if ( !before && loops_break(r) )
        receive(r, PL011_DR_BE);
    modem(r);
    loop(r);
}

static uint32_t fr(const struct rig *r)
{
    return r->modem | (r->ntx ? PL011_FR_BUSY : PL011_FR_TXFE) |
           (r->ntx == depth(r) ? PL011_FR_TXFF : 0) |
           (r->nrx == depth(r) ? PL011_FR_RXFF : 0) |
           (r->nrx ? 0 : PL011_FR_RXFE);
}

static uint32_t ris(const struct rig *r)
{
    static const uint8_t levels[8] = { 4, 8, 16, 24, 28, 28, 28, 28 };
    bool fen = r->lcr_h & PL011_LCR_H_FEN;
    uint32_t rx = fen ? levels[r->ifls >> 3] : 1;
    uint32_t tx = fen ? levels[r->ifls & 7] : 0;

    return r->latched | (r->nrx ? PL011_INT_RT : 0) |
           (r->nrx >= rx ? PL011_INT_RX : 0) |
           (r->ntx <= tx ? PL011_INT_TX : 0);
}

/* --- What the device asks of its host ------------------------------------- */

static bool host_tx(void *ctx, uint8_t byte)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(tx_open(r) && !loops(r) && r->ntx);
    SAME(byte, r->tx[0]);
    trace(&r->w, byte);
    if ( !r->room )
        return false;

    r->room--;
    pop_tx(r);
    r->w.want.bytes_out++;

    return true;
}

static void offer(struct rig *r, uint32_t n)
{
    uint32_t room = rx_open(r) ? depth(r) - r->nrx : 0, i;
    uint8_t data[64];

    for ( i = 0; i < n; i++ )
        data[i] = (uint8_t)(r->next + i);
    for ( i = 0; i < n && i < room; i++ )
        store(r, r->next++);
    r->wanted |= n > room;
    r->waiting = n - i;
    r->w.want.bytes_in += i;
    SAME(vsio_pl011_rx(&r->uart, data, n), i);
}

static void host_rx_ready(void *ctx)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(r->wanted && r->nrx <= depth(r) / 2 && rx_open(r));
    trace(&r->w, 'R');
    r->wanted = false;
    if ( r->waiting )
        offer(r, r->waiting);
}

static void host_modem(void *ctx, uint16_t lines)
{
    struct rig *r = (struct rig *)host_called(ctx);

    SAME(lines & ~PL011_CR_MODEM, 0);
    REQUIRE(r->w.restoring || lines != r->modem_out);
    r->modem_out = lines;
}

static void host_brk(void *ctx, bool on)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(r->w.restoring || on != r->brk_out);
    r->brk_out = on;
}

static const struct vsio_pl011_host hosts[] = {
    { .common = { host_set_irq, host_event, VSIO_WANT_ERRORS },
      .tx = host_tx,
      .rx_ready = host_rx_ready,
      .modem = host_modem,
      .brk = host_brk },
    { .common = { host_set_irq, host_event, VSIO_WANT_ALL },
      .tx = host_tx,
      .rx_ready = host_rx_ready,
      .modem = host_modem,
      .brk = host_brk },
    { .tx = host_tx },
};

static const struct vsio_pl011_host deaf = { .rx_ready = NULL };

static uint32_t look(const struct watch *w, uint32_t reg)
{
    return peek(w, reg, &deaf.common);
}

/* --- The target ----------------------------------------------------------- */

static void start(struct watch *w, uint8_t config)
{
    struct rig *r = (struct rig *)w;

    watch(w, &r->uart.dev, sizeof(r->uart));
    vsio_pl011_init(&r->uart, &hosts[config % COUNT(hosts)], r);
    r->cr = PL011_CR_RESET;
    r->ifls = PL011_IFLS_RESET;
    r->inputs = r->modem = PL011_FR_CTS | PL011_FR_DSR | PL011_FR_DCD;
}

/* Registers and their lanes, what is between them, and the ID. */
static uint32_t place(void)
{
    uint8_t byte = take8();

    return byte < 0xe0 ? byte : 0xf00U + byte;
}

static void writes(struct watch *w, uint32_t reg, uint32_t value, uint32_t mask)
{
    struct rig *r = (struct rig *)w;

    switch ( reg )
    {
    case PL011_DR:
        if ( !(mask & 0xff) )
            break;
        if ( r->ntx == depth(r) )
            w->want.bytes_dropped++;
        else
            r->tx[r->ntx++] = (uint8_t)value;
        loop(r);
        break;
    case PL011_RSR:
        r->rsr = 0;
        break;
    case PL011_LCR_H:
        control(r, r->cr, vsio_merge(r->lcr_h, value, mask) & 0xff);
        break;
    case PL011_CR:
        control(r, vsio_merge(r->cr, value, mask) & PL011_CR_MASK, r->lcr_h);
        break;
    case PL011_IFLS:
        r->ifls = vsio_merge(r->ifls, value, mask) & 0x3f;
        break;
    case PL011_IMSC:
        r->imsc = vsio_merge(r->imsc, value, mask) & 0x7ff;
        break;
    case PL011_ICR:
        r->latched &= ~value;
        break;
    }
}

static uint32_t read_dr(struct rig *r)
{
    uint32_t entry;

    if ( !r->nrx )
        return 0;

    entry = pop_rx(r);
    r->rsr = (r->rsr & PL011_RSR_OE) | (entry >> 8 & 7);

    return entry;
}

static uint32_t reads(struct watch *w, uint32_t reg, uint32_t *known)
{
    struct rig *r = (struct rig *)w;

    *known = UINT32_MAX;
    switch ( reg )
    {
    case PL011_DR:
        return read_dr(r);
    case PL011_CR:
        return r->cr;
    case PL011_LCR_H:
        return r->lcr_h;
    case PL011_IFLS:
        return r->ifls;
    case PL011_IMSC:
        return r->imsc;
    default: /* FR, RIS, MIS and RSR are looked at after each step */
        *known = 0;
        return 0;
    }
}

static void resets(struct watch *w)
{
    struct rig *r = (struct rig *)w;

    flush(r);
    r->cr = PL011_CR_RESET;
    r->ifls = PL011_IFLS_RESET;
    r->lcr_h = r->imsc = r->latched = r->rsr = 0;
    r->modem = r->inputs;
    r->lost = false;
}

static void check(struct watch *w)
{
    const struct rig *r = (const struct rig *)w;
    uint32_t mis = ris(r) & r->imsc;

    SAME(look(w, PL011_FR), fr(r));
    SAME(look(w, PL011_RIS), ris(r));
    SAME(look(w, PL011_MIS), mis);
    SAME(look(w, PL011_RSR), r->rsr);
    SAME(w->dev->lines, mis != 0);

    /* Who waits, waits for a reason. */
    REQUIRE(!r->ntx || !tx_open(r) || (!loops(r) && !r->room));
    if ( w->dev->host->set_irq )
    {
        REQUIRE(!r->wanted || r->nrx > depth(r) / 2 || !rx_open(r));
        SAME(r->modem_out, r->cr & PL011_CR_MODEM);
        SAME(r->brk_out, (r->lcr_h & PL011_LCR_H_BRK) && !loops(r));
    }
}

static void sync(struct watch *w)
{
    struct rig *r = (struct rig *)w;
    const struct vsio_pl011 *u = &r->uart;

    for ( r->nrx = 0; r->nrx < u->rx_count; r->nrx++ )
        r->rx[r->nrx] = u->rx[(u->rx_first + r->nrx) % VSIO_PL011_FIFO];
    for ( r->ntx = 0; r->ntx < u->tx_count; r->ntx++ )
        r->tx[r->ntx] = u->tx[(u->tx_first + r->ntx) % VSIO_PL011_FIFO];
    r->cr = u->cr;
    r->lcr_h = u->lcr_h;
    r->ifls = u->ifls;
    r->imsc = u->imsc;
    r->latched = u->latched;
    r->rsr = u->rsr;
    r->inputs = u->modem_in;
    r->lost = u->overrun;
    r->modem = u->fr & PL011_FR_MODEM;
}

/* It asks for input, however it stood before, and sends what waits. */
static void resumes(struct watch *w)
{
    struct rig *r = (struct rig *)w;

    r->wanted = true;
    loop(r);
}

/* --- The host ------------------------------------------------------------- */

static void host_error(struct rig *r, uint16_t dr)
{
    bool room = rx_open(r) && r->nrx < depth(r);

    say("the host has an entry with errors: %#x", dr);
    if ( room )
    {
        r->w.want.bytes_in++;
        receive(r, dr & 0x7ff);
    }
    else
        r->wanted = true;
    SAME(vsio_pl011_rx_error(&r->uart, dr), room);
}

/* As a host does that takes short cuts: it moves the line itself. */
static void moved(struct rig *r, bool level)
{
    if ( r->w.dev->host->set_irq )
        host_set_irq(r, 0, level);
}

static void short_cut(struct rig *r, uint32_t n)
{
    static const char *const names[] = { "FR read", "DR write", "first byte",
                                         "last byte" };
    uint32_t value;

    say("short cut, if it is open: %s", names[n % 4]);
    if ( n % 4 == 0 )
    {
        r->w.want.reads++;
        SAME(vsio_pl011_read_fr(&r->uart), fr(r));
    }
    else if ( n % 4 == 1 && vsio_pl011_straight(&r->uart) )
    {
        REQUIRE(tx_open(r) && !loops(r) && !r->ntx);
        r->w.want.writes++;
        r->w.want.bytes_out++;
        vsio_pl011_sent(&r->uart);
    }
    else if ( n % 4 == 2 && vsio_pl011_rx_awaits(&r->uart) )
    {
        REQUIRE(rx_open(r) && !r->nrx);
        vsio_pl011_rx_first(&r->uart, r->next);
        r->w.want.bytes_in++;
        store(r, r->next++);
        moved(r, true);
    }
    else if ( n % 4 == 3 && vsio_pl011_rx_last(&r->uart, &value) )
    {
        r->w.want.reads++;
        SAME(r->nrx, 1);
        SAME(value, read_dr(r));
        moved(r, false);
    }
}

static void burst(struct watch *w, bool write, uint32_t n)
{
    for ( ; n; n-- )
        if ( write )
            guest_write(w, PL011_DR, 4, 'a' + n);
        else
            guest_read(w, PL011_DR, 4);
}

static void host(struct watch *w, uint32_t kind, uint32_t n)
{
    struct rig *r = (struct rig *)w;

    switch ( kind )
    {
    case 0:
        n *= 3;
        say("the host offers %u bytes", n);
        offer(r, n);
        break;
    case 1: /* the guest reads a lot, or sends a lot */
        burst(w, n & 8, (n & 7) * 5 + 1);
        break;
    case 2:
        host_error(r, take16());
        break;
    case 3:
        say("the host loses a byte");
        w->want.bytes_in++;
        lose(r);
        vsio_pl011_overrun(&r->uart);
        break;
    case 4:
        r->inputs = take16() & PL011_FR_MODEM;
        say("modem inputs are %#x", r->inputs);
        modem(r);
        loop(r);
        vsio_pl011_modem(&r->uart, (uint16_t)r->inputs);
        break;
    case 5:
    case 6:
        r->room = kind == 5 ? n : 1000;
        say("the host has room for %u bytes", r->room);
        vsio_pl011_tx_ready(&r->uart);
        break;
    default:
        short_cut(r, n);
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

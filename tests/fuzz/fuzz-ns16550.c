/* SPDX-License-Identifier: MIT */
/*
 * 16550A, registers 1, 2 or 4 bytes apart, 16 or 64 bytes of FIFO: each byte is
 * followed through two plain lists; what IIR, LSR and MSR say must follow.
 */

#include "fuzz.h"
#include "ns16550.h"
#include "ns16550-regs.h"

struct rig {
    struct watch w;
    struct vsio_ns16550 uart;

    /* The host: what it takes and offers, what it was told. */
    uint32_t room, waiting;
    uint8_t next;
    uint32_t modem_out;
    bool brk_out;

    /* The model. */
    uint16_t rx[VSIO_NS16550_RX_MAX]; /* errors above the byte */
    uint8_t tx[VSIO_NS16550_FIFO];
    uint32_t nrx, ntx, deep;
    uint32_t ier, fcr, lcr, mcr, scr, divisor, errors, delta, inputs, modem;
    bool thre, wanted;
};

/* --- The model ------------------------------------------------------------ */

static bool has_fifos(const struct rig *r)
{
    return r->fcr & NS16550_FCR_FE;
}

static bool loops(const struct rig *r)
{
    return r->mcr & NS16550_MCR_LOOP;
}

static uint32_t rx_depth(const struct rig *r)
{
    return has_fifos(r) ? r->deep : 1;
}

static uint32_t tx_depth(const struct rig *r)
{
    return has_fifos(r) ? VSIO_NS16550_FIFO : 1;
}

/* An error shows once its byte is the next one. */
static void show(struct rig *r)
{
    if ( r->nrx )
    {
        r->errors |= r->rx[0] >> 8;
        r->rx[0] &= 0xff;
    }
}

static void store(struct rig *r, uint32_t entry)
{
    REQUIRE(r->nrx < rx_depth(r));
    r->rx[r->nrx++] = (uint16_t)entry;
    show(r);
}

static void lose(struct rig *r)
{
    r->errors |= NS16550_LSR_OE;
    r->w.want.bytes_dropped++;
}

static uint32_t pop_rx(struct rig *r)
{
    uint32_t byte = r->rx[0], i;

    if ( !r->nrx )
        return 0;

    for ( i = 1; i < r->nrx; i++ )
        r->rx[i - 1] = r->rx[i];
    r->nrx--;
    show(r);

    return byte;
}

static uint8_t pop_tx(struct rig *r)
{
    uint8_t byte = r->tx[0];
    uint32_t i;

    for ( i = 1; i < r->ntx; i++ )
        r->tx[i - 1] = r->tx[i];
    r->ntx--;
    if ( !r->ntx )
        r->thre = true;

    return byte;
}

/* In loopback what waits goes round. */
static void loop(struct rig *r)
{
    uint8_t byte;

    while ( r->ntx && loops(r) )
    {
        byte = pop_tx(r);
        if ( r->nrx == rx_depth(r) )
        {
            lose(r);
            if ( rx_depth(r) > 1 ) /* 8.3: FIFOs keep what they have */
                continue;
            (void)pop_rx(r);
        }
        store(r, byte);
    }
}

static void flush(struct rig *r, bool rx, bool tx)
{
    if ( rx )
    {
        r->w.want.bytes_dropped += r->nrx;
        r->nrx = 0;
    }
    if ( tx && r->ntx )
    {
        r->w.want.bytes_dropped += r->ntx;
        r->ntx = 0;
        r->thre = true;
    }
}

static void modem(struct rig *r)
{
    uint32_t now = r->inputs, moved;

    if ( loops(r) )
        now = (r->mcr & NS16550_MCR_RTS ? NS16550_MSR_CTS : 0) |
              (r->mcr & NS16550_MCR_DTR ? NS16550_MSR_DSR : 0) |
              (r->mcr & NS16550_MCR_OUT1 ? NS16550_MSR_RI : 0) |
              (r->mcr & NS16550_MCR_OUT2 ? NS16550_MSR_DCD : 0);
    moved = now ^ r->modem;
    r->delta |= (moved & NS16550_MSR_CTS ? NS16550_MSR_DCTS : 0) |
                (moved & NS16550_MSR_DSR ? NS16550_MSR_DDSR : 0) |
                (moved & ~now & NS16550_MSR_RI ? NS16550_MSR_TERI : 0) |
                (moved & NS16550_MSR_DCD ? NS16550_MSR_DDCD : 0);
    r->modem = now;
}

static uint32_t lsr(const struct rig *r)
{
    uint32_t bad = r->errors & NS16550_LSR_BYTE, i;

    for ( i = 0; i < r->nrx; i++ )
        bad |= r->rx[i] >> 8;

    return r->errors | (r->nrx ? NS16550_LSR_DR : 0) |
           (r->ntx ? 0 : NS16550_LSR_THRE | NS16550_LSR_TEMT) |
           (bad && has_fifos(r) ? NS16550_LSR_ERR : 0);
}

static uint32_t iir(const struct rig *r)
{
    static const uint8_t levels[4] = { 1, 4, 8, 14 };
    uint32_t fifos = has_fifos(r) ? NS16550_IIR_FIFOS : 0;

    if ( (r->ier & NS16550_IER_ELSI) && r->errors )
        return fifos | NS16550_IIR_RLS;
    if ( (r->ier & NS16550_IER_ERBFI) && r->nrx )
        return fifos | (r->nrx < levels[r->fcr >> 6] ? NS16550_IIR_CTI
                                                     : NS16550_IIR_RDA);
    if ( (r->ier & NS16550_IER_ETBEI) && r->thre )
        return fifos | NS16550_IIR_THRE;
    if ( (r->ier & NS16550_IER_EDSSI) && r->delta )
        return fifos | NS16550_IIR_MSR;

    return fifos | NS16550_IIR_NONE;
}

/* --- What the device asks of its host ------------------------------------- */

static bool host_tx(void *ctx, uint8_t byte)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(!loops(r) && r->ntx);
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
    uint32_t room = loops(r) ? 0 : rx_depth(r) - r->nrx, i;
    uint8_t data[128];

    for ( i = 0; i < n; i++ )
        data[i] = (uint8_t)(r->next + i);
    for ( i = 0; i < n && i < room; i++ )
        store(r, r->next++);
    r->wanted |= n > room;
    r->waiting = n - i;
    r->w.want.bytes_in += i;
    SAME(vsio_ns16550_rx(&r->uart, data, n), i);
}

static void host_rx_ready(void *ctx)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(r->wanted && r->nrx <= rx_depth(r) / 2 && !loops(r));
    trace(&r->w, 'R');
    r->wanted = false;
    if ( r->waiting )
        offer(r, r->waiting);
}

static void host_modem(void *ctx, uint8_t lines)
{
    struct rig *r = (struct rig *)host_called(ctx);

    SAME(lines & ~NS16550_MCR_LINES, 0);
    REQUIRE(r->w.restoring || lines != r->modem_out);
    r->modem_out = lines;
}

static void host_brk(void *ctx, bool on)
{
    struct rig *r = (struct rig *)host_called(ctx);

    REQUIRE(r->w.restoring || on != r->brk_out);
    r->brk_out = on;
}

static const struct vsio_ns16550_host hosts[] = {
    { .common = { host_set_irq, host_event, VSIO_WANT_ALL },
      .tx = host_tx,
      .rx_ready = host_rx_ready,
      .modem = host_modem,
      .brk = host_brk },
    { .tx = host_tx },
};

static const struct vsio_ns16550_host deaf = { .rx_ready = NULL };

/* --- The target ----------------------------------------------------------- */

static void start(struct watch *w, uint8_t config)
{
    static const uint8_t strides[] = { 1, 2, 4 };
    struct rig *r = (struct rig *)w;

    r->deep = config & 1 ? VSIO_NS16550_RX_MAX : VSIO_NS16550_FIFO;
    r->divisor = NS16550_DLL_RESET;
    r->inputs = r->modem = NS16550_MSR_CTS | NS16550_MSR_DSR | NS16550_MSR_DCD;
    watch(w, &r->uart.dev, sizeof(r->uart));
    vsio_ns16550_init(&r->uart, &hosts[config >> 1 & 1], r,
                      strides[config / 4 % COUNT(strides)], r->deep);
}

static uint32_t place(void)
{
    return take8() % 36;
}

static void write_fcr(struct rig *r, uint32_t value)
{
    bool change = (r->fcr ^ value) & NS16550_FCR_FE;

    if ( !(value & NS16550_FCR_FE) )
        value = 0;
    flush(r, change || (value & NS16550_FCR_RFR),
          change || (value & NS16550_FCR_XFR));
    r->fcr = value & NS16550_FCR_STORED;
}

static void write_thr(struct rig *r, uint8_t byte)
{
    r->thre = false;
    if ( r->ntx == tx_depth(r) )
        r->w.want.bytes_dropped++;
    else
        r->tx[r->ntx++] = byte;
    loop(r);
}

static void write_ier(struct rig *r, uint32_t value)
{
    if ( (value & ~r->ier & NS16550_IER_ETBEI) && !r->ntx )
        r->thre = true;
    r->ier = value & NS16550_IER_MASK;
}

static void writes(struct watch *w, uint32_t reg, uint32_t value, uint32_t mask)
{
    struct rig *r = (struct rig *)w;
    bool dlab = r->lcr & NS16550_LCR_DLAB;
    uint32_t number = reg / w->dev->class->unit;

    if ( !(mask & 0xff) )
        return;
    value &= 0xff;

    if ( dlab && number < 2 )
        r->divisor = vsio_merge(r->divisor, value << (8 * number),
                                0xffU << (8 * number));
    else if ( number == NS16550_THR )
        write_thr(r, (uint8_t)value);
    else if ( number == NS16550_IER )
        write_ier(r, value);
    else if ( number == NS16550_FCR )
        write_fcr(r, value);
    else if ( number == NS16550_LCR )
        r->lcr = value;
    else if ( number == NS16550_MCR )
    {
        r->mcr = value & NS16550_MCR_MASK;
        modem(r);
        loop(r);
    }
    else if ( number == NS16550_SCR )
        r->scr = value;
}

static uint32_t read_iir(struct rig *r)
{
    uint32_t value = iir(r);

    if ( (value & 0xf) == NS16550_IIR_THRE )
        r->thre = false;

    return value;
}

/* The value, and then 0 is left. */
static uint32_t take(uint32_t value, uint32_t *errors)
{
    *errors = 0;

    return value;
}

static uint32_t reads(struct watch *w, uint32_t reg, uint32_t *known)
{
    struct rig *r = (struct rig *)w;
    bool dlab = r->lcr & NS16550_LCR_DLAB;

    *known = UINT32_MAX;
    switch ( reg / w->dev->class->unit )
    {
    case NS16550_RBR:
        return dlab ? r->divisor & 0xff : pop_rx(r);
    case NS16550_IER:
        return dlab ? r->divisor >> 8 : r->ier;
    case NS16550_IIR:
        return read_iir(r);
    case NS16550_LCR:
        return r->lcr;
    case NS16550_MCR:
        return r->mcr;
    case NS16550_LSR:
        return take(lsr(r), &r->errors);
    case NS16550_MSR:
        return take(r->modem | r->delta, &r->delta);
    default:
        return r->scr;
    }
}

static void resets(struct watch *w)
{
    struct rig *r = (struct rig *)w;

    flush(r, true, true);
    r->ier = r->fcr = r->lcr = r->mcr = r->scr = r->errors = r->delta = 0;
    r->divisor = NS16550_DLL_RESET;
    r->modem = r->inputs;
    r->thre = false;
}

static uint32_t look(const struct watch *w, uint32_t number)
{
    return peek(w, number * w->dev->class->unit, &deaf.common);
}

static void check(struct watch *w)
{
    const struct rig *r = (const struct rig *)w;

    SAME(look(w, NS16550_IIR), iir(r));
    SAME(look(w, NS16550_LSR), lsr(r));
    SAME(look(w, NS16550_MSR), r->modem | r->delta);
    SAME(w->dev->lines, (iir(r) & 0xf) != NS16550_IIR_NONE);

    /* Who waits, waits for a reason. */
    REQUIRE(!r->ntx || (!loops(r) && !r->room));
    if ( w->dev->host->set_irq )
    {
        REQUIRE(!r->wanted || r->nrx > rx_depth(r) / 2 || loops(r));
        SAME(r->modem_out, loops(r) ? 0 : r->mcr & NS16550_MCR_LINES);
        SAME(r->brk_out, (r->lcr & NS16550_LCR_SB) && !loops(r));
    }
}

static void sync(struct watch *w)
{
    struct rig *r = (struct rig *)w;
    const struct vsio_ns16550 *u = &r->uart;

    for ( r->nrx = 0; r->nrx < u->rx_count; r->nrx++ )
        r->rx[r->nrx] = u->rx[(u->rx_first + r->nrx) % VSIO_NS16550_RX_MAX];
    for ( r->ntx = 0; r->ntx < u->tx_count; r->ntx++ )
        r->tx[r->ntx] = u->tx[(u->tx_first + r->ntx) % VSIO_NS16550_FIFO];
    r->deep = u->rx_fifo;
    r->ier = u->ier;
    r->fcr = u->fcr;
    r->lcr = u->lcr;
    r->mcr = u->mcr;
    r->scr = u->scr;
    r->divisor = u->dll | (uint32_t)u->dlm << 8;
    r->errors = u->errors;
    r->delta = u->delta;
    r->inputs = u->modem_in;
    r->modem = u->modem;
    r->thre = u->thre;
}

/* It asks for input, however it stood before. */
static void resumes(struct watch *w)
{
    ((struct rig *)w)->wanted = true;
}

/* --- The host ------------------------------------------------------------- */

static void host_error(struct rig *r, uint8_t byte, uint8_t errors)
{
    bool room = !loops(r) && r->nrx < rx_depth(r);

    say("the host has %#x with errors %#x", byte, errors);
    if ( room )
    {
        r->w.want.bytes_in++;
        store(r, byte | (errors & NS16550_LSR_BYTE) << 8);
    }
    else
        r->wanted = true;
    SAME(vsio_ns16550_rx_error(&r->uart, byte, errors), room);
}

static void host(struct watch *w, uint32_t kind, uint32_t n)
{
    struct rig *r = (struct rig *)w;

    switch ( kind )
    {
    case 0:
        n *= 5;
        say("the host offers %u bytes", n);
        offer(r, n);
        break;
    case 1: /* the guest sends a lot */
        for ( n += 2; n; n-- )
            guest_write(w, 0, 1, 'a' + n);
        break;
    case 2: /* and reads a lot */
        for ( n = n * 5 + 1; n; n-- )
            guest_read(w, 0, 1);
        break;
    case 3:
        host_error(r, take8(), (uint8_t)(n << 1));
        break;
    case 4:
        say("the host loses a byte");
        w->want.bytes_in++;
        lose(r);
        vsio_ns16550_overrun(&r->uart);
        break;
    case 5:
        r->inputs = n << 4;
        say("modem inputs are %#x", r->inputs);
        modem(r);
        vsio_ns16550_modem(&r->uart, (uint8_t)r->inputs);
        break;
    default:
        r->room = kind == 6 ? n : 1000;
        say("the host has room for %u bytes", r->room);
        vsio_ns16550_tx_ready(&r->uart);
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

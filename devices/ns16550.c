/* SPDX-License-Identifier: MIT */
/* 16550A UART; section numbers are those of National's PC16550D. */

#include "ns16550.h"
#include "ns16550-regs.h"
#include "snapshot.h"

/* The ring of the receiver is of one size, however much of it is used. */
#define RING VSIO_NS16550_RX_MAX

_Static_assert((RING & (RING - 1)) == 0, "places wrap by a mask");

/* An entry of the receiver: the byte, and bits of LSR_BYTE from here on. */
#define LSR_SHIFT 8U

static struct vsio_ns16550 *to_ns16550(struct vsio_device *dev)
{
    return (struct vsio_ns16550 *)dev;
}

static const struct vsio_ns16550_host *host_of(const struct vsio_ns16550 *u)
{
    return (const struct vsio_ns16550_host *)u->dev.host;
}

static bool has_fifos(const struct vsio_ns16550 *u)
{
    return u->fcr & NS16550_FCR_FE;
}

static bool loops(const struct vsio_ns16550 *u)
{
    return u->mcr & NS16550_MCR_LOOP;
}

static uint8_t rx_limit(const struct vsio_ns16550 *u)
{
    return has_fifos(u) ? u->rx_fifo : 1;
}

static uint8_t tx_limit(const struct vsio_ns16550 *u)
{
    return has_fifos(u) ? VSIO_NS16550_FIFO : 1;
}

/* 8.4: bytes that make received data an interrupt; without FIFOs, any. */
static uint8_t trigger_of(const struct vsio_ns16550 *u)
{
    static const uint8_t level[4] = { 1, 4, 8, 14 };

    return level[u->fcr >> 6];
}

static uint32_t lsr_of(const struct vsio_ns16550 *u)
{
    uint32_t lsr = u->errors;

    if ( u->rx_count )
        lsr |= NS16550_LSR_DR;
    /* Bytes are here only while they can't leave. */
    if ( !u->tx_count )
        lsr |= NS16550_LSR_THRE | NS16550_LSR_TEMT;
    /* 8.3: an error counts from its arrival until LSR is read. */
    if ( has_fifos(u) && (u->rx_bad || (u->errors & NS16550_LSR_BYTE)) )
        lsr |= NS16550_LSR_ERR;

    return lsr;
}

/* 8.5: of what is enabled and pending, that with the highest priority. */
static uint32_t source_of(const struct vsio_ns16550 *u)
{
    if ( (u->ier & NS16550_IER_ELSI) && u->errors )
        return NS16550_IIR_RLS;
    /* No time passes here: the wait of a timeout is over at once (8.10). */
    if ( (u->ier & NS16550_IER_ERBFI) && u->rx_count )
        return u->rx_count < trigger_of(u) ? NS16550_IIR_CTI : NS16550_IIR_RDA;
    if ( (u->ier & NS16550_IER_ETBEI) && u->thre )
        return NS16550_IIR_THRE;
    if ( (u->ier & NS16550_IER_EDSSI) && u->delta )
        return NS16550_IIR_MSR;

    return NS16550_IIR_NONE;
}

/* The way out of every change of state. */
static void update_irq(struct vsio_ns16550 *u)
{
    vsio_set_line(&u->dev, 0, source_of(u) != NS16550_IIR_NONE);
}

static size_t rx_room(const struct vsio_ns16550 *u)
{
    return (size_t)(rx_limit(u) - u->rx_count);
}

/* A place of the ring as its bit in rx_bad. */
static uint64_t bit_of(uint32_t place)
{
    uint32_t n = place % RING;

    return 1ULL << n;
}

/* 8.3: errors show when their byte is the next one to be read. */
static void rx_reveal(struct vsio_ns16550 *u)
{
    uint16_t *entry = &u->rx[u->rx_first]; /* unmarked if there is none */

    u->errors |= (uint8_t)(*entry >> LSR_SHIFT);
    *entry &= 0xff;
    u->rx_bad &= ~bit_of(u->rx_first);
}

/* The caller has checked that there is room, and calls update_irq(). */
static void rx_store(struct vsio_ns16550 *u, uint32_t entry)
{
    uint32_t last = (uint32_t)u->rx_first + u->rx_count;

    u->rx[last % RING] = (uint16_t)entry;
    u->rx_count++;
    if ( entry >> LSR_SHIFT )
    {
        u->rx_bad |= bit_of(last);
        rx_reveal(u);
    }
}

static uint8_t rx_pop(struct vsio_ns16550 *u)
{
    uint8_t byte = (uint8_t)u->rx[u->rx_first];

    u->rx_first = (u->rx_first + 1) % RING;
    u->rx_count--;
    rx_reveal(u);

    return byte;
}

/* A byte is lost, OE says so at once. */
static void rx_overrun(struct vsio_ns16550 *u, uint8_t byte)
{
    u->errors |= NS16550_LSR_OE;
    vsio_dropped(&u->dev, NS16550_RBR, byte);
}

/* Call the host back that vsio_ns16550_rx() has refused. */
static void rx_offer(struct vsio_ns16550 *u)
{
    const struct vsio_ns16550_host *host = host_of(u);

    if ( !u->rx_wanted || u->rx_count > rx_limit(u) / 2 || loops(u) )
        return;

    u->rx_wanted = false;
    if ( host->rx_ready )
        host->rx_ready(u->dev.ctx);
}

/* What the host has no room for must wait. */
static bool tx_host(struct vsio_ns16550 *u, uint8_t byte)
{
    if ( !host_of(u)->tx(u->dev.ctx, byte) )
        return false;

    u->dev.count.bytes_out++;
    vsio_tell(&u->dev, VSIO_EVENT_OUT, NS16550_THR, byte);

    return true;
}

/*
 * 8.7: round the loop, whose receiver can't hold its sender back. 8.3, OE: what
 * is in a full FIFO stays; without FIFOs the new byte takes the old one's
 * place.
 */
static void tx_loop(struct vsio_ns16550 *u, uint8_t byte)
{
    if ( !rx_room(u) && has_fifos(u) )
    {
        rx_overrun(u, byte);
        return;
    }

    if ( !rx_room(u) )
        rx_overrun(u, rx_pop(u));
    rx_store(u, byte);
}

/* One byte leaves. False: it must wait. */
static bool tx_send(struct vsio_ns16550 *u, uint8_t byte)
{
    if ( !loops(u) )
        return tx_host(u, byte);

    tx_loop(u, byte);

    return true;
}

static uint8_t tx_pop(struct vsio_ns16550 *u)
{
    uint8_t byte = u->tx[u->tx_first];

    u->tx_first = (u->tx_first + 1) % VSIO_NS16550_FIFO;
    u->tx_count--;
    if ( !u->tx_count )
        u->thre = true;

    return byte;
}

static void tx_drain(struct vsio_ns16550 *u)
{
    while ( u->tx_count && tx_send(u, u->tx[u->tx_first]) )
        (void)tx_pop(u);
}

/* What was in a FIFO is lost, and counted; errors that showed stay. */
static void flush_rx(struct vsio_ns16550 *u)
{
    unsigned int i;

    for ( ; u->rx_count; u->rx_count-- )
    {
        vsio_dropped(&u->dev, NS16550_RBR, (uint8_t)u->rx[u->rx_first]);
        u->rx_first = (u->rx_first + 1) % RING;
    }

    for ( i = 0; i < RING; i++ )
        u->rx[i] = 0;
    u->rx_bad = 0;
}

static void flush_tx(struct vsio_ns16550 *u)
{
    while ( u->tx_count )
        vsio_dropped(&u->dev, NS16550_THR, tx_pop(u));
}

/* Modem inputs: the host's lines, or in loopback our own outputs (8.7). */
static uint8_t modem_of(const struct vsio_ns16550 *u)
{
    uint32_t now = 0;

    if ( !loops(u) )
        return u->modem_in;

    now |= u->mcr & NS16550_MCR_RTS ? NS16550_MSR_CTS : 0;
    now |= u->mcr & NS16550_MCR_DTR ? NS16550_MSR_DSR : 0;
    now |= u->mcr & NS16550_MCR_OUT1 ? NS16550_MSR_RI : 0;
    now |= u->mcr & NS16550_MCR_OUT2 ? NS16550_MSR_DCD : 0;

    return (uint8_t)now;
}

static void update_modem(struct vsio_ns16550 *u)
{
    uint8_t now = modem_of(u);
    uint32_t moved = u->modem ^ now;

    /* 8.8: RI matters when it goes. Deltas lie 4 bits below their lines. */
    moved &= ~(now & NS16550_MSR_RI);
    u->delta |= (uint8_t)(moved >> 4);
    u->modem = now;
}

/*
 * 8.7: loopback takes the outputs, and 8.1's break, off the line. Without it
 * MCR has no other bits.
 */
static uint8_t lines_out(const struct vsio_ns16550 *u)
{
    return loops(u) ? 0 : u->mcr;
}

static bool brk_out(const struct vsio_ns16550 *u)
{
    return (u->lcr & NS16550_LCR_SB) && !loops(u);
}

/* New values of MCR and LCR; the host is told about outputs that change. */
static void set_outputs(struct vsio_ns16550 *u, uint8_t mcr, uint8_t lcr)
{
    const struct vsio_ns16550_host *host = host_of(u);
    uint8_t lines = lines_out(u);
    bool brk = brk_out(u);

    u->mcr = mcr & NS16550_MCR_MASK;
    u->lcr = lcr;

    if ( lines != lines_out(u) && host->modem )
        host->modem(u->dev.ctx, lines_out(u));
    if ( brk != brk_out(u) && host->brk )
        host->brk(u->dev.ctx, !brk);
}

static void write_mcr(struct vsio_ns16550 *u, uint8_t value)
{
    set_outputs(u, value, u->lcr);
    update_modem(u);
    tx_drain(u); /* round the loop, if that is now the way */
    update_irq(u);
    rx_offer(u);
}

static void write_fcr(struct vsio_ns16550 *u, uint8_t value)
{
    uint8_t resets = value & (NS16550_FCR_RFR | NS16550_FCR_XFR);

    /* 8.4: without FE no other bit is programmed; a change resets both. */
    if ( !(value & NS16550_FCR_FE) )
        value = resets = 0;
    if ( (u->fcr ^ value) & NS16550_FCR_FE )
        resets = NS16550_FCR_RFR | NS16550_FCR_XFR;

    if ( resets & NS16550_FCR_RFR )
        flush_rx(u);
    if ( resets & NS16550_FCR_XFR )
        flush_tx(u);
    u->fcr = value & NS16550_FCR_STORED;
    update_irq(u);
    rx_offer(u);
}

/*
 * An empty transmitter is news to whoever enables its interrupt: drivers that
 * mask it for a while, or that begin to send so, wait for it. It is not for
 * those that had it enabled before: theirs would never fall silent.
 */
static void write_ier(struct vsio_ns16550 *u, uint8_t value)
{
    if ( (value & ~u->ier & NS16550_IER_ETBEI) && !u->tx_count )
        u->thre = true;
    u->ier = value & NS16550_IER_MASK;
    update_irq(u);
}

static void tx_store(struct vsio_ns16550 *u, uint8_t byte)
{
    if ( u->tx_count == tx_limit(u) )
    {
        vsio_dropped(&u->dev, NS16550_THR, byte);
        return;
    }

    u->tx[(u->tx_first + u->tx_count) % VSIO_NS16550_FIFO] = byte;
    u->tx_count++;
}

static void write_thr(struct vsio_ns16550 *u, uint8_t byte)
{
    /* 8.5: the interrupt ends here, even if the byte has left by then; a host
       that takes edges sees the next one. */
    if ( u->thre )
    {
        u->thre = false;
        update_irq(u);
    }

    if ( u->tx_count || !tx_send(u, byte) )
        tx_store(u, byte);
    else
        u->thre = true;
    update_irq(u);
}

static uint8_t read_rbr(struct vsio_ns16550 *u)
{
    uint8_t byte;

    if ( !u->rx_count )
        return 0;

    byte = rx_pop(u);
    vsio_tell(&u->dev, VSIO_EVENT_READ, NS16550_RBR, byte);
    if ( !u->rx_count )
        vsio_tell(&u->dev, VSIO_EVENT_EMPTY, NS16550_RBR, 0);
    /* First, so that a host that takes edges sees one for each refill. */
    update_irq(u);
    rx_offer(u);

    return byte;
}

static uint32_t read_iir(struct vsio_ns16550 *u)
{
    uint32_t source = source_of(u);

    /* 8.5: this one ends by being told. */
    if ( source == NS16550_IIR_THRE )
    {
        u->thre = false;
        update_irq(u);
    }

    return source | (has_fifos(u) ? NS16550_IIR_FIFOS : 0);
}

static uint32_t read_lsr(struct vsio_ns16550 *u)
{
    uint32_t lsr = lsr_of(u);

    if ( u->errors )
    {
        u->errors = 0;
        update_irq(u);
    }

    return lsr;
}

static uint32_t read_msr(struct vsio_ns16550 *u)
{
    uint32_t msr = (uint32_t)u->modem | u->delta;

    u->delta = 0;
    update_irq(u);

    return msr;
}

/* Which register: units are 1, 2 and 4 bytes. */
static uint32_t number_of(const struct vsio_device *dev, uint32_t reg)
{
    return reg >> (dev->class->unit >> 1);
}

static uint32_t ns16550_read(struct vsio_device *dev, uint32_t reg)
{
    struct vsio_ns16550 *u = to_ns16550(dev);
    bool dlab = u->lcr & NS16550_LCR_DLAB;

    switch ( number_of(dev, reg) )
    {
    case NS16550_RBR:
        return dlab ? u->dll : read_rbr(u);
    case NS16550_IER:
        return dlab ? u->dlm : u->ier;
    case NS16550_IIR:
        return read_iir(u);
    case NS16550_LCR:
        return u->lcr;
    case NS16550_MCR:
        return u->mcr;
    case NS16550_LSR:
        return read_lsr(u);
    case NS16550_MSR:
        return read_msr(u);
    default:
        return u->scr;
    }
}

static void ns16550_write(struct vsio_device *dev,
                          uint32_t reg,
                          uint32_t value,
                          uint32_t mask)
{
    struct vsio_ns16550 *u = to_ns16550(dev);
    bool dlab = u->lcr & NS16550_LCR_DLAB;
    uint32_t number = number_of(dev, reg);
    uint8_t byte = (uint8_t)value;

    /* The lanes beside the byte lead nowhere, and LSR and MSR can't be set. */
    if ( !(mask & 0xff) || number == NS16550_LSR || number == NS16550_MSR )
    {
        vsio_unknown(dev, reg, true, value);
        return;
    }

    switch ( number )
    {
    case NS16550_THR:
        if ( dlab )
            u->dll = byte;
        else
            write_thr(u, byte);
        break;
    case NS16550_IER:
        if ( dlab )
            u->dlm = byte;
        else
            write_ier(u, byte);
        break;
    case NS16550_FCR:
        write_fcr(u, byte);
        break;
    case NS16550_LCR:
        set_outputs(u, u->mcr, byte);
        break;
    case NS16550_MCR:
        write_mcr(u, byte);
        break;
    default:
        u->scr = byte;
        break;
    }
}

/* Table I, reset values; the line is left to update_irq(). */
static void power_on(struct vsio_ns16550 *u)
{
    u->rx_first = u->tx_first = 0;
    u->ier = u->fcr = u->lcr = u->mcr = u->scr = 0;
    u->dll = NS16550_DLL_RESET; /* some guests divide by it */
    u->dlm = 0;
    u->errors = u->delta = 0;
    u->modem = u->modem_in;
    u->thre = false;
}

static void ns16550_reset(struct vsio_device *dev)
{
    struct vsio_ns16550 *u = to_ns16550(dev);

    flush_rx(u);
    flush_tx(u);
    set_outputs(u, 0, 0);
    power_on(u);
    update_irq(u);
    rx_offer(u);
}

void vsio_ns16550_init(struct vsio_ns16550 *u,
                       const struct vsio_ns16550_host *host,
                       void *ctx,
                       unsigned int stride,
                       unsigned int rx_depth)
{
    *u = (struct vsio_ns16550){
        .dev = { .class = &vsio_ns16550_class[(stride >> 1) % 3],
                 .host = &host->common,
                 .ctx = ctx },
        .rx_fifo = rx_depth == VSIO_NS16550_RX_MAX ? VSIO_NS16550_RX_MAX
                                                   : VSIO_NS16550_FIFO,
        .modem_in = NS16550_MSR_CTS | NS16550_MSR_DSR | NS16550_MSR_DCD,
    };
    power_on(u);
}

size_t vsio_ns16550_rx(struct vsio_ns16550 *u, const uint8_t *data, size_t n)
{
    size_t room = loops(u) ? 0 : rx_room(u), i;

    if ( n > room )
    {
        u->rx_wanted = true;
        n = room;
    }
    for ( i = 0; i < n; i++ )
        rx_store(u, data[i]);
    u->dev.count.bytes_in += n;
    update_irq(u);

    return n;
}

bool vsio_ns16550_rx_error(struct vsio_ns16550 *u, uint8_t byte, uint8_t lsr)
{
    uint32_t errors = lsr & NS16550_LSR_BYTE;

    if ( loops(u) || !rx_room(u) )
    {
        u->rx_wanted = true;
        return false;
    }

    u->dev.count.bytes_in++;
    rx_store(u, errors << LSR_SHIFT | byte);
    update_irq(u);

    return true;
}

void vsio_ns16550_overrun(struct vsio_ns16550 *u)
{
    u->dev.count.bytes_in++;
    rx_overrun(u, 0);
    update_irq(u);
}

void vsio_ns16550_tx_ready(struct vsio_ns16550 *u)
{
    tx_drain(u);
    update_irq(u);
}

void vsio_ns16550_modem(struct vsio_ns16550 *u, uint8_t msr_lines)
{
    u->modem_in = msr_lines & NS16550_MSR_LINES;
    update_modem(u);
    update_irq(u);
}

static bool is_bad(const struct vsio_ns16550 *u, unsigned int place)
{
    return u->rx[place] >> LSR_SHIFT;
}

/* Behind the first entry: that one's errors have shown. */
static bool may_be_bad(const struct vsio_ns16550 *u, unsigned int place)
{
    unsigned int entry = (place - u->rx_first) % RING;

    return entry > 0 && entry < u->rx_count;
}

static uint64_t rx_bad_of(const struct vsio_ns16550 *u)
{
    uint64_t bad = 0;
    unsigned int i;

    for ( i = 0; i < RING; i++ )
        bad |= is_bad(u, i) ? bit_of(i) : 0;

    return bad;
}

static bool valid_bad(const struct vsio_ns16550 *u)
{
    unsigned int i;

    for ( i = 0; i < RING; i++ )
        if ( is_bad(u, i) && !may_be_bad(u, i) )
            return false;

    return u->rx_bad == rx_bad_of(u);
}

static bool valid_fifos(const struct vsio_ns16550 *u)
{
    uint32_t entries = 0;
    unsigned int i;

    for ( i = 0; i < RING; i++ )
        entries |= u->rx[i];

    return !(entries & ~(NS16550_LSR_BYTE << LSR_SHIFT | 0xff)) &&
           (u->rx_fifo == VSIO_NS16550_FIFO ||
            u->rx_fifo == VSIO_NS16550_RX_MAX) &&
           u->rx_first < RING && u->tx_first < VSIO_NS16550_FIFO &&
           u->rx_count <= rx_limit(u) && u->tx_count <= tx_limit(u) &&
           valid_bad(u);
}

static bool ns16550_valid(const struct vsio_device *dev)
{
    const struct vsio_ns16550 *u = (const struct vsio_ns16550 *)dev;

    return u->ier <= NS16550_IER_MASK && u->mcr <= NS16550_MCR_MASK &&
           !(u->fcr & ~NS16550_FCR_STORED) && (has_fifos(u) || !u->fcr) &&
           !(u->errors & ~NS16550_LSR_ERRS) && u->delta <= NS16550_MSR_DELTA &&
           !(u->modem_in & ~NS16550_MSR_LINES) && u->modem == modem_of(u) &&
           !(u->tx_count && (u->thre || loops(u))) && valid_fifos(u) &&
           dev->lines == (source_of(u) != NS16550_IIR_NONE);
}

bool vsio_ns16550_valid(const struct vsio_ns16550 *u)
{
    return ns16550_valid(&u->dev);
}

static void ns16550_fields(struct vsio_device *dev, struct vsio_stream *s)
{
    struct vsio_ns16550 *u = to_ns16550(dev);
    unsigned int i;

    vsio_field8(s, &u->ier);
    vsio_field8(s, &u->fcr);
    vsio_field8(s, &u->lcr);
    vsio_field8(s, &u->mcr);
    vsio_field8(s, &u->scr);
    vsio_field8(s, &u->dll);
    vsio_field8(s, &u->dlm);
    vsio_field8(s, &u->errors);
    vsio_field8(s, &u->delta);
    vsio_field8(s, &u->modem_in);
    vsio_field_bool(s, &u->thre);
    vsio_field8(s, &u->rx_fifo);
    vsio_field8(s, &u->rx_first);
    vsio_field8(s, &u->rx_count);
    vsio_field8(s, &u->tx_first);
    vsio_field8(s, &u->tx_count);
    vsio_field_bytes(s, u->tx, VSIO_NS16550_FIFO);
    for ( i = 0; i < RING; i++ )
        vsio_field16(s, &u->rx[i]);
}

#define FIELDS_SIZE (16U + VSIO_NS16550_FIFO + 2U * RING)

static void ns16550_derive(struct vsio_device *dev)
{
    struct vsio_ns16550 *u = to_ns16550(dev);

    u->modem = modem_of(u);
    u->rx_bad = rx_bad_of(u);
    dev->lines = source_of(u) != NS16550_IIR_NONE;
}

/* The host is another one, perhaps: it may have room, or bytes for us. */
static void ns16550_resume(struct vsio_device *dev)
{
    struct vsio_ns16550 *u = to_ns16550(dev);
    const struct vsio_ns16550_host *host = host_of(u);

    if ( host->modem )
        host->modem(dev->ctx, lines_out(u));
    if ( host->brk )
        host->brk(dev->ctx, brk_out(u));
    vsio_ns16550_tx_ready(u); /* also moves the line */
    u->rx_wanted = true;
    rx_offer(u);
}

#define CLASS(stride)                                                          \
    {                                                                          \
        .name = "ns16550", .window = NS16550_REGS * (stride),                  \
        .unit = (stride), .lines = 1, .read = ns16550_read,                    \
        .write = ns16550_write, .reset = ns16550_reset,                        \
        .valid = ns16550_valid, .type = VSIO_TYPE('1', '6', '5', '5'),         \
        .version = 1, .record = VSIO_RECORD_COUNTERS + FIELDS_SIZE,            \
        .fields = ns16550_fields, .derive = ns16550_derive,                    \
        .resume = ns16550_resume,                                              \
    }

const struct vsio_class vsio_ns16550_class[3] = {
    CLASS(1U),
    CLASS(2U),
    CLASS(4U),
};

/* SPDX-License-Identifier: MIT */
/* PrimeCell UART PL011 r1p5; section numbers are those of Arm DDI 0183G. */

#include "pl011.h"
#include "pl011-regs.h"

static struct vsio_pl011 *to_pl011(struct vsio_device *dev)
{
    return (struct vsio_pl011 *)dev;
}

static const struct vsio_pl011_host *host_of(const struct vsio_pl011 *u)
{
    return (const struct vsio_pl011_host *)u->dev.host;
}

/* What FR and RIS say is a function of the FIFOs and of what is latched. */
static uint32_t fr_of(const struct vsio_pl011 *u)
{
    uint32_t fr = u->fr & PL011_FR_MODEM;

    if ( !u->rx_count )
        fr |= PL011_FR_RXFE;
    if ( u->rx_count == u->depth )
        fr |= PL011_FR_RXFF;
    /* Bytes are here only while they can't leave: then we are BUSY. */
    fr |= u->tx_count ? PL011_FR_BUSY : PL011_FR_TXFE;
    if ( u->tx_count == u->depth )
        fr |= PL011_FR_TXFF;

    return fr;
}

static uint32_t ris_of(const struct vsio_pl011 *u)
{
    uint32_t ris = u->latched;

    if ( u->rx_count >= u->rx_trigger )
        ris |= PL011_INT_RX;
    if ( u->rx_count )
        ris |= PL011_INT_RT; /* no time passes here: 2.8.4's wait is over */
    if ( u->tx_count <= u->tx_trigger )
        ris |= PL011_INT_TX; /* a level: drivers that lose an edge stall */

    return ris;
}

/* May bytes leave? UARTEN is not asked: early consoles send before it. */
static bool tx_open(const struct vsio_pl011 *u)
{
    return (u->cr & PL011_CR_TXE) &&
           (!(u->cr & PL011_CR_CTSEN) || (u->fr & PL011_FR_CTS));
}

static bool is_straight(const struct vsio_pl011 *u)
{
    return tx_open(u) && !(u->cr & PL011_CR_LBE) && !u->tx_count;
}

/* Does the receiver listen to the host? Else the host keeps its bytes. */
static bool rx_open(const struct vsio_pl011 *u)
{
    return (u->cr & (PL011_CR_RXE | PL011_CR_LBE)) == PL011_CR_RXE;
}

/* Nothing but the byte itself is to be thought of when one comes or goes. */
static bool is_plain(const struct vsio_pl011 *u)
{
    return rx_open(u) && u->depth > 1 && !u->overrun && !u->rx_wanted &&
           !(u->rsr & ~PL011_RSR_OE);
}

/* The way out of every change of state. */
static void update_irq(struct vsio_pl011 *u)
{
    u->fr = (uint16_t)fr_of(u);
    u->ris = (uint16_t)ris_of(u);
    u->straight = is_straight(u);
    u->plain = is_plain(u);
    vsio_set_line(&u->dev, 0, (u->ris & u->imsc) != 0);
}

/* 3.3.9: FIFO entries for a level select; without FIFOs, one or none. */
static uint8_t level_of(const struct vsio_pl011 *u, uint32_t select, uint8_t no)
{
    static const uint8_t eighths[8] = { 1, 2, 4, 6, 7, 7, 7, 7 };

    return u->lcr_h & PL011_LCR_H_FEN
               ? (uint8_t)(eighths[select] * (VSIO_PL011_FIFO / 8))
               : no;
}

static uint8_t depth_of(const struct vsio_pl011 *u)
{
    return u->lcr_h & PL011_LCR_H_FEN ? VSIO_PL011_FIFO : 1;
}

static void set_levels(struct vsio_pl011 *u)
{
    u->depth = depth_of(u);
    u->rx_trigger = level_of(u, PL011_IFLS_RX(u->ifls), 1);
    u->tx_trigger = level_of(u, PL011_IFLS_TX(u->ifls), 0);
}

static size_t rx_room(const struct vsio_pl011 *u)
{
    return (size_t)(u->depth - u->rx_count);
}

/* The caller has checked that there is room, and calls update_irq(). */
static void rx_store(struct vsio_pl011 *u, uint32_t entry)
{
    uint32_t last = (uint32_t)u->rx_first + u->rx_count;

    if ( u->overrun )
    {
        /* 2.4.3: the bit travels with the first byte after the loss. */
        entry |= PL011_DR_OE;
        u->overrun = false;
    }
    u->rx[last % VSIO_PL011_FIFO] = (uint16_t)entry;
    u->rx_count++;
}

static uint32_t rx_pop(struct vsio_pl011 *u)
{
    uint32_t entry = u->rx[u->rx_first];

    u->rx_first = (u->rx_first + 1) % VSIO_PL011_FIFO;
    u->rx_count--;

    return entry;
}

static void rx_overrun(struct vsio_pl011 *u, uint32_t byte)
{
    u->overrun = true;
    u->rsr |= PL011_RSR_OE;
    u->latched |= PL011_INT_OE;
    vsio_dropped(&u->dev, PL011_DR, byte);
}

/* What a receiver does that can't hold its sender back. */
static void rx_entry(struct vsio_pl011 *u, uint32_t entry)
{
    uint32_t errs = (entry & PL011_DR_ERRS) >> PL011_RSR_SHIFT;

    if ( rx_room(u) )
    {
        rx_store(u, entry);
        u->latched |= (uint16_t)(errs << PL011_INT_ERR_SHIFT);
    }
    else
        rx_overrun(u, entry & 0xff);
}

/* Call the host back that vsio_pl011_rx() has refused. */
static void rx_offer(struct vsio_pl011 *u)
{
    const struct vsio_pl011_host *host = host_of(u);

    if ( !u->rx_wanted || u->rx_count > u->depth / 2 || !rx_open(u) )
        return;

    u->rx_wanted = false;
    if ( host->rx_ready )
        host->rx_ready(u->dev.ctx);
}

/* What the host has no room for must wait. */
static bool tx_host(struct vsio_pl011 *u, uint8_t byte)
{
    bool taken = host_of(u)->tx(u->dev.ctx, byte);

    u->dev.count.bytes_out += taken;

    return taken;
}

/* Round the loop (3.3.8), into our own receiver if it listens. */
static void tx_loop(struct vsio_pl011 *u, uint8_t byte)
{
    if ( u->cr & PL011_CR_RXE )
        rx_entry(u, byte);
    else
        vsio_dropped(&u->dev, PL011_DR, byte);
}

/* One byte leaves. False: it must wait. */
static bool tx_send(struct vsio_pl011 *u, uint8_t byte)
{
    if ( !tx_open(u) )
        return false;
    if ( !(u->cr & PL011_CR_LBE) )
        return tx_host(u, byte);

    tx_loop(u, byte);

    return true;
}

static uint8_t tx_pop(struct vsio_pl011 *u)
{
    uint8_t byte = u->tx[u->tx_first];

    u->tx_first = (u->tx_first + 1) % VSIO_PL011_FIFO;
    u->tx_count--;

    return byte;
}

static void tx_drain(struct vsio_pl011 *u)
{
    while ( u->tx_count && tx_send(u, u->tx[u->tx_first]) )
        tx_pop(u);
}

/* 3.3.7: FEN empties both FIFOs; what was in them is lost, and counted. */
static void flush(struct vsio_pl011 *u)
{
    while ( u->tx_count )
        vsio_dropped(&u->dev, PL011_DR, tx_pop(u));

    while ( u->rx_count )
        vsio_dropped(&u->dev, PL011_DR, rx_pop(u) & 0xff);
}

/* Modem inputs: the host's lines, or in loopback our own outputs (3.3.8). */
static void update_modem(struct vsio_pl011 *u)
{
    static const struct {
        uint16_t fr, cr, irq;
    } line[] = {
        { PL011_FR_CTS, PL011_CR_RTS, PL011_INT_CTS },
        { PL011_FR_DSR, PL011_CR_DTR, PL011_INT_DSR },
        { PL011_FR_DCD, PL011_CR_OUT1, PL011_INT_DCD },
        { PL011_FR_RI, PL011_CR_OUT2, PL011_INT_RI },
    };
    uint32_t now = u->modem_in;
    unsigned int i;

    if ( u->cr & PL011_CR_LBE )
    {
        now = 0;
        for ( i = 0; i < 4; i++ )
            now |= (u->cr & line[i].cr) ? line[i].fr : 0;
    }

    for ( i = 0; i < 4; i++ )
        if ( (u->fr ^ now) & line[i].fr )
            u->latched |= line[i].irq;

    u->fr = (uint16_t)((u->fr & ~PL011_FR_MODEM) | now);
}

/* BRK, seen by the host and by our own receiver when it is looped back. */
static bool brk_out(const struct vsio_pl011 *u)
{
    return (u->lcr_h & PL011_LCR_H_BRK) && !(u->cr & PL011_CR_LBE);
}

static bool brk_in(const struct vsio_pl011 *u)
{
    return (u->lcr_h & PL011_LCR_H_BRK) && (u->cr & PL011_CR_LBE) &&
           (u->cr & PL011_CR_RXE);
}

/* New values of CR and LCR_H; the host is told about outputs that change. */
static void set_outputs(struct vsio_pl011 *u, uint32_t cr, uint32_t lcr_h)
{
    const struct vsio_pl011_host *host = host_of(u);
    uint32_t diff = u->cr ^ cr;
    bool brk = brk_out(u);

    u->cr = (uint16_t)cr;
    u->lcr_h = (uint8_t)lcr_h;

    if ( (diff & PL011_CR_MODEM) && host->modem )
        host->modem(u->dev.ctx, u->cr & PL011_CR_MODEM);
    if ( brk != brk_out(u) && host->brk )
        host->brk(u->dev.ctx, !brk);
}

/* The guest writes CR or LCR_H: that, and all that follows. */
static void set_control(struct vsio_pl011 *u, uint32_t cr, uint32_t lcr_h)
{
    bool fen = (u->lcr_h ^ lcr_h) & PL011_LCR_H_FEN, in = brk_in(u);

    set_outputs(u, cr, lcr_h);
    if ( fen )
    {
        flush(u);
        set_levels(u);
    }
    if ( !in && brk_in(u) )
        rx_entry(u, PL011_DR_BE); /* one zero byte a break (3.3.1) */

    update_modem(u);
    tx_drain(u);
    rx_offer(u);
    update_irq(u);
}

static uint32_t read_dr(struct vsio_pl011 *u)
{
    uint32_t entry;

    if ( !u->rx_count )
        return 0;

    entry = rx_pop(u);

    /* 3.3.2: OE is not of this byte, it stays until ECR is written. */
    u->rsr = (uint8_t)((u->rsr & PL011_RSR_OE) |
                       ((entry >> PL011_RSR_SHIFT) & ~PL011_RSR_OE));
    rx_offer(u);
    update_irq(u);

    return entry;
}

static uint32_t pl011_read(struct vsio_device *dev, uint32_t reg)
{
    static const uint8_t id[] = {
        0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1
    };
    struct vsio_pl011 *u = to_pl011(dev);

    switch ( reg )
    {
    case PL011_DR:
        return read_dr(u);
    case PL011_RSR:
        return u->rsr;
    case PL011_FR:
        return u->fr;
    case PL011_ILPR:
        return u->ilpr;
    case PL011_IBRD:
        return u->ibrd;
    case PL011_FBRD:
        return u->fbrd;
    case PL011_LCR_H:
        return u->lcr_h;
    case PL011_CR:
        return u->cr;
    case PL011_IFLS:
        return u->ifls;
    case PL011_IMSC:
        return u->imsc;
    case PL011_RIS:
        return u->ris;
    case PL011_MIS:
        return u->ris & u->imsc;
    case PL011_DMACR:
        return u->dmacr;
    default:
        if ( reg >= PL011_PERIPHID )
            return id[(reg - PL011_PERIPHID) / 4];
        vsio_unknown(dev, reg, false, 0);
        return 0;
    }
}

/* Into the FIFO; in loopback there is always a way out of it. */
static void tx_store(struct vsio_pl011 *u, uint8_t byte)
{
    if ( u->tx_count == u->depth )
    {
        vsio_dropped(&u->dev, PL011_DR, byte);
        return;
    }

    u->tx[(u->tx_first + u->tx_count) % VSIO_PL011_FIFO] = byte;
    u->tx_count++;
    if ( u->cr & PL011_CR_LBE )
        tx_drain(u);
    update_irq(u);
}

static void write_dr(struct vsio_pl011 *u, uint32_t value, uint32_t mask)
{
    /* A write beside the data byte, e.g. 8 bits at DR + 1, sends nothing. */
    if ( !(mask & 0xff) )
        vsio_unknown(&u->dev, PL011_DR, true, value);
    /* Nothing that the guest can see changes if it leaves at once. */
    else if ( !u->straight || !tx_host(u, (uint8_t)value) )
        tx_store(u, (uint8_t)value);
}

/*
 * 3.3.13. What is still true raises its bit, and the line, anew: a host that
 * takes edges sees one, and a driver that serves a bit at a time goes on.
 */
static void write_icr(struct vsio_pl011 *u, uint32_t value)
{
    u->latched &= (uint16_t)~value;
    if ( u->ris & u->imsc & value )
        vsio_set_line(&u->dev, 0, (u->ris & u->imsc & ~value) != 0);
}

static void pl011_write(struct vsio_device *dev,
                        uint32_t reg,
                        uint32_t value,
                        uint32_t mask)
{
    struct vsio_pl011 *u = to_pl011(dev);

    switch ( reg )
    {
    case PL011_DR:
        write_dr(u, value, mask);
        return;
    case PL011_RSR: /* ECR: any value clears (3.3.2) */
        u->rsr = 0;
        break;
    case PL011_ILPR:
        u->ilpr = (uint8_t)vsio_merge(u->ilpr, value, mask);
        return;
    case PL011_IBRD:
        u->ibrd = (uint16_t)vsio_merge(u->ibrd, value, mask);
        return;
    case PL011_FBRD:
        u->fbrd = vsio_merge(u->fbrd, value, mask) & PL011_FBRD_MASK;
        return;
    case PL011_LCR_H:
        set_control(u, u->cr,
                    vsio_merge(u->lcr_h, value, mask) & PL011_LCR_H_MASK);
        return;
    case PL011_CR:
        set_control(u, vsio_merge(u->cr, value, mask) & PL011_CR_MASK,
                    u->lcr_h);
        return;
    case PL011_IFLS:
        u->ifls = vsio_merge(u->ifls, value, mask) & PL011_IFLS_MASK;
        set_levels(u);
        break;
    case PL011_IMSC:
        u->imsc = vsio_merge(u->imsc, value, mask) & PL011_INT_MASK;
        break;
    case PL011_ICR:
        write_icr(u, value);
        break;
    case PL011_DMACR:
        u->dmacr = vsio_merge(u->dmacr, value, mask) & PL011_DMACR_MASK;
        return;
    default:
        vsio_unknown(dev, reg, true, value);
        return;
    }

    update_irq(u);
}

/* 3.2, reset values; the line is left to update_irq(). */
static void power_on(struct vsio_pl011 *u)
{
    u->rx_first = u->rx_count = u->tx_first = u->tx_count = 0;
    u->rsr = u->ilpr = u->fbrd = u->lcr_h = u->dmacr = 0;
    u->ibrd = u->imsc = u->latched = 0;
    u->cr = PL011_CR_RESET;
    u->ifls = PL011_IFLS_RESET;
    u->fr = u->modem_in;
    u->overrun = false;
    set_levels(u);
}

static void pl011_reset(struct vsio_device *dev)
{
    struct vsio_pl011 *u = to_pl011(dev);

    flush(u); /* first, so that nothing leaves, and nothing new gets lost */
    set_outputs(u, PL011_CR_RESET, 0);
    power_on(u);
    rx_offer(u);
    update_irq(u);
}

void vsio_pl011_init(struct vsio_pl011 *u,
                     const struct vsio_pl011_host *host,
                     void *ctx)
{
    *u = (struct vsio_pl011){
        .dev = { .class = &vsio_pl011_class,
                 .host = &host->common,
                 .ctx = ctx },
        .modem_in = PL011_FR_CTS | PL011_FR_DSR | PL011_FR_DCD,
    };
    power_on(u);
    update_irq(u); /* IMSC is 0: FR and RIS only */
}

size_t vsio_pl011_rx(struct vsio_pl011 *u, const uint8_t *data, size_t n)
{
    size_t room = rx_open(u) ? rx_room(u) : 0, i;

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

bool vsio_pl011_rx_error(struct vsio_pl011 *u, uint16_t dr)
{
    if ( !rx_open(u) || !rx_room(u) )
        return false;

    u->dev.count.bytes_in++;
    rx_entry(u, dr & (PL011_DR_FE | PL011_DR_PE | PL011_DR_BE | 0xffU));
    update_irq(u);

    return true;
}

void vsio_pl011_overrun(struct vsio_pl011 *u)
{
    u->dev.count.bytes_in++;
    rx_overrun(u, 0);
    update_irq(u);
}

void vsio_pl011_tx_ready(struct vsio_pl011 *u)
{
    tx_drain(u);
    update_irq(u);
}

void vsio_pl011_modem(struct vsio_pl011 *u, uint16_t fr_lines)
{
    u->modem_in = fr_lines & PL011_FR_MODEM;
    update_modem(u);
    tx_drain(u); /* CTS may have opened the way */
    update_irq(u);
}

static bool valid_fifos(const struct vsio_pl011 *u)
{
    uint32_t entries = 0;
    unsigned int i;

    for ( i = 0; i < VSIO_PL011_FIFO; i++ )
        entries |= u->rx[i];

    return entries <= (PL011_DR_ERRS | 0xff) && u->depth == depth_of(u) &&
           u->rx_count <= u->depth && u->tx_count <= u->depth &&
           u->rx_first < VSIO_PL011_FIFO && u->tx_first < VSIO_PL011_FIFO &&
           u->rx_trigger == level_of(u, PL011_IFLS_RX(u->ifls), 1) &&
           u->tx_trigger == level_of(u, PL011_IFLS_TX(u->ifls), 0);
}

bool vsio_pl011_valid(const struct vsio_pl011 *u)
{
    return !(u->cr & ~PL011_CR_MASK) && !(u->imsc & ~PL011_INT_MASK) &&
           !(u->latched & ~PL011_INT_MASK) &&
           !(u->modem_in & ~PL011_FR_MODEM) && !(u->rsr & ~0xfU) &&
           u->fbrd <= PL011_FBRD_MASK && u->ifls <= PL011_IFLS_MASK &&
           u->dmacr <= PL011_DMACR_MASK && valid_fifos(u) &&
           u->fr == fr_of(u) && u->ris == ris_of(u) &&
           u->straight == is_straight(u) && u->plain == is_plain(u) &&
           u->dev.lines == ((u->ris & u->imsc) != 0);
}

const struct vsio_class vsio_pl011_class = {
    .name = "pl011",
    .window = PL011_WINDOW,
    .unit = 4,
    .lines = 1,
    .read = pl011_read,
    .write = pl011_write,
    .reset = pl011_reset,
};

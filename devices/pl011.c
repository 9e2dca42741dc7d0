/* SPDX-License-Identifier: MIT */
/* PrimeCell UART PL011 r1p5; section numbers are those of Arm DDI 0183G. */

#include "pl011.h"
#include "pl011-regs.h"
#include "pl011-state.h"
#include "snapshot.h"

/* The way out of every change of state. */
static void update_irq(struct vsio_pl011 *u)
{
    update_status(u);
    vsio_set_line(&u->dev, 0, (u->ris & u->imsc) != 0);
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
    if ( !host_of(u)->tx(u->dev.ctx, byte) )
        return false;

    u->dev.count.bytes_out++;
    vsio_tell(&u->dev, VSIO_EVENT_OUT, PL011_DR, byte);

    return true;
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
        (void)tx_pop(u);
}

/* 3.3.7: FEN empties both FIFOs; what was in them is lost, and counted. */
static void flush(struct vsio_pl011 *u)
{
    while ( u->tx_count )
        vsio_dropped(&u->dev, PL011_DR, tx_pop(u));

    while ( u->rx_count )
        vsio_dropped(&u->dev, PL011_DR, rx_pop(u) & 0xff);
}

static void update_modem(struct vsio_pl011 *u)
{
    uint32_t now = modem_of(u), diff = u->fr ^ now;

    u->latched |= diff & PL011_FR_CTS ? PL011_INT_CTS : 0;
    u->latched |= diff & PL011_FR_DSR ? PL011_INT_DSR : 0;
    u->latched |= diff & PL011_FR_DCD ? PL011_INT_DCD : 0;
    u->latched |= diff & PL011_FR_RI ? PL011_INT_RI : 0;
    u->fr = (uint16_t)now; /* its other bits follow in update_irq() */
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
    vsio_tell(&u->dev, VSIO_EVENT_READ, PL011_DR, entry & 0xff);
    if ( !u->rx_count )
        vsio_tell(&u->dev, VSIO_EVENT_EMPTY, PL011_DR, 0);
    rx_offer(u);
    update_irq(u);

    return entry;
}

/* A register, or what of it is seen without taking a byte out of the FIFO. */
static bool look(const struct vsio_pl011 *u, uint32_t reg, uint32_t *value)
{
    static const uint8_t id[] = {
        0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1
    };

    switch ( reg )
    {
    case PL011_RSR:
        *value = u->rsr;
        return true;
    case PL011_FR:
        *value = u->fr;
        return true;
    case PL011_ILPR:
        *value = u->ilpr;
        return true;
    case PL011_IBRD:
        *value = u->ibrd;
        return true;
    case PL011_FBRD:
        *value = u->fbrd;
        return true;
    case PL011_LCR_H:
        *value = u->lcr_h;
        return true;
    case PL011_CR:
        *value = u->cr;
        return true;
    case PL011_IFLS:
        *value = u->ifls;
        return true;
    case PL011_IMSC:
        *value = u->imsc;
        return true;
    case PL011_RIS:
        *value = u->ris;
        return true;
    case PL011_MIS:
        *value = u->ris & u->imsc;
        return true;
    case PL011_DMACR:
        *value = u->dmacr;
        return true;
    default:
        *value = 0;
        if ( reg < PL011_PERIPHID )
            return false;
        *value = id[(reg - PL011_PERIPHID) / 4];
        return true;
    }
}

static uint32_t pl011_read(struct vsio_device *dev, uint32_t reg)
{
    struct vsio_pl011 *u = to_pl011(dev);
    uint32_t value;

    if ( reg == PL011_DR )
        return read_dr(u);
    if ( !look(u, reg, &value) )
        vsio_unknown(dev, reg, false, 0);

    return value;
}

/* A guest may read it at any moment: whole words, none but with its value. */
static void show(const struct vsio_pl011 *u, uint32_t first, uint32_t last)
{
    uint32_t reg, value;

    for ( reg = first; reg <= last; reg += 4 )
    {
        (void)look(u, reg, &value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        value = __builtin_bswap32(value);
#endif
        *(volatile uint32_t *)&u->image[reg / 4] = value;
    }
}

/* An empty FIFO: DR reads as zero, and nothing that is read has an effect. */
static const void *pl011_image(struct vsio_device *dev)
{
    const struct vsio_pl011 *u = to_pl011(dev);

    if ( !u->image || u->rx_count )
        return NULL;

    show(u, PL011_RSR, PL011_DMACR);

    return u->image;
}

void vsio_pl011_set_image(struct vsio_pl011 *u, void *page)
{
    u->image = page;
    u->image[PL011_DR / 4] = 0;
    show(u, PL011_RSR, PL011_WINDOW - 4);
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
    else if ( !tx_through(u) || !tx_host(u, (uint8_t)value) )
        tx_store(u, (uint8_t)value);
}

/*
 * 3.3.13. What is still true raises its bit, and the line, anew: a host that
 * takes edges sees one, and a driver that serves a bit at a time goes on.
 */
static void write_icr(struct vsio_pl011 *u, uint32_t value)
{
    u->latched &= (uint16_t)~value;
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
        set_control(u, u->cr, vsio_merge(u->lcr_h, value, mask));
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
        break;
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
    bool taken = rx_open(u) && rx_room(u);

    if ( taken )
    {
        u->dev.count.bytes_in++;
        rx_entry(u, dr & (PL011_DR_FE | PL011_DR_PE | PL011_DR_BE | 0xffU));
    }
    else
        u->rx_wanted = true;
    update_irq(u);

    return taken;
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

const struct vsio_class vsio_pl011_class = {
    .name = "pl011",
    .window = PL011_WINDOW,
    .unit = 4,
    .lines = 1,
    .read = pl011_read,
    .write = pl011_write,
    .image = pl011_image,
    .reset = pl011_reset,
    .valid = vsio_pl011_class_valid,
    .type = VSIO_TYPE('P', 'L', '1', '1'),
    .version = 1,
    .record = VSIO_RECORD_COUNTERS + 22 + 3 * VSIO_PL011_FIFO,
    .fields = vsio_pl011_class_fields,
    .derive = vsio_pl011_class_derive,
    .resume = vsio_pl011_class_resume,
};

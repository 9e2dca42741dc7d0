/* SPDX-License-Identifier: MIT */
/*
 * pl011-state.h - what follows from what in the state of a PL011: private to
 * pl011.c and pl011-state.c. Section numbers are those of Arm DDI 0183G.
 */
#ifndef VSIO_PL011_STATE_H
#define VSIO_PL011_STATE_H

#include "pl011-regs.h"
#include "pl011.h"
#include "vsio.h"

static inline struct vsio_pl011 *to_pl011(struct vsio_device *dev)
{
    return (struct vsio_pl011 *)dev;
}

static inline const struct vsio_pl011_host *host_of(const struct vsio_pl011 *u)
{
    return (const struct vsio_pl011_host *)u->dev.host;
}

/* What FR and RIS say is a function of the FIFOs and of what is latched. */
static inline uint32_t fr_of(const struct vsio_pl011 *u)
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

static inline uint32_t ris_of(const struct vsio_pl011 *u)
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
static inline bool tx_open(const struct vsio_pl011 *u)
{
    return (u->cr & PL011_CR_TXE) &&
           (!(u->cr & PL011_CR_CTSEN) || (u->fr & PL011_FR_CTS));
}

/* Does a byte written to DR go to the host at once? */
static inline bool tx_through(const struct vsio_pl011 *u)
{
    return tx_open(u) && !(u->cr & PL011_CR_LBE) && !u->tx_count;
}

static inline bool is_straight(const struct vsio_pl011 *u)
{
    return tx_through(u) && !vsio_wants(&u->dev, VSIO_EVENT_OUT);
}

/* Does the receiver listen to the host? Else the host keeps its bytes. */
static inline bool rx_open(const struct vsio_pl011 *u)
{
    return (u->cr & (PL011_CR_RXE | PL011_CR_LBE)) == PL011_CR_RXE;
}

/* Nothing but the byte itself is to be thought of when one comes or goes. */
static inline bool is_plain(const struct vsio_pl011 *u)
{
    return rx_open(u) && u->depth > 1 && !u->overrun && !u->rx_wanted &&
           !(u->rsr & ~PL011_RSR_OE) &&
           !(u->dev.host->events & ~VSIO_WANT_ERRORS);
}

/* The one byte in the FIFO has no error, and nothing else raises the line. */
static inline bool is_alone(const struct vsio_pl011 *u)
{
    return u->rx_count == 1 && u->rx[u->rx_first] <= 0xff &&
           (u->ris & u->imsc) == PL011_INT_RT;
}

/* RT alone tells of a single byte; with FIFOs no level is so low. */
static inline uint8_t rx_case_of(const struct vsio_pl011 *u)
{
    if ( !is_plain(u) || !(u->imsc & PL011_INT_RT) )
        return VSIO_PL011_RX_OTHER;
    if ( !u->rx_count && !(u->ris & u->imsc) )
        return VSIO_PL011_RX_AWAITS;

    return is_alone(u) ? VSIO_PL011_RX_HOLDS : VSIO_PL011_RX_OTHER;
}

/* What follows from the rest of the state, but for the line. */
static inline void update_status(struct vsio_pl011 *u)
{
    u->fr = (uint16_t)fr_of(u);
    u->ris = (uint16_t)ris_of(u);
    u->straight = is_straight(u);
    u->rx_case = rx_case_of(u);
}

/* 3.3.9: FIFO entries for a level select; without FIFOs, one or none. */
static inline uint8_t level_of(const struct vsio_pl011 *u,
                               uint32_t select,
                               uint8_t no)
{
    static const uint8_t eighths[8] = { 1, 2, 4, 6, 7, 7, 7, 7 };

    return u->lcr_h & PL011_LCR_H_FEN
               ? (uint8_t)(eighths[select] * (VSIO_PL011_FIFO / 8))
               : no;
}

static inline uint8_t depth_of(const struct vsio_pl011 *u)
{
    return u->lcr_h & PL011_LCR_H_FEN ? VSIO_PL011_FIFO : 1;
}

static inline void set_levels(struct vsio_pl011 *u)
{
    u->depth = depth_of(u);
    u->rx_trigger = level_of(u, PL011_IFLS_RX(u->ifls), 1);
    u->tx_trigger = level_of(u, PL011_IFLS_TX(u->ifls), 0);
}

/* Modem inputs: the host's lines, or in loopback our own outputs (3.3.8). */
static inline uint32_t modem_of(const struct vsio_pl011 *u)
{
    uint32_t cr = u->cr, fr = 0;

    if ( !(cr & PL011_CR_LBE) )
        return u->modem_in;

    fr |= cr & PL011_CR_RTS ? PL011_FR_CTS : 0;
    fr |= cr & PL011_CR_DTR ? PL011_FR_DSR : 0;
    fr |= cr & PL011_CR_OUT1 ? PL011_FR_DCD : 0;
    fr |= cr & PL011_CR_OUT2 ? PL011_FR_RI : 0;

    return fr;
}

/* BRK: seen by the host, unless it is looped back. */
static inline bool brk_out(const struct vsio_pl011 *u)
{
    return (u->lcr_h & PL011_LCR_H_BRK) && !(u->cr & PL011_CR_LBE);
}

/* pl011-state.c, for the class. */
bool vsio_pl011_class_valid(const struct vsio_device *dev);
void vsio_pl011_class_fields(struct vsio_device *dev, struct vsio_stream *s);
void vsio_pl011_class_derive(struct vsio_device *dev);
void vsio_pl011_class_resume(struct vsio_device *dev);

#endif /* VSIO_PL011_STATE_H */

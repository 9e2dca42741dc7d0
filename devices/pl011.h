/* SPDX-License-Identifier: MIT */
/*
 * pl011.h - PrimeCell UART PL011 r1p5, a superset of the SBSA generic UART.
 * Manual: Arm DDI 0183G. Registers, behaviour, deviations: docs/pl011.md.
 */
#ifndef VSIO_PL011_H
#define VSIO_PL011_H

#include "pl011-regs.h"
#include "vsio.h"

/* Depth of each FIFO with LCR_H.FEN set; what PeriphID revision 3 promises. */
#define VSIO_PL011_FIFO 32U

_Static_assert(VSIO_PL011_FIFO % 8 == 0 && VSIO_PL011_FIFO / 8 > 1,
               "levels are eighths, and one byte is below all of them");

struct vsio_pl011_host {
    /* Line 0 is UARTINTR, the combined interrupt, a level. */
    struct vsio_host common;
    /*
     * Take one byte that the guest sends. True: taken. False: no room; the
     * byte stays in the FIFO, and the host calls vsio_pl011_tx_ready() once
     * there is room again. Never called while the guest holds transmission
     * back. A host that nobody listens to takes the bytes and counts them
     * itself. Must not be NULL.
     */
    bool (*tx)(void *ctx, uint8_t byte);
    /*
     * The FIFO is half empty after vsio_pl011_rx() took less than it was given.
     * The host may call vsio_pl011_rx() from here. NULL: the host polls.
     */
    void (*rx_ready)(void *ctx);
    /*
     * The outputs DTR, RTS, OUT1, OUT2 changed: PL011_CR_* bits of lines that
     * are asserted. May be NULL.
     */
    void (*modem)(void *ctx, uint16_t cr_lines);
    /* The line goes into (true) or out of a break. May be NULL. */
    void (*brk)(void *ctx, bool on);
};

/*
 * What the receiver does next: the byte that comes or goes moves the line and
 * changes nothing else but the FIFO, or there is more to it.
 */
enum {
    VSIO_PL011_RX_OTHER,
    VSIO_PL011_RX_AWAITS, /* empty, the line is low: a byte raises it */
    VSIO_PL011_RX_HOLDS,  /* one byte: it is why the line is high */
};

/* Private to pl011.c; public so that hosts can allocate it. */
struct vsio_pl011 {
    struct vsio_device dev;
    uint16_t rx[VSIO_PL011_FIFO]; /* as read from DR: errors and byte */
    uint8_t tx[VSIO_PL011_FIFO];  /* what the host had no room for */
    uint8_t rx_first, rx_count;   /* oldest entry, entries */
    uint8_t rx_case;              /* VSIO_PL011_RX_*: a short cut */
    uint8_t tx_first, tx_count;
    uint8_t depth; /* of both FIFOs: 1 or VSIO_PL011_FIFO */
    uint8_t rx_trigger,
        tx_trigger; /* entries: RX at or above, TX at or below */
    uint8_t rsr, ilpr, fbrd, lcr_h, ifls, dmacr;
    uint16_t ibrd, cr, imsc;
    uint16_t latched;  /* RIS bits that only ICR clears: errors, modem */
    uint16_t ris;      /* latched, and what follows from the FIFOs */
    uint16_t fr;       /* FIFO and modem bits of FR */
    uint16_t modem_in; /* PL011_FR_* lines as the host sets them */
    bool straight;     /* short cut: the host may take a byte by itself */
    bool overrun;      /* a byte was lost since the last one stored */
    bool rx_wanted;    /* the host was refused: tell it about room */
    uint32_t *image;   /* a page of the host's, or NULL */
};

extern const struct vsio_class vsio_pl011_class;

/*
 * Bring *u to its power-on state (3.2). Modem inputs CTS, DSR and DCD are
 * asserted until the host says otherwise: the cable is plugged in. No callback
 * is called. ctx is handed to every callback.
 */
void vsio_pl011_init(struct vsio_pl011 *u,
                     const struct vsio_pl011_host *host,
                     void *ctx);

/*
 * The memory of the class's image: PL011_WINDOW bytes, aligned to 4, that are
 * there as long as the device is and that nobody else writes. Without this
 * call there is no image; there is none either while a byte waits to be read.
 */
void vsio_pl011_set_image(struct vsio_pl011 *u, void *page);

/*
 * Bytes for the guest. Returns how many were stored, 0 to n: less than n when
 * the FIFO is full, RXE is clear or the UART loops back. The rest stays with
 * the host; after rx_ready it may offer them again. Nothing is lost.
 * May be called from rx_ready.
 */
size_t vsio_pl011_rx(struct vsio_pl011 *u, const uint8_t *data, size_t n);

/*
 * One entry with errors, as DR shows it: any of PL011_DR_FE, _PE, _BE with the
 * byte (0 for a break). False: no room; rx_ready is called when there is some.
 * Other bits are ignored.
 */
bool vsio_pl011_rx_error(struct vsio_pl011 *u, uint16_t dr);

/*
 * A byte came in and the host could not hold it back: it is lost, counted, and
 * the guest sees an overrun error as of a line that is too fast (2.4.3).
 */
void vsio_pl011_overrun(struct vsio_pl011 *u);

/* The host has room for at least one byte: send what waits in the FIFO. */
void vsio_pl011_tx_ready(struct vsio_pl011 *u);

/* New state of the modem inputs: PL011_FR_CTS, _DSR, _DCD, _RI if asserted. */
void vsio_pl011_modem(struct vsio_pl011 *u, uint16_t fr_lines);

/*
 * Short cuts, for a host that counts instructions: the most frequent case of a
 * call, inline. False: it is another case, nothing has happened, and the host
 * makes the call itself. set_irq is not called: the host does what is said
 * here.
 */

/* What vsio_read() of FR, 32 bits, returns. */
static inline uint32_t vsio_pl011_read_fr(struct vsio_pl011 *u)
{
    u->dev.count.reads++;

    return u->fr;
}

/*
 * vsio_write() of DR, 32 bits, by a host that has taken the byte itself, which
 * it may do only if this is true.
 */
static inline bool vsio_pl011_straight(const struct vsio_pl011 *u)
{
    return u->straight;
}

static inline void vsio_pl011_sent(struct vsio_pl011 *u)
{
    u->dev.count.writes++;
    u->dev.count.bytes_out++;
}

/* vsio_pl011_rx() of one byte, into an empty FIFO: the line has risen. */
static inline bool vsio_pl011_rx_awaits(const struct vsio_pl011 *u)
{
    return u->rx_case == VSIO_PL011_RX_AWAITS;
}

/* Only if that is true. */
static inline void vsio_pl011_rx_first(struct vsio_pl011 *u, uint8_t byte)
{
    u->rx[u->rx_first] = byte;
    u->rx_count = 1;
    u->rx_case = VSIO_PL011_RX_HOLDS;
    u->fr &= (uint16_t)~PL011_FR_RXFE;
    u->ris |= PL011_INT_RT;
    u->dev.lines = 1;
    u->dev.count.bytes_in++;
    u->dev.count.irqs++;
}

/*
 * vsio_read() of DR, 32 bits, that takes the only byte out of the FIFO: the
 * line has fallen.
 */
static inline bool vsio_pl011_rx_last(struct vsio_pl011 *u, uint32_t *value)
{
    if ( u->rx_case != VSIO_PL011_RX_HOLDS )
        return false;

    *value = u->rx[u->rx_first];
    u->rx_count = 0; /* an empty FIFO may begin anywhere */
    u->rx_case = VSIO_PL011_RX_AWAITS;
    u->fr |= PL011_FR_RXFE;
    u->ris &= (uint16_t)~PL011_INT_RT;
    u->dev.lines = 0;
    u->dev.count.reads++;

    return true;
}

/* The invariant that every reachable state satisfies. */
bool vsio_pl011_valid(const struct vsio_pl011 *u);

#endif /* VSIO_PL011_H */

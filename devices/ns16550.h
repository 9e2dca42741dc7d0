/* SPDX-License-Identifier: MIT */
/*
 * ns16550.h - the 16550A UART of PCs and of `ns16550a` device tree nodes.
 * Manual: National PC16550D. Registers, behaviour, deviations: docs/ns16550.md.
 */
#ifndef VSIO_NS16550_H
#define VSIO_NS16550_H

#include "ns16550-regs.h"
#include "vsio.h"

/* Depth of the FIFOs with FCR.FE set; the host may choose the larger for RX. */
#define VSIO_NS16550_FIFO   16U
#define VSIO_NS16550_RX_MAX 64U

struct vsio_ns16550_host {
    /* Line 0 is INTR, a level, whatever OUT2 is. */
    struct vsio_host common;
    /*
     * Take one byte that the guest sends. True: taken. False: no room; the
     * byte stays in the FIFO, and the host calls vsio_ns16550_tx_ready() once
     * there is room again. Never called in loopback. A host that nobody
     * listens to takes the bytes and counts them itself. Must not be NULL.
     */
    bool (*tx)(void *ctx, uint8_t byte);
    /*
     * The FIFO is half empty after vsio_ns16550_rx() took less than it was
     * given; also after a restore. The host may call vsio_ns16550_rx() from
     * here. NULL: the host polls.
     */
    void (*rx_ready)(void *ctx);
    /*
     * The outputs DTR, RTS, OUT1, OUT2 changed, or the state was restored:
     * NS16550_MCR_* bits of lines that are asserted. On a PC the interrupt
     * reaches its controller only while OUT2 is. May be NULL.
     */
    void (*modem)(void *ctx, uint8_t mcr_lines);
    /*
     * The line goes into (true) or out of a break, or the state was restored.
     * May be NULL.
     */
    void (*brk)(void *ctx, bool on);
};

/* Private to ns16550.c; public so that hosts can allocate it. */
struct vsio_ns16550 {
    struct vsio_device dev;
    uint64_t rx_bad;                  /* places of rx with bits of LSR_BYTE */
    uint16_t rx[VSIO_NS16550_RX_MAX]; /* bits of LSR_BYTE above the byte */
    uint8_t tx[VSIO_NS16550_FIFO];    /* what the host had no room for */
    uint8_t rx_fifo;                  /* depth with FCR.FE */
    uint8_t rx_first, rx_count;       /* oldest entry, entries */
    uint8_t tx_first, tx_count;
    uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
    uint8_t errors;   /* LSR_ERRS since LSR was read */
    uint8_t delta;    /* MSR_DELTA since MSR was read */
    uint8_t modem;    /* MSR_LINES as the guest sees them */
    uint8_t modem_in; /* as the host sets them */
    bool thre;        /* the transmitter became empty: IIR has not said it */
    bool rx_wanted;   /* the host was refused: tell it about room */
};

/* For registers 1, 2 and 4 bytes apart; vsio_ns16550_init() chooses. */
extern const struct vsio_class vsio_ns16550_class[3];

/*
 * Bring *u to its power-on state. stride: bytes from one register to the next,
 * 1, 2 or 4 (a device tree's reg-shift is its logarithm). rx_depth: 16, or 64
 * for guests that are slow to read. Modem inputs CTS, DSR and DCD are asserted
 * until the host says otherwise: the cable is plugged in. No callback is
 * called. ctx is handed to every callback.
 */
void vsio_ns16550_init(struct vsio_ns16550 *u,
                       const struct vsio_ns16550_host *host,
                       void *ctx,
                       unsigned int stride,
                       unsigned int rx_depth);

/*
 * Bytes for the guest. Returns how many were stored, 0 to n: less than n when
 * the FIFO is full or the UART loops back. The rest stays with the host; after
 * rx_ready it may offer them again. Nothing is lost. May be called from
 * rx_ready.
 */
size_t vsio_ns16550_rx(struct vsio_ns16550 *u, const uint8_t *data, size_t n);

/*
 * One byte with errors: any of NS16550_LSR_PE, _FE, _BI (the byte of a break is
 * 0). False: no room; rx_ready is called when there is. Other bits are
 * ignored.
 */
bool vsio_ns16550_rx_error(struct vsio_ns16550 *u, uint8_t byte, uint8_t lsr);

/*
 * A byte came in and the host could not hold it back: it is lost, counted, and
 * the guest sees an overrun error as of a line that is too fast (8.3).
 */
void vsio_ns16550_overrun(struct vsio_ns16550 *u);

/* The host has room for at least one byte: send what waits in the FIFO. */
void vsio_ns16550_tx_ready(struct vsio_ns16550 *u);

/* New state of the modem inputs: NS16550_MSR_CTS, _DSR, _RI, _DCD if asserted.
 */
void vsio_ns16550_modem(struct vsio_ns16550 *u, uint8_t msr_lines);

/* The invariant that every reachable state satisfies. */
bool vsio_ns16550_valid(const struct vsio_ns16550 *u);

#endif /* VSIO_NS16550_H */

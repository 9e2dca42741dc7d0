/* SPDX-License-Identifier: MIT */
/*
 * ns16550-regs.h - registers and bits of the 16550A, named as in the data sheet
 * of National's PC16550D (TL/C/8652, June 1995), chapter 8. Registers are
 * numbered; the stride that the host chose makes offsets of them.
 */
#ifndef VSIO_NS16550_REGS_H
#define VSIO_NS16550_REGS_H

#define NS16550_RBR 0U /* read: receiver buffer, DLAB clear */
#define NS16550_THR 0U /* write: transmitter holding register, DLAB clear */
#define NS16550_IER 1U /* 8.6: interrupt enable, DLAB clear */
#define NS16550_DLL 0U /* 8.2: divisor latch, low byte, DLAB set */
#define NS16550_DLM 1U /* 8.2: divisor latch, high byte, DLAB set */
#define NS16550_IIR 2U /* 8.5: read: interrupt identification */
#define NS16550_FCR 2U /* 8.4: write: FIFO control */
#define NS16550_LCR 3U /* 8.1: line control */
#define NS16550_MCR 4U /* 8.7: modem control */
#define NS16550_LSR 5U /* 8.3: line status */
#define NS16550_MSR 6U /* 8.8: modem status */
#define NS16550_SCR 7U /* 8.9: scratch */

#define NS16550_REGS 8U

#define NS16550_IER_ERBFI 0x01U /* received data, and timeout */
#define NS16550_IER_ETBEI 0x02U /* transmitter holding register empty */
#define NS16550_IER_ELSI  0x04U /* receiver line status */
#define NS16550_IER_EDSSI 0x08U /* modem status */
#define NS16550_IER_MASK  0x0fU

/* What is first in line, highest priority on top. */
#define NS16550_IIR_RLS   0x06U /* an error bit of LSR */
#define NS16550_IIR_RDA   0x04U /* received data at the trigger level */
#define NS16550_IIR_CTI   0x0cU /* received data below it */
#define NS16550_IIR_THRE  0x02U /* the transmitter is empty */
#define NS16550_IIR_MSR   0x00U /* a delta bit of MSR */
#define NS16550_IIR_NONE  0x01U
#define NS16550_IIR_FIFOS 0xc0U /* FIFOs are enabled */

#define NS16550_FCR_FE     0x01U /* FIFO enable */
#define NS16550_FCR_RFR    0x02U /* receiver FIFO reset */
#define NS16550_FCR_XFR    0x04U /* transmitter FIFO reset */
#define NS16550_FCR_LEVEL  0xc0U /* trigger: 1, 4, 8, 14 */
#define NS16550_FCR_STORED (NS16550_FCR_FE | NS16550_FCR_LEVEL)

#define NS16550_LCR_SB   0x40U /* set break */
#define NS16550_LCR_DLAB 0x80U /* divisor latch access */

#define NS16550_MCR_DTR   0x01U
#define NS16550_MCR_RTS   0x02U
#define NS16550_MCR_OUT1  0x04U
#define NS16550_MCR_OUT2  0x08U
#define NS16550_MCR_LINES 0x0fU
#define NS16550_MCR_LOOP  0x10U
#define NS16550_MCR_MASK  0x1fU

#define NS16550_LSR_DR   0x01U /* received data is there */
#define NS16550_LSR_OE   0x02U /* a byte was lost */
#define NS16550_LSR_PE   0x04U /* parity error */
#define NS16550_LSR_FE   0x08U /* framing error */
#define NS16550_LSR_BI   0x10U /* break */
#define NS16550_LSR_THRE 0x20U /* holding register, or FIFO, is empty */
#define NS16550_LSR_TEMT 0x40U /* transmitter empty */
#define NS16550_LSR_ERR  0x80U /* a byte with an error is in the FIFO */
#define NS16550_LSR_BYTE 0x1cU /* errors that belong to a byte */
#define NS16550_LSR_ERRS 0x1eU /* those, and OE */

#define NS16550_MSR_DCTS  0x01U /* changed since MSR was read */
#define NS16550_MSR_DDSR  0x02U
#define NS16550_MSR_TERI  0x04U /* RI is gone */
#define NS16550_MSR_DDCD  0x08U
#define NS16550_MSR_DELTA 0x0fU
#define NS16550_MSR_CTS   0x10U /* modem lines read 1 when they are asserted */
#define NS16550_MSR_DSR   0x20U
#define NS16550_MSR_RI    0x40U
#define NS16550_MSR_DCD   0x80U
#define NS16550_MSR_LINES 0xf0U

#define NS16550_DLL_RESET 12U /* 9600 baud at the PC's 1.8432 MHz */

#endif /* VSIO_NS16550_REGS_H */

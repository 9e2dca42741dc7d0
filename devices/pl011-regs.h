/* SPDX-License-Identifier: MIT */
/*
 * pl011-regs.h - register offsets and bits of the PrimeCell UART PL011,
 * named as in the Technical Reference Manual (Arm DDI 0183G, r1p5), chapter 3.
 */
#ifndef VSIO_PL011_REGS_H
#define VSIO_PL011_REGS_H

#define PL011_DR       0x000U /* 3.3.1  data */
#define PL011_RSR      0x004U /* 3.3.2  receive status; write: ECR, clears it */
#define PL011_FR       0x018U /* 3.3.3  flags */
#define PL011_ILPR     0x020U /* 3.3.4  IrDA low-power counter */
#define PL011_IBRD     0x024U /* 3.3.5  integer baud rate */
#define PL011_FBRD     0x028U /* 3.3.6  fractional baud rate */
#define PL011_LCR_H    0x02cU /* 3.3.7  line control */
#define PL011_CR       0x030U /* 3.3.8  control */
#define PL011_IFLS     0x034U /* 3.3.9  interrupt FIFO level select */
#define PL011_IMSC     0x038U /* 3.3.10 interrupt mask: 1 lets it through */
#define PL011_RIS      0x03cU /* 3.3.11 raw interrupt status */
#define PL011_MIS      0x040U /* 3.3.12 masked interrupt status */
#define PL011_ICR      0x044U /* 3.3.13 interrupt clear */
#define PL011_DMACR    0x048U /* 3.3.14 DMA control */
#define PL011_PERIPHID 0xfe0U /* 3.3.15 four, then four CellIDs */

#define PL011_WINDOW 0x1000U

/* DR: the byte in bits 7:0 and what went wrong while it was received. */
#define PL011_DR_FE   0x100U /* framing error */
#define PL011_DR_PE   0x200U /* parity error */
#define PL011_DR_BE   0x400U /* break */
#define PL011_DR_OE   0x800U /* a byte was lost before this one */
#define PL011_DR_ERRS 0xf00U

/* RSR: the same four, from bit 0. */
#define PL011_RSR_SHIFT 8U
#define PL011_RSR_OE    0x8U

#define PL011_FR_CTS   0x001U /* modem lines read 1 when they are asserted */
#define PL011_FR_DSR   0x002U
#define PL011_FR_DCD   0x004U
#define PL011_FR_BUSY  0x008U
#define PL011_FR_RXFE  0x010U
#define PL011_FR_TXFF  0x020U
#define PL011_FR_RXFF  0x040U
#define PL011_FR_TXFE  0x080U
#define PL011_FR_RI    0x100U
#define PL011_FR_MODEM 0x107U

#define PL011_LCR_H_BRK   0x01U /* send break */
#define PL011_LCR_H_FEN   0x10U /* FIFOs enabled */
#define PL011_LCR_H_WLEN8 0x60U /* words of 8 bits */

#define PL011_CR_UARTEN 0x0001U
#define PL011_CR_LBE    0x0080U /* loopback */
#define PL011_CR_TXE    0x0100U
#define PL011_CR_RXE    0x0200U
#define PL011_CR_DTR    0x0400U
#define PL011_CR_RTS    0x0800U
#define PL011_CR_OUT1   0x1000U
#define PL011_CR_OUT2   0x2000U
#define PL011_CR_RTSEN  0x4000U
#define PL011_CR_CTSEN  0x8000U
#define PL011_CR_MODEM  0x3c00U /* the outputs that the guest sets itself */
#define PL011_CR_MASK   0xff87U /* 6:3 are reserved */
#define PL011_CR_RESET  (PL011_CR_TXE | PL011_CR_RXE)

#define PL011_IFLS_TX(ifls) ((ifls)&7U)
#define PL011_IFLS_RX(ifls) (((ifls) >> 3) & 7U)
#define PL011_IFLS_MASK     0x3fU
#define PL011_IFLS_RESET    0x12U /* both at one half */

/* IMSC, RIS, MIS, ICR */
#define PL011_INT_RI        0x001U /* RI, CTS, DCD, DSR: a modem line changed */
#define PL011_INT_CTS       0x002U
#define PL011_INT_DCD       0x004U
#define PL011_INT_DSR       0x008U
#define PL011_INT_RX        0x010U
#define PL011_INT_TX        0x020U
#define PL011_INT_RT        0x040U /* receive timeout */
#define PL011_INT_FE        0x080U
#define PL011_INT_PE        0x100U
#define PL011_INT_BE        0x200U
#define PL011_INT_OE        0x400U
#define PL011_INT_LATCHED   0x78fU /* until ICR: errors and modem lines */
#define PL011_INT_MASK      0x7ffU
#define PL011_INT_ERR_SHIFT 7U /* RIS 10:7 are RSR 3:0 */

#define PL011_FBRD_MASK  0x3fU
#define PL011_DMACR_MASK 0x7U

#endif /* VSIO_PL011_REGS_H */

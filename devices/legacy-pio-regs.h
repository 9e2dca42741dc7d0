/* SPDX-License-Identifier: MIT */
/*
 * legacy-pio-regs.h - ports and bits of a PC that the legacy ports answer for.
 * Port B is that of IBM's PS/2 Hardware Interface Technical Reference (October
 * 1990), configuration mechanism #1 that of the PCI Local Bus Specification
 * 3.0, 3.2.2.3.2.
 */
#ifndef VSIO_LEGACY_PIO_REGS_H
#define VSIO_LEGACY_PIO_REGS_H

#define LEGACY_PIC1     0x20U /* 2 ports */
#define LEGACY_PIT      0x40U /* 4 ports */
#define LEGACY_PORT_B   0x61U
#define LEGACY_CMOS     0x70U  /* 2 ports */
#define LEGACY_PIC2     0xa0U  /* 2 ports */
#define LEGACY_PCI_ADDR 0xcf8U /* 32 bits */
#define LEGACY_PCI_DATA 0xcfcU /* 4 ports */

#define LEGACY_WINDOW 0xd00U /* an offset is a port */

/* Port B, which is byte 1 of the register at 0x60. */
#define LEGACY_PORT_B_TIMER2_GATE 0x01U
#define LEGACY_PORT_B_SPEAKER     0x02U
#define LEGACY_PORT_B_STORED      0x0fU /* gate, speaker, two checks */
#define LEGACY_PORT_B_REFRESH     0x10U /* toggles with each refresh */
#define LEGACY_PORT_B_TIMER2_OUT  0x20U

/* CONFIG_ADDRESS: enable, bus, device, function, register; others are 0. */
#define LEGACY_PCI_ENABLE    0x80000000U
#define LEGACY_PCI_ADDR_MASK 0x80fffffcU

#endif /* VSIO_LEGACY_PIO_REGS_H */

/* SPDX-License-Identifier: MIT */
/*
 * pl031-regs.h - register offsets and bits of the PrimeCell RTC PL031, named
 * as in the Technical Reference Manual (Arm DDI 0224), chapter 3.
 */
#ifndef VSIO_PL031_REGS_H
#define VSIO_PL031_REGS_H

#define PL031_DR       0x000U /* data: the counter */
#define PL031_MR       0x004U /* match */
#define PL031_LR       0x008U /* load */
#define PL031_CR       0x00cU /* control */
#define PL031_IMSC     0x010U /* interrupt mask: 1 lets it through */
#define PL031_RIS      0x014U /* raw interrupt status */
#define PL031_MIS      0x018U /* masked interrupt status */
#define PL031_ICR      0x01cU /* interrupt clear */
#define PL031_PERIPHID 0xfe0U /* four, then four CellIDs */

#define PL031_WINDOW 0x1000U

#define PL031_CR_START 0x1U

#define PL031_INT 0x1U /* IMSC, RIS, MIS, ICR: the only interrupt, RTCINTR */

#endif /* VSIO_PL031_REGS_H */

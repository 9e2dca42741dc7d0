/* SPDX-License-Identifier: MIT */
/*
 * cfi-flash-regs.h - commands, status and query table of parallel NOR flash
 * with Intel's command set, named as in the datasheets of Intel's StrataFlash
 * J3 and P30 and in the Common Flash Interface (AP-646, JEDEC JESD68).
 */
#ifndef VSIO_CFI_FLASH_REGS_H
#define VSIO_CFI_FLASH_REGS_H

/* Guest address space of the largest bank. */
#define CFI_WINDOW 0x4000000U

/* Commands: the low byte of a chip's word. */
#define CFI_CMD_PROGRAM_ALT 0x10U /* word program, first code */
#define CFI_CMD_ERASE       0x20U /* block erase setup; then CONFIRM */
#define CFI_CMD_PROGRAM     0x40U /* word program setup; then the word */
#define CFI_CMD_CLEAR       0x50U /* clear status register */
#define CFI_CMD_LOCK_SETUP  0x60U /* then one of the three below */
#define CFI_CMD_READ_STATUS 0x70U
#define CFI_CMD_READ_ID     0x90U
#define CFI_CMD_QUERY       0x98U
#define CFI_CMD_SUSPEND     0xb0U
#define CFI_CMD_CONFIRM     0xd0U /* of an erase, a buffer; resume; unlock */
#define CFI_CMD_BUFFER      0xe8U /* buffered program setup; then the count */
#define CFI_CMD_AMD_RESET   0xf0U /* of another command set; drivers probe */
#define CFI_CMD_READ_ARRAY  0xffU

/* What follows LOCK_SETUP. */
#define CFI_LOCK      0x01U
#define CFI_LOCK_DOWN 0x2fU
#define CFI_UNLOCK    CFI_CMD_CONFIRM

/* Status register. */
#define CFI_SR_PROTECT  0x02U /* the block was locked */
#define CFI_SR_PROGRAM  0x10U /* a program failed */
#define CFI_SR_ERASE    0x20U /* an erase failed */
#define CFI_SR_SEQUENCE (CFI_SR_PROGRAM | CFI_SR_ERASE) /* wrong sequence */
#define CFI_SR_READY    0x80U
#define CFI_SR_MASK     (CFI_SR_READY | CFI_SR_SEQUENCE | CFI_SR_PROTECT)

/* ID codes and query: addresses in words of a chip. */
#define CFI_MANUFACTURER 0x00U
#define CFI_DEVICE       0x01U
#define CFI_BLOCK_LOCK   0x02U /* of the block that is read */
#define CFI_QRY          0x10U /* "QRY", command sets and their tables */
#define CFI_SYSTEM       0x1bU /* voltages and times */
#define CFI_SIZE         0x27U /* 2^n bytes */
#define CFI_INTERFACE    0x28U /* 0: 8 bits wide, 1: 16 */
#define CFI_BUFFER_SIZE  0x2aU /* 2^n bytes */
#define CFI_REGIONS      0x2cU /* one, whose blocks are all of one size: */
#define CFI_REGION_1     0x2dU /* blocks - 1, then bytes / 256: 16 bits each */
#define CFI_PRI          0x31U /* Intel's extended query */
#define CFI_END          0x46U
#define CFI_ADDR_MASK    0xffU /* the table repeats every 256 words */

/* BLOCK_LOCK */
#define CFI_LOCKED      0x1U
#define CFI_LOCKED_DOWN 0x2U

#endif /* VSIO_CFI_FLASH_REGS_H */

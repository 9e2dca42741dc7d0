/* SPDX-License-Identifier: MIT */
/*
 * i8042-regs.h - registers, bits and commands of the keyboard and auxiliary
 * device controller, after IBM's PS/2 Hardware Interface Technical Reference
 * (October 1990); figures are those of its chapter on the controller.
 */
#ifndef VSIO_I8042_REGS_H
#define VSIO_I8042_REGS_H

/* On a PC these are the ports 60 and 64 (hex). */
#define I8042_DATA   0x0U /* read: output buffer; write: input buffer */
#define I8042_STATUS 0x4U /* read */
#define I8042_CMD    0x4U /* write */

#define I8042_WINDOW 0x8U

/* Status, figure 1. */
#define I8042_STR_OBF     0x01U /* a byte waits in the output buffer */
#define I8042_STR_IBF     0x02U /* a byte waits in the input buffer */
#define I8042_STR_SYS     0x04U /* the system flag of the command byte */
#define I8042_STR_A2      0x08U /* the last write was a command */
#define I8042_STR_INH     0x10U /* the keyboard is not locked by a key */
#define I8042_STR_AUX     0x20U /* with OBF: the byte is of the aux device */
#define I8042_STR_TIMEOUT 0x40U /* with OBF: the device did not answer */
#define I8042_STR_PARITY  0x80U /* with OBF: bad parity of the byte */

/* Input port, figure 2; idle lines are high. */
#define I8042_IN_KBD_DATA 0x01U
#define I8042_IN_AUX_DATA 0x02U
#define I8042_IN_UNLOCKED 0x80U /* of the PC AT; reserved later */
#define I8042_IN_INIT     0x83U /* nothing drives a line low */

/* Output port, figure 3. */
#define I8042_OUT_RESET 0x01U /* low: the machine is held in reset */
#define I8042_OUT_A20   0x02U /* low: address bit 20 is held low */
#define I8042_OUT_OBF   0x10U
#define I8042_OUT_AUX   0x20U
#define I8042_OUT_INIT  0xcfU /* clocks and data high, buffer empty */

/* Command byte, figure 4: byte 0 of the controller's RAM. */
#define I8042_CTR_KBD_INT 0x01U /* OBF raises IRQ 1 */
#define I8042_CTR_AUX_INT 0x02U /* OBF of the aux device raises IRQ 12 */
#define I8042_CTR_SYS     0x04U
#define I8042_CTR_KBD_DIS 0x10U /* the keyboard's clock is held low */
#define I8042_CTR_AUX_DIS 0x20U
#define I8042_CTR_XLATE   0x40U /* scan code set 2 is turned into set 1 */
#define I8042_CTR_INIT    0x70U /* both disabled, translated */

/* Test inputs: the clock lines. */
#define I8042_TEST_KBD_CLK 0x01U
#define I8042_TEST_AUX_CLK 0x02U

/* Commands; the bits of I8042_CMD_RAM are the address. */
#define I8042_CMD_READ_RAM      0x20U
#define I8042_CMD_WRITE_RAM     0x60U
#define I8042_CMD_RAM           0x1fU
#define I8042_CMD_PASS_TEST     0xa4U
#define I8042_CMD_PASS_LOAD     0xa5U
#define I8042_CMD_PASS_ENABLE   0xa6U
#define I8042_CMD_AUX_DISABLE   0xa7U
#define I8042_CMD_AUX_ENABLE    0xa8U
#define I8042_CMD_AUX_TEST      0xa9U
#define I8042_CMD_SELF_TEST     0xaaU
#define I8042_CMD_KBD_TEST      0xabU
#define I8042_CMD_KBD_DISABLE   0xadU
#define I8042_CMD_KBD_ENABLE    0xaeU
#define I8042_CMD_READ_IN       0xc0U
#define I8042_CMD_POLL_IN_LOW   0xc1U /* bits 3:0 to status 7:4 */
#define I8042_CMD_POLL_IN_HIGH  0xc2U /* bits 7:4 to status 7:4 */
#define I8042_CMD_READ_OUT      0xd0U
#define I8042_CMD_WRITE_OUT     0xd1U
#define I8042_CMD_WRITE_KBD_OBF 0xd2U
#define I8042_CMD_WRITE_AUX_OBF 0xd3U
#define I8042_CMD_WRITE_AUX     0xd4U
#define I8042_CMD_A20_OFF       0xddU
#define I8042_CMD_A20_ON        0xdfU
#define I8042_CMD_READ_TEST     0xe0U
#define I8042_CMD_PULSE         0xf0U /* output port bits 3:0 that are 0 */

/* Answers. */
#define I8042_SELF_TEST_OK 0x55U
#define I8042_TEST_OK      0x00U
#define I8042_NO_PASSWORD  0xf1U
#define I8042_RESEND       0xfeU

#endif /* VSIO_I8042_REGS_H */

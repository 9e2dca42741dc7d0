/* SPDX-License-Identifier: MIT */
/*
 * ps2-keys.h - keys as hosts name them: the key's byte in scan code set 2,
 * with E0 above it if that is its prefix there (1c: A, e05a: Enter of the
 * keypad). Two keys say more than that, and the device knows what.
 */
#ifndef VSIO_PS2_KEYS_H
#define VSIO_PS2_KEYS_H

#define VSIO_KEY_ALT       0x11U
#define VSIO_KEY_CTRL      0x14U
#define VSIO_KEY_DEL       0xe071U
#define VSIO_KEY_PRINT     0xe07cU
#define VSIO_KEY_CTRL_STOP 0xe07eU /* what Pause is with Ctrl held */
#define VSIO_KEY_ALT_PRINT 0x84U   /* what Print is with Alt held: SysRq */
#define VSIO_KEY_PAUSE     0xe114U /* there is no release of it */
/* What Print is with Ctrl or Shift held: E0 7C and no more. */
#define VSIO_KEY_CTRL_PRINT 0xe17cU

#endif /* VSIO_PS2_KEYS_H */

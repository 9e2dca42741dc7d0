/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * layout.h - where a guest finds the devices that Xen's own layout
 * (public/arch-arm.h) does not know: in its free range 0x22001000-0x22ffffff,
 * on SPIs above those of virtio-mmio.
 */
#ifndef VSIO_LAYOUT_H
#define VSIO_LAYOUT_H

#define VSIO_VPL031_BASE 0x22001000
#define VSIO_VPL031_SPI  44
#define VSIO_VI8042_BASE 0x22002000
#define VSIO_VI8042_SPI  45 /* keyboard; the mouse has the next one */

/* Phandle of the fixed clock that AMBA devices ask for. */
#define VSIO_PHANDLE_CLOCK (GUEST_PHANDLE_GIC + 0x100)

#endif /* VSIO_LAYOUT_H */

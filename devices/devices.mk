# SPDX-License-Identifier: MIT
# What a foreign Makefile includes to build the devices: variables only.
# Sources, relative to this directory; compile them with this directory in the
# include path, as freestanding C11.

VSIO_DEVICES := vsio.c snapshot.c pl011.c pl011-state.c pl031.c pl031-state.c i8042.c ps2-queue.c ps2-kbd.c ps2-mouse.c ns16550.c bus.c bus-places.c bus-snapshot.c legacy-pio.c rate-limit.c cfi-flash.c

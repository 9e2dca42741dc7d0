# SPDX-License-Identifier: MIT
# What a foreign Makefile includes to build the devices: variables only.
# Sources, relative to this directory; compile them with this directory in the
# include path, as freestanding C11.

VSIO_DEVICES := vsio.c pl011.c pl031.c i8042.c

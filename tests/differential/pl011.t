#!/bin/sh
# SPDX-License-Identifier: MIT
# Our pl011 beside QEMU's.
exec "${0%/*}/run" pl011

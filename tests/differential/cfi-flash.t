#!/bin/sh
# SPDX-License-Identifier: MIT
# Our cfi-flash beside QEMU's.
exec "${0%/*}/run" cfi-flash

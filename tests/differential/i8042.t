#!/bin/sh
# SPDX-License-Identifier: MIT
# Our i8042 beside QEMU's.
exec "${0%/*}/run" i8042

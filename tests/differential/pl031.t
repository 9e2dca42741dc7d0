#!/bin/sh
# SPDX-License-Identifier: MIT
# Our pl031 beside QEMU's.
exec "${0%/*}/run" pl031

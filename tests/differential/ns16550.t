#!/bin/sh
# SPDX-License-Identifier: MIT
# Our ns16550 beside QEMU's.
exec "${0%/*}/run" ns16550

#!/bin/sh
# SPDX-License-Identifier: MIT
# Every input in the tree, through the targets built by gcc.

cd "$(dirname "$0")/../.." || exit 1
targets=$(cd tests/fuzz && printf '%s\n' fuzz-*.c |
          sed 's/^fuzz-//; s/\.c$//')
# shellcheck disable=SC2086 # words, on purpose
exec tests/fuzz/run replay $targets

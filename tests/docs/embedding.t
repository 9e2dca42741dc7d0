#!/bin/sh
# SPDX-License-Identifier: MIT
# The example in README.md compiles as it stands there, with both compilers
# and all warnings, and prints what the README says.
set -eu
cd "$(dirname "$0")/../.."
out=${B:-build}/docs
mkdir -p "$out"

# The first block of the README in the language $1.
block()
{
    awk -v open="\`\`\`$1" '
        $0 == "```" && on { exit }
        on { print }
        $0 == open { on = 1 }
    ' README.md
}

block c > "$out/example.c"
block text > "$out/expected"

echo 1..2
n=0
for cc in gcc clang; do
    n=$((n + 1))
    if $cc -std=c11 -O2 -Wall -Wextra -Wno-unused-parameter -Werror \
           -Idevices -o "$out/example" "$out/example.c" \
           devices/vsio.c devices/pl011.c &&
       "$out/example" > "$out/printed" &&
       diff "$out/expected" "$out/printed" | sed 's/^/# /' &&
       cmp -s "$out/expected" "$out/printed"; then
        echo "ok $n - the README's example is true with $cc"
    else
        echo "not ok $n - the README's example is true with $cc"
    fi
done

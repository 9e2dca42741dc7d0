#!/bin/sh
# SPDX-License-Identifier: MIT
# The examples in README.md and docs/embedding.md compile as they stand there,
# with both compilers and all warnings, and print what the pages say. The one in
# docs/embedding.md runs as two processes, with a snapshot between them.
set -eu
cd "$(dirname "$0")/../.."
out=${B:-build}/docs
mkdir -p "$out"
sources=$(sed -n 's/^VSIO_DEVICES := //p' devices/devices.mk |
          sed 's|[^ ]*|devices/&|g')

# All blocks of page $1 in the language $2, one after the other.
blocks()
{
    awk -v open="\`\`\`$2" '
        $0 == "```" { on = 0 }
        on { print }
        $0 == open { on = 1 }
    ' "$1"
}

# NAME PAGE: the page's program is $out/NAME, what it prints $out/NAME.want.
compile()
{
    blocks "$2" c > "$out/$1.c"
    blocks "$2" text > "$out/$1.want"
    rm -f "$out/$1.got"
    # shellcheck disable=SC2086 # words, on purpose
    $cc -std=c11 -O2 -Wall -Wextra -Wno-unused-parameter -Werror -Idevices \
        -o "$out/$1" "$out/$1.c" $sources
}

result()
{
    n=$((n + 1))
    if cmp -s "$out/$1.want" "$out/$1.got"; then
        echo "ok $n - $2 is true with $cc"
    else
        diff "$out/$1.want" "$out/$1.got" | sed 's/^/# /'
        echo "not ok $n - $2 is true with $cc"
    fi
}

echo 1..4
n=0
for cc in gcc clang; do
    if compile readme README.md; then
        "$out/readme" > "$out/readme.got" || true
    fi
    result readme "the README's example"
    if compile host docs/embedding.md; then
        { "$out/host" save "$out/host.snapshot" &&
          "$out/host" restore "$out/host.snapshot"; } > "$out/host.got" || true
    fi
    result host "the host of docs/embedding.md"
done

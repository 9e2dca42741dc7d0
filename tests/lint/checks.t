#!/bin/bash
# SPDX-License-Identifier: MIT
# check-spdx, check-headers, check-size and check-lines find what they are there
# for.

cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

# passes|fails WHAT COMMAND...
passes()
{
    n=$((n + 1))
    if "${@:2}" >"$dir/out" 2>&1; then echo "ok $n - $1"
    else echo "not ok $n - $1"; sed 's/^/# /' "$dir/out"; fi
}

fails()
{
    n=$((n + 1))
    if "${@:2}" >"$dir/out" 2>&1; then echo "not ok $n - $1"
    else echo "ok $n - $1"; fi
}

spdx() { printf '%b' "$1" >"$dir/file"; tests/lint/check-spdx "$dir/file"; }

passes 'a licence in C' spdx '/* SPDX-License-Identifier: MIT */\nint x;\n'
passes 'a licence in a script' spdx '#!/bin/sh\n# SPDX-License-Identifier: MIT\n'
fails 'an empty file' spdx ''
fails 'a file without a licence' spdx 'int x;\n'
fails 'a licence too late' spdx '\n\n# SPDX-License-Identifier: MIT\n'
fails 'a licence that is not ours' spdx '# SPDX-License-Identifier: BSD-2-Clause\n'

header()
{
    cat >"$dir/x.h"
    tests/lint/check-headers gcc -Wall -Werror -- "$dir/x.h"
}

passes 'a header that stands alone' header <<'END'
#ifndef X_H
#define X_H
#include <stdint.h>
struct x { uint8_t y; };
#endif
END
fails 'a header that needs another one first' header <<'END'
#ifndef X_H
#define X_H
struct x { uint8_t y; };
#endif
END
fails 'a header without a guard' header <<'END'
struct x { int y; };
END

size()
{
    echo "const char text[$1] = {1};" |
        aarch64-linux-gnu-gcc -x c -c -o "$dir/pl031.o" - &&
        tests/lint/check-size "$dir/pl031.o"
}

passes 'a device within its budget' size 1400
fails 'a device over its budget' size 1600

lines()
{
    printf '/* two\n * lines */\n\nint x; /* one */\nint y;\n' >"$dir/x.c"
    tests/lint/check-lines "$1" "$dir/x.c"
}

passes 'few lines, and comments' lines 2
fails 'too many lines' lines 1

echo "1..$n"

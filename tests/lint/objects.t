#!/bin/bash
# SPDX-License-Identifier: MIT
# check-objects finds what it is there for: one bad source of each kind.

cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

ok()
{
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

# objects CC - compiles the source on standard input, and checks the object.
objects()
{
    rm -f "$dir"/*
    cat >"$dir/bad.c"
    # shellcheck disable=SC2086 # words, on purpose
    $1 -O2 -ffreestanding -fno-pic -fno-asynchronous-unwind-tables \
        -fstack-usage -c -o "$dir/bad.o" "$dir/bad.c" &&
        tests/lint/check-objects "$dir/bad.o" >"$dir/out" 2>&1
}

# finds CC WHAT WORDS - the source on standard input is bad, for this reason.
finds()
{
    ! objects "$1" && grep -q -- "$3" "$dir/out"
    status=$?
    ok $status "$2 (${1%% *})"
    [ $status = 0 ] || sed 's/^/# /' "$dir/out"
}

graph='-fcallgraph-info=su -fno-optimize-sibling-calls'

for cc in gcc aarch64-linux-gnu-gcc arm-linux-gnueabihf-gcc \
          powerpc64-linux-gnu-gcc clang 'clang --target=aarch64-linux-gnu' \
          'clang --target=arm-linux-gnueabihf' \
          'clang --target=powerpc64-linux-gnu'; do
    objects "$cc" <<'END'
void *memset(void *s, int c, unsigned long n);
static const char *const name[] = {"a", "b"};
const char *f(char *buf, int i) { memset(buf, 0, 200); return name[i & 1]; }
END
    ok $? "a good object passes (${cc%% *})"

    finds "$cc" 'a symbol from elsewhere is found' 'needs printk' <<'END'
void printk(int i);
void f(void) { printk(1); }
END
    finds "$cc" 'an initialised variable is found' 'writable bytes' <<'END'
int counter = 1;
int f(void) { return ++counter; }
END
    finds "$cc" 'a static local variable is found' 'writable bytes' <<'END'
int f(void) { static int counter; return ++counter; }
END
    finds "$cc -fcommon" 'a common symbol is found' 'common symbol' <<'END'
int counter;
int f(void) { return ++counter; }
END
    finds "$cc" 'a stack frame over 256 bytes is found' 'stack frame' <<'END'
void *memset(void *s, int c, unsigned long n);
void g(char *);
int f(int i) { volatile char big[500]; big[i] = 1; return big[i + 1]; }
END
    finds "$cc" 'a frame of variable size is found' 'stack frame' <<'END'
int f(int n, int i) { volatile char big[n]; big[i] = 1; return big[0]; }
END
done

finds "gcc $graph" 'a function that calls itself is found' 'recursion' <<'END'
int f(int n) { return n ? n + f(n - 1) : 0; }
END
finds "gcc $graph" 'a call in tail position is found, too' 'recursion' <<'END'
int f(int n, int sum) { return n ? f(n - 1, sum + n) : sum; }
END
finds "gcc $graph" 'a way round three functions is found' 'recursion' <<'END'
int f(int n); int g(int n); int h(int n);
__attribute__((noinline)) int f(int n) { return n ? g(n - 1) : 1; }
__attribute__((noinline)) int g(int n) { return 2 * h(n); }
__attribute__((noinline)) int h(int n) { return 3 * f(n); }
END

! tests/lint/check-objects >/dev/null 2>&1
ok $? 'no object at all is an error'

echo "1..$n"

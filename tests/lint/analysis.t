#!/bin/bash
# SPDX-License-Identifier: MIT
# make analyzer, tidy, misra and scripts find what they are there for: in a copy
# of the tree, one fault for each.

cd "$(dirname "$0")/../.." || exit 1
unset MAKEFLAGS # of a make that runs this
xen=$(realpath "${B:-build}/xen")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

mkdir -p "$dir/tree/build"
cp -a Makefile .ci .clang-tidy devices docs tests tools xen "$dir/tree"
ln -s "$xen" "$dir/tree/build/xen"
cd "$dir/tree" || exit 1
cp docs/misra.md "$dir"

ok()
{
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"
    else echo "not ok $n - $2"; sed 's/^/# /' "$dir/out"; fi
}

# lint TARGET [FILE] - over this file only.
lint()
{
    rm -rf build/lint
    case ${2-} in
    xen/*) set -- "$1" lint-glue="$2" lint-misra=glue ;;
    tools/channel/*) set -- "$1" lint-channel="$2" lint-misra=channel ;;
    tools/*) set -- "$1" lint-tools="$2" ;;
    *) set -- "$1" lint-devices="${2-}" lint-misra=devices ;;
    esac
    make -s B=build lint-devices= lint-glue= lint-channel= lint-tools= "$@" \
        >"$dir/out" 2>&1
}

# passes TARGET FILE
passes()
{
    lint "$1" "$2"
    ok $? "make $1: $2 passes"
}

# finds TARGET FILE WHAT WORDS - FILE, of standard input, has this fault.
finds()
{
    cat >"$2"
    ! lint "$1" "$2" && grep -q -- "$4" "$dir/out"
    ok $? "make $1: $3 is found in ${2%/*}"
    rm "$2"
}

# finds_in SCRIPT WHAT WORDS - with standard input behind it, it has the fault.
finds_in()
{
    cp -a "$1" "$dir/kept"
    cat >>"$1"
    ! lint scripts && grep -q -- "$3" "$dir/out"
    ok $? "make scripts: $2 is found"
    cp -a "$dir/kept" "$1"
}

# allow RULE COUNT - a table with this ceiling.
allow()
{
    sed "s/^\(| $1 |.*|\) [0-9]* | /\1 $2 | /" "$dir/misra.md" >docs/misra.md
}

# misra STATUS WHAT WORDS - of devices/bad.c.
misra()
{
    lint misra devices/bad.c
    [ $? = "$1" ] && grep -q -- "$3" "$dir/out"
    ok $? "make misra: $2"
}

passes analyzer devices/vsio.c
passes analyzer xen/vsio/vi8042.c
passes analyzer tools/channel/stream.c
passes analyzer tools/vsiod/jail.c
passes tidy devices/vsio.c
passes tidy xen/vsio/vi8042.c
passes tidy tools/channel/stream.c
passes tidy tools/vsiod/jail.c
passes misra devices/vsio.c
passes misra tools/channel/stream.c
passes misra 'xen/vsio/domctl.c xen/vsio/slot.c'

for place in devices xen/vsio tools/channel tools/vsiod; do
    finds analyzer $place/bad.c 'a null pointer on one way' \
        'analyzer-null-dereference' <<'END'
int get(int *at, int want);
int get(int *at, int want)
{
    int *p = want ? at : (int *)0;

    return *p;
}
END
    finds tidy $place/bad.c 'a comparison with itself' \
        'misc-redundant-expression' <<'END'
int get(int n);
int get(int n)
{
    return n == n;
}
END
    finds tidy $place/bad.c 'a function of over 60 lines' \
        'readability-function-size' <<END
void set(volatile int *p);
void set(volatile int *p)
{
$(for i in {1..60}; do echo "    *p = $i;"; done)
}
END
    [ $place != tools/vsiod ] || continue
    finds misra $place/bad.c 'what cppcheck itself has against it' \
        'zerodiv' <<'END'
int get(void);
int get(void)
{
    int zero = 0;

    return 1 / zero;
}
END
    finds misra $place/bad.c 'a deviation from a rule without a row' \
        "MISRA 15.1: 1 open, docs/misra.md allows 0: $place/bad.c:4$" <<'END'
int get(int n);
int get(int n)
{
    goto out;
out:
    return n;
}
END
done

cat >devices/bad.c <<'END'
long get(const int *p);
long get(const int *p)
{
    long a = *(const long *)p;
    long b = *(const long *)p;

    return a + b;
}
END
allow 11.3 1
misra 2 'one more than the ceiling is refused' \
    'MISRA 11.3: 2 open, docs/misra.md allows 1: devices/bad.c:4,5$'
allow 11.3 2
misra 0 'as many as the ceiling pass' '^MISRA C:2012: 2 open deviations'
allow 11.3 3
misra 0 'fewer are welcome' 'MISRA 11.3: 2 open, docs/misra.md can say so'

allow 10.4 0
for sum in 'n + 1' 'n + b'; do
    echo "unsigned int get(unsigned int n, _Bool b);
          unsigned int get(unsigned int n, _Bool b) { return $sum; }" \
        >devices/bad.c
    case $sum in
    *1) misra 0 'a plain number beside an unsigned keeps its value' . ;;
    *) misra 2 'a truth value beside an unsigned does not' 'MISRA 10.4: 1 ' ;;
    esac
done

for tag in '' unused; do
    printf '%s\n' "enum $tag { BAD_A };" 'enum { BAD_B };' \
        'int get(void); int get(void) { return 1; }' >devices/bad.c
    case $tag in
    '') misra 0 'types without a tag need none' . ;;
    *) misra 2 'a tag that nobody uses is found' 'MISRA 2.4: 1 ' ;;
    esac
done

lint scripts
ok $? 'make scripts: these scripts pass'
finds_in tools/need 'a variable that splits' 'SC2086' <<'END'
rm $1
END
finds_in tools/xen_boot.py 'an undefined name' 'undefined name' <<'END'
print(nowhere)
END
finds_in tests/lint/check-misra 'an import that nobody uses' \
    'imported but unused' <<'END'
import os
END

echo "1..$n"

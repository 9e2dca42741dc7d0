#!/bin/bash
# SPDX-License-Identifier: MIT
# mutate finds what it is there for: a small project of one device, a clock that
# strikes, with tests that look at it and tests that do not.

set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
n=0

mkdir -p devices tests/unit tests/mutate
cp "$top"/devices/vsio.h "$top"/tests/unit/{harness.c,harness.h,start.c} \
    tests/unit

cat >devices/clock-regs.h <<'END'
#define CLOCK_NIGHT 22U
END
cat >devices/clock.h <<'END'
#include <stdbool.h>
unsigned int strokes(unsigned int hour);
END
cat >devices/clock.c <<'END'
#include "clock-regs.h"
#include "clock.h"

static volatile unsigned int bell;

unsigned int strokes(unsigned int hour)
{
    unsigned int left = hour % 12 + 0;

    bell = 0;
    if ( hour >= CLOCK_NIGHT )
        return 0;
    while ( left )
    {
        bell++;
        left--;
    }

    return bell;
}
END

# Expectations, one a line: the body of the only test.
test_with()
{
    { echo '#include "harness.h"'
      echo '#include "clock.h"'
      echo 'static void strikes(void)'
      echo '{'
      cat
      echo '}'
      echo 'static const struct test table[] = { { "it strikes", strikes } };'
      echo 'TESTS(table);'
    } >tests/unit/test-clock.c
}

# mutant FILE+FUNCTION BEFORE AFTER: as survivors has it.
mutant() { printf '%s\n- %s\n+ %s\n' "devices/$1" "$2" "$3"; }
night=$(mutant 'clock.c strokes' 'if ( hour >= CLOCK_NIGHT )' \
               'if ( hour > CLOCK_NIGHT )')
constant=$(mutant 'clock-regs.h CLOCK_NIGHT' '#define CLOCK_NIGHT 22U' \
                  '#define CLOCK_NIGHT 23U')
gone=$(mutant 'clock.c strokes' 'gone();' ';')

# explain [MUTANT...]: they, and no others, are in the list.
explain() { printf '%s\n= the night is long\n\n' "$@" >tests/mutate/survivors; }

mutate()
{
    status=0
    B=build "$top/tests/mutate/mutate" -j2 "$@" >out 2>&1 || status=$?
}

# ok WHAT COMMAND...
ok()
{
    n=$((n + 1))
    if "${@:2}"; then echo "ok $n - $1"
    else echo "not ok $n - $1"; sed 's/^/# /' out; fi
}

fails() { [ "$status" = 1 ]; }
succeeds() { [ "$status" = 0 ]; }
says() { tr -s ' ' <out | grep -qFx -e "$1"; }
silent() { ! grep -qF -e "$1" out; }
# reports HEADING MUTANT: one after the other.
reports() { [[ $(<out) == *"$1$2"* ]]; }

test_with <<'END'
    EXPECT(strokes(22) == 0 || strokes(22) != 0);
END
mutate
ok 'a test that cannot fail: exit status 1' fails
ok 'a test that cannot fail: its mutants survive' reports 'survived: ' "$night"
ok 'hour % 12 - 0 is the same code, and no mutant' \
    says 'devices/clock.c 14 1 0 0 14'

test_with <<'END'
    EXPECT(strokes(0) == 0 && strokes(9) == 9 && strokes(23) == 0);
    EXPECT(strokes(14) == 2 && strokes(13) == 1 && strokes(21) == 9);
END
mutate
ok 'a test that is missing: exit status 1' fails
ok 'a test that is missing: the mutant is reported' \
    reports 'survived: ' "$night"
ok 'a constant of a header, too' reports 'survived: ' "$constant"

explain "$night" "$constant"
mutate
ok 'one that is explained still survives' says 'devices/clock.c 14 1 0 13 1'
ok 'one that is explained is not reported' silent 'survived: '
ok 'explained or not, more than 5 % of all are too many' fails
mutate devices/clock.c
ok 'of one file they may be' succeeds

sed -i 's/^= the night/no reason/' tests/mutate/survivors
mutate devices/clock.c
ok 'an explanation without a reason is refused' reports '' 'what is this?'

test_with <<'END'
    EXPECT(strokes(0) == 0 && strokes(9) == 9 && strokes(23) == 0);
    EXPECT(strokes(14) == 2 && strokes(13) == 1 && strokes(21) == 9);
    EXPECT(strokes(22) == 0);
END
: >tests/mutate/survivors
mutate
ok 'a test is added: none survives, endless loops neither' succeeds

mutate
ok 'nothing has changed: nothing is tried again' reports '' '; 0 tried now'
echo '/* at ten */' >>devices/clock-regs.h
mutate
ok 'another header: all is tried again' says '0.0 % survived, of all 5 % may;'\
' 0 not explained, 0 explanations stale; 17 tried now'

explain "$night"
mutate
ok 'an explanation of what is noticed is stale' \
    reports 'stale in tests/mutate/survivors: ' "$night"
ok 'an explanation that is stale: exit status 1' fails

explain "$gone"
mutate -n 1
ok 'an explanation of what is not there is stale, in a sample, too' \
    reports 'stale in tests/mutate/survivors: ' "$gone"

: >tests/mutate/survivors
test_with <<'END'
    EXPECT(strokes(0) == 0 && strokes(9) == 9 && strokes(23) == 0);
    EXPECT(strokes(14) == 2 && strokes(13) == 1 && strokes(21) == 9);
END
mutate
ok 'a test is taken away: what it noticed is forgotten' \
    reports 'survived: ' "$night"

echo "1..$n"

#!/bin/bash
# SPDX-License-Identifier: MIT
# Planted faults: each one is found by the inputs in the tree, and for what it
# is. FUZZ_GCC, FUZZ_CLANG: the compilers and their flags, from fuzz.mk.

cd "$(dirname "$0")/../.." || exit 1
: "${FUZZ_GCC:?run me by make replay}" "${FUZZ_CLANG:?run me by make replay}"
fuzz=${B:-build}/fuzz
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0

# sources TARGET - where the files are that it is about.
sources()
{
    if [ "$1" = channel ]; then echo tools/channel; else echo devices; fi
}

# build VARIANT TARGET FILE - the program with the faulty FILE in $dir.
build()
{
    local cc=$FUZZ_GCC main=$fuzz/gcc/replay.o link=
    if [ "$1" = clang ]; then cc=$FUZZ_CLANG main='' link=-fsanitize=fuzzer; fi
    local steps=$fuzz/$1/steps.o
    case $2 in bus|channel|rate-limit) steps= ;; esac
    local others
    others=$(cd "$(sources "$2")" && printf '%s\n' *.c |
             sed "s#^#$fuzz/$1/#; s/\.c\$/.o/" | grep -v "/${3%.c}.o\$")
    # fuzz.o has the steps of devices, too.
    [ "$2" != channel ] || others="$others $fuzz/$1/vsio.o $fuzz/$1/snapshot.o"
    # shellcheck disable=SC2086 # words, on purpose
    $cc $link -Idevices -Itools/channel -o "$dir/program" "$dir/$3" \
        "$fuzz/$1/fuzz-$2.o" "$fuzz/$1/fuzz.o" $main $steps $others
}

# plant VARIANT TARGET FILE SED WORDS NAME - the fault is what SED does.
plant()
{
    n=$((n + 1))
    rm -f "$dir"/*
    sed "$4" "$(sources "$2")/$3" >"$dir/$3"
    if cmp -s "$(sources "$2")/$3" "$dir/$3"; then
        echo "not ok $n - $6 # the fault could not be planted"
    elif ! build "$1" "$2" "$3" 2>"$dir/out"; then
        echo "not ok $n - $6 # it does not compile"
    elif ("$dir/program" "$fuzz/kept/$2"/*; exit $?) >"$dir/out" 2>&1; then
        echo "not ok $n - $6 # not found"
    elif ! grep -qa -- "$5" "$dir/out"; then
        echo "not ok $n - $6 # found for another reason"
        grep -a 'not so\|runtime error' "$dir/out" | sed 's/^/# /'
    else
        echo "ok $n - $6 ($1)"
    fi
}

# The inputs as files.
# shellcheck disable=SC2046 # words, on purpose
tests/fuzz/run replay $(cd tests/fuzz && printf '%s\n' fuzz-*.c |
                        sed 's/^fuzz-//; s/\.c$//') >/dev/null

# --- The command channel
plant gcc channel frame.c 's/p->skip || p->escaped )/p->skip )/' \
    'seen is model_flag()' 'a frame that ends in the middle of an escape'
plant gcc channel link.c 's/progress > distance(l->oldest, l->top)/false/' \
    'vsio_link_valid' 'an acknowledgement of what was never sent'
plant gcc channel link.c 's/else if ( ahead )/else if ( ahead \&\& ahead < 250 )/' \
    'vsio_get32(data) is e->seen' 'a message twice'
plant gcc channel link.c 's/l->incarnation++;//' \
    'ends..].seen is ends' 'a session of an older agent'
plant clang channel stream.c 's/size > f->credit )/size > f->credit + 1U )/' \
    'vsio_inflow_put(&st.in, data, n) is fits' 'a byte more than was granted'

# --- Interrupt lines
plant gcc ns16550 ns16550.c \
    's/ELSI) && u->errors )/ELSI) \&\& (u->errors \& 2) )/' \
    'look(w, NS16550_IIR)' 'a status that raises no interrupt'
plant gcc i8042 i8042.c 's/ && aux == (port == VSIO_I8042_AUX)//' \
    'w->dev->lines is lines' 'a line of the other port'
plant gcc pl011 vsio.c 's/level == ((dev->lines & bit) != 0)/!bit/' \
    'w->level >> line & 1) != level' 'a line told without a change'
plant gcc pl011 pl011.c '/case PL011_IMSC:/,/break/s/break/return/p' \
    'w->dev->lines is mis' 'a mask that moves no line'

# --- Bytes, FIFOs and counters
plant gcc ns16550 ns16550.c \
    's/VSIO_NS16550_FIFO : 1;/VSIO_NS16550_FIFO + 1 : 1;/' \
    'bytes_dropped' 'a FIFO that takes one too many'
plant gcc pl011 pl011.c \
    's/tx_first = (u->tx_first + 1)/tx_first = (u->tx_first + 2)/' \
    'byte is r->tx\[0\]' 'bytes out of order'
plant gcc pl011 pl011.c 's/u->dev.count.bytes_out++;//' \
    'count->bytes_out' 'a byte sent that is not counted'
plant gcc pl011 pl011.c 's/while ( u->rx_count )/if ( u->rx_count )/' \
    'bytes_dropped' 'a flush that leaves bytes'
plant gcc ns16550 ns16550.c 's/u->rx_count > rx_limit(u) \/ 2/u->rx_count/' \
    'wanted' 'room that the host is not told of'
plant gcc i8042 ps2-kbd.c \
    's/k->answers.count ? &k->answers :/!k->keys.count ? \&k->answers :/' \
    'what the guest reads' 'keys before answers'
plant gcc i8042 ps2-mouse.c '/to\[3\] = /,/}/s/m->dx = m->dy/m->dy/' \
    'r->dx' 'motion reported twice'
plant gcc cfi-flash vsio.c \
    's/ &$/;/; s/^ *(UINT32_MAX >> (32 - 8 \* size));//' \
    'what the guest reads' 'bits above the size of a read'

# --- Clock
plant gcc pl031 pl031.c 's/if ( now < r->last )/if ( false )/' \
    'not so' 'a clock set back, and its alarm forgotten'
plant gcc pl031 pl031.c 's/if ( r->armed != when )/if ( true )/' \
    'when != r->alarm' 'an alarm told without a change'
plant gcc rate-limit rate-limit.c 's/high > UINT32_MAX || //' \
    'not so' 'a product that overflows'

# --- Flash
plant gcc cfi-flash cfi-flash.c 's/get_word(f, at) & word/word/' \
    'r->array, r->model' 'a program that sets bits'
plant gcc cfi-flash cfi-flash.c \
    's/dirty(f, first, block)/dirty(f, first, block \/ 2)/' \
    'r->copy, r->array' 'a change that the host is not told of'
plant gcc cfi-flash cfi-flash.c 's/ || !in_one_block(f, chip) )/ )/' \
    'not so\|runtime error\|ERROR' 'a buffer over the end of its block'
plant gcc cfi-flash cfi-flash.c \
    's/put_word(f, chip->buffer + (size_t)n/put_word(f, chip->buffer + 64 + (size_t)n/' \
    'is->locked\|is->status\|r->array' \
    'a word behind the buffer, in the locks'

# --- Snapshots
plant gcc pl011 pl011-state.c 's/vsio_field16(s, &u->latched);//' \
    'not so' 'a field that is not saved'
plant gcc pl011 snapshot.c \
    '/.in = scratch,/,/return/s/(void)load(dev, &s);//' \
    'before, w->dev' 'a refused record that leaves something'
plant gcc ns16550 ns16550.c 's/^    u->rx_wanted = true;$//' \
    'wanted' 'a restored device that does not ask for input'
plant gcc bus bus-snapshot.c 's/scratch, false)/scratch, true)/' \
    'before, &m' 'half a bus restored'
plant gcc bus bus.c \
    's/address - r->base < r->size/address - r->base <= r->size/' \
    'not so' 'a region that is a byte too long'

# --- Out of bounds, but inside of the struct
for cc in gcc clang; do
    plant $cc i8042 i8042.c \
        's/k->ram\[cmd & I8042_CMD_RAM\]/k->ram[cmd \& 0x3f]/' \
        'out of bounds' 'an index from the guest'
    plant $cc i8042 ps2-mouse.c \
        's/sent_count < sizeof(m->sent) )/sent_count <= sizeof(m->sent) )/' \
        'out of bounds' 'an array of five that takes six'
    plant $cc pl011 pl011-state.c 's/u->rx_first < VSIO_PL011_FIFO/true/' \
        'out of bounds' 'an index from a record'
done

# --- What is printed and kept when fuzzing finds something
ok()
{
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

rm -rf "${dir:?}"/*
sed 's/u->dev.count.bytes_out++;//' devices/pl011.c >"$dir/pl011.c"
build clang pl011 pl011.c
mkdir -p "$dir/fuzz/clang"
mv "$dir/program" "$dir/fuzz/clang/fuzz-pl011"
B=$dir tests/fuzz/run fuzz 20 pl011 >"$dir/out"
ok $(($? != 1)) 'fuzz fails'
grep -q 'not so: count->bytes_out is' "$dir/out"
ok $? 'it says what is wrong'
grep -q '^ *1  [a-z]' "$dir/out"
ok $? 'it prints the steps'
ls "$dir"/fuzz/crashes/pl011-crash-* >/dev/null
ok $? 'the input is kept'

echo "1..$n"

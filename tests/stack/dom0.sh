# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# Sourced by dom0's shell: what tests say often, short. Xen drops what is typed
# beyond 128 characters while dom0 is busy.

LOGS=/var/log/xen/console

log() # NAME: the file that xenconsoled keeps of its vUART
{
    echo "$LOGS/guest-$1-vuart0.log"
}

tty() # NAME
{
    xenstore-read "/local/domain/$(xl domid "$1")/vuart/0/tty"
}

size() # NAME: of its log
{
    wc -c <"$(log "$1")"
}

end() # NAME: the last lines of its log
{
    tail -n 20 "$(log "$1")" | tr -d '\r'
}

says() # NAME TEXT: is this one of the last lines? A shell adds its own to it.
{
    end "$1" | grep -qxF "$2"
}

has() # NAME BYTES: are there as many in its log?
{
    [ "$(size "$1")" -ge "$2" ]
}

ends_up() # NAME: is its shell there?
{
    end "$1" | grep -q '^GUEST-UP' && end "$1" | tail -n 1 | grep -q 'guest# '
}

gone() # NAME
{
    ! xl domid "$1" >/dev/null 2>&1
}

vsio_log() # NAME SLOT: the file that vsioctl serve keeps
{
    echo "$LOGS/guest-$1-vsio$2.log"
}

vsio_says() # NAME SLOT TEXT
{
    tail -n 5 "$(vsio_log "$1" "$2")" | tr -d '\r' | grep -qxF "$3"
}

vsio_has() # NAME SLOT BYTES
{
    [ "$(wc -c <"$(vsio_log "$1" "$2")")" -ge "$3" ]
}

missing() # FILE N: how many lines of seq N are not in it
{
    tr -d '\r' <"$1" >/tmp/have
    seq "$2" |
        awk 'NR == FNR { have[$1]; next } !($1 in have)' /tmp/have - | wc -l
}

erased() # N: as many bytes as flash has them when it is erased
{
    tr '\0' '\377' </dev/zero | head -c "$1"
}

begins() # FILE HEX: with this word?
{
    [ "$(hexdump -n 4 -e '1/4 "%08x"' "$1")" = "$2" ]
}

until_() # SECONDS CONDITION...
{
    tries=$(($1 * 10))
    shift
    until "$@" 2>/dev/null; do
        [ $tries -gt 0 ] || return 1
        tries=$((tries - 1))
        sleep 0.1
    done
}

part() # NAME BEGIN: checksum of its log from there on
{
    tail -c +$(($2 + 1)) "$(log "$1")" | md5sum
}

poke() # NAME WORD VALUE...: on the ring's page; prints what was there
{
    at=$1
    shift
    /guests/ring-poke "$(xl domid "$at")" 0x39003 "$@"
}

# Indexes of struct xencons_interface, as words.
IN_CONS=768 IN_PROD=769 OUT_CONS=770 OUT_PROD=771

repair() # NAME: both halves of its ring are empty; our indexes are Xen's to say
{
    sleep 0.5
    poke "$1" $IN_PROD "$(poke "$1" $IN_CONS)"
    poke "$1" $OUT_CONS "$(poke "$1" $OUT_PROD)"
}

scribble() # NAME WORD VALUE...: each of them for a while, then what was there
{
    name=$1 word=$2
    shift 2
    for value; do
        before=$(poke "$name" "$word" "$value")
        echo 'echo scribbled' >"$(tty "$name")"
        sleep 0.2
        poke "$name" "$word" "$before"
    done >/dev/null
}

kill_daemon()
{
    killall -9 xenconsoled
    rm -f /run/xen/xenconsoled.pid
}

start_daemon() # NAME: and wait until it serves it
{
    start-xenconsoled
    until_ 10 xenstore-exists "/local/domain/$(xl domid "$1")/vuart/0/tty"
    sleep 0.5
}

round() # NAME: create, let it print, destroy
{
    xl create -q "/guests/$1.cfg" && until_ 20 [ -s "$(log "$1")" ] &&
        xl destroy "$1" && rm "$(log "$1")"
}

rounds() # N NAME
{
    n=0
    while [ $n -lt "$1" ] && round "$2"; do
        n=$((n + 1))
    done
    [ $n = "$1" ]
}

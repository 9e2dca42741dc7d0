#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Drills: devices are saved, scrambled, restored, and no guest notices."""

import hashlib
import random
import re
import sys

import firmware
import checks
from firmware import has
from minixen_boot import SWITCH, Guest

DRILL = re.compile(rb"\(XEN\) drill: [^\n]*\n")
END = rb"END1\r\n.*# "
TYPED = 30000


def drill(guest, times=1):
    """And wait until it is done. -> what came before, without its line"""
    text = b""
    for _ in range(times):
        guest.drill()
        text += guest.expect(rb"(.*?)\(XEN\) drill: [^\n]*\n")[1]
    return text


def while_printing(guest, command, end, every):
    """Up to 9 drills, each after so many bytes. -> the command's bytes, drills
    """
    del guest.data[:]
    guest.send(command)
    drills = 0
    while True:
        guest.pump(None)
        if len(guest.data) // every > drills < 9:
            guest.drill()
            drills += 1
        elif re.search(
                end, DRILL.sub(b"", guest.data[-999:]), re.DOTALL) and \
                len(DRILL.findall(guest.data)) == drills:
            break
    text = DRILL.sub(b"", guest.data)
    print(f"#   {drills} drills in {len(text)} bytes")
    del guest.data[:]
    return text[text.find(b"\n") + 1:], drills


def says(guest):
    """Five devices, and much of them has changed."""
    guest.drill()
    said = guest.expect(rb"drill: (\d+) devices of (\d+) bytes, (\d+) of")
    devices, size, changed = map(int, said.groups())
    guest.expect(rb"\n")
    return None if devices == 5 and changed > size / 3 else said[0]


def half_typed(guest):
    guest.send(b"echo half")
    guest.expect(rb"h.*a.*l.*f")  # EDK2 moves the cursor in between
    drill(guest, 3)
    guest.send(b"-typed\r")
    guest.expect(rb"\nhalf-typed\r")
    guest.expect(guest.prompt)


def same_printed(guest, command, every):
    end = guest.prompt + rb"\Z"
    want, _ = while_printing(guest, command, end, 1 << 30)
    got, drills = while_printing(guest, command, end, every)
    if drills < 4:
        return "too few drills"
    # What is after the last line may be cut: the prompt, and its colours.
    return checks.differ(got[:got.rfind(b"\n")], want[:want.rfind(b"\n")])


# U-Boot

def in_fifo(guest):
    """What is typed while nobody looks waits in the FIFO."""
    guest.send(b"crc32 40000000 8000000\r")
    guest.expect(rb"crc32 40000000 8000000\r\n")
    guest.send(b"echo fifo")
    seen = drill(guest, 3)
    if b"==>" in seen:
        return "it was done before the drill"
    guest.send(b"-typed\r")
    guest.expect(rb"==> .*\nfifo-typed\r")
    guest.expect(guest.prompt)
    return None


def md(guest, start, command, address, want):
    """A device in the middle of something stays there."""
    guest.command_at(f"mw.b {start} {command}")
    drill(guest, 2)
    return has(guest, f"md.b {address} 1", f": {want} ")


def flash(guest):
    """In the middle of a buffered program, and its contents afterwards."""
    crc = "crc32 4000000 2000000"
    before = guest.command_at(crc)
    for offset, value in ((0, "e8"), (0, "1"), (0, "12"), (1, "34")):
        guest.command_at(f"mw.b 410000{offset} {value}")
    drill(guest, 2)
    guest.command_at("mw.b 4100000 d0")
    guest.command_at("mw.b 4100000 ff")
    if guest.command_at(crc) == before:
        return "the program has not been done"
    return has(guest, "md.b 4100000 3", "04100000: 12 34 ff") or \
        has(guest, "erase 4100000 411ffff", "Erased 1 sectors") or \
        (None if guest.command_at(crc) == before else "more has changed")


def uboot(tap):
    with Guest("test-drill", "uboot", timeout=60) as guest:
        tap.check("U-Boot comes to its prompt", firmware.ready, guest)
        tap.check("a drill has all devices", says, guest)
        tap.check("half a command", half_typed, guest)
        tap.check("half a command in the FIFO", in_fifo, guest)
        tap.check("half of what is printed", same_printed, guest,
                  b"md.b 50000000 2000\r", 3000)
        tap.check("half a query of the flash", md, guest, "4000000", "90",
                  "4000000", "89")
        guest.command_at("mw.b 4000000 ff")
        tap.check("half a write to the flash", flash, guest)
        tap.check("the i8042's answer", md, guest, "b000004", "aa", "b000000",
                  "55")


# EDK2

def variable(guest):
    guest.command_at("set answer 42")
    drill(guest, 3)
    return has(guest, "set answer", "answer = 42")


def edk2(tap):
    with Guest("test-drill", "edk2", timeout=60) as guest:
        tap.check("EDK2 comes to its shell", firmware.ready, guest)
        tap.check("half a command", half_typed, guest)
        tap.check("half of what is printed", same_printed, guest,
                  b"dmpstore\r", 3000)
        tap.check("a variable in the flash", variable, guest)


# Linux

def printed(guest):
    text, drills = while_printing(guest, b"seq 8000; echo END$((1))\n",
                                  END, 4000)
    want = b"".join(b"%d\r\n" % n for n in range(1, 8001)) + b"END1"
    return checks.differ(text[:len(want)], want) if drills > 3 else \
        "too few drills"


def typed(guest):
    values = [value for value in range(256) if value != SWITCH[0]]
    data = bytes(random.Random(1).choices(values, k=TYPED))
    guest.send(b"stty raw -echo; echo [$((1))]; "
               b"timeout 20 head -c %d >/tmp/in; stty sane\n" % TYPED)
    guest.expect(rb"\[1\]\r*\n")
    for start in range(0, TYPED, 5000):
        guest.send(data[start:start + 5000], 40000)
        guest.drill()
    guest.expect(guest.prompt)
    digest = guest.run("md5sum /tmp/in").text.split()[0]
    return None if digest == hashlib.md5(data).hexdigest() else digest


def alarm(guest):
    """Armed and restored, it is armed, and comes once."""
    start = checks.rtc_interrupts(guest)
    guest.run("cd /sys/class/rtc/rtc0; echo +4 >wakealarm")
    want = guest.run("cat wakealarm").text
    drill(guest, 3)
    if not want or guest.run("cat wakealarm").text != want:
        return f"{want} is not armed any more"
    for _ in range(100):
        if checks.rtc_interrupts(guest) != start:
            break
        guest.wait(0.1)
    early = int(guest.run("cat since_epoch").text) < int(want)
    drill(guest, 3)
    count = checks.rtc_interrupts(guest) - start
    return None if (count, early) == (1, False) else \
        f"{count} interrupts, {'too early' if early else 'in time'}"


def busy(guest):
    """All processors, and the console."""
    want = hashlib.md5(bytes(2 << 20)).hexdigest()
    text, drills = while_printing(
        guest, b"for i in 1 2 3 4; do (head -c 2097152 /dev/zero | md5sum; "
        b"seq 500) & done; wait; echo END$((1))\n", END, 1000)
    found = text.count(want.encode())
    return None if (found, drills) == (4, 9) else \
        f"{found} sums of 4 and {drills} drills in\n{text}"


def linux(tap):
    with Guest("test-drill", "linux", cpus=2, timeout=90) as guest:
        tap.check("Linux comes to a shell", firmware.ready, guest)
        guest.run("dmesg -n 1")
        tap.check("half of what is printed", printed, guest)
        tap.check("half of what is typed", typed, guest)
        tap.check("an alarm that is armed", alarm, guest)
        tap.check("both vCPUs busy", busy, guest)
        tap.check("the clock is right", checks.date, guest)
        tap.check("neither the guest nor minixen complains", checks.quiet,
                  guest)


def main(tap):
    uboot(tap)
    edk2(tap)
    linux(tap)


sys.exit(firmware.run(main))

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random accesses, from a guest of their own: fuzz/. It can end only itself.

fuzz.t [ACCESSES [SEED [CPUS]]]: one run of that many.
"""

import os
import re
import sys
import time

import firmware
from minixen_boot import SWITCH, Guest

REQUEST = 0x40180000  # how many, and by which number
NAMES = ("pl011", "pl031", "i8042", "ns16550", "flash", "gic", "closed")
SOURCES = 7  # that may log a line a second: devices, vPL011's console, aborts
RUNS = ((400000, 1, 1), (100000, 2, 2), (40000, 3, 4))  # of make firmware


def arguments(accesses, seed):
    return [word for n, value in enumerate((accesses, seed))
            for word in ("-device", f"loader,addr={REQUEST + 8 * n:#x},"
                         f"data={value},data-len=8")]


def done(guest, accesses):
    """All of them, and of all kinds."""
    patience = 60 + accesses / 10000
    guest.text = guest.expect(rb".*fuzz: over\r?\n", patience)[0].decode(
        "latin-1")
    counts = re.search(r"(\d+) processors, (\d+) accesses, (\d+) aborts, "
                       r"(\d+) undefined, (\d+) interrupts", guest.text)
    print(f"# {counts[0]}")
    got = [int(count) for count in counts.groups()]
    if got[0] != guest.cpus or got[1] < accesses * 0.99 or 0 in got:
        return f"not {guest.cpus}, or not {accesses}, or none of a kind"
    return None


def answers(guest, name):
    return None if f"fuzz: {name} good" in guest.text else "it does not"


def log_is_bounded(guest, begin):
    lines = guest.text.count("(XEN) ")
    bound = 100 + SOURCES * (time.monotonic() - begin)
    if "Panic" in guest.text or lines > bound:
        return f"{lines} lines, and at most {bound:.0f} may be"
    return None


def alive(guest):
    """Keys are for minixen, and for the guest; it ends when it wants to."""
    guest.send(SWITCH + b"1")
    guest.expect(rb"input is for console 1")
    guest.send(b"k")
    guest.expect(rb"k")
    firmware.power_off(guest, b".")


def fuzz(tap, accesses, seed, cpus):
    begin = time.monotonic()
    what = f"{accesses} accesses, seed {seed}, {cpus} vCPUs"
    with Guest(f"test-fuzz-{cpus}", "fuzz", cpus=cpus,
               timeout=120 + accesses / 5000,
               extra=arguments(accesses, seed)) as guest:
        if tap.check(f"{what}: done", done, guest, accesses):
            return
        for name in NAMES:
            tap.check(f"{what}: {name} answers", answers, guest, name)
        tap.check(f"{what}: the log is bounded", log_is_bounded, guest, begin)
        tap.check(f"{what}: minixen and guest take keys", alive, guest)


def main(tap):
    runs = RUNS
    if len(sys.argv) > 1:
        runs = [tuple(int(word) for word in (*sys.argv[1:], 1, 1)[:3])]
    for run in runs:
        fuzz(tap, *run)


os.chdir(firmware.TOP)
sys.exit(firmware.run(main))

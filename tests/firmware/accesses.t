#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Accesses that minixen has to decode, or to refuse: accesses.S, as a guest."""

import re
import sys

import firmware
from minixen_boot import Guest

ID, MATCH = 0x9010FE0, 0x9010004
X1, X2 = 0x11111111, 0x22222222  # what is in them before
LOAD, STORE, FETCH = 0x96000010, 0x96000050, 0x86000010  # external aborts

# x0, x1, x2 and the syndrome afterwards.
WANT = {
    "post": (ID + 4, 0x31, X2, 0),
    "pre": (ID + 4, 0x10, X2, 0),
    "pair": (ID, 0x31, 0x10, 0),
    "pair-post": (ID + 8, 0x31, 0x10, 0),
    "pair-pre": (ID + 8, 0x14, 0, 0),
    "pair-none": (ID, 0x31, 0x10, 0),
    "stp-pre": (MATCH, 0x80, 0x40, 0),
    "str-post": (MATCH - 4, 0x80008081, X2, 0),
    "ldpsw": (MATCH, 0xFFFFFFFF80008081, 0, 0),
    "ldrsb-x": (MATCH + 1, 0xFFFFFFFFFFFFFF81, X2, 0),
    "ldrsh-w": (MATCH + 2, 0xFFFF8081, X2, 0),
    "ldrsw": (MATCH + 4, 0xFFFFFFFF80008081, X2, 0),
    "strb": (0x9000001, ord("K"), X2, 0),
    "base-sp": (ID + 16, 0x31, X2, 0),
    "zero": (ID + 4, X1, X2, 0),
    "pair-self": (0x31, 0x10, X2, 0),
    "pair-64": (ID, X1, X2, LOAD),
    "pair-end": (0x9010FFC, X1, X2, LOAD),
    "simd": (ID, X1, X2, LOAD),
    "exclusive": (ID, X1, X2, LOAD),
    "write-64": (MATCH, X1, X2, STORE),
    "gich": (0x8030000, X1, X2, LOAD),
    "gicv": (0x8040000, X1, X2, LOAD),
    "minixen": (0x7B800000, X1, X2, STORE),
    "flash": (0x7FFFFFE, 0xFFFFFFFF, X2, 0),
    "fetch": (0x9010000, X1, X2, FETCH),
}


def result(lines, name):
    line = next((line for line in lines if line.split()[0] == name), "")
    got = tuple(int(word, 16) for word in line.split()[1:])
    if got == WANT[name]:
        return None
    return f"got  {[hex(n) for n in got]}\nwant {[hex(n) for n in WANT[name]]}"


def logged(text, pattern):
    return None if pattern in text else f"no line with {pattern}"


def main(tap):
    with Guest("test-accesses", "accesses", timeout=30) as guest:
        text = guest.expect(rb".*\(XEN\) d1: power off")[0].decode("latin-1")
    said = re.sub(r"\(XEN\) [^\n]*\r\n", "", text)  # also in a line
    lines = [line for line in said.replace("\nKstrb", "\nstrb").splitlines()
             if line.strip()]
    for name in WANT:
        tap.check(name, result, lines, name)
    tap.check("what is refused is logged", logged, text, "d1: abort: HSR=")
    tap.check("what the device refuses is, too", logged, text,
              "vpl031: refused read: offset 0xfe0 size 8")


sys.exit(firmware.run(main))

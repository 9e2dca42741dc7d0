#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""save, restore, key, mouse."""

import os
import sys
import time
import uuid
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from stage import FIRST, Failure, expect, main  # noqa: E402

BANK = 0x4020000
IBRD = FIRST + 0x24
FLASH = ["flash", "size=8K", "block=4K"]


def domain(stage, name, *more, **options):
    """One with a UART, a clock, an i8042 and a flash."""
    domid = stage.create(name, **options)
    for words in (["pl011"], ["pl031"], ["i8042"], FLASH + list(more)):
        stage.ok("attach", name, *words)
    return domid


def program(stage, domid, offset, value):
    for word in (0x00400040, value, 0x00ff00ff):
        stage.poke(domid, BANK + offset, word)


def in_place(stage):
    """a running guest, paused, saved and restored, sees no difference"""
    domid = domain(stage, "place")
    stage.pause(domid, False)
    stage.poke(domid, IBRD, 13)
    stage.poke(domid, FIRST + 0x1000 + 8, 1000)  # the clock
    stage.poke(domid, BANK, 0x00200020)  # an erase that is begun
    stage.pause(domid)
    stage.ok("save", "place", f"{stage.dir}/place")
    stage.pause(domid, False)
    stage.poke(domid, IBRD, 99)
    stage.poke(domid, FIRST + 0x1000 + 8, 5000)
    stage.poke(domid, BANK, 0x00d000d0)
    program(stage, domid, 0x1000, 0)
    stage.pause(domid)
    stage.ok("restore", "place", f"{stage.dir}/place")
    stage.pause(domid, False)
    expect(stage.peek(domid, IBRD), 13, "IBRD")
    now = stage.peek(domid, FIRST + 0x1000)
    if not 1000 <= now <= 1100:
        raise Failure(f"the clock shows {now}")
    stage.poke(domid, BANK, 0x00d000d0)
    expect(stage.peek(domid, BANK), 0x00800080, "status after the erase is confirmed")
    stage.poke(domid, BANK, 0x00ff00ff)
    expect(stage.peek(domid, BANK + 0x1000), 0xffffffff, "contents")


def new_domain(stage):
    """a new domain has the old one's clock, alarm and flash before it first runs"""
    domid = domain(stage, "old")
    stage.pause(domid, False)
    stage.poke(domid, FIRST + 0x1000 + 8, 1000)
    stage.poke(domid, FIRST + 0x1000 + 4, 123456)  # MR
    program(stage, domid, 0x20, 0xcafecafe)
    stage.pause(domid)
    stage.ok("save", "old", f"{stage.dir}/old")
    stage.destroy(domid)
    ident = uuid.uuid4()
    with open(f"{stage.dir}/flash", "wb"):
        pass
    new = domain(stage, "new", f"file={stage.dir}/flash", ident=ident)
    stage.ok("restore", "new", f"{stage.dir}/old")
    expect(stage.peek(new, BANK + 0x20), 0xcafecafe, "flash")
    with open(f"{stage.dir}/flash", "rb") as file:
        expect(file.read()[0x20:0x24], b"\xfe\xca\xfe\xca", "its file")
    expect(stage.peek(new, FIRST + 0x1000 + 4), 123456, "alarm")
    if abs(stage.peek(new, FIRST + 0x1000) - 1000) > 100:
        raise Failure("the clock is another")
    offset = int(stage.store.read(f"/vsio/rtc/{ident}"))
    if abs(offset + time.time() - 1000) > 100:
        raise Failure(f"offset {offset}")


def damaged(stage):
    """a file that is cut at any byte or spoilt at any is refused, in one line"""
    domid = stage.create("cut")
    for kind in ("pl011", "pl031"):
        stage.ok("attach", "cut", kind)
    path = f"{stage.dir}/cut"
    stage.ok("save", "cut", path)
    with open(path, "rb") as file:
        good = file.read()
    before = stage.describe(domid)
    for n in list(range(0, 24)) + list(range(24, len(good), 37)):
        spoilt = bytearray(good)
        spoilt[n] ^= 0x10
        for data in (good[:n], bytes(spoilt)):
            with open(path, "wb") as file:
                file.write(data)
            stage.refused(1, path, "restore", "cut", path)
    with open(path, "wb") as file:
        file.write(good + b"x")
    stage.refused(1, "checksum", "restore", "cut", path)
    expect(stage.describe(domid), before, "devices")
    expect(good[-4:], zlib.crc32(good[:-4]).to_bytes(4, "little"), "checksum")


def others(stage):
    """restore refuses other devices, more of them and fewer"""
    path = f"{stage.dir}/others"
    stage.create("one")
    stage.ok("attach", "one", "pl011")
    stage.ok("save", "one", path)
    for name, kinds, text in (("two", ["pl011", "pl031"], "has 2 devices, the file has 1"),
                              ("rtc", ["pl031"], "is pl031 at 0x22001000"),
                              ("far", ["pl011 addr=0x22005000"], "at 0x22005000")):
        stage.create(name)
        for kind in kinds:
            stage.ok("attach", name, *kind.split())
        stage.refused(4, text, "restore", name, path)
    stage.create("zero")
    stage.refused(3, "has no devices", "restore", "zero", path)


def not_paused(stage):
    """save and restore want a paused domain, and a place to write to"""
    domid = stage.create("run")
    stage.ok("attach", "run", "pl031")
    stage.ok("save", "run", f"{stage.dir}/run")
    stage.pause(domid, False)
    stage.refused(4, "is not paused", "save", "run", f"{stage.dir}/run")
    stage.refused(4, "is not paused", "restore", "run", f"{stage.dir}/run")
    stage.pause(domid)
    stage.refused(1, "No such file", "save", "run", "/nonexistent/x")
    stage.refused(1, "No such file", "restore", "run", "/nonexistent/x")
    expect([n for n in os.listdir(stage.dir) if n.startswith("run.")], [], "temporary files")


def keyboard(stage, name):
    """A guest whose driver has set up its i8042: scan code set 2, as it comes."""
    domid = stage.create(name)
    stage.ok("attach", name, "i8042")
    stage.pause(domid, False)
    stage.poke(domid, FIRST + 4, 0x60, 1)
    stage.poke(domid, FIRST, 0x03, 1)
    stage.poke(domid, FIRST + 4, 0xa8, 1)
    codes(stage, domid)
    return domid


def codes(stage, domid):
    """What waits in the output buffer, all of it."""
    seen = []
    while stage.peek(domid, FIRST + 4, 1) & 1:
        seen.append(stage.peek(domid, FIRST, 1))
    return bytes(seen)


def keys(stage):
    """key presses chords and types text"""
    domid = keyboard(stage, "keys")
    for args, wanted in ((["a"], "1c f0 1c"), (["A"], "12 1c f0 1c f0 12"),
                         (["ctrl-alt-del"], "14 11 e0 71 e0 f0 71 f0 11 f0 14"),
                         (["ls", "enter"], "4b f0 4b 1b f0 1b 5a f0 5a"),
                         (["--text", "up"], "3c f0 3c 4d f0 4d"), (["up"], "e0 75 e0 f0 75"),
                         (["f7", "-"], "83 f0 83 4e f0 4e"), (["--", "--"], "4e f0 4e 4e f0 4e"),
                         (["alt-print"], "11 84 f0 84 f0 11")):
        stage.ok("key", "keys", *args)
        expect(codes(stage, domid).hex(" "), wanted, str(args))
    stage.refused(2, "no key of the US layout", "key", "keys", "\u00e4")


def long_text(stage):
    """key waits for a guest that reads slowly, and not for one that does not"""
    domid = keyboard(stage, "slow")
    read, write = os.pipe()

    def guest():
        while True:
            os.write(write, codes(stage, domid))
            time.sleep(0.001)

    child = stage.fork(guest)
    stage.ok("key", "slow", "abcdefgh" * 10)
    seen = b""
    while len(seen) < 3 * 80:
        seen += os.read(read, 1024)
    expect(seen, bytes.fromhex("1cf01c32f03221f02123f02324f0242bf02b34f03433f033") * 10, "codes")
    stage.end_guest(child, kill=True)
    stage.refused(1, "does not read its keyboard", "key", "slow", "abcdefghijkl")


def mouse(stage):
    """mouse moves and clicks"""
    domid = keyboard(stage, "mouse")
    stage.poke(domid, FIRST + 4, 0xd4, 1)
    stage.poke(domid, FIRST, 0xf4, 1)  # report
    expect(codes(stage, domid), b"\xfa", "acknowledge")
    for args, wanted in ((["x=5", "y=-3"], "28 05 fd"), (["click=left"], "09 00 00 08 00 00"),
                         (["buttons=left,right", "x=-1"], "1b ff 00"),
                         (["buttons=none"], "08 00 00")):
        stage.ok("mouse", "mouse", *args)
        expect(codes(stage, domid).hex(" "), wanted, str(args))
    stage.refused(2, "see vsioctl mouse --help", "mouse", "mouse", "z=3")
    stage.refused(2, "see vsioctl mouse --help", "mouse", "mouse", "click=up")
    stage.create("mouseless")
    stage.refused(3, "has no i8042", "mouse", "mouseless", "x=1")


if __name__ == "__main__":
    main([in_place, new_domain, damaged, others, not_paused, keys, long_text, mouse])

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The power fails: the flash's file is what the guest's flash was at a moment.

U-Boot saves its environment, and QEMU is killed. The trace has what the guest
wrote; a chip of 20 lines does it again, and must have been what the file is.
"""

import random
import struct
import sys
import time

import firmware
from minixen_boot import FLASH_SIZE, Guest

SIZE, BLOCK = FLASH_SIZE // 2, 0x20000  # of U-Boot's chip of 8 bits
CUTS = 4
JOURNAL = 2 * FLASH_SIZE  # flash.c: count, length, offsets
NAME = "test-power-cut"


def stored(path):
    """What the next life will find."""
    with open(path, "rb") as file:
        data = bytearray(file.read(SIZE))
        file.seek(JOURNAL)
        count, length = struct.unpack("<II", file.read(8))
        for offset in struct.unpack(f"<{count}I", file.read(4 * count)):
            file.seek(FLASH_SIZE + offset)
            data[offset:offset + length] = file.read(length)
    return data


def operation(command, writes):
    """Offset and bytes that are programmed; or None, an erased block."""
    if command in (0x10, 0x40):
        offset, value = next(writes)
        return offset, bytes([value])
    if command == 0xE8:
        words = [next(writes) for _ in range(next(writes)[1] + 1)]
        next(writes)
        return words[0][0], bytes(value for _, value in words)
    if command == 0x20:
        return next(writes)[0] & -BLOCK, None
    if command == 0x60:
        next(writes)
    return None


def operations(trace):
    """All of the chip, but for one that the cut has ended."""
    writes = ((access.offset, access.value) for access in trace
              if access.device == "vflash" and access.write)
    found = []
    try:
        for _, command in writes:
            found.append(operation(command, writes))
    except StopIteration:
        pass
    return [one for one in found if one]


def find_moment(flash, file, done):
    """Do all of it in flash. -> the operations after which it was the file"""
    different = {at for at in range(SIZE) if flash[at] != file[at]} \
        if flash != file else set()
    moments = [] if different else [0]
    for number, (offset, new) in enumerate(done, 1):
        end = offset + (len(new) if new else BLOCK)
        flash[offset:end] = bytes(a & b for a, b in zip(
            flash[offset:end], new)) if new else b"\xff" * BLOCK
        different.difference_update(range(offset, end))
        if flash[offset:end] != file[offset:end]:
            different.update(at for at in range(offset, end)
                             if flash[at] != file[at])
        if not different:
            moments.append(number)
    return moments


def cut(number):
    """Somewhere in a saveenv."""
    with Guest(NAME, "uboot", keep_flash=number > 0, trace=True) as guest:
        before = stored(guest.flash)
        guest.ready()
        if stored(guest.flash) != before:
            return "the start has changed it"
        guest.command_at(f"setenv answer {number}")
        guest.send(b"saveenv\r")
        guest.expect(rb"Erasing")
        guest.wait(random.uniform(0, 0.3))
        guest.qemu.kill()
        guest.qemu.wait()
        done = operations(guest.traced)
    moments = find_moment(before, stored(guest.flash), done)
    print(f"#   {len(done)} operations, stored are {moments[-1:]}")
    return None if moments else "the flash has never been that"


def save():
    """And leave when it is stored."""
    with Guest(NAME, "uboot", keep_flash=True, timeout=30) as guest:
        guest.ready()
        guest.command_at("setenv answer stored")
        guest.command_at("saveenv")
        while b"answer=stored" not in stored(guest.flash):
            guest.pump(0.01)
    return None


def spoil():
    """As if the power had failed while a block was on its way."""
    with open(f"build/boot/{NAME}.fd", "r+b") as file:
        block = file.read(SIZE).find(b"answer=stored") & -BLOCK
        file.seek(block)
        data = file.read(BLOCK)
        file.seek(block)
        file.write(bytes(BLOCK // 2))
        file.seek(FLASH_SIZE + block)
        file.write(data)
        file.seek(JOURNAL)
        file.write(struct.pack("<III", 1, BLOCK, block))


def saved():
    with Guest(NAME, "uboot", keep_flash=True, timeout=30) as guest:
        guest.ready()
        return firmware.has(guest, "printenv answer", "answer=stored")


def main(tap):
    random.seed(time.time_ns())
    for number in range(CUTS):
        tap.check("a cut leaves what was there at a moment", cut, number)
    tap.check("an environment is saved", save)
    tap.check("what is stored is there after a cut", saved)
    spoil()
    tap.check("what was on its way is there after a cut", saved)


sys.exit(firmware.run(main))

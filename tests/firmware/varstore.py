# SPDX-License-Identifier: MIT
"""EDK2's variables in a flash image: a foreign parser, and what comes first.

The parser is virt-firmware's. It reads stores that are at rest. What EDK2 does
to a store before that, when the power has failed, is here: a fault tolerant
write is completed, and a variable whose successor is not there stays.
"""

import contextlib
import functools
import glob
import io
import os
import site
import struct

for path in glob.glob(os.environ.get("B", "build") +
                      "/venv/varstore/lib/python3*/site-packages"):
    site.addsitedir(path)

# pylint: disable=wrong-import-position
from virt.firmware.varstore import edk2  # noqa: E402

PART = 0x40000  # each of the store, the log of writes, and the spare block
WORK, SPARE, END = PART, 2 * PART, 3 * PART

# A variable: magic, state, attributes, count, (time), key, sizes, GUID.
VARIABLE = struct.Struct("<HBxLQ16xLLL16s")
MAGIC, ADDED, LEAVING, DELETED = 0x55AA, 0x3F, 0x3E, 0x3C

# The log: a header, and in it headers of writes and their records, whose flags
# are bits that become zero.
LOG, WRITE, RECORD = 32, struct.Struct("<B3x16s4xQQ"), struct.Struct("<B7xQQQq")
ALLOCATED, COMPLETE = 1, 4
SPARE_DONE, DONE = 2, 4


class Store(edk2.Edk2VarStore):
    """Of bytes instead of a file."""

    def __init__(self, data):
        self.data = data
        super().__init__("store")

    def readfile(self):
        self.filedata = self.data


def parse(data):
    """By virt-firmware. -> a Store; ValueError when there is none"""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return Store(data)
    except (SystemExit, struct.error, ValueError):
        raise ValueError(f"no variable store: {said.getvalue()}") from None


def entries(store):
    """-> offset, state, GUID and name, and size of each that has begun"""
    at, data = store.start, store.filedata
    while at + VARIABLE.size <= store.end:
        magic, state, _, _, _, name, size, guid = VARIABLE.unpack_from(data, at)
        total = (VARIABLE.size + name + size + 3) & ~3
        if magic != MAGIC or at + total > store.end:
            return
        start = at + VARIABLE.size
        yield at, state, (guid, data[start:start + name]), total
        at += total


def pending(data):
    """The block that the log says is to be written from the spare, or None."""
    at, last = WORK + LOG, None
    while at + WRITE.size + RECORD.size <= SPARE:
        flags, _, writes, private = WRITE.unpack_from(data, at)
        if flags & ALLOCATED or writes > 16 or private > PART:
            break
        last = (flags, RECORD.unpack_from(data, at + WRITE.size))
        at += WRITE.size + writes * (RECORD.size + private)
    if last and last[0] & COMPLETE:
        flags, _, _, _, relative = last[1]
        if not flags & SPARE_DONE and flags & DONE:
            return SPARE + relative
    return None


def recovered(data):
    """As EDK2 will have it when it starts from this."""
    store = parse(bytes(data[SPARE:END] if pending(data) == 0
                        else data[:PART]))
    found = list(entries(store))
    there = {key for _, state, key, _ in found if state == ADDED}
    mended = bytearray(store.filedata)
    for at, state, key, _ in found:
        if state == LEAVING and key not in there:
            mended[at + 2] = ADDED
            there.add(key)
    return bytes(mended)


@functools.lru_cache(maxsize=4)
def variables(data):
    """{(GUID, name): value}, by virt-firmware.

    It looks for the end of a name that is not there yet, and takes its time: of
    what is erased there is only as much as any variable needs.
    """
    found = parse(data[:len(data.rstrip(b"\xff")) + 4096]).get_varlist()
    return {(str(variable.guid), str(variable.name)): bytes(variable.data)
            for variable in found.values()}


def fill(data, room):
    """Deleted variables, up to where that much room is left.

    Their bytes are those of erased flash, which EDK2 does not write again.
    """
    store = parse(bytes(data[:PART]))
    start = store.start
    for at, _, _, total in entries(store):
        start = at + total
    name = "Gone\0".encode("utf-16-le")
    while store.end - start > room:
        size = min(2048, (store.end - start - room) & ~3)
        entry = VARIABLE.pack(MAGIC, DELETED, 7, 0, 0, len(name), size,
                              bytes(16)) + name
        entry += b"\xff" * (size + -len(entry) % 4)
        data[start:start + len(entry)] = entry
        start += len(entry)

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""EDK2 on minixen, and the power fails while it writes its variables.

edk2-cuts.t [BOOTS]. Its writes to the flash are recorded; what the flash has in
it after each of them is what a power cut there leaves. Each must be a store in
which each variable is what it was, or what it became; some of them are booted.
Not so where EDK2 erases the store to write it again in place: see
docs/testing.md.
"""

import collections
import os
import re
import struct
import subprocess
import sys

import firmware
import varstore
from minixen_boot import BUILD, FLASH_SIZE, Guest

GUID = "11111111-2222-3333-4444-555555555555"
NAMES = ("Alpha", "Beta", "Gamma", "Delta")
ROOM = 9 * 1024  # that is left in the store: a boot below 10 KiB tidies up
LETTERS = (120, 20)  # of a value: more, and less, than EDK2 writes at once
COMMANDS = 12
CHUNK = 128  # that EDK2 writes at once
JOURNAL = 2 * FLASH_SIZE  # flash.c: count
NAME = "test-edk2-cuts"
FLASH = f"{BUILD}/boot/{NAME}.fd"

# What EDK2 has to mend after a cut: a write in the log, a variable whose
# successor is not there, nothing; or it is in its window.
KINDS = ("log", "variable", "rest", "window")

# The shell's dump of a variable.
DUMP = r" Bytes\s+((?:[0-9A-F]{2}\s+)+)"

# After so many writes: what has changed, at which offset.
Step = collections.namedtuple("Step", "count offset pieces")


def commands():
    """Create, update, delete: names and values, or None."""
    for n in range(COMMANDS):
        size = LETTERS[(n + n // len(NAMES)) % 2]
        yield NAMES[n % len(NAMES)], None if n % 7 == 6 else chr(65 + n) * size


def typed(name, text):
    if text is None:
        return f"setvar {name} -guid {GUID} ="
    return f'setvar {name} -guid {GUID} -bs -nv =L"{text}"'


# --- What is recorded ---------------------------------------------------------


class Recording:
    """The writes of one boot, and what was known before and after each."""

    def __init__(self, start):
        self.start = start  # what the flash has in it
        self.writes = []
        self.marks = []  # (writes so far, {name: value} that is meant)

    def mark(self, guest, state):
        self.writes += [(access.offset, access.size, access.value)
                        for access in guest.traced if access.device == "vflash"
                        and access.write and not access.refused]
        self.marks.append((len(self.writes), dict(state)))

    def allowed(self, count):
        """What may be there after so many writes: two states; or none yet."""
        if count < self.marks[0][0]:
            return None
        after = next((n for n, (end, _) in enumerate(self.marks)
                      if end > count), len(self.marks) - 1)
        return self.marks[max(after - 1, 0)][1], self.marks[after][1]


def read_flash():
    with open(FLASH, "rb") as file:
        return bytearray(file.read(varstore.END))


def write_flash(data):
    """Also there is nothing more in the journal."""
    with open(FLASH, "r+b") as file:
        file.write(data)
        file.seek(JOURNAL)
        file.write(struct.pack("<I", 0))


def record_commands(recordings):
    """From the first boot's prompt on: before that it makes the store."""
    state = {name: None for name in NAMES}
    recordings.append(Recording(bytearray(varstore.END)))
    with Guest(NAME, "edk2", cpus=1, trace=True, timeout=120) as guest:
        guest.ready()
        recordings[0].mark(guest, state)
        for name, text in commands():
            guest.command_at(typed(name, text))
            state[name] = text and text.encode("utf-16-le")
            recordings[0].mark(guest, state)
        firmware.power_off(guest, b"reset -s\r")


def record_boot(recordings):
    """In a store with hardly any room."""
    data = read_flash()
    varstore.fill(data, ROOM)
    write_flash(data)
    recordings.append(Recording(data))
    with Guest(NAME, "edk2", cpus=1, keep_flash=True, trace=True) as guest:
        state = recordings[0].marks[-1][1]
        recordings[1].marks.append((0, state))
        guest.ready()
        recordings[1].mark(guest, state)


def replay(recording):
    """What devices/cfi-flash.c makes of it. -> a Step for each change"""
    path = f"{BUILD}/boot/{NAME}.start"
    with open(path, "wb") as file:
        file.write(recording.start)
    done = subprocess.run([f"{BUILD}/minixen/replay", path], input="".join(
        "%x %x %x\n" % one for one in recording.writes), encoding="ascii",
        stdout=subprocess.PIPE, timeout=60, check=True)
    steps = []
    for line in done.stdout.splitlines():
        number, offset, piece = line.split()
        count, offset = int(number) + 1, int(offset, 16)
        if not steps or steps[-1].count != count:
            steps.append(Step(count, offset, []))
        steps[-1].pieces.append((offset, bytes.fromhex(piece)))
    return steps


def apply(image, step):
    for offset, piece in step.pieces:
        image[offset:offset + len(piece)] = piece


# --- What a cut leaves --------------------------------------------------------


class InPlace:
    """Is the store being written again, without a copy elsewhere?

    From its erase, when the log has nothing to be done, to the last of the
    chunks that follow in order.
    """

    def __init__(self):
        self.chunk = None

    def update(self, image, step, following):
        if step.offset >= varstore.PART:
            self.chunk = None
        elif len(step.pieces[0][1]) == varstore.PART:
            self.chunk = None if varstore.pending(image) == 0 else -1
        elif self.chunk is not None:
            self.chunk = step.offset // CHUNK
        if self.chunk is None or not following or not \
                self.chunk < following.offset // CHUNK < varstore.PART // CHUNK:
            self.chunk = None
        return self.chunk is not None


class Cut:
    """What is left when the power fails after so many writes."""

    def __init__(self, recording, count):
        self.recording = recording
        self.count = count
        self.kind = None  # one of KINDS
        self.found = None  # the variables, or none
        self.problem = None

    def read(self, image):
        """What EDK2 has to mend, and the outcome, as the parser has it."""
        log = varstore.pending(image) == 0
        try:
            store = varstore.recovered(image)
            self.found = varstore.variables(store)
        except ValueError as error:
            self.problem = str(error)
            return
        mended = store != image[:varstore.PART]
        self.kind = "log" if log else "variable" if mended else "rest"

    def judge(self):
        """Each variable is old or new; if not, which."""
        if self.found is None:
            return
        old, new = self.recording.allowed(self.count)
        bad = [name for name in NAMES if self.found.get((GUID, name))
               not in (old[name], new[name])]
        self.problem = f"{bad} are neither old nor new" if bad else None

    def image(self):
        image = bytearray(self.recording.start)
        for step in replay(self.recording):
            if step.count <= self.count:
                apply(image, step)
        return image


def cuts_of(recording):
    """All of one recording, looked at."""
    image, window = bytearray(recording.start), InPlace()
    steps = replay(recording)
    for step, following in zip(steps, [*steps[1:], None]):
        apply(image, step)
        inside = window.update(image, step, following)
        if recording.allowed(step.count):
            cut = Cut(recording, step.count)
            cut.read(image)
            cut.judge()
            cut.kind = "window" if inside else cut.kind
            yield cut


def checked(recordings, cuts):
    """Sort them by kind into cuts; outside of the window there is no problem."""
    for cut in (cut for one in recordings for cut in cuts_of(one)):
        cuts.setdefault(cut.kind, []).append(cut)
    writes = sum(len(one.writes) - one.marks[0][0] for one in recordings)
    sizes = ", ".join(f"{len(cuts.get(kind, []))} {kind}" for kind in KINDS)
    spoiled = [cut for cut in cuts.get("window", []) if cut.problem]
    print(f"#   {writes} writes, {sum(map(len, cuts.values()))} change the "
          f"flash: {sizes}, {len(spoiled)} of these spoiled")
    bad = [f"after {cut.count} writes: {cut.problem}"
           for kind, some in cuts.items() if kind != "window"
           for cut in some if cut.problem]
    if bad:
        return "\n".join([f"{len(bad)} are bad", *bad[:10]])
    return None if set(cuts) == set(KINDS) else "a kind is missing"


def some(cuts, number):
    """Of each kind as many, evenly from first to last."""
    for n in range(number):
        kind = cuts[KINDS[n % 3]]
        nth, of = n // 3, (number + 2 - n % 3) // 3
        yield kind[(2 * nth + 1) * len(kind) // (2 * of)]


# --- Booted -------------------------------------------------------------------


def shown(guest, name):
    """A variable's bytes, from the shell's dump."""
    text = guest.command_at(f"setvar {name} -guid {GUID}", 30)
    dump = re.search(DUMP, text)
    return bytes.fromhex(dump[1]) if dump else None


def boot(cut):
    """EDK2 and the parser must agree."""
    write_flash(cut.image())
    with Guest(NAME, "edk2", cpus=1, keep_flash=True) as guest:
        guest.ready()
        got = {name: shown(guest, name) for name in NAMES}
    want = {name: cut.found.get((GUID, name)) for name in NAMES}
    return None if got == want else f"got  {got}\nwant {want}"


def main(tap):
    boots = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    recordings, cuts = [], {}
    if tap.check("variables are written", record_commands, recordings) or \
            tap.check("a boot tidies the store up", record_boot, recordings) or \
            tap.check("each cut leaves all variables, old or new", checked,
                      recordings, cuts):
        return
    for cut in some(cuts, boots):
        tap.check(f"booted after {cut.count} writes ({cut.kind})", boot, cut)


os.chdir(firmware.TOP)
sys.exit(firmware.run(main))

# SPDX-License-Identifier: MIT
"""A bus that is saved and restored. Its devices are abstract: vsio_save(),
vsio_load() and vsio_resume() are what devices/snapshot.h says of them.

Each device's own are proven with the device: entries save, load, resume,
reload, restore. What is assumed on top: a record that a device has loaded once
it loads again in the state that it was in then, as a load asks nobody. A device
is what it was, or what its record says; which one is noted.
"""

import memory
import terms as T
from contract import (RECORD, RECORD_MAX, SCRATCH, USED, answer, argument,
                      note, noted, result, unchanged, whole)
from proof import DEVICE, Entry

SNAPSHOT = RECORD << 1  # to be restored
HEADER, HEAD, PLACE = 12, 16, 9  # bytes: of a record, and of the bus's header
ROOM, REFUSALS = 1, 10  # enum vsio_error
SIZE = T.zero_extend(T.var("bytes of buffer", 32), 32, 64)
BUDGET = 1500  # instructions


class Records:
    """Of devices, each a piece of memory, on a bus of so many regions."""

    def __init__(self, proof, devices, regions):
        self.proof, self.memory, self.regions = proof, devices, regions
        self.devices = [r.base for r in devices]
        machine, names = proof.machine, proof.image.names
        machine.add(memory.Region("buffer", RECORD, SIZE, kind="opaque"))
        machine.add(memory.Region("snapshot", SNAPSHOT, SIZE, kind="opaque",
                                  writable=False))
        machine.add(memory.Region("used", USED, 8))
        self.scratch = machine.add(memory.Region(
            "scratch", SCRATCH, 2 * RECORD_MAX, kind="opaque"))
        machine.hook(names["vsio_save"], self.save)
        machine.hook(names["vsio_load"], self.load)
        machine.hook(names["vsio_resume"], self.resume)

    # --- What is noted --------------------------------------------------------

    def begin(self, state):
        """Of each device: whether it is what its record says, whether it is
        done with, and where its record is, of how many bytes."""
        for dev in self.devices:
            for what, width in (("is new", 1), ("done", 1), ("at", 64),
                                ("long", 64)):
                note(state, f"{what} {dev:x}", width, 0)
        note(state, "turn", 32, 0)  # the next region's number
        note(state, "end", 64, self.head(state))  # of the record before
        for what, width in (("of", 64), ("at", 64), ("long", 64),
                            ("is new", 1)):
            note(state, f"kept {what}", width, 0)  # in scratch

    def of(self, state, what, dev, width):
        """What is noted of the device that an address means."""
        value = 0
        for d in self.devices:
            value = T.ite(T.equal(dev, d, 64), noted(state, f"{what} {d:x}"),
                          value, width)
        return value

    def set(self, state, what, dev, width, value):
        for d in self.devices:
            name = f"{what} {d:x}"
            note(state, name, width, T.ite(T.equal(dev, d, 64), value,
                                           noted(state, name), width))

    # --- The bus --------------------------------------------------------------

    def first(self, state, dev):
        """The number of a device's first region; of none: there are fewer."""
        count, result = self.proof.get(state, "bus.count"), self.regions
        for n in reversed(range(self.regions)):
            here = self.proof.get(state, f"regions[{n}].dev")
            result = T.ite(T.both(T.below(n, count, 32),
                                  T.equal(here, dev, 64)), n, result, 32)
        return result

    def on_bus(self, state, dev):
        return T.below(self.first(state, dev), self.regions, 32)

    def head(self, state):
        """Bytes before the first record."""
        size = HEAD
        for dev in self.devices:
            more = T.ite(self.on_bus(state, dev), PLACE, 0, 64)
            size = T.binary("add", size, more, 64)
        return size

    def each(self, state, what):
        """Is something noted of all devices of the bus?"""
        return T.all_of(
            T.either(T.negate(self.on_bus(state, dev)),
                     T.equal(noted(state, f"{what} {dev:x}"), 1, 1))
            for dev in self.devices)

    def none(self, state, what):
        return T.all_of(T.equal(noted(state, f"{what} {dev:x}"), 0, 1)
                        for dev in self.devices)

    # --- What is asked of a device --------------------------------------------

    def asked(self, machine, state):
        """One of the bus's."""
        dev = argument(state, 0)
        machine.require(state, self.on_bus(state, dev),
                        "a device that is not the bus's")
        return dev

    def in_turn(self, machine, state, dev):
        """They are asked in the order of their first regions."""
        number = self.first(state, dev)
        begins = T.equal(number, 0, 32)
        machine.require(state, T.either(begins, T.negate(T.below(
            number, noted(state, "turn"), 32))), "a device before its turn")
        note(state, "turn", 32, T.binary("add", number, 1, 32))
        return begins

    def record(self, machine, state, dev, region):
        """Where the device's record begins: behind the one before it, and
        with all that is left of the buffer. -> place, bytes"""
        at = T.binary("sub", argument(state, 1), region.base, 64)
        size = argument(state, 2)
        begins = self.in_turn(machine, state, dev)
        machine.require(state, T.equal(at, T.ite(
            begins, self.head(state), noted(state, "end"), 64), 64),
            "a record that is not behind the one before it")
        inside(machine, state, at, size, region)
        return at, size

    @staticmethod
    def in_scratch(state):
        """Or beside it, which is no part of a buffer either."""
        buf = argument(state, 1)
        return not T.symbolic(buf) and buf < RECORD

    # --- vsio_save() ----------------------------------------------------------

    def save(self, machine, state):
        """It takes some of what it is given, or finds no room."""
        dev = self.asked(machine, state)
        used, size, took = argument(state, 3), argument(state, 2), some()
        if self.in_scratch(state):
            self.keep(machine, state, dev, took)
        else:
            at, _ = self.record(machine, state, dev,
                                machine.regions["buffer"])
            note(state, "end", 64, T.binary("add", at, took, 64))
            self.set(state, "done", dev, 1, 1)
        full = fork(machine, state, used)
        state.assume(is_record(took, size))
        state.assume(is_record(took, RECORD_MAX))
        return answers(machine, state, used, took, full, ROOM)

    def keep(self, machine, state, dev, took):
        at = T.binary("sub", argument(state, 1), SCRATCH, 64)
        inside(machine, state, at, argument(state, 2), self.scratch)
        note(state, "kept of", 64, dev)
        note(state, "kept at", 64, at)
        note(state, "kept long", 64, took)
        note(state, "kept is new", 1, self.of(state, "is new", dev, 1))

    # --- vsio_load() ----------------------------------------------------------

    def load(self, machine, state):
        """Refused, or of some bytes. It needs scratch memory."""
        dev = self.asked(machine, state)
        self.lend(machine, state)
        if self.in_scratch(state):
            return self.take_back(machine, state, dev)

        used = argument(state, 3)
        at, size = self.record(machine, state, dev,
                               machine.regions["snapshot"])
        before = self.of(state, "long", dev, 64)
        again = T.negate(T.equal(before, 0, 64))
        machine.require(state, T.either(T.negate(again), T.both(
            T.equal(at, self.of(state, "at", dev, 64), 64),
            T.negate(T.below(size, before, 64)))),
            "another record than the first time")
        new = some()
        took = T.ite(again, before, new, 64)
        why = memory.unknown("refused", 32)
        refused = fork(machine, state, used)
        refused.assume(T.negate(again))
        refused.assume(T.both(T.below(0, why, 32),
                              T.negate(T.below(REFUSALS, why, 32))))
        state.assume(T.either(again, is_record(new, size)))
        note(state, "end", 64, T.binary("add", at, took, 64))
        for what, width, value in (("at", 64, at), ("long", 64, took),
                                   ("is new", 1, 1)):
            self.set(state, what, dev, width, value)
        return answers(machine, state, used, took, refused, why)

    def lend(self, machine, state):
        """Of the scratch memory, and not where a record is kept."""
        at = T.binary("sub", argument(state, 4), SCRATCH, 64)
        inside(machine, state, at, RECORD_MAX, self.scratch)
        kept, there = noted(state, "kept at"), noted(state, "kept of")
        machine.require(state, T.either(T.equal(there, 0, 64), T.negate(
            T.below(T.binary("sub", T.binary("add", kept, RECORD_MAX - 1, 64),
                             at, 64), 2 * RECORD_MAX - 1, 64))),
            "scratch memory where a record is kept")

    def take_back(self, machine, state, dev):
        """What the device has saved there, which it loads."""
        at = T.binary("sub", argument(state, 1), SCRATCH, 64)
        took = noted(state, "kept long")
        machine.require(state, T.all_of((
            T.equal(dev, noted(state, "kept of"), 64),
            T.equal(at, noted(state, "kept at"), 64),
            T.equal(argument(state, 2), took, 64))),
            "a device is made what it never was")
        self.set(state, "is new", dev, 1, noted(state, "kept is new"))
        machine.store(state, argument(state, 3), 8, took)
        return answer(machine, state, 0, 32)

    # --- vsio_resume() --------------------------------------------------------

    def resume(self, machine, state):
        """Once each, in order, when all are what they shall be."""
        dev = self.asked(machine, state)
        machine.require(state, self.each(state, "is new"),
                        "told to go on before all are loaded")
        machine.require(state, T.equal(self.of(state, "done", dev, 1), 0, 1),
                        "told twice to go on")
        self.in_turn(machine, state, dev)
        self.set(state, "done", dev, 1, 1)
        return answer(machine, state)

    # --- Entry points ---------------------------------------------------------

    def prepare(self, also):
        def prepare(proof, state):
            also(proof, state)
            self.begin(state)
        return prepare

    def entries(self, count, with_count):
        prepare = self.prepare(with_count)
        yield Entry(f"save {count}", "vsio_bus_save",
                    [DEVICE, RECORD, SIZE, USED], prepare=prepare,
                    after=self.saved, calls=(), budget=BUDGET)
        yield Entry(f"restore {count}", "vsio_bus_restore",
                    [DEVICE, SNAPSHOT, SIZE, SCRATCH], prepare=prepare,
                    after=self.restored, calls=(), budget=BUDGET)

    def unchanged(self, proof, state):
        """The bus; and it has not touched a device itself."""
        for region in (None, *self.memory):
            unchanged(proof, state, region=region)

    def saved(self, proof, state):
        """All devices, and *used bytes; or *used is what it was."""
        self.unchanged(proof, state)
        used = proof.machine.regions["used"]
        now = state.load(used, 0, 8)
        self.either(proof, state, {
            "not all devices are saved": self.each(state, "done"),
            "it took another number of bytes":
                T.equal(now, noted(state, "end"), 64),
            "it took more bytes than there are":
                T.negate(T.below(SIZE, now, 64))}, {
            "a failed save took bytes": T.equal(now, whole(used), 64)})

    def restored(self, proof, state):
        """All devices are what the snapshot says, to its last byte, and each
        has been told; or none."""
        self.unchanged(proof, state)
        self.either(proof, state, {
            "not all devices are loaded": self.each(state, "is new"),
            "not all devices go on": self.each(state, "done"),
            "it has not read all bytes":
                T.equal(noted(state, "end"), SIZE, 64)}, {
            "refused, and a device has changed": self.none(state, "is new"),
            "refused, and a device goes on": self.none(state, "done")})

    @staticmethod
    def either(proof, state, done, nothing):
        """What is so on success, and what if it was refused."""
        good = T.equal(result(state, 32), 0, 32)
        for known, which in ((good, done), (T.negate(good), nothing)):
            for text, so in which.items():
                proof.machine.require(state, T.either(T.negate(known), so),
                                      text)


def some():
    """A number of bytes."""
    return T.zero_extend(memory.unknown("record", 32), 32, 64)


def is_record(length, most):
    return T.negate(T.either(T.below(length, HEADER, 64),
                             T.below(most, length, 64)))


def inside(machine, state, at, size, region):
    """All of it, from there on."""
    machine.require(state, T.negate(T.either(
        T.below(region.size, size, 64),
        T.below(T.binary("sub", region.size, size, 64), at, 64))),
        f"a record beside the {region.name}")


def fork(machine, state, used):
    """Two states that exclude each other; the other one. Both know *used, or
    what one of them writes there is lost when they meet again."""
    machine.load(state, used, 8)
    good, other = memory.unknown("good", 0), state.copy()
    state.assume(good)
    other.assume(T.negate(good))
    return other


def answers(machine, good, used, took, bad, why):
    """It takes so many bytes, or fails; each if that is possible."""
    out = []
    if machine.solver.possible(good.conditions):
        machine.store(good, used, 8, took)
        out += answer(machine, good, 0, 32)
    if machine.solver.possible(bad.conditions):
        out += answer(machine, bad, why, 32)
    return out

# SPDX-License-Identifier: MIT
"""CFI flash: one or two chips, 8 or 16 bits wide, of any other geometry.

The array is the host's; what is in it is unknown at each look.
"""

import memory
import terms as T
from contract import (Common, a_bool, answer, argument, check_ctx, check_read,
                      is_bool, note, noted, result, same, unchanged)
from proof import BUFFER, CTX, DEVICE, HOST, Entry

ARRAY = 1 << 42
GEOMETRY = 0x14000000
BLOCK_MAX, BLOCKS = 0x40000, 512
READY, OTHERS = 0x80, 0x4d  # bits of the status; those that there are not
SIZE = T.var("device.geometry.size", 32)


class CFIFlash(Common):
    """devices/cfi-flash.h"""

    struct, host_struct = "vsio_cfi_flash", "vsio_cfi_flash_host"
    valid, class_name = "vsio_cfi_flash_valid", "vsio_cfi_flash_class"
    lines = 0
    width = chips = 1
    budget = 1 << 24
    snapshot_budgets = 10000, 40000

    def callbacks(self, proof):
        self.proof = proof
        proof.machine.add(memory.Region(
            "array", ARRAY, T.zero_extend(SIZE, 32, 64), kind="opaque"))
        return super().callbacks(proof) | {
            "dirty": (self.dirty, True), "array_mode": (self.array_mode, True)}

    def fixed(self, image):
        return super().fixed(image) | {
            "array": ARRAY, "geometry.width": self.width,
            "geometry.chips": self.chips,
            "geometry.size": SIZE,
            "geometry.block": T.var("device.geometry.block", 32),
            "geometry.buffer": T.var("device.geometry.buffer", 8),
            "bus_shift": (self.width * self.chips).bit_length() - 1}

    @staticmethod
    def dirty(machine, state):
        """Bytes of the array."""
        check_ctx(machine, state)
        offset, length = argument(state, 1, 32), argument(state, 2, 32)
        machine.require(state, T.both(
            T.below(offset, SIZE, 32), T.both(T.below(0, length, 32), T.negate(
                T.below(T.binary("sub", SIZE, offset, 32), length, 32)))),
            "bytes that the array does not have are dirty")
        return answer(machine, state)

    @staticmethod
    def array_mode(machine, state):
        """On a change only."""
        check_ctx(machine, state)
        on = is_bool(machine, state, 1, "the mode")
        machine.require(state, T.either(
            T.equal(noted(state, "forced"), 1, 1),
            T.negate(T.equal(on, noted(state, "shown"), 1))),
            "a mode that is what it was")
        note(state, "shown", 1, on)
        note(state, "forced", 1, 0)
        return answer(machine, state)

    @staticmethod
    def mode(proof, state):
        return T.extract(proof.get(state, "array_mode"), 0, 0, 8)

    def begin(self, proof, state):
        super().begin(proof, state)
        note(state, "forced", 1, 0)
        note(state, "shown", 1, self.mode(proof, state))

    def end(self, proof, state):
        super().end(proof, state)
        proof.machine.require(state, T.either(
            T.negate(T.boolean("host has array_mode")),
            T.equal(noted(state, "shown"), self.mode(proof, state), 1)),
            "the host is told of another mode")

    # --- Snapshots ------------------------------------------------------------

    def snapshots(self, proof):
        """Only the second calls the host, and in any case."""
        return self.snapshots_apart(
            proof, {"calls": (), "settle": self.not_told},
            {"prepare": forced, "after": told, "calls": ("array_mode",)})

    def not_told(self, proof, state):
        """What the host is told is resume's."""
        note(state, "shown", 1, self.mode(proof, state))

    # --- init -----------------------------------------------------------------

    def first(self, proof):
        """Of any geometry with these chips: it is there, or it is refused."""
        members = proof.image.members("vsio_cfi_flash_geometry")
        region = proof.machine.add(memory.Region(
            "geometry", GEOMETRY, proof.image.size("vsio_cfi_flash_geometry"),
            members=members, writable=False))

        def prepare(proof, state):
            self.before_init(proof, state)
            note(state, "shown", 1, 1)
            for m in members:
                state.store(region, m.start, m.size,
                            self.fixed(proof.image)[f"geometry.{m.name}"])
        entry = self.init("vsio_cfi_flash_init", GEOMETRY, ARRAY, HOST, CTX)
        entry.prepare, entry.settle = prepare, untouched
        return entry

    # --- A write is one to each chip's word in it -----------------------------

    @staticmethod
    def shown(proof, state):
        """What array_mode is when it has been looked at."""
        return T.from_bool(T.all_of(
            T.equal(proof.get(state, f"chip[{n}].mode"), 0, 8)
            for n in range(2)), 8)

    def between(self, proof, state):
        """The device is valid, but for array_mode, which is looked at last."""
        kept = proof.get(state, "array_mode")
        proof.set(state, "array_mode", self.shown(proof, state))
        proof.machine.require(state, proof.valid(state),
                              "no valid state between two words")
        return kept

    def write_chip(self, machine, state):
        """As the entry point "write chip" proves it, from any such state."""
        proof = self.proof
        offset, word = argument(state, 1, 32), argument(state, 2, 32)
        machine.require(state, T.equal(argument(state, 0), DEVICE, 64),
                        "another's chip is written")
        machine.require(state, self.proper(offset, word),
                        "a chip is written that is not there")
        kept = self.between(proof, state)
        proof.havoc(state, given=("array_mode", self.shown))
        proof.set(state, "array_mode", kept)
        return answer(machine, state,
                      T.from_bool(memory.unknown("known", 0), 8), 8)

    def proper(self, offset, word):
        odd = T.binary("and", offset, self.width - 1, 32)
        return T.both(T.equal(odd, 0, 32), T.both(
            T.below(offset, SIZE, 32), T.below(word, 1 << 8 * self.width, 32)))

    def by_word(self, proof, state):
        self.looked(proof, state)
        state.assume(proof.valid(state))
        proof.machine.hook(proof.image.names["write_chip"], self.write_chip)

    def looked(self, proof, state):
        """array_mode is as it shall be; said in the same way each time."""
        now, shown = proof.get(state, "array_mode"), self.shown(proof, state)
        proof.machine.require(state, T.equal(now, shown, 8),
                              "the mode is not what the chips show")
        proof.set(state, "array_mode", shown)

    def one_word(self, proof, state):
        """array_mode has not been looked at yet."""
        proof.machine.hooks.pop(proof.image.names["write_chip"], None)
        proof.set(state, "array_mode", T.var("shown before", 8))
        state.assume(T.below(T.var("shown before", 8), 2, 8))

    def entries(self, proof):
        size, value = (T.zero_extend(T.var(n, 32), 32, 64)
                       for n in ("size", "value"))
        yield self.first(proof)
        for lane in range(4):
            offset = T.zero_extend(T.concat(T.var("register", 30), lane, 2,
                                            32), 32, 64)
            yield Entry(f"read +{lane}", "proof_read",
                        [DEVICE, offset, size, BUFFER], after=check_read)
            yield Entry(f"refuse +{lane}", "proof_write",
                        [DEVICE, offset, size, value], prepare=no_size)
            for n in (1, 2, 4):
                if lane + n <= 4:
                    yield Entry(f"write {n}+{lane}", "proof_write",
                                [DEVICE, offset, n, value],
                                prepare=self.by_word, settle=self.looked)
        yield from self.words()
        yield Entry("reset", "proof_reset", [DEVICE])
        yield Entry("valid", self.valid, [DEVICE], after=self.means)
        yield from self.snapshots(proof)

    def means(self, proof, state):
        """Some of what the invariant says, in other words than its own."""
        unchanged(proof, state)
        proof.machine.require(state, T.equal(result(state, 8), 1, 8),
                              "a valid device is none")
        shift = T.binary("and", proof.get(state, "block_shift"), 31, 8)
        there = T.binary("lshr", SIZE, T.zero_extend(shift, 8, 32), 32)
        for n in range(2):
            self.chip_means(proof, state, f"chip[{n}].",
                            there if n < self.chips else 0)

    @staticmethod
    def chip_means(proof, state, chip, blocks):
        """Of its locks, as one number each, and of its status."""
        locked, down, status = (proof.get(state, chip + name)
                                for name in ("locked", "down", "status"))
        for text, wrong, width in (
                ("a lock of no block", T.binary("lshr", locked, T.zero_extend(
                    blocks, 32, BLOCKS), BLOCKS), BLOCKS),
                ("locked down and not locked", T.binary(
                    "and", down, T.invert(locked, BLOCKS), BLOCKS), BLOCKS),
                ("no such status", T.binary(
                    "xor", T.binary("and", status, READY | OTHERS, 8), READY,
                    8), 8)):
            proof.machine.require(state, T.equal(wrong, 0, width), text)

    def look(self, proof, state):
        """What the write does after its last word; it tells the host, too."""
        before, now = T.var("shown before", 8), proof.get(state, "array_mode")
        proof.machine.require(state, T.equal(now, before, 8),
                              "array_mode changes between two words")
        self.between(proof, state)
        note(state, "shown", 1, self.mode(proof, state))

    def words(self):
        """A word of each chip, in each of its states."""
        for n in range(self.chips):
            shift = self.width >> 1
            at = T.concat(T.var("word", 32 - shift - self.chips + 1),
                          n << shift, shift + self.chips - 1, 32) \
                if shift + self.chips > 1 else T.var("word", 32)
            word = T.zero_extend(T.var("data", 8 * self.width),
                                 8 * self.width, 32)
            yield Entry(f"write chip {n}", "write_chip", [
                DEVICE, T.zero_extend(at, 32, 64),
                T.zero_extend(word, 32, 64)],
                prepare=self.proper_word(at, word),
                after=a_bool, settle=self.look, calls=("dirty",),
                rounds=BLOCK_MAX, cases=[
                    T.equal(T.var(f"device.chip[{n}].state", 8), state, 8)
                    for state in range(7)])

    def proper_word(self, at, word):
        """Before a word for a chip that the geometry has."""
        def prepare(proof, state):
            self.one_word(proof, state)
            state.assume(self.proper(at, word))
        return prepare


def no_size(_proof, state):
    """An access that is none: those of 1, 2 and 4 bytes are other entries."""
    for n in (1, 2, 4):
        state.assume(T.negate(T.equal(T.var("size", 32), n, 32)))


def forced(_proof, state):
    """The host is told of the mode, whatever it was."""
    note(state, "forced", 1, 1)


def told(proof, state):
    """It has been."""
    proof.machine.require(state, T.either(
        T.negate(T.boolean("host has array_mode")),
        T.equal(noted(state, "forced"), 0, 1)), "the host is told of no mode")


def untouched(proof, state):
    """If it was refused. What follows is about those that were not."""
    a_bool(proof, state)
    taken = T.equal(result(state, 8), 1, 8)
    was = same(state, proof.device, lambda at, _: proof.device.fresh(at)[2])
    proof.machine.require(state, T.either(taken, was),
                          "a refused geometry leaves something behind")
    state.assume(taken)


class Flash8(CFIFlash):
    name = "cfi-flash-8"


class Flash16(CFIFlash):
    name, width = "cfi-flash-16", 2


class Flash8x2(CFIFlash):
    name, chips = "cfi-flash-8x2", 2


class Flash16x2(CFIFlash):
    name, width, chips = "cfi-flash-16x2", 2, 2

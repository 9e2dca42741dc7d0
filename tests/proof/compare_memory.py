# SPDX-License-Identifier: MIT
"""Random loads and stores, in two states that are then merged: what memory.py
gives is what plain bytes have, for some choices of the variables. The same of a
device in the machine, in which some bytes may hold anything: of all others.
"""

import memory
import terms as T
from compare_terms import CHOICES, Round
from image import Member
from machine import Machine
from state import State

SIZE, ACCESSES = 24, 30
LOOSE = range(8, 16)


class Bytes:
    """Cells, and what they stand for in each choice."""

    def __init__(self, region, plain):
        self.region, self.cells, self.plain = region, {}, plain

    def store(self, at, size, term, values):
        memory.put(self.cells, at, size, term)
        self.store_plain(at, size, values)

    def store_plain(self, at, size, values):
        for plain, value in zip(self.plain, values):
            plain[at:at + size] = value.to_bytes(size, "little")

    def load(self, at, size):
        """Width, term and values."""
        return (8 * size, memory.get(self.cells, self.region, at, size),
                self.load_plain(at, size))

    def load_plain(self, at, size):
        return [int.from_bytes(p[at:at + size], "little") for p in self.plain]

    def copy(self):
        other = Bytes(self.region, [bytearray(p) for p in self.plain])
        other.cells = dict(self.cells)
        return other


class PartlyLoose(Bytes):
    """A device's, as the machine has them."""

    def __init__(self, machine, plain):
        member = Member("loose", LOOSE[0], len(LOOSE), 1, False, False)
        super().__init__(machine.add(memory.Region(
            "device", SIZE, SIZE, members=[member])), plain)
        self.machine, self.state = machine, State()
        machine.loose = {"loose"}

    def store(self, at, size, term, values):
        self.machine.store(self.state, SIZE + at, size, term)
        self.store_plain(at, size, values)

    def load(self, at, size):
        """Of the bytes that are kept, which are next to each other."""
        kept = [n for n in range(at, at + size) if n not in LOOSE]
        before = memory.COUNTS.get("device", 0)
        term = self.machine.load(self.state, SIZE + at, size)
        if not kept:
            return 8, 0, [0] * CHOICES
        made = range(before + 1, memory.COUNTS.get("device", 0) + 1)
        term = T.substitute(term, {f"device#{n}": 0 for n in made})
        width, low = 8 * len(kept), 8 * (kept[0] - at)
        return (width, T.extract(term, low + width - 1, low, 8 * size),
                self.load_plain(kept[0], len(kept)))


class Accesses:
    """One region, whose bytes are variables at first."""

    def __init__(self, rng, n, machine=None):
        self.rng, self.terms = rng, Round(rng, f"memory {n}")
        plain = [bytearray(rng.randbytes(SIZE)) for _ in range(CHOICES)]
        self.bytes = PartlyLoose(machine, plain) if machine else Bytes(
            memory.Region(f"memory {n}", 0, SIZE), plain)
        self.merges = 0 if machine else .1
        for choice, p in zip(self.terms.choices, plain):
            choice |= {f"{self.bytes.region.name}+{at}": p[at]
                       for at in range(SIZE)}

    def place(self):
        size = self.rng.choice((1, 2, 4, 8))
        return self.rng.randrange(0, SIZE - size + 1), size

    def change(self, where):
        """A store; or a load of what is there; what is wrong, or None."""
        at, size = self.place()
        if self.rng.random() < .6:
            where.store(at, size, *self.terms.pick(8 * size))
            return None
        return self.terms.wrong(where.load(at, size))

    def merge(self):
        """Two states, of which a condition chooses one."""
        a, b = self.bytes, self.bytes.copy()
        for where in (a, b):
            for _ in range(4):
                if what := self.change(where):
                    return what
        test, values = self.terms.pick(0)
        a.cells = memory.merge(a.cells, b.cells, a.region,
                               lambda p, q, w: T.ite(test, p, q, w))
        a.plain = [p if v else q
                   for v, p, q in zip(values, a.plain, b.plain)]
        return None

    def run(self):
        for _ in range(ACCESSES):
            self.terms.grow()
            kind = self.merge if self.rng.random() < self.merges else \
                lambda: self.change(self.bytes)
            if what := kind():
                return what
        return None


def compare_memory(rng, rounds, image=None):
    """A line about it; what is wrong, or None. With an image: the machine's."""
    name = "memory of a device" if image else "memory"
    machine = Machine(image, 0) if image else None
    for n in range(rounds):
        if what := Accesses(rng, n, machine).run():
            return name, f"round {n}: {what}"
    return f"{name}: {rounds * ACCESSES} accesses", None

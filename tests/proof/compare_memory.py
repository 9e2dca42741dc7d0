# SPDX-License-Identifier: MIT
"""Random loads and stores, in two states that are then merged: what memory.py
gives is what plain bytes have, for some choices of the variables.
"""

import memory
import terms as T
from compare_terms import CHOICES, Round

SIZE, ACCESSES = 24, 30


class Bytes:
    """Cells, and what they stand for in each choice."""

    def __init__(self, region, plain):
        self.region, self.cells, self.plain = region, {}, plain

    def store(self, at, size, term, values):
        memory.put(self.cells, at, size, term)
        for plain, value in zip(self.plain, values):
            plain[at:at + size] = value.to_bytes(size, "little")

    def load(self, at, size):
        """Width, term and values."""
        return 8 * size, memory.get(self.cells, self.region, at, size), [
            int.from_bytes(p[at:at + size], "little") for p in self.plain]

    def copy(self):
        other = Bytes(self.region, [bytearray(p) for p in self.plain])
        other.cells = dict(self.cells)
        return other


class Accesses:
    """One region, whose bytes are variables at first."""

    def __init__(self, rng, n):
        self.rng, self.terms = rng, Round(rng, f"memory {n}")
        region = memory.Region(f"memory {n}", 0, SIZE)
        plain = [bytearray(rng.randbytes(SIZE)) for _ in range(CHOICES)]
        for choice, p in zip(self.terms.choices, plain):
            choice |= {f"{region.name}+{at}": p[at] for at in range(SIZE)}
        self.bytes = Bytes(region, plain)

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
            kind = self.merge if self.rng.random() < .1 else \
                lambda: self.change(self.bytes)
            if what := kind():
                return what
        return None


def compare_memory(rng, rounds):
    """A line about it; what is wrong, or None."""
    for n in range(rounds):
        if what := Accesses(rng, n).run():
            return "memory", f"round {n}: {what}"
    return f"memory: {rounds * ACCESSES} accesses", None

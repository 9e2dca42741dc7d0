# SPDX-License-Identifier: MIT
"""Control flow: where blocks begin, and in which order states go on.

States that meet are merged; so what lies inside of a loop goes first, and of
two places the earlier one. The order is Bourdoncle's weak topological order
of each function; it decides how much is merged, never what is true.
"""

import struct


def sext(v, bits):
    return v - (1 << bits) if v >> (bits - 1) & 1 else v


def branch(word, pc):
    """(kind, target): jump, call, maybe (or on), away; None: not a branch."""
    if word >> 26 == 0b000101:
        return "jump", pc + 4 * sext(word & 0x3ffffff, 26)
    if word >> 26 == 0b100101:
        return "call", pc + 4 * sext(word & 0x3ffffff, 26)
    if word >> 24 == 0x54 or (word >> 25) & 0x3f == 0b011010:
        return "maybe", pc + 4 * sext(word >> 5 & 0x7ffff, 19)
    if (word >> 25) & 0x3f == 0b011011:
        return "maybe", pc + 4 * sext(word >> 5 & 0x3fff, 14)
    if word & 0xfffffc1f == 0xd63f0000:
        return "call", None
    if word & 0xfffffc1f in (0xd61f0000, 0xd65f0000):
        return "away", None
    return None


class Function:
    """Blocks and their order."""

    def __init__(self, symbol, code):
        self.symbol, self.code = symbol, code
        self.found = set()
        self.analyse()

    def inside(self, pc):
        return pc is not None and \
            self.symbol.start <= pc < self.symbol.start + len(self.code)

    def words(self):
        start = self.symbol.start
        for i, (word,) in enumerate(struct.iter_unpack("<I", self.code)):
            yield start + 4 * i, word

    def analyse(self):
        self.branches = {pc: b for pc, w in self.words()
                         if (b := branch(w, pc))}
        self.leaders = {self.symbol.start} | self.found
        for pc, (_, target) in self.branches.items():
            self.leaders |= {t for t in (pc + 4, target) if self.inside(t)}
        self.starts = sorted(self.leaders)
        self.order = {pc: i for i, pc in enumerate(self.sort())}

    def end_of(self, start):
        return next((s for s in self.starts if s > start),
                    self.symbol.start + len(self.code))

    def successors(self, start):
        last = self.end_of(start) - 4
        kind, target = self.branches.get(last, ("on", None))
        after = [last + 4] if kind in ("on", "call", "maybe") else []
        if kind in ("jump", "maybe"):
            after.append(target)
        if kind == "away":
            after += sorted(self.found)
        return [t for t in after if self.inside(t)]

    def target(self, pc):
        """A place that only a table names."""
        if pc not in self.leaders or pc not in self.found:
            self.found.add(pc)
            self.analyse()

    def sort(self):
        numbers, stack, count, result = {}, [], [0], []

        def component(v):
            inner = []
            for s in self.successors(v):
                if not numbers.get(s):
                    visit(s, inner)
            return [v] + inner[::-1]

        def visit(v, partition):
            stack.append(v)
            count[0] += 1
            head = numbers[v] = count[0]
            loop = False
            for s in self.successors(v):
                low = numbers.get(s) or visit(s, partition)
                if low <= head:
                    head, loop = low, True
            if head == numbers[v]:
                numbers[v] = float("inf")
                element = stack.pop()
                if loop:
                    while element != v:
                        numbers[element] = 0
                        element = stack.pop()
                    partition.append(component(v))
                else:
                    partition.append(v)
            return head

        for v in self.starts:
            if v not in numbers:
                part = []
                visit(v, part)
                result = part + result
        return flat(result[::-1])


def flat(parts):
    for p in parts:
        if isinstance(p, list):
            yield from flat(p)
        else:
            yield p


def depth_first(calls):
    """Functions, callers before those they call."""
    order, seen = [], set()

    def visit(f):
        if f in seen:
            return
        seen.add(f)
        for g in sorted(calls.get(f, ())):
            visit(g)
        order.append(f)

    for f in sorted(calls):
        visit(f)
    return {f: i for i, f in enumerate(reversed(order))}


class Flow:
    """All functions of an image."""

    def __init__(self, image):
        self.image, self.functions, calls = image, {}, {}
        for s in image.functions:
            _, start, data = image.section_of(s.start)
            f = Function(s, data[s.start - start:s.start - start + s.size])
            self.functions[s.start] = f
            calls[s.start] = {g.start for _, t in f.branches.values()
                              if t and not f.inside(t)
                              and (g := image.function_at(t))}
        self.order = depth_first(calls)
        self.cache = {}

    def function(self, pc):
        if pc not in self.cache:
            s = self.image.function_at(pc)
            self.cache[pc] = self.functions[s.start] if s else None
        return self.cache[pc]

    def rank(self, pc):
        """What goes first is lower."""
        f = self.function(pc)
        if f is None:
            return -1, 0
        return self.order[f.symbol.start], f.order.get(pc, 0)

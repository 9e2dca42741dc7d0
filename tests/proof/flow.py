# SPDX-License-Identifier: MIT
"""Control flow: where blocks begin, and in which order states go on.

States that meet are merged; so what lies inside of a loop goes first, and of
two places the earlier one. The order is Bourdoncle's weak topological order
of each function, but that a loop's head comes last: there a round waits for
all that is left of the one before. It decides how much is merged, never what
is true.
"""

from arch import ARCH


class Function:
    """Blocks and their order."""

    def __init__(self, symbol, code):
        self.symbol, self.code = symbol, code
        self.found, self.branches, self.ends = set(), {}, {}
        for pc, size, branch in ARCH.decode(code, symbol.start):
            self.ends[pc] = pc + size
            if branch:
                self.branches[pc] = branch
        self.ending = {end: pc for pc, end in self.ends.items()}
        self.analyse()

    def inside(self, pc):
        return pc is not None and \
            self.symbol.start <= pc < self.symbol.start + len(self.code)

    def analyse(self):
        self.leaders = {self.symbol.start} | self.found
        for pc, (_, target) in self.branches.items():
            self.leaders |= {t for t in (self.ends[pc], target)
                             if self.inside(t)}
        self.starts = sorted(self.leaders)
        self.loops = {}
        parts = self.sort()
        self.order = {pc: i for i, pc in enumerate(flat(parts))}
        for part in parts:
            self.find_loops(part)

    def find_loops(self, part):
        """The blocks of each loop, by the one it begins with."""
        if isinstance(part, list):
            self.loops[part[0]] = set(flat(part))
            for inner in part[1:]:
                self.find_loops(inner)

    def innermost(self, pc):
        """Does a loop begin here that has no other in it?"""
        return pc in self.loops and not any(
            h in self.loops[pc] for h in self.loops if h != pc)

    def end_of(self, start):
        return next((s for s in self.starts if s > start),
                    self.symbol.start + len(self.code))

    def instructions(self, start):
        """How many there are in the block."""
        end = self.end_of(start)
        return sum(start <= pc < end for pc in self.ends)

    def successors(self, start):
        end = self.end_of(start)
        kind, target = self.branches.get(self.ending.get(end), ("on", None))
        after = [end] if kind in ("on", "call", "maybe") else []
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
        return result[::-1]


def flat(parts):
    """All blocks; of a loop, its head is the last."""
    for p in parts:
        if isinstance(p, list):
            yield from flat(p[1:] + p[:1])
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

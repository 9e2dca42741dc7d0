# SPDX-License-Identifier: MIT
"""One state of the machine, which may stand for many paths."""

import memory
import terms as T
from arch import ARCH

SP, RESULT = ARCH.SP, ARCH.RESULT


def x(n):
    """Where VEX keeps argument n."""
    return ARCH.REGISTERS[ARCH.ARGUMENTS[n]]


class State:
    """Registers, memory, what is true on the way here, and what is noted."""

    def __init__(self):
        self.registers, self.memory = {}, {}
        self.conditions, self.stack = (), ()
        self.pc = self.steps = 0
        self.paths = 1
        self.notes = {}
        self.shared = set()

    def copy(self):
        other = State()
        other.registers = dict(self.registers)
        other.memory = dict(self.memory)
        other.conditions, other.stack = self.conditions, self.stack
        other.pc, other.steps, other.paths = self.pc, self.steps, self.paths
        other.notes = dict(self.notes)
        self.shared = set(self.memory)
        other.shared = set(self.memory)
        return other

    def cells(self, region, write=False):
        if write and region.name in self.shared:
            self.memory[region.name] = dict(self.memory[region.name])
            self.shared.discard(region.name)
        return self.memory.setdefault(region.name, {})

    def assume(self, condition):
        if condition is not True and condition not in self.conditions:
            self.conditions += (condition,)

    def load(self, region, offset, size):
        return memory.get(self.cells(region, True), region, offset, size)

    def store(self, region, offset, size, value):
        memory.put(self.cells(region, True), offset, size, value)

    @property
    def sp(self):
        return self.registers[SP]


def split(a, b):
    """Common conditions, and what is true in one of two states only."""
    n = 0
    while n < min(len(a), len(b)) and a[n] is b[n]:
        n += 1
    return a[:n], T.all_of(a[n:]), T.all_of(b[n:])


def merge(a, b, regions):
    """One state for two at the same place. They exclude each other."""
    common, only_a, only_b = split(a.conditions, b.conditions)
    # One of the two is enough to tell them apart; the shorter one.
    guard = a.conditions[len(common)]
    if T.negate(guard) is b.conditions[len(common)]:
        test = guard
    else:
        test = only_a

    def choose(p, q, width):
        return T.ite(test, p, q, width)

    result = State()
    result.pc, result.stack = a.pc, a.stack
    result.steps = max(a.steps, b.steps)
    result.paths = a.paths + b.paths
    result.conditions = common
    result.assume(T.either(only_a, only_b))
    for r in a.registers.keys() & b.registers.keys():
        result.registers[r] = choose(a.registers[r], b.registers[r], 64)
    for name in a.memory.keys() | b.memory.keys():
        result.memory[name] = memory.merge(
            a.memory.get(name, {}), b.memory.get(name, {}), regions[name],
            choose)
    result.shared = set(result.memory)
    for name in a.notes:
        width, p = a.notes[name]
        result.notes[name] = width, choose(p, b.notes[name][1], width)
    return result

# SPDX-License-Identifier: MIT
"""The end state of a symbolic run, with numbers for its variables, against
unicorn: are merging and simplification right?

A callback of the symbolic run is one of the emulator's if all that was true on
the way there is true of these numbers; what it answers are numbers for the
variables that it has made up.
"""

import state as S
import terms as T
from compare_calls import Calls
from emulator import SAVED, Emulator, register
from machine import DONE, STACK_TOP
from proof import DEVICE, Proof
from worlds import MEMSET, REGISTERS, number

MOST = 100000


class Values(dict):
    """Numbers for variables; any for those that nobody has thought of."""

    def __init__(self, rng):
        super().__init__()
        self.rng, self.done = rng, {}

    def get(self, name, variable):
        if name not in self:
            self[name] = (number(self.rng, variable.width) if variable.width
                          else self.rng.random() < .5)
        return self[name]

    def of(self, term):
        return T.substitute(term, self, self.done)


class Visit:
    """A callback of the symbolic run."""

    def __init__(self, address, state):
        self.address, self.before = address, state.copy()
        self.condition = T.all_of(state.conditions)
        self.after, self.denied = None, []

    def leave(self, state):
        """What goes on after it, and what has not happened then."""
        self.after = dict(state.registers)
        self.denied = [c.args[0].args[0] for c in state.conditions
                       if c.op == "not" and c.args[0].op == "var"]


class Symbolic:
    """An entry point's run, for one case."""

    def __init__(self, proof, entry, case):
        self.proof, self.entry, self.case = proof, entry, case
        self.visits = []
        machine = proof.machine
        hooks = dict(machine.hooks)
        machine.hooks = {a: self.watched(a, h) for a, h in hooks.items()}
        machine.findings = []
        entry.loose = False  # each byte counts
        self.start = proof.before(entry, case)
        self.first = self.start.copy()
        self.end = machine.run(self.start)
        machine.hooks = hooks
        if machine.findings or self.end is None:
            raise RuntimeError(f"{entry.name}: {machine.findings}")


    def watched(self, address, handler):
        def hook(machine, state):
            visit = Visit(address, state)
            self.visits.append(visit)
            following = handler(machine, state)
            visit.leave(following[-1])
            return following
        return hook

    def fits(self, values):
        """Do the numbers satisfy what is assumed?"""
        return all(values.of(c) for c in self.first.conditions)


class Sample:
    """Numbers for one run."""

    def __init__(self, proof, emulator, world):
        self.proof, self.emulator = proof, emulator
        self.values, self.bytes = Values(world.rng), {}
        self.callbacks = 0
        for region in proof.machine.regions.values():
            if region.kind == "cells":
                self.memory(region, world)
        self.arguments(world.rng)

    def memory(self, region, world):
        """The variables of a region, as its bytes have it."""
        data = world.memory.get(region.base)
        if data is None:
            data = world.rng.randbytes(region.size)
        if region is self.proof.host:
            data = self.host(data)
        self.bytes[region.name] = data
        self.emulator.write(region.base, data)
        for at in range(len(data)):
            start, size, variable = region.fresh(at)
            if start == at:
                self.values[variable.args[0]] = int.from_bytes(
                    data[at:at + size], "little")

    def host(self, data):
        """The same callbacks are there, at the addresses of the proof."""
        table = bytearray(data)
        for m in self.proof.host.members:
            if m.name in self.proof.hooks:
                there = any(data[m.start:m.start + 8])
                self.values[f"host has {m.name}"] = there
                table[m.start:m.start + 8] = (
                    there * self.proof.hooks[m.name]).to_bytes(8, "little")
        return bytes(table)

    def arguments(self, rng):
        """Some of those that the specifications name need a choice."""
        self.values["offset"] = rng.choice(REGISTERS) \
            if rng.random() < .9 else number(rng, 32)
        self.values["size"] = rng.choice((1, 2, 4, 4, 4, 8))

    def valid(self):
        """What the formula says, and what the device's function returns."""
        spec, image = self.proof.spec, self.proof.image
        self.emulator.set({0: DEVICE, 30: DONE, 31: STACK_TOP})
        self.emulator.go(image.names[spec.valid], MOST)
        return (self.values.of(self.proof.formula),
                self.emulator.registers[0] & 0xff == 1)

    # --- One call -------------------------------------------------------------

    def run(self, symbolic):
        """What differs, or None."""
        emulator, values = self.emulator, self.values
        emulator.set({n: values.of(symbolic.first.registers[register(n)])
                      for n in range(31)} | {31: STACK_TOP})
        pc = emulator.go(self.proof.image.names[symbolic.entry.function],
                         MOST)
        visits = iter(symbolic.visits)
        while pc != DONE:
            visit = self.next(visits)
            if visit is None or visit.address != pc:
                return f"a callback at {pc:#x} of which nothing is known"
            what = self.difference(visit.before)
            if what:
                return f"at a callback: {what}"
            self.callbacks += 1
            pc = emulator.go(self.answer(visit), MOST)
        if self.next(visits):
            return "a callback is missing"
        return self.difference(symbolic.end)

    def next(self, visits):
        """The next callback that these numbers come to."""
        return next((v for v in visits if self.values.of(v.condition)), None)

    def answer(self, visit):
        """Leave what it leaves; where it goes on."""
        back = self.emulator.registers[30]
        if visit.address == MEMSET:
            to, byte, size = self.emulator.registers[:3]
            self.emulator.write(to, bytes([byte & 0xff]) * size)
        for name in visit.denied:
            self.values.setdefault(name, False)
        self.emulator.set({n: self.values.of(visit.after[register(n)])
                           for n in range(31) if n not in SAVED})
        return back

    def difference(self, state):
        values, registers = self.values, self.emulator.registers
        for n in range(32):
            where = register(n) if n < 31 else S.SP
            ours = values.of(state.registers[where])
            if ours != registers[n]:
                return f"x{n} is {ours!r}, should be {registers[n]:#x}"
        for name, before in self.bytes.items():
            region = self.proof.machine.regions[name]
            cells = state.memory.get(name, {})
            theirs = self.emulator.read(region.base, region.size)
            for at in range(region.size):
                ours = self.byte(cells.get(at), before[at])
                if ours != theirs[at]:
                    return (f"{name}+{at:#x} is {ours!r}, should be "
                            f"{theirs[at]:#x}")
        return None

    def byte(self, cell, before):
        if cell is None:
            return before
        value, n = cell
        if n < 0:
            return value
        value = self.values.of(value)
        return value >> (8 * n) & 0xff


def opaque(proof, entry):
    """Is a buffer read whose bytes are others at each look?"""
    places = [r.base for r in proof.machine.regions.values()
              if r.kind == "opaque"]
    return any(a in places for a in entry.arguments if not T.symbolic(a))


class Ends:
    """Of the entry points of one specification."""

    def __init__(self, world, wanted):
        self.world = world
        self.proof = proof = Proof(world.image, world.spec)
        self.entries = [e for e in proof.spec.entries(proof)
                        if not opaque(proof, e)
                        and (not wanted or e.name in wanted)]
        public = {e.function for e in self.entries}
        world.functions = [f for f in world.functions
                           if f[0] in public or f in world.init]
        self.calls = Calls(world)
        self.emulator = Emulator(world.image, [
            (r.base, r.size) for r in proof.machine.regions.values()
            if r.kind == "cells"])
        self.known = {}
        self.done = self.callbacks = 0

    def run(self):
        """From a state that calls of the host lead to; what differs."""
        world = self.world
        for _ in range(3):
            world.settle(0)
            if what := self.calls.run():
                return what
        left = dict(world.memory)
        world.settle(.1)
        what = self.one()
        world.memory = left
        return what

    def one(self):
        sample = Sample(self.proof, self.emulator, self.world)
        ours, theirs = sample.valid()
        if ours != theirs:
            return f"valid is {ours}, should be {theirs}"
        entry = self.world.rng.choice(self.entries)
        if entry.name not in self.known:
            self.known[entry.name] = [Symbolic(self.proof, entry, c)
                                      for c in entry.cases]
        for symbolic in self.known[entry.name]:
            if symbolic.fits(sample.values):
                what = sample.run(symbolic)
                self.done += 1
                self.callbacks += sample.callbacks
                return what and f"{entry.name}: {what}"
        return None

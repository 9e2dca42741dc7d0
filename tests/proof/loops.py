# SPDX-License-Identifier: MIT
"""Loops of many rounds that change registers only, all rounds at once.

From two rounds it is seen by how much each register moves. Round k begins with
registers that have moved k times that, or in the first round only; what moves
in another way is unknown.
It is then shown for any k up to the most rounds that there may be: the round is
safe, and if there is a next one, it begins as said, and is one of them. What
round k may rely on is that the round before it went to its end.

A round in memory of regions that are opaque leaves nothing. One that changes
anything else is no such loop: the machine runs it round by round.
"""

import memory
import state as S
import terms as T

SAME, WIDE, NARROW, ONCE, ANY = range(5)


class Finding(Exception):
    """Something that must not be."""


class Loop:
    """A loop that a state is about to enter; its place is the first block."""

    def __init__(self, machine, state, most):
        self.machine, self.first, self.most = machine, state, most
        self.place = state.stack, state.pc
        self.blocks = machine.flow.function(state.pc).loops[state.pc]

    # --- Running it -----------------------------------------------------------

    def inside(self, state):
        return len(state.stack) > len(self.place[0]) or \
            state.stack == self.place[0] and state.pc in self.blocks

    def round(self, state):
        """One round: the state that begins the next one, if there is one; and
        those that leave the loop."""
        machine, waiting, out = self.machine, {}, []
        again = {}
        for s in machine.attempt(state):
            machine.put(waiting if self.inside(s) else again, s)
        nexts = {}
        while waiting:
            s = waiting.pop(min(waiting, key=machine.order))
            if (s.stack, s.pc) == self.place:
                machine.put(nexts, s)
                continue
            for after in machine.attempt(s):
                if self.inside(after):
                    machine.put(waiting, after)
                else:
                    out.append(after)
        out.extend(again.values())
        return nexts.get(self.place), out

    # --- What a round does ----------------------------------------------------

    def only_registers(self, after):
        """Nothing else has changed?"""
        if after.notes != self.first.notes:
            return False
        for name, cells in after.memory.items():
            region = self.machine.regions[name]
            before = dict(self.first.memory.get(name, {}))
            for at, cell in cells.items():
                if at not in before and region.kind == "cells":
                    memory.fill(before, region, at, 1)
                if before.get(at) != cell:
                    return False
        return True

    def steps_of(self, one, two):
        """How each register moves: (kind, by)."""
        return {r: self.step(two, v, one.registers[r], two.registers[r])
                for r, v in self.first.registers.items()}

    def step(self, state, zero, one, two):
        """After no round, one, and two."""
        if same(one, two):
            return (SAME, 0) if same(zero, one) else (ONCE, one)
        for kind, part, width in ((WIDE, lambda v: v, 64), (NARROW, low, 32)):
            first, second = (self.constant(
                state, T.binary("sub", part(q), part(p), width), width)
                for p, q in ((zero, one), (one, two)))
            if first is not None and first == second and (
                    kind == WIDE or is_low(zero, one, two)):
                return kind, first
        return ANY, 0

    def constant(self, state, term, width):
        """Its value, if it has but one."""
        solver = self.machine.solver
        value = solver.example(state.conditions, term)
        if solver.possible(state.conditions,
                           T.negate(T.equal(term, value, width))):
            return None
        return value

    def moved(self, register, kind, by, k):
        before = self.first.registers[register]
        if kind == WIDE:
            return T.binary("add", before, T.binary("mul", k, by, 64), 64)
        if kind == NARROW:
            far = T.binary("mul", low(k), by, 32)
            return T.zero_extend(T.binary("add", low(before), far, 32), 32,
                                 64)
        if kind == ONCE:
            return T.ite(T.equal(k, 0, 64), before, by, 64)
        return before if kind == SAME else memory.unknown("register", 64)

    def begin(self, steps, k):
        """The state that round k begins with."""
        state = self.first.copy()
        for r, (kind, by) in steps.items():
            state.registers[r] = self.moved(r, kind, by, k)
        state.assume(T.negate(T.below(self.most, k, 64)))
        return state

    def check(self, steps, state, k):
        """The next round begins as it should, and is not one too many."""
        following = T.binary("add", k, 1, 64)
        for r, (kind, by) in steps.items():
            if kind != ANY:
                self.machine.require(state, T.equal(
                    state.registers[r], self.moved(r, kind, by, following),
                    64), "a loop whose rounds are not alike")
        if not self.only_registers(state):
            self.machine.find(state, "a loop that changes memory later")
        self.machine.require(state, T.negate(T.below(self.most, following,
                                                     64)),
                             f"no end after {self.most} rounds")

    # --- All of it ------------------------------------------------------------

    def run(self):
        """The states that leave the loop, or None: it is no such loop."""
        machine = self.machine
        with machine.trusting():
            one, _ = self.round(self.first.copy())
            two, _ = self.round(one.copy()) if one else (None, [])
        if two is None or not self.only_registers(two):
            return None
        steps = self.steps_of(one, two)
        k = memory.unknown("round", 64)
        state = self.begin(steps, k)
        with machine.trusting(T.equal(k, 0, 64)):
            after, _ = self.round(state.copy())
        if after is None:
            return None
        state.assume(T.either(T.equal(k, 0, 64),
                              self.before(state, after, k)))
        length = after.steps - self.first.steps
        after, out = self.round(state)
        if after is not None:
            try:
                self.check(steps, after, k)
            except Finding:
                pass
        for s in out:
            s.steps += length * self.rounds(state, k)
        return out

    def rounds(self, state, k):
        """Of how many it is known that there are no more."""
        few = 1
        while few < self.most and self.machine.solver.possible(
                state.conditions, T.below(few, k, 64)):
            few *= 2
        return min(few, self.most)

    def before(self, state, after, k):
        """What was true in the round before, which led on."""
        common, _, led_on = S.split(state.conditions, after.conditions)
        assert len(common) == len(state.conditions)
        return T.substitute(led_on, {k.args[0]: T.binary("sub", k, 1, 64)})


def low(v):
    return T.extract(v, 31, 0, 64)


def is_low(*values):
    return all(T.interval(v)[1] < 1 << 32 for v in values)


def same(a, b):
    return a is b or not T.symbolic(a) and a == b

# SPDX-License-Identifier: MIT
"""An inductive proof: the invariant before an entry point, and after it.

The invariant is the device's own valid(), run as object code on a state of
which nothing is known; the result is a formula. What C's types promise of a
bool, which the compiler relies on, is assumed before and shown after, too.
"""

from contextlib import contextmanager

import memory
import state as S
import terms as T
from arch import ARCH
from machine import DONE, HOOKS, STACK_TOP, Finding, Machine

DEVICE, HOST, BUFFER = 0x10000000, 0x11000000, 0x12000000
CTX = 0x5a5a000000001234


class Entry:
    """One function. prepare and after take the proof and a state.

    cases: conditions, of which one is true: each is proven on its own.
    budget: instructions, if not as many as the specification says.
    loose: what is in the specification's loose members does not matter.
    given, shown: what holds before and afterwards; each takes proof and state.
    calls: the callbacks that may be called, or None: all of them.
    rounds: of a loop that is summed up, at most; 0: none is.
    settle: what the caller does before the device is valid again.
    blank: of the device's memory nothing is known, as before init.
    """

    def __init__(self, name, function, arguments, prepare=None, after=None,
                 cases=(True,), budget=None, loose=True, given=None,
                 shown=None, calls=None, blank=False, settle=None, rounds=0):
        self.loose = loose
        self.given = given or Proof.valid
        self.shown = shown or Proof.valid
        self.name, self.function, self.arguments = name, function, arguments
        self.prepare, self.after, self.cases = prepare, after, cases
        self.budget = budget
        self.calls, self.blank, self.settle = calls, blank, settle
        self.rounds = rounds


class Result:
    """What a run has shown."""

    def __init__(self, name):
        self.name, self.findings = name, []
        self.paths = self.steps = self.questions = 0
        self.reached, self.ways = set(), set()

    def add(self, other):
        """What another run of the same has shown, of other cases."""
        self.findings += other.findings
        self.paths += other.paths
        self.steps = max(self.steps, other.steps)
        self.questions += other.questions
        self.reached |= other.reached
        self.ways |= other.ways


class Proof:
    """Of one device, which a specification describes."""

    def __init__(self, image, spec):
        self.spec, self.image = spec, image
        self.machine = Machine(image, spec.budget)
        self.device = self.machine.add(memory.Region(
            "device", DEVICE, image.size(spec.struct),
            members=image.members(spec.struct)))
        self.host = self.machine.add(memory.Region(
            "host", HOST, image.size(spec.host_struct),
            members=image.members(spec.host_struct), writable=False))
        self.machine.add(memory.Region("value", BUFFER, 4))
        self.hooks = {}
        self.machine.hook(image.names["memset"], memset)
        self.ready, self.given = self.template()
        self.machine.watched = []
        self.formula = self.invariant()

    # --- The world around the device ------------------------------------------

    def hook(self, name, handler):
        """A callback of the host's; its address."""
        address = HOOKS + 16 * len(self.machine.hooks)
        self.machine.hook(address, handler)
        self.hooks[name] = address
        return address

    def template(self):
        """A state with host and device, and what is given of them."""
        state = S.State()
        host = {m.name: m for m in self.host.members}
        for name, (handler, optional) in self.spec.callbacks(self).items():
            address = self.hook(name, handler)
            there = T.boolean(f"host has {name}") if optional else True
            state.store(self.host, host[name].start, 8,
                        T.ite(there, address, 0, 64))
        for name, value in self.spec.fixed(self.image).items():
            self.set(state, name, value)
        for name, value in self.spec.chosen(self).items():
            self.set(state, name, value)
        for m in self.device.members:
            for at in m.elements():
                state.load(self.device, at, m.stride)
        return state, self.spec.given(self, state)

    def member(self, name):
        """Start and size of a member, or of an element: rx[3]."""
        array, _, index = name.rpartition("[")
        for m in self.device.members:
            if m.name == name:
                return m.start, m.size
            if m.name == array and index[:-1].isdigit():
                return m.start + int(index[:-1]) * m.stride, m.stride
        raise KeyError(name)

    def get(self, state, name):
        return state.load(self.device, *self.member(name))

    def set(self, state, name, value):
        state.store(self.device, *self.member(name), value)

    def typed(self, state):
        """Each bool is one."""
        return T.all_of(
            T.negate(T.below(1, state.load(self.device, at, 1), 8))
            for m in self.device.members if m.boolean
            for at in range(m.start, m.start + m.size))

    # --- The invariant --------------------------------------------------------

    def invariant(self):
        state = self.machine.start(self.spec.valid, [DEVICE])
        self.adopt(state)
        state.assume(self.typed(state))
        self.device.writable = False
        end = self.machine.run(state)
        self.device.writable = True
        if end is None or self.machine.findings:
            return None
        formula = is_true(end)
        for name in self.spec.loose:
            if any(v.startswith(f"device.{name}[")
                   for v in T.variables(formula)):
                raise ValueError(f"the invariant says something of {name}")
        return formula

    def adopt(self, state):
        """The host, a device of which nothing is known, and what is given."""
        ready = self.ready.copy()
        state.memory.update(ready.memory)
        state.shared = set(state.memory)
        for condition in self.given:
            state.assume(condition)

    def valid(self, state):
        """The invariant in a state."""
        if self.spec.runs_valid:
            return T.both(self.run_valid(state), self.typed(state))
        what = {}
        for m in self.device.members:
            for at in m.elements():
                _, size, before = self.device.fresh(at)
                now = state.load(self.device, at, size)
                if now is not before:
                    what[before.args[0]] = now
        return T.both(T.substitute(self.formula, what), self.typed(state))

    def run_valid(self, state):
        """The same by running it, if the device has pointers that move."""
        run = self.machine.start(self.spec.valid, [DEVICE])
        run.memory, run.conditions = state.copy().memory, state.conditions
        run.shared = set(run.memory)
        end = self.machine.run(run)
        if end is None:
            return False
        return is_true(end)

    def havoc(self, state, given=None):
        """The device is in any valid state now, of the same host.

        given: a member and the function of proof and state that is its value.
        """
        fixed = self.spec.fixed(self.image)
        for m in self.device.members:
            if m.name in fixed:
                continue
            for at in m.elements():
                state.store(self.device, at, m.stride,
                            memory.unknown("device", 8 * m.stride))
        if given:
            self.set(state, given[0], given[1](self, state))
        state.assume(self.valid(state))

    # --- Runs -----------------------------------------------------------------

    def prove(self, entry):
        machine = self.machine
        result = Result(entry.name)
        if self.formula is None:
            result.findings = list(machine.findings)
            return result
        machine.findings = []
        machine.reached, machine.ways = set(), set()
        asked = machine.solver.questions
        for case in entry.cases:
            if len(machine.findings) < machine.enough:
                self.prove_case(entry, case, result)
        result.findings = list(machine.findings)
        result.questions = machine.solver.questions - asked
        result.reached, result.ways = machine.reached, machine.ways
        return result

    def count(self, result):
        """Conditional branches of the functions reached; and those of them
        that went both ways."""
        functions = {self.machine.flow.function(pc) for pc in result.reached}
        branches = [pc for f in functions for pc, b in f.branches.items()
                    if b[0] == "maybe"]
        return len(branches), sum(
            {(pc, True), (pc, False)} <= result.ways for pc in branches)

    def coverage(self, result):
        """Of all entry points together."""
        branches, both = self.count(result)
        functions = {self.machine.flow.function(pc) for pc in result.reached}
        size = sum(len(f.ends) for f in functions)
        return (f"{len(functions)} functions, {len(result.reached)} of {size} "
                f"instructions, {both} of {branches} branches both ways")

    def check_cases(self, entry):
        """Is there a state, or an argument, that no case is about?"""
        if self.formula is None:
            return []
        left = T.negate(T.any_of(entry.cases))
        known = self.before(entry, True).conditions
        if self.machine.solver.possible(known, left):
            return [("no case is about it", entry.name, "")]
        return []

    def before(self, entry, case):
        """The state in which a call begins."""
        machine = self.machine
        machine.budget = entry.budget or self.spec.budget
        machine.loose = set(self.spec.loose) if entry.loose else set()
        machine.rounds = entry.rounds
        state = machine.start(entry.function, entry.arguments)
        machine.watched = [
            (name, a) for name, a in zip(ARCH.ARGUMENTS, entry.arguments)
            if T.symbolic(a)]
        self.adopt(state)
        if entry.blank:
            state.memory["device"] = {}
        else:
            state.assume(entry.given(self, state))
        state.assume(case)
        self.spec.begin(self, state)
        if entry.prepare:
            entry.prepare(self, state)
        return state

    def prove_case(self, entry, case, result):
        machine, state = self.machine, self.before(entry, case)
        if not machine.solver.possible(state.conditions):
            machine.findings.append(("nothing satisfies what is assumed",
                                     entry.name, ""))
        else:
            with self.only(entry.calls):
                end = machine.run(state)
            if end is not None:
                self.finish(entry, end)
                result.paths += end.paths
                result.steps = max(result.steps, end.steps)
            elif not machine.findings:
                machine.findings.append(("it never ends", entry.name, ""))

    @contextmanager
    def only(self, calls):
        """Callbacks but these are no code, for a time."""
        hooks = dict(self.machine.hooks)
        for name, address in self.hooks.items():
            if calls is not None and name not in calls:
                del self.machine.hooks[address]
        yield
        self.machine.hooks = hooks

    def finish(self, entry, state):
        try:
            self.check_registers(state)
            if entry.settle:
                entry.settle(self, state)
            self.machine.require(state, entry.shown(self, state),
                                 "the invariant does not hold afterwards")
            for name, value in self.spec.fixed(self.image).items():
                now = self.get(state, name)
                if now is not value:
                    self.machine.require(state, T.equal(now, value, 64),
                                         f"{name} has changed")
            self.spec.end(self, state)
            if entry.after:
                entry.after(self, state)
        except Finding:
            pass

    def check_registers(self, state):
        if state.pc != DONE or state.sp != STACK_TOP:
            self.machine.find(state, "the stack is not what it was")
        for name in ARCH.SAVED:
            before = T.var(name, 64)
            now = state.registers[ARCH.REGISTERS[name]]
            if now is not before:
                self.machine.require(state, T.equal(now, before, 64),
                                     f"{name} has changed")


def is_true(end):
    """What a function that has ended returns, a bool."""
    return T.equal(T.extract(end.registers[S.RESULT], 7, 0, 64), 1, 8)


def memset(machine, state):
    """The host's: of a number of bytes that is known."""
    to, byte, size = (state.registers[S.x(n)] for n in range(3))
    if T.symbolic(size):
        machine.find(state, "a memset of any size")
    for n in range(size):
        machine.store(state, T.binary("add", to, n, 64), 1,
                      T.extract(byte, 7, 0, 64))
    machine.scratch(state)
    state.registers[S.x(0)] = to
    return machine.pop(state)

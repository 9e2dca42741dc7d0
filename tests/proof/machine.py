# SPDX-License-Identifier: MIT
"""The machine: runs object code from one state to all its ends.

A load or store is checked against its region in every case that its address
may have, a branch goes both ways if both are possible, states that meet are
merged. What goes wrong is a finding, with an example.
"""

from contextlib import contextmanager

import memory
import state as S
import terms as T
import vex
from arch import ARCH
from flow import Flow
from loops import Finding, Loop
from solver import Solver

STACK_TOP, STACK_SIZE = 0x7fff0000, 0x4000
DONE = 0x7f000000
HOOKS = 0x7100000  # near enough for a call
PADDING = bytes(64)  # the decoder looks ahead


class Machine:
    """One proof. Regions: what may be accessed."""

    def __init__(self, image, budget):
        self.image, self.budget = image, budget
        self.flow, self.solver = Flow(image), Solver()
        self.regions, self.hooks, self.blocks = {}, {}, {}
        self.findings, self.ends = [], []
        self.enough = 5
        self.reached, self.ways = set(), set()
        self.rounds = 0  # that a loop may have, if loops are summed up
        self.trusted, self.hint = False, ()
        self.watched = []  # variables that an example shows
        self.loose = set()  # the device's members that hold anything
        self.add(memory.Region("stack", STACK_TOP - STACK_SIZE, STACK_SIZE,
                               kind="stack"))

    def add(self, region):
        self.regions[region.name] = region
        return region

    def hook(self, address, function):
        self.hooks[address] = function

    # --- Findings -------------------------------------------------------------

    def find(self, state, text, *condition):
        """condition: what is wrong, where it is possible."""
        if self.trusted:
            state.assume(T.negate(T.all_of(condition)))
            if not condition or not self.solver.possible(state.conditions):
                raise Finding(text)
            return
        self.solver.ask(list(state.conditions) + list(condition))
        place = self.image.function_at(state.pc)
        where = (f"{place.name}+{state.pc - place.start:#x}" if place
                 else hex(state.pc))
        example = ", ".join(
            f"{n}={self.solver.value(v):#x}" for n, v in self.watched)
        self.findings.append((text, where, example))
        raise Finding(text)

    def require(self, state, condition, text):
        """The condition holds in every case, or that is a finding."""
        wrong = T.negate(condition)
        if self.solver.possible(state.conditions, wrong):
            self.find(state, text, wrong)

    # --- Memory ---------------------------------------------------------------

    def region_at(self, address):
        for r in self.regions.values():
            if r.base <= address < r.end():
                return r
        section = self.image.section_of(address)
        if section and section[0] != ".text":
            o = self.image.object_at(address)
            name = f"{o.name}@{o.start:#x}"
            return self.add(memory.Region(name, o.start, o.size,
                                          writable=False, kind=(
                                              "constant" if o.kind else
                                              "gap")))
        return None

    def cases(self, address, condition=True):
        """An address that is one of several objects' plus something."""
        pointer = choice_of_pointers(address)
        if pointer is None:
            return [(condition, address)]
        c = pointer.args[0]
        return (self.cases(replace(address, pointer, pointer.args[1]),
                           T.both(condition, c)) +
                self.cases(replace(address, pointer, pointer.args[2]),
                           T.both(condition, T.negate(c))))

    def resolve(self, state, condition, address, size, write):
        """Region, and the offsets that are possible, or None: any."""
        if not T.symbolic(address):
            region = self.region_at(address)
            self.check_place(state, condition, region, address, size, write)
            return region, [address - region.base]
        known = [*state.conditions, condition]
        example = self.solver.example(
            known + list(self.hint) if self.solver.possible(known, *self.hint)
            else known, address)
        region = self.region_at(example)
        if region is None:
            self.find(state, f"access to {example:#x}, which is nothing's",
                      condition, T.equal(address, example, 64))
        if not self.solver.possible(
                known, T.negate(T.equal(address, example, 64))):
            self.check_place(state, condition, region, example, size, write)
            return region, [example - region.base]
        if region.kind == "opaque":
            self.check_place(state, condition, region, address, size, write)
            return region, None
        return region, self.indexed(state, condition, region, address,
                                    example, size, write)

    def indexed(self, state, condition, region, address, example, size,
                write):
        """All offsets of an access by an index: of one member, no other."""
        if write and not region.writable:
            self.find(state, f"write to {region.name}", condition)
        member = region.member_at(example - region.base)
        row = region.row(example - region.base, size)
        if row:
            low, room, step = row
            name = f"{region.name}.{member.name}"
        elif member:
            low, room, step = member.start, member.size, member.stride
            name = f"{region.name}.{member.name}"
        else:
            low, room = 0, region.size
            step = size if region.kind == "constant" else 1
            name = region.name
        if region.kind == "stack":
            low, room = state.sp - region.base, STACK_TOP - state.sp
        first = region.base + low
        at = T.binary("sub", address, first, 64)
        inside = T.negate(T.below(room - size, at, 64))
        wrong = T.both(condition, T.negate(inside))
        if self.solver.possible(state.conditions, wrong):
            self.find(state, f"{'write' if write else 'read'} of {size} bytes"
                      f" beside {name}", wrong)
        phase = (example - first) % step
        offsets = range(low + phase, low + room - size + 1, step)
        if step == 1 and size > 1 or region.kind in ("stack", "gap"):
            return self.enumerate(state, condition, region, address)
        odd = T.negate(T.equal(T.binary("and", at, step - 1, 64), phase, 64))
        if self.solver.possible(state.conditions, condition, odd):
            return self.enumerate(state, condition, region, address)
        return list(offsets)

    def enumerate(self, state, condition, region, address):
        found, known = [], [*state.conditions, condition]
        while self.solver.ask(known):
            found.append(self.solver.value(address))
            known.append(T.negate(T.equal(address, found[-1], 64)))
            if len(found) > 512:
                self.find(state, "an address that may be anywhere", condition)
        return [a - region.base for a in found]

    def check_place(self, state, condition, region, address, size, write):
        what = "write" if write else "read"
        if region is None:
            self.find(state, f"{what} at {address:#x}, which is nothing's",
                      condition)
        if write and not region.writable:
            self.find(state, f"write to {region.name}", condition)
        at = T.binary("sub", address, region.base, 64)
        room = T.binary("sub", region.size, size, 64)
        wrong = T.either(T.below(region.size, size, 64),
                         T.below(room, at, 64))
        if region.kind == "stack":
            wrong = T.either(wrong, T.below(address, state.sp, 64))
        wrong = T.both(condition, wrong)
        if self.solver.possible(state.conditions, wrong):
            self.find(state, f"{what} of {size} bytes outside {region.name}",
                      wrong)

    def load(self, state, address, size):
        result = None
        for condition, case in self.cases(address):
            if condition is not True and \
                    not self.solver.possible(state.conditions, condition):
                continue
            region, offsets = self.resolve(state, condition, case, size,
                                           False)
            value = self.load_from(state, region, case, offsets, size)
            result = value if result is None else \
                T.ite(condition, value, result, 8 * size)
        return result

    def loose_in(self, region, offset, size):
        """Those bytes of a place whose content is not kept."""
        if region.name != "device" or not self.loose:
            return []
        return [at for at in range(offset, offset + size)
                if (m := region.member_at(at)) and m.name in self.loose]

    def anything(self, region, offsets, size):
        """Are there no bytes in these places whose content is kept?"""
        return region.kind == "opaque" or all(
            len(self.loose_in(region, at, size)) == size for at in offsets)

    def look(self, state, region, offset, size):
        """The value at one place."""
        if region.kind in ("constant", "gap"):
            return self.image.read(region.base + offset, size)
        for at in self.loose_in(region, offset, size):
            state.store(region, at, 1, memory.unknown(region.name, 8))
        return state.load(region, offset, size)

    def load_from(self, state, region, address, offsets, size):
        if self.anything(region, offsets, size):
            return memory.unknown(region.name, 8 * size)
        result = None
        for offset in reversed(offsets):
            value = self.look(state, region, offset, size)
            result = value if result is None else \
                T.ite(T.equal(address, region.base + offset, 64), value,
                      result, 8 * size)
        return result

    def store(self, state, address, size, value):
        for condition, case in self.cases(address):
            if condition is not True and \
                    not self.solver.possible(state.conditions, condition):
                continue
            region, offsets = self.resolve(state, condition, case, size, True)
            if self.anything(region, offsets, size):
                continue
            for offset in offsets:
                here = condition if len(offsets) == 1 else T.both(
                    condition, T.equal(case, region.base + offset, 64))
                new = value
                if here is not True:
                    new = T.ite(here, value,
                                state.load(region, offset, size), 8 * size)
                state.store(region, offset, size, new)

    # --- Steps ----------------------------------------------------------------

    def lifted(self, pc):
        if pc not in self.blocks:
            f = self.flow.function(pc)
            if f is None or pc not in f.ends:
                return None
            if pc not in f.leaders:
                f.target(pc)
            self.blocks[pc] = vex.lift(f.code[pc - f.symbol.start:] + PADDING,
                                       pc, f.instructions(pc))
        return self.blocks[pc]

    def step(self, state):
        """The states after the block at pc."""
        if state.pc in self.hooks:
            return self.hooks[state.pc](self, state)
        irsb = self.lifted(state.pc)
        if irsb is None:
            self.find(state, f"jump to {state.pc:#x}, which is no code")
        block = vex.Block(irsb, state,
                          lambda a, n: self.load(state, a, n))
        out = []
        for statement in irsb.statements:
            if not self.execute(block, state, statement, out):
                return out
        out.extend(self.leave(block, state, irsb))
        return out

    def execute(self, block, state, statement, out):
        """One statement; False: the state does not get any further."""
        tag = statement.tag
        if tag == "Ist_IMark":
            state.pc = statement.addr
            state.steps += 1
            self.reached.add(state.pc)
        elif tag == "Ist_WrTmp":
            block.temporaries[statement.tmp] = block.evaluate(statement.data)
        elif tag == "Ist_Put":
            block.put(statement.offset, statement.data)
        elif tag == "Ist_Store":
            size = vex.width_of(
                statement.data.result_type(block.irsb.tyenv)) // 8
            self.store(state, block.evaluate(statement.addr), size,
                       block.evaluate(statement.data))
        elif tag == "Ist_Exit":
            return self.fork(block, state, statement, out)
        elif tag not in ("Ist_NoOp", "Ist_AbiHint", "Ist_MBE"):
            raise vex.Unsupported(tag)
        return True

    def fork(self, block, state, statement, out):
        guard = block.evaluate(statement.guard)
        taken = self.solver.possible(state.conditions, guard)
        on = not taken or self.solver.possible(state.conditions,
                                               T.negate(guard))
        if taken:
            self.ways.add((state.pc, True))
            other = state.copy() if on else state
            other.assume(guard)
            other.pc = statement.dst.value
            out.append(other)
        if on:
            self.ways.add((state.pc, False))
            state.assume(T.negate(guard))
        return on

    def leave(self, block, state, irsb):
        target = block.evaluate(irsb.next)
        if irsb.jumpkind == "Ijk_Call":
            state.stack += ((irsb.addr + irsb.size, state.sp + ARCH.PUSHED),)
        elif irsb.jumpkind == "Ijk_Ret":
            return self.give_back(state, target)
        elif irsb.jumpkind not in ("Ijk_Boring", "Ijk_NoDecode"):
            raise vex.Unsupported(irsb.jumpkind)
        if irsb.jumpkind == "Ijk_NoDecode":
            raise vex.Unsupported(f"an instruction at {state.pc:#x}")
        return self.go(state, target)

    def go(self, state, target):
        if not T.symbolic(target):
            state.pc = target
            return [state]
        out, known = [], list(state.conditions)
        while self.solver.ask(known):
            to = self.solver.value(target)
            here = T.equal(target, to, 64)
            other = state.copy()
            other.assume(here)
            f = self.flow.function(state.pc)
            if f.inside(to) and not self.table_target(f, to):
                self.find(state, f"jump to {to:#x}", here)
            other.pc = to
            out.append(other)
            known.append(T.negate(here))
            if len(out) > 300:
                self.find(state, "a jump to anywhere")
        return out

    def table_target(self, f, to):
        """The blocks that are there may end earlier now."""
        if to not in f.leaders:
            self.blocks.clear()
        f.target(to)
        return to in f.ends

    def give_back(self, state, target):
        back, sp = state.stack[-1]
        if T.symbolic(target) or target != back:
            self.require(state, T.equal(target, back, 64),
                         "a return to elsewhere")
        if state.sp != sp:
            self.find(state, "a return with another stack")
        state.pc, state.stack = back, state.stack[:-1]
        return [state]

    def pop(self, state):
        """Back to the caller, from a hook."""
        return self.give_back(state, ARCH.returned(
            state, lambda at, size: self.load(state, at, size)))

    def call(self, state, function, back):
        """A call that no code makes; back is where it returns to."""
        state.stack += ((back, state.sp),)
        ARCH.called(state, lambda *what: self.store(state, *what), back)
        state.pc = self.image.names[function]

    def scratch(self, state):
        """What a callback may leave behind in registers and on the stack."""
        for n in ARCH.LOST:
            state.registers[n] = memory.unknown("register", 64)
        for n in ARCH.FLAGS:
            state.registers[n] = memory.unknown("flags", 64)
        stack = self.regions["stack"]
        cells = state.cells(stack, True)
        for at in [at for at in cells if at < state.sp - stack.base]:
            del cells[at]

    def written(self, name):
        """Registers that a function changes, which calls no other."""
        f = self.flow.function(self.image.names[name])
        if any(kind == "call" for kind, _ in f.branches.values()):
            raise vex.Unsupported(f"{name} calls a function")
        return {s.offset - s.offset % 8 for start in f.starts
                for s in self.lifted(start).statements if s.tag == "Ist_Put"}

    # --- Runs -----------------------------------------------------------------

    def start(self, function, arguments):
        state = S.State()
        for name, n in ARCH.REGISTERS.items():
            state.registers[n] = T.var(name, 64)
        for n in ARCH.FLAGS:
            state.registers[n] = memory.unknown("flags", 64)
        state.registers.update(ARCH.GIVEN)
        for n, value in enumerate(arguments):
            state.registers[S.x(n)] = value
        state.registers[S.SP] = STACK_TOP
        self.call(state, function, DONE)
        return state

    def run(self, state):
        """All ways to the end, as one state; None: there is no end."""
        waiting, self.ends = {}, []
        self.put(waiting, state)
        while waiting:
            state = waiting.pop(min(waiting, key=self.order))
            if state.pc == DONE:
                self.ends.append(state)
                continue
            following = self.all_rounds(state)
            if following is None:
                following = self.attempt(state)
            for s in following:
                self.put(waiting, s)
            if len(self.findings) >= self.enough:
                break
        assert len(self.ends) <= 1, "the end comes last, where all is merged"
        return self.ends[0] if self.ends else None

    def attempt(self, state):
        """The states after a block; none if something is wrong with it."""
        try:
            if state.steps > self.budget:
                self.find(state, f"no end after {self.budget} instructions")
            return self.step(state)
        except Finding:
            return []

    def all_rounds(self, state):
        """If a loop begins here that can be summed up: what comes after it."""
        f = self.flow.function(state.pc)
        if not self.rounds or f is None or not f.innermost(state.pc):
            return None
        return Loop(self, state, self.rounds).run()

    @contextmanager
    def trusting(self, *hint):
        """What would be a finding is taken for impossible, for a time; hint:
        where to look for examples."""
        self.trusted, self.hint = True, hint
        yield
        self.trusted, self.hint = False, ()

    def put(self, waiting, state):
        place = state.stack, state.pc
        if place in waiting:
            state = S.merge(waiting[place], state, self.regions)
        waiting[place] = state

    def order(self, place):
        stack, pc = place
        return (-len(stack),) + self.flow.rank(pc)


# --- Addresses ------------------------------------------------------------------

LEAST_POINTER = 0x10000


def points(v):
    return not T.symbolic(v) and v >= LEAST_POINTER or \
        T.symbolic(v) and v.low >= LEAST_POINTER


def choice_of_pointers(v):
    """The term in a sum that is one of two addresses."""
    if not T.symbolic(v):
        return None
    if v.op == "ite":
        return v if points(v.args[1]) and points(v.args[2]) else None
    if v.op == "add":
        for a in v.args:
            if (found := choice_of_pointers(a)) is not None:
                return found
    return None


def replace(v, old, new):
    if v is old:
        return new
    if T.symbolic(v) and v.op == "add":
        return T.binary("add", replace(v.args[0], old, new),
                        replace(v.args[1], old, new), 64)
    return v

# SPDX-License-Identifier: MIT
"""The contract of devices/vsio.h: what all devices' callbacks are told."""

import memory
import state as S
import terms as T
from proof import BUFFER, CTX, DEVICE, HOST, Entry

USED, SCRATCH, OWN = 0x18000000, 0x19000000, 0x1a000000
RECORD = 1 << 40  # there is room for any number of bytes
RECORD_MAX = 512
EVENT_SIZE, EVENT_TYPES = 20, 9


def argument(state, n, width=64):
    return T.extract(state.registers[S.x(n)], width - 1, 0, 64)


def result(state, width=64):
    return T.extract(state.registers[S.RESULT], width - 1, 0, 64)


def check_ctx(machine, state):
    machine.require(state, T.equal(argument(state, 0), CTX, 64),
                    "a callback gets another ctx")


def answer(machine, state, value=None, width=64):
    """A callback returns; what it does not promise to keep is lost."""
    machine.scratch(state)
    if value is not None:
        junk = state.registers[S.RESULT]
        state.registers[S.RESULT] = value if width == 64 else T.concat(
            T.extract(junk, 63, width, 64), value, width, 64)
    return machine.pop(state)


def note(state, name, width, value):
    state.notes[name] = width, value


def noted(state, name):
    return state.notes[name][1]


def is_bool(machine, state, n, what):
    """Argument n, or the result if that is None."""
    value = result(state, 8) if n is None else argument(state, n, 8)
    machine.require(state, T.negate(T.below(1, value, 8)),
                    f"{what} is no bool")
    return T.extract(value, 0, 0, 8)


class Common:
    """What a device's specification adds to."""

    name = struct = host_struct = valid = class_name = None
    lines = 1
    budget = 400  # instructions of a call; no loop may go beyond
    runs_valid = False  # after a call, to know whether it is valid
    common = "common."  # of struct vsio_host in the host's table
    registers = ()  # those that are proven one by one
    snapshot_budgets = 5000, 20000  # of save and restore
    loose = ()  # arrays that may hold anything; snapshots are not so loose

    # --- The host -------------------------------------------------------------

    def callbacks(self, _proof):
        """Callbacks, and whether they may be missing."""
        return {self.common + "set_irq": (self.set_irq, True),
                self.common + "event": (self.event, True)}

    def fixed(self, image):
        """Members that nothing changes."""
        return {"dev.class": image.names[self.class_name],
                "dev.host": HOST, "dev.ctx": CTX}

    @staticmethod
    def chosen(_proof):
        """Members that are one of several pointers at first."""
        return {}

    def given(self, proof, state):
        """event may be missing if no event is wanted."""
        events = self.events(proof, state)
        there = T.boolean(f"host has {self.common}event")
        return [T.either(there, T.equal(events, 0, 32))]

    @staticmethod
    def events(proof, state):
        return state.load(proof.host, 16, 4)

    def set_irq(self, machine, state):
        check_ctx(machine, state)
        line = argument(state, 1, 32)
        machine.require(state, T.below(line, self.lines, 32),
                        "set_irq of a line that is not there")
        level = is_bool(machine, state, 2, "the level of a line")
        for n in range(self.lines):
            this = T.equal(line, n, 32)
            before = noted(state, f"line {n}")
            machine.require(state, T.negate(T.both(
                this, T.equal(before, level, 1))), "set_irq without a change")
            note(state, f"line {n}", 1, T.ite(this, level, before, 1))
        return answer(machine, state)

    def event(self, machine, state):
        check_ctx(machine, state)
        where = argument(state, 1)
        kind = machine.load(state, where, 4)
        for at in range(4, EVENT_SIZE - 4, 4):
            machine.load(state, T.binary("add", where, at, 64), 4)
        machine.require(state, T.below(kind, EVENT_TYPES, 32),
                        "an event of no type")
        wanted = T.binary("lshr", state.load(machine.regions["host"], 16, 4),
                          kind, 32)
        machine.require(state, T.equal(T.extract(wanted, 0, 0, 32), 1, 1),
                        "an event that nobody wants")
        return answer(machine, state)

    # --- Before and after -----------------------------------------------------

    def begin(self, proof, state):
        for n in range(self.lines):
            note(state, f"line {n}", 1, self.line(proof, state, n))

    @staticmethod
    def line(proof, state, n):
        return T.extract(proof.get(state, "dev.lines"), n, n, 32)

    def end(self, proof, state):
        told = T.boolean(f"host has {self.common}set_irq")
        for n in range(self.lines):
            same = T.equal(noted(state, f"line {n}"),
                           self.line(proof, state, n), 1)
            proof.machine.require(state, T.either(T.negate(told), same),
                                  "a line changed, and nobody was told")

    def cases(self, offset):
        """One for each register, and one for all other offsets."""
        left = True
        for reg in self.registers:
            this = T.equal(T.binary("lshr", offset, 2, 64), reg >> 2, 64)
            left = T.both(left, T.negate(this))
            yield this
        yield left

    # --- Entries that all devices have ----------------------------------------

    def entries(self, proof):
        offset, size, value = (T.zero_extend(T.var(n, 32), 32, 64)
                               for n in ("offset", "size", "value"))
        cases = list(self.cases(offset))
        yield Entry("read", "proof_read", [DEVICE, offset, size, BUFFER],
                    after=check_read, cases=cases)
        yield Entry("write", "proof_write", [DEVICE, offset, size, value],
                    cases=cases)
        yield Entry("reset", "proof_reset", [DEVICE])

    def init(self, function, *arguments, calls=(), cases=(True,)):
        """On any memory: a valid device, whose lines are low."""
        return Entry("init", function, [DEVICE, *arguments],
                     prepare=self.before_init, calls=calls, cases=cases,
                     blank=True)

    def before_init(self, _proof, state):
        """The host knows that there is nothing."""
        for n in range(self.lines):
            note(state, f"line {n}", 1, 0)

    def snapshots(self, proof):
        """Save and restore; the buffer is of any size, with anything in it."""
        size = T.zero_extend(T.var("bytes of buffer", 32), 32, 64)
        proof.machine.add(memory.Region("buffer", RECORD, size,
                                        kind="opaque"))
        proof.machine.add(memory.Region("used", USED, 8))
        proof.machine.add(memory.Region("scratch", SCRATCH, RECORD_MAX))
        yield Entry("save", "vsio_save", [DEVICE, RECORD, size, USED],
                    after=unchanged, budget=self.snapshot_budgets[0],
                    loose=False)
        yield Entry("restore", "vsio_restore",
                    [DEVICE, RECORD, size, USED, SCRATCH],
                    prepare=self.before_restore, after=unchanged_if_refused,
                    budget=self.snapshot_budgets[1], loose=False)
        proof.machine.add(memory.Region("record", OWN, RECORD_MAX))
        yield Entry("reload", "proof_reload", [DEVICE, OWN, SCRATCH],
                    after=reloaded, budget=self.snapshot_budgets[1],
                    loose=False, calls=())

    def snapshots_apart(self, proof, load, resume):
        """vsio_restore() is one after the other: load, and resume; what is
        said of each, as Entry has it."""
        save, restore, reload = Common.snapshots(self, proof)
        yield save
        yield Entry("load", "vsio_load", restore.arguments,
                    after=restore.after, budget=restore.budget, loose=False,
                    **load)
        yield Entry("resume", "vsio_resume", [DEVICE], **resume)
        yield reload

    @staticmethod
    def before_restore(_proof, _state):
        """What else the host knows."""


def same(state, region, before):
    """Is each element what it was before, at a place and of a size?"""
    return T.all_of(
        T.equal(state.load(region, at, m.stride), before(at, m.stride),
                8 * m.stride)
        for m in region.members for at in m.elements())


def unchanged(proof, state, may=False, region=None):
    """Each member is what it was, or it may be something else."""
    region = region or proof.device
    was = same(state, region, lambda at, size: proof.ready.load(
        region, at, size))
    proof.machine.require(state, T.either(may, was),
                          f"the {region.name} is not what it was")


def reloaded(proof, state):
    """It was taken, and nothing has changed."""
    proof.machine.require(state, T.equal(result(state, 8), 1, 8),
                          "a device does not load what it has saved")
    unchanged(proof, state)


def unchanged_if_refused(proof, state):
    unchanged(proof, state, T.equal(result(state, 32), 0, 32))


def a_bool(proof, state):
    """The result is one."""
    is_bool(proof.machine, state, None, "the result")


def check_read(proof, state):
    """No bit above the size; nothing at all if it was refused."""
    machine = proof.machine
    region = machine.regions["value"]
    ok = is_bool(machine, state, None, "the result")
    value, before = state.load(region, 0, 4), whole(region)
    size = T.var("size", 32)
    shift = T.binary("shl", size, 3, 32)
    above = T.binary("lshr", T.zero_extend(value, 32, 64),
                     T.zero_extend(shift, 32, 64), 64)
    machine.require(state, T.either(T.equal(ok, 0, 1),
                                    T.equal(above, 0, 64)),
                    "a read with bits above its size")
    machine.require(state, T.either(T.equal(ok, 1, 1),
                                    T.equal(value, before, 32)),
                    "a refused read that leaves a value")
    machine.require(state, T.either(
        T.equal(ok, 0, 1), T.both(T.below(0, size, 32),
                                  T.below(size, 5, 32))),
        "an access of a size that there is not")


def short_cut(proof, state):
    """One that is not taken leaves everything as it was."""
    region = proof.machine.regions["value"]
    taken = T.equal(is_bool(proof.machine, state, None, "the result"), 1, 1)
    unchanged(proof, state, taken)
    proof.machine.require(state, T.either(taken, T.equal(
        state.load(region, 0, 4), whole(region), 32)),
        "a refused short cut that leaves a value")


def whole(region):
    """What the caller's four bytes were."""
    cells = {}
    return memory.get(cells, region, 0, region.size)

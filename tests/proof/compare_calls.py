# SPDX-License-Identifier: MIT
"""Calls with numbers for everything: the executor's terms are constants, and
all that it does is what unicorn does, at each callback and at the end.
"""

import arch_arm64 as arm
import memory
import state as S
from emulator import SAVED, Emulator, Fault, register
from flags import Unsupported
from machine import DONE, STACK_TOP, Machine
from proof import DEVICE, HOST
from worlds import AGAIN, MEMCPY, MEMSET, number

BUDGET = 6000
COPIED = 4096  # bytes of one memset, at most


class Stop:
    """What a callback sees, or the end; and what it leaves."""

    def __init__(self, state):
        self.pc = state.pc
        r = state.registers
        self.registers = [*(r[register(n)] for n in range(31)), r[S.SP],
                          arm.helper("arm64g_calculate_flags_nzcv",
                                     [r[n] for n in arm.FLAGS])]
        self.memory = {name: dict(cells)
                       for name, cells in state.memory.items()}
        self.after, self.to, self.bytes = {}, None, None


class Concrete:
    """The executor, all of whose terms are constants."""

    def __init__(self, world):
        self.world = world
        self.machine = machine = Machine(world.image, BUDGET)
        self.regions = [machine.add(memory.Region(
            hex(at), at, len(data), writable=at != HOST))
            for at, data in world.memory.items()]
        for address, name in world.callbacks().items():
            machine.hook(address, self.callback(name))
        machine.hook(AGAIN, self.back)
        machine.hook(MEMSET, self.memset)
        machine.hook(MEMCPY, self.memcpy)

    def run(self, address, registers, flags):
        """All stops, the end is the last; None: it is refused."""
        machine, state = self.machine, S.State()
        for n, value in enumerate(registers):
            state.registers[register(n)] = value
        self.set_flags(state, flags)
        for region in self.regions:
            memory.put(state.cells(region, True), 0, region.size,
                       int.from_bytes(self.world.memory[region.base],
                                      "little"))
        state.registers[S.SP], state.registers[arm.LINK] = STACK_TOP, DONE
        state.stack, state.pc = ((DONE, STACK_TOP),), address
        self.stops, self.nested, machine.findings = [], [], []
        try:
            end = machine.run(state)
        except Unsupported as e:
            if e.args != ("Ist_LLSC",):
                raise
            return None  # an atomic access, which nothing that is proven has
        if end is None or machine.findings:
            return None
        self.stops.append(Stop(end))
        return self.stops

    @staticmethod
    def set_flags(state, flags):
        for n, value in zip(arm.FLAGS, (0, flags << 28, 0, 0)):
            state.registers[n] = value

    # --- Callbacks ------------------------------------------------------------

    def stop(self, state):
        self.stops.append(Stop(state))
        return self.stops[-1]

    def answered(self, state, stop, result=None):
        """All that a callback need not keep is something else."""
        rng = self.world.rng
        for n in range(31):
            if n not in SAVED:
                stop.after[n] = rng.getrandbits(64)
        stop.after[30] = state.registers[arm.LINK]
        stop.after[0] = number(rng) & ~0xfe | rng.getrandbits(1) << 8 \
            if result is None else result
        flags = rng.getrandbits(4)
        for n, value in stop.after.items():
            state.registers[register(n)] = value
        self.set_flags(state, flags)
        stop.after[32] = flags << 28

    def callback(self, name):
        def hook(machine, state):
            stop = self.stop(state)
            self.answered(state, stop)
            back = state.stack[-1][0]
            if name.endswith("rx_ready") and self.world.rng.random() < .5 and \
                    not self.nested:
                return self.call_rx(machine, state, stop)
            stop.to = back
            return machine.pop(state)
        return hook

    def call_rx(self, machine, state, stop):
        """rx_ready may call rx."""
        self.nested.append(stop)
        stop.after |= {0: DEVICE, 1: self.world.bytes_at(1),
                       2: self.world.rng.randrange(40), 30: AGAIN}
        for n in range(3):
            state.registers[register(n)] = stop.after[n]
        name = f"{self.world.spec.struct}_rx"
        machine.call(state, name, AGAIN)
        stop.to = state.pc
        return [state]

    def back(self, machine, state):
        stop = self.stop(state)
        self.answered(state, stop)
        self.nested.pop()
        stop.to = state.stack[-1][0]
        return machine.pop(state)

    def memset(self, machine, state):
        to, byte, size = (state.registers[register(n)] for n in range(3))
        return self.fill(machine, state, to, lambda _: byte & 0xff, size)

    def memcpy(self, machine, state):
        to, start, size = (state.registers[register(n)] for n in range(3))
        return self.fill(machine, state, to,
                         lambda i: machine.load(state, start + i, 1), size)

    def fill(self, machine, state, to, byte, size):
        if size > COPIED:
            machine.find(state, "too much to copy")
        stop = self.stop(state)
        data = bytes(byte(i) for i in range(size))
        for i, value in enumerate(data):
            machine.store(state, to + i, 1, value)
        stop.bytes = to, data
        self.answered(state, stop, to)
        stop.to = state.stack[-1][0]
        return machine.pop(state)


# --- Both ---------------------------------------------------------------------

NAMES = [*(f"x{n}" for n in range(31)), "sp", "NZCV"]


class Calls:
    """Of one world's functions, one after the other."""

    def __init__(self, world):
        self.world, self.executor = world, Concrete(world)
        self.regions = self.executor.machine.regions
        self.emulator = Emulator(world.image, [
            (at, len(data)) for at, data in world.memory.items()])
        self.names = set()
        self.done = self.callbacks = 0

    def run(self):
        """The next one; what differs, or None."""
        world = self.world
        name, address, registers = world.call()
        flags = world.rng.getrandbits(4)
        stops = self.executor.run(address, registers, flags)
        if stops is None:
            return None
        what = self.follow(address, registers, flags, stops)
        if what:
            return f"{name}: {what}"
        for at, data in world.memory.items():
            world.memory[at] = self.emulator.read(at, len(data))
        self.done += 1
        self.callbacks += len(stops) - 1
        self.names.add(name)
        return None

    def follow(self, pc, registers, flags, stops):
        """The same call in the emulator; what differs, or None."""
        emulator = self.emulator
        for at, data in self.world.memory.items():
            emulator.write(at, data)
        emulator.set(dict(enumerate(registers)) |
                     {30: DONE, 31: STACK_TOP, 32: flags << 28})
        for n, stop in enumerate(stops):
            try:
                pc = emulator.go(pc, 4 * BUDGET)
            except Fault as e:
                return str(e)
            what = self.difference(pc, stop)
            if what:
                return f"stop {n + 1} of {len(stops)}: {what}"
            emulator.set(stop.after)
            if stop.bytes:
                emulator.write(*stop.bytes)
            pc = stop.to
        return None

    def difference(self, pc, stop):
        """Of what is there now; None: there is none."""
        if pc != stop.pc:
            return f"at {stop.pc:#x}, should be {pc:#x}"
        for name, theirs, ours in zip(NAMES, self.emulator.registers,
                                      stop.registers):
            if theirs != ours:
                return f"{name} is {ours!r}, should be {theirs:#x}"
        for name, cells in stop.memory.items():
            region = self.regions[name]
            theirs = self.emulator.read(region.base, region.size)
            for at, (value, byte) in cells.items():
                if byte >= 0 or value != theirs[at]:
                    return (f"{name}+{at:#x} is {value!r}, should be "
                            f"{theirs[at]:#x}")
        return None

# SPDX-License-Identifier: MIT
"""The bus, with up to three regions of two devices: any class, any place.

The devices are abstract: what they are asked is checked against the contract of
a class in devices/vsio.h, and they answer anything.
"""

import memory
import state as S
import terms as T
from arch import ARCH
from bus_records import Records
from contract import Common, answer, argument, result
from proof import BUFFER, CTX, DEVICE, HOST, Entry

REGIONS, DEVICES = 3, 2
LOST = {*ARCH.LOST, *ARCH.FLAGS}
DEV = [0x20000000 + (n << 20) for n in range(DEVICES)]
CLASS = [0x21000000 + (n << 20) for n in range(DEVICES)]
REGION, THERE = 0x22000000, 0x23000000
SPACE, ADDRESS = T.var("space", 32), T.var("address", 64)


class Bus(Common):
    """devices/bus.h"""

    name, struct, host_struct = "bus", "proof_bus", "vsio_host"
    valid = "proof_bus_valid"
    lines, budget, common = 0, 400, ""
    runs_valid = True

    # --- Devices and their classes --------------------------------------------

    def callbacks(self, proof):
        self.proof = proof
        proof.device.rows = (proof.member("regions[0].dev")[0], REGIONS,
                             proof.image.size("vsio_bus_region"))
        machine, image = proof.machine, proof.image
        self.devs, self.classes = ([machine.add(memory.Region(
            f"{name}{n}", at[n], image.size(struct),
            members=image.members(struct), writable=name == "dev"))
            for n in range(DEVICES)] for name, struct, at in
            (("dev", "vsio_device", DEV), ("class", "vsio_class", CLASS)))
        machine.add(memory.Region("new", REGION,
                                  image.size("vsio_bus_region"),
                                  members=image.members("vsio_bus_region"),
                                  writable=False))
        machine.add(memory.Region("there", THERE, 8))
        self.reads = proof.hook("class read", self.read)
        self.writes = proof.hook("class write", self.write)
        self.records = Records(proof, self.devs, REGIONS)
        return {"event": (self.event, True)}

    def part(self, state, region, name):
        m = next(m for m in region.members if m.name == name)
        return state.load(region, m.start, m.size)

    def put(self, state, region, name, value):
        m = next(m for m in region.members if m.name == name)
        state.store(region, m.start, m.size, value)

    def fixed(self, image):
        start = {m.name: m.start for m in image.members(self.struct)}
        return {"bus.regions": DEVICE + start["regions[0].dev"],
                "bus.capacity": REGIONS}

    def chosen(self, proof):
        return {f"regions[{n}].dev": a_device(f"device of {n}")
                for n in range(REGIONS)}

    def given(self, proof, state):
        """Classes as vsio.h has them, and devices of them."""
        known = super().given(proof, state)
        for dev, kind, at in zip(self.devs, self.classes, CLASS):
            for name, value in (("class", at), ("host", HOST), ("ctx", CTX)):
                self.put(state, dev, name, value)
            self.put(state, kind, "read", self.reads)
            self.put(state, kind, "write", self.writes)
            unit = self.part(state, kind, "unit")
            window = self.part(state, kind, "window")
            one, two, four = (T.equal(unit, n, 8) for n in (1, 2, 4))
            known.append(T.either(one, T.either(two, four)))
            known.append(T.both(T.below(0, window, 32),
                                self.multiple(window, unit)))
        self.put(state, proof.machine.regions["new"], "dev",
                 a_device("device of new"))
        return known

    @staticmethod
    def multiple(value, unit):
        """A multiple of 1, 2 or 4."""
        below = T.binary("sub", T.zero_extend(unit, 8, 32), 1, 32)
        return T.equal(T.binary("and", value, below, 32), 0, 32)

    def asked(self, machine, state):
        """A register of the device's, below its window."""
        dev, reg = argument(state, 0), argument(state, 1, 32)
        good = False
        for address, kind in zip(DEV, self.classes):
            good = T.either(good, T.both(
                T.equal(dev, address, 64), T.both(
                    T.below(reg, self.part(state, kind, "window"), 32),
                    self.multiple(reg, self.part(state, kind, "unit")))))
        machine.require(state, good, "a register that the class does not have")

    def read(self, machine, state):
        """The whole register: no bit above its size."""
        self.asked(machine, state)
        return answer(machine, state, memory.unknown("register", 32), 32)

    def write(self, machine, state):
        self.asked(machine, state)
        value, mask = argument(state, 2, 32), argument(state, 3, 32)
        machine.require(state, T.equal(
            T.binary("and", value, T.invert(mask, 32), 32), 0, 32),
            "a value with bits beside the mask")
        machine.require(state, T.negate(T.equal(mask, 0, 32)),
                        "a write of nothing")
        return answer(machine, state)

    def begin(self, proof, state):
        pass

    def end(self, proof, state):
        pass

    def before_init(self, proof, state):
        """The places hold anything, though as bools go."""
        state.assume(proof.typed(state))

    # --- What is called -------------------------------------------------------

    def entries(self, proof):
        space = T.zero_extend(SPACE, 32, 64)
        size, value = (T.zero_extend(T.var(n, 32), 32, 64)
                       for n in ("size", "value"))
        yield self.init("vsio_bus_init", self.fixed(proof.image)["bus.regions"],
                        REGIONS)
        for count in range(REGIONS + 1):
            prepare = self.with_count(count)
            yield Entry(f"find in {count}", "vsio_bus_find",
                        [DEVICE, space, ADDRESS], prepare=prepare,
                        after=self.right_one)
            yield Entry(f"add to {count}", "vsio_bus_add",
                        [DEVICE, REGION, THERE], prepare=prepare,
                        after=self.added)
            yield from self.records.entries(count, prepare)
        for n in [*range(REGIONS), None]:
            prepare = self.with_found(n)
            where = "nowhere" if n is None else n
            yield Entry(f"read {where}", "vsio_bus_read",
                        [DEVICE, space, ADDRESS, size, BUFFER],
                        prepare=prepare, after=self.within(n))
            yield Entry(f"write {where}", "vsio_bus_write",
                        [DEVICE, space, ADDRESS, size, value],
                        prepare=prepare, after=self.within(n))

    @staticmethod
    def within(n):
        """What is answered lies in the region to its last byte."""
        def after(proof, state):
            answered, inside = T.equal(result(state, 32), 2, 32), False
            if n is not None:
                base = proof.get(state, f"regions[{n}].base")
                size = proof.get(state, f"regions[{n}].size")
                room = T.binary("sub", T.zero_extend(size, 32, 64),
                                T.binary("sub", ADDRESS, base, 64), 64)
                inside = T.negate(T.below(
                    room, T.zero_extend(T.var("size", 32), 32, 64), 64))
            proof.machine.require(state, T.either(T.negate(answered), inside),
                                  "an access that leaves its region")
        return after

    def with_found(self, n):
        """vsio_bus_find() has found region n, which has the address."""
        def found(machine, state):
            same = T.both(T.equal(argument(state, 0), DEVICE, 64), T.both(
                T.equal(argument(state, 1, 32), SPACE, 32),
                T.equal(argument(state, 2), ADDRESS, 64)))
            machine.require(state, same, "another address is looked up")
            # The caller knows what else it leaves alone.
            for r in machine.written("vsio_bus_find") & LOST:
                state.registers[r] = memory.unknown("register", 64)
            state.registers[S.RESULT] = 0 if n is None else \
                DEVICE + self.proof.member(f"regions[{n}].dev")[0]
            return machine.pop(state)

        def prepare(proof, state):
            proof.machine.hook(proof.image.names["vsio_bus_find"], found)
            if n is not None:
                state.assume(self.has(proof, state, n))
        return prepare

    @staticmethod
    def with_count(count):
        def prepare(proof, state):
            proof.machine.hooks.pop(proof.image.names["vsio_bus_find"], None)
            state.assume(T.equal(proof.get(state, "bus.count"), count, 32))
            state.assume(T.below(SPACE, 2, 32))
            new = proof.machine.regions["new"]
            start = next(m.start for m in new.members if m.name == "space")
            state.assume(T.below(state.load(new, start, 4), 2, 32))
            proof.set(state, "bus.count", count)
        return prepare

    def has(self, proof, state, n):
        """Is region n there, and has it the address?"""
        space, base, size = (proof.get(state, f"regions[{n}].{m}")
                             for m in ("space", "base", "size"))
        there = T.below(n, proof.get(state, "bus.count"), 32)
        return T.both(there, T.both(T.equal(space, SPACE, 32), T.below(
            T.binary("sub", ADDRESS, base, 64), T.zero_extend(size, 32, 64),
            64)))

    def right_one(self, proof, state):
        """The region that has the address, or none if there is none."""
        found, right = result(state), True
        for n in range(REGIONS):
            at = DEVICE + proof.member(f"regions[{n}].dev")[0]
            right = T.both(right, same(self.has(proof, state, n),
                                       T.equal(found, at, 64)))
        proof.machine.require(state, right, "another region is found")

    def added(self, proof, state):
        """One more, or the same as before."""
        failed = T.negate(T.equal(result(state, 32), 0, 32))
        before = self.before(proof, state)
        now = proof.get(state, "bus.count")
        proof.machine.require(state, T.equal(
            now, T.binary("add", before, T.ite(failed, 0, 1, 32), 32), 32),
            "another number of regions")

    @staticmethod
    def before(proof, state):
        return T.var("device.bus.count", 32)


def a_device(name):
    result = DEV[0]
    for n in range(1, DEVICES):
        result = T.ite(T.boolean(f"{name} is {n}"), DEV[n], result, 64)
    return result


def same(p, q):
    return T.either(T.both(p, q), T.both(T.negate(p), T.negate(q)))

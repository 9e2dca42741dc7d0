# SPDX-License-Identifier: MIT
"""Random calls of any function of the image: memory, arguments, answers.

A world is one structure, with a host if a device's specification names one.
What a call leaves is where the next one begins, so that after an init function
most states are valid; some bytes are turned on the way.
"""

from machine import HOOKS
from proof import CTX, DEVICE, HOST
from specs import SPECS

BYTES, ROOM, ARGUMENTS = 0x20000000, 512, 8
MEMSET, MEMCPY = 0x7000000, 0x7000010
AGAIN = HOOKS + 0x8000  # where a call from a callback returns to
XEN = ("ring",)  # most of its functions call Xen's; as a structure without host
REGISTERS = (*range(0, 0x4c, 4), *range(0xfe0, 0x1000, 4), 0x60, 0x64, 0xcf8,
             0xcfc)
EDGES = (0, 1, 7, 8, 15, 16, 31, 32, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff,
         0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, (1 << 63) - 1, 1 << 63,
         (1 << 64) - (2 << 32), (1 << 64) - 1)


def number(rng, bits=64):
    """Small, at an edge, or any."""
    kind = rng.random()
    if kind < .3:
        value = rng.randrange(32)
    elif kind < .5:
        value = rng.choice(EDGES) + rng.randrange(-1, 2)
    elif kind < .7:
        value = rng.getrandbits(rng.randrange(1, 65))
    else:
        value = rng.getrandbits(64)
    return value & ((1 << bits) - 1)


class World:
    """One structure and the functions that take it."""

    def __init__(self, image, name, struct, spec, functions, rng):
        self.image, self.name, self.struct = image, name, struct
        self.spec, self.functions, self.rng = spec, functions, rng
        self.members = image.members(struct) if struct else []
        self.size = image.size(struct) if struct else 8
        self.host = image.members(spec.host_struct) if spec else []
        self.host_size = image.size(spec.host_struct) if spec else 8
        self.fixed = spec.fixed(image) if spec else {}
        self.init = [f for f in functions if f[0].endswith("_init")]
        self.begun = False
        self.memory = {DEVICE: bytes(rng.randbytes(self.size)),
                       HOST: self.host_table()}
        for n in range(ARGUMENTS):
            self.memory[self.bytes_at(n)] = bytes(rng.randbytes(ROOM))

    @staticmethod
    def bytes_at(n):
        return BYTES + n * 0x1000

    def callbacks(self):
        """Addresses and names of the host's."""
        return {HOOKS + 16 * n: m.name for n, m in enumerate(self.host)
                if m.pointer}

    def host_table(self):
        """Callbacks that may be missing are, sometimes."""
        rng, table = self.rng, bytearray(self.host_size)
        events = rng.choice((0, 0x1ff, 7, rng.getrandbits(9)))
        for n, m in enumerate(self.host):
            value = HOOKS + 16 * n
            if not m.pointer:
                value = events if m.size == 4 else rng.getrandbits(1)
            elif self.optional(m.name, events) and rng.random() < .2:
                value = 0
            table[m.start:m.start + m.size] = value.to_bytes(m.size, "little")
        return bytes(table)

    @staticmethod
    def optional(name, events):
        return (not events if name.endswith("event")
                else name.split(".")[-1] not in ("tx", "now"))

    def settle(self, disorder=.1):
        """The state for the next call: what was left, or something else."""
        rng = self.rng
        device = bytearray(self.memory[DEVICE])
        if rng.random() < disorder / 10:
            device[:] = rng.randbytes(self.size)
        if rng.random() < disorder:
            for _ in range(rng.randrange(1, 4)):
                device[rng.randrange(self.size)] = number(rng, 8)
        for m in self.members:
            if m.boolean:
                for at in range(m.start, m.start + m.size):
                    device[at] &= 1
            if m.pointer:
                for at in range(m.start, m.start + m.size, 8):
                    device[at:at + 8] = self.pointer(m).to_bytes(8, "little")
        self.memory[DEVICE] = bytes(device)

    def pointer(self, member):
        if member.name in self.fixed:
            return self.fixed[member.name]
        return self.rng.choice((0, self.bytes_at(ARGUMENTS - 1)))

    def call(self):
        """A function and its registers."""
        rng = self.rng
        afresh = self.init and (not self.begun or rng.random() < .06)
        function = rng.choice(self.init if afresh else self.functions)
        if function in self.init:
            self.memory[HOST] = self.host_table()
            self.begun = True
        name, address, parameters = function
        registers = [rng.getrandbits(64) for _ in range(31)]
        for n, p in enumerate(parameters[:8]):
            registers[n] = self.argument(n, p)
        return name, address, registers

    def argument(self, n, p):
        rng = self.rng
        if p.pointer:
            if p.to and p.to in (self.struct, "vsio_device") and n == 0:
                return DEVICE
            if self.spec and p.to in (self.spec.host_struct, "vsio_host"):
                return HOST
            return CTX if p.name == "ctx" else self.bytes_at(n)
        junk = rng.getrandbits(64) >> (8 * p.size) << (8 * p.size) \
            if p.size < 8 else 0
        if p.boolean:
            return junk | rng.getrandbits(1)
        if p.name in ("offset", "reg") and rng.random() < .9:
            return junk | (rng.choice(REGISTERS) +
                           (rng.randrange(4) if rng.random() < .2 else 0))
        if p.name == "size" and p.size == 4 and rng.random() < .9:
            return junk | rng.choice((1, 2, 4, 4, 4))
        if p.name == "size" or p.name == "n":
            return junk | rng.randrange(rng.choice((4, 20, ROOM)))
        return junk | number(rng, 8 * p.size)


class Functions:
    """Those whose parameters are those of their source: no clones."""

    def __init__(self, image):
        signatures = image.signatures()
        self.all = [(f.name, f.start, signatures[f.start][1])
                    for f in image.functions
                    if "." not in f.name and f.start in signatures]
        self.source = {f.start: signatures[f.start][0]
                       for f in image.functions if f.start in signatures}
        self.devices = {s.struct for s in SPECS.values()
                        if self.taking(s.struct)}
        self.devices |= {taken(f) for f in self.all if f[0].endswith("_init")}

    def taking(self, struct):
        return [f for f in self.all if taken(f) == struct]

    def of_device(self, struct):
        """Its own, and those that take any device, but no other's."""
        own = {self.source[f[1]] for f in self.taking(struct)}
        others = {self.source[f[1]] for d in self.devices - {struct}
                  for f in self.taking(d)} - own
        return self.taking(struct) + [
            f for f in self.taking("vsio_device")
            if self.source[f[1]] not in others]


def taken(function):
    """The structure that the first parameter points to, or None."""
    parameters = function[2]
    return parameters[0].to if parameters else None


def worlds(image, wanted, rng):
    """One for each device's specification, and for each other structure."""
    functions, result = Functions(image), []
    specs = {n: s() for n, s in SPECS.items() if n not in XEN}
    for name, spec in specs.items():
        is_device = "dev.class" in spec.fixed(image)
        find = functions.of_device if is_device else functions.taking
        result.append((name, spec.struct, spec, find(spec.struct)))
    done = {s.struct for s in specs.values()} | {"vsio_device", None}
    for struct in sorted({taken(f) for f in functions.all} - done):
        result.append((struct, struct, None, functions.taking(struct)))
    result.append(("plain", None, None, functions.taking(None)))
    return [World(image, *w, rng(w[0])) for w in result
            if w[3] and (not wanted or w[0] in wanted)]

# SPDX-License-Identifier: MIT
"""CFI flash beside the second bank of QEMU's virt machine.

Two models, of ours and of QEMU's, say what each side has to show. A difference
is explained if each side shows what its model does, and nothing else.
"""

import os
from tempfile import NamedTemporaryFile

from engine import Device, Shadow, pieces
from qtest import BUILD, REFUSED

BASE = 0x04000000
BANK = 0x4000000
BLOCK = 0x40000
USED = (0, 5 * BLOCK, 6 * BLOCK, BANK - BLOCK)  # blocks that are written
BUFFER = 32  # words of a chip's write buffer
READY, FAILED_E, FAILED_P, PROTECT = 0x80, 0x20, 0x10, 0x02
SEQUENCE = FAILED_E | FAILED_P
ARRAY, STATUS, ID = "array", "status", "id"
TWO_STEPS = {0x10: "program", 0x40: "program", 0x20: "erase", 0x60: "lock",
             0xe8: "count"}
ONES = b"\xff" * BLOCK
BUS = 0xffffffff
STAGE = 4096  # bytes, aligned, that QEMU takes the words of a buffer in

PROGRAM = "cfi-flash-program"
ERASE = "cfi-flash-erase"
ABORT = "cfi-flash-erase-abort"
LOCKS = "cfi-flash-locks"
DOWN = "cfi-flash-lock-down"
LOCK_ABORT = "cfi-flash-lock-abort"
PLACE = "cfi-flash-buffer-place"
RANGE = "cfi-flash-buffer-range"
BUFFER_ABORT = "cfi-flash-buffer-abort"
CLEAR = "cfi-flash-clear"
RESUME = "cfi-flash-suspend-resume"
UNKNOWN = "cfi-flash-unknown"
LEAVE = "cfi-flash-query-leave"
ONE_TABLE = "cfi-flash-one-table"
VALUES = "cfi-flash-query-values"
MIRROR = "cfi-flash-query-mirror"
LANE = "cfi-flash-upper-lane"
CHIP = "cfi-flash-one-chip"
REFUSES = "cfi-flash-refused"


def table(changes):
    """The query, in words of a chip; what the two differ in is given."""
    common = {0x10: b"QRY\x01\x00\x31", 0x1f: b"\x07\x07\x0a\x00\x04\x04\x04",
              0x27: b"\x19", 0x2c: b"\x01\xff\x00\x00\x02PRI1", 0x3f: b"\x01"}
    return {at + i: byte for part in (common, changes)
            for at, run in part.items() for i, byte in enumerate(run)}


QUERY = table({0x00: b"\x89\x18", 0x1b: b"\x27\x36", 0x28: b"\x01",
               0x2a: b"\x06", 0x35: b"1", 0x36: b"\x26\x00\x00\x00\x01\x03\x00",
               0x3d: b"\x33"})
QEMU_QUERY = table({0x1b: b"\x45\x55", 0x28: b"\x02", 0x2a: b"\x0b",
                    0x35: b"0"})


class Memory:
    """The blocks that are written."""

    def __init__(self):
        self.blocks = {at: bytearray(ONES) for at in USED}

    def load(self, at, size):
        block, part = self.blocks.get(at & -BLOCK, ONES), at % BLOCK
        return int.from_bytes(block[part:part + size], "little")

    def store(self, at, size, value):
        part = at % BLOCK
        self.blocks[at & -BLOCK][part:part + size] = value.to_bytes(
            size, "little")


class Chip:
    """One of our two, by its datasheet; lane: its first byte on the bus."""

    def __init__(self, memory, lane):
        self.memory, self.lane = memory, lane
        self.state, self.mode, self.status = "ready", ARRAY, READY
        self.locked, self.down = set(), set()
        self.start = self.words = self.left = 0
        self.buffer = {}

    def write(self, at, word):
        state, self.state = self.state, "ready"
        getattr(self, f"on_{state}")(at, word)

    def on_ready(self, _at, word):
        cmd = word & 0xff
        if cmd in (0xff, 0xf0):
            self.mode = ARRAY
        elif cmd in (0x90, 0x98):
            self.mode = ID
        elif cmd == 0x50:
            self.status = READY
        elif cmd in TWO_STEPS or cmd in (0x70, 0xb0):
            self.mode = STATUS
            self.state = TWO_STEPS.get(cmd, "ready")

    def writable(self, at, error):
        if at & -BLOCK in self.locked:
            self.status |= PROTECT | error
        return at & -BLOCK not in self.locked

    def put(self, at, word):
        self.memory.store(at, 2, self.memory.load(at, 2) & word)

    def on_program(self, at, word):
        if self.writable(at, FAILED_P):
            self.put(at, word)

    def on_erase(self, at, word):
        if word & 0xff != 0xd0:
            self.status |= SEQUENCE
        elif self.writable(at, FAILED_E):
            block = self.memory.blocks[at & -BLOCK]
            for lane in (self.lane, self.lane + 1):
                block[lane::4] = ONES[::4]

    def on_lock(self, at, word):
        block, what = at & -BLOCK, word & 0xff
        if what == 0x2f:
            self.down.add(block)
        if what in (0x01, 0x2f):
            self.locked.add(block)
        elif what == 0xd0:
            self.locked -= {block} - self.down
        else:
            self.status |= SEQUENCE

    def on_count(self, _at, word):
        if word >= BUFFER:
            self.status |= SEQUENCE
            return
        self.words = self.left = word + 1
        self.buffer = {}
        self.state = "data"

    def on_data(self, at, word):
        if self.left == self.words:
            self.start = at
        last = self.start + 4 * (self.words - 1)
        if not self.start <= at <= last or (last ^ self.start) & -BLOCK:
            self.status |= SEQUENCE
            return
        self.buffer[at] = word
        self.left -= 1
        self.state = "data" if self.left else "confirm"

    def on_confirm(self, _at, word):
        if word & 0xff != 0xd0:
            self.status |= SEQUENCE
        elif self.writable(self.start, FAILED_P):
            for at, data in self.buffer.items():
                self.put(at, data)

    def read(self, at):
        if self.mode == ARRAY:
            return self.memory.load(at, 2)
        if self.mode == STATUS:
            return self.status
        if at >> 2 & 0xff != 2:
            return QUERY.get(at >> 2 & 0xff, 0)
        block = at & -BLOCK
        return (block in self.locked) | (block in self.down) << 1


class Ours:
    """Two chips, each with its half of the bus."""

    def __init__(self):
        self.memory = Memory()
        self.chips = [Chip(self.memory, 0), Chip(self.memory, 2)]

    def write(self, at, size, value):
        shift = 8 * (at & 3)
        bus = (value << shift) | (BUS & ~(((1 << 8 * size) - 1) << shift))
        for chip in self.chips:
            if at & 3 < chip.lane + 2 and (at & 3) + size > chip.lane:
                chip.write((at & ~3) + chip.lane, bus >> 8 * chip.lane & 0xffff)

    def read(self, at, size):
        bus = sum(chip.read((at & ~3) + chip.lane) << 8 * chip.lane
                  for chip in self.chips)
        return (bus >> 8 * (at & 3)) % (1 << 8 * size)

    def control(self):
        """What the chips show and wait for; None if they do not agree."""
        first, second = ((c.state, c.mode, c.status) for c in self.chips)
        return first if first == second else None


class Theirs:
    """pflash_cfi01.c of QEMU 7.2: one state for the bus."""

    MODES = {0x00: ARRAY, 0x90: ID, 0x98: ID}

    def __init__(self):
        self.memory = Memory()
        self.cmd, self.cycle, self.status, self.left = 0, 0, READY, 0
        self.stage, self.staged = 0, {}

    def read_array(self):
        self.cmd = self.cycle = 0

    def write(self, at, size, value):
        for part_at, part in pieces(BASE + at, size):
            word = (value >> 8 * (part_at - at - BASE)) % (1 << 8 * part)
            (self.first, self.second, self.data, self.confirm)[self.cycle](
                part_at - BASE, part, word)

    def first(self, at, _size, word):
        cmd = word & 0xff
        if cmd == 0x50:
            self.status = 0
        if cmd == 0x20:
            self.memory.blocks[at & -BLOCK][:] = ONES
        if cmd in (0x20, 0xe8):
            self.status |= READY
        if cmd in TWO_STEPS or cmd in (0x70, 0x90, 0x98):
            self.cmd = cmd
            self.cycle = int(cmd not in (0x70, 0x90))
        else:
            self.read_array()

    def second(self, at, size, word):
        code = word & 0xff
        if self.cmd in (0x10, 0x40):
            self.memory.store(at, size, word)
            self.status |= READY
            self.cycle = 0
        elif self.cmd == 0xe8:
            self.left = word & 0xffff
            self.stage, self.staged = at & -STAGE, {}
            self.cycle = 2
        elif (self.cmd, code) in ((0x20, 0xd0), (0x60, 0xd0), (0x60, 0x01)):
            self.status |= READY
            self.cycle = 0
        elif self.cmd != 0x98 or code == 0xff:
            self.read_array()

    def data(self, at, size, word):
        if at & -STAGE == self.stage:
            self.staged.pop(at, None)
            self.staged[at] = size, word
        else:
            self.status |= FAILED_P
        self.status |= READY
        if not self.left:
            self.cycle = 3
        self.left -= 1

    def confirm(self, _at, _size, word):
        if word & 0xff == 0xd0 and not self.status & FAILED_P:
            for at, (size, data) in self.staged.items():
                self.memory.store(at, size, data)
            self.cycle = 0
        else:
            self.read_array()

    def mode(self):
        return self.MODES.get(self.cmd, STATUS)

    def read(self, at, size):
        if self.mode() == ARRAY:
            return self.memory.load(at, size)
        value = 0
        for part_at, part in pieces(BASE + at, size):
            word = self.read_bus(part_at - BASE, part) % (1 << 8 * part)
            value |= word << 8 * (part_at - at - BASE)
        return value

    def read_bus(self, at, size):
        if self.mode() == STATUS:
            return self.status * (0x10001 if size == 4 else 1)
        addr = at >> 2
        if self.cmd == 0x90:
            return {0: 0x89, 1: 0x18}.get(addr & 0xff, 0) * 0x10001
        return QEMU_QUERY.get(addr, 0) * 0x10001

    def control(self):
        state = ("ready", TWO_STEPS.get(self.cmd, "ready"), "data",
                 "confirm")[self.cycle]
        return state, self.mode(), self.status


class FlashShadow(Shadow):
    """Both models, and why they are not in the same state."""

    def __init__(self):
        self.ours, self.theirs = Ours(), Theirs()
        self.cause = None  # of modes, states or status that differ
        self.words = {}  # address -> why it holds something else
        self.erased = {}  # block -> the same
        self.expected, self.rows = ([None, []], [None, []]), ()
        self.plan = []  # what is generated next

    def legal(self, op):
        """Writes to the blocks that calm() wipes; the file if it is known."""
        if op[0] == "file" and (len(op) != 3 or self.words or self.erased):
            return None
        if op[0] == "w" and (op[1] - BASE & -BLOCK not in USED or
                             not whole_lane(op)):
            return None
        return op

    def step(self, op):
        self.rows, values = (), (None, None)
        if op[0] == "r":
            values = self.read(op[1] - BASE, op[2])
        elif op[0] == "w":
            self.write(op[1] - BASE, op[2], op[3])
        self.expected = tuple([value, []] for value in values)

    def read(self, at, size):
        theirs = self.theirs.read(at, size)
        if (at & 3) + size > 4:
            self.rows = (REFUSES,)
            return REFUSED, theirs
        ours = self.ours.read(at, size)
        if ours != theirs:
            self.rows = tuple({self.why(at, size)} - {None})
        return ours, theirs

    def why(self, at, size):
        """Why a read differs."""
        modes = {self.theirs.mode(), *(c.mode for c in self.ours.chips)}
        if self.cause and modes != {ARRAY}:
            return self.cause
        if modes == {ARRAY}:
            return self.words.get(at & ~3) or self.erased.get(
                at & -BLOCK)
        if size == 1 and at & 1:
            return LANE
        addr = at >> 2
        if addr & 0xff == 2 and any(at & -BLOCK in chip.locked
                                    for chip in self.ours.chips):
            return LOCKS
        if self.theirs.cmd == 0x90 or addr < 2:
            return ONE_TABLE
        return VALUES if addr < 0x52 else MIRROR

    def write(self, at, size, value):
        reason = self.reason(at, size, value)
        touched = [a & ~3 for a in (at, *self.ours.chips[0].buffer,
                                    *self.ours.chips[1].buffer,
                                    *self.theirs.staged)]
        erasing = "erase" in [chip.state for chip in self.ours.chips] or (
            not self.theirs.cycle and value & 0xff == 0x20)
        self.ours.write(at, size, value)
        self.theirs.write(at, size, value)
        self.cause = (self.cause or reason if self.ours.control() !=
                      self.theirs.control() else None)
        if erasing:
            self.compare_block(at & -BLOCK)
        else:
            self.compare(touched, self.cause or reason)

    def compare(self, touched, reason):
        mine, other = self.ours.memory, self.theirs.memory
        for at in {*touched, *self.words}:
            if mine.load(at, 4) == other.load(at, 4):
                self.words.pop(at, None)
            else:
                self.words.setdefault(at, reason)

    def compare_block(self, block):
        mine, other = self.ours.memory.blocks, self.theirs.memory.blocks
        self.erased.pop(block, None)
        self.words = {at: row for at, row in self.words.items()
                      if at & -BLOCK != block}
        if mine[block] != other[block]:
            self.erased[block] = (ERASE if self.cause in (None, ABORT)
                                  else self.cause)

    def reason(self, at, size, value):
        """What could part the two in this write."""
        first, second = self.ours.chips
        cmd = value & 0xff
        if size != 4 or first.state != second.state or (
                (value >> 16 ^ value) & 0xff and first.state in
                ("ready", "erase", "lock", "confirm")):
            return CHIP
        if self.theirs.cmd == 0x98 and self.theirs.cycle:
            return LEAVE
        if first.state == "ready":
            return {0x50: CLEAR, 0xb0: RESUME, 0xd0: RESUME}.get(cmd, UNKNOWN)
        if first.state == "lock":
            return DOWN if cmd == 0x2f else LOCK_ABORT
        block = (first.start if first.state == "confirm" else at) & -BLOCK
        if first.state == "erase" and cmd != 0xd0:
            return ABORT
        if first.state == "confirm" and cmd != 0xd0:
            return BUFFER_ABORT
        if first.state in ("program", "erase", "confirm") and (
                block in first.locked):
            return LOCKS
        if first.state == "data" and self.in_range(at):
            return PLACE
        return PROGRAM if first.state in ("program", "confirm") else RANGE

    def in_range(self, at):
        chip = self.ours.chips[0]
        start = at if chip.left == chip.words else chip.start
        last = start + 4 * (chip.words - 1)
        return start <= at <= last and not (start ^ last) & -BLOCK

    def explain(self, op, ours, theirs):
        return self.rows if self.expected == (ours, theirs) else ()

    def excuse(self, op, theirs):
        return (self.expected[0] if self.rows and theirs == self.expected[1]
                else None)


def whole_lane(op):
    """Is it an access that stays inside of the bus's four bytes?"""
    return (op[1] & 3) + op[2] <= 4


def put(at, word):
    """The same for both chips."""
    return ("w", BASE + at, 4, word * 0x10001)


def word(at, value):
    return ("w", BASE + at, 4, value)


def get(at, size=4):
    return ("r", BASE + at, size)


def seen(*ats):
    """The status as it is, and after asking for it; then the array."""
    return [get(0), put(0, 0x70), get(0), put(0, 0xff), *map(get, ats)]


def program(at, value, command=0x40):
    return [put(at, command), word(at, value)]


def buffered(at, values, confirm=0xd0):
    return [put(at, 0xe8), get(at), put(at, len(values) - 1),
            *(word(at + 4 * i, value) for i, value in enumerate(values)),
            get(at), put(at, confirm)]


def lanes(at):
    """Each read inside of the bus."""
    return [get(at + lane, size) for size in (1, 2, 4)
            for lane in range(0, 5 - size)]


class Script:
    """What a guest does next, at random; ops for the plan of the shadow."""

    def __init__(self, rng, shadow):
        self.rng, self.shadow = rng, shadow

    def next(self):
        if self.shadow.cause and self.rng.randrange(4):
            return [put(self.place(), 0xff)]
        kinds = (self.reads, self.program, self.erase, self.buffer, self.lock,
                 self.status, self.tables, self.clear, self.other, self.wild,
                 self.file)
        weights = (12, 40, 4, 20, 6, 8, 8, 2, 4, 2, 1)
        return self.rng.choices(kinds, weights)[0]()

    def place(self):
        """An address where something is, or may come to be."""
        part = self.rng.choice((0, 0x40, 0x1000, BLOCK - 0x100))
        return self.rng.choice(USED) + part + 4 * self.rng.randrange(64)

    def command(self, at, code):
        """Its upper bytes do not matter."""
        noise = self.rng.choice((0, 0, self.rng.getrandbits(32)))
        return word(at, (noise & 0xff00ff00) | code * 0x10001)

    def value(self, at):
        """Bits to clear, as a rule."""
        new = self.rng.choice((self.rng.getrandbits(32), 0, BUS, 0xff00ff,
                               ~(1 << self.rng.randrange(32)) & BUS))
        was = self.shadow.ours.memory.load(at, 4)
        return new & was if self.rng.randrange(40) else new

    def read(self, at):
        size = self.rng.choice((4, 4, 4, 2, 1))
        return get(at + self.rng.randrange(5 - size), size)

    def some(self, at, most=3):
        return [self.read(at) for _ in range(self.rng.randrange(most))]

    def back(self):
        """To the array, as a rule."""
        return [put(self.place(), 0xff)] if self.rng.randrange(3) else []

    def reads(self):
        at = self.place()
        return [self.read(self.rng.choice((at, self.place())))
                for _ in range(self.rng.randrange(1, 8))]

    def program(self):
        at = self.place()
        return [self.command(at, self.rng.choice((0x10, 0x40))), *self.some(at),
                word(at, self.value(at)), *self.some(at), *self.back(),
                *self.some(at)]

    def erase(self):
        at = self.place()
        there = (at & -BLOCK) + 4 * self.rng.randrange(BLOCK // 4)
        return [self.command(at, 0x20), *self.some(at),
                self.command(there, 0xd0), *self.some(at), *self.back(),
                *self.some(at), *self.some(there)]

    def buffer(self):
        at = self.place() & ~0xff
        count = self.rng.randrange(1, BUFFER + 1)
        ats = [at + 4 * i for i in range(count)]
        rest = ats[1:]
        self.rng.shuffle(rest)
        return [self.command(at, 0xe8), *self.some(at), put(at, count - 1),
                *(op for a in [at, *rest]
                  for op in (word(a, self.value(a)), *self.some(a, 2))),
                self.command(self.place(), 0xd0), *self.some(at), *self.back(),
                *self.some(self.rng.choice(ats), 6)]

    def lock(self):
        at = self.place()
        codes = [0xd0] if self.rng.randrange(6) else [0x01, 0xd0]
        return [op for code in codes
                for op in (self.command(at, 0x60), *self.some(at),
                           self.command(at, code), *self.some(at))]

    def status(self):
        at = self.place()
        return [self.command(at, 0x70), *self.some(at, 5), *self.back()]

    def tables(self):
        base = self.rng.choice((0, 0, self.place() & -BLOCK))
        return [self.command(base, self.rng.choice((0x90, 0x98))),
                *(self.read(base + 4 * self.rng.choice(
                    (0, 1, 2, self.rng.randrange(0x60))))
                  for _ in range(self.rng.randrange(1, 12))),
                put(base, 0xff)]

    def clear(self):
        return [self.command(self.place(), 0x50),
                self.command(self.place(), 0xff)]

    def other(self):
        """Commands that there are not, while the array is there."""
        at = self.place()
        code = self.rng.choice((0xf0, 0xd0, self.rng.choice(
            [c for c in range(256) if c not in KNOWN])))
        return [put(at, 0xff), self.command(at, code), *self.some(at)]

    def file(self):
        return [("file", self.place() & ~0xff, 256)]

    def wild(self):
        """Anything at all, also of one chip."""
        at, size = self.place(), self.rng.choice((1, 2, 2, 4, 4, 4, 4))
        code = self.rng.choice(KNOWN)
        return [("w", BASE + at + self.rng.randrange(0, 5 - size, 2), size,
                 code * 0x01010101 % (1 << 8 * size)), *self.some(at)]


KNOWN = (0x10, 0x20, 0x40, 0x50, 0x60, 0x70, 0x90, 0x98, 0xb0, 0xd0, 0xe8,
         0xf0, 0xff)


class CfiFlash(Device):
    name = "cfi-flash"
    base = BASE
    rows = (PROGRAM, ERASE, ABORT, LOCKS, DOWN, LOCK_ABORT, PLACE, RANGE,
            BUFFER_ABORT, CLEAR, RESUME, UNKNOWN, LEAVE, ONE_TABLE, VALUES,
            MIRROR, LANE, CHIP, REFUSES)
    c_include = ("cfi-flash-host.h",)
    c_start = "start();"
    c_dev = "&bank.dev"
    c_taken, c_sent = "taken", "sent"
    c_more = """
/* The bank of QEMU's virt machine: larger than that of cfi-flash-host.h. */
static uint8_t array[0x4000000], file[0x4000000], sent[0x10000];
static unsigned int taken;
static struct vsio_cfi_flash bank;

static void dirty(void *ctx, uint32_t offset, uint32_t length)
{
    (void)ctx;
    while ( length-- )
    {
        file[offset] = array[offset];
        offset++;
    }
}

static const struct vsio_cfi_flash_host host = { .dirty = dirty };
static const struct vsio_cfi_flash_geometry geometry = { 0x4000000, 0x40000, 2,
                                                         2, 64 };

static bool valid(const struct vsio_device *dev)
{
    return vsio_cfi_flash_valid((const struct vsio_cfi_flash *)dev);
}

static void start(void)
{
    uint32_t i;

    taken = 0;
    for ( i = 0; i < sizeof(array); i++ )
        array[i] = file[i] = 0xff;
    EXPECT(vsio_cfi_flash_init(&bank, &geometry, array, &host, NULL));
    watch(&bank.dev, sizeof(bank), valid);
}

__attribute__((unused)) static void read_file(uint32_t offset, uint32_t length)
{
    while ( length-- && taken < sizeof(sent) )
        sent[taken++] = file[offset++];
}
"""

    def __init__(self):
        os.makedirs(BUILD, exist_ok=True)
        self.file = NamedTemporaryFile(dir=BUILD, prefix="cfi-flash.")
        for _ in range(BANK // BLOCK):
            self.file.write(ONES)
        self.file.flush()
        self.qemu = ("qemu-system-aarch64", "-M", "virt", "-drive",
                     f"if=pflash,unit=1,format=raw,file={self.file.name}")

    def calm(self):
        """A blank array."""
        return [op for at in USED
                for op in (put(at, 0x20), put(at, 0xd0))] + [put(0, 0xff)]

    def before(self, ours, qemu):
        """Power-on but for the array."""
        qemu.reset()

    def shadow(self):
        return FlashShadow()

    def generate(self, rng, shadow):
        if not shadow.plan:
            shadow.plan = Script(rng, shadow).next()
        return shadow.plan.pop(0)

    def host_lines(self, op):
        return [f"file {op[1]} {op[2]}"]

    def host_qemu(self, qemu, op):
        qemu.out += os.pread(self.file.fileno(), op[2], op[1])
        return []

    def c_host(self, op):
        return f"read_file(0x{op[1]:x}, {op[2]});"

    def directed(self):
        first = program(0, 0x12345678) + [put(0, 0xff), get(0)]
        return [
            ("power-on", [*lanes(0), get(BANK - 4), *seen(0, BANK - 4),
                          ("file", 0, 64)]),
            ("each command that programs and erases", first + lanes(0) +
             program(4, 0xff00ff00, 0x10) + program(4, 0x0ff00ff0) + seen(4) +
             program(BANK - 4, 0) + [put(BANK - BLOCK, 0x20),
                                     put(BANK - 4, 0xd0)] +
             seen(0, 4, BANK - 4) + [put(0, 0x20), put(0, 0xd0)] + seen(0, 4) +
             [("file", at + there, 64) for at in USED
              for there in (0, BLOCK - 64)]),
            ("buffers of each length", [
                op for n in range(1, BUFFER + 1)
                for op in buffered(0x100 * n, range(n))] +
             seen() + [get(4 * i) for i in range(0x40, 0x900)] +
             [("file", 0, 0x2400)]),
            ("the words of a buffer in any order, twice and not at all", [
                put(0, 0xe8), put(0, 3), word(0x40, 0xffff0000),
                word(0x4c, 0x11111111), word(0x44, 0x22222222),
                word(0x44, 0x33333333), put(0, 0xd0)] +
             seen(0x40, 0x44, 0x48, 0x4c)),
            ("the whole query", [put(0, 0x98)] +
             [get(at, size) for size in (4, 2, 1)
              for at in range(0, 0x180, size)] +
             [get(at) for at in range(0x3fc, 0x520, 4)] + [put(0, 0xff)]),
            ("the identification", [put(0, 0x90)] +
             [get(at, size) for size in (4, 2, 1)
              for at in range(0, 0x180, size)] +
             [get(BLOCK + at) for at in range(0, 16, 4)] + [put(0, 0xff)]),
            ("each command there is not, of the array",
             first + [op for code in range(256) if code not in KNOWN
                      for op in (put(0, code), get(0))] +
             [put(0, 0xf0), get(0), put(0, 0xd0), get(0)]),
            ("each command there is not, of the status",
             first + [op for code in range(256) if code not in KNOWN
                      for op in (put(0, 0x70), get(0), put(0, code), get(0),
                                 put(0, 0xff))]),
            ("suspend and resume", first + [
                put(0, 0xb0), get(0), put(0, 0xff), get(0), put(0, 0x70),
                put(0, 0xd0), get(0), put(0, 0xff), get(0)]),
            ("clear status", first + [put(0, 0x70), put(0, 0x50), get(0)] +
             seen(0) + program(0, 0) + seen(0)),
            ("0 to 1 without an erase", first + program(0, 0xffffffff) +
             program(4, 0x00ff00ff) + program(4, 0xffff0000) + seen(0, 4) +
             buffered(8, [0xf0f0f0f0]) + buffered(8, [0xffffffff]) + seen(8)),
            ("an erase that is not confirmed", first + [
                op for code in (0xff, 0x70, 0x20, 0x01)
                for op in (put(0, 0x20), get(0), put(0, code), *seen(0),
                           put(0, 0x50), put(0, 0xff))]),
            ("an erase is confirmed in another block",
             program(0, 0) + program(5 * BLOCK, 0) +
             [put(0, 0x20), put(5 * BLOCK, 0xd0)] + seen(0, 5 * BLOCK)),
            ("a block that is locked", [put(0, 0x60), put(4, 0x01)] +
             seen() + [put(0, 0x90), get(8), get(8, 1), get(BLOCK + 8),
                       put(0, 0xff)] +
             program(0, 0x11111111) + seen(0) + [put(0, 0x50), put(0, 0xff)] +
             buffered(0x20, [1, 2]) + seen(0x20) +
             [put(0, 0x50), put(0, 0xff), put(0, 0x20), put(0, 0xd0)] +
             seen(0) + [put(0, 0x50), put(0, 0x60), put(0, 0xd0)] +
             program(0, 0) + seen(0)),
            ("a block that is locked down", [
                put(0, 0x60), put(0, 0x2f), *seen(), put(0, 0x60), put(0, 0xd0),
                put(0, 0x90), get(8), put(0, 0xff), *program(0, 0), *seen(0)]),
            ("a lock that is no lock", first + [
                op for code in (0x00, 0x03, 0x70, 0xff)
                for op in (put(0, 0x60), put(0, code), *seen(0), put(0, 0x50),
                           put(0, 0xff))]),
            ("a count beyond the buffer", [
                put(0, 0xe8), put(0, BUFFER), get(0),
                *(word(4 * i, 0xffffffff) for i in range(BUFFER + 1)),
                put(0, 0xd0), *seen(0)]),
            ("a word outside of the buffer", [
                put(0, 0xe8), put(0, 1), word(0x40, 0x1111), word(0x80, 0x2222),
                get(0), put(0, 0xd0), *seen(0x40, 0x80)]),
            ("a buffer over the end of a block", [
                put(0, 0xe8), put(0, 1), word(6 * BLOCK - 4, 0x1111), get(0),
                word(6 * BLOCK, 0x2222), get(0), put(0, 0xd0),
                *seen(6 * BLOCK - 4, 6 * BLOCK)]),
            ("a buffer that is not confirmed",
             buffered(0x40, [0x1111, 0x2222], 0xff) + seen(0x40, 0x44)),
            ("a buffer over the end of 4 KiB",
             buffered(0xff8, [1, 2, 3, 4]) + seen(0xff8, 0xffc, 0x1000, 0x1004) +
             seen()),
            ("the query is left by each command", [
                op for code in (0x70, 0x90, 0x50, 0x40, 0x00)
                for op in (put(0, 0x98), get(0x40), put(0, code), get(0x40),
                           put(0, 0xff), put(0, 0xff), get(0x40))]),
            ("one chip of two", first + [
                ("w", BASE, 2, 0x70), get(0), ("w", BASE, 2, 0xff),
                ("w", BASE + 2, 2, 0x70), get(0), ("w", BASE + 2, 2, 0xff),
                get(0), ("w", BASE, 1, 0x90), get(0), put(0, 0xff),
                word(0, 0x700090), get(0), put(0, 0xff),
                ("w", BASE, 2, 0x40), ("w", BASE, 2, 0x0f0f), get(0),
                put(0, 0xff), get(0)]),
            ("more than the bus is wide, or across it", first + [
                get(0, 8), get(2), get(1, 4), get(3, 2)]),
        ]


DEVICE = CfiFlash()

# SPDX-License-Identifier: MIT
"""PL031 beside that of QEMU's virt machine, on one clock that we set.

Two small models say what each side has to show where they are known to differ;
a difference that is not exactly that one is not explained.
"""

from engine import Device, Shadow, pieces
from qtest import REFUSED, SECOND, START

BASE = 0x09010000
DR, MR, LR, CR, IMSC, RIS, MIS, ICR = range(BASE, BASE + 0x20, 4)
REGISTERS = (DR, MR, LR, CR, IMSC, RIS, MIS, ICR)
ID = BASE + 0xfe0
IDS = (0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1)
WRAP = 1 << 32

LANES = "pl031-lanes"
NARROW = "pl031-narrow-write"
REFUSES = "pl031-refused"
BACK = "pl031-clock-back"
AGAIN = "pl031-every-wrap"


class Model:
    """The registers, the same for both sides."""

    def __init__(self, now):
        self.now = now
        self.lr = now
        self.offset = self.mr = self.im = self.ris = 0

    def counter(self):
        return (self.now + self.offset) % WRAP

    def to_match(self):
        return (self.mr - self.counter()) % WRAP

    def register(self, addr):
        """A whole register."""
        if addr >= ID:
            return IDS[(addr - ID) // 4]
        return {DR: self.counter(), MR: self.mr, LR: self.lr, CR: 1,
                IMSC: self.im, RIS: self.ris,
                MIS: self.ris & self.im}.get(addr, 0)

    def write(self, addr, value):
        """A whole register; True if the alarm is to be thought over."""
        if addr == MR:
            self.mr = value
        elif addr == LR:
            self.lr = value
            self.offset = value - self.now
        elif addr == IMSC:
            self.im = value & 1
        elif addr == ICR:
            self.ris &= ~value
        return addr in (MR, LR)


class Manual(Model):
    """Ours: equal is a match, whenever and however it comes to be (2.1)."""

    def __init__(self, now):
        super().__init__(now)
        self.next = now + WRAP  # this second's match is history
        self.write(MR, 0)
        self.next = now + self.to_match()

    def read(self, addr, size):
        return (self.register(addr & ~3) >> 8 * (addr & 3)) % (1 << 8 * size)

    def store(self, addr, size, value):
        reg, shift = addr & ~3, 8 * (addr & 3)
        mask = ((1 << 8 * size) - 1) << shift
        old = self.register(reg) if reg in (MR, LR, IMSC) else 0
        if self.write(reg, (old & ~mask) | (value << shift)):
            self.next = self.now + self.to_match()
        self.match()

    def match(self):
        if self.now >= self.next:
            self.ris = 1
            self.next = self.now + ((self.to_match() - 1) % WRAP) + 1

    def set_clock(self, now):
        back, self.now = now < self.now, now
        if back:
            self.next = now + self.to_match()
        self.match()


class Timer(Model):
    """QEMU's: one timer, set by a write of MR or LR, that fires once."""

    def __init__(self, now):
        super().__init__(now)
        self.timer = now + self.to_match()

    def read(self, addr, size):
        value = 0
        for at, part in pieces(addr, size):
            word = 0 if at & 3 and at < ID else self.register(at & ~3)
            value |= (word % (1 << 8 * part)) << 8 * (at - addr)
        return value

    def store(self, addr, _size, value):
        if not addr & 3 and self.write(addr, value):
            self.timer = self.now + self.to_match()
        self.fire()

    def fire(self):
        if self.timer is not None and self.now >= self.timer:
            self.ris, self.timer = 1, None

    def set_clock(self, now):
        self.now = now
        self.fire()


class Pl031Shadow(Shadow):
    """Both models, and why they are not in the same state."""

    def __init__(self):
        self.ours, self.theirs = Manual(START), Timer(START)
        self.looked = True  # our device knows what time it is
        self.stepped = False  # back, since MR or LR was written
        self.cause = None  # of what RIS is on one side only
        self.expected = self.rows = ()

    def legal(self, op):
        """What our device can't know, and what splits the two for good."""
        if op[0] == "clock":
            return op if op[1] >= self.ours.now or self.looked else None
        if op[0] == "w" and not whole_lane(op) and op[1] < ID:
            return None
        return op

    def step(self, op):
        was = self.lines()
        cause = self.cause
        if op[0] == "clock":
            values = self.clock(op[1])
        else:
            values = self.read(op) if op[0] == "r" else self.write(op)
            self.looked = self.looked or whole_lane(op)
        self.find_cause()
        now = self.lines()
        edges = [[(0, new)] if new != old else [] for old, new in zip(was, now)]
        self.expected = tuple(map(list, zip(values, edges)))
        self.rows = self.why(op, values, edges, cause or self.cause)

    def lines(self):
        return [bool(m.ris & m.im) for m in (self.ours, self.theirs)]

    def clock(self, now):
        self.looked = now < self.ours.now
        self.stepped = self.stepped or self.looked
        self.ours.set_clock(now)
        self.theirs.set_clock(now)
        return None, None

    def read(self, op):
        return (self.ours.read(*op[1:]) if whole_lane(op) else REFUSED,
                self.theirs.read(*op[1:]))

    def write(self, op):
        if not whole_lane(op):
            return REFUSED, None
        self.stepped = self.stepped and op[1] & ~3 not in (MR, LR)
        self.ours.store(*op[1:])
        self.theirs.store(*op[1:])
        return None, None

    def find_cause(self):
        ours, theirs = self.ours, self.theirs
        if ours.ris == theirs.ris:
            self.cause = None
        elif self.cause is None and (ours.to_match() != theirs.to_match()):
            self.cause = NARROW
        elif self.cause is None:
            self.cause = BACK if self.stepped else AGAIN

    def why(self, op, values, edges, cause):
        rows = set()
        if values[0] == REFUSED:
            rows.add(REFUSES)
        elif values[0] != values[1]:
            if op[1] & 3:
                rows.add(LANES)
            else:
                rows.add(NARROW if op[1] in (DR, MR, LR) else cause)
        if edges[0] != edges[1]:
            rows.add(cause)
        return tuple(rows - {None})

    def explain(self, op, ours, theirs):
        return self.rows if self.expected == (ours, theirs) else ()

    def excuse(self, op, theirs):
        ours, expected = self.expected
        return ours if ours != theirs == expected else None


def whole_lane(op):
    """Is it an access that stays inside of one register?"""
    return (op[1] & 3) + op[2] <= 4


def writes(*pairs):
    return [("w", addr, 4, value % WRAP) for addr, value in pairs]


def reads(*addrs):
    return [("r", addr, 4) for addr in addrs]


STATUS = reads(DR, RIS, MIS)


class Pl031(Device):
    name = "pl031"
    base = BASE
    qemu = ("qemu-system-aarch64", "-M", "virt", "-rtc", "clock=host")
    intercept = "arm_gic"
    lines = {2: 0}
    rows = (LANES, NARROW, REFUSES, BACK, AGAIN)
    c_include = ("harness.h", "pl031.h")
    c_dev = "&rtc.dev"
    c_start = "start();"
    c_more = """
static struct vsio_pl031 rtc;
static uint64_t clock_now;

static uint64_t now(void *ctx)
{
    EXPECT(ctx == &seen);

    return clock_now;
}

static const struct vsio_pl031_host host = {
    .common = { .set_irq = seen_irq },
    .now = now,
};

static bool valid(const struct vsio_device *dev)
{
    return vsio_pl031_valid((const struct vsio_pl031 *)dev);
}

static void set_clock(uint64_t second)
{
    clock_now = second;
    vsio_pl031_alarm(&rtc);
}

static void start(void)
{
    clock_now = %d;
    vsio_pl031_init(&rtc, &host, &seen);
    watch(&rtc.dev, sizeof(rtc), valid);
}
""" % START

    def shadow(self):
        return Pl031Shadow()

    def before(self, ours, qemu):
        ours.ask(f"clock {START}")
        qemu.set_time(day=START * SECOND)

    def calm(self):
        return writes((IMSC, 0))

    def common(self):
        """QEMU's LR can't be 0 again with the counter at the time of day."""
        return writes((LR, START), (MR, 0), (ICR, 1))

    def directed(self):
        armed = writes((MR, START + 5), (IMSC, 1))
        return [
            ("power-on", reads(*REGISTERS)),
            ("each place of the window, in each size",
             [("r", BASE + at, size) for size in (1, 2, 4, 8)
              for at in [*range(0x30), *range(0x80, 0x90),
                         *range(0xfd0, 0x1000 - size + 1)]]),
            ("writes where nothing is to be written",
             [("w", BASE + at, 4, 0xffffffff)
              for at in (*range(0x20, 0x40, 4), *range(0xfe0, 0x1000, 4))] +
             writes((DR, 5), (CR, 0), (RIS, 1), (MIS, 1)) + reads(*REGISTERS) +
             [("w", ID, 8, 0), ("w", ID + 2, 4, 0)]),
            ("a part of MR and of LR",
             writes((MR, 0x12345678)) + [("w", MR, 1, 0xff), *reads(MR)] +
             [("w", MR + 2, 2, 0x6553), *reads(MR)] +
             [("w", LR, 2, 0xf100), *reads(DR, LR)]),
            ("an alarm", armed + [("clock", START + 4), *STATUS,
                                  ("clock", START + 5), *STATUS] +
             writes((ICR, 0)) + STATUS + writes((ICR, 1)) + STATUS),
            ("an alarm that is jumped over", armed +
             [("clock", START + 500), *STATUS]),
            ("an alarm across the wrap",
             writes((LR, -2), (MR, 3), (IMSC, 1)) +
             [op for n in range(6) for op in (("clock", START + n), *STATUS)]),
            ("a match comes again with the wrap", armed +
             [("clock", START + 5), *STATUS] + writes((ICR, 1)) +
             [("clock", START + 5 + WRAP), *STATUS]),
            ("the clock is set back, and comes to the match again", armed +
             [("clock", START + 5)] + writes((ICR, 1)) +
             [("clock", START), *STATUS, ("clock", START + 5), *STATUS]),
        ]

    def generate(self, rng, shadow):
        kind = rng.randrange(100)
        if kind < 50:
            return self.random_read(rng)
        if kind < 65:
            step = rng.choice((0, 1, 1, 1, 2, 3, 5, 12, 1000, -1, -2, -6))
            return ("clock", shadow.ours.now + step)
        reg = rng.choice((MR, MR, MR, LR, IMSC, IMSC, ICR, ICR, CR, DR, RIS))
        value = rng.choice((0, 1, 1, 1, 2, 3, rng.getrandbits(32)))
        if reg in (MR, LR) and rng.randrange(20):
            value = shadow.ours.counter() + rng.choice((-2, -1, 0, 1, 1, 2, 5))
            if reg == LR and not rng.randrange(8):
                value = -3
        if not rng.randrange(40):
            size = rng.choice((1, 2))
            return ("w", reg + rng.randrange(5 - size), size,
                    value % (1 << 8 * size))
        return ("w", reg, 4, value % WRAP)

    def random_read(self, rng):
        if rng.randrange(10):
            return ("r", rng.choice((*REGISTERS, DR, RIS, MIS)), 4)
        size = rng.choice((1, 2, 4, 8))
        at = rng.choice((rng.randrange(0x40), 0xfe0 + rng.randrange(25),
                         rng.randrange(0x1000 - 7)))
        return ("r", BASE + at, size)

    def host_lines(self, op):
        return [f"clock {op[1]}"]

    def host_qemu(self, qemu, op):
        return qemu.set_time(day=op[1] * SECOND)

    def c_host(self, op):
        return f"set_clock({op[1]});"


DEVICE = Pl031()

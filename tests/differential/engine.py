# SPDX-License-Identifier: MIT
"""Sequences of operations, run on both sides, compared, shrunk, printed.

An operation is a tuple. ("r", addr, size) and ("w", addr, size, value) are the
guest's; whatever else its first word is, it is the host's, and the device's
module does it (host_lines, host_qemu).
"""

import random

from qtest import BUILD, Ours, Qemu, REFUSED

BATCH = 200  # lines that are under way at once; fits into all buffers
LETTER = {1: "b", 2: "w", 4: "l", 8: "q"}
GUEST = "rw"
LENGTH = 400  # of a random sequence


class Device:
    """What a module says about its device; see pl031.py for a short one."""

    name = ""
    base = 0  # where its window is, for the unit test's offsets
    ports = False  # inb and outb instead of readb and writeb
    qemu = ()  # the program, its machine, its drives
    intercept = None  # the interrupt controller's type in QEMU
    lines = {}  # its inputs -> our lines
    serial = False  # the first serial port is the device's
    rows = ()  # docs/deviations.md: what the shadow explains differences by
    # Of a unit test: what it includes, how it starts, the struct vsio_device.
    c_include, c_start, c_dev = (), "", ""
    c_more = ""  # functions of its own
    c_taken, c_sent = "", ""  # number of bytes that the guest sent, and where

    def calm(self):
        """Accesses that bring QEMU's device into its power-on state."""
        return []

    def before(self, ours, qemu):
        """What the sides need before each sequence beyond calm()."""

    def common(self):
        """Operations that begin each sequence but the first, not compared."""
        return []

    def shadow(self):
        raise NotImplementedError

    def directed(self):
        """(name, operations), ...: always run, whatever N is."""
        return []

    def generate(self, rng, shadow):
        """One random operation, by the state that the shadow is in."""
        raise NotImplementedError

    def host_lines(self, op):
        """What a host operation is for our server."""
        raise NotImplementedError

    def host_qemu(self, qemu, op):
        """The same on QEMU, done on return; returns edges."""
        raise NotImplementedError

    def c_host(self, op):
        """The same in C, one line."""
        raise NotImplementedError


class Shadow:
    """What is known of both sides on the way through a sequence.

    For each operation legal(), step() and, if the answers differ, explain().
    """

    def legal(self, op):
        """The operation, one that can be compared instead of it, or None."""
        return op

    def step(self, op):
        """The operation happens."""

    def explain(self, op, ours, theirs):
        """Rows that explain a difference of [value, edges]; none: a bug."""
        return ()

    def explain_out(self, ours, theirs):
        """The same for all bytes that the guest has sent."""
        return ()

    def excuse(self, op, theirs):
        """What ours has to answer when QEMU's answers this; None: the same.

        Asked after step(). An explained difference that is not there is a bug,
        too.
        """
        return None

    def excuse_out(self, theirs):
        """The same for all bytes."""
        return None


class Difference:
    """The first one of a sequence that has no explanation.

    want: what ours should have answered, as QEMU's did or docs/deviations.md.
    """

    def __init__(self, index, ours, want, whose="QEMU"):
        self.index, self.ours, self.want = index, ours, want
        self.whose = whose


class Report:
    """What was compared, and the rows that were met."""

    def __init__(self):
        self.accesses = self.reads = self.edges = self.hosted = self.out = 0
        self.explained = self.unexplained = 0
        self.met = {}

    def count(self, op, answer):
        self.accesses += op[0] in GUEST
        self.reads += op[0] == "r"
        self.hosted += op[0] not in GUEST
        self.edges += len(answer[1])

    def explain(self, rows):
        self.explained += 1
        for row in rows:
            self.met[row] = self.met.get(row, 0) + 1

    def line(self, name):
        return (f"{name}: {self.accesses} accesses compared "
                f"({self.reads} reads, {self.edges} interrupt edges, "
                f"{self.hosted} host actions, {self.out} bytes out), "
                f"{self.explained} differences explained, "
                f"{self.unexplained} unexplained")


def pieces(addr, size, most=4):
    """The aligned accesses that QEMU makes of one, for most devices."""
    end = addr + size
    while addr < end:
        part = min(most, addr & -addr or most)
        while addr + part > end:
            part //= 2
        yield addr, part
        addr += part


def legalize(device, ops):
    shadow, legal = device.shadow(), []
    for op in ops:
        op = shadow.legal(op)
        if op:
            shadow.step(op)
            legal.append(op)
    return legal


def random_ops(device, seed):
    rng, shadow, ops = random.Random(seed), device.shadow(), []
    while len(ops) < LENGTH:
        op = shadow.legal(device.generate(rng, shadow))
        if op:
            shadow.step(op)
            ops.append(op)
    return ops


class Pair:
    """Our device and QEMU's."""

    def __init__(self, device):
        self.device = device
        self.ours = self.qemu = None
        self.start()

    def start(self):
        self.ours = Ours(self.device.name)
        self.qemu = Qemu(self.device.qemu, self.device.intercept,
                         self.device.lines, self.device.serial,
                         f"{BUILD}/{self.device.name}.log")

    def close(self):
        self.ours.close()
        self.qemu.close()

    def restart(self):
        self.close()
        self.start()

    def line(self, op):
        kind, addr, size, *value = op
        if self.device.ports:
            verb = "in" if kind == "r" else "out"
        else:
            verb = "read" if kind == "r" else "write"
        value = "".join(f" 0x{v:x}" for v in value)
        return f"{verb}{LETTER[size]} 0x{addr:x}{value}\n"

    def accesses(self, ops, sides):
        """Accesses on both sides at once; the answers of each."""
        text = "".join(map(self.line, ops)).encode()
        for side in sides:
            side.transmit(text)
        return [side.collect(len(ops)) for side in sides]

    def host(self, op):
        ours = self.ours.ask(*self.device.host_lines(op))
        edges = self.device.host_qemu(self.qemu, op)
        return ours, [None, [*edges, *self.qemu.sync()[1]]]

    def listen(self):
        if self.device.serial:
            self.qemu.listen()

    def power_on(self):
        """Both as they were switched on, but for what common() does."""
        self.device.before(self.ours, self.qemu)
        self.ours.ask("reset")
        if not self.qemu.fresh:
            self.quietly(self.device.calm(), [self.qemu])
            self.quietly(self.device.common(), [self.ours, self.qemu])
        self.qemu.fresh = False
        self.qemu.sync()
        self.listen()
        self.ours.out.clear()
        self.qemu.out.clear()

    def quietly(self, ops, sides):
        for at in range(0, len(ops), BATCH):
            self.accesses(ops[at:at + BATCH], sides)

    def answers(self, ops):
        """(ours, theirs) for each operation."""
        batch = []
        for op in [*ops, None]:
            if op and op[0] in GUEST:
                batch.append(op)
            if batch and (len(batch) == BATCH or not op or op[0] not in GUEST):
                yield from zip(*self.accesses(batch, [self.ours, self.qemu]))
                self.listen()
                batch = []
            if op and op[0] not in GUEST:
                yield self.host(op)
                self.listen()

    def run(self, ops, report):
        """From power-on; the first unexplained difference, or None.

        After that difference the rest is done but not compared: the two are in
        different states.
        """
        self.power_on()
        shadow, found = self.device.shadow(), None
        for index, (op, (ours, theirs)) in enumerate(
                zip(ops, self.answers(ops), strict=True)):
            shadow.step(op)
            if found:
                continue
            report.count(op, theirs)
            found = self.compare(shadow, report, index, (op, ours, theirs))
        return found or self.compare_out(shadow, report, len(ops))

    @staticmethod
    def compare(shadow, report, index, answers):
        op, ours, theirs = answers
        rows = shadow.explain(op, ours, theirs) if ours != theirs else ()
        want = shadow.excuse(op, theirs)
        return judge(report, index, (ours, theirs, want), rows)

    def compare_out(self, shadow, report, end):
        ours, theirs = bytes(self.ours.out), bytes(self.qemu.out)
        report.out += len(theirs)
        rows = shadow.explain_out(ours, theirs) if ours != theirs else ()
        want = shadow.excuse_out(theirs)
        return judge(report, end, (ours, theirs, want), rows)


def judge(report, index, answers, rows):
    """A Difference, or None: alike and rightly so, or explained by rows."""
    ours, theirs, want = answers
    if rows:
        report.explain(rows)
        return None
    if want not in (None, ours):
        return Difference(index, ours, want, "the deviation")
    return Difference(index, ours, theirs) if ours != theirs else None


class Shrinker:
    """The shortest sequence that still fails, by delta debugging."""

    BUDGET = 3000  # runs

    def __init__(self, pair):
        self.pair = pair
        self.runs = 0

    def fails(self, ops):
        """The operations up to the difference, if there is one."""
        if not ops or self.runs >= self.BUDGET:
            return None
        self.runs += 1
        ops = legalize(self.pair.device, ops)
        found = self.pair.run(ops, Report())
        return found and ops[:found.index + 1]

    def shrink(self, ops):
        ops = self.fails(ops)
        if not ops:
            return None
        before = None
        while ops != before:
            before = ops
            ops = self.simplify(self.merge(self.cut(ops)))
        return ops

    def cut(self, ops):
        """Leave out ever smaller parts, as long as the rest fails."""
        size = max(len(ops) // 2, 1)
        while True:
            at, start = 0, ops
            while at < len(ops):
                shorter = self.fails(ops[:at] + ops[at + size:])
                if shorter and len(shorter) < len(ops):
                    ops = shorter
                else:
                    at += size
            if size == 1 and ops == start:
                return ops
            size = max(size // 2, 1)

    def merge(self, ops):
        """One action of the host instead of two."""
        at = 0
        while at + 1 < len(ops):
            one, two = ops[at:at + 2]
            both = one[0] == two[0] and one[0] not in GUEST and len(one) > 1
            shorter = both and self.fails(
                [*ops[:at], one + two[1:], *ops[at + 2:]])
            if shorter and len(shorter) < len(ops):
                ops = shorter
            else:
                at += 1
        return ops

    def simplify(self, ops):
        """Written values with as few bits as will do, and so on."""
        at = 0
        while at < len(ops):
            for less in simpler(ops[at]):
                shorter = self.fails([*ops[:at], less, *ops[at + 1:]])
                if shorter and len(shorter) <= len(ops):
                    ops = shorter
                    break
            else:
                at += 1
        return ops


def simpler(op):
    """Accesses with a bit less, a host's action with a byte less."""
    if op[0] == "w":
        for bit in reversed(range(8 * op[2])):
            if op[3] & (1 << bit):
                yield (*op[:3], op[3] & ~(1 << bit))
    elif op[0] != "r" and len(op) > 2:
        for at in reversed(range(1, len(op))):
            yield op[:at] + op[at + 1:]


class Unit:
    """A sequence as a unit test that fails until ours answers as it should."""

    def __init__(self, device, ops, found):
        self.device, self.ops, self.found = device, ops, found

    def read(self, op):
        return f"rd{8 * op[2]}({self.device.c_dev}, {self.place(op)})"

    def place(self, op):
        return f"0x{op[1] - self.device.base:03x}"

    def line(self, op):
        if op[0] == "r" and op[2] <= 4:
            return f"(void){self.read(op)};"
        if op[0] == "w" and op[2] <= 4:
            return (f"wr{8 * op[2]}({self.device.c_dev}, {self.place(op)}, "
                    f"0x{op[3]:x});")
        if op[0] in GUEST:
            return f"/* {op[2]} bytes at {self.place(op)} */"
        return self.device.c_host(op)

    def last(self, op):
        """The operation that differs, and what its answer should be."""
        ours, want = self.found.ours, self.found.want
        lines = []
        if op[0] == "r" and ours[0] != want[0] and REFUSED not in (
                ours[0], want[0]) and op[2] <= 4:
            lines.append(f"EXPECT_EQ({self.read(op)}, 0x{want[0]:x});")
        else:
            lines.append(self.line(op))
        if ours[1] != want[1]:
            lines.insert(0, "seen.irq_calls = 0;")
            lines.append(f"EXPECT_EQ(seen.irq_calls, {len(want[1])});")
            lines += [f"EXPECT_EQ(seen.level[{line}], {int(level)});"
                      for line, level in dict(want[1]).items()]
        return lines

    def out(self):
        want = self.found.want
        return [f"EXPECT_EQ({self.device.c_taken}, {len(want)});",
                *[f"EXPECT_EQ({self.device.c_sent}[{i}], 0x{byte:x});"
                  for i, byte in enumerate(want)]]

    def body(self):
        lines = [self.device.c_start]
        lines += map(self.line, self.device.common())
        if self.found.index < len(self.ops):
            lines += map(self.line, self.ops[:self.found.index])
            return lines + self.last(self.ops[self.found.index])
        return lines + list(map(self.line, self.ops)) + self.out()

    def text(self):
        found, name = self.found, self.device.name
        include = "\n".join(f'#include "{h}"' for h in self.device.c_include)
        body = "\n".join(f"    {line}" for line in self.body() if line)
        return f"""/* SPDX-License-Identifier: MIT */
/* ours: {show(found.ours)}; {found.whose}: {show(found.want)} */
{include}
{self.device.c_more}
static void differs(void)
{{
{body}
}}

static const struct test table[] = {{
    {{ "{name}: the answer is that of {found.whose}", differs }},
}};
TESTS(table);
"""


def show(answer):
    """An answer, or the bytes out, for people."""
    if isinstance(answer, bytes):
        return f"sent {answer.hex(' ') or 'nothing'}"
    value, edges = answer
    words = [] if value is None else [
        value if value == REFUSED else f"0x{value:x}"]
    words += [f"line {n} {'rises' if up else 'falls'}" for n, up in edges]
    return ", ".join(words) or "no value, no edge"


def shrunk(pair, ops):
    """The unit test of a sequence that failed; None: it fails no more."""
    shrinker = Shrinker(pair)
    least = shrinker.shrink(ops)
    if not least:  # from a QEMU that has seen nothing before, then
        pair.restart()
        least = shrinker.shrink(ops)
    if not least:
        return None
    found = pair.run(least, Report())
    return found and Unit(pair.device, least, found)


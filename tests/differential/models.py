# SPDX-License-Identifier: MIT
"""What the modules of UARTs share: two models, and the way through them.

The models say what each side has to show. They are looked at only when the two
sides differ, and a difference that is not exactly theirs is not explained.
"""

from engine import Device, Shadow
from qtest import REFUSED

LARGEST = 24  # bytes that may wait for QEMU's device


class Model:
    """A device with one line, and the bytes on both sides of it."""

    def __init__(self):
        self.waiting = []  # bytes that the host still has
        self.out = bytearray()
        self.line, self.edges = False, []

    def set_line(self, level):
        if level != self.line:
            self.line = level
            self.edges.append((0, level))

    def settle(self):
        """Bytes that wait come in, if there is room: QEMU's does that."""


def refused(op):
    """8 bytes, or across registers."""
    return (op[1] & 3) + op[2] > 4


class PairShadow(Shadow):
    """Steps both models; a device says what is legal, and why they differ."""

    def __init__(self, ours, theirs):
        self.ours, self.theirs = ours, theirs
        self.sent = set()  # why not the same bytes have left
        self.expected = self.rows = ()

    def legal(self, op):
        theirs = self.theirs
        if op[0] == "settle":
            return op
        if theirs.waiting and theirs.room() > 0:
            return None  # they come in when QEMU likes
        if op[0] == "rx" and len(theirs.waiting) + len(op) > LARGEST:
            return None
        return op if self.fits(op) else None

    def fits(self, op):
        """Do the two stay so close that there is something to compare?"""
        raise NotImplementedError

    def step(self, op):
        self.ours.edges, self.theirs.edges = [], []
        before = [len(side.out) for side in (self.ours, self.theirs)]
        was = self.line_rows()
        self.begin(op)
        values = getattr(self, f"step_{op[0]}")(op)
        self.causes(op)
        new = [side.out[at:] for side, at in
               zip((self.ours, self.theirs), before)]
        if new[0] != new[1]:
            self.sent |= self.out_rows(op)
        self.expected = ([values[0], self.ours.edges],
                         [values[1], self.theirs.edges])
        self.rows = self.why(op, values, was)

    def step_r(self, op):
        ours = REFUSED if refused(op) else self.ours.read(*op[1:])
        return ours, self.theirs.read(*op[1:])

    def step_w(self, op):
        if not refused(op):
            self.ours.store(*op[1:])
        self.theirs.store(*op[1:])
        return REFUSED if refused(op) else None, None

    def step_rx(self, op):
        for side in (self.ours, self.theirs):
            side.waiting += op[1:]
            side.offer()
        return None, None

    def step_settle(self, _op):
        self.theirs.settle()
        return None, None

    def begin(self, op):
        """Notes what causes() needs of the state before."""

    def causes(self, op):
        """Why the two are not in the same state from here on."""

    def why(self, op, values, was):
        """Rows of this step. was: line_rows() before it."""
        rows = set()
        if values[0] == REFUSED:
            rows.add(self.refuses)
        elif op[0] == "r" and values[0] != values[1]:
            rows |= self.value_rows(op, values)
        if self.ours.edges != self.theirs.edges:
            rows |= was | self.line_rows() | self.edge_rows(op)
        return tuple(rows - {None})

    def value_rows(self, op, values):
        raise NotImplementedError

    def line_rows(self):
        """Why the line is high on one side only, or may be."""
        raise NotImplementedError

    def edge_rows(self, op):
        """Why it moves on one side only, beyond that."""
        return set()

    def out_rows(self, op):
        """Why one side only has sent something."""
        raise NotImplementedError

    def explain(self, op, ours, theirs):
        return self.rows if self.expected == (ours, theirs) else ()

    def excuse(self, op, theirs):
        ours, expected = self.expected
        return ours if ours != theirs == expected else None

    def explain_out(self, ours, theirs):
        expected = bytes(self.ours.out), bytes(self.theirs.out)
        return tuple(self.sent) if expected == (ours, theirs) else ()

    def excuse_out(self, theirs):
        ours, expected = bytes(self.ours.out), bytes(self.theirs.out)
        return ours if ours != theirs == expected else None


class Uart(Device):
    """Actions of the host: bytes, a break, and QEMU's turn to take bytes."""

    serial = True
    c_rx = c_break = ""  # functions: bytes and their number follow; a call

    def host_lines(self, op):
        return [" ".join(map(str, op))]

    def host_qemu(self, qemu, op):
        if op[0] == "rx":
            return qemu.type(op[1:])
        return qemu.send_break() if op[0] == "break" else qemu.settle()

    def c_host(self, op):
        if op[0] == "rx":
            data = ", ".join(map(str, op[1:]))
            return (f"{self.c_rx}, (const uint8_t[]){{ {data} }}, "
                    f"{len(op) - 1});")
        return self.c_break if op[0] == "break" else ""


def writes(*pairs):
    return [("w", addr, 4, value) for addr, value in pairs]


def reads(*addrs):
    return [("r", addr, 4) for addr in addrs]

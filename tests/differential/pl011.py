# SPDX-License-Identifier: MIT
"""PL011 beside that of QEMU's virt machine."""

from engine import pieces
from models import Model, PairShadow, Uart, reads, refused, writes

BASE = 0x09000000
DR, RSR, FR, ILPR, IBRD, FBRD, LCR_H, CR, IFLS, IMSC, RIS, MIS, ICR, DMACR = (
    BASE + at for at in (0x00, 0x04, 0x18, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34,
                         0x38, 0x3c, 0x40, 0x44, 0x48))
ID = BASE + 0xfe0
IDS = (0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1)

# What is stored, and the bits of it that the manual knows.
MASK = {ILPR: 0xff, IBRD: 0xffff, FBRD: 0x3f, LCR_H: 0xff, CR: 0xff87,
        IFLS: 0x3f, IMSC: 0x7ff, DMACR: 7}
STORED = dict.fromkeys(MASK, 0) | {CR: 0x300, IFLS: 0x12}
REGISTERS = (DR, RSR, FR, *MASK, RIS, MIS, ICR)

CTS, DSR, DCD, RI, MODEM = 1, 2, 4, 0x100, 0x107
BUSY, RXFE, TXFF, RXFF, TXFE = 8, 0x10, 0x20, 0x40, 0x80
BRK, FEN = 1, 0x10
LBE, TXE, RXE, CTSEN = 0x80, 0x100, 0x200, 0x8000
RX, TX, RT, BE, MODEM_INTS = 0x10, 0x20, 0x40, 0x200, 0x00f
DR_BE, RSR_OE, DR_OE = 0x400, 8, 0x800
DEPTH_OURS, DEPTH_THEIRS = 32, 16

LANES = "pl011-lanes"
REFUSES = "pl011-refused"
RESERVED = "pl011-reserved"
CABLE = "pl011-cable"
LOOPBACK = "pl011-loopback"
DEPTH = "pl011-depth"
LEVEL = "pl011-rx-level"
LOST = "pl011-rx-icr"
TIMEOUT = "pl011-rt"
TRANSMIT = "pl011-tx"
EDGE = "pl011-icr-edge"
FLUSH = "pl011-fen"
HELD = "pl011-txe"
CLOSED = "pl011-rxe"
BREAK = "pl011-break"
EMPTY = "pl011-empty"


class Registers(Model):
    """What both sides have."""

    def __init__(self):
        super().__init__()
        self.reg = dict(STORED)
        self.rx = []  # entries as DR shows them
        self.rsr = 0

    def ris(self):
        raise NotImplementedError

    def fen(self):
        return bool(self.reg[LCR_H] & FEN)

    def update(self):
        self.set_line(bool(self.ris() & self.reg[IMSC]))


class Manual(Registers):
    """Ours."""

    def __init__(self):
        super().__init__()
        self.tx, self.latched, self.modem = [], 0, CTS | DSR | DCD
        self.overrun = self.wanted = False

    # --- What follows from the state ---

    def depth(self):
        return DEPTH_OURS if self.fen() else 1

    def level(self, shift, without):
        eighths = (1, 2, 4, 6, 7, 7, 7, 7)[self.reg[IFLS] >> shift & 7]
        return eighths * DEPTH_OURS // 8 if self.fen() else without

    def rx_open(self):
        return self.reg[CR] & (RXE | LBE) == RXE

    def tx_open(self):
        cr = self.reg[CR]
        return cr & TXE and (not cr & CTSEN or self.modem & CTS)

    def fr(self):
        return (self.modem | (0 if self.rx else RXFE) |
                (RXFF if len(self.rx) == self.depth() else 0) |
                (BUSY if self.tx else TXFE) |
                (TXFF if len(self.tx) == self.depth() else 0))

    def ris(self):
        return (self.latched | (RT if self.rx else 0) |
                (RX if len(self.rx) >= self.level(3, 1) else 0) |
                (TX if len(self.tx) <= self.level(0, 0) else 0))

    # --- Accesses ---

    def register(self, reg):
        if reg >= ID:
            return IDS[(reg - ID) // 4]
        return {RSR: self.rsr, FR: self.fr(), RIS: self.ris(),
                MIS: self.ris() & self.reg[IMSC], **self.reg}.get(reg, 0)

    def read(self, addr, size):
        reg = addr & ~3
        value = self.pop() if reg == DR else self.register(reg)
        self.update()
        return (value >> 8 * (addr & 3)) % (1 << 8 * size)

    def pop(self):
        if not self.rx:
            return 0
        entry = self.rx.pop(0)
        self.rsr = (self.rsr & RSR_OE) | (entry >> 8 & 7)
        self.offer_again()
        return entry

    def store(self, addr, size, value):
        reg, shift = addr & ~3, 8 * (addr & 3)
        mask = ((1 << 8 * size) - 1) << shift
        value <<= shift
        if reg == DR and mask & 0xff:
            self.send(value & 0xff)
        elif reg == RSR:
            self.rsr = 0
        elif reg == ICR:
            self.clear(value)
        elif reg in MASK:
            old = self.reg[reg]
            self.reg[reg] = ((old & ~mask) | value) & MASK[reg]
            if reg in (LCR_H, CR):
                self.control(reg, old)
        self.update()

    def clear(self, value):
        true = self.ris() & self.reg[IMSC]
        self.latched &= ~value
        if true & value:
            self.set_line(bool(true & ~value))

    def control(self, reg, old):
        new = dict(self.reg)
        was = self.breaks({**new, reg: old})
        if reg == LCR_H and (old ^ new[LCR_H]) & FEN:
            self.tx, self.rx = [], []
        if self.breaks(new) and not was:
            self.entry(DR_BE)
        self.find_modem()
        self.drain()
        self.offer_again()

    @staticmethod
    def breaks(reg):
        return reg[LCR_H] & BRK and reg[CR] & LBE and reg[CR] & RXE

    def find_modem(self):
        cr, old = self.reg[CR], self.modem
        self.modem = CTS | DSR | DCD
        if cr & LBE:
            self.modem = ((cr >> 11 & 1) * CTS | (cr >> 10 & 1) * DSR |
                          (cr >> 12 & 1) * DCD | (cr >> 13 & 1) * RI)
        moved = self.modem ^ old
        self.latched |= ((moved >> 8 & 1) | (moved & CTS) << 1 |
                         (moved & DCD) | (moved & DSR) << 2)

    # --- Bytes ---

    def send(self, byte):
        if len(self.tx) < self.depth() or (self.tx_open() and not self.tx):
            self.tx.append(byte)
        self.drain()

    def drain(self):
        while self.tx and self.tx_open():
            byte = self.tx.pop(0)
            if not self.reg[CR] & LBE:
                self.out.append(byte)
            elif self.reg[CR] & RXE:
                self.entry(byte)

    def entry(self, entry):
        if len(self.rx) == self.depth():
            self.overrun = True
            self.rsr |= RSR_OE
            self.latched |= 0x400
            return
        self.put(entry)
        self.latched |= entry >> 1 & 0x780

    def put(self, entry):
        self.rx.append(entry | (DR_OE if self.overrun else 0))
        self.overrun = False

    def offer(self):
        room = self.depth() - len(self.rx) if self.rx_open() else 0
        self.wanted = self.wanted or len(self.waiting) > room
        for byte in self.waiting[:room]:
            self.put(byte)
        self.waiting = self.waiting[room:]
        self.update()

    def offer_again(self):
        if (self.wanted and len(self.rx) <= self.depth() // 2 and
                self.rx_open()):
            self.wanted = False
            self.offer()


class Theirs(Registers):
    """QEMU's, as of 7.2."""

    def __init__(self):
        super().__init__()
        self.ring, self.at = [0] * DEPTH_THEIRS, 0
        self.flags, self.latched = RXFE | TXFE, 0

    def ris(self):
        return self.latched

    def room(self):
        return (DEPTH_THEIRS if self.fen() else 1) - len(self.rx)

    def register(self, reg):
        if reg >= ID:
            return 0x14 if reg == ID + 8 else IDS[(reg - ID) // 4]
        return {RSR: self.rsr, FR: self.flags, RIS: self.latched,
                MIS: self.latched & self.reg[IMSC],
                **self.reg}.get(reg, 0)

    def read(self, addr, size):
        value = 0
        for at, part in pieces(addr, size):
            reg = at & ~3
            word = self.pop() if reg == DR else self.register(reg)
            value |= (word % (1 << 8 * part)) << 8 * (at - addr)
            self.update()
        return value

    def pop(self):
        self.flags &= ~RXFF
        entry = self.ring[self.at]
        if self.rx:
            self.rx.pop(0)
            self.at = (self.at + 1) % DEPTH_THEIRS
        if not self.rx:
            self.flags |= RXFE
            self.latched &= ~RX
        self.rsr = entry >> 8
        return entry

    def put(self, entry):
        self.ring[(self.at + len(self.rx)) % DEPTH_THEIRS] = entry
        self.rx.append(entry)
        self.flags &= ~RXFE
        if self.room() <= 0:
            self.flags |= RXFF
        if len(self.rx) == 1:
            self.latched |= RX

    def store(self, addr, size, value):
        for at, part in pieces(addr, size):
            self.store_piece(at & ~3, (value >> 8 * (at - addr)) %
                             (1 << 8 * part))
            self.update()

    def store_piece(self, reg, value):
        if reg == DR:
            self.out.append(value & 0xff)
            self.latched |= TX
        elif reg == RSR:
            self.rsr = 0
        elif reg == ICR:
            self.latched &= ~value
        elif reg in MASK:
            if reg == LCR_H and (self.reg[LCR_H] ^ value) & FEN:
                self.rx, self.at = [], 0
            self.reg[reg] = value

    def offer(self):
        """The socket's bytes, one in each turn of the main loop."""
        while self.waiting and self.room() > 0:
            self.put(self.waiting.pop(0))
            self.update()

    settle = offer


class Pl011Shadow(PairShadow):
    """Both models, and why they are not in the same state."""

    refuses = REFUSES

    def __init__(self):
        super().__init__(Manual(), Theirs())
        self.fifo = None  # why the receivers do not hold the same
        self.fifo_was = None  # before this step
        self.status = None  # why RSR is not the same
        self.empty = True  # before this step, both

    def fits(self, op):
        reg = op[1] & ~3 if op[0] == "w" else None
        if op[0] == "break":
            return self.break_fits()
        if op[0] != "w":
            return True
        # Beside the byte of these, the two would be on different ways.
        return reg >= ID if refused(op) else (
            not op[1] & 3 or reg not in (LCR_H, CR, ICR))

    def break_fits(self):
        """The host has no way to hold a break back."""
        ours, theirs = self.ours, self.theirs
        return (not (theirs.waiting or ours.waiting) and theirs.room() > 0 and
                len(ours.rx) < ours.depth() and ours.rx_open())

    def step_break(self, _op):
        self.ours.entry(DR_BE)
        self.theirs.put(DR_BE)
        self.ours.update()
        self.theirs.update()
        return None, None

    # --- Causes ---

    def begin(self, op):
        self.fifo_was = self.fifo
        self.empty = not self.ours.rx and not self.theirs.rx

    def causes(self, op):
        self.find_fifo_cause(op)
        self.find_status_cause()

    def find_fifo_cause(self, op):
        ours, theirs = self.ours, self.theirs
        mine, other = (side.rx + side.waiting for side in (ours, theirs))
        if mine == other and (
                len(ours.rx) == len(theirs.rx) or
                len(ours.rx) > len(theirs.rx) == DEPTH_THEIRS):
            self.fifo = None
        elif self.fifo is None:
            self.fifo = self.new_fifo_cause(op)

    def new_fifo_cause(self, op):
        if op[0] == "r" and refused(op):
            return REFUSES
        if self.ours.reg[CR] & LBE or any(e & DR_OE for e in self.ours.rx):
            return LOOPBACK
        if op[0] == "r" and op[1] & 3:
            return LANES
        if not self.ours.rx_open() or op[:2] == ("w", CR):
            return CLOSED
        return DEPTH if self.ours.waiting != self.theirs.waiting else None

    def find_status_cause(self):
        differ = self.ours.rsr ^ self.theirs.rsr
        if not differ:
            self.status = None
        elif self.status is None:
            self.status = (LOOPBACK if differ & RSR_OE else
                           self.fifo_was or (EMPTY if self.empty else None))

    def out_rows(self, op):
        if self.ours.reg[CR] & LBE:
            return {LOOPBACK}
        if op[0] == "w" and op[1] & ~3 == DR and op[1] & 3:
            return {LANES}
        return {HELD}

    # --- Rows ---

    def value_rows(self, op, values):
        reg, differ = op[1] & ~3, values[0] ^ values[1]
        if op[1] & 3:
            return {LANES}
        if reg == FR:
            return self.flag_rows(differ)
        if reg == RIS:
            return self.interrupt_rows(differ)
        if reg == MIS:
            return self.interrupt_rows(differ) | self.line_rows()
        if reg == DR:
            return {self.fifo_was or (EMPTY if self.empty else None)}
        if reg == RSR:
            return {self.status}
        if reg in MASK:
            mask = MASK[reg]
            return ({RESERVED} if differ & ~mask else set()) | (
                {LANES} if differ & mask else set())
        return {DEPTH} if reg == ID + 8 else set()

    def flag_rows(self, differ):
        rows = set()
        if differ & MODEM:
            rows.add(LOOPBACK if self.ours.reg[CR] & LBE else CABLE)
        if differ & (BUSY | TXFF | TXFE):
            rows.add(HELD)
        if differ & (RXFE | RXFF):
            rows.add(self.receiver_row())
        return rows

    def receiver_row(self):
        """Of a flag that is on one side only."""
        theirs = self.theirs
        true = ((0 if theirs.rx else RXFE) | (0 if theirs.room() > 0 else RXFF))
        if (theirs.flags ^ true) & (RXFE | RXFF):
            return FLUSH
        return self.fifo or DEPTH

    def interrupt_rows(self, differ):
        causes = {TX: HELD if self.ours.tx else TRANSMIT, RT: TIMEOUT,
                  RX: self.rx_row(), BE: BREAK, 0x400: LOOPBACK}
        rows = {row for bit, row in causes.items() if differ & bit}
        if differ & MODEM_INTS:
            rows.add(LOOPBACK)
        if differ & BE and self.fifo == LOOPBACK:
            rows.add(LOOPBACK)
        return rows

    def rx_row(self):
        """RIS.RX on one side only."""
        theirs = self.theirs
        if theirs.latched & RX:
            if not theirs.rx:
                return FLUSH
            return self.fifo or LEVEL
        return self.fifo or LOST

    def line_rows(self):
        """Why the line is high on one side only, or may be."""
        ours, theirs = self.ours, self.theirs
        mine = ours.ris() & ours.reg[IMSC]
        other = theirs.ris() & theirs.reg[IMSC]
        rows = self.interrupt_rows((mine ^ other) & 0x7ff)
        if (ours.reg[IMSC] ^ theirs.reg[IMSC]) & 0x7ff:
            rows.add(LANES)
        return rows

    def edge_rows(self, op):
        rows = {EDGE} if len(self.ours.edges) == 2 else set()
        return rows | ({LANES} if op[0] == "w" and op[1] & 3 else set())


STATUS = reads(FR, RIS, MIS)


class Pl011(Uart):
    name = "pl011"
    base = BASE
    qemu = ("qemu-system-aarch64", "-M", "virt")
    intercept = "arm_gic"
    lines = {1: 0}
    rows = (LANES, REFUSES, RESERVED, CABLE, LOOPBACK, DEPTH, LEVEL, LOST,
            TIMEOUT, TRANSMIT, EDGE, FLUSH, HELD, CLOSED, BREAK, EMPTY)
    c_include = ("pl011-host.h",)
    c_start = "plug_in();"
    c_dev = "&uart.dev"
    c_rx, c_break = "vsio_pl011_rx(&uart", "receive_error(PL011_DR_BE);"
    c_taken, c_sent = "far.taken", "far.sent"

    def shadow(self):
        return Pl011Shadow()

    def before(self, ours, qemu):
        """A read of an empty FIFO gives what was there: let that be zeros."""
        if qemu.fresh:
            return
        emptied = [f"writel 0x{LCR_H:x} 0", f"writel 0x{LCR_H:x} 0x{FEN:x}"]
        drained = [f"readl 0x{DR:x}"] * (DEPTH_THEIRS + 24)
        while qemu.unread():
            qemu.ask(*drained)
            qemu.sync()
        qemu.ask(*drained, *emptied)
        qemu.type(bytes(DEPTH_THEIRS))
        qemu.ask(*drained)

    def calm(self):
        return writes(*STORED.items(), (ICR, 0xffffffff), (RSR, 0))

    def directed(self):
        fifos = writes((LCR_H, FEN | 0x60))
        four = ("rx", *b"abcd")
        return [
            ("power-on", reads(*REGISTERS, *range(ID, ID + 32, 4))),
            ("each place of the window, in each size",
             [("r", BASE + at, size) for size in (1, 2, 4, 8)
              for at in [*range(0x50), *range(0x80, 0x90),
                         *range(0xfd0, 0x1000 - size + 1)]]),
            ("each bit that is stored",
             [op for reg in MASK for bit in range(32) if reg not in (LCR_H, CR)
              for op in writes((reg, 1 << bit)) + reads(reg)]),
            ("parts of registers",
             writes((IBRD, 0x1234), (IMSC, 0x7ff)) +
             [("w", IBRD, 1, 0x56), ("w", IMSC, 1, 0)] + reads(IBRD, IMSC) +
             [("w", IBRD + 1, 1, 0x78), ("w", DR + 1, 1, 0x41)] +
             reads(IBRD)),
            ("the FIFO's depth", fifos + [("rx", *range(18)), *STATUS] +
             [("r", DR, 4), ("settle",), *STATUS] * 20),
            ("the FIFO's levels",
             fifos + writes((IMSC, RX), (IFLS, 0)) +
             [op for _ in range(6) for op in (("rx", 0x61), *STATUS)] +
             [op for _ in range(6) for op in (("r", DR, 4), *STATUS)]),
            ("ICR while data is there",
             fifos + writes((IMSC, RX | RT), (IFLS, 0)) + [four, *STATUS] +
             writes((ICR, RX)) + STATUS + [("rx", 0x65), *STATUS] +
             reads(*[DR] * 5) + STATUS),
            ("the transmitter's interrupt",
             writes((IMSC, TX)) + STATUS + writes((DR, 0x41)) + STATUS +
             writes((ICR, TX)) + STATUS + writes((IMSC, 0), (IMSC, TX))),
            ("FEN empties the receiver",
             fifos + [four] + writes((LCR_H, 0)) + STATUS + reads(DR) + STATUS),
            ("without FIFOs",
             writes((IMSC, RX)) + [four, *STATUS] +
             [("r", DR, 4), ("settle",), *STATUS] * 5),
            ("an empty FIFO", fifos + [four] + reads(*[DR] * 5, RSR) +
             [("rx", 0x65)] + reads(*[DR] * 18)),
            ("a break", fifos + writes((IMSC, BE)) +
             [("rx", 0x61), ("break",), ("rx", 0x62)] +
             [op for _ in range(3) for op in reads(DR, RSR, RIS)] +
             writes((RSR, 0), (ICR, BE)) + reads(RSR, RIS)),
            ("loopback", fifos + writes((CR, LBE | TXE | RXE), (DR, 0x41)) +
             STATUS + reads(DR) + writes((CR, 0x3f80)) + STATUS +
             writes((CR, TXE | RXE)) + STATUS),
            ("the transmitter is off", writes((CR, RXE), (DR, 0x41)) +
             STATUS + writes((DR, 0x42), (CR, TXE | RXE)) + STATUS),
            ("the receiver is off", fifos + writes((CR, TXE)) +
             [four, *STATUS] + writes((CR, TXE | RXE)) + STATUS +
             reads(*[DR] * 5) + STATUS),
        ]

    def generate(self, rng, shadow):
        theirs = shadow.theirs
        if theirs.waiting and theirs.room() > 0:
            return ("settle",)
        odd = shadow.ours.reg[CR] & (LBE | TXE | RXE) != TXE | RXE
        kind = rng.randrange(100)
        if odd and kind < 10:
            return ("w", CR, 4, 0x301)  # QEMU knows no other way to be
        if kind < 45:
            return self.random_read(rng)
        if kind < 57:
            most = rng.choice((1, 1, 2, 4, 8, 8, 14))
            if rng.randrange(4):  # QEMU's takes fewer at once
                most = min(most, max(theirs.room(), 1))
            return ("rx", *rng.randbytes(rng.randint(1, most)))
        if kind < 58:
            return ("break",)
        return self.random_write(rng)

    def random_read(self, rng):
        if rng.randrange(20):
            return ("r", rng.choice((*REGISTERS, DR, DR, FR, RIS, RIS)), 4)
        size = rng.choice((1, 1, 2, 2, 4, 8))
        return ("r", BASE + rng.choice((rng.randrange(0x50), 0x18, 0x3c,
                                        rng.randrange(0x1000 - 7))), size)

    def random_write(self, rng):
        reg = rng.choice((DR, DR, DR, DR, RSR, ILPR, IBRD, FBRD, LCR_H, CR,
                          IFLS, IMSC, IMSC, IMSC, ICR, ICR, DMACR, FR))
        value = rng.getrandbits(rng.choice((1, 3, 6, 8, 11, 16, 32)))
        if reg == LCR_H:
            value = rng.choice((0x70, 0x70, 0x70, 0x60, 0x71, value))
        elif reg == CR:
            value = rng.choice((0x301, 0x300, 0xf01, 0x381, 0x101, 0x201,
                                0x8301, value))
        elif reg in (IMSC, ICR):
            value = rng.choice((0, 0x7ff, RX, TX, RX | RT, TX | RX, value))
        if rng.randrange(12):
            return ("w", reg, 4, value)
        size = rng.choice((1, 2))
        at = 0 if rng.randrange(4) else rng.randrange(5 - size)
        return ("w", reg + at, size, value % (1 << 8 * size))


DEVICE = Pl011()

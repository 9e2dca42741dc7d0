# SPDX-License-Identifier: MIT
"""16550A beside UART5 of QEMU's ast2500-evb, registers 4 bytes apart."""

from engine import pieces
from models import Model, PairShadow, Uart, reads, refused, writes
from qtest import SECOND

BASE = 0x1e784000
(RBR, IER, IIR, LCR, MCR, LSR, MSR, SCR) = REGISTERS = range(BASE, BASE + 32, 4)
FCR = IIR

ERBFI, ETBEI, ELSI, EDSSI = 1, 2, 4, 8
FE, RFR, XFR = 1, 2, 4
DLAB, BREAK_OUT, LOOP = 0x80, 0x40, 0x10
DR, OE, BI, THRE, TEMT, BAD = 1, 2, 0x10, 0x20, 0x40, 0x80
ERRORS = 0x1e
RLS, CTI, RDA, THR, MODEM, NONE = 6, 12, 4, 2, 0, 1
DEPTH, LEVELS = 16, (1, 4, 8, 14)
LINES, DELTA = 0xb0, 0x0f

LANES = "ns16550-lanes"
REFUSES = "ns16550-refused"
OUT2 = "ns16550-mcr-reset"
ROOM = "ns16550-room"
TIMEOUT = "ns16550-cti"
OFF = "ns16550-fcr-off"
XMIT = "ns16550-xfr"
BREAK = "ns16550-break"
FLAG = "ns16550-lsr-7"
DELTAS = "ns16550-loop-delta"
CLOSED = "ns16550-loop-rx"
EMPTY = "ns16550-empty"


def loop_lines(mcr):
    """8.7: the outputs, as MSR shows them."""
    return ((mcr & 2) << 3 | (mcr & 1) << 5 | (mcr & 4) << 4 | (mcr & 8) << 4)


class Registers(Model):
    """What both sides have."""

    def __init__(self):
        super().__init__()
        self.ier = self.fcr = self.lcr = self.mcr = self.scr = 0
        self.divisor = [12, 0]
        self.rx = []
        self.thre = False

    def dlab(self):
        return bool(self.lcr & DLAB)

    def loops(self):
        return bool(self.mcr & LOOP)

    def trigger(self):
        return LEVELS[self.fcr >> 6]

    def pending(self):
        """What is enabled and pending, in the order of priority."""
        pairs = ((ELSI, RLS, self.errors_pending()),
                 (ERBFI, self.data_source(), self.data_source() is not None),
                 (ETBEI, THR, self.thre), (EDSSI, MODEM, self.moved()))
        return {bit: name for bit, name, true in pairs
                if self.ier & bit and true}

    def update(self):
        self.set_line(bool(self.pending()))

    def read_register(self, reg):
        at = (reg - BASE) // 4
        if at < 2 and self.dlab():
            return self.divisor[at]
        return {RBR: self.read_rbr, IIR: self.read_iir, LSR: self.read_lsr,
                MSR: self.read_msr}.get(reg, lambda: {
                    IER: self.ier, LCR: self.lcr, MCR: self.mcr,
                    SCR: self.scr}.get(reg, 0))()

    def write_register(self, reg, byte):
        at = (reg - BASE) // 4
        if at < 2 and self.dlab():
            self.divisor[at] = byte
        elif reg == RBR:
            self.send(byte)
        elif reg == IER:
            self.write_ier(byte)
        elif reg == FCR:
            self.write_fcr(byte)
        elif reg == LCR:
            self.lcr = byte
        elif reg == MCR:
            self.write_mcr(byte & 0x1f)
        elif reg == SCR:
            self.scr = byte

    def write_ier(self, byte):
        if byte & ~self.ier & ETBEI:
            self.thre = True  # bytes leave at once: it is always empty
        self.ier = byte & 0xf
        self.update()

    def read_iir(self):
        found = next(iter(self.pending().values()), NONE)
        if found == THR:
            self.thre = False
            self.update()
        return found | (0xc0 if self.fcr & FE else 0)

    def send(self, byte):
        self.thre = False
        self.update()
        self.thre = True
        self.update()
        if self.loops():
            self.receive(byte)
        else:
            self.out.append(byte)
        self.update()


class Manual(Registers):
    """Ours."""

    def __init__(self):
        super().__init__()
        self.errors = self.delta = 0
        self.modem, self.wanted = LINES, False

    def limit(self):
        return DEPTH if self.fcr & FE else 1

    def errors_pending(self):
        return self.errors != 0

    def data_source(self):
        if not self.rx:
            return None
        return CTI if len(self.rx) < self.trigger() else RDA

    def moved(self):
        return self.delta != 0

    def read(self, addr, size):
        return (self.read_register(addr & ~3) >> 8 * (addr & 3)) % (
            1 << 8 * size)

    def store(self, addr, _size, value):
        if not addr & 3:
            self.write_register(addr, value & 0xff)

    def read_rbr(self):
        if not self.rx:
            return 0
        byte = self.rx.pop(0) & 0xff
        self.reveal()
        self.update()
        self.offer_again()
        return byte

    def read_lsr(self):
        bad = [entry for entry in self.rx if entry >> 8]
        lsr = self.errors | THRE | TEMT | (DR if self.rx else 0)
        if self.fcr & FE and (bad or self.errors & BI):
            lsr |= BAD
        self.errors = 0
        self.update()
        return lsr

    def read_msr(self):
        msr, self.delta = self.modem | self.delta, 0
        self.update()
        return msr

    def write_fcr(self, byte):
        if not byte & FE:
            byte = 0
        if byte & RFR or (self.fcr ^ byte) & FE:
            self.rx = []
        self.fcr = byte & 0xc1
        self.update()
        self.offer_again()

    def write_mcr(self, mcr):
        self.mcr = mcr
        now = loop_lines(mcr) if mcr & LOOP else LINES
        moved = (self.modem ^ now) & ~(now & 0x40)
        self.delta |= moved >> 4
        self.modem = now
        self.update()
        self.offer_again()

    def receive(self, entry):
        if len(self.rx) < self.limit():
            self.rx.append(entry)
            self.reveal()
            return
        self.errors |= OE
        if self.limit() == 1:
            self.rx = [entry]

    def reveal(self):
        """8.3: an error shows when its byte is the next one."""
        if self.rx and self.rx[0] >> 8:
            self.errors |= self.rx[0] >> 8
            self.rx[0] &= 0xff

    def offer(self):
        room = 0 if self.loops() else self.limit() - len(self.rx)
        self.wanted = self.wanted or len(self.waiting) > room
        for byte in self.waiting[:room]:
            self.receive(byte)
        self.waiting = self.waiting[room:]
        self.update()

    def offer_again(self):
        if (self.wanted and len(self.rx) <= self.limit() // 2 and
                not self.loops()):
            self.wanted = False
            self.offer()

    def take_break(self):
        self.receive(BI << 8)
        self.update()


class Theirs(Registers):
    """QEMU's, as of 7.2."""

    def __init__(self):
        super().__init__()
        self.mcr = 8
        self.lsr = THRE | TEMT
        self.rbr = 0  # without FIFOs
        self.timer = self.timeout = False

    def room(self):
        if not self.fcr & FE:
            return 0 if self.lsr & DR else 1
        if len(self.rx) >= DEPTH:
            return 0
        left = self.trigger() - len(self.rx)
        return left if left >= 0 else 1

    def errors_pending(self):
        return bool(self.lsr & ERRORS)

    def data_source(self):
        if self.timeout:
            return CTI
        enough = not self.fcr & FE or len(self.rx) >= self.trigger()
        return RDA if self.lsr & DR and enough else None

    def moved(self):
        return False

    def read(self, addr, size):
        value = 0
        for at, part in pieces(addr, size, 8):
            value |= self.read_register(at & ~3) << 8 * (at - addr)
        return value

    def store(self, addr, size, value):
        for at, _part in pieces(addr, size, 8):
            self.write_register(at & ~3, value >> 8 * (at - addr) & 0xff)

    def read_rbr(self):
        byte = self.rbr
        if self.fcr & FE:
            byte = self.rx.pop(0) if self.rx else 0
            self.timer = self.timer or bool(self.rx)
            self.timeout = False
        if not self.fcr & FE or not self.rx:
            self.lsr &= ~(DR | BI)
        self.update()
        return byte

    def read_lsr(self):
        lsr = self.lsr
        self.lsr &= ~(BI | OE)
        self.update()
        return lsr

    def read_msr(self):
        return loop_lines(self.mcr) if self.loops() else LINES

    def write_ier(self, byte):
        if self.ier & ~byte & ETBEI:
            self.thre = False
        super().write_ier(byte)

    def write_fcr(self, byte):
        if (byte ^ self.fcr) & FE:
            byte |= RFR | XFR
        if byte & RFR:
            self.lsr &= ~(DR | BI)
            self.rx, self.timer, self.timeout = [], False, False
        if byte & XFR:
            self.thre = True
        self.fcr = byte & 0xc9
        self.update()

    def write_mcr(self, mcr):
        self.mcr = mcr

    def put(self, byte):
        if len(self.rx) < DEPTH:
            self.rx.append(byte)
        else:
            self.lsr |= OE

    def receive(self, byte):
        if self.fcr & FE:
            self.put(byte)
            self.timer = True
        else:
            self.lsr |= OE if self.lsr & DR else 0
            self.rbr = byte
        self.lsr |= DR
        self.update()

    def offer(self):
        while self.waiting and self.room() > 0:
            self.receive(self.waiting.pop(0))

    settle = offer

    def take_break(self):
        self.rbr = 0
        self.put(0)
        self.lsr |= BI | DR
        self.update()

    def wait(self):
        """The timeout's clock goes on."""
        if self.timer and self.rx:
            self.timeout = True
        self.timer = False
        self.update()

    def content(self):
        if self.fcr & FE:
            return self.rx
        return [self.rbr] if self.lsr & DR else []


class Ns16550Shadow(PairShadow):
    """Both models, and why they are not in the same state."""

    refuses = REFUSES

    def __init__(self):
        super().__init__(Manual(), Theirs())
        self.fifo = self.fifo_was = None  # why not the same is received
        self.errors = None  # why not the same errors show
        self.thre = None  # why THRE is pending on one side only
        self.empty = True

    def fits(self, op):
        if op[0] == "break":
            return self.break_fits()
        if op[0] not in "rw":
            return True
        if not op[1] & 3 and not refused(op):
            return True
        if op[0] == "w":
            return SCR - 4 <= op[1] & ~3
        return self.quiet() or (not refused(op) and op[1] & ~3 in (LCR, SCR))

    def quiet(self):
        """Does no read change anything?"""
        theirs = self.theirs
        return not (theirs.rx or theirs.thre or theirs.lsr & (ERRORS | DR) or
                    self.ours.rx or self.ours.errors or self.ours.delta)

    def break_fits(self):
        """The host has no way to hold a break back."""
        ours, theirs = self.ours, self.theirs
        return (not (theirs.waiting or ours.waiting) and theirs.room() > 0 and
                len(ours.rx) < ours.limit() and not ours.loops())

    def step_break(self, _op):
        self.ours.take_break()
        self.theirs.take_break()
        return None, None

    def step_wait(self, _op):
        self.theirs.wait()
        return None, None

    def begin(self, op):
        self.fifo_was = self.fifo
        self.empty = not self.ours.rx and not self.theirs.content()

    def causes(self, op):
        ours, theirs = self.ours, self.theirs
        self.fifo = self.keep(self.fifo, self.same_content(),
                              lambda: self.new_fifo_cause(op))
        self.errors = self.keep(
            self.errors, ours.errors == theirs.lsr & ERRORS,
            lambda: BREAK if (ours.errors ^ theirs.lsr) & BI else
            self.fifo_was or self.fifo)
        off = op[0] == "w" and op[1] == FCR and not op[3] & FE
        self.thre = self.keep(self.thre, ours.thre == theirs.thre or
                              not ours.ier & ETBEI,
                              lambda: OFF if off else XMIT)

    @staticmethod
    def keep(cause, same, find):
        return None if same else cause or find()

    def same_content(self):
        ours, theirs = self.ours, self.theirs
        mine = [entry & 0xff for entry in ours.rx]
        return (len(mine) == len(theirs.content()) and
                mine + ours.waiting == theirs.content() + theirs.waiting)

    def new_fifo_cause(self, op):
        if op[0] == "w" and op[1] == FCR and not op[3] & FE:
            return OFF
        if self.ours.loops() or op[:2] == ("w", MCR):
            return CLOSED if self.ours.waiting or op[0] == "w" else None
        return ROOM if self.ours.waiting != self.theirs.waiting else None

    # --- Rows ---

    def value_rows(self, op, values):
        reg, differ = op[1] & ~3, values[0] ^ values[1]
        if op[1] & 3:
            return {LANES}
        if reg == RBR:
            return {self.fifo_was or (EMPTY if self.empty else None)}
        if reg == IIR:
            return self.was_pending
        if reg == LSR:
            return self.status_rows(differ)
        if reg == MSR:
            return {DELTAS} if not differ & ~DELTA else set()
        return {MCR: {OUT2}, SCR: {LANES}}.get(reg, set())

    def status_rows(self, differ):
        rows = set()
        if differ & DR:
            rows.add(self.fifo_was)
        if differ & ERRORS:
            rows.add(self.errors_was)
        if differ & BAD:
            rows.add(FLAG)
        return rows

    def line_rows(self):
        """Of all that is pending on one side only, or not by the same name."""
        mine, other = self.ours.pending(), self.theirs.pending()
        differ = {bit for bit in (ELSI, ERBFI, ETBEI, EDSSI)
                  if mine.get(bit) != other.get(bit)}
        names = {ELSI: self.errors, ERBFI: self.fifo or TIMEOUT,
                 ETBEI: self.thre, EDSSI: DELTAS}
        self.was_pending = {names[bit] for bit in differ}
        self.errors_was = self.errors
        return self.was_pending

    def out_rows(self, op):
        return set()


def status():
    return reads(LSR, IIR, MSR)


class Ns16550(Uart):
    name = "ns16550"
    base = BASE
    qemu = ("qemu-system-arm", "-M", "ast2500-evb")
    intercept = "aspeed.vic"
    lines = {10: 0}
    rows = (LANES, REFUSES, OUT2, ROOM, TIMEOUT, OFF, XMIT, BREAK, FLAG, DELTAS,
            CLOSED, EMPTY)
    c_include = ("ns16550-host.h",)
    c_start = "com_plug_in_as(4, 16);"
    c_dev = "&com.dev"
    c_rx = "vsio_ns16550_rx(&com"
    c_break = "com_receive_error(0, NS16550_LSR_BI);"
    c_taken, c_sent = "com_host.taken", "com_host.sent"

    def shadow(self):
        return Ns16550Shadow()

    def before(self, ours, qemu):
        """Nothing waits, and RBR has seen a zero."""
        if qemu.fresh:
            return
        qemu.ask(f"writeb 0x{LCR:x} 0", f"writeb 0x{FCR:x} 1",
                 f"writeb 0x{FCR:x} 0")
        while qemu.unread():
            qemu.ask(f"readb 0x{RBR:x}")
            qemu.sync()
        qemu.ask(f"readb 0x{RBR:x}")
        qemu.type(b"\0")
        qemu.ask(f"readb 0x{RBR:x}")

    def calm(self):
        return (writes((LCR, DLAB), (RBR, 12), (IER, 0), (LCR, 0), (IER, 0),
                       (FCR, 0), (MCR, 8), (SCR, 0), (IER, ETBEI)) +
                reads(LSR, IIR) + writes((IER, 0)))

    def directed(self):
        fifos = writes((FCR, FE | 0x80), (IER, ERBFI | ELSI))
        four = ("rx", *b"abcd")
        return [
            ("power-on", reads(*REGISTERS) + writes((LCR, DLAB)) +
             reads(RBR, IER)),
            ("each place of the window, in each size",
             [("r", BASE + at, size) for size in (1, 2, 4, 8)
              for at in range(0x20 - size + 1)]),
            ("each bit that is stored",
             [op for reg in (LCR, MCR, SCR, IER) for bit in range(8)
              for op in (*writes((reg, 1 << bit)), *reads(reg, IIR),
                         *writes((LCR, 0)))]),
            ("parts of registers", [("w", SCR, 1, 0x12), ("w", SCR + 1, 1, 5),
                                    *reads(SCR), ("w", SCR + 2, 2, 9),
                                    *reads(SCR), ("w", MSR, 8, 0)]),
            ("triggers and timeout",
             [op for level in range(4) for op in
              (*writes((FCR, FE | RFR | level << 6), (IER, ERBFI)),
               *[step for _ in range(DEPTH) for step in
                 (("rx", 0x61), *status())],
               ("wait",), *status(),
               *[step for _ in range(DEPTH) for step in
                 (*reads(RBR), ("settle",), *status())])]),
            ("without FIFOs", writes((IER, ERBFI)) + [four, *status()] +
             [op for _ in range(5) for op in
              (*reads(RBR), ("settle",), *status())]),
            ("the transmitter", writes((IER, ETBEI)) + status() + status() +
             writes((RBR, 0x41)) + status() + writes((IER, 0), (IER, ETBEI)) +
             status() + writes((FCR, FE)) + status() +
             writes((FCR, FE | XFR)) + status()),
            ("FCR without FE", [("rx", 0x61)] + writes((FCR, RFR | XFR)) +
             status() + reads(RBR)),
            ("a flush", fifos + [four] + writes((FCR, FE | RFR)) + status()),
            ("a break", fifos + [("rx", 0x61), ("break",), ("rx", 0x62)] +
             [op for _ in range(4) for op in (*status(), *reads(RBR))]),
            ("a break without FIFOs", writes((IER, ELSI)) + [("break",)] +
             status() + reads(RBR) + status()),
            ("loopback", writes((IER, 15), (MCR, LOOP)) + status() +
             writes((RBR, 0x41)) + status() + reads(RBR) +
             [op for lines in range(16) for op in
              (*writes((MCR, LOOP | lines)), *status())] +
             writes((MCR, 0)) + status()),
            ("loopback and the host", fifos + writes((MCR, LOOP)) +
             [four, *status()] + writes((MCR, 0)) + status()),
            ("a full loop", writes((FCR, FE), (MCR, LOOP), (IER, ELSI)) +
             writes(*[(RBR, n) for n in range(18)]) + status() +
             reads(*[RBR] * 17) + status()),
            ("a full loop without FIFOs", writes((MCR, LOOP), (RBR, 1),
                                                 (RBR, 2)) + status() +
             reads(RBR) + status() + reads(RBR)),
        ]

    def generate(self, rng, shadow):
        theirs = shadow.theirs
        if theirs.waiting and theirs.room() > 0:
            return ("settle",)
        kind = rng.randrange(100)
        if shadow.ours.loops() and kind < 6:
            return ("w", MCR, 1, 8)  # QEMU's loop is the host's input, too
        if kind < 45:
            return self.random_read(rng)
        if kind < 56:
            most = rng.choice((1, 1, 2, 4, 8, 16))
            if rng.randrange(4):  # QEMU's takes fewer at once
                most = min(most, max(theirs.room(), 1))
            return ("rx", *rng.randbytes(rng.randint(1, most)))
        if kind < 58:
            return rng.choice((("break",), ("wait",)))
        return self.random_write(rng)

    def random_read(self, rng):
        if rng.randrange(20):
            return ("r", rng.choice((*REGISTERS, RBR, RBR, LSR, IIR)),
                    rng.choice((1, 1, 2, 4)))
        size = rng.choice((1, 2, 4, 8))
        return ("r", BASE + rng.randrange(33 - size), size)

    def random_write(self, rng):
        reg = rng.choice((RBR, RBR, RBR, RBR, IER, IER, IER, FCR, FCR, LCR, MCR,
                          LSR, MSR, SCR))
        value = rng.getrandbits(8)
        if reg == IER:
            value = rng.choice((0, 1, 2, 3, 5, 7, 15, value))
        elif reg == FCR:
            value = rng.choice((0, 1, 7, 0x41, 0x81, 0xc1, 0xc7, value | 1))
        elif reg == LCR:
            value = rng.choice((3, 3, 3, 0x83, 0x43, value & ~DLAB, value))
        elif reg == MCR:
            value = rng.choice((0, 8, 11, 11, LOOP, value))
        if not rng.randrange(30):
            return ("w", SCR + rng.randrange(4), 1, value)
        size = rng.choice((1, 1, 2, 4))
        return ("w", reg, size, value)

    def host_qemu(self, qemu, op):
        if op[0] != "wait":
            return super().host_qemu(qemu, op)

        # The machine runs, on nothing, for longer than 4 slow characters.
        qemu.qmp("cont")
        edges = qemu.set_time(monotonic=qemu.now[1] + 1000 * SECOND)
        qemu.qmp("stop")
        return edges


DEVICE = Ns16550()

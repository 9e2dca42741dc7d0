# SPDX-License-Identifier: MIT
"""What minixen has traced: each access of a guest to one of our devices.

trace.c has the records. The first one has no access, but how many there are.
"""

import collections
import struct

RECORD = struct.Struct("<QQQIBBBB")
SIZE = 0x10000000
LINES = {0: "-", 1: "0", 2: "1", 3: "0+1"}  # which are high

IDS = {0xFE0 + 4 * n: f"PeriphID{n}" if n < 4 else f"PCellID{n - 4}"
       for n in range(8)}
GICD = {
    0: "CTLR", 4: "TYPER", 8: "IIDR", 0x80: "IGROUPR", 0x100: "ISENABLER",
    0x180: "ICENABLER", 0x200: "ISPENDR", 0x280: "ICPENDR",
    0x300: "ISACTIVER", 0x380: "ICACTIVER", 0x400: "IPRIORITYR",
    0x800: "ITARGETSR", 0xC00: "ICFGR", 0xE00: "NSACR", 0xF00: "SGIR",
    0xF10: "CPENDSGIR", 0xF20: "SPENDSGIR", 0xFD0: "ID"}

# Where devices are, bytes of a register, and their names; what has none keeps
# its offset.
DEVICES = {
    "vgic": (0x08000000, 0x10000, 4, {
        at: next(GICD[n] for n in sorted(GICD, reverse=True) if n <= at)
        for at in range(0, 0x1000, 4)}),
    "vflash": (0x04000000, 0x4000000, 1, {}),
    "vpl011": (0x09000000, 0x1000, 4, {
        0: "DR", 4: "RSR", 0x18: "FR", 0x24: "IBRD", 0x28: "FBRD",
        0x2C: "LCR_H", 0x30: "CR", 0x34: "IFLS", 0x38: "IMSC", 0x3C: "RIS",
        0x40: "MIS", 0x44: "ICR", 0x48: "DMACR"} | IDS),
    "vpl031": (0x09010000, 0x1000, 4, {
        0: "DR", 4: "MR", 8: "LR", 0xC: "CR", 0x10: "IMSC", 0x14: "RIS",
        0x18: "MIS", 0x1C: "ICR"} | IDS),
    "vi8042": (0x0B000000, 0x1000, 4, {0: "data", 4: "status"}),
    "vns16550": (0x0B001000, 0x1000, 1, {
        0: "data", 1: "IER", 2: "IIR/FCR", 3: "LCR", 4: "MCR", 5: "LSR",
        6: "MSR", 7: "SCR"}),
}
ARRAY = "vflash"  # where all that has no name is counted together

Access = collections.namedtuple(
    "Access", "time value pc device offset register vcpu size write refused "
    "lines")


def place(address):
    """-> device, offset, register"""
    device = next(name for name, (base, size, *_) in DEVICES.items()
                  if base <= address < base + size)
    base, _, unit, registers = DEVICES[device]
    offset = address - base
    return device, offset, registers.get(offset & -unit, f"{offset:#x}")


class Trace:
    """A file of them, which may still grow."""

    def __init__(self, path):
        # pylint: disable-next=consider-using-with
        self.file = open(path, "rb", buffering=0)
        self.next = 1
        self.places = {}
        self.dlab = False  # of the 16550A: its first two are others
        self.ready = {"vpl011": False, "vns16550": False}
        self.counts = {}  # by device and register: [reads, writes]
        self.bytes = {device: [0, 0] for device in self.ready}  # in, out
        self.lost = 0

    def name(self, device, offset, register):
        if device == "vns16550" and offset < 2 and self.dlab:
            return ("DLL", "DLM")[offset]
        return register

    def count(self, access):
        """Sums, and what an access to a UART says about bytes."""
        register = "all" if access.device == ARRAY else access.register
        key = f"{access.device} {register}"
        self.counts.setdefault(key, [0, 0])[access.write] += 1
        if access.register == "LCR" and access.write:
            self.dlab = bool(access.value & 0x80)
        elif access.register == "FR":
            self.ready[access.device] = not access.value & 0x10
        elif access.register == "LSR":
            self.ready[access.device] = bool(access.value & 1)
        elif (access.device in self.bytes and
              access.register in ("DR", "data")):
            # Some read once more, to be sure that nothing is left.
            self.bytes[access.device][access.write] += \
                access.write or self.ready[access.device]

    def __iter__(self):
        """Those that have come since the last time."""
        self.file.seek(0)
        total = RECORD.unpack(self.file.read(RECORD.size))[0] + 1
        end = min(total, SIZE // RECORD.size)
        self.lost = total - end
        self.file.seek(self.next * RECORD.size)
        while self.next < end:
            data = self.file.read(min(end - self.next, 4096) * RECORD.size)
            self.next += len(data) // RECORD.size
            for time, value, pc, address, vcpu, width, how, lines in \
                    RECORD.iter_unpack(data):
                if address not in self.places:
                    self.places[address] = place(address)
                device, offset, register = self.places[address]
                access = Access(time, value, pc, device, offset,
                                self.name(device, offset, register), vcpu,
                                width, how & 1, how >> 1, lines)
                self.count(access)
                yield access

    def update(self):
        """-> counts, of all there is up to now"""
        for _ in self:
            pass
        return {key: tuple(value) for key, value in self.counts.items()}


def log_line(access, start):
    arrow = "<-" if access.write else "->"
    text = (f"{(access.time - start) / 1e9:12.9f} vcpu{access.vcpu} "
            f"pc={access.pc:#x} {access.device} {access.register} "
            f"{8 * access.size} {arrow} {access.value:#x}")
    return text + (" refused" if access.refused else "") + \
        (f" irq={LINES[access.lines]}" if access.lines else "")


def summary(trace):
    """A table of all that has been counted."""
    lines = [f"{'register':<20}{'reads':>10}{'writes':>10}"]
    for device in DEVICES:
        rows = {key: value for key, value in sorted(trace.counts.items())
                if key.split()[0] == device}
        if not rows:
            continue
        lines += [f"{key:<20}{reads:>10}{writes:>10}"
                  for key, (reads, writes) in rows.items()]
        traps = sum(map(sum, rows.values()))
        came, went = trace.bytes.get(device, (0, 0))
        text = f"{device}: {traps} traps"
        if came + went:
            text += (f", {came} bytes in, {went} out, "
                     f"{traps / (came + went):.2f} traps a byte")
        lines += [text, ""]
    if trace.lost:
        lines.append(f"{trace.lost} accesses did not fit into the file")
    return "\n".join(lines).rstrip()

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Registers that are read without a trap: EL2 data aborts for each byte, as QEMU logs them.

What is measured is the difference of two lengths, so that what only happens once is not in
it; both have as many digits, which are typed and printed, too. With an argument: that many boots with one and with two vCPUs, and nothing else.
"""

import re
import sys
import tempfile

import checks
from xen_boot import PROMPT, Boot, BootError, Domain

UART = {0x00: "DR", 0x18: "FR", 0x38: "IMSC", 0x3C: "RIS", 0x40: "MIS", 0x44: "ICR"}
DABT = re.compile(r"\.\.\.with ESR 0x24/0x(\w+)\n\.\.\.with FAR 0x\w*(\w{3})\n")
BOOTS = 2


class Counting(Boot):
    """A boot that logs exceptions; on a processor whose kernel calls no firmware for each."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.trace = tempfile.NamedTemporaryFile(mode="r", errors="replace")

    def command(self):
        command = super().command()
        command[command.index("cortex-a57")] = "cortex-a53"
        return command + ["-d", "int", "-D", self.trace.name]

    def __exit__(self, *args):
        super().__exit__(*args)
        self.trace.close()

    def aborts(self):
        """Since the last call: {"FR read": 12, ...}; only from the guest to EL2."""
        self.wait(0.5)
        text = self.trace.read()
        found = {}
        for entry in text.split("Taking exception ")[1:]:
            match = DABT.search(entry)
            if not match or " to EL2" not in entry.split("\n")[1]:
                continue
            name = UART.get(int(match[2], 16), match[2])
            name += " write" if int(match[1], 16) & 0x40 else " read"
            found[name] = found.get(name, 0) + 1
        return found


def per_byte(boot, run, lengths):
    """Aborts per byte of run(boot, length)."""
    counts = []
    for length in lengths:
        boot.aborts()
        run(boot, length)
        counts.append(boot.aborts())
    few, many = counts
    each = {name: (many.get(name, 0) - few.get(name, 0)) / (lengths[1] - lengths[0])
            for name in many}
    print("#   " + ", ".join(f"{name} {each[name]:.3f}" for name in sorted(each)
                             if abs(each[name]) >= 0.001))
    return sum(each.values())


def at_most(bar, boot, run, lengths):
    """The least of up to three: a machine that has more to do only adds to it."""
    seen = bar + 1
    for _ in range(3):
        seen = min(seen, per_byte(boot, run, lengths))
        if seen <= bar:
            return None
    return f"{seen:.3f} aborts, more than {bar}"


def text(boot, length):
    boot.run(f"head -c {length} /tmp/text")


def typed(boot, length, burst, pause):
    """Bytes for a program that reads them raw."""
    boot.send(f"stty raw -echo; echo [$(({length}))]; head -c {length} >/tmp/in; stty sane; "
              f"echo [$(({length})):$?]\n".encode())
    boot.expect(rb"\[%d\]\r*\n" % length)
    for _ in range(0, length, burst):
        boot.send(b"k" * burst, rate=1000000)
        boot.wait(pause)
    boot.expect(rb"\[%d:\d+\]" % length)
    boot.expect(PROMPT, 10)


def keys(boot, length):
    typed(boot, length, 1, 0.03)


def bursts(boot, length):
    typed(boot, length, 100, 0.05)


def boots(cpus, count):
    for number in range(count):
        with Boot("test-image-boots", [Domain(cpus=cpus)], timeout=90) as boot:
            boot.focus()
            boot.login()
            seen = boot.run("nproc").text
            if seen != str(cpus):
                return f"boot {number}: {seen} processors"
    return None


def main(tap):
    if len(sys.argv) > 1:
        for cpus in 1, 2:
            tap.check(f"{sys.argv[1]} boots with {cpus} vCPUs", boots, cpus, int(sys.argv[1]))
        return
    with Counting("test-image", [Domain()], timeout=200) as boot:
        tap.check("a guest comes to its shell", checks.shell, boot)
        boot.run("dmesg | tr -c ' -~' . | head -c 6000 >/tmp/text")
        tap.check("a byte that is printed costs one trap", at_most, 1.02, boot, text,
                  (1000, 5000))
        tap.check("a key costs five", at_most, 5.2, boot, keys, (100, 300))
        tap.check("a byte of a paste two, as without", at_most, 2.2, boot, bursts, (1000, 5000))
        tap.check("neither the guest nor Xen complains", checks.quiet, boot)
    with Boot("test-image-smp", [Domain(cpus=2)], timeout=200) as boot:
        tap.check("two vCPUs come to a shell", checks.shell, boot)
        tap.check("100 KB typed in at 10 KB/s arrive byte for byte", checks.typed, boot)
        tap.check("1 MB printed arrives byte for byte", checks.printed, boot)
        tap.check("neither the guest nor Xen complains", checks.quiet, boot)
    for cpus in 1, 2:
        tap.check(f"{BOOTS} boots with {cpus} vCPUs", boots, cpus, BOOTS)


tap_of_all = checks.Tap()
try:
    main(tap_of_all)
except BootError as error:
    print(f"Bail out! {error}")
    sys.exit(1)
sys.exit(tap_of_all.end())

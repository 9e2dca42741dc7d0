#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Linux on minixen with a 16550A for its console."""

import hashlib
import random
import sys

import firmware
import checks
from minixen_boot import SWITCH, Guest

NODE = """/ { serial@b001000 {
    compatible = "ns16550a";
    reg = <0 0xb001000 0 0x1000>;
    interrupts = <0 14 4>;
    clock-frequency = <1843200>;
}; };
"""
TYPED = 256 * 1024


def typed(guest):
    """All values but the one that is for minixen."""
    data = bytes(byte for byte in random.Random(2).randbytes(TYPED + 4096)
                 if byte != SWITCH[0])[:TYPED]
    guest.store(data, "/tmp/in", rate=40 * 1024, slack=60)
    digest = guest.run("md5sum /tmp/in", 30).text.split()[0]
    return None if digest == hashlib.md5(data).hexdigest() else \
        f"md5 is {digest}"


def shell(guest):
    """Its keys are the second console's."""
    guest.expect(rb"GUEST-UP", 60)
    guest.send(SWITCH + b"2")
    guest.expect(rb"input is for console 2")
    guest.send(b"\n")
    guest.expect(guest.prompt)


def main(tap):
    with Guest("test-linux-ns16550", "linux", cpus=1, timeout=180,
               nodes=NODE, bootargs="console=ttyS0 "
               "earlycon=uart8250,mmio,0x0b001000 rdinit=/init panic=5"
               ) as guest:
        tap.check("Linux comes to a shell on the 16550A", shell, guest)
        tap.check("it finds a 16550A", checks.dmesg, guest,
                  r"ttyS0 at MMIO 0xb001000 .* is a 16550A")
        tap.check("256 KB typed in arrive byte for byte", typed, guest)
        tap.check("1 MB printed arrives byte for byte", checks.printed, guest)
        tap.check("neither the guest nor minixen complains", checks.quiet,
                  guest)
        tap.check("poweroff ends the machine", firmware.power_off, guest,
                  b"poweroff -f\n")


sys.exit(firmware.run(main))

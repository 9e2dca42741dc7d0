#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The GICv2 that a guest has on minixen, beside the machine's own: gic.c."""

import re
import subprocess
import sys

import firmware
from minixen_boot import Guest
from xen_boot import BUILD, QEMU

PARTS = ("registers", "level", "by priority", "masked", "nested", "off", "sgis",
         "senders", "to all others", "done")


def machine():
    """What the guest prints without minixen."""
    return subprocess.run(
        [QEMU, "-M", "virt,gic-version=2", "-cpu", "cortex-a57", "-m", "1024",
         "-smp", "4", "-nic", "none", "-display", "none", "-monitor", "none",
         "-serial", "stdio", "-bios", f"{BUILD}/minixen/gic.bin"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
        check=True).stdout.decode("ascii")


def minixen():
    with Guest("test-gic", "gic", cpus=4, timeout=60) as guest:
        text = guest.expect(rb".*\(XEN\) d1: power off")[0].decode("ascii")
    return re.sub(r"\(XEN\) [^\n]*\r\n", "", text)  # also in a line


def same(part, got, want):
    got, want = (next((line.strip() for line in text.splitlines()
                       if line.startswith(part)), "nothing")
                 for text in (got, want))
    return None if got == want != "nothing" else f"got  {got}\nwant {want}"


def main(tap):
    want, got = machine(), minixen()
    for part in PARTS:
        tap.check(part, same, part, got, want)


sys.exit(firmware.run(main))

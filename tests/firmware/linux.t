#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Linux on minixen: console, clock, alarm, processors."""

import hashlib
import random
import sys

import firmware
import checks
from minixen_boot import SWITCH, Guest

TYPED = 1024 * 1024
RATE = 40 * 1024
CPU2 = "/sys/devices/system/cpu/cpu2/online"


def typed(guest):
    """All values but the one that is for minixen."""
    data = bytes(byte for byte in random.Random(1).randbytes(TYPED + 8192)
                 if byte != SWITCH[0])[:TYPED]
    guest.store(data, "/tmp/in", rate=RATE, slack=90)
    digest = guest.run("md5sum /tmp/in", 30).text.split()[0]
    return None if digest == hashlib.md5(data).hexdigest() else \
        f"md5 is {digest}"


def hotplug(guest):
    guest.run("dmesg -n 1")
    off = guest.run(f"echo 0 >{CPU2}; nproc").text
    on = guest.run(f"echo 1 >{CPU2}; nproc").text
    return None if (off, on) == ("3", "4") else f"{off} and {on} processors"


def busy(guest):
    """All of them at once, with the console in between."""
    want = hashlib.md5(bytes(4 << 20)).hexdigest()
    got = guest.run("for i in 1 2 3 4; do (head -c 4194304 /dev/zero | "
                    "md5sum; dmesg | head -50 >/dev/console) & done; wait", 60)
    found = got.text.count(want)
    return None if found == 4 else f"{found} sums of 4 in\n{got.text}"


def one_trap_a_byte(guest):
    """A byte of the console is a write to DR, and little else."""
    return firmware.traps_per_byte(
        1.1, guest, lambda: guest.run("dmesg | head -c 2000"),
        lambda: guest.run("dmesg | head -c 16000"))


def main(tap):
    with Guest("test-linux", "linux", trace=True, timeout=240) as guest:
        tap.check("Linux comes to a shell", firmware.ready, guest)
        tap.check("it finds the PL011", checks.dmesg, guest,
                  r"ttyAMA0 at MMIO 0x9000000 .* is a PL011 rev3")
        tap.check("it finds the PL031", checks.dmesg, guest,
                  r"rtc-pl031 9010000.rtc: registered as rtc0")
        tap.check("its clock is right after boot", checks.date, guest)
        tap.check("hwclock reads the right time", checks.hwclock, guest)
        tap.check("an alarm interrupts once, and not early", checks.alarm,
                  guest)
        tap.check("one trap for each byte", one_trap_a_byte, guest)
        tap.check("1 MB typed in arrives byte for byte", typed, guest)
        tap.check("1 MB printed arrives byte for byte", checks.printed, guest)
        tap.check("neither the guest nor minixen complains", checks.quiet,
                  guest)
        tap.check("poweroff ends the machine", firmware.power_off, guest,
                  b"poweroff -f\n")
    with Guest("test-linux-smp", "linux", cpus=4, timeout=120) as guest:
        tap.check("four vCPUs come to a shell", firmware.ready, guest)
        tap.check("they are all there", checks.processors, guest, 4)
        tap.check("one goes off, and on again", hotplug, guest)
        tap.check("they are busy at once", busy, guest)
        tap.check("neither the guest nor minixen complains", checks.quiet,
                  guest)


sys.exit(firmware.run(main))

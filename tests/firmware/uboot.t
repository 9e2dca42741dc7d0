#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""U-Boot on minixen: console, clock, flash, resets."""

import calendar
import re
import sys
import time

import firmware
from firmware import has
import checks
from minixen_boot import Guest


def date(guest):
    before = time.time()
    seen = re.search(r"Date: ([\d-]+) .*Time: +([\d:]+)",
                     guest.command_at("date"))
    if not seen:
        return "no date"
    when = time.strptime(f"{seen[1]} {seen[2]}", "%Y-%m-%d %H:%M:%S")
    return checks.off(calendar.timegm(when), before)


def set_date(guest):
    guest.command_at("date 010203042031.05")
    return has(guest, "date", "Date: 2031-01-02", "Time:  3:04:0")


def flash(guest):
    """Protect, erase, write, compare: each does what it says."""
    guest.command_at("mw.b 50000000 5a 1003")
    return has(guest, "cp.b 50000000 4100000 1003", "done") or \
        has(guest, "cmp.b 50000000 4100000 1003", "4099 byte(s)") or \
        has(guest, "md.b 4101002 2", "5a ff") or \
        has(guest, "mw.b 50000000 a5 10") or \
        has(guest, "cp.b 50000000 4100800 10", "not Erased")


def protect(guest):
    return has(guest, "protect on 4100000 411ffff", "Protected 1 sectors") or \
        has(guest, "flinfo 2", "04100000   RO") or \
        has(guest, "erase 4100000 411ffff", "will not be erased") or \
        has(guest, "md.b 4100000 1", "5a") or \
        has(guest, "protect off 4100000 411ffff", "Un-Protected 1 sectors") or \
        has(guest, "erase 4100000 411ffff", "Erased 1 sectors") or \
        has(guest, "md.b 4100000 1", "ff")


def save(guest):
    guest.command_at("setenv answer 42")
    return has(guest, "saveenv", "Writing to Flash... done", "OK")


def reset(guest, command, said):
    guest.send(command + b"\r")
    text = guest.expect(rb"(.*)\(XEN\) minixen")[1]
    guest.ready()
    return None if said in text else f"no {said} in {text}"


def mapped(guest):
    stats = guest.stats()
    guest.command_at("crc32 4000000 100000", 30)
    after = guest.stats()
    traps = sum(after["vflash all"]) - sum(stats["vflash all"])
    if traps > 16:  # the first few, until it is mapped
        return f"reads of the flash trap: {stats} {after}"
    return None


def second_boot(tap):
    with Guest("test-uboot", "uboot", keep_flash=True, timeout=60) as guest:
        tap.check("with the power off and on", firmware.ready, guest)
        tap.check("the environment is still there", has, guest,
                  "printenv answer", "answer=42")


def main(tap):
    with Guest("test-uboot", "uboot", reset=True, trace=True,
               timeout=120) as guest:
        tap.check("U-Boot comes to its prompt", firmware.ready, guest)
        tap.check("date is right", date, guest)
        tap.check("date can be set", set_date, guest)
        tap.check("flinfo finds the bank", has, guest, "flinfo 2",
                  "Size: 32 MB in 256 Sectors", "buffer size: 64 bytes")
        tap.check("bytes are written to the flash, once", flash, guest)
        tap.check("a protected sector is not erased", protect, guest)
        tap.check("reads of the flash do not trap", mapped, guest)
        tap.check("one trap for each byte", firmware.traps_per_byte, 1.1, guest,
                  lambda: guest.command_at("md.b 50000000 100"),
                  lambda: guest.command_at("md.b 50000000 800", 30))
        tap.check("saveenv", save, guest)
        tap.check("reset resets by PSCI", reset, guest, b"reset",
                  b"(XEN) d1: reboot")
        tap.check("the environment is back after the reset", has, guest,
                  "printenv answer", "answer=42")
        tap.check("FE to the i8042 resets", reset, guest,
                  b"mw.b 0xb000004 0xfe", b"i8042 reset: domain reboots")
        tap.check("poweroff ends the machine", firmware.power_off, guest,
                  b"poweroff\r")
    second_boot(tap)


sys.exit(firmware.run(main))

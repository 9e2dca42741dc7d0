#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""EDK2 on minixen: shell, clock, variables in the flash."""

import calendar
import re
import sys
import time

import firmware
from firmware import has
import checks
from minixen_boot import Guest

GUID = "11111111-2222-3333-4444-555555555555"


def clock(guest):
    before = time.time()
    date = re.search(r"\d\d/\d\d/\d{4}", guest.command_at("date"))
    seen = re.search(r"(\d\d:\d\d:\d\d) \(", guest.command_at("time"))
    if not date or not seen:
        return "no date, or no time"
    when = time.strptime(f"{date[0]} {seen[1]}", "%m/%d/%Y %H:%M:%S")
    return checks.off(calendar.timegm(when), before)


def set_clock(guest):
    guest.command_at("date 01/02/2031")
    guest.command_at("time 03:04:05")
    return has(guest, "date", "01/02/2031") or has(guest, "time", "03:04:0")


def set_variable(guest):
    guest.command_at(f"setvar Answer -guid {GUID} -bs -nv =2a000000")
    return variable(guest)


def variable(guest):
    return has(guest, f"setvar Answer -guid {GUID}", "2A 00 00 00")


def reset(guest):
    guest.send(b"reset\r")
    guest.expect(rb"\(XEN\) d1: reboot.*\(XEN\) minixen")
    guest.ready()


def mapped(guest):
    """EDK2 reads its flash by LDP, which is too slow to be trapped."""
    reads, writes = guest.stats()["vflash all"]
    return None if reads < writes else f"{reads} reads, {writes} writes"


def main(tap):
    with Guest("test-edk2", "edk2", reset=True, trace=True,
               timeout=120) as guest:
        tap.check("EDK2 comes to its shell", firmware.ready, guest)
        tap.check("date and time are right", clock, guest)
        tap.check("date and time can be set", set_clock, guest)
        tap.check("a variable is set", set_variable, guest)
        tap.check("reads of the flash do not trap", mapped, guest)
        tap.check("one trap for each byte", firmware.traps_per_byte, 1.05,
                  guest, lambda: guest.command_at("dmem 50000000 40"),
                  lambda: guest.command_at("dmem 50000000 400", 30))
        tap.check("reset resets", reset, guest)
        tap.check("the variable is back after the reset", variable, guest)
        tap.check("reset -s ends the machine", firmware.power_off, guest,
                  b"reset -s\r")
    with Guest("test-edk2", "edk2", keep_flash=True, timeout=60) as guest:
        tap.check("with the power off and on", firmware.ready, guest)
        tap.check("the variable is still there", variable, guest)


sys.exit(firmware.run(main))

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Devices that vsioctl gives to a domain of xl: on real Xen, in a real guest."""

import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))

# pylint: disable=wrong-import-position
from stack import RANDOM_SIZE, Stack, differs  # noqa: E402
from checks import Tap  # noqa: E402

UUID = "5c3c0a5e-7a0e-4e2c-9a0b-000000000001"
I8042 = 0x22003000
FLASH = 0x04100000
RTC, MR, LR = 0x22001000, 4, 8  # where live() has its clock
LATER = 4 * 365 * 86400  # a guest that lives in the future


def two_uarts(dom0):
    """The guest of make run STACK=full."""
    dom0.must(f"echo 'uuid = \"{UUID}\"' >>/guests/demo.cfg")
    dom0.must("demo", 60)
    dom0.until("ends_up demo", 40)
    listed = json.loads(dom0.must("vsioctl list --json demo"))
    text = json.dumps(listed)
    for kind in ("pl011", "pl031", "i8042"):
        if kind not in text:
            return text
    seen = dom0.in_guest("demo", "dmesg | grep -c 'ttyAMA[01] at MMIO'")
    return differs(seen, "2")


def store(dom0):
    """All of the tree is the guest's to read, and nobody's else to write."""
    lines = dom0.must("xenstore-ls -fp /local/domain/$(xl domid demo)/vsio")
    bad = [line for line in lines.splitlines()
           if not re.search(r"\(n0,r\d+\)\s*$", line)]
    return "\n".join(bad) or None


def second_console(dom0):
    return dom0.second_console("demo", 1)


def bytes_in(dom0):
    return dom0.bytes_in("demo", 1, RANDOM_SIZE)


def bytes_out(dom0):
    """100 KB out of it, with the daemon killed on the way: none is missing."""
    dom0.in_guest("demo", "seq 20000 >/tmp/seq; wc -c </tmp/seq")
    dom0.type("demo", "(stty raw; cat /tmp/seq) </dev/ttyAMA1 >/dev/ttyAMA1 &")
    dom0.until("vsio_has demo 1 20000")
    dom0.must("killall -9 vsioctl; vsioctl serve")
    dom0.until("vsio_says demo 1 20000", 60)
    # A line may be there twice, or be broken where it happened.
    missing = dom0.number("missing $(vsio_log demo 1) 20000")
    return f"{missing} lines are missing" if missing > 2 else None


def clock(dom0):
    """The guest sets its clock; its next life has it."""
    now = dom0.number("date +%s")
    seen = int(dom0.in_guest("demo", "hwclock -u -s; date +%s"))
    if abs(seen - now) > 10:
        return f"off by {seen - now} s"
    dom0.in_guest("demo", f"date -s @{now + LATER} >/dev/null; hwclock -u -w; "
                          "echo")
    dom0.until(f"[ -n \"$(xenstore-read /vsio/rtc/{UUID})\" ]")
    dom0.destroy("demo")
    dom0.must("rm -f $(log demo); demo", 60)
    dom0.until("ends_up demo", 40)
    now = dom0.number("date +%s")
    seen = int(dom0.in_guest("demo", "hwclock -u -s; date +%s"))
    return None if abs(seen - now - LATER) < 15 else f"off by {seen - now} s"


def keys(dom0):
    """The self-test, a key and Ctrl-Alt-Del, polled as firmware does."""
    peek = f"devmem {I8042:#x} 8"
    dom0.in_guest("demo", f"devmem {I8042 + 4:#x} 8 0xaa; {peek}")
    dom0.in_guest("demo", f"devmem {I8042 + 4:#x} 8 0xae; echo")
    dom0.must("vsioctl key demo a")
    seen = dom0.in_guest("demo", f"{peek}; {peek} >/tmp/up; cat /tmp/up")
    if seen != "0x9E":
        return f"{seen} is not the A key released"
    dom0.must("vsioctl key demo ctrl-alt-del")
    return None if dom0.in_guest("demo", peek) == "0x1D" else "no Ctrl"


def saved(dom0):
    """Saved, scrambled, restored in place: the guest sees no difference."""
    dom0.in_guest("demo", f"devmem {I8042 + 4:#x} 8 0x60; "
                          f"devmem {I8042:#x} 8 0x55; echo")
    dom0.must("xl pause demo; vsioctl save demo /tmp/saved; xl unpause demo")
    dom0.in_guest("demo", f"devmem {I8042 + 4:#x} 8 0x60; "
                          f"devmem {I8042:#x} 8 0x34; echo")
    dom0.must("xl pause demo; vsioctl restore demo /tmp/saved; "
              "xl unpause demo")
    seen = dom0.in_guest("demo", f"devmem {I8042 + 4:#x} 8 0x20; "
                                 f"devmem {I8042:#x} 8")
    return differs(seen, "0x55")


def refused(dom0):
    """One line, its exit status, and nothing has changed."""
    before = dom0.must("vsioctl list --json")
    for command, status, wanted in (
            ("vsioctl attach demo pl031", 4, "has run"),
            ("vsioctl stat nobody", 3, "nobody"),
            ("vsioctl restore demo /tmp/saved", 4, "pause"),
            ("vsioctl save demo /tmp/other", 4, "pause"),
            ("vsioctl attach demo nothing", 2, "nothing")):
        result = dom0.run(command)
        if (result.status != status or wanted not in result.text or
                result.text.count("\n")):
            return f"{command}: {result.status}: {result.text}"
    return differs(dom0.must("vsioctl list --json"), before)


def reset(dom0):
    """FE to the i8042 ends the domain as a reboot; the tree goes with it."""
    domain = dom0.number("xl domid demo")
    dom0.type("demo", f"devmem {I8042 + 4:#x} 8 0xfe")
    dom0.until("gone demo")
    if dom0.run(f"xenstore-exists /local/domain/{domain}/vsio").status == 0:
        return dom0.must(f"xenstore-ls /local/domain/{domain}")
    return None


def live(dom0, file, restored=""):
    """A guest with flash, a clock and a 16550A. -> the flash's first word."""
    dom0.must(f"rm -f $(log f); [ -e {file} ] || erased 1048576 >{file}")
    dom0.create("f", "-p")
    dom0.must(f"vsioctl attach f flash addr={FLASH:#x} file={file} && "
              "vsioctl attach f pl031 && vsioctl attach f ns16550")
    dom0.must(f"{restored} xl unpause f")
    dom0.until("ends_up f", 40)
    return dom0.in_guest("f", f"devmem {FLASH:#x} 32")


def flash(dom0):
    """What the guest programs is in the file, and in its next life."""
    word = f"devmem {FLASH:#x} 32"
    live(dom0, "/tmp/flash")
    dom0.in_guest("f", f"{word} 0x00400040; {word} 0x12345678; "
                       f"{word} 0x00ff00ff; echo")
    dom0.until("begins /tmp/flash 12345678")
    dom0.destroy("f")
    return differs(live(dom0, "/tmp/flash"), "0x12345678")


def moved(dom0):
    """Saved, and restored into a new domain: its flash, its clock, its alarm."""
    now = dom0.number("date +%s")
    dom0.in_guest("f", f"devmem {RTC + MR:#x} 32 1234; "
                       f"devmem {RTC + LR:#x} 32 {now + LATER}; echo")
    dom0.must("xl pause f && vsioctl save f /tmp/f.saved && xl destroy f", 30)
    seen = live(dom0, "/tmp/empty", "vsioctl restore f /tmp/f.saved &&")
    if seen != "0x12345678":
        return f"{seen} in the flash"
    dom0.until("begins /tmp/empty 12345678")
    seen = int(dom0.in_guest("f", f"devmem {RTC:#x} 32"), 0)
    now = dom0.number("date +%s")
    if abs(seen - now - LATER) > 15:
        return f"the clock is off by {seen - now} s"
    return differs(dom0.in_guest("f", f"devmem {RTC + MR:#x} 32"),
                   "0x000004D2")


tap = Tap()
with Stack("stack-devices", timeout=400) as dom0:
    dom0.login()
    for name, function in (
            ("a guest with two UARTs, an RTC and an i8042", two_uarts),
            ("its tree in xenstore is not its to write", store),
            ("vsioctl console on the second UART", second_console),
            ("vsioctl send: 100 KB arrive", bytes_in),
            ("100 KB out, with serve killed on the way", bytes_out),
            ("its clock outlives it", clock),
            ("keys arrive at the i8042", keys),
            ("saved, changed, restored: as it was", saved),
            ("refusals", refused),
            ("a reset by the i8042", reset),
            ("flash and its file", flash),
            ("restored into a new domain", moved)):
        if tap.check(name, function, dom0):
            dom0.recover()
sys.exit(tap.end())

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Commands and files through a guest's second UART: real Xen, a real guest."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))

# pylint: disable=wrong-import-position
from stack import Stack, differs  # noqa: E402
from checks import Tap  # noqa: E402
from xen_boot import BOOTARGS  # noqa: E402

MB = 1024 * 1024


def start(dom0):
    """A guest whose agent has the second UART."""
    dom0.must("rm -f $(log c); vsioctl dt pl011 >/guests/c.dtb")
    dom0.create("c", "-p", device_tree='"/guests/c.dtb"',
                extra=f'"{BOOTARGS} agent=ttyAMA1"')
    dom0.must("vsioctl attach c pl011 && xl unpause c")
    said = dom0.must("vsioctl boot-time c -t 60", 90)
    print(f"# {said}", flush=True)
    return None if said.startswith("ready ") else said


def runs(dom0):
    """Output, errors and status of a command."""
    dom0.must("echo 'echo out; echo err >&2; cat; exit 42' >/tmp/s")
    dom0.must("vsioctl cp /tmp/s c:/tmp/s 2>/dev/null && vsioctl ping c")
    result = dom0.run("echo in | vsioctl exec c -- sh /tmp/s >/tmp/o 2>/tmp/e")
    seen = dom0.must("cat /tmp/o /tmp/e").split()
    if (result.status, seen) != (42, ["out", "in", "err"]):
        return f"{result.status}, {seen}"
    return differs(dom0.run("vsioctl exec c -t 1 -- sleep 99").status, 124)


def several(dom0):
    """Commands at once, each with what is its own."""
    dom0.must("for i in 1 2 3 4 5 6; do vsioctl exec c -- sh -c "
              "\"sleep 1; echo $i\" >/tmp/o$i & done; wait", 40)
    return differs(dom0.must("cat /tmp/o[1-6]").split(), list("123456"))


def flood(dom0, on):
    """The guest prints on its first UART without end."""
    dom0.must("vsioctl exec c -- " +
              ("sh -c 'yes flood >/dev/console 2>&1 </dev/null &'" if on else "killall yes"))


def checksums(dom0, where):
    return [line.split()[0] for line in dom0.must(f"{where} md5sum /tmp/to /tmp/from", 60)
            .splitlines()]


def megabytes(dom0):
    """There and back at once, while the console is busy."""
    dom0.must(f"head -c {MB} /dev/urandom >/tmp/to")
    dom0.must(f"vsioctl exec c -- sh -c 'head -c {MB} /dev/urandom >/tmp/from'", 60)
    dom0.must("echo 'vsioctl cp /tmp/to c:/tmp/to 2>/dev/null &' >/tmp/both")
    dom0.must("echo 'vsioctl cp c:/tmp/from /tmp/from 2>/dev/null && wait $!' >>/tmp/both")
    flood(dom0, True)
    begin, before = time.monotonic(), dom0.number("size c")
    dom0.must("sh /tmp/both", 600)
    took, printed = time.monotonic() - begin, dom0.number("size c") - before
    flood(dom0, False)
    print(f"# {MB} bytes there and as many back in {took:.1f} s; {printed} printed meanwhile",
          flush=True)
    if printed < 10000:
        return f"{printed} bytes on the console"
    return differs(checksums(dom0, ""), checksums(dom0, "vsioctl exec c --"))


def agent_dies(dom0):
    """Killed, and started by the guest's init: one line, and on it goes."""
    result = dom0.run("vsioctl exec c -- killall -9 vsio-agent", 60)
    if result.status != 125 or result.text.count("\n") or "vsioctl: domain" not in result.text:
        return f"{result.status}: {result.text}"
    dom0.must("vsioctl boot-time c -t 30", 40)
    return differs(dom0.must("vsioctl exec c -- echo on"), "on")


def reboots(dom0):
    """The guest reboots under a command: one line; and its next life."""
    result = dom0.run("vsioctl exec c -- reboot -f", 60)
    if result.status != 125 or result.text.count("\n") or "the guest is gone" not in result.text:
        return f"{result.status}: {result.text}"
    dom0.until("gone c")
    return start(dom0)


def refused(dom0):
    for command, status, wanted in (
            ("vsioctl ping nobody", 3, "nobody"),
            ("vsioctl exec nobody -- true", 125, "nobody"),
            ("vsioctl ping c --slot=5", 3, "no such device"),
            ("vsioctl ping c --slot=0 -t 1", 1, "no agent answers"),
            ("vsioctl cp c:/none /tmp/x", 1, "No such file"),
            ("vsioctl exec c -- nothing", 127, "nothing")):
        result = dom0.run(command)
        if result.status != status or wanted not in result.text or result.text.count("\n"):
            return f"{command}: {result.status}: {result.text}"
    return None


tap = Tap()
with Stack("stack-channel", timeout=900) as dom0:
    dom0.login()
    for name, function in (
            ("a guest is up, and says when it was", start),
            ("a command's output, errors and status", runs),
            ("six commands at once", several),
            ("1 MB there and back while the console is flooded", megabytes),
            ("the agent is killed", agent_dies),
            ("refusals", refused),
            ("the guest reboots", reboots)):
        if tap.check(name, function, dom0):
            dom0.recover()
sys.exit(tap.end())

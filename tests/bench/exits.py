# SPDX-License-Identifier: MIT
"""Exits to EL2 by class, from QEMU's log of exceptions, which is on for as long as wanted.

One thread for all CPUs, so that the lines of an exception are not mixed with another's.
"""
import collections
import contextlib
import json
import re
import socket

ARGS = ("-accel", "tcg,thread=single")

# Exception classes (Arm ARM, ESR_ELx.EC) that have a line of their own.
CLASSES = {0x01: "WFI, WFE", 0x16: "HVC", 0x18: "system register", 0x24: "data abort"}
INTERRUPT, OTHER = "interrupt", "other"
ALL = (*CLASSES.values(), INTERRUPT, OTHER)

TAKEN = re.compile(r"Taking exception \d+ \[(.*)\]")
LEVELS = re.compile(r"\.\.\.from EL(\d) to EL(\d)")
SYNDROME = re.compile(r"\.\.\.with ESR 0x([0-9a-f]+)/")


class Qemu:
    """What QEMU is started with for that, and how to switch its log."""

    def __init__(self, base):
        self.path, self.log = base + ".qmp", base + ".exits"
        self.args = (*ARGS, "-D", self.log, "-qmp", f"unix:{self.path},server=on,wait=off")

    def monitor(self, *lines):
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(self.path)
            with end.makefile("rw", encoding="ascii") as stream:
                stream.readline()  # who it is
                for line in ("qmp_capabilities", *lines):
                    command = {"execute": line}
                    if line != "qmp_capabilities":
                        command = {"execute": "human-monitor-command",
                                   "arguments": {"command-line": line}}
                    stream.write(json.dumps(command) + "\n")
                    stream.flush()
                    while '"return"' not in stream.readline():
                        pass  # an event

    @contextlib.contextmanager
    def counted(self):
        """-> a Counter, filled at the end of the with statement."""
        found = collections.Counter()
        with open(self.log, "w", encoding="ascii"):
            pass  # what was before is of no interest
        self.monitor("logfile " + self.log, "log int")
        yield found
        self.monitor("log none")
        with open(self.log, encoding="ascii", errors="replace") as log:
            found.update(classes(log))


def classes(log):
    """The class of each exception that was taken to EL2 from below."""
    what, below = "", False
    for line in log:
        match = TAKEN.match(line)
        if match:
            what, below = match[1], False
            continue
        match = LEVELS.match(line)
        if match:
            below = match[1] in "01" and match[2] == "2"
            if below and what in ("IRQ", "FIQ"):
                yield INTERRUPT
                below = False
            continue
        match = SYNDROME.match(line)
        if match and below:
            yield CLASSES.get(int(match[1], 16), OTHER)
            below = False

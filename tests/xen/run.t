#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The interactive runner, tools/xen-run: scripted, on a terminal, killed."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time

import checks

NAME = "test-run"
RUN = ["tools/xen-run", "--name", NAME, "--timeout", "60"]


def left_over():
    """The processes that belong to a boot of this test."""
    mark = f"/boot/{NAME}.dtb".encode()
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if mark in file.read():
                    found.append(pid)
        except OSError:
            pass  # ended meanwhile
    return found


def nothing_left():
    end = time.monotonic() + 3
    while left_over() and time.monotonic() < end:
        time.sleep(0.05)
    return f"processes {left_over()}" if left_over() else None


def scripted(script, wanted, status=0, options=()):
    done = subprocess.run([*RUN, *options], input=script.encode(), timeout=90, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != status:
        return f"exit status {done.returncode}\n{tail(done.stdout)}"
    if wanted not in done.stdout:
        return f"no {wanted}\n{tail(done.stdout)}"
    return nothing_left()


def tail(output):
    return output[-500:].decode("ascii", "backslashreplace").replace("\r", "")


def has_terminals():
    try:
        for end in pty.openpty():
            os.close(end)
    except OSError:  # a bare chroot, for one
        return False
    return True


class Terminal:
    """xen-run on a terminal of its own."""

    def __init__(self):
        self.keys, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        # pylint: disable=consider-using-with
        self.run = subprocess.Popen(RUN, stdin=self.slave, stdout=self.slave,
                                    stderr=self.slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.run.kill()
        self.run.wait()
        os.close(self.keys)
        os.close(self.slave)

    def expect(self, wanted):
        end = time.monotonic() + 40
        while wanted not in self.seen:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.keys], [], [], left)[0]:
                raise ValueError(f"no {wanted}\n{tail(self.seen)}")
            self.seen += os.read(self.keys, 4096)
        self.seen = self.seen.partition(wanted)[2]

    def finish(self):
        """Read to the end: who writes to a full terminal can't end."""
        end = time.monotonic() + 10
        while self.run.poll() is None and time.monotonic() < end:
            if select.select([self.keys], [], [], 0.05)[0]:
                self.seen += os.read(self.keys, 4096)
        if self.run.poll() is None:
            raise ValueError(f"does not end\n{tail(self.seen)}")

    def restored(self):
        return termios.tcgetattr(self.slave) == self.before


def terminal():
    with Terminal() as term:
        term.expect(b"Ctrl-] leaves")
        term.expect(b"guest# ")
        os.write(term.keys, b"echo hi-$((40+2))\r")
        term.expect(b"hi-42")
        term.expect(b"guest# ")
        # Ctrl-C is the guest's.
        os.write(term.keys, b"sleep 60; echo not-$((40+3))\r")
        term.expect(b"sleep 60")
        time.sleep(0.5)
        os.write(term.keys, b"\x03")
        term.expect(b"guest# ")
        os.write(term.keys, b"\x1d")
        term.finish()
        if term.run.returncode != 0:
            return f"exit status {term.run.returncode}\n{tail(term.seen)}"
        if not term.restored():
            return "the terminal is not as it was"
    return nothing_left()


def ended_by(number):
    with Terminal() as term:
        term.expect(b"Ctrl-] leaves")
        term.expect(b"guest# ")
        term.run.send_signal(number)
        term.finish()
        if number != signal.SIGKILL and not term.restored():
            return "the terminal is not as it was"
    return nothing_left()


tap = checks.Tap()
tap.check("a script on standard input runs in the guest", scripted,
          "echo hi-$((40+2))\n", b"hi-42")
tap.check("or in a dom0", scripted, "demo\nvsioctl list\n",
          b"0x22001000    0x1000   44", 0, ["--dom0"])
tap.check("the end of the guest ends the run", scripted,
          "poweroff -f\n", b"the guest has powered off")
for name, function, args in (
        ("a terminal is the guest's until Ctrl-]", terminal, ()),
        ("SIGTERM ends all, and restores the terminal", ended_by,
         (signal.SIGTERM,)),
        ("SIGKILL leaves no process", ended_by, (signal.SIGKILL,))):
    if has_terminals():
        tap.check(name, function, *args)
    else:
        tap.skip(name, "this system has no pseudo-terminals")
sys.exit(tap.end())

# SPDX-License-Identifier: MIT
"""A serial line between vsioctl and an agent of this machine: two ptys, and in
between a pump with no more room than a UART and its console ring have."""

import contextlib
import os
import pty
import random
import select
import shutil
import signal
import subprocess
import sys
import threading
import tty

TOP = os.path.realpath(f"{os.path.dirname(__file__)}/../..")
sys.path.insert(0, f"{TOP}/tests/toolstack")

# pylint: disable=wrong-import-position
from trial import PATIENCE, Failure, expect, run, wait_for  # noqa: E402, F401

B = os.path.join(TOP, os.environ.get("B", "build"))
VSIOCTL = f"{B}/vsioctl/vsioctl"
AGENT = f"{B}/agent/vsio-agent"
FIFO, RING = 32, 1024


def noise(n, seed):
    return random.Random(seed).randbytes(n)


class Way:
    """One direction: a ring, emptied by a FIFO's worth at a time."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.ring = b""
        self.spoil = None  # a function of bytes, to what arrives instead of them

    def fill(self):
        data = os.read(self.source, RING - len(self.ring))
        self.ring += self.spoil(data) if self.spoil else data

    def drain(self):
        self.ring = self.ring[os.write(self.sink, self.ring[:FIFO]):]


class Line:
    """Ends: .host and .guest are names of terminals."""

    def __init__(self):
        self.masters, self.slaves = zip(*(pty.openpty() for _ in range(2)))
        self.host, self.guest = map(os.ttyname, self.slaves)
        for fd in self.masters:
            os.set_blocking(fd, False)
        # As vsioctl serve has it; the guest's is as a getty would leave it.
        tty.setraw(self.slaves[0])
        self.down = Way(self.masters[0], self.masters[1])
        self.up = Way(self.masters[1], self.masters[0])
        self.cut = False  # nothing goes through
        self.ended = False
        self.thread = threading.Thread(target=self.pump, daemon=True)
        self.thread.start()

    def step(self):
        ways = (self.down, self.up)
        reads = [way.source for way in ways if len(way.ring) < RING]
        writes = [way.sink for way in ways if way.ring]
        can_read, can_write, _ = select.select(reads, writes, [], 0.05)
        for way in ways:
            if way.source in can_read:
                way.fill()
            if self.cut:
                way.ring = b""
            if way.ring and way.sink in can_write:
                way.drain()

    def pump(self):
        while not self.ended:
            try:
                self.step()
            except BlockingIOError:
                pass

    def close(self):
        self.ended = True
        self.thread.join()
        for fd in self.masters + self.slaves:
            os.close(fd)


class Rig:
    """A line, an agent at its end, and vsioctl at the other."""

    def __init__(self):
        # Short: a socket's name has 107 characters.
        self.dir = f"/tmp/vsio-channel-{os.getpid()}"
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(f"{self.dir}/guest")
        self.env = dict(os.environ, VSIOCTL_RUN_DIR=self.dir, LC_ALL="C", TZ="UTC")
        self.line = Line()
        self.dom = self.line.host
        self.agent = None
        self.children = []

    def start_agent(self):
        self.agent = self.spawn([AGENT, self.line.guest])

    def kill_agent(self):
        self.agent.kill()
        self.agent.wait()

    def spawn(self, command, **more):
        child = subprocess.Popen(command, env=self.env, **more)
        self.children.append(child)
        return child

    def start(self, command, *args, **more):
        """vsioctl in the background."""
        more.setdefault("stdin", subprocess.DEVNULL)
        return self.spawn([VSIOCTL, command, *map(str, args)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more)

    def run(self, command, *args, stdin=b""):
        return subprocess.run([VSIOCTL, command, *map(str, args)], check=False, env=self.env,
                              input=stdin, capture_output=True, timeout=6 * PATIENCE)

    def exec(self, *command, stdin=b"", options=()):
        return self.run("exec", self.dom, *options, "--", *command, stdin=stdin)

    def ok(self, *args, **more):
        """Its output; it succeeds and says nothing on stderr."""
        return self.good(self.run(*args, **more))

    def exec_ok(self, *args, **more):
        return self.good(self.exec(*args, **more))

    @staticmethod
    def good(done):
        if done.returncode or done.stderr:
            raise Failure(f"{done.args[1:]}: {done.returncode}, {done.stderr.decode()}")
        return done.stdout

    @staticmethod
    def refused(done, status, text):
        """One line, and this status."""
        said = done.stderr.decode()
        expect(done.returncode, status, said)
        if text not in said or said.count("\n") != 1 or not said.startswith("vsioctl: "):
            raise Failure(f"{done.args[1:]}: stderr: {said!r}")

    @staticmethod
    def ended(child):
        """As a result of run()."""
        out, err = child.communicate(timeout=3 * PATIENCE)
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)

    def brokers(self):
        return [name for name in os.listdir(self.dir) if name.endswith(".sock")]

    def broker_ends(self):
        wait_for("the line to be free", lambda: not self.brokers())

    def path(self, name):
        """Of a file; the guest's are those of this machine."""
        return f"{self.dir}/{name}"

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
                child.wait()
            for pipe in (child.stdout, child.stderr, child.stdin):
                if pipe:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
        self.line.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def with_rig(test):
    rig = Rig()
    try:
        rig.start_agent()
        test(rig)
    finally:
        rig.close()


def main(tests):
    """Run functions of a rig, or those that are named; TAP."""
    sys.exit(run([test for test in tests if test.__name__ in sys.argv] or tests, with_rig))

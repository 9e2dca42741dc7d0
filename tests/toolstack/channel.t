#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Commands in a guest: the agent, through a PL011, its ring and vsioctl serve."""

import os
import pty
import random
import select
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from stage import B, FIRST, Failure, expect, main, wait_for  # noqa: E402

SECOND = FIRST + 0x1000


def between(stage, domid, master):
    """The guest's driver: from the UART to the agent's terminal, and back."""
    while True:
        if select.select([master], [], [], 0)[0]:
            stage.print(domid, SECOND, os.read(master, 1024))
        data = stage.input(domid, SECOND, 32, 0.01)
        if data:
            os.write(master, data)


def second_uart(stage):
    """vsioctl exec finds the second UART of a domain, and the agent there"""
    stage.serve()
    domid = stage.create("sandbox")
    stage.ok("attach", "sandbox", "pl011")
    stage.refused(3, "no second UART", "ping", "sandbox")
    stage.ok("attach", "sandbox", "pl011")
    stage.pause(domid, False)
    stage.tty(domid, 1)
    stage.refused(1, "domain 1 (sandbox), slot 1: no agent answers", "ping", "sandbox",
                  "-t", "0.3")
    master, slave = pty.openpty()
    stage.agent = stage.spawn([f"{B}/agent/vsio-agent", os.ttyname(slave)])
    stage.pump = stage.fork(between, stage, domid, master)
    data = random.Random(1).randbytes(64 * 1024)
    expect(stage.ok("exec", "sandbox", "--", "cat", stdin=data) == data, True, "cat")


def refusals(stage):
    """who can't be found is one line"""
    stage.refused(3, "there is no domain 'nobody'", "ping", "nobody")
    stage.refused(125, "there is no domain 'nobody'", "exec", "nobody", "--", "true")
    stage.refused(3, "there is no such device", "ping", "sandbox", "--slot=5")
    stage.refused(2, "is no slot", "ping", "sandbox", "--slot=9")
    stage.refused(1, "slot 0: no agent answers", "ping", "sandbox", "--slot=0", "-t", "0.2")


def serve_restarts(stage):
    """vsioctl serve starts anew under a command: it goes on"""
    child = stage.spawn([f"{B}/vsioctl/vsioctl", "exec", "sandbox", "--", "cat"],
                        env={"LD_PRELOAD": f"{B}/toolstack/fake-xen.so"},
                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdin.write(b"one\n")
    child.stdin.flush()
    expect(child.stdout.readline(), b"one\n", "before")
    server = next(c for c in stage.children if "serve" in c.args)
    stage.end(server)
    stage.serve()
    child.stdin.write(b"two\n")
    child.stdin.close()
    expect(child.stdout.readline(), b"two\n", "after")
    expect(child.wait(20), 0, "status")


def domain_ends(stage):
    """the domain is destroyed under a command: one line"""
    child = stage.spawn([f"{B}/vsioctl/vsioctl", "exec", "sandbox", "--", "sh", "-c",
                         "echo up; exec sleep 1000"],
                        env={"LD_PRELOAD": f"{B}/toolstack/fake-xen.so"},
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    expect(child.stdout.readline(), b"up\n", "the command")
    domid = stage.json("list", "--json", "sandbox")[0]["domain"]
    stage.end_guest(stage.pump, kill=True)
    stage.destroy(domid)
    said = child.communicate(timeout=20)[1].decode()
    if child.returncode != 125 or said.count("\n") != 1 or "the guest is gone" not in said:
        raise Failure(f"{child.returncode}: {said}")
    wait_for("the line to be free", lambda: not [
        name for name in os.listdir(stage.dir) if name.startswith("vsioctl-channel")])


main([second_uart, refusals, serve_restarts, domain_ends])

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vsioctl killed at each of its steps, and each of its steps failing.

A step is a call of one of Xen's libraries.
"""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from stage import FIRST, Failure, expect, main  # noqa: E402


def state(stage, domid):
    return stage.describe(domid), stage.store.tree(f"/local/domain/{domid}")


def steps_of(stage, *args):
    """How many steps this takes; they are done."""
    stage.ok(*args, FAKE_XEN_CALLS=f"{stage.dir}/calls")
    with open(f"{stage.dir}/calls", encoding="ascii") as file:
        return int(file.read())


def each_failure(stage, domid, args):
    """Each step fails once: one line, and all is as before. Returns how many steps."""
    before = state(stage, domid)
    for n in range(1, 1000):
        done = stage.run(*args, FAKE_XEN_FAIL=n)
        if not done.returncode:
            return n
        said = done.stderr.decode()
        if done.returncode not in (1, 5) or said.count("\n") != 1:
            raise Failure(f"step {n}: {done.returncode}, {said!r}")
        expect(state(stage, domid), before, f"after a failure of step {n}, {said}")
    raise Failure("it never succeeds")


def each_kill(stage, domid, args, undo, mend):
    """Killed at each step; mend() makes good, undo() goes back to the start."""
    before = state(stage, domid)
    steps = steps_of(stage, *args)
    wanted = state(stage, domid)
    undo()
    expect(state(stage, domid), before, "undone")
    for n in range(1, steps + 1):
        done = stage.run(*args, FAKE_XEN_KILL=n)
        expect(done.returncode, -9, f"step {n}")
        mend()
        expect(state(stage, domid), wanted, f"after a kill at step {n}")
        undo()
        expect(state(stage, domid), before, f"undone after a kill at step {n}")
    return steps


def attach_fails(stage):
    """attach: a failure at any step undoes what was done"""
    for name, words in (("f1", ["pl011"]), ("f2", ["pl031"]),
                        ("f3", ["flash", "size=64K", f"file={stage.dir}/flash"])):
        domid = stage.create(name)
        with open(f"{stage.dir}/flash", "wb") as file:
            file.write(b"x" * 100)
        if each_failure(stage, domid, ["attach", name, *words]) < 15:
            raise Failure("too few steps")


def attach_killed(stage):
    """attach killed at any step: the same attach again mends it"""
    for name, kind in (("k1", "pl011"), ("k2", "i8042")):
        domid = stage.create(name)
        stage.ok("attach", name, "ns16550")
        args = ["attach", name, kind]

        def mend(args=args, domid=domid):
            # Killed after the last step that matters, it is there already.
            if len(stage.store.names(f"/local/domain/{domid}/vsio")) < 3:
                stage.ok(*args)

        if each_kill(stage, domid, args, lambda name=name: stage.ok("detach", name, 1), mend) < 15:
            raise Failure("too few steps")


def other_after_kill(stage):
    """attach killed at any step: another device gets the place"""
    domid = stage.create("k3")
    before = stage.describe(domid)
    steps = steps_of(stage, "attach", "k3", "pl011")
    stage.ok("detach", "k3", 0)
    for n in range(1, steps - 1):
        stage.run("attach", "k3", "pl011", FAKE_XEN_KILL=n)
        if stage.store.names(f"/local/domain/{domid}/vsio"):
            break
        stage.ok("attach", "k3", "ns16550")
        listed = stage.json("list", "--json", "k3")
        expect([(d["device"], d["addr"], d["irq"]) for d in listed],
               [("ns16550", hex(FIRST), 44)], f"after a kill at step {n}")
        stage.ok("detach", "k3", 0)
        expect(stage.describe(domid), before, f"after a kill at step {n}")


def detach_killed(stage):
    """detach killed at any step: the same detach again ends it"""
    domid = stage.create("k4")

    def mend():
        if stage.store.names(f"/local/domain/{domid}/vsio"):
            stage.ok("detach", "k4", 0)

    stage.ok("attach", "k4", "pl011")
    each_kill(stage, domid, ["detach", "k4", 0],
              lambda: stage.ok("attach", "k4", "pl011"), mend)


def restore_fails(stage):
    """restore: a failure at any step leaves all devices as they were"""
    domid = stage.create("k5")
    for words in (["pl011"], ["flash", "size=4K"], ["pl031", "offset=5"]):
        stage.ok("attach", "k5", *words)
    saved, now = f"{stage.dir}/saved", f"{stage.dir}/now"
    stage.pause(domid, False)
    stage.poke(domid, FIRST + 0x24, 17)  # IBRD
    stage.pause(domid)
    stage.ok("save", "k5", saved)
    stage.poke(domid, FIRST + 0x24, 34)
    stage.ok("save", "k5", now)
    before = stage.store.tree(f"/local/domain/{domid}")
    for n in range(1, 1000):
        done = stage.run("restore", "k5", saved, FAKE_XEN_FAIL=n)
        if not done.returncode:
            break
        expect(done.stderr.decode().count("\n"), 1, f"step {n}")
        expect(stage.peek(domid, FIRST + 0x24), 34, f"IBRD after a failure of step {n}")
        expect(stage.store.tree(f"/local/domain/{domid}"), before, f"step {n}")
    expect(stage.peek(domid, FIRST + 0x24), 17, "IBRD in the end")


def xenstored_gone(stage):
    """xenstored dies: one line, and no device stays behind"""
    domid = stage.create("k6")
    before = stage.describe(domid)
    stage.store.lib.xs_close(stage.store.handle)
    stage.end(stage.xenstored, 9)
    stage.refused(5, "can't talk to xenstored", "attach", domid, "pl011")
    expect(stage.describe(domid), before, "devices and pages")


if __name__ == "__main__":
    main([attach_fails, attach_killed, other_after_kill, detach_killed, restore_fails,
          xenstored_gone])

# SPDX-License-Identifier: MIT
"""Real Xen, dom0 and xenconsoled under QEMU: grafted and stock Xen in turn."""
import collections
import json
import os
import statistics
import subprocess
import sys
import time

from exits import ALL, Qemu
from figures import ACCESS, Figure
from tools import TOP

sys.path[:0] = [str(TOP / "tests/stack")]

# pylint: disable=wrong-import-position
from stack import Stack  # noqa: E402
from xen_boot import BOOTARGS, BUILD  # noqa: E402

SIDES = {"stock": "stock", "ours": "grafted"}
MB = 1024 * 1024
KB = 1024
# Nothing of the kernel's between what is counted.
QUIET = f'"{BOOTARGS} loglevel=1"'
LENGTHS = 16 * KB, 64 * KB  # of what is printed while exits are counted
GROUP = "Linux on Xen under QEMU, printing"
TIMES = (("prompt", "s from QEMU's start to the prompt"),
         ("print_mb", "s for 1 MB, to xenconsoled's log"),
         ("print_cpu", "s of QEMU's CPUs for that"))


def boot(side, kind, **options):
    return Stack(f"bench-{kind}-{side}", xen=f"{BUILD}/xen/{SIDES[side]}/xen/xen",
                 timeout=600, **options)


def start_guest(dom0):
    dom0.login(180)
    dom0.create("a", extra=QUIET)
    dom0.until("ends_up a", 120)
    return time.monotonic() - dom0.start


def cpu_seconds(dom0):
    """What QEMU has used."""
    with open(f"/proc/{dom0.qemu.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def prepare(dom0):
    """What is printed, and what prints it: short lines, Xen drops long ones on a busy machine."""
    dom0.in_guest("a", f"head -c {MB} /dev/urandom >/mb", 60)
    for line in ("stty raw -echo", "echo go-\\$2", "read g", "head -c \\$1 /mb", "read g",
                 "stty sane"):
        dom0.type("a", f"echo {line} >>/p")


def start_printing(dom0, size):
    """The guest prints. -> bytes in the log when it is done."""
    number = dom0.commands
    dom0.type("a", f"sh /p {size} {number}")
    dom0.until(f"says a go-{number}")
    end = dom0.number("size a") + size
    dom0.type("a", "x")
    return end


def print_out(dom0, size):
    """-> seconds until all of it is in xenconsoled's log; those of QEMU's CPUs."""
    end = start_printing(dom0, size)
    start, used = time.monotonic(), cpu_seconds(dom0)
    dom0.until(f"has a {end}", 300)
    return time.monotonic() - start, cpu_seconds(dom0) - used


def times(side):
    """Seconds from QEMU's start to the guest's prompt, and to print 1 MB."""
    with boot(side, "time") as dom0:
        up = start_guest(dom0)
        prepare(dom0)
        return (up, *print_out(dom0, MB))


def exits(side):
    """Exits to EL2 by class, for each KB."""
    qemu = Qemu(f"{BUILD}/boot/bench-exits-{side}")
    found = []
    with boot(side, "exits", cpu="cortex-a53", qemu_args=qemu.args) as dom0:
        start_guest(dom0)
        prepare(dom0)
        for size in LENGTHS:
            with qemu.counted() as counter:
                end = start_printing(dom0, size)
                dom0.until(f"has a {end}", 300)
            dom0.type("a", "x")
            found.append(counter)
    kb = (LENGTHS[1] - LENGTHS[0]) // KB
    return {name: round((found[1][name] - found[0][name]) / kb, 1) for name in ALL}


def access():
    """ns that one access takes a guest, in the hypervisor and by vsiod, of a Xen without graft."""
    done = subprocess.run([TOP / "tests/stack/vsiod.t", "--bench"], stdout=subprocess.PIPE,
                          text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def timed(rounds):
    """Both sides in turn, so that whatever disturbs one disturbs both."""
    found = collections.defaultdict(list)
    for number in range(rounds):
        for side in SIDES:
            found[side].append(times(side))
            print(f"{number + 1}/{rounds} {side}: prompt after %.1f s, 1 MB in %.1f s, "
                  "%.1f of QEMU's CPUs" % found[side][-1], flush=True)
    return {side: [statistics.median(column) for column in zip(*rows)]
            for side, rows in found.items()}


def figures(rounds):
    took = timed(rounds)
    counted = {}
    for side in SIDES:
        counted[side] = exits(side)
        print(f"exits for each KB, {side}: {counted[side]}", flush=True)

    found = [Figure(name, GROUP, title, round(took["ours"][n], 2), round(took["stock"][n], 2),
                    timed=True)
             for n, (name, title) in enumerate(TIMES)]
    found += [Figure("exits_" + name.split()[0].strip(",").lower(), GROUP,
                     f"exits to EL2 for each KB: {name}", counted["ours"][name],
                     counted["stock"][name], timed=True)
              for name in ALL]
    took = access()
    return found + [Figure("access_ns", ACCESS, "FR read, ns under QEMU", took["access_in_xen_ns"],
                           took["access_by_daemon_ns"], timed=True)]

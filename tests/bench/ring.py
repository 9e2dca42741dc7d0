# SPDX-License-Identifier: MIT
"""The console ring between two CPUs: its speed, and that nothing is lost."""
from figures import Figure
from model import CC
from tools import HERE, OUT, run


def build():
    run(*CC, "-DTWO_CPUS", "-c", "-o", OUT / "ring-xen.o", HERE / "ring-xen.c")
    run("gcc", "-std=c11", "-Wall", "-Wextra", "-O2", "-pthread", "-I", OUT / "include", "-o",
        OUT / "ring", HERE / "ring-host.c", OUT / "ring-xen.o")


def drain():
    """How fast a full ring is emptied, as a part of memcpy's speed."""
    return Figure("drain", "console ring", "a full one drained, part of memcpy's speed",
                  float(run(OUT / "ring", "drain")), limit=0.5, timed=True, least=True)


def stress(count):
    """So many bytes each way; the bench ends if one is not what was sent."""
    print(run(OUT / "ring", "stress", count), end="")
    return Figure("stress", "console ring", "bytes each way between two CPUs, none lost", count)

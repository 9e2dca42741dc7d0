# SPDX-License-Identifier: MIT
"""Instructions of parts: a byte into the ring, a lookup on a bus."""
from figures import Figure
from model import CC, LDFLAGS
from tools import HERE, OUT, TOP, count, run, tidy

N = 4096  # a multiple of the ring's size, and of all numbers of regions
REGIONS = (1, 16, 256)


def build():
    run(*CC, "-c", "-o", OUT / "push.o", HERE / "push.c")
    run("gcc", *LDFLAGS, "-o", OUT / "push", OUT / "push.o")
    run("gcc", "-std=c11", "-O2", "-static", "-no-pie", "-I", TOP / "devices", "-o",
        OUT / "lookup", HERE / "lookup.c",
        *(TOP / "devices" / (name + ".c")
          for name in ("bus", "pl031", "pl031-state", "snapshot", "vsio")))


def per_call(program, *args):
    """The first calls are left out, as everywhere."""
    once, twice = (count(OUT / program, *args, n)[0] for n in (N, 2 * N))
    return tidy((twice - once) / N)


def lookup(pool, regions, which):
    title = "bus lookup, %d region%s" % (regions, "s"[:regions > 1])
    if regions > 1:
        title += ", " + ("the last one again" if which == "same" else "another one each time")
    cost = pool.submit(per_call, "lookup", regions, which)
    return lambda: Figure("lookup_%d_%s" % (regions, which), "instructions", title, cost.result())


def figures(pool):
    build()
    push = pool.submit(per_call, "push")
    lookups = [lookup(pool, regions, "other") for regions in REGIONS]
    lookups.append(lookup(pool, REGIONS[-1], "same"))
    return [Figure("push", "console ring", "a byte into it, instructions", push.result(),
                   limit=20)] + [wait() for wait in lookups]

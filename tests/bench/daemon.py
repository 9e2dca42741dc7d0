# SPDX-License-Identifier: MIT
"""Instructions of one access by the daemon: its worker's, in user space, and no kernel's."""
from figures import ACCESS, Figure
from tools import HERE, OUT, TOP, count, run, tidy

N = 1024
TOOLS = TOP / "tools"
# As vsiod.mk compiles them, but linked in one piece.
CC = """gcc -O2 -std=gnu11 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -static
    -no-pie -Wl,--unresolved-symbols=ignore-all""".split()


def build():
    includes = [word for path in (TOP / "devices", TOP / "xen/vsio", TOOLS / "vsioctl",
                                  TOOLS / "vsiod") for word in ("-I", path)]
    run(*CC, *includes, "-o", OUT / "daemon", HERE / "daemon.c",
        *(TOOLS / "vsiod" / f"{name}.c" for name in ("command", "console", "device")),
        TOOLS / "vsioctl/util.c", *sorted((TOP / "devices").glob("*.c")))


def figures(pool, in_xen):
    """in_xen: the figure of an FR read there."""
    build()
    once, twice = (pool.submit(lambda n: count(OUT / "daemon", n)[0], n) for n in (N, 2 * N))
    return [Figure("access", ACCESS, "FR read, instructions (vsiod: its worker's)", in_xen.ours,
                   tidy((twice.result() - once.result()) / N))]

# SPDX-License-Identifier: MIT
"""Instructions per operation of our devices in Xen, and of stock Xen's vpl011.

Both are compiled as Xen compiles them, but for this machine, against xen-api.h instead of
Xen's internal headers, and run by harness.c: first with stubs that record what the device
asks of Xen, to see that each operation does what it should, then under callgrind. An
operation costs what is executed from the first instruction of the handlers that it calls
to their return, all that they call included; nothing of the harness is. The difference
between N and 2 N operations is taken, so that what only the first ones do is not counted.
"""
import re
import sys

from figures import Figure
from tools import HERE, OUT, TOP, XEN, count, run, tidy

N = 4096  # a multiple of both rings' sizes: whole turns

# Operation of the harness, what it is, its limit.
OPERATIONS = (("fr_read", "FR read", 25),
              ("dr_write", "DR write, in a burst of 64", 47),
              ("byte_out", "one byte alone, and its answer", None),
              ("byte_in", "byte received", 87),
              ("rtc_read", "PL031 DR read, without the clock", 40))
CLOCK = "get_sec"  # Xen's clock; what the stub of it executes is not the device's
OURS_ALONE = ("rtc_read",)


def our_sources():
    """The glue and the devices of it that are measured, as xen/vsio/Makefile builds them."""
    objects = re.findall(r"^obj-(?:y|\$\(CONFIG_VSIO_(?:CONSOLE|PL0[13]1)\)) \+= (.*)\.o$",
                         (TOP / "xen/vsio/Makefile").read_text(), re.M)
    return [TOP / ("" if o.startswith("devices/") else "xen/vsio") / (o + ".c")
            for o in objects if o not in ("dom0less", "domctl")]


SIDES = {"ours": our_sources(), "stock": [XEN / "arch/arm/vpl011.c"]}

# Xen's, without what is for Arm only.
CFLAGS = """-DBUILD_ID -fno-strict-aliasing -std=gnu99 -Wall -Wstrict-prototypes
    -Wno-unused-but-set-variable -Wno-unused-local-typedefs -O2 -fomit-frame-pointer -nostdinc
    -fno-builtin -fno-common -Wno-pointer-arith -D__XEN__ -mgeneral-regs-only -fno-pie
    -fno-stack-protector -fno-exceptions -fno-asynchronous-unwind-tables""".split()
# Xen's public headers take their types from the machine: it is Arm to them.
CFLAGS += ["-U__x86_64__", "-D__aarch64__"]
CFLAGS += ["-DCONFIG_%s=1" % c for c in ("ARM_64", "SBSA_VUART_CONSOLE", "VSIO", "VSIO_PL011",
                                         "VSIO_PL031")]
INCLUDES = ["-I", OUT / "include", "-I", TOP / "xen/vsio/include", "-I", TOP,
            "-I", TOP / "xen/vsio", "-I", TOP / "xen"]
CC = ["gcc", *CFLAGS, *INCLUDES]
# What no operation calls stays unresolved.
LDFLAGS = ["-static", "-no-pie", "-Wl,--unresolved-symbols=ignore-all"]

# Taken from Xen as they are; all other <xen/...> and <asm/...> are xen-api.h.
XENS_OWN = ("hsr", "mmio", "pl011-uart", "vpl011", "vreg")


def make_headers():
    """OUT/include, for -I, with all headers that the sources ask for."""
    include = OUT / "include"
    own = {"public": XEN / "include/public",
           "asm/vsio.h": TOP / "xen/vsio/asm-vsio.h"}
    own.update(("asm/%s.h" % h, XEN / ("arch/arm/include/asm/%s.h" % h)) for h in XENS_OWN)

    readers = [f for files in SIDES.values() for f in files]
    readers += [*own.values(), *HERE.glob("*.[ch]"), *TOP.glob("xen/vsio/**/*.h"),
                *(XEN / "include/public").glob("hvm/*.h")]
    for file in filter(lambda f: f.is_file(), readers):
        for name in re.findall(r"^# *include <((?:xen|asm)/.*)>", file.read_text(), re.M):
            own.setdefault(name, HERE / "xen-api.h")
    own["tree.h"] = HERE / "xen-api.h"

    run("rm", "-rf", include)
    for name, target in own.items():
        (include / name).parent.mkdir(parents=True, exist_ok=True)
        (include / name).symlink_to(target)


def build(side):
    """The two programs of a side: OUT/SIDE (to be counted) and OUT/SIDE-check."""
    objects = []
    (OUT / "o" / side).mkdir(parents=True, exist_ok=True)
    for source in SIDES[side]:
        objects.append(OUT / "o" / side / (str(source.parent.name) + "-" + source.stem + ".o"))
        run(*CC, "-c", "-o", objects[-1], source)
    for program, flags in (side, []), (side + "-check", ["-DRECORD"]):
        ours = []
        for source in HERE / "stubs.c", HERE / "harness.c":
            ours.append(OUT / "o" / side / (program + "-" + source.stem + ".o"))
            run(*CC, *flags, "-c", "-o", ours[-1], source)
        run("gcc", *LDFLAGS, "-o", OUT / program, *ours, *objects)


def check(side):
    """Does each operation do what it should?"""
    out = run(OUT / (side + "-check"), "check")
    if out:
        sys.exit("bench: %s: %s" % (side, out))


def cost(side, operation, n):
    total, own = count(OUT / side, operation, n)
    return total - own.get(CLOCK, 0)


def measure(pool, side, operation):
    """-> a function that waits for the result."""
    once, twice = (pool.submit(cost, side, operation, n) for n in (N, 2 * N))
    return lambda: tidy((twice.result() - once.result()) / N)


def events(side):
    return tidy(float(run(OUT / (side + "-check"), "events")))


def figures(pool):
    make_headers()
    for side in SIDES:
        build(side)
        check(side)
    waits = {(side, name): measure(pool, side, name)
             for side in SIDES for name in ["nothing"] + [op[0] for op in OPERATIONS]
             if side == "ours" or name not in OURS_ALONE}
    counted = {key: wait() for key, wait in waits.items()}
    for side in SIDES:
        if counted[side, "nothing"] != 1:
            sys.exit("bench: a handler of one instruction counts %g" % counted[side, "nothing"])

    found = [Figure(name, "instructions", title, counted["ours", name],
                    counted.get(("stock", name)), limit)
             for name, title, limit in OPERATIONS]
    return found + [Figure("events", "console ring", "events to the backend, for each KB",
                           events("ours"), events("stock"), 10)]

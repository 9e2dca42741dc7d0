#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With every CONFIG_VSIO option off, a grafted tree builds the stock hypervisor.

Compared are the bytes and relocations of every section that is loaded, in every object
file, and the symbols with their sizes in the linked hypervisor. Three things may differ:
line numbers, in BUG frames and as constants (the hooks are lines, too), the embedded
.config, the date.

XEN_STOCK: a stock Xen tree, configured and built for arm64; default build/xen/stock,
which is built if it is not there.
"""
import os
import re
import shutil
import struct
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
B = os.path.join(TOP, os.environ.get("B", "build"))
STOCK = os.path.join(TOP, os.environ.get("XEN_STOCK", os.path.join(B, "xen/stock")))
OFF = os.path.join(B, "xen/off")
CROSS = "aarch64-linux-gnu-"
MAY_DIFFER = (("", ".bug_frames"), ("common/config_data.o", ".rodata"),
              ("common/version.o", ".rodata"))
MAKE_STATE = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "B")


def run(*command, **options):
    """Output of a command; the test stops with its last lines if it fails."""
    env = {k: v for k, v in os.environ.items() if k not in MAKE_STATE}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=env, cwd=TOP, **options)
    if done.returncode:
        print("Bail out!", " ".join(command[:4]), "failed")
        print("# " + "\n# ".join(done.stdout.splitlines()[-20:]))
        sys.exit(1)
    return done.stdout


def xen_make(*targets):
    run("make", "-C", os.path.join(OFF, "xen"), f"-j{os.cpu_count()}", "XEN_TARGET_ARCH=arm64",
        "CROSS_COMPILE=" + CROSS, *targets)


def build_off():
    """OFF: the stock tree grafted, all options off, built."""
    shutil.rmtree(OFF, ignore_errors=True)
    os.makedirs(OFF)
    for name in ("Config.mk", "config", "xen"):
        run("cp", "-a", os.path.join(STOCK, name), OFF)
    run(os.path.join(TOP, "tools/xen-graft"), OFF)
    with open(os.path.join(OFF, "xen/arch/arm/vsio/Kconfig")) as f:
        options = re.findall(r"^(?:menu)?config (VSIO\w*)", f.read(), re.M)
    with open(os.path.join(OFF, "xen/.config"), "a") as f:
        f.writelines(f"# CONFIG_{option} is not set\n" for option in options)
    xen_make("olddefconfig")
    with open(os.path.join(OFF, "xen/.config")) as f:
        config = f.read()
    xen_make("build")
    return options, re.findall(r"^CONFIG_VSIO\w*=.*", config, re.M)


def objects(tree):
    """The object files of single sources, by their path in the tree."""
    top = os.path.join(tree, "xen")
    return {os.path.relpath(os.path.join(where, name), top)
            for where, _, names in os.walk(top) for name in names
            if name.endswith(".o") and name not in ("built_in.o", "prelink.o")}


def contents(path):
    """What is loaded of an object: section -> (size, bytes, relocations)."""
    with open(path, "rb") as f:
        data = f.read()
    sections = {}
    for line in run(CROSS + "objdump", "-h", "-w", path).splitlines():
        field = line.split()
        if field and field[0].isdigit() and "ALLOC" in line:
            size, offset = int(field[2], 16), int(field[5], 16)
            sections[field[1]] = [size, data[offset:offset + size] * ("CONTENTS" in line), ""]
    for part in run(CROSS + "objdump", "-r", path).split("RELOCATION RECORDS FOR [")[1:]:
        name, records = part.split("]:", 1)
        if name in sections:
            sections[name][2] = records
    return sections


def lines(tree, name):
    with open(os.path.join(tree, "xen", name[:-2] + ".c"), encoding="utf-8") as f:
        return sum(1 for _ in f)


def is_later_line(stock, off, shift):
    """Do these instructions load a line number, of the same line?"""
    return (stock >> 21 == 0x52800000 >> 21 and not (stock ^ off) & ~(0xffff << 5) and
            (off >> 5 & 0xffff) - (stock >> 5 & 0xffff) == shift)


def same_code(name, stock, off):
    """But for line numbers: mov wN, #line."""
    shift = lines(OFF, name) - lines(STOCK, name)
    words = [struct.unpack(f"<{part[0] // 4}I", part[1]) for part in (stock, off)]
    return len(words[0]) == len(words[1]) and stock[2] == off[2] and all(
        a == b or is_later_line(a, b, shift) for a, b in zip(*words))


def differences(name):
    """The sections in which an object differs from the stock one, that may not."""
    paths = [os.path.join(tree, "xen", name) for tree in (STOCK, OFF)]
    with open(paths[0], "rb") as a, open(paths[1], "rb") as b:
        if a.read() == b.read():
            return None
    stock, off = map(contents, paths)
    different = [s for s in sorted(stock.keys() | off.keys()) if stock.get(s) != off.get(s)
                 and not (s == ".text" and same_code(name, stock[s], off[s]))]
    return [s for s in different
            if not any(name.startswith(n) and s.startswith(p) for n, p in MAY_DIFFER)
            or "bug_frames" in s and stock.get(s, [0])[0] != off.get(s, [0])[0]]


def symbols(tree):
    """Names, types and sizes; not the compressed .config."""
    table = [line.split() for line in
             run(CROSS + "nm", "-S", os.path.join(tree, "xen/xen-syms")).splitlines()]
    return sorted(tuple(row[1:]) for row in table
                  if len(row) == 4 and not row[3].startswith("xen_config_data"))


def main():
    if not shutil.which(CROSS + "gcc"):
        print(f"1..0 # SKIP no {CROSS}gcc")
        return
    if not os.path.exists(os.path.join(STOCK, "xen/xen-syms")):
        run("make", "-f", "tools/lab.mk", "B=" + B, os.path.join(B, "xen/stock/xen/xen"))
    options, still_on = build_off()
    results = []
    results.append((options and not still_on, f"options off: {' '.join(options)}", still_on))
    stock, off = objects(STOCK), objects(OFF)
    results.append((stock == off, f"the same {len(stock)} object files", sorted(stock ^ off)))
    found = {name: differences(name) for name in sorted(stock & off)}
    same = sum(d is None for d in found.values())
    wrong = [f"{name}: {' '.join(d)}" for name, d in found.items() if d]
    results.append((same and not wrong, f"{same} of them are the same to the byte, the others in "
                    "all code and data but line numbers, .config, date", wrong))
    only = sorted(set(symbols(STOCK)) ^ set(symbols(OFF)))
    results.append((not only, "the same symbols with the same sizes in xen-syms", only))
    for number, (good, name, detail) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        for line in detail if not good else ():
            print("#", line)
    print(f"1..{len(results)}")
    sys.exit(not all(good for good, _, _ in results))


main()

# SPDX-License-Identifier: MIT
"""Bytes of Xen's memory that a domain's devices take, on arm64.

One object of each built tree is compiled once more, by the command that built it, with
debug information, which tells the size of each structure.
"""
import re
import shlex

from figures import Figure
from tools import B, OUT, run

TREES = {"ours": "grafted", "stock": "stock"}
DEVICES = (("PL011", "vpl011"), ("PL031", "vpl031"), ("i8042", "vi8042"),
           ("16550A", "vns16550"), ("CFI flash, without its contents", "vflash"))


def structures(tree, name):
    """Size of each structure that a source of Xen's knows."""
    top = B / "xen" / tree / "xen"
    kept = (top / name).with_name("." + (top / name).name + ".o.cmd").read_text()
    command = shlex.split(re.match(r"cmd_\S+ := (.*)", kept)[1])
    out = OUT / ("%s-%s.o" % (tree, name.rpartition("/")[2]))
    command[command.index("-o") + 1] = str(out)
    command[command.index("-MF") + 1] = str(out) + ".d"
    run(*command, "-g", cwd=top)
    text = run("aarch64-linux-gnu-objdump", "--dwarf=info", out)
    found = re.findall(r"DW_TAG_structure_type\)\n.*DW_AT_name\s*:.*?(\w+)\n"
                       r".*DW_AT_byte_size\s*: (\d+)", text)
    return {name: int(size) for name, size in found}


def figures():
    found, known = [], {}
    for title, name in DEVICES:
        known[name] = structures("grafted", "arch/arm/vsio/" + name)
        found.append(Figure("size_" + name, "bytes, arm64", title, known[name][name + "_state"]))
    stock = structures("stock", "arch/arm/vpl011")["vpl011"]
    # Xen's own structure is in each domain with either; ours comes on top.
    found[0].ours += known["vpl011"]["vpl011"]
    found[0].stock = stock
    fixed = known["vpl011"]
    found.insert(0, Figure("size_domain", "bytes, arm64", "a domain with a device",
                           fixed["vsio_domain"]))
    found.insert(1, Figure("size_slot", "bytes, arm64", "part of each device: its slot",
                           fixed["vsio_slot"]))
    return found

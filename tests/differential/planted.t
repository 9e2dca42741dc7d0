#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The comparison finds what is wrong: faults planted in our devices.

Each is found, shrunk to a few operations, and printed as a unit test, which
fails on the device with the fault and passes on the one without it.
"""

import glob
import os
import re
import shutil
import subprocess
import sys

TOP = os.path.realpath(f"{os.path.dirname(os.path.realpath(__file__))}/../..")
os.chdir(TOP)
BUILD = f"{os.environ.get('B', 'build')}/differential"
OUT = f"{BUILD}/planted"
CC = ["gcc", "-O0", "-std=gnu11", "-Wall", "-Wextra", "-Werror"]
UNIT = [*glob.glob("tests/unit/*-host.c"),
        *(f"tests/unit/{name}.c" for name in ("access", "harness", "hosted"))]

# What is wrong then; device, file, the text before and after, and how many
# operations show it at most.
FAULTS = (
    ("a bit of FBRD is not there", "pl011", "pl011-regs.h",
     "PL011_FBRD_MASK  0x3fU", "PL011_FBRD_MASK  0x1fU", 2),
    ("ECR clears nothing", "pl011", "pl011.c",
     "u->rsr = 0;\n        break;", "break;", 5),
    ("the transmitter raises no interrupt", "pl011", "pl011.c",
     "(u->ris & u->imsc) != 0);\n}", "(u->ris & u->imsc & ~0x20U) != 0);\n}",
     1),
    ("a byte leaves with 7 bits", "pl011", "pl011.c",
     "->tx(u->dev.ctx, byte)", "->tx(u->dev.ctx, byte & 0x7fU)", 1),
    ("ICR takes any bit", "pl031", "pl031.c",
     "!(value & PL031_INT)", "!value", 4),
    ("the alarm is a second late", "pl031", "pl031-state.h",
     "return second + (uint32_t)(r->mr - counter(r, second))",
     "return second + (uint32_t)(r->mr - counter(r, second)) + 1U", 3),
    ("the highest trigger is 12", "ns16550", "ns16550.c",
     "{ 1, 4, 8, 14 }", "{ 1, 4, 8, 12 }", 5),
    ("IIR does not end THRE", "ns16550", "ns16550.c",
     "if ( source == NS16550_IIR_THRE )",
     "if ( source == NS16550_IIR_THRE && u->scr )", 3),
    ("a code of a key is another's", "i8042", "ps2-kbd.c",
     "0x69, 0x31, 0x30, 0x23", "0x69, 0x31, 0x31, 0x23", 5),
    ("the line stays up from byte to byte", "i8042", "i8042.c",
     "    update_irq(k); /* falls before it may rise again */\n", "", 8),
    ("no motion upwards is some downwards", "i8042", "ps2-mouse.c",
     "dy < 0 ? PACKET_Y_NEG", "dy <= 0 ? PACKET_Y_NEG", 9),
    ("a disabled keyboard does not interrupt", "i8042", "i8042.c",
     "(k->ram[0] & enable);",
     "(k->ram[0] & enable) && (aux || !(k->ram[0] & I8042_CTR_KBD_DIS));", 5),
    ("a program sets bits", "cfi-flash", "cfi-flash.c",
     "get_word(f, at) & word", "get_word(f, at) * 0U + word", 7),
    ("a buffer takes a word too many", "cfi-flash", "cfi-flash.c",
     "if ( word >= (uint32_t)f->geometry.buffer",
     "if ( word > (uint32_t)f->geometry.buffer", 4),
    ("half of a block that is erased is not told of", "cfi-flash",
     "cfi-flash.c", "dirty(f, first, block);", "dirty(f, first, block / 2);", 9),
)


def plant(fault, number):
    """A copy of the devices with the fault; where it is."""
    _, _, name, before, after, _ = fault
    place = f"{OUT}/{number}"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree("devices", place)
    with open(f"{place}/{name}", encoding="utf-8") as file:
        text = file.read()
    if text.count(before) != 1:
        raise ValueError(f"{name} has no such place any more: {before}")
    with open(f"{place}/{name}", "w", encoding="utf-8") as file:
        file.write(text.replace(before, after))
    return place


def build(devices, program, *sources):
    subprocess.run([*CC, "-o", program, f"-I{devices}", "-Itests/unit",
                    *sources, *glob.glob(f"{devices}/*.c")], check=True)


def found(device, place):
    """The unit test that the comparison prints, or None."""
    server = f"{place}/server"
    build(place, server, "tests/differential/server.c",
          *glob.glob("tests/differential/host-*.c"))
    run = subprocess.run(["tests/differential/run", device], check=False,
                         env=dict(os.environ, N="20000", SEED="planted",
                                  VSIO_SERVER=server),
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True)
    if run.returncode == 0:
        return None
    text = re.search(r"(\d+) operations; as a unit test:\n#\n(.*?TESTS.*?\n)",
                     run.stderr, re.S)
    if not text:
        return None
    return int(text[1]), re.sub(r"^# ?", "", text[2], flags=re.M)


def passes(devices, unit, program):
    build(devices, program, unit, *UNIT)
    return subprocess.run([program], stdout=subprocess.DEVNULL,
                          check=False).returncode == 0


def wrong(fault, number):
    """None when the fault is found as it should be."""
    place = plant(fault, number)
    result = found(fault[1], place)
    if not result:
        return "it is not found"
    operations, text = result
    unit = f"{place}.c"
    with open(unit, "w", encoding="utf-8") as file:
        file.write(text)
    if operations > fault[5]:
        return f"{operations} operations are left: see {unit}"
    if passes(place, unit, f"{place}/test"):
        return f"the unit test passes: see {unit}"
    if not passes("devices", unit, f"{place}/test"):
        return f"the unit test fails without the fault, too: see {unit}"
    return None


def run_with(rows, before, after):
    """Results of a run with other rows in the code, and in the page."""
    place = os.path.realpath(f"{OUT}/rows")
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree("tests/differential", f"{place}/tests/differential")
    shutil.copytree("docs", f"{place}/docs")
    for name, old, new in (("tests/differential/pl031.py", "AGAIN)", rows),
                           ("docs/deviations.md", before, after)):
        with open(f"{place}/{name}", encoding="utf-8") as file:
            text = file.read()
        with open(f"{place}/{name}", "w", encoding="utf-8") as file:
            file.write(text.replace(old, new))
    return subprocess.run(
        [f"{place}/tests/differential/run", "pl031"], check=False,
        env=dict(os.environ, N="1", B=os.path.realpath(f"{BUILD}/.."),
                 VSIO_SERVER=os.path.realpath(f"{BUILD}/server")),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def rows_noticed(point, rows, before, after):
    """None when exactly this point of a run fails."""
    failed = re.findall(r"^not ok (\d+)", run_with(rows, before, after), re.M)
    return None if failed == [point] else f"points {failed} fail"


def main():
    row = "| pl031-lanes |"
    dead = f"| pl031-dead |\n{row}"
    cases = [(f"{fault[1]}: {fault[0]}", wrong, fault, number)
             for number, fault in enumerate(FAULTS, 1)]
    cases += [
        ("a row that the page has not", rows_noticed, "1",
         "AGAIN)", row, "| none |"),
        ("a row that the code has not", rows_noticed, "1",
         "AGAIN)", row, dead),
        ("a row that explains nothing", rows_noticed, "12",
         'AGAIN, "pl031-dead")', row, dead),
    ]
    failed = 0
    for number, (name, check, *args) in enumerate(cases, 1):
        why = check(*args)
        failed += why is not None
        print(f"{'not ok' if why else 'ok'} {number} - {name}", flush=True)
        if why:
            print(f"# {why}", file=sys.stderr)
    print(f"1..{len(cases)}")
    return 1 if failed else 0


sys.exit(main())

# SPDX-License-Identifier: MIT
"""Where things are, and how programs are run."""
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
B = pathlib.Path(os.environ.get("B", "build")).resolve()
OUT = B / "bench"
XEN = B / "xen/src/xen"


def run(*args, **options):
    """-> what it prints. The bench ends if it fails."""
    args = [str(a) for a in args]
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    if done.returncode:
        sys.exit("bench: %s\n%s" % (" ".join(args), done.stdout))
    return done.stdout


def count(program, *args):
    """Run it under callgrind. -> instructions that the measured_*() functions have called.

    And those that each function has executed itself, by its name.
    """
    name = "-".join([program.name, *map(str, args)])
    out = OUT / (name + ".callgrind")
    run("valgrind", "--tool=callgrind", "--toggle-collect=measured_*", "--compress-strings=no",
        "--compress-pos=no", "--callgrind-out-file=%s" % out, program, *args)
    total, own, fn, call = 0, {}, "", False
    for line in out.read_text().splitlines():
        if line.startswith("fn="):
            fn = line[3:]
        elif line.startswith("calls="):
            call = True  # next comes a line with the position of the call, and what it cost
        elif re.match(r"\d\S* \d+$", line):
            cost = int(line.split()[1])
            if not call:
                own[fn] = own.get(fn, 0) + cost
            elif fn.startswith("measured_"):
                total += cost
            call = False
    return total, own


def tidy(number):
    number = round(number, 2)
    return int(number) if number == int(number) else number

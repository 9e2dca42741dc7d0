#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""prove.py IMAGE TABLE DEVICE... - proves of each what docs/proofs.md says.

IMAGE is the linked object code, with debug information for the layout of
structures. One line for each entry point, also into TABLE; what is wrong is
printed with an example, and exits 1. ENTRY=NAME in the environment proves just
this one; HARD=1 proves also those that take very long.
"""

import os
import sys
import time

from image import Image
from proof import Proof
from specs import SPECS

COLUMNS = ("device", "entry point", "paths", "most instructions",
           "branches both ways", "questions", "seconds")


def shown(paths):
    return str(paths) if paths < 10 ** 6 else f"{paths:.1e}"


def row(device, result, seconds):
    return (device, result.name, shown(result.paths), str(result.steps),
            f"{result.both_ways} of {result.branches}",
            str(result.questions), f"{seconds:.0f}")


def prove_device(image, name, table):
    """True: it is all proven."""
    good = True
    proof = Proof(image, SPECS[name]())
    wanted = os.environ.get("ENTRY")
    for entry in proof.spec.entries(proof):
        if wanted and entry.name != wanted or \
                entry.hard and not os.environ.get("HARD"):
            continue
        if sys.stderr.isatty():
            print(f"{name} {entry.name} ...", end="\r", file=sys.stderr)
        start = time.process_time()
        result = proof.prove(entry)
        cells = row(name, result, time.process_time() - start)
        print("{:10} {:14} paths {:>8}  instructions {:>5}  "
              "branches {:>9}  questions {:>5}  {:>4} s".format(*cells),
              flush=True)
        print("| " + " | ".join(cells) + " |", file=table, flush=True)
        for text, where, example in result.findings:
            good = False
            print(f"    {text}, at {where}, e.g. {example}", flush=True)
    if not wanted:
        print(f"{name:10} all of them: {proof.coverage()}", flush=True)
    return good


def main():
    if len(sys.argv) < 4 or any(n not in SPECS for n in sys.argv[3:]):
        sys.exit(__doc__ + "\nDevices: " + " ".join(SPECS))
    sys.setrecursionlimit(100000)
    image = Image(sys.argv[1])
    with open(sys.argv[2], "w") as table:
        print("| " + " | ".join(COLUMNS) + " |", file=table)
        print("|---" * len(COLUMNS) + "|", file=table)
        results = [prove_device(image, n, table) for n in sys.argv[3:]]
    sys.exit(not all(results))


if __name__ == "__main__":
    main()

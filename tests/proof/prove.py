#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""prove.py IMAGE TABLE DEVICE... - proves of each what docs/proofs.md says.

IMAGE is the linked object code, with debug information for the layout of
structures. One line for each entry point, also into TABLE; what is wrong is
printed with an example, and exits 1. In the environment: ENTRY=NAME proves just
this one; JOBS is how many at a time, 2 if it is not set.
"""

import multiprocessing
import os
import sys
import time

from image import Image
from proof import Proof
from specs import SPECS

COLUMNS = ("device", "entry point", "paths", "most instructions",
           "branches both ways", "questions", "seconds")


class Work:
    """What a process has at hand: the image, and the proof of one device."""

    image = name = proof = None
    entries = {}

    @classmethod
    def begin(cls, path):
        sys.setrecursionlimit(100000)
        cls.image = Image(path)

    @classmethod
    def turn_to(cls, name):
        if cls.name != name:
            cls.name, cls.proof = name, Proof(cls.image, SPECS[name]())
            cls.entries = {e.name: e
                           for e in cls.proof.spec.entries(cls.proof)}


def entries_of(name):
    """Those to be proven, of one device."""
    Work.turn_to(name)
    wanted = os.environ.get("ENTRY")
    return [(name, e.name) for e in Work.entries.values()
            if wanted in (None, "", e.name)]


def prove(task):
    """Name of a device and of an entry point. -> result, seconds"""
    name, entry = task
    Work.turn_to(name)
    start = time.process_time()
    result = Work.proof.prove(Work.entries[entry])
    result.findings += Work.proof.check_cases(Work.entries[entry])
    return result, time.process_time() - start


def shown(paths):
    return str(paths) if paths < 10 ** 6 else f"{paths:.1e}"


def report(task, result, seconds, table):
    cells = (*task, shown(result.paths), str(result.steps),
             f"{result.both_ways} of {result.branches}",
             str(result.questions), f"{seconds:.0f}")
    print("{:10} {:14} paths {:>8}  instructions {:>5}  "
          "branches {:>10}  questions {:>6}  {:>4} s".format(*cells),
          flush=True)
    print("| " + " | ".join(cells) + " |", file=table, flush=True)
    for text, where, example in result.findings:
        print(f"    {text}, at {where}, e.g. {example}", flush=True)


def coverage(name, results):
    """Of all entry points of a device together."""
    Work.turn_to(name)
    for r in results:
        Work.proof.reached |= r.reached
        Work.proof.ways |= r.ways
    print(f"{name:10} all of them: {Work.proof.coverage()}", flush=True)


def prove_all(pool, names, table):
    """True: it is all proven."""
    tasks = [t for some in pool.imap(entries_of, names) for t in some]
    results = {name: [] for name in names}
    for n, (task, (result, seconds)) in enumerate(
            zip(tasks, pool.imap(prove, tasks)), 1):
        report(task, result, seconds, table)
        results[task[0]].append(result)
        if sys.stderr.isatty():
            print(f"{n} of {len(tasks)} ...", end="\r", file=sys.stderr)
        if task == [t for t in tasks if t[0] == task[0]][-1]:
            coverage(task[0], results[task[0]])
    return tasks and not any(r.findings for rs in results.values()
                             for r in rs)


def main():
    if len(sys.argv) < 4 or any(n not in SPECS for n in sys.argv[3:]):
        sys.exit(__doc__ + "\nDevices: " + " ".join(SPECS))
    Work.begin(sys.argv[1])
    jobs = int(os.environ.get("JOBS") or 2)
    with multiprocessing.Pool(jobs, Work.begin, sys.argv[1:2]) as pool, \
            open(sys.argv[2], "w") as table:
        print("| " + " | ".join(COLUMNS) + " |", file=table)
        print("|---" * len(COLUMNS) + "|", file=table)
        good = prove_all(pool, sys.argv[3:], table)
    sys.exit(not good)


if __name__ == "__main__":
    main()

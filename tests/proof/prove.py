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
from itertools import groupby

from image import Image
from proof import Proof, Result
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


def tasks_of(name):
    """A device's: entry points with their cases, by number."""
    Work.turn_to(name)
    wanted = os.environ.get("ENTRY")
    return [(name, e.name, n) for e in Work.entries.values()
            if wanted in (None, "", e.name) for n in range(len(e.cases))]


def prove(task):
    """One case of an entry point. -> result, seconds"""
    name, entry, n = task
    Work.turn_to(name)
    entry = Work.entries[entry]
    start = time.process_time()
    left = Work.proof.check_cases(entry) if n == 0 else []
    entry.cases = entry.cases[n:n + 1]
    result = Work.proof.prove(entry)
    result.findings += left
    return result, time.process_time() - start


def shown(paths):
    return str(paths) if paths < 10 ** 6 else f"{paths:.1e}"


def report(name, result, seconds, table):
    branches, both = Work.proof.count(result)
    cells = (name, result.name, shown(result.paths), str(result.steps),
             f"{both} of {branches}", str(result.questions), f"{seconds:.0f}")
    print("{:10} {:14} paths {:>8}  instructions {:>5}  "
          "branches {:>10}  questions {:>6}  {:>4} s".format(*cells),
          flush=True)
    print("| " + " | ".join(cells) + " |", file=table, flush=True)
    for text, where, example in result.findings:
        print(f"    {text}, at {where}, e.g. {example}", flush=True)


def prove_device(name, done, table):
    """done: its tasks with their results. True: it is all proven."""
    Work.turn_to(name)
    device = Result(name)
    for entry, parts in groupby(done, lambda part: part[0][1]):
        result, seconds = Result(entry), 0
        for _, (part, took) in parts:
            result.add(part)
            seconds += took
        report(name, result, seconds, table)
        device.add(result)
    print(f"{name:10} all of them: {Work.proof.coverage(device)}", flush=True)
    return not device.findings


def progress(results, number):
    for n, result in enumerate(results, 1):
        yield result
        if sys.stderr.isatty():
            print(f"{n} of {number} ...", end="\r", file=sys.stderr)


def prove_all(pool, names, table):
    """True: it is all proven."""
    tasks = [t for some in pool.imap(tasks_of, names) for t in some]
    done = zip(tasks, progress(pool.imap(prove, tasks), len(tasks)))
    good = [prove_device(name, parts, table)
            for name, parts in groupby(done, lambda part: part[0][0])]
    return good and all(good)


def main():
    if len(sys.argv) < 4 or any(n not in SPECS for n in sys.argv[3:]):
        sys.exit(__doc__ + "\nDevices: " + " ".join(SPECS))
    Work.begin(sys.argv[1])
    jobs = int(os.environ.get("JOBS") or 2)
    # A process for each: what it remembers of terms only grows. Not by fork:
    # the decoder has a lock, which this process may hold just then.
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, Work.begin, sys.argv[1:2], 1) as pool, \
            open(sys.argv[2], "w") as table:
        print("| " + " | ".join(COLUMNS) + " |", file=table)
        print("|---" * len(COLUMNS) + "|", file=table)
        good = prove_all(pool, sys.argv[3:], table)
    sys.exit(not good)


if __name__ == "__main__":
    main()

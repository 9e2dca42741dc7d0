#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare.py IMAGE [WORLD...] - the executor against unicorn and the solver.

Terms, memory, calls with numbers, and ends of symbolic runs. SEED in the
environment: of the random numbers; RUNS: how many calls of each world. What
differs is printed, and exits 1; the same SEED and RUNS show it again. FIRST=1:
no more after that.
"""

import os
import random
import sys

from compare_calls import Calls
from compare_ends import Ends
from compare_memory import compare_memory
from compare_terms import compare_terms
from image import Image
from worlds import worlds

# Entry points whose symbolic runs are short; None: all without a buffer.
ENDS = {"rate-limit": None, "legacy-pio": None, "pl031": None,
        "pl011": ("reset", "overrun", "rx_error")}


def calls(world, runs):
    """What was compared; what differs, or None."""
    of = Calls(world)
    for n in range(runs):
        world.settle()
        what = of.run()
        if what:
            return f"calls of {world.name}", f"call {n}, {what}"
    what = None
    if world.spec and of.done < runs / 2:
        what = "hardly any"
    line = (f"calls of {world.name}: {of.done} of {runs}, {of.callbacks} "
            f"callbacks, {len(of.names)} of {len(world.functions)} functions")
    return line if of.done else f"{line} # SKIP all refused", what


def ends(world, runs):
    of = Ends(world, ENDS[world.name])
    for n in range(runs):
        what = of.run()
        if what:
            return f"ends of {world.name}", f"run {n}, {what}"
    return (f"ends of {world.name}: {of.done} of {runs}, {of.callbacks} "
            f"callbacks, {len(of.known)} entry points",
            "hardly any" if of.done < runs / 2 else None)


def parts(image, wanted, seed, runs):
    """Lines and what is wrong, one by one."""
    def rng(name):
        return random.Random(f"{seed} {name}")

    if not wanted:
        yield compare_terms(rng("terms"), 10 * runs)
        yield compare_memory(rng("memory"), 5 * runs)
        yield compare_memory(rng("device"), 5 * runs, image)
    for world in worlds(image, wanted, rng):
        yield calls(world, runs)
    for world in worlds(image, wanted, rng):
        if world.name in ENDS:
            yield ends(world, runs // 4)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.setrecursionlimit(100000)
    seed, runs = os.environ.get("SEED") or "1", os.environ.get("RUNS") or "200"
    bad = n = 0
    for n, (line, wrong) in enumerate(
            parts(Image(sys.argv[1]), sys.argv[2:], seed, int(runs)), 1):
        bad += wrong is not None
        print(f"{'not ' if wrong else ''}ok {n} - {line}", flush=True)
        if wrong:
            print(f"# {wrong}\n# SEED={seed} RUNS={runs}", flush=True)
        if wrong and os.environ.get("FIRST"):
            break
    print(f"1..{n}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()

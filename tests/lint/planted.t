#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each fault that the proofs have to find, and each that their comparison has
to find in the executor, can be planted: there is one place for it.
"""

import os
import sys

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.dont_write_bytecode = True
sys.path.insert(0, "tests/proof")

import compare_planted  # noqa: E402
import faults  # noqa: E402


def places(fault, *directories):
    """How many there are, in the file of that name."""
    paths = [os.path.join(d, fault.file) for d in directories]
    return sum(open(p).read().count(fault.old)
               for p in paths if os.path.exists(p))


print("1..2")
for n, (of, planted, *where) in enumerate((
        ("the proofs", faults.FAULTS, "devices", "xen/vsio"),
        ("the executor", compare_planted.FAULTS, "tests/proof")), 1):
    bad = [f for f in planted if places(f, *where) != 1]
    print(f"{'not ' if bad or not planted else ''}ok {n} - {len(planted)} "
          f"faults of {of}")
    for f in bad:
        print(f"# {places(f, *where)} places in {f.file}: {f.what}")

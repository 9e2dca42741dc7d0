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
from fault import planted  # noqa: E402


def wrong(fault, *directories):
    """Why it can't be planted, or None."""
    paths = [os.path.join(d, fault.file) for d in directories]
    try:
        planted(fault, next(filter(os.path.exists, paths), paths[0]))
    except (OSError, ValueError) as e:
        return f"{e}: {fault.file}, {fault.what}"
    return None


print("1..2")
for n, (of, some, *where) in enumerate((
        ("the proofs", faults.FAULTS, "devices", "xen/vsio"),
        ("the executor", compare_planted.FAULTS, "tests/proof")), 1):
    bad = [why for f in some if (why := wrong(f, *where))]
    print(f"{'not ' if bad or not some else ''}ok {n} - {len(some)} faults "
          f"of {of}")
    for why in bad:
        print(f"# {why}")

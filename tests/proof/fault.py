# SPDX-License-Identifier: MIT
"""What a planted fault is, and how it is planted."""

from collections import namedtuple

# found: what the proof must say of it. offset: of a register, whose case of
# the entry point is enough; None: all cases.
Fault = namedtuple("Fault", "kind device entry file old new found what offset",
                   defaults=[None])

KINDS = BOUNDS, MASK, LOOP, TYPE, BROKEN = (
    "bounds", "missing mask", "unbounded loop", "wrong index type",
    "broken invariant")
INVARIANT = "invariant does not hold"
OUTSIDE = "beside|outside|nothing's|no code"


def planted(fault, path):
    """The text of a file with the fault in it; it must have one place."""
    with open(path) as f:
        text = f.read()
    if text.count(fault.old) != 1:
        raise ValueError(f"{text.count(fault.old)} places to plant it")
    return text.replace(fault.old, fault.new)

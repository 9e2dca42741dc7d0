# SPDX-License-Identifier: MIT
"""What a planted fault is."""

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

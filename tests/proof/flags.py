# SPDX-License-Identifier: MIT
"""What conditions on flags have in common. VEX keeps operation and operands."""

import terms as T


class Unsupported(Exception):
    """An operation that has no meaning here."""


def differ(p, q):
    return T.either(T.both(p, T.negate(q)), T.both(T.negate(p), q))


def of_choice(function, width, op, *operands):
    """function of an operation, or of each that it may be: after ccmp, or where
    states have met, it depends on another condition."""
    if not T.symbolic(op):
        return function(op, *operands)
    if op.op != "ite":
        raise Unsupported("flags that nobody knows")
    c, yes, no = op.args

    def where(truth, case):
        return of_choice(function, width, case,
                         *(T.under(v, c, truth) for v in operands))

    return T.ite(c, where(True, yes), where(False, no), width)

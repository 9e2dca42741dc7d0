# SPDX-License-Identifier: MIT
"""Random terms: what terms.py makes of them has the value that they had.

Each node is built by terms.py, and its value computed by the few lines of
PLAIN, for some choices of its variables. The simplified term must have these
values, and lie in its interval; some are asked of the solver.
"""

import terms as T
from solver import Solver

WIDTHS = (1, 5, 8, 16, 32, 64)
CHOICES, NODES = 6, 40


def plus_minus(v, w):
    return v - 2 ** w if v >= 2 ** (w - 1) else v


PLAIN = {
    "add": lambda a, b, w: (a + b) % 2 ** w,
    "sub": lambda a, b, w: (a - b) % 2 ** w,
    "mul": lambda a, b, w: a * b % 2 ** w,
    "and": lambda a, b, w: a & b,
    "or": lambda a, b, w: a | b,
    "xor": lambda a, b, w: a ^ b,
    "shl": lambda a, b, w: (a << min(b, w)) % 2 ** w,
    "lshr": lambda a, b, w: a >> b,
    "ashr": lambda a, b, w: (plus_minus(a, w) >> b) % 2 ** w,
    "equal": lambda a, b, w: a == b,
    "below": lambda a, b, w: a < b,
    "below_signed": lambda a, b, w: plus_minus(a, w) < plus_minus(b, w),
}


class Round:
    """Some nodes: (width, term, its values)."""

    def __init__(self, rng, n):
        self.rng = rng
        self.choices = [{} for _ in range(CHOICES)]
        self.done = [{} for _ in range(CHOICES)]
        self.variables = {}
        self.nodes = []
        for w in (0, 0, *WIDTHS, *WIDTHS):
            name = f"random {n} {len(self.variables)}"
            term = T.var(name, w) if w else T.boolean(name)
            self.variables[name] = term, w
            for choice in self.choices:
                choice[name] = self.number(w) if w else bool(
                    rng.getrandbits(1))
            self.nodes.append((w, term, [c[name] for c in self.choices]))

    def number(self, w):
        kind = self.rng.random()
        if kind < .3:
            return self.rng.getrandbits(w)
        if kind < .6:
            return self.rng.randrange(min(9, 1 << w))
        if kind < .8:
            return (1 << self.rng.randrange(w + 1)) - 1
        return 1 << self.rng.randrange(w)

    def pick(self, w, constant=.3):
        """A node of a width, or a constant."""
        if w and self.rng.random() < constant:
            value = self.number(w)
            return value, [value] * CHOICES
        some = [n for n in self.nodes if n[0] == w]
        return self.rng.choice(some[-6:] if self.rng.random() < .7
                               else some)[1:]

    def grow(self):
        """One more node: its width, term and values."""
        kind = self.rng.choice((self.binary, self.binary, self.compare,
                                self.choose, self.part, self.wider, self.join,
                                self.logic))
        node = kind(self.rng.choice(WIDTHS))
        self.nodes.append(node)
        return node

    def binary(self, w):
        op = self.rng.choice([*T.FOLD])
        (a, x), (b, y) = self.pick(w), self.pick(w)
        return w, T.binary(op, a, b, w), [
            PLAIN[op](p, q, w) for p, q in zip(x, y)]

    def compare(self, w):
        """Often with a constant that the other one is, sometimes."""
        op = self.rng.choice(("equal", "below", "below_signed"))
        (a, x), (b, y) = self.pick(w), self.pick(w)
        if self.rng.random() < .4:
            b = self.rng.choice(x)
            y = [b] * CHOICES
        return 0, getattr(T, op)(a, b, w), [
            PLAIN[op](p, q, w) for p, q in zip(x, y)]

    def choose(self, w):
        (c, z), (a, x), (b, y) = self.pick(0), self.pick(w, .6), \
            self.pick(w, .6)
        if self.rng.random() < .2:
            w, a, b, x, y = 0, *self.pair_of(self.pick(0), self.pick(0))
        return w, T.ite(c, a, b, w), [
            p if r else q for r, p, q in zip(z, x, y)]

    @staticmethod
    def pair_of(first, second):
        return first[0], second[0], first[1], second[1]

    def part(self, w):
        a, x = self.pick(w, 0)
        low = self.rng.randrange(w)
        high = self.rng.randrange(low, w)
        size = high - low + 1
        term = T.extract(a, high, low, w)
        values = [v >> low & ((1 << size) - 1) for v in x]
        if size in WIDTHS:
            return size, term, values
        return 64, T.zero_extend(term, size, 64), values

    def wider(self, w):
        a, x = self.pick(w, 0)
        to = self.rng.choice([t for t in WIDTHS if t >= w])
        if to == w or self.rng.getrandbits(1):
            return to, T.zero_extend(a, w, to), x
        return to, T.sign_extend(a, w, to), [
            plus_minus(v, w) % 2 ** to for v in x]

    def join(self, w):
        wide = self.rng.choice((16, 32, 64))
        (a, x), (b, y) = self.pick(wide // 2), self.pick(wide // 2)
        return wide, T.concat(a, b, wide // 2, wide), [
            p << wide // 2 | q for p, q in zip(x, y)]

    def logic(self, w):
        (a, x), (b, y) = self.pick(0), self.pick(0)
        kind = self.rng.randrange(4)
        if kind == 0:
            return 0, T.both(a, b), [p and q for p, q in zip(x, y)]
        if kind == 1:
            return 0, T.either(a, b), [p or q for p, q in zip(x, y)]
        if kind == 2:
            return 0, T.negate(a), [not p for p in x]
        return w, T.from_bool(a, w), [int(p) for p in x]

    # --- Checks ---------------------------------------------------------------

    def wrong(self, node):
        """What is wrong with it, or None."""
        _, term, values = node
        low, high = T.interval(term)
        for choice, done, value in zip(self.choices, self.done, values):
            now = T.substitute(term, choice, done)
            if now != value:
                return f"{shown(term)} is {now!r}, should be {value!r}"
            if not low <= value <= high:
                return f"{shown(term)} is beyond its interval: {value}"
        return None

    def ask(self, solver, node):
        """The solver's value; what is wrong with it, or None."""
        _, term, values = node
        if not T.symbolic(term):
            return None
        n = self.rng.randrange(CHOICES)
        known = [T.equal(v, self.choices[n][name], w) if w else
                 v if self.choices[n][name] else T.negate(v)
                 for name, (v, w) in self.variables.items()]
        now = solver.value(term) if solver.ask(known) else None
        if now != values[n]:
            return f"the solver has {now!r} for {shown(term)}, should be " \
                f"{values[n]!r}"
        return None


def shown(term, depth=4):
    """A term in Lisp's way."""
    if not T.symbolic(term):
        return str(term)
    if depth == 0:
        return "..."
    args = " ".join(a if isinstance(a, str) else shown(a, depth - 1)
                    for a in term.args)
    return f"({term.op}:{term.width} {args})"


def compare_terms(rng, rounds):
    """A line about it; what is wrong, or None."""
    solver, nodes = Solver(), 0
    for n in range(rounds):
        this = Round(rng, n)
        for _ in range(NODES):
            node = this.grow()
            what = this.wrong(node)
            if what:
                return "terms", f"round {n}: {what}"
            nodes += 1
        what = this.ask(solver, node)
        if what:
            return "terms", f"round {n}: {what}"
    return f"terms: {nodes}, of which {rounds} asked of the solver", None

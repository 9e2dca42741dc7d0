# SPDX-License-Identifier: MIT
"""Bit-vector terms: a value is a Python int, or a Term of a known width.

Terms are shared (equal ones are one object), simplified where that is cheap,
and know an interval that they lie in. Width 0 is a truth value, whose constants
are False and True. The solver sees a term when it is asked about it.
"""

import bitwuzla
from bitwuzla import Kind

MANAGER = bitwuzla.TermManager()
TABLE = {}
VARIABLES = []


class Term:
    """One operation; args are terms, ints, and numbers that belong to it.

    variables: those in it, as bits of a number.
    """

    __slots__ = ("op", "args", "width", "low", "high", "solver", "number",
                 "variables")

    def __init__(self, op, args, width, low, high):
        self.op, self.args, self.width = op, args, width
        self.low, self.high = low, high
        self.solver = None
        self.number = len(TABLE)
        self.variables = variables_of(args)

    def __repr__(self):
        return f"<{self.op}:{self.width}>"


def variables_of(args):
    """Of a variable, a bit that no other has."""
    if args and isinstance(args[0], str):
        VARIABLES.append(args[0])
        return 1 << (len(VARIABLES) - 1)
    result = 0
    for a in args:
        if isinstance(a, Term) and a.variables | result != result:
            result = a.variables | result if result else a.variables
    return result


def ones(width):
    return (1 << width) - 1


def interval(v):
    if isinstance(v, Term):
        return v.low, v.high
    return v, v


def key(v):
    return v.number if isinstance(v, Term) else ("c", v)


def make(op, args, width, low=0, high=None):
    name = (op, width) + tuple(key(a) for a in args)
    term = TABLE.get(name)
    if term is None:
        if high is None:
            high = ones(width) if width else 1
        term = TABLE[name] = Term(op, args, width, low, high)
    return term


def var(name, width):
    """The same name is the same value."""
    return make("var", (name,), width)


def boolean(name):
    return make("var", (name,), 0)


def symbolic(v):
    return isinstance(v, Term)


def signed(v, width):
    return v - (1 << width) if v >> (width - 1) else v


# --- Choices ------------------------------------------------------------------

LEAVES = 12


def leaves(v, room=LEAVES):
    """Is it a constant, or a choice of a few? How many more may there be?"""
    if not symbolic(v):
        return room - 1
    if v.op != "ite" or room <= 0:
        return -1
    room = leaves(v.args[1], room)
    return leaves(v.args[2], room) if room > 0 else -1


def is_choice(v):
    return symbolic(v) and v.op == "ite" and leaves(v) >= 0


def through(v, function, width):
    """function of each constant that v may be; the result has that width."""
    if not symbolic(v):
        return function(v)
    return ite(v.args[0], through(v.args[1], function, width),
               through(v.args[2], function, width), width)


def ite(c, a, b, width):
    if c is True or c is False:
        return a if c else b
    if c.op == "not":
        c, a, b = c.args[0], b, a
    a, b = under(a, c, True), under(b, c, False)
    if a is b:
        return a
    if not symbolic(a) and not symbolic(b) and a == b:
        return a
    if width == 0:
        return either(both(c, a), both(negate(c), b))
    lows, highs = zip(interval(a), interval(b))
    return make("ite", (c, a, b), width, min(lows), max(highs))


def under(v, c, truth):
    """v where the condition c is known."""
    while symbolic(v) and v.op == "ite" and v.args[0] is c:
        v = v.args[1] if truth else v.args[2]
    return v


# --- Truth --------------------------------------------------------------------


def negate(a):
    if not symbolic(a):
        return not a
    if a.op == "not":
        return a.args[0]
    return make("not", (a,), 0)


def both(a, b):
    if a is False or b is False:
        return False
    if a is True:
        return b
    if b is True or a is b:
        return a
    if a is negate(b):
        return False
    return make("both", (a, b) if a.number < b.number else (b, a), 0)


def either(a, b):
    if a is True or b is True:
        return True
    if a is False:
        return b
    if b is False or a is b:
        return a
    if a is negate(b):
        return True
    return make("either", (a, b) if a.number < b.number else (b, a), 0)


def all_of(terms):
    result = True
    for t in terms:
        result = both(result, t)
    return result


def any_of(terms):
    result = False
    for t in terms:
        result = either(result, t)
    return result


def equal(a, b, width):
    if not symbolic(a) and not symbolic(b):
        return a == b
    if a is b:
        return True
    if not symbolic(a):
        a, b = b, a
    if interval(a)[1] < interval(b)[0] or interval(b)[1] < interval(a)[0]:
        return False
    if not symbolic(b):
        if is_choice(a):
            return through(a, lambda k: k == b, 0)
        if a.op == "zext":
            return equal(a.args[0], b, a.args[0].width)
        if a.op == "sext" and b == 0:
            return equal(a.args[0], 0, a.args[0].width)
        if a.op == "xor" and b == 0:
            return equal(a.args[0], a.args[1], width)
        if a.op == "add" and not symbolic(a.args[1]):
            return equal(a.args[0], (b - a.args[1]) & ones(width), width)
    elif a.number > b.number:
        a, b = b, a
    return make("equal", (a, b), 0)


def below(a, b, width):
    """Unsigned a < b."""
    if not symbolic(a) and not symbolic(b):
        return a < b
    if a is b or interval(a)[0] >= interval(b)[1]:
        return False
    if interval(a)[1] < interval(b)[0]:
        return True
    if is_choice(a) and not symbolic(b):
        return through(a, lambda k: k < b, 0)
    if is_choice(b) and not symbolic(a):
        return through(b, lambda k: a < k, 0)
    if symbolic(a) and a.op == "zext" and not symbolic(b):
        return below(a.args[0], b, a.args[0].width)
    return make("below", (a, b), 0)


def below_signed(a, b, width):
    if not symbolic(a) and not symbolic(b):
        return signed(a, width) < signed(b, width)
    if a is b:
        return False
    half = 1 << (width - 1)
    if interval(a)[1] < half and interval(b)[1] < half:
        return below(a, b, width)
    if is_choice(a) and not symbolic(b):
        return through(a, lambda k: signed(k, width) < signed(b, width), 0)
    return make("below_signed", (a, b), 0)


# --- Arithmetic ---------------------------------------------------------------


FOLD = {
    "add": lambda a, b, w: (a + b) & ones(w),
    "sub": lambda a, b, w: (a - b) & ones(w),
    "mul": lambda a, b, w: (a * b) & ones(w),
    "and": lambda a, b, w: a & b,
    "or": lambda a, b, w: a | b,
    "xor": lambda a, b, w: a ^ b,
    "shl": lambda a, b, w: (a << b) & ones(w) if b < w else 0,
    "lshr": lambda a, b, w: a >> b if b < w else 0,
    "ashr": lambda a, b, w: (signed(a, w) >> min(b, w - 1)) & ones(w),
}
COMMUTES = {"add", "mul", "and", "or", "xor"}


def bounds(op, a, b, width):
    (al, ah), (bl, bh) = interval(a), interval(b)
    if op == "add" and ah + bh <= ones(width):
        return al + bl, ah + bh
    if op == "sub" and al >= bh:
        return al - bh, ah - bl
    if op == "mul" and ah * bh <= ones(width):
        return al * bl, ah * bh
    if op == "and":
        return 0, min(ah, bh)
    if op in ("or", "xor"):
        return (max(al, bl) if op == "or" else 0,
                ones(max(ah.bit_length(), bh.bit_length())))
    if op == "lshr" and not symbolic(b):
        return al >> b, ah >> b
    if op == "shl" and not symbolic(b) and ah << b <= ones(width):
        return al << b, ah << b
    return 0, ones(width)


def binary(op, a, b, width):
    """op is a key of FOLD; for shifts b may be of any width below its own."""
    if not symbolic(a) and not symbolic(b):
        return FOLD[op](a, b, width)
    if not symbolic(a) and op in COMMUTES:
        a, b = b, a
    simple = identity(op, a, b, width)
    if simple is not None:
        return simple
    if is_choice(a) and not symbolic(b):
        return through(a, lambda k: FOLD[op](k, b, width), width)
    if is_choice(b) and not symbolic(a):
        return through(b, lambda k: FOLD[op](a, k, width), width)
    low, high = bounds(op, a, b, width)
    if low == high:
        return low
    return make(op, (a, b), width, low, high)


def identity(op, a, b, width):
    if not symbolic(b):
        if b == 0:
            return 0 if op in ("and", "mul") else a
        if op == "and":
            if b == ones(width) or \
                    (b & (b + 1) == 0 and interval(a)[1] <= b):
                return a
            if b & (b + 1) == 0:
                return zero_extend(extract(a, b.bit_length() - 1, 0, width),
                                   b.bit_length(), width)
        if op == "mul" and b == 1:
            return a
        if op == "sub":
            return binary("add", a, (-b) & ones(width), width)
        if op == "add" and a.op == "concat" and \
                not symbolic(a.args[1]) and \
                0 <= a.args[1] + signed(b, width) <= ones(a.args[2]):
            return concat(a.args[0], a.args[1] + signed(b, width), a.args[2],
                          width)
        if op == "add" and a.op == "add" and not symbolic(a.args[1]):
            return binary("add", a.args[0],
                          (a.args[1] + b) & ones(width), width)
        if op in ("lshr", "shl") and b >= width:
            return 0
    elif a is b:
        if op in ("sub", "xor"):
            return 0
        if op in ("and", "or"):
            return a
    elif not symbolic(a) and a == 0 and op in ("shl", "lshr", "ashr"):
        return 0
    elif op == "add" and a.op == "add" and not symbolic(a.args[1]):
        inner = binary("add", a.args[0], b, width)
        return binary("add", inner, a.args[1], width)
    elif op == "add" and b.op == "add" and not symbolic(b.args[1]):
        inner = binary("add", a, b.args[0], width)
        return binary("add", inner, b.args[1], width)
    return None


def invert(a, width):
    return binary("xor", a, ones(width), width)


EXTRACTS = {}


def extract(a, high, low, width):
    """Bits high to low of a, which has width bits."""
    if not symbolic(a):
        return (a >> low) & ones(high - low + 1)
    if high - low + 1 == width:
        return a
    name = a.number, high, low
    if name not in EXTRACTS:
        EXTRACTS[name] = extracted(a, high, low, width)
    return EXTRACTS[name]


def extracted(a, high, low, width):
    size = high - low + 1
    if is_choice(a):
        return through(a, lambda k: (k >> low) & ones(size), size)
    if interval(a)[1] >> low == 0:
        return 0
    if a.op == "extract":
        return extract(a.args[0], a.args[2] + high, a.args[2] + low,
                       a.args[0].width)
    if a.op in ("zext", "sext"):
        inner = a.args[0].width
        if high < inner:
            return extract(a.args[0], high, low, inner)
        if a.op == "zext":
            return zero_extend(extract(a.args[0], inner - 1, low, inner),
                               inner - low, size)
    if a.op == "concat":
        split = a.args[2]
        if high < split:
            return extract(a.args[1], high, low, split)
        if low >= split:
            return extract(a.args[0], high - split, low - split,
                           width - split)
    if a.op in ("and", "or", "xor"):
        return binary(a.op, extract(a.args[0], high, low, width),
                      extract(a.args[1], high, low, width), size)
    if a.op in ("add", "sub", "mul") and low == 0:
        return binary(a.op, extract(a.args[0], high, 0, width),
                      extract(a.args[1], high, 0, width), size)
    if a.op == "ite":
        return ite(a.args[0], extract(a.args[1], high, low, width),
                   extract(a.args[2], high, low, width), size)
    bottom, top = 0, ones(size)
    if interval(a)[1] >> low <= top:
        bottom, top = (n >> low for n in interval(a))
    return make("extract", (a, high, low), size, bottom, top)


def zero_extend(a, width, to):
    if not symbolic(a) or width == to:
        return a
    if a.op == "zext":
        a = a.args[0]
    if is_choice(a):
        return through(a, lambda k: k, to)
    return make("zext", (a,), to, a.low, a.high)


def sign_extend(a, width, to):
    if not symbolic(a):
        return signed(a, width) & ones(to)
    if is_choice(a):
        return through(a, lambda k: signed(k, width) & ones(to), to)
    if a.high < 1 << (width - 1):
        return zero_extend(a, width, to)
    return make("sext", (a,), to)


def concat(high, low, low_width, width):
    """high above low, which has low_width bits of the width."""
    if not symbolic(high) and not symbolic(low):
        return high << low_width | low
    if not symbolic(high) and high == 0:
        return zero_extend(low, low_width, width)
    (hl, hh), (ll, lh) = interval(high), interval(low)
    return make("concat", (high, low, low_width), width,
                hl << low_width | ll, hh << low_width | lh)


def from_bool(c, width):
    if not symbolic(c):
        return int(c)
    return ite(c, 1, 0, width)


# --- For the solver -----------------------------------------------------------

KINDS = {
    "add": Kind.BV_ADD, "sub": Kind.BV_SUB, "mul": Kind.BV_MUL,
    "and": Kind.BV_AND, "or": Kind.BV_OR, "xor": Kind.BV_XOR,
    "shl": Kind.BV_SHL, "lshr": Kind.BV_SHR, "ashr": Kind.BV_ASHR,
    "equal": Kind.EQUAL, "below": Kind.BV_ULT, "below_signed": Kind.BV_SLT,
    "both": Kind.AND, "either": Kind.OR, "not": Kind.NOT,
    "concat": Kind.BV_CONCAT, "ite": Kind.ITE,
}
SORTS, VALUES = {}, {}


def sort(width):
    if width not in SORTS:
        SORTS[width] = (MANAGER.mk_bv_sort(width) if width
                        else MANAGER.mk_bool_sort())
    return SORTS[width]


def value(v, width):
    if (v, width) not in VALUES:
        VALUES[v, width] = (MANAGER.mk_bv_value(sort(width), v) if width
                            else MANAGER.mk_true() if v
                            else MANAGER.mk_false())
    return VALUES[v, width]


def operand_width(t, i):
    """How wide a constant operand of t is."""
    if t.op in ("equal", "below", "below_signed"):
        return next(a.width for a in t.args if symbolic(a))
    if t.op == "concat":
        return t.args[2] if i else t.width - t.args[2]
    return t.width


def built(t):
    """The solver's term of t, whose symbolic operands have theirs."""
    if t.op == "var":
        return MANAGER.mk_const(sort(t.width), t.args[0])
    if t.op == "extract":
        return MANAGER.mk_term(Kind.BV_EXTRACT, [t.args[0].solver],
                               list(t.args[1:]))
    if t.op in ("zext", "sext"):
        inner = t.args[0].solver
        kind = Kind.BV_ZERO_EXTEND if t.op == "zext" else Kind.BV_SIGN_EXTEND
        return MANAGER.mk_term(kind, [inner], [t.width - t.args[0].width])
    args = t.args[:2] if t.op == "concat" else t.args
    return MANAGER.mk_term(KINDS[t.op], [
        a.solver if symbolic(a) else value(a, operand_width(t, i))
        for i, a in enumerate(args)])


def for_solver(t):
    if not symbolic(t):
        return value(t, 0)
    todo = [t]
    while todo:
        top = todo[-1]
        if top.solver is not None:
            todo.pop()
            continue
        missing = [a for a in top.args if symbolic(a) and a.solver is None]
        if missing:
            todo.extend(missing)
            continue
        top.solver = built(top)
        todo.pop()
    return t.solver


def substitute(term, what, done=None):
    """term with variables replaced: what maps their names to values.

    done: what is known already of other terms, with the same replacements.
    """
    done = {} if done is None else done
    todo = [term]
    while todo:
        t = todo[-1]
        if not symbolic(t) or t.number in done:
            todo.pop()
            continue
        if t.op == "var":
            done[t.number] = what.get(t.args[0], t)
            todo.pop()
            continue
        missing = [a for a in t.args if symbolic(a) and a.number not in done]
        if missing:
            todo.extend(missing)
            continue
        done[t.number] = rebuilt(t, [
            done[a.number] if symbolic(a) else a for a in t.args])
        todo.pop()
    return done[term.number] if symbolic(term) else term


def rebuilt(t, args):
    operands = [a for a in t.args if symbolic(a)]
    width = operands[0].width
    if t.op in FOLD:
        return binary(t.op, args[0], args[1], t.width)
    if t.op == "ite":
        return ite(args[0], args[1], args[2], t.width)
    if t.op == "extract":
        return extract(args[0], args[1], args[2], width)
    if t.op == "zext":
        return zero_extend(args[0], width, t.width)
    if t.op == "sext":
        return sign_extend(args[0], width, t.width)
    if t.op == "concat":
        return concat(args[0], args[1], args[2], t.width)
    if t.op in ("equal", "below", "below_signed"):
        return {"equal": equal, "below": below,
                "below_signed": below_signed}[t.op](args[0], args[1], width)
    return {"not": lambda a: negate(a), "both": both,
            "either": either}[t.op](*args)


def variables(term):
    """Names of all variables in it."""
    bits = term.variables if symbolic(term) else 0
    return {name for i, name in enumerate(VARIABLES) if bits >> i & 1}

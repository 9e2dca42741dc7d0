# SPDX-License-Identifier: MIT
"""What an instruction does: VEX, the code that Valgrind's decoder makes of it.

evaluate() gives the value of an expression in a state; memory is left to the
caller. Whatever is not known here ends the proof.
"""

import re

import pyvex

import state as S
import terms as T

ARCH = pyvex.ARCH_ARM64_LE
ARCH.name = "AARCH64"  # what its registry of decoders calls it
# Bytes of a cache line, as 2^n: the decoder insists on a processor with some.
ARCH.vex_archinfo |= {"arm64_dMinLine_lg2_szB": 6, "arm64_iMinLine_lg2_szB": 6}


class Unsupported(Exception):
    """An operation that has no meaning here."""


def lift(data, address, instructions):
    return pyvex.lift(data, address, ARCH, opt_level=1, max_inst=instructions)


def width_of(ty):
    return int(ty.split("_I")[1]) if ty.split("_I")[1] != "1" else 0


# --- Conditions ---------------------------------------------------------------

COPY, ADD32, ADD64, SUB32, SUB64 = 0, 1, 2, 3, 4
LOGIC32, LOGIC64 = 9, 10


def flag_n(op, a, b):
    width = 64 if op in (ADD64, SUB64, LOGIC64) else 32
    a, b = T.extract(a, width - 1, 0, 64), T.extract(b, width - 1, 0, 64)
    if op in (ADD32, ADD64):
        a = T.binary("add", a, b, width)
    elif op in (SUB32, SUB64):
        a = T.binary("sub", a, b, width)
    return T.below_signed(a, 0, width)


def flag_v(op, a, b):
    if op in (LOGIC32, LOGIC64):
        return False
    width = 64 if op in (ADD64, SUB64) else 32
    a, b = T.extract(a, width - 1, 0, 64), T.extract(b, width - 1, 0, 64)
    r = T.binary("add" if op in (ADD32, ADD64) else "sub", a, b, width)
    negative = [T.below_signed(v, 0, width) for v in (a, b, r)]
    if op in (SUB32, SUB64):
        negative[1] = T.negate(negative[1])
    same = T.negate(differ(negative[0], negative[1]))
    return T.both(same, differ(negative[0], negative[2]))


def differ(p, q):
    return T.either(T.both(p, T.negate(q)), T.both(T.negate(p), q))


def holds(cond, op, a, b):
    """The condition (an even number of Arm's) after an operation on a and b."""
    if op == COPY:
        n, z, c, v = (T.equal(T.extract(a, bit, bit, 64), 1, 1)
                      for bit in (31, 30, 29, 28))
        return from_flags(cond, n, z, c, v)
    if op not in (ADD32, ADD64, SUB32, SUB64, LOGIC32, LOGIC64):
        raise Unsupported(f"flags of operation {op}")
    width = 64 if op in (ADD64, SUB64, LOGIC64) else 32
    p, q = T.extract(a, width - 1, 0, 64), T.extract(b, width - 1, 0, 64)
    if op in (SUB32, SUB64):
        less, less_signed = T.below(p, q, width), T.below_signed(p, q, width)
        same = T.equal(p, q, width)
        direct = {0: same, 2: T.negate(less),
                  8: T.negate(T.either(less, same)),
                  10: T.negate(less_signed),
                  12: T.negate(T.either(less_signed, same))}
        if cond in direct:
            return direct[cond]
    if op in (LOGIC32, LOGIC64):
        z, c = T.equal(p, 0, width), False
    else:
        r = T.binary("add" if op in (ADD32, ADD64) else "sub", p, q, width)
        z = T.equal(r, 0, width)
        c = (T.below(r, p, width) if op in (ADD32, ADD64)
             else T.negate(T.below(p, q, width)))
    return from_flags(cond, flag_n(op, a, b), z, c, flag_v(op, a, b))


def from_flags(cond, n, z, c, v):
    if cond == 14:
        return True
    return {0: z, 2: c, 4: n, 6: v, 8: T.both(c, T.negate(z)),
            10: T.negate(differ(n, v)),
            12: T.both(T.negate(z), T.negate(differ(n, v)))}[cond]


def condition(cond_and_op, a, b):
    """What a conditional instruction asks. After ccmp it depends on another."""
    if T.symbolic(cond_and_op):
        if cond_and_op.op != "ite":
            raise Unsupported("flags that nobody knows")
        c, yes, no = cond_and_op.args
        return T.ite(c, condition(yes, T.under(a, c, True),
                                  T.under(b, c, True)),
                     condition(no, T.under(a, c, False),
                               T.under(b, c, False)), 0)
    cond, op = cond_and_op >> 4, cond_and_op & 15
    result = holds(cond & 14, op, a, b)
    return T.negate(result) if cond & 1 else result


def flags(op, a, b):
    """NZCV in bits 31 to 28."""
    if T.symbolic(op):
        if op.op != "ite":
            raise Unsupported("flags that nobody knows")
        c, yes, no = op.args
        return T.ite(c, flags(yes, T.under(a, c, True), T.under(b, c, True)),
                     flags(no, T.under(a, c, False), T.under(b, c, False)),
                     64)
    result = 0
    for bit, cond in ((31, 4), (30, 0), (29, 2), (28, 6)):
        flag = T.from_bool(holds(cond, op, a, b), 64)
        result = T.binary("or", result, T.binary("shl", flag, bit, 64), 64)
    return result


def helper(name, args):
    if name == "arm64g_calculate_condition":
        return T.from_bool(condition(args[0], args[1], args[2]), 64)
    if name == "arm64g_calculate_flags_nzcv":
        return flags(args[0], args[1], args[2])
    if name == "arm64g_calculate_flag_c":
        return T.binary("and", T.binary("lshr", flags(*args[:3]), 29, 64), 1,
                        64)
    raise Unsupported(name)


# --- Operations ---------------------------------------------------------------

PLAIN = {"Add": "add", "Sub": "sub", "Mul": "mul", "And": "and", "Or": "or",
         "Xor": "xor"}
SHIFTS = {"Shl": "shl", "Shr": "lshr", "Sar": "ashr"}


def binary(op, a, b):
    name, width, kind = re.fullmatch(r"Iop_([A-Za-z]+)(\d+)([US]?)",
                                     op).groups()
    width = int(width)
    if width == 1 and name in ("And", "Or"):
        return T.both(a, b) if name == "And" else T.either(a, b)
    if name in PLAIN and not kind:
        return T.binary(PLAIN[name], a, b, width)
    if name in SHIFTS:
        return T.binary(SHIFTS[name], a, T.zero_extend(b, 8, width), width)
    if name == "CmpEQ":
        return T.equal(a, b, width)
    if name == "CmpNE":
        return T.negate(T.equal(a, b, width))
    if name in ("CmpLT", "CmpLE"):
        less = T.below if kind == "U" else T.below_signed
        return (less(a, b, width) if name == "CmpLT"
                else T.negate(less(b, a, width)))
    if name in ("MullU", "MullS"):
        name, kind = "Mull", name[-1]
    if name == "Mull":
        extend = T.zero_extend if kind == "U" else T.sign_extend
        return T.binary("mul", extend(a, width, 2 * width),
                        extend(b, width, 2 * width), 2 * width)
    raise Unsupported(op)


def comparison(op, a, b):
    """CmpLT64U and the like, whose sign is at the end."""
    name, width, kind = re.fullmatch(r"Iop_(Cmp[A-Z]+)(\d+)([US]?)",
                                     op).groups()
    return binary(f"Iop_{name}{width}{kind}", a, b)


def unary(op, a):
    match = re.fullmatch(r"Iop_(\d+)(HI|LO|U|S|)to(\d+)", op)
    if match:
        return convert(int(match[1]), match[2], int(match[3]), a)
    match = re.fullmatch(r"Iop_Not(\d+)", op)
    if match:
        width = int(match[1])
        return T.negate(a) if width == 1 else T.invert(a, width)
    if op == "Iop_Clz64":
        return count_zeros(a, 64)
    raise Unsupported(op)


def convert(width, kind, to, a):
    if width == 1:
        if kind == "S":
            return T.ite(a, T.ones(to), 0, to)
        return T.from_bool(a, to)
    if to == 1:
        return T.equal(T.extract(a, 0, 0, width), 1, 1)
    if kind == "HI":
        return T.extract(a, width - 1, to, width)
    if to < width:
        return T.extract(a, to - 1, 0, width)
    extend = T.sign_extend if kind == "S" else T.zero_extend
    return extend(a, width, to)


def count_zeros(a, width):
    result = width
    for bit in range(width):
        result = T.ite(T.equal(T.extract(a, bit, bit, width), 1, 1),
                       width - 1 - bit, result, width)
    return result


class Block:
    """The value of expressions in one run of a block."""

    def __init__(self, irsb, where, load):
        self.irsb, self.state, self.load = irsb, where, load
        self.temporaries = {}

    def evaluate(self, e):
        tag = e.tag
        if tag == "Iex_RdTmp":
            return self.temporaries[e.tmp]
        if tag == "Iex_Const":
            return self.constant(e.con)
        if tag == "Iex_Get":
            return self.register(e.offset, width_of(e.ty))
        if tag == "Iex_Binop":
            return binary(e.op, *map(self.evaluate, e.args))
        if tag == "Iex_Unop":
            return unary(e.op, self.evaluate(e.args[0]))
        if tag == "Iex_Load":
            return self.load(self.evaluate(e.addr), width_of(e.ty) // 8)
        if tag == "Iex_ITE":
            c, yes, no = map(self.evaluate, (e.cond, e.iftrue, e.iffalse))
            return T.ite(c, yes, no,
                         width_of(e.result_type(self.irsb.tyenv)))
        if tag == "Iex_CCall":
            return helper(e.callee.name, [self.evaluate(a) for a in e.args])
        raise Unsupported(tag)

    @staticmethod
    def constant(con):
        return bool(con.value) if con.type == "Ity_I1" else con.value

    def register(self, offset, width):
        value = self.state.registers[offset]
        return value if width == 64 else T.extract(value, width - 1, 0, 64)


assert S.x(30) == S.LINK

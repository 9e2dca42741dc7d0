# SPDX-License-Identifier: MIT
"""What an instruction does: VEX, the code that Valgrind's decoder makes of it.

evaluate() gives the value of an expression in a state; memory is left to the
caller. Whatever is not known here ends the proof.
"""

import re

import pyvex

import terms as T
from arch import ARCH
from flags import Unsupported


def lift(data, address, instructions):
    return pyvex.lift(data, address, ARCH.VEX, opt_level=1,
                      max_inst=instructions)


def width_of(ty):
    return int(ty.split("_I")[1]) if ty.split("_I")[1] != "1" else 0


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
            return ARCH.helper(e.callee.name,
                               [self.evaluate(a) for a in e.args])
        raise Unsupported(tag)

    @staticmethod
    def constant(con):
        return bool(con.value) if con.type == "Ity_I1" else con.value

    def register(self, offset, width):
        at = 8 * (offset % 8)
        value = self.state.registers[offset - offset % 8]
        return value if width == 64 else \
            T.extract(value, at + width - 1, at, 64)

    def put(self, offset, expression):
        """All of a register, or a part, which leaves the rest."""
        value = self.evaluate(expression)
        width = width_of(expression.result_type(self.irsb.tyenv))
        whole = offset - offset % 8
        if width != 64:
            value = self.patched(whole, 8 * (offset % 8), value, width)
        self.state.registers[whole] = value

    def patched(self, whole, at, value, width):
        if whole not in self.state.registers or width not in (8, 16, 32):
            raise Unsupported(f"a register of {width} bits")
        before, end = self.state.registers[whole], at + width
        if at:
            value = T.concat(value, T.extract(before, at - 1, 0, 64), at, end)
        return T.concat(T.extract(before, 63, end, 64), value, end, 64)

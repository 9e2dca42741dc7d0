# SPDX-License-Identifier: MIT
"""Arm64: registers, calls, branches, conditions. See arch.py."""

import struct

import pyvex

import terms as T
from flags import Unsupported, differ, of_choice

VEX = pyvex.ARCH_ARM64_LE
VEX.name = "AARCH64"  # what its registry of decoders calls it
# Bytes of a cache line, as 2^n: the decoder insists on a processor with some.
VEX.vex_archinfo |= {"arm64_dMinLine_lg2_szB": 6, "arm64_iMinLine_lg2_szB": 6}
MACHINE = "EM_AARCH64"

REGISTERS = {f"x{n}": 16 + 8 * n for n in range(31)}
SP, LINK = 264, REGISTERS["x30"]
FLAGS = (280, 288, 296, 304)
GIVEN = {}
ARGUMENTS = tuple(f"x{n}" for n in range(8))
RESULT = REGISTERS["x0"]
SAVED = tuple(f"x{n}" for n in range(19, 30))
LOST = tuple(at for name, at in REGISTERS.items() if name not in SAVED)
PUSHED = 0


def called(state, _store, back):
    state.registers[LINK] = back


def returned(state, _load):
    """A hook has kept x30 elsewhere, and does return there."""
    return state.stack[-1][0]


# --- Branches -----------------------------------------------------------------


def sext(v, bits):
    return v - (1 << bits) if v >> (bits - 1) & 1 else v


def branch(word, pc):
    if word >> 26 == 0b000101:
        return "jump", pc + 4 * sext(word & 0x3ffffff, 26)
    if word >> 26 == 0b100101:
        return "call", pc + 4 * sext(word & 0x3ffffff, 26)
    if word >> 24 == 0x54 or (word >> 25) & 0x3f == 0b011010:
        return "maybe", pc + 4 * sext(word >> 5 & 0x7ffff, 19)
    if (word >> 25) & 0x3f == 0b011011:
        return "maybe", pc + 4 * sext(word >> 5 & 0x3fff, 14)
    if word & 0xfffffc1f == 0xd63f0000:
        return "call", None
    if word & 0xfffffc1f in (0xd61f0000, 0xd65f0000):
        return "away", None
    return None


def decode(code, start):
    for i, (word,) in enumerate(struct.iter_unpack("<I", code)):
        yield start + 4 * i, 4, branch(word, start + 4 * i)


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
    """What a conditional instruction asks."""
    cond, op = cond_and_op >> 4, cond_and_op & 15
    result = holds(cond & 14, op, a, b)
    return T.negate(result) if cond & 1 else result


def flags(op, a, b):
    """NZCV in bits 31 to 28."""
    result = 0
    for bit, cond in ((31, 4), (30, 0), (29, 2), (28, 6)):
        flag = T.from_bool(holds(cond, op, a, b), 64)
        result = T.binary("or", result, T.binary("shl", flag, bit, 64), 64)
    return result


def helper(name, args):
    if name == "arm64g_calculate_condition":
        return T.from_bool(of_choice(condition, 0, *args[:3]), 64)
    if name == "arm64g_calculate_flags_nzcv":
        return of_choice(flags, 64, *args[:3])
    if name == "arm64g_calculate_flag_c":
        return T.binary("and", T.binary("lshr", of_choice(flags, 64, *args[:3]),
                                        29, 64), 1, 64)
    raise Unsupported(name)

# SPDX-License-Identifier: MIT
"""x86-64: registers, calls, branches, conditions. See arch.py."""

import pyvex

import terms as T
from flags import Unsupported, differ, of_choice
from memory import unknown

VEX = pyvex.ARCH_AMD64
MACHINE = "EM_X86_64"

NAMES = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
         *(f"r{n}" for n in range(8, 16)))
REGISTERS = {name: 16 + 8 * n for n, name in enumerate(NAMES)}
SP = REGISTERS["rsp"]
FLAGS = (144, 152, 160, 168)
GIVEN = {176: 1}  # string instructions go upwards
ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
RESULT = REGISTERS["rax"]
SAVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")
LOST = tuple(at for name, at in REGISTERS.items()
             if name not in (*SAVED, "rsp"))
PUSHED = 8


def called(state, store, back):
    state.registers[SP] = state.sp - PUSHED
    store(state.sp, PUSHED, back)


def returned(state, load):
    target = load(state.sp, PUSHED)
    state.registers[SP] = state.sp + PUSHED
    return target


# --- Branches -----------------------------------------------------------------


def branch(block):
    """Of the last instruction of a block."""
    end = block.addr + block.size
    to = block.next.con.value if block.next.tag == "Iex_Const" else None
    exits = [s.dst.value for s in block.statements if s.tag == "Ist_Exit"]
    if block.jumpkind == "Ijk_Call":
        return "call", to
    if exits:  # either way may be the one that goes on
        return "maybe", to if exits[0] == end else exits[0]
    if to is None:
        return "away", None
    return ("jump", to) if to != end else None


def decode(code, start):
    at = start
    while at < start + len(code):
        block = pyvex.lift(code[at - start:] + bytes(16), at, VEX)
        if block.jumpkind == "Ijk_NoDecode":
            raise Unsupported(f"an instruction after {at:#x}")
        marks = [s for s in block.statements if s.tag == "Ist_IMark"]
        for mark in marks[:-1]:
            yield mark.addr, mark.len, None
        yield marks[-1].addr, marks[-1].len, branch(block)
        at += block.size


# --- Conditions ---------------------------------------------------------------

COPY = 0
CF, PF, AF, ZF, SF, OF = 0, 2, 4, 6, 7, 11  # bits of rflags
KINDS = ("add", "sub", "adc", "sbb", "logic", "inc", "dec", "shl", "shr")


def split(op):
    """Kind and width of an operation, of which there are four widths each."""
    kind = (op - 1) // 4
    return KINDS[kind] if kind < len(KINDS) else op, 8 << (op - 1) % 4


def flags(op, a, b):
    """Carry, zero, sign, overflow. a, b: the operands; or the result, of shifts
    with the one before their last step."""
    if op == COPY:
        return tuple(T.equal(T.extract(a, bit, bit, 64), 1, 1)
                     for bit in (CF, ZF, SF, OF))
    kind, width = split(op)
    if kind not in ("add", "sub", "logic", "shl", "shr"):
        raise Unsupported(f"flags of {kind}")
    p, q = T.extract(a, width - 1, 0, 64), T.extract(b, width - 1, 0, 64)
    r = T.binary(kind, p, q, width) if kind in ("add", "sub") else p
    negative = [T.below_signed(v, 0, width) for v in (p, q, r)]
    return (carry(kind, p, q, r, width), T.equal(r, 0, width), negative[2],
            overflow(kind, *negative))


def carry(kind, p, q, r, width):
    if kind in ("add", "sub"):
        return T.below(r, p, width) if kind == "add" else T.below(p, q, width)
    if kind == "logic":
        return False
    bit = width - 1 if kind == "shl" else 0
    return T.equal(T.extract(q, bit, bit, width), 1, 1)


def overflow(kind, p, q, r):
    """Of the signs."""
    if kind == "logic":
        return False
    if kind in ("shl", "shr"):
        return differ(p, q)
    same = T.negate(differ(p, q)) if kind == "add" else differ(p, q)
    return T.both(same, differ(p, r))


def compared(cond, op, a, b):
    """What a comparison has shown, said directly; or None."""
    kind, width = split(op)
    if op == COPY or kind != "sub":
        return None
    p, q = T.extract(a, width - 1, 0, 64), T.extract(b, width - 1, 0, 64)
    return {2: T.below(p, q, width), 4: T.equal(p, q, width),
            6: T.negate(T.below(q, p, width)),
            12: T.below_signed(p, q, width),
            14: T.negate(T.below_signed(q, p, width))}.get(cond)


def holds(cond, op, a, b):
    """The condition (an even number of Intel's) after an operation."""
    direct = compared(cond, op, a, b)
    if direct is not None:
        return direct
    if cond == 10:
        raise Unsupported("parity")
    c, z, s, o = flags(op, a, b)
    return {0: o, 2: c, 4: z, 6: T.either(c, z), 8: s, 12: differ(s, o),
            14: T.either(z, differ(s, o))}[cond]


def condition(cond, op, a, b):
    result = of_choice(lambda *of: holds(cond & 14, *of), 0, op, a, b)
    return T.negate(result) if cond & 1 else result


def all_flags(op, a, b):
    """As bits; nobody asks for parity and adjust, which may be anything."""
    if op == COPY:
        return a
    result = T.binary("and", unknown("flags", 64), 1 << PF | 1 << AF, 64)
    for flag, bit in zip(flags(op, a, b), (CF, ZF, SF, OF)):
        result = T.binary("or", result, T.ite(flag, 1 << bit, 0, 64), 64)
    return result


def helper(name, args):
    if name == "amd64g_calculate_condition":
        return T.from_bool(condition(*args[:4]), 64)
    if name == "amd64g_calculate_rflags_c":
        return T.from_bool(condition(2, *args[:3]), 64)
    if name == "amd64g_calculate_rflags_all":
        return of_choice(all_flags, 64, *args[:3])
    raise Unsupported(name)

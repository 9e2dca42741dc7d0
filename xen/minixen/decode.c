/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads and stores whose syndrome says nothing: those that change their base
 * register, and pairs. The instruction is fetched, and each of its accesses is
 * made as if it had trapped alone. What is not decoded here (SIMD, exclusives,
 * atomics, AArch32) ends in an abort for the guest, by the caller.
 */

#include <xen/lib.h>
#include <xen/sched.h>

#include <asm/processor.h>

struct instr {
    struct hsr_dabt dabt; /* of each access, but for the register */
    bool pre, writeback;  /* the offset counts for the address; for the base */
    unsigned int regs, reg[2], base;
    int64_t offset;
};

/* n bits of the instruction from bit at on, and the same with a sign. */
static unsigned int bits(uint32_t i, unsigned int at, unsigned int n)
{
    return i >> at & ((1U << n) - 1);
}

static int64_t signed_bits(uint32_t i, unsigned int at, unsigned int n)
{
    return (int32_t)(i << (32 - at - n)) >> (32 - n);
}

static struct hsr_dabt dabt(bool load, bool sign, bool sf, unsigned int size)
{
    return (struct hsr_dabt){
        .valid = 1, .write = !load, .sign = sign, .sf = sf, .size = size
    };
}

/* LDP, STP, LDPSW, LDNP, STNP. */
static bool decode_pair(uint32_t i, struct instr *in)
{
    unsigned int opc = bits(i, 30, 2), index = bits(i, 23, 2);
    unsigned int size = opc == 2 ? DABT_DOUBLE_WORD : DABT_WORD;
    bool load = bits(i, 22, 1);

    *in = (struct instr){
        .dabt = dabt(load, opc == 1, true, size),
        .pre = index != 1,
        .writeback = index & 1,
        .regs = 2,
        .reg = { bits(i, 0, 5), bits(i, 10, 5) },
        .base = bits(i, 5, 5),
        .offset = signed_bits(i, 15, 7) * (1 << size),
    };

    return opc != 3 && (opc != 1 || (load && index)) &&
           !(load && in->reg[0] == in->reg[1]);
}

/* LDR, STR and their kin, with an immediate. */
static bool decode_single(uint32_t i, struct instr *in)
{
    unsigned int size = bits(i, 30, 2), opc = bits(i, 22, 2);
    unsigned int mode = bits(i, 10, 2);
    bool scaled = bits(i, 24, 1);

    *in = (struct instr){
        .dabt = dabt(opc != 0, opc >= 2, opc != 3, size),
        .pre = scaled || mode != 1,
        .writeback = !scaled && (mode & 1),
        .regs = 1,
        .reg = { bits(i, 0, 5) },
        .base = bits(i, 5, 5),
        .offset =
            scaled ? (int64_t)bits(i, 10, 12) << size : signed_bits(i, 12, 9),
    };

    return (scaled || !bits(i, 21, 1)) && (opc < 2 || size + opc < 5);
}

static bool decode(uint32_t i, struct instr *in)
{
    unsigned int n;
    bool ok;

    if ( (i & 0x3e000000) == 0x28000000 )
        ok = decode_pair(i, in);
    else if ( (i & 0x3e000000) == 0x38000000 )
        ok = decode_single(i, in);
    else
        return false;

    /* A base that is also transferred: the manual leaves open what happens. */
    for ( n = 0; n < in->regs; n++ )
        ok &= !in->writeback || in->reg[n] != in->base || in->base == 31;

    return ok;
}

/* The guest's stack pointer is not among what entry.S saves. */
static bool uses_sp_el0(const struct cpu_user_regs *regs)
{
    return !(regs->cpsr & 1); /* EL0t, EL1t */
}

static register_t read_base(struct cpu_user_regs *regs, unsigned int n)
{
    if ( n != 31 )
        return regs->x[n];

    return uses_sp_el0(regs) ? read_sysreg(sp_el0) : read_sysreg(sp_el1);
}

static void write_base(struct cpu_user_regs *regs, unsigned int n, register_t r)
{
    if ( n != 31 )
        regs->x[n] = r;
    else if ( uses_sp_el0(regs) )
        write_sysreg(r, sp_el0);
    else
        write_sysreg(r, sp_el1);
}

static bool access_one(struct cpu_user_regs *regs,
                       const struct instr *in,
                       unsigned int n,
                       register_t gva)
{
    mmio_info_t info = { .dabt = in->dabt };

    info.dabt.reg = in->reg[n];

    return gva_to_ipa(gva, &info.gpa, info.dabt.write) &&
           try_handle_mmio(regs, &info) == IO_HANDLED;
}

bool try_handle_decoded(struct cpu_user_regs *regs, register_t *gva)
{
    struct cpu_user_regs after = *regs; /* if neither access fails */
    struct instr in;
    register_t base, at;
    unsigned int n;
    uint32_t i;

    if ( (regs->cpsr & PSR_AARCH32) || !fetch_instruction(regs->pc, &i) ||
         !decode(i, &in) )
        return false;

    base = read_base(regs, in.base);
    at = base + (in.pre ? in.offset : 0);
    for ( n = 0; n < in.regs; n++, at += 1U << in.dabt.size )
        if ( !access_one(&after, &in, n, at) )
        {
            *gva = at;
            return false;
        }

    *regs = after;
    if ( in.writeback )
        write_base(regs, in.base, base + in.offset);

    return true;
}

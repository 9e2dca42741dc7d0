# SPDX-License-Identifier: MIT
"""Faults to plant in the CFI flash."""

from faults import BOUNDS, BROKEN, INVARIANT, LOOP, MASK, OUTSIDE, TYPE, Fault

CHIP, MODES = "write chip 0", "no valid state|" + INVARIANT
FLASH = [
    Fault(BOUNDS, "cfi-flash-8", CHIP, "cfi-flash.c",
          "for ( i = offset & lanes; i < block;",
          "for ( i = offset & lanes; i <= block;", OUTSIDE,
          "an erase of one word too many"),
    Fault(BOUNDS, "cfi-flash-8", "read +0", "cfi-flash.c",
          "    if ( reg >= f->geometry.size )\n    {\n"
          "        vsio_unknown(dev, reg, false, 0);",
          "    if ( reg > f->geometry.size )\n    {\n"
          "        vsio_unknown(dev, reg, false, 0);", OUTSIDE,
          "a read of the word behind the array"),
    Fault(BOUNDS, "cfi-flash-16", CHIP, "cfi-flash.c",
          "if ( n >= chip->count || !in_one_block(f, chip) )",
          "if ( n > chip->count || !in_one_block(f, chip) )", OUTSIDE,
          "a word behind the write buffer"),
    Fault(LOOP, "cfi-flash-8", CHIP, "cfi-flash.c",
          "i < block; i += lanes + 1 )", "i < block; i += lanes )",
          "no end|never ends|rounds", "an erase that stays where it is"),
    Fault(TYPE, "cfi-flash-8", CHIP, "cfi-flash.c",
          "    uint32_t bit = 1U << (n % 8);\n\n    bits[n / 8]",
          "    uint32_t bit = 1U << (n % 8);\n\n    bits[(int8_t)(n / 2) / 4]",
          OUTSIDE + "|" + MODES, "the index of a lock with a sign"),
    Fault(MASK, "cfi-flash-8", CHIP, "cfi-flash.c",
          "        chip->status |= (uint8_t)(CFI_SR_PROTECT | error);",
          "        chip->status |= (uint8_t)(offset | error);", MODES,
          "bits of the status that there are not"),
    Fault(MASK, "cfi-flash-8", "write 1+0", "cfi-flash.c",
          "write_chip(f, reg + lane, (value | ~mask) >> (8 * lane) & word);",
          "write_chip(f, reg + lane, (value | ~mask) >> (8 * lane));",
          "not there", "a word with its neighbours' bits"),
    Fault(BROKEN, "cfi-flash-8", "write 1+0", "cfi-flash.c",
          "        vsio_unknown(dev, reg, true, value);\n    update_mode(f);",
          "        vsio_unknown(dev, reg, true, value);",
          "the mode is not", "a mode that the host is not told"),
    Fault(BROKEN, "cfi-flash-8", CHIP, "cfi-flash.c",
          "    case CFI_CMD_BUFFER:\n        chip->state = "
          "VSIO_CFI_FLASH_COUNT;\n        break;",
          "    case CFI_CMD_BUFFER:\n        chip->state = "
          "VSIO_CFI_FLASH_COUNT;\n        return true;", MODES,
          "a count that is awaited in array mode"),
    Fault(BROKEN, "cfi-flash-8", "init", "cfi-flash.c",
          "    f->array_mode = true;\n    power_on(f);",
          "    power_on(f);", INVARIANT, "a mode that nobody has set"),
]

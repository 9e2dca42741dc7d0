# SPDX-License-Identifier: MIT
"""More faults in the PL011."""

from fault import (BOUNDS, BROKEN, INVARIANT, LOOP, MASK, OUTSIDE, TYPE,
                   Fault)

FILL = "    for ( i = 0; i < n; i++ )\n        rx_store(u, data[i]);"
TX_FLUSH = ("    while ( u->tx_count )\n"
            "        vsio_dropped(&u->dev, PL011_DR, tx_pop(u));")
RX_FLUSH = "    while ( u->rx_count )\n        vsio_dropped"
NEVER = "no end|never ends"
ID = "*value = id[(reg - PL011_PERIPHID) / 4];"

RECEIVER = [
    Fault(BOUNDS, "pl011", "rx", "pl011.c",
          "    return (size_t)(u->depth - u->rx_count);",
          "    return (size_t)(VSIO_PL011_FIFO - u->rx_count);", INVARIANT,
          "room of a FIFO that is off"),
    Fault(BOUNDS, "pl011", "read", "pl011.c",
          "    u->rx_first = (u->rx_first + 1) % VSIO_PL011_FIFO;",
          "    if ( u->rx_first++ == VSIO_PL011_FIFO )\n"
          "        u->rx_first = 0;", OUTSIDE + "|" + INVARIANT,
          "a ring that turns one place too late", 0),
    Fault(BOUNDS, "pl011", "overrun", "pl011-state.c",
          "u->rx_first < VSIO_PL011_FIFO &&",
          "u->rx_first <= VSIO_PL011_FIFO &&", OUTSIDE,
          "a first entry behind the last"),
    Fault(BOUNDS, "pl011", "overrun", "pl011-state.c",
          "    return !(u->cr & ~PL011_CR_MASK) &&",
          "    return u->rx_case == rx_case_of(u) && !(u->cr & "
          "~PL011_CR_MASK) &&", OUTSIDE, "an index before it is checked"),
    Fault(BOUNDS, "pl011", "overrun", "pl011-state.h",
          "eighths[8] = { 1, 2, 4, 6, 7, 7, 7, 7 };",
          "eighths[] = { 1, 2, 4, 6, 7 };", OUTSIDE,
          "level selects that are reserved"),
    Fault(BOUNDS, "pl011", "overrun", "pl011-state.h",
          "(uint8_t)(eighths[select] * (VSIO_PL011_FIFO / 8))",
          "(uint8_t)(eighths[select + 1] * (VSIO_PL011_FIFO / 8))", OUTSIDE,
          "the level after the one selected"),
    Fault(MASK, "pl011", "overrun", "pl011.c",
          "    u->rsr |= PL011_RSR_OE;",
          "    u->rsr |= PL011_DR_OE >> 7;", INVARIANT,
          "an error bit one place too high"),
    Fault(MASK, "pl011", "overrun", "pl011.c",
          "    u->latched |= PL011_INT_OE;", "    u->latched |= PL011_DR_OE;",
          INVARIANT, "DR's bit of an error for that of RIS"),
    Fault(MASK, "pl011", "rx_error", "pl011.c",
          "(errs << PL011_INT_ERR_SHIFT);", "(entry >> 1);", INVARIANT,
          "errors with the byte beside them"),
    Fault(LOOP, "pl011", "rx", "pl011.c", FILL,
          FILL.replace("i < n; i++", "i != n; i += 2"),
          NEVER + "|" + INVARIANT + "|outside", "two bytes at once"),
    Fault(LOOP, "pl011", "rx", "pl011.c", FILL,
          "    for ( i = 0; rx_room(u); i++ )\n"
          "        rx_store(u, data[i]);", "outside data",
          "bytes until the FIFO is full"),
    Fault(LOOP, "pl011", "reset", "pl011.c", RX_FLUSH,
          RX_FLUSH.replace("u->rx_count", "u->rx_count--"),
          NEVER + "|" + INVARIANT, "a count that is counted down twice"),
    Fault(LOOP, "pl011", "modem", "pl011.c",
          "    u->latched |= diff & PL011_FR_CTS ? PL011_INT_CTS : 0;\n",
          "    for ( uint32_t bit = 1; diff; bit <<= 1 )\n"
          "        if ( diff & bit & PL011_FR_MODEM )\n        {\n"
          "            u->latched |= PL011_INT_CTS;\n"
          "            diff &= ~bit;\n        }\n", NEVER,
          "lines that have changed, and bits that are no lines"),
    Fault(TYPE, "pl011", "rx", "pl011.c",
          "u->rx[last % VSIO_PL011_FIFO] =",
          "u->rx[(int8_t)(last << 3) >> 3] =", OUTSIDE,
          "an index of 5 bits with a sign"),
    Fault(TYPE, "pl011", "overrun", "pl011-regs.h",
          "(((ifls) >> 3) & 7U)", "((int8_t)((ifls) << 2) >> 5)", OUTSIDE,
          "a level select with a sign"),
    Fault(TYPE, "pl011", "overrun", "pl011-regs.h",
          "((ifls)&7U)", "((int8_t)((ifls) << 5) >> 5)", OUTSIDE,
          "a level select with a sign, of the transmitter"),
    Fault(BROKEN, "pl011", "rx_first", "pl011.h",
          "    u->rx_case = VSIO_PL011_RX_HOLDS;\n", "", INVARIANT,
          "a short cut that stays as it was"),
    Fault(BROKEN, "pl011", "rx_first", "pl011.h",
          "    u->ris |= PL011_INT_RT;\n", "", INVARIANT,
          "a byte that raises no RT"),
    Fault(BROKEN, "pl011", "rx_last", "pl011.h",
          "    u->fr |= PL011_FR_RXFE;\n", "", INVARIANT,
          "an empty FIFO that does not say so"),
    Fault(BROKEN, "pl011", "rx_first", "pl011-state.h",
          "    return rx_open(u) && u->depth > 1 && !u->overrun &&",
          "    return rx_open(u) && !u->overrun &&", INVARIANT,
          "a short cut for a FIFO of one"),
]

TRANSMITTER = [
    Fault(BOUNDS, "pl011", "tx_ready", "pl011-state.c",
          "u->tx_first < VSIO_PL011_FIFO &&",
          "u->tx_first <= VSIO_PL011_FIFO &&", OUTSIDE,
          "a first byte behind the last"),
    Fault(LOOP, "pl011", "tx_ready", "pl011.c",
          "    if ( !host_of(u)->tx(u->dev.ctx, byte) )\n"
          "        return false;\n",
          "    while ( !host_of(u)->tx(u->dev.ctx, byte) )\n        ;\n",
          NEVER, "a byte that is offered until it is taken"),
    Fault(LOOP, "pl011", "reset", "pl011.c", TX_FLUSH,
          TX_FLUSH.replace("tx_pop(u)", "u->tx[u->tx_first]"), NEVER,
          "a flush that takes no byte out"),
    Fault(LOOP, "pl011", "reset", "pl011.c", TX_FLUSH,
          TX_FLUSH.replace("u->tx_count", "u->tx_count--"),
          NEVER + "|" + INVARIANT, "bytes that are counted down twice"),
]

REST = 0x38  # a register that is proven with all others

UART = [
    Fault(BOUNDS, "pl011", "read", "pl011.c",
          "0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1\n",
          "0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05\n", OUTSIDE,
          "a table without its last one", REST),
    Fault(TYPE, "pl011", "read", "pl011.c", "if ( reg < PL011_PERIPHID )",
          "if ( (uint8_t)reg < (uint8_t)PL011_PERIPHID )", OUTSIDE,
          "8 bits of a register's offset, compared", REST),
    Fault(MASK, "pl011", "write", "pl011.c",
          "u->imsc = vsio_merge(u->imsc, value, mask) & PL011_INT_MASK;",
          "u->imsc = (uint16_t)vsio_merge(u->imsc, value, mask);", INVARIANT,
          "reserved bits of IMSC", REST),
    Fault(MASK, "pl011", "write", "pl011.c",
          "u->dmacr = vsio_merge(u->dmacr, value, mask) & PL011_DMACR_MASK;",
          "u->dmacr = (uint8_t)vsio_merge(u->dmacr, value, mask);", INVARIANT,
          "reserved bits of DMACR", REST),
    Fault(MASK, "pl011", "write", "pl011.c",
          "u->fbrd = vsio_merge(u->fbrd, value, mask) & PL011_FBRD_MASK;",
          "u->fbrd = (uint8_t)vsio_merge(u->fbrd, value, mask);", INVARIANT,
          "reserved bits of FBRD", REST),
    Fault(MASK, "pl011", "write", "pl011.c",
          "u->ifls = vsio_merge(u->ifls, value, mask) & PL011_IFLS_MASK;",
          "u->ifls = (uint8_t)vsio_merge(u->ifls, value, mask);",
          INVARIANT + "|" + OUTSIDE, "reserved bits of IFLS", 0x34),
    Fault(MASK, "pl011", "reset", "pl011.c",
          "host->modem(u->dev.ctx, u->cr & PL011_CR_MODEM);",
          "host->modem(u->dev.ctx, u->cr);", "lines there are not",
          "all of CR for the host"),
    Fault(TYPE, "pl011", "save", "snapshot.c",
          "s->out[at + i] = (uint8_t)(value >> (8 * i));",
          "s->out[(int8_t)(at + i)] = (uint8_t)(value >> (8 * i));",
          OUTSIDE, "a place in a signed char"),
]

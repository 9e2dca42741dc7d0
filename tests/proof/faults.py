# SPDX-License-Identifier: MIT
"""Faults to plant: those of each device, and those of what all share."""

from fault import (BOUNDS, BROKEN, INVARIANT, LOOP, MASK, OUTSIDE, TYPE,
                   Fault)
from faults_bus import BUS
from faults_common import COMMON, SNAPSHOT
from faults_flash import FLASH
from faults_pc import PC
from faults_ring import RING
from faults_rtc import CLOCK, LIMIT
from faults_uart import RECEIVER, TRANSMITTER, UART

PL031 = [
    Fault(BOUNDS, "pl031", "read", "pl031.c",
          "id[(reg - PL031_PERIPHID) / 4]", "id[(reg - PL031_PERIPHID) / 2]",
          "beside|outside|nothing's", "an index twice as big"),
    Fault(BOUNDS, "pl031", "read", "pl031.c",
          "if ( reg >= PL031_PERIPHID )", "if ( reg >= PL031_PERIPHID - 4 )",
          "beside|outside|nothing's", "an index below the table"),
    Fault(BOUNDS, "pl031", "read", "vsio.h",
          "return size == 4 && class->unit == 4 && !(offset & 3U) &&\n"
          "           offset < class->window;",
          "return size == 4 && class->unit == 4 && !(offset & 3U) &&\n"
          "           offset <= class->window;",
          "beside|outside|nothing's", "a window one register too long"),
    Fault(MASK, "pl031", "write", "pl031.c",
          "r->im = vsio_merge(r->im, value, mask) & PL031_INT;",
          "*(uint8_t *)&r->im = (uint8_t)vsio_merge(r->im, value, mask);",
          INVARIANT, "a bool from the guest"),
    Fault(MASK, "pl031", "read", "vsio.c",
          "*value = (dev->class->read(dev, offset - lane) >> (8 * lane)) &\n"
          "             (UINT32_MAX >> (32 - 8 * size));",
          "*value = dev->class->read(dev, offset - lane) >> (8 * lane);",
          "bits above", "lanes that nobody asked for"),
    Fault(LOOP, "pl031", "read", "pl031.c",
          "    r->ris = true;\n    r->deadline",
          "    while ( r->deadline <= r->last )\n"
          "        r->deadline += WRAP;\n"
          "    r->ris = true;\n    r->deadline",
          "no end", "a match in each wrap of a clock that has jumped"),
    Fault(TYPE, "pl031", "write", "pl031-state.h",
          "return second + (uint32_t)(r->mr - counter(r, second));",
          "return second + (uint64_t)(int64_t)(int32_t)"
          "(r->mr - counter(r, second));",
          "invariant|future", "seconds with a sign"),
    Fault(BROKEN, "pl031", "read", "pl031.c",
          "    r->deadline = match_from(r, r->last + 1);\n}\n\n/* What",
          "}\n\n/* What", INVARIANT, "a match that stays the next one"),
    Fault(BROKEN, "pl031", "write", "pl031.c",
          "        r->mr = vsio_merge(r->mr, value, mask);\n"
          "        r->deadline = match_from(r, r->last);",
          "        r->mr = vsio_merge(r->mr, value, mask);",
          INVARIANT, "MR moves, the match does not"),
    Fault(BROKEN, "pl031", "read", "pl031.c",
          "return now < CLOCK_END ? now : CLOCK_END;", "return now;",
          INVARIANT, "a clock near its end"),
    Fault(BROKEN, "pl031", "reset", "pl031.c",
          "    power_on(r);\n    update_irq(r);", "    power_on(r);",
          INVARIANT, "a reset that leaves the line"),
    Fault(BROKEN, "pl031", "alarm", "pl031.c",
          "    r->armed = VSIO_PL031_NO_ALARM;\n    catch_up(r);",
          "    catch_up(r);",
          "another alarm|an alarm that is what it was",
          "a timer that is not armed again"),
    Fault(BROKEN, "pl031", "read", "vsio.c",
          "    if ( level == ((dev->lines & bit) != 0) )\n        return;\n",
          "", "set_irq without|invariant", "a line told without a change"),
    Fault(BROKEN, "pl031", "write", "pl031.c",
          "    if ( r->armed != when )\n", "    if ( true )\n",
          "an alarm that is what it was", "an alarm told without a change"),
    Fault(BROKEN, "pl031", "read", "vsio.c",
          "        dev->host->set_irq(dev->ctx, line, level);",
          "        dev->host->set_irq(dev, line, level);",
          "another ctx", "a callback with the device's address"),
    Fault(BROKEN, "pl031", "read", "vsio.c",
          "    if ( vsio_wants(dev, ev->type) )\n", "",
          "nobody wants|nothing's|no code", "an event that nobody wants"),
]

RATE_LIMIT = [
    Fault(BROKEN, "rate-limit", "take", "rate-limit.c",
          "l->credit += more < room ? more : room;", "l->credit += more;",
          INVARIANT, "a bucket that overflows"),
    Fault(BROKEN, "rate-limit", "set", "rate-limit.c",
          "l->burst = burst ? burst : 1;", "l->burst = burst;", INVARIANT,
          "a bucket for nothing"),
    Fault(BROKEN, "rate-limit", "set", "rate-limit.c",
          "    l->credit = full(l); /*", "    /*", INVARIANT,
          "credit of a bigger bucket"),
    Fault(BROKEN, "rate-limit", "tx", "rate-limit.c",
          "if ( l->credit >= BYTE )\n        return true;",
          "return true;", INVARIANT, "a byte on credit"),
    Fault(LOOP, "rate-limit", "take", "rate-limit.c",
          "    uint64_t high = (ns >> 32) * rate, low = (uint32_t)ns * "
          "(uint64_t)rate;",
          "    uint64_t high = 0, low = 0;\n\n"
          "    for ( ; (uint32_t)ns; ns-- )\n"
          "    {\n        low += rate;\n"
          "        __asm__ volatile (\"\");\n    }",
          "no end", "a multiplication by hand"),
]

LEGACY_PIO = [
    Fault(MASK, "legacy-pio", "write", "legacy-pio.c",
          "l->pci_addr = value & LEGACY_PCI_ADDR_MASK;", "l->pci_addr = value;",
          INVARIANT, "reserved bits of CONFIG_ADDRESS"),
    Fault(MASK, "legacy-pio", "write", "legacy-pio.c",
          "l->port_b = (value >> PORT_B_SHIFT) & LEGACY_PORT_B_STORED;",
          "l->port_b = (uint8_t)(value >> PORT_B_SHIFT);", INVARIANT,
          "bits of port B that are not stored"),
    Fault(MASK, "legacy-pio", "read", "legacy-pio.c",
          "l->phase = (l->phase + 1) & 3;", "l->phase++;", INVARIANT,
          "a phase that counts on"),
    Fault(MASK, "legacy-pio", "read", "vsio.c",
          " >> (8 * lane)) &\n             (UINT32_MAX >> (32 - 8 * size));",
          " >> (8 * lane));", "bits above", "lanes that nobody asked for"),
    Fault(BROKEN, "legacy-pio", "reset", "legacy-pio.c",
          "    l->pci_addr = 0;\n    l->port_b", "    l->pci_addr = 3;\n"
          "    l->port_b", INVARIANT, "a reset to what cannot be"),
    Fault(BROKEN, "legacy-pio", "write", "vsio.c",
          "    if ( vsio_wants(dev, ev->type) )\n", "",
          "nobody wants|nothing's|no code", "an event that nobody wants"),
    Fault(TYPE, "legacy-pio", "read", "vsio.h",
          "(size == 1 || size == 2 || size == 4) &&\n"
          "           lane + size <= class->unit;",
          "((uint8_t)size == 1 || (uint8_t)size == 2 || (uint8_t)size == 4) "
          "&&\n           (uint8_t)(lane + size) <= class->unit;",
          "bits above|size that there is not", "8 bits of the size"),
]

PL011 = [
    Fault(BOUNDS, "pl011", "rx", "pl011.c",
          "    return (size_t)(u->depth - u->rx_count);",
          "    return (size_t)(u->depth - u->rx_count) + 1;",
          INVARIANT, "a FIFO that takes one too many"),
    Fault(BOUNDS, "pl011", "rx", "pl011.c",
          "    for ( i = 0; i < n; i++ )\n        rx_store(u, data[i]);",
          "    for ( i = 0; i <= n; i++ )\n        rx_store(u, data[i]);",
          "outside data|" + INVARIANT, "a byte behind the host's"),
    Fault(BOUNDS, "pl011", "read", "pl011.c",
          "id[(reg - PL011_PERIPHID) / 4]", "id[(reg - PL011_PERIPHID) / 2]",
          OUTSIDE, "an index twice as big", 0xfe0),
    Fault(BOUNDS, "pl011", "read", "pl011.c",
          "if ( reg < PL011_PERIPHID )", "if ( reg < PL011_PERIPHID - 4 )",
          OUTSIDE, "an index below the table", 0xfe0),
    Fault(BOUNDS, "pl011", "tx_ready", "pl011.c",
          "    u->tx_first = (u->tx_first + 1) % VSIO_PL011_FIFO;",
          "    u->tx_first = (u->tx_first + 1) % (VSIO_PL011_FIFO + 1);",
          OUTSIDE + "|" + INVARIANT, "a ring one place longer"),
    Fault(BOUNDS, "pl011", "rx", "pl011.c",
          "u->rx[last % VSIO_PL011_FIFO] =", "u->rx[last] =",
          OUTSIDE, "a ring without its end"),
    Fault(MASK, "pl011", "rx_error", "pl011.c",
          "rx_entry(u, dr & (PL011_DR_FE | PL011_DR_PE | PL011_DR_BE | "
          "0xffU));", "rx_entry(u, dr);", INVARIANT,
          "bits of DR from the host"),
    Fault(MASK, "pl011", "modem", "pl011.c",
          "u->modem_in = fr_lines & PL011_FR_MODEM;",
          "u->modem_in = fr_lines;", INVARIANT, "lines from the host"),
    Fault(MASK, "pl011", "read", "pl011.c",
          "    u->rsr = (uint8_t)((u->rsr & PL011_RSR_OE) |",
          "    u->rsr = (uint8_t)((u->rsr << 4) |",
          INVARIANT + "|no valid state",
          "errors above those of RSR", 0),
    Fault(LOOP, "pl011", "tx_ready", "pl011.c",
          "        (void)tx_pop(u);\n}", "        ;\n}", "no end",
          "a byte that is sent again and again"),
    Fault(LOOP, "pl011", "reset", "pl011.c",
          "    while ( u->rx_count )\n        vsio_dropped(&u->dev, PL011_DR, "
          "rx_pop(u) & 0xff);",
          "    while ( u->rx_count )\n        vsio_dropped(&u->dev, PL011_DR, "
          "u->rx[u->rx_first] & 0xff);", "no end",
          "a flush that takes nothing out"),
    Fault(TYPE, "pl011", "rx", "pl011.c",
          "u->rx[last % VSIO_PL011_FIFO] =",
          "u->rx[(int8_t)(last * 4) / 4 % (int)VSIO_PL011_FIFO] =",
          OUTSIDE, "an index with a sign"),
    Fault(TYPE, "pl011", "rx", "pl011.c",
          "    if ( n > room )\n", "    if ( (uint8_t)n > room )\n",
          "no end|outside|" + INVARIANT, "8 bits of the host's count"),
    Fault(BROKEN, "pl011", "overrun", "pl011.c",
          "    rx_overrun(u, 0);\n    update_irq(u);",
          "    rx_overrun(u, 0);", INVARIANT, "an error that moves no line"),
    Fault(BROKEN, "pl011", "read", "pl011.c",
          "    rx_offer(u);\n    update_irq(u);\n\n    return entry;",
          "    update_irq(u);\n    rx_offer(u);\n\n    return entry;",
          INVARIANT, "a state that is finished before the callback", 0),
    Fault(BROKEN, "pl011", "rx", "pl011.c",
          "    u->dev.count.bytes_in += n;\n    update_irq(u);",
          "    u->dev.count.bytes_in += n;\n    vsio_set_line(&u->dev, 0, "
          "(u->ris & u->imsc) != 0);", INVARIANT, "a status of before"),
    Fault(BROKEN, "pl011", "reset", "pl011.c",
          "    u->overrun = false;\n    set_levels(u);\n}",
          "    u->overrun = false;\n}", INVARIANT + "|no valid state",
          "a reset that leaves the depth"),
    Fault(BROKEN, "pl011", "tx_ready", "vsio.c",
          "    if ( level == ((dev->lines & bit) != 0) )\n        return;\n",
          "", "set_irq without|" + INVARIANT, "a line told without a change"),
]

FAULTS = (RATE_LIMIT + LIMIT + LEGACY_PIO + COMMON + SNAPSHOT + PL031 + CLOCK +
          PL011 + RECEIVER + TRANSMITTER + UART + BUS + FLASH + PC + RING)

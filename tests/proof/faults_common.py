# SPDX-License-Identifier: MIT
"""Faults in what all devices share, found by the proof of a small one."""

from fault import (BOUNDS, BROKEN, INVARIANT, LOOP, MASK, OUTSIDE, TYPE,
                   Fault)

WHOLE = ("return size == 4 && class->unit == 4 && !(offset & 3U) &&\n"
         "           offset < class->window;")
PART = ("return offset < class->window && (size == 1 || size == 2 || "
        "size == 4) &&")

# vsio.h and vsio.c, and the legacy ports.
COMMON = [
    Fault(BOUNDS, "pl031", "read", "vsio.h", PART,
          PART.replace("offset <", "offset <="), OUTSIDE,
          "a part of the register behind the window"),
    Fault(BOUNDS, "pl031", "read", "vsio.h", PART,
          PART.replace("offset < class->window && ", ""), OUTSIDE,
          "a part of a register anywhere"),
    Fault(BOUNDS, "pl031", "read", "vsio.h", PART,
          PART.replace("offset <", "offset - lane <="), OUTSIDE,
          "a register that begins where the window ends"),
    Fault(TYPE, "pl031", "read", "vsio.h", PART,
          PART.replace("offset <", "(uint16_t)offset <"), OUTSIDE,
          "16 bits of the offset"),
    Fault(TYPE, "pl031", "read", "vsio.h", PART,
          PART.replace("offset < ", "(int32_t)offset < (int32_t)"), OUTSIDE,
          "an offset with a sign"),
    Fault(TYPE, "pl031", "read", "vsio.h", WHOLE,
          WHOLE.replace("offset <", "(uint16_t)offset <"), OUTSIDE,
          "16 bits of the offset of a whole register"),
    Fault(TYPE, "pl031", "read", "vsio.h", WHOLE,
          WHOLE.replace("offset < ", "(int)offset < (int)"), OUTSIDE,
          "an int for the offset of a whole register"),
    Fault(MASK, "legacy-pio", "read", "vsio.c",
          "*value = (dev->class->read(dev, offset - lane) >> (8 * lane)) &\n"
          "             (UINT32_MAX >> (32 - 8 * size));",
          "*value = (dev->class->read(dev, offset - lane) >> (8 * lane)) &\n"
          "             (UINT32_MAX >> (31 - 8 * size));",
          "bits above", "a mask of one bit more"),
    Fault(MASK, "legacy-pio", "read", "vsio.c",
          "*value = (dev->class->read(dev, offset - lane) >> (8 * lane)) &\n"
          "             (UINT32_MAX >> (32 - 8 * size));",
          "*value = (dev->class->read(dev, offset - lane) &\n"
          "             (UINT32_MAX >> (32 - 8 * size))) << (8 * lane);",
          "bits above", "lanes that are masked before they are moved"),
    Fault(MASK, "legacy-pio", "write", "legacy-pio.c",
          "l->pci_addr = value & LEGACY_PCI_ADDR_MASK;",
          "l->pci_addr = value & ~3U;", INVARIANT,
          "bits 30 to 24 of CONFIG_ADDRESS"),
    Fault(MASK, "legacy-pio", "write", "legacy-pio.c",
          "l->port_b = (value >> PORT_B_SHIFT) & LEGACY_PORT_B_STORED;",
          "l->port_b = (value >> PORT_B_SHIFT) & 0x1f;", INVARIANT,
          "the refresh bit of port B"),
    Fault(MASK, "legacy-pio", "write", "legacy-pio.c",
          "l->port_b = (value >> PORT_B_SHIFT) & LEGACY_PORT_B_STORED;",
          "l->port_b = (uint8_t)((value & LEGACY_PORT_B_STORED) >> "
          "PORT_B_SHIFT | value >> PORT_B_SHIFT);", INVARIANT,
          "port B, masked in the wrong place"),
    Fault(TYPE, "legacy-pio", "write", "legacy-pio.c",
          "l->port_b = (value >> PORT_B_SHIFT) & LEGACY_PORT_B_STORED;",
          "l->port_b = (uint8_t)((int8_t)(value >> PORT_B_SHIFT) % 16);",
          INVARIANT, "a remainder with a sign"),
    Fault(LOOP, "legacy-pio", "read", "legacy-pio.c",
          "    l->phase = (l->phase + 1) & 3;\n",
          "    do\n        l->phase = (l->phase + 2) & 3;\n"
          "    while ( l->phase & 1 );\n", "no end|never ends",
          "two phases at once, until an even one"),
    Fault(LOOP, "pl031", "reset", "vsio.c",
          "    if ( level == ((dev->lines & bit) != 0) )\n        return;\n\n"
          "    dev->lines ^= bit;",
          "    if ( level == ((dev->lines & bit) != 0) )\n        return;\n\n"
          "    while ( level != ((dev->lines & bit) != 0) )\n"
          "        dev->lines |= bit;",
          "no end|never ends", "a line that is set until it falls"),
    Fault(BROKEN, "pl031", "write", "vsio.c",
          "    dev->lines ^= bit;", "    dev->lines |= bit;",
          INVARIANT + "|nobody was told|without a change",
          "a line that never falls"),
]

# snapshot.c.
SNAPSHOT = [
    Fault(BOUNDS, "legacy-pio", "save", "snapshot.c",
          "s->failed |= s->at > s->size;",
          "s->failed |= s->at > s->size + 1;", "outside buffer",
          "a buffer one byte longer"),
    Fault(BOUNDS, "legacy-pio", "save", "snapshot.c",
          "s->failed |= s->at > s->size;",
          "s->failed |= *at >= s->size;", "outside buffer",
          "room for the first byte of a field"),
    Fault(BOUNDS, "legacy-pio", "save", "snapshot.c",
          "        for ( i = 0; i < n; i++ )\n            s->out",
          "        for ( i = 0; i <= n; i++ )\n            s->out",
          "outside buffer", "a byte behind the field"),
    Fault(BOUNDS, "legacy-pio", "restore", "snapshot.c",
          "        for ( value = 0, i = n; i-- > 0; )",
          "        for ( value = 0, i = n + 1; i-- > 0; )",
          "outside buffer", "a byte behind the field, read"),
    Fault(BOUNDS, "legacy-pio", "restore", "snapshot.c",
          "if ( length > size - VSIO_RECORD_HEADER )",
          "if ( length > size )", "outside buffer",
          "a length with the header in it"),
    Fault(MASK, "pl031", "restore", "snapshot.c",
          "    if ( byte > 1 )\n        s->failed = true;\n"
          "    *f = byte == 1;", "    *(uint8_t *)f = byte;",
          INVARIANT + "|no bool", "a bool from a record"),
    Fault(LOOP, "legacy-pio", "save", "snapshot.c",
          "        for ( i = 0; i < n; i++ )\n            s->out",
          "        for ( i = n - 1; i >= 0; i-- )\n            s->out",
          "no end|outside buffer|nothing's",
          "an unsigned number that goes below 0"),
    Fault(TYPE, "legacy-pio", "restore", "snapshot.c",
          "if ( length > size - VSIO_RECORD_HEADER )",
          "if ( (int32_t)length > (int32_t)(size - VSIO_RECORD_HEADER) )",
          "outside buffer", "a length with a sign"),
    Fault(TYPE, "legacy-pio", "restore", "snapshot.c",
          "if ( length > size - VSIO_RECORD_HEADER )",
          "if ( (uint16_t)length > size - VSIO_RECORD_HEADER )",
          "outside buffer", "16 bits of the length"),
    Fault(TYPE, "pl031", "save", "snapshot.c",
          "s->out[at + i] = (uint8_t)(value >> (8 * i));",
          "s->out[(int8_t)(at + at / 2 + i)] = (uint8_t)(value >> (8 * i));",
          OUTSIDE, "a place with a sign"),
    Fault(BROKEN, "legacy-pio", "restore", "snapshot.c",
          "    (void)load(dev, &s);\n", "", INVARIANT + "|not what it was",
          "a refused record that stays"),
    Fault(BROKEN, "legacy-pio", "restore", "snapshot.c",
          "return valid ? VSIO_OK : VSIO_ERROR_INVALID;", "return VSIO_OK;",
          INVARIANT, "a record that nobody looks at"),
    Fault(BROKEN, "pl031", "restore", "snapshot.c",
          "    if ( rc == VSIO_OK )\n        vsio_resume(dev);",
          "    vsio_resume(dev);", "not what it was|another alarm|" + INVARIANT,
          "a refused record that moves lines"),
    Fault(BROKEN, "pl031", "restore", "snapshot.c",
          "    dev->lines = lines;\n", "", "nobody was told|without a change",
          "lines that are what they will be"),
]

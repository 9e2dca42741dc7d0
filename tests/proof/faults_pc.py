# SPDX-License-Identifier: MIT
"""Faults to plant in the PC's devices: 16550A, i8042."""

from fault import BOUNDS, BROKEN, INVARIANT, Fault

PC = [
    Fault(BOUNDS, "ns16550", "rx_error", "ns16550.c",
          "u->rx[last % RING] = (uint16_t)entry;",
          "u->rx[last] = (uint16_t)entry;",
          "beside|outside", "an entry that goes on behind the ring"),
    Fault(BROKEN, "ns16550", "rx_error", "ns16550.c",
          "        u->rx_bad |= bit_of(last);\n", "",
          INVARIANT, "an error that LSR does not tell of"),
    Fault(BROKEN, "ns16550", "modem", "ns16550.c",
          "    u->modem = now;\n", "",
          INVARIANT, "modem lines that MSR does not show"),
    Fault(BOUNDS, "i8042", "ctrl_alt_del", "ps2-queue.c",
          "q->byte[(last + i) % VSIO_PS2_QUEUE] = bytes[i];",
          "q->byte[last + i] = bytes[i];",
          "beside|outside", "bytes that go on behind the queue"),
]

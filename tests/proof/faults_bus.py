# SPDX-License-Identifier: MIT
"""Faults to plant in the bus."""

from faults import BOUNDS, BROKEN, INVARIANT, LOOP, OUTSIDE, Fault

BUS = [
    Fault(BOUNDS, "bus", "add to 3", "bus.c",
          "if ( bus->count == bus->capacity )",
          "if ( bus->count > bus->capacity )", OUTSIDE + "|" + INVARIANT,
          "a region more than there is room for"),
    Fault(BOUNDS, "bus", "find in 2", "bus.c",
          "    if ( !n || !has(&bus->regions[n - 1], space, address) )",
          "    if ( !has(&bus->regions[n - 1], space, address) )", OUTSIDE,
          "the region before the first one"),
    Fault(LOOP, "bus", "find in 2", "bus.c",
          "            low = middle + 1;", "            low = middle;",
          "no end", "a search that does not get on"),
    Fault(BOUNDS, "bus", "read 1", "bus.c",
          "return size > r->size - place_in(r, address);",
          "(void)address;\n\n    return size > r->size;",
          "leaves its region", "an access over the end of its region"),
    Fault(BROKEN, "bus", "find in 2", "bus.c",
          "r->space == space && r->base <= address) )",
          "r->space == space && r->base < address) )",
          "another region", "a region without its first byte"),
    Fault(BROKEN, "bus", "add to 1", "bus.c",
          "    if ( n < bus->count && has(r, regions[n].space, "
          "regions[n].base) )\n        return &regions[n];\n", "",
          INVARIANT, "a region over the next one"),
    Fault(BROKEN, "bus", "add to 2", "bus.c",
          "        r->first = first;\n        first = false;",
          "        first = false;", INVARIANT,
          "a first region that is not marked"),
]

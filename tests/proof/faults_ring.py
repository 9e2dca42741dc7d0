# SPDX-License-Identifier: MIT
"""Faults to plant in the console ring."""

from fault import BOUNDS, BROKEN, LOOP, OUTSIDE, TYPE, Fault

RING = [
    Fault(BOUNDS, "ring", "put", "ring.h",
          "page->out[prod % sizeof(page->out)] = byte;",
          "page->out[prod % (sizeof(page->out) + 1)] = byte;",
          OUTSIDE + "|write to", "a byte behind the ring"),
    Fault(BOUNDS, "ring", "peek", "ring.h",
          "    return min(queued, (unsigned int)sizeof(page->in) - at);",
          "    return queued;", "beside the ring", "bytes beyond the wrap"),
    Fault(BROKEN, "ring", "taken", "ring.h",
          "    ring->in_cons = cons + n;", "    ring->in_cons = cons + n + 1;",
          "given back", "a byte that is lost"),
    Fault(BROKEN, "ring", "take_one", "ring.h",
          "*was_full = vsio_ring_move_cons(ring, page, cons, 1);",
          "*was_full = vsio_ring_move_cons(ring, page, "
          "ACCESS_ONCE(page->in_cons), 1);", "given back",
          "our own index, read from the page"),
    Fault(TYPE, "ring", "put", "ring.h",
          "page->out[prod % sizeof(page->out)] = byte;",
          "page->out[(int)prod % (int)sizeof(page->out)] = byte;",
          OUTSIDE + "|write to", "an index with a sign"),
    Fault(LOOP, "ring", "pull", "console.c",
          "        if ( taken < n )\n            return;\n", "",
          "no end", "bytes that are offered for ever"),
]

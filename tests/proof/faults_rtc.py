# SPDX-License-Identifier: MIT
"""More faults in the PL031 and in the rate limit: time and its types."""

from fault import (BOUNDS, BROKEN, INVARIANT, LOOP, MASK, OUTSIDE, TYPE,
                   Fault)

ID = "return id[(reg - PL031_PERIPHID) / 4];"
TIME = INVARIANT + "|future|another alarm"

CLOCK = [
    Fault(BOUNDS, "pl031", "read", "pl031.c",
          "0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05, 0xb1\n",
          "0x31, 0x10, 0x14, 0x00, 0x0d, 0xf0, 0x05\n", OUTSIDE,
          "a table without its last one"),
    Fault(BOUNDS, "pl031", "read", "pl031.c", ID,
          "return id[(reg - PL031_PERIPHID) / 4 + 1];", OUTSIDE,
          "a table that begins with 1"),
    Fault(BOUNDS, "pl031", "read", "pl031-regs.h",
          "#define PL031_WINDOW 0x1000U", "#define PL031_WINDOW 0x1010U",
          OUTSIDE, "a window that ends behind the table"),
    Fault(TYPE, "pl031", "read", "pl031.c", ID,
          "return id[(int8_t)reg / 4 % 8];", OUTSIDE,
          "a register's offset in a signed char"),
    Fault(TYPE, "pl031", "read", "pl031.c",
          "if ( reg >= PL031_PERIPHID )",
          "if ( (uint8_t)reg >= (uint8_t)PL031_PERIPHID )", OUTSIDE,
          "8 bits of a register's offset, compared"),
    Fault(TYPE, "pl031", "read", "pl031.c", "if ( now < r->last )",
          "if ( (int64_t)now < (int64_t)r->last )", TIME,
          "a clock with a sign"),
    Fault(TYPE, "pl031", "read", "pl031.c", "if ( now < r->last )",
          "if ( (uint32_t)now < (uint32_t)r->last )", TIME,
          "clocks of 32 bits, compared"),
    Fault(TYPE, "pl031", "alarm", "pl031.c",
          "    uint64_t now = host_now(r);\n",
          "    uint32_t now = (uint32_t)host_now(r);\n", TIME,
          "a clock of 32 bits"),
    Fault(TYPE, "pl031", "alarm", "pl031.c", "if ( r->last < r->deadline )",
          "if ( (uint32_t)r->last < (uint32_t)r->deadline )", TIME,
          "a deadline of 32 bits"),
    Fault(TYPE, "pl031", "read_dr", "pl031.h",
          "if ( now - r->last >= r->deadline - r->last ||",
          "if ( (uint32_t)(now - r->last) >= r->deadline - r->last ||", TIME,
          "a step of the clock of 32 bits"),
    Fault(BOUNDS, "pl031", "read_dr", "pl031.h",
          " || now > VSIO_PL031_CLOCK_END )", " )", INVARIANT,
          "a clock behind its end, in the short cut"),
    Fault(BOUNDS, "pl031", "read_dr", "pl031.h",
          "if ( now - r->last >= r->deadline - r->last ||",
          "if ( now - r->last > r->deadline - r->last ||", INVARIANT,
          "the second of the match itself"),
    Fault(LOOP, "pl031", "read", "pl031.c",
          "    r->last = now;\n    check_match(r);",
          "    while ( r->last != now )\n    {\n"
          "        r->last += r->last < now ? 1 : -1;\n"
          "        check_match(r);\n    }", "no end",
          "a clock that is walked second by second"),
    Fault(LOOP, "pl031", "read", "pl031.c",
          "    return now < CLOCK_END ? now : CLOCK_END;",
          "    while ( now >= CLOCK_END )\n"
          "        now = host_of(r)->now(r->dev.ctx);\n    return now;",
          "no end|looked at twice", "a clock that is asked until it is sane"),
    Fault(LOOP, "pl031", "set_offset", "pl031.c",
          "    r->offset = (uint32_t)offset;",
          "    for ( ; offset; offset -= offset > 0 ? 1 : -1 )\n"
          "    {\n        r->offset += offset > 0 ? 1U : -1U;\n"
          "        __asm__ volatile (\"\" ::: \"memory\");\n    }", "no end",
          "an offset that is counted"),
    Fault(BROKEN, "pl031", "read_dr", "pl031.h",
          "if ( now - r->last >= r->deadline - r->last ||",
          "if ( now >= r->deadline ||", TIME, "a clock that was set back"),
    Fault(BROKEN, "pl031", "restore", "pl031-state.c",
          "    if ( host->set_alarm )\n"
          "        host->set_alarm(dev->ctx, VSIO_PL031_NO_ALARM);\n"
          "    vsio_pl031_alarm(r);", "    vsio_pl031_alarm(r);",
          "another alarm", "an alarm that is not taken back"),
    Fault(MASK, "pl031", "write", "pl031.c",
          "        r->ris = r->ris && !(value & PL031_INT);",
          "        *(uint8_t *)&r->ris ^= (uint8_t)value;",
          INVARIANT + "|no bool", "bits of ICR that there are not"),
]

CREDIT = "l->credit += more < room ? more : room;"
EARNED = "    more = now > l->last ? earned(now - l->last, l->rate) : 0;"

LIMIT = [
    Fault(TYPE, "rate-limit", "take", "rate-limit.c", CREDIT,
          "l->credit += (int64_t)more < (int64_t)room ? more : room;",
          INVARIANT, "more than there is, with a sign"),
    Fault(TYPE, "rate-limit", "tx", "rate-limit.c", CREDIT,
          "l->credit += more < (uint64_t)(int32_t)room ? more : room;",
          INVARIANT, "an int for the room"),
    Fault(TYPE, "rate-limit", "take", "rate-limit.c", CREDIT,
          "l->credit += (uint32_t)more < room ? more : room;", INVARIANT,
          "32 bits of what was earned"),
    Fault(TYPE, "rate-limit", "set", "rate-limit.c",
          "l->burst = burst ? burst : 1;",
          "l->burst = burst ? (uint16_t)burst : 1;", INVARIANT,
          "16 bits of the burst"),
    Fault(LOOP, "rate-limit", "take", "rate-limit.c", EARNED,
          "    for ( more = 0; now > l->last && more < room; l->last++ )\n"
          "        more += l->rate;", "no end",
          "credit that is earned step by step"),
    Fault(LOOP, "rate-limit", "take", "rate-limit.c",
          "    if ( l->credit >= BYTE )\n        return true;\n",
          "    while ( l->credit < BYTE )\n        refill(l);\n"
          "    if ( l->credit >= BYTE )\n        return true;\n",
          "no end|looked at twice", "a wait for credit"),
    Fault(LOOP, "rate-limit", "tx", "rate-limit.c",
          "    if ( !l->host->tx(l->ctx, byte) )\n        return false;\n",
          "    while ( !l->host->tx(l->ctx, byte) )\n        ;\n",
          "no end|sent twice", "a byte that is offered until it is taken"),
    Fault(LOOP, "rate-limit", "set", "rate-limit.c",
          "    l->burst = burst ? burst : 1;",
          "    for ( l->burst = 1; l->burst < burst; )\n"
          "        l->burst <<= 1;", "no end|never ends|" + INVARIANT,
          "a burst that is a power of two"),
    Fault(BOUNDS, "rate-limit", "take", "rate-limit.c",
          "    if ( l->credit >= BYTE )", "    if ( l->credit >= BYTE - 1 )",
          INVARIANT, "a byte for one less than it costs"),
    Fault(BOUNDS, "rate-limit", "tx", "rate-limit.c",
          CREDIT, "l->credit += more <= room ? more : room + 1;", INVARIANT,
          "a bucket one too big"),
]

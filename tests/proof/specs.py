# SPDX-License-Identifier: MIT
"""All devices that are proven."""

from bus import Bus
from cfi_flash import Flash8, Flash8x2, Flash16, Flash16x2
from i8042 import I8042
from legacy_pio import LegacyPio
from ns16550 import Stride1, Stride2, Stride4
from pl011 import PL011
from pl031 import PL031
from rate_limit import RateLimit
from ring import Ring

SPECS = {s.name: s for s in (PL031, Bus, Ring, Flash8, Flash16,
                             Flash8x2, Flash16x2, RateLimit, LegacyPio, PL011,
                             Stride1,
                             Stride2, Stride4, I8042)}

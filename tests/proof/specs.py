# SPDX-License-Identifier: MIT
"""All devices that are proven."""

from i8042 import I8042
from legacy_pio import LegacyPio
from ns16550 import Stride1, Stride2, Stride4
from pl011 import PL011
from pl031 import PL031
from rate_limit import RateLimit

SPECS = {s.name: s for s in (PL031, RateLimit, LegacyPio, PL011, Stride1,
                             Stride2, Stride4, I8042)}

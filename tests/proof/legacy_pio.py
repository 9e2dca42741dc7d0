# SPDX-License-Identifier: MIT
"""The legacy ports: no callback but the event."""

from contract import Common
from proof import CTX, HOST


class LegacyPio(Common):
    """devices/legacy-pio.h"""

    name, struct, host_struct = "legacy-pio", "vsio_legacy_pio", "vsio_host"
    valid, class_name = "vsio_legacy_pio_valid", "vsio_legacy_pio_class"
    lines = 0
    common = ""

    def entries(self, proof):
        yield self.init("vsio_legacy_pio_init", HOST, CTX)
        yield from super().entries(proof)
        yield from self.snapshots(proof)

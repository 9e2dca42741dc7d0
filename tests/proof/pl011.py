# SPDX-License-Identifier: MIT
"""PL011."""

import terms as T
from contract import short_cut
from proof import BUFFER, CTX, DEVICE, HOST, Entry
from uart import UART


class PL011(UART):
    """devices/pl011.h"""

    name, struct, host_struct = "pl011", "vsio_pl011", "vsio_pl011_host"
    valid, class_name = "vsio_pl011_valid", "vsio_pl011_class"
    prefix, modem_mask = "vsio_pl011", 0x3c00
    registers = (0, 0x2c, 0x30, 0x34)
    loose = ("tx",)

    def entries(self, proof):
        yield self.init("vsio_pl011_init", HOST, CTX)
        yield from super().entries(proof)
        dr = T.zero_extend(T.var("dr", 16), 16, 64)
        yield Entry("rx_error", "vsio_pl011_rx_error", [DEVICE, dr])
        byte = T.zero_extend(T.var("byte", 8), 8, 64)
        yield Entry("read_fr", "proof_pl011_read_fr", [DEVICE])
        yield Entry("rx_first", "proof_pl011_rx_first", [DEVICE, byte],
                    after=short_cut)
        yield Entry("rx_last", "proof_pl011_rx_last", [DEVICE, BUFFER],
                    after=short_cut)
        yield from self.snapshots(proof)

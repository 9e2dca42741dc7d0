# SPDX-License-Identifier: MIT
"""16550A: registers 1, 2 or 4 bytes apart are a class each."""

import terms as T
from proof import CTX, DEVICE, HOST, Entry
from uart import UART


class NS16550(UART):
    """devices/ns16550.h"""

    struct, host_struct = "vsio_ns16550", "vsio_ns16550_host"
    valid, class_name = "vsio_ns16550_valid", "vsio_ns16550_class"
    prefix, modem_mask, modem_width = "vsio_ns16550", 0xf, 8
    stride, settled = 1, True
    loose = ("tx",)
    snapshot_budgets = 10000, 40000

    def fixed(self, image):
        size = image.size("vsio_class")
        start = image.names[self.class_name]
        return super().fixed(image) | {
            "dev.class": start + (self.stride >> 1) * size}

    def cases(self, offset):
        left = True
        for n in (0, 1, 2, 4, 5):
            this = T.equal(T.binary("lshr", offset, self.stride >> 1, 64), n,
                           64)
            left = T.both(left, T.negate(this))
            yield this
        yield left

    def entries(self, proof):
        depth = T.zero_extend(T.var("depth", 32), 32, 64)
        yield self.init("vsio_ns16550_init", HOST, CTX, self.stride, depth)
        yield from super().entries(proof)
        byte, lsr = (T.zero_extend(T.var(n, 8), 8, 64)
                     for n in ("byte", "lsr"))
        yield Entry("rx_error", "vsio_ns16550_rx_error", [DEVICE, byte, lsr])


class Stride1(NS16550):
    """As on a PC."""

    name = "ns16550"

    def entries(self, proof):
        yield from super().entries(proof)
        yield from self.snapshots(proof)


class Stride2(NS16550):
    """Two bytes apart: what depends on it is the access."""

    name, stride = "ns16550-2", 2

    def entries(self, proof):
        return list(super().entries(proof))[:3]


class Stride4(Stride2):
    """Four bytes apart."""

    name, stride = "ns16550-4", 4

# SPDX-License-Identifier: MIT
"""The image in unicorn: QEMU's decoder, which knows nothing of VEX.

Callbacks are at addresses where nothing is: the emulator stops there, as it
does where the call returns to.
"""

import unicorn
from unicorn import arm64_const as A

from arch_arm64 import REGISTERS
from machine import STACK_SIZE, STACK_TOP

SAVED = range(19, 30)  # what a callback keeps

PAGE = 4096
X = [*(A.UC_ARM64_REG_X0 + n for n in range(29)), A.UC_ARM64_REG_X29,
     A.UC_ARM64_REG_X30]
ALL = [*X, A.UC_ARM64_REG_SP, A.UC_ARM64_REG_NZCV]


class Fault(Exception):
    """It stopped where it should not."""


class Emulator:
    """One image, and the regions that a call may access."""

    def __init__(self, image, regions):
        self.uc = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
        self.mapped = set()
        for start, data in image.sections.values():
            self.map(start, len(data))
            self.uc.mem_write(start, data)
        self.map(STACK_TOP - STACK_SIZE, STACK_SIZE)
        for base, size in regions:
            self.map(base, size)

    def map(self, start, size):
        for page in range(start // PAGE, (start + size - 1) // PAGE + 1):
            if page not in self.mapped:
                self.uc.mem_map(page * PAGE, PAGE)
                self.mapped.add(page)

    def write(self, address, data):
        self.uc.mem_write(address, data)

    def read(self, address, size):
        return bytes(self.uc.mem_read(address, size))

    @property
    def registers(self):
        """x0 to x30, sp, flags."""
        values = list(self.uc.reg_read_batch(ALL))
        values[-1] &= 0xf0000000
        return values

    def set(self, values):
        """values: numbers of ALL, and what they become."""
        for n, value in values.items():
            self.uc.reg_write(ALL[n], value)

    def go(self, pc, most):
        """From pc to where nothing is; where that is."""
        try:
            self.uc.emu_start(pc, 0, count=most)
        except unicorn.UcError as e:
            if e.errno != unicorn.UC_ERR_FETCH_UNMAPPED:
                raise Fault(f"{e} at {self.pc():#x}") from e
            return self.pc()
        raise Fault(f"no end after {most} instructions")

    def pc(self):
        return self.uc.reg_read(A.UC_ARM64_REG_PC)


def register(n):
    """Where VEX keeps x0 to x30."""
    return REGISTERS[f"x{n}"]

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Linux started by EDK2 on minixen: ACPI, an SBSA UART, the firmware's clock.

EDK2 takes the kernel from fw_cfg, without DMA.
"""

import sys

import firmware
import checks
from minixen_boot import BOOTARGS, INITRD, KERNEL, Guest

EXTRA = ("-kernel", KERNEL, "-initrd", INITRD, "-append",
         f"{BOOTARGS} earlycon numa=off")  # the flash's file is a node of QEMU's


def starts(guest):
    """By way of the kernel's EFI stub, within a minute."""
    guest.expect(rb"EFI stub: Booting Linux Kernel", 60)
    guest.login(60)


def by_acpi(guest):
    found = guest.run("ls /sys/firmware/acpi/tables; ls /proc/device-tree").text
    missing = [name for name in ("SPCR", "APIC", "GTDT") if name not in found]
    if missing or "memory" in found:
        return f"no {missing}, or a device tree with memory: {found}"
    return None


def main(tap):
    with Guest("test-linux-acpi", "edk2", cpus=2, timeout=180,
               extra=EXTRA) as guest:
        tap.check("EDK2 starts Linux, to a shell", starts, guest)
        tap.check("it is told of the machine by ACPI", by_acpi, guest)
        tap.check("SPCR says that the PL011 is its console", checks.dmesg,
                  guest, r"ACPI: SPCR: console: pl011,mmio,0x9000000")
        tap.check("it finds an SBSA UART", checks.dmesg, guest,
                  r"ttyAMA0 at MMIO 0x9000000 .* is a SBSA")
        tap.check("the firmware's clock is its rtc0", checks.dmesg, guest,
                  r"rtc-efi.* registered as rtc0")
        tap.check("its clock is right after boot", checks.date, guest)
        tap.check("hwclock reads the right time", checks.hwclock, guest)
        tap.check("both vCPUs are there", checks.processors, guest, 2)
        tap.check("100 KB typed in arrive byte for byte", checks.typed, guest)
        tap.check("1 MB printed arrives byte for byte", checks.printed, guest)
        tap.check("neither the guest nor minixen complains", checks.quiet,
                  guest)
        tap.check("poweroff ends the machine", firmware.power_off, guest,
                  b"poweroff -f\n")


sys.exit(firmware.run(main))

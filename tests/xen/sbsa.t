#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A guest with the PL011 as an SBSA UART, and two processors, on real Xen."""

import sys

import checks
from xen_boot import Boot, BootError, Domain

tap = checks.Tap()
guest = Domain(devices=("vpl011", "vpl031", "vi8042"), cpus=2)
try:
    with Boot("test-sbsa", [guest], timeout=180) as boot:
        tap.check("Xen starts a guest, and its shell answers", checks.shell,
                  boot)
        tap.check("the guest's kernel finds an SBSA UART", checks.dmesg,
                  boot, r"ttyAMA0 at MMIO 0x22000000 .* is a SBSA")
        tap.check("the guest has two processors", checks.processors, boot, 2)
        checks.common(tap, boot)
except BootError as error:
    print(f"Bail out! {error}")
    sys.exit(1)
sys.exit(tap.end())

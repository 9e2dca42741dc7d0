# SPDX-License-Identifier: MIT
"""What the tests of guests on minixen share; the checks are tests/xen's."""

import os
import sys

TOP = os.path.realpath(f"{os.path.dirname(__file__)}/../..")
sys.dont_write_bytecode = True
sys.path.insert(0, f"{TOP}/tests/xen")

# pylint: disable=wrong-import-position
from checks import Tap  # noqa: E402
from xen_boot import BootError  # noqa: E402


def run(main):
    """All checks of a test. -> the exit status"""
    tap = Tap()
    try:
        main(tap)
    except BootError as error:
        print(f"Bail out! {error}")
        return 1
    return tap.end()


def ready(guest):
    guest.ready()


def has(guest, command, *wanted):
    """What a command at a firmware's prompt prints has all of these."""
    text = guest.command_at(command, 30)
    missing = [want for want in wanted if want not in text]
    return f"{command}: no {missing} in\n{text}" if missing else None


def power_off(guest, command):
    guest.send(command)
    guest.expect(rb"\(XEN\) d1: power off")
    guest.qemu.wait(10)

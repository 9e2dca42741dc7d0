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


def trapped(guest, run):
    """Traps of the PL011 while run() runs, and bytes that the guest has sent."""
    before = guest.stats()
    run()
    after = guest.stats()
    more = {name: sum(after[name]) - sum(before.get(name, (0, 0)))
            for name in after if name.startswith("vpl011")}
    return sum(more.values()), \
        after["vpl011 DR"][1] - before["vpl011 DR"][1]


def traps_per_byte(bar, guest, short, longer):
    """Of what longer() prints more than short()."""
    few, many = trapped(guest, short), trapped(guest, longer)
    seen = (many[0] - few[0]) / (many[1] - few[1])
    print(f"#   {seen:.3f} traps for each of {many[1] - few[1]} bytes")
    return None if seen <= bar else f"more than {bar}"


def power_off(guest, command):
    guest.send(command)
    guest.expect(rb"\(XEN\) d1: power off")
    guest.qemu.wait(10)

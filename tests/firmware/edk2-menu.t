#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""EDK2's setup menus on minixen, by cursor keys and what is on the screen."""

import re
import sys
import time

import firmware
from xen_boot import BootError
from minixen_boot import Guest

ESC, ENTER, UP, DOWN = b"\x1b", b"\r", b"\x1b[A", b"\x1b[B"
TOKEN = re.compile(rb"\x1b\[([\d;=?]*)([A-Za-z])|([^\x1b])")


class Screen:
    """What a terminal would show; colours are left out."""

    def __init__(self, guest):
        self.guest = guest
        self.cells = {}
        self.row = self.column = 0

    def control(self, arguments, letter):
        if letter == b"H":
            self.row, self.column = (int(n) for n in arguments.split(b";"))
        elif letter == b"J":
            self.cells = {}

    def put(self, char):
        if char == b"\r":
            self.column = 1
        elif char == b"\n":
            self.row += 1
        elif char == b"\b":
            self.column -= 1
        else:
            self.cells[self.row, self.column] = char.decode("latin-1")
            self.column += 1

    def update(self, timeout):
        """All that has come, but for a sequence that has only begun."""
        self.guest.pump(timeout)
        end = 0
        for match in TOKEN.finditer(bytes(self.guest.data)):
            if match.start() != end:
                break
            end = match.end()
            if match[2]:
                self.control(match[1], match[2])
            else:
                self.put(match[3])
        del self.guest.data[:end]

    def text(self):
        last_row, last_column = (max((cell[n] for cell in self.cells),
                                     default=0) for n in (0, 1))
        return "\n".join(
            "".join(self.cells.get((row, column), " ")
                    for column in range(1, last_column + 1)).rstrip()
            for row in range(1, last_row + 1))

    def shows(self, *wanted):
        """Wait for all of these at once."""
        end = time.monotonic() + 20
        while True:
            text = self.text()
            missing = [want for want in wanted if want not in text]
            if not missing:
                return
            if time.monotonic() > end:
                raise BootError(f"no {missing} in\n{text}")
            self.update(1)


def setup(guest, screen):
    """ESC, typed before anybody asks for it."""
    guest.expect(rb"UEFI firmware[^\n]*\n", 30)
    guest.send(ESC)
    guest.expect(rb"BdsDxe: starting[^\n]*\"UiApp\"[^\n]*\n", 30)
    screen.shows("QEMU Virtual Machine", "> Device Manager", "> Boot Manager",
                 "> Boot Maintenance Manager", "<Standard English>",
                 "This is the option")


def cursor(guest, screen):
    """Each key moves by one entry: the help for it, at the right, tells."""
    for key, *words in ((DOWN, "take you to the", "Device Manager\n"),
                        (DOWN, "take you to the Boot", "Manager\n"),
                        (DOWN, "take you to the Boot", "Maintenance Manager\n"),
                        (UP, "take you to the Boot", "Manager\n"),
                        (DOWN, "take you to the Boot", "Maintenance Manager\n")):
        guest.send(key)
        screen.shows("This selection will\n", *("  " + word for word in words))


def maintenance(guest, screen):
    """Into a menu, into one in it, and back by ESC."""
    guest.send(ENTER)
    screen.shows("|                          Boot Maintenance Manager",
                 "Boot Next Value            <NONE>", "> Console Options",
                 "Modify system boot")
    guest.send(DOWN)
    screen.shows("Modify boot driver")
    guest.send(ENTER)
    screen.shows("|                               Driver Options",
                 "> Add Driver Option")
    guest.send(ESC)
    screen.shows("|                          Boot Maintenance Manager")
    guest.send(ESC)
    screen.shows("QEMU Virtual Machine", "> Boot Manager")


def start_shell(guest, screen):
    guest.send(UP)
    screen.shows("take you to the Boot\n", "   Manager\n")
    guest.send(ENTER)
    screen.shows("|                                Boot Manager",
                 "EFI Internal Shell", "Device Path :")
    guest.send(ENTER)
    guest.ready()


def main(tap):
    with Guest("test-edk2-menu", "edk2", cpus=1, timeout=120) as guest:
        screen = Screen(guest)
        tap.check("ESC enters the setup", setup, guest, screen)
        tap.check("cursor keys move by an entry", cursor, guest, screen)
        tap.check("menus open, and close", maintenance, guest, screen)
        tap.check("the boot manager starts the shell", start_shell, guest,
                  screen)
        tap.check("it takes commands", firmware.has, guest, "ver",
                  "UEFI Interactive Shell")


sys.exit(firmware.run(main))

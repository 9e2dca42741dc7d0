# SPDX-License-Identifier: MIT
"""i8042 with keyboard and mouse beside a PC's, whose processor is halted."""

import json
import os
from tempfile import NamedTemporaryFile

from engine import Device
from i8042_shadow import (
    AUX, CTR_INIT, DATA, INPUT, KBD, KBD_EDGES, KEYS, MOUSE_COMMANDS, RATES,
    READ, STATUS, STATUS_A2, STATUS_SYS, KbcShadow, command, data)
from i8042_shows import (
    Show, every_command, every_key, every_move, show_controller, show_keyboard,
    show_mouse)
from qtest import BUILD

NO_KEY = "key 0 0"  # a line for our side that does nothing
BUTTONS = {1: "left", 2: "right", 4: "middle"}
RESET = 2  # "line" that rises when the machine's reset is asked for


def ups_and_downs(op):
    """Of our device's key, for one of QEMU's."""
    _, name, down = op
    if name == "ctrl-pause":
        return (1, 0) if down else ()
    return (int(down),)


class I8042(Device):
    name = "i8042"
    base = DATA
    ports = True
    intercept = "ioapic"
    lines = {1: KBD, 12: AUX}
    c_include = ("i8042-host.h",)
    c_start = "start_pc(BOTH);"
    c_dev = "&kbc.dev"

    def __init__(self):
        self.held = 0  # buttons, as QEMU knows them
        shown = [show for shows in (show_controller, show_keyboard, show_mouse)
                 for show in shows()]
        self.shown = shown
        self.rows = (STATUS_A2, STATUS_SYS, INPUT, KBD_EDGES,
                     *dict.fromkeys(show.row for show in shown))
        os.makedirs(BUILD, exist_ok=True)
        self.bios = NamedTemporaryFile(dir=BUILD, prefix="halt.")
        # At the reset vector: cli; hlt; jmp back to the hlt.
        self.bios.write(bytes(0xfff0) + b"\xfa\xf4\xeb\xfd" + bytes(12))
        self.bios.flush()
        self.qemu = ("qemu-system-x86_64", "-M", "pc", "-m", "16", "-vga",
                     "none", "-bios", self.bios.name)

    def before(self, ours, qemu):
        """Keys and motion reach a machine that runs. Both alike at first."""
        self.held = 0
        qemu.qmp("cont")
        self.power_on(qemu)
        init = [command(0xd4), data(0xff), READ, READ, READ, command(0x60),
                data(CTR_INIT)]
        qemu.ask(*(f"inb {op[1]:#x}" if op[0] == "r" else
                   f"outb {op[1]:#x} {op[3]:#x}" for op in init))

    def power_on(self, qemu):
        qemu.reset()
        qemu.sync()

    def shadow(self):
        return KbcShadow()

    def directed(self):
        byname = {}
        for show in self.shown:
            byname.setdefault(show.row, []).append(show.ops)
        return [
            ("every key", every_key()),
            ("every command",
             every_command(lambda c: [command(c), data(0xee)])),
            ("every byte for the keyboard",
             every_command(lambda c: [data(c), data(0xee)])),
            ("every byte for the mouse",
             every_command(lambda c: [command(0xd4), data(c), command(0xd4),
                                      data(0xe9)])),
            ("motion each way, each button", every_move()),
            ("what resets the machine",
             Show("reset").do(*(
                 op for code in range(0xf0, 0x100)
                 for op in (command(code), ("resets",), ("power on",)))).do(*(
                     op for value in (0xff, 0xfe, 0xcd, 0xcc)
                     for op in (command(0xd1), data(value), ("resets",),
                                ("power on",)))).ops),
            *((f"{row}, {n}" if n else row, ops)
              for row, many in byname.items() for n, ops in enumerate(many)),
        ]

    def host_lines(self, op):
        if op[0] == "key":
            lines = [f"key {KEYS[op[1]]:#x} {down}"
                     for down in ups_and_downs(op)]
            return lines or [NO_KEY]
        if op[0] == "mouse":
            return ["mouse " + " ".join(map(str, op[1:]))]
        return [{"power on": "reset", "resets": "resets"}.get(op[0], NO_KEY)]

    def host_qemu(self, qemu, op):
        if op[0] == "power on":
            self.power_on(qemu)
        elif op[0] == "resets":
            return self.resets(qemu)
        elif op[0] in ("key", "mouse"):
            events = self.key if op[0] == "key" else self.move
            qemu.qmp("input-send-event", events=events(*op[1:]))
        return []

    @staticmethod
    def resets(qemu):
        """Since the last look, as edges."""
        qemu.sync()
        qemu.control.sendall(b'{"execute": "query-status"}')
        edges, reply = [], {}
        while "return" not in reply:
            reply = json.loads(qemu.replies.readline())
            edges += [(RESET, True)] * (reply.get("event") == "RESET")
        return edges

    @staticmethod
    def key(name, down):
        return [{"type": "key", "data": {
            "down": down, "key": {"type": "qcode",
                                  "data": name.split("-")[-1]}}}]

    def move(self, dx, dy, dz, buttons):
        """One report; up is positive here, down there."""
        moves = [("x", dx), ("y", -dy)]
        clicks = [(name, bool(buttons & bit)) for bit, name in BUTTONS.items()
                  if (buttons ^ self.held) & bit]
        wheel = "wheel-down" if dz > 0 else "wheel-up"
        clicks += [(wheel, down) for _ in range(abs(dz))
                   for down in (True, False)]
        self.held = buttons
        return [{"type": "rel", "data": {"axis": axis, "value": value}}
                for axis, value in moves if value] + [
                    {"type": "btn", "data": {"button": button, "down": down}}
                    for button, down in clicks]

    def c_host(self, op):
        if op[0] == "key":
            return " ".join(f"key(0x{KEYS[op[1]]:x}, {down});"
                            for down in ups_and_downs(op))
        if op[0] == "mouse":
            return f"move({', '.join(map(str, op[1:]))});"
        if op[0] == "power on":
            return self.c_start
        return ""

    # --- Random sequences -----------------------------------------------------

    def generate(self, rng, shadow):
        kind = rng.random()
        if shadow.full and kind < 0.5:
            return READ
        if kind < 0.25:
            return STATUS
        if shadow.cmd and kind < 0.9:
            return data(self.parameter(rng, shadow))
        return rng.choices(
            (self.any_command, self.for_kbd, self.for_mouse, self.any_key,
             self.any_move, lambda *_: READ),
            (30, 20, 25, 8, 14, 3))[0](rng, shadow)

    def parameter(self, rng, shadow):
        if shadow.cmd == 0x60:
            return rng.choice((0x03, 0x43, 0x47, 0x00, rng.getrandbits(8)))
        if shadow.cmd == 0xd4:
            return self.mouse_byte(rng, shadow.mouse)
        return rng.getrandbits(8)

    def any_command(self, rng, _shadow):
        return command(rng.choice((
            0x20, 0x60, 0x60, 0x60, 0xa7, 0xa8, 0xa8, 0xa9, 0xaa, 0xab, 0xad,
            0xae, 0xae, 0xc0, 0xd0, 0xd1, 0xd2, 0xd3, 0xdd, 0xdf, 0xff,
            rng.getrandbits(8))))

    def for_kbd(self, rng, shadow):
        if shadow.kbd.cmd:
            return data(rng.choice((0, 1, 2, 2, rng.randrange(0x80))))
        return data(rng.choice((0xed, 0xee, 0xf0, 0xf2, 0xf3, 0xf4, 0xf4, 0xf5,
                                0xf6, 0xfa, 0xff, rng.getrandbits(8))))

    def for_mouse(self, rng, shadow):
        return command(0xd4)

    def mouse_byte(self, rng, mouse):
        if mouse.cmd == 0xf3:
            knock = {200: 100, 100: 80}.get(mouse.rates[1], 200)
            return rng.choice((knock, knock, rng.choice(RATES)))
        if mouse.cmd:
            return rng.randrange(4)
        if any(mouse.sums):
            return 0xeb
        if mouse.wrap:
            return rng.choice((0xec, 0xec, rng.getrandbits(8)))
        return rng.choice((*MOUSE_COMMANDS, 0xf3, 0xf3, 0xf4, 0xf4, 0xf4, 0xf4))

    def any_key(self, rng, shadow):
        name = rng.choice(tuple(KEYS))
        if shadow.kbd.held and rng.randrange(2):
            return ("key", min(shadow.kbd.held), False)
        return ("key", name, bool(rng.randrange(2)))

    def any_move(self, rng, shadow):
        mouse = shadow.mouse
        buttons = rng.choice((mouse.buttons, rng.randrange(8)))
        most = rng.choice((3, 127))
        return ("mouse", rng.randint(-most, most), rng.randint(-most, most),
                rng.randint(-3, 3) if mouse.wheel else 0, buttons)


DEVICE = I8042()

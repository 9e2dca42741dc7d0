# SPDX-License-Identifier: MIT
"""Directed sequences for an i8042: what both do alike, and what they do not."""

from itertools import zip_longest

from i8042_shadow import (
    A2, AUX_INT, KBD, KBD_INT, KEYS, MOUSE_COMMANDS, OBF, PORT, READ,
    SCRIPTS, STATUS, XLATE, command, data)


class Show:
    """A sequence that leaves what both do alike, and says how.

    What is read is given for both sides; where they differ, that is a row.
    """

    def __init__(self, name, *ops):
        self.row = f"i8042-{name}"
        self.ops = [("show", len(SCRIPTS))]
        SCRIPTS.append(self.ops)
        self.last = (0, 0)
        self.aux = False  # whose bytes they are
        self.do(command(0x60), data(0), *ops)  # open, no interrupts, as it is

    def do(self, *ops):
        self.ops += ops
        return self

    def differs(self, op, ours, theirs):
        """Both answers to an operation: values, or [value, edges]."""
        ours, theirs = (answer if isinstance(answer, list) else [answer, []]
                        for answer in (ours, theirs))
        self.ops += [("differs", self.row, ours, theirs), op]
        return self

    def kbd(self, *values):
        self.aux = False
        return self.do(*map(data, values))

    def mouse(self, *values):
        self.aux = True
        for value in values:
            self.do(command(0xd4), data(value))
        return self

    def says(self, ours, theirs=None):
        """Bytes that each side has for the guest, and then no more."""
        theirs = ours if theirs is None else theirs
        for pair in zip_longest(ours, theirs):
            self.look(*(byte is not None for byte in pair))
            self.last = tuple(last if byte is None else byte
                              for byte, last in zip(pair, self.last))
            if self.last[0] != self.last[1]:
                self.differs(READ, *self.last)
            else:
                self.do(READ)
        return self.look(False, False)

    def look(self, *full):
        """The status: is there a byte on either side?"""
        if full[0] == full[1]:
            return self.do(STATUS)
        last = [op for op in self.ops if op[0] == "w"][-1]
        idle = 0x10 | A2 * (last[1] == PORT), 0x10 | A2
        here = OBF | (0x20 if self.aux else 0)
        return self.differs(STATUS, *(i | here * f
                                      for i, f in zip(idle, full)))

    def key(self, name, down=True):
        self.aux = False
        return self.do(("key", name, down))

    def move(self, *delta, buttons=0):
        self.aux = True
        return self.do(("mouse", *delta, buttons))

    def enable(self):
        return self.mouse(0xf4).says([0xfa])


def rates(show, *values):
    for value in values:
        show.mouse(0xf3).says([0xfa]).mouse(value).says([0xfa])
    return show


def show_controller():
    """Deviations of the controller."""
    show = Show("power-on", ("power on",), STATUS, READ)
    show.differs(command(0x20), [None, []], [None, [(KBD, True)]])
    show.differs(READ, [0x70, []], [0x03, [(KBD, False)]])
    yield show.do(command(0x60), data(0)).mouse(0xe9).says(
        [0xfa, 0, 2, 100], [0xfa, 0, 0, 0])
    yield Show("ram", command(0x61), data(0xaa)).says([], [0xfe]).do(
        command(0x21)).says([0xaa], [])
    show = Show("ram")
    for code in range(0x21, 0x40):
        show.do(command(code)).says([0], []).do(command(0xab)).says([0])
    yield show
    yield Show("password", command(0xa4)).says([0xf1], [])
    yield Show("password", command(0xa5), data(0x1c)).says([], [0xfe]).kbd(
        0).says([], [0xfa])
    yield Show("poll-input", command(0xc1)).differs(STATUS, 0x38, 0x18)
    yield Show("poll-input", command(0xc2)).differs(STATUS, 0x88, 0x18)
    yield Show("test-inputs", command(0xe0)).says([3], []).do(
        command(0xad), command(0xe0)).says([2], [])
    yield Show("output-port", command(0xd1), data(0xff), command(0xd0)).says(
        [0xcf], [0xff])
    yield Show("self-test", command(0xd1), data(0xcd), command(0xaa)).says(
        [0x55]).do(command(0xd0)).says([0xcf], [0xcd]).do(command(0x20)).says(
        [0x74], [0x00])
    yield Show("replaced").key("a").do(command(0xab)).says([0], [0x1c, 0])
    show = Show("aux-flag", command(0xd3), data(1), command(0xd2), data(2))
    yield show.differs(STATUS, 0x11, 0x39).do(READ)
    yield Show("parameter", command(0x60), command(0x20)).says([0]).kbd(
        0xee).says([0xee], [])
    show = Show("keyboard-first").enable().do(command(0x60), data(0x30))
    show.key("a").key("a", False).move(5, 0, 0).do(command(0x60), data(0))
    show.do(STATUS, READ).differs(STATUS, 0x11, 0x39)
    show.differs(READ, 0xf0, 0x08).differs(READ, 0x1c, 0xf0)
    yield show.differs(READ, 0x08, 0x05).differs(READ, 0x05, 0x1c).do(READ)


def show_keyboard():
    """Deviations of the keyboard."""
    yield Show("kbd-zero").kbd(0x00).says([0xfe], [0xfa])
    for code in (0xf7, 0xf8, 0xf9):
        yield Show("kbd-types").kbd(code).says([0xfa], [0xfe])
    for code in (0xfb, 0xfd):
        yield Show("kbd-types").kbd(code).says([0xfa], [0xfe]).kbd(0x1c).says(
            [0xfa], [0xfe]).kbd(0xee).says([0xee])
    yield Show("kbd-types").kbd(0xfc).says([0xfa]).kbd(0x1c).says(
        [0xfa]).kbd(0x1b).says([0xfa], [0xfe]).kbd(0xee).says([0xee])
    yield Show("kbd-resend").kbd(0xee).says([0xee]).kbd(0xfe).says(
        [0xee], [0xfe])
    for code in (0xed, 0xf3, 0xf0):
        yield Show("kbd-parameter").kbd(code).says([0xfa]).kbd(0xee).says(
            [0xee], [0xfe if code == 0xf0 else 0xfa])
    for code in (0xed, 0xf3):
        yield Show("kbd-parameter").kbd(code).says([0xfa]).kbd(0x80).says(
            [0xfe], [0xfa]).kbd(0x00).says([0xfa])
    yield Show("kbd-parameter").kbd(0xf0).says([0xfa]).kbd(0x04).says(
        [0xfe]).kbd(0x01).says([0xfa], [0xfe]).kbd(0xee).says([0xee])
    show = Show("kbd-set-3").kbd(0xf0).says([0xfa]).kbd(3).says([0xfe], [0xfa])
    yield show.kbd(0xee).says([0xee]).key("ctrl").says([0x14], [0x11])
    yield Show("kbd-defaults").kbd(0xf5).says([0xfa]).kbd(0xf6).says(
        [0xfa]).key("a").says([], [0x1c])
    yield Show("kbd-clears", command(0xad)).key("a").kbd(0xf4).says(
        [0xfa], [0xfa, 0x1c])
    yield Show("kbd-unread").kbd(0xf2, 0xee).says(
        [0xfa, 0xab, 0x83, 0xee], [0xee])
    yield Show("kbd-waits").kbd(0xed).says([0xfa]).key("a").says(
        [], [0x1c]).kbd(0).says([0xfa, 0x1c], [0xfa])
    show = Show("kbd-overrun")
    for _ in range(20):
        show.key("a")
    yield show.says([0x1c] * 13 + [0x00], [0x1c] * 16)
    show = Show("kbd-overrun", command(0xad))
    for _ in range(6):
        show.key("home", False)  # three bytes each
    yield show.do(command(0xae)).says([0xe0, 0xf0, 0x6c] * 5,
                                      [0xe0, 0xf0, 0x6c] * 5 + [0xe0])
    yield Show("kbd-alt-print").key("alt").says([0x11]).key("alt-print").says(
        [0x84], [0xf0, 0x11, 0x11, 0x84]).key("alt-print", False).says(
        [0xf0, 0x84], [0xf0, 0x84, 0xf0, 0x11, 0x11])


def show_mouse():
    """Deviations of the mouse."""
    show = Show("mouse-unknown")
    for code in range(256):
        if code not in MOUSE_COMMANDS and code not in (0xec, 0xfe):
            show.mouse(code).says([0xfe], []).mouse(code).says(
                [0xfc], []).mouse(0xe6).says([0xfa])
    yield show
    yield Show("mouse-unwrap").mouse(0xec).says([0xfa], [])
    yield Show("mouse-resend").mouse(0xf2).says([0xfa, 0]).mouse(0xfe).says(
        [0xfa, 0], [])
    yield Show("mouse-range").mouse(0xe8).says([0xfa]).mouse(4).says(
        [0xfe], [0xfa])
    yield Show("mouse-range").mouse(0xf3).says([0xfa]).mouse(11).says(
        [0xfe], [0xfa])
    yield Show("mouse-parameter").mouse(0xe8).says([0xfa]).mouse(0xe9).says(
        [0xfa, 0, 2, 100], [0xfa])
    yield rates(Show("mouse-types"), 200, 200, 80).mouse(0xf2).says(
        [0xfa, 0], [0xfa, 4])
    yield rates(Show("mouse-types"), 200, 200, 100, 80).mouse(0xf2).says(
        [0xfa, 3], [0xfa, 0])
    show = rates(Show("mouse-types"), 200, 100).mouse(0xff).says(
        [0xfa, 0xaa, 0])
    yield rates(show, 80).mouse(0xf2).says([0xfa, 0], [0xfa, 3])
    for slow, fast in ((2, 1), (4, 6), (5, 9), (6, 12)):
        yield Show("mouse-scaling").enable().mouse(0xe7).says([0xfa]).move(
            slow, -slow, 0).says([0x28, fast, 256 - fast],
                                 [0x28, slow, 256 - slow])
    yield Show("mouse-command-clears").enable().mouse(0xf0).says([0xfa]).move(
        5, 3, 0).mouse(0xf2).says([0xfa, 0]).mouse(0xeb).says(
        [0xfa, 8, 0, 0], [0xfa, 8, 5, 3])
    yield Show("mouse-remote").mouse(0xf0).says([0xfa]).move(5, 3, 0).mouse(
        0xeb).says([0xfa, 8, 5, 3], [0xfa, 8, 0, 0])
    yield Show("mouse-wrap").mouse(0xee).says([0xfa]).mouse(0xff).says(
        [0xfa, 0xaa, 0]).mouse(0xf2).says([0xfa, 0], [0xf2])
    yield Show("mouse-wrap").enable().mouse(0xee).says([0xfa]).move(
        5, 0, 0).says([], [8, 5, 0])
    yield Show("mouse-wheel").enable().move(0, 0, 1).says([], [8, 0, 0])
    yield Show("mouse-motion").enable().move(200, 0, 0).says(
        [8, 200, 0], [8, 127, 0, 8, 73, 0])
    yield Show("mouse-motion").enable().move(300, 0, 0).says(
        [8, 255, 0], [8, 127, 0, 8, 127, 0, 8, 46, 0])
    yield Show("mouse-motion").enable().move(5, 0, 0).move(6, 0, 0).move(
        7, 0, 0).says([8, 5, 0, 8, 13, 0], [8, 5, 0, 8, 6, 0, 8, 7, 0])
    yield Show("mouse-held").move(0, 0, 0, buttons=1).enable().move(
        5, 0, 0, buttons=1).says([9, 5, 0], [8, 5, 0])
    yield Show("mouse-status-buttons").enable().move(
        0, 0, 0, buttons=5).says([13, 0, 0]).mouse(0xe9).says(
        [0xfa, 0x26, 2, 100], [0xfa, 0x20, 2, 100])


def every_key():
    """Each key down and up: scan code set 2, set 1, 2 as it is translated."""
    ops = []
    for first, mode in ((0xf0, 0), (2, 0), (0xf0, 0), (1, 0), (0xf0, XLATE),
                        (2, XLATE)):
        ops += [command(0x60), data(mode | KBD_INT), data(first), STATUS, READ]
        if first == 0xf0:
            continue
        for name in KEYS:
            ops += press(name)
        for held in ("shift_r", "ctrl"):
            ops += [("key", held, True), READ, READ, *press("ctrl-print"),
                    *press("ctrl-pause"), ("key", held, False)] + [READ] * 3
    return ops


def press(name):
    """Down, up, and all that it says."""
    return [op for down in (True, False)
            for op in [("key", name, down)] + [STATUS, READ] * 9]


def every_command(write):
    """Each byte that both know, followed by an echo, or the status."""
    ops = [command(0x60), data(KBD_INT | AUX_INT)]
    for code in range(256):
        ops += [*write(code), *[STATUS, READ] * 5]
    return ops


def every_move():
    """With a wheel at the end."""
    packet = [STATUS, READ] * 5
    ops = [command(0x60), data(KBD_INT | AUX_INT)]
    for byte in (0xf4, 0xf3, 200, 0xf3, 100, 0xf3, 80, 0xf2):
        ops += [command(0xd4), data(byte), *packet]
        for move in ((1, 0), (-1, 0), (0, 1), (0, -1), (127, -127), (-3, 99)):
            ops += [("mouse", *move, 0, 0), *packet]
        for buttons in (1, 3, 7, 6, 4, 0):
            ops += [("mouse", 0, 0, 0, buttons), *packet]
        for wheel in (1, -1, 7, -7):
            ops += [("mouse", 0, 0, wheel, 0), *packet]
    return ops

# SPDX-License-Identifier: MIT
"""i8042, with its keyboard and its mouse."""

import memory
import terms as T
from contract import Common, answer, argument, check_ctx, is_bool
from proof import CTX, DEVICE, HOST, Entry

MOVE = 0x14000000
PAUSE, PRINT = 0xe114, 0xe07c  # of ps2-keys.h


class I8042(Common):
    """devices/i8042.h"""

    name, struct, host_struct = "i8042", "vsio_i8042", "vsio_i8042_host"
    valid, class_name = "vsio_i8042_valid", "vsio_i8042_class"
    lines = 2
    budget = 20000
    snapshot_budgets = 10000, 40000
    registers = (0, 4)
    loose = ("kbd.answers.byte", "kbd.keys.byte", "mouse.answers.byte",
             "mouse.packets.byte", "mouse.sent")

    def callbacks(self, proof):
        proof.machine.add(memory.Region(
            "move", MOVE, proof.image.size("vsio_mouse_move"),
            members=proof.image.members("vsio_mouse_move"), writable=False))
        return super().callbacks(proof) | {
            "reset": (self.nothing, True), "a20": (self.a20, True),
            "leds": (self.leds, True)}

    @staticmethod
    def nothing(machine, state):
        check_ctx(machine, state)
        return answer(machine, state)

    @staticmethod
    def a20(machine, state):
        check_ctx(machine, state)
        is_bool(machine, state, 1, "the gate")
        return answer(machine, state)

    @staticmethod
    def leds(machine, state):
        check_ctx(machine, state)
        machine.require(state, T.below(argument(state, 1, 8), 8, 8),
                        "LEDs that there are not")
        return answer(machine, state)

    def entries(self, proof):
        yield self.init("vsio_i8042_init", HOST, CTX)
        yield from super().entries(proof)
        code = T.zero_extend(T.var("code", 32), 32, 64)
        pressed = T.from_bool(T.boolean("pressed"), 64)
        yield Entry("key", "vsio_i8042_key", [DEVICE, code, pressed],
                    cases=list(self.keys(proof, code)))
        yield Entry("ctrl_alt_del", "vsio_i8042_ctrl_alt_del", [DEVICE])
        yield Entry("mouse", "vsio_i8042_mouse", [DEVICE, MOVE])
        yield from self.snapshots(proof)

    @staticmethod
    def keys(proof, code):
        """By how many bytes a key has, and in which set."""
        pause, printing = (T.equal(code, c, 64) for c in (PAUSE, PRINT))
        plain = T.below(code, 0x100, 64)
        special = T.either(pause, printing)
        set_2 = T.equal(proof.get(proof.ready, "kbd.set"), 2, 8)
        for key in (pause, printing, plain,
                    T.negate(T.either(special, plain))):
            for pressed in (T.boolean("pressed"),
                            T.negate(T.boolean("pressed"))):
                yield T.all_of((key, pressed, set_2))
                yield T.all_of((key, pressed, T.negate(set_2)))

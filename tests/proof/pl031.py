# SPDX-License-Identifier: MIT
"""PL031: its host is a clock and an alarm."""

import memory
import terms as T
from contract import (Common, answer, argument, check_ctx, note, noted,
                      short_cut)
from proof import BUFFER, CTX, DEVICE, HOST, Entry

NEVER = T.ones(64)


class PL031(Common):
    """devices/pl031.h"""

    name, struct, host_struct = "pl031", "vsio_pl031", "vsio_pl031_host"
    valid, class_name = "vsio_pl031_valid", "vsio_pl031_class"

    def callbacks(self, proof):
        return super().callbacks(proof) | {
            "now": (self.now, False), "set_alarm": (self.set_alarm, True)}

    @staticmethod
    def now(machine, state):
        """Any second, but asked for once a call at most."""
        check_ctx(machine, state)
        machine.require(state, T.equal(noted(state, "asked"), 0, 1),
                        "the clock is looked at twice")
        second = memory.unknown("now", 64)
        note(state, "asked", 1, 1)
        note(state, "second", 64, second)
        return answer(machine, state, second)

    @staticmethod
    def set_alarm(machine, state):
        """On a change only; in the future."""
        check_ctx(machine, state)
        when = argument(state, 1)
        machine.require(state, T.either(
            T.equal(noted(state, "forced"), 1, 1),
            T.negate(T.equal(when, noted(state, "alarm"), 64))),
            "an alarm that is what it was")
        future = T.both(T.equal(noted(state, "asked"), 1, 1),
                        T.below(noted(state, "second"), when, 64))
        machine.require(state, T.either(T.equal(when, NEVER, 64), future),
                        "an alarm that is not in the future")
        note(state, "alarm", 64, when)
        note(state, "forced", 1, 0)
        return answer(machine, state)

    def begin(self, proof, state):
        super().begin(proof, state)
        note(state, "asked", 1, 0)
        note(state, "second", 64, 0)
        note(state, "forced", 1, 0)
        note(state, "alarm", 64, proof.get(state, "armed"))

    def end(self, proof, state):
        super().end(proof, state)
        proof.machine.require(state, T.either(
            T.negate(T.boolean("host has set_alarm")),
            T.equal(noted(state, "alarm"), proof.get(state, "armed"), 64)),
            "the host waits for another alarm")

    def entries(self, proof):
        yield self.init("vsio_pl031_init", HOST, CTX, calls=("now",))
        yield from super().entries(proof)
        yield Entry("alarm", "vsio_pl031_alarm", [DEVICE], prepare=spent)
        offset = T.zero_extend(T.var("offset", 32), 32, 64)
        yield Entry("set_offset", "vsio_pl031_set_offset", [DEVICE, offset])
        yield Entry("read_dr", "proof_pl031_read_dr",
                    [DEVICE, T.var("clock", 64), BUFFER], after=short_cut)
        yield from self.snapshots(proof)

    @staticmethod
    def before_restore(_proof, state):
        """What the host was told is taken back, even if it was nothing."""
        note(state, "forced", 1, 1)


    def before_init(self, proof, state):
        """No timer runs."""
        super().before_init(proof, state)
        spent(proof, state)


def spent(_proof, state):
    """The host's timer has gone off."""
    note(state, "alarm", 64, NEVER)

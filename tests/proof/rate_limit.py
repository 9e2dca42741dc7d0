# SPDX-License-Identifier: MIT
"""The rate limit: no device, but the same kind of proof."""

import memory
import terms as T
from contract import Common, a_bool, answer, check_ctx, note, noted
from proof import CTX, DEVICE, HOST, Entry


class RateLimit(Common):
    """devices/rate-limit.h"""

    name, struct = "rate-limit", "vsio_rate_limit"
    host_struct, valid = "vsio_rate_limit_host", "vsio_rate_limit_valid"
    lines = 0

    def callbacks(self, proof):
        return {"now": (self.now, False), "tx": (self.tx, False)}

    def fixed(self, image):
        return {"host": HOST, "ctx": CTX}

    def given(self, proof, state):
        return []

    @staticmethod
    def now(machine, state):
        """Any nanosecond, but asked for once a call at most."""
        check_ctx(machine, state)
        machine.require(state, T.equal(noted(state, "asked"), 0, 1),
                        "the clock is looked at twice")
        note(state, "asked", 1, 1)
        return answer(machine, state, memory.unknown("now", 64))

    @staticmethod
    def tx(machine, state):
        """The sink: one byte a call at most."""
        check_ctx(machine, state)
        machine.require(state, T.equal(noted(state, "sent"), 0, 1),
                        "a byte is sent twice")
        note(state, "sent", 1, 1)
        taken = T.from_bool(memory.unknown("taken", 0), 8)
        return answer(machine, state, taken, 8)

    def begin(self, proof, state):
        note(state, "asked", 1, 0)
        note(state, "sent", 1, 0)

    def end(self, proof, state):
        pass

    def entries(self, proof):
        rate, burst, byte = (T.zero_extend(T.var(n, w), w, 64) for n, w in
                             (("rate", 32), ("burst", 32), ("byte", 8)))
        yield self.init("vsio_rate_limit_init", HOST, CTX)
        yield Entry("set", "vsio_rate_limit_set", [DEVICE, rate, burst])
        yield Entry("take", "vsio_rate_limit_take", [DEVICE], after=a_bool)
        yield Entry("tx", "vsio_rate_limit_tx", [DEVICE, byte], after=a_bool)

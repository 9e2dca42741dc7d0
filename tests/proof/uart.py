# SPDX-License-Identifier: MIT
"""What PL011 and 16550A have in common: a host that takes bytes and has some."""

import memory
import state as S
import terms as T
from contract import Common, answer, argument, check_ctx, is_bool, note, result
from proof import DEVICE, Entry

DATA = 1 << 41
OFFERED = T.zero_extend(T.var("bytes of data", 32), 32, 64)


class UART(Common):
    """modem_mask: lines that the host may be told of; prefix: of functions."""

    budget = 5000
    modem_mask, modem_width, prefix = 0, 16, ""
    settled = False  # when rx_ready is called

    def callbacks(self, proof):
        self.proof = proof
        self.after_rx = proof.hook("after rx", self.rx_done)
        proof.machine.add(memory.Region("data", DATA, OFFERED, writable=False,
                                        kind="opaque"))
        return super().callbacks(proof) | {
            "tx": (self.tx, False), "rx_ready": (self.rx_ready, True),
            "modem": (self.modem, True), "brk": (self.brk, True)}

    @staticmethod
    def tx(machine, state):
        """Taken or not."""
        check_ctx(machine, state)
        taken = T.from_bool(memory.unknown("taken", 0), 8)
        return answer(machine, state, taken, 8)

    def modem(self, machine, state):
        check_ctx(machine, state)
        lines = argument(state, 1, self.modem_width)
        others = ~self.modem_mask & T.ones(self.modem_width)
        machine.require(state, T.equal(
            T.binary("and", lines, others, self.modem_width), 0,
            self.modem_width), "the host is told of lines there are not")
        return answer(machine, state)

    @staticmethod
    def brk(machine, state):
        check_ctx(machine, state)
        is_bool(machine, state, 1, "a break")
        return answer(machine, state)

    def rx_ready(self, machine, state):
        """The host may call rx from here, as often as it likes.

        Once is run, with any data, and must leave a valid state. What further
        calls leave is valid, too, as rx is proven by itself; so what goes on
        is any valid state, or the state without such a call. Where the state
        is valid before that is simpler: it is any valid state afterwards.
        """
        check_ctx(machine, state)
        if self.settled:
            return self.rx_done(machine, state)
        again = memory.unknown("rx is called", 0)
        inner = state.copy()
        inner.assume(again)
        machine.scratch(inner)
        inner.registers[S.x(0)] = DEVICE
        inner.registers[S.x(1)] = DATA
        inner.registers[S.x(2)] = OFFERED
        machine.call(inner, self.prefix + "_rx", self.after_rx)
        state.assume(T.negate(again))
        return [inner, *answer(machine, state)]

    def rx_done(self, machine, state):
        """Back from it."""
        machine.require(state, self.proof.valid(state),
                        "no valid state around a call of rx by rx_ready")
        Common.end(self, self.proof, state)
        self.proof.havoc(state)
        for n in range(self.lines):
            note(state, f"line {n}", 1, self.line(self.proof, state, n))
        return answer(machine, state)

    def entries(self, proof):
        yield from super().entries(proof)
        yield Entry("rx", self.prefix + "_rx",
                    [DEVICE, DATA, OFFERED],
                    after=at_most_all)
        yield Entry("overrun", self.prefix + "_overrun", [DEVICE])
        yield Entry("tx_ready", self.prefix + "_tx_ready", [DEVICE])
        lines = T.zero_extend(T.var("lines", self.modem_width),
                              self.modem_width, 64)
        yield Entry("modem", self.prefix + "_modem", [DEVICE, lines])

    def snapshots(self, proof):
        """Between the two the lines are those from before."""
        return self.snapshots_apart(proof, {"shown": loaded},
                                    {"given": loaded})


def loaded(proof, state):
    """Valid but for the lines, which are those from before."""
    said = []
    for lines in range(1 << proof.spec.lines):
        other = state.copy()
        proof.set(other, "dev.lines", lines)
        said.append(proof.valid(other))
    return T.both(T.any_of(said), T.below(
        proof.get(state, "dev.lines"), 1 << proof.spec.lines, 32))


def at_most_all(proof, state):
    """No more is taken than was offered."""
    proof.machine.require(state, T.negate(T.below(
        OFFERED, result(state), 64)),
        "rx takes more than there is")

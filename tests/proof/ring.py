# SPDX-License-Identifier: MIT
"""The console ring of xen/vsio: the page is shared with who may write anything.

Each look at the page finds something else; the backend's half of it is never
written. Compiled with the headers of minixen.
"""

import memory
import state as S
import terms as T
from contract import Common, a_bool, answer, argument, note, noted
from proof import DEVICE, HOST, Entry

PAGE, PLACES, CHANNEL, UART = (n << 24 for n in range(0x13, 0x17))
IN, OUT, INDEX = 1024, 2048, 4
FIFO = 64  # the deepest of a UART: it takes no more while the lock is held
POINTER, BYTE, FULL = PLACES, PLACES + 8, PLACES + 16


class Ring(Common):
    """xen/vsio/ring.h, and console.c as far as it uses the ring"""

    name, struct, host_struct = "ring", "vsio_console", "vsio_uart_ops"
    valid = "proof_console_valid"
    lines = 0
    budget = 4000

    def callbacks(self, proof):
        self.proof = proof
        machine, image = proof.machine, proof.image
        self.add_page(machine)
        for name, base, size in (("pointer", POINTER, 8), ("byte", BYTE, 1),
                                 ("full", FULL, 1)):
            machine.add(memory.Region(name, base, size))
        machine.add(memory.Region("uart", UART, image.size("vsio_device")))
        machine.add(memory.Region("channel", CHANNEL, image.size("evtchn"),
                                  writable=False, kind="opaque"))
        machine.add(memory.Region("wait", image.names["opt_console_wait"], 4,
                                  writable=False, kind="opaque"))
        for name, handler in (("get_s_time", clock),
                              ("evtchn_from_port", channel),
                              ("set_timer", self.timer),
                              ("stop_timer", self.timer)):
            machine.hook(image.names[name], handler)
        return {"rx": (self.rx, False), "tx_ready": (self.tx_ready, False)}

    @staticmethod
    def add_page(machine):
        """What is ours to write, and what is not."""
        at = PAGE
        for name, size, ours in (("in", IN, False), ("out", OUT, True),
                                 ("in_cons", INDEX, True),
                                 ("in_prod", INDEX, False),
                                 ("out_cons", INDEX, False),
                                 ("out_prod", INDEX, True)):
            machine.add(memory.Region(f"page.{name}", at, size,
                                      writable=ours, kind="opaque"))
            at += size

    def fixed(self, image):
        return {"ring.page": PAGE, "uart": HOST, "slot.dev": UART}

    def given(self, proof, state):
        return []

    def begin(self, proof, state):
        note(state, "calls", 64, 0)
        note(state, "taken", 64, 0)
        note(state, "index", 32, proof.get(state, "ring.in_cons"))

    def end(self, proof, state):
        pass

    # --- Xen and the UART -----------------------------------------------------

    def timer(self, machine, state):
        wake, _ = self.proof.member("wake.next")
        machine.require(state, T.equal(argument(state, 0), DEVICE + wake, 64),
                        "another's timer")
        return answer(machine, state)

    def rx(self, machine, state):
        """It takes some of what is offered, a FIFO of bytes in all, or none."""
        check_console(machine, state)
        data, n = argument(state, 1), argument(state, 2)
        at = T.binary("sub", data, PAGE, 64)
        machine.require(state, T.both(T.below(0, n, 64),
                                      T.negate(T.below(IN, n, 64))),
                        "no bytes, or more than there are")
        machine.require(state, T.both(
            T.negate(T.below(IN, at, 64)),
            T.negate(T.below(T.binary("sub", IN, at, 64), n, 64))),
            "the UART is offered what is beside the ring")
        self.forget(state)
        calls = noted(state, "calls")
        note(state, "calls", 64, calls + 1)
        none = state.copy()
        if calls == FIFO:  # each call before has taken something
            return answer(machine, none, 0)
        takes = memory.unknown("it takes", 0)
        some = T.zero_extend(memory.unknown("taken", 32), 32, 64)
        state.assume(takes)
        state.assume(T.both(T.below(0, some, 64),
                            T.negate(T.below(n, some, 64))))
        none.assume(T.negate(takes))
        note(state, "taken", 64, some)
        return [*answer(machine, state, some), *answer(machine, none, 0)]

    def tx_ready(self, machine, state):
        """It puts any number of bytes: the console is then in any state."""
        check_console(machine, state)
        self.forget(state)
        return answer(machine, state)

    def forget(self, state):
        """What has been is right; from here on it is any valid state."""
        moved(self.proof, state)
        machine = self.proof.machine
        machine.require(state, self.proof.valid(state),
                        "no valid state when the UART is called")
        self.proof.havoc(state)
        note(state, "index", 32, self.proof.get(state, "ring.in_cons"))
        note(state, "taken", 64, 0)

    # --- What is called -------------------------------------------------------

    def entries(self, proof):
        byte = T.zero_extend(T.var("byte", 8), 8, 64)
        n = T.zero_extend(T.var("n", 32), 32, 64)
        for name, function, arguments, after in (
                ("init", "proof_ring_init", [PAGE], None),
                ("publish", "proof_ring_publish", [], moved),
                ("queued", "proof_ring_queued", [], moved),
                ("put", "proof_ring_put", [byte], one_more),
                ("peek", "proof_ring_peek", [POINTER], inside),
                ("taken", "proof_ring_taken", [n], gone),
                ("take_one", "proof_ring_take_one", [BYTE, FULL], one_less),
                ("tx", "proof_console_tx", [byte], a_bool),
                ("pull", "vsio_console_pull", [], moved),
                ("full", "vsio_console_full", [], a_bool),
                ("answered", "vsio_console_answered", [], moved)):
            yield Entry(name, function, [DEVICE, *arguments], after=after)


def check_console(machine, state):
    machine.require(state, T.equal(argument(state, 0), DEVICE, 64),
                    "the UART gets another console")


def clock(machine, state):
    return answer(machine, state, memory.unknown("now", 64))


def channel(machine, state):
    return answer(machine, state, CHANNEL)


# --- Afterwards ---------------------------------------------------------------


def moved(proof, state):
    """What was taken since then is given back, no byte more."""
    taken = T.extract(noted(state, "taken"), 31, 0, 64)
    proof.machine.require(state, T.equal(
        proof.get(state, "ring.in_cons"),
        T.binary("add", noted(state, "index"), taken, 32), 32),
        "other bytes are given back than were taken")


def result(proof, state):
    a_bool(proof, state)
    return T.zero_extend(T.extract(state.registers[S.x(0)], 0, 0, 64), 1, 64)


def gone(proof, state):
    a_bool(proof, state)
    note(state, "taken", 64, T.zero_extend(T.var("n", 32), 32, 64))
    moved(proof, state)


def one_less(proof, state):
    note(state, "taken", 64, result(proof, state))
    moved(proof, state)


def one_more(proof, state):
    """It is in the ring, and counted, or it is not."""
    moved(proof, state)
    put = T.binary("sub", proof.get(state, "ring.out_prod"),
                   T.var("device.ring.out_prod", 32), 32)
    proof.machine.require(state, T.equal(
        put, T.extract(result(proof, state), 31, 0, 64), 32),
        "another number of bytes is put")


def inside(proof, state):
    """All that is offered lies in the page."""
    moved(proof, state)
    n = T.zero_extend(argument(state, 0, 32), 32, 64)
    pointer = state.load(proof.machine.regions["pointer"], 0, 8)
    at = T.binary("sub", pointer, PAGE, 64)
    room = T.binary("sub", IN, at, 64)
    proof.machine.require(state, T.either(
        T.equal(n, 0, 64), T.both(T.below(at, IN, 64),
                                  T.negate(T.below(room, n, 64)))),
        "bytes beside the ring are offered")

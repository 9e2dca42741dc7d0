#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vsiod with the real xenstored: devices, consoles, commands; Xen and the guest are played."""

import ctypes
import errno
import json
import os
import random
import shutil
import signal
import socket
import sys
import threading
import time
import uuid

sys.dont_write_bytecode = True
TESTS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, f"{TESTS}/toolstack")
# pylint: disable=wrong-import-position
import stage as toolstack  # noqa: E402
from stage import (B, FAKE_XEN, FIRST, PATIENCE, Failure, expect, main,  # noqa: E402
                   read_some, wait_for)

IOREQ = f"{B}/toolstack/fake-ioreq.so"
toolstack.PRELOAD = f"{IOREQ}:{FAKE_XEN}"
MS = PATIENCE * 1000
FULL, EMPTY = 0x20, 0x10  # FR of a PL011
IMSC, RIS, FR, DR = 0x38, 0x3c, 0x18, 0
READ, WRITE = 1, 0
NONE, READY, INPROCESS, ANSWERED = range(4)


class Ioreq(ctypes.Structure):
    """struct ioreq."""
    _fields_ = [("addr", ctypes.c_uint64), ("data", ctypes.c_uint64),
                ("count", ctypes.c_uint32), ("size", ctypes.c_uint32),
                ("vp_eport", ctypes.c_uint32), ("pad", ctypes.c_uint16),
                ("bits", ctypes.c_uint8), ("type", ctypes.c_uint8)]


class Guest:
    """A domain whose devices vsiod serves."""

    def __init__(self, stage, name, *devices, vcpus=1, run=True, **options):
        self.stage, self.name = stage, name
        self.domid = stage.create(name, **options)
        self.lib = ctypes.CDLL(IOREQ)
        self.lib.gx_print.restype = self.lib.gx_input.restype = ctypes.c_size_t
        self.lib.gx_create(self.domid, vcpus)
        self.dir = f"{stage.dir}/vsiod/{self.domid}"
        for device in devices:
            stage.ok("attach", name, *device.split(), "host=daemon")
        if run:
            stage.pause(self.domid, False)

    def access(self, write, addr, size=4, value=0, vcpu=0, milliseconds=MS):
        data = ctypes.c_uint64(value)
        status = self.lib.gx_access(self.domid, vcpu, write, ctypes.c_uint64(addr), size,
                                    ctypes.byref(data), milliseconds)
        if status:
            raise Failure(f"{addr:#x}: {('', 'nobody is there', 'no answer')[status]}")
        return data.value

    def peek(self, addr, size=4, **more):
        return self.access(False, addr, size, **more)

    def poke(self, addr, value, size=4, **more):
        self.access(True, addr, size, value, **more)

    def request(self, **fields):
        """Any request at all. -> what is answered."""
        data = ctypes.c_uint64()
        fields = {"count": 1, "type": 1, "size": 4, "addr": FIRST, **fields}
        fields["bits"] = fields.pop("dir", READ) << 5 | fields.pop("pointer", 0) << 4
        if self.lib.gx_request(self.domid, 0, ctypes.byref(Ioreq(**fields)),
                               ctypes.byref(data), MS):
            raise Failure("no answer")
        return data.value

    def print(self, text, uart=FIRST, vcpu=0):
        expect(self.lib.gx_print(self.domid, vcpu, ctypes.c_uint64(uart), text,
                                 ctypes.c_size_t(len(text))), len(text), "bytes that went")

    def input(self, n, uart=FIRST, milliseconds=MS):
        data = ctypes.create_string_buffer(n)
        got = self.lib.gx_input(self.domid, 0, ctypes.c_uint64(uart), data,
                                ctypes.c_size_t(n), milliseconds)
        return data.raw[:got]

    def irq(self, number):
        """level, raised, lowered, rebooted."""
        out = (ctypes.c_uint32 * 4)()
        self.lib.gx_irq(self.domid, number, out)
        return list(out)

    def tty(self, slot=0):
        return self.stage.tty(self.domid, slot)

    def open(self, slot=0):
        return os.open(self.tty(slot), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def log(self, slot=0):
        return self.stage.log(f"guest-{self.name}-vsio{slot}.log")

    def printed(self, n, slot=0):
        """The log, once it has n bytes."""
        wait_for(f"{n} bytes in the log", lambda: len(self.log(slot)) >= n)
        return self.log(slot)

    def worker(self):
        try:
            with open(f"{self.dir}/worker", encoding="ascii") as file:
                return int(file.read())
        except FileNotFoundError:
            return 0

    def turn(self):
        """How many requests its workers have begun: state.h has where it is."""
        with open(f"{self.dir}/state", "rb") as file:
            return file.read(56)[48:]

    def keeper(self):
        """The parent of a worker, which may just be followed by another."""
        return wait_for("a worker", lambda: parent(self.worker()))

    def kill(self, sig=signal.SIGKILL):
        """Its worker; not waited for."""
        pid = self.worker()
        if pid:
            try:
                os.kill(pid, sig)
            except ProcessLookupError:
                pass

    def stat(self, slot=0):
        return [s for s in self.stage.json("stat", "--json", self.name) if s["slot"] == slot][0]

    def counts(self):
        """What the first device has seen, as a worker keeps it that is not killed meanwhile."""
        end = time.monotonic() + 30  # on a busy machine each one takes its time to start
        while time.monotonic() < end:
            done = self.stage.run("stat", "--json", self.name)
            if not done.returncode:
                first = json.loads(done.stdout)[0]
                return [first[key] for key in ("reads", "writes")]
        raise Failure("no stat")

    def destroy(self):
        self.stage.destroy(self.domid)
        wait_for("the end of its files", lambda: not os.path.exists(self.dir))
        self.lib.gx_destroy(self.domid)


def attached(stage):
    """attach starts the daemon; list and xenstore show what it serves"""
    with open(f"{stage.dir}/vars", "wb") as file:
        file.write(b"contents" * 1024)
    guest = Guest(stage, "attach", "pl011", "pl031", "i8042", "ns16550",
                  f"flash file={stage.dir}/vars block=4K")
    listed = stage.json("list", "--json", "attach")
    expect([(d["slot"], d["device"], d["addr"], d["irq"]) for d in listed],
           [(0, "pl011", "0x22001000", 44), (1, "pl031", "0x22002000", 45),
            (2, "i8042", "0x22003000", 46), (3, "ns16550", "0x22004000", 48),
            (4, "flash", "0x4020000", None)], "list")
    expect(guest.peek(0x4020000), int.from_bytes(b"cont", "little"), "contents")
    home = f"/local/domain/{guest.domid}/vsio"
    expect(stage.store.read(f"{home}/0/port"), "0", "port")
    expect(stage.store.read(f"{home}/0/ring-ref"), None, "ring-ref")
    expect(stage.describe(guest.domid).count("page"), 4, "pages: libxl's")
    guest.destroy()


def refused(stage):
    """what can't be attached is refused in one line, and nothing is left"""
    guest = Guest(stage, "refused", "pl011", run=False)
    stage.refused(4, "is pl011 in slot 0", "attach", "refused", "pl031", "addr=0x22001000")
    stage.refused(4, "interrupt", "attach", "refused", "pl031", "irq=900")
    stage.refused(2, "it is xen or daemon", "attach", "refused", "pl031", "host=qemu")
    expect(len(stage.json("list", "--json", "refused")), 1, "devices")
    stage.ok("detach", "refused", 0)
    expect(stage.json("list", "--json", "refused"), [], "devices")
    stage.pause(guest.domid, False)
    stage.pause(guest.domid)
    stage.refused(4, "has run", "attach", "refused", "pl011", "host=daemon")
    mixed = stage.create("mixed")
    stage.ok("attach", "mixed", "pl031")
    guest.lib.gx_create(mixed, 1)
    stage.refused(4, "is in Xen already", "attach", "mixed", "pl011", "host=daemon")
    guest.destroy()


def console(stage):
    """what the guest prints is in the pty and in the log, what is typed arrives"""
    guest = Guest(stage, "both", "pl011", "ns16550")
    pty = guest.open()
    guest.print(b"hello\n")
    expect(read_some(pty, 6), b"hello\n", "pty")
    expect(guest.printed(6), b"hello\n", "log")
    os.write(pty, b"typed")
    expect(guest.input(5), b"typed", "input")
    second = guest.open(1)
    for byte in b"other":
        guest.poke(FIRST + 0x1000, byte, 1)
    expect(read_some(second, 5), b"other", "pty of the 16550A")
    expect(guest.printed(5, 1), b"other", "its log")
    os.write(second, b"x")
    wait_for("data ready", lambda: guest.peek(FIRST + 0x1000 + 5 * 4) & 1)
    expect(guest.peek(FIRST + 0x1000), ord("x"), "RBR")
    guest.destroy()


def kilobytes(stage):
    """100 KB in and 20 KB out are the same bytes"""
    guest = Guest(stage, "kilobytes", "pl011")
    data = random.Random(1).randbytes(102400)
    path = f"{stage.dir}/kilobytes"
    with open(path, "wb") as file:
        file.write(data)
    guest.tty()
    send = stage.spawn([toolstack.VSIOCTL, "send", "kilobytes", "0", path],
                       env={"LD_PRELOAD": toolstack.PRELOAD})
    expect(guest.input(len(data)) == data, True, "what was typed")
    expect(send.wait(PATIENCE), 0, "vsioctl send")
    stage.children.remove(send)
    guest.print(data[:20000])
    expect(guest.printed(20000) == data[:20000], True, "what was printed")
    guest.destroy()


def interrupts(stage):
    """an interrupt is a level, and told again while it is high"""
    guest = Guest(stage, "irq", "pl011")
    guest.poke(FIRST + IMSC, 0x50)
    expect(guest.irq(44)[0], 0, "level")
    os.write(guest.open(), b"!")
    wait_for("an interrupt", lambda: guest.irq(44)[0])
    wait_for("the edge again", lambda: guest.irq(44)[1] > 3)
    expect(guest.input(1), b"!", "input")
    expect(guest.irq(44)[0], 0, "level")
    lowered = guest.irq(44)[2]
    time.sleep(0.1)
    expect(guest.irq(44)[2], lowered, "it stays low")
    guest.destroy()


def clock(stage):
    """the clock runs, its alarm interrupts, its offset outlives the domain"""
    ident = uuid.uuid4()
    guest = Guest(stage, "clock", "pl031", ident=ident)
    if abs(guest.peek(FIRST) - time.time()) > 5:
        raise Failure("the clock is wrong")
    guest.poke(FIRST + 8, 1000)  # LR
    guest.poke(FIRST + 0x10, 1)
    guest.poke(FIRST + 4, guest.peek(FIRST) + 2)  # MR
    expect(guest.irq(44)[0], 0, "level before the alarm")
    wait_for("the alarm", lambda: guest.irq(44)[0])
    offset = int(wait_for("an offset", lambda: stage.store.read(f"/vsio/rtc/{ident}")))
    if abs(offset + time.time() - 1000) > 10:
        raise Failure(f"offset {offset}")
    guest.destroy()
    guest = Guest(stage, "clock", "pl031", ident=ident)
    if abs(guest.peek(FIRST) - 1000) > 20:
        raise Failure("the next life has another clock")
    guest.destroy()


def keyboard(stage):
    """keys arrive, and the reset line reboots the domain"""
    guest = Guest(stage, "keys", "i8042")
    guest.poke(FIRST + 4, 0x60, 1)
    guest.poke(FIRST, 0x03, 1)
    stage.ok("key", "keys", "a")
    codes = []
    while guest.peek(FIRST + 4, 1) & 1 and len(codes) < 9:
        codes.append(guest.peek(FIRST, 1))
    expect(bytes(codes).hex(), "1cf01c", "scan codes")
    expect(guest.irq(44)[3], 0, "reboots")
    guest.poke(FIRST + 4, 0xfe, 1)
    wait_for("the reboot", lambda: guest.irq(44)[3])
    guest.destroy()


def program(guest, offset, value):
    for word in (0x00400040, value, 0x00ff00ff):
        guest.poke(0x4020000 + offset, word)


def flash(stage):
    """what the guest programs is in the file"""
    path = f"{stage.dir}/flash"
    with open(path, "wb") as file:
        file.write(b"\xff" * 8192)
    guest = Guest(stage, "flash", f"flash file={path} block=4K")
    program(guest, 0x1004, 0xcafe1234)
    wait_for("the file", lambda: open(path, "rb").read()[0x1004:0x1008] == b"\x34\x12\xfe\xca")
    for word in (0x00200020, 0x00d000d0, 0x00ff00ff):
        guest.poke(0x4020000 + 0x1000, word)
    wait_for("the erase", lambda: open(path, "rb").read() == b"\xff" * 8192)
    guest.destroy()


def saved(stage):
    """saved, changed, restored: the guest sees no difference; and into a new domain"""
    devices = ["pl011", "pl031", "i8042", "flash size=8K block=4K"]
    guest = Guest(stage, "saved", *devices)
    guest.poke(FIRST + 0x24, 13)  # IBRD
    guest.poke(FIRST + 0x1008, 1000)  # the clock
    program(guest, 0, 0x12345678)
    stage.refused(4, "is not paused", "save", "saved", f"{stage.dir}/saved")
    stage.pause(guest.domid)
    stage.ok("save", "saved", f"{stage.dir}/saved")
    guest.poke(FIRST + 0x24, 99)
    guest.poke(FIRST + 0x1008, 5000)
    program(guest, 0, 0)
    stage.ok("restore", "saved", f"{stage.dir}/saved")
    expect(guest.peek(FIRST + 0x24), 13, "IBRD")
    expect(guest.peek(0x4020000), 0x12345678, "flash")
    if abs(guest.peek(FIRST + 0x1000) - 1000) > 100:
        raise Failure("the clock is another")
    guest.destroy()
    new = Guest(stage, "new", *devices, run=False)
    stage.ok("restore", "new", f"{stage.dir}/saved")
    expect(new.peek(FIRST + 0x24), 13, "IBRD")
    expect(new.peek(0x4020000), 0x12345678, "flash")
    new.destroy()


def wrong(stage):
    """wrong requests are answered, and change nothing"""
    guest = Guest(stage, "wrong", "pl011", "ns16550 stride=1")
    # Xen 4.17 passes the whole register.
    guest.request(dir=WRITE, addr=FIRST + 0x24, data=0xdeadbeef12340007, size=1)
    expect(guest.peek(FIRST + 0x24), 7, "IBRD")
    guest.request(dir=WRITE, addr=FIRST + 0x24, data=0xdeadbeef1234abcd, size=2)
    expect(guest.peek(FIRST + 0x24), 0xabcd, "IBRD")
    expect(guest.request(addr=FIRST + 0x18, size=1), guest.peek(FIRST + 0x18) & 0xff, "one byte")
    before = guest.stat()["refused"]
    for fields, answer in (({"size": 8}, 2**64 - 1), ({"addr": FIRST + 2}, 2**32 - 1),
                           ({"addr": FIRST + 0xffd, "size": 4}, 2**32 - 1),
                           ({"addr": FIRST + 0x1000, "size": 2}, 0xffff)):
        expect(guest.request(**fields), answer, str(fields))
    expect(guest.stat()["refused"], before + 3, "refused")
    for fields, answer in (({"size": 3}, 2**24 - 1), ({"size": 0}, 0), ({"size": 64}, 2**64 - 1),
                           ({"size": 2**32 - 1}, 2**64 - 1), ({"count": 2}, 2**32 - 1),
                           ({"count": 0}, 2**32 - 1), ({"pointer": 1}, 2**32 - 1),
                           ({"type": 0}, 2**32 - 1), ({"type": 2}, 2**32 - 1),
                           ({"addr": FIRST - 4}, 2**32 - 1), ({"addr": 2**64 - 4}, 2**32 - 1),
                           ({"addr": 0, "dir": WRITE}, 2**32 - 1), ({"type": 8, "dir": 0}, 0)):
        expect(guest.request(**fields), answer, str(fields))
    reads = guest.stat()["reads"]
    expect(guest.peek(FIRST + 0x24), 0xabcd, "IBRD")
    expect(guest.stat()["reads"], reads + 1, "reads")
    guest.destroy()


def early(stage):
    """what the guest prints before there is a pty is in the pty and in the log"""
    for n in range(10):
        guest = Guest(stage, f"early{n}", "pl011")
        guest.print(b"first words\n" * 20)
        expect(read_some(guest.open(), 240), b"first words\n" * 20, "pty")
        expect(guest.printed(240), b"first words\n" * 20, "log")
        guest.destroy()


def slow_reader(stage):
    """nobody reads a console: the guest goes on, the newest bytes are kept, the log has all"""
    guest = Guest(stage, "slow", "pl011 limit=4096")
    pty = guest.open()
    text = b"".join(b"%07d\n" % n for n in range(5000))
    guest.print(text)
    expect(guest.printed(len(text)) == text, True, "the log")
    seen = read_some(pty, len(text), 1)
    if not seen.endswith(text[-4096:]) or len(seen) == len(text):
        raise Failure(f"{len(seen)} bytes, {seen[-20:]}")
    guest.print(b"again\n")
    expect(read_some(pty, 6), b"again\n", "afterwards")
    os.write(pty, b"z")
    expect(guest.input(1), b"z", "input")
    guest.destroy()


def stands_still(guest):
    """-> bytes that the guest has printed, if they are no more after a while."""
    before = guest.stat()["out"]
    time.sleep(0.3)
    return before if guest.stat()["out"] == before else 0


def held(stage):
    """--overflow-data=keep: the guest waits for whoever reads, and nothing is lost"""
    guest = Guest(stage, "held", run=False)
    start(stage, "held", "--overflow-data=keep")
    stage.ok("attach", "held", "pl011", "limit=4096")
    stage.pause(guest.domid, False)
    pty = guest.open()
    text = b"".join(b"%07d\n" % n for n in range(5000))
    pid = stage.fork(guest.print, text)
    done = wait_for("the guest to stand", lambda: stands_still(guest))
    if not 4096 <= done < len(text):
        raise Failure(f"{done} bytes were taken")
    # What waits in the FIFO is not forgotten by the next worker, either.
    guest.kill()
    expect(read_some(pty, len(text), 6 * PATIENCE) == text, True, "what is read in the end")
    stage.end_guest(pid)
    expect(guest.printed(len(text)) == text, True, "log")
    guest.destroy()


def log_full(stage):
    """a log that is full stays as it is, the pty has all, and SIGHUP begins a new one"""
    log = f"{stage.dir}/log/guest-full-vsio0.log"
    most = 64 * 1024 * 1024
    with open(log, "wb") as file:
        file.truncate(most - 10)
    guest = Guest(stage, "full", "pl011")
    pty = guest.open()
    for text in (b"0123456789", b"more\n", b"and more\n"):
        guest.print(text)
        expect(read_some(pty, len(text)), text, "pty")
        expect(os.path.getsize(log), most, "bytes in the log")
    os.rename(log, f"{log}.1")
    os.kill(guest.keeper(), signal.SIGHUP)
    wait_for("a new log", lambda: os.path.exists(log))
    guest.print(b"new\n")
    expect(guest.printed(4), b"new\n", "log")
    os.unlink(f"{log}.1")
    guest.destroy()


def killer(guest, stop, pause):
    """Kill the worker again and again, but no more than three that have done nothing: a
    keeper starts none after five such. -> how often"""
    kills, idle, turn = 0, 0, b""
    while not stop.wait(random.uniform(*pause)):
        if idle == 3:
            wait_for("a request", lambda turn=turn: stop.is_set() or guest.turn() != turn)
        before, turn = turn, guest.turn()
        idle = idle + 1 if turn == before else 0
        pid = guest.worker()
        try:
            os.kill(pid, signal.SIGKILL)
            kills += 1
        except ProcessLookupError:
            continue
        wait_for("another worker", lambda pid=pid: guest.worker() != pid)
    return kills


def while_killed(guest, function, *args, pause=(0.0, 0.03)):
    """Run function while the worker is killed at random. -> its result"""
    stop, result = threading.Event(), []
    thread = threading.Thread(target=lambda: result.append(killer(guest, stop, pause)))
    thread.start()
    try:
        seen = function(*args)
    finally:
        stop.set()
        thread.join()
    print(f"# {result[0] if result else 'no'} kills", flush=True)
    if not result or result[0] < 5:
        raise Failure("it was hardly killed")
    return seen


def killed_printing(stage):
    """killed while the guest prints: each byte is taken once, and once in the log"""
    guest = Guest(stage, "kill-out", "pl011")
    text = b"".join(b"%07d\n" % n for n in range(2500))
    while_killed(guest, guest.print, text)
    guest.print(b"end\n")
    wait_for("the end", lambda: guest.log().endswith(b"end\n"))
    expect(guest.stat()["out"], len(text) + 4, "bytes out, as the device counts them")
    expect(guest.log() == text + b"end\n", True, "log")
    guest.destroy()


def killed_reading(stage):
    """killed while the guest reads: what was in its input comes once, in order"""
    guest = Guest(stage, "kill-in", "pl011")
    data = bytes(random.Random(2).choices(range(256), k=900))
    pty = guest.open()
    os.write(pty, data)
    # All of it is in the worker's hands before the first one dies.
    wait_for("input", lambda: not guest.peek(FIRST + FR) & EMPTY)
    time.sleep(0.2)

    def slowly():
        seen = b""
        while len(seen) < len(data):
            seen += guest.input(5, milliseconds=2000)
            time.sleep(0.002)
        return seen

    expect(while_killed(guest, slowly) == data, True, "input")
    guest.destroy()


def killed_programming(stage):
    """killed while the guest programs its flash: all is in the file"""
    path = f"{stage.dir}/killed"
    with open(path, "wb") as file:
        file.write(b"\xff" * 65536)
    guest = Guest(stage, "kill-flash", f"flash file={path} block=4K")
    words = [random.Random(i).getrandbits(32) for i in range(2000)]

    def write():
        for i, word in enumerate(words):
            program(guest, 4 * i, word)
            if i % 20 == 0:
                for command in (0x00200020, 0x00d000d0, 0x00ff00ff):
                    guest.poke(0x4020000 + 0x8000, command)

    while_killed(guest, write, pause=(0.0, 0.01))
    wanted = b"".join(word.to_bytes(4, "little") for word in words)
    wait_for("the file", lambda: open(path, "rb").read()[:len(wanted)] == wanted)
    expect(guest.peek(0x4020000 + 40), words[10], "what the guest reads")
    guest.destroy()


def killed_smp(stage):
    """killed while two vCPUs are at it: each of them gets its own answers"""
    guest = Guest(stage, "kill-smp", "pl011", "pl031 offset=0", vcpus=2)
    uart, rtc, n = FIRST, FIRST + 0x1000, 4000
    wrong_answers = []

    def one(vcpu, addr, mask):
        for i in range(n):
            guest.poke(addr, i & mask, vcpu=vcpu)
            seen = guest.peek(addr, vcpu=vcpu)
            if seen != i & mask:
                wrong_answers.append((vcpu, i, seen))

    def both():
        threads = [threading.Thread(target=one, args=(0, uart + 0x24, 0xffff)),
                   threading.Thread(target=one, args=(1, rtc + 4, 0xffffffff))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    before = guest.stat(0)["writes"] - guest.stat(1)["writes"]
    while_killed(guest, both)
    expect(wrong_answers, [], "answers")
    expect(guest.stat(0)["writes"] - before, n, "writes")
    expect(guest.stat(1)["writes"], n, "writes")
    guest.destroy()


def killed_writing(stage):
    """killed right after its Nth write, for each N: the log has each byte once"""
    lines = [b"%07d\n" % n for n in range(6)]
    killed = 0
    for n in range(2, 14):
        guest = Guest(stage, f"write{n}", "pl011", run=False)
        start_again(stage, guest, FAKE_IOREQ_KILL_WRITE=str(n))
        first = guest.worker()
        for i, line in enumerate(lines):
            guest.print(line)
            guest.printed(8 * (i + 1))
        guest.counts()  # it serves, the old or the new one
        expect(guest.log(), b"".join(lines), f"log, killed after write {n}")
        killed += guest.worker() != first
        guest.destroy()
    # How many writes there are depends on how soon each line is shown.
    if killed < 8:
        raise Failure(f"{killed} workers were killed")


def killed_each_step(stage):
    """each worker killed at its Nth call of Xen, for each N: each access happens once"""
    for n in range(20, 48):  # to begin takes some, on a busy machine more
        guest = Guest(stage, f"step{n}", "pl011", run=False)
        start_again(stage, guest, FAKE_IOREQ_KILL=str(n))
        before = guest.counts()
        for i in range(12):
            # The line moves: that is told between the commit and the answer.
            guest.poke(FIRST + IMSC, 0x20)
            guest.poke(FIRST + IMSC, 0)
            guest.poke(FIRST + 0x24, i)
            expect(guest.peek(FIRST + 0x24), i, f"IBRD, killed at call {n}")
        start_again(stage, guest)
        seen = guest.counts()
        expect([b - a for a, b in zip(before, seen)], [12, 36],
               f"reads and writes, killed at call {n}")
        guest.destroy()


def keeper_killed(stage):
    """the keeper is killed: its worker ends, accesses wait, the next vsiod goes on"""
    guest = Guest(stage, "kept", "pl011", "pl031")
    guest.poke(FIRST + 0x24, 77)
    guest.print(b"before\n")
    guest.printed(7)
    keeper, worker = guest.keeper(), guest.worker()
    os.kill(keeper, signal.SIGKILL)
    wait_for("the worker's end", lambda: ended(worker))
    not_there(stage, "kept")
    try:
        guest.peek(FIRST + 0x24, milliseconds=200)
        raise Failure("somebody answered")
    except Failure as failure:
        expect("no answer" in str(failure), True, str(failure))
    expect(guest.lib.gx_state(guest.domid, 0), READY, "state of the request")
    start(stage, "kept")
    data = ctypes.c_uint64()
    expect(guest.lib.gx_wait(guest.domid, 0, ctypes.byref(data), MS), 0, "answered at last")
    expect(data.value, 77, "IBRD")
    guest.print(b"after\n")
    expect(guest.printed(13), b"before\nafter\n", "log")
    guest.destroy()


def orphan(stage, name):
    """-> the files of a domain whose keeper has died before it."""
    guest = Guest(stage, name, "pl011")
    keeper, worker = guest.keeper(), guest.worker()
    os.kill(keeper, signal.SIGKILL)
    wait_for("the worker's end", lambda: ended(worker))
    stage.destroy(guest.domid)
    guest.lib.gx_destroy(guest.domid)
    return guest.dir


def left_behind(stage):
    """a keeper that has died before its domain: attach, vsiod, serve remove its files"""
    left = orphan(stage, "left1")
    expect(os.path.exists(f"{left}/state"), True, "its files")
    other = Guest(stage, "other", "pl011")
    expect(os.path.exists(left), False, "its files after attach")
    left = orphan(stage, "left2")
    start_again(stage, other)
    expect(os.path.exists(left), False, "its files after vsiod")
    server = stage.serve()
    left = orphan(stage, "left3")
    wait_for("serve to remove its files", lambda: not os.path.exists(left))
    stage.end(server)
    expect(other.peek(FIRST + FR) & EMPTY, EMPTY, "a daemon that lives")
    other.destroy()


def dies(stage):
    """a domain dies while it prints: its daemon ends, and takes its files along"""
    guest = Guest(stage, "dies", "pl011")
    pid = stage.fork(guest.print, b"x" * 1000000)
    guest.printed(1000)
    worker, keeper = guest.worker(), guest.keeper()
    guest.stage.destroy(guest.domid, dying=True)
    wait_for("the end of its files", lambda: not os.path.exists(guest.dir))
    wait_for("the end of its processes", lambda: ended(worker) and ended(keeper))
    stage.end_guest(pid, kill=True)
    stage.destroy(guest.domid)


def liar(stage):
    """a worker that a guest has taken over lies to vsioctl: one line, no more"""
    domid = stage.create("liar")
    os.makedirs(f"{stage.dir}/vsiod/{domid}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(f"{stage.dir}/vsiod/{domid}/socket")
    listener.listen()
    head = bytes(8 + 128)  # no error, and struct xen_vsio_op
    answers = [b"x", bytes(8), head[:-1], (-1).to_bytes(4, "little", signed=True) + head[4:],
               head + b"z", head + bytes(65536)]

    def lie():
        for answer in answers:
            client, _ = listener.accept()
            client.recv(100000)
            client.send(answer)
            client.close()

    thread = threading.Thread(target=lie)
    thread.start()
    for answer in answers:
        done = stage.run("stat", "liar")
        said = done.stderr.decode()
        if done.returncode not in (1, 5) or said.count("\n") != 1:
            raise Failure(f"{answer[:16]}: {done.returncode}, {said}")
    thread.join()
    listener.close()
    shutil.rmtree(f"{stage.dir}/vsiod/{domid}")


def garbage(stage):
    """messages that are no command, and commands that can't be, are refused"""
    guest = Guest(stage, "garbage", "pl011", "flash size=4K")

    def send(message):
        client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client.connect(f"{guest.dir}/socket")
        client.send(message)
        answer = client.recv(100000)
        client.close()
        return int.from_bytes(answer[:4], "little")

    def command(cmd, slot=0, version=1, body=b"", more=b""):
        head = b"".join(n.to_bytes(4, "little") for n in (0, 0, version, cmd, slot, 0))
        return send(head + body.ljust(112, b"\0") + more)

    expect(command(2), 0, "info")
    for size in (1, 8, 135):
        expect(send(bytes(size)), errno.EINVAL, f"{size} bytes")
    expect(command(2, version=2), errno.EACCES, "another version")
    expect(command(2, slot=2), errno.ENOENT, "an empty slot")
    expect(command(2, slot=2**32 - 1), errno.ENOENT, "no slot")
    for cmd in (7, 10, 2**32 - 1):
        expect(command(cmd), errno.EINVAL, f"command {cmd}")
    expect(command(8), errno.EINVAL, "a key for a UART")
    expect(command(4, more=b"x" * 100), errno.EINVAL, "lengths that differ")
    data = bytes(8) + (4095).to_bytes(4, "little") + (2).to_bytes(4, "little")
    expect(command(5, slot=1, body=data), errno.EINVAL, "a read beyond the flash")
    rng = random.Random(3)
    for _ in range(300):
        send(bytes(rng.choices((0, 1, 2, 4, 8, 255), k=rng.randrange(1, 300))))
    expect(guest.peek(0x4020000), 2**32 - 1, "flash")
    guest.destroy()


def logs_anew(stage):
    """SIGHUP opens the logs anew"""
    guest = Guest(stage, "rotated", "pl011")
    guest.print(b"old\n")
    guest.printed(4)
    log = f"{stage.dir}/log/guest-rotated-vsio0.log"
    os.rename(log, f"{log}.1")
    os.kill(guest.keeper(), signal.SIGHUP)
    wait_for("a new log", lambda: os.path.exists(log))
    guest.print(b"new\n")
    expect(guest.printed(4), b"new\n", "log")
    guest.destroy()


def xenstored_gone(stage):
    """xenstored ends: the devices stay, and go with the domain"""
    guest = Guest(stage, "storeless", "pl011")
    guest.tty()
    stage.store.lib.xs_close(stage.store.handle)
    stage.end(stage.xenstored, signal.SIGKILL)
    guest.print(b"alone\n")
    guest.printed(6)
    guest.kill()
    guest.print(b"and again\n")
    guest.printed(16)
    with open(f"/proc/{guest.keeper()}/stat", encoding="ascii") as file:
        before = file.read().split()[13:15]
    time.sleep(1)
    with open(f"/proc/{guest.keeper()}/stat", encoding="ascii") as file:
        seen = file.read().split()[13:15]
    if sum(map(int, seen)) - sum(map(int, before)) > 20:
        raise Failure("the keeper is busy with nothing")
    stage.xen.fx_destroy(guest.domid, False)
    wait_for("the end of its files", lambda: not os.path.exists(guest.dir))


def not_there(stage, name):
    done = stage.run("stat", name)
    expect(done.returncode, 5, "status")
    expect("its daemon does not run" in done.stderr.decode(), True, done.stderr.decode())


def start_again(stage, guest, **env):
    """Another vsiod."""
    keeper = guest.keeper()
    os.kill(keeper, signal.SIGTERM)
    wait_for("the keeper's end", lambda: ended(keeper))
    start(stage, guest.name, **env)


def parent(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            return int([line.split()[1] for line in file if line.startswith("PPid")][0])
    except FileNotFoundError:
        return 0


def ended(pid):
    try:
        return not os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return True


def start(stage, name, *options, **env):
    done = stage.spawn(["vsiod", *options, name],
                       env={"LD_PRELOAD": toolstack.PRELOAD, **env})
    expect(done.wait(timeout=PATIENCE), 0, "vsiod")
    stage.children.remove(done)


def only_one(stage):
    """a second vsiod of a domain leaves at once"""
    guest = Guest(stage, "single", "pl011")
    done = stage.spawn(["vsiod", "single"], env={"LD_PRELOAD": toolstack.PRELOAD})
    expect(done.wait(timeout=PATIENCE), 4, "status")
    stage.children.remove(done)
    guest.print(b"well\n")
    expect(guest.printed(5), b"well\n", "log")
    guest.destroy()


def jailed(stage):
    """the worker has an empty root, a user of its own, a filter, and few descriptors"""
    guest = Guest(stage, "jail", "pl011", "flash size=4K")
    guest.print(b"in\n")
    guest.printed(3)  # the first worker, if there was one without a console, is gone
    pid = guest.worker()
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    user = 1610612736 + guest.domid
    expect(status["Uid"].split(), [str(user)] * 4, "user")
    expect(status["Gid"].split(), [str(user)] * 4, "group")
    expect(status["Groups"].strip(), "", "groups")
    expect(status["Seccomp"], "2", "filter")
    expect(status["NoNewPrivs"], "1", "no new privileges")
    expect(status["CapEff"], "0" * 16, "capabilities")
    expect(os.listdir(f"/proc/{pid}/root"), [], "its root")
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        limits = {line[:26].strip(): line[26:].split()[:2] for line in file}
    expect(limits["Max file size"], [str(64 * 1024 * 1024)] * 2, "bytes of a file")
    kinds = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        target = os.readlink(f"/proc/{pid}/fd/{name}")
        kinds.append(target.split(":")[0] + ":" if ":" in target else os.path.basename(target))
    kinds = sorted(kind for kind in kinds if kind not in ("anon_inode:", "socket:", "pipe:"))
    expect([k for k in kinds if not k.startswith(("fifo-", "null"))],
           ["guest-jail-vsio0.log", "ptmx", "state"], "its files")
    guest.destroy()


def many_domains(stage):
    """twenty domains, each with its own process; those that end take their files along"""
    guests = [Guest(stage, f"many{n}", "pl011") for n in range(20)]
    for n, guest in enumerate(guests):
        guest.print(b"I am %d\n" % n)
    for n, guest in enumerate(guests):
        said = b"I am %d\n" % n
        expect(guest.printed(len(said)), said, "log")
    expect(len({guest.worker() for guest in guests}), 20, "processes")
    for guest in guests:
        guest.destroy()


def dies_at_once(stage):
    """a worker that dies again and again is left alone, and its guest waits"""
    guest = Guest(stage, "doomed", "pl011")
    with open(f"{guest.dir}/state", "r+b") as file:
        data = file.read(65536)
        at = data.index(b"PL11")
        while at >= 0:  # both images
            file.seek(at)
            file.write(b"XXXX")
            at = data.find(b"PL11", at + 1)
    worker = guest.worker()
    keeper = guest.keeper()
    guest.kill()
    wait_for("the keeper's end", lambda: ended(keeper))
    if guest.worker() == worker:
        raise Failure("nobody tried")
    not_there(stage, "doomed")
    stage.destroy(guest.domid)
    shutil.rmtree(guest.dir)


def prepare(stage):
    """vsiod is found where vsioctl looks for it"""
    path = f"{stage.dir}/bin"
    os.makedirs(path)
    # With the log directory of the stage, whoever starts it.
    with open(f"{path}/vsiod", "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\nexec {B}/vsiod/vsiod --log-dir={stage.dir}/log \"$@\"\n")
    os.chmod(f"{path}/vsiod", 0o755)
    os.chmod(stage.dir, 0o755)
    stage.env["PATH"] = os.environ["PATH"] = f"{path}:{os.environ['PATH']}"


def end_all(stage):
    """no daemon is left"""
    for domid in os.listdir(f"{stage.dir}/vsiod"):
        stage.destroy(int(domid))
    wait_for("the last one", lambda: not os.listdir(f"{stage.dir}/vsiod"))


if __name__ == "__main__":
    main([prepare, attached, refused, console, kilobytes, interrupts, clock, keyboard, flash, saved,
          wrong, early, slow_reader, held, log_full, killed_printing, killed_reading,
          killed_programming, killed_smp, killed_writing, killed_each_step, keeper_killed, only_one,
          left_behind, dies, liar, garbage, logs_anew, jailed, many_domains, dies_at_once, end_all,
          xenstored_gone])

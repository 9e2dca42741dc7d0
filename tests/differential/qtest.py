# SPDX-License-Identifier: MIT
"""Both sides of the comparison behind one protocol: QEMU's qtest.

Lines are sent in batches and answered in order. A line "IRQ raise N" comes
before the answer to what moved the line, so each edge belongs to one line.
"""

import fcntl
import json
import mmap
import os
import socket
import struct
import subprocess
import termios

BUILD = f"{os.environ.get('B', 'build')}/differential"
REFUSED = "refused"  # in place of a value: the host would abort the access
SECOND = 10**9
TIMEOUT = 60  # seconds until a side that says nothing is given up
START = 1700000000  # the time of day when a side starts
IAC, TELNET_FF, TELNET_BREAK = 255, b"\xff\xff", b"\xff\xf3"


class Broken(Exception):
    """A side does not answer, or not as the protocol says."""


class Side:
    """Answers are [value, edges]: None, a number or REFUSED; (line, level)s."""

    def __init__(self, lines):
        self.lines = lines  # what the side calls a line -> the device's line
        self.buffer = b""
        self.edges = []  # since the last answer
        self.out = bytearray()  # bytes that the guest has sent so far

    def transmit(self, data):
        raise NotImplementedError

    def receive(self):
        raise NotImplementedError

    def collect(self, count):
        """The answers to so many lines."""
        answers = []
        while len(answers) < count:
            *lines, self.buffer = self.buffer.split(b"\n")
            for line in lines:
                self.understand(line, answers)
            if len(answers) < count:
                more = self.receive()
                if not more:
                    raise Broken("no answer: the other side has ended")
                self.buffer += more
        if len(answers) > count:
            raise Broken("more answers than questions")
        return answers

    def understand(self, line, answers):
        """One line: an answer, or what comes before it."""
        words = line.split()
        if words[0] == b"OK":
            word = words[1] if len(words) > 1 else b""
            value = int(word, 16) if word.startswith(b"0x") else None
        elif words[0] == b"ERR":
            value = REFUSED
        elif words[0] == b"IRQ":
            if (number := self.lines.get(int(words[2]))) is not None:
                self.edges.append((number, words[1] == b"raise"))
            return
        elif words[0] == b"OUT":
            self.out.append(int(words[1], 16))
            return
        else:
            raise Broken(line.decode())
        answers.append([value, self.edges])
        self.edges = []

    def ask(self, *lines):
        """One answer for all these lines: the last value, all edges."""
        self.transmit("".join(f"{line}\n" for line in lines).encode())
        answers = self.collect(len(lines))
        return [answers[-1][0], [e for _, edges in answers for e in edges]]


class Ours(Side):
    """Our device, in tests/differential/server.c."""

    def __init__(self, device):
        super().__init__({n: n for n in range(8)})
        server = os.environ.get("VSIO_SERVER", f"{BUILD}/server")
        self.process = subprocess.Popen([server, device],
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, bufsize=0)

    def transmit(self, data):
        self.process.stdin.write(data)

    def receive(self):
        return os.read(self.process.stdout.fileno(), 1 << 16)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Qemu(Side):
    """QEMU with its machine standing still (-S), and its clocks in our hands.

    command: the program and its machine; drives, if any. intercept: the type of
    the interrupt controller whose inputs are looked at. serial: the first
    serial port is ours, too. log: a file for what QEMU has to say.
    """

    def __init__(self, command, intercept, lines, serial=False, log=os.devnull):
        super().__init__(lines)
        self.start_clock()
        self.fresh = True  # in its power-on state by itself
        self.serial = None
        self.boot(command, serial, log)
        if "QMP" not in self.reply():
            raise Broken("no greeting from QMP")
        self.qmp("qmp_capabilities")
        if serial:
            self.plug_in()
        if intercept:
            self.ask(f"irq_intercept_in {self.find(intercept)}")

    def boot(self, command, serial, log):
        args = [*command, "-accel", "tcg", "-S", "-nodefaults", "-nic", "none",
                "-display", "none", "-qtest-log", "none",
                "-qtest", "chardev:qtest", "-qmp", "chardev:qmp"]
        self.qtest, far_qtest = self.channel("qtest", args)
        self.control, far_control = self.channel("qmp", args)
        self.replies = self.control.makefile("r")
        if serial:
            args += ["-chardev", "socket,id=serial,server=on,wait=off,telnet=on"
                     f",abstract=on,path={self.address()}",
                     "-serial", "chardev:serial"]
        with far_qtest, far_control, open(log, "w", encoding="utf-8") as file:
            self.process = subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                pass_fds=[far_qtest.fileno(), far_control.fileno(),
                          self.clock_fd],
                env=dict(os.environ, VSIO_CLOCK_FD=str(self.clock_fd),
                         LD_PRELOAD=os.path.realpath(f"{BUILD}/clock.so")))

    @staticmethod
    def address():
        return f"vsio-differential-{os.getpid()}"

    def channel(self, name, args):
        """A pair of sockets; QEMU's gets the chardev's name."""
        near, far = socket.socketpair()
        near.settimeout(TIMEOUT)
        args += ["-chardev", f"socket,id={name},fd={far.fileno()}"]
        return near, far

    def transmit(self, data):
        self.qtest.sendall(data)

    def receive(self):
        return self.qtest.recv(1 << 16)

    def sync(self):
        """A turn of QEMU's main loop, seen from outside."""
        return self.ask("endianness")

    # --- Time -----------------------------------------------------------------

    def start_clock(self):
        self.clock_fd = os.memfd_create("clock")
        os.ftruncate(self.clock_fd, mmap.PAGESIZE)
        self.clock = mmap.mmap(self.clock_fd, mmap.PAGESIZE)
        self.now = [START * SECOND, SECOND]
        struct.pack_into("qq", self.clock, 0, *self.now)

    def set_time(self, day=None, monotonic=None):
        """Nanoseconds. Timers that are due have fired on return.

        They fire at the end of the turn that looks at the clock, so it takes a
        second one to have them done. The machine's own clock stands still with
        the machine; for timers on that, "cont" it first.
        """
        self.now = [self.now[0] if day is None else day,
                    self.now[1] if monotonic is None else monotonic]
        struct.pack_into("qq", self.clock, 0, *self.now)
        return self.ask("endianness")[1] + self.sync()[1]

    # --- QMP ------------------------------------------------------------------

    def qmp(self, command, **arguments):
        request = {"execute": command, "arguments": arguments}
        self.control.sendall(json.dumps(request).encode())
        while True:
            reply = self.reply()
            if "error" in reply:
                raise Broken(f"{command}: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]

    def reset(self):
        """The machine's reset, done on return; it is told before or after."""
        self.control.sendall(b'{"execute": "system_reset"}')
        wanted = {"RESET", None}
        while wanted:
            wanted.discard(json.loads(self.replies.readline()).get("event"))

    def reply(self):
        line = self.replies.readline()
        if not line:
            raise Broken("QEMU has ended")
        return json.loads(line)

    def find(self, kind):
        """The path of the first object of a type."""
        paths = ["/machine"]
        for path in paths:
            for item in self.qmp("qom-list", path=path):
                if item["type"] == f"child<{kind}>":
                    return f"{path}/{item['name']}"
                if item["type"].startswith("child<"):
                    paths.append(f"{path}/{item['name']}")
        raise Broken(f"no {kind} in this machine")

    # --- Serial port ----------------------------------------------------------

    def plug_in(self):
        """Telnet, since that has breaks. It begins with four offers."""
        self.serial = socket.socket(socket.AF_UNIX)
        self.serial.settimeout(TIMEOUT)
        self.serial.connect(f"\0{self.address()}")
        hello = b""
        while len(hello) < 12:
            hello += self.serial.recv(12 - len(hello))
        self.serial.setblocking(False)

    def type(self, data):
        """Bytes for the serial port: in its FIFO on return, as far as they fit.

        One packet each, so that the kernel's count of what is not read yet
        falls by each byte that the device has taken; the device gets it in the
        same turn of the main loop. See settle(). Returns the edges.
        """
        for byte in data:
            self.serial.send(bytes([byte]) if byte != IAC else TELNET_FF)
        return self.settle()

    def send_break(self):
        self.serial.send(TELNET_BREAK)
        return self.settle()

    def settle(self):
        """The device takes what it can of the bytes that wait for it.

        Four turns of the main loop without progress: the first may have begun
        before we wrote, and within a turn we may be served before the port is.
        """
        edges, idle, left = [], 0, self.unread()
        while left and idle < 4:
            edges += self.sync()[1]
            before, left = left, self.unread()
            idle = idle + 1 if left == before else 0
        return edges

    def unread(self):
        answer = fcntl.ioctl(self.serial, termios.TIOCOUTQ, b"\0" * 4)
        return struct.unpack("i", answer)[0]

    def listen(self):
        """Notes what the guest has sent: QEMU writes it before it answers."""
        try:
            while data := self.serial.recv(1 << 16):
                self.out += data
        except BlockingIOError:
            pass

    def close(self):
        try:
            self.qmp("quit")
            self.process.wait(20)
        except (Broken, OSError, ValueError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        for it in (self.qtest, self.control, self.replies, self.clock,
                   self.serial):
            if it:
                it.close()
        os.close(self.clock_fd)

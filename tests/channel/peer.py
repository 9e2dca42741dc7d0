# SPDX-License-Identifier: MIT
"""The protocol of docs/channel.md once more: an end that does as a test says."""

import os
import re
import select
import struct
import time
import tty
import zlib

FLAG, ESCAPE = b"~", b"}"
SPECIAL = re.compile(rb"[\x00-\x1f}~\x7f\xff]")
HOST, GUEST = 0x40, 0x41
HELLO, READY, DATA, ACK, REJECT, POLL, BYE = range(1, 8)
OPEN, ARG, RUN, SIGNAL, CANCEL, DATA_OF, EOF, CREDIT, INFO, SUM, ACCEPT, END = range(1, 13)
PING, EXEC, READ, WRITE, LIST, FORWARD = range(1, 7)


def encode(side, kind, seq, ack, session, payload=b""):
    frame = struct.pack("<BBBBIB", side, kind, seq & 255, ack & 255, session,
                        len(payload)) + payload
    frame += struct.pack("<I", zlib.crc32(frame))
    return FLAG + SPECIAL.sub(lambda m: ESCAPE + bytes([m[0][0] ^ 0x40]), frame) + FLAG


def decode(data):
    """(side, kind, seq, ack, session, payload), or None."""
    data = re.sub(rb"}(.)", lambda m: bytes([m[1][0] ^ 0x40]), data, flags=re.DOTALL)
    if len(data) < 13 or zlib.crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        return None
    return (*struct.unpack("<BBBBI", data[:8]), data[9:-4])


class Peer:
    """One end of a line. What it receives in its session is acknowledged."""

    def __init__(self, name, side):
        self.fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.fd)
        self.side = side
        self.rest = b""
        self.session = self.number = 0
        self.sent = self.expected = 0

    def write(self, data):
        while data:
            data = data[os.write(self.fd, data):]

    def send(self, kind, payload=b"", session=None):
        self.write(encode(self.side, kind, self.sent, self.expected,
                          self.number if session is None else session, payload))
        self.sent += kind == DATA

    def say(self, job, what, rest=b""):
        self.send(DATA, struct.pack("<HB", job, what) + rest)

    def frame(self, seconds=10):
        """The next frame of the other side; None: none came."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while FLAG in self.rest:
                data, self.rest = self.rest.split(FLAG, 1)
                frame = decode(data)
                if frame and frame[0] != self.side:
                    return frame
            if select.select([self.fd], [], [], 0.05)[0]:
                self.rest += os.read(self.fd, 4096)
        return None

    def hear(self, seconds=10):
        """(job, what, rest) of the next message in its order; None: none came."""
        while True:
            frame = self.frame(seconds)
            if not frame:
                return None
            _, kind, seq, _, session, payload = frame
            if kind == HELLO:
                self.answer(session)
            elif self.side == GUEST and session != self.number:
                self.send(READY, bytes(24), 0)
            elif kind == DATA and session == self.number and seq == self.expected & 255:
                self.expected += 1
                self.send(ACK)
                return (*struct.unpack("<HB", payload[:3]), payload[3:])

    # A guest's

    def answer(self, session, incarnation=77):
        """READY, and the session begins."""
        if session != self.session:
            self.session, self.number = session, (session + incarnation) & 0xffffffff
            self.sent = self.expected = 0
        self.send(READY, struct.pack("<IIQQ", incarnation, 1, 2000, 3000), self.session)

    def job(self):
        """The next job that is opened, until RUN: (its number, operation, arguments)."""
        number, what, rest = self.hear()
        assert what == OPEN, what
        operation, args = rest[0], b""
        while what != RUN:
            _, what, rest = self.hear()
            args += rest if what == ARG else b""
        return number, operation, args

    # A host's

    def call(self, session):
        self.session = session
        for _ in range(50):
            self.send(HELLO, session=session)
            frame = self.frame(0.2)
            if frame and frame[1] == READY and frame[4] == session:
                self.number = (session + int.from_bytes(frame[5][:4], "little")) & 0xffffffff
                self.sent = self.expected = 0
                return
        raise TimeoutError("no READY")

    def close(self):
        os.close(self.fd)

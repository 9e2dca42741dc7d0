#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Bad lines and bad ends: noise, cuts, hostile agents, hostile hosts."""

import fcntl
import os
import random
import resource
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
import peer  # noqa: E402
from line import AGENT, PATIENCE, expect, main, noise, wait_for  # noqa: E402
from peer import Peer  # noqa: E402

KB = 1024
WORDS = (b"\r\n[   12.345678] random: crng init done\r\n", b"\nguest login: ", b"~", b"}~}",
         b"root@guest:~# ", b"\x00\xff\x11\x13", bytes(range(256)), b"\x03")


def noisy(seed, often):
    """Words of others within what goes through, once in so many bytes."""
    chance = random.Random(seed)

    def spoil(data):
        out = b""
        while data:
            n = min(len(data), chance.randrange(1, 2 * often))
            out, data = out + data[:n], data[n:]
            if data:
                out += chance.choice(WORDS)
        return out
    return spoil


def cutting(seed, places):
    """Each eighth frame or so loses what is behind its first byte, the next one what is
    behind its second, and so on."""
    chance = random.Random(seed)
    state = {"at": 0, "cut": 999, "next": 0}

    def keep(byte):
        state["at"] += 1
        if byte == 0x7e:
            state["at"], state["cut"] = 0, 999
            if chance.random() < 0.25:
                state["cut"] = state["next"] % 200
        elif state["at"] == state["cut"] + 1:
            places.add(state["cut"])
            state["next"] = state["cut"] + 1
        return state["at"] <= state["cut"]
    return lambda data: bytes(filter(keep, data))


def noise_up(rig):
    """the guest's kernel writes on the same line: all arrives"""
    rig.line.up.spoil = noisy(1, 500)
    data = noise(64 * KB, 1)
    expect(rig.exec_ok("cat", stdin=data) == data, True, "cat")


def noise_down(rig):
    """noise towards the guest: all arrives"""
    rig.line.down.spoil = noisy(2, 500)
    data = noise(64 * KB, 2)
    expect(rig.exec_ok("cat", stdin=data) == data, True, "cat")


def noise_both(rig):
    """noise both ways, and a file is the same there and back"""
    rig.line.up.spoil, rig.line.down.spoil = noisy(3, 900), noisy(4, 900)
    with open(rig.path("a"), "wb") as file:
        file.write(noise(32 * KB, 3))
    rig.ok("cp", rig.path("a"), f"{rig.dom}:{rig.path('guest/a')}")
    rig.ok("cp", f"{rig.dom}:{rig.path('guest/a')}", rig.path("b"))
    expect(subprocess.run(["cmp", rig.path("a"), rig.path("b")], check=False).returncode, 0, "cmp")


def cut_everywhere(rig):
    """frames are cut, each time a byte later: all arrives"""
    data = noise(100 * KB, 5)
    for way in (rig.line.down, rig.line.up):
        places = set()
        way.spoil = cutting(6, places)
        expect(rig.exec_ok("cat", stdin=data) == data, True, "cat")
        way.spoil = None
        expect(len(places), 200, "places")


def a_pause(rig):
    """nothing goes through for a while: it goes on where it was"""
    child = rig.start("exec", rig.dom, "--", "cat", stdin=subprocess.PIPE)
    child.stdin.write(b"one\n")
    child.stdin.flush()
    expect(child.stdout.readline(), b"one\n", "before")
    rig.line.cut = True
    child.stdin.write(b"two\n")
    child.stdin.flush()
    wait_for("three seconds", lambda begin=os.times()[4]: os.times()[4] - begin > 3)
    rig.line.cut = False
    expect(child.stdout.readline(), b"two\n", "after")
    expect(rig.good(rig.ended(child)), b"", "the end")


def fake_agent(rig, command, function, *args):
    """vsioctl with function as the agent. -> its result"""
    rig.kill_agent()
    rig.broker_ends()
    guest = Peer(rig.line.guest, peer.GUEST)
    child = rig.start(command, *args)
    function(guest)
    done = rig.ended(child)
    guest.close()
    return done


def by_the_book(rig):
    """an agent written from docs/channel.md alone"""
    def agent(guest):
        job, operation, args = guest.job()
        expect((operation, args), (peer.EXEC, b"echo\0hi\0"), "the job")
        guest.say(job, peer.DATA_OF, b"\1hi\n")
        guest.say(job, peer.END, b"\0\7\0\0\0")
    done = fake_agent(rig, "exec", agent, rig.dom, "--", "echo", "hi")
    expect((done.returncode, done.stdout, done.stderr), (7, b"hi\n", b""), "exec")


def host_by_the_book(rig):
    """a host written from docs/channel.md alone"""
    host = Peer(rig.dom, peer.HOST)
    host.call(1234)
    host.say(9, peer.OPEN, bytes([peer.EXEC]))
    host.say(9, peer.ARG, b"sh\0-c\0cat; exit 5\0")
    host.say(9, peer.RUN)
    host.say(9, peer.DATA_OF, b"\0hello")
    host.say(9, peer.EOF, b"\0")
    heard = b""
    while True:
        job, what, rest = host.hear()
        expect(job, 9, "its number")
        heard += rest[1:] if what == peer.DATA_OF else b""
        if what == peer.END:
            break
    expect((heard, rest), (b"hello", b"\0\5\0\0\0"), "cat")
    host.close()


def senseless(rig):
    """an agent that makes no sense is one line"""
    for name, what, rest in (
            ("a message of the host's, then of nobody's", peer.OPEN, b"\1"),
            ("a stream that is not", peer.DATA_OF, b"\3x"),
            ("a stream without its number", peer.EOF, b""),
            ("credit for what it did not get", peer.CREDIT, b"\0\1\0\0\0"),
            ("credit without a number", peer.CREDIT, b"\0"),
            ("an end without a status", peer.END, b"\0"),
            ("a file without its size", peer.INFO, b"123"),
            ("a sum of no file", peer.SUM, b"123")):
        def agent(guest, what=what, rest=rest):
            job, _, _ = guest.job()
            guest.say(job ^ 1, what, rest)  # nobody's: nobody hears it
            guest.say(job, what, rest)
            if what == peer.OPEN:
                guest.say(job, peer.END, b"\0\0\0\0\0")
        done = fake_agent(rig, "exec", agent, rig.dom, "--", "true")
        if what == peer.OPEN:
            expect((done.returncode, done.stderr), (0, b""), name)
        else:
            rig.refused(done, 125, "the agent makes no sense")


def too_much(rig):
    """an agent that sends more than it may is one line, too"""
    rig.kill_agent()
    guest = Peer(rig.line.guest, peer.GUEST)
    child = rig.start("exec", rig.dom, "--", "true")
    job, _, _ = guest.job()
    fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, 4096)
    for _ in range(60):
        guest.say(job, peer.DATA_OF, b"\1" + bytes(190))
        guest.frame()  # its acknowledgement
    rig.refused(rig.ended(child), 125, "the agent makes no sense")
    guest.close()


def its_words(rig):
    """what an agent says is printed without what a terminal obeys"""
    def agent(guest):
        job, _, _ = guest.job()
        guest.say(job, peer.END, b"\2\176\0\0\0\x1b[2J\n\x07bad\x9b")
    done = fake_agent(rig, "exec", agent, rig.dom, "--", "true")
    rig.refused(done, 126, ": ?[2J??bad?\n")


def wrong_sum(rig):
    """a file whose checksum is wrong is not there"""
    def agent(guest):
        job, _, _ = guest.job()
        guest.say(job, peer.INFO, struct.pack("<QI", 4, 0o644))
        guest.say(job, peer.DATA_OF, b"\1data")
        guest.say(job, peer.EOF, b"\1")
        guest.say(job, peer.SUM, b"1234")
        guest.say(job, peer.END, b"\0\0\0\0\0")
    done = fake_agent(rig, "cp", agent, f"{rig.dom}:/x", rig.path("x"))
    rig.refused(done, 1, "the checksum is wrong")
    expect([name for name in os.listdir(rig.dir) if name.startswith("x")], [], "files")


def other_version(rig):
    """an agent of another version: one line says which"""
    def agent(guest):
        while guest.frame(1):
            guest.write(peer.encode(0x43, peer.READY, 0, 0, 0, bytes(24)))
    done = fake_agent(rig, "ping", agent, rig.dom)
    rig.refused(done, 1, "the agent speaks version 2, vsioctl version 1")


def rebooted(rig):
    """a guest that was rebooted: one line says so"""
    def agent(guest):
        guest.job()
        guest.send(peer.READY, struct.pack("<IIQQ", 78, 2, 0, 0), 0)
        while (frame := guest.frame())[1] != peer.HELLO:
            pass
        session = frame[4]
        guest.send(peer.READY, struct.pack("<IIQQ", 78, 2, 0, 0), session)
    done = fake_agent(rig, "exec", agent, rig.dom, "--", "true")
    rig.refused(done, 125, "the guest was rebooted")


def garbage(rig):
    """a guest that sends garbage without end has no agent"""
    rig.kill_agent()
    child = rig.start("ping", rig.dom, "-t", "1")
    fd = os.open(rig.line.guest, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    some = noise(4096, 6)
    while child.poll() is None:
        try:
            os.write(fd, some)
        except BlockingIOError:
            pass
    os.close(fd)
    rig.refused(rig.ended(child), 1, "no agent answers")


def hostile_host(rig):
    """a host that makes no sense harms no job but its own, and no memory"""
    host = Peer(rig.dom, peer.HOST)
    host.call(1)
    chance = random.Random(7)
    before = memory(rig.agent.pid)
    for n in range(600):
        what = chance.randrange(14)
        rest = chance.randbytes(chance.randrange(0, 190))
        if what == peer.OPEN:
            rest = bytes([chance.choice([0, peer.PING, peer.LIST, peer.READ, peer.FORWARD, 99])])
        if what == peer.SIGNAL:
            rest = b"\0"
        host.say(chance.randrange(20), what, rest)
        host.frame(0.001) if n % 5 else host.frame(0.05)
    host.close()
    expect(rig.agent.poll(), None, "the agent")
    expect(rig.exec_ok("echo", "on"), b"on\n", "afterwards")
    expect(memory(rig.agent.pid) - before < 300, True, "KB more")


def memory(pid):
    """What a process has in memory, KB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(next(line for line in file if line.startswith("VmRSS")).split()[1])


def small(rig):
    """the agent makes do with little memory"""
    rig.kill_agent()

    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (4 << 20, 4 << 20))
    rig.agent = rig.spawn([AGENT, rig.line.guest], preexec_fn=limit)
    data = noise(100 * KB, 8)
    children = [rig.start("exec", rig.dom, "--", "cat", stdin=subprocess.PIPE) for _ in range(16)]
    for child in children:
        out, err = child.communicate(data, timeout=3 * PATIENCE)
        expect((out == data, err), (True, b""), "cat")
    expect(memory(rig.agent.pid) < 2048, True, memory(rig.agent.pid))


main([noise_up, noise_down, noise_both, cut_everywhere, a_pause, by_the_book, host_by_the_book,
      senseless, too_much, its_words, wrong_sum, other_version, rebooted, garbage, hostile_host,
      small])

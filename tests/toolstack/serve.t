#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""serve, console, send: rings, ptys, logs, flashes and clocks."""

import hashlib
import os
import pty
import random
import signal
import subprocess
import sys
import termios
import time
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from stage import (FIRST, PRELOAD, VSIOCTL, XEN_UART, Failure, expect, main,  # noqa: E402
                   read_some, wait_for)

KB = 1024


def noise(n, seed):
    return random.Random(seed).randbytes(n)


def lines(n):
    """Numbered lines, 16 bytes each."""
    return b"".join(b"line %09d\r\n" % i for i in range(n))


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


def open_tty(stage, domid, slot):
    return os.open(stage.tty(domid, slot), os.O_RDWR | os.O_NOCTTY)


def new_guest(stage, name, *kinds, **more):
    """A running domain with these devices."""
    domid = stage.create(name, **more)
    for kind in kinds:
        stage.ok("attach", name, *kind.split())
    stage.pause(domid, False)
    return domid


def logged(stage, name, data):
    """The log becomes just these bytes."""
    wait_for(f"{len(data)} bytes in {name}", lambda: len(stage.log(name)) >= len(data))
    expect(digest(stage.log(name)), digest(data), name)


def both_ways(stage):
    """bytes go both ways between guest and pty, and into the log"""
    stage.server = stage.serve()
    for name, kind in (("pl", "pl011"), ("ns", "ns16550")):
        domid = new_guest(stage, name, kind)
        tty = open_tty(stage, domid, 0)
        data = noise(8 * KB, name)
        expect(stage.print(domid, FIRST, data), len(data), "printed")
        expect(digest(read_some(tty, len(data))), digest(data), "read from the pty")
        logged(stage, f"guest-{name}-vsio0.log", data)
        os.write(tty, b"typed\r\n")
        expect(stage.input(domid, FIRST, 7), b"typed\r\n", "typed")
        os.close(tty)


def beside_xenconsoled(stage):
    """xenconsoled serves Xen's own UART of the same domain"""
    daemon = stage.start_xenconsoled()
    domid = new_guest(stage, "two", "pl011", vuart=True)
    xen_tty = wait_for("xenconsoled", lambda: stage.store.read(f"/local/domain/{domid}/vuart/0/tty"))
    ours = open_tty(stage, domid, 1)
    theirs = os.open(xen_tty, os.O_RDWR | os.O_NOCTTY)
    expect(stage.print(domid, XEN_UART, b"zero"), 4, "printed")
    expect(stage.print(domid, FIRST, b"one"), 3, "printed")
    expect(read_some(theirs, 4), b"zero", "Xen's UART")
    expect(read_some(ours, 3), b"one", "our UART")
    os.write(theirs, b"a")
    os.write(ours, b"b")
    expect((stage.input(domid, XEN_UART, 1), stage.input(domid, FIRST, 1)), (b"a", b"b"), "typed")
    logged(stage, "guest-two-vuart0.log", b"zero")
    logged(stage, "guest-two-vsio1.log", b"one")
    expect([d["tty"] for d in stage.json("list", "--json", "two")],
           [xen_tty, stage.tty(domid, 1)], "list")
    os.close(theirs)
    os.close(ours)
    stage.end(daemon, signal.SIGKILL)


def megabyte(stage):
    """1 MB printed and 100 KB typed arrive as they are"""
    domid = new_guest(stage, "mega", "pl011")
    data = noise(1024 * KB, 1)
    tty = open_tty(stage, domid, 0)
    guest = stage.fork(stage.print, domid, FIRST, data)
    expect(digest(read_some(tty, len(data), 60)), digest(data), "read from the pty")
    stage.end_guest(guest)
    logged(stage, "guest-mega-vsio0.log", data)
    with open(f"{stage.dir}/typed", "wb") as file:
        file.write(noise(100 * KB, 2))
    sender = stage.spawn([VSIOCTL, "send", "mega", "0", f"{stage.dir}/typed"],
                         env={"LD_PRELOAD": PRELOAD})
    expect(digest(stage.input(domid, FIRST, 100 * KB)), digest(noise(100 * KB, 2)), "typed")
    expect(sender.wait(20), 0, "status of send")
    stage.children.remove(sender)
    os.close(tty)


def stopped_and_started(stage):
    """stopped and started while the guest prints: no byte lost, none twice"""
    domid = new_guest(stage, "stop", "pl011")
    data = lines(8 * KB)
    guest = stage.fork(stage.print, domid, FIRST, data)
    for part in range(1, 4):
        wait_for("a part of it",
                 lambda: len(stage.log("guest-stop-vsio0.log")) > part * 20 * KB)
        expect(stage.end(stage.server), 0, "status")
        if os.path.exists(f"{stage.dir}/serve.pid"):
            raise Failure("the pid file is still there")
        stage.server = stage.serve()
    stage.end_guest(guest)
    logged(stage, "guest-stop-vsio0.log", data)


def killed_and_started(stage):
    """killed and started while the guest prints: no line lost"""
    domid = new_guest(stage, "kill", "pl011")
    data = lines(8 * KB)
    guest = stage.fork(stage.print, domid, FIRST, data)
    for part in range(1, 6):
        wait_for("a part of it",
                 lambda: len(stage.log("guest-kill-vsio0.log")) > part * 16 * KB)
        stage.end(stage.server, signal.SIGKILL)
        os.unlink(f"{stage.dir}/serve.pid")
        stage.server = stage.serve()
    stage.end_guest(guest)
    wait_for("the last line", lambda: stage.log("guest-kill-vsio0.log").endswith(data[-16:]))
    log = stage.log("guest-kill-vsio0.log")
    missing = [n for n in range(8 * KB) if b"line %09d\r\n" % n not in log]
    expect(missing, [], "lines that are missing")


def only_one(stage):
    """a second serve is refused"""
    stage.refused(4, "another vsioctl serve", "serve", "--foreground",
                  f"--pid-file={stage.dir}/serve.pid")


def background(stage):
    """serve goes to the background once it serves, and says why it can't"""
    stage.refused(1, "No such file", "serve", "--pid-file=/nonexistent/x")
    stage.refused(2, "it is discard or keep", "serve", "--overflow-data=x")
    stage.end(stage.server)
    stage.ok("serve", f"--pid-file={stage.dir}/serve.pid", "--log=none")
    with open(f"{stage.dir}/serve.pid", encoding="ascii") as file:
        pid = int(file.read())
    os.kill(pid, signal.SIGTERM)
    wait_for("its end", lambda: not os.path.exists(f"/proc/{pid}/fd"))
    stage.server = stage.serve()


def hostile(stage):
    """a ring that makes no sense is left alone, until it does again"""
    domid = new_guest(stage, "evil", "pl011")
    other = new_guest(stage, "good", "pl011")
    tty = open_tty(stage, domid, 0)
    stage.print(domid, FIRST, b"before")
    expect(read_some(tty, 6), b"before", "before")
    sane = stage.indexes(domid, 0)
    for bad in (0xffffffff, 0x80000000, 2049, 0x7fffffff):
        mask = 0xffffffff
        stage.indexes(domid, 0, [sane[0], (sane[0] + bad) & mask, sane[2], (sane[2] + bad) & mask])
        stage.poke(domid, FIRST, ord("x"))
        os.write(tty, b"y")
        expect(stage.print(other, FIRST, b"alive"), 5, "the other guest")
    logged(stage, "guest-good-vsio0.log", b"alive" * 4)
    stage.indexes(domid, 0, sane)
    stage.print(domid, FIRST, b"after")
    seen = read_some(tty, 1)
    while not seen.endswith(b"after"):
        more = read_some(tty, 1)
        if not more:
            raise Failure(f"the console does not come back: {seen}")
        seen += more
    os.close(tty)


def nobody_reads(stage):
    """a console that nobody reads: the guest goes on, the log has all of it"""
    domid = new_guest(stage, "deaf", "pl011 limit=64K")
    data = lines(16 * KB)
    expect(stage.print(domid, FIRST, data), len(data), "printed")
    logged(stage, "guest-deaf-vsio0.log", data)
    tty = open_tty(stage, domid, 0)
    seen = read_some(tty, len(data), 1)
    if not data.startswith(seen[:16 * KB]) or not data.endswith(seen[-16 * KB:]):
        raise Failure("not the start and the end of it")
    if not 64 * KB <= len(seen) <= 100 * KB:
        raise Failure(f"{len(seen)} bytes are kept")
    os.close(tty)


def keep(stage):
    """--overflow-data=keep: the guest is held back, and nothing is lost"""
    stage.end(stage.server)
    stage.server = stage.serve("--overflow-data=keep")
    domid = new_guest(stage, "keep", "pl011 limit=16K")
    data = lines(8 * KB)
    done = stage.print(domid, FIRST, data, seconds=1)
    if not 16 * KB <= done <= 64 * KB:
        raise Failure(f"{done} bytes were taken")
    tty = open_tty(stage, domid, 0)
    guest = stage.fork(stage.print, domid, FIRST, data[done:])
    expect(digest(read_some(tty, len(data))), digest(data), "read in the end")
    stage.end_guest(guest)
    os.close(tty)
    stage.end(stage.server)
    stage.server = stage.serve()


def hang_up(stage):
    """SIGHUP opens the logs anew"""
    domid = new_guest(stage, "log/../x", "pl011", f"ns16550 log={stage.dir}/own.log")
    stage.print(domid, FIRST, b"old")
    logged(stage, "guest-log_.._x-vsio0.log", b"old")
    os.rename(f"{stage.dir}/log/guest-log_.._x-vsio0.log", f"{stage.dir}/log/rotated")
    stage.server.send_signal(signal.SIGHUP)
    wait_for("a new log",
             lambda: os.path.exists(f"{stage.dir}/log/guest-log_.._x-vsio0.log"))
    stage.print(domid, FIRST, b"new")
    logged(stage, "guest-log_.._x-vsio0.log", b"new")
    logged(stage, "rotated", b"old")
    stage.print(domid, FIRST + 0x1000, b"own")
    wait_for("its own log", lambda: stage.log("../own.log") == b"own")


def ends(stage):
    """what a domain or a device leaves is closed, and removed from xenstore"""
    def open_files():
        return len(os.listdir(f"/proc/{stage.server.pid}/fd"))

    base = open_files()
    for how in ("libxl", "nobody", "detach"):
        domid = stage.create(f"end-{how}")
        stage.ok("attach", f"end-{how}", "pl011")
        tty = open_tty(stage, domid, 0)
        if how == "detach":
            stage.ok("detach", f"end-{how}", 0)
        else:
            stage.destroy(domid, libxl=how == "libxl")
        wait_for("the end of the pty", lambda tty=tty: hung_up(tty))
        wait_for("an empty tree", lambda domid=domid: not stage.store.names(
            f"/local/domain/{domid}/vsio"))
        os.close(tty)
        wait_for("closed files", lambda: open_files() == base)


def hung_up(tty):
    try:
        return os.read(tty, 4096) == b""
    except OSError:
        return True


def flash(stage):
    """what the guest writes to its flash is in the file, also after a crash"""
    path = f"{stage.dir}/flash"
    with open(path, "wb") as file:
        file.write(bytes(4 * KB))
    domid = new_guest(stage, "flash", f"flash size=8K block=4K file={path}", "pl011")
    bank = 0x4020000

    def program(offset, value):
        for command in (0x00400040, value):
            stage.poke(domid, bank + offset, command)
        stage.poke(domid, bank + offset, 0x00ff00ff)

    def contents():
        with open(path, "rb") as file:
            return file.read()

    stage.tty(domid, 1)
    program(4 * KB + 8, 0x12345678)
    wanted = bytes(4 * KB) + b"\xff" * 8 + b"\x78\x56\x34\x12" + b"\xff" * (4 * KB - 12)
    wait_for("the word in the file", lambda: contents() == wanted)
    stage.end(stage.server, signal.SIGKILL)
    os.unlink(f"{stage.dir}/serve.pid")
    program(4 * KB + 12, 0)
    stage.server = stage.serve()
    wanted = wanted[:4 * KB + 12] + bytes(4) + wanted[4 * KB + 16:]
    wait_for("what was written meanwhile", lambda: contents() == wanted)


def clock(stage):
    """the offset of a clock outlives the domain"""
    ident = uuid.uuid4()
    domid = new_guest(stage, "clock", "pl031", ident=ident)
    stage.poke(domid, FIRST + 8, int(time.time()) + 1000)  # LR
    path = f"/vsio/rtc/{ident}"
    offset = int(wait_for("its offset", lambda: stage.store.read(path)))
    if not 995 <= offset <= 1005:
        raise Failure(f"offset {offset}")
    expect(stage.store.permissions(path), [(0, 0)], "permissions")
    stage.destroy(domid)
    domid = new_guest(stage, "clock", "pl031", ident=ident)
    expect(stage.store.read(f"/local/domain/{domid}/vsio/0/offset"), str(offset), "the next one's")


def console(stage):
    """console: both ways on a terminal; Ctrl-] ends it, a new daemon does not"""
    domid = new_guest(stage, "cons", "pl031", "pl011")
    addr = FIRST + 0x1000
    stage.tty(domid, 1)
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    child = stage.spawn([VSIOCTL, "console", "cons"], stdin=slave, stdout=slave,
                        stderr=subprocess.PIPE, env={"LD_PRELOAD": PRELOAD})
    stage.print(domid, addr, b"hello\r\n")
    expect(read_some(master, 7), b"hello\r\n", "on the terminal")
    stage.refused(4, "somebody else", "console", "cons", 1)
    os.write(master, b"\x03ls\r")
    expect(stage.input(domid, addr, 4), b"\x03ls\r", "typed")
    stage.end(stage.server)
    stage.server = stage.serve()
    wait_for("the new pty", lambda: f"{stage.tty(domid, 1)}" in ttys_of(child.pid))
    stage.print(domid, addr, b"again")
    expect(read_some(master, 5), b"again", "on the terminal")
    os.write(master, b"x\x1dy")
    expect(child.wait(20), 0, "status")
    stage.children.remove(child)
    expect(stage.input(domid, addr, 1), b"x", "typed before the escape")
    expect(termios.tcgetattr(slave), before, "the terminal")
    os.close(master)
    os.close(slave)


def ttys_of(pid):
    names = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            pass
    return names


def console_ends(stage):
    """console ends with its domain, and says when there is none to open"""
    domid = new_guest(stage, "gone", "pl011")
    stage.tty(domid, 0)
    child = stage.spawn([VSIOCTL, "console", "gone", "0"], stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE, env={"LD_PRELOAD": PRELOAD})
    stage.print(domid, FIRST, b"bye")
    expect(read_some(child.stdout.fileno(), 3), b"bye", "from the guest")
    stage.destroy(domid)
    expect(child.wait(20), 0, "status")
    stage.children.remove(child)
    new_guest(stage, "none", "pl031")
    stage.refused(3, "no UART", "console", "none")
    stage.refused(3, "slot 0 is no UART but pl031", "console", "none", 0)
    stage.refused(3, "no such device", "send", "none", 3, "/dev/null")
    stage.refused(1, "No such file", "send", "none", 0, "/nonexistent")


def progress_bar(stage):
    """send draws a bar on a terminal"""
    domid = new_guest(stage, "bar", "pl011")
    stage.tty(domid, 0)
    with open(f"{stage.dir}/bar", "wb") as file:
        file.write(b"z" * 5000)
    master, slave = pty.openpty()
    sender = stage.spawn([VSIOCTL, "send", "bar", "0", f"{stage.dir}/bar"], stderr=slave,
                         env={"LD_PRELOAD": PRELOAD})
    expect(len(stage.input(domid, FIRST, 5000)), 5000, "typed")
    expect(sender.wait(20), 0, "status")
    stage.children.remove(sender)
    seen = read_some(master, 10000, 0.2).decode()
    if "#" * 30 + "] 100 %" not in seen:
        raise Failure(f"no bar: {seen!r}")
    os.close(master)
    os.close(slave)


def noisy(stage):
    """a guest that prints for ever does not keep another from its console"""
    loud = new_guest(stage, "loud", "pl011")
    quiet = new_guest(stage, "quiet", "pl011")
    tty = open_tty(stage, quiet, 0)
    guest = stage.fork(stage.print, loud, FIRST, lines(1024 * KB))
    try:
        for n in range(20):
            stage.print(quiet, FIRST, b"%02d" % n)
            expect(read_some(tty, 2), b"%02d" % n, "the quiet one")
    finally:
        stage.end_guest(guest, kill=True)
        os.close(tty)


def switches(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return [line for line in file if "ctxt_switches" in line]


def thousand(stage):
    """a thousand rings: each has its pty and its log, and idle ones cost nothing"""
    domids = []
    stage.end(stage.server)
    for n in range(250):
        domid = stage.create(f"k{n}")
        for slot in range(4):
            home = f"/local/domain/{domid}/vsio/{slot}"
            port = stage.xen.fx_uart(domid, slot)
            for key, value in {"ring-ref": 0x39010 + slot, "limit": 65536, "type": "pl011",
                               "port": port}.items():
                stage.store.write(f"{home}/{key}", value)
        domids.append(domid)
    stage.server = stage.serve()
    for domid in domids:
        for slot in range(4):
            stage.tty(domid, slot)
    for slot in range(4):
        for n, domid in enumerate(domids):
            stage.print(domid, FIRST + slot * 0x1000, b"ring %d of k%d" % (slot, n))
    for n in range(250):
        for slot in range(4):
            logged(stage, f"guest-k{n}-vsio{slot}.log", b"ring %d of k%d" % (slot, n))
    before = switches(stage.server.pid)
    time.sleep(0.5)
    expect(switches(stage.server.pid), before, "context switches while nothing happens")
    with open(f"/proc/{stage.server.pid}/status", encoding="ascii") as file:
        rss = [line.split()[1] for line in file if line.startswith("VmRSS")][0]
    print(f"# 1000 rings: {rss} KB resident")


def xenstored_gone(stage):
    """xenstored dies: serve ends with one line and status 5"""
    stage.end(stage.server)
    read, write = os.pipe()
    stage.server = stage.serve(stderr=write)
    stage.store.lib.xs_close(stage.store.handle)
    stage.end(stage.xenstored, signal.SIGKILL)
    expect(stage.server.wait(20), 5, "status")
    stage.children.remove(stage.server)
    expect(os.read(read, 4096), b"vsioctl: xenstored is gone\n", "stderr")


if __name__ == "__main__":
    main([both_ways, beside_xenconsoled, megabyte, stopped_and_started, killed_and_started,
          only_one, background, hostile, nobody_reads, keep, hang_up, ends, flash, clock,
          console, console_ends, progress_bar, noisy, thousand, xenstored_gone])

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""vsioctl and the agent at both ends of a line: commands, files, refusals."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import termios
import time
import tty

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from line import AGENT, PATIENCE, VSIOCTL, expect, main, noise, wait_for  # noqa: E402

MB = 1024 * 1024
BYTES = bytes(range(256))


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def is_gone(pid):
    return not os.path.exists(f"/proc/{pid}")


def is_there(rig):
    """ping, and when the guest was up"""
    expect(rig.ok("ping", rig.dom).split()[-1], b"ms", "ping")
    seen = json.loads(rig.ok("boot-time", "--json", rig.dom))
    expect(0 < seen["ready"] <= seen["up"], True, seen)
    expect(rig.ok("boot-time", rig.dom).split()[0], b"ready", "boot-time")


def waits(rig):
    """boot-time waits for the agent to come"""
    rig.kill_agent()
    child = rig.start("boot-time", rig.dom, "-t", PATIENCE)
    wait_for("the call", rig.brokers)
    rig.start_agent()
    rig.good(rig.ended(child))


def runs(rig):
    """a command's output, errors and status are its own"""
    done = rig.exec("sh", "-c", "echo out; echo err >&2; exit 42")
    expect((done.stdout, done.stderr, done.returncode), (b"out\n", b"err\n", 42), "sh")
    expect(rig.exec("sh", "-c", "kill -9 $$").returncode, 137, "killed")
    expect(rig.exec_ok("printf", "%s|", "a b", "", "--help", "-t", "$x"), b"a b||--help|-t|$x|",
           "arguments")
    expect(rig.exec_ok("cat", stdin=BYTES * 20), BYTES * 20, "each byte")


def input_ends(rig):
    """input passes through, its end too; what is not read is no matter"""
    expect(rig.exec_ok("wc", "-c", stdin=b"x" * 100000).strip(), b"100000", "bytes")
    expect(rig.exec_ok("head", "-c", "5", stdin=b"12345" * 100000), b"12345", "head")
    expect(rig.exec_ok("true", stdin=b"x" * 100000), b"", "true")


def not_started(rig):
    """a command that can't be started: 127, 126, and why"""
    rig.refused(rig.exec("/nonexistent"), 127, "/nonexistent: No such file")
    rig.refused(rig.exec("/etc/passwd"), 126, "Permission denied")
    rig.refused(rig.exec("x" * 5000), 125, "more than 4096 bytes")
    rig.refused(rig.exec(*["x"] * 300), 125, "more than 256 arguments")


def usage(rig):
    """the command line is refused in one line"""
    for status, text, args in (
            (125, "usage: vsioctl exec", ["exec", rig.dom, "true"]),
            (125, "usage: vsioctl exec", ["exec", rig.dom, "--"]),
            (125, "-t x: it is a number", ["exec", rig.dom, "-t", "x", "--", "true"]),
            (125, "No such file", ["exec", "/dev/nonexistent", "--", "true"]),
            (125, "Inappropriate ioctl", ["exec", "/dev/null", "--", "true"]),
            (2, "one of them is DOM", ["cp", "a", "b"]),
            (2, "one of them is DOM", ["cp", "a:/a", "b:/b"]),
            (2, "usage: vsioctl ls", ["ls", rig.dom]),
            (2, "usage: vsioctl ping", ["ping", rig.dom, "x"]),
            (2, "-t : it is", ["ping", rig.dom, "-t"]),
            (2, "no option '--x'", ["boot-time", rig.dom, "--x"]),
            (2, "usage: vsioctl forward", ["forward", rig.dom, "80"]),
            (2, "usage: vsioctl forward", ["forward", rig.dom, "0", "a:1"]),
            (2, "usage: vsioctl forward", ["forward", rig.dom, "80", "a"])):
        rig.refused(rig.run(*args), status, text)


def times_out(rig):
    """-t ends a command, by force if need be: 124"""
    expect(rig.exec("sleep", "1000", options=("-t", "0.2")).returncode, 124, "sleep")
    mark = rig.path("pid")
    done = rig.exec("sh", "-c", f"trap '' TERM; echo $$ >{mark}; while :; do sleep 0.1; done",
                    options=("-t", "0.5"))
    expect(done.returncode, 124, "a stubborn one")
    pid = int(read(mark))
    wait_for("its end", lambda: is_gone(pid))
    expect(rig.exec("yes", options=("-t", "0.2")).returncode, 124, "one that writes")


# A program that is told of each SIGINT; a shell loses one that comes at a bad time.
CATCH = ("import signal, sys; ints = {signal.SIGINT}; "
         "signal.pthread_sigmask(signal.SIG_BLOCK, ints); print('up', flush=True); ")
ONCE = CATCH + "signal.sigwait(ints); print('caught'); sys.exit(7)"
ALWAYS = CATCH + "[print('no', flush=True) for n in iter(lambda: signal.sigwait(ints), 0)]"


def interrupted(rig):
    """the first signal is the command's, the second one ends it"""
    child = rig.start("exec", rig.dom, "--", "python3", "-c", ONCE)
    expect(child.stdout.readline(), b"up\n", "the command")
    child.send_signal(signal.SIGINT)
    done = rig.ended(child)
    expect((done.returncode, done.stdout), (7, b"caught\n"), "caught")
    child = rig.start("exec", rig.dom, "--", "python3", "-c", ALWAYS)
    expect(child.stdout.readline(), b"up\n", "the command")
    child.send_signal(signal.SIGINT)
    expect(child.stdout.readline(), b"no\n", "the command")
    child.send_signal(signal.SIGINT)
    expect(rig.ended(child).returncode, 130, "status")


def nobody_listens(rig):
    """a command whose reader has left is ended"""
    mark = rig.path("pid")
    shell = f"{VSIOCTL} exec {rig.dom} -- sh -c 'echo $$ >{mark}; exec yes' | head -n 1"
    expect(subprocess.run(shell, shell=True, env=rig.env, check=True,
                          stdout=subprocess.PIPE).stdout, b"y\n", "head")
    wait_for("its end", lambda: is_gone(int(read(mark))))


def killed(rig):
    """so is one whose vsioctl is killed"""
    child = rig.start("exec", rig.dom, "--", "sh", "-c", "echo $$; exec sleep 1000")
    pid = int(child.stdout.readline())
    child.kill()
    wait_for("its end", lambda: is_gone(pid))


def many_at_once(rig):
    """sixteen commands at once, and no seventeenth"""
    data = [noise(20000, n) for n in range(15)]
    children = [rig.start("exec", rig.dom, "--", "cat", stdin=subprocess.PIPE) for _ in data]
    waiting = rig.start("exec", rig.dom, "--", "sh", "-c", "echo up; exec sleep 1000")
    waiting.stdout.readline()
    for child in children:
        child.stdin.write(b"first\n")
        child.stdin.flush()
        expect(child.stdout.read(6), b"first\n", "an answer")
    rig.refused(rig.exec("true"), 125, "as many commands as can be")
    for child, some in zip(children, data):
        out, err = child.communicate(some, timeout=PATIENCE)
        expect((out == some, err, child.returncode), (True, b"", 0), "cat")
    rig.exec_ok("true")


def one_is_slow(rig):
    """a command that nobody reads holds up no other one"""
    slow = rig.start("exec", rig.dom, "--", "yes")
    expect(slow.stdout.read(2), b"y\n", "yes")
    for _ in range(3):
        expect(rig.exec_ok("echo", "on"), b"on\n", "another one")
    slow.send_signal(signal.SIGSTOP)
    expect(rig.exec_ok("cat", stdin=BYTES * 100), BYTES * 100, "another one")
    slow.kill()


def megabytes(rig):
    """1 MB each way through commands, both at once"""
    data = noise(MB, 1)
    expect(rig.exec_ok("cat", stdin=data) == data, True, "cat")


def copies(rig):
    """cp: 1 MB each way, with its mode, and nothing beside it"""
    data = noise(MB, 2)
    write(rig.path("a"), data)
    os.chmod(rig.path("a"), 0o640)
    rig.ok("cp", rig.path("a"), f"{rig.dom}:{rig.path('guest/')}")
    expect(read(rig.path("guest/a")) == data, True, "there")
    expect(os.stat(rig.path("guest/a")).st_mode & 0o777, 0o640, "its mode")
    rig.ok("cp", f"{rig.dom}:{rig.path('guest/a')}", rig.path("b"))
    expect(read(rig.path("b")) == data, True, "back")
    expect(os.stat(rig.path("b")).st_mode & 0o777, 0o640, "its mode")
    write(rig.path("empty"), b"")
    rig.ok("cp", rig.path("empty"), f"{rig.dom}:{rig.path('guest/a')}")
    expect(read(rig.path("guest/a")), b"", "an empty file over another")
    rig.ok("cp", f"{rig.dom}:/proc/version", rig.dir)
    expect(read(rig.path("version")), read("/proc/version"), "a file without a size")
    expect(os.listdir(rig.path("guest")), ["a"], "the guest's files")
    expect(sorted(name for name in os.listdir(rig.dir) if not name.endswith(".sock")),
           ["a", "b", "empty", "guest", "version"], "ours")


def copies_not(rig):
    """cp: what can't be is one line, and leaves nothing"""
    write(rig.path("a"), b"x")
    for text, args in (
            ("No such file", (rig.path("none"), f"{rig.dom}:/tmp/x")),
            ("no regular file", (rig.dir, f"{rig.dom}:/tmp/x")),
            ("No such file", (rig.path("a"), f"{rig.dom}:/nonexistent/x")),
            ("no regular file", (rig.path("a"), f"{rig.dom}:{rig.path('guest')}")),
            ("No such file", (f"{rig.dom}:/nonexistent", rig.path("b"))),
            ("no regular file", (f"{rig.dom}:/dev/zero", rig.path("b"))),
            ("No such file", (f"{rig.dom}:/proc/version", "/nonexistent/b"))):
        rig.refused(rig.run("cp", *args), 1, text)
    expect(os.listdir(rig.path("guest")), [], "the guest's files")
    expect(os.path.exists(rig.path("b")), False, "ours")


def copies_half(rig):
    """cp that is interrupted leaves the file that was there"""
    write(rig.path("a"), noise(8 * MB, 3))
    write(rig.path("guest/a"), b"before")
    write(rig.path("b"), b"before")
    for args in ((rig.path("a"), f"{rig.dom}:{rig.path('guest/a')}"),
                 (f"{rig.dom}:{rig.path('a')}", rig.path("b"))):
        child = rig.start("cp", *args)
        where = os.path.dirname(args[1].split(":")[-1])
        wait_for("its temporary file", lambda: [
            name for name in os.listdir(where) if "." in name and "sock" not in name and
            os.path.getsize(f"{where}/{name}")])
        child.send_signal(signal.SIGINT)
        rig.refused(rig.ended(child), 1, "interrupted")
        wait_for("it to go", lambda: not [
            name for name in os.listdir(where) if "." in name and "sock" not in name])
    expect((read(rig.path("guest/a")), read(rig.path("b"))), (b"before", b"before"), "files")


def lists(rig):
    """ls: all of a directory, whatever its names are"""
    names = ["one", "two words", "\x1b[31m", "x" * 255] + [f"n{i}" for i in range(500)]
    for name in names:
        write(rig.path(f"guest/{name}"), b"12345")
    os.mkdir(rig.path("guest/dir"), 0o700)
    lines = rig.ok("ls", f"{rig.dom}:{rig.path('guest')}").decode().splitlines()
    seen = [line.split(" ", 1)[0] + " " + line[39:] for line in lines]
    shown = [f"-0644 {name}".replace("\x1b", "?") for name in names]
    expect(sorted(seen), sorted(shown + ["d0700 dir"]), "names")
    expect(lines[0].split()[1] in ("5", "4096"), True, lines[0])
    one = rig.ok("ls", f"{rig.dom}:{rig.path('guest/one')}").decode()
    expect(one.endswith(f"{rig.path('guest/one')}\n"), True, one)
    rig.refused(rig.run("ls", f"{rig.dom}:/nonexistent"), 1, "No such file")


def alone(rig):
    """one agent at a line, one program at its other end"""
    rig.ok("ping", rig.dom)  # or the second agent may be the first
    second = subprocess.run([AGENT, rig.line.guest], check=False, capture_output=True,
                            timeout=PATIENCE)
    expect((second.returncode, b"another agent has it" in second.stderr), (1, True), "agent")
    rig.broker_ends()
    with open(rig.dom, "rb") as console:
        fcntl.flock(console, fcntl.LOCK_EX)
        rig.refused(rig.run("ping", rig.dom), 4, "somebody else has this line open")
    rig.ok("ping", rig.dom)


def no_agent(rig):
    """nobody is there: one line, as soon as -t says"""
    rig.kill_agent()
    for command in (("ping", rig.dom), ("cp", f"{rig.dom}:/etc/passwd", rig.path("x"))):
        rig.refused(rig.run(*command, "-t", "0.3"), 1, "no agent answers")
    rig.refused(rig.exec("true", options=("-t", "0.3")), 125, "no agent answers")


def agent_dies(rig):
    """the agent is killed and comes back: the command ends, others begin"""
    child = rig.start("exec", rig.dom, "--", "sh", "-c", "echo $$; exec sleep 1000")
    pid = int(child.stdout.readline())
    rig.kill_agent()
    wait_for("the command's end", lambda: is_gone(pid))
    rig.start_agent()
    rig.refused(rig.ended(child), 125, "the agent was started anew")
    rig.exec_ok("true")


def agent_ends(rig):
    """SIGTERM: the commands' children end, too, and no file is left by halves"""
    write(rig.path("a"), noise(8 * MB, 4))
    copy = rig.start("cp", rig.path("a"), f"{rig.dom}:{rig.path('guest/a')}")
    wait_for("its temporary file", lambda: os.listdir(rig.path("guest")))
    child = rig.start("exec", rig.dom, "--", "sh", "-c", "sleep 1000 & echo $!; wait")
    pid = int(child.stdout.readline())
    rig.agent.terminate()
    expect(rig.agent.wait(PATIENCE), 0, "the agent's status")
    wait_for("the end of all of it", lambda: is_gone(pid))
    expect(os.listdir(rig.path("guest")), [], "the guest's files")
    rig.start_agent()
    rig.refused(rig.ended(child), 125, "the agent was started anew")
    rig.refused(rig.ended(copy), 1, "the agent was started anew")


def agent_dies_copying(rig):
    """killed in a copy, each way: one line, and no file by halves"""
    write(rig.path("a"), noise(8 * MB, 4))
    write(rig.path("guest/a"), b"before")
    for args in ((rig.path("a"), f"{rig.dom}:{rig.path('guest/a')}"),
                 (f"{rig.dom}:{rig.path('a')}", rig.path("b"))):
        child = rig.start("cp", *args)
        time.sleep(0.3)
        rig.kill_agent()
        rig.start_agent()
        rig.refused(rig.ended(child), 1, "the agent was started anew")
    expect(read(rig.path("guest/a")), b"before", "the guest's file")
    expect([name for name in os.listdir(rig.dir) if name.startswith("b")], [], "ours")


def broker_dies(rig):
    """the process that holds the line is killed: one line, and on it goes"""
    child = rig.start("exec", rig.dom, "--", "sh", "-c", "echo $$; exec sleep 1000")
    pid = int(child.stdout.readline())
    held = [int(name) for name in os.listdir("/proc") if name.isdigit()
            and holds(int(name), rig.dom)]
    expect(len(held), 1, "who holds the line")
    os.kill(held[0], signal.SIGKILL)
    rig.refused(rig.ended(child), 125, "the channel has ended")
    rig.exec_ok("true")
    wait_for("its end", lambda: is_gone(pid))


def holds(pid, name):
    """Does vsioctl with this pid have the terminal open?"""
    try:
        return (os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "vsioctl" and
                name in [os.readlink(f"/proc/{pid}/fd/{fd}")
                         for fd in os.listdir(f"/proc/{pid}/fd")])
    except OSError:
        return False


def leaves_nothing(rig):
    """when no command is left nobody holds the line"""
    rig.exec_ok("true")
    rig.broker_ends()
    wait_for("the line to be free", lambda: not [
        name for name in os.listdir("/proc") if name.isdigit() and holds(int(name), rig.dom)])
    rig.exec_ok("true")


def getty(rig):
    """a getty sets the guest's line to what a terminal wants: it is made raw again"""
    rig.exec_ok("true")
    rig.broker_ends()
    fd = os.open(rig.line.guest, os.O_RDWR | os.O_NOCTTY)
    mode = termios.tcgetattr(fd)
    mode[0] |= termios.ICRNL | termios.IXON
    mode[1] |= termios.OPOST | termios.ONLCR
    mode[3] |= termios.ICANON | termios.ECHO | termios.ISIG
    termios.tcsetattr(fd, termios.TCSANOW, mode)
    os.write(fd, b"\n\nDebian GNU/Linux 12 guest ttyAMA1\n\nguest login: ")
    expect(rig.exec_ok("cat", stdin=BYTES), BYTES, "each byte")
    os.close(fd)


def line_resets(rig):
    """the guest's line hangs up: the agent opens it again"""
    agent = rig.agent.pid
    rig.exec_ok("true")
    child = rig.start("exec", rig.dom, "--", "sh", "-c", "echo up; read x; echo got $x",
                      stdin=subprocess.PIPE)
    expect(child.stdout.readline(), b"up\n", "the command")
    hang_up(rig.line.slaves[1])
    child.stdin.write(b"it\n")
    child.stdin.close()
    expect(child.stdout.readline(), b"got it\n", "after the reset")
    expect(child.wait(PATIENCE), 0, "status")
    expect((rig.agent.poll(), rig.agent.pid), (None, agent), "the agent")


def hang_up(fd):
    """As vhangup(2) does it: who has the terminal open reads its end."""
    child = os.fork()
    if not child:
        os.setsid()
        os.dup2(fd, 3)
        fcntl.ioctl(3, termios.TIOCSCTTY, 1)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        libc = __import__("ctypes").CDLL(None)
        os._exit(libc.vhangup() & 1)
    status = os.waitpid(child, 0)[1]
    expect(status, 0, "vhangup")


def terminal(rig):
    """a bar is drawn on a terminal, and on nothing else"""
    write(rig.path("a"), noise(MB // 4, 5))
    master, slave = os.openpty()
    tty.setraw(slave)
    child = rig.spawn([VSIOCTL, "cp", rig.path("a"), f"{rig.dom}:{rig.path('guest/a')}"],
                      stderr=slave)
    expect(child.wait(PATIENCE), 0, "status")
    seen = os.read(master, 4096).decode()
    expect("100 %" in seen and seen.startswith("\ra ["), True, seen)
    os.close(master)
    os.close(slave)


main([is_there, waits, runs, input_ends, not_started, usage, times_out, interrupted,
      nobody_listens, killed, many_at_once, one_is_slow, megabytes, copies, copies_not,
      copies_half, lists, alone, no_agent, agent_dies, agent_ends, agent_dies_copying,
      broker_dies, leaves_nothing, getty, line_resets, terminal])

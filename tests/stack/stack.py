# SPDX-License-Identifier: MIT
"""A dom0 with xl and xenconsoled, and what the tests do with its guests."""

import hashlib
import os
import shlex
import sys

TOP = os.path.realpath(f"{os.path.dirname(__file__)}/../..")
sys.path[:0] = [f"{TOP}/tests/xen", f"{TOP}/tools"]

# pylint: disable=wrong-import-position
from xen_boot import BOOTARGS, BUILD, PROMPT, Boot, BootError, Dom0  # noqa: E402

RANDOM_SIZE = 102400  # of /guests/random
LEAVE = b"\x1d"  # Ctrl-], of xl console

LINUX = {
    "kernel": '"/guests/Image"', "ramdisk": '"/guests/initrd.cpio.gz"',
    "extra": f'"{BOOTARGS}"', "memory": "128",
    "vuart": '"sbsa_uart"', "on_crash": '"destroy"', "on_reboot": '"destroy"',
}


def random_md5(size=RANDOM_SIZE):
    """Of the first bytes of /guests/random."""
    with open(f"{BUILD}/stack/random", "rb") as file:
        return hashlib.md5(file.read(size)).hexdigest()


def differs(seen, wanted):
    """What a test says of that, or None."""
    return None if seen == wanted else f"{seen}, not {wanted}"


class Stack(Boot):
    """A boot whose shell is dom0's."""

    def __init__(self, name, **options):
        # What Xen says of guests would be in between what dom0 says.
        super().__init__(name, dom0=Dom0(), **options,
                         xen_args="loglvl=error guest_loglvl=none")

    def must(self, command, timeout=20):
        """Run a command in dom0 that must succeed. -> what it printed."""
        result = self.run(command, timeout)
        if result.status:
            raise BootError(f"{command}: status {result.status}: {result.text}")
        return result.text

    def number(self, command):
        text = self.must(command)
        return int(text.split()[-1])

    def until(self, condition, seconds=20):
        """Wait in dom0 for a command of dom0.sh to succeed."""
        self.must(f"until_ {seconds} {condition}", seconds * 3 + 5)

    def login(self, timeout=60):
        super().login(timeout)
        self.must(". /guests/dom0.sh")

    def recover(self):
        """After a failure: back to dom0's prompt, if there is a way."""
        self.send(LEAVE + b"\x03\n")
        self.wait(1)
        del self.data[:]

    # Domains

    def config(self, name, **settings):
        """Write /guests/NAME.cfg: LINUX, but for settings."""
        lines = {"name": f'"{name}"', **LINUX, **settings}
        self.must(f": >/guests/{name}.cfg")
        for key, value in lines.items():
            self.must(f"echo '{key} = {value}' >>/guests/{name}.cfg")

    def create(self, name, options="", **settings):
        """Make a domain. -> its number."""
        self.config(name, **settings)
        self.must(f"xl create -q {options} /guests/{name}.cfg", 60)
        return self.number(f"xl domid {name}")

    def destroy(self, name):
        self.must(f"xl destroy {name}", 30)

    # Its console, as xenconsoled offers it

    def enter(self, name):
        """xl console: from here on, the shell is the guest's."""
        self.send(f"xl console -t vuart {name}\n".encode())

    def leave(self):
        self.send(LEAVE)
        self.expect(PROMPT, 10)

    def type(self, name, line):
        """A line for the guest's shell, past xl console."""
        self.must(f"echo {shlex.quote(line)} >$(tty {name})")

    def mark(self):
        """A word, and how to make a shell say it that echoes what it hears."""
        self.commands += 1
        return f"mark-{self.commands}", f"echo; echo mark''-{self.commands}"

    def raw(self, name, command):
        """Start a command in the guest with its console raw."""
        word, say = self.mark()
        self.type(name, f"stty raw -echo; {say}; {command}; stty sane")
        self.until(f"says {name} {word}")

    def start_printing(self, name, path, size):
        """The guest prints a file. -> where in the log it will begin."""
        self.raw(name, f"read go; head -c {size} {path}; read go")
        begin = self.number(f"size {name}")
        self.type(name, "go")
        return begin

    def printed(self, name, begin, size, seconds=60):
        """Wait for the end of that. -> its checksum."""
        self.until(f"has {name} {begin + size}", seconds)
        self.must("sleep 0.3")
        more = self.number(f"size {name}") - begin - size
        if more:
            raise BootError(f"{more} bytes more than {size} in the log")
        seen = self.must(f"part {name} {begin}").split()[0]
        self.type(name, "go")
        return seen

    def in_guest(self, name, command, seconds=20):
        """Run a command in the guest. -> its last line, from the log."""
        word, say = self.mark()
        self.type(name, f"{command}; {say}")
        self.until(f"says {name} {word}", seconds)
        lines = self.must(f"end {name}").split("\n")
        lines = [line for line in lines[:lines.index(word)] if line.strip()]
        return lines[-1]

    # Its second UART, as vsioctl offers it

    def second_console(self, name, slot):
        """vsioctl console: what the guest says there, and its answer."""
        self.type(name, "sh -c \"stty raw -echo; echo; echo up; "
                        "while read l; do echo got \\$l; done\" "
                        "</dev/ttyAMA1 >/dev/ttyAMA1 2>&1 &")
        self.send(f"vsioctl console {name} {slot}\n".encode())
        try:
            self.expect(rb"up\r*\n")
            self.send(b"hello\n")
            self.expect(rb"got hello", 10)
        finally:
            self.leave()
        self.in_guest(name, "kill %1; wait; echo")

    def bytes_in(self, name, slot, size, seconds=60):
        """vsioctl send: so many bytes of /guests/random arrive, or what does not."""
        self.type(name, "(stty raw -echo; echo; echo ready >&2; "
                        f"head -c {size} | md5sum >/tmp/sum) "
                        "</dev/ttyAMA1 2>/dev/ttyAMA1 &")
        self.until(f"vsio_says {name} {slot} ready")
        self.must(f"head -c {size} /guests/random >/tmp/typed; "
                  f"vsioctl send {name} {slot} /tmp/typed", seconds)
        self.in_guest(name, "wait; echo", seconds)
        return differs(self.in_guest(name, "cat /tmp/sum").split()[0],
                       random_md5(size))

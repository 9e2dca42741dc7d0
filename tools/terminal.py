# SPDX-License-Identifier: MIT
"""A terminal, or a script, at the console of a running machine."""

import os
import re
import sys
import termios
import tty

# What leaves, by name; xl console has taken the first for itself.
LEAVE = {"Ctrl-]": 0x1D, "Ctrl-\\": 0x1C}


class Ended(Exception):
    """The guest is gone; the text says how."""


def say(text):
    """Lines of our own, among the guest's."""
    name = os.path.basename(sys.argv[0])
    text = str(text).replace("\n", f"\n[{name}] ")
    # In raw mode the terminal takes no bare newline.
    if sys.stderr.isatty():
        sys.stderr.write("\r\n")
        text = text.replace("\n", "\r\n") + "\r"
    sys.stderr.write(f"[{name}] {text}\n")
    sys.stderr.flush()


def show(data):
    while data:
        data = data[os.write(sys.stdout.fileno(), data):]


def interactive(boot, check_end, first=b"", leave="Ctrl-]"):
    """Connect the user's terminal and the guest until one of them leaves."""
    keys = sys.stdin.fileno()
    before = termios.tcgetattr(keys)
    say(f"the guest's console; {leave} leaves")
    try:
        tty.setraw(keys)
        boot.send(first)
        while True:
            ready = boot.pump(None, also=[keys])
            check_end(boot)
            if keys in ready:
                typed = os.read(keys, 1024)
                text, key, _ = typed.partition(bytes([LEAVE[leave]]))
                boot.send(text)
                if key or not typed:
                    raise Ended("left, and the machine is stopped")
    finally:
        termios.tcsetattr(keys, termios.TCSADRAIN, before)


def scripted(boot, check_end, prompt, newline=b"\n"):
    """Type each line of standard input at a prompt."""
    say("typing standard input at the guest's prompt")
    prompt = re.compile(prompt + rb"\Z")
    for line in sys.stdin.buffer:
        del boot.data[:]
        boot.send(line.rstrip(b"\r\n") + newline)
        check_end(boot)
        while not prompt.search(boot.data):
            boot.pump(None)
            check_end(boot)
    say("end of input")

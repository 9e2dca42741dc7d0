#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The vPL011 as dom0 meets it: unmodified xl and xenconsoled, and faults."""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

# pylint: disable=wrong-import-position
from stack import (PROMPT, RANDOM_SIZE, BootError, Stack,  # noqa: E402
                   random_md5)
from checks import Tap  # noqa: E402

MB = 1024 * 1024
PAGE = 0x39003000  # GUEST_MAGIC_BASE and 3: libxl's page for the vUART
HOSTILE = "0 1 1024 2049 0x7fffffff 0xffffffff"
ROUNDS = 50


def console(dom0):
    """A prompt through xl console, typing, and back."""
    dom0.create("a")
    dom0.enter("a")
    dom0.expect(rb"GUEST-UP", 60)
    dom0.expect(PROMPT, 10)
    said = dom0.run("echo $((40+2)); uname -m").text
    dom0.leave()
    return None if said == "42\naarch64" else said


def one_megabyte(dom0):
    dom0.in_guest("a", f"head -c {MB} /dev/urandom >/tmp/mb")
    wanted = dom0.in_guest("a", "md5sum </tmp/mb").split()[0]
    begin = dom0.start_printing("a", "/tmp/mb", MB)
    seen = dom0.printed("a", begin, MB)
    return None if seen == wanted else f"{seen} in the log, not {wanted}"


def typed_in(dom0):
    dom0.raw("a", f"head -c {RANDOM_SIZE} >/tmp/t")
    dom0.must("cat /guests/random >$(tty a)", 60)
    seen = dom0.in_guest("a", "md5sum </tmp/t", 60).split()[0]
    wanted = random_md5()
    return None if seen == wanted else f"{seen} arrived, not {wanted}"


def restart(dom0, size=300000, away=1):
    """xenconsoled is killed while the guest prints, and comes back."""
    wanted = dom0.in_guest("a", f"head -c {size} /tmp/mb | md5sum").split()[0]
    begin = dom0.start_printing("a", "/tmp/mb", size)
    dom0.until(f"has a {begin + 20000}")
    dom0.must(f"kill_daemon; sleep {away}; start_daemon a")
    seen = dom0.printed("a", begin, size)
    return None if seen == wanted else f"{seen} in the log, not {wanted}"


def nobody_listens(dom0):
    """Without xenconsoled the guest does not hang; afterwards all is well."""
    dom0.type("a", "sleep 1; cat /tmp/t /tmp/t; echo")
    dom0.must("kill_daemon; sleep 12; start_daemon a", 40)
    return works(dom0)


def works(dom0):
    for number in range(40, 44):
        try:
            seen = dom0.in_guest("a", f"echo sum $(({number}+2))", 5)
        except BootError as error:
            seen = str(error)
        if seen == f"sum {number + 2}":
            return None
    return seen


def senseless(dom0):
    return json.loads(dom0.must("vsioctl stat --json a"))[0]["senseless"]


def scribble(dom0, index):
    """Each hostile value in an index, then what was there."""
    before = senseless(dom0)
    dom0.must(f"scribble a ${index} {HOSTILE}", 40)
    # The one that is read for each byte printed is counted each time.
    if index == "OUT_CONS" and senseless(dom0) == before:
        return "no counter tells"
    # A daemon that saw it may have stopped to look at this ring.
    dom0.must("kill_daemon; start_daemon a")
    return works(dom0)


def scribbled_by_guest(dom0):
    """The guest writes to its own ring's page, which it can find."""
    dom0.type("a", f"for v in {HOSTILE}; do for a in 0 4 8 12; do "
                   f"devmem $(({PAGE + 3072}+a)) 32 $v; done; done")
    dom0.must("sleep 3; repair a; kill_daemon; start_daemon a", 30)
    return works(dom0)


def free_memory(dom0):
    return dom0.must("xl info | grep ^free_memory").split()[-1]


def destroyed_while_printing(dom0):
    """Many times, with Xen's memory in the end what it was."""
    dom0.config("p", kernel='"/guests/printer"', ramdisk='""', extra='""',
                memory="16")
    dom0.must("round p", 30)
    before = free_memory(dom0)
    dom0.must(f"rounds {ROUNDS} p", 200)
    after = free_memory(dom0)
    return None if before == after else f"{before} MB, {after} MB at the end"


tap = Tap()
with Stack("stack-console", timeout=500) as dom0:
    dom0.login()
    for name, function, *args in (
            ("xl create and xl console, unmodified", console),
            ("1 MB printed is in xenconsoled's log", one_megabyte),
            ("100 KB typed in arrive", typed_in),
            ("xenconsoled starts anew: nothing is lost", restart),
            ("no xenconsoled for a while: the guest goes on", nobody_listens),
            ("dom0 scribbles on out_cons", scribble, "OUT_CONS"),
            ("dom0 scribbles on in_cons", scribble, "IN_CONS"),
            ("dom0 scribbles on in_prod", scribble, "IN_PROD"),
            ("dom0 scribbles on out_prod", scribble, "OUT_PROD"),
            ("the guest scribbles on all indexes", scribbled_by_guest),
            (f"a domain is destroyed while it prints, {ROUNDS} times",
             destroyed_while_printing)):
        if tap.check(name, function, dom0, *args):
            dom0.recover()
sys.exit(tap.end())

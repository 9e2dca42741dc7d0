# SPDX-License-Identifier: MIT
"""What tests without a virtual machine share: waiting, comparing, TAP."""

import sys
import time

PATIENCE = 20  # seconds, for what takes milliseconds on an idle machine


class Failure(Exception):
    """What was seen instead."""


def wait_for(what, function):
    """function() returns something true before long."""
    end = time.monotonic() + PATIENCE
    while True:
        seen = function()
        if seen:
            return seen
        if time.monotonic() > end:
            raise Failure(f"waited in vain for {what}")
        time.sleep(0.005)


def short(value):
    text = repr(value)
    return text if len(text) < 2000 else text[:2000] + "..."


def expect(seen, wanted, what=""):
    if seen != wanted:
        raise Failure(f"{what}: {short(seen)} instead of {short(wanted)}")


def run(tests, call):
    """TAP of call(test) for each; a test's name is what its function says. -> exit status"""
    failed = 0
    for n, test in enumerate(tests, 1):
        begin = time.monotonic()
        seen = None
        try:
            call(test)
        except Exception as error:  # pylint: disable=broad-except
            seen = f"{type(error).__name__}: {error}"
        failed += seen is not None
        print(f"{'ok' if seen is None else 'not ok'} {n} - {test.__doc__.strip()}", flush=True)
        for line in (seen or "").splitlines():
            print(f"# {line}", file=sys.stderr, flush=True)  # prove hides the rest
        if time.monotonic() - begin > 1:
            print(f"#   {time.monotonic() - begin:.1f} s", flush=True)
    print(f"1..{len(tests)}")
    return int(failed != 0)

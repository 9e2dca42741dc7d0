#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The models of the console ring: what holds, and that each planted fault is found.

Properties are explored to the end; a fault's run stops at the first error. Built by
ring.mk. By hand: cd build/ring/output && DEATHS=1 BACKSTOP=1 ./pan -m1000000 -a -f -N taken,
and after an error spin -t -p output.pml.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
B = pathlib.Path(os.environ.get("B", HERE.parent.parent / "build")).resolve()
MODELS = ("output", "input")

DIES = "BACKSTOP=1 DEATHS=1 BIND_SILENT=1"
IN_TIME = "BACKSTOP=1 DEATHS=1 IN_TIME=1"
ENDS = "BACKSTOP=1 DOMAIN_ENDS=1"
LIES_OUT = "BACKSTOP=1 BYTES=3 SCRIBBLE=%d"
LIES_IN = "BYTES=3 SCRIBBLE=1"

# What it says, model, claim, environment.
HOLDS = (
    ("output: all bytes are taken, in order, without the backstop", "output", "taken", ""),
    ("output: also under the rate limit", "output", "taken", "ALLOWANCE=1"),
    ("output: two vCPUs print", "output", "taken", "VCPUS=2 BYTES=4"),
    ("output: the daemon dies at any step and comes back, maybe not told", "output", "taken",
     DIES),
    ("output: a daemon that is back in time finds every byte", "output", "taken", IN_TIME),
    ("output: the daemon dies twice, under the rate limit", "output", "taken",
     "BACKSTOP=1 DEATHS=2 ALLOWANCE=1 BYTES=3"),
    ("output: a daemon that has gone for good does not hold the guest back", "output",
     "goes_on", "BACKSTOP=1 DEATHS=1 GONE=1"),
    ("output: nonsense in out_prod", "output", "taken", LIES_OUT % 1),
    ("output: nonsense in out_cons, later put right", "output", "taken", LIES_OUT % 2),
    ("output: the domain ends at any step", "output", "ends", ENDS),
    ("input: all bytes are read, in order, and the daemon hears of room", "input", "taken", ""),
    ("input: also under the rate limit", "input", "taken", "ALLOWANCE=1"),
    ("input: the daemon dies at any step and comes back, maybe not told", "input", "taken",
     "DEATHS=1"),
    ("input: nonsense in in_prod, later put right", "input", "taken", LIES_IN),
)

# Fault, model, claim, environment: what finds it.
FAULTS = (
    ("NO_WMB", "output", "taken", "", "assertion"),
    ("NO_BACKSTOP", "output", "taken", DIES, "cycle"),
    ("NO_FULL_KICK", "output", "taken", "", "assertion"),
    ("NO_ANSWERED", "output", "taken", "", "cycle"),
    ("BLIND_ANSWER", "output", "taken", "", "cycle"),
    ("NO_REOPEN", "output", "taken", "", "cycle"),
    ("NO_ARM", "output", "taken", "", "cycle"),
    ("NO_PUBLISH", "output", "taken", LIES_OUT % 1, "cycle"),
    ("NO_NOWHERE", "output", "ends", ENDS, "assertion"),
    ("KILL_LOCKED", "output", "ends", ENDS, "cycle"),
    ("BLIND_TIMER", "output", "taken", DIES, "cycle"),
    ("NO_LISTENER", "output", "goes_on", "BACKSTOP=1 DEATHS=1 GONE=1", "cycle"),
    ("NO_PATIENCE", "output", "taken", IN_TIME, "assertion"),
    ("NO_RMB", "input", "taken", "", "assertion"),
    ("NO_MB_READ", "input", "taken", "", "assertion"),
    ("NO_MB_FULL", "input", "taken", "DEATHS=1", "cycle"),
    ("NO_FULL", "input", "taken", "", "cycle"),
    ("EARLY_FULL", "input", "taken", "DEATHS=1", "cycle"),
    ("NO_WATCH", "input", "taken", LIES_IN, "cycle"),
    ("WATCH_MUTE", "input", "taken", LIES_IN, "cycle"),
    ("NO_WAKE_IN", "input", "taken", LIES_IN, "cycle"),
    ("NO_WMB_DAEMON", "input", "taken", "", "assertion"),
)


def planted(model):
    """The faults that a model knows, with their numbers."""
    return dict(re.findall(r"#define (\w+) +\(fault == (\d+)\)",
                           (HERE / (model + ".pml")).read_text()))


def explore(model, claim, settings):
    """Run a model to its end or its first error: that, states, seconds."""
    env = dict(os.environ, **dict(s.split("=") for s in settings.split()))
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as here:
        out = subprocess.run([B / "ring" / model / "pan", "-m1000000", "-a", "-f", "-N", claim],
                             cwd=here, env=env, text=True, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT).stdout
    seconds = time.monotonic() - start
    error = re.search(r"^pan:1: (.*) \(at", out, re.M)
    states = re.search(r"(\S+) states, stored", out)
    if re.search(r"errors: 0", out) and not re.search(r"max search depth too small|truncated",
                                                      out):
        result = "holds"
    else:
        result = error.group(1) if error else out
    return result, int(float(states.group(1))) if states else 0, seconds


def names_checked():
    """check-names passes, and finds a name that is gone."""
    check = [HERE / "check-names", B / "xen/src"]
    models = [HERE / (m + ".pml") for m in ("common",) + MODELS]
    yield "the C functions that the models name exist", subprocess.run(check + models)
    with tempfile.TemporaryDirectory() as here:
        for what in (("be_quiet() /* console.c */", "be_still() /* console.c */"),
                     ("xenevtchn_pending() /* ", "xenevtchn_depending() /* "),
                     ("be_quiet() /* console.c */", "be_quiet()")):
            text = "".join(m.read_text() for m in models)
            copy = pathlib.Path(here, "copy.pml")
            copy.write_text(text.replace(*what))
            done = subprocess.run(check + [copy], stdout=subprocess.PIPE)
            done.returncode = int(text == copy.read_text() or done.returncode != 1)
            yield "a name that does not is found: " + what[1], done


def report(ok, what):
    """One TAP line."""
    report.n += 1
    print("%s %d - %s" % ("ok" if ok else "not ok", report.n, what), flush=True)


report.n = 0


def main():
    """All of it, two runs at a time."""
    faults = {model: planted(model) for model in MODELS}
    print("1..%d" % (len(HOLDS) + len(FAULTS) + 5))
    for what, done in names_checked():
        report(done.returncode == 0, what)
    report({(m, f) for m in MODELS for f in faults[m]} == {(f[1], f[0]) for f in FAULTS},
           "every planted fault is tried")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(explore, *h[1:]) for h in HOLDS]
        for hold, run in zip(HOLDS, runs):
            result, states, seconds = run.result()
            report(result == "holds", hold[0])
            print("#   %d states, %.1f s; %s%s" % (states, seconds, hold[3] or "nothing goes wrong",
                                                  "" if result == "holds" else "; " + result))
        runs = [pool.submit(explore, m, claim, env + " FAULT=" + faults[m].get(f, "0"))
                for f, m, claim, env, _ in FAULTS]
        for (fault, model, _, env, found), run in zip(FAULTS, runs):
            result, states, seconds = run.result()
            report(found in result, "%s: %s is found" % (model, fault))
            print("#   %s, after %d states, %.1f s; %s" % (result.strip(), states, seconds, env))


main()

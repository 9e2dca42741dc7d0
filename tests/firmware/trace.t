#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What minixen-trace says of a guest: log, JSON, summary and guest agree."""

import json
import re
import subprocess
import sys

import firmware
from minixen_boot import BUILD, Guest
from minixen_trace import RECORD, SIZE, Trace

OUT = f"{BUILD}/trace/test-trace"
CONSOLE = "console=ttyAMA0 console=uart8250,mmio,0x0b001000 rdinit=/init"


def session(guest):
    """A known number of bytes each way, a clock, the vGIC."""
    guest.ready()
    guest.stats()
    before = {name: list(n) for name, n in guest.traced.bytes.items()}
    command = "head -c 5000 /dev/zero | tr '\\0' x; hwclock"
    guest.run(command)
    for register, value in ((3, 0x83), (0, 1), (3, 3), (0, 33), (0, 34)):
        guest.run(f"devmem {0xB001000 + register:#x} 8 {value}")
    guest.stats()
    found = {name: [a - b for a, b in zip(n, before[name])]
             for name, n in guest.traced.bytes.items()}
    (came, went), (_, second) = found["vpl011"], found["vns16550"]
    good = len(command) < came < 999 and 5000 < went < 6999 and second == 2
    return None if good else f"{found}"


def convert(path, result):
    done = subprocess.run(["tools/minixen-trace", path, OUT], check=False,
                          capture_output=True, text=True)
    result.append(done.stdout)
    return done.stderr or None


def is_json(events):
    with open(f"{OUT}.json", encoding="ascii") as file:
        events += json.load(file)["traceEvents"]
    times = [event["ts"] for event in events if event["ph"] != "M"]
    return None if times == sorted(times) else "times go back"


def table(summary):
    """Of the summary: {"vpl011 FR": [reads, writes]}"""
    return {key: [int(reads), int(writes)] for key, reads, writes in re.findall(
        r"^(v\w+ \S+) +(\d+) +(\d+)$", summary, re.MULTILINE)}


def counts(words):
    """The same of device, register and direction of each access."""
    found = {}
    for device, register, write in words:
        key = f"{device} {'all' if device == 'vflash' else register}"
        found.setdefault(key, [0, 0])[write] += 1
    return found


def from_log():
    with open(f"{OUT}.log", encoding="ascii") as file:
        words = (line.split() for line in file)
        return counts((word[3], word[4], word[6] == "<-") for word in words)


def from_json(events):
    return counts((event["cat"], *[event["name"].split()[0],
                                   event["name"].endswith(" write")])
                  for event in events if event["ph"] == "i")


def same(got, want):
    return None if got == want else f"got  {got}\nwant {want}"


def line_moves(events):
    """The lines go up and down in turn, also that of the UART."""
    levels = [event["args"]["line 0"] for event in events
              if event["name"] == "vpl011 irq"]
    return None if levels[:4] == [1, 0, 1, 0] else f"{levels[:10]}"


def full():
    """More accesses than fit into a file."""
    path = f"{BUILD}/boot/test-trace.trace"
    with open(path, "r+b") as file:
        file.write((SIZE // RECORD.size + 41).to_bytes(8, "little"))
        file.seek(SIZE - RECORD.size)
        file.write(RECORD.pack(1, 2, 3, 0x9000000, 0, 4, 0, 0))
    trace = Trace(path)
    trace.next = SIZE // RECORD.size - 1  # the last one
    seen = list(trace)
    return None if (len(seen), trace.lost) == (1, 42) else \
        f"{len(seen)} read, {trace.lost} lost"


def main(tap):
    with Guest("test-trace", "linux", bootargs=CONSOLE, trace=True, cpus=2,
               timeout=60) as guest:
        tap.check("bytes are counted as they come and go", session, guest)
        guest.qemu.kill()
        guest.qemu.wait()
        want = guest.stats()
    said, events = [], []
    tap.check("it is converted", convert, guest.trace, said)
    found = table(said[0])
    tap.check("the summary has what was counted", same,
              {key: tuple(value) for key, value in found.items()}, want)
    tap.check("the JSON is some, its times are in order", is_json, events)
    tap.check("the log has as many of each", same, from_log(), found)
    tap.check("so has the JSON", same, from_json(events), found)
    tap.check("the UART's line goes up and down", line_moves, events)
    tap.check("what does not fit is counted", full)


sys.exit(firmware.run(main))

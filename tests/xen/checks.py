# SPDX-License-Identifier: MIT
"""What a guest on grafted Xen must see and do; shared by the boot tests."""

import calendar
import hashlib
import os
import random
import re
import sys
import time

TOP = os.path.realpath(f"{os.path.dirname(__file__)}/../..")
os.chdir(TOP)
sys.dont_write_bytecode = True
sys.path.insert(0, f"{TOP}/tools")

# pylint: disable=wrong-import-position
from xen_boot import BUILD, SWITCH, BootError  # noqa: E402

TOLERANCE = 5  # seconds that a clock may be off
TYPED = 100 * 1024
PRINTED = 1024 * 1024


class Tap:
    """Results as prove wants them."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, name, function, *args):
        """function returns None when all is well, or else what was seen.

        -> has it failed?
        """
        begin = time.monotonic()
        try:
            seen = function(*args)
        except (BootError, ValueError) as error:
            seen = str(error)
        self.count += 1
        self.failed += seen is not None
        print(f"{'ok' if seen is None else 'not ok'} {self.count} - {name}",
              flush=True)
        if seen is not None:
            for line in str(seen).splitlines() or ["nothing"]:
                print(f"#   {line}", flush=True)
        elif time.monotonic() - begin > 1:
            print(f"#   {time.monotonic() - begin:.1f} s", flush=True)
        return seen is not None

    def skip(self, name, why):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def end(self):
        print(f"1..{self.count}", flush=True)
        return 1 if self.failed else 0


def shell(boot):
    boot.focus()
    boot.login()


def dmesg(boot, pattern):
    """A line of the guest's kernel log matches."""
    text = boot.run("dmesg").text
    if not re.search(pattern, text):
        near = [line for line in text.splitlines()
                if re.search("ttyAMA|uart|rtc|pl0", line)]
        return "\n".join([f"no line matches {pattern}", *near])
    return None


def off(seen, before):
    """Seconds since the epoch, of something seen since before."""
    now = time.time()
    if before - TOLERANCE <= seen <= now + TOLERANCE:
        return None
    return f"off by {seen - now:.0f} s"


def date(boot):
    before = time.time()
    return off(int(boot.run("date +%s").text), before)


def hwclock(boot):
    before = time.time()
    result = boot.run("TZ=UTC0 hwclock -r -u")
    match = re.match(r"\w+ (\w+ +\d+ \d+:\d+:\d+ \d+)", result.text)
    if result.status or not match:
        return f"status {result.status}: {result.text}"
    seen = time.strptime(match[1], "%b %d %H:%M:%S %Y")
    return off(calendar.timegm(seen), before)


def rtc_interrupts(boot):
    count = boot.run(
        "awk 'NR == 1 {n = NF} /rtc-pl031/ {for (i = 2; i < n + 2; i++) "
        "s += $i; print s}' /proc/interrupts").text
    if not count:
        raise BootError("no rtc-pl031 in /proc/interrupts")
    return int(count)


def alarm(boot):
    counts = [rtc_interrupts(boot)]
    result = boot.run("echo $(($(cat /sys/class/rtc/rtc0/since_epoch) + 2)) "
                      ">/sys/class/rtc/rtc0/wakealarm")
    if result.status:
        return f"wakealarm: {result.text}"
    boot.wait(0.5)
    counts.append(rtc_interrupts(boot))
    boot.wait(2)
    counts.append(rtc_interrupts(boot))
    boot.wait(1)
    counts.append(rtc_interrupts(boot))
    start = counts[0]
    if counts != [start, start, start + 1, start + 1]:
        return f"interrupts before, 0.5, 2.5 and 3.5 s after: {counts}"
    return None


def differ(got, want):
    """None, or how two byte strings differ."""
    if got == want:
        return None
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b),
              min(len(got), len(want)))
    return (f"{len(got)} bytes instead of {len(want)}, different from byte "
            f"{at} on:\ngot  {got[at:at + 32]}\nwant {want[at:at + 32]}")


def typed(boot):
    # Xen itself passes on 7 bits of each byte, and acts on three SWITCH.
    values = [value for value in range(128) if value != SWITCH]
    data = bytes(random.Random(1).choices(values, k=TYPED))
    count = boot.store(data, "/tmp/in", rate=5 * 1024)
    digest = boot.run("md5sum /tmp/in").text.split()[0]
    if digest == hashlib.md5(data).hexdigest():
        return None
    return differ(boot.fetch("/tmp/in", count), data) or \
        f"md5 is {digest}, although the file is right"


def printed(boot):
    with open(f"{BUILD}/lab/busybox", "rb") as file:
        data = file.read(PRINTED)
    digest = boot.run(f"head -c {PRINTED} /bin/busybox | md5sum", 30).text
    if digest.split()[0] != hashlib.md5(data).hexdigest():
        return f"the guest's own copy is different: {digest}"
    return differ(boot.fetch("/bin/busybox", PRINTED), data)


def quiet(boot):
    """Neither the guest's kernel nor Xen complains."""
    bad = re.compile(r"unexpected|nobody cared|unhandled|overrun|\bbug\b|"
                     r"warning|oops", re.IGNORECASE)
    # What any Linux on plain Xen provokes: calls and GIC registers that this
    # Xen does not have.
    usual = re.compile(r"Unhandled SMC/HVC: 0x8|vGIC[DR]: .*ICACTIVER")
    lines = boot.run("dmesg").text.splitlines()
    with open(boot.log_path, encoding="ascii") as file:
        lines += [line for line in file.read().splitlines()
                  if re.match(r"\[ *\d+\.\d+\] \(XEN\) ", line)]
    return "\n".join(line for line in lines if bad.search(line)
                     and not usual.search(line)) or None


def processors(boot, want):
    seen = boot.run("nproc").text
    return None if seen == str(want) else f"{seen} instead of {want}"


def i8042_reset(boot):
    boot.send(b"devmem 0x22002004 8 0xfe\n")
    boot.expect(rb"d1: i8042 reset: domain reboots", 5)


def common(tap, boot):
    """The checks of every flavour, after the shell is there."""
    tap.check("the guest's kernel finds the PL031", dmesg, boot,
              r"rtc-pl031 .*registered as rtc0")
    tap.check("the guest's clock is right after boot", date, boot)
    tap.check("hwclock reads the right time", hwclock, boot)
    tap.check("an RTC alarm interrupts once, and not early", alarm, boot)
    tap.check("100 KB typed in at 10 KB/s arrive byte for byte", typed, boot)
    tap.check("1 MB printed by the guest arrive byte for byte", printed, boot)
    tap.check("neither the guest nor Xen complains", quiet, boot)
    tap.check("the i8042's reset command reboots the domain", i8042_reset,
              boot)

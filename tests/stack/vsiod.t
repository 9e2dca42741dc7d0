#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Devices that vsiod serves from dom0: on real Xen without the graft, in a real guest.

    vsiod.t             all of it
    vsiod.t --bench     what an access costs, as one line of JSON
    BYTES_OUT=1048576 BYTES_IN=102400 vsiod.t     more bytes: more than an hour
"""

import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

# pylint: disable=wrong-import-position
from stack import Stack, differs  # noqa: E402
from checks import Tap  # noqa: E402
from xen_boot import BOOTARGS, BUILD  # noqa: E402

XEN = f"{BUILD}/xen/ioreq/xen/xen"
DEVICES = ("pl011", "pl031", "i8042", "ns16550",
           "flash addr=0x04100000 size=1M block=64K")
XEN_FR = 0x22000018  # of Xen's own UART
FR, RTC, I8042, FLASH = 0x22001018, 0x22002000, 0x22003000, 0x04100000
LATER = 4 * 365 * 86400  # a guest that lives in the future
UUID = "5c3c0a5e-7a0e-4e2c-9a0b-000000000002"
# The guest's kernel lets nobody else look at its drivers' devices.
EXTRA = f'"{BOOTARGS} iomem=relaxed"'
# An emulated processor takes two milliseconds for an access, a busy machine several times that;
# a byte is two accesses.
TYPED = int(os.environ.get("BYTES_IN", "8192"))
PRINTED = int(os.environ.get("BYTES_OUT", "16384"))
BYTE_SECONDS = 0.1


def live(dom0, restored="", file="/tmp/flash"):
    """A guest whose devices are vsiod's, but for its first UART."""
    dom0.must("rm -f $(log d); cat /guests/access.cpio /guests/initrd.cpio.gz "
              ">/guests/initrd.d")
    dom0.must(f"[ -e {file} ] || erased 1048576 >{file}")
    devices = [f"{device} file={file}" if "flash" in device else device
               for device in DEVICES]
    dom0.must("vsioctl dt " + " ".join(DEVICES) + " >/guests/d.dtb")
    dom0.create("d", "-p", device_tree='"/guests/d.dtb"',
                ramdisk='"/guests/initrd.d"', extra=EXTRA, uuid=f'"{UUID}"')
    for device in devices:
        dom0.must(f"vsioctl attach d {device} host=daemon")
    dom0.must(f"{restored} xl unpause d")
    dom0.until("ends_up d", 60)


def found(dom0):
    live(dom0)
    seen = dom0.in_guest("d", "dmesg | grep -cE 'ttyAMA1 at MMIO 0x22001000|"
                              "ttyS0 at MMIO 0x22004000|registered as rtc0'")
    return differs(seen, "3")


def jailed(dom0):
    """It is nobody's but its own, behind a filter, in an empty root."""
    at = "/proc/$(cat /run/vsiod/$(xl domid d)/worker)"
    lines = dom0.must(f"grep -E '^(Uid|Seccomp|CapEff):' {at}/status; "
                      f"ls -l {at}/fd | grep -c privcmd; "
                      f"ls {at}/root | wc -l").split()
    wanted = ["CapEff:", "0" * 16, "Seccomp:", "2"]
    if not all(word in lines for word in wanted) or lines[-2:] != ["1", "0"]:
        return " ".join(lines)
    return None if int(lines[lines.index("Uid:") + 1]) > 65535 else lines


def kill(dom0, count=1, pause=0):
    """Its worker; another one comes by itself."""
    dom0.must(f"n=0; while [ $n -lt {count} ]; do "
              "kill -9 $(cat /run/vsiod/$(xl domid d)/worker); "
              f"sleep {pause}; n=$((n + 1)); done", 30 + 10 * count)


def console(dom0):
    return dom0.second_console("d", 0)


def bytes_in(dom0):
    return dom0.bytes_in("d", 0, TYPED, 60 + int(TYPED * BYTE_SECONDS))


def bytes_out(dom0):
    """With the worker killed on the way: each byte is there, and once."""
    begin = dom0.number("wc -c <$(vsio_log d 0)")
    sent = dom0.in_guest("d", f"seq 1000000 | head -c {PRINTED} >/tmp/seq; md5sum </tmp/seq", 60)
    dom0.type("d", "(stty raw; cat /tmp/seq) </dev/ttyAMA1 >/dev/ttyAMA1 &")
    dom0.until(f"vsio_has d 0 {begin + 200}", 60)
    kill(dom0, 5, 0.3)
    dom0.until(f"vsio_has d 0 {begin + PRINTED}", 60 + int(PRINTED * BYTE_SECONDS))
    dom0.in_guest("d", "wait; echo", 60)
    return differs(dom0.must(f"tail -c +{begin + 1} $(vsio_log d 0) | md5sum"), sent)


def second_uart(dom0):
    """The 16550A, both ways."""
    dom0.type("d", "sh -c \"stty raw -echo; echo up; read l; echo got \\$l\" "
                   "</dev/ttyS0 >/dev/ttyS0 2>&1 &")
    dom0.until("vsio_says d 3 up")
    dom0.must("echo hello >/tmp/hello; vsioctl send d 3 /tmp/hello")
    dom0.until("vsio_says d 3 'got hello'")


def clock(dom0):
    """It tells the time, its alarm interrupts, its offset is kept."""
    now = dom0.number("date +%s")
    seen = int(dom0.in_guest("d", "hwclock -u -s; date +%s"))
    if abs(seen - now) > 10:
        return f"off by {seen - now} s"
    count = "grep rtc-pl031 /proc/interrupts | tr -s ' ' | cut -d' ' -f3"
    before = int(dom0.in_guest("d", count))
    dom0.in_guest("d", "echo +2 >/sys/class/rtc/rtc0/wakealarm; sleep 4; echo")
    after = int(dom0.in_guest("d", count))
    # A guest that is slow to look may be told once more.
    if not before < after < before + 5:
        return f"{after - before} interrupts"
    dom0.in_guest("d", f"date -s @{now + LATER} >/dev/null; hwclock -u -w; "
                       "echo")
    dom0.until(f"[ -n \"$(xenstore-read /vsio/rtc/{UUID})\" ]")
    return None


def flash(dom0):
    word = f"devmem {FLASH:#x} 32"
    dom0.in_guest("d", f"{word} 0x00400040; {word} 0x12345678; "
                       f"{word} 0x00ff00ff; echo")
    dom0.until("begins /tmp/flash 12345678")
    return differs(dom0.in_guest("d", word), "0x12345678")


def keys(dom0):
    peek = f"devmem {I8042:#x} 8"
    dom0.in_guest("d", f"devmem {I8042 + 4:#x} 8 0xaa; {peek}")
    dom0.in_guest("d", f"devmem {I8042 + 4:#x} 8 0xae; echo")
    dom0.must("vsioctl key d a")
    seen = dom0.in_guest("d", f"{peek}; {peek} >/tmp/up; cat /tmp/up")
    return differs(seen, "0x9E")


def saved(dom0):
    """Saved, and restored into a new domain: its flash and its clock."""
    dom0.in_guest("d", f"devmem {RTC + 4:#x} 32 1234; echo")
    dom0.must("xl pause d && vsioctl save d /tmp/d.saved && xl destroy d", 30)
    dom0.until("[ -z \"$(ls /run/vsiod)\" ]")
    live(dom0, "vsioctl restore d /tmp/d.saved &&", "/tmp/empty")
    seen = dom0.in_guest("d", f"devmem {FLASH:#x} 32")
    if seen != "0x12345678":
        return f"{seen} in the flash"
    dom0.until("begins /tmp/empty 12345678")
    seen = int(dom0.in_guest("d", f"devmem {RTC:#x} 32"), 0)
    now = dom0.number("date +%s")
    if abs(seen - now - LATER) > 30:
        return f"the clock is off by {seen - now} s"
    return None


def nanoseconds(dom0, addr, count):
    """Of one read in the guest, the best of three."""
    return min(int(dom0.in_guest("d", f"access {addr:#x} {count}", 60))
               for _ in range(3))


def bench(dom0):
    """-> one access in the hypervisor, one through the daemon."""
    inside = nanoseconds(dom0, XEN_FR, 5000)
    outside = nanoseconds(dom0, FR, 500)
    return {"access_in_xen_ns": inside, "access_by_daemon_ns": outside,
            "ratio": round(outside / inside, 1)}


def measured(dom0):
    seen = bench(dom0)
    print(f"# {json.dumps(seen)}", flush=True)
    return None if seen["ratio"] > 1 else "the daemon is faster than Xen"


def reset(dom0):
    """FE to the i8042 ends the domain as a reboot; its daemon goes with it."""
    dom0.type("d", f"devmem {I8042 + 4:#x} 8 0xfe")
    dom0.until("gone d")
    dom0.until("[ -z \"$(ls /run/vsiod)\" ]")


def machine(name):
    # One processor: a notification is a switch in Xen, and no matter of how
    # soon this machine runs another thread of QEMU.
    return Stack(name, xen=XEN, timeout=900 + (TYPED + PRINTED) * BYTE_SECONDS, cpus=1)


def main():
    tap = Tap()
    with machine("stack-vsiod") as dom0:
        dom0.login()
        for name, function in (
                ("a guest finds UARTs, a clock and a flash of the daemon",
                 found),
                ("its worker has given up what it does not need", jailed),
                ("one access, in Xen and by the daemon", measured),
                ("vsioctl console", console),
                ("bytes in", bytes_in),
                ("bytes out, with the worker killed five times", bytes_out),
                ("the 16550A, both ways", second_uart),
                ("the clock and its alarm", clock),
                ("flash and its file", flash),
                ("keys arrive at the i8042", keys),
                ("saved, and restored into a new domain", saved),
                ("a reset by the i8042", reset)):
            if tap.check(name, function, dom0):
                dom0.recover()
    return tap.end()


def only_bench():
    with machine("bench-vsiod") as dom0:
        dom0.login()
        live(dom0)
        print(json.dumps(bench(dom0)))


if __name__ == "__main__":
    sys.exit(only_bench() if sys.argv[1:] == ["--bench"] else main())

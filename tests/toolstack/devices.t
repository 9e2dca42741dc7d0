#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""attach, detach, dt, list, stat: the devices of a domain."""

import json
import os
import re
import subprocess
import sys
import time
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
# pylint: disable=wrong-import-position
from stage import (ARM64, B, FIRST, PRELOAD, TOP, VSIOCTL, Failure, expect,  # noqa: E402
                   main)

ALL = ["pl011", "pl031", "i8042", "ns16550"]


def attach_list(stage):
    """a device of each kind is attached, and listed where it is"""
    domid = stage.create("attach", vuart=True)
    with open(f"{stage.dir}/vars", "wb") as file:
        file.write(b"contents" * 1024)
    for kind in ALL:
        stage.ok("attach", "attach", kind)
    stage.ok("attach", domid, "flash", f"file={stage.dir}/vars", "block=4K")
    listed = stage.json("list", "--json", "attach")
    expect([(d["slot"], d["device"], d["addr"], d["irq"]) for d in listed],
           [(0, "pl011", "0x22000000", 32), (1, "pl011", "0x22001000", 44),
            (2, "pl031", "0x22002000", 45), (3, "i8042", "0x22003000", 46),
            (4, "ns16550", "0x22004000", 48), (5, "flash", "0x4020000", None)], "list")
    expect(listed[5]["size"], "0x2000", "size of the file")
    expect(stage.peek(domid, 0x4020000), int.from_bytes(b"cont", "little"), "contents")
    lines = stage.ok("list", domid).decode().splitlines()
    expect(len(lines), 7, "lines of the table")
    expect(lines[2].split()[:5], [str(domid), "attach", "1", "pl011", "0x22001000"], "a row")


def all_domains(stage):
    """list without a domain shows those of all"""
    domid = stage.create("other")
    stage.ok("attach", "other", "i8042")
    names = {d["name"] for d in stage.json("list", "--json")}
    expect(names, {"attach", "other"}, "names")
    expect(stage.json("list", "--json", "other")[0]["domain"], domid, "domain")


def tree(stage):
    """one tree in xenstore, that the guest may read and not write"""
    domid = stage.create("tree")
    stage.ok("attach", "tree", "pl011", "log=none", "limit=64K")
    stage.ok("attach", "tree", "pl031", "offset=-3600")
    home = f"/local/domain/{domid}/vsio"
    seen = stage.store.tree(home)
    expect(seen, {
        f"{home}/version": "1", f"{home}/0": "", f"{home}/1": "",
        f"{home}/0/type": "pl011", f"{home}/0/addr": "0x22001000", f"{home}/0/irq": "44",
        f"{home}/0/backend-id": "0", f"{home}/0/port": "8", f"{home}/0/ring-ref": "233488",
        f"{home}/0/limit": "65536", f"{home}/0/log": "none",
        f"{home}/1/type": "pl031", f"{home}/1/addr": "0x22002000", f"{home}/1/irq": "45",
        f"{home}/1/backend-id": "0", f"{home}/1/port": "9", f"{home}/1/offset": "-3600",
    }, "tree")
    for path in [home, *seen]:
        expect(stage.store.permissions(path), [(0, 0), (domid, 1)], f"permissions of {path}")


def detach(stage):
    """detach gives back the page, the place and the tree"""
    domid = stage.create("detach")
    before = stage.describe(domid)
    for kind in ALL:
        stage.ok("attach", "detach", kind)
    stage.ok("detach", "detach", 0)
    stage.ok("attach", "detach", "pl031")
    expect(stage.json("list", "--json", "detach")[0]["addr"], "0x22001000", "the free place")
    for slot in range(4):
        stage.ok("detach", "detach", slot)
    expect(stage.describe(domid), before, "devices and pages")
    expect(stage.store.names(f"/local/domain/{domid}"), ["console", "name"], "store")


def refusals(stage):
    """each refusal is one line, has its status, and changes nothing"""
    domid = stage.create("refuse", vuart=True)
    stage.ok("attach", "refuse", "i8042")
    ran = stage.create("ran")
    stage.ok("attach", "ran", "pl011")
    stage.pause(ran, False)
    bare = stage.create("bare", spis=32)
    before = (stage.describe(domid), stage.store.tree("/local/domain"))
    for status, text, args in [
            (2, "no command", []), (2, "no command 'x'", ["x"]),
            (2, "usage: vsioctl attach", ["attach", "refuse"]),
            (2, "is no device", ["attach", "refuse", "ne2000"]),
            (2, "has no 'size'", ["attach", "refuse", "pl011", "size=4K"]),
            (2, "not a value", ["attach", "refuse", "pl011", "addr=17"]),
            (2, "not a value", ["attach", "refuse", "pl011", "irq=31"]),
            (2, "not a value", ["attach", "refuse", "ns16550", "stride=3"]),
            (2, "is no key=value", ["attach", "refuse", "pl011", "now"]),
            (2, "absolute", ["attach", "refuse", "flash", "file=x"]),
            (2, "needs size= or file=", ["attach", "refuse", "flash"]),
            (2, "1 to 512 blocks", ["attach", "refuse", "flash", "size=4M", "block=4K"]),
            (1, "No such file", ["attach", "refuse", "flash", "file=/nonexistent"]),
            (1, "No such file", ["attach", "refuse", "flash", "size=4K", "file=/nonexistent"]),
            (1, "larger than the flash",
             ["attach", "refuse", "flash", "size=4K", f"file={VSIOCTL}"]),
            (3, "there is no domain 'nobody'", ["attach", "nobody", "pl011"]),
            (3, "there is no domain 999", ["list", "999"]),
            (3, "there is no domain 999", ["stat", "999"]),
            (4, "is Xen's own PL011", ["attach", "refuse", "pl011", "addr=0x22000000"]),
            (4, "is i8042 in slot 1", ["attach", "refuse", "pl011", "addr=0x22001000"]),
            (4, "is that of i8042 in slot 1", ["attach", "refuse", "pl011", "irq=45"]),
            (4, "is guest memory", ["attach", "refuse", "pl011", "addr=0x80000000"]),
            (4, "is that of virtio-mmio", ["attach", "refuse", "pl011", "irq=40"]),
            (4, "xl create -p", ["attach", "ran", "pl031"]),
            (4, "xl create -p", ["detach", "ran", "0"]),
            (4, 'vuart = "sbsa_uart"', ["attach", "bare", "pl011"]),
            (4, "is Xen's own PL011", ["detach", "refuse", "0"]),
            (3, "there is no such device", ["detach", "refuse", "5"]),
            (2, "is no slot", ["detach", "refuse", "8"]),
            (2, "exclude each other", ["stat", "--json", "--watch", "refuse"]),
            (2, "no option '--jsn'", ["list", "--jsn"])]:
        stage.refused(status, text, *args)
    expect((stage.describe(domid), stage.store.tree("/local/domain")), before, "what there is")
    expect(stage.describe(bare), "page 0\npage 1\npage 2\npage 3\n", "pages")
    # It has run, and is paused now: Xen knows, vsioctl does not.
    stage.pause(ran)
    stage.refused(4, "xl create -p", "attach", "ran", "pl031")
    stage.refused(4, "xl create -p", "detach", "ran", "0")
    expect(stage.store.tree("/local/domain"), before[1], "store")


def full(stage):
    """eight devices, and no ninth"""
    domid = stage.create("full")
    for _ in range(8):
        stage.ok("attach", "full", "pl031")
    before = stage.describe(domid)
    stage.refused(4, "as many devices as it can have", "attach", "full", "pl011")
    expect(stage.describe(domid), before, "devices and pages")


def dead(stage):
    """a domain that is dying is none"""
    domid = stage.create("dead")
    stage.destroy(domid, libxl=False, dying=True)
    stage.refused(3, "no domain", "attach", domid, "pl011")
    stage.refused(3, "no domain", "attach", "dead", "pl011")
    stage.destroy(domid, libxl=True)


def rtc_offset(stage):
    """a clock starts with what the guest's uuid has in xenstore"""
    ident = uuid.uuid4()
    stage.store.write(f"/vsio/rtc/{ident}", -7200)
    domid = stage.create("rtc", ident=ident)
    stage.ok("attach", "rtc", "pl031")
    expect(stage.store.read(f"/local/domain/{domid}/vsio/0/offset"), "-7200", "offset")
    here = int(time.time())
    if abs(stage.peek(domid, FIRST) - (here - 7200)) > 5:
        raise Failure("the clock does not show it")


def device_tree(stage, *words):
    done = subprocess.run([VSIOCTL, "dt", *words], capture_output=True, check=True)
    with open(f"{stage.dir}/x.dtb", "wb") as file:
        file.write(done.stdout)
    return f"{stage.dir}/x.dtb"


def fdtget(dtb, *args):
    done = subprocess.run(["fdtget", *args[:-2], dtb, *args[-2:]], capture_output=True,
                          check=True)
    return done.stdout.decode().split()


def dt(stage):
    """dt writes what dtc accepts, with nodes where attach puts the devices"""
    words = [*ALL, "flash", "size=64K", "block=4K"]
    dtb = device_tree(stage, *words)
    done = subprocess.run(["dtc", "-I", "dtb", "-O", "dts", "-W", "no-simple_bus_reg", dtb],
                          capture_output=True, check=True)
    expect(done.stderr, b"", "dtc")
    stage.create("dt")
    for kind in ALL:
        stage.ok("attach", "dt", kind)
    stage.ok("attach", "dt", "flash", "size=64K", "block=4K")
    nodes = re.findall(r"\t\t\w+@(\w+)", done.stdout.decode())
    listed = stage.json("list", "--json", "dt")
    expect([int(n, 16) for n in nodes], [int(d["addr"], 16) for d in listed], "places")
    for node, wanted in {"serial@22001000": "arm,pl011 arm,primecell",
                         "rtc@22002000": "arm,pl031 arm,primecell",
                         "keyboard@22003000": "intel,8042", "serial@22004000": "ns16550a",
                         "flash@4020000": "cfi-flash"}.items():
        expect(fdtget(dtb, f"/passthrough/{node}", "compatible"), wanted.split(), node)
    expect(fdtget(dtb, "-t", "i", "/passthrough", "interrupt-parent"), ["65000"], "GIC")
    expect(fdtget(dtb, "-t", "i", "/passthrough/keyboard@22003000", "interrupts"),
           "0 14 4 0 15 4".split(), "interrupts")
    clock = fdtget(dtb, "/passthrough/apb-pclk", "phandle")
    expect(fdtget(dtb, "/passthrough/rtc@22002000", "clocks"), clock, "clock")


def dt_given(stage):
    """dt takes addresses and interrupts, refuses overlaps and terminals"""
    dtb = device_tree(stage, "pl011", "addr=0x22aa0000", "irq=60", "ns16550", "stride=1")
    expect(fdtget(dtb, "-t", "i", "/passthrough/serial@22aa0000", "interrupts"),
           ["0", "28", "4"], "irq")
    expect(fdtget(dtb, "/passthrough/serial@22001000", "reg-shift"), ["0"], "stride")
    stage.refused(4, "is pl011", "dt", "pl011", "pl031", "addr=0x22001000")
    stage.refused(4, "is that of pl011", "dt", "pl011", "pl031", "irq=44")
    stage.refused(4, "8 devices", "dt", *["pl031"] * 9)


def stat(stage):
    """stat counts what the guest does"""
    domid = stage.create("stat")
    stage.ok("attach", "stat", "pl011")
    stage.pause(domid, False)
    expect(stage.print(domid, FIRST, b"hello"), 5, "printed")
    stage.poke(domid, FIRST, 0, size=8)
    row = stage.json("stat", "--json", "stat")[0]
    expect((row["device"], row["out"], row["refused"], row["dropped"]), ("pl011", 5, 1, 0),
           "counters")
    head, line = stage.ok("stat", "stat").decode().splitlines()
    expect(dict(zip(head.split(), line.split()))["OUT"], "5", "table")


def stat_watch(stage):
    """stat --watch redraws its table until the domain ends"""
    domid = stage.create("watch")
    stage.ok("attach", "watch", "pl031")
    child = stage.spawn([VSIOCTL, "stat", "--watch", "watch"], stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, env={"LD_PRELOAD": PRELOAD})
    first = b""
    while b"\033[J" not in first:
        first += os.read(child.stdout.fileno(), 4096)
    stage.destroy(domid)
    out, err = child.communicate(timeout=20)
    stage.children.remove(child)
    expect(child.returncode, 3, "status")
    expect(err.decode().count("\n"), 1, "lines on stderr")
    if b"\033[H" not in out:
        raise Failure("it was not drawn again")


def arm64(stage):
    """the arm64 build does the same"""
    domid = stage.create("arm64")
    run = ["qemu-aarch64-static", "-L", ARM64, "-E",
           f"LD_PRELOAD={B}/toolstack/fake-xen-arm64.so", f"{B}/vsioctl-arm64/vsioctl"]
    subprocess.run([*run, "attach", "arm64", "pl011"], check=True, capture_output=True)
    done = subprocess.run([*run, "list", "--json", "arm64"], check=True, capture_output=True)
    expect(json.loads(done.stdout), stage.json("list", "--json", "arm64"), "list")
    expect(stage.store.read(f"/local/domain/{domid}/vsio/0/type"), "pl011", "type")
    tree = [subprocess.run([*program, "dt", *ALL], check=True, capture_output=True).stdout
            for program in (run, [VSIOCTL])]
    expect(tree[0], tree[1], "device tree")


def helps(stage):
    """each command has a --help, and is completed"""
    names = re.findall(r"^  ([\w-]+) ", stage.ok("--help").decode(), re.M)
    expect(len(names), 18, "commands")
    for name in names:
        expect(stage.ok(name, "--help").decode().splitlines()[0].split()[:3],
               ["Usage:", "vsioctl", name], name)
    done = subprocess.run(["bash", "-c", f"source {TOP}/tools/vsioctl/completion.bash;"
                           "COMP_WORDS=(vsioctl '') COMP_CWORD=1; _vsioctl;"
                           "echo ${COMPREPLY[@]}"], check=True, capture_output=True)
    expect(done.stdout.decode().split(), [*names, "--help"], "completion")


if __name__ == "__main__":
    main([attach_list, all_domains, tree, detach, refusals, full, dead, rtc_offset, dt, dt_given,
          stat, stat_watch, arm64, helps])

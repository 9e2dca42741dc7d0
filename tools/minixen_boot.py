# SPDX-License-Identifier: MIT
"""Boot a guest on minixen under QEMU, and own its console.

    with Guest("name", "uboot") as guest:
        guest.expect(rb"=> ")

As xen_boot.py, whose Boot this is: a log of all that comes out, a time by which
it must be over, and no QEMU that outlives its parent. The second bank of flash
is the file build/boot/NAME.fd: made anew, unless it is to be kept. With trace,
build/boot/NAME.trace has each access that has trapped. Both files are memory of
the machine, of which only minixen knows.
"""

import os
import re
import shutil

from minixen_trace import SIZE, Trace
from xen_boot import BOOTARGS, BUILD, PROMPT, QEMU, Boot, BootError, find

MINIXEN = f"{BUILD}/minixen/minixen.elf"
# Without DMA by fw_cfg: it could write anywhere, over minixen, too.
MACHINE = ("-M", "virt,virtualization=on,gic-version=2", "-cpu", "cortex-a57",
           "-nic", "none", "-display", "none", "-monitor",
           "none", "-rtc", "base=utc", "-global", "fw_cfg_mem.dma_enabled=off")

UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
EDK2_CODE = "/usr/share/AAVMF/AAVMF_CODE.fd"
EDK2_VARS = "/usr/share/AAVMF/AAVMF_VARS.fd"
KERNEL = f"{BUILD}/lab/Image"
INITRD = f"{BUILD}/lab/initrd.cpio.gz"
FILES = {"uboot": (UBOOT,), "edk2": (EDK2_CODE, EDK2_VARS),
         "linux": (KERNEL, INITRD)}

FLASH_SIZE = 0x4000000
BARE = ("accesses", "fuzz", "gic")  # of tests/firmware
FILE_SIZE = 0x10000000  # flash.c says what is behind the flash

# Each guest's prompt.
PROMPTS = {"uboot": rb"\n=> ", "edk2": rb"Shell> (\x1b\[\d+m)*",
           "linux": PROMPT, **{guest: b"" for guest in BARE}}
GUESTS = ("uboot", "edk2", "linux")

# Where minixen looks for the guest's device tree, and for a line of text.
TREE = 0x7fff0000
CMDLINE = 0x7ffff000
TREE_CHANGES = f"{os.path.dirname(os.path.realpath(__file__))}/minixen.dts"

# Where a kernel is loaded, which is also where it starts; a firmware does at 0.
KERNEL_BASE = 0x40200000
INITRD_BASE = 0x48000000

# That line for each guest: U-Boot takes two chips side by side for one.
OPTIONS = {"uboot": "flash=8", "linux": f"entry={KERNEL_BASE}"}

# Three of these, and a key for minixen: d is a drill.
SWITCH = b"\x1e" * 3


def load(path, address):
    """QEMU's arguments for a file in its memory, also after a reset."""
    return ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]


class Guest(Boot):
    """A running guest. Use it in a with statement."""

    def __init__(self, name, guest, keep_flash=False, bootargs=BOOTARGS,
                 reset=False, trace=False, extra=(), nodes="", **options):
        super().__init__(name, [], **options)
        self.guest = guest
        self.prompt = PROMPTS[guest]
        self.keep_flash = keep_flash
        self.bootargs = bootargs
        self.reset = reset  # a reset starts it again
        self.extra = extra  # more arguments for QEMU
        self.nodes = nodes  # more of the device tree
        self.cpus = self.cpus or 1
        self.flash = f"{BUILD}/boot/{name}.fd"
        self.trace = f"{BUILD}/boot/{name}.trace" if trace else None
        self.traced = None

    def firmware(self):
        """QEMU's arguments for what is to be run."""
        if self.guest == "uboot":
            return ["-bios", UBOOT]
        if self.guest == "edk2":
            return ["-drive", "if=pflash,format=raw,unit=0,readonly=on,file="
                    + EDK2_CODE]
        if self.guest in BARE:
            return ["-bios", f"{BUILD}/minixen/{self.guest}.bin"]
        return [*load(KERNEL, KERNEL_BASE), *load(INITRD, INITRD_BASE)]

    def make_tree(self):
        """QEMU's device tree, with what is different for a guest."""
        base = f"{BUILD}/boot/{self.name}"
        self.tool([QEMU, *MACHINE, "-smp", str(self.cpus),
                   "-M", f"dumpdtb={base}.dtb"])
        self.tool(["dtc", "-q", "-I", "dtb", "-O", "dts", "-o", f"{base}.dts",
                   f"{base}.dtb"])
        with open(f"{base}.dts", "a", encoding="ascii") as dts:
            with open(TREE_CHANGES, encoding="ascii") as changes:
                dts.write(changes.read())
            dts.write(self.nodes)
            if self.guest == "linux":
                end = INITRD_BASE + os.path.getsize(INITRD)
                dts.write("/ { chosen { "
                          f'bootargs = "{self.bootargs}"; '
                          f"linux,initrd-start = <{INITRD_BASE:#x}>; "
                          f"linux,initrd-end = <{end:#x}>; }}; }};\n")
        self.tool(["dtc", "-q", "-O", "dtb", "-o", f"{base}.dtb",
                   f"{base}.dts"])
        return f"{base}.dtb"

    def make_flash(self):
        if self.guest == "edk2" and not self.keep_flash:
            shutil.copyfile(EDK2_VARS, self.flash)
        elif not self.keep_flash:
            with open(self.flash, "wb") as file:
                file.write(b"\xff" * FLASH_SIZE)
        os.truncate(self.flash, FILE_SIZE)

    def make_trace(self):
        with open(self.trace, "wb") as file:
            file.truncate(SIZE)
        self.traced = Trace(self.trace)

    def memory(self):
        """QEMU's arguments: 1 GiB, and the files above it."""
        files = [(self.flash, FILE_SIZE)]
        if self.trace:
            files.append((self.trace, SIZE))
        total = (1 << 30) + sum(size for _, size in files)
        yield from ("-m", f"{total >> 20}",
                    "-object", "memory-backend-ram,id=ram,size=1G",
                    "-numa", f"node,memdev=ram,cpus=0-{self.cpus - 1}")
        for number, (path, size) in enumerate(files):
            yield from ("-object", f"memory-backend-file,id=file{number},"
                        f"share=on,size={size},mem-path={path}",
                        "-numa", f"node,memdev=file{number}")

    def make_cmdline(self):
        path = f"{BUILD}/boot/{self.name}.cmdline"
        with open(path, "w", encoding="ascii") as file:
            file.write(OPTIONS.get(self.guest, "") +
                       (" trace=1" if self.trace else "") + "\0")
        return path

    def command(self):
        find("dtc", "device-tree-compiler")
        for path in (MINIXEN, *FILES.get(self.guest, ())):
            if not os.path.exists(path):
                raise BootError(f"{path} is missing: see docs/minixen.md")
        self.make_flash()
        if self.trace:
            self.make_trace()
        return [QEMU, *MACHINE, "-smp", str(self.cpus), *self.memory(),
                *self.firmware(),
                "-device", f"loader,file={MINIXEN},cpu-num=0",
                *load(self.make_tree(), TREE),
                *load(self.make_cmdline(), CMDLINE),
                *self.extra, *(() if self.reset else ("-no-reboot",))]

    def ready(self, timeout=60):
        """Wait for the prompt, without the time that firmware gives a user."""
        if self.guest == "linux":
            self.login(timeout)
            return
        if self.guest == "uboot":
            self.expect(rb"Hit any key to stop autoboot", timeout)
            self.send(b" ")
        else:
            self.expect(rb"Press .*?ESC.*? in", timeout)
            self.send(b"\x1b")
        self.expect(self.prompt, timeout)

    def command_at(self, command, timeout=20):
        """Type a command at a firmware's prompt. -> what it printed"""
        del self.data[:]
        self.send(command.encode() + b"\r")
        text = self.expect(rb"(.*?)" + self.prompt, timeout)[1]
        text = re.sub(rb"\x1b\[[\d;]*[A-Za-z]", b"", text)
        return text.decode("ascii", "replace").replace("\r", "")

    def stats(self):
        """What has trapped so far: {"vpl011 FR": (reads, writes), ...}."""
        return self.traced.update()

    def drill(self):
        """Do it; what it has said is still in data, amid the guest's."""
        self.send(SWITCH + b"d")

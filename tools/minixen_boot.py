# SPDX-License-Identifier: MIT
"""Boot a guest on minixen under QEMU, and own its console.

    with Guest("name", "uboot") as guest:
        guest.expect(rb"=> ")

As xen_boot.py, whose Boot this is: a log of all that comes out, a time by which
it must be over, and no QEMU that outlives its parent. The second bank of flash
is the file build/boot/NAME.fd: made anew, unless it is to be kept.
"""

import os
import re
import shutil

from xen_boot import BUILD, PROMPT, QEMU, Boot, BootError, find

MINIXEN = f"{BUILD}/minixen/minixen.elf"
# Without DMA by fw_cfg: it could write anywhere, over minixen, too.
MACHINE = ("-M", "virt,virtualization=on,gic-version=2", "-cpu", "cortex-a57",
           "-m", "1024", "-nic", "none", "-display", "none", "-monitor",
           "none", "-rtc", "base=utc", "-global", "fw_cfg_mem.dma_enabled=off")

UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
EDK2_CODE = "/usr/share/AAVMF/AAVMF_CODE.fd"
EDK2_VARS = "/usr/share/AAVMF/AAVMF_VARS.fd"
KERNEL = f"{BUILD}/lab/Image"
INITRD = f"{BUILD}/lab/initrd.cpio.gz"
FILES = {"uboot": (UBOOT,), "edk2": (EDK2_CODE, EDK2_VARS),
         "linux": (KERNEL, INITRD)}
BOOTARGS = "console=ttyAMA0 rdinit=/init panic=5"

FLASH_SIZE = 0x4000000
BARE = ("accesses", "gic")  # of tests/firmware

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

# Three of these, and a key for minixen: s shows what has trapped.
SWITCH = b"\x1e" * 3


# Of each device; what is not here keeps its offset. Of the flash and the vGIC
# all is counted together.
REGISTERS = {
    "vpl011": {0: "DR", 4: "RSR", 0x18: "FR", 0x24: "IBRD", 0x28: "FBRD",
               0x2C: "LCR_H", 0x30: "CR", 0x34: "IFLS", 0x38: "IMSC",
               0x3C: "RIS", 0x40: "MIS", 0x44: "ICR", 0x48: "DMACR"},
    "vpl031": {0: "DR", 4: "MR", 8: "LR", 0xC: "CR", 0x10: "IMSC",
               0x14: "RIS", 0x18: "MIS", 0x1C: "ICR"},
    "vi8042": {0: "data", 4: "status"},
    "vflash": {0: "all"},
    "vgic": {0: "all"},
}


def load(path, address):
    """QEMU's arguments for a file in its memory, also after a reset."""
    return ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]


class Guest(Boot):
    """A running guest. Use it in a with statement."""

    def __init__(self, name, guest, keep_flash=False, bootargs=BOOTARGS,
                 reset=False, **options):
        super().__init__(name, [], **options)
        self.guest = guest
        self.prompt = PROMPTS[guest]
        self.keep_flash = keep_flash
        self.bootargs = bootargs
        self.reset = reset  # a reset starts it again
        self.cpus = self.cpus or 1
        self.flash = f"{BUILD}/boot/{name}.fd"

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
        if self.keep_flash:
            return
        if self.guest == "edk2":
            shutil.copyfile(EDK2_VARS, self.flash)
        else:
            with open(self.flash, "wb") as file:
                file.write(b"\xff" * FLASH_SIZE)

    def make_cmdline(self):
        path = f"{BUILD}/boot/{self.name}.cmdline"
        with open(path, "w", encoding="ascii") as file:
            file.write(OPTIONS.get(self.guest, "") + "\0")
        return path

    def command(self):
        find("dtc", "device-tree-compiler")
        for path in (MINIXEN, *FILES.get(self.guest, ())):
            if not os.path.exists(path):
                raise BootError(f"{path} is missing: see docs/minixen.md")
        self.make_flash()
        return [QEMU, *MACHINE, "-smp", str(self.cpus), *self.firmware(),
                "-device", f"loader,file={MINIXEN},cpu-num=0",
                *load(self.make_tree(), TREE),
                *load(self.make_cmdline(), CMDLINE),
                "-drive", f"if=pflash,format=raw,unit=1,file={self.flash}",
                *(() if self.reset else ("-no-reboot",))]

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
        self.send(SWITCH + b"s")
        text = self.expect(rb"\(XEN\) (vgic.*?\(XEN\) exits:[^\n]*\n)")[1]
        return parse_stats(text.decode())


def parse_stats(text):
    found = {}
    for device, offset, reads, writes in re.findall(
            r"(\w+) \+0x(\w+): (\d+) reads, (\d+) writes", text):
        register = REGISTERS.get(device, {}).get(int(offset, 16), offset)
        found[f"{device} {register}"] = (int(reads), int(writes))
    return found

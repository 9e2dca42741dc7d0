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

from xen_boot import BUILD, PROMPT, QEMU, Boot, BootError

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
BOOTARGS = "console=ttyAMA0 rdinit=/init panic=5"

FLASH_SIZE = 0x4000000
ACCESSES = f"{BUILD}/minixen/accesses.bin"  # tests/firmware/accesses.S

# Each guest's prompt.
PROMPTS = {"uboot": rb"\n=> ", "edk2": rb"Shell> (\x1b\[\d+m)*",
           "linux": PROMPT, "accesses": b""}
GUESTS = ("uboot", "edk2", "linux")

# Where minixen looks for a line of text, and what it is for each guest: U-Boot
# takes two chips side by side for one.
CMDLINE = 0x7ffff000
OPTIONS = {"uboot": "flash=8"}

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
        if self.guest == "accesses":
            return ["-bios", ACCESSES]
        return ["-kernel", KERNEL, "-initrd", INITRD, "-append", self.bootargs]

    def make_flash(self):
        if self.keep_flash:
            return
        if self.guest == "edk2":
            shutil.copyfile(EDK2_VARS, self.flash)
        else:
            with open(self.flash, "wb") as file:
                file.write(b"\xff" * FLASH_SIZE)

    def command(self):
        arguments = self.firmware()
        for path in (MINIXEN, *(word.split("file=")[-1] for word in arguments)):
            if path.startswith(("/", BUILD)) and not os.path.exists(path):
                raise BootError(f"{path} is missing: see docs/minixen.md")
        self.make_flash()
        options = f"{BUILD}/boot/{self.name}.cmdline"
        with open(options, "w", encoding="ascii") as file:
            file.write(OPTIONS.get(self.guest, "") + "\0")
        return [QEMU, *MACHINE, "-smp", str(self.cpus), *arguments,
                "-device", f"loader,file={MINIXEN},cpu-num=0",
                "-device", f"loader,file={options},addr={CMDLINE:#x},"
                "force-raw=on",
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

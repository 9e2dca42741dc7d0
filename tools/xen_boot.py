# SPDX-License-Identifier: MIT
"""Boot Xen for arm64 under QEMU, with dom0less guests or a dom0.

    with Boot("name", [Domain()]) as boot:
        boot.focus()                      # input and raw output: DOM1's
        boot.login()
        print(boot.run("uname -a").text)

    with Boot("name", dom0=Dom0()) as boot:
        boot.login()
        print(boot.run("xl list").text)

The console is one stream of bytes, from and to QEMU's PL011, with nothing in
between that changes them. All that comes out is kept with times in
build/log/NAME.log. QEMU never outlives the process that started it.
"""

import dataclasses
import os
import re
import select
import shutil
import signal
import subprocess
import time

BUILD = os.environ.get("B", "build")

# Three of these move the console input on to the next domain. Xen's default,
# Ctrl-A, is of use in a shell; this one, Ctrl-^, hardly is.
SWITCH = 0x1E

XEN_ARGS = ("console=dtuart dtuart=/pl011@9000000 conswitch=~ bootscrub=0 "
            "loglvl=all guest_loglvl=all")

QEMU = "qemu-system-aarch64"
MACHINE = "virt,virtualization=on,gic-version=3"

ECHOED = 64  # characters that are typed ahead of a shell

# Of a guest. A busy host stops it for longer than its watchdog allows.
BOOTARGS = "console=ttyAMA0 rdinit=/init panic=5 nosoftlockup"

MODULES = 0x50000000  # where kernels and ramdisks are loaded, in QEMU's RAM
ALIGN = 0x200000

PROMPT = rb"(?:guest|dom0)# (\x1b\[6n)?"


class BootError(Exception):
    """What was expected did not happen."""


@dataclasses.dataclass
class Domain:
    """One dom0less guest; devices are boolean device tree properties."""
    devices: tuple = ("vpl011",)
    cpus: int = 1
    memory_mb: int = 128
    kernel: str = f"{BUILD}/lab/Image"
    ramdisk: str = f"{BUILD}/lab/initrd.cpio.gz"
    bootargs: str = BOOTARGS


@dataclasses.dataclass
class Dom0:
    """A Linux dom0 with Xen's tools, instead of dom0less guests."""
    cpus: int = 1
    memory_mb: int = 384
    kernel: str = f"{BUILD}/lab/Image"
    ramdisk: str = f"{BUILD}/lab/dom0.cpio"
    bootargs: str = "console=hvc0 rdinit=/init panic=5 nosoftlockup loglevel=4"


@dataclasses.dataclass
class Result:
    """What a command in the guest's shell printed, and its exit status."""
    text: str
    status: int


def find(program, package):
    if not shutil.which(program):
        raise BootError(f"{program} is missing: install {package}")


def visible(data):
    """Bytes as one printable string."""
    return data.decode("ascii", "backslashreplace").translate(
        {c: f"\\x{c:02x}" for c in (*range(9), *range(11, 32), 127)})


class Boot:
    """A running machine. Use it in a with statement."""

    def __init__(self, name, domains=(), xen=f"{BUILD}/xen/grafted/xen/xen",
                 timeout=60, cpus=None, memory_mb=1024, xen_args="", tee=None,
                 dom0=None, cpu="cortex-a57", qemu_args=()):
        self.name = name
        self.domains = domains
        self.dom0 = dom0
        self.xen = xen
        # Idle processors cost QEMU time.
        self.cpus = cpus or sum(domain.cpus for domain in domains) or 2
        self.memory_mb = memory_mb
        self.cpu = cpu
        self.qemu_args = qemu_args
        if dom0:
            xen_args = (f"dom0_mem={dom0.memory_mb}M "
                        f"dom0_max_vcpus={dom0.cpus} {xen_args}")
        self.xen_args = f"{XEN_ARGS} {xen_args}".strip()
        self.tee = tee  # is given all output as well
        self.log_path = f"{BUILD}/log/{name}.log"
        self.error_path = f"{BUILD}/log/{name}.qemu"
        self.deadline = time.monotonic() + timeout if timeout else None
        self.data = bytearray()  # received, not yet taken by expect or read
        self.line = bytearray()  # received, not yet in the log
        self.qemu = None
        self.commands = 0

    # Starting and ending

    def command(self):
        """What QEMU is started with, but for its console."""
        find("dtc", "device-tree-compiler")
        machine = [QEMU, "-cpu", self.cpu, "-smp", str(self.cpus),
                   "-m", str(self.memory_mb), "-nic", "none",
                   "-display", "none", "-monitor", "none"]
        loaders, dtb = self.device_tree(machine)
        return machine + ["-M", MACHINE, "-rtc", "base=utc", "-no-reboot",
                          "-dtb", dtb, "-kernel", self.xen, *loaders,
                          *self.qemu_args]

    def __enter__(self):
        find(QEMU, "qemu-system-arm")
        os.makedirs(f"{BUILD}/log", exist_ok=True)
        os.makedirs(f"{BUILD}/boot", exist_ok=True)
        command = self.command()
        # pylint: disable=consider-using-with # __exit__ ends all of them
        self.log = open(self.log_path, "w", encoding="ascii")
        self.errors = open(self.error_path, "wb")
        self.start = time.monotonic()
        # SIGTERM and SIGHUP become exceptions, so that QEMU is ended.
        self.handlers = {s: signal.signal(s, self.on_signal)
                         for s in (signal.SIGTERM, signal.SIGHUP)}
        self.qemu = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL"] + command +
            ["-chardev", "stdio,id=console,signal=off,mux=off",
             "-serial", "chardev:console"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
            bufsize=0, start_new_session=True)
        os.set_blocking(self.qemu.stdin.fileno(), False)
        return self

    def __exit__(self, *_):
        self.qemu.kill()
        self.qemu.wait()
        self.qemu.stdin.close()
        self.qemu.stdout.close()
        self.write_log(flush=True)
        self.log.close()
        self.errors.close()
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    @staticmethod
    def on_signal(number, _frame):
        raise SystemExit(128 + number)

    def device_tree(self, machine):
        """QEMU's own device tree with the domains added, and what to load."""
        base = f"{BUILD}/boot/{self.name}"
        loaders, nodes = [], []
        address = MODULES

        def module(kind, path, extra=""):
            nonlocal address
            size = os.stat(path).st_size
            where = address
            address += (size + ALIGN - 1) // ALIGN * ALIGN
            loaders.extend(["-device", f"loader,file={path},"
                            f"addr={where:#x},force-raw=on"])
            return (f'module@{where:x} {{ compatible = "multiboot,{kind}", '
                    f'"multiboot,module"; reg = <0 {where:#x} 0 {size:#x}>; '
                    f"{extra}}};")

        try:
            os.stat(self.xen)
            if self.dom0:
                nodes += [f'xen,dom0-bootargs = "{self.dom0.bootargs}";',
                          module("kernel", self.dom0.kernel),
                          module("ramdisk", self.dom0.ramdisk)]
            for number, domain in enumerate(self.domains, 1):
                nodes.append("\n".join([
                    f"domU{number} {{",
                    'compatible = "xen,domain";',
                    "#address-cells = <2>; #size-cells = <2>;",
                    f"memory = <0 {domain.memory_mb * 1024}>;",
                    f"cpus = <{domain.cpus}>;",
                    *(f"{name};" for name in domain.devices),
                    module("kernel", domain.kernel,
                           f'bootargs = "{domain.bootargs}"; '),
                    module("ramdisk", domain.ramdisk),
                    "};"]))
        except FileNotFoundError as error:
            raise BootError(f"{error.filename} is missing: run make lab") \
                from None

        self.tool(machine + ["-M", f"{MACHINE},dumpdtb={base}.dtb"])
        self.tool(["dtc", "-q", "-I", "dtb", "-O", "dts", "-o", f"{base}.dts",
                   f"{base}.dtb"])
        with open(f"{base}.dts", "a", encoding="ascii") as dts:
            dts.write("\n".join([
                "/ { chosen {", "#address-cells = <2>; #size-cells = <2>;",
                f'xen,xen-bootargs = "{self.xen_args}";', *nodes, "}; };\n"]))
        self.tool(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", f"{base}.dtb",
                   f"{base}.dts"])
        return loaders, f"{base}.dtb"

    @staticmethod
    def tool(command):
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=30, check=False)
        if done.returncode:
            raise BootError(f"{command[0]} failed: "
                            f"{done.stderr.decode(errors='replace').strip()}")

    # The stream

    def write_log(self, flush=False):
        while self.line and (flush or b"\n" in self.line):
            line, newline, rest = self.line.partition(b"\n")
            self.line = rest
            self.log.write(f"[{time.monotonic() - self.start:8.3f}] "
                           f"{visible(line.rstrip(bytes([13])))}\n")
            if not newline:
                break

    def pump(self, timeout, writing=False, also=()):
        """Take what comes within timeout; wait for also, too. -> readables.

        writing: return as soon as QEMU takes input, too.
        """
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise self.error("the time for this boot is over")
            timeout = left if timeout is None else min(timeout, left)
        if timeout is not None:
            timeout = max(timeout, 0)
        out = self.qemu.stdout
        ready, _, _ = select.select(
            [out, *also], [self.qemu.stdin] if writing else [], [], timeout)
        if out in ready:
            data = os.read(out.fileno(), 65536)
            if not data:
                raise self.error("QEMU has ended")
            self.data += data
            self.line += data
            self.write_log()
            if self.tee:
                self.tee(data)
        return ready

    def error(self, what):
        self.errors.flush()
        with open(self.error_path, encoding="utf-8", errors="replace") as file:
            said = file.read().strip()
        tail = visible(bytes(self.data[-200:]))
        return BootError(f"{what}; last output: '{tail}'" +
                         (f"; QEMU says: {said}" if said else "") +
                         f"; see {self.log_path}")

    def expect(self, pattern, timeout=20):
        """Wait for a match and take everything up to its end."""
        regex = re.compile(pattern, re.DOTALL)
        end = time.monotonic() + timeout
        while True:
            match = regex.search(bytes(self.data))
            if match:
                del self.data[:match.end()]
                return match
            left = end - time.monotonic()
            if left <= 0:
                raise self.error(f"no {pattern} within {timeout} s")
            self.pump(left)

    def read(self, size, timeout=20):
        """Take exactly size bytes, or fewer if they don't come in time."""
        end = time.monotonic() + timeout
        while len(self.data) < size and time.monotonic() < end:
            self.pump(end - time.monotonic())
            time.sleep(0.005)  # rather a few reads than one per byte
        data = bytes(self.data[:size])
        del self.data[:size]
        return data

    def wait(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.pump(end - time.monotonic())

    def send(self, data, rate=10000):
        """Type data at a rate in bytes per second at most, reading meanwhile."""
        sent, due = 0, 0
        while sent < len(data):
            if (wait := due - time.monotonic()) > 0:
                self.pump(wait)
                continue
            try:
                n = os.write(self.qemu.stdin.fileno(), data[sent:sent + 16])
                sent += n
                # Whoever catches up sends a burst, of which Xen loses some.
                due = time.monotonic() + n / rate
                self.pump(0)
            except BlockingIOError:
                self.pump(1, writing=True)
            except BrokenPipeError:
                raise self.error("QEMU has ended") from None

    def send_echoed(self, line, timeout=20):
        """Type for a shell, no faster than it echoes: Xen keeps 128 characters for a busy domain."""
        for at in range(0, len(line), ECHOED):
            chunk = line[at:at + ECHOED]
            wanted = len(self.data) + len(chunk)
            end = time.monotonic() + timeout
            self.send(chunk)
            while len(self.data) < wanted and time.monotonic() < end:
                self.pump(end - time.monotonic())

    # Xen and the guest

    def focus(self, domain=1, timeout=30):
        """Give the console to a domain, from when Xen has started it on."""
        name = f"DOM{domain}".encode()
        pattern = rb"\*\*\* Serial input to (\w+)[^\n]*\n"
        got = self.expect(pattern, timeout)[1]
        for _ in range(len(self.domains) + 2):
            if got == name:
                return
            self.send(bytes([SWITCH]) * 3)
            got = self.expect(pattern, 5)[1]
        raise self.error(f"the console input does not move to {name.decode()}")

    def login(self, timeout=30):
        """Wait for the shell in the guest, or in dom0."""
        self.expect(rb"(?:GUEST|DOM0)-UP", timeout)
        self.expect(PROMPT, 10)

    def run(self, command, timeout=20):
        """Run a command, one line, in the guest's shell."""
        self.commands += 1
        number = self.commands
        # What the shell echoes has no digits after the brackets.
        self.send_echoed(f"echo [$(({number}))]; {command}; "
                         f"echo [$(({number})):$?]\n".encode())
        try:
            self.expect(rb"\[%d\][\r\n]+" % number, timeout)
            match = self.expect(rb"(.*?)\[%d:(\d+)\]" % number, timeout)
            self.expect(PROMPT, 10)
        except BootError as error:
            raise BootError(f"{command}: {error}") from None
        text = match[1].replace(b"\r", b"").decode("utf-8", "replace")
        return Result(text.strip("\n"), int(match[2]))

    def fetch(self, path, size, timeout=60):
        """size bytes of a file in the guest, through its raw console."""
        self.commands += 1
        number = self.commands
        self.send(f"stty raw -echo; echo [$(({number}))]; "
                  f"head -c {size} {path}; stty sane; "
                  f"echo [$(({number})):$?]\n".encode())
        self.expect(rb"\[%d\]\r*\n" % number)
        data = self.read(size, timeout)
        # More than size is as wrong as less.
        more = self.expect(rb"(.*?)\[%d:\d+\]" % number)[1]
        self.expect(PROMPT, 10)
        return data + more

    def store(self, data, path, rate=10000, slack=5):
        """Type data into a file in the guest, through its raw console.

        Xen passes on the low 7 bits of what is typed, and never three SWITCH.
        -> bytes that arrived. Lost bytes are given up after slack seconds.
        """
        self.commands += 1
        number = self.commands
        patience = int(2 * len(data) / rate) + slack
        self.send(f"stty raw -echo; echo [$(({number}))]; "
                  f"timeout {patience} head -c {len(data)} >{path}; "
                  f"stty sane; echo [$(({number})):$?]\n".encode())
        self.expect(rb"\[%d\]\r*\n" % number)
        self.send(data, rate)
        self.expect(rb"\[%d:\d+\]" % number, patience + 5)
        self.expect(PROMPT, 10)
        return int(self.run(f"wc -c <{path}").text)

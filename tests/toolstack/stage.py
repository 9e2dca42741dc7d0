# SPDX-License-Identifier: MIT
"""A stage for vsioctl: real xenstored and xenconsoled (arm64, under qemu-user),
and Xen played by fake-xen.so. What xl and a guest do are functions here."""

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
import uuid

from trial import PATIENCE, Failure, expect, run, wait_for  # noqa: F401

TOP = os.path.realpath(f"{os.path.dirname(__file__)}/../..")
B = os.path.join(TOP, os.environ.get("B", "build"))
ARM64 = f"{B}/arm64"
XEN_BIN = f"{ARM64}/usr/lib/xen-4.17/bin"
VSIOCTL = f"{B}/vsioctl/vsioctl"
FAKE_XEN = f"{B}/toolstack/fake-xen.so"
PRELOAD = FAKE_XEN  # in front of the libraries of vsioctl

FIRST = 0x22001000  # the address that vsioctl chooses first
XEN_UART = 0x22000000
RING = 0x39010


class Store:
    """xenstore as dom0 sees it, by libxenstore."""

    def __init__(self):
        self.lib = ctypes.CDLL("libxenstore.so.4", use_errno=True)
        self.libc = ctypes.CDLL(None)
        self.lib.xs_open.restype = ctypes.c_void_p
        self.lib.xs_read.restype = ctypes.c_void_p
        self.lib.xs_directory.restype = ctypes.POINTER(ctypes.c_char_p)
        self.lib.xs_get_permissions.restype = ctypes.POINTER(ctypes.c_uint32)
        for name in ("write", "rm", "introduce_domain", "transaction_end",
                     "set_permissions", "release_domain"):
            getattr(self.lib, f"xs_{name}").restype = ctypes.c_bool
        self.handle = None

    def open(self):
        handle = self.lib.xs_open(ctypes.c_ulong(0))
        self.handle = ctypes.c_void_p(handle) if handle else None
        return self.handle

    def read(self, path):
        value = self.lib.xs_read(self.handle, 0, path.encode(), None)
        if not value:
            return None
        text = ctypes.string_at(value).decode()
        self.libc.free(ctypes.c_void_p(value))
        return text

    def write(self, path, value):
        value = str(value).encode()
        if not self.lib.xs_write(self.handle, 0, path.encode(), value, len(value)):
            raise Failure(f"can't write {path}")

    def remove(self, path):
        return self.lib.xs_rm(self.handle, 0, path.encode())

    def names(self, path):
        n = ctypes.c_uint()
        names = self.lib.xs_directory(self.handle, 0, path.encode(), ctypes.byref(n))
        if not names:
            return []
        found = [names[i].decode() for i in range(n.value)]
        self.libc.free(names)
        return sorted(found)

    def tree(self, path):
        """All nodes below path as a dictionary."""
        found = {}
        for name in self.names(path):
            found[f"{path}/{name}"] = self.read(f"{path}/{name}")
            found.update(self.tree(f"{path}/{name}"))
        return found

    def permissions(self, path):
        """[(domid, bits)...]: 1 reads, 2 writes."""
        n = ctypes.c_uint()
        perms = self.lib.xs_get_permissions(self.handle, 0, path.encode(), ctypes.byref(n))
        if not perms:
            raise Failure(f"no {path}")
        found = [(perms[2 * i], perms[2 * i + 1]) for i in range(n.value)]
        self.libc.free(perms)
        return found

    def own(self, path, domid):
        perms = (ctypes.c_uint32 * 4)(0, 0, domid, 1)
        self.lib.xs_set_permissions(self.handle, 0, path.encode(), perms, 2)


class Stage:
    """One directory with all that there is."""

    def __init__(self):
        self.dir = f"{B}/toolstack/run-{os.getpid()}"
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(f"{self.dir}/log")
        self.env = dict(os.environ, FAKE_XEN=self.dir, VSIOCTL_RUN_DIR=self.dir,
                        XENSTORED_RUNDIR=self.dir, XENSTORED_ROOTDIR=self.dir,
                        XENSTORED_PATH=f"{self.dir}/socket", LC_ALL="C", TZ="UTC")
        os.environ.update(self.env)
        with open(f"{self.dir}/xsd_port", "w", encoding="ascii") as file:
            file.write("1\n")
        with open(f"{self.dir}/xsd_kva", "wb") as file:
            file.write(bytes(4096))
        self.xen = ctypes.CDLL(FAKE_XEN)
        self.xen.fx_write.restype = self.xen.fx_read.restype = ctypes.c_bool
        self.xen.fx_print.restype = self.xen.fx_input.restype = ctypes.c_size_t
        self.xen.fx_domctls.restype = ctypes.c_uint64
        self.xen.fx_create(0, 0, bytes(16), False)
        self.children = []
        self.guests = []
        self.store = Store()
        self.next_domid = 1
        self.xenstored = None
        self.start_xenstored()

    def arm64(self, program, *args):
        """One of Xen's programs, by qemu-user."""
        env = {"LD_PRELOAD": f"{B}/toolstack/fake-xen-arm64.so"}
        extra = [word for key, value in env.items() for word in ("-E", f"{key}={value}")]
        return self.spawn(["qemu-aarch64-static", "-L", ARM64, *extra,
                           f"{XEN_BIN}/{program}", *args])

    def spawn(self, command, **more):
        more.setdefault("stdout", open(f"{self.dir}/daemons.log", "ab"))
        more.setdefault("stderr", subprocess.STDOUT)
        child = subprocess.Popen(command, env=dict(self.env, **more.pop("env", {})),
                                 stdin=more.pop("stdin", subprocess.DEVNULL), **more)
        self.children.append(child)
        return child

    def start_xenstored(self):
        self.xenstored = self.arm64("xenstored", "--no-fork", "--internal-db",
                                    "--pid-file", f"{self.dir}/xenstored.pid")
        wait_for("xenstored", lambda: os.path.exists(f"{self.dir}/socket"))
        wait_for("xenstored's answer", self.store.open)

    def start_xenconsoled(self):
        return self.arm64("xenconsoled", "-i", "--log=guest", f"--log-dir={self.dir}/log",
                          f"--pid-file={self.dir}/xenconsoled.pid")

    def serve(self, *options, **more):
        """vsioctl serve: its pid is written once it serves."""
        pid = f"{self.dir}/serve.pid"
        child = self.spawn([VSIOCTL, "serve", "--foreground", f"--pid-file={pid}",
                            f"--log-dir={self.dir}/log", *options],
                           env={"LD_PRELOAD": PRELOAD}, **more)
        wait_for("vsioctl serve", lambda: os.path.exists(pid) and os.path.getsize(pid))
        return child

    def fork(self, function, *args):
        """A guest that does something by itself; its pid."""
        pid = os.fork()
        if not pid:
            try:
                function(*args)
                os._exit(0)
            finally:
                os._exit(1)
        self.guests.append(pid)
        return pid

    def end_guest(self, pid, kill=False):
        self.guests.remove(pid)
        if kill:
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    def end(self, child, sig=signal.SIGTERM):
        child.send_signal(sig)
        child.wait(timeout=PATIENCE)
        self.children.remove(child)
        return child.returncode

    def close(self):
        for pid in list(self.guests):
            self.end_guest(pid, kill=True)
        for child in reversed(self.children):
            child.kill()
            child.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- what xl does -------------------------------------------------------

    def create(self, name, vuart=False, spis=64, ident=None):
        """A paused domain, as xl create -p leaves it."""
        domid = self.next_domid
        self.next_domid += 1
        ident = ident or uuid.uuid4()
        self.xen.fx_create(domid, spis, ident.bytes, vuart)
        home = f"/local/domain/{domid}"
        self.store.write(home, "")
        self.store.own(home, domid)
        self.store.write(f"{home}/name", name)
        if vuart:
            for key, value in {"port": 8, "ring-ref": 0x39003, "limit": 1048576,
                               "type": "xenconsoled"}.items():
                self.store.write(f"{home}/vuart/0/{key}", value)
        for key, value in {"port": 2, "ring-ref": 0x39000, "limit": 1048576,
                           "type": "xenconsoled"}.items():
            self.store.write(f"{home}/console/{key}", value)
        if not self.store.lib.xs_introduce_domain(self.store.handle, domid,
                                                  ctypes.c_ulong(0x39001), 1):
            raise Failure("xenstored does not introduce the domain")
        return domid

    def pause(self, domid, paused=True):
        self.xen.fx_pause(domid, paused)

    def destroy(self, domid, libxl=True, dying=False):
        """libxl=False: it died before it cleaned xenstore."""
        if libxl:
            self.store.remove(f"/local/domain/{domid}")
        self.xen.fx_destroy(domid, dying)

    # --- what a guest does --------------------------------------------------

    def poke(self, domid, addr, value, size=4):
        return self.xen.fx_write(domid, ctypes.c_uint64(addr), size, value)

    def peek(self, domid, addr, size=4):
        value = ctypes.c_uint32()
        if not self.xen.fx_read(domid, ctypes.c_uint64(addr), size, ctypes.byref(value)):
            raise Failure(f"nothing answers at {addr:#x}")
        return value.value

    def print(self, domid, addr, data, seconds=PATIENCE):
        return self.xen.fx_print(domid, ctypes.c_uint64(addr), data,
                                 ctypes.c_size_t(len(data)), int(seconds * 1000))

    def input(self, domid, addr, n, seconds=PATIENCE):
        data = ctypes.create_string_buffer(n)
        got = self.xen.fx_input(domid, ctypes.c_uint64(addr), data,
                                ctypes.c_size_t(n), int(seconds * 1000))
        return data.raw[:got]

    def indexes(self, domid, slot, values=None):
        """in_cons, in_prod, out_cons, out_prod of a ring."""
        four = (ctypes.c_uint32 * 4)(*(values or [0] * 4))
        self.xen.fx_indexes(domid, ctypes.c_uint64(RING + slot), four, values is not None)
        return list(four)

    def describe(self, domid):
        """Devices and pages, as text."""
        text = ctypes.create_string_buffer(8192)
        self.xen.fx_describe(domid, text, ctypes.c_size_t(8192))
        return text.value.decode()

    # --- vsioctl ------------------------------------------------------------

    def run(self, *args, stdin=None, **env):
        """Its result, whatever that is."""
        env = {key: str(value) for key, value in env.items()}
        return subprocess.run([VSIOCTL, *map(str, args)], check=False, timeout=4 * PATIENCE,
                              input=stdin, capture_output=True,
                              env=dict(self.env, LD_PRELOAD=PRELOAD, **env))

    def ok(self, *args, **more):
        """Its output; it succeeds and says nothing on stderr."""
        done = self.run(*args, **more)
        if done.returncode or done.stderr:
            raise Failure(f"vsioctl {args}: {done.returncode}, {done.stderr.decode()}")
        return done.stdout

    def json(self, *args):
        return json.loads(self.ok(*args))

    def refused(self, status, text, *args, **more):
        """One line, this status, and nothing else."""
        done = self.run(*args, **more)
        said = done.stderr.decode()
        expect(done.returncode, status, f"{args}: {said}")
        if text not in said or said.count("\n") != 1 or not said.startswith("vsioctl: "):
            raise Failure(f"{args}: stderr: {said!r}")
        expect(done.stdout, b"", "stdout")

    def tty(self, domid, slot):
        return wait_for("a tty", lambda: self.store.read(f"/local/domain/{domid}/vsio/{slot}/tty"))

    def log(self, name):
        try:
            with open(f"{self.dir}/log/{name}", "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""


def read_some(file, n, seconds=PATIENCE):
    """n bytes of a pty or a pipe, or what came until then."""
    data = b""
    end = time.monotonic() + seconds
    while len(data) < n and time.monotonic() < end:
        if select.select([file], [], [], 0.05)[0]:
            more = os.read(file, 65536)
            if not more:
                break
            data += more
    return data


def main(tests):
    """Run functions of a stage; TAP."""
    stage = Stage()
    try:
        status = run(tests, lambda test: test(stage))
    finally:
        stage.close()
    sys.exit(status)

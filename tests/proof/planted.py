#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""planted.py OBJECTS [DEVICE...] - planted faults: the proof must find each.

OBJECTS: the directory of the good object files. PROOF_CC,
PROOF_GLUE_CC and PROOF_LINK: compilers and linker with their flags, from
proof.mk. A fault is a change of one
place in a source; it is found if the proof of an entry point fails, for what
is expected. JOBS: so many at once, 2 if nothing is said. KIND: of one kind.
"""

import glob
import multiprocessing
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

import terms as T
from fault import KINDS, planted
from faults import FAULTS
from image import Image
from proof import Proof
from specs import SPECS


GLUE = "console.o", "ring.o"


def plant(fault, directory):
    """All sources into the directory, with the fault in one of them."""
    for source in glob.glob("devices/*.[ch]") + glob.glob("xen/vsio/*.[ch]"):
        shutil.copy(source, directory)
    path = os.path.join(directory, fault.file)
    text = planted(fault, path)
    with open(path, "w") as f:
        f.write(text)


def affected(fault, objects, directory):
    """What must be compiled again; the compiler has left lists of headers."""
    if fault.file.endswith(".c"):
        return [os.path.join(directory, fault.file)]
    return [source for source in
            glob.glob(directory + "/*.c") + glob.glob("tests/proof/*.c")
            if includes(source, fault.file, objects)]


def includes(source, header, objects):
    name = os.path.basename(source)[:-2] + ".d"
    path = os.path.join(objects, name)
    if not os.path.exists(path):
        return False
    with open(path) as f:
        return "/" + header in f.read().split(":")[1]


def build(fault, objects, directory):
    """The image with the fault in it."""
    plant(fault, directory)
    flags = [*shlex.split(os.environ["PROOF_CC"]), "-w", "-c"]
    glue = [*shlex.split(os.environ["PROOF_GLUE_CC"]), "-w", "-c"]
    linked = {o: os.path.join(objects, o)
              for o in os.listdir(objects) if o.endswith(".o")}
    for source in affected(fault, objects, directory):
        name = os.path.basename(source)[:-2] + ".o"
        if name not in linked:
            continue  # a part of another source
        linked[name] = os.path.join(directory, name)
        cc = glue if name in GLUE else flags
        subprocess.run([*cc, "-I", directory, "-o", linked[name], source],
                       check=True)
    image = os.path.join(directory, "image")
    subprocess.run([*shlex.split(os.environ["PROOF_LINK"]), "-o", image,
                    *sorted(linked.values())], check=True)
    return Image(image)


def findings(fault, objects):
    with tempfile.TemporaryDirectory() as directory:
        image = build(fault, objects, directory)
    proof = Proof(image, SPECS[fault.device]())
    if proof.formula is None:
        return proof.machine.findings
    entry = next(e for e in proof.spec.entries(proof)
                 if e.name == fault.entry)
    entry.cases = [c for c in entry.cases if concerns(c, fault)]
    proof.machine.enough = 1
    return proof.prove(entry).findings


def concerns(case, fault):
    """Is it the case of the register where the fault is?"""
    return fault.offset is None or T.substitute(
        case, {"offset": fault.offset}) is True


def verdict(fault, objects):
    """None: found, and for what it is."""
    try:
        found = findings(fault, objects)
    except (ValueError, subprocess.CalledProcessError) as e:
        return f"not planted: {e}"
    if not found:
        return "not found"
    if not any(re.search(fault.found, text) for text, _, _ in found):
        return f"found for another reason: {found[0][0]}"
    return None


def one(job):
    """Verdict on a fault, and seconds."""
    sys.setrecursionlimit(100000)
    start = time.process_time()
    return verdict(*job), time.process_time() - start


def summary(faults, results):
    """A line for each kind."""
    for kind in KINDS:
        mine = [r for f, r in zip(faults, results) if f.kind == kind]
        found = sum(why is None for why, _ in mine)
        print(f"# {kind}: {found} of {len(mine)}, "
              f"{sum(s for _, s in mine):.0f} s")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    kind = os.environ.get("KIND")
    faults = [f for f in FAULTS
              if (len(sys.argv) == 2 or f.device in sys.argv[2:])
              and (not kind or f.kind == kind)]
    results = []
    # A process for a few each: what it remembers of terms only grows.
    with multiprocessing.Pool(int(os.environ.get("JOBS") or 2),
                              maxtasksperchild=4) as pool:
        jobs = pool.imap(one, [(f, sys.argv[1]) for f in faults])
        for n, (fault, (why, seconds)) in enumerate(zip(faults, jobs), 1):
            results.append((why, seconds))
            print(f"{'not ' if why else ''}ok {n} - {fault.device} "
                  f"{fault.entry}, {fault.kind}: {fault.what}"
                  f"{' # ' + why if why else ''}", flush=True)
    print(f"1..{len(faults)}")
    summary(faults, results)
    sys.exit(any(why for why, _ in results))


if __name__ == "__main__":
    main()

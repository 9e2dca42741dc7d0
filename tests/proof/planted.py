#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""planted.py OBJECTS [DEVICE...] - planted faults: the proof must find each.

OBJECTS: the directory of the good object files. PROOF_CC and PROOF_LINK:
compiler and linker with their flags, from proof.mk. A fault is a change of one
place in a source; it is found if the proof of an entry point fails, for what
is expected.
"""

import glob
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from faults import FAULTS
from image import Image
from proof import Proof
from specs import SPECS


def plant(fault, directory):
    """All sources into the directory, with the fault in one of them."""
    for source in glob.glob("devices/*.[ch]"):
        shutil.copy(source, directory)
    path = os.path.join(directory, fault.file)
    with open(path) as f:
        text = f.read()
    if text.count(fault.old) != 1:
        raise ValueError(f"{text.count(fault.old)} places to plant it")
    with open(path, "w") as f:
        f.write(text.replace(fault.old, fault.new))


def affected(fault, directory):
    """What must be compiled again."""
    if fault.file.endswith(".c"):
        return [os.path.join(directory, fault.file)]
    return glob.glob(directory + "/*.c") + glob.glob("tests/proof/*.c")


def build(fault, objects, directory):
    """The image with the fault in it."""
    plant(fault, directory)
    cc = [*shlex.split(os.environ["PROOF_CC"]), "-w", "-c"]
    linked = {o: os.path.join(objects, o)
              for o in os.listdir(objects) if o.endswith(".o")}
    for source in affected(fault, directory):
        name = os.path.basename(source)[:-2] + ".o"
        if name not in linked:
            continue  # a part of another source
        linked[name] = os.path.join(directory, name)
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
    proof.machine.enough = 1
    return proof.prove(entry).findings


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


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.setrecursionlimit(100000)
    faults = [f for f in FAULTS
              if len(sys.argv) == 2 or f.device in sys.argv[2:]]
    bad = 0
    for n, fault in enumerate(faults, 1):
        why = verdict(fault, sys.argv[1])
        bad += why is not None
        print(f"{'not ' if why else ''}ok {n} - {fault.device} "
              f"{fault.entry}, {fault.kind}: {fault.what}"
              f"{' # ' + why if why else ''}", flush=True)
    print(f"1..{len(faults)}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()

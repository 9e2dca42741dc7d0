#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""compare_planted.py IMAGE - faults of the executor: compare.py must find each.

A fault is a change of one place in a module here; RUNS is how many calls the
comparison makes. What it finds first is shown.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import namedtuple

from fault import planted

HERE = os.path.dirname(os.path.abspath(__file__))
Fault = namedtuple("Fault", "worlds file old new what")

FAULTS = [
    Fault([], "terms.py",
          "            return extract(a.args[0], high - split, low - split,\n",
          "            return extract(a.args[0], high - low, 0,\n",
          "an extract that begins at bit 0 of the upper half"),
    Fault([], "terms.py", "return (max(al, bl) if op == \"or\" else 0,\n"
          "                ones(max(ah.bit_length(), bh.bit_length())))",
          "return (max(al, bl) if op == \"or\" else 0, max(ah, bh))",
          "an or that is no bigger than its operands"),
    Fault([], "terms.py",
          "        return equal(a.args[0], b, a.args[0].width)\n"
          "        if a.op == \"sext\" and b == 0:",
          "        return equal(a.args[0], b & 0xff, a.args[0].width)\n"
          "        if a.op == \"sext\" and b == 0:",
          "8 bits of a constant, compared"),
    Fault([], "terms.py", "        c, a, b = c.args[0], b, a\n",
          "        c = c.args[0]\n",
          "a choice by what is not true, of the same side"),
    Fault([], "terms.py", "\"lshr\": Kind.BV_SHR", "\"lshr\": Kind.BV_ASHR",
          "another shift for the solver"),
    Fault(["pl031"], "arch_arm64.py",
          "        negative[1] = T.negate(negative[1])\n", "        pass\n",
          "the overflow of an addition after a subtraction"),
    Fault(["pl011"], "arch_arm64.py",
          "                  8: T.negate(T.either(less, same)),",
          "                  8: T.negate(less),", "higher, or the same"),
    Fault([], "memory.py",
          "            result = T.concat(value, result, bits, bits + 8 * n)",
          "            result = T.concat(result, value, 8 * n, bits + 8 * n)",
          "pieces of a value the other way round"),
    Fault([], "memory.py",
          "                value |= cells[at + n][0] << (8 * n)",
          "                value = value << 8 | cells[at + n][0]",
          "bytes of a constant the other way round"),
    Fault([], "machine.py",
          "            len(self.loose_in(region, at, size)) == size "
          "for at in offsets)",
          "            len(self.loose_in(region, at, 1)) == 1 "
          "for at in offsets)", "a store that begins where anything may be"),
    Fault([], "machine.py",
          "            state.store(region, at, 1, "
          "memory.unknown(region.name, 8))\n",
          "            state.store(region, at, size, "
          "memory.unknown(region.name, 8 * size))\n",
          "more that may be anything than there is"),
    Fault(["pl031"], "state.py",
          "        result.registers[r] = choose(a.registers[r], "
          "b.registers[r], 64)",
          "        result.registers[r] = choose(b.registers[r], "
          "a.registers[r], 64)", "registers of the other state"),
    Fault(["legacy-pio"], "state.py",
          "            a.memory.get(name, {}), b.memory.get(name, {}), "
          "regions[name],\n            choose)",
          "            a.memory.get(name, {}), b.memory.get(name, {}), "
          "regions[name],\n            lambda p, q, w: choose(q, p, w))",
          "memory of the other state"),
    Fault(["pl031"], "state.py",
          "    if T.negate(guard) is b.conditions[len(common)]:\n"
          "        test = guard",
          "    if T.negate(guard) is b.conditions[len(common)] or True:\n"
          "        test = guard\n    elif False:\n        test = guard",
          "a guard that does not tell two states apart"),
]


def found(fault, image):
    """The line that tells of it, or None."""
    with tempfile.TemporaryDirectory() as directory:
        for name in os.listdir(HERE):
            if name.endswith(".py"):
                shutil.copy(os.path.join(HERE, name), directory)
        path = os.path.join(directory, fault.file)
        try:
            text = planted(fault, path)
        except ValueError:
            return None
        with open(path, "w") as f:
            f.write(text)
        run = subprocess.run(
            [sys.executable, os.path.join(directory, "compare.py"), image,
             *fault.worlds], capture_output=True, text=True, check=False,
            env=os.environ | {"FIRST": "1"})
    return next((line for line in run.stdout.splitlines()
                 if line.startswith("# ")), None)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    bad = 0
    for n, fault in enumerate(FAULTS, 1):
        line = found(fault, os.path.abspath(sys.argv[1]))
        bad += line is None
        print(f"{'ok' if line else 'not ok'} {n} - {fault.file}: "
              f"{fault.what}\n{line or '# not found'}", flush=True)
    print(f"1..{len(FAULTS)}")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()

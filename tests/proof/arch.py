# SPDX-License-Identifier: MIT
"""The architecture of the object code that is proven: ARCH in the environment.

Each has a module, which alone knows about registers, calls and branches:

VEX, MACHINE        of pyvex, and of ELF
REGISTERS           where VEX keeps those of which nothing is known at first
SP, FLAGS, GIVEN    where it keeps others; GIVEN: with what is in them
ARGUMENTS, RESULT   names and a place
SAVED, LOST         what a function keeps, what a callback does not
PUSHED              bytes that a call puts on the stack
called              what a call does, apart from the jump
returned            where a hook returns to, which does what a return does
decode              address, size and branch of each instruction: a branch is
                    (kind, target): jump, call, maybe (or on), away; or None
helper              functions of VEX, which work out flags
"""

import importlib
import os

ARCH = importlib.import_module("arch_" + os.environ.get("ARCH", "arm64"))

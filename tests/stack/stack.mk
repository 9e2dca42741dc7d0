# SPDX-License-Identifier: MIT
# What the tests of the full stack have in dom0, beside Xen's tools.

arm64-cc := aarch64-linux-gnu-gcc
stack-files := tests/stack/dom0.sh $(B)/stack/printer $(B)/stack/ring-poke $(B)/stack/random

dom0-add += $(foreach f,$(stack-files),$f=guests/$(notdir $f))

$(B)/stack/printer: tests/stack/printer.S | need-cc
	@mkdir -p $(@D)
	@$(arm64-cc) -nostdlib -static -Wl,-Ttext=0 -o $@.elf $<
	@aarch64-linux-gnu-objcopy -O binary $@.elf $@

# Headers and libraries are those of dom0.
$(B)/stack/ring-poke: tests/stack/ring-poke.c $(B)/arm64/.unpacked | need-cc
	@mkdir -p $(@D)
	@$(arm64-cc) $(warnings) -D_GNU_SOURCE -O2 -o $@ $< \
		$(arm64-include) -L$(arm64-lib) -Wl,-rpath-link,$(arm64-lib) \
		-lxenforeignmemory

# 100 KB with every byte, the same each time.
$(B)/stack/random:
	@mkdir -p $(@D)
	@python3 -c 'import random, sys; \
	sys.stdout.buffer.write(random.Random(1).randbytes(102400))' >$@

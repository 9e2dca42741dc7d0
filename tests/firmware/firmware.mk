# SPDX-License-Identifier: MIT
# U-Boot, EDK2, Linux and guests of our own on minixen. Included by the
# Makefile, after minixen.mk.

# Guests without an operating system, started at 0: for the .t of their names.
firmware-guests := $(B)/minixen/accesses.bin $(B)/minixen/gic.bin
firmware-cc := aarch64-linux-gnu-gcc -O1 -std=c11 -Wall -Wextra -ffreestanding \
	-mgeneral-regs-only -mstrict-align -fno-toplevel-reorder -fno-pic -no-pie \
	-fno-asynchronous-unwind-tables -nostdlib -static \
	-Wl,-Ttext=0,--build-id=none

$(B)/minixen/accesses.bin: tests/firmware/accesses.S
$(B)/minixen/gic.bin: tests/firmware/gic.c
$(firmware-guests): | need-minixen
	@mkdir -p $(@D)
	@$(firmware-cc) -o $(@:.bin=.elf) $<
	@aarch64-linux-gnu-objcopy -O binary $(@:.bin=.elf) $@

# One that is out for trouble.
fuzz-guest := $(B)/minixen/fuzz.bin

$(fuzz-guest): $(wildcard tests/firmware/fuzz/*) tests/firmware/firmware.mk \
		| need-minixen
	@mkdir -p $(@D)
	@aarch64-linux-gnu-gcc -O2 -std=gnu11 -Wall -Wextra -Werror \
		-ffreestanding -fno-pic -fno-stack-protector -mgeneral-regs-only \
		-mno-outline-atomics -fno-tree-loop-distribute-patterns -nostdlib \
		-static -no-pie -Wl,--build-id=none,--no-warn-rwx-segments \
		-T tests/firmware/fuzz/fuzz.lds -o $(@:.bin=.elf) \
		$(filter %.S %.c,$^)
	@aarch64-linux-gnu-objcopy -O binary $(@:.bin=.elf) $@

# EDK2 and power cuts: what our flash makes of what it writes, and a parser.
replay := $(B)/minixen/replay
varstore := $(B)/venv/varstore/.made
need-varstore := gcc libc6-dev python3-venv

.PHONY: need-varstore
need-varstore:
	@tools/need $($@)

$(replay): tests/firmware/replay.c $(patsubst %,devices/%.c,cfi-flash vsio \
		snapshot) $(wildcard devices/*.h) | need-varstore
	@mkdir -p $(@D)
	@gcc -O2 $(warnings) -Idevices -o $@ $(filter %.c,$^)

$(varstore): tests/firmware/requirements.txt | need-varstore
	@rm -rf $(@D)
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

.PHONY: firmware
firmware: ## U-Boot, EDK2, Linux and a fuzzing guest on minixen
firmware: $(minixen) $(firmware-guests) $(fuzz-guest) $(lab-image) \
		$(lab-initrd) $(replay) $(varstore) | need-firmware
	@prove -j2 $(wildcard tests/firmware/*.t)

.PHONY: firmware-fuzz
firmware-fuzz: N = 10000000
firmware-fuzz: SEED = 1
firmware-fuzz: CPUS = 2
firmware-fuzz: ## N=10000000 random accesses, SEED=, CPUS=, from a guest on minixen
firmware-fuzz: $(minixen) $(fuzz-guest) | need-firmware
	@tests/firmware/fuzz.t $(N) $(SEED) $(CPUS)

.PHONY: firmware-cuts
firmware-cuts: BOOTS = 10
firmware-cuts: ## power cuts in EDK2's writes to its variables; BOOTS=10 of them are booted
firmware-cuts: $(minixen) $(replay) $(varstore) | need-firmware
	@tests/firmware/edk2-cuts.t $(BOOTS)

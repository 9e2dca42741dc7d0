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

.PHONY: firmware
firmware: ## U-Boot, EDK2, Linux and a fuzzing guest on minixen
firmware: $(minixen) $(firmware-guests) $(fuzz-guest) $(lab-image) \
		$(lab-initrd) | need-firmware
	@prove -j2 $(wildcard tests/firmware/*.t)

.PHONY: firmware-fuzz
firmware-fuzz: N = 10000000
firmware-fuzz: SEED = 1
firmware-fuzz: CPUS = 2
firmware-fuzz: ## N=10000000 random accesses, SEED=, CPUS=, from a guest on minixen
firmware-fuzz: $(minixen) $(fuzz-guest) | need-firmware
	@tests/firmware/fuzz.t $(N) $(SEED) $(CPUS)

# SPDX-License-Identifier: MIT
# minixen: the devices and the glue, unmodified, and a hypervisor of our own
# around them for QEMU's virt machine. docs/minixen.md. Included by the Makefile.

need-minixen := gcc-aarch64-linux-gnu
need-firmware := qemu-system-arm u-boot-qemu qemu-efi-aarch64 python3 \
	device-tree-compiler

.PHONY: need-minixen need-firmware
need-minixen need-firmware:
	@tools/need $($@)

minixen := $(B)/minixen/minixen.elf

# Names of Xen's headers that are in one file here.
minixen-lib := types compiler ctype errno init param bitops bitmap
minixen-alias := $(minixen-lib:%=xen/%.h=xen/lib.h) xen/timer.h=xen/time.h \
	xen/xmalloc.h=xen/mm.h xen/vmap.h=xen/mm.h xen/guest_access.h=xen/mm.h \
	xen/smp.h=xen/sched.h xen/rcupdate.h=xen/sched.h xen/serial.h=xen/console.h \
	xen/tasklet.h=xen/time.h \
	xen/softirq.h=xen/time.h asm/page.h=xen/mm.h \
	xen/libfdt/libfdt.h=xen/device_tree.h asm/atomic.h=xen/spinlock.h \
	asm/system.h=xen/spinlock.h asm/div64.h=xen/lib.h asm/setup.h=xen/lib.h \
	asm/domain.h=xen/sched.h asm/io.h=xen/mm.h asm/p2m.h=xen/mm.h \
	asm/vpl011.h=xen/sched.h tree.h=xen/device_tree.h \
	public/domctl.h=public/xen.h public/sched.h=public/xen.h \
	public/arch-arm.h=public/xen.h \
	public/io/console.h=public/xen.h

minixen-cc := aarch64-linux-gnu-gcc -O2 -g -std=gnu99 -Wall -Wextra -Wshadow \
	-Werror -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -nostdinc -ffreestanding -fno-pic \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing \
	-mgeneral-regs-only -mstrict-align -mno-outline-atomics -fno-tree-loop-distribute-patterns \
	-ffunction-sections -fdata-sections \
	-DCONFIG_ARM_64=1 -DCONFIG_NEW_VGIC=1 -DCONFIG_VSIO=1 \
	$(patsubst %,-DCONFIG_VSIO_%=1,CONSOLE PL011 PL031 I8042 NS16550 CFI_FLASH \
	REGISTER_IMAGE) \
	-isystem $$(aarch64-linux-gnu-gcc -print-file-name=include) \
	-I$(B)/minixen/include -Ixen/minixen/include -I. -Ixen/vsio -Ixen/minixen

minixen-objects := $(patsubst %,$(B)/minixen/%.o,entry \
	$(basename $(notdir $(wildcard xen/minixen/*.c)))) \
	$(patsubst %,$(B)/minixen/glue/%.o,slot image domctl console vpl011 \
	vpl031 vi8042 vns16550 vflash) \
	$(patsubst %,$(B)/minixen/devices/%.o,vsio snapshot pl011 pl011-state pl031 \
	pl031-state i8042 ps2-kbd ps2-mouse ps2-queue ns16550 cfi-flash)

$(B)/minixen/include/.made: xen/minixen/minixen.mk
	@rm -rf $(@D)
	@for a in $(minixen-alias); do \
		mkdir -p $(@D)/$$(dirname $${a%%=*}); \
		ln -sf $(CURDIR)/xen/minixen/include/$${a#*=} $(@D)/$${a%%=*}; \
	done
	@ln -sf $(CURDIR)/xen/vsio/asm-vsio.h $(@D)/asm/vsio.h
	@touch $@

minixen-compile = mkdir -p $(@D); $(minixen-cc) -MMD -MP -c -o $@ $<

$(B)/minixen/%.o: xen/minixen/%.c $(B)/minixen/include/.made | need-minixen
	@$(minixen-compile)
$(B)/minixen/%.o: xen/minixen/%.S $(B)/minixen/include/.made | need-minixen
	@$(minixen-compile)
$(B)/minixen/glue/%.o: xen/vsio/%.c $(B)/minixen/include/.made | need-minixen
	@$(minixen-compile)
$(B)/minixen/devices/%.o: devices/%.c $(B)/minixen/include/.made | need-minixen
	@$(minixen-compile)

$(minixen): $(minixen-objects) xen/minixen/minixen.lds
	@aarch64-linux-gnu-ld -nostdlib --gc-sections --no-warn-rwx-segments \
		-T xen/minixen/minixen.lds -o $@ $(minixen-objects)

-include $(wildcard $(B)/minixen/*.d $(B)/minixen/*/*.d)

# What make run GUEST= needs.
minixen-run := $(minixen) need-firmware \
	$(if $(filter linux,$(GUEST)),$(lab-image) $(lab-initrd))

.PHONY: minixen
minixen: ## our own small hypervisor, with the same glue and devices
minixen: $(minixen)
	@echo "minixen: $(minixen)"

# What is typed there: a look at some devices. With KEYS=1 it is the user's turn.
session-uboot := date; flinfo 2; mw.b 50000000 5a 1000; \
	erase 4100000 411ffff; cp.b 50000000 4100000 1000; cmp.b 50000000 4100000 1000
session-edk2 := date; set answer 42; memmap
session-linux := hwclock; dmesg; date; cat /proc/interrupts

traced = $(or $(GUEST),uboot)

.PHONY: trace
trace: ## each access of a guest to our devices, as text and for Perfetto; GUEST=uboot
trace: $(minixen-run)
	@$(if $(KEYS),,echo '$(session-$(traced))' | tr ';' '\n' | sed 's/^ *//' |) \
		tools/minixen-run --guest $(traced) --name trace-$(traced) --trace
	@tools/minixen-trace $(B)/boot/trace-$(traced).trace $(B)/trace/$(traced)

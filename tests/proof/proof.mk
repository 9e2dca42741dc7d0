# SPDX-License-Identifier: MIT
# The proofs, see docs/proofs.md. Included by the Makefile. The objects are
# compiled as Xen's build does it; debug information changes no instruction.

need-prove := binutils-aarch64-linux-gnu gcc-aarch64-linux-gnu gcc \
	python3-venv

.PHONY: need-prove
need-prove:
	@tools/need $($@)

# Of the object code: arm64 or x86_64.
ARCH ?= arm64
proof := $(B)/proof
proof-arch := $(proof)/$(ARCH)

proof-quick := rate-limit legacy-pio pl031
proof-devices = $(proof-quick) pl011 ns16550 ns16550-2 ns16550-4 i8042 bus \
	$(proof-devices-$(ARCH)) cfi-flash-8 cfi-flash-16 cfi-flash-8x2 \
	cfi-flash-16x2
proof-devices-arm64 := ring

# What decides about code among the flags of a Xen that is no debug build.
proof-flags := -std=gnu99 -O2 -fomit-frame-pointer -fno-strict-aliasing \
	-fno-builtin -fno-common -fno-pie -fno-stack-protector -fno-exceptions \
	-fno-asynchronous-unwind-tables -ffreestanding -g
proof-flags-arm64 := -mcpu=generic -mgeneral-regs-only -mno-outline-atomics
proof-flags-x86_64 := -msoft-float -mno-red-zone -fpic -mno-mmx -mno-sse \
	-mskip-rax-setup -mindirect-branch=thunk-extern \
	-mindirect-branch-register -mfunction-return=thunk-extern \
	-fno-jump-tables -fcf-protection=branch -mmanual-endbr \
	-mpreferred-stack-boundary=3 -include tests/proof/hidden.h
proof-triple-arm64 := aarch64-linux-gnu
proof-triple-x86_64 := x86_64-linux-gnu
proof-cc := $(proof-triple-$(ARCH))-gcc $(proof-flags) $(proof-flags-$(ARCH))
# What is the host's; the proof runs none of it.
proof-host := memset memcpy get_s_time set_timer stop_timer init_timer \
	evtchn_from_port vsio_slot_notify alloc_bytes
proof-link := $(proof-triple-$(ARCH))-ld -Ttext=0x400000 -e 0 \
	$(shell n=117440512; for s in $(proof-host); do \
		echo --defsym=$$s=$$n; n=$$((n + 16)); done)

# The console ring is the glue's, here with the headers of minixen.
proof-glue-cc := $(proof-cc) -nostdinc \
	-isystem $$(aarch64-linux-gnu-gcc -print-file-name=include) \
	-DCONFIG_ARM_64=1 -DCONFIG_NEW_VGIC=1 -DCONFIG_VSIO=1 \
	-DCONFIG_VSIO_CONSOLE=1 -I$(B)/minixen/include -Ixen/minixen/include -I. \
	-Ixen/minixen
proof-glue-arm64 := $(proof)/arm64/obj/console.o $(proof)/arm64/obj/ring.o

proof-parts := entries $(patsubst tests/proof/%.S,%,\
	$(wildcard tests/proof/*-$(ARCH).S))
proof-objects := $(VSIO_DEVICES:%.c=$(proof-arch)/obj/%.o) \
	$(proof-parts:%=$(proof-arch)/obj/%.o) $(proof-glue-$(ARCH))
proof-sources := $(wildcard tests/proof/*.py)
proof-python := ARCH=$(ARCH) PYTHONDONTWRITEBYTECODE=1 $(proof)/venv/bin/python

$(proof-arch)/obj/%.o: devices/%.c tests/proof/proof.mk | need-prove
	@mkdir -p $(@D)
	@$(proof-cc) -Idevices -MMD -MP -c -o $@ $<

$(proof-arch)/obj/%.o: tests/proof/%.c tests/proof/proof.mk | need-prove
	@mkdir -p $(@D)
	@$(proof-cc) -Idevices -MMD -MP -c -o $@ $<

$(proof-arch)/obj/%.o: tests/proof/%.S tests/proof/proof.mk | need-prove
	@mkdir -p $(@D)
	@$(proof-cc) -c -o $@ $<

$(proof)/arm64/obj/console.o: xen/vsio/console.c
$(proof)/arm64/obj/ring.o: tests/proof/ring.c
$(proof-glue-arm64): tests/proof/proof.mk $(B)/minixen/include/.made | need-prove
	@mkdir -p $(@D)
	@$(proof-glue-cc) -Ixen/vsio -MMD -MP -c -o $@ $(filter %.c,$^)

-include $(wildcard $(proof-arch)/obj/*.d)

$(proof-arch)/image: $(proof-objects)
	@$(proof-link) -o $@ $^

$(proof)/venv/.made: tests/proof/requirements.txt | need-prove
	@mkdir -p $(@D)
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

.PHONY: prove prove-planted
prove: ## prove the devices on object code; QUICK=1: the small ones; ARCH=x86_64
prove: $(proof-arch)/image $(proof)/venv/.made
	@$(proof-python) tests/proof/prove.py $< \
		$(proof-arch)/table.md \
		$(or $(PROOF),$(if $(QUICK),$(proof-quick),$(proof-devices)))

prove-planted: ## planted faults: the proof must find each; KIND=, JOBS=
prove-planted: $(proof-arch)/image $(proof)/venv/.made
	@PROOF_CC='$(proof-cc)' PROOF_GLUE_CC="$(proof-glue-cc)" \
		PROOF_LINK='$(proof-link)' \
		$(proof-python) tests/proof/planted.py $(proof-arch)/obj $(PROOF)

.PHONY: prove-compare
prove-compare: ## the executor against an emulator; SEED=, RUNS=; PLANTED=1
prove-compare: $(proof-arch)/image $(proof)/venv/.made
	@$(proof-python) tests/proof/compare$(if $(PLANTED),_planted).py $< $(WORLD)

.PHONY: prove-same
prove-same: ## are the objects of the grafted Xen those that are proven?
prove-same: | need-prove
	@PROOF_CC='$(proof-cc)' \
		tests/proof/check-same $(B)/xen/grafted/xen/arch/arm/vsio/devices

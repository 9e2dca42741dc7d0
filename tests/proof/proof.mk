# SPDX-License-Identifier: MIT
# The proofs, see docs/proofs.md. Included by the Makefile. The objects are
# compiled as Xen's build does it; debug information changes no instruction.

need-prove := binutils-aarch64-linux-gnu gcc-aarch64-linux-gnu python3-venv

.PHONY: need-prove
need-prove:
	@tools/need $($@)

proof := $(B)/proof
proof-quick := rate-limit legacy-pio pl031
proof-devices := $(proof-quick) pl011 ns16550 ns16550-2 ns16550-4 i8042

# What decides about code among the flags of a Xen that is no debug build.
proof-cc := aarch64-linux-gnu-gcc -std=gnu99 -O2 -fomit-frame-pointer \
	-fno-strict-aliasing -fno-builtin -fno-common -mcpu=generic \
	-mgeneral-regs-only -mno-outline-atomics -fno-pie -fno-stack-protector \
	-fno-exceptions -fno-asynchronous-unwind-tables -ffreestanding -g
# memset and memcpy are the host's.
proof-link := aarch64-linux-gnu-ld -Ttext=0x400000 -e 0 \
	--defsym=memset=0x7000000 --defsym=memcpy=0x7000010

proof-objects := $(VSIO_DEVICES:%.c=$(proof)/obj/%.o) $(proof)/obj/entries.o
proof-sources := $(wildcard tests/proof/*.py)
proof-python := PYTHONDONTWRITEBYTECODE=1 $(proof)/venv/bin/python

$(proof)/obj/%.o: devices/%.c tests/proof/proof.mk | need-prove
	@mkdir -p $(@D)
	@$(proof-cc) -Idevices -MMD -MP -c -o $@ $<

$(proof)/obj/%.o: tests/proof/%.c tests/proof/proof.mk | need-prove
	@mkdir -p $(@D)
	@$(proof-cc) -Idevices -MMD -MP -c -o $@ $<

-include $(wildcard $(proof)/obj/*.d)

$(proof)/image: $(proof-objects)
	@$(proof-link) -o $@ $^

$(proof)/venv/.made: tests/proof/requirements.txt | need-prove
	@mkdir -p $(@D)
	@python3 -m venv $(@D)
	@$(@D)/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

.PHONY: prove prove-planted
prove: ## prove the devices on their object code; QUICK=1: the small ones
prove: $(proof)/image $(proof)/venv/.made
	@$(proof-python) tests/proof/prove.py $< $(proof)/table.md \
		$(if $(QUICK),$(proof-quick),$(proof-devices))

prove-planted: ## planted faults: the proof must find each of them
prove-planted: $(proof)/image $(proof)/venv/.made
	@PROOF_CC='$(proof-cc)' PROOF_LINK='$(proof-link)' \
		$(proof-python) tests/proof/planted.py $(proof)/obj $(PROOF)

.PHONY: prove-same
prove-same: ## are the objects of the grafted Xen those that are proven?
prove-same: | need-prove
	@PROOF_CC='$(proof-cc)' \
		tests/proof/check-same $(B)/xen/grafted/xen/arch/arm/vsio/devices

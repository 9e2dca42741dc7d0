# SPDX-License-Identifier: MIT
# make help lists the targets. All that is made goes to $(B); packages that are
# missing are installed on the way (tools/need).

B ?= build
export B
CFLAGS ?= -O2 -g
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

include devices/devices.mk
-include tools/lab.mk

# --- Compilers and machines ---------------------------------------------------

triple-x86_64 := x86_64-linux-gnu
triple-aarch64 := aarch64-linux-gnu
triple-armhf := arm-linux-gnueabihf
triple-ppc64 := powerpc64-linux-gnu

machines := x86_64 aarch64 armhf ppc64
variants := $(foreach c,gcc clang,$(machines:%=$c-%))

need-cc := gcc gcc-aarch64-linux-gnu libc6-dev
need-check := $(need-cc) clang clang-format gcc-arm-linux-gnueabihf \
	gcc-powerpc64-linux-gnu gcc-riscv64-linux-gnu perl python3 qemu-user-static
need-coverage := $(need-cc) gcovr perl
need-format := clang-format

.PHONY: need-cc need-check need-coverage need-format
need-cc need-check need-coverage need-format:
	@tools/need $($@)

warnings := -std=c11 -Wall -Wextra -Wshadow -Wconversion -Wcast-qual -Wundef \
	-Werror
freestanding := -ffreestanding -fno-pic -fno-stack-protector \
	-fno-asynchronous-unwind-tables -fno-unwind-tables -fstack-usage

tests := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test-*.c))
helpers := $(filter-out test-% start hosted,\
	$(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c)))

# $(call variant,NAME,COMPILE,LINK,START,NEED): objects of the devices and tests
# in $(B)/unit/NAME.
define variant
objects-$1 := $(VSIO_DEVICES:%.c=$(B)/unit/$1/%.o)
tests-$1 := $(tests:%=$(B)/unit/$1/%)

$(B)/unit/$1/%.o: devices/%.c Makefile | $5
	@mkdir -p $$(@D)
	@$2 $(warnings) -Idevices -MMD -MP -c -o $$@ $$<

$(B)/unit/$1/%.o: tests/unit/%.c Makefile | $5
	@mkdir -p $$(@D)
	@$2 $(warnings) -Idevices -MMD -MP -c -o $$@ $$<

$(B)/unit/$1/test-%: $(B)/unit/$1/test-%.o $(helpers:%=$(B)/unit/$1/%.o) \
		$(B)/unit/$1/$4.o $$(objects-$1)
	@$3 -o $$@ $$^ -lgcc

-include $(wildcard $(B)/unit/$1/*.d)
endef

link = $(triple-$1)-gcc -nostdlib -static -no-pie
$(foreach m,$(machines),\
	$(eval $(call variant,gcc-$m,\
	$(triple-$m)-gcc $(CFLAGS) $(freestanding) -fcallgraph-info=su,\
	$(call link,$m),start,$(if $(filter x86_64 aarch64,$m),need-cc,need-check)))\
	$(eval $(call variant,clang-$m,\
	clang --target=$(triple-$m) $(CFLAGS) $(freestanding),\
	$(call link,$m),start,need-check)))

# For the call graph: a compiler turns some recursions into loops.
$(eval $(call variant,calls,gcc $(CFLAGS) $(freestanding) \
	-fcallgraph-info=su -fno-optimize-sibling-calls,$(call link,x86_64),start,need-cc))

sanitize := -fsanitize=address,undefined -fno-sanitize-recover=all
$(eval $(call variant,sanitized,gcc $(CFLAGS) $(sanitize),\
	gcc $(sanitize),hosted,need-cc))
$(eval $(call variant,coverage,gcc -O0 --coverage,\
	gcc --coverage,hosted,need-coverage))

.SECONDARY:

include tests/glue/glue.mk
include tests/lint/lint.mk
include tests/fuzz/fuzz.mk
include tests/differential/differential.mk
include tests/ring/ring.mk
include tests/mutate/mutate.mk
include tests/proof/proof.mk
include tools/vsioctl/vsioctl.mk
include tools/vsiod/vsiod.mk
include tests/toolstack/toolstack.mk
include tools/dom0/dom0.mk
include tests/stack/stack.mk
include tests/vsiod/vsiod-tests.mk
include tests/bench/bench.mk
include xen/minixen/minixen.mk
include tests/firmware/firmware.mk
include tools/channel/channel.mk
include tests/channel/channel.mk

# --- Targets ------------------------------------------------------------------

.PHONY: all
all: ## build the devices (x86-64, arm64) and their unit tests
all: $(foreach v,gcc-x86_64 gcc-aarch64,$(objects-$v) $(tests-$v))

.PHONY: run
run: ## boot Xen with one Linux guest on our devices; STACK=full, GUEST=uboot: README
run: $(if $(GUEST),$(minixen-run),$(if $(filter full,$(STACK)),dom0,lab))
	@$(if $(GUEST),tools/minixen-run --guest $(GUEST),\
		tools/xen-run $(if $(filter full,$(STACK)),--dom0))

# In this order; after a failure the others still tell what they have to say.
# What boots no guest needs no quiet machine: two at a time. Boots of Xen are
# typed to, one at a time; beside them is what takes the time that is left, but
# not where traps are counted: a guest that is late takes others.
stages := units models proofs stack xen traps
test-units = $(MAKE) -s -k -j2 -O check coverage replay model toolstack \
	channel vsiod-tests lab dom0 $(xen-ioreq)
test-models = $(MAKE) -s -k differential bench firmware
test-proofs = $(MAKE) -s -k -j2 -O TIME=60 fuzz QUICK=1 JOBS=1 prove \
	RUNS=40 prove-compare
test-stack = prove --timer -j2 $(wildcard tests/stack/*.t tests/graft/*.t)
test-xen = $(MAKE) -s -k -j2 -O boots mutants
test-traps = prove --timer tests/xen/image.t

.PHONY: test $(stages:%=test-%)
test: ## all that the CI runs: check, fuzzing, proofs, QEMU's devices, firmware, real Xen
test:
	@bad=; begin=$$(date +%s); for s in $(stages); do \
		$(MAKE) -s test-$$s || bad="$$bad test-$$s"; \
		echo "test-$$s: at $$(($$(date +%s) - begin)) s"; \
	done; test -z "$$bad" || { echo "failed:$$bad"; exit 1; }

$(stages:%=test-%):
	@$($@)

.PHONY: boots mutants
boots:
	@prove --timer $(filter-out %/image.t,$(wildcard tests/xen/*.t))
mutants:
	@JOBS=1 nice prove --timer $(wildcard tests/mutate/*.t)

.PHONY: check
check: ## unit tests on all machines and compilers, sanitizers, lint; no boot
check: lint size channel-check $(objects-calls) $(glue-all) \
		$(foreach v,$(variants) sanitized,$(tests-$v))
	@tests/lint/check-objects $(foreach v,$(variants) calls,$(objects-$v))
	@prove -Q -j$$(nproc) --exec tests/unit/run \
		$(foreach v,$(variants) sanitized,$(tests-$v)) $(glue-all) \
		$(wildcard tests/lint/*.t tests/docs/*.t)

.PHONY: size
size: ## text and state of each device on arm64, within their budgets
size: $(objects-gcc-aarch64)
	@tests/lint/check-size $(objects-gcc-aarch64)

.PHONY: coverage
coverage: ## branch coverage of devices/ by the unit tests, at least 95 %
coverage: $(tests-coverage) | need-coverage
	@rm -f $(B)/unit/coverage/*.gcda
	@prove -Q --exec tests/unit/run $(tests-coverage)
	@gcovr -r . --object-directory $(B)/unit/coverage --filter devices/ \
		--branches --fail-under-branch 95

sources = $(shell find devices xen tools tests -name '*.[ch]')

.PHONY: format
format: ## put all C into the project's format
format: | need-format
	@clang-format -i $(sources)

.PHONY: lint
lint: ## format, licence lines, headers, static analysis, MISRA C:2012
lint: analyzer tidy misra scripts | need-check
	@clang-format --dry-run -Werror $(sources)
	@tests/lint/check-spdx Makefile .ci devices xen tools tests
	@tests/lint/check-headers gcc $(warnings) -Idevices -- \
		devices/*.h tests/unit/*.h

.PHONY: clean
clean: ## remove $(B)
	rm -rf $(B)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\): ## /\1	/p' $(MAKEFILE_LIST) | expand -t 16

# SPDX-License-Identifier: MIT
# Fuzz targets, one for each device and one for a whole bus. Included by the
# Makefile. Built by clang with libFuzzer, and by gcc as programs that replay.

need-fuzz := clang gcc gcovr libc6-dev libclang-rt-dev perl python3

.PHONY: need-fuzz
need-fuzz:
	@tools/need $($@)

TIME ?= 60

fuzz-targets := $(patsubst tests/fuzz/fuzz-%.c,%,$(wildcard tests/fuzz/fuzz-*.c))
# These have steps of their own.
fuzz-alone := bus channel rate-limit
# Not of devices/ but of tools/channel/.
channel-objects := frame.o link.o stream.o

# bounds: clang's undefined has array-bounds alone. Newer compilers can be told
# that no array at the end of a struct is longer than it says.
fuzz-sanitize := -fsanitize=address,undefined,bounds -fno-sanitize-recover=all
fuzz-strict = $(shell $1 -fstrict-flex-arrays=3 -E -x c /dev/null \
	>/dev/null 2>&1 && echo -fstrict-flex-arrays=3)
fuzz-clang = clang -g -O1 -fsanitize=fuzzer-no-link $(fuzz-sanitize) \
	$(call fuzz-strict,clang)
fuzz-gcc = gcc -g -O1 $(fuzz-sanitize) -fsanitize=bounds-strict \
	$(call fuzz-strict,gcc)
fuzz-coverage = gcc -O0 --coverage

# $(call fuzz,VARIANT,LINK,MAIN): $(B)/fuzz/VARIANT/fuzz-TARGET.
define fuzz
fuzz-all-$1 := $(fuzz-targets:%=$(B)/fuzz/$1/fuzz-%)

$(B)/fuzz/$1/%.o: devices/%.c tests/fuzz/fuzz.mk | need-fuzz
	@mkdir -p $$(@D)
	@$$(fuzz-$1) $(warnings) -Idevices -MMD -MP -c -o $$@ $$<

$(B)/fuzz/$1/%.o: tools/channel/%.c tests/fuzz/fuzz.mk | need-fuzz
	@mkdir -p $$(@D)
	@$$(fuzz-$1) $(warnings) -MMD -MP -c -o $$@ $$<

$(B)/fuzz/$1/%.o: tests/fuzz/%.c tests/fuzz/fuzz.mk | need-fuzz
	@mkdir -p $$(@D)
	@$$(fuzz-$1) $(warnings) -Idevices -Itools/channel -MMD -MP -c -o $$@ $$<

$(foreach t,$(fuzz-targets),
$(B)/fuzz/$1/fuzz-$t: $(addprefix $(B)/fuzz/$1/,fuzz-$t.o fuzz.o $3 \
		$(if $(filter $t,$(fuzz-alone)),,steps.o) \
		$(if $(filter $t,channel),$(channel-objects)) $(VSIO_DEVICES:.c=.o))
	@$2 -o $$@ $$^
)

-include $(wildcard $(B)/fuzz/$1/*.d)
endef

$(eval $(call fuzz,clang,clang -fsanitize=fuzzer $(fuzz-sanitize),))
$(eval $(call fuzz,gcc,gcc $(fuzz-sanitize),replay.o))
$(eval $(call fuzz,coverage,gcc --coverage,replay.o))

.PHONY: fuzz
fuzz: ## fuzz all devices in turn for TIME seconds (60)
fuzz: $(fuzz-all-clang)
	@B=$(B) tests/fuzz/run fuzz $(TIME) $(fuzz-targets)

.PHONY: replay
replay: ## the fuzz targets on the inputs kept in the tree; planted faults
replay: $(fuzz-all-gcc) $(fuzz-all-clang)
	@B=$(B) FUZZ_GCC='$(fuzz-gcc)' FUZZ_CLANG='$(fuzz-clang)' \
		prove $(wildcard tests/fuzz/*.t)

.PHONY: fuzz-keep
fuzz-keep: ## the fewest inputs with all coverage so far, into the tree
fuzz-keep: $(fuzz-all-clang)
	@B=$(B) tests/fuzz/run keep $(fuzz-targets)

.PHONY: fuzz-coverage
fuzz-coverage: ## branch coverage of devices/ by the inputs kept in the tree
fuzz-coverage: $(fuzz-all-coverage)
	@rm -f $(B)/fuzz/coverage/*.gcda
	@B=$(B) VARIANT=coverage tests/fuzz/run replay $(fuzz-targets)
	@gcovr -r . --object-directory $(B)/fuzz/coverage --filter devices/ --branches

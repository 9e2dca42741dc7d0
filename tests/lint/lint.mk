# SPDX-License-Identifier: MIT
# Static analysis: gcc -fanalyzer, clang-tidy, cppcheck with MISRA C:2012,
# shellcheck, pyflakes. Included by the Makefile, after glue.mk. What has passed
# leaves a file in $(B)/lint and is not looked at again until it changes.

need-lint := clang-format clang-tidy cppcheck gcc libc6-dev python3 \
	python3-pyflakes shellcheck

.PHONY: need-lint
need-lint:
	@tools/need $($@)

lint-devices := $(wildcard devices/*.c)
# The stand-in has nothing of Xen's handling of traps.
lint-glue := $(filter-out xen/vsio/fault.c,$(wildcard xen/vsio/*.c))
# The channel's modules are as devices are; the tools are Linux programs.
lint-channel := $(wildcard tools/channel/*.c)
lint-tools := $(wildcard tools/*.c tools/vsioctl/*.c tools/vsiod/*.c)
lint-misra := devices channel glue
lint-headers := $(wildcard devices/*.h xen/vsio/*.h xen/vsio/include/*.h tools/*/*.h)

# Two files at a time; {} is the file.
each = printf '%s\n' $1 | xargs -P 2 -I {}

# The glue against the stand-in for Xen's headers, as tests/glue compiles it.
lint-glue-made := $(B)/glue/xen-4.17/include/.made
lint-glue-cc := $(filter-out $(sanitize),$(glue-cc)) $(glue-full) $(glue-image) \
	-I$(dir $(lint-glue-made)) -Ixen/vsio/include -I. -Ixen/vsio
lint-glue-flags := $(filter-out gcc -g -O% -W% -f% -nostdinc,$(lint-glue-cc))

lint-tools-flags := -std=gnu11 -D_GNU_SOURCE -Ixen/vsio -Itools/vsioctl \
	-Itools/vsiod -Itools/channel -Idevices
lint-sources := $(lint-devices) $(lint-glue) $(lint-channel) $(lint-tools) \
	$(lint-headers)

.PHONY: analyzer tidy misra scripts
analyzer: ## gcc -fanalyzer over the devices, the glue and the tools
analyzer: $(B)/lint/analyzer
tidy: ## clang-tidy over the devices, the glue and the tools
tidy: $(B)/lint/tidy

$(B)/lint/analyzer: $(lint-sources) $(lint-glue-made) tests/lint/lint.mk \
		| need-lint need-vsiod
	@mkdir -p $(@D)
	@$(call each,$(lint-devices)) gcc -fanalyzer -O2 $(warnings) -ffreestanding \
		-Idevices -c -o /dev/null {}
	@$(call each,$(lint-glue)) $(lint-glue-cc) -fanalyzer -c -o /dev/null {}
	@$(call each,$(lint-channel)) gcc -fanalyzer -O2 $(warnings) -ffreestanding \
		-Itools/channel -c -o /dev/null {}
	@$(call each,$(lint-tools)) gcc -fanalyzer -O2 $(warnings) \
		$(lint-tools-flags) -c -o /dev/null {}
	@touch $@

# On standard error, besides faults: how much was found in system headers.
lint-why = { grep -v ' generated' $@.log; false; }

# Off for the glue: Xen's functions take int for what is unsigned, callbacks
# have parameters that not everybody needs, and its arrays have a few members.
lint-glue-checks := -bugprone-narrowing-conversions,$\
	-bugprone-implicit-widening-of-multiplication-result,$\
	-misc-unused-parameters

# Off for the tools: functions of Annex K, which glibc has not; being safe for
# threads, of which they have one; a look at what each printf() returns;
# strcmp() as a condition; sscanf(), whose numbers glibc bounds; sizeof of a
# pointer, which is meant; a struct's order, which is by sense.
lint-tools-off := clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling \
	clang-analyzer-optin.performance.Padding concurrency-mt-unsafe \
	cert-err33-c cert-err34-c bugprone-sizeof-expression \
	bugprone-suspicious-string-compare
lint-tools-checks = $(subst $() ,$(comma),$(lint-tools-off:%=-%))

$(B)/lint/tidy: $(lint-sources) $(lint-glue-made) .clang-tidy \
		tests/lint/lint.mk | need-lint need-vsiod
	@mkdir -p $(@D)
	@$(call each,$(lint-devices)) clang-tidy --quiet --header-filter=devices/ {} \
		-- -std=c11 -ffreestanding -Idevices 2>$@.log || $(lint-why)
	@$(call each,$(lint-glue)) clang-tidy --quiet --header-filter=xen/vsio/ \
		--checks=$(lint-glue-checks) {} -- $(lint-glue-flags) \
		2>$@.log || $(lint-why)
	@$(call each,$(lint-channel)) clang-tidy --quiet \
		--header-filter=tools/channel/ {} \
		-- -std=c11 -ffreestanding -Itools/channel 2>$@.log || $(lint-why)
	@$(call each,$(lint-tools)) clang-tidy --quiet --header-filter=tools/ \
		--checks=$(lint-tools-checks) {} -- $(lint-tools-flags) \
		2>$@.log || $(lint-why)
	@touch $@

# variableScope: Xen's style has variables at the top of their block.
lint-cppcheck := cppcheck --quiet --addon=misra --platform=unix64 \
	--enable=warning,style,performance,portability --suppress=variableScope \
	--template='{file}:{line}:{column}: {id} {message}'

$(B)/lint/devices.misra: $(lint-devices) $(lint-headers) tests/lint/lint.mk \
		| need-lint
	@mkdir -p $(@D)
	@$(lint-cppcheck) --std=c11 -Idevices $(lint-devices) 2>$@

$(B)/lint/channel.misra: $(lint-channel) $(lint-headers) tests/lint/lint.mk \
		| need-lint
	@mkdir -p $(@D)
	@$(lint-cppcheck) --std=c11 -Itools/channel $(lint-channel) 2>$@

# GCC's extensions, which Xen uses: arithmetic on void pointers, and do_div(),
# a macro that changes its first argument.
$(B)/lint/glue.misra: $(lint-glue) $(lint-headers) $(lint-glue-made) \
		tests/lint/lint.mk | need-lint
	@mkdir -p $(@D)
	@$(lint-cppcheck) --std=c99 --suppress=arithOperationsOnVoidPointer \
		--suppress=redundantAssignment -D__GNUC__=12 \
		$(filter-out -std=%,$(lint-glue-flags)) $(lint-glue) 2>$@

misra: ## cppcheck, and MISRA's rules against docs/misra.md
misra: $(lint-misra:%=$(B)/lint/%.misra)
	@tests/lint/check-misra docs/misra.md $^

scripts: ## shellcheck and pyflakes over tools/ and tests/
scripts: | need-lint
	@tests/lint/check-scripts .ci devices tests tools xen

.PHONY: lines
lines: ## how long minixen is, and whether that is too long
	@tests/lint/check-lines 2500 $$(find xen/minixen -name '*.[chS]' -o \
		-name '*.lds')
lint: lines

# SPDX-License-Identifier: MIT
# The command channel: its modules' unit tests on all machines, and vsioctl with
# an agent of this machine. Included by the Makefile, which has defined machines,
# variants and how to compile.

# channel-objects: tests/fuzz/fuzz.mk has them.
channel-units := $(patsubst tests/channel/%.c,%,$(wildcard tests/channel/test-*.c))

# $(call channel-variant,NAME,COMPILE,LINK,START,NEED): as variant, of the
# Makefile; the harness is the devices'.
define channel-variant
channel-objects-$1 := $(channel-objects:%=$(B)/channel/$1/%)
channel-tests-$1 := $(channel-units:%=$(B)/channel/$1/%)

$(B)/channel/$1/%.o: tools/channel/%.c tests/channel/channel.mk | $5
	@mkdir -p $$(@D)
	@$2 $(warnings) -Itools/channel -MMD -MP -c -o $$@ $$<

$(B)/channel/$1/%.o: tests/channel/%.c tests/channel/channel.mk | $5
	@mkdir -p $$(@D)
	@$2 $(warnings) -Itools/channel -Idevices -Itests/unit -MMD -MP -c -o $$@ $$<

$(B)/channel/$1/test-%: $(B)/channel/$1/test-%.o $(B)/unit/$1/harness.o \
		$(B)/unit/$1/$4.o $$(channel-objects-$1)
	@$3 -o $$@ $$^ -lgcc

-include $(wildcard $(B)/channel/$1/*.d)
endef

$(foreach m,$(machines),\
	$(eval $(call channel-variant,gcc-$m,\
	$(triple-$m)-gcc $(CFLAGS) $(freestanding) -fcallgraph-info=su,\
	$(call link,$m),start,$(if $(filter x86_64 aarch64,$m),need-cc,need-check)))\
	$(eval $(call channel-variant,clang-$m,\
	clang --target=$(triple-$m) $(CFLAGS) $(freestanding),\
	$(call link,$m),start,need-check)))
$(eval $(call channel-variant,calls,gcc $(CFLAGS) $(freestanding) \
	-fcallgraph-info=su -fno-optimize-sibling-calls,$(call link,x86_64),start,need-cc))
$(eval $(call channel-variant,sanitized,gcc $(CFLAGS) $(sanitize),\
	gcc $(sanitize),hosted,need-cc))
$(eval $(call channel-variant,coverage,gcc -O0 --coverage,\
	gcc --coverage,hosted,need-coverage))

channel-all := $(foreach v,$(variants) sanitized,$(channel-tests-$v))

.PHONY: channel-check
channel-check: ## the channel's modules on all machines, no agent
channel-check: $(channel-all) $(channel-objects-calls)
	@tests/lint/check-objects $(foreach v,$(variants) calls,$(channel-objects-$v))
	@prove -Q -j2 --exec tests/unit/run $(channel-all)

.PHONY: channel-coverage
channel-coverage: ## branch coverage of tools/channel/ by its unit tests, at least 95 %
channel-coverage: $(channel-tests-coverage) | need-coverage
	@rm -f $(B)/channel/coverage/*.gcda
	@prove -Q --exec tests/unit/run $(channel-tests-coverage)
	@gcovr -r . --object-directory $(B)/channel/coverage --filter tools/channel/ \
		--branches --fail-under-branch 95
coverage: channel-coverage

need-channel := $(need-tools) python3

.PHONY: need-channel channel
need-channel:
	@tools/need $($@)

channel: ## vsioctl and the agent at both ends of a bad line: no guest
channel: $(B)/vsioctl/vsioctl $(B)/agent/vsio-agent | need-channel
	@prove $(wildcard tests/channel/*.t)

# SPDX-License-Identifier: MIT
# Our devices beside QEMU's, driven alike. Included by the Makefile.

need-differential := gcc libc6-dev perl python3 qemu-system-arm qemu-system-x86

.PHONY: need-differential
need-differential:
	@tools/need $($@)

differential-devices := $(patsubst tests/differential/host-%.c,%,\
	$(wildcard tests/differential/host-*.c))
differential-made := $(B)/differential/server $(B)/differential/clock.so

$(B)/differential/server: $(wildcard tests/differential/*.[ch] devices/*.h) \
		$(VSIO_DEVICES:%=devices/%) tests/differential/differential.mk \
		| need-differential
	@mkdir -p $(@D)
	@gcc $(CFLAGS) $(sanitize) $(warnings) -std=gnu11 -Idevices -o $@ \
		$(filter-out %/clock.c,$(filter %.c,$^))

$(B)/differential/clock.so: tests/differential/clock.c \
		tests/differential/differential.mk | need-differential
	@mkdir -p $(@D)
	@gcc $(CFLAGS) $(warnings) -std=gnu11 -shared -fPIC -o $@ $<

.PHONY: differential
differential: ## our devices beside QEMU's; N= accesses, SEED= repeats a run
differential: $(differential-made)
	@rm -f $(B)/differential/*.line
	@prove -Q -j2 tests/differential/*.t; status=$$?; \
		cat $(B)/differential/*.line; exit $$status

# One device, all that it says: make differential-pl011
.PHONY: $(differential-devices:%=differential-%)
$(differential-devices:%=differential-%): $(differential-made)
	@tests/differential/run $(@:differential-%=%)

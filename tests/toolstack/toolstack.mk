# SPDX-License-Identifier: MIT
# Tests of vsioctl against the real xenstored and xenconsoled, without Xen.
# Included by the Makefile.

need-toolstack := $(need-tools) device-tree-compiler python3 qemu-user-static

.PHONY: need-toolstack
need-toolstack:
	@tools/need $($@)

fake-sources := tests/toolstack/fake-xen.c tests/toolstack/fake-xen-libs.c \
	$(VSIO_DEVICES:%=devices/%)
fake-headers := tests/toolstack/fake-xen.h $(wildcard devices/*.h xen/vsio/*.h)
fake-flags := -O1 -g $(warnings) -std=gnu11 -D_GNU_SOURCE -fPIC -shared \
	-Idevices -Ixen/vsio -Itests/toolstack

$(B)/toolstack/fake-xen.so: $(fake-sources) $(fake-headers) | need-toolstack
	@mkdir -p $(@D)
	@gcc $(fake-flags) -o $@ $(fake-sources) -ldl

$(B)/toolstack/fake-xen-arm64.so: $(fake-sources) $(fake-headers) \
		$(B)/arm64/.unpacked | need-toolstack
	@mkdir -p $(@D)
	@aarch64-linux-gnu-gcc $(fake-flags) $(arm64-include) -o $@ \
		$(fake-sources) -ldl

.PHONY: toolstack
toolstack: ## vsioctl with the real xenstored and xenconsoled, no Xen
toolstack: tools $(B)/agent/vsio-agent $(B)/toolstack/fake-xen.so \
		$(B)/toolstack/fake-xen-arm64.so
	@prove $(wildcard tests/toolstack/*.t)

# SPDX-License-Identifier: MIT
# A Linux dom0 with xl, xenconsoled and vsioctl. Included by the Makefile.

need-dom0 := binutils cpio python3
dom0-image := $(B)/lab/dom0.cpio
# FILE=PATH of what else is there; tests/stack adds what it needs.
dom0-add := $(lab-image)=guests/Image $(lab-initrd)=guests/initrd.cpio.gz \
	tools/dom0/demo=bin/demo tools/dom0/demo.cfg=guests/demo.cfg \
	$(B)/vsioctl-arm64/vsioctl=bin/vsioctl

.PHONY: need-dom0 dom0
need-dom0:
	@B=$(B) tools/need $($@)

# All that a boot of it takes, without booting.
dom0: lab $(dom0-image)

$(B)/lab/modules:
	@B=$(B) tools/fetch-debs modules $@

# Second, so that tests/stack has added to the list.
.SECONDEXPANSION:
$(dom0-image): tools/mkdom0 $(B)/lab/busybox $(B)/lab/modules \
		$(B)/arm64/.unpacked $$(foreach f,$$(dom0-add),\
		$$(firstword $$(subst =, ,$$f))) | need-dom0
	@tools/mkdom0 --root $(B)/arm64 --modules $(B)/lab/modules \
		--busybox $(B)/lab/busybox $(dom0-add:%=--add %) $@
	@echo "dom0: $@"

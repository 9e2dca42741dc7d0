# SPDX-License-Identifier: MIT
# A Linux dom0 with xl, xenconsoled and vsioctl. Included by the Makefile.

need-dom0 := binutils cpio python3
dom0-image := $(B)/lab/dom0.cpio
# The guest's, with the command channel's agent: the kernel reads both archives.
guest-initrd := $(B)/lab/guest.cpio.gz
# FILE=PATH of what else is there; tests/stack adds what it needs.
dom0-add := $(lab-image)=guests/Image $(guest-initrd)=guests/initrd.cpio.gz \
	tools/dom0/demo=bin/demo tools/dom0/demo.cfg=guests/demo.cfg \
	$(B)/vsioctl-arm64/vsioctl=bin/vsioctl

.PHONY: need-dom0 dom0
need-dom0:
	@B=$(B) tools/need $($@)

# All that a boot of it takes, without booting.
dom0: lab $(dom0-image)

$(B)/lab/modules:
	@B=$(B) tools/fetch-debs modules $@

$(guest-initrd): $(lab-initrd) $(B)/agent-arm64/vsio-agent | need-dom0
	@rm -rf $@.root
	@mkdir -p $@.root/bin
	@cp $(B)/agent-arm64/vsio-agent $@.root/bin
	@cd $@.root && find . | cpio -o -H newc -R 0:0 --quiet | gzip -n >agent.gz
	@cat $(lab-initrd) $@.root/agent.gz >$@.tmp
	@rm -r $@.root
	@mv $@.tmp $@

# Second, so that tests/stack has added to the list.
.SECONDEXPANSION:
$(dom0-image): tools/mkdom0 $(B)/lab/busybox $(B)/lab/modules \
		$(B)/arm64/.unpacked $$(foreach f,$$(dom0-add),\
		$$(firstword $$(subst =, ,$$f))) | need-dom0
	@tools/mkdom0 --root $(B)/arm64 --modules $(B)/lab/modules \
		--busybox $(B)/lab/busybox $(dom0-add:%=--add %) $@
	@echo "dom0: $@"

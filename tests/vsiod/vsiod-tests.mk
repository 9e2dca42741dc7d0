# SPDX-License-Identifier: MIT
# Tests of vsiod: with the real xenstored and no Xen; and what those on real Xen
# take. Included by the Makefile after stack.mk.

xen-ioreq := $(B)/xen/ioreq/xen/xen

$(B)/toolstack/fake-ioreq.so: tests/vsiod/fake-ioreq.c | need-toolstack
	@mkdir -p $(@D)
	@gcc $(fake-flags) -o $@ $<

.PHONY: vsiod-tests vsiod-stack
vsiod-tests: ## the device daemon with the real xenstored, no Xen
vsiod-tests: tools vsiod $(B)/toolstack/fake-xen.so $(B)/toolstack/fake-ioreq.so \
		$(B)/toolstack/fake-xen-arm64.so
	@prove tests/vsiod/daemon.t

# Plain Xen, with ioreq servers.
$(xen-ioreq): $(B)/xen/src/.unpacked tools/xen-build tools/vsiod/xen-ioreq | need-xen
	@B=$(B) tools/xen-build $(B)/xen/src $(B)/xen/ioreq tools/vsiod/xen-ioreq

# In dom0: the daemon, and an initramfs to add to a guest's.
dom0-add += $(B)/vsiod-arm64/vsiod=bin/vsiod $(B)/stack/access.cpio=guests/access.cpio

$(B)/stack/access.cpio: tests/stack/access.c | need-cc need-guest
	@mkdir -p $(@D)/access/bin
	@$(arm64-cc) $(warnings) -O2 -ffreestanding -nostdlib -static \
		-o $(@D)/access/bin/access $<
	@cd $(@D)/access && find . | cpio -o -H newc -R 0:0 --quiet >../$(@F)

vsiod-stack: ## the device daemon on real Xen without the graft, and what an access costs
vsiod-stack: dom0 $(xen-ioreq)
	@prove tests/stack/vsiod.t

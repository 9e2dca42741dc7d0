# SPDX-License-Identifier: MIT
# What it takes to run real Xen: Debian packages, a guest, hypervisors.
# Included by the Makefile, or by itself: make -f tools/lab.mk TARGET
#
# Everything is made in $(B). Each step writes to a temporary name first, so
# an interrupted run goes on where it stopped.

B ?= build

lab-image := $(B)/lab/Image
lab-initrd := $(B)/lab/initrd.cpio.gz
xen-stock := $(B)/xen/stock/xen/xen
xen-grafted := $(B)/xen/grafted/xen/xen

# Debian packages, by what needs them; make itself is there.
need-guest := cpio
need-xen-src := dpkg-dev patch xz-utils
need-xen := $(need-xen-src) bison flex gcc gcc-aarch64-linux-gnu libc6-dev \
	python3
need-boot := device-tree-compiler python3 qemu-system-arm

.PHONY: need-guest need-xen-src need-xen need-boot lab xen
need-guest need-xen-src need-xen need-boot:
	@B=$(B) tools/need $($@)

# All that a boot takes, without booting.
lab: $(lab-image) $(lab-initrd) $(xen-grafted) | need-boot
xen: $(xen-grafted)

$(lab-image):
	@B=$(B) tools/fetch-debs kernel $@

$(B)/lab/busybox:
	@B=$(B) tools/fetch-debs busybox $@

$(lab-initrd): $(B)/lab/busybox tools/mkinitrd | need-guest
	@tools/mkinitrd $< $@
	@echo "guest: $@"

$(B)/xen/src/.unpacked: | need-xen-src
	@B=$(B) tools/fetch-debs xen $(B)/xen/src
	@touch $@

$(xen-stock): $(B)/xen/src/.unpacked tools/xen-build | need-xen
	@B=$(B) tools/xen-build $(B)/xen/src $(B)/xen/stock

$(xen-grafted): $(B)/xen/src/.unpacked tools/xen-build tools/xen-graft \
		$(shell find devices xen -name "*.py[co]" -o -type f -print) | need-xen
	@B=$(B) tools/xen-build $(B)/xen/src $(B)/xen/grafted tools/xen-graft

# SPDX-License-Identifier: MIT
# vsioctl for this machine and for arm64. Included by the Makefile. The arm64
# libraries are Debian's packages, unpacked under $(B)/arm64: dpkg knows of
# this machine's packages only.

need-tools := gcc gcc-aarch64-linux-gnu libc6-dev libfdt-dev libxen-dev
need-man := pandoc

.PHONY: need-tools need-man
need-tools need-man:
	@B=$(B) tools/need $($@)

# What vsioctl links, Xen's own tools, and what these link.
arm64-debs := libbz2-1.0 libc6 libfdt-dev libfdt1 libgcc-s1 liblzma5 \
	libncurses6 libtinfo6 libuuid1 libxen-dev libxencall1 \
	libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 \
	libxenhypfs1 libxenmisc4.17 libxenstore4 libxentoolcore1 libxentoollog1 \
	libyajl2 libzstd1 xen-utils-4.17 xenstore-utils zlib1g

$(B)/arm64/.unpacked:
	@B=$(B) tools/fetch-debs unpack $(@D) $(arm64-debs)
	@touch $@

vsioctl-sources := $(notdir $(wildcard tools/vsioctl/*.c tools/channel/*.c))
vsioctl-libs := -lxenctrl -lxencall -lxenevtchn -lxenforeignmemory -lxenstore \
	-lxentoollog -lfdt -lutil
# Xen's headers are in the GNU dialect.
vsioctl-flags := $(CFLAGS) $(warnings) -std=gnu11 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 \
	-fPIE -fstack-protector-strong -Ixen/vsio -Itools/vsioctl -Idevices \
	-Itools/channel

# $(call vsioctl,DIR,CC,LINK,NEED): the program is DIR/vsioctl.
define vsioctl
$1/%.o: tools/vsioctl/%.c tools/vsioctl/vsioctl.mk | $4
	@mkdir -p $$(@D)
	@$2 $(vsioctl-flags) -MMD -MP -c -o $$@ $$<

$1/%.o: tools/channel/%.c tools/vsioctl/vsioctl.mk | $4
	@mkdir -p $$(@D)
	@$2 $(vsioctl-flags) -MMD -MP -c -o $$@ $$<

$1/vsioctl: $(vsioctl-sources:%.c=$1/%.o)
	@$2 -pie -Wl,-z,relro,-z,now $3 -o $$@ $$^ $(vsioctl-libs)
	@echo "tool: $$@"

-include $(wildcard $1/*.d)
endef

comma := ,
arm64-include := -isystem $(B)/arm64/usr/include -isystem \
	$(B)/arm64/usr/include/aarch64-linux-gnu
arm64-lib := $(B)/arm64/usr/lib/aarch64-linux-gnu
$(eval $(call vsioctl,$(B)/vsioctl,gcc,,need-tools))
$(eval $(call vsioctl,$(B)/vsioctl-arm64,aarch64-linux-gnu-gcc,\
	-L$(arm64-lib) -Wl$(comma)-rpath-link$(comma)$(arm64-lib),\
	need-tools $(B)/arm64/.unpacked))
$(B)/vsioctl-arm64/%.o: private vsioctl-flags += $(arm64-include)

$(B)/vsioctl.8: docs/vsioctl.8.md | need-man
	@mkdir -p $(@D)
	@pandoc --standalone --from markdown-smart --to man -o $@ $<

.PHONY: tools
tools: ## vsioctl, for this machine and for arm64, and its man page
tools: $(B)/vsioctl/vsioctl $(B)/vsioctl-arm64/vsioctl $(B)/vsioctl.8

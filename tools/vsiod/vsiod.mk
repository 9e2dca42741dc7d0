# SPDX-License-Identifier: MIT
# vsiod, for this machine and for arm64: the devices, vsioctl's way to Xen and
# to xenstored, and its own. Included by the Makefile after vsioctl.mk.

need-vsiod := $(need-tools) libseccomp-dev

.PHONY: need-vsiod
need-vsiod:
	@B=$(B) tools/need $($@)

# Beside the libraries that vsioctl has there.
$(B)/arm64/.seccomp: $(B)/arm64/.unpacked
	@B=$(B) tools/fetch-debs unpack $(B)/arm64-seccomp libseccomp-dev libseccomp2
	@cp -a $(B)/arm64-seccomp/. $(B)/arm64
	@touch $@

vsiod-sources := $(wildcard tools/vsiod/*.c)
vsiod-shared := background.c daemon.c spec.c store.c tty.c util.c xen.c
vsiod-libs := $(vsioctl-libs) -lxendevicemodel -lxentoolcore -lseccomp
vsiod-flags := $(vsioctl-flags) -Itools/vsiod

# $(call vsiod,DIR,CC,LINK,NEED,VSIOCTL): DIR/vsiod, with objects of VSIOCTL.
define vsiod
$1/%.o: tools/vsiod/%.c tools/vsiod/vsiod.mk | $4
	@mkdir -p $$(@D)
	@$2 $(vsiod-flags) -MMD -MP -c -o $$@ $$<

$1/devices/%.o: devices/%.c tools/vsiod/vsiod.mk | $4
	@mkdir -p $$(@D)
	@$2 $(vsiod-flags) -MMD -MP -c -o $$@ $$<

$1/vsiod: $(addprefix $1/,$(notdir $(vsiod-sources:%.c=%.o))) \
		$(VSIO_DEVICES:%.c=$1/devices/%.o) $(vsiod-shared:%.c=$5/%.o)
	@$2 -pie -Wl,-z,relro,-z,now $3 -o $$@ $$^ $(vsiod-libs)
	@echo "tool: $$@"

-include $(wildcard $1/*.d $1/devices/*.d)
endef

$(eval $(call vsiod,$(B)/vsiod,gcc,,need-vsiod,$(B)/vsioctl))
$(eval $(call vsiod,$(B)/vsiod-arm64,aarch64-linux-gnu-gcc,\
	-L$(arm64-lib) -Wl$(comma)-rpath-link$(comma)$(arm64-lib),\
	need-vsiod $(B)/arm64/.seccomp,$(B)/vsioctl-arm64))
$(B)/vsiod-arm64/%.o: private vsiod-flags += $(arm64-include)

.PHONY: vsiod
vsiod: ## the device daemon, for this machine and for arm64
vsiod: $(B)/vsiod/vsiod $(B)/vsiod-arm64/vsiod

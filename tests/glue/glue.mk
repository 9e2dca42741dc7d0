# SPDX-License-Identifier: MIT
# The glue of xen/vsio, unmodified, against a fake Xen. Included by the
# Makefile; the harness and the devices are those of its sanitized unit tests.
# Layouts come from Xen's sources, which are downloaded for that (tools/lab.mk).

need-glue := gcc libc6-dev libfdt-dev

.PHONY: need-glue
need-glue:
	@tools/need $($@)

# As Xen is compiled, but hosted, for this machine, and with sanitizers.
glue-cc := gcc -g -O1 $(sanitize) -std=gnu99 -Wall -Wextra -Wshadow -Werror \
	-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
	-Wstrict-prototypes -nostdinc -fno-strict-aliasing -D__XEN__ -DFAKE_XEN \
	-U__x86_64__ -D__aarch64__ -DCONFIG_ARM_64=1 -DCONFIG_SBSA_VUART_CONSOLE=1 \
	-DCONFIG_VSIO=1 -DCONFIG_VSIO_I8042=1

glue-tests := $(patsubst tests/glue/%.c,%,$(wildcard tests/glue/test-*.c))
glue-shared := $(addprefix $(B)/unit/sanitized/,harness.o hosted.o) \
	$(objects-sanitized)

# $(call glue,NAME,FLAGS,GLUE,TESTS,HEADERS): programs $(B)/glue/NAME/TEST.
define glue
glue-all += $(4:%=$(B)/glue/$1/%)

$(B)/glue/$1/include/.made: $(B)/xen/src/.unpacked tests/glue/headers \
		$(wildcard tests/glue/*.[ch]) $(shell find xen/vsio -type f)
	@mkdir -p $(B)/glue/$1
	@tests/glue/headers $(B)/xen/src $$(@D) $5
	@touch $$@

$(B)/glue/$1/%.o: xen/vsio/%.c $(B)/glue/$1/include/.made | need-glue
	@$(glue-cc) $2 -I$(B)/glue/$1/include -Ixen/vsio/include -I. -Ixen/vsio \
		-MMD -MP -c -o $$@ $$<

$(B)/glue/$1/%.o: tests/glue/%.c $(B)/glue/$1/include/.made | need-glue
	@$(glue-cc) $2 -I$(B)/glue/$1/include -Ixen/vsio/include -I. -Ixen/vsio \
		-Idevices -Itests/unit -MMD -MP -c -o $$@ $$<

$(B)/glue/$1/test-%: $(B)/glue/$1/test-%.o $(B)/glue/$1/fake-xen.o \
		$(3:%=$(B)/glue/$1/%.o) $(glue-shared)
	@gcc $(sanitize) -o $$@ $$^ -lfdt

-include $(wildcard $(B)/glue/$1/*.d)
endef

glue-full := $(patsubst %,-DCONFIG_VSIO_%=1,CONSOLE PL011 PL031 NS16550 \
	CFI_FLASH)
glue-objects := slot domctl dom0less console vpl011 vpl031 vi8042 vns16550 vflash

# Xen 4.17, without and with the register image; what has changed since, and its
# other vGIC; the i8042 alone.
glue-image := -DCONFIG_VSIO_REGISTER_IMAGE=1

$(eval $(call glue,xen-4.17,$(glue-full),$(glue-objects),\
	$(filter-out test-off test-image,$(glue-tests))))
$(eval $(call glue,image,$(glue-full) $(glue-image),$(glue-objects) image,\
	$(filter-out test-off,$(glue-tests))))
$(eval $(call glue,xen-new,$(glue-full) $(glue-image) -DNEW_XEN -DCONFIG_NEW_VGIC=1,\
	$(glue-objects) image,$(filter-out test-off,$(glue-tests)),new))
$(eval $(call glue,i8042,,slot domctl vi8042 dom0less,test-off))

.PHONY: glue
glue: ## the glue alone, against a fake Xen
glue: $(glue-all)
	@prove -Q -j$$(nproc) --exec tests/unit/run $(glue-all)

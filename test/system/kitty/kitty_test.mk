# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# For the tests of examples/kitty: its drawing and its side of the region as a library of the host,
# $(KITTY_TEST)/till.so; and the system with a bare guest in Linux's place, $(KITTY_TEST)/GUEST-gicN/image.elf.

KITTY_TEST     := $(BUILD)/test/kitty
KITTY_TEST_SRC := test/system/kitty

$(KITTY_TEST)/till.so: $(addprefix $(KITTY_SRC)/,screen.c shapes.c display.c) $(wildcard $(KITTY_SRC)/*.h) \
        $(KITTY)/font.c
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -fsanitize=undefined -fsanitize-undefined-trap-on-error -fPIC -shared -I$(KITTY_SRC) \
	    -o $@ $(filter %.c,$^)

$(KITTY_TEST)/%.bin: $(KITTY_TEST_SRC)/%.c $(KITTY_TEST_SRC)/head.h $(KITTY_SRC)/region.h
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -I$(KITTY_SRC) -c -o $(@:.bin=.o) $<
	$(Q)$(CROSS)ld --no-warn-rwx-segments -Ttext=0x1000 --section-start=.text.head=0 -e 0 -o $(@:.bin=.elf) \
	    $(@:.bin=.o)
	$(Q)$(CROSS)objcopy -O binary $(@:.bin=.elf) $@

# $(call kitty_test_image,GUEST,GIC)
define kitty_test_image
$(KITTY_TEST)/$(1)-gic$(2)/images.o: $(KITTY_TEST)/$(1).bin $(KITTY)/gic$(2)/guest.dtb \
        examples/linux/package_guest_images.S $(KITTY_INITRD)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc $$(LINUX_CFLAGS) -DGUEST_KERNEL_IMAGE='"$$<"' -DGUEST_DTB_IMAGE='"$(KITTY)/gic$(2)/guest.dtb"' \
	    -DGUEST_INITRD_IMAGE='"$(KITTY_INITRD)"' -c $$(filter %.S,$$^) -o $$@

$(KITTY_TEST)/$(1)-gic$(2)/vmm.parts.elf: $(KITTY)/vmm.o $(KITTY_TEST)/$(1)-gic$(2)/images.o $(LIBVMM_A) \
        $(LIBMICROKIT_A)
	$$(Q)$$(call link_pd,$$@,$$^)

$(KITTY_TEST)/$(1)-gic$(2)/image.elf: $(KITTY_SRC)/kitty_gicv$(2).system $(KITTY_TEST)/$(1)-gic$(2)/vmm.parts.elf \
        $(KITTY)/till.elf $(DRIVER_ELFS) $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	$$(Q)$$(call configure_pds,$$<,$$(@D),$$(KITTY_PDS) display=$(KITTY_TEST)/$(1)-gic$(2)/vmm.parts.elf)
	$$(Q)$$(call build_image,$$<,$$(@D),$$@)
endef
KITTY_TEST_IMAGES := hostile-gic2 hostile-gic3 idle-gic2
$(foreach image,$(KITTY_TEST_IMAGES),$(eval $(call kitty_test_image,$(firstword $(subst -gic, ,$(image))),$(lastword \
    $(subst -gic, ,$(image))))))

TEST_FILES += $(KITTY_TEST)/till.so $(KITTY)/disk.img
KITTY_TEST_FILES := $(KITTY_TEST)/till.so $(KITTY_TEST_IMAGES:%=$(KITTY_TEST)/%/image.elf) \
    $(KITTY)/gic2/$(IMAGE_NAME) $(KITTY)/gic3/$(IMAGE_NAME) $(KITTY)/disk.img

.PHONY: test-kitty
## test-kitty: test the example kitty with both interrupt controllers, each with both sizes of the screen
test-kitty: test-deps
	$(Q)$(BUILD_QUIETLY) $(KITTY_TEST_FILES)
	$(Q)KITTY_ALL=1 BUILD=$(abspath $(BUILD)) CROSS=$(CROSS) QEMU=$(QEMU) \
	    $(PYTHON) -m pytest -q -p no:cacheprovider -n $(JOBS) --dist loadgroup $(PYTEST_ARGS) $(KITTY_TEST_SRC)

.PHONY: kitty-picture
## kitty-picture: boot the example kitty and take docs/kitty.png off its screen
kitty-picture: test-deps
	$(Q)$(BUILD_QUIETLY) $(KITTY_TEST_FILES)
	$(Q)BUILD=$(abspath $(BUILD)) QEMU=$(QEMU) $(PYTHON) $(KITTY_TEST_SRC)/make-picture docs/kitty.png

ifndef MICROKIT_SDK
test-build: $(KITTY_TEST_FILES)
endif

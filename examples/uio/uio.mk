# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A Linux guest and a service for its programs. Variants: gic2 and gic3; files lie in $(UIO)/gic2/, ending in
# $(IMAGE_NAME).

$(call needs,LINUX_DTS LIBVMM_A GUEST_HEADERS)

UIO     := $(EXAMPLES)/uio
UIO_SRC := examples/uio

EXAMPLE_IMAGE_uio  = $(UIO)/gic$(GIC)/$(IMAGE_NAME)
EXAMPLE_BANNER_uio = Linux that asks a native component, on $(CPU) with GICv$(GIC)

# As the system descriptions have it.
UIO_RAM    := 0x10000000
UIO_INITRD := $(UIO)/initramfs.cpio.gz

$(UIO)/ask: $(UIO_SRC)/ask.c $(UIO_SRC)/service.h
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -static -s -Wl,--build-id=none -o $@ $<

$(UIO)/window_uio.ko: $(UIO_SRC)/window_uio.c $(GUEST_HEADERS)/.fetched tools/guest/build-module
	@$(call step,MODULE,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/guest/build-module $(GUEST_HEADERS) $(CROSS) $< $@

$(UIO_INITRD): $(UIO_SRC)/modules $(UIO)/window_uio.ko $(UIO)/ask $(GUEST_INITRD_FILES)
	@$(call step,INITRD,$@)
	$(Q)$(call guest_initrd,$@,$(UIO_SRC)/modules,$(UIO)/window_uio.ko,$(UIO)/ask=bin/ask)

$(UIO)/gic%/guest.dtb: $(UIO_SRC)/guest.dts $(LINUX_DTS) $(UIO_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DGIC=$* -DVCPUS=1 -DRAM_SIZE=$(UIO_RAM) \
	    -DINITRD_START=$(LINUX_INITRD_DEST) -DINITRD_END=$$(printf '0x%x' $$(($(LINUX_INITRD_DEST) + \
	    $$(stat -L -c %s $(UIO_INITRD))))) $< $@.dts && $(DTC) -I dts -O dtb -o $@ $@.dts

$(UIO)/gic%/images.o: $(UIO)/gic%/guest.dtb $(LINUX_IMAGES_FILES) $(UIO_INITRD)
	$(Q)$(call linux_images,$<,$(UIO_INITRD),$@)

$(UIO)/vmm.o $(UIO)/service.o: $(UIO)/%.o: $(UIO_SRC)/%.c | libmicrokit
	@$(call step,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -MMD -MP -c $< -o $@
-include $(UIO)/vmm.d $(UIO)/service.d

$(UIO)/gic%/vmm.elf: $(UIO)/vmm.o $(UIO)/gic%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(UIO)/service.elf: $(UIO)/service.o $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(UIO)/gic%/$(IMAGE_NAME): $(UIO_SRC)/uio_gicv%.system $(UIO)/gic%/vmm.elf $(UIO)/service.elf $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call build_image,$<,$(@D) --search-path $(UIO),$@)

.PRECIOUS: $(UIO)/gic%/guest.dtb $(UIO)/gic%/images.o $(UIO)/gic%/vmm.elf

ifndef MICROKIT_SDK
test-build: $(foreach gic,2 3,$(UIO)/gic$(gic)/$(IMAGE_NAME))
endif

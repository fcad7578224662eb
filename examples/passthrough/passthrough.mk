# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A Linux guest with real devices. Variants: gic2 and gic3; files lie in $(PASSTHROUGH)/gic2/, ending in $(IMAGE_NAME).

$(call needs,LINUX_DTS LIBVMM_A GUEST_INITRD_FILES)

PASSTHROUGH     := $(EXAMPLES)/passthrough
PASSTHROUGH_SRC := examples/passthrough

EXAMPLE_IMAGE_passthrough  = $(PASSTHROUGH)/gic$(GIC)/$(IMAGE_NAME)
EXAMPLE_BANNER_passthrough = Linux with disk, network and PCI of its own, on $(CPU) with GICv$(GIC)
EXAMPLE_FILES_passthrough  = $(PASSTHROUGH)/disk.img
EXAMPLE_QEMU_passthrough   = -machine highmem=off -global virtio-mmio.force-legacy=false \
    -drive if=none,id=disk,format=raw,file=$(PASSTHROUGH)/disk.img \
    -device virtio-blk-device,bus=virtio-mmio-bus.31,drive=disk \
    -netdev user,id=net -device virtio-net-device,bus=virtio-mmio-bus.30,netdev=net \
    -netdev user,id=pci-net,net=10.0.3.0/24 -device e1000,addr=1,netdev=pci-net,romfile=

# As vmm.c has it; and the size of guest RAM as the system descriptions have it.
PASSTHROUGH_INITRD_DEST := 0x55200000
PASSTHROUGH_RAM         := 0x10000000
PASSTHROUGH_INITRD      := $(PASSTHROUGH)/initramfs.cpio.gz

$(PASSTHROUGH_INITRD): $(PASSTHROUGH_SRC)/modules $(PASSTHROUGH_SRC)/rc $(GUEST_INITRD_FILES)
	@$(call step,INITRD,$@)
	$(Q)$(call guest_initrd,$@,$(PASSTHROUGH_SRC)/modules,,$(PASSTHROUGH_SRC)/rc=etc/rc)

$(PASSTHROUGH)/gic%/guest.dtb: $(PASSTHROUGH_SRC)/guest.dts $(LINUX_DTS) $(PASSTHROUGH_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DGIC=$* -DVCPUS=1 -DRAM_SIZE=$(PASSTHROUGH_RAM) \
	    -DINITRD_START=$(PASSTHROUGH_INITRD_DEST) -DINITRD_END=$$(printf '0x%x' $$(($(PASSTHROUGH_INITRD_DEST) + \
	    $$(stat -L -c %s $(PASSTHROUGH_INITRD))))) $< $@.dts && $(DTC) -I dts -O dtb -o $@ $@.dts

$(PASSTHROUGH)/gic%/images.o: $(PASSTHROUGH)/gic%/guest.dtb $(LINUX_IMAGES_FILES) $(PASSTHROUGH_INITRD)
	$(Q)$(call linux_images,$<,$(PASSTHROUGH_INITRD),$@)

$(PASSTHROUGH)/vmm.o: $(PASSTHROUGH_SRC)/vmm.c | libmicrokit
	@$(call step,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -MMD -MP -c $< -o $@
-include $(PASSTHROUGH)/vmm.d

$(PASSTHROUGH)/gic%/vmm.elf: $(PASSTHROUGH)/vmm.o $(PASSTHROUGH)/gic%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(PASSTHROUGH)/gic%/$(IMAGE_NAME): $(PASSTHROUGH_SRC)/passthrough_gicv%.system $(PASSTHROUGH)/gic%/vmm.elf \
        $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call build_image,$<,$(@D),$@)

# A disk with an empty file system; it is kept from one run to the next.
$(PASSTHROUGH)/disk.img:
	@$(call step,DISK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@.new && truncate -s 192M $@.new
	$(Q)PATH="$$PATH:/sbin:/usr/sbin" mke2fs -q -F -t ext4 $@.new && mv $@.new $@

.PRECIOUS: $(PASSTHROUGH)/gic%/guest.dtb $(PASSTHROUGH)/gic%/images.o $(PASSTHROUGH)/gic%/vmm.elf

TEST_FILES += $(PASSTHROUGH)/disk.img
ifndef MICROKIT_SDK
test-build: $(foreach gic,2 3,$(PASSTHROUGH)/gic$(gic)/$(IMAGE_NAME)) $(PASSTHROUGH)/disk.img
endif

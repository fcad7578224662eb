# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's U-Boot as a guest, and a disk from which it boots Linux. A variant is named by interrupt controller and what
# the guest's disk sits on: $(UBOOT)/gic2-mmio/image.elf, $(UBOOT)/gic3-pci/image.elf.

$(call needs,VMM_ELF DRIVER_ELFS GUEST_INITRD_FILES)

UBOOT          := $(BUILD)/test/uboot
UBOOT_SRC      := test/system/uboot
UBOOT_BIN      := $(BUILD)/deb/u-boot-qemu/usr/lib/u-boot/qemu_arm64/u-boot.bin
UBOOT_INITRD   := $(UBOOT)/initramfs.cpio.gz
UBOOT_VARIANTS := gic2-mmio gic3-pci

$(BUILD)/deb/u-boot-qemu/.fetched:
	@$(call step,FETCH,u-boot-qemu: a boot loader of Debian)
	$(Q)$(FETCH_DEB) u-boot-qemu $(@D) --wildcards './usr/lib/u-boot/qemu_arm64/u-boot.bin'

$(UBOOT)/uboot.img: $(UBOOT_SRC)/image.S $(BUILD)/deb/u-boot-qemu/.fetched
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc -DUBOOT='"$(UBOOT_BIN)"' -c $< -o $@.o
	$(Q)$(CROSS)objcopy -O binary $@.o $@

# The description of a variant: without the CPU interface for a GICv3, and with the transport named.
$(UBOOT)/%/guest.system: $(UBOOT_SRC)/uboot.system
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's/transport="mmio"/transport="$(lastword $(subst -, ,$*))"/' \
	    $(if $(filter gic3%,$*),-e '/mr="gic_vcpu"/d' -e '/name="gic_vcpu"/d' \
	    -e 's/gic="2" gicv="gic_vcpu"/gic="3"/') $< >$@

$(UBOOT)/%/image.elf: $(UBOOT)/%/guest.system $(UBOOT)/uboot.img $(VMM_ELF) $(DRIVER_ELFS) $(SDDF_CONFIGURE) \
        $(MICROKIT_TOOL_FILES)
	$(Q)$(call configure_pds,$<,$(@D),uart=$(DRIVERS)/pl011.elf serial_virt=$(DRIVERS)/serial_virt.elf \
	    disk=$(DRIVERS)/virtio_blk.elf blk_virt=$(DRIVERS)/blk_virt.elf vmm=$(VMM_ELF))
	$(Q)$(call build_image,$<,$(@D) --search-path $(UBOOT),$@)

$(UBOOT_INITRD): $(UBOOT_SRC)/modules $(GUEST_INITRD_FILES)
	@$(call step,INITRD,$@)
	$(Q)$(call guest_initrd,$@,$(UBOOT_SRC)/modules)

# The guest's disk has a partition; it is itself the first partition of the machine's.
$(UBOOT)/disk.img: $(UBOOT_SRC)/extlinux.conf $(GUEST_KERNEL) $(UBOOT_INITRD) tools/run/make-disk
	@$(call step,DISK,$@)
	$(Q)rm -rf $@.root && mkdir -p $@.root/boot $@.root/extlinux
	$(Q)cp $(GUEST_KERNEL) $(UBOOT_INITRD) $@.root/boot && cp $< $@.root/extlinux
	$(Q)rm -f $@.fs && truncate -s 96M $@.fs
	$(Q)PATH="$$PATH:/sbin:/usr/sbin" mke2fs -q -F -t ext4 -d $@.root $@.fs
	$(Q)tools/run/make-disk $@.guest $@.fs && tools/run/make-disk $@ $@.guest
	$(Q)rm -rf $@.root $@.fs $@.guest

.PHONY: uboot-images
uboot-images: $(UBOOT_VARIANTS:%=$(UBOOT)/%/image.elf) $(UBOOT)/disk.img

.PRECIOUS: $(UBOOT)/%/guest.system
TEST_FILES += $(UBOOT)/disk.img $(GUEST_KERNEL)

ifndef MICROKIT_SDK
test-build: uboot-images
endif

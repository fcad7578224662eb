# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Debian's U-Boot as a guest, and a disk from which it boots Linux. A variant is named by interrupt controller and what
# the guest's disk sits on: $(UBOOT)/gic2-mmio/image.elf, $(UBOOT)/gic3-pci/image.elf.

UBOOT          := $(BUILD)/tests/uboot
UBOOT_SRC      := tests/system/uboot
UBOOT_BIN      := $(BUILD)/deb/u-boot-qemu/usr/lib/u-boot/qemu_arm64/u-boot.bin
UBOOT_INITRD   := $(UBOOT)/initramfs.cpio.gz
UBOOT_VARIANTS := gic2-mmio gic3-pci
UBOOT_GIC       = $(patsubst gic%,%,$(firstword $(subst -, ,$*)))
UBOOT_CFLAGS    = $(DRIVER_CFLAGS) $(if $(filter %pci,$*),-DWITH_PCI)

$(BUILD)/deb/u-boot-qemu/.fetched:
	@$(call step,FETCH,u-boot-qemu: a boot loader of Debian)
	$(Q)$(FETCH_DEB) u-boot-qemu $(@D) --wildcards './usr/lib/u-boot/qemu_arm64/u-boot.bin'

$(UBOOT)/uboot.img: $(UBOOT_SRC)/image.S $(BUILD)/deb/u-boot-qemu/.fetched
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc -DUBOOT='"$(UBOOT_BIN)"' -c $< -o $@.o
	$(Q)$(CROSS)objcopy -O binary $@.o $@

$(UBOOT)/%/guest.dtb: $(UBOOT_SRC)/uboot.dts $(LINUX_DTS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -Iexamples/linux -DGIC=$(UBOOT_GIC) $< |\
	    $(DTC) -q -I dts -O dtb -o $@ -

$(UBOOT)/%/images.o: $(MACHINE_SRC)/images.S $(UBOOT)/uboot.img $(UBOOT)/%/guest.dtb
	$(Q)$(CROSS)gcc -DGUEST_IMAGE='"$(UBOOT)/uboot.img"' -DGUEST_DTB='"$(@D)/guest.dtb"' -c $< -o $@

$(UBOOT)/%/vmm.o: $(UBOOT_SRC)/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(UBOOT_CFLAGS) -c -o $@ $<

$(UBOOT)/%/parts/vmm.elf: $(UBOOT)/%/vmm.o $(UBOOT)/%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)mkdir -p $(@D)
	$(Q)$(call link_pd,$@,$^)

$(UBOOT)/gic2-%.system: $(UBOOT_SRC)/uboot.system
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

# Without the GICv2's CPU interface.
$(UBOOT)/gic3-%.system: $(UBOOT_SRC)/uboot.system
	$(Q)mkdir -p $(@D)
	$(Q)sed '/mr="gic_vcpu"/d; /name="gic_vcpu"/d' $< >$@

$(UBOOT)/%/image.elf: $(UBOOT)/%.system $(UBOOT)/%/parts/vmm.elf $(DRIVER_ELFS) $(SDDF_CONFIGURE) \
        $(MICROKIT_TOOL_FILES)
	$(Q)$(call configure_pds,$<,$(@D),disk=$(DRIVERS)/virtio_blk.elf blk_virt=$(DRIVERS)/blk_virt.elf \
	    vmm=$(@D)/parts/vmm.elf)
	$(Q)$(call build_image,$<,$(@D),$@)

$(UBOOT_INITRD): $(UBOOT_SRC)/modules $(GUEST_INITRD_FILES)
	@$(call step,INITRD,$@)
	$(Q)$(call guest_initrd,$@,$(UBOOT_SRC)/modules)

# The guest's disk has a partition; it is itself the first partition of the machine's.
$(UBOOT)/disk.img: $(UBOOT_SRC)/extlinux.conf $(GUEST_KERNEL) $(UBOOT_INITRD) tools/run/make-disc
	@$(call step,DISK,$@)
	$(Q)rm -rf $@.root && mkdir -p $@.root/boot $@.root/extlinux
	$(Q)cp $(GUEST_KERNEL) $(UBOOT_INITRD) $@.root/boot && cp $< $@.root/extlinux
	$(Q)rm -f $@.fs && truncate -s 96M $@.fs
	$(Q)PATH="$$PATH:/sbin:/usr/sbin" mke2fs -q -F -t ext4 -d $@.root $@.fs
	$(Q)tools/run/make-disc $@.guest $@.fs && tools/run/make-disc $@ $@.guest
	$(Q)rm -rf $@.root $@.fs $@.guest

.PHONY: uboot-images
uboot-images: $(UBOOT_VARIANTS:%=$(UBOOT)/%/image.elf) $(UBOOT)/disk.img

.PRECIOUS: $(UBOOT)/%/guest.dtb $(UBOOT)/%/images.o $(UBOOT)/%/vmm.o $(UBOOT)/%/parts/vmm.elf $(UBOOT)/gic2-%.system \
    $(UBOOT)/gic3-%.system
-include $(wildcard $(UBOOT)/*/vmm.d)

ifndef MICROKIT_SDK
TEST_PREREQUISITES += uboot-images
endif

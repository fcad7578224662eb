# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the Linux tests boot: variants of the example, and a VMM that restarts its guest with another initramfs. All of
# it is for the built-in kernel.

RESTART := $(BUILD)/tests/linux/restart

$(RESTART)/first.cpio.gz $(RESTART)/second.cpio.gz: $(RESTART)/%.cpio.gz: guests/linux/init $(GUEST_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)echo 'initramfs: $*' >$(@D)/$*.name
	$(Q)tools/guest/make-initramfs $@ $(GUEST_BUSYBOX) $< $(@D)/$*.name=etc/name

$(RESTART)/first.dtb $(RESTART)/second.dtb: $(RESTART)/%.dtb: $(RESTART)/%.cpio.gz $(LINUX_DTS)
	$(Q)$(call linux_dtb,2,0x10000000,$<,$@)

RESTART_IMAGES := $(RESTART)/first.dtb $(RESTART)/first.cpio.gz $(RESTART)/second.dtb $(RESTART)/second.cpio.gz
$(RESTART)/images.o: tests/system/linux/restart/images.S $(RESTART_IMAGES) $(GUEST_KERNEL)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -DKERNEL_IMAGE='"$(GUEST_KERNEL)"' \
	    -DFIRST_DTB_IMAGE='"$(RESTART)/first.dtb"' -DFIRST_INITRD_IMAGE='"$(RESTART)/first.cpio.gz"' \
	    -DSECOND_DTB_IMAGE='"$(RESTART)/second.dtb"' -DSECOND_INITRD_IMAGE='"$(RESTART)/second.cpio.gz"' \
	    -c $< -o $@

$(RESTART)/vmm.o: tests/system/linux/restart/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -MMD -MP -c $< -o $@
-include $(RESTART)/vmm.d

$(RESTART)/vmm.elf: $(RESTART)/vmm.o $(RESTART)/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

# The example's own system description does: it names the program vmm.elf.
$(RESTART)/image.elf: examples/linux/linux_gicv2.system $(RESTART)/vmm.elf $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call build_image,$<,$(@D),$@)

ifndef MICROKIT_SDK
TEST_PREREQUISITES += $(foreach variant,gic2-256M gic3-256M gic2-96M gic3-1G,$(LINUX)/$(variant)/image.elf) \
                      $(RESTART)/image.elf
endif

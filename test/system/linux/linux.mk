# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the Linux tests boot: variants of the example, a VMM that restarts its guest, which has four vCPUs on two cores,
# with another initramfs, systems whose device tree has more CPUs than there are, and two guests of which one has a
# budget. All of it is for the built-in kernel.

$(call needs,LINUX TWO_GUESTS LIBVMM_A GUEST_INITRD)

RESTART := $(BUILD)/test/linux/restart

$(RESTART)/first.cpio.gz $(RESTART)/second.cpio.gz: $(RESTART)/%.cpio.gz: tools/guest/linux-init $(GUEST_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)echo 'initramfs: $*' >$(@D)/$*.name
	$(Q)tools/guest/make-initramfs $@ $(GUEST_BUSYBOX) $< $(@D)/$*.name=etc/name

$(RESTART)/first.dtb $(RESTART)/second.dtb: $(RESTART)/%.dtb: $(RESTART)/%.cpio.gz $(LINUX_DTS)
	$(Q)$(call linux_dtb,2,0x10000000,$<,$@,4)

RESTART_IMAGES := $(RESTART)/first.dtb $(RESTART)/first.cpio.gz $(RESTART)/second.dtb $(RESTART)/second.cpio.gz
$(RESTART)/images.o: test/system/linux/restart/images.S $(RESTART_IMAGES) $(GUEST_KERNEL)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -DKERNEL_IMAGE='"$(GUEST_KERNEL)"' \
	    -DFIRST_DTB_IMAGE='"$(RESTART)/first.dtb"' -DFIRST_INITRD_IMAGE='"$(RESTART)/first.cpio.gz"' \
	    -DSECOND_DTB_IMAGE='"$(RESTART)/second.dtb"' -DSECOND_INITRD_IMAGE='"$(RESTART)/second.cpio.gz"' \
	    -c $< -o $@

$(RESTART)/vmm.o: test/system/linux/restart/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -MD -MP -c $< -o $@
-include $(RESTART)/vmm.d

$(RESTART)/vmm.elf: $(RESTART)/vmm.o $(RESTART)/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(RESTART)/restart.system: examples/linux/linux_gicv2.system tools/run/spread-vcpus
	$(Q)mkdir -p $(@D)
	$(Q)tools/run/spread-vcpus $< 4 2 >$@

$(RESTART)/image.elf: $(RESTART)/restart.system $(RESTART)/vmm.elf $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call build_image,$<,$(@D),$@)

# The VMM of a guest with four CPUs, in a system with two.
TOO_MANY := $(BUILD)/test/linux/too-many
$(TOO_MANY)/image.elf: $(LINUX)/gic3-256M-2x2/linux.system $(LINUX)/gic3-256M-4x2/vmm.elf $(MICROKIT_TOOL_FILES)
	$(Q)mkdir -p $(@D)
	$(Q)$(call build_image,$<,$(LINUX)/gic3-256M-4x2,$@)

# The example's two guests, where the second one has a budget.
BUDGET      := $(BUILD)/test/linux/budget
BUDGET_SAYS := budget="3_000" period="10_000"
$(BUDGET)/gic2/image.elf $(BUDGET)/gic3/image.elf: $(BUDGET)/gic%/image.elf: \
        examples/two-guests/two_guests_gicv%.system $(TWO_GUESTS)/gic%/vmm.elf $(TWO_GUESTS)/console.elf \
        $(MICROKIT_TOOL_FILES)
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/name="linux_2" priority="100"/& $(BUDGET_SAYS)/' $< >$(@D)/guests.system
	$(Q)grep -q '$(BUDGET_SAYS)' $(@D)/guests.system
	$(Q)$(call build_image,$(@D)/guests.system,$(TWO_GUESTS)/gic$* --search-path $(TWO_GUESTS),$@)

# Variants with several vCPUs. "make test" boots some of them; test-smp all.
LINUX_SMP_SOME := gic2-256M-2x1-low gic3-256M-2x2 gic2-256M-4x2 gic3-256M-4x4 gic3-256M-4x1-low gic2-256M-8x4 \
    gic3-256M-8x2-low
LINUX_SMP_ALL  := $(foreach gic,2 3,$(foreach vcpus,2 4 8,$(foreach cores,1 2 4,$(foreach low,_ -low,\
    gic$(gic)-256M-$(vcpus)x$(cores)$(low:_=)))))

.PHONY: test-smp
## test-smp: boot Linux, and bare guests, with every number of vCPUs and cores; takes half an hour
test-smp: test-deps
	+$(Q)$(BUILD_QUIETLY) test-build $(LINUX_SMP_ALL:%=$(LINUX)/%/image.elf)
	$(Q)TEST_MATRIX=1 $(MAKE) test TESTS='test/system/linux/test_linux_smp.py test/system/smp'

ifndef MICROKIT_SDK
test-build: $(foreach variant,gic2-256M gic3-256M gic2-96M gic3-1G gic2-256M-9x4 $(LINUX_SMP_SOME),\
                          $(LINUX)/$(variant)/image.elf) $(RESTART)/image.elf $(TOO_MANY)/image.elf \
                      $(TWO_GUESTS)/gic2/image.elf $(TWO_GUESTS)/gic3/image.elf \
                      $(BUDGET)/gic2/image.elf $(BUDGET)/gic3/image.elf
endif

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The Linux example. A variant is named by interrupt controller and RAM size, such as gic2-256M; its files lie in
# $(LINUX)/gic2-256M/, ending in $(IMAGE_NAME), what QEMU starts.

LINUX     := $(EXAMPLES)/linux

LINUX_GIC  = $(patsubst gic%,%,$(firstword $(subst -, ,$*)))
LINUX_RAM  = $$(printf '0x%x' $$(numfmt --from=iec $(lastword $(subst -, ,$*))))
# As vmm.c has it.
LINUX_INITRD_DEST := 0x45200000

LINUX_CFLAGS = $(TARGET_CFLAGS) -I$(MICROKIT)/include -Iinclude

.PRECIOUS: $(LINUX)/%/guest.dtb $(LINUX)/%/linux.system $(LINUX)/%/images.o $(LINUX)/%/vmm.elf $(LINUX)/%/$(IMAGE_NAME)

# $(call linux_dtb,GIC,RAM BYTES,INITRD,OUT): the guest's device tree for an initial RAM disc of that size.
linux_dtb = $(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DRAM_SIZE=$(2) \
    -DINITRD_START=$(LINUX_INITRD_DEST) \
    -DINITRD_END=$$(printf '0x%x' $$(($(LINUX_INITRD_DEST) + $$(stat -L -c %s $(3))))) \
    examples/linux/gicv$(1).dts $(4).dts && $(DTC) -I dts -O dtb -o $(4) $(4).dts

LINUX_DTS := examples/linux/gicv2.dts examples/linux/gicv3.dts examples/linux/common.dtsi
$(LINUX)/%/guest.dtb: $(LINUX_DTS) $(GUEST_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)$(call linux_dtb,$(LINUX_GIC),$(LINUX_RAM),$(GUEST_INITRD),$@)

$(LINUX)/%/linux.system: examples/linux/linux_gicv2.system examples/linux/linux_gicv3.system
	$(Q)mkdir -p $(@D)
	$(Q)sed '/name="guest_ram" size/s/ size="[^"]*"/ size="'$(LINUX_RAM)'"/' \
	    examples/linux/linux_gicv$(LINUX_GIC).system >$@

$(LINUX)/%/images.o: examples/linux/package_guest_images.S $(LINUX)/%/guest.dtb $(GUEST_KERNEL) $(GUEST_INITRD)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -DGUEST_KERNEL_IMAGE='"$(GUEST_KERNEL)"' -DGUEST_DTB_IMAGE='"$(@D)/guest.dtb"' \
	    -DGUEST_INITRD_IMAGE='"$(GUEST_INITRD)"' -c $< -o $@

$(LINUX)/vmm.o: examples/linux/vmm.c | libmicrokit
	@$(call step,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -MMD -MP -c $< -o $@
-include $(LINUX)/vmm.d

$(LINUX)/%/vmm.elf: $(LINUX)/vmm.o $(LINUX)/%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

# The .system file names vmm.elf; the tool finds it in the search path.
$(LINUX)/%/$(IMAGE_NAME): $(LINUX)/%/linux.system $(LINUX)/%/vmm.elf $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call build_image,$<,$(@D),$@)

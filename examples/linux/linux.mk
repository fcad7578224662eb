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

.SECONDARY:

# The device tree names where the initial RAM disc ends.
$(LINUX)/%/guest.dtb: examples/linux/gicv2.dts examples/linux/gicv3.dts examples/linux/common.dtsi $(GUEST_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DRAM_SIZE=$(LINUX_RAM) \
	    -DINITRD_START=$(LINUX_INITRD_DEST) \
	    -DINITRD_END=$$(printf '0x%x' $$(($(LINUX_INITRD_DEST) + $$(stat -L -c %s $(GUEST_INITRD))))) \
	    examples/linux/gicv$(LINUX_GIC).dts $@.dts
	$(Q)$(DTC) -I dts -O dtb -o $@ $@.dts

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
	$(Q)$(CROSS)ld -L$(MICROKIT)/lib $(filter-out $(LIBMICROKIT_A),$^) -lmicrokit -Tmicrokit.ld -o $@

# The .system file names vmm.elf; the tool finds it in the search path.
$(LINUX)/%/$(IMAGE_NAME): $(LINUX)/%/linux.system $(LINUX)/%/vmm.elf $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(MICROKIT_TOOL) $< --search-path $(@D) --board $(MICROKIT_BOARD) --config $(MICROKIT_CONFIG) \
	    -o $@ -r $(@D)/report.txt $(MICROKIT_TOOL_ARGS) >$(@D)/tool.log || { cat $(@D)/tool.log >&2; false; }

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The Linux example with four vCPUs: its VMM, and a device tree and system description with four of them.

$(call needs,LINUX LIBVMM_A GUEST_INITRD)

SMP_EXAMPLE := $(EXAMPLES)/smp

EXAMPLE_IMAGE_smp  = $(SMP_EXAMPLE)/gic$(GIC)/$(IMAGE_NAME)
EXAMPLE_BOARDS_smp := $(BOARDS)
EXAMPLE_CORES_smp := 4
EXAMPLE_BANNER_smp = Linux with four vCPUs on $(BOARD_SAYS)

$(SMP_EXAMPLE)/gic%/guest.dtb: $(LINUX_DTS) $(GUEST_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)$(call linux_dtb,$*,0x10000000,$(GUEST_INITRD),$@,4)

$(SMP_EXAMPLE)/gic%/images.o: $(SMP_EXAMPLE)/gic%/guest.dtb $(LINUX_IMAGES_FILES)
	$(Q)$(call linux_images,$<,$(GUEST_INITRD),$@)

$(SMP_EXAMPLE)/gic%/vmm.elf: $(LINUX)/vmm.o $(SMP_EXAMPLE)/gic%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(SMP_EXAMPLE)/gic%/smp.system: examples/smp/smp_gicv%.system
	$(Q)mkdir -p $(@D)
	$(Q)sed $(LINUX_BOARD) $< >$@

$(SMP_EXAMPLE)/gic%/$(IMAGE_NAME): $(SMP_EXAMPLE)/gic%/smp.system $(SMP_EXAMPLE)/gic%/vmm.elf $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call build_image,$<,$(@D),$@)

.PRECIOUS: $(SMP_EXAMPLE)/gic%/guest.dtb $(SMP_EXAMPLE)/gic%/smp.system \
    $(SMP_EXAMPLE)/gic%/images.o $(SMP_EXAMPLE)/gic%/vmm.elf \
    $(SMP_EXAMPLE)/gic%/$(IMAGE_NAME)

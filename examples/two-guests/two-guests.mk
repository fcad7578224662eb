# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Two Linux guests, each with its VMM, and the console that they share. The guests' device tree is that of the Linux
# example: where that has the machine's PL011, these have the library's.

$(call needs,LINUX_DTS LIBVMM_A GUEST_INITRD)

TWO_GUESTS := $(EXAMPLES)/two-guests

EXAMPLE_IMAGE_two-guests  = $(TWO_GUESTS)/gic$(GIC)/$(IMAGE_NAME)
EXAMPLE_BANNER_two-guests = two Linux guests on $(CPU) with GICv$(GIC); Ctrl-T selects the other one

$(TWO_GUESTS)/gic%/guest.dtb: $(LINUX_DTS) $(GUEST_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)$(call linux_dtb,$*,0x8000000,$(GUEST_INITRD),$@)

$(TWO_GUESTS)/gic%/images.o: $(TWO_GUESTS)/gic%/guest.dtb $(LINUX_IMAGES_FILES)
	$(Q)$(call linux_images,$<,$(GUEST_INITRD),$@)

$(TWO_GUESTS)/%.o: examples/two-guests/%.c | libmicrokit
	@$(call step,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -MMD -MP -c $< -o $@
-include $(TWO_GUESTS)/vmm.d $(TWO_GUESTS)/console.d

$(TWO_GUESTS)/console.elf: $(TWO_GUESTS)/console.o $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(TWO_GUESTS)/gic%/vmm.elf: $(TWO_GUESTS)/vmm.o $(TWO_GUESTS)/gic%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(TWO_GUESTS)/gic%/$(IMAGE_NAME): examples/two-guests/two_guests_gicv%.system $(TWO_GUESTS)/gic%/vmm.elf \
        $(TWO_GUESTS)/console.elf $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call build_image,$<,$(@D) --search-path $(TWO_GUESTS),$@)

.PRECIOUS: $(TWO_GUESTS)/gic%/guest.dtb $(TWO_GUESTS)/gic%/images.o $(TWO_GUESTS)/gic%/vmm.elf \
    $(TWO_GUESTS)/gic%/$(IMAGE_NAME) $(TWO_GUESTS)/%.o

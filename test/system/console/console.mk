# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Linux with two virtio consoles, one of them with several ports: $(CTEST)/image.elf.

$(call needs,LIBVMM_A DRIVER_ELFS GUEST_INITRD_FILES)

CTEST     := $(BUILD)/test/console
CTEST_SRC := test/system/console

$(CTEST)/initramfs.cpio.gz: $(CTEST_SRC)/modules $(GUEST_INITRD_FILES)
	@$(call step,INITRD,$@)
	$(Q)$(call guest_initrd,$@,$(CTEST_SRC)/modules)

$(CTEST)/parts/vmm.o: $(CTEST_SRC)/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(DRIVER_CFLAGS) -c -o $@ $<
-include $(CTEST)/parts/vmm.d

$(CTEST)/parts/vmm.elf: $(CTEST)/parts/vmm.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(CTEST)/image.elf: $(CTEST_SRC)/console.system $(CTEST)/parts/vmm.elf $(DRIVER_ELFS) $(GUEST_KERNEL) \
        $(CTEST)/initramfs.cpio.gz $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call configure_pds,$<,$(@D),uart=$(DRIVERS)/pl011.elf serial_virt=$(DRIVERS)/serial_virt.elf \
	    vmm=$(CTEST)/parts/vmm.elf)
	$(Q)$(call build_image,$<,$(@D) --search-path $(GUEST),$@)

ifndef MICROKIT_SDK
test-build: $(CTEST)/image.elf
endif

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The ready-made VMM: $(VMM_ELF), to be configured for a system as drivers are (mk/drivers.mk).

VMM_ELF := $(BUILD)/vmm/vmm.elf

$(BUILD)/vmm/vmm.o: vmm/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(DRIVER_CFLAGS) -c -o $@ $<
-include $(BUILD)/vmm/vmm.d

$(VMM_ELF): $(BUILD)/vmm/vmm.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

ifndef MICROKIT_SDK
TEST_PREREQUISITES += $(VMM_ELF)
endif

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The ready-made VMM: $(VMM_ELF), to be configured for a system as drivers are (mk/drivers.mk).

$(call needs,LIBVMM_A)

VMM_ELF := $(EXAMPLES:%/examples=%/vmm)/vmm.elf

$(VMM_ELF:.elf=.o): apps/vmm/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(DRIVER_CFLAGS) -c -o $@ $<
-include $(VMM_ELF:.elf=.d)

$(VMM_ELF): $(VMM_ELF:.elf=.o) $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

ifndef MICROKIT_SDK
test-build: $(VMM_ELF)
endif

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Two bare guests, stormy and witness, each with its VMM: $(STORM)/gicN/image.elf.

$(call needs,LIBVMM_A GUEST_HARNESS)

STORM     := $(BUILD)/test/storm
STORM_SRC := test/system/storm

$(STORM)/stormy.o $(STORM)/witness.o: $(STORM)/%.o: $(STORM_SRC)/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -Itest/guests -c -o $@ $<

$(STORM)/stormy.bin $(STORM)/witness.bin: $(STORM)/%.bin: $(STORM)/%.o $(GUEST_HARNESS) test/guests/harness/guest.ld
	$(Q)$(CROSS)ld --no-warn-rwx-segments -T test/guests/harness/guest.ld -o $(@:.bin=.elf) $(filter %.o,$^)
	$(Q)$(CROSS)objcopy -O binary $(@:.bin=.elf) $@

$(STORM)/stormy_vmm.o $(STORM)/witness_vmm.o: $(STORM)/%_vmm.o: $(STORM_SRC)/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -isystem $(MICROKIT)/include -Iinclude -DSTORMY=$(if $(filter stormy,$*),1,0) \
	    -MD -MP -c -o $@ $<

# $(call storm_vmm,GIC,NAME)
define storm_vmm
$(STORM)/gic$(1)/$(2)_images.o: $(MACHINE_SRC)/images.S $(STORM)/$(2).bin $(MACHINE)/gic$(1)/psci/guest.dtb
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc -DGUEST_IMAGE='"$(STORM)/$(2).bin"' -DGUEST_DTB='"$(MACHINE)/gic$(1)/psci/guest.dtb"' -c $$< -o $$@

$(STORM)/gic$(1)/$(2)_vmm.elf: $(STORM)/$(2)_vmm.o $(STORM)/gic$(1)/$(2)_images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$$(Q)$$(call link_pd,$$@,$$^)
endef
$(foreach gic,2 3,$(foreach name,stormy witness,$(eval $(call storm_vmm,$(gic),$(name)))))

$(STORM)/gic%/image.elf: $(STORM_SRC)/gic%.system $(STORM)/gic%/stormy_vmm.elf $(STORM)/gic%/witness_vmm.elf \
        $(MICROKIT_TOOL_FILES)
	$(Q)$(call build_image,$<,$(@D),$@)

-include $(wildcard $(STORM)/*.d)
.PRECIOUS: $(STORM)/gic%/stormy_vmm.elf $(STORM)/gic%/witness_vmm.elf

ifndef MICROKIT_SDK
test-build: $(STORM)/gic2/image.elf $(STORM)/gic3/image.elf
endif

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Systems with several vCPUs, several guests and real devices: the examples beside the Linux one, and their tests.

$(call needs,LIBVMM_A GUEST_HARNESS)

# Bare guests with four vCPUs: test/guests/smp/NAME.c becomes $(SMP_OUT)/NAME/VARIANT/image.elf. A variant is named by
# interrupt controller, cores, and which of VMM and vCPUs has the higher priority, such as gic2-4-high.
SMP_OUT      := $(BUILD)/test/smp
SMP_NAMES    := $(basename $(notdir $(wildcard test/guests/smp/*.c)))
SMP_VCPUS    := 4
SMP_VARIANTS := $(foreach gic,2 3,$(foreach cores,1 2 4,$(foreach vmm,high low,gic$(gic)-$(cores)-$(vmm))))

# $(call smp_priorities,VARIANT): those of the VMM and its vCPUs.
smp_priorities = $(if $(filter %-low,$(1)),50 100,150 100)

$(SMP_OUT)/%.c.o: test/guests/smp/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -Itest/guests -c -o $@ $<

$(SMP_OUT)/%.elf: $(SMP_OUT)/%.c.o $(GUEST_HARNESS) test/guests/harness/guest.ld
	$(Q)$(CROSS)ld --no-warn-rwx-segments -T test/guests/harness/guest.ld -o $@ $(filter %.o,$^)

$(SMP_OUT)/%.bin: $(SMP_OUT)/%.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

$(SMP_OUT)/gic2.dtb $(SMP_OUT)/gic3.dtb: $(SMP_OUT)/gic%.dtb: $(MACHINE_SRC)/guest.dts
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DGIC=$* -DVCPUS=$(SMP_VCPUS) $< |\
	    $(DTC) -q -I dts -O dtb -o $@ -

# $(call smp_vmm,GIC,NAME): a VMM with that guest in it, for all variants.
define smp_vmm
$(SMP_OUT)/$(2)/gic$(1)/images.o: $(MACHINE_SRC)/images.S $(SMP_OUT)/$(2).bin $(SMP_OUT)/gic$(1).dtb
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)gcc -DGUEST_IMAGE='"$(SMP_OUT)/$(2).bin"' -DGUEST_DTB='"$(SMP_OUT)/gic$(1).dtb"' \
	    -c $$< -o $$@

$(SMP_OUT)/$(2)/gic$(1)/vmm.elf: $(MACHINE)/vmm.o $(SMP_OUT)/$(2)/gic$(1)/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$$(Q)$$(call link_pd,$$@,$$^)
endef
$(foreach gic,2 3,$(foreach name,$(SMP_NAMES),$(eval $(call smp_vmm,$(gic),$(name)))))

# $(call smp_image,NAME,VARIANT,GIC,CORES)
define smp_image
$(SMP_OUT)/$(1)/$(2)/image.elf: $(MACHINE_SRC)/gic$(3)_4.system $(SMP_OUT)/$(1)/gic$(3)/vmm.elf tools/run/spread-vcpus \
        $(MICROKIT_TOOL_FILES)
	$$(Q)mkdir -p $$(@D)
	$$(Q)tools/run/spread-vcpus $$< $(SMP_VCPUS) $(4) $(call smp_priorities,$(2)) >$$(@D)/guest.system
	$$(Q)$$(call build_image,$$(@D)/guest.system,$(SMP_OUT)/$(1)/gic$(3),$$@)
endef
$(foreach name,$(SMP_NAMES),$(foreach variant,$(SMP_VARIANTS),$(eval $(call smp_image,$(name),$(variant),$(patsubst \
    gic%,%,$(firstword $(subst -, ,$(variant)))),$(word 2,$(subst -, ,$(variant)))))))

-include $(wildcard $(SMP_OUT)/*.d)

.PHONY: smp-images
smp-images: $(foreach name,$(SMP_NAMES),$(SMP_VARIANTS:%=$(SMP_OUT)/$(name)/%/image.elf))

ifndef MICROKIT_SDK
test-build: smp-images
endif

# Four bare guests with a VMM each, in test/system/several, and a PD that measures what they get.
SEVERAL_SRC := test/system/several
SEVERAL     := $(BUILD)/test/several

$(SEVERAL)/guest.o: $(SEVERAL_SRC)/guest.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -Itest/guests -c -o $@ $<

$(SEVERAL)/guest.bin: $(SEVERAL)/guest.o $(GUEST_HARNESS) test/guests/harness/guest.ld
	$(Q)$(CROSS)ld --no-warn-rwx-segments -T test/guests/harness/guest.ld -o $(@:.bin=.guest) $(filter %.o,$^)
	$(Q)$(CROSS)objcopy -O binary $(@:.bin=.guest) $@

$(SEVERAL)/vmm.o: $(SEVERAL_SRC)/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -isystem $(MICROKIT)/include -Iinclude -MD -MP -c -o $@ $<

$(SEVERAL)/meter.o: $(SEVERAL_SRC)/meter.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -isystem $(MICROKIT)/include -Itest/system/kernel/lib -MD -MP -c -o $@ $<

$(SEVERAL)/meter.elf: $(SEVERAL)/meter.o $(BUILD)/test/kernel/lib/harness.o $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(SEVERAL)/gic%/guest.dtb: $(MACHINE_SRC)/guest.dts
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DGIC=$* -DVCPUS=1 $< | $(DTC) -q -I dts -O dtb -o $@ -

$(SEVERAL)/gic%/images.o: $(MACHINE_SRC)/images.S $(SEVERAL)/guest.bin $(SEVERAL)/gic%/guest.dtb
	$(Q)$(CROSS)gcc -DGUEST_IMAGE='"$(SEVERAL)/guest.bin"' -DGUEST_DTB='"$(@D)/guest.dtb"' -c $< -o $@

$(SEVERAL)/gic%/vmm.elf: $(SEVERAL)/vmm.o $(SEVERAL)/gic%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(SEVERAL)/gic%/image.elf: $(SEVERAL_SRC)/gic%.system $(SEVERAL)/gic%/vmm.elf $(SEVERAL)/meter.elf \
        $(MICROKIT_TOOL_FILES)
	$(Q)$(call build_image,$<,$(@D) --search-path $(SEVERAL),$@)

.PRECIOUS: $(SEVERAL)/gic%/guest.dtb $(SEVERAL)/gic%/images.o $(SEVERAL)/gic%/vmm.elf
-include $(wildcard $(SEVERAL)/*.d)

ifndef MICROKIT_SDK
test-build: $(SEVERAL)/gic2/image.elf $(SEVERAL)/gic3/image.elf
endif

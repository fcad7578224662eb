# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the tests of the example vswitch boot: variants of it, and some with the fuzzer, a bare guest, in the place of
# guest_2: $(VSWITCH_FUZZED)/gic2-mmio/image.elf. There is a fuzzer for what devices sit on, mmio or pci.

VSWITCH_FUZZED := $(BUILD)/tests/vswitch
VSWITCH_ALL    := $(foreach gic,2 3,$(foreach bus,mmio pci,$(foreach smp,_ -4x1,gic$(gic)-$(bus)$(smp:_=))))

$(VSWITCH_FUZZED)/%.o: tests/system/vswitch/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -Iguests -c -o $@ $<
-include $(wildcard $(VSWITCH_FUZZED)/*.d)

$(VSWITCH_FUZZED)/fuzzer_%.bin: $(VSWITCH_FUZZED)/fuzzer.o $(VSWITCH_FUZZED)/fuzzer_%.o $(GUEST_RIG) guests/rig/guest.ld
	$(Q)$(CROSS)ld --no-warn-rwx-segments -T guests/rig/guest.ld -o $(@:.bin=.elf) $(filter %.o,$^)
	$(Q)$(CROSS)objcopy -O binary $(@:.bin=.elf) $@

VSWITCH_FUZZER = fuzzer_$(word 2,$(subst -, ,$*)).bin
$(VSWITCH_FUZZED)/%/guest.system: $(VSWITCH)/%/guest.system
	$(Q)mkdir -p $(@D)
	$(Q)sed -e 's|.*name="guest_kernel".*|&\n  <memory_region name="fuzzer" prefill_path="$(VSWITCH_FUZZER)" />|' \
	    -e '/_domain name="guest_2"/,/<\/protection_domain>/s/mr="guest_kernel"/mr="fuzzer"/' $< >$@

$(VSWITCH_FUZZED)/%/$(IMAGE_NAME): $(VSWITCH_FUZZED)/%/guest.system $(VSWITCH)/%/$(IMAGE_NAME) \
        $(VSWITCH_FUZZED)/fuzzer_mmio.bin $(VSWITCH_FUZZED)/fuzzer_pci.bin
	$(Q)$(call build_image,$<,$(VSWITCH)/$* --search-path $(VSWITCH) --search-path $(GUEST) \
	    --search-path $(VSWITCH_FUZZED),$@)

.SECONDARY: $(addprefix $(VSWITCH_FUZZED)/,fuzzer.o fuzzer_mmio.o fuzzer_pci.o)
.PRECIOUS: $(VSWITCH_FUZZED)/%/guest.system $(VSWITCH_FUZZED)/%/$(IMAGE_NAME)

# Every variant, for "make test-virtio".
VSWITCH_MATRIX := $(foreach folder,$(VSWITCH) $(VSWITCH_FUZZED),$(VSWITCH_ALL:%=$(folder)/%/$(IMAGE_NAME)))

ifndef MICROKIT_SDK
TEST_PREREQUISITES += $(VSWITCH)/gic2-mmio/$(IMAGE_NAME) $(VSWITCH)/gic3-pci/$(IMAGE_NAME) \
                      $(VSWITCH_FUZZED)/gic2-pci/image.elf $(VSWITCH_FUZZED)/gic3-mmio/image.elf
endif

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the tests of the example vswitch boot: variants of it, and some with the fuzzer, a bare guest, in the place of
# guest_2, and with a disk for both: $(VSWITCH_FUZZED)/gic2-mmio/image.elf. There, guest_1 has what the guest of the
# example virtio has. There is a fuzzer for what devices sit on, mmio or pci.

$(call needs,VMM_ELF VIRTIO_INITRD VSWITCH DRIVER_ELFS GUEST_KERNEL GUEST_HARNESS)

VSWITCH_FUZZED := $(BUILD)/test/vswitch
VSWITCH_ALL    := $(foreach gic,2 3,$(foreach bus,mmio pci,$(foreach smp,_ -4x1,gic$(gic)-$(bus)$(smp:_=))))

$(VSWITCH_FUZZED)/%.o: test/system/vswitch/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -Itest/guests -c -o $@ $<
-include $(wildcard $(VSWITCH_FUZZED)/*.d)

VSWITCH_FUZZER_OBJS := $(addprefix $(VSWITCH_FUZZED)/,fuzzer.o fuzzer_driver.o)
$(VSWITCH_FUZZED)/fuzzer_%.bin: $(VSWITCH_FUZZER_OBJS) $(VSWITCH_FUZZED)/fuzzer_%.o $(GUEST_HARNESS) \
        test/guests/harness/guest.ld
	$(Q)$(CROSS)ld --no-warn-rwx-segments -T test/guests/harness/guest.ld -o $(@:.bin=.elf) $(filter %.o,$^)
	$(Q)$(CROSS)objcopy -O binary $(@:.bin=.elf) $@

$(VSWITCH_FUZZED)/%/guest.system: $(VSWITCH)/%/guest.system test/system/vswitch/add-fuzzer
	$(Q)mkdir -p $(@D)
	$(Q)test/system/vswitch/add-fuzzer $< fuzzer_$(word 2,$(subst -, ,$*)).bin >$@

$(VSWITCH_FUZZED)/%/$(IMAGE_NAME): $(VSWITCH_FUZZED)/%/guest.system $(VMM_ELF) $(DRIVER_ELFS) $(GUEST_KERNEL) \
        $(VIRTIO_INITRD) $(VSWITCH_FUZZED)/fuzzer_mmio.bin $(VSWITCH_FUZZED)/fuzzer_pci.bin $(SDDF_CONFIGURE) \
        $(MICROKIT_TOOL_FILES)
	$(Q)$(call configure_pds,$<,$(@D),$(VSWITCH_PDS) disk=$(DRIVERS)/virtio_blk.elf blk_virt=$(DRIVERS)/blk_virt.elf)
	$(Q)$(call build_image,$<,$(@D) --search-path $(VIRTIO) --search-path $(GUEST) --search-path $(VSWITCH_FUZZED),$@)

.SECONDARY: $(VSWITCH_FUZZER_OBJS) $(addprefix $(VSWITCH_FUZZED)/,fuzzer_mmio.o fuzzer_pci.o)
.PRECIOUS: $(VSWITCH_FUZZED)/%/guest.system $(VSWITCH_FUZZED)/%/$(IMAGE_NAME)

# Every variant, for "make test-virtio".
VSWITCH_MATRIX := $(foreach folder,$(VSWITCH) $(VSWITCH_FUZZED),$(VSWITCH_ALL:%=$(folder)/%/$(IMAGE_NAME)))

ifndef MICROKIT_SDK
test-build: $(VSWITCH)/gic2-mmio/$(IMAGE_NAME) $(VSWITCH)/gic3-pci/$(IMAGE_NAME) \
                      $(VSWITCH_FUZZED)/gic2-pci/image.elf $(VSWITCH_FUZZED)/gic3-mmio/image.elf
endif

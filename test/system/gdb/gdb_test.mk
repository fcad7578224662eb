# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A bare guest with a debugger's line: $(GDB_TEST)/gicN/image.elf; its program with symbols is $(GDB_TEST)/target.elf.

$(call needs,LIBVMM_A GUEST_HARNESS DRIVERS MACHINE_SRC)

GDB_TEST     := $(BUILD)/test/gdb
GDB_TEST_SRC := test/system/gdb

$(GDB_TEST)/target.o: $(GDB_TEST_SRC)/target.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -O1 -g -Itest/guests -c -o $@ $<

$(GDB_TEST)/target.elf: $(GDB_TEST)/target.o $(GUEST_HARNESS) test/guests/harness/guest.ld
	$(Q)$(CROSS)ld --no-warn-rwx-segments -T test/guests/harness/guest.ld -o $@ $(filter %.o,$^)

$(GDB_TEST)/target.bin: $(GDB_TEST)/target.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

$(GDB_TEST)/vmm.o: $(GDB_TEST_SRC)/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -isystem $(MICROKIT)/include -Iinclude -Itest/system -MD -MP -c -o $@ $<

$(GDB_TEST)/gic%/images.o: $(MACHINE_SRC)/images.S $(GDB_TEST)/target.bin $(MACHINE)/gic%/psci/guest.dtb
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc -DGUEST_IMAGE='"$(GDB_TEST)/target.bin"' -DGUEST_DTB='"$(MACHINE)/gic$*/psci/guest.dtb"' -c $< -o $@

$(GDB_TEST)/gic%/vmm.elf: $(GDB_TEST)/vmm.o $(GDB_TEST)/gic%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(GDB_TEST)/gic%/guest.system: $(MACHINE_SRC)/gic2_1.system $(MACHINE_SRC)/gic3_1.system tools/run/add-gdb
	$(Q)mkdir -p $(@D)
	$(Q)tools/run/add-gdb $(MACHINE_SRC)/gic$*_1.system VMM >$@

$(GDB_TEST)/gic%/image.elf: $(GDB_TEST)/gic%/guest.system $(GDB_TEST)/gic%/vmm.elf $(DRIVERS)/virtio_console.elf \
        $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	$(Q)$(call configure_pds,$<,$(@D)/gdb,VMM=$(@D)/vmm.elf gdb_line=$(DRIVERS)/virtio_console.elf)
	$(Q)$(call build_image,$<,$(@D)/gdb,$@)

-include $(wildcard $(GDB_TEST)/*.d)
.PRECIOUS: $(GDB_TEST)/gic%/vmm.elf $(GDB_TEST)/gic%/guest.system

ifndef MICROKIT_SDK
test-build: $(GDB_TEST)/gic2/image.elf $(GDB_TEST)/gic3/image.elf $(LINUX)/gic2-256M-2x1-gdb/$(IMAGE_NAME)
endif

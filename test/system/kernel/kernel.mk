# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Images of the built-in kernel's own tests. A folder NAME here with a NAME.system is one image: each of its .c files is
# the program of a PD, but a guest*.c is the program of a bare guest, which becomes the file guest*.bin. lib/ is in all.

KTEST         := test/system/kernel
KTEST_OUT     := $(BUILD)/test/kernel
KTEST_NAMES   := $(patsubst $(KTEST)/%/,%,$(dir $(wildcard $(KTEST)/*/*.system)))
KTEST_GUESTS  := $(basename $(wildcard $(KTEST)/*/guest*.c))
KTEST_PDS     := $(filter-out $(KTEST)/lib/% $(KTEST_GUESTS),$(basename $(wildcard $(KTEST)/*/*.c)))
KTEST_CFLAGS  := $(TARGET_CFLAGS) -fno-tree-loop-distribute-patterns -I$(KTEST)/lib -isystem $(MICROKIT)/include -MD -MP
KTEST_HARNESS     := $(KTEST_OUT)/lib/harness.o $(KTEST_OUT)/lib/vm.o
KTEST_START   := $(KTEST_OUT)/lib/guest_start.o
KTEST_LD      := $(KTEST)/lib/guest.ld

.SECONDARY: $(KTEST_PDS:$(KTEST)/%=$(KTEST_OUT)/%.o) $(KTEST_GUESTS:$(KTEST)/%=$(KTEST_OUT)/%.o)

$(KTEST_OUT)/%.o: $(KTEST)/%.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(KTEST_CFLAGS) -c -o $@ $<

$(KTEST_OUT)/%.o: $(KTEST)/%.S
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(KTEST_CFLAGS) -c -o $@ $<

$(KTEST_PDS:$(KTEST)/%=$(KTEST_OUT)/%.elf): $(KTEST_OUT)/%.elf: $(KTEST_OUT)/%.o $(KTEST_HARNESS) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(KTEST_GUESTS:$(KTEST)/%=$(KTEST_OUT)/%.bin): $(KTEST_OUT)/%.bin: $(KTEST_START) $(KTEST_OUT)/%.o $(KTEST_LD)
	$(Q)$(CROSS)ld -T $(KTEST_LD) -o $(@:.bin=.guest) $(filter %.o,$^)
	$(Q)$(CROSS)objcopy -O binary $(@:.bin=.guest) $@

# The kernel with its invariants checked.
$(KTEST_NAMES:%=$(KTEST_OUT)/%/image.elf): MICROKIT_TOOL_ARGS := --kernel $(KERNEL_CHECKED_ELF)

# $(call ktest_image,NAME)
define ktest_image
$(KTEST_OUT)/$(1)/image.elf: $(KTEST)/$(1)/$(1).system $(MICROKIT_TOOL_FILES) \
        $(patsubst $(KTEST)/%,$(KTEST_OUT)/%.elf,$(filter $(KTEST)/$(1)/%,$(KTEST_PDS))) \
        $(patsubst $(KTEST)/%,$(KTEST_OUT)/%.bin,$(filter $(KTEST)/$(1)/%,$(KTEST_GUESTS))) $(KERNEL_CHECKED_ELF)
	$$(Q)$$(call build_image,$$<,$$(@D),$$@)
endef
$(foreach name,$(KTEST_NAMES),$(eval $(call ktest_image,$(name))))

-include $(wildcard $(KTEST_OUT)/*/*.d)

.PHONY: ktest-images
ktest-images: $(KTEST_NAMES:%=$(KTEST_OUT)/%/image.elf)
ifndef MICROKIT_SDK
test-build: ktest-images
endif

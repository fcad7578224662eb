# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The built-in kernel, and its libmicrokit in a folder shaped like a board's in the Microkit SDK.

include kernel/board/$(BOARD)/board.mk

KERNEL_SRC   := $(wildcard kernel/core/*.c kernel/aarch64/*.[cS] kernel/board/$(BOARD)/*.c)
KERNEL_OBJ   := $(KERNEL_SRC:%=$(BUILD)/kernel/%.o)
# The same with its invariants checked (kernel/core/check.h), for its own tests.
KERNEL_CHECKED_ELF := $(BUILD)/kernel-checked/kernel.elf
KERNEL_CHECKED_OBJ := $(KERNEL_SRC:%=$(BUILD)/kernel-checked/%.o)
# The kernel and libmicrokit call no C library: no loop becomes a call of memcpy or memset.
MICROKIT_FLAGS := $(TARGET_CFLAGS) -fno-tree-loop-distribute-patterns -fomit-frame-pointer -I. -MMD -MP
KERNEL_FLAGS   := $(MICROKIT_FLAGS) -flto

MICROKIT_SRC     := $(wildcard kernel/libmicrokit/src/*.[cS])
MICROKIT_OBJ     := $(MICROKIT_SRC:%=$(BUILD)/kernel/%.o)
MICROKIT_HEADERS := microkit.h sel4/sel4.h kernel/abi/image.h kernel/abi/syscall.h kernel/abi/vcpu_page.h
MICROKIT_FILES   := $(MICROKIT_HEADERS:%=$(BUILD)/microkit/include/%) \
                    $(BUILD)/microkit/lib/libmicrokit.a $(BUILD)/microkit/lib/microkit.ld

.PHONY: kernel libmicrokit
## kernel: build the built-in kernel and its libmicrokit
kernel: $(KERNEL_ELF) libmicrokit
libmicrokit: $(MICROKIT_FILES)

$(BUILD)/kernel/kernel/libmicrokit/%.o: kernel/libmicrokit/%
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(MICROKIT_FLAGS) -Ikernel/libmicrokit/include -c -o $@ $<

$(BUILD)/kernel/%.o: %
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(KERNEL_FLAGS) -c -o $@ $<

$(BUILD)/kernel-checked/%.o: %
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(KERNEL_FLAGS) -DKERNEL_CHECKS=1 -c -o $@ $<

$(KERNEL_ELF): $(KERNEL_OBJ)
$(KERNEL_CHECKED_ELF): $(KERNEL_CHECKED_OBJ)
$(KERNEL_ELF) $(KERNEL_CHECKED_ELF): kernel/kernel.ld
	$(Q)mkdir -p $(@D)
	$(Q)$(call step,LINK,$@)
	$(Q)$(CROSS)gcc $(KERNEL_FLAGS) -Wl,--defsym=KERNEL_BASE=$(KERNEL_BASE) -Wl,-T,kernel/kernel.ld \
	    -Wl,-z,max-page-size=4096 -Wl,--gc-sections -Wl,--build-id=none -o $@ $(filter %.o,$^)

$(BUILD)/microkit/lib/libmicrokit.a: $(MICROKIT_OBJ)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@
	$(Q)$(CROSS)ar rcs $@ $^

$(BUILD)/microkit/lib/microkit.ld: kernel/libmicrokit/microkit.ld
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

$(BUILD)/microkit/include/kernel/abi/%.h: kernel/abi/%.h
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

$(BUILD)/microkit/include/%.h: kernel/libmicrokit/include/%.h
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

-include $(KERNEL_OBJ:.o=.d) $(KERNEL_CHECKED_OBJ:.o=.d) $(MICROKIT_OBJ:.o=.d)

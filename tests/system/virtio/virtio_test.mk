# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the tests of virtual devices boot, and a program that the guest has on its disk.

VTEST := $(BUILD)/tests/virtio

$(VTEST)/hammer: tests/system/virtio/hammer.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -static -s -Wl,--build-id=none -o $@ $<

# $(call vtest_images,SMP): those of a number of vCPUs and cores, such as -4x2.
vtest_images = $(foreach gic,2 3,$(foreach bus,mmio pci,$(VIRTIO)/gic$(gic)-$(bus)$(1)/$(IMAGE_NAME)))

.PHONY: test-virtio
## test-virtio: Linux on virtual devices, every variant, with much data; takes an hour
test-virtio: test-deps
	$(Q)$(BUILD_QUIETLY) test-build $(call vtest_images,-4x2)
	$(Q)TEST_MATRIX=1 $(MAKE) test TESTS=tests/system/virtio

ifndef MICROKIT_SDK
TEST_PREREQUISITES += $(call vtest_images) $(call vtest_images,-4x1) $(VTEST)/hammer
endif

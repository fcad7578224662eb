# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the tests of virtual devices boot, and a program that the guest has on its disk.

VTEST := $(BUILD)/tests/virtio

$(VTEST)/hammer: tests/system/virtio/hammer.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -static -s -Wl,--build-id=none -o $@ $<

VTEST_SOME := gic2-mmio gic2-pci-4x1 gic3-pci gic3-mmio-4x1
VTEST_ALL  := $(foreach gic,2 3,$(foreach bus,mmio pci,$(foreach smp,_ -4x1 -4x2,gic$(gic)-$(bus)$(smp:_=))))

.PHONY: test-virtio
## test-virtio: Linux on virtual devices, every variant, with much data; takes hours
test-virtio: test-deps
	$(Q)$(BUILD_QUIETLY) test-build $(VTEST_ALL:%=$(VIRTIO)/%/$(IMAGE_NAME))
	$(Q)TEST_MATRIX=1 $(MAKE) test TESTS=tests/system/virtio

ifndef MICROKIT_SDK
TEST_PREREQUISITES += $(VTEST_SOME:%=$(VIRTIO)/%/$(IMAGE_NAME)) $(VTEST)/hammer
endif

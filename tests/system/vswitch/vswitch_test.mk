# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The variants of the example vswitch that its tests boot.

ifndef MICROKIT_SDK
TEST_PREREQUISITES += $(VSWITCH)/gic2-mmio/$(IMAGE_NAME) $(VSWITCH)/gic3-pci/$(IMAGE_NAME)
endif

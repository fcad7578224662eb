# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Examples on boards other than QEMU's virt machine. Each is built by a make of its own, after what all boards share.

BOARDS_TEST_IMAGES := $(patsubst %,$(BUILD)/%/examples/smp/gic2/image.elf,$(filter-out qemu_virt_aarch64,$(BOARDS)))

.PHONY: board-images
board-images: $(LIBVMM_A) $(LIBMICROKIT_A) $(MICROKIT_TOOL) $(GUEST_KERNEL) $(GUEST_INITRD)
	$(Q)set -e; for image in $(BOARDS_TEST_IMAGES); do \
	    board=$${image#$(BUILD)/}; $(MAKE) BOARD="$${board%%/*}" "$$image"; done

ifeq ($(BOARD),qemu_virt_aarch64)
ifndef MICROKIT_SDK
test-build: board-images
endif
endif

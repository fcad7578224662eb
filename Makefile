# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# "make help" lists the targets. The rules are in mk/, one file a subject.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

include mk/toolchain.mk
include mk/deps.mk
BOARDS := $(patsubst boards/%/board.mk,%,$(wildcard boards/*/board.mk))
$(if $(filter $(BOARDS),$(BOARD)),,$(error BOARD=$(BOARD): no such board; there are: $(BOARDS)))
include boards/$(BOARD)/board.mk
ifdef MICROKIT_SDK
# The SDK has the kernel, its library and its tool ready.
.PHONY: libmicrokit
libmicrokit:
else
include mk/kernel.mk
include mk/tools.mk
endif
include mk/unit.mk
include mk/guest.mk

# The library, as any system builds it.
LIBVMM_CC     := $(CROSS)gcc
LIBVMM_CFLAGS  = $(TARGET_CFLAGS)
include libvmm.mk
$(LIBVMM_OBJS): | libmicrokit

include mk/drivers.mk
include apps/vmm/vmm.mk
include examples/linux/linux.mk
include $(filter-out examples/linux/linux.mk,$(sort $(wildcard examples/*/*.mk)))
include mk/guests.mk
include mk/bench.mk
include test/system/drivers/drivers_test.mk
include test/system/virtio/virtio_test.mk
include mk/bench-linux.mk
include mk/bench-virtio.mk
include mk/bench-throughput.mk
include mk/bench-kitty.mk
include mk/examples.mk
include mk/run.mk
include mk/fuzz.mk
include mk/prove.mk
include mk/coverage.mk
include mk/mutate.mk
include mk/lint.mk
include mk/help.mk
include mk/test.mk

.PHONY: all clean
## all: build the kernel, the image tool, the library and the Linux example
all: linux-image

## clean: remove everything built (and fetched)
clean:
	$(Q)rm -rf $(BUILD)

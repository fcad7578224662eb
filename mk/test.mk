# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Tests: everything is built first, then pytest runs all of it and prints the one summary line. A fragment makes what
# has to be built for its tests a prerequisite of test-build. Tests that call make do so as a user would, not as a part
# of this one.

#@ TESTS            test: folders or files to run (default: test)
TESTS ?= test
#@ JOBS             test, prove: how many tests or proofs run at once (default: 2)
JOBS  ?= 2

test-build: unit-tests device-trees

# On the SDK, system tests build their images themselves: which of them run depends on the board (test/on_sdk.py). The
# other files that they use, TEST_FILES, are built first.
ifdef MICROKIT_SDK
TEST_SDK = MICROKIT_SDK=$(abspath $(MICROKIT_SDK)) MICROKIT_BOARD=$(MICROKIT_BOARD) MICROKIT_CONFIG=$(MICROKIT_CONFIG) \
    SDK_GIC=$(BOARD_GICS) SDK_CORES=$(SDK_CORES)
endif

include test/system/linux/linux.mk
include test/system/kernel/kernel.mk
include test/system/gdb/gdb_test.mk
include test/system/storm/storm.mk
include test/system/vswitch/vswitch_test.mk
include test/system/console/console.mk
include test/system/uboot/uboot.mk
include test/system/boards/boards_test.mk
include test/system/kitty/kitty_test.mk

.PHONY: test test-build test-files test-deps
test-files: $(TEST_FILES)
## test: build and run every test
test: test-deps
	+$(Q)$(BUILD_QUIETLY) $(if $(MICROKIT_SDK),test-files,test-build)
	$(Q)env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL BUILD="$$(realpath $(BUILD))" CROSS=$(CROSS) QEMU=$(QEMU) $(TEST_SDK) \
	    $(PYTHON) -m pytest -q $(if $(MICROKIT_SDK),-rs) -p no:cacheprovider -n $(JOBS) --dist loadgroup \
	    $(PYTEST_ARGS) $(TESTS)

test-deps:
	$(Q)tools/run/deps run test

ifdef TEST_PREREQUISITES
$(error TEST_PREREQUISITES is no more: say "test-build: $(TEST_PREREQUISITES)")
endif

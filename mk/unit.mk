# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Host unit tests. Every test/unit/**/X_test.c becomes $(BUILD)/unit/**/X_test, linked with the whole library built
# for the host, the fake Microkit, cmocka and libfdt, under ASan and UBSan. A test may define a function of the library
# itself: the library is an archive, so its own version then stays out.
#
# src/util/libc/, cache instructions and guest code are for the target: the host's C library and test/unit/fake/
# stand in.

UNIT_DIR    := $(BUILD)/unit
# What only the target can compile.
UNIT_TARGET_SRCS := src/util/libc/%.c src/aarch64/vcpu/reset_stub_code.c
UNIT_SRCS   := $(filter-out $(UNIT_TARGET_SRCS),$(sort $(shell find src -name '*.c')))
UNIT_FAKES  := $(sort $(wildcard test/unit/fake/*.c))
UNIT_TESTS  := $(sort $(shell find test/unit -name '*_test.c'))
UNIT_OBJS   := $(UNIT_SRCS:%.c=$(UNIT_DIR)/obj/%.o) $(UNIT_FAKES:%.c=$(UNIT_DIR)/obj/%.o)
UNIT_LIB    := $(UNIT_DIR)/libvmm-host.a
UNIT_BINS   := $(UNIT_TESTS:test/unit/%.c=$(UNIT_DIR)/%) $(UNIT_DIR)/boot/board_trees
UNIT_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
    $(WARNINGS) -Itest/unit/fake -Iinclude -Isrc -I. -MMD -MP $(UNIT_EXTRA_CFLAGS)
UNIT_LIBS   := -lcmocka -lfdt

.PHONY: unit-tests unit
.SECONDARY: $(UNIT_OBJS) $(UNIT_TESTS:%.c=$(UNIT_DIR)/obj/%.o)

## unit-tests: build the unit tests for this machine
unit-tests: $(UNIT_BINS)

## unit: build and run the unit tests only
unit: unit-tests device-trees
	$(Q)LIBVMM_UNIT_DIR=$(UNIT_DIR) $(PYTHON) -m pytest -q test/unit

$(UNIT_DIR)/obj/%.o: %.c mk/unit.mk
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) -c $< -o $@

# Tests of devices want to know of reads of guest RAM.
$(UNIT_DIR)/obj/src/devices/virtio/%.o: UNIT_CFLAGS += -include test/unit/fake/guest_reads.h

# Programs for libvmm 0.2.
$(UNIT_DIR)/obj/test/unit/compat/%.o: UNIT_CFLAGS := -Iinclude/compat/0.2 $(UNIT_CFLAGS)

$(UNIT_LIB): $(UNIT_OBJS)
	@$(call step,UNIT,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

# $(call link_unit,OBJECT)
link_unit = mkdir -p $(@D) && \
    $(HOSTCC) -fsanitize=address,undefined $(UNIT_EXTRA_CFLAGS) $(1) $(UNIT_LIB) $(UNIT_LIBS) -o $@

$(UNIT_DIR)/%_test: $(UNIT_DIR)/obj/test/unit/%_test.o $(UNIT_LIB)
	$(Q)$(call link_unit,$<)

$(UNIT_DIR)/boot/board_trees: $(UNIT_DIR)/obj/test/unit/boot/board_trees.o $(UNIT_LIB)
	$(Q)$(call link_unit,$<)

-include $(UNIT_OBJS:.o=.d) $(UNIT_TESTS:%.c=$(UNIT_DIR)/obj/%.d) $(UNIT_DIR)/obj/test/unit/boot/board_trees.d

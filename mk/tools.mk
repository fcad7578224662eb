# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The image tool, a host program; for tests a copy of it with sanitizers, and its unit tests.

PKG_CONFIG ?= pkg-config

IMAGE_TOOL         := $(BUILD)/tools/image
IMAGE_TOOL_ASAN    := $(BUILD)/tools/image.asan
IMAGE_TOOL_SOURCES := $(sort $(wildcard tools/image/*.c))
IMAGE_TOOL_HEADERS := $(wildcard tools/image/*.h) kernel/abi/image.h
IMAGE_TOOL_CFLAGS  := $(HOST_CFLAGS)
IMAGE_TOOL_ASAN_CFLAGS := $(IMAGE_TOOL_CFLAGS) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
IMAGE_TOOL_EXPAT    = $(shell $(PKG_CONFIG) --cflags --libs expat)

IMAGE_TOOL_TESTS    := $(patsubst test/tool/unit/%.c,$(BUILD)/tools/unit/%,$(wildcard test/tool/unit/*_test.c))

.PHONY: tools
tools: $(IMAGE_TOOL) $(IMAGE_TOOL_ASAN) $(IMAGE_TOOL_TESTS)

$(IMAGE_TOOL): $(IMAGE_TOOL_SOURCES) $(IMAGE_TOOL_HEADERS)
	@$(call step,BUILD,image tool)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(IMAGE_TOOL_CFLAGS) -o $@ $(IMAGE_TOOL_SOURCES) $(IMAGE_TOOL_EXPAT)

$(IMAGE_TOOL_ASAN): $(IMAGE_TOOL_SOURCES) $(IMAGE_TOOL_HEADERS)
	@$(call step,BUILD,image tool with sanitizers)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(IMAGE_TOOL_ASAN_CFLAGS) -o $@ $(IMAGE_TOOL_SOURCES) $(IMAGE_TOOL_EXPAT)

$(BUILD)/tools/unit/%_test: test/tool/unit/%_test.c $(IMAGE_TOOL_SOURCES) $(IMAGE_TOOL_HEADERS)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(IMAGE_TOOL_ASAN_CFLAGS) -o $@ $< $(filter-out %/main.c,$(IMAGE_TOOL_SOURCES)) -lcmocka \
	    $(IMAGE_TOOL_EXPAT)

test-build: tools

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Fuzzing with clang's libFuzzer, under ASan and UBSan. Every test/fuzz/X_fuzz.c is a target. Those that drive the
# library are linked with all of it and the fake Microkit; those that drive the image tool (TOOL_FUZZERS), with the tool
# over files in memory.
#
# A corpus has three parts: what is committed (test/fuzz/corpus/X), seeds made out of files of the tree
# ($(BUILD)/fuzz/seeds/X), and what runs have found ($(BUILD)/fuzz/corpus/X), which "make clean" throws away.

$(call needs,UNIT_TARGET_SRCS)

FUZZ_CC ?= clang
#@ FUZZ_SECONDS     fuzz: seconds a target runs (default: 600; 0: until it is stopped)
FUZZ_SECONDS ?= 600
#@ FUZZERS          fuzz: the targets (default: all of test/fuzz)
FUZZERS ?= $(sort $(patsubst test/fuzz/%_fuzz.c,%,$(wildcard test/fuzz/*_fuzz.c)))

FUZZ_DIR     := $(BUILD)/fuzz
FUZZ_SAN     := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_CFLAGS  := -std=gnu11 -g -O2 -fno-omit-frame-pointer $(FUZZ_SAN) -fsanitize=fuzzer-no-link \
    -Wall -Wextra -Wshadow -Itest/unit/fake -Iinclude -Isrc -I. -MMD -MP
TOOL_FUZZERS := system elf

FUZZ_VMM_SRCS  := $(filter-out $(UNIT_TARGET_SRCS),$(sort $(shell find src -name '*.c'))) \
    test/unit/fake/microkit.c test/unit/fake/reset_stub_code.c \
    test/unit/fake/virtio_driver.c test/fuzz/machine.c test/fuzz/invariants.c test/fuzz/virtio_harness.c
FUZZ_TOOL_SRCS := $(filter-out tools/image/main.c tools/image/file.c,$(sort $(wildcard tools/image/*.c))) \
    test/fuzz/tool_files.c
# Programs of PDs, which drivers_fuzz.c plays with.
FUZZ_DRIVER_SRCS := $(sort $(wildcard test/fuzz/drivers/*.c)) apps/drivers/virtio/virtio.c apps/drivers/blk/partition.c
FUZZ_DRIVER_OBJS := $(FUZZ_DRIVER_SRCS:%.c=$(FUZZ_DIR)/obj/%.o)
FUZZ_VMM_OBJS  := $(FUZZ_VMM_SRCS:%.c=$(FUZZ_DIR)/obj/%.o)
FUZZ_TOOL_OBJS := $(FUZZ_TOOL_SRCS:%.c=$(FUZZ_DIR)/obj/%.o)
FUZZ_ALL       := $(sort $(patsubst test/fuzz/%_fuzz.c,%,$(wildcard test/fuzz/*_fuzz.c)))
FUZZ_BINS      := $(FUZZ_ALL:%=$(FUZZ_DIR)/%)
FUZZ_PROGRAMS  := $(FUZZ_DIR)/programs/kernel.elf $(FUZZ_DIR)/programs/pd.elf
FUZZ_SEEDS     := $(FUZZ_DIR)/seeds/.made

.PHONY: fuzz fuzz-targets fuzz-deps
.SECONDARY: $(FUZZ_VMM_OBJS) $(FUZZ_DRIVER_OBJS) $(FUZZ_TOOL_OBJS) $(FUZZ_ALL:%=$(FUZZ_DIR)/obj/test/fuzz/%_fuzz.o)

## fuzz: run every fuzz target for FUZZ_SECONDS
fuzz: fuzz-deps
	+$(Q)$(BUILD_QUIETLY) fuzz-targets
	$(Q)set -e; for name in $(FUZZERS); do \
	    $(call step,FUZZ,'"$$name"'); $(PYTHON) test/fuzz/run $(FUZZ_DIR) $$name $(FUZZ_SECONDS); done

fuzz-deps:
	$(Q)tools/run/deps run test

fuzz-targets: $(FUZZ_BINS) $(FUZZ_SEEDS)

$(FUZZ_DIR)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -c $< -o $@

# Targets of devices want to know of reads of guest RAM.
$(FUZZ_DIR)/obj/src/devices/virtio/%.o: FUZZ_CFLAGS += -include test/unit/fake/guest_reads.h

# What looks on, rather than being looked at, need not be slow.
$(FUZZ_DIR)/obj/test/fuzz/invariants.o $(FUZZ_DIR)/obj/test/unit/fake/%.o: FUZZ_CFLAGS += -fno-sanitize=all
# Its loops over all interrupts compare too much for each comparison to be recorded.
$(FUZZ_DIR)/obj/src/aarch64/vgic/vgic_irq.o: FUZZ_CFLAGS += -fno-sanitize=fuzzer-no-link \
    -fsanitize-coverage=inline-8bit-counters,indirect-calls,pc-table

$(FUZZ_DRIVER_OBJS): FUZZ_CFLAGS += -Iapps/drivers
$(FUZZ_DIR)/drivers: $(FUZZ_DRIVER_OBJS)

$(FUZZ_DIR)/obj/test/fuzz/tool_files.o: FUZZ_CFLAGS += -DPROGRAMS='"'"$$(realpath $(FUZZ_DIR)/programs)"'"'
$(FUZZ_DIR)/obj/test/fuzz/tool_files.o: $(FUZZ_PROGRAMS)

$(FUZZ_DIR)/%: $(FUZZ_DIR)/obj/test/fuzz/%_fuzz.o $(FUZZ_VMM_OBJS)
	@$(call step,FUZZER,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_SAN) -fsanitize=fuzzer $^ -lfdt -o $@

$(TOOL_FUZZERS:%=$(FUZZ_DIR)/%): $(FUZZ_DIR)/%: $(FUZZ_DIR)/obj/test/fuzz/%_fuzz.o $(FUZZ_TOOL_OBJS)
	@$(call step,FUZZER,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_SAN) -fsanitize=fuzzer $^ $$($(PKG_CONFIG) --libs expat) -o $@

$(FUZZ_DIR)/programs/kernel.elf: test/tool/programs/kernel.c kernel/abi/image.h
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -static -Wl,--build-id=none,-z,max-page-size=4096,--no-warn-rwx-segments \
	    -Wl,-Ttext-segment=0x40080000 -g0 $< -o $@

# Segments lie close together in the file, though a page apart in memory: fewer bytes to fuzz.
$(FUZZ_DIR)/programs/pd.elf: test/fuzz/program.c test/tool/programs/pd.ld
	@mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -static -Wl,--build-id=none,-z,max-page-size=16 \
	    -Wl,-T,test/tool/programs/pd.ld -g0 $< -o $@

$(FUZZ_SEEDS): test/fuzz/seeds $(FUZZ_PROGRAMS) test/fuzz/guest.dts test/tool/broken.py \
        $(wildcard test/tool/good/*.system)
	$(Q)$(PYTHON) test/fuzz/seeds $(FUZZ_DIR) && touch $@

test-build: fuzz-targets

-include $(shell find $(FUZZ_DIR)/obj -name '*.d' 2>/dev/null)

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Measurements. Each test/bench/guest program with a guest_main becomes $(BENCH)/NAME.bin, for QEMU as it is, and one
# image with the VMM of the bare guests' tests around it for each version of the interrupt controller,
# $(BENCH)/gicN/NAME/image.elf.

$(call needs,LIBVMM_A GUEST_CFLAGS)

BENCH        := $(BUILD)/test/bench
BENCH_NAMES  := exits smp_round
BENCH_CFLAGS := $(GUEST_CFLAGS) -Itest/guests/harness -Itest/bench/guest
BENCH_HARNESS    := $(GUEST_HARNESS) $(BENCH)/guest/sample.c.o $(BENCH)/guest/vectors.S.o
BENCH_IMAGES := $(foreach gic,$(BOARD_GICS),$(BENCH_NAMES:%=$(BENCH)/gic$(gic)/%/image.elf))

.PHONY: bench bench-build bench-check bench-trace bench-record bench-picture
## bench: measure what exits cost, in instructions, and show it as a table
bench: bench-build
	$(Q)$(if $(MICROKIT_SDK),SDK_GIC=$(BOARD_GICS)) BUILD=$(BUILD) QEMU=$(QEMU) test/bench/measure table

## bench-check: the same; fail where a path has become dearer than in test/bench/results
bench-check: bench-build
	$(Q)$(if $(MICROKIT_SDK),SDK_GIC=$(BOARD_GICS)) BUILD=$(BUILD) QEMU=$(QEMU) test/bench/measure check

## bench-record: the same; keep the figures in test/bench/results
bench-record: bench-build
	$(Q)$(if $(MICROKIT_SDK),SDK_GIC=$(BOARD_GICS)) BUILD=$(BUILD) QEMU=$(QEMU) test/bench/measure record

## bench-trace: show in which functions the instructions of each path are
bench-trace: bench-build
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) CROSS=$(CROSS) test/bench/trace

## bench-picture: draw docs/performance.svg anew
bench-picture: bench-build
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) CROSS=$(CROSS) test/bench/trace picture docs/performance.svg

bench-build: $(BENCH_IMAGES) $(BENCH_NAMES:%=$(BENCH)/%.bin)
.SECONDARY: $(BENCH_NAMES:%=$(BENCH)/%.elf) $(BENCH_NAMES:%=$(BENCH)/guest/%.c.o)

$(BENCH)/guest/%.o: test/bench/guest/%
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(BENCH_CFLAGS) -c -o $@ $<

$(BENCH)/%.elf: $(BENCH)/guest/%.c.o $(BENCH_HARNESS) test/guests/harness/guest.ld
	$(Q)$(CROSS)ld --no-warn-rwx-segments -T test/guests/harness/guest.ld -o $@ $(filter %.o,$^)

$(BENCH)/%.bin: $(BENCH)/%.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

# $(call bench_image,GIC,NAME)
define bench_image
$(BENCH)/gic$(1)/$(2)/guest.dtb: $(MACHINE_SRC)/guest.dts
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DGIC=$(1) -DVCPUS=$(call machine_vcpus,$(2)) $$< |\
	    $(DTC) -q -I dts -O dtb -o $$@ -

$(BENCH)/gic$(1)/$(2)/images.o: $(MACHINE_SRC)/images.S $(BENCH)/$(2).bin $(BENCH)/gic$(1)/$(2)/guest.dtb
	$$(Q)$(CROSS)gcc -DGUEST_IMAGE='"$(BENCH)/$(2).bin"' -DGUEST_DTB='"$$(@D)/guest.dtb"' -c $$< -o $$@

$(BENCH)/gic$(1)/$(2)/vmm.elf: $(MACHINE)/vmm.o $(BENCH)/gic$(1)/$(2)/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$$(Q)$$(call link_pd,$$@,$$^)

$(BENCH)/gic$(1)/$(2)/image.elf: $(MACHINE_SRC)/gic$(1)_$(call machine_vcpus,$(2)).system \
        $(BENCH)/gic$(1)/$(2)/vmm.elf $(MICROKIT_TOOL_FILES)
	$$(Q)$$(call build_image,$$<,$$(@D),$$@)
endef
$(foreach gic,2 3,$(foreach name,$(BENCH_NAMES),$(eval $(call bench_image,$(gic),$(name)))))

-include $(wildcard $(BENCH)/guest/*.d)

ifndef MICROKIT_SDK
test-build: bench-build
endif

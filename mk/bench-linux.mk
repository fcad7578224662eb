# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What a Linux guest pays: test/bench/linux boots it with programs that measure (test/bench/linux-guest) in its initrd.
# A variant is named by interrupt controller, vCPUs and the cores that they share, such as gic2-2x1; its files are in
# $(BENCH_LINUX)/gic2-2x1/. The bare machine boots the same kernel, device tree and RAM disk.

$(call needs,LINUX_DTS LIBVMM_A BENCH GUEST_KERNEL)

BENCH_LINUX          := $(BENCH)/linux
BENCH_LINUX_SRC      := test/bench/linux-guest
BENCH_LINUX_INITRD   := $(BENCH_LINUX)/initramfs.cpio.gz
BENCH_LINUX_VARIANTS := $(foreach gic,2 3,$(foreach smp,1x1 2x1 2x2,gic$(gic)-$(smp)))
BENCH_LINUX_IMAGES   := $(BENCH_LINUX_VARIANTS:%=$(BENCH_LINUX)/%/image.elf)
# An offset that the kernel draws for its stack at each system call would be most of what a call costs.
BENCH_LINUX_BOOTARGS := console=ttyAMA0 earlycon=pl011,0x9000000 randomize_kstack_offset=off
# Where no other program of the guest, nor the VMM, has its code: the log of what was executed has addresses only.
BENCH_LINUX_TEXT     := 0x7000000000

BENCH_LINUX_WORDS  = $(subst -, ,$*)
BENCH_LINUX_GIC    = $(patsubst gic%,%,$(firstword $(BENCH_LINUX_WORDS)))
BENCH_LINUX_SMP    = $(subst x, ,$(word 2,$(BENCH_LINUX_WORDS)))
BENCH_LINUX_CFLAGS = $(TARGET_CFLAGS) -MMD -MP

BENCH_LINUX_RUN    = BUILD=$(BUILD) QEMU=$(QEMU) CROSS=$(CROSS) test/bench/linux
# For two vCPUs: see there.
BENCH_LINUX_QEMU   = test/bench/fetch-qemu $(QEMU) $(BUILD)/deb/qemu-backport

.PHONY: bench-linux bench-linux-check bench-linux-record bench-linux-idle bench-linux-build
## bench-linux: measure what a Linux guest pays, beside the same without a VMM
bench-linux: bench-linux-build
	$(Q)$(BENCH_LINUX_QEMU)
	$(Q)$(BENCH_LINUX_RUN) table

## bench-linux-record: the same; keep the figures in test/bench/results
bench-linux-record: bench-linux-build
	$(Q)$(BENCH_LINUX_QEMU)
	$(Q)$(BENCH_LINUX_RUN) record

## bench-linux-idle: show where the instructions are that an idle Linux costs
bench-linux-idle: bench-linux-build
	$(Q)$(BENCH_LINUX_RUN) idle $(GIC)

bench-linux-check: bench-linux-build
	$(Q)$(BENCH_LINUX_RUN) check
# "make bench-check" is the whole of it.
bench-check: bench-linux-check

bench-linux-build: $(BENCH_LINUX_IMAGES) $(GUEST_KERNEL)

$(BENCH_LINUX)/guest/%.o: $(BENCH_LINUX_SRC)/%
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(BENCH_LINUX_CFLAGS) -c -o $@ $<

$(BENCH_LINUX)/figure: $(addprefix $(BENCH_LINUX)/guest/,start.S.o system.c.o figure.c.o)
	$(Q)$(CROSS)ld -static -Ttext-segment=$(BENCH_LINUX_TEXT) -o $@ $^

$(BENCH_LINUX_INITRD): $(BENCH_LINUX_SRC)/init $(BENCH_LINUX)/figure tools/guest/make-initramfs \
        $(BUILD)/deb/busybox-static/.fetched
	$(Q)tools/guest/make-initramfs $@ $(GUEST_BUSYBOX) $< $(BENCH_LINUX)/figure=bin/figure

$(BENCH_LINUX)/%/guest.dtb: $(LINUX_DTS) $(BENCH_LINUX_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)$(call linux_dtb,$(BENCH_LINUX_GIC),0x10000000,$(BENCH_LINUX_INITRD),$@,$(firstword $(BENCH_LINUX_SMP)))
	$(Q)fdtput -t s $@ /chosen bootargs '$(BENCH_LINUX_BOOTARGS)'

$(BENCH_LINUX)/%/linux.system: $(addprefix examples/linux/linux_gicv,2.system 3.system) tools/run/spread-vcpus
	$(Q)mkdir -p $(@D)
	$(Q)tools/run/spread-vcpus examples/linux/linux_gicv$(BENCH_LINUX_GIC).system $(BENCH_LINUX_SMP) >$@

$(BENCH_LINUX)/%/images.o: $(BENCH_LINUX)/%/guest.dtb $(BENCH_LINUX_INITRD) $(LINUX_IMAGES_FILES)
	$(Q)$(call linux_images,$<,$(BENCH_LINUX_INITRD),$@)

$(BENCH_LINUX)/vmm.o: $(BENCH_LINUX_SRC)/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -MD -MP -c $< -o $@

$(BENCH_LINUX)/%/vmm.elf: $(BENCH_LINUX)/vmm.o $(BENCH_LINUX)/%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(BENCH_LINUX)/%/image.elf: $(BENCH_LINUX)/%/linux.system $(BENCH_LINUX)/%/vmm.elf $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call build_image,$<,$(@D),$@)

.PRECIOUS: $(foreach file,guest.dtb linux.system images.o vmm.elf image.elf,$(BENCH_LINUX)/%/$(file))
-include $(wildcard $(BENCH_LINUX)/guest/*.d $(BENCH_LINUX)/*.d)

ifndef MICROKIT_SDK
test-build: $(foreach gic,2 3,$(BENCH_LINUX)/gic$(gic)-1x1/image.elf)
endif

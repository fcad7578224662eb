# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What virtio requests cost: test/bench/guest/virtio.c with virtual devices on virtio-mmio and on PCI, with the
# machine's passed through, and on the bare machine. A variant is named by interrupt controller and devices:
# $(BENCH_VIRTIO)/gic2-mmio/image.elf.

$(call needs,LIBVMM_A BENCH DRIVERS MACHINE_SRC)

BENCH_VIRTIO     := $(BENCH)/virtio
BENCH_VIRTIO_SRC := test/bench/virtio-system
BENCH_VIRTIO_PDS := uart=$(DRIVERS)/pl011.elf serial_virt=$(DRIVERS)/serial_virt.elf disk=$(DRIVERS)/virtio_blk.elf \
    blk_virt=$(DRIVERS)/blk_virt.elf nic=$(DRIVERS)/virtio_net.elf net_virt=$(DRIVERS)/net_virt.elf
BENCH_VIRTIO_GIC      = $(patsubst gic%,%,$(firstword $(subst -, ,$*)))
BENCH_VIRTIO_VARIANTS := $(foreach gic,2 3,gic$(gic)-mmio gic$(gic)-pci gic$(gic)-passed)

.PHONY: bench-virtio bench-virtio-check bench-virtio-record bench-virtio-build
## bench-virtio: measure what requests to virtio devices cost, beside devices passed through and the bare machine
bench-virtio: bench-virtio-build
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) test/bench/virtio table

## bench-virtio-record: the same; keep the figures in test/bench/results
bench-virtio-record: bench-virtio-build
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) test/bench/virtio record

bench-virtio-check: bench-virtio-build
	$(Q)BUILD=$(BUILD) QEMU=$(QEMU) test/bench/virtio check

# "make bench" and "make bench-check" are the whole of it.
# On the SDK, only what an exit costs: one of these images has guest RAM where seL4 lies.
ifndef MICROKIT_SDK
bench: bench-virtio
endif
bench-check: bench-virtio-check

bench-virtio-build: $(BENCH_VIRTIO_VARIANTS:%=$(BENCH_VIRTIO)/%/image.elf) $(BENCH)/virtio.bin

# The lines with gic_vcpu are for a GICv2.
$(BENCH_VIRTIO)/%/guest.system: $(BENCH_VIRTIO_SRC)/virtual.system $(BENCH_VIRTIO_SRC)/passed.system
	$(Q)mkdir -p $(@D)
	$(Q)sed '$(if $(filter gic3%,$*),/mr="gic_vcpu"/d; /name="gic_vcpu"/d)' \
	    $(BENCH_VIRTIO_SRC)/$(if $(filter %passed,$*),passed,virtual).system >$@

$(BENCH_VIRTIO)/%/guest.dtb: $(MACHINE_SRC)/guest.dts
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DGIC=$(BENCH_VIRTIO_GIC) -DVCPUS=1 $< |\
	    $(DTC) -q -I dts -O dtb -o $@ -

$(BENCH_VIRTIO)/%/images.o: $(MACHINE_SRC)/images.S $(BENCH)/virtio.bin $(BENCH_VIRTIO)/%/guest.dtb
	$(Q)$(CROSS)gcc -DGUEST_IMAGE='"$(BENCH)/virtio.bin"' -DGUEST_DTB='"$(@D)/guest.dtb"' -c $< -o $@

$(BENCH_VIRTIO)/%/vmm.o: $(BENCH_VIRTIO_SRC)/vmm.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(DRIVER_CFLAGS) -DON_PCI=$(if $(filter %pci,$*),1,0) -c -o $@ $<
-include $(BENCH_VIRTIO_VARIANTS:%=$(BENCH_VIRTIO)/%/vmm.d)

$(BENCH)/virtio.elf: $(BENCH)/guest/virtio_bus.c.o

$(BENCH_VIRTIO)/%/parts/vmm.elf: $(BENCH_VIRTIO)/%/vmm.o $(BENCH_VIRTIO)/%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)mkdir -p $(@D)
	$(Q)$(call link_pd,$@,$^)

$(BENCH_VIRTIO)/%/image.elf: $(BENCH_VIRTIO)/%/guest.system $(BENCH_VIRTIO)/%/parts/vmm.elf $(DRIVER_ELFS) \
        $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	$(Q)$(if $(filter %passed,$*),cp $(@D)/parts/vmm.elf $(@D),\
	    $(call configure_pds,$<,$(@D),$(BENCH_VIRTIO_PDS) vmm=$(@D)/parts/vmm.elf))
	$(Q)$(call build_image,$<,$(@D),$@)

.PRECIOUS: $(BENCH_VIRTIO)/%/guest.system $(BENCH_VIRTIO)/%/guest.dtb $(BENCH_VIRTIO)/%/images.o \
    $(BENCH_VIRTIO)/%/vmm.o $(BENCH_VIRTIO)/%/parts/vmm.elf
.SECONDARY: $(BENCH)/virtio.elf $(BENCH)/guest/virtio.c.o $(BENCH)/guest/virtio_bus.c.o

ifndef MICROKIT_SDK
test-build: bench-virtio-build
endif

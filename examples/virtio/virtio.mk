# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A Linux guest on virtual devices, with the ready-made VMM. A variant is named by interrupt controller and what the
# devices sit on: gic2-mmio, gic3-pci; one with several vCPUs also by their number and the number of cores that they
# share: gic2-mmio-4x2; one that waits for a debugger also by "gdb". Its files lie in $(VIRTIO)/gic2-mmio/, ending in
# $(IMAGE_NAME).

$(call needs,VMM_ELF DRIVERS GUEST_INITRD_FILES)

VIRTIO     := $(EXAMPLES)/virtio
VIRTIO_SRC := examples/virtio

#@ BUS              run EXAMPLE=virtio: what virtual devices sit on, mmio or pci (default: mmio)
EXAMPLE_IMAGE_virtio  = $(VIRTIO)/gic$(GIC)-$(or $(BUS),mmio)$(LINUX_RUN_SMP)$(if $(GDB),-gdb)/$(IMAGE_NAME)
EXAMPLE_BANNER_virtio = Linux with virtual console, disk and network on $(CPU) with \
    GICv$(GIC)$(LINUX_RUN_SAYS)$(RUN_GDB_SAYS)
EXAMPLE_TAKES_virtio  = BUS SMP CORES GDB
EXAMPLE_CORES_virtio  = $(LINUX_RUN_CORES)
EXAMPLE_FILES_virtio  = $(VIRTIO)/disk.img
EXAMPLE_QEMU_virtio   = -global virtio-mmio.force-legacy=false \
    -drive if=none,id=disk,format=raw,file=$(VIRTIO)/disk.img \
    -device virtio-blk-device,bus=virtio-mmio-bus.0,drive=disk \
    -netdev user,id=net -device virtio-net-device,bus=virtio-mmio-bus.8,netdev=net \
    $(QEMU_RNG) $(if $(GDB),$(RUN_GDB_QEMU))

VIRTIO_INITRD := $(VIRTIO)/initramfs.cpio.gz
VIRTIO_PDS    := uart=$(DRIVERS)/pl011.elf serial_virt=$(DRIVERS)/serial_virt.elf disk=$(DRIVERS)/virtio_blk.elf \
    blk_virt=$(DRIVERS)/blk_virt.elf nic=$(DRIVERS)/virtio_net.elf net_virt=$(DRIVERS)/net_virt.elf \
    rng=$(DRIVERS)/virtio_rng.elf timer=$(DRIVERS)/arm_timer.elf

$(VIRTIO_INITRD): $(VIRTIO_SRC)/modules $(VIRTIO_SRC)/rc $(GUEST_INITRD_FILES)
	@$(call step,INITRD,$@)
	$(Q)$(call guest_initrd,$@,$(VIRTIO_SRC)/modules,,$(VIRTIO_SRC)/rc=etc/rc)

# The description of a variant is that of its interrupt controller, with the transport named and as many vCPUs.
VIRTIO_WORDS = $(subst -, ,$*)
VIRTIO_SMP   = $(subst x, ,$(or $(strip $(foreach word,$(VIRTIO_WORDS),$(if $(findstring x,$(word)),$(word)))),1x1))
VIRTIO_GDB   = $(filter gdb,$(VIRTIO_WORDS))
$(VIRTIO)/%/guest.system: $(VIRTIO_SRC)/virtio_gicv2.system $(VIRTIO_SRC)/virtio_gicv3.system tools/run/spread-vcpus \
        tools/run/add-gdb
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/transport="mmio"/transport="$(word 2,$(VIRTIO_WORDS))"/' \
	    $(VIRTIO_SRC)/virtio_$(patsubst gic%,gicv%,$(firstword $(VIRTIO_WORDS))).system >$@.1
	$(Q)tools/run/spread-vcpus $@.1 $(VIRTIO_SMP) >$@.2
	$(Q)$(if $(VIRTIO_GDB),tools/run/add-gdb $@.2 vmm,cat $@.2) >$@

$(VIRTIO)/%/$(IMAGE_NAME): $(VIRTIO)/%/guest.system $(VMM_ELF) $(DRIVER_ELFS) $(GUEST_KERNEL) $(VIRTIO_INITRD) \
        $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call configure_pds,$<,$(@D),$(VIRTIO_PDS) vmm=$(VMM_ELF) \
	    $(if $(VIRTIO_GDB),gdb_line=$(DRIVERS)/virtio_console.elf))
	$(Q)$(call build_image,$<,$(@D) --search-path $(VIRTIO) --search-path $(GUEST),$@)

# A disk with an empty file system; it is kept from one run to the next.
$(VIRTIO)/disk.img:
	@$(call step,DISK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)rm -f $@.new && truncate -s 512M $@.new
	$(Q)PATH="$$PATH:/sbin:/usr/sbin" mke2fs -q -F -t ext4 $@.new && mv $@.new $@

.PRECIOUS: $(VIRTIO)/%/guest.system $(VIRTIO)/%/$(IMAGE_NAME)

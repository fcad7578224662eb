# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Two Linux guests and a switch, with the ready-made VMM. A variant is named as those of the example virtio are, such as
# gic2-mmio; its files lie in $(VSWITCH)/gic2-mmio/, ending in $(IMAGE_NAME).

$(call needs,VMM_ELF DRIVERS GUEST_INITRD_FILES)

VSWITCH     := $(EXAMPLES)/vswitch
VSWITCH_SRC := examples/vswitch

EXAMPLE_IMAGE_vswitch  = $(VSWITCH)/gic$(GIC)-$(or $(BUS),mmio)$(LINUX_RUN_SMP)/$(IMAGE_NAME)
EXAMPLE_BANNER_vswitch = two Linux guests and a switch on $(CPU) with GICv$(GIC)$(LINUX_RUN_SAYS); Ctrl-\ and 0 or 1 \
    selects a guest
EXAMPLE_TAKES_vswitch  = BUS SMP CORES
EXAMPLE_CORES_vswitch  = $(LINUX_RUN_CORES)
EXAMPLE_QEMU_vswitch   = $(QEMU_VIRTIO) $(QEMU_NET)

VSWITCH_INITRD := $(VSWITCH)/initramfs.cpio.gz
VSWITCH_PDS    := uart=$(DRIVERS)/pl011.elf serial_virt=$(DRIVERS)/serial_virt.elf nic=$(DRIVERS)/virtio_net.elf \
    net_virt=$(DRIVERS)/net_virt.elf guest_1=$(VMM_ELF) guest_2=$(VMM_ELF) \
    timer=$(DRIVERS)/arm_timer.elf

$(VSWITCH_INITRD): $(VSWITCH_SRC)/modules $(VSWITCH_SRC)/rc $(GUEST_INITRD_FILES)
	@$(call step,INITRD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(call guest_initrd,$@,$(VSWITCH_SRC)/modules,,$(VSWITCH_SRC)/rc=etc/rc)

# The description of a variant is that of its interrupt controller, with the transport named and as many vCPUs.
VSWITCH_WORDS = $(subst -, ,$*)
$(VSWITCH)/%/guest.system: $(VSWITCH_SRC)/vswitch_gicv2.system $(VSWITCH_SRC)/vswitch_gicv3.system \
        tools/run/spread-vcpus
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/transport="mmio"/transport="$(word 2,$(VSWITCH_WORDS))"/' \
	    $(VSWITCH_SRC)/vswitch_$(patsubst gic%,gicv%,$(firstword $(VSWITCH_WORDS))).system >$@.1
	$(Q)tools/run/spread-vcpus $@.1 $(subst x, ,$(or $(word 3,$(VSWITCH_WORDS)),1x1)) >$@

$(VSWITCH)/%/$(IMAGE_NAME): $(VSWITCH)/%/guest.system $(VMM_ELF) $(DRIVER_ELFS) $(GUEST_KERNEL) $(VSWITCH_INITRD) \
        $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call configure_pds,$<,$(@D),$(VSWITCH_PDS))
	$(Q)$(call build_image,$<,$(@D) --search-path $(VSWITCH) --search-path $(GUEST),$@)

.PRECIOUS: $(VSWITCH)/%/guest.system $(VSWITCH)/%/$(IMAGE_NAME)

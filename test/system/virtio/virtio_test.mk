# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What the tests of virtual devices boot, and programs that the guest has on its disk: one of these tests, and Debian's
# fio and iperf3 with their libraries.

$(call needs,VMM_ELF VIRTIO DRIVER_ELFS GUEST_KERNEL)

VTEST          := $(BUILD)/test/virtio
VTEST_PACKAGES := fio iperf3
VTEST_FETCHED  := $(VTEST_PACKAGES:%=$(BUILD)/deb/%/.fetched)
VTEST_PROGRAMS := $(VTEST)/programs

$(VTEST)/hammer: test/system/virtio/hammer.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -static -s -Wl,--build-id=none -o $@ $<

$(VTEST_FETCHED):
	@$(call step,FETCH,$(notdir $(@D)): a program of the guest)
	$(Q)$(FETCH_DEB) --libraries $(notdir $(@D)):arm64 $(@D)

$(VTEST_PROGRAMS)/.ready: $(VTEST_FETCHED) tools/guest/collect-programs
	$(Q)mkdir -p $(dir $(@D))
	$(Q)CROSS=$(CROSS) tools/guest/collect-programs $(@D) \
	    $(foreach name,$(VTEST_PACKAGES),$(BUILD)/deb/$(name):usr/bin/$(name))
	$(Q)touch $@

# The same guest, told not to use messages for its interrupts.
$(VTEST)/nomsi/guest.system: $(VIRTIO)/gic2-pci/guest.system
	$(Q)mkdir -p $(@D)
	$(Q)echo 'console=hvc0 pci=nomsi' >$(@D)/nomsi.txt
	$(Q)sed -e '/name="guest_kernel"/i <memory_region name="bootargs" prefill_path="nomsi.txt" />' \
	    -e '/mr="guest_kernel"/i <map mr="bootargs" vaddr="0x5f000000" perms="r" \
	    setvar_vaddr="guest_bootargs_vaddr" setvar_prefill_size="guest_bootargs_bytes" />' $< >$@

$(VTEST)/nomsi/$(IMAGE_NAME): $(VTEST)/nomsi/guest.system $(VMM_ELF) $(DRIVER_ELFS) $(GUEST_KERNEL) $(VIRTIO_INITRD) \
        $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call configure_pds,$<,$(@D),$(VIRTIO_PDS) vmm=$(VMM_ELF))
	$(Q)$(call build_image,$<,$(@D) --search-path $(VIRTIO) --search-path $(GUEST),$@)

VTEST_SOME := gic2-mmio gic2-pci-4x1 gic3-pci gic3-mmio-4x1
VTEST_ALL  := $(foreach gic,2 3,$(foreach bus,mmio pci,$(foreach smp,_ -4x1,gic$(gic)-$(bus)$(smp:_=))))
VTEST_CORES := $(foreach gic,2 3,$(foreach bus,mmio pci,gic$(gic)-$(bus)-4x2))

.PHONY: test-virtio test-virtio-cores
## test-virtio: Linux on virtual devices, every variant, with much data; takes an hour
test-virtio: test-deps
	+$(Q)$(BUILD_QUIETLY) test-build $(VTEST_ALL:%=$(VIRTIO)/%/$(IMAGE_NAME)) $(VSWITCH_MATRIX)
	$(Q)TEST_MATRIX=1 $(MAKE) test TESTS='test/system/virtio test/system/vswitch'

## test-virtio-cores: the same with four vCPUs on two cores
test-virtio-cores: test-deps
	+$(Q)$(BUILD_QUIETLY) test-build $(VTEST_CORES:%=$(VIRTIO)/%/$(IMAGE_NAME))
	$(Q)TEST_MATRIX=4x2 $(MAKE) test TESTS=test/system/virtio

TEST_FILES += $(VTEST)/hammer $(VTEST_PROGRAMS)/.ready

ifndef MICROKIT_SDK
test-build: $(VTEST_SOME:%=$(VIRTIO)/%/$(IMAGE_NAME)) $(VTEST)/nomsi/$(IMAGE_NAME) $(VTEST)/hammer \
    $(VTEST_PROGRAMS)/.ready
endif

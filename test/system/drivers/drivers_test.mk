# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The images of the drivers' tests: two clients, and a hostile one or an idle program in its place.

$(call needs,LIBVMM_A DRIVERS)

DTEST      := $(BUILD)/test/drivers
DTEST_SRC  := test/system/drivers
DTEST_OBJS := $(patsubst %,$(DTEST)/parts/%.o,client blk net timer)

$(DTEST)/parts/%.o: $(DTEST_SRC)/%.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(DRIVER_CFLAGS) -c -o $@ $<

$(DTEST)/parts/client.elf: $(DTEST_OBJS) $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(DTEST)/parts/mallory.elf $(DTEST)/parts/idle.elf: %.elf: %.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

# The same system, with the clients on a core of their own.
$(DTEST)/drivers-2.system: $(DTEST_SRC)/drivers.system
	$(Q)mkdir -p $(@D)
	$(Q)sed 's/priority="100"/priority="100" cpu="1"/' $< >$@

# The same system, with alice and mallory reading what they receive in the driver's region.
$(DTEST)/drivers-shared.system: $(DTEST_SRC)/drivers.system
	$(Q)mkdir -p $(@D)
	$(Q)sed -e '/name="net_\(alice\|mallory\)_rx_data"/d' \
	    -e '/mr="net_\(alice\|mallory\)_rx_data" vaddr="0x3[13]/d' \
	    -e '/mr="net_\(alice\|mallory\)_rx_data"/s/mr="[a-z_]*"/mr="net_net_virt_rx_data" perms="r"/' $< >$@

$(DTEST)/drivers-shared-2.system: $(DTEST)/drivers-shared.system
	$(Q)sed 's/priority="100"/priority="100" cpu="1"/' $< >$@

# $(call dtest_image,FOLDER,PROGRAM OF MALLORY,SYSTEM)
define dtest_image
$(DTEST)/$(1)/image.elf: $(3) $(DRIVER_ELFS) $(DTEST)/parts/client.elf $(DTEST)/parts/$(2).elf \
        $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	$$(Q)$$(call configure_pds,$$<,$$(@D),timer=$(DRIVERS)/arm_timer.elf uart=$(DRIVERS)/pl011.elf \
	    serial_virt=$(DRIVERS)/serial_virt.elf disk=$(DRIVERS)/virtio_blk.elf blk_virt=$(DRIVERS)/blk_virt.elf \
	    nic=$(DRIVERS)/virtio_net.elf net_virt=$(DRIVERS)/net_virt.elf alice=$(DTEST)/parts/client.elf \
	    bob=$(DTEST)/parts/client.elf mallory=$(DTEST)/parts/$(2).elf)
	$$(Q)$$(call build_image,$$<,$$(@D),$$@)
endef
$(eval $(call dtest_image,quiet,idle,$(DTEST_SRC)/drivers.system))
$(eval $(call dtest_image,hostile,mallory,$(DTEST_SRC)/drivers.system))
$(eval $(call dtest_image,quiet-2,idle,$(DTEST)/drivers-2.system))
$(eval $(call dtest_image,hostile-2,mallory,$(DTEST)/drivers-2.system))
$(eval $(call dtest_image,shared,mallory,$(DTEST)/drivers-shared.system))
$(eval $(call dtest_image,shared-2,mallory,$(DTEST)/drivers-shared-2.system))

-include $(wildcard $(DTEST)/parts/*.d)

.PHONY: drivers-test-images
drivers-test-images: $(foreach name,quiet hostile shared quiet-2 hostile-2 shared-2,$(DTEST)/$(name)/image.elf)
ifndef MICROKIT_SDK
test-build: drivers-test-images
endif

# The switch.
$(DTEST)/switch/parts/%.o: $(DTEST_SRC)/switch/%.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(DRIVER_CFLAGS) -c -o $@ $<

$(DTEST)/switch/parts/%.elf: $(DTEST)/switch/parts/%.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(DTEST)/switch/image.elf: $(DTEST_SRC)/switch/switch.system $(DRIVERS)/net_virt.elf $(DTEST)/switch/parts/port.elf \
        $(DTEST)/switch/parts/judge.elf $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	$(Q)$(call configure_pds,$<,$(@D),switch=$(DRIVERS)/net_virt.elf judge=$(DTEST)/switch/parts/judge.elf \
	    $(foreach name,alice bob carol,$(name)=$(DTEST)/switch/parts/port.elf))
	$(Q)$(call build_image,$<,$(@D),$@)

-include $(wildcard $(DTEST)/switch/parts/*.d)

drivers-test-images: $(DTEST)/switch/image.elf

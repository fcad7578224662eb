# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Drivers and virtualisers, each a program of a PD: $(DRIVERS)/NAME.elf, with its configuration section not yet filled
# in. A system's build does that, for them and for its own programs:
#
#   $(OUT)/.configured: my.system $(DRIVERS)/pl011.elf $(DRIVERS)/serial_virt.elf $(OUT)/parts/client.elf \
#           $(SDDF_CONFIGURE)
#       $(Q)$(call configure_pds,my.system,$(OUT),uart=$(DRIVERS)/pl011.elf serial_virt=$(DRIVERS)/serial_virt.elf \
#           client=$(OUT)/parts/client.elf)
#       $(Q)touch $@
#
# and then $(call build_image,my.system,$(OUT),...). docs/drivers.md has the names and the conventions.

$(call needs,LIBVMM_A UNIT_DIR)

DRIVERS        := $(EXAMPLES:%/examples=%/drivers)
DRIVER_NAMES   := pl011 cadence_uart imx_uart serial_virt virtio_blk blk_virt virtio_net net_virt arm_timer virtio_rng \
    virtio_console
DRIVER_ELFS    := $(DRIVER_NAMES:%=$(DRIVERS)/%.elf)
SDDF_CONFIGURE := tools/sddf/configure tools/sddf/checks.py

# A driver's program has one source file of its own name; some have others besides.
driver_source             = $(wildcard apps/drivers/*/$(1).c)
DRIVER_MORE_pl011        := apps/drivers/serial/uart.c
DRIVER_MORE_cadence_uart := apps/drivers/serial/uart.c
DRIVER_MORE_imx_uart     := apps/drivers/serial/uart.c
DRIVER_MORE_virtio_blk   := apps/drivers/virtio/virtio.c
DRIVER_MORE_virtio_net   := apps/drivers/virtio/virtio.c
DRIVER_MORE_virtio_rng   := apps/drivers/virtio/virtio.c
DRIVER_MORE_virtio_console := apps/drivers/virtio/virtio.c
DRIVER_MORE_blk_virt     := apps/drivers/blk/partition.c
DRIVER_MORE_net_virt     := apps/drivers/net/net_pool.c

# A PD that talks by sDDF's queues, a driver or not, is compiled with these.
DRIVER_CFLAGS = $(TARGET_CFLAGS) -Iapps/drivers $(LIBVMM_INCLUDES) -isystem $(MICROKIT)/include -MD -MP

# $(call configure_pds,SYSTEM,FOLDER,PD=PROGRAM ...): puts the programs into FOLDER, with their sections filled in.
configure_pds = $(PYTHON) $(firstword $(SDDF_CONFIGURE)) $(1) -o $(2) $(3)

.PHONY: drivers
## drivers: build the drivers and virtualisers
drivers: $(DRIVER_ELFS)

$(DRIVERS)/%.o: apps/drivers/%.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(DRIVER_CFLAGS) -c -o $@ $<

# $(call driver_program,NAME)
define driver_program
$(DRIVERS)/$(1).elf: $(patsubst apps/drivers/%.c,$(DRIVERS)/%.o,$(call driver_source,$(1)) $(DRIVER_MORE_$(1))) \
        $(LIBVMM_A) $(LIBMICROKIT_A)
	$$(Q)$$(call link_pd,$$@,$$^)
endef
$(foreach name,$(DRIVER_NAMES),$(eval $(call driver_program,$(name))))

-include $(wildcard $(DRIVERS)/*/*.d)

# Their unit tests include the sources that they test.
$(UNIT_DIR)/obj/test/unit/drivers/%.o: UNIT_CFLAGS += -Iapps/drivers

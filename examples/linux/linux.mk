# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The Linux example. A variant is named by interrupt controller and RAM size, such as gic2-256M; one with several vCPUs
# also by their number and the number of cores that they share, such as gic2-256M-4x2, and by "low" where the VMM has a
# lower priority than they, and by "gdb" where it waits for a debugger. Its files lie in $(LINUX)/gic2-256M/, ending in
# $(IMAGE_NAME), what QEMU starts.

$(call needs,LIBVMM_A GUEST_INITRD DRIVERS)

LINUX     := $(EXAMPLES)/linux

EXAMPLE_BOARDS_linux := $(BOARDS)
EXAMPLE_TAKES_linux  := MEM SMP CORES GDB
EXAMPLE_CORES_linux   = $(LINUX_RUN_CORES)
EXAMPLE_IMAGE_linux   = $(LINUX)/gic$(GIC)-$(LINUX_RUN_MEM)$(LINUX_RUN_SMP)$(if $(GDB),-gdb)/$(IMAGE_NAME)
EXAMPLE_QEMU_linux    = $(if $(GDB),$(RUN_GDB_QEMU))
EXAMPLE_BANNER_linux  = Linux on $(BOARD_SAYS) and $(LINUX_RUN_MEM) of RAM$(LINUX_RUN_SAYS)$(RUN_GDB_SAYS)

LINUX_RUN_MEM   = $(or $(MEM),256M)
LINUX_RUN_VCPUS = $(or $(SMP),1)
LINUX_RUN_CORES = $(or $(CORES),$(if $(filter 5 6 7 8,$(LINUX_RUN_VCPUS)),4,$(LINUX_RUN_VCPUS)))
LINUX_RUN_SMP   = $(if $(filter-out 1x1,$(LINUX_RUN_VCPUS)x$(LINUX_RUN_CORES)),-$(LINUX_RUN_VCPUS)x$(LINUX_RUN_CORES))
LINUX_RUN_SAYS  = $(if $(LINUX_RUN_SMP),$(COMMA) $(LINUX_RUN_VCPUS) vCPUs on $(LINUX_RUN_CORES) cores)

LINUX_WORDS = $(subst -, ,$*)
LINUX_GIC   = $(patsubst gic%,%,$(firstword $(LINUX_WORDS)))
LINUX_RAM   = $$(printf '0x%x' $$(numfmt --from=iec $(word 2,$(LINUX_WORDS))))
# Number of vCPUs, of cores, and the priorities of VMM and vCPUs if not those of the file.
LINUX_SMP   = $(subst x, ,$(or $(strip $(foreach word,$(LINUX_WORDS),$(if $(findstring x,$(word)),$(word)))),1x1)) \
    $(if $(filter low,$(LINUX_WORDS)),50 100)
LINUX_GDB   = $(filter gdb,$(LINUX_WORDS))
# With a debugger the kernel's symbols are where its System.map says. The rest is that of QEMU's virt machine.
LINUX_BOOTARGS = $(if $(LINUX_GDB),console=ttyAMA0 earlycon=pl011$(COMMA)0x9000000 nokaslr)
# The description names the devices of QEMU's virt machine: those of another board take their places.
LINUX_BOARD = -e '/mr="serial"/s/ vaddr="[^"]*"/ vaddr="$(firstword $(BOARD_UART))"/' \
    -e '/name="serial"/s/ phys_addr="[^"]*"/ phys_addr="$(firstword $(BOARD_UART))"/' \
    -e '/<irq /s/ irq="[^"]*"/ irq="$(lastword $(BOARD_UART))"/' \
    -e '/name="gic_vcpu"/s/ phys_addr="[^"]*"/ phys_addr="$(BOARD_GICV)"/'
# As vmm.c has it.
LINUX_INITRD_DEST := 0x45200000

LINUX_CFLAGS = $(TARGET_CFLAGS) -isystem $(MICROKIT)/include -Iinclude

.PRECIOUS: $(LINUX)/%/guest.dtb $(LINUX)/%/linux.system $(LINUX)/%/images.o $(LINUX)/%/vmm.elf $(LINUX)/%/$(IMAGE_NAME)

# $(call linux_dtb,GIC,RAM BYTES,INITRD,OUT,VCPUS,BOOTARGS): the guest's device tree for an initial RAM disk of that
# size; VCPUS: 1 if not given; BOOTARGS: the board's if not given.
linux_dtb = $(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DRAM_SIZE=$(2) -DVCPUS=$(or $(5),1) \
    $(if $(6),-DBOOTARGS='"$(6)"') \
    -DBOARD_SERIAL='"../../boards/$(BOARD)/serial.dtsi"' \
    -DINITRD_START=$(LINUX_INITRD_DEST) \
    -DINITRD_END=$$(printf '0x%x' $$(($(LINUX_INITRD_DEST) + $$(stat -L -c %s $(3))))) \
    examples/linux/gicv$(1).dts $(4).dts && $(DTC) -I dts -O dtb -o $(4) $(4).dts

LINUX_DTS := examples/linux/gicv2.dts examples/linux/gicv3.dts examples/linux/common.dtsi boards/$(BOARD)/serial.dtsi
$(LINUX)/%/guest.dtb: $(LINUX_DTS) $(GUEST_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)$(call linux_dtb,$(LINUX_GIC),$(LINUX_RAM),$(GUEST_INITRD),$@,$(firstword $(LINUX_SMP)),$(LINUX_BOOTARGS))

$(LINUX)/%/linux.system: examples/linux/linux_gicv2.system examples/linux/linux_gicv3.system tools/run/spread-vcpus \
        tools/run/add-gdb
	$(Q)mkdir -p $(@D)
	$(Q)sed -e '/name="guest_ram" size/s/ size="[^"]*"/ size="'$(LINUX_RAM)'"/' $(LINUX_BOARD) \
	    examples/linux/linux_gicv$(LINUX_GIC).system >$@.1
	$(Q)tools/run/spread-vcpus $@.1 $(LINUX_SMP) >$@.2
	$(Q)$(if $(LINUX_GDB),tools/run/add-gdb $@.2 VMM,cat $@.2) >$@

# $(call linux_images,DEVICE TREE,INITRD,OUT): the guest's images, as symbols of a VMM; needs $(LINUX_IMAGES_FILES).
linux_images = $(CROSS)gcc $(LINUX_CFLAGS) -DGUEST_KERNEL_IMAGE='"$(GUEST_KERNEL)"' -DGUEST_DTB_IMAGE='"$(1)"' \
    -DGUEST_INITRD_IMAGE='"$(2)"' -c examples/linux/package_guest_images.S -o $(3)
LINUX_IMAGES_FILES := examples/linux/package_guest_images.S $(GUEST_KERNEL) $(GUEST_INITRD)

$(LINUX)/%/images.o: $(LINUX)/%/guest.dtb $(LINUX_IMAGES_FILES)
	$(Q)$(call linux_images,$<,$(GUEST_INITRD),$@)

$(LINUX)/vmm.o: examples/linux/vmm.c | libmicrokit
	@$(call step,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(LINUX_CFLAGS) -DSERIAL_IRQ=$(lastword $(BOARD_UART)) -MD -MP -c $< -o $@
-include $(LINUX)/vmm.d

$(LINUX)/%/vmm.elf: $(LINUX)/vmm.o $(LINUX)/%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

# The .system file names vmm.elf; the tool finds it in the search path.
$(LINUX)/%/$(IMAGE_NAME): $(LINUX)/%/linux.system $(LINUX)/%/vmm.elf $(DRIVERS)/virtio_console.elf $(SDDF_CONFIGURE) \
        $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(if $(LINUX_GDB),$(call configure_pds,$<,$(@D)/gdb,VMM=$(@D)/vmm.elf gdb_line=$(DRIVERS)/virtio_console.elf))
	$(Q)$(call build_image,$<,$(@D)$(if $(LINUX_GDB),/gdb),$@)

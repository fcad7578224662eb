# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# A point-of-sale terminal: a native component draws, a Linux guest shows it. Variants: gic2 and gic3; files lie in
# $(KITTY)/gic2/, ending in $(IMAGE_NAME).

KITTY     := $(EXAMPLES)/kitty
KITTY_SRC := examples/kitty

EXAMPLE_IMAGE_kitty  = $(KITTY)/gic$(GIC)/$(IMAGE_NAME)
EXAMPLE_BANNER_kitty = a till whose display is a Linux guest, on $(CPU) with GICv$(GIC)
EXAMPLE_FILES_kitty  = $(KITTY)/disk.img
EXAMPLE_RUNNER_kitty = $(KITTY_SRC)/run $(KITTY)
EXAMPLE_QEMU_kitty   = $(QEMU_VIRTIO) $(call qemu_disk,$(KITTY)/disk.img) $(KITTY_SCREEN)

# As vmm.c has it; and the size of guest RAM as the system descriptions have it.
KITTY_INITRD_DEST := 0x55200000
KITTY_RAM         := 0x8000000
KITTY_INITRD      := $(KITTY)/initramfs.cpio.gz
KITTY_MODULE      := $(EXAMPLES)/uio/window_uio.ko
KITTY_PDS          = timer=$(DRIVERS)/arm_timer.elf uart=$(DRIVERS)/pl011.elf serial_virt=$(DRIVERS)/serial_virt.elf \
    disk=$(DRIVERS)/virtio_blk.elf blk_virt=$(DRIVERS)/blk_virt.elf till=$(KITTY)/till.elf

# Display, keyboard and pointer.
KITTY_SCREEN := -device virtio-gpu-device,bus=virtio-mmio-bus.24,xres=1024,yres=768 \
    -device virtio-keyboard-device,bus=virtio-mmio-bus.25 -device virtio-tablet-device,bus=virtio-mmio-bus.26

# The font: Debian's console fonts.
KITTY_FONTS := $(BUILD)/deb/console-setup-linux
KITTY_FONT  := $(KITTY_FONTS)/usr/share/consolefonts/Uni2-TerminusBold

$(KITTY_FONTS)/.fetched:
	@$(call step,FETCH,console-setup-linux: a font)
	$(Q)$(FETCH_DEB) console-setup-linux $(@D) --wildcards './usr/share/consolefonts/Uni2-TerminusBold*'

$(KITTY)/font.c: $(KITTY_SRC)/make-font $(KITTY_FONTS)/.fetched
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) $< $(KITTY_FONT)16.psf.gz $(KITTY_FONT)32x16.psf.gz $@

# The driver VM.
$(KITTY)/paint: $(KITTY_SRC)/paint.c $(KITTY_SRC)/region.h
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -fno-tree-loop-distribute-patterns -static -s -Wl,--build-id=none -o $@ $<

$(KITTY_INITRD): $(KITTY_SRC)/modules $(KITTY_SRC)/rc $(KITTY_MODULE) $(KITTY)/paint $(GUEST_INITRD_FILES)
	@$(call step,INITRD,$@)
	$(Q)$(call guest_initrd,$@,$(KITTY_SRC)/modules,$(KITTY_MODULE),$(KITTY_SRC)/rc=etc/rc \
	    $(KITTY)/paint=bin/paint)

$(KITTY)/gic%/guest.dtb: $(KITTY_SRC)/guest.dts $(LINUX_DTS) $(KITTY_INITRD)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DGIC=$* -DVCPUS=1 -DRAM_SIZE=$(KITTY_RAM) \
	    -DINITRD_START=$(KITTY_INITRD_DEST) -DINITRD_END=$$(printf '0x%x' $$(($(KITTY_INITRD_DEST) + \
	    $$(stat -L -c %s $(KITTY_INITRD))))) $< $@.dts && $(DTC) -I dts -O dtb -o $@ $@.dts

$(KITTY)/gic%/images.o: $(KITTY)/gic%/guest.dtb $(LINUX_IMAGES_FILES) $(KITTY_INITRD)
	$(Q)$(call linux_images,$<,$(KITTY_INITRD),$@)

$(KITTY)/gic%/vmm.parts.elf: $(KITTY)/vmm.o $(KITTY)/gic%/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

# The native component.
KITTY_TILL := $(patsubst %,$(KITTY)/%.o,till display sales screen shapes)
$(KITTY)/vmm.o $(KITTY_TILL): $(KITTY)/%.o: $(KITTY_SRC)/%.c | libmicrokit
	@$(call step,CC,$<)
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(DRIVER_CFLAGS) -c -o $@ $<
$(KITTY)/font.o: $(KITTY)/font.c | libmicrokit
	$(Q)$(CROSS)gcc $(DRIVER_CFLAGS) -I$(KITTY_SRC) -c -o $@ $<
-include $(wildcard $(KITTY)/*.d)

$(KITTY)/till.elf: $(KITTY_TILL) $(KITTY)/font.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

$(KITTY)/gic%/$(IMAGE_NAME): $(KITTY_SRC)/kitty_gicv%.system $(KITTY)/gic%/vmm.parts.elf $(KITTY)/till.elf \
        $(DRIVER_ELFS) $(SDDF_CONFIGURE) $(MICROKIT_TOOL_FILES)
	@$(call step,IMAGE,$@)
	$(Q)$(call configure_pds,$<,$(@D),$(KITTY_PDS) display=$(@D)/vmm.parts.elf)
	$(Q)$(call build_image,$<,$(@D),$@)

# A disk with a partition for the log; it is kept from one run to the next.
$(KITTY)/disk.img: tools/run/make-disk
	@$(call step,DISK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/run/make-disk $@ 2

.PRECIOUS: $(KITTY)/gic%/guest.dtb $(KITTY)/gic%/images.o $(KITTY)/gic%/vmm.parts.elf

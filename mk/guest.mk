# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The Linux guest's images: Debian's arm64 kernel as it is, and an initramfs of busybox, tools/guest/linux-init and a
# test program for each test/system/linux/NAME.c.

GUEST        := $(BUILD)/guest
GUEST_KERNEL := $(GUEST)/Image
GUEST_INITRD := $(GUEST)/initramfs.cpio.gz
FETCH_DEB    := tools/guest/fetch-deb
# Where it lies in the package depends on the release: evaluated in a recipe, once the package is there.
GUEST_BUSYBOX = "$$(find $(BUILD)/deb/busybox-static -path "*bin/busybox" -type f)"

# Modules lie in /lib or in /usr/lib.
$(BUILD)/deb/linux/.fetched:
	@$(call step,FETCH,linux-image-arm64: the guest kernel of Debian)
	$(Q)$(FETCH_DEB) --dependency 'linux-image-*' linux-image-arm64:arm64 $(@D) --wildcards ./boot './*lib/modules/*'

$(BUILD)/deb/device-trees/.fetched:
	@$(call step,FETCH,linux-image-arm64: the device trees of boards)
	$(Q)$(FETCH_DEB) --dependency 'linux-image-*' linux-image-arm64:arm64 $(@D) --wildcards \
	    './usr/lib/linux-image-*'

.PHONY: device-trees
## device-trees: fetch the device trees of all boards that Debian knows, for tools/board/pass
device-trees: $(BUILD)/deb/device-trees/.fetched

$(BUILD)/deb/busybox-static/.fetched:
	@$(call step,FETCH,busybox-static: the programs of the guest)
	$(Q)$(FETCH_DEB) busybox-static:arm64 $(@D)

$(GUEST_KERNEL): $(BUILD)/deb/linux/.fetched tools/guest/unpack-kernel
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tools/guest/unpack-kernel $(<D)/boot/vmlinuz-* $@

# Programs of the guest's user space have no C library; they make Linux's system calls themselves.
GUEST_PROGRAMS := $(patsubst test/system/linux/%.c,$(GUEST)/%,$(wildcard test/system/linux/*.c))
$(GUEST_PROGRAMS): $(GUEST)/%: test/system/linux/%.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -static -s -Wl,--build-id=none -o $@ $<

$(GUEST_INITRD): tools/guest/linux-init tools/guest/make-initramfs $(BUILD)/deb/busybox-static/.fetched \
        $(GUEST_PROGRAMS)
	@$(call step,INITRD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/guest/make-initramfs $@ $(GUEST_BUSYBOX) $< $(foreach program,$(GUEST_PROGRAMS),\
	    $(program)=bin/$(notdir $(program)))

# $(call guest_initrd,OUT,LIST,EXTRA MODULES,FILES): an initramfs with the kernel's modules that LIST names, those of
# EXTRA MODULES, and files as make-initramfs takes them; needs $(GUEST_INITRD_FILES).
GUEST_INITRD_FILES := tools/guest/linux-init tools/guest/make-initramfs tools/guest/collect-modules \
                      $(BUILD)/deb/busybox-static/.fetched $(BUILD)/deb/linux/.fetched
guest_initrd = mkdir -p $(1).modules && \
    $(PYTHON) tools/guest/collect-modules $(BUILD)/deb/linux $(2) $(1).modules $(3) && \
    tools/guest/make-initramfs $(1) $(GUEST_BUSYBOX) tools/guest/linux-init $(1).modules/modules=etc/modules \
    $$(for file in $(1).modules/*.ko; do echo $$file=lib/modules/$${file\#\#*/}; done) $(4)

# What modules for this kernel are built with, for tools/guest/build-module.
GUEST_HEADERS := $(BUILD)/deb/linux-headers
$(GUEST_HEADERS)/.fetched: $(BUILD)/deb/linux/.fetched tools/guest/fetch-headers
	@$(call step,FETCH,linux-headers: to build a module for the guest kernel)
	$(Q)tools/guest/fetch-headers $(<D) $(@D)

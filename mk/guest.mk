# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The Linux guest's images: Debian's arm64 kernel as it is, and an initramfs of busybox and guests/linux/init.

GUEST        := $(BUILD)/guest
GUEST_KERNEL := $(GUEST)/Image
GUEST_INITRD := $(GUEST)/initramfs.cpio.gz
FETCH_DEB    := tools/guest/fetch-deb
# Where it lies in the package depends on the release: evaluated in a recipe, once the package is there.
GUEST_BUSYBOX = "$$(find $(BUILD)/deb/busybox-static -path "*bin/busybox" -type f)"

$(BUILD)/deb/linux-image/.fetched:
	@$(call step,FETCH,linux-image-arm64: the guest kernel of Debian)
	$(Q)$(FETCH_DEB) --dependency linux-image-arm64:arm64 $(@D) ./boot

$(BUILD)/deb/busybox-static/.fetched:
	@$(call step,FETCH,busybox-static: the programs of the guest)
	$(Q)$(FETCH_DEB) busybox-static:arm64 $(@D)

$(GUEST_KERNEL): $(BUILD)/deb/linux-image/.fetched tools/guest/unpack-kernel
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tools/guest/unpack-kernel $(<D)/boot/vmlinuz-* $@

$(GUEST_INITRD): guests/linux/init tools/guest/make-initramfs $(BUILD)/deb/busybox-static/.fetched
	@$(call step,INITRD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tools/guest/make-initramfs $@ $(GUEST_BUSYBOX) $<

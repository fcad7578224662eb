# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# "make run": the Linux example in QEMU, with its console here.

#@ GIC              run: the machine's interrupt controller, 2 or 3 (default: 2)
GIC ?= 2
#@ CPU              run: the machine's core (default: cortex-a53; also cortex-a72, max and others of QEMU)
CPU ?= cortex-a53
#@ MEM              run: the guest's RAM, a multiple of 2M from 96M to 1G (default: 256M)
MEM ?= 256M

RUN_IMAGE    = $(LINUX)/gic$(GIC)-$(MEM)/$(IMAGE_NAME)
RUN_QEMU     = $(QEMU) -machine virt,virtualization=on,gic-version=$(GIC) -cpu $(RUN_CPU) -m 2G -nic none
RUN_HINT     = leave with Ctrl-A X, or poweroff in the guest
# An architected pointer authentication is slow to emulate; QEMU has a quicker one.
RUN_CPU      = $(if $(filter max,$(CPU)),max$(COMMA)pauth-impdef=on,$(CPU))
COMMA       := ,

.PHONY: run linux-image
## run: boot Debian's Linux under libvmm in QEMU, to a shell; what is piped in runs there
# Standard input is the guest's: nothing before it may read from it.
run:
	$(Q)tools/run/check-options GIC '$(GIC)' MEM '$(MEM)' </dev/null
	$(Q)tools/run/deps run </dev/null
	$(Q)tools/run/check-options CPU '$(CPU)' QEMU '$(QEMU)' </dev/null
	@$(call step,BUILD,$(RUN_IMAGE))
	$(Q)$(BUILD_QUIETLY) $(RUN_IMAGE) </dev/null >&2
	@$(call step,BOOT,Linux on $(CPU) with GICv$(GIC) and $(MEM) of RAM; $(RUN_HINT))
	$(Q)exec tools/run/console $(RUN_QEMU) $(call qemu_image,$(RUN_IMAGE))

linux-image: $(RUN_IMAGE)

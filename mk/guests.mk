# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The bare guests: each test/guests/NAME.c with test/guests/harness becomes $(GUESTS)/NAME.bin, which QEMU starts as it
# is, and one image with a VMM around it for each version of the interrupt controller, $(MACHINE)/gicN/NAME/image.elf.
# One whose name begins with smp_ gets four vCPUs. One with a VMM of its own has it in test/system/machine/NAME/vmm.c,
# and maybe further PDs and a system description beside it. With those of MACHINE_TICKED runs another PD, the ticker.

$(call needs,LIBVMM_A)

GUESTS        := $(BUILD)/test/guests
MACHINE       := $(BUILD)/test/machine
MACHINE_SRC   := test/system/machine
MACHINE_TICKED := pause restart smp_pause
GUEST_NAMES   := $(basename $(notdir $(wildcard test/guests/*.c)))
GUEST_HARNESS     := $(patsubst test/guests/harness/%,$(GUESTS)/harness/%.o,$(wildcard test/guests/harness/*.[cS]))
GUEST_CFLAGS  := $(TARGET_CFLAGS) -I. -fno-tree-loop-distribute-patterns -MMD -MP
MACHINE_NAMES := $(foreach gic,2 3,$(GUEST_NAMES:%=gic$(gic)/%))

.PHONY: guests
## guests: build the bare guests, for QEMU as it is and under libvmm
guests: $(GUEST_NAMES:%=$(GUESTS)/%.bin) $(MACHINE_NAMES:%=$(MACHINE)/%/image.elf)
.SECONDARY: $(GUEST_NAMES:%=$(GUESTS)/%.elf) $(GUEST_NAMES:%=$(GUESTS)/%.c.o)

$(GUESTS)/%.o: test/guests/%
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(GUEST_CFLAGS) -c -o $@ $<

$(GUESTS)/%.elf: $(GUESTS)/%.c.o $(GUEST_HARNESS) test/guests/harness/guest.ld
	$(Q)$(CROSS)ld --no-warn-rwx-segments -T test/guests/harness/guest.ld -o $@ $(filter %.o,$^)

$(GUESTS)/%.bin: $(GUESTS)/%.elf
	$(Q)$(CROSS)objcopy -O binary $< $@

# $(call machine_vcpus,NAME) and $(call machine_vmm,NAME): how many vCPUs, and the VMM's source.
machine_vcpus = $(if $(filter smp_%,$(1)),4,1)
machine_vmm   = $(firstword $(wildcard $(MACHINE_SRC)/$(1)/vmm.c) $(MACHINE_SRC)/vmm.c)
# $(call machine_system,GIC,NAME) and $(call machine_programs,NAME): the system description, and further PDs' programs.
machine_is_ticked = $(filter $(MACHINE_TICKED),$(1))
machine_kind      = $(if $(call machine_is_ticked,$(1)),ticker$(filter-out 1,$(machine_vcpus)),$(machine_vcpus))
machine_system    = $(firstword $(wildcard $(MACHINE_SRC)/$(2)/gic$(1).system) \
    $(MACHINE_SRC)/gic$(1)_$(call machine_kind,$(2)).system)
machine_programs  = $(if $(call machine_is_ticked,$(1)),$(MACHINE)/ticker.elf) \
    $(patsubst $(MACHINE_SRC)/%.c,$(MACHINE)/%.elf,$(filter-out %/vmm.c,$(wildcard $(MACHINE_SRC)/$(1)/*.c)))

$(MACHINE)/%.o: $(MACHINE_SRC)/%.c | libmicrokit
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS)gcc $(TARGET_CFLAGS) -isystem $(MICROKIT)/include -Iinclude -MD -MP -c -o $@ $<

$(MACHINE)/%.elf: $(MACHINE)/%.o $(LIBMICROKIT_A)
	$(Q)$(call link_pd,$@,$^)

# $(call machine_image,GIC,NAME)
define machine_image
$(MACHINE)/gic$(1)/$(2)/guest.dtb: $(MACHINE_SRC)/guest.dts
	$$(Q)mkdir -p $$(@D)
	$$(Q)$(CROSS)cpp -nostdinc -undef -x assembler-with-cpp -P -DGIC=$(1) -DVCPUS=$(call machine_vcpus,$(2)) $$< |\
	    $(DTC) -q -I dts -O dtb -o $$@ -

$(MACHINE)/gic$(1)/$(2)/images.o: $(MACHINE_SRC)/images.S $(GUESTS)/$(2).bin $(MACHINE)/gic$(1)/$(2)/guest.dtb
	$$(Q)$(CROSS)gcc -DGUEST_IMAGE='"$(GUESTS)/$(2).bin"' -DGUEST_DTB='"$$(@D)/guest.dtb"' -c $$< -o $$@

$(MACHINE)/gic$(1)/$(2)/vmm.elf: $(patsubst $(MACHINE_SRC)/%.c,$(MACHINE)/%.o,$(call machine_vmm,$(2))) \
        $(MACHINE)/gic$(1)/$(2)/images.o $(LIBVMM_A) $(LIBMICROKIT_A)
	$$(Q)$$(call link_pd,$$@,$$^)

$(MACHINE)/gic$(1)/$(2)/image.elf: $(call machine_system,$(1),$(2)) $(MACHINE)/gic$(1)/$(2)/vmm.elf \
        $(call machine_programs,$(2)) $(MICROKIT_TOOL_FILES)
	$$(Q)$$(call build_image,$$<,$$(@D) --search-path $(MACHINE) --search-path $(MACHINE)/$(2),$$@)
endef
$(foreach gic,2 3,$(foreach name,$(GUEST_NAMES),$(eval $(call machine_image,$(gic),$(name)))))

-include $(wildcard $(GUESTS)/*.d $(GUESTS)/harness/*.d $(MACHINE)/*.d $(MACHINE)/*/*.d)

ifndef MICROKIT_SDK
test-build: guests
endif

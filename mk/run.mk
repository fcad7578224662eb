# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# "make run": an example in QEMU, with its console here.
#
# An example is a folder examples/NAME with a fragment NAME.mk. The fragment has the rules that build it and says
#   EXAMPLE_IMAGE_NAME   what QEMU starts; may depend on GIC and on the variables in EXAMPLE_TAKES_NAME
#   EXAMPLE_BANNER_NAME  what it is, for the line at the start and for the list of examples
# and, where it is not the default,
#   EXAMPLE_BOARDS_NAME  the boards that it runs on (default: qemu_virt_aarch64)
#   EXAMPLE_TAKES_NAME   which of MEM, SMP, CORES, BUS and GDB it obeys (default: none); one given in vain is an error
#   EXAMPLE_CORES_NAME   how many cores the machine has (default: 1)
#   EXAMPLE_QEMU_NAME    further arguments of QEMU: disks, network (without -nic or -netdev there is no network)
#   EXAMPLE_FILES_NAME   further files to build first, such as disks
#   EXAMPLE_RUNNER_NAME  what runs QEMU, given its command (default: tools/run/console, for a guest with a shell)

$(call needs,EXAMPLE_IMAGE_linux)

#@ EXAMPLE          run: what to run, a folder of examples/ (default: linux)
EXAMPLE ?= linux
#@ GIC              run: the machine's interrupt controller, 2 or 3 (default: the board's, 2 where it has both)
GIC ?= $(firstword $(BOARD_GICS))
#@ CPU              run: the machine's core (default: cortex-a53; also cortex-a72, max and others of QEMU), where the
#@                  board has a choice
CPU ?= $(or $(BOARD_CPU),cortex-a53)
#@ MEM              run: the guest's RAM, a multiple of 2M from 96M to 1G (default: 256M)
#@ SMP              run: how many vCPUs the guest has, 1 to 8 (default: 1)
#@ GDB              run: GDB=1: the guest waits for a debugger (docs/debugging.md)
#@ GDB_PORT         run GDB=1: TCP port of this machine where the debugger connects (default: 1234)
GDB_PORT ?= 1234
#@ CORES            run: how many cores the vCPUs share, 1 to 8 (default: a core for each vCPU, but at most 4)

EXAMPLE_NAMES := $(foreach fragment,$(sort $(wildcard examples/*/*.mk)),$(if $(filter \
    $(notdir $(patsubst %/,%,$(dir $(fragment)))).mk,$(notdir $(fragment))),$(basename $(notdir $(fragment)))))

RUN_IMAGE    = $(EXAMPLE_IMAGE_$(EXAMPLE))
# A kernel of the SDK for several cores wants all of those that it was built for.
RUN_CORES    = $(or $(SDK_CORES),$(strip $(EXAMPLE_CORES_$(EXAMPLE))),1)
RUN_ARGS     = $(strip $(EXAMPLE_QEMU_$(EXAMPLE)))
RUN_QEMU     = $(QEMU) $(BOARD_MACHINE) \
    $(if $(filter -nic -netdev,$(RUN_ARGS)),,-nic none) $(RUN_ARGS)
RUN_RUNNER   = $(or $(EXAMPLE_RUNNER_$(EXAMPLE)),tools/run/console)
# The line of tools/run/add-gdb.
RUN_GDB_QEMU = -global virtio-mmio.force-legacy=false -device virtio-serial-device,bus=virtio-mmio-bus.24 \
    -chardev socket$(COMMA)id=gdb$(COMMA)host=127.0.0.1$(COMMA)port=$(GDB_PORT)$(COMMA)server=on$(COMMA)wait=off \
    -device virtconsole$(COMMA)chardev=gdb
RUN_GDB_SAYS = $(if $(GDB),; the guest waits for a debugger)
RUN_HINT     = leave with Ctrl-A X, or poweroff in the guest
# An architected pointer authentication is slow to emulate; QEMU has a quicker one.
RUN_CPU      = $(if $(filter max,$(CPU)),max$(COMMA)pauth-impdef=on,$(CPU))
# QEMU emulates each core in a thread. Where the machine has no processor left for each of them, threads that wait for
# one another make it many times slower than one thread for all.
RUN_SMP      = $(if $(filter-out 1,$(RUN_CORES)),-smp $(RUN_CORES) -accel \
    tcg$(COMMA)thread=$(if $(shell [ $$(nproc) -gt '$(RUN_CORES)' ] 2>/dev/null && echo yes),multi,single))
RUN_BOARD    = EXAMPLE '$(EXAMPLE)' BOARD '$(BOARD)' BOARD_GICS '$(BOARD_GICS)' BOARD_CORES '$(BOARD_CORES)' \
    BOARD_CPU '$(BOARD_CPU)' BOARDS '$(or $(EXAMPLE_BOARDS_$(EXAMPLE)),qemu_virt_aarch64)'
COMMA       := ,
# What was given to this run, of the variables that not every example takes.
RUN_OPTIONS  = MEM SMP CORES BUS GDB
RUN_GIVEN    = $(foreach name,$(RUN_OPTIONS),$(if $($(name)),$(name) '$($(name))'))
RUN_VAIN     = $(strip $(foreach name,$(filter-out $(EXAMPLE_TAKES_$(EXAMPLE)),$(RUN_OPTIONS)),\
    $(if $($(name)),$(name))))

.PHONY: run examples linux-image
## run: boot Debian's Linux (or EXAMPLE=name) under libvmm in QEMU, to a shell; what is piped in runs there
# Standard input is the guest's: nothing before it may read from it.
run:
	$(Q)tools/run/check-options EXAMPLES '$(EXAMPLE_NAMES)' $(RUN_BOARD) VAIN '$(RUN_VAIN)' \
	    GIC '$(GIC)' $(RUN_GIVEN) </dev/null
	$(Q)tools/run/deps run </dev/null
	$(Q)tools/run/check-options BOARD '$(BOARD)' BOARD_CPU '$(BOARD_CPU)' CPU '$(CPU)' QEMU '$(QEMU)' </dev/null
	@$(call step,BUILD,$(RUN_IMAGE))
	+$(Q)$(BUILD_QUIETLY) $(RUN_IMAGE) $(EXAMPLE_FILES_$(EXAMPLE)) </dev/null >&2
	@$(call step,BOOT,$(EXAMPLE_BANNER_$(EXAMPLE)); $(RUN_HINT))
	$(if $(GDB),@$(call step,GDB,in another terminal: gdb-multiarch -ex "target remote localhost:$(GDB_PORT)"))
	$(Q)exec $(RUN_RUNNER) $(RUN_QEMU) $(call qemu_image,$(RUN_IMAGE))

# Without a configuration for several cores, the SDK cannot build what needs them.
EXAMPLES_LEFT_OUT = $(if $(MICROKIT_SDK),$(if $(SDK_CORES),,smp))

## examples: build every example
examples: $(foreach name,$(filter-out $(EXAMPLES_LEFT_OUT),$(EXAMPLE_NAMES)),$(EXAMPLE_IMAGE_$(name)) \
    $(EXAMPLE_FILES_$(name)))
	$(Q)$(foreach name,$(EXAMPLES_LEFT_OUT),echo "example $(name) needs MICROKIT_CONFIG=smp-debug, not \
	    $(MICROKIT_CONFIG): left out" >&2;)

linux-image: $(EXAMPLE_IMAGE_linux)

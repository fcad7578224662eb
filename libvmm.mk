# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds libvmm.a for a system of your own, with your compiler and your flags. In your Makefile:
#
#     BUILD    := build
#     CC       := aarch64-linux-gnu-gcc
#     CFLAGS   := -O2 -mstrict-align -mgeneral-regs-only
#     MICROKIT := .../board/qemu_virt_aarch64/debug
#     include .../libvmm/libvmm.mk
#
#     $(BUILD)/vmm.elf: $(BUILD)/vmm.o $(LIBVMM_A)
#
# It reads (paths may be relative to where make runs, or absolute; without spaces):
#   BUILD             folder for everything that is generated; default: build
#   CC, CFLAGS        compiler for AArch64 and its flags, read when the library is compiled; -std=gnu11 and
#                     -ffreestanding are added. LIBVMM_CC and LIBVMM_CFLAGS take their place where they are set.
#   MICROKIT          board folder of the Microkit SDK or of the built-in kernel: the one with include/microkit.h in it.
#                     Not needed when CFLAGS has the -I for it.
#   LIBFDT_A,         a libfdt.a for AArch64 and the folder of its libfdt.h. Default: those of Debian's package
#   LIBFDT_INCLUDE    libfdt-dev, which is downloaded into $(BUILD)/deb; nothing is installed.
#   LIBVMM            this folder; default: where this file lies
#   V                 V=1 shows the commands
#
# It gives:
#   LIBVMM_A          the library, $(BUILD)/libvmm.a, with a rule that makes it; libfdt is inside
#   LIBVMM_INCLUDES   -I options for a program that includes <libvmm/libvmm.h>
#   LIBVMM_OBJS       its object files, for those who must make something before them:
#                     $(LIBVMM_OBJS): | my-generated-microkit.h
#
# libvmm.a needs microkit.h and what that declares, and these C functions:
#   memchr memcmp memcpy memmove memset snprintf strlen strnlen strrchr
# and, as code with a stack protector does (Debian's libfdt is such):
#   __stack_chk_fail __stack_chk_guard
# It brings all of them along as weak symbols (src/util/libc): those of your own or of a C library win.

ifndef LIBVMM
LIBVMM := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
endif
BUILD ?= build

ifeq ($(origin CC),default)
CC := aarch64-linux-gnu-gcc
endif
LIBVMM_CC     ?= $(CC)
LIBVMM_CFLAGS ?= $(CFLAGS)

# Including this file must not choose the includer's default goal.
LIBVMM_SAVED_GOAL := $(.DEFAULT_GOAL)

LIBVMM_DIR      := $(BUILD)/libvmm
LIBVMM_A        := $(BUILD)/libvmm.a
LIBVMM_INCLUDES := -I$(LIBVMM)/include
LIBVMM_SRCS     := $(sort $(foreach levels,* */* */*/* */*/*/*,$(wildcard $(LIBVMM)/src/$(levels).c)))
LIBVMM_OBJS     := $(LIBVMM_SRCS:$(LIBVMM)/src/%.c=$(LIBVMM_DIR)/%.o)
LIBVMM_AR       = $(shell $(LIBVMM_CC) -print-prog-name=ar)

# What only gcc understands.
LIBVMM_GCC_CFLAGS := -fno-tree-forwprop -falign-functions=4 -falign-jumps=4 -falign-loops=4 -falign-labels=4

# src/boot/libfdt comes first: its libfdt_env.h takes the place of the one that wants a C library.
LIBVMM_ALL_CFLAGS = -fomit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables \
    $(if $(findstring clang,$(LIBVMM_CC)),,$(LIBVMM_GCC_CFLAGS)) \
    $(LIBVMM_CFLAGS) -std=gnu11 -ffreestanding \
    $(if $(MICROKIT),-isystem $(MICROKIT)/include) $(LIBVMM_INCLUDES) -I$(LIBVMM)/src -I$(LIBVMM) \
    -I$(LIBVMM)/src/boot/libfdt -isystem $(LIBFDT_INCLUDE)

# What no guest's exit runs through, or none that matters, is compiled for size where your flags say -O2 or -O3;
# memcpy too, whose loops gcc makes longer otherwise.
LIBVMM_COLD := boot/% devices/pci/% devices/pl011 $(addprefix util/,format log libc/printf libc/string libc/memcpy) \
    $(addprefix vm/,device_tree guest guest_error guest_ram vcpu virq) \
    $(addprefix aarch64/exit/,inject psci smccc sysreg trng) aarch64/insn/% \
    $(addprefix aarch64/vcpu/,cache vcpu_state wash wash_code) $(addprefix aarch64/vgic/,vgic_irq vgic_v3)
libvmm_size = $(if $(filter $(LIBVMM_COLD),$(1)),$(if $(filter -O2 -O3,$(LIBVMM_CFLAGS)),-Os))

LIBVMM_Q    := $(if $(filter 1,$(V)),,@)
# One short line a step, on standard error; none with "make -s", or as STEPS (0 or 1) says.
libvmm_steps = $(or $(STEPS),$(if $(findstring s,$(firstword -$(MAKEFLAGS))),0,1))
libvmm_step  = $(if $(filter 1,$(libvmm_steps)),printf '  %-8s %s\n' '$(1)' '$(2)' >&2,:)

ifndef LIBFDT_A
LIBVMM_LIBFDT_READY := $(BUILD)/deb/libfdt-dev/.fetched
LIBFDT_A            := $(BUILD)/deb/libfdt-dev/usr/lib/aarch64-linux-gnu/libfdt.a
LIBFDT_INCLUDE      := $(BUILD)/deb/libfdt-dev/usr/include

$(LIBVMM_LIBFDT_READY):
	@$(call libvmm_step,FETCH,libfdt-dev: device trees)
	$(LIBVMM_Q)$(LIBVMM)/tools/guest/fetch-deb libfdt-dev:arm64 $(@D)
else
LIBVMM_LIBFDT_READY := $(LIBFDT_A)
endif

.PHONY: libvmm-always
libvmm-always:

# Holds the command, and changes only when the command does: other flags compile everything anew.
$(LIBVMM_DIR)/command: libvmm-always
	@$(shell mkdir -p $(@D))$(file >$@.new,$(LIBVMM_CC) $(LIBVMM_ALL_CFLAGS) $(LIBVMM_COLD))
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

# -MD, not -MMD: what lies in folders of -isystem, such as microkit.h, compiles anew too when it changes.
$(LIBVMM_OBJS): $(LIBVMM_DIR)/%.o: $(LIBVMM)/src/%.c $(LIBVMM_DIR)/command | $(LIBVMM_LIBFDT_READY)
	@mkdir -p $(@D)
	$(LIBVMM_Q)$(LIBVMM_CC) $(LIBVMM_ALL_CFLAGS) $(call libvmm_size,$*) -MD -MP -c $< -o $@

# Only the parts of libfdt that read and write device trees: the rest would want more of a C library.
$(LIBVMM_A): $(LIBVMM_OBJS) $(LIBVMM_LIBFDT_READY)
	@$(call libvmm_step,LIBVMM,$@)
	$(LIBVMM_Q)rm -rf $@ $(LIBVMM_DIR)/libfdt && mkdir -p $(LIBVMM_DIR)/libfdt
	$(LIBVMM_Q)cd $(LIBVMM_DIR)/libfdt && \
	    $(LIBVMM_AR) x $(abspath $(LIBFDT_A)) \
	        $$($(LIBVMM_AR) t $(abspath $(LIBFDT_A)) | grep -E 'fdt(_ro|_rw|_sw|_wip|_check|_strerror)?\.')
	$(LIBVMM_Q)$(LIBVMM_AR) qcsD $@ $(LIBVMM_OBJS) $(LIBVMM_DIR)/libfdt/*.o

-include $(LIBVMM_OBJS:.o=.d)

.DEFAULT_GOAL := $(LIBVMM_SAVED_GOAL)

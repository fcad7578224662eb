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
#   LIBFDT            a folder with libfdt's source, to compile it from. Default: that of Debian's source package
#                     device-tree-compiler, of which the libfdt folder is downloaded into $(BUILD)/deb, with its
#                     checksum verified; nothing is installed.
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
# and, if your flags ask for a stack protector:
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

# src/boot/libfdt comes first: its libfdt_env.h takes the place of the one that needs a C library.
LIBVMM_ALL_CFLAGS = -fomit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables \
    $(LIBVMM_CFLAGS) -std=gnu11 -ffreestanding \
    $(if $(MICROKIT),-isystem $(MICROKIT)/include) $(LIBVMM_INCLUDES) -I$(LIBVMM)/src -I$(LIBVMM) \
    -I$(LIBVMM)/src/boot/libfdt -isystem $(LIBFDT)
# libfdt's own files find their libfdt_env.h before ours: ours is included first, and the other is then empty.
LIBVMM_LIBFDT_CFLAGS = $(LIBVMM_ALL_CFLAGS) -include $(LIBVMM)/src/boot/libfdt/libfdt_env.h -w

LIBVMM_Q    := $(if $(filter 1,$(V)),,@)
# One short line a step, on standard error; none with "make -s", or as STEPS (0 or 1) says.
libvmm_steps = $(or $(STEPS),$(if $(findstring s,$(firstword -$(MAKEFLAGS))),0,1))
libvmm_step  = $(if $(filter 1,$(libvmm_steps)),printf '  %-8s %s\n' '$(1)' '$(2)' >&2,:)

# Debian's own version of the pinned one; the archive's checksum is that of Debian's list of sources.
LIBVMM_LIBFDT_POOL := main/d/device-tree-compiler/device-tree-compiler_1.7.2.orig.tar.xz
LIBVMM_LIBFDT_SHA256 := 92d8ca769805ae1f176204230438fe52808f4e1c7944053c9eec0e649b237539
# Only what reads and writes device trees: the rest needs more of a C library.
LIBVMM_LIBFDT_OBJS := $(patsubst %,$(LIBVMM_DIR)/libfdt/%.o,fdt fdt_check fdt_ro fdt_rw fdt_strerror fdt_sw fdt_wip)

ifndef LIBFDT
LIBFDT              := $(BUILD)/deb/libfdt
LIBVMM_LIBFDT_READY := $(LIBFDT)/.fetched

$(LIBVMM_LIBFDT_READY):
	@$(call libvmm_step,FETCH,libfdt: device trees)
	$(LIBVMM_Q)$(LIBVMM)/tools/guest/fetch-source $(LIBVMM_LIBFDT_POOL) $(LIBVMM_LIBFDT_SHA256) $(@D) libfdt
endif

.PHONY: libvmm-always
libvmm-always:

# Holds the command, and changes only when the command does: other flags compile everything anew.
$(LIBVMM_DIR)/command: libvmm-always
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(LIBVMM_CC) $(LIBVMM_ALL_CFLAGS))' >$@.$$PPID
	@cmp -s $@.$$PPID $@ && rm $@.$$PPID || mv $@.$$PPID $@

# -MD, not -MMD: what lies in folders of -isystem, such as microkit.h, compiles anew too when it changes.
$(LIBVMM_OBJS): $(LIBVMM_DIR)/%.o: $(LIBVMM)/src/%.c $(LIBVMM_DIR)/command | $(LIBVMM_LIBFDT_READY)
	@mkdir -p $(@D)
	$(LIBVMM_Q)$(LIBVMM_CC) $(LIBVMM_ALL_CFLAGS) -MD -MP -c $< -o $@

$(LIBVMM_LIBFDT_OBJS): $(LIBVMM_DIR)/libfdt/%.o: $(LIBVMM_DIR)/command $(LIBVMM_LIBFDT_READY)
	@mkdir -p $(@D)
	$(LIBVMM_Q)$(LIBVMM_CC) $(LIBVMM_LIBFDT_CFLAGS) -MD -MP -c $(LIBFDT)/$*.c -o $@

$(LIBVMM_A): $(LIBVMM_OBJS) $(LIBVMM_LIBFDT_OBJS)
	@$(call libvmm_step,LIBVMM,$@)
	$(LIBVMM_Q)rm -f $@.new && $(LIBVMM_AR) qcsD $@.new $^ && mv $@.new $@

-include $(LIBVMM_OBJS:.o=.d) $(LIBVMM_LIBFDT_OBJS:.o=.d)

.DEFAULT_GOAL := $(LIBVMM_SAVED_GOAL)

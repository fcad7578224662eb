# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The tools and flags that every rule shares. Everything generated goes under $(BUILD).

# Settings of a user's shell that change what cd prints, and how programs read their arguments.
unexport CDPATH POSIXLY_CORRECT
# $(call needs,VARIABLES): stops make where a fragment is included before those that define the variables.
needs = $(foreach name,$(1),$(if $(filter undefined,$(origin $(name))),\
    $(error $(lastword $(MAKEFILE_LIST)) uses $$($(name)): include it behind the fragment that defines that)))

# The world below: the built-in kernel, or a board of the seL4 Microkit SDK.
#@ BOARD            board to build for: of the built-in kernel, a folder of boards/ (default: qemu_virt_aarch64)
BOARD ?= qemu_virt_aarch64
#@ MICROKIT_SDK     folder of a seL4 Microkit SDK to build with, in place of the built-in kernel
#@ MICROKIT_BOARD   board of the SDK (default: BOARD)
#@ MICROKIT_CONFIG  configuration of the SDK (default: debug, or smp-debug for a run with several cores)
MICROKIT_BOARD  ?= $(BOARD)
SEVERAL_CORES    = $(or $(filter smp,$(EXAMPLE)),$(filter-out 1,$(or $(CORES),$(SMP),1)))
MICROKIT_CONFIG ?= $(if $(SEVERAL_CORES),smp-debug,debug)

#@ BUILD            folder for everything that is built or fetched (default: build; with MICROKIT_SDK a folder in it, so
#@                  that what was built for one kernel never meets another)
ifdef MICROKIT_SDK
BUILD  ?= build/sdk-$(MICROKIT_BOARD)-$(MICROKIT_CONFIG)
else
BUILD  ?= build
endif
CROSS  ?= aarch64-linux-gnu-
HOSTCC ?= gcc
# Debian's own python3: its pytest is a Debian package too.
PYTHON ?= /usr/bin/python3
QEMU   ?= qemu-system-aarch64
DTC    ?= dtc

#@ V                V=1 shows every command
ifeq ($(V),1)
Q :=
else
Q := @
endif
# $(call step,WORD,what): one short line a step. "make -s" leaves it out. It goes to standard error, because the
# standard output of "make run" belongs to the guest.
STEPS ?= $(if $(findstring s,$(firstword -$(MAKEFLAGS))),0,1)
step = $(if $(filter 1,$(STEPS)),printf '  %-8s %s\n' '$(1)' '$(2)' >&2,:)
# A build inside a target such as "run": its steps, or every command with V=1, and nothing else.
BUILD_QUIETLY = $(MAKE) $(if $(filter 1,$(V)),,-s) STEPS=$(STEPS)

#@ WERROR           WERROR=1: warnings of the compilers are errors, as in CI and "make lint"
WARNINGS      := -Wall -Wextra -Wconversion -Wshadow -Wvla $(if $(filter 1,$(WERROR)),-Werror)
# What runs under a kernel that does not save a PD's FP registers, with stage 1 off: no FP, no unaligned access.
TARGET_CFLAGS := -std=gnu11 -O2 -g $(WARNINGS) -ffreestanding -nostdlib -mgeneral-regs-only -mstrict-align \
                 -march=armv8-a -mno-outline-atomics -fno-pic -no-pie -ffunction-sections -fdata-sections
HOST_CFLAGS   := -std=gnu11 -O2 -g $(WARNINGS)

# What differs between the two is said here, once.
ifdef MICROKIT_SDK
ifeq ($(wildcard $(MICROKIT_SDK)/bin/microkit),)
$(error MICROKIT_SDK=$(MICROKIT_SDK): no bin/microkit in it)
endif
ifeq ($(wildcard $(MICROKIT_SDK)/board/$(MICROKIT_BOARD)/$(MICROKIT_CONFIG)),)
$(error MICROKIT_SDK=$(MICROKIT_SDK): no configuration $(MICROKIT_CONFIG) of board $(MICROKIT_BOARD) in it; it has \
    $(patsubst $(MICROKIT_SDK)/board/%/include,%,$(wildcard $(MICROKIT_SDK)/board/*/*/include)))
endif
MICROKIT            := $(MICROKIT_SDK)/board/$(MICROKIT_BOARD)/$(MICROKIT_CONFIG)
MICROKIT_TOOL       := $(MICROKIT_SDK)/bin/microkit
# All that the tool reads of the SDK: loader, kernel, monitor, initialiser, and what describes them.
MICROKIT_TOOL_FILES := $(MICROKIT_TOOL) $(wildcard $(MICROKIT)/elf/*.elf $(MICROKIT)/*.json)
EXAMPLES            := $(BUILD)/examples
IMAGE_NAME          := loader.img
# The versions of the interrupt controller that images can be made for: a kernel of seL4's has one.
BOARD_GICS          := $(if $(shell grep -ls 'CONFIG_ARM_GIC_V3_SUPPORT *1' \
    $(MICROKIT)/include/kernel/gen_config.h),3,2)
# How many cores the kernel was built for, if it is one for several; QEMU gives it as many.
SDK_CORES           := $(filter-out 1,$(shell sed -n 's/^.define CONFIG_MAX_NUM_NODES *//p' \
    $(MICROKIT)/include/kernel/gen_config.h 2>/dev/null))
# What is fetched is the same for all.
$(shell mkdir -p build/deb $(BUILD) && [ -e $(BUILD)/deb ] || ln -s $(abspath build/deb) $(BUILD)/deb)
qemu_image           = -device loader,file=$(1),addr=0x70000000,cpu-num=0
else
MICROKIT            := $(BUILD)/microkit
MICROKIT_TOOL       := $(BUILD)/tools/image
# What differs from board to board has a folder for each but the first.
BOARD_BUILD         := $(BUILD)$(if $(filter-out qemu_virt_aarch64,$(BOARD)),/$(BOARD))
KERNEL_ELF          := $(BOARD_BUILD)/kernel/kernel.elf
MICROKIT_TOOL_FILES := $(MICROKIT_TOOL) $(KERNEL_ELF)
MICROKIT_TOOL_ARGS  := --kernel $(KERNEL_ELF)
EXAMPLES            := $(BOARD_BUILD)/examples
IMAGE_NAME          := image.elf
qemu_image           = -kernel $(1)
endif
LIBMICROKIT_A := $(MICROKIT)/lib/libmicrokit.a

# $(call link_pd,OUT,INPUTS): a PD's program.
link_pd = $(CROSS)ld -L$(MICROKIT)/lib $(filter-out $(LIBMICROKIT_A),$(2)) -lmicrokit -Tmicrokit.ld -o $(1)
# $(call build_image,SYSTEM,FOLDER OF PROGRAMS,OUT): the image of a system, with a report beside it.
build_image = $(MICROKIT_TOOL) $(1) --search-path $(2) --board $(MICROKIT_BOARD) --config $(MICROKIT_CONFIG) \
    -o $(3) -r $(dir $(3))report.txt $(MICROKIT_TOOL_ARGS) \
    >$(dir $(3))tool.log || { cat $(dir $(3))tool.log >&2; false; }

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The tools and flags that every rule shares. Everything generated goes under $(BUILD).

# Settings of a user's shell that change what cd prints, and how programs read their arguments.
unexport CDPATH POSIXLY_CORRECT
# $(call needs,VARIABLES): stops make where a fragment is included before those that define the variables.
needs = $(foreach name,$(1),$(if $(filter undefined,$(origin $(name))),\
    $(error $(lastword $(MAKEFILE_LIST)) uses $$($(name)): include it behind the fragment that defines that)))

#@ BUILD            folder for everything that is built or fetched (default: build)
BUILD  ?= build
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

# The world below: the built-in kernel, or a board of the seL4 Microkit SDK. What differs is said here, once.
#@ BOARD            board to build for: of the built-in kernel, a folder of boards/ (default: qemu_virt_aarch64)
BOARD ?= qemu_virt_aarch64
#@ MICROKIT_SDK     folder of a seL4 Microkit SDK to build with, in place of the built-in kernel
#@ MICROKIT_BOARD   board of the SDK (default: BOARD)
#@ MICROKIT_CONFIG  configuration of the SDK (default: debug)
MICROKIT_BOARD  ?= $(BOARD)
MICROKIT_CONFIG ?= debug
ifdef MICROKIT_SDK
MICROKIT            := $(MICROKIT_SDK)/board/$(MICROKIT_BOARD)/$(MICROKIT_CONFIG)
MICROKIT_TOOL       := $(MICROKIT_SDK)/bin/microkit
MICROKIT_TOOL_FILES := $(MICROKIT_TOOL)
EXAMPLES            := $(BUILD)/sdk-$(MICROKIT_BOARD)-$(MICROKIT_CONFIG)/examples
IMAGE_NAME          := loader.img
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

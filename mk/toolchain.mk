# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# The tools and flags that every rule shares. Everything generated goes under $(BUILD).

BUILD  ?= build
CROSS  ?= aarch64-linux-gnu-
HOSTCC ?= gcc
# Debian's own python3: its pytest is a Debian package too.
PYTHON ?= /usr/bin/python3
QEMU   ?= qemu-system-aarch64
DTC    ?= dtc

# V=1 shows every command.
ifeq ($(V),1)
Q :=
else
Q := @
endif
# $(call step,WORD,what): one short line a step. "make -s" leaves it out. It goes to standard error, because the
# standard output of "make run" belongs to the guest.
ifneq ($(findstring s,$(firstword -$(MAKEFLAGS))),)
step = :
else
step = printf '  %-8s %s\n' '$(1)' '$(2)' >&2
endif

WARNINGS      := -Wall -Wextra -Wconversion -Wshadow -Wvla -Werror
# What runs under a kernel that does not save a PD's FP registers, with stage 1 off: no FP, no unaligned access.
TARGET_CFLAGS := -std=gnu11 -O2 -g $(WARNINGS) -ffreestanding -nostdlib -mgeneral-regs-only -mstrict-align \
                 -march=armv8-a -mno-outline-atomics -fno-pic -no-pie -ffunction-sections -fdata-sections
HOST_CFLAGS   := -std=gnu11 -O2 -g $(WARNINGS)

# The world below: the built-in kernel, or a board of the seL4 Microkit SDK.
MICROKIT_BOARD  ?= qemu_virt_aarch64
MICROKIT_CONFIG ?= debug
ifdef MICROKIT_SDK
MICROKIT := $(MICROKIT_SDK)/board/$(MICROKIT_BOARD)/$(MICROKIT_CONFIG)
else
MICROKIT := $(BUILD)/microkit
endif

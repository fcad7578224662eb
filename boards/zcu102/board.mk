# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# What examples have to know of Xilinx's ZCU102: see boards/qemu_virt_aarch64/board.mk.
BOARD_GICS    ?= 2
BOARD_CORES   := 4
BOARD_CPU     := cortex-a53
BOARD_UART    := 0xff000000 53
BOARD_GICV    := 0xf906f000
BOARD_MACHINE  = -machine xlnx-zcu102,virtualization=on,secure=off -m 4G \
    $(or $(RUN_SMP),-accel tcg$(COMMA)thread=single) \
    -audiodev none$(COMMA)id=none -global xlnx.v-dp.audiodev=none
BOARD_SAYS     = the ZCU102 as QEMU models it
BOARD_DTB     := xilinx/zynqmp-zcu102-rev1.0.dtb

# Copyright 2026, the libvmm authors
# SPDX-License-Identifier: BSD-2-Clause
#
# Where the kernel lies on this board: the base of what board.c keeps for it.
KERNEL_BASE := 0x200000

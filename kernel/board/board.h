/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What each board says of itself. A board is one folder with a board.c that
 * defines these.
 */
#ifndef KERNEL_BOARD_BOARD_H
#define KERNEL_BOARD_BOARD_H

#include "kernel/core/types.h"

/* Read by the image tool out of the kernel's ELF file, too. */
extern const struct image_board kernel_board;

/* Physical addresses of the interrupt controllers that the board may have. */
struct board_gic {
    uint64_t distributor;
    uint64_t v2_cpu_interface;
    uint64_t v2_hypervisor_interface;
    uint64_t v3_redistributors; /* one after the other, 128 KiB each, in the order of the cores */
};

extern const struct board_gic board_gic;

/* MPIDR_EL1 affinity fields of core `id`, as PSCI's CPU_ON takes them. */
uint64_t board_core_affinity(uint32_t id);

/* Writes one character to the console. Where there is no room for it within a bounded time, it is dropped. */
void board_putc(char c);

/* Looks at the full FIFO before board_putc drops a character: some milliseconds, for one character at 9600 baud and
 * more. */
#define UART_LOOKS_MAX 50000u

#endif

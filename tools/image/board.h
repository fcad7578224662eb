/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the board has, as the kernel built for it says.
 */
#ifndef IMAGE_BOARD_H
#define IMAGE_BOARD_H

#include "elf.h"
#include "system.h"

struct board {
    struct image_board facts;
    struct elf kernel;
};

/* Loads the kernel; its segments lie inside the range that it keeps, at their physical addresses. */
enum result board_load(struct tool *tool, struct board *board) MUST_CHECK;

/* Tells the kernel where struct image lies. */
void board_set_image(struct board *board, uint64_t image_paddr);

uint64_t board_ram_bytes(const struct board *board);

/* How a range lies to RAM. */
enum board_overlap {
    BOARD_OUTSIDE_RAM,
    BOARD_INSIDE_RAM,
    BOARD_PARTLY_IN_RAM,
};

enum board_overlap board_overlap(const struct board *board, uint64_t base, uint64_t size_bytes);

#endif

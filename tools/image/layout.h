/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * From the system to what lies where: programs are loaded, address spaces
 * filled, physical memory handed out, translation tables built.
 */
#ifndef IMAGE_LAYOUT_H
#define IMAGE_LAYOUT_H

#include "memory.h"
#include "space.h"
#include "stage2.h"
#include "system.h"

struct layout {
    struct memory memory;
    struct space *spaces;
    struct stage2 stage2;
    struct block *tables; /* of all spaces */
};

/* Loads the programs and decides about virtual addresses. */
enum result layout_spaces(struct tool *tool, struct system *system, const struct board *board,
                          struct layout *layout) MUST_CHECK;

/* Decides about physical addresses and builds the translation tables. */
enum result layout_memory(struct tool *tool, struct system *system, struct layout *layout) MUST_CHECK;

#endif

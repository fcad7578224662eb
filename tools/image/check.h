/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What has to hold between the parts of a system, and between the system and
 * the board, as far as no program and no layout is needed to tell.
 */
#ifndef IMAGE_CHECK_H
#define IMAGE_CHECK_H

#include "board.h"
#include "system.h"

enum result check_system(struct tool *tool, const struct system *system, const struct board *board) MUST_CHECK;

#endif

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Symbols of programs that the tool gives a value: those of libmicrokit, and
 * those that the system description names. Happens once physical addresses
 * are known.
 */
#ifndef IMAGE_PATCH_H
#define IMAGE_PATCH_H

#include "system.h"

/* Afterwards the blocks of the programs' segments hold their content. */
enum result patch_programs(struct tool *tool, struct system *system) MUST_CHECK;

#endif

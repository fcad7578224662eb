/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Which functions of the firmware a PD may call: option --smc. The system
 * description has no words for it.
 */
#ifndef IMAGE_FIRMWARE_H
#define IMAGE_FIRMWARE_H

#include "system.h"
#include "tool.h"

/* Reads the options; the PDs that they name are in `system`. */
enum result firmware_parse(struct tool *tool, struct system *system) MUST_CHECK;

#endif

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The target description [GDB G]: which registers there are, and how they are numbered.
 */
#pragma once

#include <stdint.h>

#include "debug/gdb_packet.h"

/*
 * Writes up to `count` characters of it from `offset` on, behind `m`, or behind `l` if they are the last ones
 * [GDB E.4, qXfer].
 */
void gdb_target_write(struct gdb_output *output, uint64_t offset, uint64_t count);

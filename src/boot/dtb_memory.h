/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The memory nodes of a device tree. [DTSpec 3.4]
 *
 * Left out: linux,usable-memory, which only a crash kernel needs; memory nodes that are not children of the root.
 */
#pragma once

#include <stdint.h>

#include "boot/dtb.h"
#include "util/result.h"
#include "vm/gpa.h"

#define DTB_MEMORY_RANGE_COUNT_MAX 32

/*
 * How many bytes of memory the device tree describes from `base` on without a gap; they may come from several nodes
 * or entries. Not 0. RESULT_INVALID, with a log line: no memory begins there, or the nodes are malformed.
 */
MUST_CHECK enum result dtb_memory_size(const struct dtb *dtb, gpa_t base, uint64_t *size_bytes);

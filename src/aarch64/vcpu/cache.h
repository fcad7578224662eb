/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Cache maintenance for what a guest will execute, or read with its caches off. [Arm ARM B2.4.4, D7.5]
 *
 * Left out: instruction caches that are virtually indexed and larger than a page a way. Only a whole invalidation,
 * which EL0 cannot make, reaches the lines of other aliases there.
 */
#pragma once

#include <stddef.h>

/*
 * Cleans the data cache of [start, start + size_bytes) to the point of coherency, then invalidates the instruction
 * caches of all cores for it. Ends with barriers.
 */
void cache_sync(const void *start, size_t size_bytes);

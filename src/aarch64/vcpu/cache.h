/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Cleaning of the data cache to the point of coherency, for what a guest will execute or read with its caches off.
 */
#pragma once

#include <stddef.h>

/* Cleans the lines of [start, start + size_bytes); ends with a barrier. */
void cache_clean(const void *start, size_t size_bytes);

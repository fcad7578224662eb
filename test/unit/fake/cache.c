/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The cache clean of unit tests: only recorded.
 */
#include "aarch64/vcpu/cache.h"

#include "fake_microkit.h"

void cache_clean(const void *start, size_t size_bytes)
{
    fake.cache_cleans++;
    fake.cache_clean_start = start;
    fake.cache_clean_bytes += size_bytes;
}

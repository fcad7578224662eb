/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The step is the smallest line of any core that this runs on, not CTR_EL0's, which not every kernel lets EL0 read.
 */
#include "aarch64/vcpu/cache.h"

#include <stdint.h>

#include "aarch64/vcpu/cache_ops.h"

#define CACHE_LINE_BYTES 64

void cache_sync(const void *start, size_t size_bytes)
{
    const uintptr_t first = (uintptr_t)start & ~(uintptr_t)(CACHE_LINE_BYTES - 1);
    const uintptr_t end = (uintptr_t)start + size_bytes;
    cache_op_complete();
    for (uintptr_t at = first; at < end; at += CACHE_LINE_BYTES) {
        cache_op_clean_line(at);
    }
    cache_op_complete();
    for (uintptr_t at = first; at < end; at += CACHE_LINE_BYTES) {
        cache_op_invalidate_code_line(at);
    }
    cache_op_complete();
    cache_op_refetch();
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * DC CVAC is permitted to EL0 where the kernel sets SCTLR_EL1.UCI or runs programs with stage 1 off; both kernels do.
 * The step is the smallest line of any core that this runs on, not CTR_EL0's, which not every kernel lets EL0 read.
 */
#include "aarch64/vcpu/cache.h"

#include <stdint.h>

#define CACHE_LINE_BYTES 64

void cache_clean(const void *start, size_t size_bytes)
{
    const uintptr_t first = (uintptr_t)start & ~(uintptr_t)(CACHE_LINE_BYTES - 1);
    const uintptr_t end = (uintptr_t)start + size_bytes;
    __asm__ volatile("dsb ish" ::: "memory");
    for (uintptr_t at = first; at < end; at += CACHE_LINE_BYTES) {
        __asm__ volatile("dc cvac, %0" ::"r"(at) : "memory");
    }
    __asm__ volatile("dsb sy" ::: "memory");
}

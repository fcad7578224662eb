/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The instructions of cache maintenance. DC CVAC and IC IVAU are permitted to EL0 where the kernel sets SCTLR_EL1.UCI
 * or runs programs with stage 1 off; both kernels do.
 */
#pragma once

#include <stdint.h>

static inline void cache_op_clean_line(uintptr_t at)
{
    __asm__ volatile("dc cvac, %0" ::"r"(at) : "memory");
}

static inline void cache_op_invalidate_code_line(uintptr_t at)
{
    __asm__ volatile("ic ivau, %0" ::"r"(at) : "memory");
}

/* Everything before is complete, for all cores and for what is not cached. */
static inline void cache_op_complete(void)
{
    __asm__ volatile("dsb sy" ::: "memory");
}

static inline void cache_op_refetch(void)
{
    __asm__ volatile("isb" ::: "memory");
}

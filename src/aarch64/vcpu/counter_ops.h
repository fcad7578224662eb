/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The physical counter [Arm ARM D11.1].
 */
#pragma once

#include <stdint.h>

/* Ticks since some point in the past. */
static inline uint64_t counter_op_read(void)
{
    uint64_t ticks;
    __asm__ volatile("isb\n mrs %0, cntpct_el0" : "=r"(ticks) : : "memory");
    return ticks;
}

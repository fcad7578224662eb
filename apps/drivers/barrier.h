/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* Order of accesses to memory that a device reads and writes, and to its registers. */
#pragma once

/* What was read or written before is so for the device before anything after it [Arm ARM B2.3.12]. */
static inline void barrier_device(void)
{
    __asm__ volatile("dmb sy" : : : "memory");
}

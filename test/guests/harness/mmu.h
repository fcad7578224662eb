/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The MMU, with caches on: everything at its own address in the lower half, and a second time in the upper half, there
 * with a granule of the caller's choice. RAM is normal memory, all else is a device; HARNESS_SCRATCH is a device too.
 */
#pragma once

#include "harness.h"

enum mmu_granule {
    MMU_4K,
    MMU_64K,
};

/* Where the upper half has a physical address. */
#define MMU_UPPER(address) ((uintptr_t)(address) | 0xffffff8000000000)

/* An address of the lower half whose translation table lies at HARNESS_NOTHING, reached at level 2. */
#define MMU_NO_TABLE 0xc0000000

void mmu_on(enum mmu_granule upper);
void mmu_off(void);

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * rng-seed and kaslr-seed in the guest's /chosen: random bytes for its generator and for where its kernel goes. Linux
 * waits for entropy, and does without KASLR, where they are missing. Those that a device tree brings along stay.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define DTB_SEED_COUNT  2
#define DTB_SEEDS_BYTES 128 /* by which a device tree grows at most */

/* Where a seed lies, from the start of the device tree. size_bytes is 0: nothing is to be filled in. */
struct dtb_seed {
    uint32_t offset;
    uint32_t size_bytes;
};

/* Adds the seeds that are missing, all zeros. Negative: an error of libfdt. */
int dtb_seeds_add(void *blob);

/* A seed that is all zeros. */
struct dtb_seed dtb_seed_find(const void *blob, size_t index);

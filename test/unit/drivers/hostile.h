/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the tests of the virtualisers share: numbers of every kind, and regions that ASan watches. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include <libvmm/sddf/queue.h>

static uint64_t random_state = 88172645463325252u;

static inline uint64_t any(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Of every size, the extremes more often. */
static inline uint64_t any_value(void)
{
    uint64_t value = any();
    return value % 8 == 0 ? UINT64_MAX - value % 5000 : value >> (value % 64);
}

static inline struct sddf_region make_region(uint64_t bytes)
{
    return (struct sddf_region){calloc(1, bytes), bytes};
}

static inline void free_region(struct sddf_region region)
{
    free(region.vaddr);
}

/* Writes nonsense over a few words at the start of a region. */
static inline void scribble(struct sddf_region region, uint64_t most)
{
    uint64_t words = (region.size < most ? region.size : most) / 8;
    for (unsigned i = 0; i < 8; i++) {
        ((uint64_t *)region.vaddr)[any() % words] = any_value();
    }
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Cache maintenance in unit tests: counted, a line each, and its order checked.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

#include "fake_microkit.h"

static inline void cache_op_clean_line(uintptr_t at)
{
    fake.cache_cleaned_bytes += 64;
    fake.cache_cleaned_last = at;
    fake.cache_is_complete = false;
}

/* What is still in the data cache, an instruction cache could fetch again as it was. */
static inline void cache_op_invalidate_code_line(uintptr_t at)
{
    assert(fake.cache_is_complete);
    fake.cache_invalidated_bytes += 64;
    fake.cache_invalidated_last = at;
    fake.cache_is_refetched = false;
}

static inline void cache_op_complete(void)
{
    fake.cache_is_complete = true;
}

static inline void cache_op_refetch(void)
{
    fake.cache_is_refetched = fake.cache_is_complete;
    fake.cache_syncs++;
}

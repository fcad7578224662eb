/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Arithmetic on addresses and sizes that come from a guest or an image: nothing here wraps silently.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "util/result.h"

/* *sum = a + b, or false when that does not fit 64 bits. */
MUST_CHECK static inline bool checked_add(uint64_t a, uint64_t b, uint64_t *sum)
{
    return !__builtin_add_overflow(a, b, sum);
}

/* *product = a * b, or false when that does not fit 64 bits. */
MUST_CHECK static inline bool checked_mul(uint64_t a, uint64_t b, uint64_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

/* *up = value rounded up to a power of two, or false when that does not fit 64 bits. */
MUST_CHECK static inline bool checked_align_up(uint64_t value, uint64_t power_of_two, uint64_t *up)
{
    if (!checked_add(value, power_of_two - 1, up)) {
        return false;
    }
    *up &= ~(power_of_two - 1);
    return true;
}

static inline bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* Whether `value` is a multiple of a power of two. */
static inline bool is_aligned(uint64_t value, uint64_t power_of_two)
{
    return (value & (power_of_two - 1)) == 0;
}

/*
 * Whether [start, start + size) lies wholly inside [outer_start, outer_start + outer_size). By subtraction: correct for
 * every value of all four, also when an end does not fit 64 bits. An empty range lies inside where its start does.
 */
static inline bool range_inside(uint64_t outer_start, uint64_t outer_size, uint64_t start, uint64_t size)
{
    return start >= outer_start && size <= outer_size && start - outer_start <= outer_size - size;
}

/* Whether two ranges share at least one byte; empty ranges share nothing. Correct for every value. */
static inline bool ranges_overlap(uint64_t a_start, uint64_t a_size, uint64_t b_start, uint64_t b_size)
{
    if (a_size == 0 || b_size == 0) {
        return false;
    }
    return a_start <= b_start ? b_start - a_start < a_size : a_start - b_start < b_size;
}

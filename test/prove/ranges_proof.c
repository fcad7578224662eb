/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Arithmetic on ranges (src/util/checked.h) says what arithmetic without an end to its numbers would say, and never
 * wraps.
 *
 * Bounds: none; all values of all 64-bit arguments.
 */
#include "proof.h"

#include "util/checked.h"

static void sums(uint64_t a, uint64_t b)
{
    uint64_t sum;
    const bool fits = checked_add(a, b, &sum);
    PROVE(fits == ((wide_t)a + b <= UINT64_MAX), "checked_add fits exactly if the sum does");
    PROVE(!fits || sum == (wide_t)a + b, "checked_add gives the sum");
}

static void alignment(uint64_t value, unsigned shift)
{
    const uint64_t power = UINT64_C(1) << shift;
    uint64_t up;
    const bool fits = checked_align_up(value, power, &up);
    PROVE(!fits || (up >= value && up - value < power && (up & (power - 1)) == 0), "checked_align_up gives a multiple");
    PROVE(fits || (wide_t)value + power - 1 > UINT64_MAX, "checked_align_up refuses only what does not fit");
}

static void ranges(uint64_t outer, uint64_t outer_size, uint64_t inner, uint64_t inner_size)
{
    const wide_t outer_end = (wide_t)outer + outer_size;
    const wide_t inner_end = (wide_t)inner + inner_size;
    PROVE(range_inside(outer, outer_size, inner, inner_size) == (inner >= outer && inner_end <= outer_end),
          "range_inside means inside");
    const bool share = inner_size != 0 && outer_size != 0 && inner < outer_end && outer < inner_end;
    PROVE(ranges_overlap(outer, outer_size, inner, inner_size) == share, "ranges_overlap means a byte in common");
}

int main(void)
{
    const unsigned shift = any_u8();
    ASSUME(shift < 64);
    sums(any_u64(), any_u64());
    alignment(any_u64(), shift);
    ranges(any_u64(), any_u64(), any_u64(), any_u64());
    return 0;
}

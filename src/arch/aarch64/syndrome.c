/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a load leaves in its destination.
 */
#include "arch/aarch64/syndrome.h"

uint64_t dabt_extend(uint64_t esr, uint64_t value)
{
    const uint32_t unused_bits = 64 - 8u * dabt_width_bytes(esr);
    uint64_t extended = value << unused_bits;
    if ((esr & DABT_SSE) != 0) {
        extended = (uint64_t)((int64_t)extended >> unused_bits);
    } else {
        extended >>= unused_bits;
    }
    return (esr & DABT_SF) != 0 ? extended : (uint32_t)extended;
}

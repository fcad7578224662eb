/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Loads that extend the sign.
 */
#include "aarch64/exit/syndrome.h"

uint64_t dabt_sign_extend(uint64_t esr, uint64_t value)
{
    const uint32_t unused_bits = 64 - 8u * dabt_width_bytes(esr);
    const uint64_t extended = (uint64_t)((int64_t)(value << unused_bits) >> unused_bits);
    return (esr & DABT_SF) != 0 ? extended : (uint32_t)extended;
}

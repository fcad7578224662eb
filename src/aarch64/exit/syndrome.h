/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Exception syndromes: ESR_EL2 as a fault message carries it [Arm ARM D17.2.37, D19.2.37 in later issues].
 *
 * Left out: AArch32's condition codes (a conditional access that fails its condition does not trap).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/arm/esr.h"
#include "util/field.h"

static inline enum esr_ec esr_ec(uint64_t esr)
{
    return (enum esr_ec)field_get(ESR_EC, esr);
}

/* Bytes of the trapped instruction. */
static inline uint32_t esr_instruction_bytes(uint64_t esr)
{
    return (esr & ESR_IL) != 0 ? 4 : 2;
}

static inline bool dabt_is_write(uint64_t esr)
{
    return (esr & DABT_WNR) != 0;
}

/* Bytes accessed, 1 to 8. Only with DABT_ISV. */
static inline uint8_t dabt_width_bytes(uint64_t esr)
{
    return (uint8_t)(1u << field_get(DABT_SAS, esr));
}

/* Register of an instruction, 0 to 31. Only with DABT_ISV. */
static inline uint32_t dabt_register(uint64_t esr)
{
    return field_get32(DABT_SRT, esr);
}

/* `value` without the bits beyond the width of the access. */
static inline uint64_t dabt_truncate(uint64_t esr, uint64_t value)
{
    const uint32_t unused_bits = 64 - (8u << field_get(DABT_SAS, esr));
    return value << unused_bits >> unused_bits;
}

/* What a load of `value` leaves in its destination, all 64 bits of it, when it extends the sign. */
uint64_t dabt_sign_extend(uint64_t esr, uint64_t value);

/* What a load of `value` leaves in its destination, all 64 bits of it. */
static inline uint64_t dabt_extend(uint64_t esr, uint64_t value)
{
    return (esr & DABT_SSE) == 0 ? dabt_truncate(esr, value) : dabt_sign_extend(esr, value);
}

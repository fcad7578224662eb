/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Bit fields of registers, as masks: of a FIELD(hi, lo), field_get and field_set find the shift by themselves; with
 * constant fields all of it folds to one or two instructions.
 */
#pragma once

#include <stdint.h>

#include "spec/bits.h"

/* The field's value, shifted down to bit 0. `mask` is a FIELD, never 0. */
static inline uint64_t field_get(uint64_t mask, uint64_t value)
{
    return (value & mask) >> __builtin_ctzll(mask);
}

/* As field_get, for fields of at most 32 bits whose value goes on as 32 bits. */
static inline uint32_t field_get32(uint64_t mask, uint64_t value)
{
    return (uint32_t)field_get(mask, value);
}

/* `value` with the field replaced by `x`; bits of `x` that do not fit the field are dropped. */
static inline uint64_t field_set(uint64_t mask, uint64_t value, uint64_t x)
{
    return (value & ~mask) | ((x << __builtin_ctzll(mask)) & mask);
}

/* A field alone: field_set into zero. */
static inline uint64_t field_make(uint64_t mask, uint64_t x)
{
    return field_set(mask, 0, x);
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A fuzz input, read from its beginning. What lies behind its end reads as zero.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    const uint8_t *bytes;
    size_t size_bytes;
};

static inline bool input_is_empty(const struct input *input)
{
    return input->size_bytes == 0;
}

static inline uint8_t input_u8(struct input *input)
{
    if (input->size_bytes == 0) {
        return 0;
    }
    input->size_bytes--;
    return *input->bytes++;
}

/* A little-endian number of `count` bytes, at most eight. */
static inline uint64_t input_number(struct input *input, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value |= (uint64_t)input_u8(input) << (8 * i);
    }
    return value;
}

static inline uint16_t input_u16(struct input *input)
{
    return (uint16_t)input_number(input, 2);
}

static inline uint32_t input_u32(struct input *input)
{
    return (uint32_t)input_number(input, 4);
}

static inline uint64_t input_u64(struct input *input)
{
    return input_number(input, 8);
}

/*
 * A number of 64 bits in few bytes of input: a byte that says how many more follow and what becomes of them. Small
 * ones, single bits, such with all upper bits set, and any at all.
 */
static inline uint64_t input_value(struct input *input)
{
    const uint8_t form = input_u8(input);
    switch (form >> 6) {
    case 0:
        return form & 0x3f;
    case 1:
        return UINT64_C(1) << (form & 0x3f);
    case 2:
        return ~input_number(input, (form & 7) + 1u);
    default:
        return input_number(input, (form & 7) + 1u);
    }
}

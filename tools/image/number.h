/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Numbers as a system description writes them: decimal or, behind 0x,
 * hexadecimal, with underscores anywhere between to ease reading.
 */
#ifndef IMAGE_NUMBER_H
#define IMAGE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Whether text is such a number below 2^64; if so, value is set. */
bool number_parse(const char *text, uint64_t *value);

static inline bool number_is_aligned(uint64_t value, uint64_t alignment)
{
    return value % alignment == 0;
}

static inline uint64_t number_align_down(uint64_t value, uint64_t alignment)
{
    return value - value % alignment;
}

/* The caller knows that the result is below 2^64. */
static inline uint64_t number_align_up(uint64_t value, uint64_t alignment)
{
    return number_align_down(value + alignment - 1, alignment);
}

/* Whether the range lies wholly below limit. */
static inline bool number_range_fits(uint64_t base, uint64_t size, uint64_t limit)
{
    return base <= limit && size <= limit - base;
}

#endif

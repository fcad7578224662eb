/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Numbers as a system description writes them, of which there are two kinds,
 * as in Microkit's tool: most may be hexadecimal and have underscores; the ids
 * of channels, interrupts and vCPUs, and interrupt numbers, may not.
 */
#ifndef IMAGE_NUMBER_H
#define IMAGE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether text is a number below 2^64: decimal or, behind 0x, hexadecimal, with
 * underscores anywhere. The digits may have a plus before them. If so, value is
 * set.
 */
bool number_parse(const char *text, uint64_t *value);

/* Likewise for digits only, with or without a plus before them. */
bool number_parse_decimal(const char *text, uint64_t *value);

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

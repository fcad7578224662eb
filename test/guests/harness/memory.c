/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the compiler calls by itself.
 */
#include "harness.h"

void *memcpy(void *to, const void *from, size_t size_bytes);
void *memset(void *to, int value, size_t size_bytes);

void *memcpy(void *to, const void *from, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
    }
    return to;
}

void *memset(void *to, int value, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes; i++) {
        ((volatile uint8_t *)to)[i] = (uint8_t)value;
    }
    return to;
}

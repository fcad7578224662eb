/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Comparing and searching memory, byte by byte.
 */
#include <libvmm/util/util.h>

#include "util/libc/libc.h"

LIBC_WEAK int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *x = a;
    const uint8_t *y = b;
    for (size_t i = 0; i < size; i++) {
        LIBC_KEEP_LOOP();
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}

LIBC_WEAK void *memchr(const void *memory, int value, size_t size)
{
    const uint8_t *at = memory;
    for (size_t i = 0; i < size; i++) {
        LIBC_KEEP_LOOP();
        if (at[i] == (uint8_t)value) {
            return (void *)(uintptr_t)(at + i);
        }
    }
    return NULL;
}

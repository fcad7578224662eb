/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * memset: 32 bytes a round (a restart clears all of a guest's RAM).
 */
#include <libvmm/util/util.h>

#include "util/libc/libc.h"

LIBC_WEAK void *memset(void *to, int value, size_t size)
{
    uint8_t *at = to;
    for (; size > 0 && libc_misalignment(at) != 0; size--) {
        LIBC_KEEP_LOOP();
        *at++ = (uint8_t)value;
    }
    const uint64_t word = (uint8_t)value * UINT64_C(0x0101010101010101);
    for (; size >= 4 * LIBC_WORD_BYTES; size -= 4 * LIBC_WORD_BYTES, at += 4 * LIBC_WORD_BYTES) {
        LIBC_KEEP_LOOP();
        libc_word_t *const words = (libc_word_t *)(void *)at;
        words[0] = word;
        words[1] = word;
        words[2] = word;
        words[3] = word;
    }
    for (; size > 0; size--) {
        LIBC_KEEP_LOOP();
        *at++ = (uint8_t)value;
    }
    return to;
}

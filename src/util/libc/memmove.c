/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * memmove: as memcpy where the two do not overlap (images of tens of MiB come this way); otherwise forwards where the
 * destination does not lie behind the source, and backwards where it does, by words if both are aligned alike.
 */
#include <libvmm/util/util.h>

#include "util/libc/libc.h"

static void copy_backwards(uint8_t *to, const uint8_t *from, size_t size)
{
    if (libc_misalignment(to) == libc_misalignment(from)) {
        for (; size > 0 && libc_misalignment(to + size) != 0; size--) {
            LIBC_KEEP_LOOP();
            to[size - 1] = from[size - 1];
        }
        for (; size >= LIBC_WORD_BYTES; size -= LIBC_WORD_BYTES) {
            LIBC_KEEP_LOOP();
            *(libc_word_t *)(void *)(to + size - LIBC_WORD_BYTES) =
                *(const libc_word_t *)(const void *)(from + size - LIBC_WORD_BYTES);
        }
    }
    for (; size > 0; size--) {
        LIBC_KEEP_LOOP();
        to[size - 1] = from[size - 1];
    }
}

static void copy_forwards(uint8_t *to, const uint8_t *from, size_t size)
{
    size_t i = 0;
    if (libc_misalignment(to) == libc_misalignment(from)) {
        for (; i < size && libc_misalignment(to + i) != 0; i++) {
            LIBC_KEEP_LOOP();
            to[i] = from[i];
        }
        for (; size - i >= LIBC_WORD_BYTES; i += LIBC_WORD_BYTES) {
            LIBC_KEEP_LOOP();
            *(libc_word_t *)(void *)(to + i) = *(const libc_word_t *)(const void *)(from + i);
        }
    }
    for (; i < size; i++) {
        LIBC_KEEP_LOOP();
        to[i] = from[i];
    }
}

LIBC_WEAK void *memmove(void *to, const void *from, size_t size)
{
    const uintptr_t behind = (uintptr_t)to - (uintptr_t)from;
    const uintptr_t before = (uintptr_t)from - (uintptr_t)to;
    if (behind >= size && before >= size) {
        return memcpy(to, from, size);
    }
    if (behind < size) {
        copy_backwards(to, from, size);
    } else {
        copy_forwards(to, from, size);
    }
    return to;
}

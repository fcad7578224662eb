/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * memcpy: 32 bytes a round where source and destination are aligned alike; otherwise whole words of the source are
 * shifted together, so that no access is unaligned, whatever memory this is (kernel images are tens of MiB).
 */
#include <libvmm/util/util.h>

#include "util/libc/libc.h"

static void copy_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        LIBC_KEEP_LOOP();
        to[i] = from[i];
    }
}

static void copy_words(libc_word_t *to, const libc_word_t *from, size_t count)
{
    for (; count >= 4; count -= 4, to += 4, from += 4) {
        LIBC_KEEP_LOOP();
        const uint64_t a = from[0];
        const uint64_t b = from[1];
        const uint64_t c = from[2];
        const uint64_t d = from[3];
        to[0] = a;
        to[1] = b;
        to[2] = c;
        to[3] = d;
    }
    for (; count > 0; count--) {
        LIBC_KEEP_LOOP();
        *to++ = *from++;
    }
}

/* `from` is the aligned word that holds the first byte, `skip` (1..7) bytes into it. Reads no word without such bytes.
 */
LIBC_WHOLE_WORDS static void copy_shifted(libc_word_t *to, const libc_word_t *from, size_t skip, size_t count)
{
    const unsigned down = 8 * (unsigned)skip;
    uint64_t low = *from++;
    for (; count > 0; count--) {
        LIBC_KEEP_LOOP();
        const uint64_t high = *from++;
        *to++ = low >> down | high << (64 - down);
        low = high;
    }
}

LIBC_WEAK void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    uint8_t *t = to;
    const uint8_t *f = from;
    const size_t head = (LIBC_WORD_BYTES - libc_misalignment(t)) % LIBC_WORD_BYTES;
    if (size < head + LIBC_WORD_BYTES) {
        copy_bytes(t, f, size);
        return to;
    }
    copy_bytes(t, f, head);
    t += head;
    f += head;
    size -= head;
    const size_t count = size / LIBC_WORD_BYTES;
    const size_t skip = libc_misalignment(f);
    if (skip == 0) {
        copy_words((libc_word_t *)(void *)t, (const libc_word_t *)(const void *)f, count);
    } else {
        copy_shifted((libc_word_t *)(void *)t, (const libc_word_t *)(const void *)(f - skip), skip, count);
    }
    const size_t done = count * LIBC_WORD_BYTES;
    copy_bytes(t + done, f + done, size - done);
    return to;
}

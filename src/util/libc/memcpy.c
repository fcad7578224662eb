/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * memcpy: 64 bytes a round where source and destination are aligned alike, 32 where their halves of words are, as those
 * of packets are behind the header of virtio. Otherwise whole words of the source are shifted together, so that no
 * access is unaligned, whatever memory this is. Pairs of words, because the compiler knows an instruction for them.
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

#define COPY_PAIR(i)                                                                                                   \
    do {                                                                                                               \
        const __typeof__(*to) a = from[i];                                                                             \
        const __typeof__(*to) b = from[(i) + 1];                                                                       \
        to[i] = a;                                                                                                     \
        to[(i) + 1] = b;                                                                                               \
    } while (0)

static void copy_words(libc_word_t *to, const libc_word_t *from, size_t count)
{
    for (size_t rounds = count / 8; rounds > 0; rounds--, to += 8, from += 8) {
        LIBC_KEEP_LOOP();
        COPY_PAIR(0);
        COPY_PAIR(2);
        COPY_PAIR(4);
        COPY_PAIR(6);
    }
    for (count %= 8; count > 0; count--) {
        LIBC_KEEP_LOOP();
        *to++ = *from++;
    }
}

/* `count` is even. */
static void copy_halves(libc_half_t *to, const libc_half_t *from, size_t count)
{
    for (size_t rounds = count / 8; rounds > 0; rounds--, to += 8, from += 8) {
        LIBC_KEEP_LOOP();
        COPY_PAIR(0);
        COPY_PAIR(2);
        COPY_PAIR(4);
        COPY_PAIR(6);
    }
    for (count %= 8; count > 0; count -= 2, to += 2, from += 2) {
        LIBC_KEEP_LOOP();
        COPY_PAIR(0);
    }
}

/* `from` is the aligned word that holds the first byte, `skip` (1..7) bytes into it. Reads no word without such bytes.
 */
LIBC_WHOLE_WORDS static void copy_shifted(libc_word_t *to, const libc_word_t *from, size_t skip, size_t count)
{
    const unsigned down = 8 * (unsigned)skip;
    const unsigned up = 64 - down;
    uint64_t low = *from++;
    for (size_t rounds = count / 4; rounds > 0; rounds--, to += 4, from += 4) {
        LIBC_KEEP_LOOP();
        const uint64_t a = from[0];
        const uint64_t b = from[1];
        const uint64_t c = from[2];
        const uint64_t d = from[3];
        to[0] = low >> down | a << up;
        to[1] = a >> down | b << up;
        to[2] = b >> down | c << up;
        to[3] = c >> down | d << up;
        low = d;
    }
    for (count %= 4; count > 0; count--) {
        LIBC_KEEP_LOOP();
        const uint64_t high = *from++;
        *to++ = low >> down | high << up;
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
    } else if (skip == LIBC_WORD_BYTES / 2) {
        copy_halves((libc_half_t *)(void *)t, (const libc_half_t *)(const void *)f, 2 * count);
    } else {
        copy_shifted((libc_word_t *)(void *)t, (const libc_word_t *)(const void *)(f - skip), skip, count);
    }
    const size_t done = count * LIBC_WORD_BYTES;
    copy_bytes(t + done, f + done, size - done);
    return to;
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * memcpy: 64 bytes a round. Where source and destination are not aligned alike, whole words of the source are shifted
 * together, so that no access is unaligned, whatever memory this is; by a constant where they differ by half-words, as
 * packets do: one instruction a word. Pairs of words, because the compiler knows an instruction for them, if it is kept
 * from taking them apart.
 */
#include <libvmm/util/util.h>

#include "util/libc/libc.h"

static void copy_bytes(uint8_t *to, const uint8_t *from, size_t size)
{
    const uint8_t *const end = from + size;
    if (size == 0) {
        return;
    }
    do {
        LIBC_KEEP_LOOP();
        *to++ = *from++;
    } while (from != end);
}

#define COPY_PAIR(i)                                                                                                   \
    do {                                                                                                               \
        uint64_t first = from[i];                                                                                      \
        uint64_t second = from[(i) + 1];                                                                               \
        LIBC_KEEP_PAIR(first, second);                                                                                 \
        to[i] = first;                                                                                                 \
        to[(i) + 1] = second;                                                                                          \
        LIBC_KEEP_ORDER();                                                                                             \
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

/* Of two words in a row, the one that begins `down` bits into the first. */
#define SHIFTED(a, b) ((a) >> down | (b) << (64 - down))
#define SHIFT_PAIR(i)                                                                                                  \
    do {                                                                                                               \
        uint64_t a = from[i];                                                                                          \
        uint64_t b = from[(i) + 1];                                                                                    \
        LIBC_KEEP_PAIR(a, b);                                                                                          \
        uint64_t first = SHIFTED(low, a);                                                                              \
        uint64_t second = SHIFTED(a, b);                                                                               \
        low = b;                                                                                                       \
        LIBC_KEEP_PAIR(first, second);                                                                                 \
        to[i] = first;                                                                                                 \
        to[(i) + 1] = second;                                                                                          \
        LIBC_KEEP_ORDER();                                                                                             \
    } while (0)

/* `from` is the aligned word that holds the first byte, `down` bits into it. Reads no word without such bytes. */
LIBC_WHOLE_WORDS static inline __attribute__((always_inline)) void shift_words(libc_word_t *to, const libc_word_t *from,
                                                                               unsigned down, size_t count)
{
    uint64_t low = *from++;
    for (size_t rounds = count / 8; rounds > 0; rounds--, to += 8, from += 8) {
        LIBC_KEEP_LOOP();
        SHIFT_PAIR(0);
        SHIFT_PAIR(2);
        SHIFT_PAIR(4);
        SHIFT_PAIR(6);
    }
    for (count %= 8; count > 0; count--) {
        LIBC_KEEP_LOOP();
        const uint64_t high = *from++;
        *to++ = SHIFTED(low, high);
        low = high;
    }
}

LIBC_WHOLE_WORDS static void copy_shifted(libc_word_t *to, const libc_word_t *from, size_t skip, size_t count)
{
    switch (skip) {
    case 2:
        shift_words(to, from, 16, count);
        break;
    case 4:
        shift_words(to, from, 32, count);
        break;
    case 6:
        shift_words(to, from, 48, count);
        break;
    default:
        shift_words(to, from, 8 * (unsigned)skip, count);
        break;
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

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the freestanding C functions have in common. They are weak: a C library's or the VMM's own win. They may not be
 * recognised as what they implement, or the compiler would turn a loop into a call of the very function around it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LIBC_WEAK __attribute__((weak))

/* In a loop's body: keeps the compiler from replacing the loop by a library call. */
#define LIBC_KEEP_LOOP() __asm__ volatile("")

/* Between two loads or stores and the next two: lets the compiler make one instruction of each two. */
#define LIBC_KEEP_PAIR(first, second) __asm__ volatile("" : "+r"(first), "+r"(second) : : "memory")
#define LIBC_KEEP_ORDER()             __asm__ volatile("" : : : "memory")

/* Reads whole words that hold only some of the bytes asked for; harmless, as a word never crosses a page. */
#define LIBC_WHOLE_WORDS __attribute__((no_sanitize_address))

/* A machine word in memory of any type. */
typedef uint64_t __attribute__((may_alias)) libc_word_t;

#define LIBC_WORD_BYTES sizeof(libc_word_t)

static inline size_t libc_misalignment(const void *address)
{
    return (uintptr_t)address % LIBC_WORD_BYTES;
}

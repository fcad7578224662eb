/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Memory that lives until the tool is done: everything allocated from an
 * arena is freed at once. Allocations are zeroed and never fail; a host that
 * has no memory left ends the tool.
 */
#ifndef IMAGE_ARENA_H
#define IMAGE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
};

void *arena_alloc(struct arena *arena, size_t size_bytes);

/* A copy of the first `length` characters of text, with a terminating zero. */
char *arena_text(struct arena *arena, const char *text, size_t length);

char *arena_print(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

void arena_free(struct arena *arena);

#endif

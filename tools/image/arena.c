/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Allocations are chained, each behind a small header.
 */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    max_align_t content[];
};

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
    struct arena_block *block = NULL;

    if (size_bytes <= SIZE_MAX - sizeof(*block)) {
        block = calloc(1, sizeof(*block) + size_bytes);
    }
    if (block == NULL) {
        fprintf(stderr, "image: out of memory: %zu bytes wanted\n", size_bytes);
        exit(1);
    }
    block->next = arena->blocks;
    arena->blocks = block;
    return block->content;
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);

    memcpy(copy, text, length);
    return copy;
}

char *arena_print(struct arena *arena, const char *format, ...)
{
    va_list list, again;

    va_start(list, format);
    va_copy(again, list);
    int length = vsnprintf(NULL, 0, format, list);
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(list);
    return text;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}

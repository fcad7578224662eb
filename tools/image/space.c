/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A growing array; sorted once, when it is complete.
 */
#include "space.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void space_add(struct tool *tool, struct space *space, const struct mapping *mapping)
{
    if (space->mapping_count == space->mapping_capacity) {
        size_t capacity = space->mapping_capacity == 0 ? 16 : 2 * space->mapping_capacity;
        struct mapping *mappings = arena_alloc(&tool->arena, capacity * sizeof(*mappings));
        if (space->mapping_count != 0) {
            memcpy(mappings, space->mappings, space->mapping_count * sizeof(*mappings));
        }
        space->mappings = mappings;
        space->mapping_capacity = capacity;
    }
    space->mappings[space->mapping_count++] = *mapping;
}

static int compare(const void *left, const void *right)
{
    const struct mapping *a = left, *b = right;

    if (a->vaddr != b->vaddr) {
        return a->vaddr < b->vaddr ? -1 : 1;
    }
    return a->place.line < b->place.line ? -1 : a->place.line > b->place.line;
}

static void report(struct tool *tool, const struct space *space, const struct mapping *a, const struct mapping *b)
{
    const struct mapping *late = a->place.line > b->place.line ? a : b;
    const struct mapping *early = late == a ? b : a;

    diag_error(&tool->diag, late->place,
               "in %s, %s at 0x%" PRIx64 "..0x%" PRIx64 " overlaps %s at 0x%" PRIx64 "..0x%" PRIx64 " (line %u)",
               space->name, late->what, late->vaddr, late->vaddr + late->block->size_bytes - 1, early->what,
               early->vaddr, early->vaddr + early->block->size_bytes - 1, early->place.line);
}

void space_check(struct tool *tool, struct space *space)
{
    const struct mapping *highest = space->mappings; /* of those so far, the one that ends last */

    if (space->mapping_count == 0) {
        return;
    }
    qsort(space->mappings, space->mapping_count, sizeof(*space->mappings), compare);
    for (size_t i = 1; i < space->mapping_count; i++) {
        const struct mapping *mapping = &space->mappings[i];
        if (mapping->vaddr < highest->vaddr + highest->block->size_bytes) {
            report(tool, space, highest, mapping);
        }
        if (mapping->vaddr + mapping->block->size_bytes > highest->vaddr + highest->block->size_bytes) {
            highest = mapping;
        }
    }
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Breakpoints in guest RAM: see breakpoint.h.
 */
#include "aarch64/debug/breakpoint.h"

#include <libvmm/util/util.h>

#include "aarch64/insn/next.h"

static struct breakpoint *end_of(struct breakpoints *breakpoints)
{
    return breakpoints->all + ARRAY_SIZE(breakpoints->all);
}

enum result breakpoint_translate(const struct breakpoints *breakpoints, const struct stage1 *stage1, uint64_t va,
                                 gpa_t *at)
{
    uint32_t level;
    if (stage1_translate(stage1, breakpoints->ram, va, STAGE1_NEEDS_NONE, at, &level) == RESULT_OK &&
        guest_ram_at(breakpoints->ram, *at, 1) != NULL) {
        return RESULT_OK;
    }
    for (size_t i = 0; i < BREAKPOINT_MAP_COUNT; i++) {
        const struct breakpoint_map *map = &breakpoints->maps[i];
        if (va - map->va < map->size_bytes) {
            *at = gpa(map->at + (va - map->va));
            return guest_ram_at(breakpoints->ram, *at, 1) != NULL ? RESULT_OK : RESULT_INVALID;
        }
    }
    return RESULT_INVALID;
}

/* Whether the guest's tables give the address to EL0: such a page is not executed at EL1. */
static bool is_of_el0(const struct breakpoints *breakpoints, const struct stage1 *stage1, uint64_t va)
{
    gpa_t at;
    uint32_t level;
    return stage1_is_on(stage1) &&
           stage1_translate(stage1, breakpoints->ram, va, STAGE1_NEEDS_EL0, &at, &level) == RESULT_OK;
}

static const struct breakpoint *find_patched(const struct breakpoints *breakpoints, gpa_t at)
{
    for (size_t i = 0; i < ARRAY_SIZE(breakpoints->all); i++) {
        const struct breakpoint *breakpoint = &breakpoints->all[i];
        if (breakpoint->is_patched && breakpoint->at.value == at.value) {
            return breakpoint;
        }
    }
    return NULL;
}

static void patch(struct breakpoints *breakpoints, const struct stage1 *stage1, struct breakpoint *breakpoint)
{
    const uint32_t instruction = BREAKPOINT_INSTRUCTION;
    gpa_t at;
    if (breakpoint_translate(breakpoints, stage1, breakpoint->va, &at) != RESULT_OK) {
        return;
    }
    const struct breakpoint *other = find_patched(breakpoints, at);
    if (other != NULL) {
        breakpoint->original = other->original;
    } else if (guest_ram_read(breakpoints->ram, at, &breakpoint->original, INSN_BYTES) != RESULT_OK ||
               guest_ram_load(breakpoints->ram, at, &instruction, INSN_BYTES) != RESULT_OK) {
        return;
    }
    breakpoint->at = at;
    breakpoint->is_patched = true;
}

/* Puts the instruction back, unless another breakpoint is there, or the guest has written over it. */
static void unpatch(struct breakpoints *breakpoints, struct breakpoint *breakpoint)
{
    uint32_t now;
    if (!breakpoint->is_patched) {
        return;
    }
    breakpoint->is_patched = false;
    if (find_patched(breakpoints, breakpoint->at) == NULL &&
        guest_ram_read(breakpoints->ram, breakpoint->at, &now, INSN_BYTES) == RESULT_OK &&
        now == BREAKPOINT_INSTRUCTION) {
        /* What could be read can be written. */
        (void)!guest_ram_load(breakpoints->ram, breakpoint->at, &breakpoint->original, INSN_BYTES);
    }
}

static struct breakpoint *find(struct breakpoints *breakpoints, uint64_t va)
{
    for (struct breakpoint *each = breakpoints->all; each < end_of(breakpoints); each++) {
        if (each->is_used && !each->is_of_step && each->va == va) {
            return each;
        }
    }
    return NULL;
}

/* Those of steps have room of their own, behind the others. */
static struct breakpoint *find_free(struct breakpoints *breakpoints, bool is_of_step)
{
    struct breakpoint *first = breakpoints->all + (is_of_step ? BREAKPOINT_COUNT_MAX : 0);
    struct breakpoint *end = is_of_step ? end_of(breakpoints) : breakpoints->all + BREAKPOINT_COUNT_MAX;
    while (first < end && first->is_used) {
        first++;
    }
    return first < end ? first : NULL;
}

enum result breakpoint_add(struct breakpoints *breakpoints, const struct stage1 *stage1, uint64_t va)
{
    if (va % INSN_BYTES != 0) {
        return RESULT_INVALID;
    }
    if (is_of_el0(breakpoints, stage1, va)) {
        return RESULT_DENIED;
    }
    struct breakpoint *breakpoint = find(breakpoints, va);
    if (breakpoint == NULL) {
        breakpoint = find_free(breakpoints, false);
        if (breakpoint == NULL) {
            return RESULT_FULL;
        }
        *breakpoint = (struct breakpoint){.va = va, .is_used = true};
    }
    if (!breakpoint->is_patched) {
        patch(breakpoints, stage1, breakpoint);
    }
    return RESULT_OK;
}

void breakpoint_add_for_step(struct breakpoints *breakpoints, const struct stage1 *stage1, uint64_t va)
{
    struct breakpoint *breakpoint = find_free(breakpoints, true);
    if (breakpoint != NULL && va % INSN_BYTES == 0) {
        *breakpoint = (struct breakpoint){.va = va, .is_used = true, .is_of_step = true};
        patch(breakpoints, stage1, breakpoint);
    }
}

bool breakpoint_remove(struct breakpoints *breakpoints, uint64_t va)
{
    struct breakpoint *breakpoint = find(breakpoints, va);
    if (breakpoint == NULL) {
        return false;
    }
    unpatch(breakpoints, breakpoint);
    breakpoint->is_used = false;
    return true;
}

void breakpoint_remove_all(struct breakpoints *breakpoints, bool only_of_step)
{
    for (struct breakpoint *each = breakpoints->all; each < end_of(breakpoints); each++) {
        if (each->is_used && (each->is_of_step || !only_of_step)) {
            unpatch(breakpoints, each);
            each->is_used = false;
        }
    }
}

void breakpoint_patch_all(struct breakpoints *breakpoints, const struct stage1 *stage1)
{
    for (struct breakpoint *each = breakpoints->all; each < end_of(breakpoints); each++) {
        if (each->is_used && !each->is_patched) {
            patch(breakpoints, stage1, each);
        }
    }
}

void breakpoint_lift(struct breakpoints *breakpoints, gpa_t at)
{
    for (struct breakpoint *each = breakpoints->all; each < end_of(breakpoints); each++) {
        if (each->at.value == at.value) {
            unpatch(breakpoints, each);
        }
    }
}

void breakpoint_forget_patches(struct breakpoints *breakpoints)
{
    for (struct breakpoint *each = breakpoints->all; each < end_of(breakpoints); each++) {
        each->is_patched = false;
    }
}

bool breakpoint_is_at(const struct breakpoints *breakpoints, gpa_t at)
{
    return find_patched(breakpoints, at) != NULL;
}

/*
 * Copies the bytes that [at, at + count) and a breakpoint's word have in common: out of `original`, or into it. A word
 * that the guest has written over is the guest's.
 */
static bool overlaps(const struct breakpoints *breakpoints, const struct breakpoint *breakpoint, gpa_t at, size_t count)
{
    uint32_t now;
    return breakpoint->is_patched && breakpoint->at.value + INSN_BYTES > at.value &&
           breakpoint->at.value < at.value + count &&
           guest_ram_read(breakpoints->ram, breakpoint->at, &now, INSN_BYTES) == RESULT_OK &&
           now == BREAKPOINT_INSTRUCTION;
}

static void overlay(const struct breakpoint *breakpoint, gpa_t from, uint8_t *to, size_t count)
{
    const uint8_t *original = (const uint8_t *)&breakpoint->original;
    for (uint64_t i = 0; i < INSN_BYTES; i++) {
        const uint64_t offset = breakpoint->at.value + i - from.value;
        if (offset < count) {
            to[offset] = original[i];
        }
    }
}

static void take_over(struct breakpoint *breakpoint, gpa_t to, const uint8_t *from, size_t count)
{
    uint8_t *original = (uint8_t *)&breakpoint->original;
    for (uint64_t i = 0; i < INSN_BYTES; i++) {
        const uint64_t offset = breakpoint->at.value + i - to.value;
        if (offset < count) {
            original[i] = from[offset];
        }
    }
}

enum result breakpoint_read_ram(const struct breakpoints *breakpoints, gpa_t from, uint8_t *to, size_t count)
{
    const enum result result = guest_ram_read(breakpoints->ram, from, to, count);
    for (size_t i = 0; i < ARRAY_SIZE(breakpoints->all) && result == RESULT_OK; i++) {
        if (overlaps(breakpoints, &breakpoints->all[i], from, count)) {
            overlay(&breakpoints->all[i], from, to, count);
        }
    }
    return result;
}

enum result breakpoint_write_ram(struct breakpoints *breakpoints, gpa_t to, const uint8_t *from, size_t count)
{
    const uint32_t instruction = BREAKPOINT_INSTRUCTION;
    bool is_under[ARRAY_SIZE(breakpoints->all)];
    for (size_t i = 0; i < ARRAY_SIZE(breakpoints->all); i++) {
        is_under[i] = overlaps(breakpoints, &breakpoints->all[i], to, count);
    }
    const enum result result = guest_ram_load(breakpoints->ram, to, from, count);
    for (size_t i = 0; i < ARRAY_SIZE(breakpoints->all) && result == RESULT_OK; i++) {
        if (is_under[i]) {
            take_over(&breakpoints->all[i], to, from, count);
            (void)!guest_ram_load(breakpoints->ram, breakpoints->all[i].at, &instruction, INSN_BYTES);
        }
    }
    return result;
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Breakpoints: instructions in guest RAM that are replaced by an SMC with an immediate of ours. SMC traps to the VMM on
 * both kernels, before it is executed: the PC is that of the breakpoint, and an exit that comes to nothing does no
 * harm.
 *
 * A breakpoint has a virtual address. Where the guest's tables do not translate it (the MMU may still be off), the maps
 * that the user has given are asked. One that has no translation yet waits for it: breakpoint_patch_all tries again.
 *
 * The guest may write over a breakpoint. It is then gone, and the guest's instruction stays.
 *
 * Left out: EL0, where SMC is undefined; AArch32.
 *
 * Invariant: while a breakpoint is patched, `original` is what its word was; breakpoints of one word have the same.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aarch64/insn/stage1.h"
#include "util/result.h"
#include "vm/gpa.h"
#include "vm/guest_ram.h"

#define BREAKPOINT_COUNT_MAX 64
#define BREAKPOINT_STEP_MAX  12 /* further ones, for a step */
#define BREAKPOINT_MAP_COUNT 4

#define BREAKPOINT_IMMEDIATE   0xdb
#define BREAKPOINT_INSTRUCTION (0xd4000003u | BREAKPOINT_IMMEDIATE << 5)

struct breakpoint {
    uint64_t va;
    gpa_t at;
    uint32_t original;
    bool is_used;
    bool is_patched;
    bool is_of_step;
};

/* A range of virtual addresses, and where it is in RAM. */
struct breakpoint_map {
    uint64_t va;
    uint64_t at;
    uint64_t size_bytes; /* 0: none */
};

struct breakpoints {
    const struct guest_ram *ram;
    struct breakpoint all[BREAKPOINT_COUNT_MAX + BREAKPOINT_STEP_MAX];
    struct breakpoint_map maps[BREAKPOINT_MAP_COUNT];
};

/* Where a virtual address is: by the guest's tables, then by the maps. RESULT_INVALID: nowhere in RAM. */
MUST_CHECK enum result breakpoint_translate(const struct breakpoints *breakpoints, const struct stage1 *stage1,
                                            uint64_t va, gpa_t *at);

/*
 * Adds a breakpoint of the user's, if it is not there, and patches it if it has a translation. RESULT_INVALID: not a
 * multiple of 4; RESULT_DENIED: only EL0 executes there; RESULT_FULL.
 */
MUST_CHECK enum result breakpoint_add(struct breakpoints *breakpoints, const struct stage1 *stage1, uint64_t va);

/* Adds one for a step, as far as it has a translation. */
void breakpoint_add_for_step(struct breakpoints *breakpoints, const struct stage1 *stage1, uint64_t va);

/* Takes one of the user's away. False: there is none. */
bool breakpoint_remove(struct breakpoints *breakpoints, uint64_t va);

/* Takes all of them away, or those that are for a step. */
void breakpoint_remove_all(struct breakpoints *breakpoints, bool only_of_step);

/* Patches every one that is not patched and has a translation. */
void breakpoint_patch_all(struct breakpoints *breakpoints, const struct stage1 *stage1);

/* Puts the instruction at an address back until breakpoint_patch_all. */
void breakpoint_lift(struct breakpoints *breakpoints, gpa_t at);

/* The guest's RAM is new: nothing is patched. */
void breakpoint_forget_patches(struct breakpoints *breakpoints);

/* Whether a word of RAM is a breakpoint. */
bool breakpoint_is_at(const struct breakpoints *breakpoints, gpa_t at);

/* Reads and writes RAM as if there were no breakpoints. RESULT_RANGE: not wholly inside RAM. */
MUST_CHECK enum result breakpoint_read_ram(const struct breakpoints *breakpoints, gpa_t from, uint8_t *to,
                                           size_t count);
MUST_CHECK enum result breakpoint_write_ram(struct breakpoints *breakpoints, gpa_t to, const uint8_t *from,
                                            size_t count);

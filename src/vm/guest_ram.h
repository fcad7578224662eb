/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest's RAM, as the VMM sees it: ranges that do not touch in the VMM. Nearly all accesses are to the first.
 *
 * Guest memory is hostile: the guest may write it while the VMM reads. Whoever needs a value copies it in once, checks
 * the copy and uses the copy. Every function checks the whole range by subtraction; none of them wraps.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/result.h"
#include "vm/gpa.h"

#define GUEST_RAM_RANGE_COUNT_MAX 4

struct guest_ram_range {
    uint8_t *vmm_base;
    gpa_t base;
    uint64_t size_bytes;
};

struct guest_ram {
    uint8_t *vmm_base;   /* where it is mapped in the VMM */
    gpa_t base;          /* where the guest sees it */
    uint64_t size_bytes; /* 0: no RAM known */
    struct guest_ram_range more[GUEST_RAM_RANGE_COUNT_MAX - 1];
    size_t more_count;
};

/* Refuses an empty range, a NULL base and ranges that wrap. */
MUST_CHECK enum result guest_ram_init(struct guest_ram *ram, void *vmm_base, gpa_t base, uint64_t size_bytes);

/* Adds another range, with the same checks. RESULT_FULL: no room; RESULT_BUSY: it overlaps one that is there. */
MUST_CHECK enum result guest_ram_add(struct guest_ram *ram, void *vmm_base, gpa_t base, uint64_t size_bytes);

/* Whether [at, at + size_bytes) shares a byte with guest RAM. */
bool guest_ram_overlaps(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes);

/* The VMM's pointer to [at, at + size_bytes), or NULL when that is not wholly inside one range. */
void *guest_ram_at(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes);

/* Copies out of the guest's RAM. RESULT_RANGE, and nothing copied, when not wholly inside. */
MUST_CHECK enum result guest_ram_read(const struct guest_ram *ram, gpa_t from, void *to, uint64_t size_bytes);

/* Copies into the guest's RAM. RESULT_RANGE, and nothing copied, when not wholly inside. */
MUST_CHECK enum result guest_ram_write(const struct guest_ram *ram, gpa_t to, const void *from, uint64_t size_bytes);

/* As guest_ram_write, for what the guest will execute or read with its caches off: the caches are told. */
MUST_CHECK enum result guest_ram_load(const struct guest_ram *ram, gpa_t to, const void *from, uint64_t size_bytes);

/* Zeroes all of it, and tells the caches. RESULT_RANGE: there is none. */
MUST_CHECK enum result guest_ram_clear_all(const struct guest_ram *ram);

/* Zeroes [at, at + size_bytes), and tells the caches. */
MUST_CHECK enum result guest_ram_clear(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes);

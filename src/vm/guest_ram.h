/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest's RAM, as the VMM sees it: one contiguous range.
 *
 * Guest memory is hostile: the guest may write it while the VMM reads. Whoever needs a value copies it in once, checks
 * the copy and uses the copy. Every function checks the whole range by subtraction; none of them wraps.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/result.h"
#include "vm/gpa.h"

struct guest_ram {
    uint8_t *vmm_base;   /* where it is mapped in the VMM */
    gpa_t base;          /* where the guest sees it */
    uint64_t size_bytes; /* 0: no RAM known */
};

/* Refuses an empty range, a NULL base and ranges that wrap. */
MUST_CHECK enum result guest_ram_init(struct guest_ram *ram, void *vmm_base, gpa_t base, uint64_t size_bytes);

/* The VMM's pointer to [at, at + size_bytes), or NULL when that is not wholly inside. */
void *guest_ram_at(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes);

/* Copies out of the guest's RAM. RESULT_RANGE, and nothing copied, when not wholly inside. */
MUST_CHECK enum result guest_ram_read(const struct guest_ram *ram, gpa_t from, void *to, uint64_t size_bytes);

/* Copies into the guest's RAM. RESULT_RANGE, and nothing copied, when not wholly inside. */
MUST_CHECK enum result guest_ram_write(const struct guest_ram *ram, gpa_t to, const void *from, uint64_t size_bytes);

/* As guest_ram_write, for what the guest will execute or read with its caches off: the caches are told. */
MUST_CHECK enum result guest_ram_load(const struct guest_ram *ram, gpa_t to, const void *from, uint64_t size_bytes);

/* Zeroes [at, at + size_bytes), and tells the caches. */
MUST_CHECK enum result guest_ram_clear(const struct guest_ram *ram, gpa_t at, uint64_t size_bytes);

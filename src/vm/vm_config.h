/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What a VM consists of: RAM, vCPUs and interrupt controller. It is described by the program (guest_configure), or by
 * the device tree of a Linux guest as far as the program has not said it. Either way it is checked whole, against all
 * that is there already, and then taken over by one function that cannot fail.
 *
 * Invariant: guest RAM and what is emulated share no byte, in whatever order they become known.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aarch64/vgic/vgic.h"
#include "util/result.h"
#include "vm/guest_ram.h"
#include "vm/limits.h"
#include "vm/mmio.h"

struct vm;

struct vm_config {
    struct guest_ram ram;
    size_t vcpu_count;
    uint32_t affinity[VM_VCPU_COUNT_MAX]; /* of each vCPU: Aff2, Aff1 and Aff0 */
    struct vgic_config vgic;
};

/*
 * Checks a description; `function` begins the log line that says what is wrong. RESULT_RANGE, RESULT_INVALID: a value
 * is no good; RESULT_BUSY: something overlaps, or differs from what is set up already.
 */
MUST_CHECK enum result vm_config_check(const struct vm *vm, const char *function, const struct vm_config *config);

/* Takes over a description that has been checked. */
void vm_config_commit(struct vm *vm, const struct vm_config *config);

/* RAM alone: whether it keeps clear of what is emulated. */
MUST_CHECK enum result vm_config_check_ram(const struct vm *vm, const char *function, const struct guest_ram *ram);

/*
 * Adds regions to the bus, all of them or none; empty ones are passed over. RESULT_BUSY, RESULT_FULL, RESULT_INVALID,
 * with a log line that begins with `name`: one overlaps RAM or another region, or there is no room, or it is none.
 */
MUST_CHECK enum result vm_add_regions(struct vm *vm, const char *name, const struct mmio_region *regions, size_t count);

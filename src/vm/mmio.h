/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Dispatch of guest accesses to emulated devices.
 *
 * Invariants: regions are sorted by base and disjoint; a handler is only called with an access that lies wholly inside
 * its region and whose width the region permits. Handlers never see vCPU registers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/result.h"
#include "vm/gpa.h"

#define MMIO_REGION_COUNT_MAX 64
#define MMIO_HINT_COUNT       16

enum mmio_result {
    MMIO_HANDLED,     /* done; a read's value is in the access */
    MMIO_UNHANDLED,   /* nothing is there: the guest gets an external abort */
    MMIO_GUEST_ERROR, /* the guest's mistake, answered as the specification says (value set); counted and logged */
    MMIO_MISALIGNED,  /* not at a multiple of its width, as devices are accessed; only the dispatcher answers so */
    MMIO_MOVED,       /* done, and the guest goes on elsewhere: the access is not to be completed */
};

struct mmio_access {
    uint64_t offset; /* from the region's base */
    uint32_t vcpu_id;
    uint8_t width_bytes; /* 1, 2, 4 or 8 */
    bool is_write;
    uint64_t value; /* write: in, zero-extended from the width; read: out, zero-extended to the width */
};

typedef enum mmio_result (*mmio_handler_t)(void *dev, struct mmio_access *access);

struct mmio_region {
    gpa_t base;
    uint64_t size_bytes;
    uint8_t widths; /* mask of 1|2|4|8 */
    mmio_handler_t handler;
    void *dev;
};

struct mmio_bus {
    struct mmio_region regions[MMIO_REGION_COUNT_MAX]; /* sorted by base, disjoint */
    size_t region_count;
    uint8_t hints[MMIO_HINT_COUNT]; /* by bits of the page: index of the region that was found there last, or any */
};

/*
 * Adds a region. RESULT_INVALID: empty, wraps, no handler or no width; RESULT_BUSY: overlaps another;
 * RESULT_FULL: no room.
 */
MUST_CHECK enum result mmio_add(struct mmio_bus *bus, const struct mmio_region *region);

/* Takes the region at `base` out again, if there is one. */
void mmio_remove(struct mmio_bus *bus, gpa_t base);

/* Whether [base, base + size_bytes) shares a byte with a region. */
bool mmio_overlaps(const struct mmio_bus *bus, gpa_t base, uint64_t size_bytes);

/* Finds the region of an access at `at`, sets access->offset and calls its handler. */
enum mmio_result mmio_dispatch(struct mmio_bus *bus, gpa_t at, struct mmio_access *access);

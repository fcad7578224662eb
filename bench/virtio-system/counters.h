/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the VMM tells the guest, in a page that the guest may read. On a machine without a VMM the page is RAM, all
 * zero.
 */
#pragma once

#include <stdint.h>

#define COUNTERS_BASE 0x50000000

struct counters {
    uint64_t exits; /* all of them; these are the most frequent */
    uint64_t accesses;
    uint64_t waits;
    uint64_t ends; /* of interrupts */
    uint64_t notifications;
    uint64_t dma_offset; /* from guest-physical addresses to those that the devices use */
    uint64_t is_virtual; /* the devices are the VMM's */
};

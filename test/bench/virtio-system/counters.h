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

/* The PCI bus: configuration space, addresses for registers, frame for messages and its first interrupt. */
#define BENCH_PCI_ECAM   0x10000000
#define BENCH_PCI_WINDOW 0x11000000
#define BENCH_MSI_BASE   0x8020000
#define BENCH_MSI_IRQ    80

struct counters {
    uint64_t exits; /* all of them; these are the most frequent */
    uint64_t accesses;
    uint64_t waits;
    uint64_t ends; /* of interrupts */
    uint64_t notifications;
    uint64_t dma_offset; /* from guest-physical addresses to those that the devices use */
    uint64_t is_virtual; /* the devices are the VMM's */
    uint64_t is_pci;     /* on its PCI bus, in slots 1 to 3 */
};

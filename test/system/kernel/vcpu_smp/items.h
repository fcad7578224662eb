/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the guest on core 1 tells its VMM on core 0, and the memory of both.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "vm.h"

#define STOP_COUNT 100
#define END_COUNT  200
#define IRQ        40
#define PATTERN    0x1122334455667788
#define SIGNAL     0x8877665544332211

enum item {
    ITEM_READY,  /* value: whether the interrupt controller is a GICv3; the guest spins after it */
    ITEM_SIGNAL, /* value: x9 as the VMM wrote it to end the spinning */
    ITEM_TPIDR,  /* value: TPIDR_EL1 as the VMM wrote it */
    ITEM_TAKEN,
};

struct guest_shared {
    volatile uint64_t count; /* the guest counts */
    volatile uint64_t starts;
};

#define GUEST_SHARED_OFFSET 0xb000
#define GUEST_SHARED        ((struct guest_shared *)(VM_ENTRY + GUEST_SHARED_OFFSET))

#endif

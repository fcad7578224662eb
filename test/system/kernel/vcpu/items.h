/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the guest tells its VMM, in this order, and the memory that both use.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "vm.h"

#define ARGUMENT      0x1122334455667788
#define MPIDR         0x80000203 /* what the VMM lets the vCPU have */
#define UNMAPPED      0x50000000
#define READ_ONLY     0x60000000
#define DEVICE        0x9010000
#define STEP_ARGUMENT 0xabcdef0123456789

/* MMU off, and what would do harm to whoever else ran with it: EE, E0E, WXN, SA, SA0; no UCI, UCT, DZE, nTWI. */
#define HOSTILE_SCTLR (0x30d00800 | 1 << 25 | 1 << 24 | 1 << 19 | 1 << 4 | 1 << 3)

enum item {
    ITEM_ARGUMENT,
    ITEM_EL,
    ITEM_SPSEL,
    ITEM_DAIF,
    ITEM_MPIDR,
    ITEM_ID_PFR0,
    ITEM_ID_PFR1,
    ITEM_ID_DFR0,
    ITEM_ID_ISAR1,
    ITEM_ID_ZFR0,
    ITEM_COUNTER,
    ITEM_SMC,
    ITEM_HVC,
    ITEM_WFI,
    ITEM_SGI1R,
    ITEM_SGI0R,
    ITEM_ASGI1R,
    ITEM_UNMAPPED_READ,
    ITEM_UNMAPPED_WRITE,
    ITEM_UNMAPPED_FETCH,
    ITEM_READ_ONLY_WRITE,
    ITEM_DEVICE_FETCH,
    ITEM_LEFT_BLOCKED,
    ITEM_AFTER_BLOCKED,
    ITEM_RESTARTED,
    ITEM_AFTER_RESTARTED,
    ITEM_STOPPED,
    ITEM_AFTER_STOPPED,
    ITEM_REGISTERS,
    ITEM_AFTER_REGISTERS,
    ITEM_HOSTILE,
    ITEM_EL2H,
    ITEM_AFTER_EL2H,
    ITEM_AARCH32, /* on a core that has it not, at EL0 either */
    ITEM_AFTER_AARCH32,
    ITEM_TIMER_ONCE,
    ITEM_TIMER_AGAIN,
    ITEM_TIMER_WFI,
    ITEM_TIMER_LATE,
    ITEM_END,
};

/* In guest RAM behind the program: GUEST_SHARED for the guest. */
struct guest_shared {
    volatile uint64_t progress;   /* the guest's */
    volatile uint64_t vppi_count; /* the VMM's: how often it was told of the timer */
};

#define GUEST_SHARED_OFFSET 0xb000
#define GUEST_SHARED        ((struct guest_shared *)(VM_ENTRY + GUEST_SHARED_OFFSET))

#endif

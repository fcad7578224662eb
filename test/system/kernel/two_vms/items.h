/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Two VMs on one core; what each of them finds is in `struct vm_results`, in
 * memory that the VMMs and the reporter share.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "vm.h"

#define ROUND_COUNT  400
#define TIMER_ROUNDS 20

enum item {
    ITEM_ROUND,      /* value: state that was not as the guest had left it */
    ITEM_SPUN,       /* the same after spinning */
    ITEM_TIMER_LATE, /* value: ticks by which the timer's wake-up was late */
    ITEM_WAIT,       /* the WFI that waits for the timer follows; value: its address */
    ITEM_END,
};

struct vm_results {
    volatile seL4_Word rounds;
    volatile seL4_Word spins;
    volatile seL4_Word damages;    /* to the guest's state */
    volatile seL4_Word first_bits; /* what was damaged first */
    volatile seL4_Word vmm_damages;
    volatile seL4_Word timer_rounds;
    volatile seL4_Word latest;
    volatile seL4_Word early;
    volatile seL4_Word is_done;
};

#define RESULTS ((struct vm_results *)HARNESS_SHARED)

#endif

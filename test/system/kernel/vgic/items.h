/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the guest tells its VMM.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "vm.h"

enum item {
    ITEM_READY,  /* value: whether the interrupt controller is a GICv3 */
    ITEM_TAKEN,  /* value: interrupt, not ended yet */
    ITEM_ENDED,  /* of all that the VMM has injected */
    ITEM_MASKED, /* interrupts masked, the next is not taken at once */
    ITEM_LOWEST, /* value: group; the guest is about to take interrupt 0, of priority 0, from it */
    ITEM_GOT,    /* value: what it took; not ended yet */
    ITEM_END,
};

#endif

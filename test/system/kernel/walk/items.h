/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the guest tells its VMM.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "vm.h"

#define VCPU_BRANCHES 0
#define VCPU_TOGGLES  1

enum item {
    ITEM_READY, /* value: address of the branch, to go on at after a fault */
    ITEM_WALK_ABORTED,
};

#endif

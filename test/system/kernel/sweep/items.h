/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the guests tell their VMMs. A register is its encoding in MRS and MSR
 * without the upper bit of op0, which is set in all of them.
 */
#ifndef ITEMS_H
#define ITEMS_H

#include "vm.h"

#define REGISTER_COUNT 0x8000

/* Set by whoever finds out that an instruction cannot be executed: the guest's vectors, or its VMM. */
#define VM_X_REFUSED VM_X(8)

enum item {
    ITEM_COUNT,   /* value: registers that the guest can read (reader) or write (writer) */
    ITEM_TURN,    /* reader: it has looked; writer: a register is written. The other one goes on */
    ITEM_CHANGED, /* value: register of the reader that has changed */
    ITEM_TO,      /* value: to what */
    ITEM_END,
};

enum role {
    ROLE_WRITER,
    ROLE_READER,
};

#endif

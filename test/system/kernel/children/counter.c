/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Counts for ever, from its own memory and not from zero when it is restarted.
 */
#include "children.h"

void init(void)
{
    CHILDREN->starts++;
    for (;;) {
        CHILDREN->count++;
    }
}

void notified(microkit_channel ch)
{
    (void)ch;
}

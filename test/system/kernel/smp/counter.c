/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Counts for ever.
 */
#include "smp.h"

void init(void)
{
    SMP->starts++;
    for (;;) {
        SMP->count++;
        harness_yield();
    }
}

void notified(microkit_channel ch)
{
    (void)ch;
}

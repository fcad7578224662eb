/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Counts what it is told on each channel.
 */
#include "harness.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    ((volatile seL4_Word *)HARNESS_SHARED)[ch]++;
}

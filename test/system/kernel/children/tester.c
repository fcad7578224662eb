/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Of the lowest priority: runs when the others have come to rest, and says so when asked.
 */
#include "harness.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    microkit_notify(ch);
}

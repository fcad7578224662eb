/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Of the lowest priority: when it runs, everybody else has come to rest.
 */
#include "harness.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    microkit_notify(ch);
}

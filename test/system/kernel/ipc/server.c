/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Logs the letter that is each call's label. The label of its reply would be
 * a set of channels, were it taken for one.
 */
#include "harness.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    (void)ch;
    harness_log('N');
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo message)
{
    (void)ch;
    harness_log((char)microkit_msginfo_get_label(message));
    return microkit_msginfo_new(0x11, 0);
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Notifies each of its 62 channels, as often as the channel's number modulo 4
 * plus 1 says, before the sink can run once.
 */
#include "harness.h"

void init(void)
{
    for (microkit_channel ch = 0; ch < MICROKIT_MAX_CHANNELS; ch++) {
        for (unsigned i = 0; i <= ch % 4; i++) {
            microkit_notify(ch);
        }
    }
}

void notified(microkit_channel ch)
{
    (void)ch;
}

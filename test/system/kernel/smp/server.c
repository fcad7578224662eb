/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Notifies back, and answers a call with each word and the label one larger.
 */
#include "harness.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    microkit_notify(ch);
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo message)
{
    (void)ch;
    seL4_Word count = microkit_msginfo_get_count(message);
    for (seL4_Uint8 i = 0; i < count; i++) {
        microkit_mr_set(i, microkit_mr_get(i) + 1);
    }
    return microkit_msginfo_new(microkit_msginfo_get_label(message) + 1, (seL4_Uint16)count);
}

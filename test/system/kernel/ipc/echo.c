/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Of a higher priority than its caller: gives back as many words as are left
 * of 64, each of them changed.
 */
#include "ipc.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    (void)ch;
    harness_log('H');
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo message)
{
    (void)ch;
    seL4_Word count = microkit_msginfo_get_count(message);
    for (seL4_Uint8 i = 0; i < 64; i++) {
        microkit_mr_set(i, ECHO_WORD(i < count ? microkit_mr_get(i) : i));
    }
    return microkit_msginfo_new(microkit_msginfo_get_label(message) ^ ECHO_LABEL_CHANGE, (seL4_Uint16)(64 - count));
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A native component that serves the guest: it answers a text with the same text in capitals.
 */
#include <microkit.h>

#include "service.h"

#define VMM_CH 1

/* Address of the shared memory here; the image tool sets it. */
volatile struct service_memory *shared;

static uint8_t capital(uint8_t c)
{
    return c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
}

void init(void)
{
}

void notified(microkit_channel ch)
{
    const uint32_t number = __atomic_load_n(&shared->asked, __ATOMIC_ACQUIRE);
    const uint32_t asked_bytes = shared->length;
    const uint32_t length = asked_bytes < SERVICE_TEXT_BYTES ? asked_bytes : SERVICE_TEXT_BYTES;
    if (ch != VMM_CH || number == shared->answered) {
        return;
    }
    for (uint32_t i = 0; i < length; i++) {
        shared->answer[i] = capital(shared->text[i]);
    }
    shared->answer_length = length;
    __atomic_store_n(&shared->answered, number, __ATOMIC_RELEASE);
    microkit_notify(VMM_CH);
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the guest's program and the service agree on: the memory that they share. One question at a time: the guest
 * writes text and length, then a new number into `asked`, and rings the doorbell; the service writes its answer, then
 * that number into `answered`, and notifies the VMM, which interrupts the guest.
 *
 * Neither trusts the other: lengths are read once and bounded.
 */
#pragma once

#include <stdint.h>

#define SERVICE_TEXT_BYTES 1024

struct service_memory {
    uint32_t asked;
    uint32_t length;
    uint8_t text[SERVICE_TEXT_BYTES];
    uint32_t answered;
    uint32_t answer_length;
    uint8_t answer[SERVICE_TEXT_BYTES];
};

_Static_assert(sizeof(struct service_memory) <= 4096, "one page is shared");

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the meter and the PDs that it measures share, behind the log.
 */
#ifndef METER_H
#define METER_H

#include "harness.h"

enum spinner {
    HOG,
    REST,
    EVEN_A,
    EVEN_B,
    LONG,
    SPINNER_COUNT,
};

#define PHASE_COUNT 8

struct meter {
    volatile seL4_Word phase;
    volatile seL4_Word is_over[PHASE_COUNT];
    volatile seL4_Word busy[SPINNER_COUNT];
};

#define METER ((struct meter *)(HARNESS_SHARED + 0x1000))

#endif

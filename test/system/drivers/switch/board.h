/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/* What the clients of the switch write down for the judge: who has heard whom, and how. */
#pragma once

#include <stdint.h>

#define PORTS 3
#define BOARD ((struct board *)0x10000000)

enum kind {
    KIND_BROADCAST,
    KIND_UNICAST,
    KIND_FORGED, /* with another client's source address */
    KINDS,
};

struct board {
    volatile uint32_t heard[PORTS][PORTS][KINDS]; /* by hearer, speaker */
    volatile uint32_t wrong;
};

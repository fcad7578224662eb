/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What two guests and the VMM of one of them share: a page, at the same address for all. The witness writes `mode` and
 * reads the rest.
 */
#pragma once

#include <stdint.h>

#define STORM_SHARED 0x0b000000
/* A page of the witness's VMM: a write notifies the other VMM. */
#define STORM_DOORBELL 0x0b001000

enum storm_mode {
    STORM_CALM,     /* the line is low, the guest idle */
    STORM_UNSERVED, /* each interrupt is ended at once, and the device holds its line */
    STORM_UNENDED,  /* the interrupt is taken and never ended */
    STORM_MASKED,   /* the interrupt is never taken */
    STORM_RESET,    /* the guest resets itself as soon as it has taken an interrupt */
};

struct storm_shared {
    uint32_t mode;    /* what is to be done */
    uint32_t running; /* what is being done */
    uint32_t taken;   /* interrupts */
    uint32_t boots;   /* how often the guest has booted */
    uint32_t answers; /* of the VMM, to notifications */
};

#define storm ((volatile struct storm_shared *)STORM_SHARED)

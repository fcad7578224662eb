/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the PDs on two cores share.
 */
#ifndef SMP_H
#define SMP_H

#include "harness.h"

#define ROUND_COUNT 10000
#define CALL_COUNT  1000
#define STOP_COUNT  100

enum ping_channel {
    PING_PONG = 0,
    PING_NEAR = 1, /* protected calls to a server on the same core */
    PING_FAR = 2,  /* and on the other one */
    PING_NOISE = 3,
};

enum ping_child {
    CHILD_COUNTER = 0, /* on the other core */
    CHILD_CALLER = 1,  /* on the other core, calls and notifies all the time */
};

struct smp {
    volatile seL4_Word count;
    volatile seL4_Word starts;
    volatile seL4_Word calls;
    volatile seL4_Word wrong_answers;
};

#define SMP ((struct smp *)HARNESS_SHARED)

#endif

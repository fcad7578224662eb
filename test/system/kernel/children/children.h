/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the parent and its children share.
 */
#ifndef CHILDREN_H
#define CHILDREN_H

#include "harness.h"

enum child_id {
    CHILD_COUNTER = 5,
    CHILD_FAULTER = 61,
};

enum child_step {
    STEP_READ,
    STEP_SVC,
    STEP_UNDEFINED,
    STEP_PRIVILEGE, /* UNDEFINED again: the parent answers with a program status of EL1 */
    STEP_STILL_EL0, /* CurrentEL cannot be read at EL0 */
    STEP_RESTART,   /* the parent restarts it */
    STEP_STAY,      /* the parent does not answer */
};

struct children {
    volatile seL4_Word count;   /* the counter counts up */
    volatile seL4_Word starts;  /* how often it has started */
    volatile seL4_Word step;    /* where the faulter is, enum child_step */
    volatile seL4_Word address; /* of the instruction that it is about to run */
    volatile seL4_Word answer;  /* x0 after STEP_SVC */
    volatile seL4_Word faulter_starts;
};

#define CHILDREN ((struct children *)HARNESS_SHARED)
#define UNMAPPED 0x123456000

#endif

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Lives of a guest, from one reset to the next: checks at the start of each that nothing of the former one is left,
 * and makes as much of a mess as it can before the end.
 *
 * Only HARNESS_SCRATCH outlasts a life: the number of lives, and the values that the first one has found.
 */
#pragma once

#include "harness.h"

/* States to end a life in. */
enum life_mess {
    LIFE_IDLE,
    LIFE_PENDING,    /* more interrupts pending than list registers */
    LIFE_IN_SERVICE, /* two interrupts acknowledged, one within the other, and not ended */
    LIFE_TIMER,      /* the virtual timer is due and not served */
    LIFE_DEVICE,     /* a device's interrupt is in service, and its level high */
    LIFE_MESS_COUNT,
};

/* Numbers this life, from 1, and checks its start. Ends the guest if something is wrong. */
uint64_t life_begin(void);

/* Fills RAM, registers and interrupt controller with traces, and brings about a state. */
void life_spoil(enum life_mess mess);

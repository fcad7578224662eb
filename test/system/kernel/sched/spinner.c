/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * A PD that takes all the time that it gets, from a notification of the meter
 * until the meter ends the phase.
 */
#include "meter.h"

void init(void)
{
}

void notified(microkit_channel ch)
{
    harness_spin(&METER->busy[ch], &METER->is_over[METER->phase]);
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The physical counter: what a test has set.
 */
#pragma once

#include "fake_microkit.h"

static inline uint64_t counter_op_read(void)
{
    return fake.counter;
}

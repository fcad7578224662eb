/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Calls to the firmware [SMCCC 2].
 */
#ifndef KERNEL_ARCH_SMC_H
#define KERNEL_ARCH_SMC_H

#include "kernel/core/types.h"

/* Calls the firmware with x0 to x7 out of `words`, and puts its results there. */
void smc_call(uint64_t words[8]);

/* Switches core `id` on at physical address `entry` with `argument` in x0 [PSCI 5.1.4]; false: refused. */
bool smc_core_on(uint32_t id, uint64_t entry, uint64_t argument);

#endif

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The EL1 physical timer [Arm ARM D11.2], which nobody else here uses: the PD
 * that the system description gives its interrupt, 30, may use its registers,
 * as every PD may on an seL4 that exports the timer. They trap, so that
 * switching between threads costs nothing for it.
 */
#ifndef KERNEL_ARCH_PTIMER_H
#define KERNEL_ARCH_PTIMER_H

#include "kernel/core/thread.h"

/* Carries out the access of a PD that trapped with `esr`; false: it is none of the timer's, or not this PD's. */
bool ptimer_emulate(struct thread *pd, uint64_t esr);

#endif

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The invariants of thread.h and sched.h, checked whenever a core leaves the
 * kernel. Built in with KERNEL_CHECKS=1, as the kernel's own tests have it.
 */
#ifndef KERNEL_CORE_CHECK_H
#define KERNEL_CORE_CHECK_H

#include "kernel/core/core.h"

#ifndef KERNEL_CHECKS
#define KERNEL_CHECKS 0
#endif

/* Panics where an invariant does not hold. Holder of the lock only. */
void check_kernel(void);

#endif

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The way out of the kernel: what runs next. Scheduler, vCPUs and hardware
 * state tell what is the case; what follows from it is decided here.
 */
#ifndef KERNEL_CORE_DISPATCH_H
#define KERNEL_CORE_DISPATCH_H

#include "kernel/core/core.h"

/*
 * Chooses what runs next, waiting for it where nothing is ready, loads it into
 * the hardware and gives the frame to return to. Holder of the lock only.
 */
struct frame *dispatch_next(struct core *core);

#endif

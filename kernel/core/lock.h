/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The one lock of the kernel. Whoever is in the kernel holds it, or waits.
 *
 * A core that needs another core's vCPU or thread to stand still (to stop it,
 * or to change its registers) stalls that core: it asks, pokes it with an
 * interrupt, and goes on once the other stands in lock_enter, where its
 * thread's state is in memory.
 */
#ifndef KERNEL_CORE_LOCK_H
#define KERNEL_CORE_LOCK_H

#include "kernel/core/core.h"

/*
 * Enters the kernel. False where the core was stalled on the way: what the
 * thread did to get here has been undone, it will do it again.
 */
bool lock_enter(struct core *core, uint64_t esr);
void lock_leave(void);

/* Brings the core that `thread` lives on to a standstill, if it is another one. Holder only. */
void lock_stall(const struct core *self, const struct thread *thread);

#endif

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The one lock of the kernel. Whoever is in the kernel holds it, or waits.
 *
 * A core that needs another core's vCPU or thread to stand still (to stop it,
 * or to change its registers) stalls that core: it asks, sends it a
 * reschedule IPI, and goes on once the other stands in lock_enter, where its
 * thread's state is in memory.
 */
#ifndef KERNEL_CORE_LOCK_H
#define KERNEL_CORE_LOCK_H

#include "kernel/core/core.h"

extern bool lock_is_held;

/* lock_enter where there are other cores. */
bool lock_take(struct core *core, uint64_t esr);

/*
 * Enters the kernel. False where the core was stalled on the way: what the
 * thread did to get here has been undone, it will do it again.
 */
static inline bool lock_enter(struct core *core, uint64_t esr)
{
    return core->is_alone || lock_take(core, esr);
}

/* The same without waiting; false: somebody else has it. */
static inline bool lock_try(const struct core *core)
{
    return core->is_alone || !__atomic_exchange_n(&lock_is_held, true, __ATOMIC_ACQUIRE);
}

static inline void lock_leave(const struct core *core)
{
    if (!core->is_alone) {
        __atomic_store_n(&lock_is_held, false, __ATOMIC_RELEASE);
    }
}

/* Brings the core of `thread` to a standstill, if it is another one. Holder only. */
void lock_stall(const struct core *self, const struct thread *thread);

#endif

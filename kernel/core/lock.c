/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The lock; see lock.h.
 *
 * Whoever comes first gets it. Tickets would be fair, but under an emulator
 * with more cores than its host has, the next waiter often is not running.
 */
#include "kernel/core/lock.h"

#include "kernel/aarch64/context.h"
#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/gic.h"

bool lock_is_held;

/* Puts the state of this core's threads into memory and takes back the instruction that trapped. */
static void serve_stall(struct core *core)
{
    if (core->current != NULL && core->entry_esr != 0) {
        context_undo_trap(core->current, core->entry_esr);
    }
    context_unload_vcpu(core);
    core->must_schedule |= core->evicted != NULL;
    __atomic_store_n(&core->stall_request, false, __ATOMIC_RELEASE);
}

COLD bool lock_take(struct core *core, uint64_t esr)
{
    bool undisturbed = true;
    core->entry_esr = esr;
    while (__atomic_exchange_n(&lock_is_held, true, __ATOMIC_ACQUIRE)) {
        if (__atomic_load_n(&core->stall_request, __ATOMIC_ACQUIRE)) {
            serve_stall(core);
            core->entry_esr = 0;
            undisturbed = false;
        }
        cpu_relax();
    }
    return undisturbed;
}

void lock_stall(const struct core *self, const struct thread *thread)
{
    struct core *other = &cores[thread->core];
    if (other == self || (other->current != thread && other->resident_vcpu != thread)) {
        return;
    }
    __atomic_store_n(&other->stall_request, true, __ATOMIC_RELEASE);
    gic_send_reschedule(other->id);
    while (__atomic_load_n(&other->stall_request, __ATOMIC_ACQUIRE)) {
        cpu_relax();
    }
}

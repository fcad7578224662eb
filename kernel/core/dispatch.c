/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The way out of the kernel; see dispatch.h.
 */
#include "kernel/core/dispatch.h"

#include "kernel/aarch64/context.h"
#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/interrupt.h"
#include "kernel/aarch64/timer.h"
#include "kernel/core/check.h"
#include "kernel/core/lock.h"
#include "kernel/core/sched.h"
#include "kernel/core/vcpu.h"

static void wake_thread(struct thread *thread, uint64_t now)
{
    if (!thread->is_out_of_budget) {
        vcpu_woken(thread, now);
        return;
    }
    sched_refill(thread);
    if (thread->state == THREAD_FAULTED) {
        vcpu_faulted(thread);
    }
}

/* Brings budgets, sleepers and timer up to date; a thread may lose the core by it. */
static void update_time(struct core *core)
{
    uint64_t now = timer_now();
    struct thread *woken;

    sched_stop_charging(core, now);
    while ((woken = sched_take_woken(core, now)) != NULL) {
        wake_thread(woken, now);
    }
    while ((woken = sched_take_timeout(core, now)) != NULL) {
        vcpu_timed_out(woken);
    }
    if (!core->must_schedule) {
        sched_start_charging(core, now);
    }
}

/* A vCPU's hardware does not wake it any more: the core's list of sleepers does, for which the timer is set anew. */
static inline void see_to_evicted(struct core *core)
{
    struct thread *vcpu = core->evicted;

    core->evicted = NULL;
    if (vcpu->state == THREAD_FAULTED) {
        vcpu_evicted(vcpu);
        core->must_schedule |= vcpu->is_asleep;
    }
}

/*
 * Nothing to run: waits for an interrupt, out of the lock, and takes it. Before that the vCPU of an idle core goes into
 * memory, where another core, its VMM's, reaches it without a stall.
 */
static void wait_for_work(struct core *core)
{
    if (core_count > 1) {
        context_unload_vcpu(core);
        if (core->evicted != NULL) {
            see_to_evicted(core);
        }
        if (core->must_schedule) {
            return;
        }
    }
    lock_leave(core);
    cpu_wait_for_interrupt();
    (void)lock_enter(core, 0);
    interrupt_take(core);
}

/* Does what has to be done before a thread can be entered. */
static COLD void settle(struct core *core)
{
    if (core->evicted != NULL) { /* by another core */
        see_to_evicted(core);
    }
    for (;;) {
        if (core->must_schedule || core->current == NULL) {
            sched_choose(core);
            update_time(core);
        } else if (!sched_is_time_kept(core, core->current)) {
            update_time(core);
        }
        if (core->must_schedule) {
            continue;
        }
        if (core->current == NULL) {
            wait_for_work(core);
        } else if (core->current->events != 0) {
            vcpu_send_event(core->current);
        } else {
            return;
        }
    }
}

NOINLINE struct frame *dispatch_next(struct core *core)
{
    do {
        if (core->current == NULL && !core->must_schedule) {
            sched_choose(core);
        }
        struct thread *thread = core->current;
        if (core->must_schedule || thread == NULL || thread->events != 0 || !sched_is_time_kept(core, thread)) {
            settle(core);
            thread = core->current;
        }
        if (core->loaded != thread) {
            if (thread->is_vcpu) {
                vcpu_serve_requests(thread);
            }
            context_load(core, thread);
            if (core->evicted != NULL) {
                see_to_evicted(core);
            }
        }
    } while (core->must_schedule);
    if (KERNEL_CHECKS) {
        check_kernel();
    }
    lock_leave(core);
    return core->current->frame;
}

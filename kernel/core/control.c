/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Threads are made out of the image, and stopped; see control.h.
 */
#include "kernel/core/control.h"

#include "kernel/aarch64/context.h"
#include "kernel/aarch64/timer.h"
#include "kernel/core/ipc.h"
#include "kernel/core/sched.h"

static void init_one(struct thread *thread, const struct image_thread *desc)
{
    thread->desc = desc;
    thread->is_vcpu = desc->kind == IMAGE_THREAD_VCPU;
    thread->priority = desc->priority;
    thread->core = desc->core;
    thread->payer = thread;
    thread->is_passive = (desc->flags & IMAGE_THREAD_PASSIVE) != 0;
    thread->handler = desc->parent == IMAGE_NO_THREAD ? NULL : &threads[desc->parent];
    thread->frame = thread->is_vcpu ? (struct frame *)desc->frame_paddr : &thread->own_frame;
    thread->ipc_buffer = (uint64_t *)desc->ipc_buffer_paddr;
    thread->budget = timer_ticks(desc->budget_us);
    thread->period = timer_ticks(desc->period_us);
    thread->budget_left = thread->budget;
    thread->is_limited = thread->budget < thread->period;
    thread->timeout_at = UINT64_MAX;
    context_init(thread);
}

/* What the threads of a vCPU and of its handler are for each other. */
static void init_vcpu(struct thread *vcpu)
{
    const struct thread *handler = vcpu->handler;
    vcpu->badge = BADGE_FAULT | vcpu->desc->child;
    vcpu->has_fastpath = handler != NULL && handler->core == vcpu->core && !vcpu->is_limited && !handler->is_limited;
    vcpu->is_quick = vcpu->has_fastpath;
}

void control_init(const struct image *image)
{
    const struct image_thread *descs = (const struct image_thread *)image->threads_paddr;

    thread_count = image->thread_count;
    for (size_t i = 0; i < thread_count; i++) {
        init_one(&threads[i], &descs[i]);
    }
    for (size_t i = 0; i < thread_count; i++) {
        if (threads[i].is_vcpu) {
            init_vcpu(&threads[i]);
        } else {
            sched_make_ready(&threads[i]);
        }
    }
}

/* Whether the thread stands in a system call: waiting for an event, or calling. */
static bool is_in_call(const struct thread *thread)
{
    switch ((enum thread_state)thread->state) {
    case THREAD_WAITING:
        return true;
    case THREAD_SENDING:
    case THREAD_AWAITING_REPLY:
    case THREAD_FAULTED:
        return (thread->badge & BADGE_PPCALL) != 0;
    case THREAD_STOPPED:
    case THREAD_READY:
        break;
    }
    return false;
}

void control_stop(struct thread *thread)
{
    /* Should it be resumed, it makes its call again: that call's results have not come. */
    if (is_in_call(thread)) {
        context_undo_call(thread);
    }
    switch ((enum thread_state)thread->state) {
    case THREAD_READY:
        sched_remove(thread);
        break;
    case THREAD_SENDING:
        thread_queue_remove(&thread->receiver->senders, thread);
        /* A fault is over with what made it; what the hardware had to say is not. */
        if (ipc_is_event(thread)) {
            thread->events |= EVENT_UNRECEIVED;
        }
        break;
    case THREAD_AWAITING_REPLY:
        sched_end_service(thread->receiver);
        break;
    case THREAD_STOPPED:
    case THREAD_WAITING:
    case THREAD_FAULTED:
        break;
    }
    sched_forget_sleep(thread);
    thread->state = THREAD_STOPPED;
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Threads out of the image, and the queues that they stand in; see thread.h.
 */
#include "kernel/core/thread.h"

#include "kernel/aarch64/context.h"
#include "kernel/aarch64/timer.h"
#include "kernel/core/ipc.h"
#include "kernel/core/sched.h"

struct thread threads[IMAGE_THREAD_COUNT_MAX];
size_t thread_count;

static void init_one(struct thread *thread, const struct image_thread *desc)
{
    thread->desc = desc;
    thread->is_vcpu = desc->kind == IMAGE_THREAD_VCPU;
    thread->priority = desc->priority;
    thread->core = desc->core;
    thread->handler = desc->parent == IMAGE_NO_THREAD ? NULL : &threads[desc->parent];
    thread->frame = thread->is_vcpu ? (struct frame *)desc->frame_paddr : &thread->own_frame;
    thread->ipc_buffer = (uint64_t *)desc->ipc_buffer_paddr;
    thread->budget = timer_ticks(desc->budget_us);
    thread->period = timer_ticks(desc->period_us);
    thread->budget_left = thread->budget;
    thread->is_limited = thread->budget < thread->period;
    context_init(thread);
}

/* What the threads of a vCPU and of its handler are for each other. */
static void init_vcpu(struct thread *vcpu)
{
    const struct thread *handler = vcpu->handler;
    vcpu->badge = BADGE_FAULT | vcpu->desc->child;
    vcpu->has_fastpath = handler != NULL && handler->core == vcpu->core && !handler->is_limited && !vcpu->is_limited;
}

void thread_init_all(const struct image *image)
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

struct thread *thread_child(const struct thread *parent, uint64_t child, bool is_vcpu)
{
    if (child >= IMAGE_CHILD_COUNT || parent->desc->children[child] == IMAGE_NO_THREAD) {
        return NULL;
    }
    struct thread *thread = &threads[parent->desc->children[child]];
    return thread->is_vcpu == is_vcpu ? thread : NULL;
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

void thread_stop(struct thread *thread)
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
        thread->receiver->serving = NULL;
        break;
    case THREAD_STOPPED:
    case THREAD_WAITING:
    case THREAD_FAULTED:
        break;
    }
    sched_forget_sleep(thread);
    thread->state = THREAD_STOPPED;
}

void thread_queue_push(struct thread_queue *queue, struct thread *thread)
{
    thread->next = NULL;
    thread->previous = queue->tail;
    if (queue->tail != NULL) {
        queue->tail->next = thread;
    } else {
        queue->head = thread;
    }
    queue->tail = thread;
}

void thread_queue_push_front(struct thread_queue *queue, struct thread *thread)
{
    thread->previous = NULL;
    thread->next = queue->head;
    if (queue->head != NULL) {
        queue->head->previous = thread;
    } else {
        queue->tail = thread;
    }
    queue->head = thread;
}

void thread_queue_insert(struct thread_queue *queue, struct thread *thread)
{
    struct thread *before = queue->tail;
    while (before != NULL && before->priority < thread->priority) {
        before = before->previous;
    }
    if (before == NULL) {
        thread_queue_push_front(queue, thread);
        return;
    }
    thread->previous = before;
    thread->next = before->next;
    if (before->next != NULL) {
        before->next->previous = thread;
    } else {
        queue->tail = thread;
    }
    before->next = thread;
}

void thread_queue_remove(struct thread_queue *queue, struct thread *thread)
{
    if (thread->previous != NULL) {
        thread->previous->next = thread->next;
    } else {
        queue->head = thread->next;
    }
    if (thread->next != NULL) {
        thread->next->previous = thread->previous;
    } else {
        queue->tail = thread->previous;
    }
    thread->next = NULL;
    thread->previous = NULL;
}

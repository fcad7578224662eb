/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Threads, and the queues that they stand in; see thread.h.
 */
#include "kernel/core/thread.h"

struct thread threads[IMAGE_THREAD_COUNT_MAX];
size_t thread_count;

struct thread *thread_child(const struct thread *parent, uint64_t child, bool is_vcpu)
{
    if (child >= IMAGE_CHILD_COUNT || parent->desc->children[child] == IMAGE_NO_THREAD) {
        return NULL;
    }
    struct thread *thread = &threads[parent->desc->children[child]];
    return thread->is_vcpu == is_vcpu ? thread : NULL;
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

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Messages and notifications; see ipc.h.
 */
#include "kernel/core/ipc.h"

#include "kernel/aarch64/context.h"
#include "kernel/core/report.h"
#include "kernel/core/sched.h"

/* Two words at a time: up to one word more than asked for; messages and IPC buffers have an even number. */
static void copy_words(uint64_t *to, const uint64_t *from, uint64_t count)
{
    for (uint64_t i = 0; i < count; i += 2) {
        to[i] = from[i];
        to[i + 1] = from[i + 1];
    }
}

_Static_assert(MESSAGE_WORD_COUNT % 2 == 0 && IPC_WORD_COUNT % 2 == 0, "copy_words");

/* Hands the message of `sender` to `pd`, which waits for one. */
static void deliver_message(struct thread *pd, struct thread *sender)
{
    bool is_call = (sender->badge & BADGE_PPCALL) != 0;
    copy_words(pd->ipc_buffer, is_call ? sender->ipc_buffer : sender->message, msginfo_count(sender->tag));
    pd->frame->x0 = sender->badge;
    pd->frame->x1 = sender->tag;
    pd->serving = sender;
    /* On the fast path neither budget is a limit: there it makes no difference whose is used up. */
    if (pd->is_passive && !sender->has_fastpath) {
        pd->payer = sender->payer;
    }
    sender->receiver = pd;
    sender->state = THREAD_AWAITING_REPLY;
}

/* A READY thread that is on its core's queue or its current one gives up the core. */
static void block_sender(struct thread *thread)
{
    if (thread->state == THREAD_READY) {
        sched_remove(thread);
    }
}

static void send_message(struct thread *sender, struct thread *receiver)
{
    sender->receiver = receiver;
    if (receiver->state == THREAD_WAITING && sched_hand_over(sender, receiver)) {
        deliver_message(receiver, sender);
        return;
    }
    block_sender(sender);
    if (receiver->state == THREAD_WAITING) {
        deliver_message(receiver, sender);
        sched_make_ready(receiver);
    } else {
        sender->state = THREAD_SENDING;
        thread_queue_insert(&receiver->senders, sender);
    }
}

/* A reply to a system call or an exception may change the registers that its message held. */
static void write_back(struct thread *thread, const uint64_t *words, uint64_t count)
{
    struct frame *frame = thread->frame;
    uint64_t unused;
    uint64_t *call[] = {&frame->x0, &frame->x1, &frame->x2, &frame->x3, &frame->x4, &frame->x5,
                        &frame->x6, &frame->x7, &frame->pc, &frame->sp, &unused,    &frame->spsr};
    uint64_t *exception[] = {&frame->pc, &frame->sp, &frame->spsr};
    bool is_call = msginfo_label(thread->tag & ~MSGINFO_FROM_VCPU) == FAULT_UNKNOWN_SYSCALL;
    uint64_t **registers = is_call ? call : exception;
    uint64_t register_count = is_call ? ARRAY_COUNT(call) : ARRAY_COUNT(exception);

    for (uint64_t i = 0; i < count && i < register_count; i++) {
        *registers[i] = words[i];
    }
    context_check_spsr(thread);
}

static bool has_write_back(const struct thread *thread)
{
    uint64_t label = msginfo_label(thread->tag & ~MSGINFO_FROM_VCPU);
    return label == FAULT_UNKNOWN_SYSCALL || label == FAULT_USER_EXCEPTION;
}

static void reply_to(const struct thread *pd, struct thread *thread, uint64_t tag)
{
    if ((thread->badge & BADGE_PPCALL) != 0) {
        copy_words(thread->ipc_buffer, pd->ipc_buffer, msginfo_count(tag));
        thread->frame->x0 = tag;
    } else if (has_write_back(thread)) {
        if (msginfo_label(tag) != 0) {
            thread->state = THREAD_STOPPED;
            return;
        }
        write_back(thread, pd->ipc_buffer, msginfo_count(tag));
    }
    sched_go_on(thread);
}

struct thread *ipc_reply_wait(struct core *core, struct thread *pd, bool has_reply, uint64_t tag)
{
    struct thread *served = pd->serving;
    struct thread *unanswered = NULL;
    bool must_wait = pd->notifications == 0 && pd->senders.head == NULL;

    /* The core is free before the other thread becomes ready: it can have it at once. */
    if (must_wait) {
        pd->state = THREAD_WAITING;
        core->current = NULL;
    }
    pd->serving = NULL;
    pd->payer = pd;
    if (served != NULL && has_reply) {
        reply_to(pd, served, tag);
    } else if (served != NULL) {
        served->state = THREAD_FAULTED;
        unanswered = served;
    }
    if (must_wait) {
        return unanswered;
    }

    if (pd->notifications != 0) {
        pd->frame->x0 = pd->notifications;
        pd->frame->x1 = 0;
        pd->notifications = 0;
    } else {
        struct thread *sender = pd->senders.head;
        thread_queue_remove(&pd->senders, sender);
        deliver_message(pd, sender);
    }
    return unanswered;
}

void ipc_notify(struct thread *pd, unsigned channel)
{
    if (pd->state != THREAD_WAITING) {
        pd->notifications |= BIT(channel);
        return;
    }
    pd->frame->x0 = BIT(channel);
    pd->frame->x1 = 0;
    sched_make_ready(pd);
}

void ipc_call(struct thread *caller, struct thread *server, unsigned channel, uint64_t tag)
{
    caller->badge = BADGE_PPCALL | channel;
    caller->tag = tag;
    send_message(caller, server);
}

void ipc_send_fault(struct thread *thread, enum fault_label label, uint64_t count)
{
    thread->tag = msginfo(label, count);
    if (thread->handler == NULL) {
        report_crash(thread);
        block_sender(thread);
        thread->state = THREAD_STOPPED;
        return;
    }
    thread->badge = BADGE_FAULT | thread->desc->child;
    if (thread->is_vcpu) {
        thread->tag |= MSGINFO_FROM_VCPU;
    }
    send_message(thread, thread->handler);
}

bool ipc_is_event(const struct thread *thread)
{
    uint64_t label = msginfo_label(thread->tag & ~MSGINFO_FROM_VCPU);
    return thread->is_vcpu && (label == FAULT_VGIC_MAINTENANCE || label == FAULT_VPPI_EVENT);
}

void ipc_send_again(struct thread *vcpu)
{
    send_message(vcpu, vcpu->handler);
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * From a guest to its VMM and back; see shortcut.h.
 */
#include "kernel/core/shortcut.h"

#include "kernel/arch/aarch64/context.h"
#include "kernel/core/ipc.h"

/*
 * Nobody else is ready and nobody's budget is running. The timer is then set for the next sleeper: it was when the
 * current thread was entered.
 */
static bool is_calm(const struct core *core)
{
    return (core->ready_summary | (uint64_t)core->charged | core->must_schedule) == 0;
}

uint64_t *shortcut_words(const struct core *core, struct thread *thread)
{
    bool is_open = thread->has_shortcut && thread->handler->state == THREAD_WAITING && is_calm(core);
    return is_open ? thread->handler->ipc_buffer : thread->message;
}

void shortcut_send(struct core *core, struct thread *thread, const uint64_t *words, enum fault_label label,
                   uint64_t count)
{
    struct thread *pd = thread->handler;

    if (words == thread->message) {
        ipc_send_fault(thread, label, count);
        return;
    }
    thread->tag = msginfo(label, count) | MSGINFO_FROM_VCPU;
    thread->receiver = pd;
    thread->state = THREAD_AWAITING_REPLY;
    pd->frame->x0 = thread->badge;
    pd->frame->x1 = thread->tag;
    pd->serving = thread;
    pd->state = THREAD_READY;
    core->current = pd;
    context_leave_guest(core, thread, pd);
    core->is_handed_over = true;
}

bool shortcut_reply(struct core *core, struct thread *pd, uint64_t tag)
{
    struct thread *vcpu = pd->serving;
    bool is_plain = tag == 0; /* no label, no words: nothing of the vCPU is to be changed */
    bool must_wait = (pd->notifications | (uint64_t)pd->senders.head) == 0;

    if (!is_plain || !must_wait || vcpu == NULL || !vcpu->has_shortcut || vcpu->events != 0 ||
        core->live_vcpu != vcpu || !is_calm(core)) {
        return false;
    }
    pd->serving = NULL;
    pd->state = THREAD_WAITING;
    vcpu->state = THREAD_READY;
    core->current = vcpu;
    context_return_to_guest(core, pd, vcpu);
    core->is_handed_over = true;
    return true;
}

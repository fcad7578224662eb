/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Invariants; see check.h.
 */
#include "kernel/core/check.h"

#include "kernel/aarch64/registers.h"
#include "kernel/core/report.h"

static void require(bool holds, const char *what, const struct thread *thread)
{
    if (!holds) {
        report_panic(what, thread_index(thread));
    }
}

static bool is_in_queue(const struct thread_queue *queue, const struct thread *thread)
{
    const struct thread *at = queue->head;
    while (at != NULL && at != thread) {
        at = at->next;
    }
    return at == thread;
}

static bool is_in_sleepers(const struct core *core, const struct thread *thread)
{
    const struct thread *at = core->asleep;
    while (at != NULL && at != thread) {
        at = at->next_asleep;
    }
    return at == thread;
}

static bool is_in_timeouts(const struct core *core, const struct thread *thread)
{
    const struct thread *at = core->timeouts;
    while (at != NULL && at != thread) {
        at = at->next_timeout;
    }
    return at == thread;
}

static void thread_check_state(const struct thread *thread)
{
    const struct core *core = &cores[thread->core];
    bool is_queued = is_in_queue(&core->ready[thread->priority], thread);

    switch ((enum thread_state)thread->state) {
    case THREAD_READY:
        require(is_queued + (core->current == thread) + thread->payer->is_out_of_budget == 1,
                "invariant: READY is current, in its ready queue, or out of budget; thread", thread);
        break;
    case THREAD_SENDING:
        require(is_in_queue(&thread->receiver->senders, thread),
                "invariant: SENDING is in its receiver's queue; thread", thread);
        break;
    case THREAD_AWAITING_REPLY:
        require(thread->receiver->serving == thread, "invariant: AWAITING_REPLY is served; thread", thread);
        break;
    case THREAD_STOPPED:
    case THREAD_WAITING:
    case THREAD_FAULTED:
        break;
    }
    require(thread->state == THREAD_READY || (!is_queued && core->current != thread),
            "invariant: only READY runs or is to run; thread", thread);
}

static void thread_check(const struct thread *thread)
{
    thread_check_state(thread);
    require(thread->serving == NULL ||
                (thread->serving->receiver == thread && thread->serving->state == THREAD_AWAITING_REPLY),
            "invariant: who is served awaits the reply; thread", thread);
    require(thread->payer == thread || (thread->is_passive && thread->serving != NULL),
            "invariant: others pay for a passive PD that serves; thread", thread);
    require(!thread->is_out_of_budget || (thread->is_limited && thread->is_asleep),
            "invariant: out of budget sleeps until its next period; thread", thread);
    require(thread->is_asleep == is_in_sleepers(&cores[thread->core], thread),
            "invariant: asleep is in its core's list; thread", thread);
    require((thread->timeout_at != UINT64_MAX) == is_in_timeouts(&cores[thread->core], thread),
            "invariant: with a timeout in its core's list; thread", thread);
}

static void sched_check(const struct core *core)
{
    for (const struct thread *thread = core->asleep; thread != NULL && thread->next_asleep != NULL;
         thread = thread->next_asleep) {
        require(thread->wake_at <= thread->next_asleep->wake_at, "invariant: sleepers are in order; thread", thread);
    }
    for (const struct thread *vcpu = core->timeouts; vcpu != NULL && vcpu->next_timeout != NULL;
         vcpu = vcpu->next_timeout) {
        require(vcpu->timeout_at <= vcpu->next_timeout->timeout_at, "invariant: timeouts are in order; thread", vcpu);
    }
    for (size_t word = 0; word < ARRAY_COUNT(core->ready_words); word++) {
        bool has_ready = core->ready_words[word] != 0;
        if (has_ready != ((core->ready_summary & BIT(word)) != 0)) {
            report_panic("invariant: the summary tells which words of ready queues are not 0; word", word);
        }
    }
}

/* Translations of a core's TLB, by VMID: a vCPU runs only where those of its siblings are forgotten. */
static void core_check(const struct core *core)
{
    const struct thread *vcpu = core->loaded;
    if (vcpu != NULL && vcpu->is_vcpu) {
        require(vcpu->handler->context->last_vcpu[core->id] == vcpu,
                "invariant: the last vCPU of its VM in the hardware of this core; thread", vcpu);
        require(core->resident_vcpu == vcpu, "invariant: a loaded vCPU is resident; thread", vcpu);
    }
}

void check_kernel(void)
{
    for (size_t i = 0; i < thread_count; i++) {
        thread_check(&threads[i]);
    }
    for (uint32_t i = 0; i < core_count; i++) {
        sched_check(&cores[i]);
        core_check(&cores[i]);
    }
}

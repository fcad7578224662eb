/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * From a guest to its VMM and back; see fastpath.h.
 *
 * Nothing here calls a function that is not inlined, but for what is rare: that costs as much as all the rest.
 */
#include "kernel/core/fastpath.h"

#include "kernel/aarch64/context.h"
#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/esr.h"
#include "kernel/core/lock.h"
#include "kernel/core/sched.h"
#include "kernel/core/vcpu.h"

/*
 * Nobody else is ready and nobody's budget is running. The timer is then set for the next sleeper: it was when the
 * current thread was entered. Or others wait for the end of the vCPU's timeslice, to which the timer is set; `priority`
 * is that which must not wait.
 */
static inline bool nobody_else_comes_first(const struct core *core, const struct thread *vcpu, int priority)
{
    return (core->ready_summary | (uint64_t)core->charged | core->must_schedule) == 0 ||
           (!core->must_schedule && core->charged == vcpu && sched_highest_ready(core) <= priority);
}

/* Whether a fault of the current thread can go to its handler at once, its words straight into the IPC buffer. */
static inline bool can_enter_vmm(const struct core *core, const struct thread *vcpu)
{
    const struct thread *pd = vcpu->handler;
    return vcpu->is_quick && pd->state == THREAD_WAITING && nobody_else_comes_first(core, vcpu, pd->priority - 1);
}

/* Gives the message, whose words are in the handler's IPC buffer, and the core to the handler. */
static inline void hand_to_vmm(struct core *core, struct thread *vcpu, uint64_t label, uint64_t count)
{
    struct thread *pd = vcpu->handler;
    uint64_t tag = msginfo(label, count) | MSGINFO_FROM_VCPU;

    vcpu->tag = tag;
    vcpu->receiver = pd;
    vcpu->state = THREAD_AWAITING_REPLY;
    pd->own_frame.x0 = vcpu->badge;
    pd->own_frame.x1 = tag;
    pd->serving = vcpu;
    pd->state = THREAD_READY;
    core->current = pd;
}

static inline struct frame *enter_vmm(struct core *core, struct thread *vcpu, uint64_t label, uint64_t count)
{
    struct thread *pd = vcpu->handler;

    hand_to_vmm(core, vcpu, label, count);
    context_leave_guest(core, vcpu, pd);
    lock_leave(core);
    return &pd->own_frame;
}

static inline struct frame *enter_vmm_for_abort(struct core *core, struct thread *vcpu, uint64_t esr)
{
    uint64_t *words = vcpu->handler->ipc_buffer;

    words[0] = vcpu->frame->pc;
    words[1] = cpu_fault_ipa();
    words[2] = 0;
    words[3] = esr;
    return enter_vmm(core, vcpu, FAULT_VM, 4);
}

static inline struct frame *enter_vmm_for_trap(struct core *core, struct thread *vcpu, uint64_t esr)
{
    vcpu->handler->ipc_buffer[0] = esr;
    return enter_vmm(core, vcpu, FAULT_VCPU, 1);
}

static inline struct frame *enter_vmm_for_call(struct core *core, struct thread *vcpu)
{
    vcpu_call_words(vcpu->frame, vcpu->handler->ipc_buffer);
    return enter_vmm(core, vcpu, FAULT_UNKNOWN_SYSCALL, VCPU_CALL_WORD_COUNT);
}

static inline struct frame *exit_guest(struct core *core, struct thread *vcpu, uint64_t esr)
{
    if (!can_enter_vmm(core, vcpu)) {
        return NULL;
    }
    switch (esr_class(esr)) {
    case ESR_DATA_ABORT:
        return esr_has_fault_ipa(esr) ? enter_vmm_for_abort(core, vcpu, esr) : NULL;
    case ESR_HVC64:
        return enter_vmm_for_call(core, vcpu);
    case ESR_SMC64:
        return enter_vmm_for_trap(core, vcpu, esr);
    case ESR_WFX:
        /* It spins until another vCPU has done something: its timeslice is over. Its budget is no limit: has_fastpath.
         */
        if (esr_is_wfe(esr) && core->charged == vcpu) {
            core->charged = NULL;
            vcpu->budget_left = vcpu->budget;
            vcpu->is_timeslice_over = true;
        }
        return enter_vmm_for_trap(core, vcpu, esr);
    case ESR_SYSREG:
        return esr_is_interrupt_register(esr) ? enter_vmm_for_trap(core, vcpu, esr) : NULL;
    default:
        return NULL;
    }
}

/* The PD replies and waits. The reply has no label and no words: nothing of the vCPU is to be changed by it. */
static inline struct frame *reply_to_guest(struct core *core, struct thread *pd)
{
    struct thread *vcpu = pd->serving;

    if ((pd->own_frame.x0 | pd->notifications | (uint64_t)pd->senders.head) != 0 || vcpu == NULL || !vcpu->is_quick ||
        vcpu->events != 0 || core->resident_vcpu != vcpu || !nobody_else_comes_first(core, vcpu, vcpu->priority)) {
        return NULL;
    }
    pd->serving = NULL;
    pd->state = THREAD_WAITING;
    vcpu->state = THREAD_READY;
    core->current = vcpu;
    vcpu_serve_requests(vcpu);
    context_return_to_guest(core, vcpu);
    lock_leave(core);
    return vcpu->frame;
}

struct frame *fastpath_take(struct core *core, uint64_t esr)
{
    struct thread *thread = core->current;

    if (thread->is_vcpu) {
        return exit_guest(core, thread, esr);
    }
    return esr == ESR_SVC64_OF(SYSCALL_REPLY_WAIT) && thread->own_frame.x1 != 0 ? reply_to_guest(core, thread) : NULL;
}

bool fastpath_wait(struct core *core, uint64_t esr)
{
    struct thread *pd = core->current;

    if (esr != ESR_SVC64_OF(SYSCALL_REPLY_WAIT) || pd->own_frame.x1 != 0 ||
        (pd->notifications | (uint64_t)pd->senders.head | (uint64_t)pd->serving) != 0) {
        return false;
    }
    pd->state = THREAD_WAITING;
    core->current = NULL;
    return true;
}

struct frame *fastpath_take_event(struct core *core, struct thread *vcpu)
{
    if (!can_enter_vmm(core, vcpu) || (vcpu->events & EVENT_UNRECEIVED) != 0) {
        return NULL;
    }
    return enter_vmm(core, vcpu, vcpu_take_event(vcpu, vcpu->handler->ipc_buffer), 1);
}

bool fastpath_wake(struct core *core, struct thread *vcpu)
{
    if (core->current != NULL || !can_enter_vmm(core, vcpu) || (vcpu->events & EVENT_UNRECEIVED) != 0) {
        return false;
    }
    hand_to_vmm(core, vcpu, vcpu_take_event(vcpu, vcpu->handler->ipc_buffer), 1);
    return true;
}

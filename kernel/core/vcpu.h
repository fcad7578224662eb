/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * vCPUs: what their hardware tells the VMM, and what the VMM may do to them.
 */
#ifndef KERNEL_CORE_VCPU_H
#define KERNEL_CORE_VCPU_H

#include "kernel/core/core.h"

/* One of what the hardware of a vCPU has to say, other than what is to be sent again: the fault and its only word. */
enum fault_label vcpu_take_event(struct thread *vcpu, uint64_t *word);

/* Sends the VMM what a vCPU's interrupt hardware has to say; the vCPU is READY or FAULTED and has events. */
void vcpu_send_event(struct thread *vcpu);

/*
 * The VMM has not replied to a fault. From now on the vCPU's virtual timer
 * wakes it, unless the VMM still has to acknowledge the last time.
 */
void vcpu_faulted(struct thread *vcpu);

/*
 * The registers of a vCPU of this core are in memory now. Of a FAULTED one, the core's list of sleepers takes over from
 * the hardware: it wakes the vCPU for its virtual timer, and at once for an interrupt that the guest has ended.
 */
void vcpu_evicted(struct thread *vcpu);
void vcpu_woken(struct thread *vcpu, uint64_t now);

/* The vCPU's physical timer is due. */
void vcpu_timed_out(struct thread *vcpu);

/* Carries out what the VMM has left in the vCPU's page, if anything. The vCPU is of this core, and not running. */
void vcpu_carry_out(struct thread *vcpu, uint64_t requests);

static inline void vcpu_serve_requests(struct thread *vcpu)
{
    uint64_t requests = thread_page(vcpu)->requests;
    if (requests != 0) {
        vcpu_carry_out(vcpu, requests);
    }
}

/*
 * The words of the message about a guest's HVC, for `words`. The PC goes back to the instruction: the architecture has
 * advanced it, the message has it as seL4's does.
 */
#define VCPU_CALL_WORD_COUNT 13

static inline void vcpu_call_words(struct frame *vcpu_frame, uint64_t *words)
{
    const struct frame frame = *vcpu_frame;
    uint64_t pc = frame.pc - 4;

    vcpu_frame->pc = pc;
    words[0] = frame.x0;
    words[1] = frame.x1;
    words[2] = frame.x2;
    words[3] = frame.x3;
    words[4] = frame.x4;
    words[5] = frame.x5;
    words[6] = frame.x6;
    words[7] = frame.x7;
    words[8] = pc;
    words[9] = frame.sp;
    words[10] = frame.x30;
    words[11] = frame.spsr;
    words[12] = frame.x7;
}

/* Calls of a VMM; `vcpu` does not run on any core. */
enum error vcpu_inject(struct thread *vcpu, uint64_t irq, uint64_t priority, uint64_t group, uint64_t index);
enum error vcpu_ack_vppi(struct thread *vcpu, uint64_t irq);

#endif

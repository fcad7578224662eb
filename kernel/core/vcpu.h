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
void vcpu_unloaded(struct thread *vcpu);
void vcpu_woken(struct thread *vcpu, uint64_t now);

/* The virtual timer or maintenance interrupt of the vCPU that is live on `core` has fired. */
void vcpu_interrupt(struct core *core, enum thread_event event);

/* Calls of a VMM; `vcpu` does not run on any core. */
enum error vcpu_inject(struct thread *vcpu, uint64_t irq, uint64_t priority, uint64_t group, uint64_t index);
enum error vcpu_ack_vppi(struct thread *vcpu, uint64_t irq);

#endif

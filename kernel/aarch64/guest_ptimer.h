/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The EL1 physical timer of a vCPU [Arm ARM D11.2]. The hardware's is not
 * given to guests: it belongs to the PD that has its interrupt (ptimer.h). A
 * guest's accesses trap, its registers are in memory, and the core's list of
 * timeouts tells when it is due. Its interrupt is told to the VMM once, and
 * then kept silent until the VMM acknowledges.
 *
 * It counts the physical counter, which a guest reads itself.
 *
 * Invariant: the vCPU is in its core's list of timeouts, or has EVENT_PTIMER, or is
 * masked, or its timer is off.
 */
#ifndef KERNEL_ARCH_GUEST_PTIMER_H
#define KERNEL_ARCH_GUEST_PTIMER_H

#include "kernel/aarch64/registers.h"

#define GUEST_PTIMER_INTID 30

/* Carries out the access of a guest that trapped with `esr`; false: it is none of the timer's. */
bool guest_ptimer_emulate(struct thread *vcpu, uint64_t esr);

/* The control register as it reads: with ISTATUS. */
uint64_t guest_ptimer_control(const struct thread *vcpu);

/* The VMM has written register `reg` of the vCPU. */
void guest_ptimer_written(struct thread *vcpu, uint64_t reg);

/* The VMM is being told. */
void guest_ptimer_set_masked(struct thread *vcpu);

/* The VMM acknowledges; a timer that is still due fires again. */
void guest_ptimer_ack(struct thread *vcpu);

#endif

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The virtual timer of a vCPU [Arm ARM D13.2]. Its interrupt is told to the
 * VMM once, and then kept silent until the VMM acknowledges.
 */
#ifndef KERNEL_ARCH_VTIMER_H
#define KERNEL_ARCH_VTIMER_H

#include "kernel/aarch64/registers.h"

#define VTIMER_INTID 27

/* The VMM is being told. */
void vtimer_set_masked(struct thread *vcpu);

/* The VMM acknowledges; a timer that is still due fires again. */
void vtimer_ack(struct thread *vcpu);

/* For a vCPU that is not resident: whether its timer will fire, and when (physical counter; 0: it is due). */
bool vtimer_is_armed(const struct thread *vcpu);
uint64_t vtimer_deadline(const struct thread *vcpu);

#endif

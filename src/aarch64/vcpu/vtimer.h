/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The virtual timer of a vCPU: the kernel saves and restores it; the VMM delivers its interrupt and sees to it that a
 * vCPU that waits is woken for it.
 *
 *             event: injected                 the guest ends interrupt 27
 *     armed ------------------> masked -----------------------------------> armed
 *
 * While masked the kernel sends no further event. The timer's line is a level; when it is still high at the unmasking,
 * the next event comes at once. A guest that switches its timer off or sets another time makes the line fall, which
 * nobody reports: it is looked at when the guest asks (registers of pending interrupts, WFI, CPU_SUSPEND).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/arm/timer.h"
#include "vm/vcpu.h"

#define VTIMER_IRQ GIC_INTID_TIMER_VIRTUAL

/* The kernel says that private interrupt `irq` of this vCPU, which must be the virtual timer's, has fired. */
void vtimer_event(struct vm *vm, struct vcpu *vcpu, uint64_t irq);

/*
 * Registers interrupt 27 of every vCPU, so that its end is acknowledged to the kernel. Without effect where it is
 * registered already, or where the guest has no interrupt controller.
 */
void vtimer_register(struct vm *vm);

/* The guest has ended interrupt 27, or it was forgotten by a reset. Harmless when no event is outstanding. */
void vtimer_ack(struct vm *vm, size_t vcpu_id);

/* The vCPU goes off, and its timer with it. */
void vtimer_stop(struct vm *vm, size_t vcpu_id);

/* Where an event is under way: whether the timer's line has fallen since. Then the interrupt is pending no more. */
void vtimer_sample(struct vm *vm, size_t vcpu_id);

/* Whether the vCPU may be left blocked: its timer cannot fire, or somebody wakes it when it does. */
bool vtimer_lets_wait(struct vm *vm, struct vcpu *vcpu);

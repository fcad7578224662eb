/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The timers of a vCPU: the kernel keeps their registers; the VMM delivers their interrupts, and sees to it that a vCPU
 * that waits is woken for them. Every kernel gives guests the virtual timer (interrupt 27); some give them the physical
 * one, too (30).
 *
 *             event: injected                 the guest ends the interrupt
 *     armed ------------------> masked -----------------------------------> armed
 *
 * While masked the kernel sends no further event. A timer's line is a level; when it is still high at the unmasking,
 * the next event comes at once. A guest that switches a timer off or sets another time makes its line fall, which
 * nobody reports: it is looked at when the guest asks (registers of pending interrupts, WFI, CPU_SUSPEND).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/arm/timer.h"
#include "vm/vcpu.h"

/* The kernel says that private interrupt `irq` of this vCPU, which must be a timer's, has fired. */
void vcpu_timer_event(struct vm *vm, struct vcpu *vcpu, uint64_t irq);

/*
 * Registers the timers' interrupts of every vCPU, so that their end is acknowledged to the kernel. Without effect where
 * they are registered already, or where the guest has no interrupt controller.
 */
void vcpu_timer_register(struct vm *vm);

/* The vCPU is started, and its timers are off. Harmless when no event is outstanding. */
void vcpu_timer_reset(struct vm *vm, size_t vcpu_id);

/* The vCPU goes off, and its timers with it. */
void vcpu_timer_stop(struct vm *vm, size_t vcpu_id);

/* Where an event is under way: whether the timer's line has fallen since. Then the interrupt is pending no more. */
void vcpu_timer_sample(struct vm *vm, size_t vcpu_id);

/* Whether the vCPU may be left blocked: its timers cannot fire, or somebody wakes it when one does. */
bool vcpu_timer_lets_wait(struct vm *vm, struct vcpu *vcpu);

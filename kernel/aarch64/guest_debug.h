/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Self-hosted debug of a vCPU [Arm ARM D2]: breakpoints, watchpoints and software
 * step. A guest's accesses to the registers trap, and their values are in memory.
 * They are in the hardware only while a guest runs that uses them: nothing of a
 * guest's acts on its VMM. Such a guest does without the fast path to its VMM; it
 * costs the others nothing.
 *
 * Left out: the debug communications channel, and what serves a debugger outside.
 */
#ifndef KERNEL_ARCH_GUEST_DEBUG_H
#define KERNEL_ARCH_GUEST_DEBUG_H

#include "kernel/aarch64/registers.h"

/* On this core: nothing is debugged, and the hardware's OS lock, which would hold back a guest's debug, is open. */
void guest_debug_init_core(void);

/* Carries out the access of the loaded guest that trapped with `esr`; false: there is no such register. */
bool guest_debug_emulate(struct thread *vcpu, uint64_t esr);

/* The VMM has written register `reg` of the vCPU, which does not run. */
void guest_debug_written(struct thread *vcpu, uint64_t reg);

/*
 * A vCPU that uses its debug registers is about to run, or has just run. If it goes on somewhere else than where it
 * was, an instruction has been carried out for it, or an exception taken: a step is over [Arm ARM D2.11].
 */
void guest_debug_load(struct thread *vcpu);
void guest_debug_unload(struct thread *vcpu);

#endif

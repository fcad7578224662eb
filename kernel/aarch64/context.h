/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What of a thread lives in the processor beside its general registers.
 *
 * PDs run at EL0 in a stage-2 address space of their own, with stage 1 off
 * (HCR_EL2.TGE). They use none of the EL1 registers but three (SCTLR, CPACR,
 * CNTKCTL), so a vCPU's EL1 registers, its list registers and its virtual
 * timer stay in the hardware while its VMM runs: the vCPU is "resident". They are
 * saved when another vCPU needs the core, or another core needs them.
 */
#ifndef KERNEL_ARCH_CONTEXT_H
#define KERNEL_ARCH_CONTEXT_H

#include "kernel/aarch64/registers.h"
#include "kernel/core/core.h"

/* Finds out what the processor has; first of all, on the primary core. All cores are alike. */
void context_find_features(void);

/* State of a new thread. */
void context_init(struct thread *thread);

/* Sets up what is the same for all threads, on this core. */
void context_init_core(void);

/* Makes `thread`, which is not loaded, what the exit from the kernel enters. A vCPU may be evicted by it. */
void context_load(struct core *core, struct thread *thread);

/* The same, from a guest that has just run to its VMM and back to it; it stays resident. */
void context_leave_guest(struct core *core, struct thread *vcpu, struct thread *pd);
void context_return_to_guest(struct core *core, struct thread *vcpu);

/* A store of this core's resident vCPU has had a bus error; `esr` is the SError's syndrome. Its VMM will be told. */
void context_take_serror(struct core *core, uint64_t esr);

/* Puts the registers of this core's resident vCPU, if it has one, into memory: it is evicted. */
void context_unload_vcpu(struct core *core);

/* Reads or writes a register of a vCPU that does not run; false: no such register. */
bool context_read(const struct thread *vcpu, uint64_t reg, uint64_t *value);
bool context_write(struct thread *vcpu, uint64_t reg, uint64_t value);

/* After a write to a thread's registers: keeps a PD's program status to what EL0 may have. */
void context_check_spsr(struct thread *thread);

/* Sets the PC of a PD that is in a system call back to that call. */
void context_undo_call(struct thread *pd);

/* Sets the PC back to the instruction that has trapped with `esr`. */
void context_undo_trap(struct thread *thread, uint64_t esr);

/* The current thread of `core` may use the FP and SIMD registers from now on. */
void context_switch_fp(struct core *core, struct thread *thread);

#endif

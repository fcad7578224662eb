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

#include "kernel/core/core.h"

/* Registers of a vCPU that its VMM may read and write, numbered as seL4_VCPUReg. */
enum vcpu_register {
    VCPU_SCTLR,
    VCPU_CPACR,
    VCPU_TTBR0,
    VCPU_TTBR1,
    VCPU_TCR,
    VCPU_MAIR,
    VCPU_AMAIR,
    VCPU_CIDR,
    VCPU_ACTLR,
    VCPU_AFSR0,
    VCPU_AFSR1,
    VCPU_ESR,
    VCPU_FAR,
    VCPU_PAR,
    VCPU_VBAR,
    VCPU_TPIDR_EL1,
    VCPU_VMPIDR_EL2,
    VCPU_SP_EL1,
    VCPU_ELR_EL1,
    VCPU_SPSR_EL1,
    VCPU_CNTV_CTL,
    VCPU_CNTV_CVAL,
    VCPU_CNTVOFF,
    VCPU_CNTKCTL_EL1,
    VCPU_REGISTER_COUNT,
};

#define VGIC_LR_COUNT_MAX  VCPU_PAGE_LR_COUNT
#define VGIC_APR_COUNT_MAX 4

/* Virtual CPU interface of a vCPU: all but `used` only while it is not resident. */
struct vgic_context {
    uint64_t used; /* list registers, a bit each, that have been filled and not been reported as ended */
    uint64_t lr[VGIC_LR_COUNT_MAX];
    uint64_t vmcr;
    uint64_t ap0r[VGIC_APR_COUNT_MAX];
    uint64_t ap1r[VGIC_APR_COUNT_MAX];
};

struct fp_context {
    _Alignas(16) uint64_t q[64];
    uint64_t fpcr;
    uint64_t fpsr;
};

struct context {
    struct fp_context fp;
    uint64_t registers[VCPU_REGISTER_COUNT];
    uint64_t csselr;
    uint64_t vdisr;
    uint64_t tpidr2;
    struct vgic_context vgic;
    bool vtimer_is_masked; /* the VMM has been told and has not acknowledged yet */
    const struct thread
        *last_vcpu[IMAGE_CORE_COUNT_MAX]; /* VMM: of its vCPUs, which was in each core's hardware last */
};

/* Finds out what the processor has; first of all, on the primary core. All cores are alike. */
void context_find_features(void);

/* State of a new thread. */
void context_init(struct thread *thread);

/* Sets up what is the same for all threads, on this core. */
void context_init_core(void);

/* Makes `thread` what the exit from the kernel enters. */
void context_load(struct core *core, struct thread *thread);

/* The same, from a guest that has just run to its VMM and back to it; it stays resident. */
void context_leave_guest(struct core *core, struct thread *vcpu, struct thread *pd);
void context_return_to_guest(struct core *core, struct thread *vcpu);

/* Puts the registers of this core's resident vCPU, if it has one, into memory. */
void context_unload_vcpu(struct core *core);

/* Whether the vCPU's registers are in its core's hardware. */
bool context_is_resident(const struct thread *vcpu);

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

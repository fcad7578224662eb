/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Where the registers of a thread are while they are not in the processor.
 */
#ifndef KERNEL_ARCH_REGISTERS_H
#define KERNEL_ARCH_REGISTERS_H

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
    VCPU_CNTP_CTL, /* these three seL4 does not have; ISTATUS: see guest_ptimer.h */
    VCPU_CNTP_CVAL,
    VCPU_MDSCR,
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

/* By op2 of the register's encoding, less 4. */
enum guest_debug_kind {
    DEBUG_BREAKPOINT_VALUE,
    DEBUG_BREAKPOINT_CONTROL,
    DEBUG_WATCHPOINT_VALUE,
    DEBUG_WATCHPOINT_CONTROL,
    DEBUG_KIND_COUNT,
};

#define DEBUG_NUMBER_COUNT 16

/* Debug registers of a vCPU, but for MDSCR_EL1. */
struct guest_debug {
    uint64_t registers[DEBUG_KIND_COUNT][DEBUG_NUMBER_COUNT];
    uint64_t left_at; /* PC, when the hardware had them last */
    bool is_locked;   /* by the OS lock */
    bool is_on;       /* the hardware has them while the guest runs */
};

struct context {
    struct fp_context fp;
    uint64_t registers[VCPU_REGISTER_COUNT];
    uint64_t csselr;
    uint64_t vdisr;
    uint64_t tpidr2;
    uint64_t serror; /* ESR_EL2 of its last SError */
    struct vgic_context vgic;
    struct guest_debug debug;
    bool vtimer_is_masked; /* the VMM has been told and has not acknowledged yet */
    bool ptimer_is_masked; /* likewise */
    const struct thread
        *last_vcpu[IMAGE_CORE_COUNT_MAX]; /* VMM: of its vCPUs, which was in each core's hardware last */
};

#endif

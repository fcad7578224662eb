/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What a trapped access to a system register was [Arm ARM D17.2.37].
 */
#ifndef KERNEL_ARCH_SYSREG_TRAP_H
#define KERNEL_ARCH_SYSREG_TRAP_H

#include "kernel/aarch64/esr.h"
#include "kernel/core/thread.h"

#define ISS_IS_READ(iss)  (((iss)&1) != 0)
#define ISS_RT(iss)       ((unsigned)BITS_GET(9, 5, iss))
#define ISS_OP0(iss)      ((unsigned)BITS_GET(21, 20, iss))
#define ISS_REGISTER(iss) ((uint32_t)((iss) & (BITS(21, 10) | BITS(4, 1))))

#define REGISTER(op0, op1, crn, crm, op2)                                                                              \
    ((uint32_t)((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1))

/* The EL1 physical timer, whose accesses trap for PDs and guests alike. */
#define CNTP_TVAL_EL0 REGISTER(3, 3, 14, 2, 0)
#define CNTP_CTL_EL0  REGISTER(3, 3, 14, 2, 1)
#define CNTP_CVAL_EL0 REGISTER(3, 3, 14, 2, 2)

/* General register `number` of a frame; 31 is the zero register. */
static inline uint64_t *frame_register(struct frame *frame, unsigned number, uint64_t *zero)
{
    static const uint8_t index[31] = {3,  4,  5,  6,  7,  8,  9,  10, 11, 17, 18, 19, 20, 21, 22, 23,
                                      12, 13, 14, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 15, 16};
    return number == 31 ? zero : &((uint64_t *)frame)[index[number]];
}

/* If the vCPU's next instruction was to be a step, that is over [Arm ARM D2.11, PSTATE.SS]. */
static inline void end_step(struct thread *vcpu)
{
    vcpu->frame->spsr &= ~BIT(21);
}

/* The kernel has carried out an instruction of 4 bytes for a vCPU: that leaves no branch type, and ends a step. */
static inline void skip_instruction(struct thread *vcpu)
{
    vcpu->frame->pc += 4;
    vcpu->frame->spsr &= ~BITS(11, 10);
    end_step(vcpu);
}

#endif

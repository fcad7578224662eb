/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * What the test VMMs share, and the words between them and their bare guests.
 */
#ifndef VM_H
#define VM_H

#include <stdint.h>

#include "harness.h"

#define VM_ENTRY 0x40000000

/* A guest's HVC: x0 is one of these. */
enum guest_code {
    GUEST_ENDED = 0,
    GUEST_REPORT = 1,    /* x1: item, x2: value */
    GUEST_NEXT_STEP = 2, /* x1: item, x2: address of its instruction */
    GUEST_CRASHED = 0xdead,
};

/* Exception classes of ESR_EL2, in FSR and HSR. */
#define ESR_CLASS(esr) ((esr) >> 26 & 0x3f)
enum esr_class {
    ESR_WFX = 0x01,
    ESR_SMC = 0x17,
    ESR_SYSREG = 0x18,
    ESR_FETCH_ABORT = 0x20,
    ESR_DATA_ABORT = 0x24,
};

/* ISS of a trapped MSR: which register [Arm ARM D17.2.37]. */
#define ISS_SYSREG(op0, op1, crn, crm, op2) ((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define ISS_SYSREG_MASK                     0x3ffc1e

#define SPSR_EL1H_MASKED 0x3c5

/* Starts a vCPU at `pc` with all its registers 0 but x0 = argument and x1 = vcpu. */
void vm_start(microkit_child vcpu, uint64_t pc, uint64_t argument);

/* One register of a vCPU, numbered as in seL4_UserContext. */
uint64_t vm_read(microkit_child vcpu, unsigned index);
void vm_write(microkit_child vcpu, unsigned index, uint64_t value);
#define VM_PC   0
#define VM_SP   1
#define VM_SPSR 2
#define VM_X(n) (3 + (n)) /* x0 to x8 */

/* Sets a vCPU's PC behind the instruction that it is at. */
void vm_skip(microkit_child vcpu);

/* For fault(): replies, the vCPU goes on where it is. */
seL4_Bool vm_go_on(microkit_msginfo *reply);
/* For fault(): goes on behind the HVC or other instruction that trapped. */
seL4_Bool vm_go_on_behind(microkit_child vcpu, microkit_msginfo *reply);
/* The same with x0 = value. */
seL4_Bool vm_return(microkit_child vcpu, uint64_t value, microkit_msginfo *reply);

/* Prints a message that was not expected, as a check that has failed. */
void vm_complain(const char *what, microkit_child vcpu, microkit_msginfo message);

#endif

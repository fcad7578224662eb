/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Injection of synchronous exceptions: the EL1 registers through the vCPU, PC and PSTATE through the exit's registers.
 */
#include "aarch64/exit/inject.h"

#include "aarch64/exit/psr.h"
#include "aarch64/exit/syndrome.h"
#include "aarch64/insn/emulate.h"
#include "aarch64/vcpu/vcpu_regs.h"

#define SCTLR_M     BIT(0)
#define SCTLR_SPAN  BIT(23)
#define SCTLR_DSSBS BIT(44)

/* Offsets of synchronous exceptions in the vector table, by where they come from. */
#define VECTOR_EL1T    0x000
#define VECTOR_EL1H    0x200
#define VECTOR_EL0     0x400
#define VECTOR_EL0_A32 0x600
#define VBAR_BASE      FIELD(63, 11)

static bool from_el0(uint64_t spsr)
{
    return (spsr & PSR_M32) != 0 || (spsr & PSR_EL) == 0;
}

static uint64_t vector_offset(uint64_t spsr)
{
    if ((spsr & PSR_M32) != 0) {
        return VECTOR_EL0_A32;
    }
    if ((spsr & PSR_EL) == 0) {
        return VECTOR_EL0;
    }
    return (spsr & PSR_SPSEL) != 0 ? VECTOR_EL1H : VECTOR_EL1T;
}

/* PSTATE at the handler's first instruction. */
static uint64_t handler_pstate(uint64_t spsr, uint64_t sctlr)
{
    uint64_t pstate = PSR_MODE_EL1H | PSR_DAIF | (spsr & (PSR_NZCV | PSR_PAN | PSR_DIT));
    if ((sctlr & SCTLR_SPAN) == 0) {
        pstate |= PSR_PAN;
    }
    if ((sctlr & SCTLR_DSSBS) != 0) {
        pstate |= PSR_SSBS;
    }
    return pstate;
}

static void take_exception(struct vcpu *vcpu, uint64_t esr, uint64_t sctlr)
{
    vcpu_regs_fetch(vcpu, VCPU_REGS_SPSR);
    const uint64_t spsr = vcpu->regs.context->spsr;
    microkit_vcpu_arm_write_reg(vcpu->id, seL4_VCPUReg_ESR, esr);
    microkit_vcpu_arm_write_reg(vcpu->id, seL4_VCPUReg_ELR_EL1, vcpu->regs.context->pc);
    microkit_vcpu_arm_write_reg(vcpu->id, seL4_VCPUReg_SPSR_EL1, spsr);
    const uint64_t vbar = microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_VBAR) & VBAR_BASE;
    vcpu->regs.context->pc = vbar + vector_offset(spsr);
    vcpu->regs.context->spsr = handler_pstate(spsr, sctlr);
    vcpu_regs_changed(vcpu, VCPU_REGS_SPSR);
}

/* What ESR_EL1 says of an abort that `esr` describes as EL2 has seen it. */
static uint64_t abort_syndrome(struct vcpu *vcpu, uint64_t esr, uint64_t fsc)
{
    const bool is_fetch = esr_ec(esr) == ESR_EC_FETCH_LOWER;
    vcpu_regs_fetch(vcpu, VCPU_REGS_SPSR);
    const bool lower = from_el0(vcpu->regs.context->spsr);
    const enum esr_ec ec =
        is_fetch ? (lower ? ESR_EC_FETCH_LOWER : ESR_EC_FETCH_SAME) : (lower ? ESR_EC_DATA_LOWER : ESR_EC_DATA_SAME);
    return field_make(ESR_EC, ec) | fsc | (esr & (ESR_IL | (is_fetch ? 0 : DABT_WNR | DABT_CM)));
}

static void take_abort(struct vcpu *vcpu, uint64_t syndrome, uint64_t va, uint64_t sctlr)
{
    microkit_vcpu_arm_write_reg(vcpu->id, seL4_VCPUReg_FAR, va);
    take_exception(vcpu, syndrome, sctlr);
}

void inject_abort(struct vcpu *vcpu, uint64_t esr, uint64_t fsc, uint64_t va)
{
    if (vcpu->exit != VCPU_REPLACED) {
        take_abort(vcpu, abort_syndrome(vcpu, esr, fsc), va, microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_SCTLR));
    }
}

void inject_external_abort(struct vm *vm, struct vcpu *vcpu, uint64_t esr, gpa_t at)
{
    if (vcpu->exit == VCPU_REPLACED) {
        return;
    }
    const uint64_t sctlr = microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_SCTLR);
    const uint64_t syndrome = abort_syndrome(vcpu, esr, FSC_EXTERNAL_ABORT);
    uint64_t va = at.value;
    if (esr_ec(esr) == ESR_EC_FETCH_LOWER) {
        take_abort(vcpu, syndrome, vcpu->regs.context->pc, sctlr);
    } else if ((sctlr & SCTLR_M) == 0 || emulate_find_address(vm, vcpu, at, &va)) {
        take_abort(vcpu, syndrome, va, sctlr);
    } else {
        take_exception(vcpu, syndrome | DABT_FNV, sctlr);
    }
}

void inject_undefined(struct vcpu *vcpu)
{
    if (vcpu->exit == VCPU_REPLACED) {
        return;
    }
    const uint64_t sctlr = microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_SCTLR);
    take_exception(vcpu, field_make(ESR_EC, ESR_EC_UNKNOWN) | ESR_IL, sctlr);
}

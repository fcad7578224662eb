/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Registers by number: see debug_regs.h.
 */
#include "aarch64/debug/debug_regs.h"

#include <libvmm/util/util.h>

#include "aarch64/exit/psr.h"
#include "aarch64/vcpu/vcpu_regs.h"

/* What a user may set of PSTATE: the rest would leave EL1 and EL0, or AArch64. */
#define PSTATE_SETTABLE (PSR_NZCV | PSR_DIT | PSR_PAN | PSR_SSBS | PSR_BTYPE | PSR_DAIF)

static const struct {
    const char *name;
    seL4_VCPUReg reg;
    bool is_writable;
} el1[] = {
    {"sctlr_el1", seL4_VCPUReg_SCTLR, true},
    {"ttbr0_el1", seL4_VCPUReg_TTBR0, true},
    {"ttbr1_el1", seL4_VCPUReg_TTBR1, true},
    {"tcr_el1", seL4_VCPUReg_TCR, true},
    {"mair_el1", seL4_VCPUReg_MAIR, true},
    {"vbar_el1", seL4_VCPUReg_VBAR, true},
    {"elr_el1", seL4_VCPUReg_ELR_EL1, true},
    {"spsr_el1", seL4_VCPUReg_SPSR_EL1, true},
    {"esr_el1", seL4_VCPUReg_ESR, true},
    {"far_el1", seL4_VCPUReg_FAR, true},
    {"sp_el1", seL4_VCPUReg_SP_EL1, true},
    {"tpidr_el1", seL4_VCPUReg_TPIDR_EL1, true},
    {"contextidr_el1", seL4_VCPUReg_CIDR, true},
    {"cpacr_el1", seL4_VCPUReg_CPACR, true},
    {"mpidr_el1", seL4_VCPUReg_VMPIDR_EL2, false},
    {"cntv_ctl_el0", seL4_VCPUReg_CNTV_CTL, true},
    {"cntv_cval_el0", seL4_VCPUReg_CNTV_CVAL, true},
    {"cntkctl_el1", seL4_VCPUReg_CNTKCTL_EL1, true},
};

uint32_t debug_regs_count(void)
{
    return DEBUG_REG_EL1 + (uint32_t)ARRAY_SIZE(el1);
}

const char *debug_regs_name(uint32_t n)
{
    return el1[n - DEBUG_REG_EL1].name;
}

/* Neither can fail: the vCPU exists. */
void debug_regs_read(uint32_t vcpu_id, seL4_UserContext *context)
{
    (void)seL4_TCB_ReadRegisters(BASE_VM_TCB_CAP + vcpu_id, seL4_False, 0, VCPU_REGS_ALL, context);
}

void debug_regs_write(uint32_t vcpu_id, seL4_UserContext *context)
{
    (void)seL4_TCB_WriteRegisters(BASE_VM_TCB_CAP + vcpu_id, seL4_False, 0, VCPU_REGS_ALL, context);
}

bool debug_regs_are_of_el0(const seL4_UserContext *context)
{
    return (context->spsr & PSR_M32) != 0 || (context->spsr & PSR_EL) == 0;
}

static bool uses_sp_el1(const seL4_UserContext *context)
{
    return !debug_regs_are_of_el0(context) && (context->spsr & PSR_SPSEL) != 0;
}

static uint64_t general(uint32_t vcpu_id, uint32_t n, seL4_UserContext *context)
{
    switch (n) {
    case DEBUG_REG_SP:
        return uses_sp_el1(context) ? microkit_vcpu_arm_read_reg(vcpu_id, seL4_VCPUReg_SP_EL1) : context->sp;
    case DEBUG_REG_PC:
        return context->pc;
    case DEBUG_REG_PSTATE:
        return context->spsr;
    default:
        return *vcpu_regs_in(context, n);
    }
}

bool debug_regs_get(uint32_t vcpu_id, uint32_t n, uint64_t *value)
{
    seL4_UserContext context;
    if (n >= debug_regs_count()) {
        return false;
    }
    if (n >= DEBUG_REG_EL1) {
        *value = microkit_vcpu_arm_read_reg(vcpu_id, el1[n - DEBUG_REG_EL1].reg);
        return true;
    }
    debug_regs_read(vcpu_id, &context);
    *value = general(vcpu_id, n, &context);
    return true;
}

static void set_general(uint32_t vcpu_id, uint32_t n, uint64_t value, seL4_UserContext *context)
{
    switch (n) {
    case DEBUG_REG_SP:
        if (uses_sp_el1(context)) {
            microkit_vcpu_arm_write_reg(vcpu_id, seL4_VCPUReg_SP_EL1, value);
        } else {
            context->sp = value;
        }
        break;
    case DEBUG_REG_PC:
        context->pc = value;
        break;
    case DEBUG_REG_PSTATE:
        context->spsr = (context->spsr & ~PSTATE_SETTABLE) | (value & PSTATE_SETTABLE);
        break;
    default:
        *vcpu_regs_in(context, n) = value;
        break;
    }
}

bool debug_regs_set(uint32_t vcpu_id, uint32_t n, uint64_t value)
{
    seL4_UserContext context;
    if (n >= debug_regs_count()) {
        return false;
    }
    if (n >= DEBUG_REG_EL1 && !el1[n - DEBUG_REG_EL1].is_writable) {
        return microkit_vcpu_arm_read_reg(vcpu_id, el1[n - DEBUG_REG_EL1].reg) == value;
    }
    if (n >= DEBUG_REG_EL1) {
        microkit_vcpu_arm_write_reg(vcpu_id, el1[n - DEBUG_REG_EL1].reg, value);
        return true;
    }
    debug_regs_read(vcpu_id, &context);
    set_general(vcpu_id, n, value, &context);
    debug_regs_write(vcpu_id, &context);
    return true;
}

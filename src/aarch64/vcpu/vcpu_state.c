/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Reset and entry state, and printing of registers.
 */
#include "aarch64/vcpu/vcpu_state.h"

#include <libvmm/tcb.h>
#include <libvmm/util/util.h>
#include <libvmm/vcpu.h>

#include "aarch64/exit/psr.h"
#include "aarch64/vcpu/vcpu_regs.h"
#include "vm/vm.h"

/* RES1 bits of ARMv8.0 (29, 28, 23, 22, 20, 11), nTWE, nTWI, CP15BEN, SA0 and SA; MMU and caches off. */
#define SCTLR_RESET UINT64_C(0x30d50838)

#define MPIDR_RES1   BIT(31)
#define PSTATE_ENTRY (PSR_DAIF | PSR_MODE_EL1H)

/*
 * Before seL4 16 there was no PAR_EL1: its place in the enumeration was ISR_EL1's, which ignores writes. By its
 * neighbour, both versions' headers do.
 */
#define VCPU_REG_PAR ((seL4_VCPUReg)(seL4_VCPUReg_FAR + 1))

struct state_row {
    const char *name;
    seL4_VCPUReg reg;
    uint64_t reset;
    bool is_reset; /* false: kept, or depends on the vCPU */
};

static const struct state_row rows[] = {
    {"SCTLR_EL1", seL4_VCPUReg_SCTLR, SCTLR_RESET, true},
    {"CPACR_EL1", seL4_VCPUReg_CPACR, 0, true},
    {"TTBR0_EL1", seL4_VCPUReg_TTBR0, 0, true},
    {"TTBR1_EL1", seL4_VCPUReg_TTBR1, 0, true},
    {"TCR_EL1", seL4_VCPUReg_TCR, 0, true},
    {"MAIR_EL1", seL4_VCPUReg_MAIR, 0, true},
    {"AMAIR_EL1", seL4_VCPUReg_AMAIR, 0, true},
    {"CONTEXTIDR_EL1", seL4_VCPUReg_CIDR, 0, true},
    {"ACTLR_EL1", seL4_VCPUReg_ACTLR, 0, true},
    {"AFSR0_EL1", seL4_VCPUReg_AFSR0, 0, true},
    {"AFSR1_EL1", seL4_VCPUReg_AFSR1, 0, true},
    {"ESR_EL1", seL4_VCPUReg_ESR, 0, true},
    {"FAR_EL1", seL4_VCPUReg_FAR, 0, true},
    {"PAR_EL1", VCPU_REG_PAR, 0, true},
    {"VBAR_EL1", seL4_VCPUReg_VBAR, 0, true},
    {"TPIDR_EL1", seL4_VCPUReg_TPIDR_EL1, 0, true},
    {"VMPIDR_EL2", seL4_VCPUReg_VMPIDR_EL2, 0, false},
    {"SP_EL1", seL4_VCPUReg_SP_EL1, 0, true},
    {"ELR_EL1", seL4_VCPUReg_ELR_EL1, 0, true},
    {"SPSR_EL1", seL4_VCPUReg_SPSR_EL1, 0, true},
    {"CNTV_CTL_EL0", seL4_VCPUReg_CNTV_CTL, 0, true},
    {"CNTV_CVAL_EL0", seL4_VCPUReg_CNTV_CVAL, 0, true},
    {"CNTVOFF_EL2", seL4_VCPUReg_CNTVOFF, 0, false},
    {"CNTKCTL_EL1", seL4_VCPUReg_CNTKCTL_EL1, 0, true},
#ifdef MICROKIT_VCPU_CNTP_CTL
    {"CNTP_CTL_EL0", MICROKIT_VCPU_CNTP_CTL, 0, true},
#endif
#ifdef MICROKIT_VCPU_MDSCR
    {"MDSCR_EL1", MICROKIT_VCPU_MDSCR, 0, true},
#endif
};

bool vcpu_state_exists(size_t vcpu_id)
{
    return seL4_ARM_VCPU_ReadRegs(BASE_VCPU_CAP + vcpu_id, seL4_VCPUReg_VMPIDR_EL2).error == seL4_NoError;
}

enum result vcpu_state_reset(size_t vcpu_id, uint32_t affinity)
{
    const uint64_t mpidr = MPIDR_RES1 | affinity;
    if (seL4_ARM_VCPU_WriteRegs(BASE_VCPU_CAP + vcpu_id, seL4_VCPUReg_VMPIDR_EL2, mpidr) != seL4_NoError) {
        return RESULT_INVALID;
    }
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].is_reset) {
            microkit_vcpu_arm_write_reg((microkit_child)vcpu_id, rows[i].reg, rows[i].reset);
        }
    }
    return RESULT_OK;
}

enum result vcpu_state_enter(size_t vcpu_id, const struct vcpu_entry *entry, bool runs)
{
    seL4_UserContext context = {.pc = entry->pc, .spsr = PSTATE_ENTRY, .x0 = entry->x0};
    const int error = seL4_TCB_WriteRegisters(BASE_VM_TCB_CAP + vcpu_id, runs, 0, VCPU_REGS_ALL, &context);
    return error == seL4_NoError ? RESULT_OK : RESULT_INVALID;
}

/* Whether a vCPU named by the VMM exists; says so if not. */
static bool check_vcpu(const char *function, size_t vcpu_id)
{
    const size_t count = vm_vcpu_count(vm_instance());
    if (vcpu_id < count) {
        return true;
    }
    LOG_VMM_ERR("%s: vCPU %zu does not exist, there are %zu\n", function, vcpu_id, count);
    return false;
}

void vcpu_reset(size_t vcpu_id)
{
    if (check_vcpu("vcpu_reset", vcpu_id) &&
        vcpu_state_reset(vcpu_id, vm_affinity(vm_instance(), vcpu_id)) != RESULT_OK) {
        LOG_VMM_ERR("vcpu_reset: the system description has no vCPU %zu\n", vcpu_id);
    }
}

void vcpu_print_regs(size_t vcpu_id)
{
    if (!check_vcpu("vcpu_print_regs", vcpu_id)) {
        return;
    }
    LOG_VMM("EL1 registers of vCPU %zu:\n", vcpu_id);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const seL4_ARM_VCPU_ReadRegs_t value = seL4_ARM_VCPU_ReadRegs(BASE_VCPU_CAP + vcpu_id, rows[i].reg);
        if (value.error != seL4_NoError) {
            LOG_VMM_ERR("vcpu_print_regs: error %d of the kernel for vCPU %zu\n", value.error, vcpu_id);
            return;
        }
        LOG_VMM("  %-14s 0x%016lx\n", rows[i].name, value.value);
    }
}

void tcb_print_regs(size_t vcpu_id)
{
    seL4_UserContext context;
    if (!check_vcpu("tcb_print_regs", vcpu_id)) {
        return;
    }
    const int error = seL4_TCB_ReadRegisters(BASE_VM_TCB_CAP + vcpu_id, seL4_False, 0, VCPU_REGS_ALL, &context);
    if (error != seL4_NoError) {
        LOG_VMM_ERR("tcb_print_regs: error %d of the kernel for vCPU %zu\n", error, vcpu_id);
        return;
    }
    LOG_VMM("general registers of vCPU %zu:\n", vcpu_id);
    LOG_VMM("  pc   0x%016lx\n", context.pc);
    LOG_VMM("  sp   0x%016lx\n", context.sp);
    LOG_VMM("  spsr 0x%016lx\n", context.spsr);
    for (uint32_t n = 0; n < VCPU_REG_ZERO; n++) {
        LOG_VMM("  x%-3u 0x%016lx\n", n, *vcpu_regs_in(&context, n));
    }
    LOG_VMM("  tpidr_el0   0x%016lx\n", context.tpidr_el0);
    LOG_VMM("  tpidrro_el0 0x%016lx\n", context.tpidrro_el0);
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * System registers of a guest that the kernel answers for itself, because
 * they tell of the processor, or because their state is not switched:
 *
 * - Feature registers [Arm ARM D17.2.61 and following] show what the kernel
 *   keeps apart for each vCPU, and nothing more: no SVE, SME, pointer
 *   authentication, memory tagging, performance or activity monitors, EL2, EL3.
 * - ACTLR_EL1 is RAZ/WI.
 *
 * Left out: everything else, which is the VMM's to answer.
 */
#include "kernel/aarch64/guest_sysreg.h"

#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/sysreg_trap.h"

#define ACTLR_EL1 REGISTER(3, 0, 1, 0, 1)
#define NIBBLE(n) (0xfULL << (n)*4)

/* Feature registers, and which of their fields a guest sees. */
#define FEATURE_REGISTERS(X)                                                                                           \
    /* AArch32: for programs at EL0 */                                                                                 \
    X(1, 0, ~0ULL)                                                                                                     \
    X(1, 1, ~(NIBBLE(3) | NIBBLE(7))) /* ID_PFR1: no virtualization, no GIC by CP15 */                                 \
    X(1, 2, ~NIBBLE(6))               /* ID_DFR0: no performance monitors */                                           \
    X(1, 4, ~0ULL)                                                                                                     \
    X(1, 5, ~0ULL)                                                                                                     \
    X(1, 6, ~0ULL)                                                                                                     \
    X(1, 7, ~0ULL)                                                                                                     \
    X(2, 0, ~0ULL)                                                                                                     \
    X(2, 1, ~0ULL)                                                                                                     \
    X(2, 2, ~0ULL)                                                                                                     \
    X(2, 3, ~0ULL)                                                                                                     \
    X(2, 4, ~0ULL)                                                                                                     \
    X(2, 5, ~0ULL)                                                                                                     \
    X(2, 6, ~0ULL)                                                                                                     \
    X(2, 7, ~0ULL)                                                                                                     \
    X(3, 0, ~0ULL)                                                                                                     \
    X(3, 1, ~0ULL)                                                                                                     \
    X(3, 2, ~0ULL)                                                                                                     \
    X(3, 4, NIBBLE(0) | NIBBLE(1)) /* ID_PFR2: CSV3, SSBS */                                                           \
    /* ID_AA64PFR0: EL0, EL1, FP, AdvSIMD, GIC, DIT, CSV2, CSV3 */                                                     \
    X(4, 0, NIBBLE(0) | NIBBLE(1) | NIBBLE(4) | NIBBLE(5) | NIBBLE(6) | NIBBLE(12) | NIBBLE(14) | NIBBLE(15))          \
    X(4, 1, NIBBLE(0) | NIBBLE(1)) /* ID_AA64PFR1: BT, SSBS */                                                         \
    /* ID_AA64DFR0: debug version, breakpoints, watchpoints, breakpoints of contexts */                                \
    X(5, 0, NIBBLE(0) | NIBBLE(3) | NIBBLE(5) | NIBBLE(7))                                                             \
    X(6, 0, ~NIBBLE(6)) /* ID_AA64ISAR0: no TME */                                                                     \
    /* ID_AA64ISAR1: no pointer authentication, no LS64 */                                                             \
    X(6, 1, ~(NIBBLE(1) | NIBBLE(2) | NIBBLE(6) | NIBBLE(7) | NIBBLE(15)))                                             \
    X(6, 2, NIBBLE(1)) /* ID_AA64ISAR2: RPRES */                                                                       \
    /* ID_AA64MMFR0: all but ExS, FGT, ECV and what speaks of stage 2 */                                               \
    X(7, 0, ~(NIBBLE(8) | NIBBLE(9) | NIBBLE(10) | NIBBLE(11) | NIBBLE(14) | NIBBLE(15)))                              \
    X(7, 1, NIBBLE(0) | NIBBLE(3) | NIBBLE(5)) /* ID_AA64MMFR1: HAFDBS, HPDS, PAN */                                   \
    /* ID_AA64MMFR2: UAO, LSM, VARange, CCIDX, ST, AT, TTL, BBM, E0PD */                                               \
    X(7, 2,                                                                                                            \
      NIBBLE(1) | NIBBLE(2) | NIBBLE(4) | NIBBLE(5) | NIBBLE(7) | NIBBLE(8) | NIBBLE(12) | NIBBLE(13) | NIBBLE(15))

#define ID_PFR0         REGISTER(3, 0, 0, 1, 0)
#define ID_AA64PFR0_EL1 REGISTER(3, 0, 0, 4, 0)
#define ID_AA64DFR0_EL1 REGISTER(3, 0, 0, 5, 0)

/* The field at bit `shift` is `max` at most. */
static uint64_t limit_field(uint64_t value, unsigned shift, uint64_t max)
{
    uint64_t field = value >> shift & 0xf;
    return (value & ~(0xfULL << shift)) | (field < max ? field : max) << shift;
}

/* What is given in part. */
static uint64_t limit_features(uint32_t reg, uint64_t value)
{
    switch (reg) {
    case ID_PFR0: /* CSV2: no SCXTNUM registers */
        return limit_field(value, 16, 1);
    case ID_AA64PFR0_EL1: /* CSV2 */
        return limit_field(value, 56, 1);
    case ID_AA64DFR0_EL1: /* DebugVer: Armv8.4, later ones have further registers */
        return limit_field(value, 0, 9);
    default:
        return value;
    }
}

static uint64_t feature_value(uint32_t reg)
{
    switch (reg) {
#define VALUE(crm, op2, mask)                                                                                          \
    case REGISTER(3, 0, 0, crm, op2):                                                                                  \
        return limit_features(reg, SYSREG_READ(S3_0_C0_C##crm##_##op2) & (mask));
        FEATURE_REGISTERS(VALUE)
#undef VALUE
    default:
        return 0; /* reserved, or a feature that guests do not get */
    }
}

static bool is_feature_register(uint32_t reg)
{
    return reg >= REGISTER(3, 0, 0, 1, 0) && (reg & ~(REGISTER(0, 0, 0, 7, 7))) == REGISTER(3, 0, 0, 0, 0);
}

NOINLINE bool guest_sysreg_emulate(struct thread *vcpu, uint64_t esr)
{
    uint64_t iss = esr_iss(esr);
    uint32_t reg = ISS_REGISTER(iss);
    uint64_t value = 0;
    uint64_t zero = 0;

    if (is_feature_register(reg)) {
        value = feature_value(reg);
    } else if (reg != ACTLR_EL1) {
        return false;
    }
    if (ISS_IS_READ(iss)) {
        *frame_register(vcpu->frame, ISS_RT(iss), &zero) = value;
    }
    skip_instruction(vcpu);
    return true;
}

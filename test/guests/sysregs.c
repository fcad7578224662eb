/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * System registers that trap or that identify: those of the interrupt controller, of features that a VM has not, and
 * of registers that nobody has.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"

#define ID_FIELD(value, shift) ((value) >> (shift)&0xf)
#define PFR0_EL2               8
#define PFR0_EL3               12
#define PFR0_SVE               32
#define DFR0_PMU               8

/* Runs one instruction and checks that it is undefined. */
#define CHECK_UNDEFINED(name, access)                                                                                  \
    do {                                                                                                               \
        exception_expect();                                                                                            \
        access;                                                                                                        \
        const struct exception taken_ = exception_caught();                                                            \
        check_equal(name " is undefined", taken_.count, 1);                                                            \
        check_each(name ": ESR_EL1", 0, taken_.esr, ESR_IL);                                                           \
    } while (0)

static void interrupt_controller(void)
{
    if (gic_is_v3()) {
        check_equal("ICC_SRE_EL1: system registers only", READ_SYSREG(S3_0_C12_C12_5), 7);
        WRITE_SYSREG(S3_0_C12_C12_5, 0);
        check_equal("ICC_SRE_EL1 cannot be changed", READ_SYSREG(S3_0_C12_C12_5), 7);
        CHECK_UNDEFINED("a read of ICC_SGI1R_EL1", (void)READ_SYSREG(S3_0_C12_C11_5));
        CHECK_UNDEFINED("a read of ICC_SGI0R_EL1", (void)READ_SYSREG(S3_0_C12_C11_7));
        CHECK_UNDEFINED("a read of ICC_ASGI1R_EL1", (void)READ_SYSREG(S3_0_C12_C11_6));
    } else {
        CHECK_UNDEFINED("ICC_SGI0R_EL1 without a GICv3", WRITE_SYSREG(S3_0_C12_C11_7, 0));
        CHECK_UNDEFINED("ICC_ASGI1R_EL1 without a GICv3", WRITE_SYSREG(S3_0_C12_C11_6, 0));
        CHECK_UNDEFINED("a write of ICC_SRE_EL1 without a GICv3", WRITE_SYSREG(S3_0_C12_C12_5, 1));
        CHECK_UNDEFINED("ICC_PMR_EL1 without a GICv3", (void)READ_SYSREG(S3_0_C4_C6_0));
        CHECK_UNDEFINED("ICC_IAR1_EL1 without a GICv3", (void)READ_SYSREG(S3_0_C12_C12_0));
        CHECK_UNDEFINED("ICC_IGRPEN1_EL1 without a GICv3", WRITE_SYSREG(S3_0_C12_C12_7, 1));
        CHECK_UNDEFINED("ICC_CTLR_EL1 without a GICv3", (void)READ_SYSREG(S3_0_C12_C12_4));
        CHECK_UNDEFINED("ICC_SRE_EL1 without a GICv3", (void)READ_SYSREG(S3_0_C12_C12_5));
        CHECK_UNDEFINED("ICC_SGI1R_EL1 without a GICv3", WRITE_SYSREG(S3_0_C12_C11_5, 0));
    }
}

static void nobody_has(void)
{
    CHECK_UNDEFINED("an unallocated register, read", (void)READ_SYSREG(S3_5_C13_C9_6));
    CHECK_UNDEFINED("an unallocated register, written", WRITE_SYSREG(S3_5_C13_C9_6, 0));
    CHECK_UNDEFINED("a register of EL2", (void)READ_SYSREG(S3_4_C1_C1_0));
    CHECK_UNDEFINED("a register of EL3", (void)READ_SYSREG(S3_6_C1_C1_0));
    CHECK_UNDEFINED("an implementation defined register", (void)READ_SYSREG(S3_1_C15_C7_7));
}

/* What a guest does not have it is not told of, and cannot use. */
static void not_in_a_vm(void)
{
    const uint64_t pfr0 = READ_SYSREG(id_aa64pfr0_el1);
    check_equal("ID_AA64PFR0_EL1: no EL2", ID_FIELD(pfr0, PFR0_EL2), 0);
    check_equal("ID_AA64PFR0_EL1: no EL3", ID_FIELD(pfr0, PFR0_EL3), 0);
    check_equal("ID_AA64PFR0_EL1: no SVE", ID_FIELD(pfr0, PFR0_SVE), 0);
    if (!harness_is_native()) {
        check_equal("ID_AA64DFR0_EL1: no performance monitors", ID_FIELD(READ_SYSREG(id_aa64dfr0_el1), DFR0_PMU), 0);
        CHECK_UNDEFINED("a performance monitor", (void)READ_SYSREG(pmcr_el0));
    }
}

/* What every guest may do. */
static void permitted(void)
{
    check_equal("CurrentEL", READ_SYSREG(CurrentEL), 1 << 2);
    WRITE_SYSREG(tpidr_el1, 0x123456789abcdef0);
    check_equal("TPIDR_EL1", READ_SYSREG(tpidr_el1), 0x123456789abcdef0);
    WRITE_SYSREG(tpidr_el0, 0xfedcba9876543210);
    check_equal("TPIDR_EL0", READ_SYSREG(tpidr_el0), 0xfedcba9876543210);
    WRITE_SYSREG(tpidrro_el0, 0x1111111111111111);
    check_equal("TPIDRRO_EL0", READ_SYSREG(tpidrro_el0), 0x1111111111111111);
    check("MIDR_EL1 is a core's", READ_SYSREG(midr_el1) != 0);
    check("CTR_EL0 can be read", (READ_SYSREG(ctr_el0) & 0xf) != 0);
}

/* Debug registers can be written, as an operating system does at its start. */
static void debug(void)
{
    exception_expect();
    WRITE_SYSREG(mdscr_el1, 0);
    WRITE_SYSREG(oslar_el1, 0);
    (void)READ_SYSREG(mdscr_el1);
    check_equal("debug registers: no exception", exception_caught().count, 0);
}

/* WFE, SEV and YIELD are hints: they end. */
static void hints(void)
{
    exception_expect();
    __asm__ volatile("sev\n wfe\n yield\n sevl\n wfe\n nop\n hint #127" : : : "memory");
    check_equal("hints: no exception", exception_caught().count, 0);
}

void guest_main(void)
{
    interrupt_controller();
    nobody_has();
    not_in_a_vm();
    permitted();
    debug();
    hints();
    check_all("syndromes of undefined registers");
}

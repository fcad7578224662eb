/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Self-hosted debug [Arm ARM D2]: breakpoints, watchpoints, software step, the OS lock. An instruction that a VMM or
 * its kernel carries out is one step, too.
 */
#include "spec/arm/debug.h"
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"

#define SPSR_D  BIT(9)
#define SPSR_SS BIT(21)

#define BREAKPOINT (DBGCR_E | DBGBCR_BAS_A64)
#define WATCHPOINT (DBGCR_E | DBGCR_EL1)

/* The instruction that breakpoints are set to, and one behind it. */
void debug_target(void);
__asm__(".global debug_target\n"
        "debug_target:\n"
        "    nop\n"
        "    ret\n");

static volatile uint64_t watched[2];

static unsigned count_of(unsigned shift)
{
    return (unsigned)(READ_SYSREG(id_aa64dfr0_el1) >> shift & 0xf) + 1;
}

static void debug_unmask(void)
{
    __asm__ volatile("msr daifclr, #8\n isb" : : : "memory");
}

static void debug_mask(void)
{
    __asm__ volatile("msr daifset, #8\n isb" : : : "memory");
}

static void registers(void)
{
    check("two breakpoints at least", count_of(ID_AA64DFR0_BRPS_SHIFT) >= 2);
    check("two watchpoints at least", count_of(ID_AA64DFR0_WRPS_SHIFT) >= 2);
    check_equal("OSLSR_EL1: the OS lock is there", READ_SYSREG(oslsr_el1) & (OSLSR_OSLM | BIT(0)), OSLSR_OSLM);
    WRITE_SYSREG(oslar_el1, OSLAR_OSLK);
    check_equal("OSLSR_EL1: locked", READ_SYSREG(oslsr_el1) & OSLSR_OSLK, OSLSR_OSLK);
    WRITE_SYSREG(oslar_el1, 0);
    check_equal("OSLSR_EL1: unlocked", READ_SYSREG(oslsr_el1) & OSLSR_OSLK, 0);
    WRITE_SYSREG(dbgbvr0_el1, 0x12345678);
    WRITE_SYSREG(dbgbvr1_el1, 0x1234567c);
    WRITE_SYSREG(dbgwvr0_el1, 0x23456780);
    WRITE_SYSREG(dbgwvr1_el1, 0x23456788);
    check_equal("DBGBVR0_EL1", READ_SYSREG(dbgbvr0_el1), 0x12345678);
    check_equal("DBGBVR1_EL1", READ_SYSREG(dbgbvr1_el1), 0x1234567c);
    check_equal("DBGWVR0_EL1", READ_SYSREG(dbgwvr0_el1), 0x23456780);
    check_equal("DBGWVR1_EL1", READ_SYSREG(dbgwvr1_el1), 0x23456788);
    WRITE_SYSREG(mdscr_el1, MDSCR_KDE);
    check_equal("MDSCR_EL1", READ_SYSREG(mdscr_el1), MDSCR_KDE);
    WRITE_SYSREG(mdscr_el1, 0);
}

/* Calls `function` and answers the exception that it took. */
static struct exception taken_by(void (*function)(void))
{
    exception_expect();
    function();
    return exception_caught();
}

static void at_el1(void)
{
    debug_unmask();
    debug_target();
    debug_mask();
}

/* Where debug exceptions are masked. */
static void at_el1_masked(void)
{
    debug_target();
}

/* PSTATE.D does not hold back those from a lower Exception level. */
static void at_el0(void)
{
    exception_call_el0(debug_target);
}

static void check_none(const char *name, void (*function)(void))
{
    check_equal(name, taken_by(function).count, 0);
}

static void breakpoints(void)
{
    WRITE_SYSREG(dbgbvr1_el1, (uintptr_t)debug_target);
    WRITE_SYSREG(dbgbcr1_el1, BREAKPOINT | DBGCR_EL1);
    WRITE_SYSREG(mdscr_el1, MDSCR_KDE | MDSCR_MDE);
    const struct exception taken = taken_by(at_el1);
    check_equal("breakpoint: taken", taken.count, 1);
    check_equal("breakpoint: class", esr_ec(taken.esr), ESR_EC_BREAKPOINT_SAME);
    check_equal("breakpoint: where", taken.elr, (uintptr_t)debug_target);
    check_none("breakpoint with PSTATE.D set: not taken", at_el1_masked);
    WRITE_SYSREG(oslar_el1, OSLAR_OSLK);
    if (!harness_is_native()) { /* QEMU 7 takes it */
        check_none("breakpoint with the OS lock: not taken", at_el1);
    }
    WRITE_SYSREG(oslar_el1, 0);
    WRITE_SYSREG(mdscr_el1, MDSCR_KDE);
    check_none("breakpoint without MDE: not taken", at_el1);
    WRITE_SYSREG(mdscr_el1, MDSCR_MDE);
    check_none("breakpoint without KDE: not taken", at_el1);
    WRITE_SYSREG(dbgbcr1_el1, 0);
}

/* Of a function's first instruction, at EL0: the call of it is what returns. */
static void breakpoints_at_el0(void)
{
    WRITE_SYSREG(dbgbvr0_el1, (uintptr_t)debug_target);
    WRITE_SYSREG(dbgbcr0_el1, BREAKPOINT | DBGCR_EL0);
    WRITE_SYSREG(mdscr_el1, MDSCR_MDE);
    const struct exception taken = taken_by(at_el0);
    check_equal("breakpoint at EL0: taken", taken.count, 1);
    check_equal("breakpoint at EL0: class", esr_ec(taken.esr), ESR_EC_BREAKPOINT_LOWER);
    check_equal("breakpoint at EL0: where", taken.elr, (uintptr_t)debug_target);
    WRITE_SYSREG(dbgbcr0_el1, 0);
    WRITE_SYSREG(mdscr_el1, 0);
}

static void load_watched(void)
{
    debug_unmask();
    (void)watched[1];
    debug_mask();
}

static void load_other(void)
{
    debug_unmask();
    (void)watched[0];
    debug_mask();
}

static void store_watched(void)
{
    debug_unmask();
    watched[1] = 5;
    debug_mask();
}

static void watchpoints(void)
{
    WRITE_SYSREG(dbgwvr1_el1, (uintptr_t)&watched[1]);
    WRITE_SYSREG(dbgwcr1_el1, WATCHPOINT | DBGWCR_STORE | DBGWCR_BAS(0xff));
    WRITE_SYSREG(mdscr_el1, MDSCR_KDE | MDSCR_MDE);
    const struct exception taken = taken_by(store_watched);
    check_equal("watchpoint: taken", taken.count, 1);
    check_equal("watchpoint: class", esr_ec(taken.esr), ESR_EC_WATCHPOINT_SAME);
    check_equal("watchpoint: where", taken.far, (uintptr_t)&watched[1]);
    check_none("watchpoint for stores, a load: not taken", load_watched);
    WRITE_SYSREG(dbgwcr1_el1, WATCHPOINT | DBGWCR_LOAD | DBGWCR_BAS(0xff));
    check_equal("watchpoint for loads: taken", taken_by(load_watched).count, 1);
    check_none("watchpoint, the word before: not taken", load_other);
    WRITE_SYSREG(dbgwcr1_el1, 0);
    WRITE_SYSREG(mdscr_el1, 0);
}

/*
 * Executes one instruction as a step, at EL1: the exception return sets PSTATE.SS. x2 is the device that an instruction
 * may read; ELR_EL1 of the exception is that of the label 2.
 */
#define CHECK_STEP(name, instruction, device)                                                                          \
    do {                                                                                                               \
        uint64_t end_;                                                                                                 \
        register uint64_t x0_ __asm__("x0") = PSCI_VERSION;                                                            \
        register uint64_t x2_ __asm__("x2") = (device);                                                                \
        exception_expect();                                                                                            \
        __asm__ volatile("   adr %0, 1f\n"                                                                             \
                         "   msr elr_el1, %0\n"                                                                        \
                         "   msr spsr_el1, %3\n"                                                                       \
                         "   msr mdscr_el1, %4\n"                                                                      \
                         "   adr %0, 2f\n"                                                                             \
                         "   isb\n"                                                                                    \
                         "   eret\n"                                                                                   \
                         "1: " instruction "\n"                                                                        \
                         "2: nop\n"                                                                                    \
                         : "=&r"(end_), "+r"(x0_), "+r"(x2_)                                                           \
                         : "r"((SPSR_EL1H & ~SPSR_D) | SPSR_SS), "r"(MDSCR_KDE | MDSCR_SS)                             \
                         : "x1", "x3", "memory");                                                                      \
        debug_mask();                                                                                                  \
        const struct exception taken_ = exception_caught();                                                            \
        check_equal("step of " name ": taken", taken_.count, 1);                                                       \
        check_equal("step of " name ": class", esr_ec(taken_.esr), ESR_EC_STEP_SAME);                                  \
        check_equal("step of " name ": where", taken_.elr, end_);                                                      \
    } while (0)

static void steps(void)
{
    CHECK_STEP("a NOP", "nop", 0);
    CHECK_STEP("a branch", "b 2f", 0);
    CHECK_STEP("a read of a feature register", "mrs x1, id_aa64pfr0_el1", 0);
    CHECK_STEP("a read of a debug register", "mrs x1, oslsr_el1", 0);
    CHECK_STEP("a load of the distributor's", "ldr w1, [x2]", GICD_BASE);
    CHECK_STEP("a load pair of the distributor's", "ldp w1, w3, [x2]", GICD_BASE);
    if (!harness_is_native()) {
        CHECK_STEP("an HVC", "hvc #0", 0);
        CHECK_STEP("an SMC", "smc #0", 0);
    }
}

void guest_main(void)
{
    registers();
    breakpoints();
    breakpoints_at_el0();
    watchpoints();
    steps();
}

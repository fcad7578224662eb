/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Each vCPU has debug registers of its own, and finds debug off when it is switched on [Arm ARM D2] [PSCI 6.4].
 */
#include "harness/exception.h"
#include "harness/harness.h"
#include "harness/psci.h"
#include "spec/arm/debug.h"

#define BREAKPOINT (DBGCR_E | DBGCR_EL1 | DBGBCR_BAS_A64)
#define CPU        1

static volatile uint64_t found_on[3]; /* MDSCR_EL1 of the other vCPU, by how often it was started */
static volatile uint64_t count_on[3]; /* of its debug exceptions */
static volatile unsigned starts;
static volatile unsigned ends;

/* The instruction that the breakpoint is set to, and one behind it. */
void debug_target(void);
__asm__(".global debug_target\n"
        "debug_target:\n"
        "    nop\n"
        "    ret\n");

static uint64_t exceptions_of_target(void)
{
    exception_expect();
    __asm__ volatile("msr daifclr, #8\n isb" : : : "memory");
    debug_target();
    __asm__ volatile("msr daifset, #8\n isb" : : : "memory");
    return exception_caught().count;
}

void guest_secondary(size_t cpu)
{
    (void)cpu;
    const unsigned start = ++starts;
    found_on[start] = READ_SYSREG(mdscr_el1) & (MDSCR_SS | MDSCR_MDE | MDSCR_KDE);
    WRITE_SYSREG(oslar_el1, 0);
    WRITE_SYSREG(mdscr_el1, MDSCR_KDE | MDSCR_MDE);
    count_on[start] = exceptions_of_target();
    ends = start;
    psci_call(PSCI_CPU_OFF, 0, 0, 0);
}

/* Starts the other vCPU, and waits until it is off again. */
static void run_other(unsigned start)
{
    check_equal("the other vCPU starts", psci_start_cpu(CPU), PSCI_SUCCESS);
    while (ends != start || psci_call(PSCI_64(PSCI_AFFINITY_INFO), CPU, 0, 0) != PSCI_AFFINITY_OFF) {
    }
    check_equal("debug is off at its start", found_on[start], 0);
    check_equal("this vCPU's breakpoint is not its own", count_on[start], 0);
    check_equal("nor have this vCPU's registers changed", READ_SYSREG(dbgbvr0_el1), (uintptr_t)debug_target);
    check_equal("this vCPU's breakpoint is taken", exceptions_of_target(), 1);
}

void guest_main(void)
{
    WRITE_SYSREG(oslar_el1, 0);
    WRITE_SYSREG(dbgbvr0_el1, (uintptr_t)debug_target);
    WRITE_SYSREG(dbgbcr0_el1, BREAKPOINT);
    WRITE_SYSREG(mdscr_el1, MDSCR_KDE | MDSCR_MDE);
    check_equal("this vCPU's breakpoint is taken", exceptions_of_target(), 1);
    run_other(1);
    run_other(2);
    WRITE_SYSREG(mdscr_el1, 0);
}

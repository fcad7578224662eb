/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * The guest of this test: one thing after the other that traps, or that shows
 * what it sees.
 */
#include "guest.h"
#include "items.h"

static void report_registers(void)
{
    guest_report(ITEM_EL, GUEST_READ(CurrentEL));
    guest_report(ITEM_SPSEL, GUEST_READ(SPSel));
    guest_report(ITEM_DAIF, GUEST_READ(daif));
    guest_report(ITEM_MPIDR, GUEST_READ(mpidr_el1));
    guest_report(ITEM_ID_PFR0, GUEST_READ(id_aa64pfr0_el1));
    guest_report(ITEM_ID_PFR1, GUEST_READ(S3_0_C0_C4_1));
    guest_report(ITEM_ID_DFR0, GUEST_READ(id_aa64dfr0_el1));
    guest_report(ITEM_ID_ISAR1, GUEST_READ(id_aa64isar1_el1));
    guest_report(ITEM_ID_ZFR0, GUEST_READ(S3_0_C0_C4_4));
    guest_report(ITEM_COUNTER, GUEST_READ(cntpct_el0));
}

static void trap_instructions(void)
{
    (void)GUEST_STEP(ITEM_SMC, STEP_ARGUMENT, "smc #0");
    (void)GUEST_STEP(ITEM_HVC, STEP_ARGUMENT, "hvc #7");
    (void)GUEST_STEP(ITEM_WFI, 0, "wfi");
    if ((GUEST_READ(id_aa64pfr0_el1) >> 24 & 15) != 0) {
        (void)GUEST_STEP(ITEM_SGI1R, STEP_ARGUMENT, "msr S3_0_C12_C11_5, x3");
        (void)GUEST_STEP(ITEM_SGI0R, STEP_ARGUMENT, "msr S3_0_C12_C11_7, x3");
        (void)GUEST_STEP(ITEM_ASGI1R, STEP_ARGUMENT, "msr S3_0_C12_C11_6, x3");
    }
}

static void trap_accesses(void)
{
    (void)GUEST_STEP(ITEM_UNMAPPED_READ, UNMAPPED + 8, "ldr x4, [x3]");
    (void)GUEST_STEP(ITEM_UNMAPPED_WRITE, UNMAPPED + 0x123, "strb w4, [x3]");
    (void)GUEST_STEP(ITEM_UNMAPPED_FETCH, UNMAPPED, "br x3");
    (void)GUEST_STEP(ITEM_READ_ONLY_WRITE, READ_ONLY + 0x10, "str x4, [x3]");
    (void)GUEST_STEP(ITEM_DEVICE_FETCH, DEVICE, "br x3");
}

/* Whether the VMM lets the guest go on shows in the progress. */
static void be_stopped(void)
{
    (void)GUEST_STEP(ITEM_LEFT_BLOCKED, 0, "smc #0");
    GUEST_SHARED->progress++;
    guest_report(ITEM_AFTER_BLOCKED, GUEST_SHARED->progress);
    guest_report(ITEM_AFTER_RESTARTED, GUEST_STEP(ITEM_RESTARTED, 0, "smc #0\n mov x4, #1"));
    (void)GUEST_STEP(ITEM_STOPPED, 0, "smc #0");
    GUEST_SHARED->progress++;
    guest_report(ITEM_AFTER_STOPPED, GUEST_SHARED->progress);
}

static void be_rewritten(void)
{
    guest_report(ITEM_AFTER_REGISTERS, GUEST_STEP(ITEM_REGISTERS, 0, "smc #0\n mrs x4, tpidr_el1"));
    (void)GUEST_STEP(ITEM_HOSTILE, HOSTILE_SCTLR,
                     "msr sctlr_el1, x3\n msr cpacr_el1, xzr\n msr cntkctl_el1, xzr\n isb\n smc #0");
    guest_report(ITEM_AFTER_EL2H, GUEST_STEP(ITEM_EL2H, 0, "smc #0\n mrs x4, CurrentEL"));
    if ((GUEST_READ(id_aa64pfr0_el1) & 15) == 1) {
        guest_report(ITEM_AFTER_AARCH32, GUEST_STEP(ITEM_AARCH32, 0, "smc #0\n mrs x4, CurrentEL"));
    }
}

#define TIMER_TICKS 1000
#define TIMER_WAIT  20000

static uint64_t now(void)
{
    __asm__ volatile("isb");
    return GUEST_READ(cntvct_el0);
}

static void arm_timer(uint64_t ticks)
{
    GUEST_WRITE(cntv_cval_el0, now() + ticks);
    GUEST_WRITE(cntv_ctl_el0, 1);
}

static void wait_ticks(uint64_t ticks)
{
    uint64_t begin = now();
    while (now() - begin < ticks) {
    }
}

static void use_timer(void)
{
    arm_timer(TIMER_TICKS);
    wait_ticks(TIMER_WAIT);
    guest_report(ITEM_TIMER_ONCE, GUEST_SHARED->vppi_count); /* the VMM acknowledges, the timer is still due */
    wait_ticks(TIMER_WAIT);
    GUEST_WRITE(cntv_ctl_el0, 0);
    guest_report(ITEM_TIMER_AGAIN, GUEST_SHARED->vppi_count); /* the VMM acknowledges, the timer is off */

    uint64_t begin = now();
    arm_timer(TIMER_WAIT);
    (void)GUEST_STEP(ITEM_TIMER_WFI, 0, "wfi");
    uint64_t late = now() - begin - TIMER_WAIT;
    GUEST_WRITE(cntv_ctl_el0, 0);
    guest_report(ITEM_TIMER_LATE, late);
}

void guest_main(uint64_t argument)
{
    guest_report(ITEM_ARGUMENT, argument);
    report_registers();
    trap_instructions();
    trap_accesses();
    be_stopped();
    be_rewritten();
    use_timer();
    guest_report(ITEM_END, 0);
}

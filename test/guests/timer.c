/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The virtual timer: due in time, once each, in WFI or not; level-sensitive as it is; switched off and masked at every
 * moment; its views of time [Arm ARM D11.2]. And the physical timer, which only its counter is left of in a VM.
 */
#include "harness/timer.h"
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"

#define ROUND_COUNT 100
#define ROUND_US    500
/* How late an interrupt may be: the machine that runs all this may be busy. */
#define LATE_US   50000
#define NEVER     UINT64_MAX
#define OTHER_IRQ 180

static volatile uint64_t tick_count;
static volatile uint64_t status_in_handler;

/* Ends each tick by switching the timer off. */
static void serve(void)
{
    const uint32_t taken = gic_acknowledge();
    if (gic_id(taken) == GIC_INTID_TIMER_VIRTUAL) {
        status_in_handler = READ_SYSREG(cntv_ctl_el0);
        timer_control(0);
        tick_count++;
    }
    if (taken != GIC_INTID_SPURIOUS) {
        gic_end(taken);
    }
}

static uint64_t now_us(void)
{
    return timer_now() / (READ_SYSREG(cntfrq_el0) / 1000000);
}

static void at_reset(void)
{
    check_equal("at reset: the timer is off", READ_SYSREG(cntv_ctl_el0) & CNT_CTL_ENABLE, 0);
    check("the counter's frequency is known", READ_SYSREG(cntfrq_el0) >= 1000000);
}

static void polled(void)
{
    timer_start(1000);
    check_equal("before its time: no status", READ_SYSREG(cntv_ctl_el0), CNT_CTL_ENABLE);
    check_equal("before its time: nothing to take", gic_acknowledge(), GIC_INTID_SPURIOUS);
    timer_spin(1500);
    check_equal("due: status", READ_SYSREG(cntv_ctl_el0), CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
    const uint32_t first = gic_take();
    const uint32_t second = gic_wait();
    timer_control(0);
    gic_end(second);
    check_equal("due: taken", first, GIC_INTID_TIMER_VIRTUAL);
    check_equal("still due: taken again", gic_id(second), GIC_INTID_TIMER_VIRTUAL);
    check_equal("off: taken no more", gic_take(), GIC_INTID_SPURIOUS);
}

static void masked(void)
{
    timer_set(timer_now());
    timer_control(CNT_CTL_ENABLE | CNT_CTL_IMASK);
    timer_spin(100);
    check_equal("IMASK: status all the same", READ_SYSREG(cntv_ctl_el0), 7);
    check_equal("IMASK: nothing to take", gic_take(), GIC_INTID_SPURIOUS);
    timer_control(CNT_CTL_ENABLE);
    const uint32_t taken = gic_wait();
    timer_control(0);
    gic_end(taken);
    check_equal("IMASK cleared: taken", gic_id(taken), GIC_INTID_TIMER_VIRTUAL);
    check_equal("IMASK cleared: taken once", gic_take(), GIC_INTID_SPURIOUS);
}

static void disabled_in_gic(void)
{
    gic_disable(GIC_INTID_TIMER_VIRTUAL);
    timer_start(100);
    timer_spin(1000);
    check("disabled in the GIC: pending", gic_is_pending(GIC_INTID_TIMER_VIRTUAL));
    check_equal("disabled in the GIC: not taken", gic_take(), GIC_INTID_SPURIOUS);
    gic_enable(GIC_INTID_TIMER_VIRTUAL);
    const uint32_t taken = gic_wait();
    timer_control(0);
    gic_end(taken);
    check_equal("enabled in the GIC: taken", gic_id(taken), GIC_INTID_TIMER_VIRTUAL);
    check_equal("enabled in the GIC: taken once", gic_take(), GIC_INTID_SPURIOUS);
}

/* Due, and off again before the processor takes the interrupt. */
static void off_before_delivery(void)
{
    timer_start(100);
    timer_spin(1000);
    timer_control(0);
    timer_spin(1000);
    const uint32_t taken = gic_take();
    /* A list register cannot be withdrawn: one spurious interrupt, with ISTATUS clear, may come under a VMM. */
    if (harness_is_native() || taken != GIC_INTID_TIMER_VIRTUAL) {
        check_equal("off before delivery: not taken", taken, GIC_INTID_SPURIOUS);
    }
    check_equal("off before delivery: nothing more", gic_take(), GIC_INTID_SPURIOUS);
    polled();
}

/* The line falls with the timer: whoever asks sees it, and nothing comes. */
static void line_falls(void)
{
    static const uint64_t controls[] = {0, CNT_CTL_ENABLE | CNT_CTL_IMASK};
    for (size_t i = 0; i < ARRAY_SIZE(controls); i++) {
        timer_start(100);
        timer_spin(1000);
        check_each("line: pending while due", i, gic_is_pending(GIC_INTID_TIMER_VIRTUAL), true);
        timer_control(controls[i]);
        check_each("line: not pending when off or masked", i, gic_is_pending(GIC_INTID_TIMER_VIRTUAL), false);
        check_each("line: not taken", i, gic_take(), GIC_INTID_SPURIOUS);
        timer_control(0);
    }
    check_all("line: falls with the timer");
    gic_disable(GIC_INTID_TIMER_VIRTUAL);
    timer_start(100);
    timer_spin(1000);
    timer_control(0);
    timer_set(NEVER);
    timer_control(CNT_CTL_ENABLE);
    gic_enable(GIC_INTID_TIMER_VIRTUAL);
    check_equal("line: due, set to a later time, enabled: not taken", gic_take(), GIC_INTID_SPURIOUS);
    timer_control(0);
    polled();
}

static void views(void)
{
    timer_control(CNT_CTL_ENABLE | CNT_CTL_IMASK);
    timer_set(timer_now() + 1000000000);
    const uint64_t tval = READ_SYSREG(cntv_tval_el0);
    check_range("TVAL is CVAL less the counter", tval, 900000000, 1000000000);
    WRITE_SYSREG(cntv_tval_el0, UINT32_MAX);
    check_equal("TVAL is signed: due at once", READ_SYSREG(cntv_ctl_el0) & CNT_CTL_ISTATUS, CNT_CTL_ISTATUS);
    timer_set(NEVER);
    check_equal("the far end of time: not due", READ_SYSREG(cntv_ctl_el0) & CNT_CTL_ISTATUS, 0);
    timer_set(0);
    check_equal("the beginning of time: due", READ_SYSREG(cntv_ctl_el0) & CNT_CTL_ISTATUS, CNT_CTL_ISTATUS);
    timer_control(0);
}

static void waits(void)
{
    tick_count = 0;
    for (uint64_t i = 0; i < ROUND_COUNT; i++) {
        const uint64_t begin = now_us();
        interrupt_mask();
        timer_start(ROUND_US);
        while (tick_count == i && now_us() - begin < 10 * LATE_US) {
            interrupt_wait();
        }
        interrupt_unmask();
        const uint64_t length = now_us() - begin;
        check_each("WFI: ticks", i, tick_count, i + 1);
        check_each("WFI: not woken too early", i, length >= ROUND_US, true);
        check_each("WFI: not woken too late", i, length <= ROUND_US + LATE_US, true);
    }
    check_all("WFI: one tick each, in time");
    check_equal("WFI: status in the handler", status_in_handler, CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
    timer_spin(5000);
    check_equal("WFI: no tick after the last", tick_count, ROUND_COUNT);
}

/* WFI ends although PSTATE.I masks the interrupt, which is taken afterwards. */
static void wait_masked(void)
{
    const uint64_t begin = now_us();
    interrupt_mask();
    tick_count = 0;
    timer_start(ROUND_US);
    while (!gic_is_pending(GIC_INTID_TIMER_VIRTUAL) && now_us() - begin < LATE_US) {
        __asm__ volatile("wfi");
    }
    check_equal("WFI with PSTATE.I: no exception", tick_count, 0);
    interrupt_unmask();
    timer_spin(1000);
    check_equal("WFI with PSTATE.I: taken when unmasked", tick_count, 1);
}

/* Something else ends the WFI; the timer's own interrupt comes in its time. */
static void wait_for_other(void)
{
    tick_count = 0;
    interrupt_mask();
    timer_start(20000);
    gic_set_pending(OTHER_IRQ);
    __asm__ volatile("wfi");
    check("WFI ended by another interrupt", !gic_is_pending(GIC_INTID_TIMER_VIRTUAL));
    const uint64_t begin = now_us();
    while (tick_count == 0 && now_us() - begin < 10 * LATE_US) {
        interrupt_wait();
    }
    interrupt_unmask();
    check_equal("the timer comes in its time", tick_count, 1);
}

/* The handler sets the next time: as a system's clock does, at a rate, without one lost or invented. */
static uint64_t next_tick;

static void serve_rate(void)
{
    const uint32_t taken = gic_acknowledge();
    if (gic_id(taken) == GIC_INTID_TIMER_VIRTUAL) {
        tick_count++;
        next_tick += timer_ticks(ROUND_US);
        timer_set(next_tick);
    }
    if (taken != GIC_INTID_SPURIOUS) {
        gic_end(taken);
    }
}

static void rate(void)
{
    interrupt_set_handler(serve_rate);
    tick_count = 0;
    next_tick = timer_now();
    const uint64_t begin = next_tick;
    timer_set(next_tick);
    timer_control(CNT_CTL_ENABLE);
    while (timer_now() - begin < timer_ticks(ROUND_US) * ROUND_COUNT) {
        __asm__ volatile("wfi");
    }
    interrupt_mask();
    const uint64_t due = (timer_now() - begin) / timer_ticks(ROUND_US);
    timer_control(0);
    check_range("at a rate: ticks", tick_count, due, due + 1);
}

/* CPU_SUSPEND as standby: returns when an interrupt is there. */
static void suspend(void)
{
    interrupt_set_handler(serve);
    tick_count = 0;
    timer_start(ROUND_US);
    const uint64_t begin = now_us();
    while (tick_count == 0 && now_us() - begin < 10 * LATE_US) {
        (void)psci_call(PSCI_CPU_SUSPEND, 0, 0, 0);
        interrupt_unmask();
        interrupt_mask();
    }
    check_equal("CPU_SUSPEND: ended by the timer", tick_count, 1);
    check("CPU_SUSPEND: not too early", now_us() - begin >= ROUND_US);
}

/* The physical counter can be read; the timer is not there. */
static void physical(void)
{
    const uint64_t before = READ_SYSREG(cntpct_el0);
    timer_spin(10);
    check("the physical counter counts", READ_SYSREG(cntpct_el0) > before);
    if (harness_is_native()) {
        return;
    }
    exception_expect();
    (void)READ_SYSREG(cntp_ctl_el0);
    WRITE_SYSREG(cntp_ctl_el0, 1);
    WRITE_SYSREG(cntp_cval_el0, 0);
    (void)READ_SYSREG(cntp_cval_el0);
    WRITE_SYSREG(cntp_tval_el0, 0);
    (void)READ_SYSREG(cntp_tval_el0);
    const struct exception taken = exception_caught();
    check_equal("physical timer: undefined", taken.count, 6);
    check_equal("physical timer: ESR_EL1", taken.esr, ESR_IL);
}

void guest_main(void)
{
    at_reset();
    gic_init();
    gic_set_priority(GIC_INTID_TIMER_VIRTUAL, 0x80);
    gic_enable(GIC_INTID_TIMER_VIRTUAL);
    gic_set_edge(OTHER_IRQ, true);
    gic_route(OTHER_IRQ, 0);
    gic_enable(OTHER_IRQ);
    polled();
    masked();
    disabled_in_gic();
    off_before_delivery();
    line_falls();
    views();
    interrupt_set_handler(serve);
    interrupt_unmask();
    waits();
    wait_masked();
    wait_for_other();
    rate();
    suspend();
    physical();
}

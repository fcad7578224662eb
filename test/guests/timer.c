/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The timers, the virtual one and then the physical one: due in time, once each, in WFI or not; level-sensitive as they
 * are; switched off and masked at every moment; their views of time [Arm ARM D11.2].
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

/* Which timer is meant. */
static bool is_physical;
static uint32_t timer_irq;

#define READ_TIMER(name) (is_physical ? READ_SYSREG(cntp_##name##_el0) : READ_SYSREG(cntv_##name##_el0))
#define WRITE_TIMER(name, value)                                                                                       \
    do {                                                                                                               \
        if (is_physical) {                                                                                             \
            WRITE_SYSREG(cntp_##name##_el0, value);                                                                    \
        } else {                                                                                                       \
            WRITE_SYSREG(cntv_##name##_el0, value);                                                                    \
        }                                                                                                              \
    } while (0)

static uint64_t read_control(void)
{
    return READ_TIMER(ctl);
}

static void set_control(uint64_t bits)
{
    WRITE_TIMER(ctl, bits);
}

static void set_compare(uint64_t compare)
{
    WRITE_TIMER(cval, compare);
}

static uint64_t read_left(void)
{
    return READ_TIMER(tval);
}

static void set_left(uint64_t ticks)
{
    WRITE_TIMER(tval, ticks);
}

/* The counter that the timer compares with. */
static uint64_t now(void)
{
    __asm__ volatile("isb" : : : "memory");
    return is_physical ? READ_SYSREG(cntpct_el0) : READ_SYSREG(cntvct_el0);
}

/* Switches the timer on, due in `us`. */
static void arm_timer(uint64_t us)
{
    set_compare(now() + timer_ticks(us));
    set_control(CNT_CTL_ENABLE);
}

static volatile uint64_t tick_count;
static volatile uint64_t status_in_handler;

/* Ends each tick by switching the timer off. */
static void serve(void)
{
    const uint32_t taken = gic_acknowledge();
    if (gic_id(taken) == timer_irq) {
        status_in_handler = read_control();
        set_control(0);
        tick_count++;
    }
    if (taken != GIC_INTID_SPURIOUS) {
        gic_end(taken);
    }
}

static uint64_t now_us(void)
{
    return now() / (READ_SYSREG(cntfrq_el0) / 1000000);
}

static void at_reset(void)
{
    check_equal("at reset: the timer is off", read_control() & CNT_CTL_ENABLE, 0);
    check("the counter's frequency is known", READ_SYSREG(cntfrq_el0) >= 1000000);
}

static void polled(void)
{
    arm_timer(1000);
    check_equal("before its time: no status", read_control(), CNT_CTL_ENABLE);
    check_equal("before its time: nothing to take", gic_acknowledge(), GIC_INTID_SPURIOUS);
    timer_spin(1500);
    check_equal("due: status", read_control(), CNT_CTL_ENABLE | CNT_CTL_ISTATUS);
    const uint32_t first = gic_take();
    const uint32_t second = gic_wait();
    set_control(0);
    gic_end(second);
    check_equal("due: taken", first, timer_irq);
    check_equal("still due: taken again", gic_id(second), timer_irq);
    check_equal("off: taken no more", gic_take(), GIC_INTID_SPURIOUS);
}

static void masked(void)
{
    set_compare(now());
    set_control(CNT_CTL_ENABLE | CNT_CTL_IMASK);
    timer_spin(100);
    check_equal("IMASK: ISTATUS is set", read_control(), 7);
    check_equal("IMASK: nothing to take", gic_take(), GIC_INTID_SPURIOUS);
    set_control(CNT_CTL_ENABLE);
    const uint32_t taken = gic_wait();
    set_control(0);
    gic_end(taken);
    check_equal("IMASK cleared: taken", gic_id(taken), timer_irq);
    check_equal("IMASK cleared: taken once", gic_take(), GIC_INTID_SPURIOUS);
}

static void disabled_in_gic(void)
{
    gic_disable(timer_irq);
    arm_timer(100);
    timer_spin(1000);
    check("disabled in the GIC: pending", gic_is_pending(timer_irq));
    check_equal("disabled in the GIC: not taken", gic_take(), GIC_INTID_SPURIOUS);
    gic_enable(timer_irq);
    const uint32_t taken = gic_wait();
    set_control(0);
    gic_end(taken);
    check_equal("enabled in the GIC: taken", gic_id(taken), timer_irq);
    check_equal("enabled in the GIC: taken once", gic_take(), GIC_INTID_SPURIOUS);
}

/* Due, and off again before the processor takes the interrupt. */
static void off_before_delivery(void)
{
    arm_timer(100);
    timer_spin(1000);
    set_control(0);
    timer_spin(1000);
    const uint32_t taken = gic_take();
    /* A list register cannot be withdrawn: one spurious interrupt, with ISTATUS clear, may come under a VMM. */
    if (harness_is_native() || taken != timer_irq) {
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
        arm_timer(100);
        timer_spin(1000);
        check_each("line: pending while due", i, gic_is_pending(timer_irq), true);
        set_control(controls[i]);
        check_each("line: not pending when off or masked", i, gic_is_pending(timer_irq), false);
        check_each("line: not taken", i, gic_take(), GIC_INTID_SPURIOUS);
        set_control(0);
    }
    check_all("line: falls with the timer");
    gic_disable(timer_irq);
    arm_timer(100);
    timer_spin(1000);
    set_control(0);
    set_compare(NEVER);
    set_control(CNT_CTL_ENABLE);
    gic_enable(timer_irq);
    check_equal("line: due, set to a later time, enabled: not taken", gic_take(), GIC_INTID_SPURIOUS);
    set_control(0);
    polled();
}

static void views(void)
{
    set_control(CNT_CTL_ENABLE | CNT_CTL_IMASK);
    set_compare(now() + 1000000000);
    const uint64_t tval = read_left();
    check_range("TVAL is CVAL less the counter", tval, 900000000, 1000000000);
    set_left(UINT32_MAX);
    check_equal("TVAL is signed: due at once", read_control() & CNT_CTL_ISTATUS, CNT_CTL_ISTATUS);
    set_compare(NEVER);
    check_equal("the far end of time: not due", read_control() & CNT_CTL_ISTATUS, 0);
    set_compare(0);
    check_equal("the beginning of time: due", read_control() & CNT_CTL_ISTATUS, CNT_CTL_ISTATUS);
    set_control(0);
}

static void waits(void)
{
    tick_count = 0;
    for (uint64_t i = 0; i < ROUND_COUNT; i++) {
        const uint64_t begin = now_us();
        interrupt_mask();
        arm_timer(ROUND_US);
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
    arm_timer(ROUND_US);
    while (!gic_is_pending(timer_irq) && now_us() - begin < LATE_US) {
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
    arm_timer(20000);
    gic_set_pending(OTHER_IRQ);
    __asm__ volatile("wfi");
    check("WFI ended by another interrupt", !gic_is_pending(timer_irq));
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
    if (gic_id(taken) == timer_irq) {
        tick_count++;
        next_tick += timer_ticks(ROUND_US);
        set_compare(next_tick);
    }
    if (taken != GIC_INTID_SPURIOUS) {
        gic_end(taken);
    }
}

static void rate(void)
{
    interrupt_set_handler(serve_rate);
    tick_count = 0;
    next_tick = now();
    const uint64_t begin = next_tick;
    set_compare(next_tick);
    set_control(CNT_CTL_ENABLE);
    while (now() - begin < timer_ticks(ROUND_US) * ROUND_COUNT) {
        __asm__ volatile("wfi");
    }
    interrupt_mask();
    const uint64_t due = (now() - begin) / timer_ticks(ROUND_US);
    set_control(0);
    check_range("at a rate: ticks", tick_count, due, due + 1);
}

/* CPU_SUSPEND as standby: returns when an interrupt is there. */
static void suspend(void)
{
    interrupt_set_handler(serve);
    tick_count = 0;
    arm_timer(ROUND_US);
    const uint64_t begin = now_us();
    while (tick_count == 0 && now_us() - begin < 10 * LATE_US) {
        (void)psci_call(PSCI_CPU_SUSPEND, 0, 0, 0);
        interrupt_unmask();
        interrupt_mask();
    }
    check_equal("CPU_SUSPEND: ended by the timer", tick_count, 1);
    check("CPU_SUSPEND: not too early", now_us() - begin >= ROUND_US);
}

/* What there is of the physical timer: where a kernel keeps its interrupt for itself, nothing more is to be seen. */
static bool has_interrupt(void)
{
    arm_timer(100);
    timer_spin(1000);
    const bool comes = gic_is_pending(timer_irq);
    set_control(0);
    return comes;
}

static void try_timer(bool physical)
{
    is_physical = physical;
    timer_irq = physical ? GIC_INTID_TIMER_PHYSICAL : GIC_INTID_TIMER_VIRTUAL;
    interrupt_mask();
    at_reset();
    const bool comes = has_interrupt();
    check(physical ? "physical timer: its interrupt comes" : "virtual timer: its interrupt comes", comes);
    if (!comes) {
        return;
    }
    gic_set_priority(timer_irq, 0x80);
    gic_enable(timer_irq);
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
    gic_disable(timer_irq);
}

void guest_main(void)
{
    gic_init();
    gic_set_edge(OTHER_IRQ, true);
    gic_route(OTHER_IRQ, 0);
    gic_enable(OTHER_IRQ);
    try_timer(false);
    try_timer(true);
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * How an interrupt gets to the processor: enables, pending latch, priorities, masks, active state, withdrawal, more
 * interrupts than list registers [GICv2 3] [GICv3 4]. Interrupts are raised by writes to GICD_ISPENDR, taken by reading
 * IAR with PSTATE.I set, and edge-triggered where nothing else is said.
 *
 * Left out, because a VMM cannot read or withdraw what is in a list register: GICD_ISPENDR and GICD_ISACTIVER of an
 * interrupt that has been handed over read as if it were both, and it can neither be withdrawn nor overtaken any more.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/timer.h"

/* SPIs without a device, on either machine. */
#define FIRST 150
#define A     151
#define B     160
#define C     170
#define MANY  20

#define NORMAL 0x80

#define ICC_RPR_EL1    S3_0_C12_C11_3
#define ICC_HPPIR1_EL1 S3_0_C12_C12_2
#define ICC_CTLR_EL1   S3_0_C12_C12_4
#define ICC_DIR_EL1    S3_0_C12_C11_1
#define READ_ICC(name) READ_SYSREG(name)

#define CTLR_V3         0x50
#define CTLR_ENABLES    0x3
#define CTLR_EOI_MODE   BIT(9) /* GICC_CTLR */
#define ICC_CTLR_EOI    BIT(1)
#define WAKER_SLEEP     2
#define PRIORITY_HIGH   0x40
#define PRIORITY_LOW    0xa0
#define PRIORITY_LOWEST 0xf0

static void prepare(uint32_t irq)
{
    gic_set_edge(irq, true);
    gic_set_priority(irq, NORMAL);
    gic_route(irq, 0);
    gic_enable(irq);
}

static void set_distributor(uint32_t enables)
{
    write32(GICD_BASE + GICD_CTLR, (gic_is_v3() ? CTLR_V3 : 0) | enables);
}

static uint32_t running_priority(void)
{
    return gic_is_v3() ? (uint32_t)READ_ICC(ICC_RPR_EL1) : read32(GICC_BASE + GICC_RPR);
}

static uint32_t highest_pending(void)
{
    return gic_is_v3() ? (uint32_t)READ_ICC(ICC_HPPIR1_EL1) : read32(GICC_BASE + GICC_HPPIR);
}

static void plain(void)
{
    check_equal("nothing at first", gic_take(), GIC_INTID_SPURIOUS);
    gic_set_pending(A);
    check("pending reads as such", gic_is_pending(A));
    check_equal("highest pending", highest_pending(), A);
    check_equal("taken", gic_take(), A);
    check_equal("taken once", gic_take(), GIC_INTID_SPURIOUS);
    check("pending no more", !gic_is_pending(A));
    check("active no more", !gic_is_active(A));
    gic_set_pending(A);
    gic_set_pending(A);
    check_equal("set pending twice: taken", gic_take(), A);
    check_equal("set pending twice: taken once", gic_take(), GIC_INTID_SPURIOUS);
}

static void latch(void)
{
    gic_disable(A);
    gic_set_pending(A);
    check("disabled: the latch is set", gic_is_pending(A));
    check_equal("disabled: not taken", gic_take(), GIC_INTID_SPURIOUS);
    gic_enable(A);
    check_equal("enabled again: taken", gic_take(), A);

    gic_disable(A);
    gic_set_pending(A);
    gic_clear_pending(A);
    check("withdrawn: the latch is clear", !gic_is_pending(A));
    gic_enable(A);
    check_equal("withdrawn: not taken", gic_take(), GIC_INTID_SPURIOUS);
}

static void distributor_off(void)
{
    set_distributor(0);
    gic_set_pending(A);
    check("distributor off: the latch is set", gic_is_pending(A));
    check_equal("distributor off: not taken", gic_take(), GIC_INTID_SPURIOUS);
    set_distributor(CTLR_ENABLES);
    check_equal("distributor on again: taken", gic_take(), A);
}

/*
 * The group's own enable bit: Group 1 on GICv3, Group 0 on GICv2, as gic_init has it. QEMU's GICv2 looks at it when it
 * raises the exception, but not when IAR is read.
 */
static void group_off(void)
{
    if (harness_is_native() && !gic_is_v3()) {
        return;
    }
    const uint32_t other = gic_is_v3() ? 1 : 2;
    set_distributor(other);
    gic_set_pending(A);
    check_equal("group off: not taken", gic_take(), GIC_INTID_SPURIOUS);
    set_distributor(CTLR_ENABLES);
    check_equal("group on again: taken", gic_take(), A);
}

/* A Redistributor that sleeps hands nothing to its vCPU. QEMU's, as of version 7.2, does. */
static void asleep(void)
{
    if (!gic_is_v3() || harness_is_native()) {
        return;
    }
    write32(GICR_BASE + GICR_WAKER, WAKER_SLEEP);
    gic_set_pending(A);
    check_equal("Redistributor asleep: not taken", gic_take(), GIC_INTID_SPURIOUS);
    check("Redistributor asleep: pending", gic_is_pending(A));
    write32(GICR_BASE + GICR_WAKER, 0);
    check_equal("Redistributor awake again: taken", gic_take(), A);
}

static void priority_mask(void)
{
    gic_set_mask(NORMAL);
    gic_set_pending(A);
    check_equal("masked by its own priority: not taken", gic_take(), GIC_INTID_SPURIOUS);
    gic_set_mask(NORMAL + 0x10);
    check_equal("mask raised: taken", gic_take(), A);
    gic_set_mask(0xff);
}

static void in_service(void)
{
    gic_set_pending(A);
    const uint32_t first = gic_wait();
    check_equal("in service: acknowledged", gic_id(first), A);
    check("in service: active", gic_is_active(A));
    check_equal("in service: running priority", running_priority(), NORMAL);
    gic_set_pending(A);
    check("again in service: pending", gic_is_pending(A));
    check_equal("again in service: not taken before the end", gic_wait(), GIC_INTID_SPURIOUS);
    gic_end(first);
    check_equal("again in service: taken after the end", gic_take(), A);
    check_equal("again in service: taken once", gic_take(), GIC_INTID_SPURIOUS);
    check_equal("idle: running priority", running_priority(), 0xff);
}

static void nesting(void)
{
    gic_set_priority(B, PRIORITY_HIGH);
    gic_set_priority(C, PRIORITY_LOW);
    gic_set_pending(A);
    const uint32_t outer = gic_wait();
    gic_set_pending(C);
    check_equal("nesting: a lower priority waits", gic_wait(), GIC_INTID_SPURIOUS);
    gic_set_pending(B);
    const uint32_t inner = gic_wait();
    check_equal("nesting: a higher priority interrupts", gic_id(inner), B);
    check_equal("nesting: running priority", running_priority(), PRIORITY_HIGH);
    gic_end(inner);
    check_equal("nesting: running priority after the inner one", running_priority(), NORMAL);
    check_equal("nesting: the lower one still waits", gic_wait(), GIC_INTID_SPURIOUS);
    gic_end(outer);
    check_equal("nesting: then the lower one comes", gic_take(), C);
    gic_set_priority(B, NORMAL);
    gic_set_priority(C, NORMAL);
}

/* By priority, not by number, and no matter how many list registers there are. */
static void order(void)
{
    for (uint32_t i = 0; i < MANY; i++) {
        prepare(FIRST + i);
        gic_set_priority(FIRST + i, 0xf0 - i * 7 % MANY * 8);
    }
    set_distributor(0);
    for (uint32_t i = 0; i < MANY; i++) {
        gic_set_pending(FIRST + i);
    }
    set_distributor(CTLR_ENABLES);
    for (uint32_t rank = 0; rank < MANY; rank++) {
        const uint32_t irq = gic_take();
        check_each("order of priorities", rank, (irq - FIRST) * 7 % MANY, MANY - 1 - rank);
    }
    check_all("order of priorities");
    check_equal("order of priorities: no more", gic_take(), GIC_INTID_SPURIOUS);
    for (uint32_t i = 0; i < MANY; i++) {
        gic_set_priority(FIRST + i, NORMAL);
    }
}

/* Half of those that wait is withdrawn, by ICPENDR or by ICENABLER. All are behind one that is in service. */
static void withdrawal(void)
{
    uint64_t seen = 0;
    gic_set_priority(C, 0);
    gic_set_pending(C);
    const uint32_t running = gic_wait();
    set_distributor(0);
    for (uint32_t i = 0; i < MANY; i++) {
        gic_set_pending(FIRST + i);
    }
    for (uint32_t i = 0; i < MANY; i += 4) {
        gic_clear_pending(FIRST + i);
        gic_disable(FIRST + i + 1);
    }
    set_distributor(CTLR_ENABLES);
    gic_end(running);
    for (uint32_t irq = gic_take(); irq != GIC_INTID_SPURIOUS; irq = gic_take()) {
        seen |= BIT(irq - FIRST);
    }
    check_equal("withdrawn ones do not come", seen, 0xccccc);
    check("one that is disabled stays pending", gic_is_pending(FIRST + 1));
    seen = 0;
    for (uint32_t i = 0; i < MANY; i += 4) {
        gic_enable(FIRST + i + 1);
    }
    for (uint32_t irq = gic_take(); irq != GIC_INTID_SPURIOUS; irq = gic_take()) {
        seen |= BIT(irq - FIRST);
    }
    check_equal("disabled ones come when enabled", seen, 0x22222);
    gic_set_priority(C, NORMAL);
}

static void active_by_write(void)
{
    gic_write_bit(GICD_ISACTIVER, A);
    check("made active: reads as such", gic_is_active(A));
    gic_set_pending(A);
    check_equal("made active: not taken", gic_take(), GIC_INTID_SPURIOUS);
    gic_write_bit(GICD_ICACTIVER, A);
    check_equal("made inactive: taken", gic_take(), A);
    check("made inactive: reads as such", !gic_is_active(A));
}

/* A write to ISPENDR makes a level-sensitive interrupt pending too, until it is taken. */
static void level_by_write(void)
{
    gic_set_edge(A, false);
    gic_set_pending(A);
    check_equal("level-sensitive, set pending: taken", gic_take(), A);
    check_equal("level-sensitive, set pending: taken once", gic_take(), GIC_INTID_SPURIOUS);
    gic_set_edge(A, true);
}

static void set_eoi_mode(bool is_split)
{
    if (gic_is_v3()) {
        WRITE_SYSREG(S3_0_C12_C12_4, (READ_ICC(ICC_CTLR_EL1) & ~ICC_CTLR_EOI) | (is_split ? ICC_CTLR_EOI : 0));
    } else {
        write32(GICC_BASE + GICC_CTLR, 1 | (uint32_t)(is_split ? CTLR_EOI_MODE : 0));
    }
}

static void deactivate(uint32_t acknowledged)
{
    if (gic_is_v3()) {
        WRITE_SYSREG(S3_0_C12_C11_1, acknowledged);
    } else {
        write32(GICC_BASE + GICC_DIR, acknowledged);
    }
}

/* Priority drop and deactivation apart. */
static void split_end(void)
{
    set_eoi_mode(true);
    gic_set_pending(A);
    const uint32_t taken = gic_wait();
    gic_end(taken);
    check_equal("split end: priority has dropped", running_priority(), 0xff);
    check("split end: still active", gic_is_active(A));
    gic_set_pending(A);
    gic_set_pending(B);
    const uint32_t other = gic_wait();
    check_equal("split end: another one of the same priority comes", gic_id(other), B);
    gic_end(other);
    deactivate(other);
    check_equal("split end: the same one does not", gic_wait(), GIC_INTID_SPURIOUS);
    deactivate(taken);
    const uint32_t again = gic_wait();
    check_equal("split end: it comes once deactivated", gic_id(again), A);
    gic_end(again);
    deactivate(again);
    set_eoi_mode(false);
    check_equal("split end: no more", gic_take(), GIC_INTID_SPURIOUS);
}

static void by_exception(void)
{
    interrupt_log.count = 0;
    gic_set_pending(A);
    timer_spin(1000);
    check_equal("PSTATE.I masks", interrupt_log.count, 0);
    interrupt_unmask();
    timer_spin(1000);
    check_equal("unmasked: one exception", interrupt_log.count, 1);
    check_equal("unmasked: its interrupt", interrupt_log.ids[0], A);
    gic_set_pending(B);
    timer_spin(1000);
    check_equal("at once when unmasked", interrupt_log.ids[1], B);
    interrupt_mask();
}

/* WFI ends with a pending interrupt, whether PSTATE.I masks it or not. */
static void wait_for_interrupt(void)
{
    gic_set_pending(A);
    __asm__ volatile("wfi");
    check_equal("WFI with one pending", gic_take(), A);
}

/* Every SPI of the machine, many times more than list registers; each comes once. */
static void everything(void)
{
    static uint8_t taken[GIC_INTID_COUNT];
    const uint32_t words = (read32(GICD_BASE + GICD_TYPER) & 0x1f) + 1;
    const uint32_t end = words * 32 > GIC_INTID_COUNT ? GIC_INTID_COUNT : words * 32;
    for (uint32_t irq = 32; irq < end; irq++) {
        prepare(irq);
        gic_clear_pending(irq);
    }
    for (uint32_t irq = 32; irq < end; irq++) {
        gic_set_pending(irq);
    }
    for (uint32_t irq = gic_take(); irq != GIC_INTID_SPURIOUS; irq = gic_take()) {
        taken[irq < end ? irq : 0]++;
    }
    for (uint32_t irq = 32; irq < end; irq++) {
        check_each("every SPI comes once", irq, taken[irq], 1);
        gic_disable(irq);
    }
    check_all("every SPI comes once");
    check_equal("nothing else comes", taken[0], 0);
}

void guest_main(void)
{
    gic_init();
    prepare(A);
    prepare(B);
    prepare(C);
    plain();
    latch();
    distributor_off();
    group_off();
    asleep();
    priority_mask();
    in_service();
    nesting();
    order();
    withdrawal();
    active_by_write();
    level_by_write();
    by_exception();
    wait_for_interrupt();
    everything();
    /* The last: on seL4 it leaves an interrupt in service. */
    prepare(A);
    prepare(B);
    split_end();
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Interrupts that the VMM raises (test/system/machine/inject/vmm.c), by edge and by level: every number there is, more
 * at once than list registers, while disabled, masked, pending or in service already, withdrawn; and what the VMM
 * hears of their ends [GICv2 3.2] [GICv3 4.1].
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"

/* As the VMM has them. */
#define COMMAND          (HARNESS_SCRATCH + 0xff8)
#define RESULT           (HARNESS_SCRATCH + 0xff0)
#define ENDS             (HARNESS_SCRATCH + 0xfe8)
#define LAST             (HARNESS_SCRATCH + 0xfe0)
#define COMMAND_INJECT   (1 << 16)
#define COMMAND_HIGH     (2 << 16)
#define COMMAND_LOW      (3 << 16)
#define COMMAND_ALL_HIGH (4 << 16)

#define A         200
#define MANY      300
#define COUNT     16
#define UART_IRQ  33
#define TIMER_IRQ 27
#define NORMAL    0x80

static uint64_t ends_before;

static void command(uint32_t what, uint32_t irq)
{
    write64(COMMAND, what | irq);
}

static void forget_ends(void)
{
    ends_before = read64(ENDS);
}

static uint64_t ends(void)
{
    return read64(ENDS) - ends_before;
}

static void prepare(uint32_t irq, bool is_edge)
{
    gic_disable(irq);
    gic_set_edge(irq, is_edge);
    gic_set_priority(irq, NORMAL);
    gic_route(irq, 0);
    gic_enable(irq);
    forget_ends();
}

static void every_number(void)
{
    for (uint32_t irq = 0; irq < GIC_INTID_COUNT; irq++) {
        if (irq == UART_IRQ || irq == TIMER_IRQ) {
            continue;
        }
        prepare(irq, true);
        command(COMMAND_INJECT, irq);
        check_each("every number: injected", irq, read64(RESULT), 1);
        check_each("every number: taken", irq, gic_take(), irq);
        check_each("every number: taken once", irq, gic_acknowledge(), GIC_INTID_SPURIOUS);
        check_each("every number: its end is told once", irq, ends(), 1);
        check_each("every number: whose end", irq, read64(LAST), irq);
        if (irq >= 16) {
            gic_disable(irq);
        }
    }
    check_all("every number");
    command(COMMAND_INJECT, GIC_INTID_COUNT);
    check_equal("a number that is none", read64(RESULT), 0);
    command(COMMAND_INJECT, 0xffff);
    check_equal("another one", read64(RESULT), 0);
}

static void pending_already(void)
{
    prepare(A, true);
    gic_disable(A);
    command(COMMAND_INJECT, A);
    command(COMMAND_INJECT, A);
    check("disabled: pending", gic_is_pending(A));
    check_equal("disabled: not taken", gic_take(), GIC_INTID_SPURIOUS);
    gic_enable(A);
    check_equal("injected twice while disabled: taken", gic_take(), A);
    check_equal("injected twice while disabled: taken once", gic_take(), GIC_INTID_SPURIOUS);
    gic_set_mask(NORMAL);
    command(COMMAND_INJECT, A);
    command(COMMAND_INJECT, A);
    check_equal("masked: not taken", gic_take(), GIC_INTID_SPURIOUS);
    gic_set_mask(0xff);
    check_equal("injected twice while masked: taken", gic_take(), A);
    check_equal("injected twice while masked: taken once", gic_take(), GIC_INTID_SPURIOUS);
    check_equal("two ends are told", ends(), 2);
}

static void in_service(void)
{
    prepare(A, true);
    command(COMMAND_INJECT, A);
    const uint32_t taken = gic_wait();
    command(COMMAND_INJECT, A);
    command(COMMAND_INJECT, A);
    check("edge in service: pending", gic_is_pending(A));
    check_equal("edge in service: not before the end", gic_wait(), GIC_INTID_SPURIOUS);
    gic_end(taken);
    check_equal("edge in service: taken after the end", gic_take(), A);
    check_equal("edge in service: taken once", gic_take(), GIC_INTID_SPURIOUS);
    check_equal("edge in service: two ends are told", ends(), 2);
}

/* A device that holds its line until it is served. */
static void level(void)
{
    prepare(A, false);
    command(COMMAND_HIGH, A);
    check_equal("level: taken", gic_take(), A);
    check_equal("level still high: taken again", gic_take(), A);
    const uint32_t taken = gic_wait();
    command(COMMAND_LOW, A);
    command(COMMAND_HIGH, A);
    gic_end(taken);
    check_equal("level low and high in service: taken again", gic_id(gic_wait()), A);
    command(COMMAND_LOW, A);
    gic_end(A);
    check_equal("level low: taken no more", gic_take(), GIC_INTID_SPURIOUS);
    check_equal("level: every end is told", ends(), 4);
}

static void level_gone(void)
{
    prepare(A, false);
    gic_disable(A);
    command(COMMAND_HIGH, A);
    check("level while disabled: pending", gic_is_pending(A));
    gic_clear_pending(A);
    check("level while disabled: ICPENDR does not clear it", gic_is_pending(A));
    command(COMMAND_LOW, A);
    check("level gone while disabled: not pending", !gic_is_pending(A));
    gic_enable(A);
    check_equal("level gone while disabled: not taken", gic_take(), GIC_INTID_SPURIOUS);
}

/* virq_inject is a pulse, also where the guest has configured a level. */
static void pulse_of_a_level(void)
{
    prepare(A, false);
    command(COMMAND_INJECT, A);
    check_equal("a pulse, configured as level: taken", gic_take(), A);
    check_equal("a pulse, configured as level: taken once", gic_take(), GIC_INTID_SPURIOUS);
    prepare(A, true);
    command(COMMAND_HIGH, A);
    check_equal("a level, configured as edge: taken", gic_take(), A);
    check_equal("a level, configured as edge: taken once", gic_take(), GIC_INTID_SPURIOUS);
    command(COMMAND_LOW, A);
    check_equal("a falling edge: not taken", gic_take(), GIC_INTID_SPURIOUS);
}

static void withdrawn(void)
{
    prepare(A, true);
    gic_disable(A);
    command(COMMAND_INJECT, A);
    gic_clear_pending(A);
    check_equal("withdrawn: its end is told", ends(), 1);
    gic_enable(A);
    check_equal("withdrawn: not taken", gic_take(), GIC_INTID_SPURIOUS);
    command(COMMAND_INJECT, A);
    check_equal("withdrawn: the next one is taken", gic_take(), A);
}

/* Sixteen lines high at once, each low again in its service: by priority, each once. */
static void many(void)
{
    for (uint32_t i = 0; i < COUNT; i++) {
        prepare(MANY + i, false);
        gic_set_priority(MANY + i, 0xe0 - i * 7 % COUNT * 8);
    }
    /* Behind one of the highest priority, so that all wait at once. */
    prepare(A, true);
    gic_set_priority(A, 0);
    command(COMMAND_INJECT, A);
    const uint32_t first = gic_wait();
    for (uint32_t i = 0; i < COUNT; i++) {
        gic_disable(MANY + i);
    }
    command(COMMAND_ALL_HIGH, MANY);
    write32(GICD_BASE + GICD_CTLR, gic_is_v3() ? 0x50 : 0);
    for (uint32_t i = 0; i < COUNT; i++) {
        gic_enable(MANY + i);
    }
    write32(GICD_BASE + GICD_CTLR, gic_is_v3() ? 0x53 : 3);
    gic_end(first);
    for (uint32_t rank = 0; rank < COUNT; rank++) {
        const uint32_t taken = gic_wait();
        command(COMMAND_LOW, gic_id(taken));
        gic_end(taken);
        check_each("many levels at once, by priority", rank, (gic_id(taken) - MANY) * 7 % COUNT, COUNT - 1 - rank);
    }
    check_all("many levels at once, by priority");
    check_equal("many levels at once: no more", gic_take(), GIC_INTID_SPURIOUS);
    check_equal("many levels at once: every end is told", ends(), COUNT + 1);
}

void guest_main(void)
{
    gic_init();
    every_number();
    pending_already();
    in_service();
    level();
    level_gone();
    pulse_of_a_level();
    withdrawn();
    many();
}

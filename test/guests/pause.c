/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * A guest that its VMM (test/system/machine/pause/vmm.c) stops and lets go on: in a busy loop, in WFI, with its timer
 * running and due meanwhile, in the middle of an interrupt's service, in the middle of a store, and at a guest error,
 * for debugging. It finds everything as it was, but time has passed; no tick and no interrupt is lost, and none
 * invented.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/timer.h"

/* As the VMM has them. */
#define COMMAND         (HARNESS_SCRATCH + 0xff8)
#define PAUSES          (HARNESS_SCRATCH + 0xff0)
#define COMMAND_PAUSE   1
#define COMMAND_DEBUG   2
#define COMMAND_AT_ONCE 3
#define INJECTED_IRQ    180

#define OTHER_IRQ   181
#define ROUND_COUNT 20
#define ROUND_US    500
#define SHORT_US    100
#define TICKER_US   1370
#define TOO_LONG_US 1000000

static volatile uint64_t tick_count;
static volatile uint64_t injected_count;
static uint64_t next_tick;
static bool is_rate;

static void serve(void)
{
    const uint32_t taken = gic_acknowledge();
    if (gic_id(taken) == GIC_INTID_TIMER_VIRTUAL) {
        tick_count++;
        next_tick += timer_ticks(ROUND_US);
        timer_set(next_tick);
        timer_control(is_rate ? CNT_CTL_ENABLE : 0);
    } else if (gic_id(taken) == INJECTED_IRQ) {
        injected_count++;
    }
    if (taken != GIC_INTID_SPURIOUS) {
        gic_end(taken);
    }
}

static void prepare(uint32_t irq)
{
    gic_set_edge(irq, irq != GIC_INTID_TIMER_VIRTUAL);
    gic_set_priority(irq, 0x80);
    gic_route(irq, 0);
    gic_enable(irq);
}

/* Asks for a stop. */
static uint64_t ask(void)
{
    const uint64_t pauses = read64(PAUSES);
    injected_count = 0;
    tick_count = 0;
    write64(COMMAND, COMMAND_PAUSE);
    return pauses;
}

static bool is_over(uint64_t pauses_before, uint64_t begin)
{
    return read64(PAUSES) != pauses_before || timer_now() - begin > timer_ticks(TOO_LONG_US);
}

/* x3 to x28 and d7 hold numbers of their own while the guest is stopped: x1 gets what has changed in any of them. */
static void registers(void)
{
    register uint64_t x1 __asm__("x1") = ask();
    register uint64_t x0 __asm__("x0") = PAUSES;
    __asm__ volatile(".irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28\n"
                     "mov x\\n, #(\\n + 0x100)\n"
                     ".endr\n"
                     "fmov d7, x28\n"
                     "1: ldr x2, [x0]\n cmp x2, x1\n b.eq 1b\n"
                     "mov x1, #0\n"
                     ".irp n, 3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28\n"
                     "mov x2, #(\\n + 0x100)\n eor x2, x2, x\\n\n orr x1, x1, x2\n"
                     ".endr\n"
                     "fmov x2, d7\n eor x2, x2, x28\n orr x1, x1, x2"
                     : "+r"(x0), "+r"(x1)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16",
                       "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "v7",
                       "memory", "cc");
    const uint64_t wrong = x1;
    check_equal("stopped in a loop: general registers and one of FP", wrong, 0);
    check_equal("stopped in a loop: the interrupt that came meanwhile", gic_take(), INJECTED_IRQ);
    check_equal("stopped in a loop: it comes once", gic_take(), GIC_INTID_SPURIOUS);
}

static void waiting(void)
{
    const uint64_t pauses = ask();
    const uint64_t begin = timer_now();
    while (!is_over(pauses, begin)) {
        interrupt_wait();
    }
    /* It may have been stopped while it looked whether it is over. */
    interrupt_unmask();
    interrupt_mask();
    check_equal("stopped in WFI: it goes on", read64(PAUSES), pauses + 1);
    check_equal("stopped in WFI: the interrupt that came meanwhile, once", injected_count, 1);
    check_equal("stopped in WFI: no tick", tick_count, 0);
}

/* The timer becomes due while the guest is stopped, so late that it cannot be before. */
static void due_meanwhile(bool in_wfi)
{
    const uint64_t pauses = ask();
    const uint64_t begin = timer_now();
    is_rate = false;
    timer_start(TICKER_US + SHORT_US);
    while (in_wfi && !is_over(pauses, begin)) {
        interrupt_wait();
    }
    interrupt_unmask();
    while (!is_over(pauses, begin)) {
    }
    timer_spin(SHORT_US);
    interrupt_mask();
    check_equal("due while stopped: the tick comes, once", tick_count, 1);
    check_equal("due while stopped: the interrupt that came meanwhile, once", injected_count, 1);
    check("due while stopped: time has passed", timer_now() - begin > timer_ticks(2 * TICKER_US));
}

/* A clock at a rate, over many stops. */
static void rate(void)
{
    uint64_t injected = 0, ticks = 0;
    const uint64_t begin = timer_now();
    is_rate = true;
    next_tick = begin;
    timer_set(next_tick);
    timer_control(CNT_CTL_ENABLE);
    for (uint64_t i = 0; i < ROUND_COUNT; i++) {
        const uint64_t pauses = ask();
        const uint64_t asked = timer_now();
        while (!is_over(pauses, asked)) {
            interrupt_wait();
        }
        interrupt_unmask();
        timer_spin(SHORT_US);
        interrupt_mask();
        injected += injected_count;
        ticks += tick_count;
    }
    interrupt_unmask();
    tick_count = 0;
    while (next_tick < timer_now()) {
    }
    interrupt_mask();
    const uint64_t due = (timer_now() - begin) / timer_ticks(ROUND_US);
    timer_control(0);
    check_range("at a rate over many stops: ticks", ticks + tick_count, due, due + 1);
    check_equal("at a rate over many stops: interrupts that came meanwhile", injected, ROUND_COUNT);
    (void)gic_take();
}

static void in_service(void)
{
    gic_set_pending(OTHER_IRQ);
    const uint32_t taken = gic_wait();
    const uint64_t pauses = ask();
    const uint64_t begin = timer_now();
    while (!is_over(pauses, begin)) {
    }
    check_equal("stopped in service: nothing else of its priority comes", gic_wait(), GIC_INTID_SPURIOUS);
    gic_end(taken);
    check_equal("stopped in service: it was taken", gic_id(taken), OTHER_IRQ);
    check_equal("stopped in service: the other one comes after its end", gic_take(), INJECTED_IRQ);
    check_equal("stopped in service: no more", gic_take(), GIC_INTID_SPURIOUS);
}

/* While the VMM handles a store, which is then made again. */
static void in_a_store(void)
{
    const uint64_t pauses = read64(PAUSES) & ~UINT64_C(1);
    write64(PAUSES, pauses);
    write64(COMMAND, COMMAND_AT_ONCE);
    check_equal("stopped in a store: it goes on", read64(PAUSES), pauses + 1);
}

static void at_a_mistake(void)
{
    const uint64_t pauses = read64(PAUSES);
    exception_expect();
    write64(COMMAND, COMMAND_DEBUG);
    (void)read32(HARNESS_NOTHING + 4);
    const struct exception taken = exception_caught();
    check_equal("stopped at a guest error", read64(PAUSES), pauses + 1);
    check_equal("stopped at a guest error: then one exception", taken.count, 1);
    check_equal("stopped at a guest error: ESR_EL1", taken.esr,
                (uint64_t)ESR_EC_DATA_SAME << 26 | ESR_IL | FSC_EXTERNAL_ABORT);
    check_equal("stopped at a guest error: FAR_EL1", taken.far, HARNESS_NOTHING + 4);
}

void guest_main(void)
{
    gic_init();
    prepare(INJECTED_IRQ);
    prepare(OTHER_IRQ);
    prepare(GIC_INTID_TIMER_VIRTUAL);
    WRITE_SYSREG(cpacr_el1, 3 << 20);
    interrupt_set_handler(serve);
    registers();
    waiting();
    due_meanwhile(false);
    due_meanwhile(true);
    rate();
    in_service();
    in_a_store();
    at_a_mistake();
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Power control of four vCPUs: CPU_ON with its arguments, errors and the state in which a vCPU starts, CPU_OFF and
 * AFFINITY_INFO, again and again [PSCI 5.4 to 5.7, 6.4].
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"
#include "harness/timer.h"

#define AFFINITY_ON     0
#define AFFINITY_OFF    1
#define WAIT_US         10000000 /* ended early by what is waited for */
#define CYCLE_COUNT     50
#define OUTSIDE         0x20000000
#define CONTEXT         0x1122334455667788
#define SPI             180
#define INVALID_ADDRESS (UINT64_MAX - 8)
#define ALREADY_ON      (UINT64_MAX - 3)
#define SCTLR_M_C_I     0x1005

/* What the bare entry stores: in the order of the code below. */
struct entry_state {
    volatile uint64_t x0;
    volatile uint64_t mpidr;
    volatile uint64_t current_el;
    volatile uint64_t spsel;
    volatile uint64_t daif;
    volatile uint64_t sctlr;
    volatile uint64_t vtimer;
    volatile uint64_t done;
};

static struct entry_state entry_state;
static volatile uint64_t rounds[HARNESS_CPU_COUNT_MAX];
static volatile uint64_t came_back;
static volatile uint64_t wants_interrupt;
static volatile uint64_t interrupt_taken;
static volatile bool must_stay;
static volatile uint64_t leaves_pending;

/* An entry without a stack: reports its state and switches the vCPU off. */
void bare_entry(void);
__asm__(".text\n"
        ".global bare_entry\n"
        "bare_entry:\n"
        "    ldr x1, =entry_state_address\n"
        "    ldr x1, [x1]\n"
        "    str x0, [x1]\n"
        "    mrs x2, mpidr_el1\n"
        "    str x2, [x1, #8]\n"
        "    mrs x2, CurrentEL\n"
        "    str x2, [x1, #16]\n"
        "    mrs x2, spsel\n"
        "    str x2, [x1, #24]\n"
        "    mrs x2, daif\n"
        "    str x2, [x1, #32]\n"
        "    mrs x2, sctlr_el1\n"
        "    str x2, [x1, #40]\n"
        "    mrs x2, cntv_ctl_el0\n"
        "    str x2, [x1, #48]\n"
        "    mov x2, #1\n"
        "    str x2, [x1, #56]\n"
        "    mov w0, #2\n"
        "    movk w0, #0x8400, lsl #16\n"
        "    hvc #0\n"
        "    b .\n"
        "    .ltorg\n");
struct entry_state *const entry_state_address = &entry_state;

static bool wait_until(volatile uint64_t *value, uint64_t want)
{
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    while (*value != want && timer_now() < end) {
        timer_yield();
    }
    return *value == want;
}

static bool wait_off(uint64_t cpu)
{
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    while (psci_call(PSCI_64(PSCI_AFFINITY_INFO), cpu, 0, 0) != AFFINITY_OFF && timer_now() < end) {
        timer_yield();
    }
    return psci_call(PSCI_64(PSCI_AFFINITY_INFO), cpu, 0, 0) == AFFINITY_OFF;
}

/* Counts its rounds, and goes off after each. */
void guest_secondary(size_t cpu)
{
    rounds[cpu]++;
    while (must_stay) {
        timer_yield();
    }
    if (leaves_pending == cpu) {
        gic_init_cpu();
        while (!gic_is_pending(SPI)) {
            timer_yield();
        }
    } else if (wants_interrupt == cpu) {
        gic_init_cpu();
        interrupt_taken = gic_take();
    }
    (void)psci_call(PSCI_CPU_OFF, 0, 0, 0);
    came_back++;
}

static void at_start(void)
{
    for (uint64_t cpu = 1; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        check_each("at start: off", cpu, psci_call(PSCI_64(PSCI_AFFINITY_INFO), cpu, 0, 0), AFFINITY_OFF);
    }
    check_all("at start: all others are off");
    check_equal("at start: oneself is on", psci_call(PSCI_64(PSCI_AFFINITY_INFO), 0, 0, 0), AFFINITY_ON);
}

static void entry(void)
{
    check_equal("CPU_ON", psci_call(PSCI_64(PSCI_CPU_ON), 2, (uintptr_t)bare_entry, CONTEXT), PSCI_SUCCESS);
    check("CPU_ON: it runs", wait_until(&entry_state.done, 1));
    check_equal("entry: context in x0", entry_state.x0, CONTEXT);
    check_equal("entry: MPIDR_EL1", entry_state.mpidr & 0xff80ffffff, BIT(31) | 2);
    check_equal("entry: EL1", entry_state.current_el, 1 << 2);
    check_equal("entry: SP_EL1", entry_state.spsel, 1);
    check_equal("entry: interrupts masked", entry_state.daif, 0x3c0);
    check_equal("entry: MMU and caches off", entry_state.sctlr & SCTLR_M_C_I, 0);
    check_equal("entry: timer off", entry_state.vtimer & CNT_CTL_ENABLE, 0);
    check("CPU_OFF: it is off", wait_off(2));
}

/* The 32-bit form has arguments of 32 bits. */
static void entry_32(void)
{
    entry_state.done = 0;
    /* QEMU's firmware takes 64 bits all the same. */
    const uint64_t upper = harness_is_native() ? 0 : BIT(40);
    check_equal("CPU_ON, 32 bits",
                (uint32_t)psci_call(PSCI_CPU_ON, upper | 2, upper | (uintptr_t)bare_entry, (uint32_t)CONTEXT | upper),
                PSCI_SUCCESS);
    check("CPU_ON, 32 bits: it runs", wait_until(&entry_state.done, 1));
    check_equal("CPU_ON, 32 bits: context", entry_state.x0, (uint32_t)CONTEXT);
    check("CPU_ON, 32 bits: it is off again", wait_off(2));
}

/* QEMU's firmware does not look at the address. */
static void bad_entry(void)
{
    if (harness_is_native()) {
        return;
    }
    check_equal("CPU_ON at nothing", psci_call(PSCI_64(PSCI_CPU_ON), 1, OUTSIDE, 0), INVALID_ADDRESS);
    check_equal("CPU_ON at the end of the address space", psci_call(PSCI_64(PSCI_CPU_ON), 1, UINT64_MAX - 3, 0),
                INVALID_ADDRESS);
    check_equal("CPU_ON: it is still off", psci_call(PSCI_64(PSCI_AFFINITY_INFO), 1, 0, 0), AFFINITY_OFF);
}

static void cycles(void)
{
    for (uint64_t i = 1; i <= CYCLE_COUNT; i++) {
        for (size_t cpu = 1; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
            check_each("on and off: CPU_ON", i, psci_start_cpu(cpu), PSCI_SUCCESS);
        }
        for (size_t cpu = 1; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
            check_each("on and off: ran once", i, wait_until(&rounds[cpu], i), true);
            check_each("on and off: off again", i, wait_off(cpu), true);
        }
    }
    check_all("on and off, many times");
    check_equal("CPU_OFF does not return", came_back, 0);
}

static void already_on(void)
{
    const uint64_t round = rounds[3] + 1;
    wants_interrupt = 3;
    must_stay = true;
    check_equal("CPU_ON of one that is off", psci_start_cpu(3), PSCI_SUCCESS);
    check("CPU_ON of one that is off: it runs", wait_until(&rounds[3], round));
    check_equal("CPU_ON of one that is on", psci_start_cpu(3), ALREADY_ON);
    must_stay = false;
    check("it goes off", wait_off(3));
    check_equal("no interrupt for it", interrupt_taken, GIC_INTID_SPURIOUS);
}

/* What is raised for a vCPU that is off waits for it. */
static void interrupt_while_off(void)
{
    gic_set_edge(SPI, true);
    gic_set_priority(SPI, 0x80);
    gic_enable(SPI);
    gic_route(SPI, 3);
    gic_set_pending(SPI);
    interrupt_taken = 0;
    check_equal("CPU_ON with an interrupt pending", psci_start_cpu(3), PSCI_SUCCESS);
    check("CPU_ON with an interrupt pending: it ran", wait_until(&interrupt_taken, SPI));
    check("CPU_ON with an interrupt pending: off again", wait_off(3));
}

/* What a vCPU has been given and not taken when it goes off, others can take. */
static void interrupt_left_behind(void)
{
    /* QEMU's GICv2, as of version 7.2, keeps to the route that was there when the interrupt was raised. */
    if (harness_is_native() && !gic_is_v3()) {
        return;
    }
    leaves_pending = 3;
    check_equal("CPU_ON of one that leaves", psci_start_cpu(3), PSCI_SUCCESS);
    gic_set_pending(SPI);
    check("it goes off with an interrupt pending", wait_off(3));
    check("left behind: pending", gic_is_pending(SPI));
    gic_route(SPI, 0);
    check_equal("left behind: taken by another", gic_take(), SPI);
    check_equal("left behind: once", gic_take(), GIC_INTID_SPURIOUS);
    leaves_pending = 0;
    gic_route(SPI, 3);
    interrupt_taken = 0;
    check_equal("it comes back", psci_start_cpu(3), PSCI_SUCCESS);
    check("it is off again", wait_off(3));
    check_equal("nothing of before comes", interrupt_taken, GIC_INTID_SPURIOUS);
}

void guest_main(void)
{
    gic_init();
    at_start();
    entry();
    entry_32();
    bad_entry();
    cycles();
    already_on();
    interrupt_while_off();
    interrupt_left_behind();
}

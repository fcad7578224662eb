/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Four vCPUs that their VMM (test/system/machine/smp_pause/vmm.c) stops and lets go on: one asks for it, one counts,
 * one waits for an interrupt, which comes while all are stopped, and one is off. All stop at once, those that were on
 * go on, and the one that was off stays so.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"
#include "harness/timer.h"

/* As the VMM has them. */
#define COMMAND      (HARNESS_SCRATCH + 0xff8)
#define PAUSES       (HARNESS_SCRATCH + 0xff0)
#define MOVED        (HARNESS_SCRATCH + 0xfe8)
#define COUNTER(cpu) (HARNESS_FREE_RAM + 8 * (uintptr_t)(cpu))
#define INJECTED_IRQ 180

#define COUNTING     1
#define WAITING      2
#define OFF          3
#define AFFINITY_ON  0
#define AFFINITY_OFF 1
#define PAUSE_COUNT  20
#define WAIT_US      200000

static volatile uint64_t is_up[HARNESS_CPU_COUNT_MAX];
static volatile uint64_t taken_count[HARNESS_CPU_COUNT_MAX];

static void serve(void)
{
    const uint32_t taken = gic_acknowledge();
    if (gic_id(taken) == INJECTED_IRQ) {
        taken_count[READ_SYSREG(mpidr_el1) & 0xff]++;
    }
    if (taken != GIC_INTID_SPURIOUS) {
        gic_end(taken);
    }
}

static void count(size_t cpu)
{
    write64(COUNTER(cpu), read64(COUNTER(cpu)) + 1);
}

void guest_secondary(size_t cpu)
{
    gic_init_cpu();
    is_up[cpu] = 1;
    interrupt_unmask();
    for (;;) {
        count(cpu);
        if (cpu == WAITING) {
            __asm__ volatile("wfi");
        }
    }
}

static uint64_t wait_for(uintptr_t at, uint64_t before)
{
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    while (read64(at) == before && timer_now() < end) {
        count(0);
    }
    return read64(at);
}

static void pause(uint64_t round)
{
    write64(COMMAND, 1);
    check_each("it goes on", round, wait_for(PAUSES, round), round + 1);
    const uint64_t counted = read64(COUNTER(COUNTING));
    check_each("so does the one that counts", round, wait_for(COUNTER(COUNTING), counted) != counted, true);
    (void)wait_for((uintptr_t)&taken_count[WAITING], round);
    check_each("the one that waits has its interrupt, once", round, taken_count[WAITING], round + 1);
    check_each("the one that is off stays so", round, psci_call(PSCI_64(PSCI_AFFINITY_INFO), OFF, 0, 0), AFFINITY_OFF);
}

void guest_main(void)
{
    interrupt_set_handler(serve);
    gic_init();
    gic_set_edge(INJECTED_IRQ, true);
    gic_set_priority(INJECTED_IRQ, 0x80);
    gic_route(INJECTED_IRQ, WAITING);
    gic_enable(INJECTED_IRQ);
    for (size_t cpu = 0; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        write64(COUNTER(cpu), 0);
    }
    check_equal("CPU_ON of the one that counts", psci_start_cpu(COUNTING), PSCI_SUCCESS);
    check_equal("CPU_ON of the one that waits", psci_start_cpu(WAITING), PSCI_SUCCESS);
    (void)wait_for((uintptr_t)&is_up[COUNTING], 0);
    (void)wait_for((uintptr_t)&is_up[WAITING], 0);
    for (uint64_t round = 0; round < PAUSE_COUNT; round++) {
        pause(round);
    }
    check_all("many stops: all go on");
    check_equal("nothing was written while all were stopped", read64(MOVED), 0);
    check_equal("it can be switched on afterwards", psci_start_cpu(OFF), PSCI_SUCCESS);
    check("it runs", wait_for((uintptr_t)&is_up[OFF], 0) != 0);
}

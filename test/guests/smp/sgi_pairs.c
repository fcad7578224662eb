/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * SGIs back and forth between every two of four vCPUs, none of them lost: first one pair after the other, the rest in
 * WFI, then all pairs at once. A vCPU has at most one ping on its way to another, so that no two become one.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"
#include "harness/timer.h"

#define CPU_COUNT HARNESS_CPU_COUNT_MAX
#define SGI_COUNT 16

/* Ping and pong of vCPU n: the INTID tells the sender, which a GICv2 under a VMM does not. */
#define PING(cpu)   (cpu)
#define PONG(cpu)   ((cpu) + 8)
#define IS_PING(id) ((id) < 8)
#define SENDER(id)  ((id)&7)

/* For each of the twelve pairs. */
#ifndef ROUNDS
#define ROUNDS 40
#endif

#define LIMIT_US 60000000
#define LOOK_US  1000

/* pongs[a][b]: how many vCPU a has had from b, and how many it still wants. Each written by vCPU a alone. */
static volatile uint32_t pongs[CPU_COUNT][CPU_COUNT];
static volatile uint32_t wanted[CPU_COUNT][CPU_COUNT];
static volatile uint32_t is_up[CPU_COUNT];
static volatile uint32_t unknown_count;

/* What the vCPUs are told to do by vCPU 0, one after the other: an SGI wakes them to look. */
#define SGI_GO 7
static volatile uint32_t rounds_to_start[CPU_COUNT];
static volatile uint32_t targets_to_start[CPU_COUNT];

static size_t this_cpu(void)
{
    return READ_SYSREG(mpidr_el1) & 0xff;
}

static void send(uint32_t id, size_t cpu)
{
    gic_send_sgi(id, (uint32_t)BIT(cpu));
}

static void begin(size_t cpu)
{
    const uint32_t targets = targets_to_start[cpu];
    for (uint32_t other = 0; other < CPU_COUNT; other++) {
        if ((targets & BIT(other)) != 0) {
            pongs[cpu][other] = 0;
            wanted[cpu][other] = rounds_to_start[cpu];
            send(PING((uint32_t)cpu), other);
        }
    }
}

static void take_pong(size_t cpu, uint32_t from)
{
    pongs[cpu][from]++;
    if (wanted[cpu][from] > 0 && --wanted[cpu][from] > 0) {
        send(PING((uint32_t)cpu), from);
    }
}

static void serve(void)
{
    const size_t cpu = this_cpu();
    const uint32_t acknowledged = gic_acknowledge();
    const uint32_t id = gic_id(acknowledged);
    if (id == GIC_INTID_TIMER_VIRTUAL) {
        timer_control(0);
    }
    if (id != GIC_INTID_SPURIOUS) {
        gic_end(acknowledged);
    }
    if (id >= SGI_COUNT) {
        return;
    }
    if (id == SGI_GO) {
        begin(cpu);
    } else if (SENDER(id) >= CPU_COUNT) {
        unknown_count++;
    } else if (IS_PING(id)) {
        send(PONG((uint32_t)cpu), SENDER(id));
    } else {
        take_pong(cpu, SENDER(id));
    }
}

static void start_serving(void)
{
    gic_init_cpu();
    for (uint32_t id = 0; id < SGI_COUNT; id++) {
        gic_enable(id);
        gic_set_priority(id, 0x80);
    }
    interrupt_unmask();
}

void guest_secondary(size_t cpu)
{
    start_serving();
    is_up[cpu] = 1;
    for (;;) {
        __asm__ volatile("wfi");
    }
}

/* In WFI, for the VMM may have a lower priority than its vCPUs: whoever spins keeps it from serving the others. */
static void sleep_a_little(void)
{
    interrupt_mask(); /* for the timer not to come before the WFI */
    timer_start(LOOK_US);
    __asm__ volatile("wfi");
    interrupt_unmask();
}

static void start_others(void)
{
    for (size_t cpu = 1; cpu < CPU_COUNT; cpu++) {
        check_equal("CPU_ON", psci_start_cpu(cpu), PSCI_SUCCESS);
        const uint64_t end = timer_now() + timer_ticks(LIMIT_US);
        while (is_up[cpu] == 0 && timer_now() < end) {
            sleep_a_little();
        }
        check_equal("vCPU is up", is_up[cpu], 1);
    }
}

/* Lets vCPU `cpu` ping each of `targets`. */
static void go(size_t cpu, uint32_t targets, uint32_t rounds)
{
    targets_to_start[cpu] = targets;
    rounds_to_start[cpu] = rounds;
    for (size_t other = 0; other < CPU_COUNT; other++) {
        pongs[cpu][other] = 0;
    }
    send(SGI_GO, cpu);
}

static bool are_done(uint32_t cpus, uint32_t targets, uint32_t rounds)
{
    for (uint32_t cpu = 0; cpu < CPU_COUNT; cpu++) {
        for (uint32_t other = 0; other < CPU_COUNT; other++) {
            const bool counts = (cpus & BIT(cpu)) != 0 && (targets & BIT(other)) != 0 && other != cpu;
            if (counts && pongs[cpu][other] != rounds) {
                return false;
            }
        }
    }
    return true;
}

static void wait_until_done(const char *name, uint32_t cpus, uint32_t targets, uint32_t rounds)
{
    const uint64_t end = timer_now() + timer_ticks(LIMIT_US);
    while (!are_done(cpus, targets, rounds) && timer_now() < end) {
        sleep_a_little();
    }
    for (uint32_t cpu = 0; cpu < CPU_COUNT; cpu++) {
        for (uint32_t other = 0; other < CPU_COUNT; other++) {
            if ((cpus & BIT(cpu)) != 0 && (targets & BIT(other)) != 0 && cpu != other) {
                check_each(name, cpu * 16 + other, pongs[cpu][other], rounds);
            }
        }
    }
}

static void one_pair_at_a_time(uint32_t rounds)
{
    for (uint32_t cpu = 0; cpu < CPU_COUNT; cpu++) {
        for (uint32_t other = 0; other < CPU_COUNT; other++) {
            if (cpu != other) {
                go(cpu, (uint32_t)BIT(other), rounds);
                wait_until_done("every pair", (uint32_t)BIT(cpu), (uint32_t)BIT(other), rounds);
            }
        }
    }
    check_all("every pair");
}

static void all_at_once(uint32_t rounds)
{
    const uint32_t all = BIT(CPU_COUNT) - 1;
    for (uint32_t cpu = CPU_COUNT; cpu-- > 0;) {
        go(cpu, all & ~(uint32_t)BIT(cpu), rounds);
    }
    wait_until_done("all at once", all, all, rounds);
    check_all("all at once");
}

void guest_main(void)
{
    interrupt_set_handler(serve);
    gic_init();
    start_serving();
    gic_enable(GIC_INTID_TIMER_VIRTUAL);
    start_others();
    const uint64_t begin_ticks = timer_now();
    one_pair_at_a_time(ROUNDS);
    all_at_once(ROUNDS);
    check_equal("SGIs from nobody", unknown_count, 0);
    harness_put("microseconds: ");
    harness_put_decimal((timer_now() - begin_ticks) / timer_ticks(1));
    harness_put("\n");
}

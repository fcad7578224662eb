/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Lives of four vCPUs, ended by PSCI SYSTEM_RESET of any of them while the others write RAM, wait in WFI, have an
 * interrupt in service or are off: all of them stop at once, and each begins its next life as its first one.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"
#include "harness/timer.h"

#define LIFE_COUNT_MAX 48
/* In HARNESS_SCRATCH, which outlasts a life. */
#define LIFE_COUNT (HARNESS_SCRATCH + 0x800)

#define SGI          6
#define SPI          180
#define AFFINITY_ON  0
#define AFFINITY_OFF 1
#define WAIT_US      10000000 /* ended early by what is waited for */
#define STILL_US     2000
#define TRACE_BYTES  0x1000
#define TRACE(cpu)   (HARNESS_FREE_RAM + (cpu)*TRACE_BYTES)
#define ICC_PMR_EL1  S3_0_C4_C6_0
#define ICC_RPR_EL1  S3_0_C12_C11_3
#define READ_ICC(n)  READ_SYSREG(n)

/* What a vCPU does until the end of a life. */
enum occupation {
    WRITES,
    WAITS,
    SERVES,
    IS_OFF,
    OCCUPATION_COUNT,
};

static volatile uint64_t life;
static volatile uint64_t is_up[HARNESS_CPU_COUNT_MAX];
static volatile uint64_t mask_at_start[HARNESS_CPU_COUNT_MAX];
static volatile uint64_t running_at_start[HARNESS_CPU_COUNT_MAX];

/* The vCPU that ends this life. */
static size_t resetter(void)
{
    return life % HARNESS_CPU_COUNT_MAX;
}

/* QEMU's GICv2, as of version 7.2, does not reset active priorities. */
static bool is_qemu_v2(void)
{
    return harness_is_native() && !gic_is_v3();
}

static enum occupation occupation_of(size_t cpu)
{
    const enum occupation occupation = (enum occupation)((life / HARNESS_CPU_COUNT_MAX + cpu) % OCCUPATION_COUNT);
    return occupation == SERVES && is_qemu_v2() ? WRITES : occupation;
}

static _Noreturn void reset(void)
{
    (void)psci_call(PSCI_SYSTEM_RESET, 0, 0, 0);
    check("SYSTEM_RESET does not return", false);
    harness_end();
}

static _Noreturn void keep_writing(size_t cpu)
{
    for (uint64_t i = 1;; i++) {
        write64(TRACE(cpu) + i * 8 % TRACE_BYTES, i);
    }
}

static void note_start(size_t cpu)
{
    mask_at_start[cpu] = gic_is_v3() ? READ_ICC(ICC_PMR_EL1) : read32(GICC_BASE + GICC_PMR);
    running_at_start[cpu] = gic_is_v3() ? READ_ICC(ICC_RPR_EL1) : read32(GICC_BASE + GICC_RPR);
}

void guest_secondary(size_t cpu)
{
    note_start(cpu);
    gic_init_cpu();
    gic_enable(SGI);
    gic_set_priority(SGI, 0x80);
    is_up[cpu] = 1;
    if (cpu == resetter()) {
        timer_spin(STILL_US);
        reset();
    }
    switch (occupation_of(cpu)) {
    case WAITS:
        for (;;) {
            __asm__ volatile("wfi");
        }
    case SERVES:
        gic_send_sgi(SGI, (uint32_t)BIT(cpu));
        (void)gic_wait();
        keep_writing(cpu);
    case IS_OFF:
        (void)psci_call(PSCI_CPU_OFF, 0, 0, 0);
        break;
    default:
        keep_writing(cpu);
    }
}

/* Twice: a vCPU that was still running would write in between. */
static void check_memory(void)
{
    for (int round = 0; round < 2 && !harness_is_native(); round++) {
        for (uintptr_t at = TRACE(0); at < TRACE(HARNESS_CPU_COUNT_MAX); at += 8) {
            check_each("RAM is clear, and stays so", at, *(volatile uint64_t *)at, 0);
        }
        timer_spin(STILL_US);
    }
}

static void check_machine(void)
{
    for (uint64_t cpu = 0; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        check_each("only the first vCPU is on", cpu, psci_call(PSCI_64(PSCI_AFFINITY_INFO), cpu, 0, 0),
                   cpu == 0 ? AFFINITY_ON : AFFINITY_OFF);
        if (gic_is_v3()) {
            const uintptr_t frame = GICR_BASE + cpu * GICR_STRIDE;
            check_each("its Redistributor is as at reset", cpu, read32(frame + GICR_WAKER) & 6,
                       harness_is_native() ? 6 : 0);
            check_each("nothing pending for it", cpu, read32(frame + GICR_SGI(GICD_ISPENDR)), 0);
            check_each("nothing active for it", cpu, read32(frame + GICR_SGI(GICD_ISACTIVER)), 0);
        }
    }
    check_each("no SPI pending", life, gic_is_pending(SPI), false);
}

static void start_others(void)
{
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    for (size_t cpu = 1; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        check_each("CPU_ON", cpu, psci_start_cpu(cpu), PSCI_SUCCESS);
    }
    while (is_up[1] + is_up[2] + is_up[3] != 3 && timer_now() < end) {
        timer_yield();
    }
    for (size_t cpu = 1; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        check_each("it runs", cpu, is_up[cpu], 1);
        check_each("its priority mask at start", cpu, mask_at_start[cpu], 0);
        check_each("its running priority at start", cpu, running_at_start[cpu], 0xff);
    }
}

void guest_main(void)
{
    life = read64(LIFE_COUNT) + 1;
    write64(LIFE_COUNT, life);
    check_machine();
    check_memory();
    if (life > LIFE_COUNT_MAX) {
        check_all("lives of four vCPUs");
        check_equal("lives", life - 1, LIFE_COUNT_MAX);
        return;
    }
    gic_init();
    /* The boot vCPU resets as soon as the last one is up, and a life that another ends may end before that. */
    if (resetter() == 0) {
        start_others();
        gic_set_edge(SPI, true);
        gic_set_pending(SPI);
        reset();
    }
    for (size_t cpu = HARNESS_CPU_COUNT_MAX - 1; cpu > 0; cpu--) {
        if (cpu != resetter()) {
            (void)psci_start_cpu(cpu);
        }
    }
    (void)psci_start_cpu(resetter());
    keep_writing(0);
}

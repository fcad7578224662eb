/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Interrupts among four vCPUs: SGIs with every filter and from every source, banked registers, and SPIs that are routed
 * to one vCPU, to another, and to any [GICv2 4.3.12, 4.3.15] [GICv3 12.2, 12.9]. The other vCPUs wait in WFI.
 */
#include "harness/exception.h"
#include "harness/gic.h"
#include "harness/harness.h"
#include "harness/psci.h"
#include "harness/timer.h"

#define SGI       6
#define SGI_OTHER 9
#define SPI       180
#define PPI       21
#define PPI_OTHER 24

#define WAIT_US         100000
#define IROUTER_IRM     BIT(31)
#define ALL_CPUS        0xf
#define ICC_SGI1R_EL1   S3_0_C12_C11_5
#define WRITE_ICC(n, v) WRITE_SYSREG(n, v)

/* What each vCPU has taken: number of times, by INTID, and sources of SGIs, a bit each. */
static volatile uint32_t taken[HARNESS_CPU_COUNT_MAX][256];
static volatile uint32_t sources[HARNESS_CPU_COUNT_MAX];
static volatile uint32_t is_up[HARNESS_CPU_COUNT_MAX];

/* A vCPU that shall send SGI_OTHER to vCPU 0. */
static volatile uint32_t sender;

/* A word that a vCPU shall read, and what it has read; 0: nothing to do. */
static volatile uint64_t to_read[HARNESS_CPU_COUNT_MAX];
static volatile uint32_t has_read[HARNESS_CPU_COUNT_MAX];

static size_t this_cpu(void)
{
    return READ_SYSREG(mpidr_el1) & 0xff;
}

static void serve(void)
{
    const size_t cpu = this_cpu();
    const uint32_t acknowledged = gic_acknowledge();
    const uint32_t irq = gic_id(acknowledged);
    if (irq == GIC_INTID_SPURIOUS) {
        return;
    }
    taken[cpu][irq % ARRAY_SIZE(taken[cpu])]++;
    if (irq == SGI_OTHER) {
        sources[cpu] |= (uint32_t)BIT(acknowledged >> 10 & 7);
    }
    gic_end(acknowledged);
}

static void enable_sgis(void)
{
    gic_init_cpu();
    gic_enable(SGI);
    gic_enable(SGI_OTHER);
    gic_set_priority(SGI, 0x80);
    gic_set_priority(SGI_OTHER, 0x80);
}

void guest_secondary(size_t cpu)
{
    enable_sgis();
    interrupt_unmask();
    is_up[cpu] = 1;
    for (;;) {
        __asm__ volatile("wfi");
        if (sender == cpu) {
            sender = 0;
            gic_send_sgi(SGI_OTHER, 1);
        }
        if (to_read[cpu] != 0) {
            has_read[cpu] = read32(to_read[cpu]);
            to_read[cpu] = 0;
        }
    }
}

static void forget(void)
{
    for (size_t cpu = 0; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        for (size_t irq = 0; irq < ARRAY_SIZE(taken[cpu]); irq++) {
            taken[cpu][irq] = 0;
        }
        sources[cpu] = 0;
    }
}

/* The vCPUs that have taken an interrupt, once each, a bit each; 4 bits up for those that took it more often. */
static uint32_t who_took(uint32_t irq)
{
    uint32_t cpus = 0;
    for (size_t cpu = 0; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        cpus |= (uint32_t)(taken[cpu][irq] != 0) << cpu | (uint32_t)(taken[cpu][irq] > 1) << (cpu + 4);
    }
    return cpus;
}

static uint32_t wait_for(uint32_t irq, uint32_t cpus)
{
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    while (who_took(irq) != cpus && timer_now() < end) {
        timer_yield();
    }
    return who_took(irq);
}

/* The same for what must not go further than that: waits for the rest. */
static uint32_t settle(uint32_t irq)
{
    timer_spin(WAIT_US / 2);
    return who_took(irq);
}

static void start_others(void)
{
    for (size_t cpu = 1; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        check_equal("CPU_ON", psci_start_cpu(cpu), PSCI_SUCCESS);
    }
    const uint64_t end = timer_now() + timer_ticks(10 * WAIT_US);
    while (is_up[1] + is_up[2] + is_up[3] != 3 && timer_now() < end) {
        timer_yield();
    }
    check_equal("vCPUs up", is_up[1] + is_up[2] + is_up[3], 3);
}

static bool is_qemu_v2(void)
{
    return harness_is_native() && !gic_is_v3();
}

static void to_lists(void)
{
    for (uint32_t cpus = 0; cpus <= ALL_CPUS; cpus++) {
        forget();
        gic_send_sgi(SGI, cpus);
        check_each("SGI to every list of targets", cpus, wait_for(SGI, cpus), cpus);
    }
    check_equal("SGI to a list: once each", settle(SGI), ALL_CPUS);
    check_all("SGI to every list of targets");
}

static void to_others(void)
{
    forget();
    if (gic_is_v3()) {
        WRITE_ICC(ICC_SGI1R_EL1, (uint64_t)SGI << 24 | BIT(40));
    } else {
        write32(GICD_BASE + GICD_SGIR, 1 << 24 | SGI);
    }
    check_equal("SGI to all others", wait_for(SGI, 0xe), 0xe);
    check_equal("SGI to all others: not to oneself", settle(SGI), 0xe);
}

static void to_self(void)
{
    if (gic_is_v3()) {
        return;
    }
    forget();
    write32(GICD_BASE + GICD_SGIR, 2 << 24 | 0xff << 16 | SGI);
    check_equal("SGI to oneself", wait_for(SGI, 1), 1);
    check_equal("SGI to oneself: to nobody else", settle(SGI), 1);
}

static void from_each(void)
{
    for (uint32_t cpu = 1; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        forget();
        sender = cpu;
        gic_send_sgi(SGI, (uint32_t)BIT(cpu));
        check_each("SGI from every vCPU", cpu, wait_for(SGI_OTHER, 1), 1);
        /* An injected interrupt has no source that a VMM could choose: under one, IAR always tells of vCPU 0. */
        if (harness_is_native() && !gic_is_v3()) {
            check_each("SGI from every vCPU: source", cpu, sources[0], BIT(cpu));
        }
    }
    check_all("SGI from every vCPU");
}

/* A GICv2's SGI is pending once for each source. */
static void from_all_at_once(void)
{
    if (gic_is_v3()) {
        return;
    }
    forget();
    interrupt_mask();
    write8(GICD_BASE + GICD_SPENDSGIR + SGI_OTHER, 0xf);
    interrupt_unmask();
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    while (taken[0][SGI_OTHER] < 4 && timer_now() < end) {
        timer_yield();
    }
    timer_spin(WAIT_US / 2);
    check_equal("SGI pending from four sources: taken", taken[0][SGI_OTHER], 4);
    if (harness_is_native()) {
        check_equal("SGI pending from four sources: sources", sources[0], 0xf);
    }
}

/* Some of the sources are withdrawn again, before any of them is taken. */
static void from_some(void)
{
    if (gic_is_v3()) {
        return;
    }
    forget();
    write32(GICD_BASE + GICD_CTLR, 0);
    write8(GICD_BASE + GICD_SPENDSGIR + SGI_OTHER, 0xf);
    write8(GICD_BASE + GICD_CPENDSGIR + SGI_OTHER, 0x5);
    check_equal("CPENDSGIR withdraws some sources", read8(GICD_BASE + GICD_SPENDSGIR + SGI_OTHER), 0xa);
    write32(GICD_BASE + GICD_CTLR, 3);
    timer_spin(WAIT_US / 2);
    check_equal("CPENDSGIR: those of the others are taken", taken[0][SGI_OTHER], 2);
    check_equal("CPENDSGIR: none is left", read8(GICD_BASE + GICD_SPENDSGIR + SGI_OTHER), 0);
}

/* What a vCPU reads of its own private interrupts' registers. */
static uint32_t read_on(size_t cpu, uint32_t reg)
{
    const uintptr_t bank = gic_is_v3() ? GICR_BASE + cpu * GICR_STRIDE + GICR_SGI(0) : GICD_BASE;
    if (cpu == 0) {
        return read32(bank + reg);
    }
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    to_read[cpu] = bank + reg;
    gic_send_sgi(SGI, (uint32_t)BIT(cpu));
    while (to_read[cpu] != 0 && timer_now() < end) {
        timer_yield();
    }
    return has_read[cpu];
}

/* Written here, and nowhere else to be seen. */
static void banked_registers(void)
{
    static const uint32_t regs[] = {GICD_IGROUPR, GICD_ICFGR + 4, GICD_IPRIORITYR + PPI_OTHER,
                                    GICD_ISPENDR, GICD_ISACTIVER, GICD_ISENABLER};
    static const uint32_t values[] = {0, 0xaaaaaaaa, 0x48, BIT(PPI_OTHER), BIT(PPI_OTHER), BIT(PPI_OTHER)};
    static const uint32_t masks[] = {BIT(PPI_OTHER), 0xaaaaaaaa, 0xff, BIT(PPI_OTHER), BIT(PPI_OTHER), BIT(PPI_OTHER)};
    if (is_qemu_v2()) {
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
        const uint32_t elsewhere = read_on(1, regs[i]) & masks[i];
        const uint32_t before = read_on(0, regs[i]);
        const uint32_t value = regs[i] == GICD_IGROUPR ? before ^ masks[i] : values[i];
        check_each("banked registers: another value is written", regs[i], (value ^ elsewhere) & masks[i] ? 1 : 0, 1);
        write32(gic_bank(0) + regs[i], value);
        check_each("banked registers: here", regs[i], read_on(0, regs[i]) & masks[i], value & masks[i]);
        for (size_t cpu = 1; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
            check_each("banked registers: elsewhere", regs[i], read_on(cpu, regs[i]) & masks[i], elsewhere);
        }
    }
    gic_disable(PPI_OTHER);
    gic_write_bit(GICD_ICACTIVER, PPI_OTHER);
    gic_clear_pending(PPI_OTHER);
    check_all("banked registers");
}

static void banked_targets(void)
{
    if (gic_is_v3()) {
        return;
    }
    for (uint32_t cpu = 0; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        check_each("ITARGETSR0 is the reader's own", cpu, read_on(cpu, GICD_ITARGETSR), 0x01010101u << cpu);
    }
    check_all("ITARGETSR0 is the reader's own");
}

/* QEMU's GICv2 with several processors, as of version 7.2, does not set PPIs pending. */
static void banked(void)
{
    if (is_qemu_v2()) {
        return;
    }
    gic_enable(PPI);
    gic_set_priority(PPI, 0x40);
    gic_set_edge(PPI, true);
    check("a PPI is enabled here", gic_read_bit(GICD_ISENABLER, PPI));
    forget();
    gic_set_pending(PPI);
    check_equal("a PPI is taken here", wait_for(PPI, 1), 1);
    check_equal("a PPI is taken nowhere else", settle(PPI), 1);
}

/* A GICv3's Redistributors are all visible to all; the last one says so. */
static void redistributors(void)
{
    if (!gic_is_v3()) {
        return;
    }
    for (uint64_t cpu = 0; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        const uint64_t typer = read64(GICR_BASE + cpu * GICR_STRIDE + GICR_TYPER);
        check_each("GICR_TYPER: affinity", cpu, typer >> 32, cpu);
        check_each("GICR_TYPER: number", cpu, typer >> 8 & 0xffff, cpu);
        check_each("GICR_TYPER: last", cpu, typer >> 4 & 1, cpu == HARNESS_CPU_COUNT_MAX - 1);
        check_each("PPI enabled on the first alone", cpu,
                   read32(GICR_BASE + cpu * GICR_STRIDE + GICR_SGI(GICD_ISENABLER)) >> PPI & 1, cpu == 0);
    }
    check_all("Redistributors");
}

static void prepare_spi(void)
{
    gic_set_edge(SPI, true);
    gic_set_priority(SPI, 0x80);
    gic_enable(SPI);
}

static void routes(void)
{
    prepare_spi();
    for (size_t cpu = 0; cpu < HARNESS_CPU_COUNT_MAX; cpu++) {
        forget();
        gic_route(SPI, cpu);
        gic_set_pending(SPI);
        check_each("SPI to every vCPU", cpu, wait_for(SPI, (uint32_t)BIT(cpu)), BIT(cpu));
    }
    check_all("SPI to every vCPU");
}

/* QEMU's GICv2 decides where an SPI goes when it becomes pending, and gives each of several targets one of its own. */
static void routed_while_pending(void)
{
    if (is_qemu_v2()) {
        return;
    }
    forget();
    gic_disable(SPI);
    gic_route(SPI, 1);
    gic_set_pending(SPI);
    gic_route(SPI, 2);
    gic_enable(SPI);
    check_equal("SPI routed anew while pending", wait_for(SPI, 4), 4);
    check_equal("SPI routed anew while pending: once", settle(SPI), 4);
}

/* Routed to several, an interrupt goes to exactly one of them. */
static void one_of_many(void)
{
    if (is_qemu_v2()) {
        return;
    }
    forget();
    if (gic_is_v3()) {
        write64(GICD_BASE + GICD_IROUTER + SPI * 8, IROUTER_IRM);
    } else {
        write8(GICD_BASE + GICD_ITARGETSR + SPI, ALL_CPUS);
        check_equal("ITARGETSR keeps its targets", read8(GICD_BASE + GICD_ITARGETSR + SPI), ALL_CPUS);
    }
    gic_set_pending(SPI);
    timer_spin(WAIT_US);
    const uint32_t cpus = who_took(SPI);
    check("1 of N: taken once, by one", cpus != 0 && (cpus & (cpus - 1)) == 0);
}

/* To nobody: it stays pending. */
static void to_nobody(void)
{
    if (is_qemu_v2()) {
        return;
    }
    forget();
    if (gic_is_v3()) {
        write64(GICD_BASE + GICD_IROUTER + SPI * 8, 0x50);
    } else {
        write8(GICD_BASE + GICD_ITARGETSR + SPI, 0);
    }
    gic_set_pending(SPI);
    check_equal("SPI to nobody: not taken", settle(SPI), 0);
    check("SPI to nobody: pending", gic_is_pending(SPI));
    gic_route(SPI, 3);
    check_equal("SPI to nobody, then to one: taken", wait_for(SPI, 8), 8);
}

static void private_targets(void)
{
    if (gic_is_v3()) {
        return;
    }
    check_equal("ITARGETSR of private interrupts: this vCPU", read32(GICD_BASE + GICD_ITARGETSR), 0x01010101);
    check_equal("TYPER: processors", read32(GICD_BASE + GICD_TYPER) >> 5 & 7, HARNESS_CPU_COUNT_MAX - 1);
}

void guest_main(void)
{
    interrupt_set_handler(serve);
    gic_init();
    enable_sgis();
    interrupt_unmask();
    start_others();
    to_lists();
    to_others();
    to_self();
    from_each();
    from_all_at_once();
    from_some();
    banked();
    banked_registers();
    banked_targets();
    redistributors();
    routes();
    routed_while_pending();
    one_of_many();
    to_nobody();
    private_targets();
}

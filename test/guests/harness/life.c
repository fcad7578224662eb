/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Lives of a guest: see life.h.
 */
#include "life.h"

#include "exception.h"
#include "gic.h"
#include "timer.h"

/* In HARNESS_SCRATCH. */
#define LIFE_COUNT     (HARNESS_SCRATCH + 0x800)
#define LIFE_REGISTERS (HARNESS_SCRATCH + 0x900)
#define LIFE_WORDS     (HARNESS_SCRATCH + 0xa00)

#define TRACE 0x1eaf1eaf1eaf1eaf

#define UART_IRQ  33
#define UART_DR   0x9000000
#define UART_IMSC 0x9000038
#define UART_ICR  0x9000044
#define UART_TX   0x20

/* SPIs without a device. */
#define SPI_FIRST  160
#define SPI_COUNT  20
#define SPI_PROBE  190
#define SGI_TRACE  5
#define GIC_BANKS  3
#define WAIT_US    300
#define REG_WORDS  9
#define PMR_VALUE  0xc0
#define PRIORITIES 64
#define RAM_STEP   64

/* Registers that a life starts with as the first one did. */
#define REGISTERS(X)                                                                                                   \
    X(sctlr_el1)                                                                                                       \
    X(cpacr_el1)                                                                                                       \
    X(ttbr0_el1)                                                                                                       \
    X(ttbr1_el1)                                                                                                       \
    X(tcr_el1)                                                                                                         \
    X(mair_el1)                                                                                                        \
    X(amair_el1)                                                                                                       \
    X(contextidr_el1)                                                                                                  \
    X(esr_el1)                                                                                                         \
    X(far_el1)                                                                                                         \
    X(par_el1)                                                                                                         \
    X(tpidr_el1)                                                                                                       \
    X(tpidr_el0) X(tpidrro_el0) X(elr_el1) X(spsr_el1) X(sp_el0) X(cntkctl_el1) X(cntv_cval_el0) X(mpidr_el1)

/* Those among them in which traces can be left without a change of what the guest does. */
#define TRACED(X)                                                                                                      \
    X(ttbr0_el1)                                                                                                       \
    X(ttbr1_el1)                                                                                                       \
    X(mair_el1)                                                                                                        \
    X(contextidr_el1)                                                                                                  \
    X(esr_el1) X(far_el1) X(par_el1) X(tpidr_el1) X(tpidr_el0) X(tpidrro_el0) X(elr_el1) X(sp_el0) X(cntv_cval_el0)

#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_AP1R0_EL1   S3_0_C12_C9_0
#define ICC_BPR1_EL1    S3_0_C12_C12_3
#define ICC_RPR_EL1     S3_0_C12_C11_3
#define ICC_IGRPEN0_EL1 S3_0_C12_C12_6
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define READ_ICC(n)     READ_SYSREG(n)
#define WRITE_ICC(n, v) WRITE_SYSREG(n, v)
#define GICC_APR        0xd0

static bool has_failed;

static void want(const char *name, uint64_t at, uint64_t got, uint64_t wanted)
{
    check_each(name, at, got, wanted);
    has_failed = has_failed || got != wanted;
}

/* Natively RAM outlasts a reset, and QEMU's loader hands over registers of its own. */
static void check_memory(void)
{
    if (harness_is_native()) {
        return;
    }
    for (uintptr_t at = HARNESS_FREE_RAM; at < HARNESS_FREE_RAM + HARNESS_FREE_RAM_BYTES && !has_failed;
         at += RAM_STEP) {
        want("RAM is clear", at, *(volatile uint64_t *)at, 0);
    }
    for (size_t i = 1; i < ARRAY_SIZE(entry_registers) - 1; i++) {
        want("general registers, SP and VBAR_EL1 are clear", i, entry_registers[i], 0);
    }
}

static void check_registers(uint64_t life)
{
    uintptr_t at = LIFE_REGISTERS;
    want("DAIF at entry", 0, entry_registers[33], 0x3c0);
    want("the timer is off", 0, READ_SYSREG(cntv_ctl_el0) & CNT_CTL_ENABLE, 0);
#define CHECK(name)                                                                                                    \
    if (life == 1) {                                                                                                   \
        write64(at, READ_SYSREG(name));                                                                                \
    }                                                                                                                  \
    want("as in the first life: " #name, life, READ_SYSREG(name), read64(at));                                         \
    at += 8;
    REGISTERS(CHECK)
#undef CHECK
}

/* What a word of a bit per interrupt may hold beyond its reset state: the device may really be asking. */
static uint32_t device_bit(uint32_t word)
{
    return word == UART_IRQ / 32 ? (uint32_t)BIT(UART_IRQ % 32) : 0;
}

static void check_distributor(void)
{
    want("Distributor: CTLR", 0, read32(GICD_BASE + GICD_CTLR) & 3, 0);
    for (uint32_t word = 0; word < REG_WORDS; word++) {
        const uint32_t enabled = word == 0 && !gic_is_v3() ? 0xffff : 0;
        want("Distributor: groups", word, gic_read_bits(GICD_IGROUPR, word * 32), 0);
        want("Distributor: enabled", word, gic_read_bits(GICD_ISENABLER, word * 32), enabled);
        want("Distributor: pending", word, gic_read_bits(GICD_ISPENDR, word * 32) & ~device_bit(word), 0);
        want("Distributor: active", word, gic_read_bits(GICD_ISACTIVER, word * 32), 0);
    }
    for (uint32_t i = 0; i < PRIORITIES; i++) {
        want("Distributor: priorities", i, read32(gic_bank(i * 4) + GICD_IPRIORITYR + i * 4), 0);
    }
    want("Distributor: configuration", 0, read32(GICD_BASE + GICD_ICFGR + SPI_FIRST / 4), 0);
}

static void check_cpu_interface(void)
{
    if (gic_is_v3()) {
        want("CPU interface: priority mask", 0, READ_ICC(ICC_PMR_EL1), 0);
        want("CPU interface: Group 1 off", 0, READ_ICC(ICC_IGRPEN1_EL1), 0);
        want("CPU interface: Group 0 off", 0, READ_ICC(ICC_IGRPEN0_EL1), 0);
        want("CPU interface: active priorities", 0, READ_ICC(ICC_AP1R0_EL1), 0);
        want("CPU interface: running priority", 0, READ_ICC(ICC_RPR_EL1), 0xff);
        want("Redistributor", 0, read32(GICR_BASE + GICR_WAKER) & 6, harness_is_native() ? 6 : 0);
    } else {
        want("CPU interface: priority mask", 0, read32(GICC_BASE + GICC_PMR), 0);
        want("CPU interface: control", 0, read32(GICC_BASE + GICC_CTLR), 0);
        want("CPU interface: active priorities", 0, read32(GICC_BASE + GICC_APR), 0);
        want("CPU interface: running priority", 0, read32(GICC_BASE + GICC_RPR), 0xff);
    }
}

static uint32_t take_soon(void)
{
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    uint32_t acknowledged = gic_acknowledge();
    while (acknowledged == GIC_INTID_SPURIOUS && timer_now() < end) {
        acknowledged = gic_acknowledge();
    }
    if (acknowledged != GIC_INTID_SPURIOUS) {
        gic_end(acknowledged);
    }
    return gic_id(acknowledged);
}

static void prepare(uint32_t irq)
{
    gic_set_edge(irq, irq != UART_IRQ && irq != GIC_INTID_TIMER_VIRTUAL);
    gic_set_priority(irq, 0x80);
    gic_route(irq, 0);
    gic_enable(irq);
}

static void calm_device(void)
{
    write32(UART_IMSC, 0);
    write32(UART_ICR, 0x7ff);
}

/* With everything enabled nothing comes, but what this life raises comes once: interrupt, timer and device. */
static void check_delivery(void)
{
    gic_init();
    for (uint32_t i = 0; i < SPI_COUNT; i++) {
        prepare(SPI_FIRST + i);
    }
    prepare(SPI_PROBE);
    prepare(GIC_INTID_TIMER_VIRTUAL);
    gic_enable(SGI_TRACE);
    want("no interrupt of the former life", 0, take_soon(), GIC_INTID_SPURIOUS);
    gic_set_pending(SPI_PROBE);
    want("an interrupt of this life", 0, take_soon(), SPI_PROBE);
    want("an interrupt of this life, once", 0, take_soon(), GIC_INTID_SPURIOUS);
    timer_start(0);
    const uint32_t taken = gic_wait();
    timer_control(0);
    gic_end(taken);
    want("a tick of this life", 0, gic_id(taken), GIC_INTID_TIMER_VIRTUAL);
    want("a tick of this life, once", 0, take_soon(), GIC_INTID_SPURIOUS);
}

static void check_device(void)
{
    prepare(UART_IRQ);
    (void)take_soon();
    write32(UART_DR, '.');
    write32(UART_IMSC, UART_TX);
    const uint32_t taken = gic_wait();
    calm_device();
    gic_end(taken);
    want("the device in this life", 0, gic_id(taken), UART_IRQ);
    want("the device in this life, once", 0, take_soon(), GIC_INTID_SPURIOUS);
}

uint64_t life_begin(void)
{
    const uint64_t life = read64(LIFE_COUNT) + 1;
    write64(LIFE_COUNT, life);
    calm_device();
    check_registers(life);
    if (life > 1) {
        check_memory();
        check_distributor();
        check_cpu_interface();
    }
    check_delivery();
    check_device();
    if (has_failed) {
        harness_put("in life ");
        harness_put_decimal(life);
        harness_put("\n");
        harness_end();
    }
    return life;
}

static void spoil_memory(void)
{
    for (uintptr_t at = HARNESS_FREE_RAM; at < HARNESS_FREE_RAM + HARNESS_FREE_RAM_BYTES; at += RAM_STEP) {
        *(volatile uint64_t *)at = TRACE;
    }
}

static void spoil_registers(void)
{
#define SPOIL(name) WRITE_SYSREG(name, TRACE);
    TRACED(SPOIL)
#undef SPOIL
}

static void spoil_gic(void)
{
    gic_set_mask(PMR_VALUE);
    for (uint32_t i = 0; i < PRIORITIES; i++) {
        write32(gic_bank(i * 4) + GICD_IPRIORITYR + i * 4, 0x80808080);
    }
    gic_write_bit(GICD_ISACTIVER, SPI_PROBE);
    if (gic_is_v3()) {
        WRITE_ICC(ICC_BPR1_EL1, 5);
        WRITE_ICC(ICC_IGRPEN0_EL1, 1);
    } else {
        write32(GICC_BASE + GICC_BPR, 5);
    }
}

static void two_in_service(void)
{
    gic_set_pending(SPI_FIRST);
    (void)gic_wait();
    gic_set_priority(SPI_FIRST + 1, 0x20);
    gic_set_pending(SPI_FIRST + 1);
    (void)gic_wait();
    gic_set_pending(SPI_FIRST + 1);
    gic_set_pending(SPI_FIRST + 2);
}

static void many_pending(void)
{
    for (uint32_t i = 0; i < SPI_COUNT; i++) {
        gic_set_pending(SPI_FIRST + i);
    }
    gic_send_sgi(SGI_TRACE, 1);
}

static void device_in_service(void)
{
    write32(UART_DR, '.');
    write32(UART_IMSC, UART_TX);
    (void)gic_wait();
}

void life_spoil(enum life_mess mess)
{
    spoil_memory();
    spoil_gic();
    switch (mess) {
    case LIFE_PENDING:
        many_pending();
        break;
    case LIFE_IN_SERVICE:
        two_in_service();
        break;
    case LIFE_TIMER:
        timer_start(0);
        timer_spin(WAIT_US);
        break;
    case LIFE_DEVICE:
        device_in_service();
        break;
    default:
        break;
    }
    if (mess != LIFE_TIMER) {
        spoil_registers();
    }
}

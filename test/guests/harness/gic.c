/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The interrupt controller: see gic.h.
 */
#include "gic.h"

#include "timer.h"

#define ID_AA64PFR0_GIC(value) ((value) >> 24 & 0xf)

#define CTLR_ENABLES      (BIT(0) | BIT(1))
#define CTLR_ARE          BIT(4)
#define WAKER_SLEEP       BIT(1)
#define WAKER_ASLEEP      BIT(2)
#define GROUP_ALL         0xffffffff
#define SGIR_TARGET_SHIFT 16
#define WAIT_US           20000

#define ICC_PMR_EL1     S3_0_C4_C6_0
#define ICC_IAR1_EL1    S3_0_C12_C12_0
#define ICC_EOIR1_EL1   S3_0_C12_C12_1
#define ICC_SGI1R_EL1   S3_0_C12_C11_5
#define ICC_SRE_EL1     S3_0_C12_C12_5
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
/* The names go through the preprocessor once more. */
#define READ_ICC(name)         READ_SYSREG(name)
#define WRITE_ICC(name, value) WRITE_SYSREG(name, value)

static size_t this_cpu(void)
{
    return READ_SYSREG(mpidr_el1) & 0xff;
}

bool gic_is_v3(void)
{
    return ID_AA64PFR0_GIC(READ_SYSREG(id_aa64pfr0_el1)) != 0;
}

uintptr_t gic_bank(uint32_t irq)
{
    return gic_is_v3() && irq < 32 ? GICR_BASE + this_cpu() * GICR_STRIDE + GICR_SGI(0) : GICD_BASE;
}

static void init_v3_cpu(void)
{
    const uintptr_t waker = GICR_BASE + this_cpu() * GICR_STRIDE + GICR_WAKER;
    write32(waker, read32(waker) & ~(uint32_t)WAKER_SLEEP);
    while ((read32(waker) & WAKER_ASLEEP) != 0) {
    }
    write32(gic_bank(0) + GICD_IGROUPR, GROUP_ALL);
    WRITE_ICC(ICC_SRE_EL1, 7);
    WRITE_ICC(ICC_PMR_EL1, 0xff);
    WRITE_ICC(ICC_IGRPEN1_EL1, 1);
}

void gic_init_cpu(void)
{
    if (gic_is_v3()) {
        init_v3_cpu();
    } else {
        write32(GICC_BASE + GICC_PMR, 0xff);
        write32(GICC_BASE + GICC_CTLR, 1);
    }
}

void gic_init(void)
{
    if (gic_is_v3()) {
        write32(GICD_BASE + GICD_CTLR, CTLR_ARE | CTLR_ENABLES);
        for (uint32_t irq = 32; irq < GIC_INTID_COUNT; irq += 32) {
            write32(GICD_BASE + GICD_IGROUPR + irq / 8, GROUP_ALL);
        }
    } else {
        write32(GICD_BASE + GICD_CTLR, CTLR_ENABLES);
    }
    gic_init_cpu();
}

uint32_t gic_read_bits(uint32_t reg, uint32_t irq)
{
    return read32(gic_bank(irq) + reg + irq / 32 * 4);
}

bool gic_read_bit(uint32_t reg, uint32_t irq)
{
    return (gic_read_bits(reg, irq) & BIT(irq % 32)) != 0;
}

void gic_write_bit(uint32_t reg, uint32_t irq)
{
    write32(gic_bank(irq) + reg + irq / 32 * 4, (uint32_t)BIT(irq % 32));
}

void gic_enable(uint32_t irq)
{
    gic_write_bit(GICD_ISENABLER, irq);
}

void gic_disable(uint32_t irq)
{
    gic_write_bit(GICD_ICENABLER, irq);
}

void gic_set_pending(uint32_t irq)
{
    gic_write_bit(GICD_ISPENDR, irq);
}

void gic_clear_pending(uint32_t irq)
{
    gic_write_bit(GICD_ICPENDR, irq);
}

bool gic_is_pending(uint32_t irq)
{
    return gic_read_bit(GICD_ISPENDR, irq);
}

bool gic_is_active(uint32_t irq)
{
    return gic_read_bit(GICD_ISACTIVER, irq);
}

void gic_set_priority(uint32_t irq, uint32_t priority)
{
    write8(gic_bank(irq) + GICD_IPRIORITYR + irq, priority);
}

void gic_set_edge(uint32_t irq, bool is_edge)
{
    const uintptr_t at = gic_bank(irq) + GICD_ICFGR + irq / 16 * 4;
    const uint32_t bit = (uint32_t)BIT(irq % 16 * 2 + 1);
    write32(at, (read32(at) & ~bit) | (is_edge ? bit : 0));
}

void gic_route(uint32_t irq, size_t cpu)
{
    if (gic_is_v3()) {
        write64(GICD_BASE + GICD_IROUTER + irq * 8, cpu);
    } else {
        write8(GICD_BASE + GICD_ITARGETSR + irq, (uint32_t)BIT(cpu));
    }
}

void gic_set_mask(uint32_t priority)
{
    if (gic_is_v3()) {
        WRITE_ICC(ICC_PMR_EL1, priority);
    } else {
        write32(GICC_BASE + GICC_PMR, priority);
    }
}

void gic_send_sgi(uint32_t irq, uint32_t cpus)
{
    __asm__ volatile("dsb ish" : : : "memory");
    if (gic_is_v3()) {
        WRITE_ICC(ICC_SGI1R_EL1, (uint64_t)irq << 24 | cpus);
    } else {
        write32(GICD_BASE + GICD_SGIR, cpus << SGIR_TARGET_SHIFT | irq);
    }
}

uint32_t gic_acknowledge(void)
{
    return gic_is_v3() ? (uint32_t)READ_ICC(ICC_IAR1_EL1) : read32(GICC_BASE + GICC_IAR);
}

void gic_end(uint32_t acknowledged)
{
    if (gic_is_v3()) {
        WRITE_ICC(ICC_EOIR1_EL1, acknowledged);
    } else {
        write32(GICC_BASE + GICC_EOIR, acknowledged);
    }
}

uint32_t gic_wait(void)
{
    const uint64_t end = timer_now() + timer_ticks(WAIT_US);
    uint32_t acknowledged;
    do {
        acknowledged = gic_acknowledge();
    } while (acknowledged == GIC_INTID_SPURIOUS && timer_now() < end);
    return acknowledged;
}

uint32_t gic_take(void)
{
    const uint32_t acknowledged = gic_wait();
    if (acknowledged != GIC_INTID_SPURIOUS) {
        gic_end(acknowledged);
    }
    return gic_id(acknowledged);
}

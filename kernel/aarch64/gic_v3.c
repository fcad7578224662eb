/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * GICv3 as the kernel drives it [GICv3, IHI 0069]: affinity routing, group 1,
 * CPU interface in system registers.
 */
#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/gic_registers.h"
#include "kernel/board/board.h"

#define ICC_CTLR_EOIMODE BIT(1)
#define ICC_SRE_SRE      BIT(0)
#define ICC_SRE_DFB      BIT(1)
#define ICC_SRE_DIB      BIT(2)

static uint64_t redistributor(uint32_t core)
{
    return board_gic.v3_redistributors + (uint64_t)core * GICR_STRIDE;
}

static void gicd_write(uint64_t offset, uint32_t value)
{
    mmio_write32(board_gic.distributor + offset, value);
}

static uint32_t gicd_read(uint64_t offset)
{
    return mmio_read32(board_gic.distributor + offset);
}

static void gicd_wait(void)
{
    while ((gicd_read(GICD_CTLR) & GICD_CTLR_RWP) != 0) {
    }
}

static void v3_init_distributor(void)
{
    uint32_t count = gicd_intid_count(board_gic.distributor);

    gicd_write(GICD_CTLR, 0);
    gicd_wait();
    for (uint32_t i = GIC_PPI_END; i < count; i += 32) {
        gicd_write(GICD_ICENABLER + i / 8, ~0u);
        gicd_write(GICD_ICPENDR + i / 8, ~0u);
        gicd_write(GICD_ICACTIVER + i / 8, ~0u);
        gicd_write(GICD_IGROUPR + i / 8, ~0u);
    }
    for (uint32_t i = GIC_PPI_END; i < count; i += 4) {
        gicd_write(GICD_IPRIORITYR + i, GIC_PRIORITY_ALL);
    }
    gicd_wait();
    gicd_write(GICD_CTLR, GICD_CTLR_ARE | GICD_CTLR_ENABLE_GRP1);
    gicd_wait();
}

static void v3_init_core(uint32_t core)
{
    uint64_t base = redistributor(core);
    uint64_t sgi_base = base + GICR_SGI_BASE;

    mmio_write32(base + GICR_WAKER, mmio_read32(base + GICR_WAKER) & ~(uint32_t)GICR_WAKER_SLEEP);
    while ((mmio_read32(base + GICR_WAKER) & GICR_WAKER_ASLEEP) != 0) {
    }
    mmio_write32(sgi_base + GICD_ICENABLER, ~0u);
    mmio_write32(sgi_base + GICD_ICACTIVER, ~0u);
    mmio_write32(sgi_base + GICD_IGROUPR, ~0u);
    for (uint32_t i = 0; i < GIC_PPI_END; i += 4) {
        mmio_write32(sgi_base + GICD_IPRIORITYR + i, GIC_PRIORITY_ALL);
    }

    /* EL1 may not turn its system register interface off: accesses to ICC_SRE_EL1 trap. */
    SYSREG_WRITE(S3_4_C12_C9_5, ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB); /* ICC_SRE_EL2 */
    cpu_isb();
    SYSREG_WRITE(S3_0_C12_C12_5, ICC_SRE_SRE | ICC_SRE_DFB | ICC_SRE_DIB); /* ICC_SRE_EL1 */
    cpu_isb();
    SYSREG_WRITE(S3_0_C4_C6_0, 0xff);               /* ICC_PMR_EL1 */
    SYSREG_WRITE(S3_0_C12_C12_4, ICC_CTLR_EOIMODE); /* ICC_CTLR_EL1 */
    SYSREG_WRITE(S3_0_C12_C12_7, 1);                /* ICC_IGRPEN1_EL1 */
    cpu_isb();
}

static uint32_t v3_take(void)
{
    uint32_t intid = (uint32_t)SYSREG_READ(S3_0_C12_C12_0); /* ICC_IAR1_EL1 */
    cpu_dsb();
    return intid;
}

static void v3_drop(uint32_t intid)
{
    SYSREG_WRITE(S3_0_C12_C12_1, intid); /* ICC_EOIR1_EL1 */
}

static void v3_deactivate(uint32_t intid)
{
    SYSREG_WRITE(S3_0_C12_C11_1, intid); /* ICC_DIR_EL1 */
    cpu_isb();
}

static void v3_activate_ppi(uint32_t core, uint32_t intid)
{
    mmio_write32(redistributor(core) + GICR_SGI_BASE + GICD_ISACTIVER, 1u << intid);
}

static void v3_enable(uint32_t intid, uint32_t core, bool is_edge)
{
    if (intid < GIC_PPI_END) {
        mmio_write32(redistributor(core) + GICR_SGI_BASE + GICD_ISENABLER, 1u << intid);
        return;
    }
    uint64_t config = GICD_ICFGR + intid / 16 * 4;
    uint32_t config_bit = 2u << intid % 16 * 2;
    uint64_t affinity = board_core_affinity(core);
    gicd_write(config, is_edge ? gicd_read(config) | config_bit : gicd_read(config) & ~config_bit);
    gicd_write(GICD_IROUTER + intid * 8, (uint32_t)affinity);
    gicd_write(GICD_IROUTER + intid * 8 + 4, (uint32_t)(affinity >> 32));
    gicd_write(GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

static void v3_disable(uint32_t intid)
{
    uint64_t base = intid < GIC_PPI_END ? redistributor(cpu_core()->id) + GICR_SGI_BASE : board_gic.distributor;
    mmio_write32(base + GICD_ICENABLER + intid / 32 * 4, 1u << intid % 32);
}

static void v3_send_reschedule(uint32_t core)
{
    uint64_t affinity = board_core_affinity(core);
    uint64_t sgi = BITS_GET(39, 32, affinity) << 48 | BITS_GET(23, 16, affinity) << 32 |
                   (uint64_t)GIC_RESCHEDULE_INTID << 24 | BITS_GET(15, 8, affinity) << 16 | BIT(affinity & 15);
    cpu_dsb();
    SYSREG_WRITE(S3_0_C12_C11_5, sgi); /* ICC_SGI1R_EL1 */
    cpu_isb();
}

const struct gic_ops gic_v3_ops = {
    .init_distributor = v3_init_distributor,
    .init_core = v3_init_core,
    .take = v3_take,
    .drop = v3_drop,
    .deactivate = v3_deactivate,
    .activate_ppi = v3_activate_ppi,
    .enable = v3_enable,
    .disable = v3_disable,
    .send_reschedule = v3_send_reschedule,
};

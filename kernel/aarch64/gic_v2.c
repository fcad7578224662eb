/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * GICv2 as the kernel drives it [GICv2, IHI 0048B].
 */
#include "kernel/aarch64/cpu.h"
#include "kernel/aarch64/gic.h"
#include "kernel/aarch64/gic_registers.h"
#include "kernel/board/board.h"

#define IAR_INTID_MASK    0x3ff
#define SGIR_TARGET_SHIFT 16

static uint32_t gicd_read(uint64_t offset)
{
    return mmio_read32(board_gic.distributor + offset);
}

static void gicd_write(uint64_t offset, uint32_t value)
{
    mmio_write32(board_gic.distributor + offset, value);
}

static void v2_init_distributor(void)
{
    uint32_t count = gicd_intid_count(board_gic.distributor);

    gicd_write(GICD_CTLR, 0);
    for (uint32_t i = GIC_PPI_END; i < count; i += 32) {
        gicd_write(GICD_ICENABLER + i / 8, ~0u);
        gicd_write(GICD_ICPENDR + i / 8, ~0u);
        gicd_write(GICD_ICACTIVER + i / 8, ~0u);
    }
    for (uint32_t i = GIC_PPI_END; i < count; i += 4) {
        gicd_write(GICD_IPRIORITYR + i, GIC_PRIORITY_ALL);
    }
    gicd_write(GICD_CTLR, GICD_CTLR_ENABLE);
}

static void v2_init_core(uint32_t core)
{
    (void)core;
    gicd_write(GICD_ICENABLER, ~0u);
    gicd_write(GICD_ICACTIVER, ~0u);
    for (uint32_t i = 0; i < GIC_PPI_END; i += 4) {
        gicd_write(GICD_IPRIORITYR + i, GIC_PRIORITY_ALL);
    }
    mmio_write32(board_gic.v2_cpu_interface + GICC_PMR, 0xff);
    mmio_write32(board_gic.v2_cpu_interface + GICC_CTLR, GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE);
}

static uint32_t v2_take(void)
{
    return mmio_read32(board_gic.v2_cpu_interface + GICC_IAR);
}

static void v2_drop(uint32_t intid)
{
    mmio_write32(board_gic.v2_cpu_interface + GICC_EOIR, intid);
}

static void v2_deactivate(uint32_t intid)
{
    mmio_write32(board_gic.v2_cpu_interface + GICC_DIR, intid);
}

static void v2_activate_ppi(uint32_t core, uint32_t intid)
{
    (void)core; /* banked: a core reaches only its own */
    gicd_write(GICD_ISACTIVER, 1u << intid);
}

static void v2_enable(uint32_t intid, uint32_t core, bool is_edge)
{
    uint32_t shift = intid % 4 * 8;
    uint32_t config_bit = 2u << intid % 16 * 2;

    if (intid >= GIC_PPI_END) {
        uint64_t targets = GICD_ITARGETSR + (intid & ~3u);
        uint64_t config = GICD_ICFGR + intid / 16 * 4;
        gicd_write(targets, (gicd_read(targets) & ~(0xffu << shift)) | 1u << core << shift);
        gicd_write(config, is_edge ? gicd_read(config) | config_bit : gicd_read(config) & ~config_bit);
    }
    gicd_write(GICD_ISENABLER + intid / 32 * 4, 1u << intid % 32);
}

static void v2_disable(uint32_t intid)
{
    gicd_write(GICD_ICENABLER + intid / 32 * 4, 1u << intid % 32);
}

static void v2_send_reschedule(uint32_t core)
{
    cpu_dsb();
    gicd_write(GICD_SGIR, 1u << core << SGIR_TARGET_SHIFT | GIC_RESCHEDULE_INTID);
}

const struct gic_ops gic_v2_ops = {
    .init_distributor = v2_init_distributor,
    .init_core = v2_init_core,
    .take = v2_take,
    .drop = v2_drop,
    .deactivate = v2_deactivate,
    .activate_ppi = v2_activate_ppi,
    .enable = v2_enable,
    .disable = v2_disable,
    .send_reschedule = v2_send_reschedule,
};

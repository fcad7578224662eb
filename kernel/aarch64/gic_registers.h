/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 *
 * Registers of the GIC that the kernel uses; offsets and fields as in the
 * specifications [GICv2 4, 5; GICv3 12].
 */
#ifndef KERNEL_ARCH_GIC_REGISTERS_H
#define KERNEL_ARCH_GIC_REGISTERS_H

#include "kernel/core/types.h"

enum gicd_offset {
    GICD_CTLR = 0x000,
    GICD_TYPER = 0x004,
    GICD_IGROUPR = 0x080,
    GICD_ISENABLER = 0x100,
    GICD_ICENABLER = 0x180,
    GICD_ICPENDR = 0x280,
    GICD_ISACTIVER = 0x300,
    GICD_ICACTIVER = 0x380,
    GICD_IPRIORITYR = 0x400,
    GICD_ITARGETSR = 0x800,
    GICD_ICFGR = 0xc00,
    GICD_SGIR = 0xf00,
    GICD_IROUTER = 0x6000,
};

enum gicc_offset {
    GICC_CTLR = 0x000,
    GICC_PMR = 0x004,
    GICC_IAR = 0x00c,
    GICC_EOIR = 0x010,
    GICC_DIR = 0x1000,
};

enum gich_offset {
    GICH_HCR = 0x000,
    GICH_VTR = 0x004,
    GICH_VMCR = 0x008,
    GICH_MISR = 0x010,
    GICH_EISR0 = 0x020,
    GICH_ELRSR0 = 0x030,
    GICH_APR = 0x0f0,
    GICH_LR0 = 0x100,
};

enum gicr_offset {
    GICR_CTLR = 0x0000,
    GICR_WAKER = 0x0014,
    GICR_SGI_BASE = 0x10000, /* IGROUPR0 and so on, at the distributor's offsets */
};

#define GICR_STRIDE           0x20000
#define GICR_WAKER_SLEEP      BIT(1)
#define GICR_WAKER_ASLEEP     BIT(2)
#define GICD_CTLR_ENABLE      BIT(0)
#define GICD_CTLR_ENABLE_GRP1 BIT(1)
#define GICD_CTLR_ARE         BIT(4)
#define GICD_CTLR_RWP         BIT(31)
#define GICC_CTLR_ENABLE      BIT(0)
#define GICC_CTLR_EOIMODE     BIT(9)
#define GIC_PRIORITY_ALL      0xa0a0a0a0u

static inline uint32_t mmio_read32(uint64_t address)
{
    return *(volatile uint32_t *)address;
}

static inline void mmio_write32(uint64_t address, uint32_t value)
{
    *(volatile uint32_t *)address = value;
}

/* Number of interrupts that a distributor has [GICD_TYPER.ITLinesNumber]. */
static inline uint32_t gicd_intid_count(uint64_t distributor)
{
    uint32_t count = 32 * ((mmio_read32(distributor + GICD_TYPER) & 31) + 1);
    return count > 1020 ? 1020 : count;
}

#endif

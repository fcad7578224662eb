/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Registers of the Generic Interrupt Controller, versions 2 and 3: offsets in their frames, and fields.
 */
#pragma once

#include "spec/bits.h"

/* clang-format off */
enum {                            /* access, versions: section */
    GICD_CTLR          = 0x0000,  /* RW, v2 v3: [GICv2 4.3.1] [GICv3 12.9] */
    GICD_TYPER         = 0x0004,  /* RO, v2 v3: [GICv2 4.3.2] [GICv3 12.9] */
    GICD_IIDR          = 0x0008,  /* RO, v2 v3: [GICv2 4.3.3] [GICv3 12.9] */
    GICD_TYPER2        = 0x000c,  /* RO, v3: [GICv3 12.9] */
    GICD_STATUSR       = 0x0010,  /* RW, v3: [GICv3 12.9]; optional */
    GICD_SETSPI_NSR    = 0x0040,  /* WO, v3: [GICv3 12.9] */
    GICD_CLRSPI_NSR    = 0x0048,  /* WO, v3: [GICv3 12.9] */
    GICD_SETSPI_SR     = 0x0050,  /* WO, v3: [GICv3 12.9] */
    GICD_CLRSPI_SR     = 0x0058,  /* WO, v3: [GICv3 12.9] */
    GICD_IGROUPR       = 0x0080,  /* RW, v2 v3: [GICv2 4.3.4] [GICv3 12.9] */
    GICD_ISENABLER     = 0x0100,  /* RW, v2 v3: [GICv2 4.3.5] [GICv3 12.9] */
    GICD_ICENABLER     = 0x0180,  /* RW, v2 v3: [GICv2 4.3.6] [GICv3 12.9] */
    GICD_ISPENDR       = 0x0200,  /* RW, v2 v3: [GICv2 4.3.7] [GICv3 12.9] */
    GICD_ICPENDR       = 0x0280,  /* RW, v2 v3: [GICv2 4.3.8] [GICv3 12.9] */
    GICD_ISACTIVER     = 0x0300,  /* RW, v2 v3: [GICv2 4.3.9] [GICv3 12.9] */
    GICD_ICACTIVER     = 0x0380,  /* RW, v2 v3: [GICv2 4.3.10] [GICv3 12.9] */
    GICD_IPRIORITYR    = 0x0400,  /* RW, v2 v3: [GICv2 4.3.11] [GICv3 12.9] */
    GICD_ITARGETSR     = 0x0800,  /* RW, v2: [GICv2 4.3.12]; v3 with affinity routing: RAZ/WI */
    GICD_ICFGR         = 0x0c00,  /* RW, v2 v3: [GICv2 4.3.13] [GICv3 12.9] */
    GICD_IGRPMODR      = 0x0d00,  /* RW, v3: [GICv3 12.9]; one Security state: RAZ/WI */
    GICD_NSACR         = 0x0e00,  /* RW, v2 v3: [GICv2 4.3.14] [GICv3 12.9]; one Security state: RAZ/WI */
    GICD_SGIR          = 0x0f00,  /* WO, v2: [GICv2 4.3.15]; v3 with affinity routing: WI */
    GICD_CPENDSGIR     = 0x0f10,  /* RW, v2: [GICv2 4.3.16]; v3 with affinity routing: RAZ/WI */
    GICD_SPENDSGIR     = 0x0f20,  /* RW, v2: [GICv2 4.3.17]; v3 with affinity routing: RAZ/WI */
    GICD_V2_ID         = 0x0fd0,  /* RO, v2: [GICv2 4.3.18]; PIDR4-7, PIDR0-3, CIDR0-3 */
    GICD_IROUTER       = 0x6000,  /* RW, v3: [GICv3 12.9] */
    GICV3_ID           = 0xffd0,  /* RO, v3: [GICv3 12.1]; of every frame: PIDR4-7, PIDR0-3, CIDR0-3 */
};

enum {                            /* offsets in RD_base */
    GICR_CTLR          = 0x0000,  /* RW, v3: [GICv3 12.11] */
    GICR_IIDR          = 0x0004,  /* RO, v3: [GICv3 12.11] */
    GICR_TYPER         = 0x0008,  /* RO, v3: [GICv3 12.11] */
    GICR_STATUSR       = 0x0010,  /* RW, v3: [GICv3 12.11]; optional */
    GICR_WAKER         = 0x0014,  /* RW, v3: [GICv3 12.11] */
    GICR_SETLPIR       = 0x0040,  /* WO, v3: [GICv3 12.11] */
    GICR_CLRLPIR       = 0x0048,  /* WO, v3: [GICv3 12.11] */
    GICR_PROPBASER     = 0x0070,  /* RW, v3: [GICv3 12.11] */
    GICR_PENDBASER     = 0x0078,  /* RW, v3: [GICv3 12.11] */
    GICR_INVLPIR       = 0x00a0,  /* WO, v3: [GICv3 12.11] */
    GICR_INVALLR       = 0x00b0,  /* WO, v3: [GICv3 12.11] */
    GICR_SYNCR         = 0x00c0,  /* RO, v3: [GICv3 12.11] */
    GICR_SGI_BASE      = 0x10000, /* the second frame: the registers of interrupts 0 to 31 */
};

enum {                            /* offsets in SGI_base */
    GICR_IGROUPR0      = 0x0080,  /* RW, v3: [GICv3 12.11]; so are all of these */
    GICR_ISENABLER0    = 0x0100,  /* RW, v3 */
    GICR_ICENABLER0    = 0x0180,  /* RW, v3 */
    GICR_ISPENDR0      = 0x0200,  /* RW, v3 */
    GICR_ICPENDR0      = 0x0280,  /* RW, v3 */
    GICR_ISACTIVER0    = 0x0300,  /* RW, v3 */
    GICR_ICACTIVER0    = 0x0380,  /* RW, v3 */
    GICR_IPRIORITYR    = 0x0400,  /* RW, v3 */
    GICR_ICFGR         = 0x0c00,  /* RW, v3 */
    GICR_IGRPMODR0     = 0x0d00,  /* RW, v3; one Security state: RAZ/WI */
    GICR_NSACR         = 0x0e00,  /* RW, v3; one Security state: RAZ/WI */
};

enum {                            /* the CPU interface of version 2, and what a guest gets in its place (GICV) */
    GICC_CTLR          = 0x0000,  /* RW: [GICv2 4.4.1] */
    GICC_PMR           = 0x0004,  /* RW: [GICv2 4.4.2] */
    GICC_BPR           = 0x0008,  /* RW: [GICv2 4.4.3] */
    GICC_IAR           = 0x000c,  /* RO: [GICv2 4.4.4] */
    GICC_EOIR          = 0x0010,  /* WO: [GICv2 4.4.5] */
    GICC_RPR           = 0x0014,  /* RO: [GICv2 4.4.6] */
    GICC_HPPIR         = 0x0018,  /* RO: [GICv2 4.4.7] */
    GICC_IIDR          = 0x00fc,  /* RO: [GICv2 4.4.14] */
    GICC_DIR           = 0x1000,  /* WO: [GICv2 4.4.15] */
};

enum {                            /* the virtual interface control of version 2 */
    GICH_HCR           = 0x0000,  /* RW: [GICv2 5.3.1] */
    GICH_VTR           = 0x0004,  /* RO: [GICv2 5.3.2] */
    GICH_VMCR          = 0x0008,  /* RW: [GICv2 5.3.3] */
    GICH_MISR          = 0x0010,  /* RO: [GICv2 5.3.4] */
    GICH_EISR0         = 0x0020,  /* RO: [GICv2 5.3.5] */
    GICH_ELRSR0        = 0x0030,  /* RO: [GICv2 5.3.6] */
    GICH_APR           = 0x00f0,  /* RW: [GICv2 5.3.7] */
    GICH_LR0           = 0x0100,  /* RW: [GICv2 5.3.8] */
};
/* clang-format on */

#define GIC_INTID_SPI_FIRST 32
#define GIC_INTID_COUNT     1020 /* SGIs, PPIs and SPIs */
#define GIC_INTID_SPURIOUS  1023

#define GICD_CTLR_ENABLE_GRP0 BIT(0)
#define GICD_CTLR_ENABLE_GRP1 BIT(1)
#define GICD_CTLR_ENABLES     FIELD(1, 0)
#define GICD_CTLR_ARE         BIT(4)  /* v3 */
#define GICD_CTLR_DS          BIT(6)  /* v3 */
#define GICD_CTLR_RWP         BIT(31) /* v3 */

#define GICD_TYPER_IT_LINES   FIELD(4, 0)
#define GICD_TYPER_CPU_NUMBER FIELD(7, 5)
#define GICD_TYPER_ID_BITS    FIELD(23, 19) /* v3 */
#define GICD_TYPER_RSS        BIT(26)       /* v3 */

#define GICD_IROUTER_IRM      BIT(31)
#define GICD_IROUTER_AFFINITY FIELD(23, 0)

#define GICD_SGIR_FILTER        FIELD(25, 24)
#define GICD_SGIR_FILTER_OTHERS 1
#define GICD_SGIR_FILTER_SELF   2
#define GICD_SGIR_TARGETS       FIELD(23, 16)
#define GICD_SGIR_INTID         FIELD(3, 0)

#define GICR_STRIDE         0x20000 /* of the two frames of a Redistributor without virtual LPIs */
#define GICR_TYPER_LAST     BIT(4)
#define GICR_TYPER_NUMBER   FIELD(23, 8)
#define GICR_TYPER_AFFINITY FIELD(63, 32)

#define GICR_WAKER_SLEEP  BIT(1) /* ProcessorSleep */
#define GICR_WAKER_ASLEEP BIT(2) /* ChildrenAsleep */

#define GICC_CTLR_ENABLE  BIT(0)
#define GICC_CTLR_EOIMODE BIT(9)

/* The frame of a GICv2m, which takes messages [SBSA GICv2m]. */
#define GICV2M_MSI_TYPER     0x008 /* RO */
#define GICV2M_MSI_SETSPI_NS 0x040 /* WO */
#define GICV2M_MSI_IIDR      0xfcc /* RO */

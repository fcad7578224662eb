/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Register offsets, fields and the form of register tables, for both versions, and the handlers of registers that work
 * alike in both.
 *
 * A table is an array of rows, sorted by offset and disjoint. A row is a register, or a bank of one register over
 * interrupts. What no row covers is reserved: RAZ/WI [GICv2 4.1.3] [GICv3 12.1]. An access that is not aligned, or of
 * a width that the register does not have, is UNPREDICTABLE; it is answered as RAZ/WI and reported as the guest's
 * mistake.
 */
#pragma once

#include "aarch64/vgic/vgic.h"
#include "util/field.h"

/* clang-format off */
enum {                            /* access, versions: section */
    GICD_CTLR          = 0x0000,  /* RW, v2 v3: [GICv2 4.3.1] [GICv3 12.9] */
    GICD_TYPER         = 0x0004,  /* RO, v2 v3: [GICv2 4.3.2] [GICv3 12.9] */
    GICD_IIDR          = 0x0008,  /* RO, v2 v3: [GICv2 4.3.3] [GICv3 12.9] */
    GICD_TYPER2        = 0x000c,  /* RO, v3: [GICv3 12.9] */
    GICD_STATUSR       = 0x0010,  /* RW, v3: [GICv3 12.9]; optional, RAZ/WI */
    GICD_SETSPI_NSR    = 0x0040,  /* WO, v3: [GICv3 12.9]; no message-based SPIs, WI */
    GICD_CLRSPI_NSR    = 0x0048,  /* WO, v3: likewise */
    GICD_SETSPI_SR     = 0x0050,  /* WO, v3: likewise */
    GICD_CLRSPI_SR     = 0x0058,  /* WO, v3: likewise */
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
    GICR_STATUSR       = 0x0010,  /* RW, v3: [GICv3 12.11]; optional, RAZ/WI */
    GICR_WAKER         = 0x0014,  /* RW, v3: [GICv3 12.11] */
    GICR_SETLPIR       = 0x0040,  /* WO, v3: [GICv3 12.11]; no LPIs, WI; so are the registers up to SYNCR */
    GICR_CLRLPIR       = 0x0048,  /* WO, v3 */
    GICR_PROPBASER     = 0x0070,  /* RW, v3: RAZ/WI */
    GICR_PENDBASER     = 0x0078,  /* RW, v3: RAZ/WI */
    GICR_INVLPIR       = 0x00a0,  /* WO, v3 */
    GICR_INVALLR       = 0x00b0,  /* WO, v3 */
    GICR_SYNCR         = 0x00c0,  /* RO, v3: RAZ */
};

enum {                            /* offsets in SGI_base; the registers of interrupts 0..31 */
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
/* clang-format on */

#define GICD_CTLR_ENABLE_GRP0 BIT(0)
#define GICD_CTLR_ENABLE_GRP1 BIT(1)
#define GICD_CTLR_ENABLES     FIELD(1, 0)
#define GICD_CTLR_ARE         BIT(4) /* v3 */
#define GICD_CTLR_DS          BIT(6) /* v3 */

#define GICD_TYPER_IT_LINES   FIELD(4, 0)
#define GICD_TYPER_CPU_NUMBER FIELD(7, 5)
#define GICD_TYPER_ID_BITS    FIELD(23, 19) /* v3 */
#define GICD_TYPER_RSS        BIT(26)       /* v3 */

#define GICD_IROUTER_IRM      BIT(31)
#define GICD_IROUTER_AFFINITY FIELD(23, 0)

#define GICD_SGIR_FILTER  FIELD(25, 24)
#define GICD_SGIR_TARGETS FIELD(23, 16)
#define GICD_SGIR_INTID   FIELD(3, 0)

#define GICR_TYPER_LAST     BIT(4)
#define GICR_TYPER_NUMBER   FIELD(23, 8)
#define GICR_TYPER_AFFINITY FIELD(63, 32)

#define GICR_WAKER_SLEEP  BIT(1) /* ProcessorSleep */
#define GICR_WAKER_ASLEEP BIT(2) /* ChildrenAsleep */

/* Five bits of priority, as many as list registers carry; the others are RAZ/WI [GICv2 3.3] [GICv3 4.8]. */
#define VGIC_PRIORITY_MASK 0xf8

/* An emulation of libvmm: no product of a JEP106 manufacturer. Implementer and PIDR name the architecture's author. */
#define VGIC_IIDR 0x4c00043b

/* What a handler gets to know. The access is aligned, of a width that the row permits, and inside the row. */
struct vgic_reg_access {
    struct vgic *vgic;
    uint32_t vcpu_id; /* whose banked state is meant */
    uint32_t irq;     /* first interrupt covered, for rows with bits_per_irq */
    uint32_t offset;  /* in the row */
    uint32_t width_bytes;
};

typedef uint64_t (*vgic_reg_read_t)(const struct vgic_reg_access *access);
typedef void (*vgic_reg_write_t)(const struct vgic_reg_access *access, uint64_t value);

struct vgic_reg {
    uint16_t offset;
    uint16_t length_bytes;
    uint8_t widths;       /* mask of 1|2|4|8 */
    uint8_t bits_per_irq; /* 0: not banked over interrupts */
    uint16_t first_irq;
    vgic_reg_read_t read;
    vgic_reg_write_t write;
};

struct vgic_reg_table {
    const struct vgic_reg *rows;
    uint32_t count;
    uint32_t frame; /* below VGIC_FRAME_COUNT: tables that one controller has differ in it */
};

/* The row that covers an offset, or NULL. */
const struct vgic_reg *vgic_regs_find(const struct vgic_reg_table *table, uint32_t offset);

/* Performs an access at `offset` of the frame that a table describes. */
enum mmio_result vgic_regs_access(const struct vgic_reg_table *table, struct vgic *vgic, uint32_t vcpu_id,
                                  uint32_t offset, struct mmio_access *access);

/* Handlers common to both versions. */
uint64_t vgic_read_zero(const struct vgic_reg_access *access);
void vgic_write_ignored(const struct vgic_reg_access *access, uint64_t value);
uint64_t vgic_read_iidr(const struct vgic_reg_access *access);
uint64_t vgic_read_group(const struct vgic_reg_access *access);
void vgic_write_group(const struct vgic_reg_access *access, uint64_t value);
uint64_t vgic_read_enabled(const struct vgic_reg_access *access);
void vgic_write_set_enabled(const struct vgic_reg_access *access, uint64_t value);
void vgic_write_clear_enabled(const struct vgic_reg_access *access, uint64_t value);
uint64_t vgic_read_pending(const struct vgic_reg_access *access);
void vgic_write_set_pending(const struct vgic_reg_access *access, uint64_t value);
void vgic_write_clear_pending(const struct vgic_reg_access *access, uint64_t value);
uint64_t vgic_read_active(const struct vgic_reg_access *access);
void vgic_write_set_active(const struct vgic_reg_access *access, uint64_t value);
void vgic_write_clear_active(const struct vgic_reg_access *access, uint64_t value);
uint64_t vgic_read_priority(const struct vgic_reg_access *access);
void vgic_write_priority(const struct vgic_reg_access *access, uint64_t value);
uint64_t vgic_read_config(const struct vgic_reg_access *access);
void vgic_write_config(const struct vgic_reg_access *access, uint64_t value);

/* Sets GICD_CTLR's group enables and delivers what may be delivered thereby. */
void vgic_set_group_enables(struct vgic *vgic, uint32_t enables);

/* Refreshes a word and delivers what became ready. */
void vgic_update(struct vgic *vgic, uint32_t vcpu_id, uint32_t word);

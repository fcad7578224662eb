/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The form of register tables, for both versions, and the handlers of registers that work alike in both.
 *
 * A table is an array of rows, sorted by offset and disjoint. A row is a register, or a bank of one register over
 * interrupts. What no row covers is reserved: RAZ/WI [GICv2 4.1.3] [GICv3 12.1]. An access that is not aligned, or of
 * a width that the register does not have, is UNPREDICTABLE; it is answered as RAZ/WI and reported as the guest's
 * mistake.
 */
#pragma once

#include "aarch64/vgic/vgic.h"
#include "spec/arm/gic.h"
#include "util/field.h"

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

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The Distributor and the Redistributors of a GICv3, with one Security state (GICD_CTLR.DS is RAO/WI) and affinity
 * routing always on (ARE is RAO/WI), which makes the Distributor's registers of interrupts 0..31 and of the GICv2's
 * SGIs RAZ/WI [GICv3 12.9].
 *
 * Left out: LPIs, message-based SPIs, extended INTID ranges, affinity level 3; TYPER says so.
 *
 * Every write takes effect at once, so RWP, where a register has it, reads as zero.
 */
#include "aarch64/vgic/vgic_v3.h"

#include <libvmm/util/util.h>

#include "aarch64/vgic/vgic_irq.h"
#include "aarch64/vgic/vgic_lr.h"

#define ID_BIT_COUNT 10 /* INTIDs 0..1023 */

static uint64_t read_ctlr(const struct vgic_reg_access *access)
{
    return GICD_CTLR_DS | GICD_CTLR_ARE | access->vgic->group_enables;
}

static void write_ctlr(const struct vgic_reg_access *access, uint64_t value)
{
    vgic_set_group_enables(access->vgic, field_get32(GICD_CTLR_ENABLES, value));
}

/* CPUNumber counts processors that can do without affinity routing: there are none. */
static uint64_t read_typer(const struct vgic_reg_access *access)
{
    (void)access;
    return field_make(GICD_TYPER_IT_LINES, VGIC_WORD_COUNT - 1) | field_make(GICD_TYPER_ID_BITS, ID_BIT_COUNT - 1) |
           GICD_TYPER_RSS;
}

/* The half that a 32-bit access to a 64-bit register means, or all of it. */
static uint64_t part_of(const struct vgic_reg_access *access, uint64_t value)
{
    const uint64_t from_offset = value >> (8 * (access->offset & 7));
    return access->width_bytes == 8 ? from_offset : (uint32_t)from_offset;
}

static uint64_t read_route(const struct vgic_reg_access *access)
{
    return part_of(access, access->vgic->route[access->irq]);
}

/* The upper half is Aff3 alone, which does not exist here. */
static void write_route(const struct vgic_reg_access *access, uint64_t value)
{
    if ((access->offset & 7) != 0) {
        return;
    }
    access->vgic->route[access->irq] = (uint32_t)(value & (GICD_IROUTER_IRM | GICD_IROUTER_AFFINITY));
    vgic_deliver(access->vgic, vgic_irq_reroute(access->vgic, access->irq));
}

/* PIDR4-7, PIDR0-3, CIDR0-3: frames of 64 KiB, architecture revision 3. */
static uint64_t read_id(const struct vgic_reg_access *access)
{
    static const uint8_t values[] = {0x44, 0, 0, 0, 0x00, 0xb0, 0x3b, 0, 0x0d, 0xf0, 0x05, 0xb1};
    return values[access->offset / 4];
}

static uint64_t read_redist_typer(const struct vgic_reg_access *access)
{
    const uint64_t last = access->vcpu_id == access->vgic->vcpu_count - 1 ? GICR_TYPER_LAST : 0;
    return part_of(access, field_make(GICR_TYPER_AFFINITY, access->vgic->affinity[access->vcpu_id]) |
                               field_make(GICR_TYPER_NUMBER, access->vcpu_id) | last);
}

/* ChildrenAsleep follows ProcessorSleep at once. */
static uint64_t read_waker(const struct vgic_reg_access *access)
{
    return access->vgic->vcpus[access->vcpu_id].asleep ? GICR_WAKER_SLEEP | GICR_WAKER_ASLEEP : 0;
}

static void write_waker(const struct vgic_reg_access *access, uint64_t value)
{
    access->vgic->vcpus[access->vcpu_id].asleep = (value & GICR_WAKER_SLEEP) != 0;
    vgic_deliver(access->vgic, UINT32_C(1) << access->vcpu_id);
}

/* clang-format off */
static const struct vgic_reg dist_rows[] = {
    /* offset, length, widths, bits per interrupt, first interrupt, read, write */
    {GICD_CTLR,              0x04,   4,     0,  0,  read_ctlr,          write_ctlr},
    {GICD_TYPER,             0x04,   4,     0,  0,  read_typer,         vgic_write_ignored},
    {GICD_IIDR,              0x04,   4,     0,  0,  vgic_read_iidr,     vgic_write_ignored},
    {GICD_TYPER2,            0x04,   4,     0,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_STATUSR,           0x04,   4,     0,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_SETSPI_NSR,        0x04,   4,     0,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_CLRSPI_NSR,        0x04,   4,     0,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_SETSPI_SR,         0x04,   4,     0,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_CLRSPI_SR,         0x04,   4,     0,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_IGROUPR,           0x04,   4,     1,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_IGROUPR + 4,       0x7c,   4,     1,  32, vgic_read_group,    vgic_write_group},
    {GICD_ISENABLER,         0x04,   4,     1,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_ISENABLER + 4,     0x7c,   4,     1,  32, vgic_read_enabled,  vgic_write_set_enabled},
    {GICD_ICENABLER,         0x04,   4,     1,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_ICENABLER + 4,     0x7c,   4,     1,  32, vgic_read_enabled,  vgic_write_clear_enabled},
    {GICD_ISPENDR,           0x04,   4,     1,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_ISPENDR + 4,       0x7c,   4,     1,  32, vgic_read_pending,  vgic_write_set_pending},
    {GICD_ICPENDR,           0x04,   4,     1,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_ICPENDR + 4,       0x7c,   4,     1,  32, vgic_read_pending,  vgic_write_clear_pending},
    {GICD_ISACTIVER,         0x04,   4,     1,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_ISACTIVER + 4,     0x7c,   4,     1,  32, vgic_read_active,   vgic_write_set_active},
    {GICD_ICACTIVER,         0x04,   4,     1,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_ICACTIVER + 4,     0x7c,   4,     1,  32, vgic_read_active,   vgic_write_clear_active},
    {GICD_IPRIORITYR,        0x20,   1 | 4, 8,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_IPRIORITYR + 0x20, 0x3dc,  1 | 4, 8,  32, vgic_read_priority, vgic_write_priority},
    {GICD_ITARGETSR,         0x3fc,  1 | 4, 8,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_ICFGR,             0x08,   4,     2,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_ICFGR + 8,         0xf8,   4,     2,  32, vgic_read_config,   vgic_write_config},
    {GICD_IGRPMODR,          0x80,   4,     1,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_NSACR,             0x100,  4,     2,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_SGIR,              0x04,   4,     0,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_CPENDSGIR,         0x10,   1 | 4, 8,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_SPENDSGIR,         0x10,   1 | 4, 8,  0,  vgic_read_zero,     vgic_write_ignored},
    {GICD_IROUTER + 0x100,   0x1ee0, 4 | 8, 64, 32, read_route,         write_route},
    {GICV3_ID,               0x30,   4,     0,  0,  read_id,            vgic_write_ignored},
};

static const struct vgic_reg rd_rows[] = {
    {GICR_CTLR,      0x04, 4,     0, 0, vgic_read_zero,    vgic_write_ignored},
    {GICR_IIDR,      0x04, 4,     0, 0, vgic_read_iidr,    vgic_write_ignored},
    {GICR_TYPER,     0x08, 4 | 8, 0, 0, read_redist_typer, vgic_write_ignored},
    {GICR_STATUSR,   0x04, 4,     0, 0, vgic_read_zero,    vgic_write_ignored},
    {GICR_WAKER,     0x04, 4,     0, 0, read_waker,        write_waker},
    {GICR_SETLPIR,   0x08, 4 | 8, 0, 0, vgic_read_zero,    vgic_write_ignored},
    {GICR_CLRLPIR,   0x08, 4 | 8, 0, 0, vgic_read_zero,    vgic_write_ignored},
    {GICR_PROPBASER, 0x08, 4 | 8, 0, 0, vgic_read_zero,    vgic_write_ignored},
    {GICR_PENDBASER, 0x08, 4 | 8, 0, 0, vgic_read_zero,    vgic_write_ignored},
    {GICR_INVLPIR,   0x08, 4 | 8, 0, 0, vgic_read_zero,    vgic_write_ignored},
    {GICR_INVALLR,   0x08, 4 | 8, 0, 0, vgic_read_zero,    vgic_write_ignored},
    {GICR_SYNCR,     0x04, 4,     0, 0, vgic_read_zero,    vgic_write_ignored},
    {GICV3_ID,       0x30, 4,     0, 0, read_id,           vgic_write_ignored},
};

static const struct vgic_reg sgi_rows[] = {
    {GICR_IGROUPR0,   0x04, 4,     1, 0, vgic_read_group,    vgic_write_group},
    {GICR_ISENABLER0, 0x04, 4,     1, 0, vgic_read_enabled,  vgic_write_set_enabled},
    {GICR_ICENABLER0, 0x04, 4,     1, 0, vgic_read_enabled,  vgic_write_clear_enabled},
    {GICR_ISPENDR0,   0x04, 4,     1, 0, vgic_read_pending,  vgic_write_set_pending},
    {GICR_ICPENDR0,   0x04, 4,     1, 0, vgic_read_pending,  vgic_write_clear_pending},
    {GICR_ISACTIVER0, 0x04, 4,     1, 0, vgic_read_active,   vgic_write_set_active},
    {GICR_ICACTIVER0, 0x04, 4,     1, 0, vgic_read_active,   vgic_write_clear_active},
    {GICR_IPRIORITYR, 0x20, 1 | 4, 8, 0, vgic_read_priority, vgic_write_priority},
    {GICR_ICFGR,      0x08, 4,     2, 0, vgic_read_config,   vgic_write_config},
    {GICR_IGRPMODR0,  0x04, 4,     1, 0, vgic_read_zero,     vgic_write_ignored},
    {GICR_NSACR,      0x04, 4,     2, 0, vgic_read_zero,     vgic_write_ignored},
};
/* clang-format on */

const struct vgic_reg_table vgic_v3_dist_table = {dist_rows, ARRAY_SIZE(dist_rows), 0};
const struct vgic_reg_table vgic_v3_rd_table = {rd_rows, ARRAY_SIZE(rd_rows), 1};
const struct vgic_reg_table vgic_v3_sgi_table = {sgi_rows, ARRAY_SIZE(sgi_rows), 2};

enum mmio_result vgic_v3_dist_access(void *dev, struct mmio_access *access)
{
    return vgic_regs_access(&vgic_v3_dist_table, dev, access->vcpu_id, (uint32_t)access->offset, access);
}

/* Any vCPU may use any Redistributor. The region has exactly those of the vCPUs that exist. */
enum mmio_result vgic_v3_redist_access(void *dev, struct mmio_access *access)
{
    const uint32_t vcpu_id = (uint32_t)(access->offset / VGIC_V3_REDIST_SIZE_BYTES);
    const uint32_t in_redist = (uint32_t)(access->offset % VGIC_V3_REDIST_SIZE_BYTES);
    if (in_redist < VGIC_V3_FRAME_SIZE_BYTES) {
        return vgic_regs_access(&vgic_v3_rd_table, dev, vcpu_id, in_redist, access);
    }
    return vgic_regs_access(&vgic_v3_sgi_table, dev, vcpu_id, in_redist - VGIC_V3_FRAME_SIZE_BYTES, access);
}

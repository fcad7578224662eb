/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The Distributor of a GICv2 [GICv2 4.3], without Security Extensions.
 *
 * Left out: IMPLEMENTATION DEFINED registers (RAZ/WI).
 */
#include "aarch64/vgic/vgic_v2.h"

#include <libvmm/util/util.h>

#include "aarch64/vgic/vgic_irq.h"
#include "aarch64/vgic/vgic_lr.h"
#include "aarch64/vgic/vgic_sgi.h"

static uint64_t read_ctlr(const struct vgic_reg_access *access)
{
    return access->vgic->group_enables;
}

static void write_ctlr(const struct vgic_reg_access *access, uint64_t value)
{
    vgic_set_group_enables(access->vgic, field_get32(GICD_CTLR_ENABLES, value));
}

static uint64_t read_typer(const struct vgic_reg_access *access)
{
    return field_make(GICD_TYPER_IT_LINES, VGIC_WORD_COUNT - 1) |
           field_make(GICD_TYPER_CPU_NUMBER, access->vgic->vcpu_count - 1);
}

/* With one processor there is nothing to choose, and these are RAZ/WI [GICv2 4.3.12]; Linux knows. */
static uint64_t read_targets(const struct vgic_reg_access *access)
{
    const struct vgic *vgic = access->vgic;
    if (vgic->vcpu_count == 1) {
        return 0;
    }
    uint64_t value = 0;
    for (uint32_t i = 0; i < access->width_bytes; i++) {
        const uint32_t irq = access->irq + i;
        const uint64_t targets = irq < VGIC_PRIVATE_COUNT ? BIT(access->vcpu_id) : vgic->route[irq];
        value |= targets << (8 * i);
    }
    return value;
}

static void write_targets(const struct vgic_reg_access *access, uint64_t value)
{
    struct vgic *vgic = access->vgic;
    if (vgic->vcpu_count == 1 || access->irq < VGIC_PRIVATE_COUNT) {
        return;
    }
    uint32_t touched = 0;
    for (uint32_t i = 0; i < access->width_bytes; i++) {
        vgic->route[access->irq + i] = (uint32_t)(value >> (8 * i)) & vgic_all_vcpus(vgic);
        touched |= vgic_irq_reroute(vgic, access->irq + i);
    }
    vgic_deliver(vgic, touched);
}

/* PIDR4-7, PIDR0-3, CIDR0-3: architecture revision 2. */
static uint64_t read_id(const struct vgic_reg_access *access)
{
    static const uint8_t values[] = {0x04, 0, 0, 0, 0x00, 0xb0, 0x2b, 0, 0x0d, 0xf0, 0x05, 0xb1};
    return values[access->offset / 4];
}

/* clang-format off */
static const struct vgic_reg rows[] = {
    /* offset, length, widths, bits per interrupt, first interrupt, read, write */
    {GICD_CTLR,       0x04,  4,     0, 0, read_ctlr,             write_ctlr},
    {GICD_TYPER,      0x04,  4,     0, 0, read_typer,            vgic_write_ignored},
    {GICD_IIDR,       0x04,  4,     0, 0, vgic_read_iidr,        vgic_write_ignored},
    {GICD_IGROUPR,    0x80,  4,     1, 0, vgic_read_group,       vgic_write_group},
    {GICD_ISENABLER,  0x80,  4,     1, 0, vgic_read_enabled,     vgic_write_set_enabled},
    {GICD_ICENABLER,  0x80,  4,     1, 0, vgic_read_enabled,     vgic_write_clear_enabled},
    {GICD_ISPENDR,    0x80,  4,     1, 0, vgic_read_pending,     vgic_write_set_pending},
    {GICD_ICPENDR,    0x80,  4,     1, 0, vgic_read_pending,     vgic_write_clear_pending},
    {GICD_ISACTIVER,  0x80,  4,     1, 0, vgic_read_active,      vgic_write_set_active},
    {GICD_ICACTIVER,  0x80,  4,     1, 0, vgic_read_active,      vgic_write_clear_active},
    {GICD_IPRIORITYR, 0x3fc, 1 | 4, 8, 0, vgic_read_priority,    vgic_write_priority},
    {GICD_ITARGETSR,  0x3fc, 1 | 4, 8, 0, read_targets,          write_targets},
    {GICD_ICFGR,      0x100, 4,     2, 0, vgic_read_config,      vgic_write_config},
    {GICD_NSACR,      0x100, 4,     2, 0, vgic_read_zero,        vgic_write_ignored},
    {GICD_SGIR,       0x04,  4,     0, 0, vgic_read_zero,        vgic_write_sgir},
    {GICD_CPENDSGIR,  0x10,  1 | 4, 8, 0, vgic_read_sgi_pending, vgic_write_clear_sgi_pending},
    {GICD_SPENDSGIR,  0x10,  1 | 4, 8, 0, vgic_read_sgi_pending, vgic_write_set_sgi_pending},
    {GICD_V2_ID,      0x30,  4,     0, 0, read_id,               vgic_write_ignored},
};
/* clang-format on */

const struct vgic_reg_table vgic_v2_dist_table = {rows, ARRAY_SIZE(rows), 0};

enum mmio_result vgic_v2_dist_access(void *dev, struct mmio_access *access)
{
    return vgic_regs_access(&vgic_v2_dist_table, dev, access->vcpu_id, (uint32_t)access->offset, access);
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Software-generated interrupts: see vgic_sgi.h.
 */
#include "aarch64/vgic/vgic_sgi.h"

#include "aarch64/vgic/vgic_irq.h"
#include "aarch64/vgic/vgic_lr.h"

enum {
    SGIR_TO_LIST = 0,
    SGIR_TO_OTHERS = 1,
    SGIR_TO_SELF = 2
};

/* ICC_SGI1R_EL1 and its siblings [GICv3 12.2]. */
#define SGI_TARGET_LIST FIELD(15, 0)
#define SGI_AFF1        FIELD(23, 16)
#define SGI_INTID       FIELD(27, 24)
#define SGI_AFF2        FIELD(39, 32)
#define SGI_IRM         BIT(40)
#define SGI_RANGE       FIELD(47, 44)
#define SGI_AFF3        FIELD(55, 48)

uint32_t vgic_sgi_raise(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint32_t source_id)
{
    struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    const bool is_in_lr = (vcpu->private_word.in_lr & vgic_irq_bit(irq)) != 0;
    /* On a GICv2 each source's is an interrupt of its own. */
    const bool is_one = vgic->config.version == VGIC_V3 || vgic->vcpu_count == 1;
    if (is_in_lr && is_one && vgic_lr_absorb(vgic, vcpu_id, irq)) {
        return 0;
    }
    vcpu->sgi_sources[irq] = (uint8_t)(vcpu->sgi_sources[irq] | BIT(source_id));
    vcpu->private_word.latched |= vgic_irq_bit(irq);
    return vgic_irq_refresh(vgic, vcpu_id, 0);
}

/* Raises an SGI on a set of vCPUs. */
static void raise_on(struct vgic *vgic, uint32_t source_id, uint32_t targets, uint32_t irq)
{
    uint32_t touched = 0;
    for (uint32_t left = targets & vgic_all_vcpus(vgic); left != 0; left &= left - 1) {
        const uint32_t id = (uint32_t)__builtin_ctz(left);
        if (!vgic_lr_offer(vgic, id, irq)) {
            touched |= vgic_sgi_raise(vgic, id, irq, source_id);
        }
    }
    if (touched != 0) {
        vgic_deliver(vgic, touched);
    }
}

void vgic_write_sgir(const struct vgic_reg_access *access, uint64_t value)
{
    const uint32_t self = UINT32_C(1) << access->vcpu_id;
    uint32_t targets;
    switch (field_get(GICD_SGIR_FILTER, value)) {
    case SGIR_TO_LIST:
        targets = field_get32(GICD_SGIR_TARGETS, value);
        break;
    case SGIR_TO_OTHERS:
        targets = ~self;
        break;
    case SGIR_TO_SELF:
        targets = self;
        break;
    default: /* reserved */
        return;
    }
    raise_on(access->vgic, access->vcpu_id, targets, field_get32(GICD_SGIR_INTID, value));
}

uint64_t vgic_read_sgi_pending(const struct vgic_reg_access *access)
{
    const struct vgic_vcpu *vcpu = &access->vgic->vcpus[access->vcpu_id];
    uint64_t value = 0;
    for (uint32_t i = 0; i < access->width_bytes; i++) {
        value |= (uint64_t)vcpu->sgi_sources[access->irq + i] << (8 * i);
    }
    return value;
}

void vgic_write_set_sgi_pending(const struct vgic_reg_access *access, uint64_t value)
{
    struct vgic *vgic = access->vgic;
    struct vgic_vcpu *vcpu = &vgic->vcpus[access->vcpu_id];
    for (uint32_t i = 0; i < access->width_bytes; i++) {
        const uint32_t sources = (uint32_t)(value >> (8 * i)) & vgic_all_vcpus(vgic) & 0xff;
        if (sources != 0) {
            vcpu->sgi_sources[access->irq + i] = (uint8_t)(vcpu->sgi_sources[access->irq + i] | sources);
            vcpu->private_word.latched |= vgic_irq_bit(access->irq + i);
        }
    }
    vgic_update(vgic, access->vcpu_id, 0);
}

void vgic_write_clear_sgi_pending(const struct vgic_reg_access *access, uint64_t value)
{
    struct vgic *vgic = access->vgic;
    struct vgic_vcpu *vcpu = &vgic->vcpus[access->vcpu_id];
    for (uint32_t i = 0; i < access->width_bytes; i++) {
        uint8_t *sources = &vcpu->sgi_sources[access->irq + i];
        *sources = (uint8_t)(*sources & ~(value >> (8 * i)));
        if (*sources == 0) {
            vcpu->private_word.latched &= ~vgic_irq_bit(access->irq + i);
        }
    }
    vgic_update(vgic, access->vcpu_id, 0);
}

/* Whether a write names a vCPU: Aff3 to Aff1 in fields of their own, and a list of 16 of Aff0, from a multiple of 16.
 */
static bool is_target(uint64_t value, uint32_t affinity)
{
    const uint64_t cluster = field_get(SGI_AFF2, value) << 16 | field_get(SGI_AFF1, value) << 8;
    const uint32_t aff0 = affinity & 0xff;
    return (value & SGI_AFF3) == 0 && cluster == (affinity & ~UINT32_C(0xff)) &&
           aff0 / 16 == field_get(SGI_RANGE, value) && (value >> (aff0 % 16) & 1) != 0;
}

static COLD uint32_t targets_among_all(const struct vgic *vgic, uint64_t value)
{
    uint32_t targets = 0;
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        targets |= (uint32_t)is_target(value, vgic->affinity[id]) << id;
    }
    return targets;
}

/* The vCPUs that a write names by affinity. */
static uint32_t targets_by_affinity(const struct vgic *vgic, uint64_t value)
{
    if (!vgic->is_numbered) {
        return targets_among_all(vgic, value);
    }
    return (value & (SGI_AFF1 | SGI_AFF2 | SGI_AFF3 | SGI_RANGE)) != 0 ? 0 : field_get32(SGI_TARGET_LIST, value);
}

/* Of a set of vCPUs: those on which the SGI is in Group 0. */
static uint32_t with_group0(const struct vgic *vgic, uint32_t targets, uint32_t irq)
{
    uint32_t group0 = 0;
    for (uint32_t left = targets; left != 0; left &= left - 1) {
        const uint32_t id = (uint32_t)__builtin_ctz(left);
        group0 |= (vgic->vcpus[id].private_word.group & vgic_irq_bit(irq)) == 0 ? UINT32_C(1) << id : 0;
    }
    return group0;
}

/*
 * With one Security state, SGI1R generates SGIs of either group, the other two only those of Group 0: "Forwarding an
 * SGI to a target PE", with GICD_NSACR out of use [GICv3 8].
 */
enum mmio_result vgic_sgi_sysreg(struct vgic *vgic, size_t vcpu_id, enum vgic_sgi_reg reg, uint64_t value)
{
    if (vgic->config.version != VGIC_V3 || vcpu_id >= vgic->vcpu_count) {
        return MMIO_UNHANDLED;
    }
    const uint32_t id = (uint32_t)vcpu_id;
    const uint32_t irq = field_get32(SGI_INTID, value);
    uint32_t targets = (value & SGI_IRM) != 0 ? ~(UINT32_C(1) << id) : targets_by_affinity(vgic, value);
    targets &= vgic_all_vcpus(vgic);
    if (reg != VGIC_SGI_REG_SGI1R) {
        targets = with_group0(vgic, targets, irq);
    }
    raise_on(vgic, id, targets, irq);
    return MMIO_HANDLED;
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * The guest's interrupt controller as the rest of the library sees it: see vgic.h.
 */
#include "aarch64/vgic/vgic.h"

#include <libvmm/util/util.h>

#include "aarch64/vgic/vgic_irq.h"
#include "aarch64/vgic/vgic_lr.h"
#include "aarch64/vgic/vgic_sgi.h"
#include "aarch64/vgic/vgic_v2.h"
#include "aarch64/vgic/vgic_v3.h"

#define SGI_BITS UINT32_C(0x0000ffff)

/* Interrupts whose end is still owed to those who raised them; a word of bits for each word of interrupts. */
struct in_flight {
    uint32_t private_bits[VM_VCPU_COUNT_MAX];
    uint32_t shared_bits[VGIC_WORD_COUNT];
};

static void reset_vcpu(struct vgic *vgic, uint32_t vcpu_id)
{
    const bool v2 = vgic->config.version == VGIC_V2;
    struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    vcpu->ready_words = 0;
    memset(vcpu->ready, 0, sizeof(vcpu->ready));
    memset(vcpu->private_priority, 0, sizeof(vcpu->private_priority));
    memset(vcpu->sgi_sources, 0, sizeof(vcpu->sgi_sources));
    vcpu->private_word = (struct vgic_word){.edge = SGI_BITS, .enabled = v2 ? SGI_BITS : 0};
    vcpu->asleep = false;
    vgic_lr_reset(vgic, vcpu_id);
}

static void reset_state(struct vgic *vgic)
{
    vgic->group_enables = 0;
    memset(vgic->shared, 0, sizeof(vgic->shared));
    memset(vgic->shared_priority, 0, sizeof(vgic->shared_priority));
    memset(vgic->route, 0, sizeof(vgic->route));
    memset(vgic->owner, VGIC_OWNER_NONE, sizeof(vgic->owner));
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        reset_vcpu(vgic, id);
    }
    (void)vgic_irq_reroute_all(vgic);
}

enum result vgic_check_config(const struct vgic_config *config, size_t vcpu_count)
{
    if (vcpu_count == 0 || vcpu_count > VM_VCPU_COUNT_MAX) {
        return RESULT_RANGE;
    }
    switch (config->version) {
    case VGIC_V2:
        return config->dist_size_bytes < VGIC_V2_DIST_SIZE_BYTES || vcpu_count > VGIC_V2_VCPU_COUNT_MAX ? RESULT_RANGE
                                                                                                        : RESULT_OK;
    case VGIC_V3:
        return config->dist_size_bytes < VGIC_V3_DIST_SIZE_BYTES ||
                       config->redist_size_bytes / VGIC_V3_REDIST_SIZE_BYTES < vcpu_count
                   ? RESULT_RANGE
                   : RESULT_OK;
    case VGIC_NONE:
        break;
    }
    return RESULT_INVALID;
}

void vgic_log_config(const char *function, const struct vgic_config *config, size_t vcpu_count)
{
    switch (config->version) {
    case VGIC_V2:
        LOG_VMM_ERR("%s: GICv2: Distributor has 0x%llx bytes, limit is at least 0x%x; %zu vCPUs, limit is 1 to %u\n",
                    function, (unsigned long long)config->dist_size_bytes, VGIC_V2_DIST_SIZE_BYTES, vcpu_count,
                    VGIC_V2_VCPU_COUNT_MAX);
        break;
    case VGIC_V3:
        LOG_VMM_ERR("%s: GICv3: Distributor has 0x%llx bytes, limit is at least 0x%x; Redistributors of %zu vCPUs "
                    "0x%llx bytes, limit is at least 0x%x each\n",
                    function, (unsigned long long)config->dist_size_bytes, VGIC_V3_DIST_SIZE_BYTES, vcpu_count,
                    (unsigned long long)config->redist_size_bytes, VGIC_V3_REDIST_SIZE_BYTES);
        break;
    default:
        LOG_VMM_ERR("%s: version of interrupt controller unknown, limits are GICv2 and GICv3\n", function);
        break;
    }
}

enum result vgic_init(struct vgic *vgic, const struct vgic_config *config, size_t vcpu_count,
                      const struct vgic_ops *ops, void *ctx)
{
    const enum result checked = vgic_check_config(config, vcpu_count);
    if (checked != RESULT_OK) {
        return checked;
    }
    memset(vgic, 0, sizeof(*vgic));
    vgic->config = *config;
    vgic->ops = *ops;
    vgic->ctx = ctx;
    vgic->vcpu_count = (uint32_t)vcpu_count;
    vgic->is_numbered = true;
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        vgic->vcpus[id].lr_free = UINT64_MAX;
        vgic->affinity[id] = id;
    }
    reset_state(vgic);
    return RESULT_OK;
}

void vgic_set_affinities(struct vgic *vgic, const uint32_t affinity[])
{
    vgic->is_numbered = true;
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        vgic->affinity[id] = affinity[id];
        vgic->is_numbered &= affinity[id] == id;
    }
    (void)vgic_irq_reroute_all(vgic);
}

uint8_t vgic_vcpu_of(const struct vgic *vgic, uint32_t affinity)
{
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        if (vgic->affinity[id] == affinity) {
            return (uint8_t)id;
        }
    }
    return VGIC_OWNER_NONE;
}

size_t vgic_regions(const struct vgic_config *config, size_t vcpu_count, struct vgic *vgic,
                    struct mmio_region regions[VGIC_REGION_COUNT_MAX])
{
    const bool v2 = config->version == VGIC_V2;
    regions[0] = (struct mmio_region){
        .base = config->dist_base,
        .size_bytes = v2 ? VGIC_V2_DIST_SIZE_BYTES : VGIC_V3_DIST_SIZE_BYTES,
        .widths = 1 | 2 | 4 | 8,
        .handler = v2 ? vgic_v2_dist_access : vgic_v3_dist_access,
        .dev = vgic,
    };
    regions[1] = (struct mmio_region){
        .base = config->redist_base,
        .size_bytes = (uint64_t)vcpu_count * VGIC_V3_REDIST_SIZE_BYTES,
        .widths = 1 | 2 | 4 | 8,
        .handler = vgic_v3_redist_access,
        .dev = vgic,
    };
    return v2 ? 1 : 2;
}

static void report_ended(struct vgic *vgic, uint32_t vcpu_id, uint32_t word, uint32_t bits)
{
    for (uint32_t left = bits; left != 0; left &= left - 1) {
        vgic->ops.eoi(vgic->ctx, vcpu_id, word * 32 + (uint32_t)__builtin_ctz(left));
    }
}

static uint32_t owed_of(const struct vgic_word *state)
{
    return state->latched | state->in_lr | state->sampled;
}

void vgic_reset(struct vgic *vgic)
{
    struct in_flight owed;
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        owed.private_bits[id] = owed_of(&vgic->vcpus[id].private_word);
    }
    for (uint32_t word = 1; word < VGIC_WORD_COUNT; word++) {
        owed.shared_bits[word] = owed_of(&vgic->shared[word]);
    }
    reset_state(vgic);
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        report_ended(vgic, id, 0, owed.private_bits[id]);
    }
    for (uint32_t word = 1; vgic->vcpu_count != 0 && word < VGIC_WORD_COUNT; word++) {
        report_ended(vgic, 0, word, owed.shared_bits[word]);
    }
}

static bool exists(const struct vgic *vgic, size_t vcpu_id, uint32_t irq)
{
    return vcpu_id < vgic->vcpu_count && irq < VGIC_IRQ_COUNT;
}

enum result vgic_inject(struct vgic *vgic, size_t vcpu_id, uint32_t irq)
{
    if (!exists(vgic, vcpu_id, irq)) {
        return RESULT_RANGE;
    }
    const uint32_t id = (uint32_t)vcpu_id;
    if (irq < VGIC_SGI_COUNT) {
        vgic_deliver(vgic, vgic_sgi_raise(vgic, id, irq, id));
        return RESULT_OK;
    }
    if (vgic_lr_offer(vgic, id, irq)) {
        return RESULT_OK;
    }
    struct vgic_word *state = vgic_word(vgic, id, irq / 32);
    if ((state->in_lr & vgic_irq_bit(irq)) != 0 && vgic_lr_absorb(vgic, id, irq)) {
        return RESULT_OK;
    }
    state->latched |= vgic_irq_bit(irq);
    vgic_update(vgic, id, irq / 32);
    return RESULT_OK;
}

enum result vgic_set_level(struct vgic *vgic, size_t vcpu_id, uint32_t irq, bool high)
{
    if (!exists(vgic, vcpu_id, irq) || irq < VGIC_SGI_COUNT) {
        return RESULT_RANGE;
    }
    const uint32_t id = (uint32_t)vcpu_id;
    const uint32_t bit = vgic_irq_bit(irq);
    struct vgic_word *state = vgic_word(vgic, id, irq / 32);
    if (high) {
        state->latched |= bit & state->edge & ~state->line;
        state->line |= bit;
        if (((state->latched | ~state->edge) & bit) != 0 && vgic_lr_offer(vgic, id, irq)) {
            return RESULT_OK;
        }
    } else {
        state->line &= ~bit;
    }
    vgic_update(vgic, id, irq / 32);
    return RESULT_OK;
}

/* It has to wait for something. */
static COLD enum result latch_sample(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    const uint32_t bit = vgic_irq_bit(irq);
    struct vgic_word *state = vgic_word(vgic, vcpu_id, irq / 32);
    state->latched |= bit & state->edge & ~state->sampled;
    state->sampled |= bit;
    vgic_update(vgic, vcpu_id, irq / 32);
    return RESULT_OK;
}

enum result vgic_inject_sampled(struct vgic *vgic, size_t vcpu_id, uint32_t irq)
{
    if (vcpu_id >= vgic->vcpu_count || irq - VGIC_SGI_COUNT >= VGIC_IRQ_COUNT - VGIC_SGI_COUNT) {
        return RESULT_RANGE;
    }
    if (vgic_lr_offer(vgic, (uint32_t)vcpu_id, irq)) {
        return RESULT_OK;
    }
    return latch_sample(vgic, (uint32_t)vcpu_id, irq);
}

void vgic_fall(struct vgic *vgic, size_t vcpu_id, uint32_t irq)
{
    if (!exists(vgic, vcpu_id, irq)) {
        return;
    }
    const uint32_t id = (uint32_t)vcpu_id;
    const uint32_t bit = vgic_irq_bit(irq);
    struct vgic_word *state = vgic_word(vgic, id, irq / 32);
    vgic_word_drop_sampled(state, bit);
    const bool is_withdrawn = (state->in_lr & ~state->edge & bit) != 0 && vgic_lr_withdraw(vgic, id, irq);
    /* Its list register is there for others. */
    vgic_deliver(vgic, vgic_irq_refresh(vgic, id, irq / 32) | (uint32_t)is_withdrawn << id);
}

bool vgic_is_deliverable(const struct vgic *vgic, size_t vcpu_id)
{
    if (vcpu_id >= vgic->vcpu_count) {
        return false;
    }
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    return (vcpu->ready_words != 0 && !vcpu->asleep) || vcpu->lr_used != 0;
}

void vgic_set_vcpu_on(struct vgic *vgic, size_t vcpu_id, bool on)
{
    if (vcpu_id >= vgic->vcpu_count) {
        return;
    }
    vgic->vcpus[vcpu_id].on = on;
    vgic_deliver(vgic, vgic_irq_reroute_all(vgic) | (uint32_t)BIT(vcpu_id));
}

void vgic_take_back(struct vgic *vgic, size_t vcpu_id)
{
    if (vcpu_id < vgic->vcpu_count) {
        vgic_deliver(vgic, vgic_lr_take_back(vgic, (uint32_t)vcpu_id));
    }
}

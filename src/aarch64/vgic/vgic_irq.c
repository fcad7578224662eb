/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Per-interrupt state: see vgic_irq.h.
 *
 * Affinities are as VMPIDR_EL2 has them. An SPI that may go to several vCPUs (1-of-N) goes to the
 * lowest-numbered one that is on; the architecture leaves the choice open.
 */
#include "aarch64/vgic/vgic_irq.h"

#include "aarch64/vgic/vgic_regs.h"

/* Gives the SPIs of a word that changed to their owners' bitmaps, or takes them out. */
static uint32_t distribute(struct vgic *vgic, uint32_t word, uint32_t changed, uint32_t ready)
{
    uint32_t touched = 0;
    for (uint32_t bits = changed; bits != 0; bits &= bits - 1) {
        const uint32_t bit = bits & -bits;
        const uint32_t owner = vgic->owner[word * 32 + (uint32_t)__builtin_ctz(bits)];
        if (owner == VGIC_OWNER_NONE) {
            continue;
        }
        struct vgic_vcpu *vcpu = &vgic->vcpus[owner];
        if ((ready & bit) != 0) {
            vgic_vcpu_set_ready(vcpu, word, vcpu->ready[word] | bit);
            touched |= UINT32_C(1) << owner;
        } else {
            vgic_vcpu_set_ready(vcpu, word, vcpu->ready[word] & ~bit);
        }
    }
    return touched;
}

static uint32_t compute_ready(const struct vgic *vgic, const struct vgic_word *state)
{
    const uint32_t group0 = (vgic->group_enables & GICD_CTLR_ENABLE_GRP0) != 0 ? ~state->group : 0;
    const uint32_t group1 = (vgic->group_enables & GICD_CTLR_ENABLE_GRP1) != 0 ? state->group : 0;
    const uint32_t pending = state->latched | vgic_word_high(state);
    return pending & state->enabled & (group0 | group1) & ~(state->active | state->in_lr);
}

uint32_t vgic_irq_refresh(struct vgic *vgic, uint32_t vcpu_id, uint32_t word)
{
    struct vgic_word *state = vgic_word(vgic, vcpu_id, word);
    const uint32_t ready = compute_ready(vgic, state);
    const uint32_t changed = ready ^ state->ready;
    if (changed == 0) {
        return 0;
    }
    state->ready = ready;
    if (word != 0) {
        return distribute(vgic, word, changed, ready);
    }
    vgic_vcpu_set_ready(&vgic->vcpus[vcpu_id], 0, ready);
    return (changed & ready) != 0 ? UINT32_C(1) << vcpu_id : 0;
}

uint32_t vgic_irq_refresh_all(struct vgic *vgic)
{
    uint32_t touched = 0;
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        touched |= vgic_irq_refresh(vgic, id, 0);
    }
    for (uint32_t word = 1; word < VGIC_WORD_COUNT; word++) {
        touched |= vgic_irq_refresh(vgic, 0, word);
    }
    return touched;
}

uint32_t vgic_irq_most_urgent_of_several(struct vgic *vgic, uint32_t vcpu_id)
{
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    uint32_t best = VGIC_IRQ_COUNT;
    uint32_t best_priority = UINT32_MAX;
    for (uint32_t words = vcpu->ready_words; words != 0; words &= words - 1) {
        const uint32_t word = (uint32_t)__builtin_ctz(words);
        for (uint32_t bits = vcpu->ready[word]; bits != 0; bits &= bits - 1) {
            const uint32_t irq = word * 32 + (uint32_t)__builtin_ctz(bits);
            const uint32_t priority = *vgic_irq_priority(vgic, vcpu_id, irq);
            if (priority < best_priority) {
                best = irq;
                best_priority = priority;
            }
        }
    }
    return best;
}

static uint32_t vcpus_on(const struct vgic *vgic)
{
    uint32_t on = 0;
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        on |= vgic->vcpus[id].on ? UINT32_C(1) << id : 0;
    }
    return on;
}

/* Of a set of possible targets: one that is on if there is one, otherwise any. */
static uint8_t choose(const struct vgic *vgic, uint32_t targets)
{
    const uint32_t on = targets & vcpus_on(vgic);
    const uint32_t choice = on != 0 ? on : targets;
    return choice == 0 ? VGIC_OWNER_NONE : (uint8_t)__builtin_ctz(choice);
}

static uint8_t compute_owner(const struct vgic *vgic, uint32_t irq)
{
    const uint32_t route = vgic->route[irq];
    if (vgic->vcpu_count == 1 && vgic->config.version == VGIC_V2) {
        return 0;
    }
    if (vgic->config.version == VGIC_V2) {
        return choose(vgic, route);
    }
    if ((route & GICD_IROUTER_IRM) != 0) {
        return choose(vgic, vgic_all_vcpus(vgic));
    }
    return vgic_vcpu_of(vgic, route & GICD_IROUTER_AFFINITY);
}

uint32_t vgic_irq_reroute(struct vgic *vgic, uint32_t irq)
{
    const uint8_t owner = compute_owner(vgic, irq);
    if (owner == vgic->owner[irq]) {
        return 0;
    }
    const uint32_t bit = vgic_irq_bit(irq);
    const uint32_t moved = vgic->shared[irq / 32].ready & bit;
    (void)distribute(vgic, irq / 32, moved, 0);
    vgic->owner[irq] = owner;
    return distribute(vgic, irq / 32, moved, moved);
}

uint32_t vgic_irq_reroute_all(struct vgic *vgic)
{
    uint32_t touched = 0;
    for (uint32_t irq = VGIC_PRIVATE_COUNT; irq < VGIC_IRQ_COUNT; irq++) {
        touched |= vgic_irq_reroute(vgic, irq);
    }
    return touched;
}

/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Per-interrupt state, common to both versions: what is ready, and for whom.
 *
 * State changes in two steps: change the members of a vgic_word, then refresh the word. A refresh costs a few
 * instructions for 32 interrupts and some more for each that became, or ceased to be, ready; nothing depends on how
 * many interrupts are registered or enabled. Functions that may make something ready answer with the set of vCPUs
 * concerned (bit n: vCPU n), which the caller passes to vgic_deliver.
 */
#pragma once

#include "aarch64/vgic/vgic.h"
#include "util/field.h"

/* Which bits of a word are interrupts: 1020..1023 are not. */
static inline uint32_t vgic_word_implemented(uint32_t word)
{
    return word == VGIC_WORD_COUNT - 1 ? UINT32_C(0x0fffffff) : UINT32_MAX;
}

static inline struct vgic_word *vgic_word(struct vgic *vgic, uint32_t vcpu_id, uint32_t word)
{
    return word == 0 ? &vgic->vcpus[vcpu_id].private_word : &vgic->shared[word];
}

static inline uint32_t vgic_irq_bit(uint32_t irq)
{
    return UINT32_C(1) << (irq % 32);
}

static inline uint8_t *vgic_irq_priority(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    return irq < VGIC_PRIVATE_COUNT ? &vgic->vcpus[vcpu_id].private_priority[irq] : &vgic->shared_priority[irq];
}

/* All vCPUs, a bit each. */
static inline uint32_t vgic_all_vcpus(const struct vgic *vgic)
{
    return (UINT32_C(1) << vgic->vcpu_count) - 1;
}

/* Sets which interrupts of a word a vCPU is to take. */
static inline void vgic_vcpu_set_ready(struct vgic_vcpu *vcpu, uint32_t word, uint32_t ready)
{
    vcpu->ready[word] = ready;
    if (ready != 0) {
        vcpu->ready_words |= UINT32_C(1) << word;
    } else {
        vcpu->ready_words &= ~(UINT32_C(1) << word);
    }
}

/* A GICv2 SGI is pending once per source; one list register entry serves one of them. */
static inline bool vgic_sgi_has_more_sources(struct vgic *vgic, struct vgic_vcpu *vcpu, uint32_t irq)
{
    if (vgic->config.version != VGIC_V2 || irq >= VGIC_SGI_COUNT) {
        return false;
    }
    uint8_t *sources = &vcpu->sgi_sources[irq];
    *sources = (uint8_t)(*sources & (*sources - 1));
    return *sources != 0;
}

/* Level-sensitive interrupts whose inputs are high. */
static inline uint32_t vgic_word_high(const struct vgic_word *state)
{
    return (state->line | state->sampled) & ~state->edge;
}

/* Inputs that are high by a sample fall, until their sources, which are told, say anew. */
static inline void vgic_word_drop_sampled(struct vgic_word *state, uint32_t bits)
{
    state->sampled &= ~bits;
}

/* An interrupt that was taken back is pending as it was: by its input, or latched. */
static inline void vgic_irq_latch_again(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    struct vgic_word *state = vgic_word(vgic, vcpu_id, irq / 32);
    state->latched |= vgic_irq_bit(irq) & ~vgic_word_high(state);
    if (vgic->config.version == VGIC_V2 && irq < VGIC_SGI_COUNT) {
        /* Which source it was is not known any more, and the guest is not told. */
        uint8_t *sources = &vgic->vcpus[vcpu_id].sgi_sources[irq];
        *sources = (uint8_t)(*sources | (*sources + 1));
    }
}

/* Takes a ready interrupt of a vCPU as handed over: it is in a list register now. */
static inline void vgic_irq_hand_over(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    const uint32_t word = irq / 32;
    const uint32_t bit = vgic_irq_bit(irq);
    struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    struct vgic_word *state = vgic_word(vgic, vcpu_id, word);
    if (!vgic_sgi_has_more_sources(vgic, vcpu, irq)) {
        state->latched &= ~bit;
    }
    state->sampled &= ~bit;
    state->in_lr |= bit;
    state->ready &= ~bit;
    vgic_vcpu_set_ready(vcpu, word, vcpu->ready[word] & ~bit);
}

uint32_t vgic_irq_most_urgent_of_several(struct vgic *vgic, uint32_t vcpu_id);

/* The ready interrupt of a vCPU with the highest priority, the lowest number among equals. There must be one. */
static inline uint32_t vgic_irq_most_urgent(struct vgic *vgic, uint32_t vcpu_id)
{
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    const uint32_t word = (uint32_t)__builtin_ctz(vcpu->ready_words);
    const uint32_t ready = vcpu->ready[word];
    const bool is_only = (vcpu->ready_words & (vcpu->ready_words - 1)) == 0 && (ready & (ready - 1)) == 0;
    return is_only ? word * 32 + (uint32_t)__builtin_ctz(ready) : vgic_irq_most_urgent_of_several(vgic, vcpu_id);
}

/* Computes which interrupts of a word are ready. Word 0 is the given vCPU's own. */
MUST_CHECK uint32_t vgic_irq_refresh(struct vgic *vgic, uint32_t vcpu_id, uint32_t word);

/* The same for every word of every vCPU: after a change of GICD_CTLR. */
MUST_CHECK uint32_t vgic_irq_refresh_all(struct vgic *vgic);

/* Computes the owner of an SPI anew: after a change of its route. */
uint32_t vgic_irq_reroute(struct vgic *vgic, uint32_t irq);

/* The same for all SPIs: after a change of which vCPUs are on. */
uint32_t vgic_irq_reroute_all(struct vgic *vgic);

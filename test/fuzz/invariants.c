/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * See invariants.h. Everything is computed in the plainest way from the members that the guest's registers set.
 */
#include "invariants.h"

#include "machine.h"

#include "aarch64/vgic/vgic_irq.h"
#include "aarch64/vgic/vgic_regs.h"

static bool has(uint32_t bits, uint32_t irq)
{
    return (bits >> irq % 32 & 1) != 0;
}

static bool is_ready(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    const struct vgic_word *w = vgic_word(vgic, vcpu_id, irq / 32);
    const uint32_t group = has(w->group, irq) ? GICD_CTLR_ENABLE_GRP1 : GICD_CTLR_ENABLE_GRP0;
    const bool pending = has(w->latched, irq) || (has(w->line | w->sampled, irq) && !has(w->edge, irq));
    return pending && has(w->enabled, irq) && (vgic->group_enables & group) != 0 && !has(w->active, irq) &&
           !has(w->in_lr, irq);
}

/* A bit in a vCPU's ready bitmap: the interrupt is ready and that vCPU its owner. */
static void check_ready(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    const bool ready = is_ready(vgic, vcpu_id, irq);
    const bool is_owner = irq < VGIC_PRIVATE_COUNT || vgic->owner[irq] == vcpu_id;
    MACHINE_REQUIRE(has(vgic_word(vgic, vcpu_id, irq / 32)->ready, irq) == ready);
    MACHINE_REQUIRE(has(vgic->vcpus[vcpu_id].ready[irq / 32], irq) == (ready && is_owner));
}

/* How many used list registers of all vCPUs that can take the interrupt hold it. */
static unsigned holders_of(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    unsigned count = 0;
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        for (uint64_t left = vgic->vcpus[id].lr_used; left != 0; left &= left - 1) {
            const bool is_it = vgic->vcpus[id].lr_irq[__builtin_ctzll(left)] == irq;
            count += is_it && (irq >= VGIC_PRIVATE_COUNT || id == vcpu_id);
        }
    }
    return count;
}

static void check_irq(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    const struct vgic_word *word = vgic_word(vgic, vcpu_id, irq / 32);
    check_ready(vgic, vcpu_id, irq);
    MACHINE_REQUIRE(holders_of(vgic, vcpu_id, irq) == has(word->in_lr, irq));
}

/* The shadow of a list register against the hardware's. */
static void check_lr(const struct vgic *vgic, uint32_t vcpu_id, uint32_t index)
{
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    const struct fake_lr *lr = &fake.vcpus[vcpu_id].lrs[index];
    const bool used = (vcpu->lr_used >> index & 1) != 0;
    const bool free = (vcpu->lr_free >> index & 1) != 0;
    const bool stale = (vcpu->lr_stale >> index & 1) != 0;
    MACHINE_REQUIRE(used + free + stale <= 1);
    MACHINE_REQUIRE(!used || (index < fake.lr_count && lr->used && lr->virq == vcpu->lr_irq[index]));
    MACHINE_REQUIRE(!free || !lr->used);
    MACHINE_REQUIRE(!stale || index < fake.lr_count);
    MACHINE_REQUIRE(index >= fake.lr_count || used || free || stale);
}

/* In the hardware an interrupt is in one list register, or all others that hold it are from before a reset. */
static void check_hardware(const struct vgic *vgic, uint32_t vcpu_id)
{
    const struct fake_lr *lrs = fake.vcpus[vcpu_id].lrs;
    const uint64_t stale = vgic->vcpus[vcpu_id].lr_stale;
    for (uint32_t a = 0; a < fake.lr_count; a++) {
        for (uint32_t b = 0; b < a; b++) {
            const bool is_twice = lrs[a].used && lrs[b].used && lrs[a].virq == lrs[b].virq;
            MACHINE_REQUIRE(!is_twice || ((stale >> a | stale >> b) & 1) != 0);
        }
    }
}

static void check_vcpu(struct vgic *vgic, uint32_t vcpu_id)
{
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    for (uint32_t index = 0; index < VGIC_LR_COUNT_MAX; index++) {
        check_lr(vgic, vcpu_id, index);
    }
    check_hardware(vgic, vcpu_id);
    for (uint32_t word = 0; word < VGIC_WORD_COUNT; word++) {
        MACHINE_REQUIRE(has(vcpu->ready_words, word) == (vcpu->ready[word] != 0));
        MACHINE_REQUIRE((vcpu->ready[word] & ~vgic_word_implemented(word)) == 0);
    }
    /* Nothing waits for a list register while one is free. */
    MACHINE_REQUIRE(!vcpu->on || vcpu->asleep || vcpu->ready_words == 0 || vcpu->lr_free == 0);
}

/* Words in which nothing has happened are passed over: most of them, always. */
static void check_word(struct vgic *vgic, uint32_t vcpu_id, uint32_t word)
{
    const struct vgic_word *w = vgic_word(vgic, vcpu_id, word);
    if ((w->latched | w->line | w->active | w->in_lr | w->ready | vgic->vcpus[vcpu_id].ready[word]) == 0) {
        return;
    }
    for (uint32_t irq = word * 32; irq < (word + 1) * 32; irq++) {
        check_irq(vgic, vcpu_id, irq);
    }
    const uint32_t beyond = ~vgic_word_implemented(word);
    MACHINE_REQUIRE(((w->latched | w->line | w->active | w->in_lr | w->ready | w->enabled) & beyond) == 0);
}

void invariants_check_vgic(struct vgic *vgic)
{
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        check_vcpu(vgic, id);
        for (uint32_t word = 0; word < VGIC_WORD_COUNT; word++) {
            check_word(vgic, id, word);
        }
    }
}

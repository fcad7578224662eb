/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * What the proofs about list registers (src/aarch64/vgic/vgic_lr.c) share. They go by induction: from any state
 * of the interrupt controller that is_good(), a step leads to such a state again, and the kernel is never asked to put
 * an interrupt into a second list register. What a reset has left in one does not count (vgic_lr.h). The first state is
 * good, so every state is that steps lead to.
 *
 * Bounds: 2 vCPUs with 3 list registers each, whose number the library knows or does not; private interrupts 0 and 1
 * and shared ones 32 and 33. A step is about 0 or 32, and of vCPU 0: they stand for all, as the code tells nothing
 * apart but private from shared. All else is any value. The kernel takes or refuses what it likes, with any error, as
 * long as it refuses list registers that do not exist.
 *
 * Assumed of vgic_irq.c, which the unit tests compare with a model: a refresh of a word gives its vCPUs what is ready,
 * and the most urgent interrupt is a ready one. Which one is left open.
 */
#pragma once

#include "proof.h"

#define VM_VCPU_COUNT_MAX 2
#define VGIC_WORD_COUNT   2
#define LR_COUNT          3
#define VGIC_LR_COUNT_MAX 4 /* one more than there are */
#define VGIC_HINT_COUNT   1
#define IRQ_BITS          3 /* of each word */
#define LR_ALL            ((UINT64_C(1) << LR_COUNT) - 1)

#include "aarch64/vgic/vgic_irq.h"

/* The sources, but for the two functions of which something is assumed. */
#define vgic_irq_refresh unused_refresh
#include "aarch64/vgic/vgic_irq.c"
#undef vgic_irq_refresh
static uint32_t take_ready(struct vgic *all, uint32_t vcpu_id);
#define vgic_irq_most_urgent take_ready
#include "aarch64/vgic/vgic_lr.c"
#undef vgic_irq_most_urgent
#include "aarch64/vgic/vgic.c"
#include "aarch64/vgic/vgic_sgi.c"

struct vgic nondet_vgic(void);

static struct vgic vgic;
static uint32_t owned[VM_VCPU_COUNT_MAX]; /* the shared interrupts that each vCPU is to take */
static uint32_t step_irq;                 /* the interrupt that a step is about */
static bool is_rewriting;                 /* of what is there already, which a reset asks for */

static bool is_in(uint64_t set, uint32_t index)
{
    return (set >> index & 1) != 0;
}

/* Whether a used list register has an interrupt, other than one of a vCPU. */
static bool is_elsewhere(uint32_t irq, uint32_t vcpu_id, uint32_t index)
{
    bool found = false;
    for (uint32_t id = 0; id < VM_VCPU_COUNT_MAX; id++) {
        const struct vgic_vcpu *vcpu = &vgic.vcpus[id];
        const bool is_concerned = id == vcpu_id || irq >= VGIC_PRIVATE_COUNT;
        for (uint32_t i = 0; i < LR_COUNT; i++) {
            const bool is_other = (id != vcpu_id) | (i != index);
            found |= is_concerned & is_other & is_in(vcpu->lr_used, i) & (vcpu->lr_irq[i] == irq);
        }
    }
    return found;
}

int seL4_ARM_VCPU_InjectIRQ(seL4_CPtr cap, seL4_Uint16 virq, seL4_Uint8 priority, seL4_Uint8 group, seL4_Uint8 index)
{
    PROVE(cap >= BASE_VCPU_CAP && cap < BASE_VCPU_CAP + VM_VCPU_COUNT_MAX, "a vCPU that there is");
    PROVE(priority < 32 && group < 2 && virq < VGIC_IRQ_COUNT, "arguments that the kernel takes");
    PROVE(is_rewriting || !is_elsewhere(virq, (uint32_t)(cap - BASE_VCPU_CAP), index), "in no other list register");
    return index >= LR_COUNT ? seL4_RangeError : any_u8();
}

static void on_eoi(void *ctx, size_t vcpu_id, uint32_t irq)
{
    PROVE(ctx == &vgic && vcpu_id < VM_VCPU_COUNT_MAX && irq < VGIC_IRQ_COUNT, "the end of an interrupt that there is");
    PROVE(!is_elsewhere(irq, (uint32_t)vcpu_id, VGIC_LR_COUNT_MAX), "what has ended is in no list register");
}

static void on_kick(void *ctx, size_t vcpu_id)
{
    PROVE(ctx == &vgic && vcpu_id < VM_VCPU_COUNT_MAX, "a vCPU that there is");
}

void util_log(const char *level, const char *format, ...)
{
}

/* Every list register has one state at most, and a used one an interrupt that no other has; all these are added. */
static bool are_list_registers_good(const struct vgic_vcpu *vcpu, uint32_t *private_bits, uint32_t *shared_bits)
{
    const uint64_t absent = vcpu->lr_free & ~LR_ALL;
    bool good = (absent == 0) | (absent == ~LR_ALL);
    good &= (vcpu->lr_free & (vcpu->lr_used | vcpu->lr_stale)) == 0;
    good &= ((vcpu->lr_used & vcpu->lr_stale) == 0) & (((vcpu->lr_used | vcpu->lr_stale) & ~LR_ALL) == 0);
    for (uint32_t i = 0; i < LR_COUNT; i++) {
        const uint16_t irq = vcpu->lr_irq[i];
        const bool is_unknown = is_in(vcpu->lr_stale, i) & (irq == LR_IRQ_UNKNOWN);
        const uint32_t bit = is_in(vcpu->lr_used, i) ? vgic_irq_bit(irq) : 0;
        good &= (irq < VGIC_IRQ_COUNT) | is_unknown | !is_in(vcpu->lr_used | vcpu->lr_stale, i);
        good &= ((irq < VGIC_PRIVATE_COUNT ? *private_bits : *shared_bits) & bit) == 0;
        *private_bits |= irq < VGIC_PRIVATE_COUNT ? bit : 0;
        *shared_bits |= irq < VGIC_PRIVATE_COUNT ? 0 : bit;
    }
    return good;
}

static bool is_word_good(const struct vgic_word *word, uint32_t in_lr)
{
    return word->in_lr == in_lr & word->ready == compute_ready(&vgic, word);
}

static bool is_ready_good(const struct vgic_vcpu *vcpu, uint32_t shared_ready)
{
    return vcpu->ready[0] == vcpu->private_word.ready & vcpu->ready[1] == shared_ready &
           vcpu->ready_words == (uint32_t)((vcpu->ready[0] != 0) | (vcpu->ready[1] != 0) << 1);
}

static bool is_good(void)
{
    bool good = (owned[0] & owned[1]) == 0;
    uint32_t shared = 0;
    for (uint32_t id = 0; id < VM_VCPU_COUNT_MAX; id++) {
        const struct vgic_vcpu *vcpu = &vgic.vcpus[id];
        uint32_t private = 0;
        good &= are_list_registers_good(vcpu, &private, &shared);
        good &= is_word_good(&vcpu->private_word, private);
        good &= is_ready_good(vcpu, vgic.shared[1].ready & owned[id]);
    }
    return good & is_word_good(&vgic.shared[1], shared);
}

static struct vgic_word any_word(void)
{
    return (struct vgic_word){.enabled = any_u8() & IRQ_BITS,
                              .latched = any_u8() & IRQ_BITS,
                              .line = any_u8() & IRQ_BITS,
                              .edge = any_u8() & IRQ_BITS,
                              .group = any_u8() & IRQ_BITS,
                              .active = any_u8() & IRQ_BITS,
                              .in_lr = any_u8() & IRQ_BITS,
                              .ready = any_u8() & IRQ_BITS,
                              .sampled = any_u8() & IRQ_BITS};
}

static void any_list_registers(struct vgic_vcpu *vcpu)
{
    vcpu->lr_free = (any_u8() & LR_ALL) | (any_bool() ? ~LR_ALL : 0);
    vcpu->lr_used = any_u8() & LR_ALL;
    vcpu->lr_stale = any_u8() & LR_ALL;
    for (uint32_t i = 0; i < LR_COUNT; i++) {
        vcpu->lr_irq[i] = any_bool() ? LR_IRQ_UNKNOWN : any_u8() & (VGIC_PRIVATE_COUNT | 1);
    }
}

static void any_good_state(void)
{
    vgic = nondet_vgic();
    for (uint32_t id = 0; id < VM_VCPU_COUNT_MAX; id++) {
        struct vgic_vcpu *vcpu = &vgic.vcpus[id];
        any_list_registers(vcpu);
        vcpu->private_word = any_word();
        vcpu->ready[0] = any_u8() & IRQ_BITS;
        vcpu->ready[1] = any_u8() & IRQ_BITS;
        vcpu->ready_words = any_u8() & 3;
        owned[id] = any_u8() & IRQ_BITS;
    }
    vgic.shared[1] = any_word();
    vgic.vcpu_count = VM_VCPU_COUNT_MAX;
    vgic.ops = (struct vgic_ops){.eoi = on_eoi, .kick = on_kick};
    vgic.ctx = &vgic;
    ASSUME(is_good());
}

/*
 * One iteration of the loop that fills list registers is enough, where ITERATIONS is 1: it starts in a good state, and
 * if there is another, then that one does, too. Where ITERATIONS is 0, that delivery starts in a good state is all that
 * is proved.
 */
static uint32_t take_ready(struct vgic *all, uint32_t vcpu_id)
{
    static unsigned iterations;
    PROVE(all == &vgic && is_good(), "delivery starts with an interrupt in at most one list register");
    ASSUME(iterations++ < ITERATIONS);
    ASSUME(is_in(vgic.vcpus[vcpu_id].ready[step_irq / 32], step_irq % 32));
    return step_irq;
}

uint32_t vgic_irq_refresh(struct vgic *all, uint32_t vcpu_id, uint32_t word)
{
    PROVE(all == &vgic && vcpu_id < VM_VCPU_COUNT_MAX && word < VGIC_WORD_COUNT, "a word that there is");
    struct vgic_word *const state = vgic_word(&vgic, vcpu_id, word);
    state->ready = compute_ready(&vgic, state);
    for (uint32_t id = 0; id < VM_VCPU_COUNT_MAX; id++) {
        if (word == 1) {
            vgic_vcpu_set_ready(&vgic.vcpus[id], 1, state->ready & owned[id]);
        } else if (id == vcpu_id) {
            vgic_vcpu_set_ready(&vgic.vcpus[id], 0, state->ready);
        }
    }
    return any_u8() & (VM_VCPU_COUNT_MAX | 1);
}

/* As in vgic_regs.c, a vCPU after the other. */
void vgic_update(struct vgic *all, uint32_t vcpu_id, uint32_t word)
{
    const uint32_t touched = vgic_irq_refresh(all, vcpu_id, word);
    for (uint32_t id = 0; id < VM_VCPU_COUNT_MAX; id++) {
        if (is_in(touched, id)) {
            vgic_deliver(all, UINT32_C(1) << id);
        }
    }
}

/* What a proof is about, for one of the interrupts. */
static void step(uint32_t irq);

static void step_with(uint32_t irq)
{
    any_good_state();
    step_irq = irq;
    step(irq);
    PROVE(is_good(), "an interrupt is in at most one list register");
}

/* CBMC needs numbers here: what depends on them would otherwise be a choice among all bytes of the state. */
int main(void)
{
    if (any_bool()) {
        step_with(0);
    } else {
        step_with(VGIC_PRIVATE_COUNT);
    }
    return 0;
}

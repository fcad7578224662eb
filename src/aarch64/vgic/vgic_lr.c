/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * List registers: see vgic_lr.h.
 */
#include "aarch64/vgic/vgic_lr.h"

#include <microkit.h>

#include <libvmm/util/util.h>

#include "aarch64/vgic/vgic_irq.h"
#include "aarch64/vgic/vgic_regs.h"

#define LR_IRQ_UNKNOWN UINT16_MAX
/*
 * The kernel takes 0 to 31. Of a GICv2's list register that is the field itself. Of a GICv3's, the built-in kernel
 * makes it the upper five bits of eight. seL4 16 makes it the lower five, of which the hardware keeps the upper two:
 * order among quarters is all that is left of a priority, and a mask holds back hardly anything.
 */
#define LR_PRIORITY_SHIFT   3
#define LR_PRIORITY_LOWEST  31
#define LR_PRIORITY_HIGHEST 0
#define NO_LR               UINT32_MAX

enum lr_outcome {
    LR_DONE,
    LR_OCCUPIED,
    LR_NONE, /* no such list register, or none can be written at all */
};

static void log_refusal(struct vgic_vcpu *vcpu, uint32_t vcpu_id, uint32_t index, int error)
{
    if (!vcpu->refused) {
        vcpu->refused = true;
        LOG_VMM_ERR("vGIC: list register %u of vCPU %u cannot be written: error %d; limit is what the kernel allows\n",
                    index, vcpu_id, error);
    }
}

/* Asks the kernel to write a list register, with the interrupt's own group. */
static NOINLINE int inject(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint8_t priority, uint32_t index)
{
    const bool group1 = (vgic_word(vgic, vcpu_id, irq / 32)->group & vgic_irq_bit(irq)) != 0;
    return (int)seL4_ARM_VCPU_InjectIRQ(BASE_VCPU_CAP + vcpu_id, (uint16_t)irq, priority, group1 ? 1 : 0,
                                        (uint8_t)index);
}

/*
 * Writes a list register so that what waits in it stays there: with the lowest priority, which the priority mask holds
 * back except on seL4's GICv3, and in group 0, which is delivered only to a guest that has enabled that group at its
 * CPU interface. On a GICv3 hardly any guest has [GICv3 4.6].
 */
static int hold_back(uint32_t vcpu_id, uint32_t irq, uint32_t index)
{
    return (int)seL4_ARM_VCPU_InjectIRQ(BASE_VCPU_CAP + vcpu_id, (uint16_t)irq, LR_PRIORITY_LOWEST, 0, (uint8_t)index);
}

/* What an error of the kernel means for a list register. */
static COLD enum lr_outcome why_not(struct vgic_vcpu *vcpu, uint32_t vcpu_id, uint32_t index, int error)
{
    if (error == seL4_DeleteFirst) {
        return LR_OCCUPIED;
    }
    if (error != seL4_RangeError || index == 0) {
        log_refusal(vcpu, vcpu_id, index, error);
    }
    return LR_NONE;
}

static enum lr_outcome try_write(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint32_t index)
{
    const uint8_t priority = *vgic_irq_priority(vgic, vcpu_id, irq) >> LR_PRIORITY_SHIFT;
    const int error = inject(vgic, vcpu_id, irq, priority, index);
    return error == seL4_NoError ? LR_DONE : why_not(&vgic->vcpus[vcpu_id], vcpu_id, index, error);
}

/* Tries stale list registers in turn, those that hold this interrupt or those that hold another; NO_LR: in vain. */
static uint32_t write_stale(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, bool same_irq)
{
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    for (uint64_t left = vcpu->lr_stale; left != 0; left &= left - 1) {
        const uint32_t index = (uint32_t)__builtin_ctzll(left);
        if ((vcpu->lr_irq[index] == irq) == same_irq && try_write(vgic, vcpu_id, irq, index) == LR_DONE) {
            return index;
        }
    }
    return NO_LR;
}

/* A free list register has turned out not to be free, or not to exist. */
static COLD void lr_mark(struct vgic_vcpu *vcpu, uint32_t index, enum lr_outcome outcome)
{
    if (outcome == LR_NONE) {
        vcpu->lr_free &= BIT(index) - 1;
        return;
    }
    vcpu->lr_free &= ~BIT(index);
    vcpu->lr_stale |= BIT(index);
    vcpu->lr_irq[index] = LR_IRQ_UNKNOWN;
}

/* Tries free list registers in turn. */
static uint32_t write_free(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    while (vcpu->lr_free != 0) {
        const uint32_t index = (uint32_t)__builtin_ctzll(vcpu->lr_free);
        const enum lr_outcome outcome = try_write(vgic, vcpu_id, irq, index);
        if (outcome == LR_DONE) {
            return index;
        }
        lr_mark(vcpu, index, outcome);
    }
    return NO_LR;
}

static uint32_t write_any(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    uint32_t index = vcpu->lr_stale == 0 ? NO_LR : write_stale(vgic, vcpu_id, irq, true);
    if (index == NO_LR) {
        index = write_free(vgic, vcpu_id, irq);
    }
    if (index == NO_LR && vcpu->lr_stale != 0) {
        index = write_stale(vgic, vcpu_id, irq, false);
    }
    return index;
}

/* Whether an interrupt that `bit` of `state` stands for could be delivered if it was pending. */
static inline bool is_enabled(const struct vgic *vgic, const struct vgic_word *state, uint32_t bit)
{
    const uint32_t group_enable = (state->group & bit) != 0 ? GICD_CTLR_ENABLE_GRP1 : GICD_CTLR_ENABLE_GRP0;
    return (vgic->group_enables & group_enable) != 0 && (state->enabled & ~(state->active | state->in_lr) & bit) != 0;
}

/* Whether list registers of a vCPU can be filled, and nothing has to go before the next interrupt. */
static inline bool is_open(const struct vgic_vcpu *vcpu)
{
    return (vcpu->ready_words | vcpu->lr_stale) == 0 && vcpu->lr_free != 0 && vcpu->on && !vcpu->asleep;
}

/* vgic_lr_offer, where it is known which vCPU has the interrupt, and what its state and priority are. */
static NOINLINE bool lr_offer(struct vgic *vgic, struct vgic_vcpu *vcpu, uint32_t owner, struct vgic_word *state,
                              uint8_t priority, uint32_t irq)
{
    const uint32_t bit = vgic_irq_bit(irq);
    if (!is_open(vcpu) || !is_enabled(vgic, state, bit)) {
        return false;
    }
    const uint32_t index = (uint32_t)__builtin_ctzll(vcpu->lr_free);
    const int error =
        (int)seL4_ARM_VCPU_InjectIRQ((seL4_CPtr)BASE_VCPU_CAP + owner, (uint16_t)irq, priority >> LR_PRIORITY_SHIFT,
                                     (state->group & bit) != 0 ? 1 : 0, (uint8_t)index);
    if (error != seL4_NoError) {
        lr_mark(vcpu, index, why_not(vcpu, owner, index, error));
        return false;
    }
    vcpu->lr_free &= ~BIT(index);
    vcpu->lr_used |= BIT(index);
    vcpu->lr_irq[index] = (uint16_t)irq;
    state->latched &= ~bit;
    state->in_lr |= bit;
    vgic->ops.kick(vgic->ctx, owner);
    return true;
}

bool vgic_lr_offer(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    if (irq < VGIC_PRIVATE_COUNT) {
        struct vgic_vcpu *const vcpu = &vgic->vcpus[vcpu_id];
        return lr_offer(vgic, vcpu, vcpu_id, &vcpu->private_word, vcpu->private_priority[irq], irq);
    }
    const uint32_t owner = vgic->owner[irq];
    return owner != VGIC_OWNER_NONE &&
           lr_offer(vgic, &vgic->vcpus[owner], owner, &vgic->shared[irq / 32], vgic->shared_priority[irq], irq);
}

static void lr_fill(struct vgic *vgic, uint32_t vcpu_id)
{
    struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    if (!vcpu->on || vcpu->asleep) {
        return;
    }
    while (vcpu->ready_words != 0 && (vcpu->lr_free | vcpu->lr_stale) != 0) {
        const uint32_t irq = vgic_irq_most_urgent(vgic, vcpu_id);
        const uint32_t index = write_any(vgic, vcpu_id, irq);
        if (index == NO_LR) {
            return;
        }
        vcpu->lr_free &= ~BIT(index);
        vcpu->lr_stale &= ~BIT(index);
        vcpu->lr_used |= BIT(index);
        vcpu->lr_irq[index] = (uint16_t)irq;
        vgic_irq_hand_over(vgic, vcpu_id, irq);
    }
}

void vgic_deliver(struct vgic *vgic, uint32_t vcpus)
{
    for (uint32_t left = vcpus; left != 0; left &= left - 1) {
        const uint32_t vcpu_id = (uint32_t)__builtin_ctz(left);
        lr_fill(vgic, vcpu_id);
        vgic->ops.kick(vgic->ctx, vcpu_id);
    }
}

/* The used list register of a vCPU that has an interrupt, or NO_LR. */
static uint32_t find_used(const struct vgic_vcpu *vcpu, uint32_t irq)
{
    for (uint64_t left = vcpu->lr_used; left != 0; left &= left - 1) {
        const uint32_t index = (uint32_t)__builtin_ctzll(left);
        if (vcpu->lr_irq[index] == irq) {
            return index;
        }
    }
    return NO_LR;
}

bool vgic_lr_absorb(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    const bool is_private = irq < VGIC_PRIVATE_COUNT;
    const uint32_t end = is_private ? vcpu_id + 1 : vgic->vcpu_count;
    for (uint32_t id = is_private ? vcpu_id : 0; id < end; id++) {
        const uint32_t index = find_used(&vgic->vcpus[id], irq);
        if (index != NO_LR) {
            return try_write(vgic, id, irq, index) == LR_DONE;
        }
    }
    return false;
}

/* Of a used list register. */
static bool lr_withdraw(struct vgic *vgic, uint32_t vcpu_id, uint32_t index)
{
    struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    const uint32_t irq = vcpu->lr_irq[index];
    if (hold_back(vcpu_id, irq, index) != seL4_NoError) {
        return false;
    }
    vcpu->lr_used &= ~BIT(index);
    vcpu->lr_stale |= BIT(index);
    vgic_word(vgic, vcpu_id, irq / 32)->in_lr &= ~vgic_irq_bit(irq);
    return true;
}

bool vgic_lr_withdraw(struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    const uint32_t index = find_used(&vgic->vcpus[vcpu_id], irq);
    return index != NO_LR && lr_withdraw(vgic, vcpu_id, index);
}

uint32_t vgic_lr_take_back(struct vgic *vgic, uint32_t vcpu_id)
{
    struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    uint32_t touched = 0;
    for (uint64_t left = vcpu->lr_used; left != 0; left &= left - 1) {
        const uint32_t index = (uint32_t)__builtin_ctzll(left);
        if (lr_withdraw(vgic, vcpu_id, index)) {
            vgic_irq_latch_again(vgic, vcpu_id, vcpu->lr_irq[index]);
            touched |= vgic_irq_refresh(vgic, vcpu_id, vcpu->lr_irq[index] / 32);
        }
    }
    return touched;
}

/* Whether an interrupt is in a used list register; if so, that one becomes stale. */
static bool disown(struct vgic_vcpu *vcpu, uint32_t irq)
{
    const uint32_t index = find_used(vcpu, irq);
    if (index == NO_LR) {
        return false;
    }
    vcpu->lr_used &= ~BIT(index);
    vcpu->lr_stale |= BIT(index);
    return true;
}

/* Whether the end of a list register is the end of an interrupt; if so, `irq` is which. */
static bool free_lr(struct vgic_vcpu *vcpu, uint32_t index, uint32_t *irq)
{
    const uint64_t bit = BIT(index);
    *irq = vcpu->lr_irq[index];
    if ((vcpu->lr_used & bit) != 0) {
        vcpu->lr_used &= ~bit;
        vcpu->lr_free |= bit;
        return true;
    }
    if ((vcpu->lr_stale & bit) != 0) {
        vcpu->lr_stale &= ~bit;
        vcpu->lr_free |= bit;
        return *irq != LR_IRQ_UNKNOWN && disown(vcpu, *irq);
    }
    return false;
}

void vgic_maintenance(struct vgic *vgic, size_t vcpu_id, int lr_index)
{
    if (vcpu_id >= vgic->vcpu_count) {
        return;
    }
    const uint32_t id = (uint32_t)vcpu_id;
    uint32_t irq;
    if (lr_index >= 0 && lr_index < VGIC_LR_COUNT_MAX && free_lr(&vgic->vcpus[id], (uint32_t)lr_index, &irq)) {
        struct vgic_word *state = vgic_word(vgic, id, irq / 32);
        state->in_lr &= ~vgic_irq_bit(irq);
        vgic_word_drop_sampled(state, vgic_irq_bit(irq));
        vgic->ops.eoi(vgic->ctx, id, irq);
        if (((state->latched | state->line) & vgic_irq_bit(irq)) != 0) {
            vgic_update(vgic, id, irq / 32);
        }
    }
    if (vgic->vcpus[id].ready_words != 0) {
        lr_fill(vgic, id);
    }
}

/* Writes stale list registers again, as far as the kernel lets it: to be held back, or of the highest priority. */
static void change_stale(struct vgic *vgic, uint32_t vcpu_id, bool is_held_back)
{
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    for (uint64_t left = vcpu->lr_stale; left != 0; left &= left - 1) {
        const uint32_t index = (uint32_t)__builtin_ctzll(left);
        const uint32_t irq = vcpu->lr_irq[index];
        if (irq != LR_IRQ_UNKNOWN) {
            (void)(is_held_back ? hold_back(vcpu_id, irq, index)
                                : inject(vgic, vcpu_id, irq, LR_PRIORITY_HIGHEST, index));
        }
    }
}

/* The kernel may let a pending list register be written again, as seL4 does: what waits in it is then held back. */
void vgic_lr_reset(struct vgic *vgic, uint32_t vcpu_id)
{
    struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    vcpu->lr_stale |= vcpu->lr_used;
    vcpu->lr_used = 0;
    change_stale(vgic, vcpu_id, true);
}

uint32_t vgic_lr_expose(struct vgic *vgic, uint32_t vcpu_id, uint32_t irqs[VGIC_LR_COUNT_MAX])
{
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    uint32_t count = 0;
    change_stale(vgic, vcpu_id, false);
    for (uint64_t left = vcpu->lr_stale; left != 0; left &= left - 1) {
        const uint16_t irq = vcpu->lr_irq[__builtin_ctzll(left)];
        if (irq != LR_IRQ_UNKNOWN) {
            irqs[count++] = irq;
        }
    }
    return count;
}

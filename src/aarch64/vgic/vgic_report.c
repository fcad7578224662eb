/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Reports on interrupts: see vgic_report.h.
 */
#include "aarch64/vgic/vgic_report.h"

#include "aarch64/vgic/vgic_irq.h"
#include "aarch64/vgic/vgic_regs.h"

static const struct vgic_word *word_of(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    return irq < VGIC_PRIVATE_COUNT ? &vgic->vcpus[vcpu_id].private_word : &vgic->shared[irq / 32];
}

static bool has(uint32_t word, uint32_t irq)
{
    return (word & vgic_irq_bit(irq)) != 0;
}

static uint8_t priority_of(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    return irq < VGIC_PRIVATE_COUNT ? vgic->vcpus[vcpu_id].private_priority[irq] : vgic->shared_priority[irq];
}

uint32_t vgic_target(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    return irq < VGIC_PRIVATE_COUNT ? vcpu_id : vgic->owner[irq];
}

static bool is_group_on(const struct vgic *vgic, const struct vgic_word *state, uint32_t irq)
{
    const uint32_t enable = has(state->group, irq) ? GICD_CTLR_ENABLE_GRP1 : GICD_CTLR_ENABLE_GRP0;
    return (vgic->group_enables & enable) != 0;
}

static enum vgic_obstacle find_of_target(const struct vgic *vgic, uint32_t target, uint32_t paused)
{
    if (target == VGIC_OWNER_NONE) {
        return VGIC_NO_TARGET;
    }
    const struct vgic_vcpu *vcpu = &vgic->vcpus[target];
    if (!vcpu->on && (paused >> target & 1) == 0) {
        return VGIC_TARGET_OFF;
    }
    if (vcpu->asleep) {
        return VGIC_TARGET_ASLEEP;
    }
    return vcpu->lr_free == 0 ? VGIC_NO_LIST_REGISTER : VGIC_NOTHING;
}

enum vgic_obstacle vgic_find_obstacle(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint32_t paused)
{
    const struct vgic_word *state = word_of(vgic, vcpu_id, irq);
    if (has(state->in_lr, irq)) {
        return VGIC_IN_LIST_REGISTER;
    }
    if (!has(state->latched | vgic_word_high(state), irq)) {
        return VGIC_NOT_RAISED;
    }
    if (!has(state->enabled, irq)) {
        return VGIC_NOT_ENABLED;
    }
    if (!is_group_on(vgic, state, irq)) {
        return VGIC_GROUP_OFF;
    }
    return has(state->active, irq) ? VGIC_ACTIVE : find_of_target(vgic, vgic_target(vgic, vcpu_id, irq), paused);
}

/* The list registers of a vCPU, and which interrupts are in them. */
static void report_list_registers(const struct vgic *vgic, uint32_t vcpu_id, const struct report *report)
{
    const struct vgic_vcpu *vcpu = &vgic->vcpus[vcpu_id];
    for (uint64_t left = vcpu->lr_used | vcpu->lr_stale; left != 0; left &= left - 1) {
        const uint32_t index = (uint32_t)__builtin_ctzll(left);
        report_line(report, "  list register %u of vCPU %u: %s %u, priority 0x%x", index, vcpu_id,
                    (vcpu->lr_used & BIT(index)) != 0 ? "interrupt" : "left over, interrupt", vcpu->lr_irq[index],
                    priority_of(vgic, vcpu_id, vcpu->lr_irq[index] % VGIC_IRQ_COUNT));
    }
}

/* The vCPU in whose list register an interrupt is; its route may have changed meanwhile. */
static uint32_t holder_of(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq)
{
    for (uint32_t id = 0; id < vgic->vcpu_count && irq >= VGIC_PRIVATE_COUNT; id++) {
        for (uint64_t left = vgic->vcpus[id].lr_used; left != 0; left &= left - 1) {
            if (vgic->vcpus[id].lr_irq[__builtin_ctzll(left)] == irq) {
                return id;
            }
        }
    }
    return vcpu_id;
}

static const char *yes(bool is_so)
{
    return is_so ? "yes" : "no";
}

static const char *state_of(const struct vgic_vcpu *vcpu, bool is_paused)
{
    if (vcpu->on) {
        return "on";
    }
    return is_paused ? "stopped" : "off";
}

static void report_state(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint32_t paused,
                         const struct report *report)
{
    const struct vgic_word *state = word_of(vgic, vcpu_id, irq);
    const uint32_t target = vgic_target(vgic, vcpu_id, irq);
    report_line(report, "  input %s, latched %s, %s", has(state->line | state->sampled, irq) ? "high" : "low",
                yes(has(state->latched, irq)), has(state->edge, irq) ? "edge-triggered" : "level-sensitive");
    report_line(report, "  enabled %s, group %u (%s in GICD_CTLR), priority 0x%x, active by ISACTIVER %s",
                yes(has(state->enabled, irq)), has(state->group, irq) ? 1 : 0,
                is_group_on(vgic, state, irq) ? "on" : "off", priority_of(vgic, vcpu_id, irq),
                yes(has(state->active, irq)));
    if (target == VGIC_OWNER_NONE) {
        report_line(report, "  route 0x%x: no vCPU", vgic->route[irq]);
    } else {
        report_line(report, "  goes to vCPU %u: %s%s", target,
                    state_of(&vgic->vcpus[target], (paused >> target & 1) != 0),
                    vgic->vcpus[target].asleep ? ", its Redistributor asleep" : "");
    }
}

static void report_obstacle(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint32_t paused,
                            const struct report *report)
{
    static const char *const texts[] = {
        [VGIC_NOT_RAISED] = "not raised: its input is low, and no edge is latched",
        [VGIC_NOT_ENABLED] = "masked: the guest has not enabled it (ISENABLER)",
        [VGIC_GROUP_OFF] = "its group is off: the guest has not enabled it in GICD_CTLR",
        [VGIC_ACTIVE] = "active: the guest has said so by ISACTIVER, and must deactivate it",
        [VGIC_IN_LIST_REGISTER] = "in a list register: the guest has not taken it, or not ended it",
        [VGIC_NO_TARGET] = "its route names no vCPU (ITARGETSR, IROUTER)",
        [VGIC_TARGET_OFF] = "its vCPU is off",
        [VGIC_TARGET_ASLEEP] = "the Redistributor of its vCPU is asleep (GICR_WAKER)",
        [VGIC_NO_LIST_REGISTER] = "all list registers hold interrupts that the guest has not ended:",
        [VGIC_NOTHING] = "nothing: it is on its way",
    };
    const enum vgic_obstacle obstacle = vgic_find_obstacle(vgic, vcpu_id, irq, paused);
    report_line(report, "-> %s", texts[obstacle]);
    if (obstacle == VGIC_NO_LIST_REGISTER) {
        report_list_registers(vgic, vgic_target(vgic, vcpu_id, irq), report);
    } else if (obstacle == VGIC_IN_LIST_REGISTER) {
        report_list_registers(vgic, holder_of(vgic, vgic_target(vgic, vcpu_id, irq), irq), report);
    }
}

void vgic_report_irq(const struct vgic *vgic, uint32_t vcpu_id, uint32_t irq, uint32_t paused,
                     const struct report *report)
{
    report_state(vgic, vcpu_id, irq, paused, report);
    report_obstacle(vgic, vcpu_id, irq, paused, report);
}

static void report_word(const struct vgic *vgic, uint32_t vcpu_id, uint32_t word, uint32_t paused,
                        const struct report *report)
{
    const struct vgic_word *state = word_of(vgic, vcpu_id, word * 32);
    const uint32_t all = state->latched | vgic_word_high(state) | state->active | state->in_lr;
    for (uint32_t left = all; left != 0; left &= left - 1) {
        const uint32_t irq = word * 32 + (uint32_t)__builtin_ctz(left);
        if (word == 0) {
            report_line(report, "interrupt %u of vCPU %u", irq, vcpu_id);
        } else {
            report_line(report, "interrupt %u", irq);
        }
        report_obstacle(vgic, vcpu_id, irq, paused, report);
    }
}

void vgic_report_all(const struct vgic *vgic, uint32_t paused, const struct report *report)
{
    for (uint32_t id = 0; id < vgic->vcpu_count; id++) {
        report_word(vgic, id, 0, paused, report);
    }
    for (uint32_t word = 1; word < VGIC_WORD_COUNT && vgic->vcpu_count != 0; word++) {
        report_word(vgic, 0, word, paused, report);
    }
}

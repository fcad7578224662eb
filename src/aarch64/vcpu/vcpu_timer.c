/*
 * Copyright 2026, the libvmm authors
 * SPDX-License-Identifier: BSD-2-Clause
 */

/*
 * Timers of a vCPU: events, acknowledgement, waiting.
 */
#include "aarch64/vcpu/vcpu_timer.h"

#include <libvmm/util/util.h>

#include "spec/arm/timer.h"
#include "vm/vm.h"

/* Whether the kernel itself wakes a blocked vCPU for its virtual timer. */
#ifdef MICROKIT_VCPU_VTIMER_WAKES
#define KERNEL_WAKES (MICROKIT_VCPU_VTIMER_WAKES != 0)
#else
#define KERNEL_WAKES false
#endif

static const struct {
    uint32_t irq;
    seL4_VCPUReg control;
} timers[] = {
    [VCPU_TIMER_VIRTUAL] = {GIC_INTID_TIMER_VIRTUAL, seL4_VCPUReg_CNTV_CTL},
#ifdef MICROKIT_VCPU_CNTP_CTL /* the kernel gives guests the physical timer, and always wakes vCPUs for it */
    [VCPU_TIMER_PHYSICAL] = {GIC_INTID_TIMER_PHYSICAL, MICROKIT_VCPU_CNTP_CTL},
#endif
};

/* What an interrupt costs is on the way of every tick: its timer is a constant there, and these are inlined. */
#define QUICK static inline __attribute__((__always_inline__))

QUICK void ack(struct vcpu *vcpu, enum vcpu_timer timer)
{
    if (vcpu->timers[timer] == VCPU_TIMER_MASKED) {
        vcpu->timers[timer] = VCPU_TIMER_ARMED;
        microkit_vcpu_arm_ack_vppi(vcpu->id, timers[timer].irq);
    }
}

static uint64_t read_control(const struct vcpu *vcpu, enum vcpu_timer timer)
{
    return microkit_vcpu_arm_read_reg(vcpu->id, timers[timer].control);
}

static bool is_on(uint64_t control)
{
    return (control & (CNT_CTL_ENABLE | CNT_CTL_IMASK)) == CNT_CTL_ENABLE;
}

void vcpu_timer_reset(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
        ack(vcpu, i);
        vcpu->timers[i] = VCPU_TIMER_NEW;
    }
}

QUICK void on_event(struct vm *vm, struct vcpu *vcpu, enum vcpu_timer timer)
{
    const uint32_t irq = timers[timer].irq;
    /* The event may be from before the vCPU was started, when its timer was on. */
    const bool is_outdated = vcpu->timers[timer] == VCPU_TIMER_NEW && !is_on(read_control(vcpu, timer));
    if (is_outdated) {
        microkit_vcpu_arm_ack_vppi(vcpu->id, irq);
        return;
    }
    vcpu->timers[timer] = VCPU_TIMER_MASKED;
    if (vgic_inject_sampled(&vm->vgic, vcpu->id, irq) != RESULT_OK) {
        guest_error(vm, vcpu->id, GUEST_ERROR_FAULT, seL4_Fault_VPPIEvent, irq);
    }
}

void vcpu_timer_event(struct vm *vm, struct vcpu *vcpu, uint64_t irq)
{
    if (irq == GIC_INTID_TIMER_VIRTUAL) {
        on_event(vm, vcpu, VCPU_TIMER_VIRTUAL);
    } else if (irq == GIC_INTID_TIMER_PHYSICAL && ARRAY_SIZE(timers) > VCPU_TIMER_PHYSICAL) {
        on_event(vm, vcpu, VCPU_TIMER_PHYSICAL);
    } else {
        guest_error(vm, vcpu->id, GUEST_ERROR_FAULT, seL4_Fault_VPPIEvent, irq);
    }
}

static void stop(struct vm *vm, struct vcpu *vcpu, size_t timer)
{
    if (vcpu->timers[timer] == VCPU_TIMER_MASKED) {
        vgic_fall(&vm->vgic, vcpu->id, timers[timer].irq);
        ack(vcpu, timer);
    }
}

void vcpu_timer_stop(struct vm *vm, size_t vcpu_id)
{
    for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
        stop(vm, vm_vcpu(vm, vcpu_id), i);
    }
}

void vcpu_timer_sample(struct vm *vm, size_t vcpu_id)
{
    struct vcpu *vcpu = vm_vcpu(vm, vcpu_id);
    for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
        if (vcpu->timers[i] == VCPU_TIMER_MASKED) {
            const uint64_t control = read_control(vcpu, i);
            if (!is_on(control) || (control & CNT_CTL_ISTATUS) == 0) {
                stop(vm, vcpu, i);
            }
        }
    }
}

static void ack_irq(size_t vcpu_id, int irq, void *cookie)
{
    struct vcpu *vcpu = vm_vcpu(cookie, vcpu_id);
    if (irq == GIC_INTID_TIMER_VIRTUAL) {
        ack(vcpu, VCPU_TIMER_VIRTUAL);
    } else if (ARRAY_SIZE(timers) > VCPU_TIMER_PHYSICAL) {
        ack(vcpu, VCPU_TIMER_PHYSICAL);
    }
}

void vcpu_timer_register(struct vm *vm)
{
    for (size_t id = 0; id < vm_vcpu_count(vm); id++) {
        for (size_t i = 0; i < ARRAY_SIZE(timers); i++) {
            /* It may be there already. */
            (void)!virq_add(vm, id, timers[i].irq, ack_irq, vm);
        }
    }
}

/* While masked, or with the timer off, nothing can come from it. */
static bool vtimer_can_fire(const struct vcpu *vcpu)
{
    return vcpu->timers[VCPU_TIMER_VIRTUAL] != VCPU_TIMER_MASKED && is_on(read_control(vcpu, VCPU_TIMER_VIRTUAL));
}

bool vcpu_timer_lets_wait(struct vm *vm, struct vcpu *vcpu)
{
    if (KERNEL_WAKES || !vtimer_can_fire(vcpu)) {
        return true;
    }
    if (vm->hooks.timer_arm == NULL) {
        return false;
    }
    const uint64_t compare = microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_CNTV_CVAL);
    const uint64_t offset = microkit_vcpu_arm_read_reg(vcpu->id, seL4_VCPUReg_CNTVOFF);
    return vm->hooks.timer_arm(vcpu->id, compare + offset, vm->hooks.timer_cookie);
}
